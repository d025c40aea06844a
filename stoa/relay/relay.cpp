#include "stoa/relay/relay.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/chain/signed_by.hpp"

namespace stoa::relay {
namespace {

using chain::RpcFailure;
using eth::abi::Value;

/// An order has to be included before its deadline: two slow blocks.
constexpr std::uint64_t kMiningSeconds = 6;
constexpr std::uint64_t kMaxLicences = 32;

/// Estimates, above what contracts/snapshots has; the simulation decides what is sent.
constexpr std::uint64_t kOrderGas = 450'000;
constexpr std::uint64_t kDepositGas = 180'000;
constexpr std::uint64_t kExitGas = 220'000;
constexpr std::uint64_t kReleaseGas = 300'000;

const chain::Abi& events() {
    static const chain::Abi abi = [] {
        chain::Abi all;
        all.declare(
            "event Purchased(uint256 indexed offer,address indexed holder,address indexed payer,"
            "uint256 firstLicence,uint256 n,address token,uint256 amount,address payTo,bytes32 "
            "order,uint256 excess)");
        all.declare(
            "event Deposited(bytes32 indexed channelId,address indexed sender,uint128 amount,"
            "uint128 newBalance)");
        all.declare(
            "event Refunded(bytes32 indexed channelId,address indexed sender,uint128 amount)");
        return all;
    }();
    return abi;
}

bool is_128_bits(const Amount& amount) {
    return amount.units >> payment::kAmountBits == 0;
}

}  // namespace

Relay::Relay(chain::Rpc& rpc, chain::Sender& sender, db::Database& database,
             const keys::Signer& authorizer, const chain::Deployment& deployment,
             const io::Clock& clock, RelayConfig config)
    : rpc_(rpc),
      authorizer_(authorizer),
      deployment_(deployment),
      clock_(clock),
      carrier_(sender, database, deployment.chain_id, clock, std::move(config)),
      purses_(rpc, carrier_, deployment, clock),
      market_(deployment.contract("Market")),
      collector_(deployment.contract("ERC3009DepositCollector")),
      market_separator_(eth::domain_separator(market_domain(deployment.chain_id, market_))),
      channels_(deployment.chain_id, deployment.contract("Channels")) {}

Task<Carried<void>> Relay::check(const SignedOrder& it, Hash256 digest) {
    const Order& order = it.order;
    const auto now = clock_.now();
    const chain::Token* token = deployment_.token(order.token);
    if (token == nullptr)
        co_return refuse(RelayError::wrong_chain, "The order's token is unknown.");
    if (order.n == 0 || order.n > kMaxLicences || order.relay_fee > order.max_price) {
        co_return refuse(RelayError::malformed);
    }
    if (order.deadline < U256(unix_seconds(now)) + kMiningSeconds) {
        co_return refuse(RelayError::expired, "The order's deadline has passed.");
    }
    if (const auto* permit = std::get_if<OrderPermit>(&it.payment)) {
        if (permit->deadline < U256(unix_seconds(now)) + kMiningSeconds) {
            co_return refuse(RelayError::expired, "The permit's deadline has passed.");
        }
        const bool is_owners =
            co_await chain::is_signed_by(rpc_, permit->owner, digest, permit->order_signature);
        if (!is_owners) {
            co_return refuse(RelayError::bad_signature, "The order is not signed by the owner.");
        }
        co_return Carried<void>{};
    }
    const auto& authorization = std::get<OrderAuthorization>(it.payment);
    auto window = check_window(authorization.valid_after, authorization.valid_before, now);
    if (!window) co_return window;
    const Hash256 signed_digest = payment::receive_authorization_digest(
        separator_of(*token, deployment_.chain_id),
        {authorization.from, market_, order.max_price, authorization.valid_after,
         authorization.valid_before, digest});
    const bool is_payers = co_await chain::is_signed_by(rpc_, authorization.from, signed_digest,
                                                        authorization.signature);
    if (!is_payers) {
        co_return refuse(RelayError::bad_signature,
                         "The authorisation is not signed by its payer for this very order.");
    }
    co_return Carried<void>{};
}

Task<Carried<OrderDone>> Relay::order(SignedOrder it) {
    const Hash256 digest = order_digest(market_separator_, it.order);
    auto right = co_await check(it, digest);
    if (!right) co_return tl::unexpected(std::move(right.error()));
    Cargo carried{"order:" + to_hex(digest), market_, relay_call(it), it.payer(), it.order.token,
                  it.order.relay_fee,        true};
    // Beside a permit the digest is not bound to the owner: two may sign equal orders.
    if (std::holds_alternative<OrderPermit>(it.payment)) {
        carried.wish += ":" + eth::to_lower_hex(it.payer());
    }
    const auto receipt = co_await carrier_.carry(std::move(carried));
    if (!receipt) co_return tl::unexpected(receipt.error());
    const auto purchase = event_of(*receipt, events(), market_, "Purchased");
    OrderDone done{inclusion_of(*receipt), {}, purchase["amount"].as_amount(), it.order.token};
    const U256 first = purchase["firstLicence"].as_number();
    for (U256 i = 0; i < purchase["n"].as_number(); ++i) done.licences.push_back(first + i);
    co_return done;
}

Task<Carried<void>> Relay::check(const SignedDeposit& it, Hash256 nonce) {
    const auto known = token_for(deployment_, carrier_.config(), it.config.token, it.amount);
    if (!known) co_return tl::unexpected(known.error());
    const chain::Token* token = *known;
    auto window = check_window(it.valid_after, it.valid_before, clock_.now());
    if (!window) co_return window;
    const Hash256 digest = payment::receive_authorization_digest(
        separator_of(*token, deployment_.chain_id),
        {it.config.payer, collector_, it.amount, it.valid_after, it.valid_before, nonce});
    const bool is_payers =
        co_await chain::is_signed_by(rpc_, it.config.payer, digest, it.signature);
    if (!is_payers) {
        co_return refuse(RelayError::bad_signature,
                         "The deposit is not signed by the payer for this very channel.");
    }
    co_return Carried<void>{};
}

Task<Carried<DepositDone>> Relay::deposit(SignedDeposit it) {
    if (it.config.withdraw_delay_seconds > payment::kMaxWithdrawDelaySeconds) {
        co_return refuse(RelayError::malformed);
    }
    const Hash256 channel_id = channels_.channel_id(it.config);
    const Hash256 nonce = payment::deposit_nonce(channel_id, it.salt);
    auto right = co_await check(it, nonce);
    if (!right) co_return tl::unexpected(std::move(right.error()));
    Cargo carried{"deposit:" + to_hex(nonce),
                  channels_.contract(),
                  deposit_call(it, collector_),
                  it.config.payer,
                  it.config.token,
                  {}};
    const auto receipt = co_await carrier_.carry(std::move(carried));
    if (!receipt) co_return tl::unexpected(receipt.error());
    const auto deposited = event_of(*receipt, events(), channels_.contract(), "Deposited");
    co_return DepositDone{inclusion_of(*receipt), channel_id, deposited["newBalance"].as_amount()};
}

/// Who signed it: the payer, or the owner of the purse that it is.
Task<Carried<eth::Address>> Relay::check(const Exit& it, Hash256 channel_id) {
    if (it.request.channel_id != channel_id ||
        it.config.receiver_authorizer != authorizer_.address()) {
        co_return refuse(RelayError::wrong_chain, "The channel is not one of this node's.");
    }
    if (it.request.valid_before < static_cast<std::uint64_t>(unix_seconds(clock_.now()))) {
        co_return refuse(RelayError::expired, "The request is too old.");
    }
    const Hash256 digest = channels_.refund_request_digest(it.request);
    const eth::Address payer = it.config.payer;
    const bool is_payers = co_await chain::is_signed_by(rpc_, payer, digest, it.signature);
    if (is_payers) co_return payer;
    if (const auto owner = co_await purses_.owner_of(payer, it.config.token)) {
        const bool is_owners = co_await chain::is_signed_by(rpc_, *owner, digest, it.signature);
        if (is_owners) co_return *owner;
    }
    co_return refuse(RelayError::bad_signature,
                     "The request is signed by neither the payer nor its purse's owner.");
}

Task<Carried<ExitDone>> Relay::exit(Exit it) {
    const Hash256 channel_id = channels_.channel_id(it.config);
    const auto signer = co_await check(it, channel_id);
    if (!signer) co_return tl::unexpected(signer.error());
    const auto asked =
        it.request.amount.units == 0 ? std::nullopt : std::optional(it.request.amount);
    const auto amount = payment::refund_amount(it.state, asked);
    if (!amount || !is_128_bits(*amount)) {
        co_return refuse(RelayError::nothing_left, "Less than that is left in the channel.");
    }
    Refund refund{it.config, *amount, it.request.nonce, {}};
    refund.signature = authorizer_.sign_typed_digest(
        channels_.refund_digest(channel_id, refund.nonce, refund.amount));
    ByteVector data;
    if (it.earned && it.state.charged > it.state.claimed) {
        const auto claim = authorizer_.sign_typed_digest(channels_.claim_batch_digest(
            {{channel_id, it.earned->max_claimable, it.earned->charged}}));
        data = claim_and_refund_call(refund, *it.earned, claim);
    } else {
        data = refund_call(refund);
    }
    Cargo carried{"exit:" + to_hex(channel_id) + ":" + to_decimal(refund.nonce),
                  channels_.contract(),
                  std::move(data),
                  *signer,
                  it.config.token,
                  {}};
    if (it.sending) {
        carried.sending = [&sending = it.sending, amount = *amount] { return sending(amount); };
    }
    carried.is_leaving = true;
    const auto receipt = co_await carrier_.carry(std::move(carried));
    if (!receipt) {
        Refusal why = receipt.error();
        if (why.revert == "InvalidRefundNonce") why.why = RelayError::stale_nonce;
        co_return tl::unexpected(std::move(why));
    }
    const auto refunded = event_of(*receipt, events(), channels_.contract(), "Refunded");
    co_return ExitDone{inclusion_of(*receipt), channel_id, refunded["amount"].as_amount()};
}

Task<Carried<Inclusion>> Relay::release(Release it) {
    if (deployment_.token(it.token) == nullptr) {
        co_return refuse(RelayError::wrong_chain, "The node pays no gas for this token.");
    }
    if (it.data.empty() || it.worth == Amount{}) {
        co_return refuse(RelayError::nothing_due);
    }
    std::vector<std::uint64_t> gas{kReleaseGas};
    const auto costs = co_await carrier_.costs(it.token, std::move(gas));
    if (it.worth < costs.front()) {
        co_return refuse(RelayError::below_cost,
                         "Less is due than it costs to pay it out: it waits for more.");
    }
    Cargo carried{"release:" + it.wish,
                  deployment_.contract("Multicall3"),
                  std::move(it.data),
                  it.pay_to,
                  it.token,
                  {}};
    const auto receipt = co_await carrier_.carry(std::move(carried));
    if (!receipt) co_return tl::unexpected(receipt.error());
    co_return inclusion_of(*receipt);
}

Task<RelayFees> Relay::fees(eth::Address token) {
    std::vector<std::uint64_t> gas{kOrderGas, kDepositGas, kExitGas};
    const auto costs = co_await carrier_.costs(token, std::move(gas));
    co_return RelayFees{costs[0], costs[1], costs[2]};
}

}  // namespace stoa::relay
