#include "stoa/gateway/tensor_routes.hpp"

#include "stoa/eth/keccak.hpp"
#include "stoa/gateway/paid_fixture_test.hpp"
#include "stoa/payment/receipt.hpp"

namespace stoa::gateway::testing {
namespace {

constexpr std::uint64_t kCost = 10;  // A call, whatever its tensors.
const std::string kBody =
    R"({"id":"7","inputs":[{"name":"x","datatype":"FP32","shape":[2],"data":[1,2.5]}]})";

class TensorTest : public PaidTest {
  protected:
    TensorTest() : tensors(desk, [] { return true; }) {
        engine->take_tensors();
        tensors.add_to(*router);
        path = "/v2/models/parrot/infer";
    }

    TensorRoutes tensors;
};

TEST_F(TensorTest, CostsACallAndHasAReceipt) {
    EXPECT_EQ(asked(post(kBody)).accepts.at(0).amount, Amount{kCost});
    const auto response = post(kBody, voucher(kCost, kCost));
    EXPECT_EQ(paid(response).charged, Amount{kCost});
    EXPECT_EQ(charged(), kCost);
    EXPECT_EQ(json::parse(text_of(response)).at("outputs").at(0).at("data").at(1), 2.5);

    path = "/api/receipts/" + std::string(response.headers.get("Stoa-Receipt").value());
    const auto it = payment::parse_receipt(json::parse(text_of(send(io::Method::get, {})))).value();
    EXPECT_EQ(payment::signer_of(payment::ReceiptDomain{kChain}, it), authorizer.address());
    EXPECT_EQ(it.receipt.channel_id, channel);
    EXPECT_EQ(it.receipt.charge, Amount{kCost});
    EXPECT_EQ(it.receipt.request_hash, eth::keccak256("POST\n/v2/models/parrot/infer\n" + kBody));
    EXPECT_EQ(it.receipt.output_hash, eth::keccak256(text_of(response)));
    EXPECT_EQ(it.receipt.token_ids_hash, Hash256{});
    EXPECT_EQ(it.receipt.params_hash, Hash256{});
    EXPECT_EQ(it.receipt.service, 3U);
}

TEST_F(TensorTest, GivesTheSameAnswerToTheSameCallAndChargesItOnce) {
    const auto first = post(kBody, voucher(kCost, kCost));
    const auto again = post(kBody, voucher(kCost, kCost));
    EXPECT_EQ(text_of(again), text_of(first));
    EXPECT_EQ(again.headers.get("Stoa-Receipt"), first.headers.get("Stoa-Receipt"));
    EXPECT_EQ(engine->calls, 1);
    EXPECT_EQ(charged(), kCost);
}

TEST_F(TensorTest, LetsAPayerWaitWhoseCallsTheEngineFailedThreeTimes) {
    engine->fails = true;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(post(kBody, voucher(kCost, kCost)).status, 503U);
    const auto often = post(kBody, voucher(kCost, kCost));
    EXPECT_EQ(often.status, 429U);
    EXPECT_EQ(often.headers.get("Retry-After"), "600");
    EXPECT_EQ(json::parse(text_of(often)).at("code"), "engine_failed_often");
    EXPECT_EQ(engine->calls, 3);
    EXPECT_EQ(charged(), 0U);
    clock.advance(std::chrono::minutes(10));
    engine->fails = false;
    paid(post(kBody, voucher(kCost, kCost)));
}

TEST_F(TensorTest, HoldsAQuoteForAMinuteAfterThePriceRose) {
    asked(post(kBody));
    served.all().front()->service->price.per_call = Amount{20};
    EXPECT_EQ(asked(post(kBody)).accepts.at(0).amount, Amount{20});
    EXPECT_EQ(paid(post(kBody, voucher(kCost, kCost))).charged, Amount{kCost});
    clock.advance(std::chrono::seconds(60));
    EXPECT_EQ(asked(post(kBody, voucher(2 * kCost, kCost))).error,
              "No matching payment requirements");
    EXPECT_EQ(paid(post(kBody, voucher(kCost + 20, 20))).charged, Amount{20});
}

TEST_F(TensorTest, ChargesNothingForWhatTheModelRefuses) {
    engine->refuses = inference::InferenceError::busy;
    EXPECT_EQ(post(kBody, voucher(kCost, kCost)).status, 503U);
    EXPECT_EQ(post(kBody, voucher(kCost, kCost)).status, 503U);
    EXPECT_EQ(post(kBody, voucher(kCost, kCost)).status, 503U);
    engine->refuses.reset();
    paid(post(kBody, voucher(kCost, kCost)));
    EXPECT_EQ(charged(), kCost);
}

}  // namespace
}  // namespace stoa::gateway::testing
