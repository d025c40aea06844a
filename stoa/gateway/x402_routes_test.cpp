#include "stoa/gateway/x402_routes.hpp"

#include "stoa/gateway/paid_fixture_test.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::gateway::testing {
namespace {

class X402Test : public PaidTest {
  protected:
    X402Test() : x402(desk->parts()) { x402.add_to(*router); }

    json::value ask(const char* route, const std::string& header) {
        path = route;
        const auto bytes = parse_base64(header, payment::kMaxPaymentBytes).value();
        const auto response =
            post(R"({"x402Version":2,"paymentPayload":)" + std::string(as_text(bytes)) + "}");
        EXPECT_EQ(response.status, 200U);
        return json::parse(text_of(response));
    }

    X402Routes x402;
};

TEST_F(X402Test, SaysWhatItSettlesAndWhoSends) {
    path = "/x402/supported";
    const auto answer = json::parse(text_of(send(io::Method::get, {})));
    EXPECT_EQ(answer.at("kinds").at(0).at("network"), "eip155:713371");
    EXPECT_EQ(answer.at("signers").at("eip155:*").at(0).as_string(),
              eth::to_checksum(operator_key.address()));
}

TEST_F(X402Test, VerifiesVouchersOfItsOwnReceivers) {
    const auto answer = ask("/x402/verify", voucher(300, 300));
    EXPECT_EQ(answer.at("isValid"), true);
    EXPECT_EQ(answer.at("extra").at("balance"), "1000000");
    EXPECT_EQ(answer.at("payer").as_string(), eth::to_checksum(config.payer));
}

TEST_F(X402Test, SaysWhyAVoucherIsNotValid) {
    const auto reason = [&](const std::string& header) {
        const auto answer = ask("/x402/verify", header);
        EXPECT_EQ(answer.at("isValid"), false);
        return std::string(answer.at("invalidReason").as_string());
    };
    EXPECT_EQ(reason(voucher(300, 300, 7)), "invalid_batch_settlement_evm_voucher_signature");
    EXPECT_EQ(reason(voucher(1'000'001, 300)),
              "invalid_batch_settlement_evm_cumulative_exceeds_balance");
    config.receiver.bytes[0] ^= 1;
    channel = channels.channel_id(config);
    EXPECT_EQ(reason(voucher(300, 300)), "invalid_batch_settlement_evm_receiver_mismatch");
}

TEST_F(X402Test, SettlesNoVouchersAndNothingForStrangers) {
    const auto voucher_answer = ask("/x402/settle", voucher(300, 300));
    EXPECT_EQ(voucher_answer.at("success"), false);
    EXPECT_EQ(voucher_answer.at("errorReason"), "invalid_batch_settlement_evm_payload_type");
    payment::PaymentPayload settle;
    settle.accepted.network = "eip155:713371";
    settle.payload = payment::SettlePayload{config.payer, config.token};
    const auto answer = ask("/x402/settle", payment::to_header(settle));
    EXPECT_EQ(answer.at("errorReason"), "invalid_batch_settlement_evm_receiver_mismatch");
}

TEST_F(X402Test, ListsWhatCanBeBought) {
    path = "/discovery/resources";
    const auto answer = json::parse(text_of(send(io::Method::get, {})));
    EXPECT_EQ(answer.at("items").at(0).at("resource"),
              "http://localhost:1/m/parrot/v1/chat/completions");
    EXPECT_EQ(answer.at("pagination").at("total"), 1);
}

}  // namespace
}  // namespace stoa::gateway::testing
