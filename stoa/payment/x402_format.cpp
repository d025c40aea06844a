#include <boost/json.hpp>

#include "stoa/base/base64.hpp"
#include "stoa/base/hex.hpp"
#include "stoa/payment/json_writer.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::payment {
namespace {

namespace json = boost::json;

const char* name_of(Scheme scheme) {
    switch (scheme) {
        case Scheme::batch_settlement: return "batch-settlement";
        case Scheme::exact: return "exact";
    }
    return "";
}

void write(JsonWriter& out, const ChannelSnapshot& state) {
    out.plain("channelId", to_hex(state.channel_id));
    out.plain("balance", to_decimal(state.balance));
    out.plain("totalClaimed", to_decimal(state.total_claimed));
    out.number("withdrawRequestedAt", state.withdraw_requested_at);
    out.plain("refundNonce", to_decimal(state.refund_nonce));
    if (state.charged) out.plain("chargedCumulativeAmount", to_decimal(*state.charged));
}

void write_extra(JsonWriter& out, const Requirements& r) {
    out.text("name", r.token_name);
    out.text("version", r.token_version);
    if (r.receiver_authorizer) {
        out.plain("receiverAuthorizer", to_checksum(*r.receiver_authorizer));
    }
    if (r.withdraw_delay_seconds) out.number("withdrawDelay", *r.withdraw_delay_seconds);
    if (r.min_deposit) out.plain("minDeposit", to_decimal(*r.min_deposit));
    if (r.least_amount) out.plain("leastAmount", to_decimal(*r.least_amount));
    if (r.channel_state) {
        out.begin("channelState");
        write(out, *r.channel_state);
        out.end();
    }
    if (r.voucher_state) {
        out.begin("voucherState");
        out.plain("signedMaxClaimable", to_decimal(r.voucher_state->signed_max_claimable));
        out.plain("signature", to_hex(r.voucher_state->signature));
        out.end();
    }
    if (r.payment_flow) out.text("paymentFlow", *r.payment_flow);
}

void write(JsonWriter& out, const Requirements& r) {
    out.plain("scheme", name_of(r.scheme));
    out.text("network", r.network);
    out.plain("amount", to_decimal(r.amount));
    out.plain("asset", to_checksum(r.asset));
    out.plain("payTo", to_checksum(r.pay_to));
    out.number("maxTimeoutSeconds", r.max_timeout_seconds);
    out.begin("extra");
    write_extra(out, r);
    out.end();
}

void write(JsonWriter& out, const PaymentRequired& required) {
    out.number("x402Version", 2);
    out.text("error", required.error);
    out.begin("resource");
    const Resource& resource = required.resource;
    out.text("url", resource.url);
    if (!resource.description.empty()) out.text("description", resource.description);
    if (!resource.mime_type.empty()) out.text("mimeType", resource.mime_type);
    out.end();
    out.begin_list("accepts");
    for (const Requirements& entry : required.accepts) {
        out.begin();
        write(out, entry);
        out.end();
    }
    out.end_list();
}

void write(JsonWriter& out, const SettlementResponse& response) {
    out.boolean("success", response.success);
    if (response.error_reason) out.text("errorReason", *response.error_reason);
    if (response.error_message) out.text("errorMessage", *response.error_message);
    if (response.payer) out.plain("payer", to_checksum(*response.payer));
    out.plain("transaction", response.transaction ? to_hex(*response.transaction) : "");
    out.text("network", response.network);
    // The stock client expects the member, empty, on a voucher's answer.
    if (response.amount || response.charged) {
        out.plain("amount", response.amount ? to_decimal(*response.amount) : "");
    }
    if (!response.channel_state && !response.charged) return;
    out.begin("extra");
    if (response.channel_state) {
        out.begin("channelState");
        write(out, *response.channel_state);
        out.end();
    }
    if (response.charged) out.plain("chargedAmount", to_decimal(*response.charged));
    out.end();
}

template <class Message>
std::string text_of(const Message& message) {
    JsonWriter out;
    out.begin();
    write(out, message);
    out.end();
    return out.take();
}

template <class Message>
json::object tree_of(const Message& message) {
    return std::move(json::parse(text_of(message)).as_object());
}

json::object payload_json(const VoucherPayload& p, const char* type = "voucher") {
    return {{"type", type},
            {"channelConfig", to_json(p.config)},
            {"voucher",
             {{"channelId", to_hex(p.voucher.channel_id)},
              {"maxClaimableAmount", to_decimal(p.voucher.max_claimable)},
              {"signature", to_hex(p.signature)}}}};
}

json::object payload_json(const DepositPayload& p) {
    json::object out = payload_json(p, "deposit");
    out["deposit"] = {{"amount", to_decimal(p.deposit)},
                      {"authorization",
                       {{"erc3009Authorization",
                         {{"validAfter", std::to_string(p.valid_after)},
                          {"validBefore", std::to_string(p.valid_before)},
                          {"salt", to_hex(to_big_endian(p.salt))},
                          {"signature", to_hex(p.authorization_signature)}}}}}};
    return out;
}

json::array rows_json(const std::vector<SignedClaim>& claims) {
    json::array rows;
    for (const SignedClaim& claim : claims) {
        rows.push_back({{"voucher",
                         {{"channel", to_json(claim.config)},
                          {"maxClaimableAmount", to_decimal(claim.max_claimable)}}},
                        {"signature", to_hex(claim.signature)},
                        {"totalClaimed", to_decimal(claim.total_claimed)}});
    }
    return rows;
}

json::object payload_json(const RefundPayload& p) {
    json::object out = payload_json(p, "refund");
    if (p.amount) out["amount"] = to_decimal(*p.amount);
    if (p.completed) {
        out["refundNonce"] = to_decimal(p.completed->nonce);
        out["refundAuthorizerSignature"] = to_hex(p.completed->authorized);
        out["claims"] = rows_json(p.completed->claims);
        if (p.completed->claims_authorized) {
            out["claimAuthorizerSignature"] = to_hex(*p.completed->claims_authorized);
        }
    }
    return out;
}

json::object payload_json(const ExactPayload& p) {
    const TokenAuthorization& a = p.authorization;
    return {{"signature", to_hex(p.signature)},
            {"authorization",
             {{"from", to_checksum(a.from)},
              {"to", to_checksum(a.to)},
              {"value", to_decimal(a.value)},
              {"validAfter", std::to_string(a.valid_after)},
              {"validBefore", std::to_string(a.valid_before)},
              {"nonce", to_hex(a.nonce)}}}};
}

json::object payload_json(const ClaimPayload& p) {
    json::object out{{"type", "claim"}, {"claims", rows_json(p.claims)}};
    if (p.authorized) out["claimAuthorizerSignature"] = to_hex(*p.authorized);
    return out;
}

json::object payload_json(const SettlePayload& p) {
    return {
        {"type", "settle"}, {"receiver", to_checksum(p.receiver)}, {"token", to_checksum(p.token)}};
}

}  // namespace

std::string network_name(std::uint64_t chain_id) {
    return "eip155:" + std::to_string(chain_id);
}

std::optional<std::uint64_t> network_chain_id(std::string_view network) {
    if (!network.starts_with("eip155:")) return std::nullopt;
    const auto id = parse_decimal(network.substr(7), 64);
    if (!id) return std::nullopt;
    return static_cast<std::uint64_t>(*id);
}

json::object to_json(const ChannelSnapshot& state) {
    return tree_of(state);
}

json::object to_json(const ChannelConfig& c) {
    return {{"payer", to_checksum(c.payer)},
            {"payerAuthorizer", to_checksum(c.payer_authorizer)},
            {"receiver", to_checksum(c.receiver)},
            {"receiverAuthorizer", to_checksum(c.receiver_authorizer)},
            {"token", to_checksum(c.token)},
            {"withdrawDelay", c.withdraw_delay_seconds},
            {"salt", to_hex(c.salt)}};
}

json::object to_json(const Requirements& requirements) {
    return tree_of(requirements);
}

json::object to_json(const PaymentRequired& required) {
    return tree_of(required);
}

json::object to_json(const PaymentPayload& payment) {
    json::object out{{"x402Version", 2}, {"accepted", to_json(payment.accepted)}};
    if (!payment.resource_url.empty()) out["resource"] = {{"url", payment.resource_url}};
    out["payload"] = std::visit([](const auto& p) { return payload_json(p); }, payment.payload);
    return out;
}

json::object to_json(const SettlementResponse& response) {
    return tree_of(response);
}

std::string to_header(const PaymentRequired& required) {
    return to_base64(as_bytes(text_of(required)));
}

std::string to_header(const PaymentPayload& payment) {
    return to_base64(as_bytes(json::serialize(to_json(payment))));
}

std::string to_header(const SettlementResponse& response) {
    return to_base64(as_bytes(text_of(response)));
}

bool accepts(const Requirements& accepted, const Requirements& offered) {
    return accepted.scheme == offered.scheme && accepted.network == offered.network &&
           accepted.asset == offered.asset && accepted.pay_to == offered.pay_to &&
           accepted.max_timeout_seconds == offered.max_timeout_seconds &&
           accepted.token_name == offered.token_name &&
           accepted.token_version == offered.token_version &&
           accepted.receiver_authorizer == offered.receiver_authorizer &&
           accepted.withdraw_delay_seconds == offered.withdraw_delay_seconds &&
           accepted.min_deposit == offered.min_deposit;
}

}  // namespace stoa::payment
