#include <boost/json.hpp>

#include "stoa/base/base64.hpp"
#include "stoa/base/hex.hpp"
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

std::string header_of(const json::object& message) {
    return to_base64(as_bytes(json::serialize(message)));
}

json::object to_json(const Resource& resource) {
    json::object out{{"url", resource.url}};
    if (!resource.description.empty()) out["description"] = resource.description;
    if (!resource.mime_type.empty()) out["mimeType"] = resource.mime_type;
    return out;
}

json::object extra_of(const Requirements& r) {
    json::object out{{"name", r.token_name}, {"version", r.token_version}};
    if (r.receiver_authorizer) out["receiverAuthorizer"] = to_checksum(*r.receiver_authorizer);
    if (r.withdraw_delay_seconds) out["withdrawDelay"] = *r.withdraw_delay_seconds;
    if (r.min_deposit) out["minDeposit"] = to_decimal(*r.min_deposit);
    if (r.channel_state) out["channelState"] = to_json(*r.channel_state);
    if (r.voucher_state) {
        out["voucherState"] = {
            {"signedMaxClaimable", to_decimal(r.voucher_state->signed_max_claimable)},
            {"signature", to_hex(r.voucher_state->signature)}};
    }
    if (r.payment_flow) out["paymentFlow"] = *r.payment_flow;
    return out;
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

json::object payload_json(const RefundPayload& p) {
    json::object out = payload_json(p, "refund");
    if (p.amount) out["amount"] = to_decimal(*p.amount);
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
    json::array claims;
    for (const ClaimPayload::Claim& claim : p.claims) {
        claims.push_back({{"voucher",
                           {{"channel", to_json(claim.config)},
                            {"maxClaimableAmount", to_decimal(claim.max_claimable)}}},
                          {"signature", to_hex(claim.signature)},
                          {"totalClaimed", to_decimal(claim.total_claimed)}});
    }
    return {{"type", "claim"}, {"claims", std::move(claims)}};
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
    json::object out{{"channelId", to_hex(state.channel_id)},
                     {"balance", to_decimal(state.balance)},
                     {"totalClaimed", to_decimal(state.total_claimed)},
                     {"withdrawRequestedAt", state.withdraw_requested_at},
                     {"refundNonce", to_decimal(state.refund_nonce)}};
    if (state.charged) out["chargedCumulativeAmount"] = to_decimal(*state.charged);
    return out;
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

json::object to_json(const Requirements& r) {
    return {{"scheme", name_of(r.scheme)},
            {"network", r.network},
            {"amount", to_decimal(r.amount)},
            {"asset", to_checksum(r.asset)},
            {"payTo", to_checksum(r.pay_to)},
            {"maxTimeoutSeconds", r.max_timeout_seconds},
            {"extra", extra_of(r)}};
}

json::object to_json(const PaymentRequired& required) {
    json::array entries;
    for (const Requirements& entry : required.accepts) entries.push_back(to_json(entry));
    return {{"x402Version", 2},
            {"error", required.error},
            {"resource", to_json(required.resource)},
            {"accepts", std::move(entries)}};
}

json::object to_json(const PaymentPayload& payment) {
    json::object out{{"x402Version", 2}, {"accepted", to_json(payment.accepted)}};
    if (!payment.resource_url.empty()) out["resource"] = {{"url", payment.resource_url}};
    out["payload"] = std::visit([](const auto& p) { return payload_json(p); }, payment.payload);
    return out;
}

json::object to_json(const SettlementResponse& response) {
    json::object out{{"success", response.success}};
    if (response.error_reason) out["errorReason"] = *response.error_reason;
    if (response.error_message) out["errorMessage"] = *response.error_message;
    if (response.payer) out["payer"] = to_checksum(*response.payer);
    out["transaction"] = response.transaction ? to_hex(*response.transaction) : "";
    out["network"] = response.network;
    if (response.amount) out["amount"] = to_decimal(*response.amount);
    json::object extra;
    if (response.channel_state) extra["channelState"] = to_json(*response.channel_state);
    if (response.charged) extra["chargedAmount"] = to_decimal(*response.charged);
    // The stock client expects the member, empty, on a voucher's answer.
    if (response.charged && !response.amount) out["amount"] = "";
    if (!extra.empty()) out["extra"] = std::move(extra);
    return out;
}

std::string to_header(const PaymentRequired& required) {
    return header_of(to_json(required));
}

std::string to_header(const PaymentPayload& payment) {
    return header_of(to_json(payment));
}

std::string to_header(const SettlementResponse& response) {
    return header_of(to_json(response));
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
