#include "stoa/ledger/channels.hpp"

#include "stoa/eth/abi.hpp"

namespace stoa::ledger {
namespace {

namespace abi = eth::abi;
using abi::Value;

#define CONFIG                                                                                    \
    "(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address " \
    "token,uint40 withdrawDelay,bytes32 salt)"

const abi::Function kDeposit{"deposit(" CONFIG
                             " config,uint128 amount,address collector,bytes data)"};
const abi::Function kClaim{"claimWithSignature(((" CONFIG
                           " channel,uint128 maxClaimableAmount) voucher,bytes signature,uint128 "
                           "totalClaimed)[] claims,bytes signature)"};
const abi::Function kReceiverClaim{
    "claimChannels(((" CONFIG
    " channel,uint128 maxClaimableAmount) voucher,bytes signature,uint128 totalClaimed)[] claims)"};
const abi::Function kSettle{"settle(address receiver,address token)"};
const abi::Function kRefund{"refundWithSignature(" CONFIG
                            " config,uint128 amount,uint256 nonce,bytes signature)"};
const abi::Function kMulticall{"multicall(bytes[] calls)"};

#undef CONFIG

const abi::Event kSettled{"Settled(address indexed,address indexed,address indexed,uint128)"};

Value config_value(const payment::ChannelConfig& c) {
    return std::vector<Value>{c.payer, c.payer_authorizer,       c.receiver, c.receiver_authorizer,
                              c.token, c.withdraw_delay_seconds, c.salt};
}

payment::ChannelConfig config_of(const Value& v) {
    return {v[0].as_address(), v[1].as_address(), v[2].as_address(), v[3].as_address(),
            v[4].as_address(), v[5].as_u64(),     v[6].as_word()};
}

Value signature_value(const eth::Signature& signature) {
    return ByteVector(signature.bytes.begin(), signature.bytes.end());
}

Value rows_value(const std::vector<Claim>& claims) {
    std::vector<Value> rows;
    for (const Claim& claim : claims) {
        rows.push_back(std::vector<Value>{
            std::vector<Value>{config_value(claim.config), claim.voucher.max_claimable},
            signature_value(claim.signature), claim.total});
    }
    return rows;
}

}  // namespace

ByteVector deposit_call(const payment::ChannelConfig& config, const SignedDeposit& deposit) {
    static const abi::Type data =
        abi::parse_type("(uint256 validAfter,uint256 validBefore,uint256 salt,bytes signature)")
            .value();
    return kDeposit.encode({config_value(config), deposit.amount, payment::kErc3009Collector,
                            abi::encode(data, {deposit.valid_after, deposit.valid_before,
                                               deposit.salt, deposit.signature})});
}

ByteVector claim_call(const std::vector<Claim>& claims, const eth::Signature& authorized) {
    return kClaim.encode({rows_value(claims), signature_value(authorized)});
}

ByteVector receiver_claim_call(const std::vector<Claim>& claims) {
    return kReceiverClaim.encode(std::vector<Value>(1, rows_value(claims)));
}

ByteVector settle_call(const eth::Address& receiver, const eth::Address& token) {
    return kSettle.encode({receiver, token});
}

ByteVector refund_call(const payment::ChannelConfig& config, const Amount& amount,
                       const U256& nonce, const eth::Signature& authorized) {
    return kRefund.encode({config_value(config), amount, nonce, signature_value(authorized)});
}

ByteVector multicall(const std::vector<ByteVector>& calls) {
    // Braces would take the list of calls for the list of arguments.
    const std::vector<Value> list(calls.begin(), calls.end());
    return kMulticall.encode(std::vector<Value>(1, Value(list)));
}

std::vector<ChannelMove> moves_of(const payment::ChannelDomain& domain, Bytes call_data) {
    std::vector<ChannelMove> moves;
    if (const auto deposit = kDeposit.decode_call(call_data)) {
        auto config = config_of((*deposit)[0]);
        const ChannelId id = domain.channel_id(config);
        moves.emplace_back(DepositMove{id, std::move(config), (*deposit)[1].as_amount()});
    } else if (const auto claims = kClaim.decode_call(call_data)) {
        for (const Value& row : (*claims)[0].items()) {
            auto config = config_of(row[0][0]);
            const ChannelId id = domain.channel_id(config);
            moves.emplace_back(ClaimMove{id, std::move(config), row[2].as_amount()});
        }
    } else if (const auto settle = kSettle.decode_call(call_data)) {
        moves.emplace_back(SettleMove{(*settle)[0].as_address(), (*settle)[1].as_address()});
    } else if (const auto refund = kRefund.decode_call(call_data)) {
        auto config = config_of((*refund)[0]);
        const ChannelId id = domain.channel_id(config);
        moves.emplace_back(
            RefundMove{id, std::move(config), (*refund)[1].as_amount(), (*refund)[2].as_number()});
    } else if (const auto several = kMulticall.decode_call(call_data)) {
        for (const Value& call : (*several)[0].items()) {
            // A multicall inside another is nobody's of us, and could be nested without end.
            if (kMulticall.decode_call(call.as_bytes())) continue;
            for (ChannelMove& move : moves_of(domain, call.as_bytes())) {
                moves.push_back(std::move(move));
            }
        }
    }
    return moves;
}

std::vector<payment::ClaimEntry> entries_of(const std::vector<Claim>& claims) {
    std::vector<payment::ClaimEntry> entries;
    for (const Claim& claim : claims) {
        entries.push_back({claim.voucher.channel_id, claim.voucher.max_claimable, claim.total});
    }
    return entries;
}

std::optional<ChannelId> channel_of(const chain::Log& log) {
    if (log.topics.size() < 2 || log.topics[0] == kSettled.topic()) return std::nullopt;
    return log.topics[1];
}

}  // namespace stoa::ledger
