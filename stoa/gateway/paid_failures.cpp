#include "stoa/gateway/paid_failures.hpp"

#include <algorithm>
#include <iterator>

namespace stoa::gateway {

Hash256 EngineFailures::key(const eth::Address& payer, std::uint64_t service) {
    Hash256 out;
    std::ranges::copy(payer.bytes, out.bytes.begin());
    for (std::size_t i = 0; i < 8; ++i) {
        out.bytes[31 - i] = static_cast<std::uint8_t>(service >> (8 * i));
    }
    return out;
}

void EngineFailures::drop_old(Times& times) const {
    const auto now = clock_.steady();
    while (!times.empty() && times.front() + kWithin <= now) times.pop_front();
}

void EngineFailures::failed(const eth::Address& payer, std::uint64_t service) {
    make_room();
    Times& times = failures_[key(payer, service)];
    times.push_back(clock_.steady());
    if (times.size() > kMost) times.pop_front();
}

std::optional<std::chrono::seconds> EngineFailures::wait(const eth::Address& payer,
                                                         std::uint64_t service) {
    const auto found = failures_.find(key(payer, service));
    if (found == failures_.end()) return std::nullopt;
    drop_old(found->second);
    if (found->second.empty()) {
        failures_.erase(found);
    } else if (found->second.size() >= kMost) {
        return std::chrono::ceil<std::chrono::seconds>(found->second.front() + kWithin -
                                                       clock_.steady());
    }
    return std::nullopt;
}

void EngineFailures::make_room() {
    if (failures_.size() < kMaxPayers) return;
    for (auto entry = failures_.begin(); entry != failures_.end();) {
        drop_old(entry->second);
        entry = entry->second.empty() ? failures_.erase(entry) : std::next(entry);
    }
    if (failures_.size() >= kMaxPayers) failures_.erase(failures_.begin());
}

}  // namespace stoa::gateway
