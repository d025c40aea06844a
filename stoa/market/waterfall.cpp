#include "stoa/market/waterfall.hpp"

#include <algorithm>

#include "stoa/base/assert.hpp"

namespace stoa::market {
namespace {

/// Nine levels of shares divide it without a rest.
const U256 kOne = boost::multiprecision::pow(U256{10}, 54);

}  // namespace

Result<std::vector<Payee>> with_parents(const std::vector<Payee>& creators,
                                        const std::vector<ParentShare>& parents) {
    STOA_CHECK(check_payees(creators));
    std::uint32_t rest = kWhole;
    std::map<eth::Address, std::uint32_t> shares;
    for (const ParentShare& parent : parents) {
        const std::uint32_t share = parent.bps * (kWhole / kBps);
        if (parent.bps > kBps || share > rest) return fail(MarketError::shares_not_whole);
        shares[parent.pay_to] += share;
        rest -= share;
    }
    std::uint32_t left = rest;
    for (const Payee& creator : creators) {
        const auto share = static_cast<std::uint32_t>(std::uint64_t{creator.share} * rest / kWhole);
        shares[creator.account] += share;
        left -= share;
    }
    shares[creators.front().account] += left;
    std::vector<Payee> all;
    for (const auto& [account, share] : shares) {
        if (share != 0) all.push_back({account, share});
    }
    STOA_CHECK(check_payees(all));
    return all;
}

Amount due(const SplitState& split, const Part& part) {
    const Amount earned = due(split.received, part.share, Amount{});
    return earned > part.claimed ? earned - part.claimed : Amount{};
}

Waterfall::Waterfall(std::vector<SplitState> splits) : splits_(std::move(splits)) {
    for (std::size_t i = 0; i < splits_.size(); ++i) {
        STOA_ASSERT(at_.emplace(splits_[i].address, i).second);
    }
    for (std::size_t i = 0; i < splits_.size(); ++i) {
        for (const Part& part : splits_[i].parts) {
            const auto nested = at_.find(part.account);
            STOA_ASSERT(nested == at_.end() || nested->second > i);
        }
    }
}

void Waterfall::pay(const eth::Address& split, const Amount& amount) {
    splits_.at(at_.at(split)).received += amount;
}

std::vector<Pull> Waterfall::pull() {
    std::vector<Pull> pulls;
    for (SplitState& split : splits_) {
        for (Part& part : split.parts) {
            const Amount amount = due(split, part);
            if (amount == Amount{}) continue;
            part.claimed += amount;
            if (const auto nested = at_.find(part.account); nested != at_.end()) {
                splits_[nested->second].received += amount;
            }
            pulls.push_back({split.address, part.account, amount});
        }
    }
    return pulls;
}

const SplitState* Waterfall::find(const eth::Address& split) const {
    const auto found = at_.find(split);
    return found == at_.end() ? nullptr : &splits_[found->second];
}

Amount Waterfall::waits(const SplitState& split) {
    Amount owned;
    for (const Part& part : split.parts) owned += part.claimed + due(split, part);
    return split.received > owned ? split.received - owned : Amount{};
}

std::vector<U256> wholes(const std::vector<SplitState>& splits) {
    std::map<eth::Address, U256> parts;
    if (!splits.empty()) parts[splits.front().address] = kOne;
    std::vector<U256> all;
    for (const SplitState& split : splits) {
        const U256 whole = parts[split.address];
        all.push_back(whole);
        for (const Part& part : split.parts) {
            parts[part.account] += U256{whole * part.share / kWhole};
        }
    }
    return all;
}

std::uint32_t part_of_whole(const U256& whole, std::uint32_t share) {
    return static_cast<std::uint32_t>(U256{whole * share / kOne});
}

}  // namespace stoa::market
