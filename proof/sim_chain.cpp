#include "sim_chain.hpp"

#include <algorithm>

namespace stoa::proof {

bool SimMoney::apply(const SimCall& call, std::uint64_t block) {
    Channel& channel = channels.at(call.payer);
    std::uint64_t& wallet = wallets.at(call.payer);
    const auto claim = [&](std::uint64_t total) {
        if (total > call.signed_total || total <= channel.claimed || total > channel.balance) {
            return false;
        }
        receiver += total - channel.claimed;
        channel.claimed = total;
        return true;
    };
    switch (call.kind) {
        case SimCall::Kind::deposit:
            if (wallet < call.value) return false;
            wallet -= call.value;
            channel.balance += call.value;
            return true;
        case SimCall::Kind::claim: return claim(call.value);
        case SimCall::Kind::refund: {
            const SimMoney before = *this;
            const bool claimed = call.claims == 0 || claim(call.claims);
            if (!claimed || call.nonce != channel.nonce) {
                *this = before;
                return false;
            }
            ++channel.nonce;
            const std::uint64_t paid = std::min(call.value, channel.balance - channel.claimed);
            channel.balance -= paid;
            wallet += paid;
            channel.withdrawing -= std::min(paid, channel.withdrawing);
            if (channel.withdrawing == 0) channel.asked_at = 0;
            return true;
        }
        case SimCall::Kind::ask_back:
            if (channel.asked_at != 0 || channel.balance == channel.claimed) return false;
            channel.asked_at = block;
            channel.withdrawing = std::min(call.value, channel.balance - channel.claimed);
            return true;
        case SimCall::Kind::take_back: {
            if (channel.asked_at == 0 || block < channel.asked_at + kDelay) return false;
            const std::uint64_t paid =
                std::min(channel.withdrawing, channel.balance - channel.claimed);
            channel.asked_at = channel.withdrawing = 0;
            channel.balance -= paid;
            wallet += paid;
            return true;
        }
    }
    return false;
}

std::uint64_t SimMoney::total() const {
    std::uint64_t sum = receiver;
    for (const std::uint64_t wallet : wallets) sum += wallet;
    for (const Channel& channel : channels) sum += channel.balance - channel.claimed;
    return sum;
}

SimChain::SimChain() {
    SimMoney first;
    first.wallets.fill(kWallet);
    blocks_.push_back({first, {}});
}

void SimChain::mine() {
    Block block{now(), {}};
    for (const SimCall& call : pool_) {
        if (block.money.apply(call, blocks_.size())) {
            block.calls.push_back(call);
        } else if (call.kind == SimCall::Kind::deposit && call.was_mined) {
            undone_.at(call.payer) += call.value;
        }
    }
    pool_.clear();
    blocks_.push_back(std::move(block));
    if (head() > kSafe) safe_ = std::max(safe_, head() - kSafe);
}

void SimChain::fork(std::uint64_t depth, const std::function<bool(const SimCall&)>& keeps) {
    std::vector<SimCall> again;
    for (; depth > 0 && head() > safe_; --depth) {
        std::vector<SimCall> calls;
        for (SimCall& call : blocks_.back().calls) {
            call.was_mined = true;
            if (call.kind != SimCall::Kind::deposit || keeps(call)) {
                calls.push_back(call);
            } else {
                undone_.at(call.payer) += call.value;
            }
        }
        blocks_.pop_back();
        again.insert(again.begin(), calls.begin(), calls.end());
    }
    pool_.insert(pool_.begin(), again.begin(), again.end());
}

ledger::ChainState SimChain::state(std::uint32_t payer, std::uint64_t block) const {
    const auto& channel = blocks_.at(block).money.channels.at(payer);
    // Not the balance at the safe block: that may be paid out since, and be back with a new
    // deposit.
    std::uint64_t unsafe = 0;
    for (std::uint64_t at = block < kSafe ? 1 : block - kSafe + 1; at <= block; ++at) {
        for (const SimCall& call : blocks_.at(at).calls) {
            if (call.kind == SimCall::Kind::deposit && call.payer == payer) unsafe += call.value;
        }
    }
    ledger::ChainState state;
    state.balance = Amount{channel.balance};
    state.safe_balance = Amount{channel.balance - std::min(unsafe, channel.balance)};
    state.claimed = Amount{channel.claimed};
    state.withdrawing = Amount{channel.withdrawing};
    if (channel.asked_at != 0) {
        state.withdraw_requested_at =
            kStart + static_cast<std::int64_t>(channel.asked_at) * kBlockSeconds;
    }
    state.refund_nonce = channel.nonce;
    state.block = block;
    return state;
}

}  // namespace stoa::proof
