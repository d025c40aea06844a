#include "stoa/gateway/paid.hpp"

#include "stoa/eth/keccak.hpp"
#include "stoa/gateway/paid_fixture_test.hpp"
#include "stoa/payment/receipt.hpp"

namespace stoa::gateway::testing {
namespace {

// 10 a call, 1 a token in, 2 a token out: 7 tokens in and 3 out cost 23.
constexpr std::uint64_t kCost = 23;
constexpr std::uint64_t kAmount = 300;
const std::string kBody =
    R"({"model":"parrot","messages":[{"role":"user","content":"Hi"}],"max_tokens":20})";
const std::string kStream =
    R"({"model":"parrot","messages":[{"role":"user","content":"Hi"}],"max_tokens":20,)"
    R"("stream":true,"stream_options":{"include_usage":true}})";

TEST_F(PaidTest, TellsThePriceBeforeAnyWork) {
    const auto response = post(kBody);
    const auto required = asked(response);
    EXPECT_EQ(required.error, "Payment required");
    ASSERT_EQ(required.accepts.size(), 2U);
    EXPECT_EQ(required.accepts[0].scheme, payment::Scheme::batch_settlement);
    EXPECT_EQ(required.accepts[1].scheme, payment::Scheme::exact);
    // 10 + (2 bytes + 10 + 5) + 2 · 20, to two digits.
    EXPECT_EQ(required.accepts[0].amount, Amount{67});
    EXPECT_EQ(required.resource.url, "http://localhost:1/m/parrot/v1/chat/completions");
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    EXPECT_EQ(text_of(response), "{}");
    EXPECT_EQ(engine->calls, 0);
}

TEST_F(PaidTest, AnswersAndChargesWhatWasDelivered) {
    const auto response = post(kBody, voucher(kAmount, kAmount));
    const auto settled = paid(response);
    EXPECT_EQ(settled.charged, Amount{kCost});
    EXPECT_EQ(settled.channel_state->charged, Amount{kCost});
    EXPECT_EQ(charged(), kCost);
    const auto body = json::parse(text_of(response));
    EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "Hello and bye");
    EXPECT_EQ(body.at("usage").at("completion_tokens"), 3);
    EXPECT_EQ(response.headers.get("Cache-Control"), "private");
    paid(post(kBody, voucher(kCost + kAmount, kAmount)));
    EXPECT_EQ(charged(), 2 * kCost);
}

TEST_F(PaidTest, NeverChargesMoreThanWasSigned) {
    engine->pieces.assign(500, "x");
    paid(post(kBody, voucher(67, 67)));
    EXPECT_EQ(charged(), 67U);
}

TEST_F(PaidTest, CorrectsABuyerThatCountsOtherwise) {
    paid(post(kBody, voucher(kAmount, kAmount)));
    const auto required = asked(post(kBody, voucher(kAmount + 1, kAmount)));
    EXPECT_EQ(required.error, "invalid_batch_settlement_evm_cumulative_amount_mismatch");
    const auto& entry = required.accepts.at(0);
    ASSERT_TRUE(entry.channel_state);
    EXPECT_EQ(entry.channel_state->charged, Amount{kCost});
    ASSERT_TRUE(entry.voucher_state);
    EXPECT_EQ(entry.voucher_state->signed_max_claimable, Amount{kAmount});
    EXPECT_EQ(charged(), kCost);
}

TEST_F(PaidTest, TellsNothingOfAChannelToAStrangersSignature) {
    paid(post(kBody, voucher(kAmount, kAmount)));
    const auto required = asked(post(kBody, voucher(kAmount + 1, kAmount, 7)));
    EXPECT_EQ(required.error, "invalid_batch_settlement_evm_voucher_signature");
    EXPECT_FALSE(required.accepts.at(0).channel_state);
    EXPECT_EQ(engine->calls, 1);
}

TEST_F(PaidTest, GivesTheSameAnswerToTheSameCallAndChargesItOnce) {
    const auto first = post(kBody, voucher(kAmount, kAmount));
    const auto again = post(kBody, voucher(kAmount, kAmount));
    EXPECT_EQ(text_of(again), text_of(first));
    EXPECT_EQ(paid(again).charged, Amount{kCost});
    EXPECT_EQ(engine->calls, 1);
    EXPECT_EQ(charged(), kCost);
}

TEST_F(PaidTest, KeepsAnAnswerForTenMinutes) {
    post(kBody, voucher(kAmount, kAmount));
    clock.advance(std::chrono::minutes(10));
    EXPECT_EQ(asked(post(kBody, voucher(kAmount, kAmount))).error,
              "invalid_batch_settlement_evm_cumulative_amount_mismatch");
}

TEST_F(PaidTest, TakesTheSameVoucherForAnotherBodyAsAnOrdinaryCall) {
    post(kBody, voucher(kAmount, kAmount));
    const std::string other =
        R"({"model":"parrot","messages":[{"role":"user","content":"Ho"}],"max_tokens":20})";
    EXPECT_EQ(asked(post(other, voucher(kAmount, kAmount))).error,
              "invalid_batch_settlement_evm_cumulative_amount_mismatch");
}

TEST_F(PaidTest, ChargesNothingWhenTheEngineFails) {
    engine->fails = true;
    engine->fails_after = 2;
    EXPECT_EQ(post(kBody, voucher(kAmount, kAmount)).status, 503U);
    EXPECT_EQ(charged(), 0U);
    engine->fails = false;
    paid(post(kBody, voucher(kAmount, kAmount)));
    EXPECT_EQ(charged(), kCost) << "the same voucher is good for another try";
}

TEST_F(PaidTest, LetsAPayerWaitWhoseCallsTheEngineFailedThreeTimes) {
    engine->fails = true;
    engine->fails_after = 1;
    EXPECT_EQ(post(kBody, voucher(kAmount, kAmount)).status, 503U);
    clock.advance(std::chrono::minutes(4));
    post(kStream, voucher(kAmount, kAmount));
    EXPECT_EQ(post(kBody, voucher(kAmount, kAmount)).status, 503U);
    const auto often = post(kBody, voucher(kAmount, kAmount));
    EXPECT_EQ(often.status, 429U);
    EXPECT_EQ(often.headers.get("Retry-After"), "360");
    EXPECT_EQ(json::parse(text_of(often)).at("error").at("code"), "engine_failed_often");
    EXPECT_EQ(engine->calls, 3);
    clock.advance(std::chrono::minutes(6));
    engine->fails = false;
    paid(post(kBody, voucher(kAmount, kAmount)));
}

TEST_F(PaidTest, ChargesNothingWhenTheEngineRefuses) {
    engine->refuses = inference::InferenceError::prompt_too_long;
    const auto response = post(kBody, voucher(kAmount, kAmount));
    EXPECT_EQ(response.status, 400U);
    EXPECT_EQ(json::parse(text_of(response)).at("error").at("code"), "prompt_too_long");
    EXPECT_EQ(charged(), 0U);
    EXPECT_EQ(post(kStream, voucher(kAmount, kAmount)).status, 400U);
    EXPECT_EQ(charged(), 0U);
}

TEST_F(PaidTest, RefusesLessThanThePriceAndOtherTerms) {
    EXPECT_EQ(asked(post(kBody, voucher(66, 66))).error, "No matching payment requirements");
    config.withdraw_delay_seconds = 7200;
    channel = channels.channel_id(config);
    EXPECT_EQ(asked(post(kBody, voucher(kAmount, kAmount))).error,
              "invalid_batch_settlement_evm_withdraw_delay_mismatch");
    config.receiver.bytes[0] ^= 1;
    EXPECT_EQ(asked(post(kBody, voucher(kAmount, kAmount))).error,
              "invalid_batch_settlement_evm_channel_id_mismatch");
    channel = channels.channel_id(config);
    EXPECT_EQ(asked(post(kBody, voucher(kAmount, kAmount))).error,
              "invalid_batch_settlement_evm_receiver_mismatch");
    EXPECT_EQ(engine->calls, 0);
}

TEST_F(PaidTest, HoldsAQuoteForAMinuteAfterThePriceRose) {
    EXPECT_EQ(asked(post(kBody)).accepts.at(0).amount, Amount{67});
    served.all().front()->service->price.per_call = Amount{20};
    EXPECT_EQ(asked(post(kBody)).accepts.at(0).amount, Amount{77});
    EXPECT_EQ(paid(post(kBody, voucher(67, 67))).charged, Amount{23}) << "at the price before";
    clock.advance(std::chrono::seconds(60));
    const std::uint64_t next = charged() + 67;
    EXPECT_EQ(asked(post(kBody, voucher(next, 67))).error, "No matching payment requirements");
    EXPECT_EQ(paid(post(kBody, voucher(charged() + 77, 77))).charged, Amount{33});
}

TEST_F(PaidTest, HoldsEveryQuoteOfTheLastMinuteWhereThePriceRoseTwice) {
    auto& price = served.all().front()->service->price;
    asked(post(kBody));
    price.per_call = Amount{20};
    asked(post(kBody));
    clock.advance(std::chrono::seconds(30));
    price.per_call = Amount{30};
    asked(post(kBody));
    paid(post(kBody, voucher(67, 67)));
    clock.advance(std::chrono::seconds(30));
    EXPECT_EQ(asked(post(kBody, voucher(charged() + 67, 67))).error,
              "No matching payment requirements");
    EXPECT_EQ(paid(post(kBody, voucher(charged() + 77, 77))).charged, Amount{33});
    clock.advance(std::chrono::seconds(30));
    EXPECT_EQ(asked(post(kBody, voucher(charged() + 77, 77))).error,
              "No matching payment requirements");
}

TEST_F(PaidTest, ChargesALowerPriceAtOnce) {
    asked(post(kBody));
    served.all().front()->service->price.per_call = Amount{1};
    EXPECT_EQ(paid(post(kBody, voucher(67, 67))).charged, Amount{14});
}

TEST_F(PaidTest, RefusesChannelsThatHoldNothingOrTooLittle) {
    still.balance = 0;
    EXPECT_EQ(asked(post(kBody, voucher(kAmount, kAmount))).error,
              "invalid_batch_settlement_evm_channel_not_found");
    still.balance = kAmount - 1;
    EXPECT_EQ(asked(post(kBody, voucher(kAmount, kAmount))).error,
              "invalid_batch_settlement_evm_cumulative_exceeds_balance");
}

TEST_F(PaidTest, ServesOneCallOfAChannelAtATime) {
    auto turn = run(ledger->turns().take(channel, std::chrono::milliseconds(0)));
    const auto busy = post(kBody, voucher(kAmount, kAmount));
    EXPECT_EQ(asked(busy).error, "invalid_batch_settlement_evm_channel_busy");
    EXPECT_EQ(busy.headers.get("Retry-After"), "1");
    turn.reset();
    paid(post(kBody, voucher(kAmount, kAmount)));
}

TEST_F(PaidTest, CallsAHeaderThatIsNoPaymentMalformed) {
    EXPECT_EQ(post(kBody, "nonsense").status, 400U);
    EXPECT_EQ(post("{", voucher(kAmount, kAmount)).status, 400U);
    EXPECT_EQ(post(R"({"model":"dodo","messages":[{"role":"user","content":"Hi"}]})").status, 404U);
}

TEST_F(PaidTest, StreamsAndChargesBeforeTheLastEvent) {
    const auto response = post(kStream, voucher(kAmount, kAmount));
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.headers.get("Content-Type"), "text/event-stream");
    EXPECT_FALSE(response.headers.has(payment::kPaymentResponseHeader));
    EXPECT_NE(writer.text.find(R"("content":"Hello")"), std::string::npos);
    EXPECT_NE(writer.text.find(R"("finish_reason":"stop")"), std::string::npos);
    EXPECT_NE(writer.text.find(R"("completion_tokens":3)"), std::string::npos);
    EXPECT_EQ(writer.text.find("stoa.receipt"), std::string::npos);
    EXPECT_TRUE(writer.text.ends_with("data: [DONE]\n\n"));
    EXPECT_EQ(charged(), kCost);
}

TEST_F(PaidTest, EndsAStreamWithAReceiptForClientsThatReadIt) {
    stoa_stream = "1";
    post(kStream, voucher(kAmount, kAmount));
    const std::size_t at = writer.text.find("event: stoa.receipt\ndata: ");
    ASSERT_NE(at, std::string::npos);
    const std::size_t from = at + std::string("event: stoa.receipt\ndata: ").size();
    const auto receipt = json::parse(writer.text.substr(from, writer.text.find('\n', from) - from));
    EXPECT_EQ(receipt.at("extra").at("chargedAmount"), json::string(std::to_string(kCost)));
    const auto& proof = receipt.at("extensions").at("stoa-receipt");
    const auto it = payment::parse_receipt(proof).value();
    EXPECT_EQ(payment::signer_of(payment::ReceiptDomain{kChain}, it), authorizer.address());
    EXPECT_EQ(it.receipt.output_hash, eth::keccak256("Hello and bye"));
    EXPECT_EQ(it.receipt.charge, Amount{kCost});
}

TEST_F(PaidTest, SignsAReceiptOfAWholeAnswer) {
    paid(post(kBody, voucher(kAmount, kAmount)));
    const auto response = post(kBody, voucher(kCost + kAmount, kAmount));
    path = "/api/receipts/" + std::string(response.headers.get("Stoa-Receipt").value());
    const auto found = json::parse(text_of(send(io::Method::get, {})));
    const auto it = payment::parse_receipt(found).value();
    EXPECT_EQ(payment::signer_of(payment::ReceiptDomain{kChain}, it), authorizer.address());
    EXPECT_EQ(it.receipt.channel_id, channel);
    EXPECT_EQ(it.receipt.cumulative, Amount{2 * kCost});
    EXPECT_EQ(it.receipt.request_hash, eth::keccak256("POST\n/v1/chat/completions\n" + kBody));
    EXPECT_EQ(it.receipt.token_ids_hash, payment::token_ids_hash(std::vector<std::uint32_t>(7),
                                                                 std::vector<std::uint32_t>(3)));
    path.back() = path.back() == '0' ? '1' : '0';
    EXPECT_EQ(send(io::Method::get, {}).status, 404U);
}

TEST_F(PaidTest, ChargesOnlyWhatTheSocketTook) {
    writer = TestWriter(2);  // The opening and one piece.
    post(kStream, voucher(kAmount, kAmount));
    EXPECT_EQ(charged(), 10U + 7 + 2);
}

TEST_F(PaidTest, ChargesNothingForAStreamThatTheEngineBroke) {
    engine->fails = true;
    engine->fails_after = 2;
    post(kStream, voucher(kAmount, kAmount));
    EXPECT_NE(writer.text.find("engine_failed"), std::string::npos);
    EXPECT_EQ(writer.text.find("[DONE]"), std::string::npos);
    EXPECT_EQ(charged(), 0U);
}

TEST_F(PaidTest, RepeatsAStreamThatWasPaid) {
    post(kStream, voucher(kAmount, kAmount));
    const auto again = post(kStream, voucher(kAmount, kAmount));
    EXPECT_EQ(text_of(again), writer.text);
    EXPECT_EQ(paid(again).charged, Amount{kCost});
    EXPECT_EQ(engine->calls, 1);
}

TEST_F(PaidTest, SellsEmbeddings) {
    path = "/m/parrot/v1/embeddings";
    const auto response = post(R"({"input":["a","b"]})", voucher(kAmount, kAmount));
    EXPECT_EQ(paid(response).charged, Amount{10 + 4});
    EXPECT_EQ(json::parse(text_of(response)).at("data").as_array().size(), 2U);
}

TEST_F(PaidTest, AnswersGetWithThePriceOfATypicalCall) {
    path = "/m/parrot/v1/chat/completions";
    EXPECT_EQ(asked(send(io::Method::get, {})).accepts.size(), 2U);
}

TEST_F(PaidTest, CorrectsARefundForAnotherTotal) {
    paid(post(kBody, voucher(kAmount, kAmount)));
    path = "/m/parrot/v1/chat/completions";
    const auto required = asked(send(io::Method::get, {}, refund(kCost + 1)));
    EXPECT_EQ(required.error, "invalid_batch_settlement_evm_cumulative_amount_mismatch");
    EXPECT_EQ(required.accepts.at(0).channel_state->charged, Amount{kCost});
}

TEST_F(PaidTest, SaysWhenARefundCantReachTheChain) {
    paid(post(kBody, voucher(kAmount, kAmount)));
    path = "/m/parrot/v1/chat/completions";
    const auto response = send(io::Method::get, {}, refund(kCost));
    EXPECT_EQ(response.status, 402U);
    EXPECT_FALSE(response.headers.has(payment::kPaymentRequiredHeader));
    EXPECT_TRUE(response.headers.has(payment::kPaymentResponseHeader));
    EXPECT_EQ(charged(), kCost);
}

TEST_F(PaidTest, QuotesWithTheRealTokens) {
    path = "/api/quote";
    const auto response = post(kBody);
    EXPECT_EQ(response.status, 200U);
    const auto quoted = json::parse(text_of(response));
    EXPECT_EQ(quoted.at("amount"), "67");
    EXPECT_EQ(quoted.at("input_tokens"), 7);
}

TEST_F(PaidTest, QuotesSixtyTimesAMinuteToOneVisitor) {
    path = "/api/quote";
    for (int i = 0; i < 60; ++i) EXPECT_EQ(post(kBody).status, 200U);
    clock.advance(std::chrono::seconds(20));
    const auto often = post(kBody);
    EXPECT_EQ(often.status, 429U);
    EXPECT_EQ(often.headers.get("Retry-After"), "40");
    clock.advance(std::chrono::seconds(40));
    EXPECT_EQ(post(kBody).status, 200U);
}

}  // namespace
}  // namespace stoa::gateway::testing
