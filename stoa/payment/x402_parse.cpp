#include <boost/json.hpp>

#include "stoa/base/base64.hpp"
#include "stoa/payment/json_reader.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::payment {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kWithdrawDelayLimit = std::uint64_t{1} << 40;

std::optional<Scheme> scheme_named(std::string_view name) {
    if (name == "batch-settlement") return Scheme::batch_settlement;
    if (name == "exact") return Scheme::exact;
    return std::nullopt;
}

ChannelConfig read_config(const JsonReader& in) {
    ChannelConfig config{.payer = in.address("payer"),
                         .payer_authorizer = in.address("payerAuthorizer"),
                         .receiver = in.address("receiver"),
                         .receiver_authorizer = in.address("receiverAuthorizer"),
                         .token = in.address("token"),
                         .withdraw_delay_seconds = in.number("withdrawDelay"),
                         .salt = in.hash("salt")};
    if (config.withdraw_delay_seconds >= kWithdrawDelayLimit) in.fail();
    return config;
}

ChannelSnapshot read_channel_state(const JsonReader& in) {
    ChannelSnapshot state{.channel_id = in.hash("channelId"),
                          .balance = in.amount("balance"),
                          .total_claimed = in.amount("totalClaimed"),
                          .withdraw_requested_at = in.number("withdrawRequestedAt"),
                          .refund_nonce = in.number256("refundNonce"),
                          .charged = std::nullopt};
    if (in.has("chargedCumulativeAmount")) state.charged = in.amount("chargedCumulativeAmount");
    return state;
}

/// All but the scheme, which decides whether the rest is worth reading.
Requirements read_requirements(const JsonReader& in, Scheme scheme) {
    Requirements out;
    out.scheme = scheme;
    out.network = in.text("network");
    out.amount = in.amount("amount");
    out.asset = in.address("asset");
    out.pay_to = in.address("payTo");
    out.max_timeout_seconds = in.number("maxTimeoutSeconds");
    const JsonReader extra = in.object("extra");
    out.token_name = extra.text_or_empty("name");
    out.token_version = extra.text_or_empty("version");
    if (extra.has("receiverAuthorizer")) {
        out.receiver_authorizer = extra.address("receiverAuthorizer");
    }
    if (extra.has("withdrawDelay")) out.withdraw_delay_seconds = extra.number("withdrawDelay");
    if (extra.has("minDeposit")) out.min_deposit = extra.amount("minDeposit");
    if (extra.has("leastAmount")) out.least_amount = extra.amount("leastAmount");
    if (extra.has("channelState")) {
        out.channel_state = read_channel_state(extra.object("channelState"));
    }
    if (extra.has("voucherState")) {
        const JsonReader state = extra.object("voucherState");
        out.voucher_state = {state.amount("signedMaxClaimable"), state.signature("signature")};
    }
    if (extra.has("paymentFlow")) out.payment_flow = extra.text("paymentFlow");
    return out;
}

Result<VoucherPayload> read_voucher(const JsonReader& in) {
    VoucherPayload out;
    out.config = read_config(in.object("channelConfig"));
    const JsonReader voucher = in.object("voucher");
    out.voucher.max_claimable = voucher.amount("maxClaimableAmount");
    const std::string_view id = voucher.text("channelId");
    const std::string_view signature = voucher.text("signature");
    if (in.failed()) return fail(PaymentError::invalid_payload);
    if (const auto hash = parse_hash(id)) {
        out.voucher.channel_id = *hash;
    } else {
        return fail(PaymentError::channel_id_invalid);
    }
    if (const auto parsed = eth::parse_signature(signature)) {
        out.signature = *parsed;
    } else {
        return fail(PaymentError::voucher_signature);
    }
    return out;
}

Result<DepositPayload> read_deposit(const JsonReader& in) {
    STOA_TRY(VoucherPayload voucher, read_voucher(in));
    DepositPayload out{std::move(voucher), {}, 0, 0, {}, {}};
    const JsonReader deposit = in.object("deposit");
    out.deposit = deposit.amount("amount");
    const JsonReader authorization = deposit.object("authorization");
    if (in.failed()) return fail(PaymentError::invalid_payload);
    if (!authorization.has("erc3009Authorization")) {
        return fail(PaymentError::erc3009_authorization_required);
    }
    const JsonReader erc3009 = authorization.object("erc3009Authorization");
    out.valid_after = erc3009.number64("validAfter");
    out.valid_before = erc3009.number64("validBefore");
    out.salt = from_big_endian(erc3009.hash("salt").bytes);
    out.authorization_signature = erc3009.bytes("signature", kMaxWalletSignatureBytes);
    if (in.failed()) return fail(PaymentError::invalid_payload);
    return out;
}

Result<std::vector<SignedClaim>> read_rows(const JsonReader& in) {
    const json::value* rows = in.find("claims");
    if (!rows || !rows->is_array() || rows->get_array().size() > kMaxClaims) {
        return fail(PaymentError::invalid_payload);
    }
    std::vector<SignedClaim> out;
    for (const json::value& row : rows->get_array()) {
        bool failed = false;
        const JsonReader claim{&row, failed};
        const JsonReader voucher = claim.object("voucher");
        out.push_back({read_config(voucher.object("channel")), voucher.amount("maxClaimableAmount"),
                       claim.signature("signature"), claim.amount("totalClaimed")});
        if (failed) return fail(PaymentError::invalid_payload);
    }
    return out;
}

Result<RefundPayload> read_refund(const JsonReader& in) {
    STOA_TRY(VoucherPayload voucher, read_voucher(in));
    RefundPayload out{std::move(voucher), std::nullopt};
    if (in.has("amount")) out.amount = in.amount("amount");
    if (in.has("refundAuthorizerSignature")) {
        RefundPayload::Completed completed;
        completed.nonce = in.number256("refundNonce");
        completed.authorized = in.signature("refundAuthorizerSignature");
        if (in.has("claims")) {
            STOA_TRY(completed.claims, read_rows(in));
        }
        if (in.has("claimAuthorizerSignature")) {
            completed.claims_authorized = in.signature("claimAuthorizerSignature");
        }
        out.completed = std::move(completed);
    }
    if (in.failed()) return fail(PaymentError::refund_payload);
    return out;
}

Result<ExactPayload> read_exact(const JsonReader& in) {
    const JsonReader a = in.object("authorization");
    ExactPayload out{{.from = a.address("from"),
                      .to = a.address("to"),
                      .value = a.amount("value"),
                      .valid_after = a.number64("validAfter"),
                      .valid_before = a.number64("validBefore"),
                      .nonce = a.hash("nonce")},
                     in.bytes("signature", kMaxWalletSignatureBytes)};
    if (in.failed()) return fail(PaymentError::invalid_payload);
    return out;
}

Result<ClaimPayload> read_claims(const JsonReader& in) {
    ClaimPayload out;
    STOA_TRY(out.claims, read_rows(in));
    if (in.has("claimAuthorizerSignature")) {
        out.authorized = in.signature("claimAuthorizerSignature");
    }
    if (in.failed()) return fail(PaymentError::invalid_payload);
    return out;
}

Result<SettlePayload> read_settle(const JsonReader& in) {
    const SettlePayload out{in.address("receiver"), in.address("token")};
    if (in.failed()) return fail(PaymentError::invalid_payload);
    return out;
}

Result<void> read_payload(const JsonReader& in, PaymentPayload& out) {
    const auto keep = [&](auto&& payload) { out.payload = std::move(payload); };
    if (out.accepted.scheme == Scheme::exact) return read_exact(in).map(keep);
    const std::string_view type = in.text_or_empty("type");
    if (type == "voucher") return read_voucher(in).map(keep);
    if (type == "deposit") return read_deposit(in).map(keep);
    if (type == "refund") return read_refund(in).map(keep);
    if (type == "claim") return read_claims(in).map(keep);
    if (type == "settle") return read_settle(in).map(keep);
    return fail(PaymentError::payload_type);
}

/// Parses in a buffer on the stack, which holds any message of a stock client, and hands the
/// value over before it goes.
template <class Parse>
auto with_json(std::string_view header, Parse parse) -> decltype(parse(json::value{})) {
    const auto bytes = parse_base64(header, kMaxPaymentBytes);
    if (!bytes) return fail(PaymentError::invalid_payload);
    std::array<unsigned char, 12 * 1024> buffer;
    json::monotonic_resource memory{buffer.data(), buffer.size()};
    json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    boost::system::error_code error;
    const json::value value = json::parse(as_text(*bytes), error, &memory, options);
    if (error) return fail(PaymentError::invalid_payload);
    return parse(value);
}

Result<void> check_version(const JsonReader& in) {
    const std::uint64_t version = in.number("x402Version");
    if (in.failed()) return fail(PaymentError::invalid_payload);
    if (version != 2) return fail(PaymentError::invalid_version);
    return {};
}

Result<PaymentRequired> parse_payment_required(const json::value& value) {
    bool failed = false;
    const JsonReader in{&value, failed};
    STOA_CHECK(check_version(in));
    PaymentRequired out;
    out.error = in.text_or_empty("error");
    const JsonReader resource = in.object("resource");
    out.resource = {std::string{resource.text("url")},
                    std::string{resource.text_or_empty("description")},
                    std::string{resource.text_or_empty("mimeType")}};
    const json::value* entries = in.find("accepts");
    if (failed || !entries || !entries->is_array()) return fail(PaymentError::invalid_payload);
    for (const json::value& entry : entries->get_array()) {
        auto requirements = parse_requirements(entry);
        if (requirements) out.accepts.push_back(*std::move(requirements));
    }
    return out;
}

Result<SettlementResponse> parse_settlement_response(const json::value& value) {
    bool failed = false;
    const JsonReader in{&value, failed};
    SettlementResponse out;
    out.success = in.boolean("success");
    out.network = in.text("network");
    if (in.has("errorReason")) out.error_reason = in.text("errorReason");
    if (in.has("errorMessage")) out.error_message = in.text("errorMessage");
    if (in.has("payer")) out.payer = in.address("payer");
    if (!in.text("transaction").empty()) out.transaction = in.hash("transaction");
    if (!in.text_or_empty("amount").empty()) out.amount = in.amount("amount");
    if (in.has("extra")) {
        const JsonReader extra = in.object("extra");
        if (extra.has("channelState")) {
            out.channel_state = read_channel_state(extra.object("channelState"));
        }
        if (extra.has("chargedAmount")) out.charged = extra.amount("chargedAmount");
    }
    if (failed) return fail(PaymentError::invalid_payload);
    return out;
}

}  // namespace

Result<ChannelConfig> parse_channel_config(const json::value& value) {
    bool failed = false;
    const ChannelConfig config = read_config(JsonReader{&value, failed});
    if (failed) return fail(PaymentError::invalid_payload);
    return config;
}

Result<Requirements> parse_requirements(const json::value& value) {
    bool failed = false;
    const JsonReader in{&value, failed};
    const auto scheme = scheme_named(in.text("scheme"));
    if (failed) return fail(PaymentError::invalid_payload);
    if (!scheme) return fail(PaymentError::unsupported_scheme);
    Requirements out = read_requirements(in, *scheme);
    if (failed) return fail(PaymentError::invalid_payload);
    return out;
}

Result<PaymentPayload> parse_payment(const json::value& value) {
    bool failed = false;
    const JsonReader in{&value, failed};
    STOA_CHECK(check_version(in));
    const json::value* accepted = in.find("accepted");
    if (!accepted) return fail(PaymentError::invalid_payload);
    STOA_TRY(Requirements requirements, parse_requirements(*accepted));
    PaymentPayload out{std::move(requirements), {}, {}};
    if (in.has("resource")) out.resource_url = in.object("resource").text("url");
    const JsonReader payload = in.object("payload");
    if (failed) return fail(PaymentError::invalid_payload);
    STOA_CHECK(read_payload(payload, out));
    return out;
}

Result<PaymentPayload> parse_payment_header(std::string_view header) {
    return with_json(header, [](const json::value& value) { return parse_payment(value); });
}

Result<PaymentRequired> parse_payment_required_header(std::string_view header) {
    return with_json(header, parse_payment_required);
}

Result<SettlementResponse> parse_settlement_response_header(std::string_view header) {
    return with_json(header, parse_settlement_response);
}

}  // namespace stoa::payment
