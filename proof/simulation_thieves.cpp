#include <algorithm>

#include "simulation.hpp"

namespace stoa::proof {
namespace {

constexpr std::uint64_t kMostOfOneCall = 600;

}  // namespace

/// Begins a call that costs whatever the node still takes, or more, or somewhat less.
void Simulation::spend(std::uint32_t payer) {
    Buyer& buyer = buyers_.at(payer);
    std::uint64_t amount = 1 + pick(kMostOfOneCall);
    if (const ledger::Channel* found = channel(payer); found && pick(2) == 0) {
        const std::uint64_t usable = small(ledger_->state_of(channel_of(payer), *found).balance);
        if (usable > buyer.charged) amount = usable - buyer.charged;
    }
    const std::uint64_t total = buyer.charged + amount;
    buyer.signed_total = std::max(buyer.signed_total, total);
    accept({payer, total, amount});
    if (!pays_on_ || buyer.running == 0 || pick(2) == 0) return;
    // Also past what the node takes of a running call.
    const std::uint64_t more = buyer.running + 1 + pick(kMostOfOneCall);
    buyer.signed_total = std::max(buyer.signed_total, buyer.charged + more);
    top_up({payer, buyer.charged + more, more, true});
}

/// Some payers deposit more than their credit, spend it before it is safe, and let a fork undo it.
void Simulation::rob() {
    ++robberies_;
    std::array<bool, kPayers> robs{};
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        robs.at(payer) = pick(2) == 0;
        if (!robs.at(payer)) continue;
        SimCall deposit;
        deposit.payer = payer;
        deposit.value = kCredit + 1 + pick(800);
        chain_.send(deposit);
    }
    next_block();
    follow(0);
    for (int calls = 0; calls < 4; ++calls) {
        for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
            if (!robs.at(payer)) continue;
            finish(payer);
            spend(payer);
        }
        check();
    }
    // The money back as well, from the node itself.
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        if (!robs.at(payer) || pick(2) == 0) continue;
        finish(payer);
        refund(payer, pick(2) == 0);
    }
    if (pick(2) == 0) next_block();
    fork([&](const SimCall& call) { return !robs.at(call.payer) && pick(3) != 0; });
}

/// A payer asks for all of its money and goes on with calls until it has it.
void Simulation::leave(std::uint32_t payer) {
    ++leavings_;
    SimCall ask;
    ask.kind = SimCall::Kind::ask_back;
    ask.payer = payer;
    ask.value = 1 + pick(2 * kCredit) + (pick(2) == 0 ? kWallet : 0);
    chain_.send(ask);
    for (std::uint64_t blocks = 0; blocks < kDelay + 3; ++blocks) {
        SimCall take;
        take.kind = SimCall::Kind::take_back;
        take.payer = payer;
        if (blocks >= kDelay) chain_.send(take);
        finish(payer);
        spend(payer);
        next_block();
        check();
        if (pick(3) == 0) follow(pick(3));
        if (pick(3) == 0) settle();
        step();
        check();
    }
}

}  // namespace stoa::proof
