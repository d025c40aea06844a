// Whatever the chain takes back, and whatever an endpoint says: nothing is served but for money
// that is there, and the stated credit.
#include "stoa/chain/anvil_test.hpp"
#include "stoa/gateway/chain_fixture_test.hpp"

namespace stoa::gateway::testing {
namespace {

class ForkTest : public ChainTest {
  protected:
    /// The payer takes its tokens elsewhere before the deposit can come again.
    Task<void> rob(const Buyer& by) {
        co_await impersonate(by);
        static const eth::abi::Function kTransfer{"transfer(address,uint256)"};
        const std::vector<eth::abi::Value> all{ledger::account(0x66), kDeposit};
        co_await transact(by.config.payer, token, kTransfer.encode(all));
    }
    /// The payer can send, and has coins for gas.
    Task<void> impersonate(const Buyer& by) {
        json::array rich;
        rich.emplace_back(to_hex(by.config.payer.bytes));
        json::array whom = rich;
        rich.emplace_back("0xde0b6b3a7640000");
        co_await rpc->get("anvil_setBalance", std::move(rich));
        co_await rpc->get("anvil_impersonateAccount", std::move(whom));
    }

    /// The sender sends what a fork undid, until it is in a block again, for good or for bad.
    Task<void> send_again() {
        senders_time.advance(std::chrono::seconds(3));
        bool waits = true;
        while (waits) {
            co_await sender->step();
            const auto waiting = co_await sender->waiting();
            waits = !waiting.empty();
            if (waits) co_await io::sleep_for(sender_config.poll);
        }
    }

    /// Each channel of the book is as the chain has it, and what is missing is booked as lost.
    Task<void> expect_books() {
        std::vector<ledger::ChannelId> ids;
        for (const auto& [id, channel] : ledger->book().channels()) ids.push_back(id);
        ledger::ChannelReader honest(*rpc);
        for (const auto& id : ids) {
            const auto there = co_await honest.state(id);
            const ledger::Channel& it = *ledger->book().find(id);
            EXPECT_EQ(it.chain.balance, there.balance);
            EXPECT_EQ(it.chain.claimed, there.claimed);
            EXPECT_EQ(it.chain.withdrawing, there.withdrawing);
            const Amount missing =
                it.charged > there.balance ? it.charged - there.balance : Amount{};
            EXPECT_EQ(it.lost, missing);
            EXPECT_FALSE(it.reservation);
        }
    }

    /// A fork undoes the deposit that is `depth - 1` blocks below the newest.
    Task<void> fork(const Buyer& by, std::uint64_t depth, bool robs) {
        const std::uint64_t before = co_await head();
        co_await fund(by.config.payer, kDeposit);
        auto fork_at = co_await remember();
        const unsigned opened = co_await call(by, true);
        EXPECT_EQ(opened, 200U);
        if (depth > 1) co_await mine(depth - 1);
        co_await follow();
        EXPECT_EQ(co_await head(), before + 1 + depth);
        co_await take_back(std::move(fork_at));
        EXPECT_EQ(co_await head(), before + 1);
        if (robs) co_await rob(by);
        co_await mine(depth + 1);
        // The node has not seen it yet, and serves what its credit allows.
        co_await call_until_refused(by);
        EXPECT_GE(charged(by), Amount{kCost});
        EXPECT_LE(charged(by), credit);
        const Amount spent = charged(by);
        co_await follow();
        co_await reaches(by, 0);
        EXPECT_EQ(known(by)->lost, spent);
        const unsigned after = co_await call(by);
        EXPECT_EQ(after, 402U);
        co_await send_again();
        co_await follow();
        co_await reaches(by, robs ? 0 : kDeposit);
        co_await call_until_refused(by);
        EXPECT_LE(charged(by), credit) << "the same credit, not another";
        EXPECT_EQ(known(by)->lost, robs ? charged(by) : Amount{});
    }

    /// The money is there: what is earned is claimed, and calls go on beyond the credit.
    Task<void> become_safe(const Buyer& by) {
        co_await mine(slots + 1);
        co_await follow();
        for (int tries = 0; tries < 1'000 && known(by)->chain.safe_balance == Amount{}; ++tries) {
            co_await io::sleep_for(sender_config.poll);
        }
        for (int calls = 0; calls < 10; ++calls) {
            const unsigned status = co_await call(by);
            EXPECT_EQ(status, 200U);
        }
        EXPECT_GT(charged(by), credit);
    }
};

TEST_F(ForkTest, ServesNoMoreThanTheCreditWhereADepositIsUndoneOneToSixtyFourBlocksDeep) {
    Amount earned;
    const auto story = [&]() -> Task<void> {
        bool robs = false;
        for (const std::uint64_t depth : {1U, 2U, 3U, 4U, 7U, 8U, 16U, 31U, 32U, 48U, 63U, 64U}) {
            const Buyer by = buyer(static_cast<std::uint8_t>(depth));
            co_await fork(by, depth, robs);
            if (HasFailure()) {
                ADD_FAILURE() << "at a depth of " << depth;
                co_return;
            }
            if (!robs) earned += charged(by);
            robs = !robs;
        }
        const Buyer last = buyer(63);
        const Amount before = charged(last);
        co_await become_safe(last);
        earned += charged(last) - before;
        co_await settler->settle_everything();
        co_await follow();
        co_await expect_books();
        const auto total = co_await mirror->reader().receiver(receiver, token);
        EXPECT_EQ(total.claimed, earned) << "all but what the robbers took";
        EXPECT_EQ(total.settled, earned);
    };
    run_all(story());
}

class EndpointTest : public ForkTest {
  protected:
    Task<void> open_safely(const Buyer& by) {
        co_await fund(by.config.payer, kDeposit);
        const unsigned opened = co_await call(by, true);
        EXPECT_EQ(opened, 200U);
        co_await become_safe(by);
    }
    /// On the chain alone, by somebody else than the node.
    Task<void> leave(const Buyer& by, std::uint64_t amount) {
        static const eth::abi::Function kLeave{
            "initiateWithdraw((address,address,address,address,address,uint40,bytes32),uint128)"};
        co_await impersonate(by);
        const auto& c = by.config;
        const std::vector<eth::abi::Value> members{
            c.payer, c.payer_authorizer,       c.receiver, c.receiver_authorizer,
            c.token, c.withdraw_delay_seconds, c.salt};
        const std::vector<eth::abi::Value> values{eth::abi::Value(members), amount};
        co_await transact(c.payer, payment::kChannels, kLeave.encode(values));
    }
    /// Throws or not, it must not change what is known.
    Task<bool> can_read(const Buyer& by) {
        try {
            co_await mirror->refresh(by.id);
        } catch (const chain::RpcFailure&) {
            co_return false;
        }
        co_return true;
    }
};

TEST_F(EndpointTest, ThatLagsDoesNotBringBackWhatIsGone) {
    const Buyer by = buyer(1);
    const auto story = [&]() -> Task<void> {
        co_await open_safely(by);
        const std::uint64_t then = co_await head();
        const auto turn = co_await ledger->turns().take(by.id, std::chrono::seconds(0));
        const auto back = co_await settler->refund(*turn, Amount{kDeposit - 1'000});
        EXPECT_TRUE(back) << back.error().message();
        const Amount left = known(by)->chain.balance;
        EXPECT_EQ(left, Amount{1'000});
        bent.newest = then;  // Another endpoint, which is where the first one was before.
        const bool answers = co_await can_read(by);
        EXPECT_TRUE(answers);
        EXPECT_EQ(known(by)->chain.balance, left);
    };
    run_all(story());
    const auto rest = [&]() -> Task<void> {
        co_await call_until_refused(by);
        EXPECT_LE(charged(by), Amount{1'000});
        bent.newest.reset();
        co_await follow();
        co_await settler->settle_everything();
        co_await expect_books();
        EXPECT_EQ(known(by)->lost, Amount{});
    };
    run_all(rest());
}

TEST_F(EndpointTest, ThatLagsHidesALeavingPayerOnlyUntilItCatchesUp) {
    const Buyer by = buyer(1);
    const auto story = [&]() -> Task<void> {
        co_await open_safely(by);
        bent.newest = co_await head();
        co_await leave(by, kDeposit / 2);
        const bool answers = co_await can_read(by);
        EXPECT_TRUE(answers);
        const unsigned status = co_await call(by);
        EXPECT_EQ(status, 200U) << "the delay protects it";
        bent.newest.reset();
        co_await follow();
        for (int tries = 0; tries < 1'000 && known(by)->chain.withdraw_requested_at == 0; ++tries) {
            co_await io::sleep_for(sender_config.poll);
        }
        co_await settler->step();
        EXPECT_EQ(known(by)->chain.claimed, charged(by)) << "claimed before the payer can go";
        co_await expect_books();
    };
    run_all(story());
}

TEST_F(EndpointTest, ThatLagsKnowsNoDepositAndNothingIsServedForIt) {
    const Buyer by = buyer(1);
    const auto story = [&]() -> Task<void> {
        const std::uint64_t then = co_await head();
        co_await fund(by.config.payer, kDeposit);
        const unsigned opened = co_await call(by, true);
        EXPECT_EQ(opened, 200U);
        const Buyer other = buyer(2);
        co_await fund(other.config.payer, kDeposit);
        co_await transact(payer.address(), payment::kChannels,
                          ledger::deposit_call(other.config, deposit_of(other)));
        bent.newest = then;
        const unsigned status = co_await call(other);
        EXPECT_EQ(status, 402U);
        EXPECT_EQ(known(other), nullptr);
        const int calls = engine->calls;
        co_await call_until_refused(by);
        EXPECT_LE(charged(by), credit);
        EXPECT_GT(engine->calls, calls) << "what is known of a newer block stays known";
        bent.newest.reset();
        const unsigned later = co_await call(other);
        EXPECT_EQ(later, 200U);
    };
    run_all(story());
}

/// Answers the contract's `channels(id)` at every block with so much more.
std::optional<BentRpc::Answer> with_more(const chain::RpcCall& call, std::uint64_t balance) {
    if (call.method != "eth_call") return std::nullopt;
    const auto& data = call.params.at(0).at("data").as_string();
    if (!data.starts_with("0x7a7ebd7b")) return std::nullopt;  // channels(bytes32)
    return json::value(to_hex(eth::word(balance)) + std::string(64, '0'));
}

TEST_F(EndpointTest, ThatTellsOfMoneyWithoutItsDepositIsNotBelieved) {
    const Buyer by = buyer(1);
    const auto story = [&]() -> Task<void> {
        const std::uint64_t safe = co_await head() - slots;
        bent.lie = [safe](const chain::RpcCall& call) -> std::optional<BentRpc::Answer> {
            if (call.params.size() > 1 &&
                call.params.at(1) == json::value(chain::to_quantity(safe)))
                return std::nullopt;
            return with_more(call, 1'000'000);
        };
        const unsigned status = co_await call(by);
        EXPECT_EQ(status, 503U);
        EXPECT_EQ(known(by), nullptr);
        EXPECT_EQ(engine->calls, 0);
    };
    run_all(story());
}

TEST_F(EndpointTest, ThatTellsOfADepositThatIsNotThereSellsNothing) {
    const Buyer by = buyer(1);
    const auto story = [&]() -> Task<void> {
        co_await fund(by.config.payer, kDeposit);
        const std::string block = chain::to_quantity(co_await head());
        bent.lie = [block](const chain::RpcCall& call) -> std::optional<BentRpc::Answer> {
            const std::string zeros = "0x" + std::string(64, '0');
            if (call.method == "eth_sendRawTransaction") return json::value(zeros);
            if (call.method != "eth_getTransactionReceipt") return std::nullopt;
            return json::value{{"transactionHash", call.params.at(0)},
                               {"blockNumber", block},
                               {"blockHash", zeros},
                               {"status", "0x1"},
                               {"gasUsed", "0x1"},
                               {"logs", json::array()}};
        };
        const unsigned status = co_await call(by, true);
        EXPECT_EQ(status, 402U) << "the receipt says yes and the balance says no";
        EXPECT_EQ(engine->calls, 0);
        bent.lie = nullptr;
        const unsigned now = co_await call(by);
        EXPECT_EQ(now, 402U);
        co_await send_again();
        const unsigned after = co_await call(by);
        EXPECT_EQ(after, 200U) << "the node has sent the deposit again, where it is taken";
        EXPECT_EQ(known(by)->chain.balance, Amount{kDeposit});
    };
    run_all(story());
}

TEST_F(EndpointTest, ThatWithholdsAPaymentToThePayerIsNotBelieved) {
    const Buyer by = buyer(1);
    const auto story = [&]() -> Task<void> {
        co_await open_safely(by);
        const ledger::ChainState before = known(by)->chain;
        const auto turn = co_await ledger->turns().take(by.id, std::chrono::seconds(0));
        bent.lie = [](const chain::RpcCall& call) -> std::optional<BentRpc::Answer> {
            if (call.method != "eth_getLogs") return std::nullopt;
            return json::value(json::array());
        };
        const auto back = co_await settler->refund(*turn, Amount{kDeposit - 1'000});
        EXPECT_TRUE(back) << back.error().message();
        EXPECT_EQ(known(by)->chain.balance, before.balance) << "no read that adds up";
        EXPECT_EQ(ledger->state_of(by.id, *known(by)).balance, Amount{1'000})
            << "what was signed away isn't counted all the same";
        bent.lie = nullptr;
        const bool answers = co_await can_read(by);
        EXPECT_TRUE(answers);
        EXPECT_EQ(known(by)->chain.balance, Amount{1'000});
        co_await expect_books();
    };
    run_all(story());
}

TEST_F(EndpointTest, ThatCannotBeBelievedOfOneChannelIsOfTheOthers) {
    const Buyer by = buyer(1);
    const Buyer other = buyer(2);
    const auto story = [&]() -> Task<void> {
        co_await open_safely(by);
        co_await open_safely(other);
        const std::uint64_t safe = co_await head() - slots;
        bent.lie = [&by, safe](const chain::RpcCall& call) -> std::optional<BentRpc::Answer> {
            const std::string id = to_hex(by.id).substr(2);
            const bool is_its =
                call.method == "eth_call" && call.params.at(0).at("data").as_string().ends_with(id);
            // Grows with each block.
            if (!is_its) return std::nullopt;
            const auto block = chain::read_number(call.params.at(1));
            return with_more(call, 1'000'000 + block - safe);
        };
        const bool answers = co_await can_read(by);
        EXPECT_FALSE(answers);
        const Amount left = known(by)->chain.balance;
        co_await leave(by, 1);
        co_await leave(other, 1);
        co_await follow();
        for (int tries = 0; tries < 1'000 && known(other)->chain.withdraw_requested_at == 0;
             ++tries) {
            co_await io::sleep_for(sender_config.poll);
        }
        EXPECT_NE(known(other)->chain.withdraw_requested_at, 0) << "it is claimed from in time";
        EXPECT_EQ(known(by)->chain.balance, left);
        bent.lie = nullptr;
        for (int tries = 0; tries < 1'000 && known(by)->chain.withdraw_requested_at == 0; ++tries) {
            co_await io::sleep_for(sender_config.poll);
        }
        EXPECT_NE(known(by)->chain.withdraw_requested_at, 0) << "and so is this one, later";
    };
    run_all(story());
}

TEST_F(EndpointTest, OfAnotherChainIsNoneAndWhatIsKnownIsServed) {
    const Buyer by = buyer(1);
    const Buyer other = buyer(2);
    const chain::testing::Anvil foreign({}, 713'372);
    const auto story = [&]() -> Task<void> {
        co_await open_safely(by);
        co_await fund(other.config.payer, kDeposit);
        rpc->set_urls({foreign.url()});
        for (int tries = 0; tries < 1'000; ++tries) {  // Until it answers.
            bool refused = false;
            try {
                co_await chain::chain_id(*rpc);
            } catch (const chain::WrongChain&) {
                refused = true;
            } catch (const chain::RpcFailure&) {
            }
            if (refused) break;
            co_await io::sleep_for(sender_config.poll);
        }
        const int calls = engine->calls;
        const unsigned status = co_await call(other, true);
        EXPECT_EQ(status, 503U);
        EXPECT_EQ(known(other), nullptr);
        EXPECT_EQ(engine->calls, calls);
        const unsigned still = co_await call(by);
        EXPECT_EQ(still, 200U) << "its money was safe before";
        EXPECT_EQ(known(by)->chain.balance, Amount{kDeposit});
    };
    run_all(story());
}

}  // namespace
}  // namespace stoa::gateway::testing
