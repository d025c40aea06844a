#include "stoa/payment/x402.hpp"

#include <gtest/gtest.h>

#include <set>

#include "stoa/base/base64.hpp"
#include "stoa/base/hex.hpp"
#include "stoa/payment/vectors_test.hpp"

namespace stoa::payment {
namespace {

namespace json = boost::json;
using enum PaymentError;

const json::value& header(const char* name) {
    return vectors().at("headers").at(name);
}

std::string text_of_header(const char* name) {
    return std::string{header(name).at("base64").as_string()};
}

json::value json_of(const std::string& base64) {
    return json::parse(as_text(parse_base64(base64, kMaxPaymentBytes).value()));
}

/// Addresses are equal in any case: the npm server writes some of them in lower case.
json::value lower_addresses(json::value value) {
    if (auto* object = value.if_object()) {
        for (auto& member : *object) member.value() = lower_addresses(std::move(member.value()));
    } else if (auto* array = value.if_array()) {
        for (auto& item : *array) item = lower_addresses(std::move(item));
    } else if (auto* text = value.if_string(); text && text->starts_with("0x")) {
        for (char& c : *text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return value;
}

/// Only the url of a buyer's resource is kept.
json::value comparable(json::value value) {
    if (auto* resource = value.as_object().if_contains("resource")) {
        if (value.as_object().contains("payload")) *resource = {{"url", resource->at("url")}};
    }
    return lower_addresses(std::move(value));
}

std::string with(const char* name, auto change) {
    json::object payment = header(name).at("json").as_object();
    change(payment);
    return to_base64(as_bytes(json::serialize(payment)));
}

std::error_code refusal(const std::string& text) {
    return parse_payment_header(text).error();
}

TEST(PaymentRequired, IsWrittenAsTheNpmServerWritesIt) {
    for (const char* name : {"unpaid402", "corrective402"}) {
        const auto parsed = parse_payment_required_header(text_of_header(name));
        ASSERT_TRUE(parsed) << name;
        EXPECT_EQ(json_of(to_header(*parsed)), header(name).at("json")) << name;
    }
}

TEST(PaymentPayload, IsReadAndWrittenAsTheNpmClientWritesIt) {
    for (const char* name :
         {"depositSignature", "voucherSignature", "refundSignature", "exactSignature"}) {
        const auto parsed = parse_payment_header(text_of_header(name));
        ASSERT_TRUE(parsed) << name << parsed.error().message();
        EXPECT_EQ(comparable(json_of(to_header(*parsed))), comparable(header(name).at("json")))
            << name;
    }
}

TEST(SettlementResponse, IsWrittenAsTheNpmServerWritesIt) {
    for (const char* name : {"depositResponse", "voucherResponse", "refundResponse",
                             "exactResponse", "settlementFailed402"}) {
        const auto parsed = parse_settlement_response_header(text_of_header(name));
        ASSERT_TRUE(parsed) << name;
        EXPECT_EQ(comparable(json_of(to_header(*parsed))), comparable(header(name).at("json")))
            << name;
    }
}

TEST(PaymentPayload, OfEveryStepOfARecordedSessionIsUnderstood) {
    int payments = 0;
    for (const json::value& step : vectors().at("session").at("steps").as_array()) {
        const json::value* sent = step.at("request").as_object().if_contains("PAYMENT-SIGNATURE");
        if (!sent) continue;
        ++payments;
        EXPECT_TRUE(parse_payment_header(sent->at("base64").as_string())) << step.at("step");
    }
    EXPECT_GE(payments, 10);
}

TEST(PaymentPayload, OfAFacilitatorIsUnderstood) {
    for (const json::value& exchange : vectors().at("facilitator").at("exchanges").as_array()) {
        const auto payment = parse_payment(exchange.at("request").at("paymentPayload"));
        EXPECT_TRUE(payment) << exchange.at("kind") << payment.error().message();
    }
}

TEST(PaymentPayload, OfAFacilitatorKeepsWhatItsServerHasSigned) {
    eth::Signature signature;
    signature.bytes.fill(7);
    signature.bytes[64] = 27;
    const SignedClaim row{vector_channel(), Amount{300}, signature, Amount{200}};
    PaymentPayload payment;
    payment.accepted = parse_payment_header(text_of_header("voucherSignature")).value().accepted;
    payment.payload = ClaimPayload{{row, row}, signature};
    const auto claim = parse_payment(to_json(payment)).value();
    EXPECT_EQ(std::get<ClaimPayload>(claim.payload).authorized, signature);
    EXPECT_EQ(to_json(claim), to_json(payment));

    RefundPayload refund;
    refund.config = row.config;
    refund.voucher.max_claimable = Amount{200};
    refund.signature = signature;
    refund.amount = Amount{5};
    refund.completed = RefundPayload::Completed{9, signature, {row}, signature};
    payment.payload = refund;
    const auto read = parse_payment(to_json(payment)).value();
    EXPECT_EQ(std::get<RefundPayload>(read.payload).completed->nonce, U256{9});
    EXPECT_EQ(to_json(read), to_json(payment));
}

TEST(PaymentPayload, ReadsWhatADepositSays) {
    const auto payment = parse_payment_header(text_of_header("depositSignature")).value();
    const auto& deposit = std::get<DepositPayload>(payment.payload);
    EXPECT_EQ(deposit.config, vector_channel());
    EXPECT_EQ(deposit.deposit, Amount{1'000'000});
    EXPECT_EQ(deposit.voucher.max_claimable, Amount{1000});
    EXPECT_EQ(deposit.valid_before, 1'800'003'600U);
    EXPECT_EQ(deposit.authorization_signature.size(), 65U);
    EXPECT_EQ(payment.accepted.amount, Amount{1000});
    EXPECT_EQ(payment.resource_url, "https://node.example/v1/chat/completions");
}

TEST(PaymentPayload, RefusesWhatIsNoBase64OfJson) {
    EXPECT_EQ(refusal(""), invalid_payload);
    EXPECT_EQ(refusal("{}"), invalid_payload);
    EXPECT_EQ(refusal(to_base64(as_bytes("no json"))), invalid_payload);
    EXPECT_EQ(refusal(to_base64(as_bytes("[1]"))), invalid_payload);
    EXPECT_EQ(refusal(to_base64(as_bytes(std::string(kMaxPaymentBytes + 1, ' ')))),
              invalid_payload);
    EXPECT_EQ(refusal(to_base64(as_bytes(std::string(500, '[')))), invalid_payload);
}

TEST(PaymentPayload, RefusesOtherVersionsAndSchemes) {
    EXPECT_EQ(refusal(with("voucherSignature", [](auto& p) { p["x402Version"] = 1; })),
              invalid_version);
    EXPECT_EQ(refusal(with("voucherSignature",
                           [](auto& p) { p["accepted"].as_object()["scheme"] = "upto"; })),
              unsupported_scheme);
    EXPECT_EQ(refusal(with("voucherSignature",
                           [](auto& p) { p["payload"].as_object()["type"] = "gift"; })),
              payload_type);
}

TEST(PaymentPayload, ReadsAmountsOnlyInTheirOneForm) {
    for (const char* bad :
         {"", "0x64", " 1 ", "01", "1.0", "-1", "340282366920938463463374607431768211456"}) {
        EXPECT_EQ(
            refusal(with("voucherSignature",
                         [&](auto& p) {
                             p["payload"].as_object()["voucher"].as_object()["maxClaimableAmount"] =
                                 bad;
                         })),
            invalid_payload)
            << bad;
    }
    EXPECT_EQ(
        refusal(with("voucherSignature",
                     [](auto& p) {
                         p["payload"].as_object()["voucher"].as_object()["maxClaimableAmount"] =
                             1000;
                     })),
        invalid_payload);
}

TEST(PaymentPayload, RefusesSignaturesThatNoContractWouldTake) {
    for (const json::value& row : vectors().at("invalidVoucherSignatures").as_array()) {
        if (row.at("signature").as_string().size() == 132) continue;  // For the voucher's check.
        const std::string text = with("voucherSignature", [&](auto& p) {
            p["payload"].as_object()["voucher"].as_object()["signature"] = row.at("signature");
        });
        EXPECT_EQ(refusal(text), voucher_signature) << row.at("name");
    }
}

TEST(PaymentPayload, RefusesAMalformedChannelIdByItsOwnCode) {
    EXPECT_EQ(refusal(with("voucherSignature",
                           [](auto& p) {
                               p["payload"].as_object()["voucher"].as_object()["channelId"] =
                                   "0x12";
                           })),
              channel_id_invalid);
}

TEST(PaymentPayload, RefusesAWithdrawDelayThatTheTypeCantHold) {
    EXPECT_EQ(
        refusal(with("voucherSignature",
                     [](auto& p) {
                         p["payload"].as_object()["channelConfig"].as_object()["withdrawDelay"] =
                             std::uint64_t{1} << 40;
                     })),
        invalid_payload);
}

TEST(PaymentPayload, WantsAnEip3009AuthorisationForADeposit) {
    EXPECT_EQ(refusal(with("depositSignature",
                           [](auto& p) {
                               p["payload"].as_object()["deposit"].as_object()["authorization"] =
                                   json::object{{"permit2Authorization", json::object{}}};
                           })),
              erc3009_authorization_required);
}

TEST(Requirements, AreAcceptedOnlyAsOffered) {
    const auto required = parse_payment_required_header(text_of_header("unpaid402")).value();
    const Requirements& offered = required.accepts.at(0);
    EXPECT_TRUE(accepts(offered, offered));

    // The amount is judged by the caller; what a corrective answer adds is echoed or not.
    const auto corrective = parse_payment_required_header(text_of_header("corrective402")).value();
    EXPECT_TRUE(accepts(corrective.accepts.at(0), offered));

    const auto still_accepted = [&](auto change) {
        Requirements other = offered;
        change(other);
        return accepts(other, offered);
    };
    using R = Requirements;
    EXPECT_TRUE(still_accepted([](R& r) { r.amount = Amount{7}; }));
    EXPECT_FALSE(still_accepted([](R& r) { r.scheme = Scheme::exact; }));
    EXPECT_FALSE(still_accepted([](R& r) { r.network = "eip155:1"; }));
    EXPECT_FALSE(still_accepted([](R& r) { r.asset.bytes[0] ^= 1; }));
    EXPECT_FALSE(still_accepted([](R& r) { r.pay_to.bytes[0] ^= 1; }));
    EXPECT_FALSE(still_accepted([](R& r) { ++r.max_timeout_seconds; }));
    EXPECT_FALSE(still_accepted([](R& r) { r.token_name = "USD"; }));
    EXPECT_FALSE(still_accepted([](R& r) { r.token_version = "1"; }));
    EXPECT_FALSE(still_accepted([](R& r) { r.receiver_authorizer.reset(); }));
    EXPECT_FALSE(still_accepted([](R& r) { r.withdraw_delay_seconds = 900; }));
    EXPECT_FALSE(still_accepted([](R& r) { r.min_deposit = Amount{1}; }));
}

TEST(Network, IsACaip2Name) {
    EXPECT_EQ(network_name(713371), "eip155:713371");
    EXPECT_EQ(network_chain_id("eip155:713371"), 713371U);
    EXPECT_EQ(network_chain_id("eip155:"), std::nullopt);
    EXPECT_EQ(network_chain_id("solana:1"), std::nullopt);
    EXPECT_EQ(network_chain_id("eip155:01"), std::nullopt);
}

TEST(PaymentError, CodesAreUniqueAndKnownToClients) {
    EXPECT_STREQ(text_of(cumulative_mismatch).code,
                 "invalid_batch_settlement_evm_cumulative_amount_mismatch");
    EXPECT_STREQ(text_of(channel_busy).code, "invalid_batch_settlement_evm_channel_busy");
    EXPECT_STREQ(text_of(exact_nonce_already_used).code, "invalid_exact_evm_nonce_already_used");
    std::set<std::string> codes;
    for (int value = 1; value <= static_cast<int>(exact_transaction_failed); ++value) {
        EXPECT_TRUE(codes.insert(text_of(static_cast<PaymentError>(value)).code).second) << value;
    }
}

}  // namespace
}  // namespace stoa::payment
