#include "driver.hpp"

#include <boost/asio/co_spawn.hpp>

namespace stoa::proof {
namespace {

constexpr std::uint64_t kDeposit = 20'000;
constexpr std::uint64_t kMostOfOneCall = 1'000;

}  // namespace

Driver::Driver(const std::filesystem::path& file, std::uint64_t seed, int pipe)
    : pipe_(pipe), random_(seed) {
    tell(pipe_, {Phase::starting});
    ledger::LedgerConfig config;
    config.file = file;
    ledger_.emplace(loop_.get_executor(), clock_, config,
                    [this](const std::string&) { ++failures_; });
    tell(pipe_, {Phase::opened});
}

void Driver::run_at_random() {
    for (std::uint32_t channel = 0; channel < kChannels; ++channel) {
        boost::asio::co_spawn(loop_, buyer(channel), [this](std::exception_ptr) { loop_.stop(); });
    }
    loop_.run();
}

void Driver::run_script() {
    run(script());
}

void Driver::run(Task<void> task) {
    std::exception_ptr thrown;
    boost::asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr it) { thrown = it; });
    loop_.restart();
    loop_.run();
    if (thrown) std::rethrow_exception(thrown);
}

bool Driver::has_stopped() {
    for (int tries = 0; tries < 3; ++tries) {
        try {
            run(ledger_->release(id_of(0)));
            return false;
        } catch (const ledger::RecordBroken&) {
        }
    }
    return failures_ == 1;
}

Task<void> Driver::buyer(std::uint32_t channel) {
    for (;;) co_await one_round(channel);
}

Task<void> Driver::one_round(std::uint32_t number) {
    const ledger::Channel* channel = ledger_->book().find(id_of(number));
    if (!channel) {
        co_await act(Act::open, number, kDeposit);
        co_return;
    }
    const auto left = static_cast<std::uint64_t>(channel->refundable().units);
    const std::uint64_t chance = up_to(99);
    if (left == 0 || chance < 5) {
        co_await act(Act::deposit, number, 1 + up_to(kDeposit));
    } else if (chance < 15) {
        co_await act(Act::claim, number, 0);
    } else if (chance < 20) {
        co_await act(Act::refund, number, 1 + up_to(left - 1));
    } else {
        std::uint64_t amount = 1 + up_to(std::min(left, kMostOfOneCall) - 1);
        co_await act(Act::reserve, number, amount);
        while (amount < left && up_to(2) == 0) {
            amount += 1 + up_to(std::min(left - amount, kMostOfOneCall) - 1);
            co_await act(Act::raise, number, amount);
        }
        const Act end = up_to(9) == 0 ? Act::release : Act::charge;
        const std::uint64_t charge = end == Act::charge ? up_to(amount) : 0;
        co_await act(end, number, charge);
    }
}

Task<void> Driver::script() {
    for (std::uint32_t channel = 0; channel < 2; ++channel) {
        if (!ledger_->book().find(id_of(channel))) co_await act(Act::open, channel, kDeposit);
        co_await act(Act::reserve, channel, 300);
        co_await act(Act::charge, channel, 299);
        co_await act(Act::reserve, channel, 200);
        co_await act(Act::raise, channel, 900);
        co_await act(Act::release, channel, 0);
        co_await act(Act::deposit, channel, 77);
        co_await act(Act::claim, channel, 0);
        co_await act(Act::reserve, channel, 50);
        co_await act(Act::raise, channel, 100);
        co_await act(Act::raise, channel, 150);
        co_await act(Act::charge, channel, 150);
        co_await act(Act::refund, channel, 1'000);
    }
}

Task<void> Driver::act(Act act, std::uint32_t channel, std::uint64_t value) {
    tell(pipe_, {Phase::intends, act, channel, value});
    co_await perform(act, channel, value);
    tell(pipe_, {Phase::done, act, channel, value});
}

Task<void> Driver::perform(Act act, std::uint32_t number, std::uint64_t value) {
    const ledger::ChannelId id = id_of(number);
    switch (act) {
        case Act::reserve: {
            const std::uint64_t total =
                static_cast<std::uint64_t>(ledger_->book().find(id)->charged.units) + value;
            ledger::Reservation reservation;
            reservation.voucher = {id, Amount{total}};
            reservation.signature = signature_of(number, total);
            reservation.amount = Amount{value};
            co_await ledger_->reserve(std::move(reservation));
            break;
        }
        case Act::raise: {
            const std::uint64_t total =
                static_cast<std::uint64_t>(ledger_->book().find(id)->charged.units) + value;
            const payment::Voucher voucher{id, Amount{total}};
            co_await ledger_->raise(voucher, signature_of(number, total));
            break;
        }
        case Act::charge: {
            const payment::Usage usage{1, 1};
            co_await ledger_->charge(id, Amount{value}, usage);
            break;
        }
        case Act::release: co_await ledger_->release(id); break;
        case Act::open:
        case Act::deposit:
        case Act::claim:
        case Act::refund: co_await chain_act(act, number, value); break;
    }
}

/// What the chain did, as the mirror would read it.
Task<void> Driver::chain_act(Act act, std::uint32_t number, std::uint64_t value) {
    const ledger::ChannelId id = id_of(number);
    const ledger::Channel* channel = ledger_->book().find(id);
    ledger::ChainState state = channel ? channel->chain : ledger::ChainState{};
    ++state.block;
    if (act == Act::refund) {
        state.balance -= Amount{value};
        state.refund_nonce += 1;
    } else {
        state.balance += Amount{value};
    }
    state.safe_balance = state.balance;
    if (channel && act != Act::deposit) state.claimed = channel->charged;
    if (channel) {
        co_await ledger_->mirror(id, std::move(state));
    } else {
        co_await ledger_->open(id, config_of(number), std::move(state));
    }
}

}  // namespace stoa::proof
