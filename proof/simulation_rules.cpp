#include "simulation.hpp"

namespace stoa::proof {

void Simulation::check() const {
    must(chain_.now().total() == kPayers * kWallet, "money came from nowhere or went there");
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        const Buyer& buyer = buyers_.at(payer);
        const auto& money = chain_.now().channels.at(payer);
        must(money.claimed <= buyer.charged, "more was claimed than was served");
        const ledger::Channel* found = channel(payer);
        if (!found) continue;
        must(small(found->charged) == buyer.charged, "the ledger forgot a charge, or made one up");
        must(buyer.charged <= small(found->maximum), "more was charged than was signed");
        must(small(found->maximum) <= buyer.signed_total, "the ledger has a voucher of nobody");
        must(found->reservation.has_value() == (buyer.running != 0), "a reservation is wrong");
        must(buyer.running == 0 || small(found->reservation->amount) == buyer.running,
             "a reservation is of another sum than was promised");
    }
    check_loss();
}

/// What was served and is nowhere to be claimed, at this moment and not only at the end.
void Simulation::check_loss() const {
    std::uint64_t lost = 0;
    std::uint64_t booked = 0;
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        const std::uint64_t charged = buyers_.at(payer).charged;
        const std::uint64_t balance = chain_.now().channels.at(payer).balance;
        const std::uint64_t missing = charged > balance ? charged - balance : 0;
        must(missing <= kCredit, "a payer took more back than its credit");
        must(missing <= chain_.undone(payer), "more is missing than a fork undid");
        lost += missing;
        const ledger::Channel* found = channel(payer);
        if (!found) continue;
        must(small(found->lost) <= kCredit, "more of a payer is booked as lost than its credit");
        booked += small(found->lost);
    }
    must(lost <= kAllCredit, "more was lost than all the credit");
    must(booked <= kAllCredit, "more is booked as lost than all the credit");
}

/// Everything calms down: what was earned and is there is paid, and the rest goes back.
void Simulation::close_the_books() {
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) finish(payer);
    for (int rounds = 0; rounds < 6; ++rounds) {
        next_block();
        follow(0);
        settle();
    }
    std::uint64_t earned = 0;
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        // A claim that is under way makes a refund fail, and beside a withdrawal whose time has
        // come none is made: it is asked for again.
        for (int tries = 0; tries < 3; ++tries) {
            SimCall take;
            take.kind = SimCall::Kind::take_back;
            take.payer = payer;
            chain_.send(take);
            next_block();
            refund(payer, true);
        }
        const std::uint64_t charged = buyers_.at(payer).charged;
        const auto& money = chain_.now().channels.at(payer);
        const std::uint64_t missing = charged - money.claimed;
        must(missing == 0 || money.claimed == money.balance, "earned money was left unclaimed");
        lost_ += missing;
        earned += money.claimed;
        const ledger::Channel* found = channel(payer);
        if (!found) continue;  // Never used: only its payer knows of it.
        must(money.balance == money.claimed, "the rest did not go back");
        must(small(found->lost) == missing, "the loss is not in the books");
    }
    must(chain_.now().receiver == earned, "the receiver has another sum than was claimed");
    check();
}

}  // namespace stoa::proof
