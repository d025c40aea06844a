#include "stoa/chain/http_rpc.hpp"

#include <gmock/gmock.h>

#include "stoa/chain/anvil_test.hpp"
#include "stoa/chain/contract.hpp"

namespace stoa::chain::testing {
namespace {

HttpRpcConfig config_of(std::vector<std::string> urls, std::uint64_t id = kChainId) {
    HttpRpcConfig config;
    config.urls = std::move(urls);
    config.pin.chain_id = id;
    return config;
}

std::string dead_url() {
    return "http://127.0.0.1:" + std::to_string(free_port());
}

TEST(http_rpc, a_batch_is_answered_in_its_order) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    const Anvil anvil;
    loop.run([&]() -> Task<void> {
        const auto rpc = co_await anvil.connect(loop);
        std::vector<RpcCall> calls;
        calls.push_back({"eth_chainId", {}});
        calls.push_back({"eth_noSuchThing", {}});
        calls.push_back({"eth_blockNumber", {}});
        const auto answers = co_await rpc->batch(std::move(calls));
        EXPECT_EQ(read_number(*answers[0]), kChainId);
        EXPECT_FALSE(answers[1]);
        EXPECT_EQ(read_number(*answers[2]), 0U);
    });
}

TEST(http_rpc, where_an_endpoint_is_down_the_next_one_answers) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    const Anvil anvil;
    loop.run([&]() -> Task<void> {
        co_await anvil.connect(loop);
        HttpRpc rpc(loop.client, loop.pool, config_of({dead_url(), anvil.url()}));
        EXPECT_EQ(co_await chain_id(rpc), kChainId);
    });
}

TEST(http_rpc, an_endpoint_of_another_chain_is_never_believed) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    const Anvil other({}, 713372);
    const Anvil ours;
    loop.run([&]() -> Task<void> {
        co_await other.connect(loop);
        co_await ours.connect(loop);
        HttpRpc both(loop.client, loop.pool, config_of({other.url(), ours.url()}));
        EXPECT_EQ(co_await chain_id(both), kChainId);
        HttpRpc only(loop.client, loop.pool, config_of({other.url()}));
        EXPECT_THROW(co_await chain_id(only), WrongChain);
    });
}

TEST(http_rpc, a_chain_of_the_same_id_and_another_genesis_is_refused) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    const Anvil anvil;
    loop.run([&]() -> Task<void> {
        const auto rpc = co_await anvil.connect(loop);
        auto config = config_of({anvil.url()});
        config.pin.genesis = (co_await header(*rpc, std::uint64_t{0}))->id.hash;
        HttpRpc right(loop.client, loop.pool, config);
        EXPECT_EQ(co_await chain_id(right), kChainId);
        config.pin.genesis->bytes[5] ^= 1;
        HttpRpc wrong(loop.client, loop.pool, config);
        EXPECT_THROW(co_await chain_id(wrong), WrongChain);
    });
}

TEST(http_rpc, a_contract_with_other_code_than_deployed_is_refused) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    const Anvil anvil;
    loop.run([&]() -> Task<void> {
        const auto rpc = co_await anvil.connect(loop);
        ChainPin pin{kChainId, std::nullopt, {}};
        pin.code[co_await deploy_counter(*rpc)] = Hash256{};
        EXPECT_THROW(co_await verify(*rpc, pin), WrongChain);
    });
}

TEST(http_rpc, a_chain_that_was_swapped_behind_the_address_is_noticed) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    auto first = std::make_unique<Anvil>();
    loop.run([&]() -> Task<void> {
        const auto rpc = co_await first->connect(loop);
        EXPECT_EQ(co_await chain_id(*rpc), kChainId);
        const auto port = first->port();
        first.reset();
        EXPECT_THROW(co_await chain_id(*rpc), RpcFailure);
        Anvil second({}, 713373);
        second.end();
        second.start(port);
        co_await second.connect(loop);
        EXPECT_THROW(co_await chain_id(*rpc), WrongChain);
    });
}

TEST(http_rpc, without_any_endpoint_the_failure_names_hosts_and_no_keys) {
    Loop loop;
    loop.run([&]() -> Task<void> {
        HttpRpc rpc(loop.client, loop.pool, config_of({dead_url() + "/secret-key"}));
        try {
            co_await chain_id(rpc);
            ADD_FAILURE() << "it answered";
        } catch (const RpcFailure& failure) {
            EXPECT_THAT(failure.what(), ::testing::HasSubstr("127.0.0.1"));
            EXPECT_THAT(failure.what(), ::testing::Not(::testing::HasSubstr("secret-key")));
        }
    });
}

TEST(http_rpc, revert_data_comes_with_the_error) {
    STOA_NEEDS_ANVIL();
    Loop loop;
    const Anvil anvil;
    loop.run([&]() -> Task<void> {
        const auto rpc = co_await anvil.connect(loop);
        // mstore8(0, 0xab); revert(0, 4)
        const auto code = json::string("0x60ab60005360046000fd");
        const auto where = eth::address_literal("0x00000000000000000000000000000000000f0f0f");
        co_await rpc->get("anvil_setCode", list(json::string(to_hex(where.bytes)), code));
        Call request;
        request.to = where;
        const auto answer = co_await call(*rpc, request);
        EXPECT_FALSE(answer);
        EXPECT_TRUE(is_revert(answer.error()));
        EXPECT_EQ(answer.error().data, (ByteVector{0xab, 0, 0, 0}));
    });
}

}  // namespace
}  // namespace stoa::chain::testing
