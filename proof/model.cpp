#include "model.hpp"

#include <boost/asio/io_context.hpp>

namespace stoa::proof {
namespace {

constexpr std::uint64_t kChain = 713371;

eth::Address account(std::uint8_t number) {
    eth::Address address;
    address.bytes.fill(number);
    return address;
}

Account view_of(std::uint32_t number, const ledger::Channel& channel) {
    const auto small = [](const Amount& amount) {
        return static_cast<std::uint64_t>(amount.units);
    };
    Account seen;
    seen.open = true;
    seen.balance = small(channel.chain.balance);
    seen.claimed = small(channel.chain.claimed);
    seen.charged = small(channel.charged);
    seen.maximum = small(channel.maximum);
    seen.refunds = static_cast<std::uint64_t>(channel.chain.refund_nonce);
    seen.block = channel.chain.block;
    if (channel.signature && *channel.signature != signature_of(number, seen.maximum)) {
        seen.maximum = ~std::uint64_t{0};  // A voucher that nobody signed.
    }
    return seen;
}

std::string text(const Account& it) {
    if (!it.open) return "no channel";
    return "balance " + std::to_string(it.balance) + ", claimed " + std::to_string(it.claimed) +
           ", charged " + std::to_string(it.charged) + ", voucher " + std::to_string(it.maximum) +
           ", refunds " + std::to_string(it.refunds) + ", block " + std::to_string(it.block);
}

}  // namespace

payment::ChannelConfig config_of(std::uint32_t channel) {
    payment::ChannelConfig config{account(static_cast<std::uint8_t>(10 + channel % 3)),
                                  account(2),
                                  account(3),
                                  account(4),
                                  account(5),
                                  3600,
                                  {}};
    config.salt.bytes[31] = static_cast<std::uint8_t>(channel);
    return config;
}

ledger::ChannelId id_of(std::uint32_t channel) {
    static const payment::ChannelDomain domain{kChain};
    return domain.channel_id(config_of(channel));
}

eth::Signature signature_of(std::uint32_t channel, std::uint64_t total) {
    eth::Signature signature{};
    for (std::size_t i = 0; i < 8; ++i) {
        signature.bytes[i] = static_cast<std::uint8_t>(total >> (8 * i));
    }
    signature.bytes[8] = static_cast<std::uint8_t>(channel);
    return signature;
}

Account Account::after(Act act, std::uint64_t value) const {
    Account next = *this;
    switch (act) {
        case Act::open: next.open = true; [[fallthrough]];
        case Act::deposit:
            next.balance += value;
            next.deposited += value;
            ++next.block;
            break;
        case Act::reserve:
            next.maximum = charged + value;
            next.amount = value;
            next.last_charge = 0;
            break;
        case Act::raise:
            next.maximum = charged + value;
            next.amount = value;
            break;
        case Act::charge:
            next.charged += value;
            next.last_charge = value;
            break;
        case Act::release: break;
        case Act::claim:
            next.claimed = charged;
            ++next.block;
            break;
        case Act::refund:
            next.claimed = charged;
            next.balance -= value;
            next.refunded += value;
            ++next.refunds;
            ++next.block;
            break;
    }
    return next;
}

std::string Account::difference(std::uint32_t number, const ledger::Ledger& ledger) const {
    const ledger::Channel* channel = ledger.book().find(id_of(number));
    const Account seen = channel ? view_of(number, *channel) : Account{};
    if (text(seen) != text(*this)) return text(seen) + " instead of " + text(*this);
    if (!channel) return {};
    if (channel->reservation) return "a reservation outlived its process";
    const bool sound = seen.claimed <= seen.charged && seen.charged <= seen.balance;
    if (!sound || seen.balance + refunded != deposited) return "its books don't add up";
    if (last_charge == 0) return {};
    const payment::Voucher served{id_of(number), Amount{maximum}};
    if (payment::check_total(served, ledger.state_of(id_of(number), *channel), Amount{amount})) {
        return "a voucher that was served would be served again";
    }
    return {};
}

Watch::Watch() {
    possible_.fill(std::vector<Account>(1));
}

void Watch::hear(const Told& told) {
    auto& possible = possible_.at(told.channel);
    if (told.phase == Phase::intends) {
        possible.push_back(possible.back().after(told.act, told.value));
    } else if (told.phase == Phase::done && !is_cut_) {
        ++acknowledged_;
        possible.erase(possible.begin(), possible.end() - 1);
    }
}

std::string Watch::check(const ledger::Ledger& ledger) {
    is_cut_ = false;
    for (std::uint32_t number = 0; number < kChannels; ++number) {
        auto& possible = possible_.at(number);
        std::string first;
        // From the newest: of two that look alike the later one holds more.
        while (!possible.empty()) {
            const std::string difference = possible.back().difference(number, ledger);
            if (difference.empty()) break;
            first = difference;
            possible.pop_back();
        }
        if (possible.empty()) return "channel " + std::to_string(number) + ": " + first;
        possible.erase(possible.begin(), possible.end() - 1);
    }
    return {};
}

std::string check_file(const std::filesystem::path& file, Watch& watch) {
    boost::asio::io_context loop;
    const io::SystemClock clock;
    ledger::LedgerConfig config;
    config.file = file;
    const ledger::Ledger ledger(loop.get_executor(), clock, config, {});
    return watch.check(ledger);
}

}  // namespace stoa::proof
