#include "stoa/relay/order.hpp"

#include "stoa/eth/keccak.hpp"

namespace stoa::relay {
namespace {

using eth::abi::Value;

#define ORDER                                                                                     \
    "(uint256 offer,bytes32 termsDigest,address holder,uint256 n,address token,uint256 maxPrice," \
    "uint256 deadline,uint256 hall,uint256 relayFee,bytes32 salt)"
#define CHANNEL_CONFIG                                                                            \
    "(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address " \
    "token,uint40 withdrawDelay,bytes32 salt)"

const Hash256& order_type_hash() {
    static const Hash256 hash = eth::keccak256("Order" ORDER);
    return hash;
}

const eth::abi::Function kRelayOrder{
    "relayOrder(" ORDER
    " order,(address from,uint256 validAfter,uint256 validBefore,bytes signature) authorization) "
    "returns (uint256 firstLicence)"};
const eth::abi::Function kRelayPermitOrder{
    "relayPermitOrder(" ORDER
    " order,(address owner,uint256 value,uint256 deadline,bytes signature) permit,bytes "
    "orderSignature) returns (uint256 firstLicence)"};
const eth::abi::Function kDeposit{"deposit(" CHANNEL_CONFIG
                                  " config,uint128 amount,address collector,bytes collectorData)"};
const eth::abi::Function kClaim{"claimWithSignature(((" CHANNEL_CONFIG
                                " channel,uint128 maxClaimableAmount) voucher,bytes signature,"
                                "uint128 totalClaimed)[] claims,bytes signature)"};
const eth::abi::Function kRefund{"refundWithSignature(" CHANNEL_CONFIG
                                 " config,uint128 amount,uint256 nonce,bytes signature)"};
const eth::abi::Function kMulticall{"multicall(bytes[] data) returns (bytes[] results)"};

#undef ORDER
#undef CHANNEL_CONFIG

Value order_value(const Order& order) {
    return std::vector<Value>{order.offer,     order.terms_digest, order.holder,   order.n,
                              order.token,     order.max_price,    order.deadline, order.hall,
                              order.relay_fee, order.salt};
}

ByteVector bytes_of(const eth::Signature& signature) {
    return {signature.bytes.begin(), signature.bytes.end()};
}

}  // namespace

const eth::Address& SignedOrder::payer() const {
    if (const auto* permit = std::get_if<OrderPermit>(&payment)) return permit->owner;
    return std::get<OrderAuthorization>(payment).from;
}

eth::Domain market_domain(std::uint64_t chain_id, const eth::Address& market) {
    return {"Stoa Market", "1", chain_id, market};
}

Hash256 order_digest(const Hash256& separator, const Order& order) {
    using eth::word;
    const Hash256 hash =
        eth::struct_hash(order_type_hash(),
                         {word(order.offer), order.terms_digest, word(order.holder), word(order.n),
                          word(order.token), word(order.max_price), word(order.deadline),
                          word(order.hall), word(order.relay_fee), order.salt});
    return eth::typed_digest(separator, hash);
}

ByteVector relay_call(const SignedOrder& it) {
    if (const auto* permit = std::get_if<OrderPermit>(&it.payment)) {
        return kRelayPermitOrder.encode(
            {order_value(it.order),
             std::vector<Value>{permit->owner, permit->value, permit->deadline, permit->signature},
             permit->order_signature});
    }
    const auto& authorization = std::get<OrderAuthorization>(it.payment);
    return kRelayOrder.encode(
        {order_value(it.order),
         std::vector<Value>{authorization.from, authorization.valid_after,
                            authorization.valid_before, authorization.signature}});
}

Value config_value(const payment::ChannelConfig& config) {
    return std::vector<Value>{
        config.payer, config.payer_authorizer,       config.receiver, config.receiver_authorizer,
        config.token, config.withdraw_delay_seconds, config.salt};
}

ByteVector deposit_call(const SignedDeposit& deposit, const eth::Address& collector) {
    static const auto type =
        eth::abi::parse_type(
            "(uint256 validAfter,uint256 validBefore,uint256 salt,bytes signature)")
            .value();
    return deposit_call(deposit.config, deposit.amount, collector,
                        eth::abi::encode(type, {deposit.valid_after, deposit.valid_before,
                                                deposit.salt, deposit.signature}));
}

ByteVector deposit_call(const payment::ChannelConfig& config, const Amount& amount,
                        const eth::Address& collector, ByteVector collector_data) {
    return kDeposit.encode({config_value(config), amount, collector, std::move(collector_data)});
}

ByteVector refund_call(const Refund& refund) {
    return kRefund.encode(
        {config_value(refund.config), refund.amount, refund.nonce, bytes_of(refund.signature)});
}

ByteVector claim_and_refund_call(const Refund& refund, const Earned& earned,
                                 const eth::Signature& claim) {
    const Value voucher = std::vector<Value>{config_value(refund.config), earned.max_claimable};
    const Value row = std::vector<Value>{voucher, bytes_of(earned.voucher), earned.charged};
    const ByteVector claim_data = kClaim.encode({std::vector<Value>{row}, bytes_of(claim)});
    // Through a `Value`: the list in braces alone would become the arguments themselves.
    const Value calls = std::vector<Value>{claim_data, refund_call(refund)};
    return kMulticall.encode({calls});
}

}  // namespace stoa::relay
