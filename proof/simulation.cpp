#include "simulation.hpp"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace stoa::proof {
namespace {

constexpr std::uint64_t kSteps = 250;
constexpr std::uint64_t kFirstDeposit = 3'000;
constexpr std::uint64_t kCredit = 400;     // Of a payer, in deposits that a fork could undo.
constexpr std::uint64_t kAllCredit = 900;  // Of all of them.
constexpr std::uint64_t kMostOfOneCall = 250;

const payment::ChannelDomain& domain() {
    static const payment::ChannelDomain it{713371};
    return it;
}

payment::ChannelConfig config_of(std::uint32_t payer) {
    payment::ChannelConfig config;
    config.payer.bytes.fill(static_cast<std::uint8_t>(payer + 1));
    config.payer_authorizer = config.payer;
    config.receiver.bytes.fill(0x77);
    config.receiver_authorizer.bytes.fill(0x78);
    config.token.bytes.fill(0x79);
    config.withdraw_delay_seconds = 3600;
    return config;
}

ledger::ChannelId id_of(std::uint32_t payer) {
    return domain().channel_id(config_of(payer));
}

std::uint64_t small(const Amount& amount) {
    return static_cast<std::uint64_t>(amount.units);
}

void must(bool holds, const char* rule) {
    if (!holds) throw std::runtime_error(rule);
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, std::filesystem::path file)
    : random_(seed), file_(std::move(file)) {
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        SimCall deposit;
        deposit.payer = payer;
        deposit.value = kFirstDeposit;
        chain_.send(deposit);
    }
    next_block();
    start();
}

void Simulation::start() {
    loop_ = std::make_unique<boost::asio::io_context>();
    ledger::LedgerConfig config;
    config.file = file_;
    config.unsafe_credit_per_payer = Amount{kCredit};
    config.unsafe_credit = Amount{kAllCredit};
    ledger_ = std::make_unique<ledger::Ledger>(loop_->get_executor(), clock_, config, nullptr);
}

const ledger::Channel* Simulation::channel(std::uint32_t payer) const {
    return ledger_->book().find(id_of(payer));
}

void Simulation::wait_for(Task<void> task) {
    std::exception_ptr thrown;
    boost::asio::co_spawn(*loop_, std::move(task), [&](std::exception_ptr it) { thrown = it; });
    loop_->restart();
    loop_->run();
    if (thrown) std::rethrow_exception(thrown);
}

void Simulation::run() {
    for (std::uint64_t i = 0; i < kSteps; ++i) {
        step();
        check();
    }
    close_the_books();
}

void Simulation::step() {
    const std::uint64_t chance = pick(100);
    if (chance < 24) {
        buyer_acts(any_payer());
    } else if (chance < 50) {
        deliver();
    } else if (chance < 75) {
        finish(any_payer());
    } else if (chance < 85) {
        next_block();
    } else if (chance < 92) {
        follow(pick(3));
    } else if (chance < 95) {
        settle();
    } else if (chance < 96) {
        refund(any_payer());
    } else if (chance < 98) {
        ++forks_;
        chain_.fork(1 + pick(kSafe - 1), [this] { return pick(3) != 0; });
        next_block();
    } else {
        crash();
    }
}

/// Signs calls, also on a wrong belief; deposits; leaves.
void Simulation::buyer_acts(std::uint32_t payer) {
    Buyer& buyer = buyers_.at(payer);
    const std::uint64_t chance = pick(40);
    SimCall call;
    call.payer = payer;
    if (chance < 3) {
        call.value = 1 + pick(1'500);
        chain_.send(call);
    } else if (chance == 3) {
        call.kind = SimCall::Kind::ask_back;
        call.value = 1 + pick(1'500);
        chain_.send(call);
    } else if (chance == 4) {
        call.kind = SimCall::Kind::take_back;
        chain_.send(call);
    } else {
        const std::uint64_t amount = 1 + pick(kMostOfOneCall);
        network_.push_back({payer, buyer.believes + amount, amount});
        buyer.signed_total = std::max(buyer.signed_total, buyer.believes + amount);
    }
}

/// Any message, not the oldest; sometimes it is lost, sometimes it stays to come again.
void Simulation::deliver() {
    if (network_.empty()) return;
    const auto at = network_.begin() + static_cast<std::ptrdiff_t>(pick(network_.size()));
    const Message message = *at;
    const std::uint64_t chance = pick(10);
    if (chance < 8) network_.erase(at);
    if (chance > 0) accept(message);
}

/// What the cashier does with a voucher, whose signature is good here.
void Simulation::accept(const Message& message) {
    Buyer& buyer = buyers_.at(message.payer);
    if (buyer.running != 0) return;  // The channel's turn is taken.
    const ledger::ChannelId id = id_of(message.payer);
    if (!channel(message.payer)) {
        auto state = chain_.state(message.payer, chain_.head());
        if (state.balance == Amount{}) return;
        wait_for(ledger_->open(id, config_of(message.payer), std::move(state)));
    }
    const ledger::Channel& found = *channel(message.payer);
    const payment::Voucher voucher{id, Amount{message.total}};
    const auto good =
        payment::check_total(voucher, ledger_->state_of(id, found), Amount{message.amount});
    if (!good) {
        buyer.believes = small(found.charged);
        return;
    }
    ledger::Reservation reservation{voucher, {}, Amount{message.amount}, {}};
    wait_for(ledger_->reserve(std::move(reservation)));
    buyer.running = message.amount;
}

/// The engine is done, or has failed; the answer, which tells the new total, may be lost.
void Simulation::finish(std::uint32_t payer) {
    Buyer& buyer = buyers_.at(payer);
    if (buyer.running == 0) return;
    if (pick(8) == 0) {
        wait_for(ledger_->release(id_of(payer)));
    } else {
        const std::uint64_t charge = pick(buyer.running + 1);
        const payment::Usage usage{1, 1};
        wait_for(ledger_->charge(id_of(payer), Amount{charge}, usage));
        buyer.charged += charge;
        ++served_;
    }
    buyer.running = 0;
    if (pick(4) != 0) buyer.believes = buyer.charged;
}

/// The process dies. A charge that it has begun is durable and told to nobody.
void Simulation::crash() {
    ++crashes_;
    const std::uint32_t payer = any_payer();
    Buyer& buyer = buyers_.at(payer);
    if (buyer.running != 0) {
        const std::uint64_t charge = pick(buyer.running + 1);
        const payment::Usage usage{1, 1};
        boost::asio::co_spawn(*loop_, ledger_->charge(id_of(payer), Amount{charge}, usage),
                              boost::asio::detached);
        loop_->restart();
        loop_->poll();
        buyer.charged += charge;
    }
    for (Buyer& each : buyers_) each.running = 0;
    ledger_.reset();
    loop_.reset();
    start();
}

/// As the mirror stores what it reads: never what is older than it knows.
void Simulation::follow(std::uint64_t lag) {
    const std::uint64_t block = chain_.head() - std::min(lag, chain_.head());
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        const ledger::Channel* found = channel(payer);
        if (!found || block < found->chain.block) continue;
        wait_for(ledger_->mirror(id_of(payer), chain_.state(payer, block)));
    }
}

/// As the settler makes a row: what was charged, as far as it is there.
void Simulation::settle() {
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        const ledger::Channel* found = channel(payer);
        if (!found) continue;
        const Amount total = std::min(found->charged, found->chain.balance);
        if (total <= found->chain.claimed) continue;
        SimCall claim;
        claim.kind = SimCall::Kind::claim;
        claim.payer = payer;
        claim.value = small(total);
        claim.signed_total = small(found->maximum);
        chain_.send(claim);
    }
}

/// The caller holds the channel's turn until the refund is in a block and read.
void Simulation::refund(std::uint32_t payer) {
    if (!channel(payer) || buyers_.at(payer).running != 0) return;
    follow(0);
    const ledger::Channel& found = *channel(payer);
    const auto amount = payment::refund_amount(
        {found.chain.balance, found.chain.claimed, found.charged}, std::nullopt);
    if (!amount) return;
    SimCall call;
    call.kind = SimCall::Kind::refund;
    call.payer = payer;
    call.value = small(*amount);
    call.nonce = static_cast<std::uint64_t>(found.chain.refund_nonce);
    call.signed_total = small(found.maximum);
    if (found.charged > found.chain.claimed) call.claims = small(found.charged);
    chain_.send(call);
    next_block();
    follow(0);
}

/// A node that is up once in the delay of a withdrawal reads of it and claims first.
void Simulation::next_block() {
    chain_.mine();
    for (const auto& money : chain_.now().channels) {
        if (money.asked_at == 0 || chain_.head() + kSafe + 1 < money.asked_at + kDelay) continue;
        follow(0);
        settle();
        break;
    }
}

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
    }
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
        // A claim that is under way makes a refund fail; it is asked for again.
        for (int tries = 0; tries < 3; ++tries) refund(payer);
        const std::uint64_t charged = buyers_.at(payer).charged;
        const auto& money = chain_.now().channels.at(payer);
        const std::uint64_t missing = charged - money.claimed;
        must(missing == 0 || money.claimed == money.balance, "earned money was left unclaimed");
        must(missing <= kCredit, "a payer took more back than its credit");
        lost_ += missing;
        earned += money.claimed;
        const ledger::Channel* found = channel(payer);
        if (!found) continue;  // Never used: only its payer knows of it.
        must(money.balance == money.claimed, "the rest did not go back");
        must(small(found->lost) == missing, "the loss is not in the books");
    }
    must(chain_.now().receiver == earned, "the receiver has another sum than was claimed");
    must(lost_ <= kAllCredit, "more was lost than all the credit");
    check();
}

}  // namespace stoa::proof
