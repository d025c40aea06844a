#include "stoa/gateway/relay_fields.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::gateway {
namespace {

OrProblem<relay::Order> order_of(const Fields& fields) {
    STOA_TRY(const Fields order, fields.object("order"));
    STOA_CHECK(order.only({"offer", "termsDigest", "holder", "n", "token", "maxPrice", "deadline",
                           "hall", "relayFee", "salt"}));
    relay::Order it;
    STOA_TRY(it.offer, order.number("offer"));
    STOA_TRY(it.terms_digest, order.hash("termsDigest"));
    STOA_TRY(it.holder, order.address("holder"));
    STOA_TRY(it.n, order.number("n"));
    STOA_TRY(it.token, order.address("token"));
    STOA_TRY(it.max_price, amount_of(order, "maxPrice"));
    STOA_TRY(it.deadline, order.number("deadline"));
    STOA_TRY(it.hall, order.number("hall"));
    STOA_TRY(it.relay_fee, amount_of(order, "relayFee"));
    STOA_TRY(it.salt, order.hash("salt"));
    return it;
}

/// What a deposit's `authorization` holds under `name`.
OrProblem<Fields> authorization_of(const Fields& deposit, std::string_view name) {
    STOA_TRY(const Fields authorization, deposit.object("authorization"));
    return authorization.object(name);
}

OrProblem<U256> salt_of(const Fields& signed_by) {
    const auto* salt = signed_by.raw().if_contains("salt");
    if (salt && salt->is_string() && salt->get_string().starts_with("0x")) {
        STOA_TRY(const Hash256 word, signed_by.hash("salt"));
        return from_big_endian(word.bytes);
    }
    return signed_by.number("salt");
}

}  // namespace

tl::unexpected<Problem> refused(const relay::Refusal& refusal) {
    std::string detail = refusal.detail;
    if (!refusal.revert.empty()) {
        detail += (detail.empty() ? "" : " ") + ("The contract says " + refusal.revert + ".");
    }
    return refuse(refusal.why, std::move(detail));
}

OrProblem<std::uint64_t> seconds_of(const Fields& fields, std::string_view name) {
    STOA_TRY(const U256 number, fields.number(name));
    if (number >> 63 != 0) {
        return refuse(GatewayError::invalid_field,
                      "\"" + std::string(name) + "\" must be Unix seconds.", std::string(name));
    }
    return static_cast<std::uint64_t>(number);
}

OrProblem<Amount> amount_of(const Fields& fields, std::string_view name) {
    STOA_TRY(const U256 number, fields.number(name));
    if (number >> payment::kAmountBits != 0) {
        return refuse(GatewayError::invalid_field,
                      "\"" + std::string(name) + "\" must be below 2^128.", std::string(name));
    }
    return Amount{number};
}

OrProblem<relay::SignedOrder> signed_order_of(const Fields& fields) {
    STOA_CHECK(fields.only({"kind", "order", "authorization", "permit", "orderSignature"}));
    relay::SignedOrder it;
    STOA_TRY(it.order, order_of(fields));
    if (fields.has("permit")) {
        STOA_TRY(const Fields permit, fields.object("permit"));
        relay::OrderPermit payment;
        STOA_TRY(payment.owner, permit.address("owner"));
        STOA_TRY(const U256 value, permit.number("value"));
        payment.value = Amount{value};
        STOA_TRY(payment.deadline, permit.number("deadline"));
        STOA_TRY(payment.signature, permit.bytes("signature", 65));
        STOA_TRY(payment.order_signature,
                 fields.bytes("orderSignature", payment::kMaxWalletSignatureBytes));
        it.payment = std::move(payment);
        return it;
    }
    STOA_TRY(const Fields authorization, fields.object("authorization"));
    relay::OrderAuthorization payment;
    STOA_TRY(payment.from, authorization.address("from"));
    STOA_TRY(payment.valid_after, seconds_of(authorization, "validAfter"));
    STOA_TRY(payment.valid_before, seconds_of(authorization, "validBefore"));
    STOA_TRY(payment.signature,
             authorization.bytes("signature", payment::kMaxWalletSignatureBytes));
    it.payment = std::move(payment);
    return it;
}

OrProblem<payment::ChannelConfig> config_of(const Fields& config) {
    STOA_CHECK(config.only({"payer", "payerAuthorizer", "receiver", "receiverAuthorizer", "token",
                            "withdrawDelay", "salt"}));
    payment::ChannelConfig it;
    STOA_TRY(it.payer, config.address("payer"));
    STOA_TRY(it.payer_authorizer, config.address("payerAuthorizer"));
    STOA_TRY(it.receiver, config.address("receiver"));
    STOA_TRY(it.receiver_authorizer, config.address("receiverAuthorizer"));
    STOA_TRY(it.token, config.address("token"));
    STOA_TRY(it.withdraw_delay_seconds, seconds_of(config, "withdrawDelay"));
    STOA_TRY(it.salt, config.hash("salt"));
    return it;
}

OrProblem<relay::SignedDeposit> deposit_of(const Fields& fields) {
    STOA_CHECK(fields.only({"kind", "channelConfig", "deposit", "limits"}));
    relay::SignedDeposit it;
    STOA_TRY(const Fields config, fields.object("channelConfig"));
    STOA_TRY(it.config, config_of(config));
    STOA_TRY(const Fields deposit, fields.object("deposit"));
    STOA_TRY(it.amount, amount_of(deposit, "amount"));
    STOA_TRY(const Fields signed_by, authorization_of(deposit, "erc3009Authorization"));
    STOA_TRY(it.valid_after, seconds_of(signed_by, "validAfter"));
    STOA_TRY(it.valid_before, seconds_of(signed_by, "validBefore"));
    STOA_TRY(it.salt, salt_of(signed_by));
    STOA_TRY(it.signature, signed_by.bytes("signature", payment::kMaxWalletSignatureBytes));
    return it;
}

bool is_spend(const Fields& fields) {
    const auto deposit = fields.object("deposit");
    return deposit && authorization_of(*deposit, "purseSpend").has_value();
}

OrProblem<relay::Spend> spend_of(const Fields& fields) {
    STOA_CHECK(fields.only({"kind", "channelConfig", "deposit"}));
    relay::Spend it;
    STOA_TRY(const Fields config, fields.object("channelConfig"));
    STOA_TRY(it.config, config_of(config));
    STOA_TRY(const Fields deposit, fields.object("deposit"));
    STOA_TRY(it.amount, amount_of(deposit, "amount"));
    STOA_TRY(const Fields spend, authorization_of(deposit, "purseSpend"));
    STOA_CHECK(spend.only({"service", "nonce", "signature"}));
    STOA_TRY(it.service, spend.number("service"));
    STOA_TRY(it.nonce, spend.number("nonce"));
    STOA_TRY(it.signature, spend.bytes("signature", 65));
    return it;
}

OrProblem<payment::PursePolicy> policy_of(const Fields& fields) {
    STOA_TRY(const Fields policy, fields.object("policy"));
    STOA_CHECK(
        policy.only({"key", "token", "cap", "capPerDay", "capPerService", "expires", "services"}));
    payment::PursePolicy it;
    STOA_TRY(it.key, policy.address("key"));
    STOA_TRY(it.token, policy.address("token"));
    STOA_TRY(it.cap, amount_of(policy, "cap"));
    STOA_TRY(it.cap_per_day, amount_of(policy, "capPerDay"));
    STOA_TRY(it.cap_per_service, amount_of(policy, "capPerService"));
    STOA_TRY(it.expires, seconds_of(policy, "expires"));
    const auto* services = policy.raw().if_contains("services");
    if (!services || !services->is_array() ||
        services->get_array().size() > payment::kMaxPurseServices) {
        return refuse(GatewayError::invalid_field,
                      "\"policy.services\" must list at most 16 ids; [] allows all.",
                      "policy.services");
    }
    for (const json::value& service : services->get_array()) {
        const auto id = service.is_string() ? parse_decimal(service.get_string())
                                            : fail(FormatError::bad_decimal);
        if (!id) {
            return refuse(GatewayError::invalid_field,
                          "\"policy.services\" must hold ids in decimal digits, as text.",
                          "policy.services");
        }
        it.services.push_back(*id);
    }
    return it;
}

OrProblem<relay::PurseFunding> funding_of(const Fields& fields) {
    STOA_TRY(const Fields funding, fields.object("funding"));
    STOA_CHECK(funding.only({"value", "validAfter", "validBefore", "signature"}));
    relay::PurseFunding it;
    STOA_TRY(it.value, amount_of(funding, "value"));
    STOA_TRY(it.valid_after, seconds_of(funding, "validAfter"));
    STOA_TRY(it.valid_before, seconds_of(funding, "validBefore"));
    STOA_TRY(it.signature, funding.bytes("signature", payment::kMaxWalletSignatureBytes));
    return it;
}

OrProblem<std::vector<payment::ChannelConfig>> configs_of(const Fields& fields) {
    std::vector<payment::ChannelConfig> configs;
    const auto* given = fields.raw().if_contains("configs");
    if (!given) return configs;
    if (!given->is_array() || given->get_array().size() > relay::Purses::kMaxClosed) {
        return refuse(GatewayError::invalid_field, "\"configs\" must list at most 32 channels.",
                      "configs");
    }
    for (const json::value& one : given->get_array()) {
        if (!one.is_object()) {
            return refuse(GatewayError::invalid_field, "\"configs\" must hold objects.", "configs");
        }
        STOA_TRY(auto config, config_of(Fields(one.get_object(), "configs")));
        configs.push_back(std::move(config));
    }
    return configs;
}

json::object inclusion_json(const relay::Inclusion& done) {
    return {{"transaction", to_hex(done.transaction)}, {"block", done.block.number}};
}

}  // namespace stoa::gateway
