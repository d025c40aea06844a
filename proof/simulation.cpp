#include "simulation.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace stoa::proof {
namespace {

constexpr std::uint64_t kSteps = 250;
constexpr std::uint64_t kFirstDeposit = 900;
constexpr std::uint64_t kMostOfOneCall = 250;
constexpr std::uint64_t kLongestCall = 3;  // Blocks: far less than a withdrawal takes.

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

}  // namespace

ledger::ChannelId channel_of(std::uint32_t payer) {
    return domain().channel_id(config_of(payer));
}

void must(bool holds, const char* rule) {
    if (!holds) throw std::runtime_error(rule);
}

Simulation::Simulation(std::uint64_t seed, std::filesystem::path file)
    : random_(seed), pays_on_(seed % 4 == 0), file_(std::move(file)) {
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
    floors_ = {};
    is_following_ = false;
}

const ledger::Channel* Simulation::channel(std::uint32_t payer) const {
    return ledger_->book().find(channel_of(payer));
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
    if (chance < 2 && !is_pressed_) {
        is_pressed_ = true;
        chance == 0 ? rob() : leave(any_payer());
        is_pressed_ = false;
    } else if (chance < 24) {
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
        refund(any_payer(), pick(4) != 0);
    } else if (chance < 98) {
        fork([this](const SimCall&) { return pick(3) != 0; });
    } else {
        crash();
    }
}

void Simulation::fork(const std::function<bool(const SimCall&)>& keeps) {
    ++forks_;
    chain_.fork(1 + pick(kSafe - 1), keeps);
    undone_to_ = std::min(undone_to_.value_or(chain_.head()), chain_.head());
    next_block();
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
    } else if (pays_on_ && buyer.running != 0 && chance < 25) {
        sign_more(payer);
    } else {
        const std::uint64_t amount = 1 + pick(kMostOfOneCall);
        network_.push_back({payer, buyer.believes + amount, amount});
        buyer.signed_total = std::max(buyer.signed_total, buyer.believes + amount);
    }
}

/// Of the call that runs, or of one that it believes to run.
void Simulation::sign_more(std::uint32_t payer) {
    Buyer& buyer = buyers_.at(payer);
    const std::uint64_t amount = buyer.running + 1 + pick(kMostOfOneCall);
    const std::uint64_t total = (pick(4) == 0 ? buyer.believes : buyer.charged) + amount;
    network_.push_back({payer, total, amount, true});
    buyer.signed_total = std::max(buyer.signed_total, total);
}

/// Any message, not the oldest; sometimes it is lost, sometimes it stays to come again.
void Simulation::deliver() {
    if (network_.empty()) return;
    const auto at = network_.begin() + static_cast<std::ptrdiff_t>(pick(network_.size()));
    const Message message = *at;
    const std::uint64_t chance = pick(10);
    if (chance < 8) network_.erase(at);
    if (chance > 0) message.tops_up ? top_up(message) : accept(message);
}

/// What the cashier does with a voucher, whose signature is good here.
void Simulation::accept(const Message& message) {
    Buyer& buyer = buyers_.at(message.payer);
    auto turn = take_turn(message.payer);
    if (!turn || buyer.running != 0) return;
    const ledger::ChannelId id = channel_of(message.payer);
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
    buyer.begun_at = chain_.head();
    buyer.turn.emplace(*std::move(turn));
}

/// What the stream of a running call does with a larger voucher.
void Simulation::top_up(const Message& message) {
    Buyer& buyer = buyers_.at(message.payer);
    const ledger::Channel* found = channel(message.payer);
    if (!found || buyer.running == 0) return;
    const ledger::ChannelId id = channel_of(message.payer);
    const payment::Voucher voucher{id, Amount{message.total}};
    const Amount required = found->maximum + Amount{1};
    if (!payment::check_top_up(voucher, ledger_->state_of(id, *found), required)) return;
    wait_for(ledger_->raise(voucher, {}));
    buyer.running = message.total - buyer.charged;
    ++top_ups_;
}

std::optional<ledger::Turns::Turn> Simulation::take_turn(std::uint32_t payer) {
    std::optional<ledger::Turns::Turn> turn;
    const auto take = [&]() -> Task<void> {
        auto got = co_await ledger_->turns().take(channel_of(payer), std::chrono::milliseconds(0));
        if (got) turn.emplace(*std::move(got));
    };
    wait_for(take());
    return turn;
}

/// The engine is done, or has failed; the answer, which tells the new total, may be lost.
void Simulation::finish(std::uint32_t payer) {
    Buyer& buyer = buyers_.at(payer);
    if (buyer.running == 0) return;
    if (pick(8) == 0) {
        wait_for(ledger_->release(channel_of(payer)));
    } else {
        charge(payer, pick(buyer.running + 1));
    }
    buyer.running = 0;
    buyer.turn.reset();
    if (pick(4) != 0) buyer.believes = buyer.charged;
}

void Simulation::charge(std::uint32_t payer, std::uint64_t amount) {
    const payment::Usage usage{1, 1};
    wait_for(ledger_->charge(channel_of(payer), Amount{amount}, usage));
    buyers_.at(payer).charged += amount;
    ++served_;
}

/// The process dies. A charge, or a top-up, that it has begun is durable and told to nobody.
void Simulation::crash() {
    ++crashes_;
    const std::uint32_t payer = any_payer();
    Buyer& buyer = buyers_.at(payer);
    if (buyer.running != 0 && pays_on_ && pick(2) == 0) {
        sign_more(payer);
        top_up(network_.back());
    } else if (buyer.running != 0) {
        const std::uint64_t charge = pick(buyer.running + 1);
        const payment::Usage usage{1, 1};
        boost::asio::co_spawn(*loop_, ledger_->charge(channel_of(payer), Amount{charge}, usage),
                              boost::asio::detached);
        loop_->restart();
        loop_->poll();
        buyer.charged += charge;
    }
    for (Buyer& each : buyers_) {
        each.running = 0;
        each.turn.reset();
    }
    ledger_.reset();
    loop_.reset();
    start();
}

/// As the mirror stores what it reads: nothing older than it knows, unless a fork undid that.
void Simulation::follow(std::uint64_t lag) {
    const std::uint64_t block = chain_.head() - std::min(lag, chain_.head());
    meet_forks(block);
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        const ledger::Channel* found = channel(payer);
        auto& floor = floors_.at(payer);
        if (!found || block < floor.value_or(found->chain.block)) continue;
        floor.reset();
        wait_for(ledger_->mirror(channel_of(payer), chain_.state(payer, block)));
    }
}

/// What the follower tells the mirror when it reads `block`. It meets a fork only in a block that
/// it knew otherwise.
void Simulation::meet_forks(std::uint64_t block) {
    std::optional<std::uint64_t> floor;
    if (!std::exchange(is_following_, true)) floor = std::max(block, followed_to_);
    if (undone_to_ && block > *undone_to_) {
        if (followed_to_ > *undone_to_) floor = undone_to_;
        followed_to_ = 0;
        undone_to_.reset();
    }
    followed_to_ = std::max(followed_to_, block);
    for (std::uint32_t payer = 0; floor && payer < kPayers; ++payer) {
        const ledger::Channel* found = channel(payer);
        if (found) floors_.at(payer) = std::min(*floor, found->chain.block);
    }
}

/// As the settler makes a row: what was charged, as far as it is there.
void Simulation::settle() {
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        const ledger::Channel* found = channel(payer);
        if (!found) continue;
        const Amount total = found->claimable();
        if (total <= found->chain.claimed) continue;
        SimCall claim;
        claim.kind = SimCall::Kind::claim;
        claim.payer = payer;
        claim.value = small(total);
        claim.signed_total = small(found->maximum);
        chain_.send(claim);
    }
}

/// The channel's turn is held until the refund is in a block and read, or, where the chain is slow,
/// no longer.
void Simulation::refund(std::uint32_t payer, bool waits) {
    if (!channel(payer)) return;
    const auto turn = take_turn(payer);
    if (!turn) return;
    must(buyers_.at(payer).running == 0, "a refund is made beside a call");
    follow(0);
    const ledger::Channel& found = *channel(payer);
    const auto amount = payment::refund_amount(
        {found.chain.balance, found.chain.claimed, found.charged}, std::nullopt);
    if (!amount || !ledger_->may_refund(channel_of(payer), found, *amount)) return;
    SimCall call;
    call.kind = SimCall::Kind::refund;
    call.payer = payer;
    call.value = small(*amount);
    call.nonce = static_cast<std::uint64_t>(found.chain.refund_nonce);
    call.signed_total = small(found.maximum);
    if (found.charged > found.chain.claimed) call.claims = small(found.charged);
    wait_for(ledger_->refund_signed(channel_of(payer), found.chain.refund_nonce, *amount));
    chain_.send(call);
    // Its signature is public now: anyone may send the refund without the claim before it.
    call.claims = 0;
    if (pick(4) == 0) chain_.send(call);
    if (!waits) return;
    next_block();
    follow(0);
}

/// A node that is up once in the delay of a withdrawal reads of it and claims first, early enough
/// that no fork undoes the claim.
void Simulation::next_block() {
    finish_long_calls();
    chain_.mine();
    const std::int64_t time = kStart + static_cast<std::int64_t>(chain_.head()) * kBlockSeconds;
    const std::int64_t passed = time - unix_seconds(clock_.now());
    if (passed > 0) clock_.advance(std::chrono::seconds(passed));
    for (const auto& money : chain_.now().channels) {
        if (money.asked_at == 0 || chain_.head() + 2 * kSafe + 1 < money.asked_at + kDelay)
            continue;
        follow(0);
        settle();
        break;
    }
}

void Simulation::finish_long_calls() {
    for (std::uint32_t payer = 0; payer < kPayers; ++payer) {
        if (chain_.head() >= buyers_.at(payer).begun_at + kLongestCall) finish(payer);
    }
}

}  // namespace stoa::proof
