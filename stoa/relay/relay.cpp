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
/// A wish whose transaction reverted may be asked for again, so many times.
constexpr int kMaxAttempts = 8;
constexpr std::uint64_t kMaxLicences = 32;

/// Estimates, above what contracts/snapshots has; the simulation decides what is sent.
constexpr std::uint64_t kOrderGas = 450'000;
constexpr std::uint64_t kDepositGas = 180'000;
constexpr std::uint64_t kExitGas = 220'000;

const chain::Abi& events() {
    static const chain::Abi abi = [] {
        chain::Abi all;
        all.declare(
            "event Purchased(uint256 indexed offer,address indexed holder,address indexed payer,"
            "uint256 firstLicence,uint256 n,address token,uint256 amount,address payTo,bytes32 "
            "order)");
        all.declare(
            "event Deposited(bytes32 indexed channelId,address indexed sender,uint128 amount,"
            "uint128 newBalance)");
        all.declare(
            "event Refunded(bytes32 indexed channelId,address indexed sender,uint128 amount)");
        return all;
    }();
    return abi;
}

tl::unexpected<Refusal> refuse(std::error_code why, std::string detail = {}) {
    return tl::unexpected(Refusal{why, std::move(detail), {}});
}

tl::unexpected<Refusal> refuse(chain::Revert revert) {
    return tl::unexpected(
        Refusal{RelayError::would_revert, std::move(revert.message), std::move(revert.name)});
}

/// Whatever checks in stoa/payment say about times, here it is `expired`.
Carried<void> check_window(std::uint64_t valid_after, std::uint64_t valid_before, UnixTime now) {
    const auto seconds = static_cast<std::uint64_t>(unix_seconds(now));
    if (!payment::check_validity(valid_after, valid_before, seconds)) {
        return refuse(RelayError::expired, "The authorisation is not valid now.");
    }
    return {};
}

bool is_128_bits(const Amount& amount) {
    return amount.units >> payment::kAmountBits == 0;
}

Inclusion inclusion_of(const chain::Receipt& receipt) {
    return {receipt.transaction, receipt.block, receipt.gas_used * receipt.gas_price};
}

/// What a successful transaction must have logged.
chain::Decoded event_of(const chain::Receipt& receipt, const eth::Address& contract,
                        std::string_view name) {
    auto found = events().decode(receipt.logs, contract, name);
    if (found.empty()) throw RpcFailure("the receipt lacks the event " + std::string(name));
    return std::move(found.back());
}

}  // namespace

struct Relay::Carry {
    std::string wish;  ///< Names what is carried; see chain::Job.
    eth::Address to;
    ByteVector data;
    eth::Address payer;
    eth::Address token;
    Amount income;         ///< In `token`, to the node.
    bool has_fee = false;  ///< What is signed has a field for it.
};

struct Relay::Attempt {
    std::string id;
    bool is_sent = false;
    bool is_spent = false;  ///< Too many have reverted.
};

Relay::Relay(chain::Rpc& rpc, chain::Sender& sender, db::Database& database,
             const keys::Signer& authorizer, const chain::Deployment& deployment,
             const io::Clock& clock, RelayConfig config)
    : rpc_(rpc),
      sender_(sender),
      authorizer_(authorizer),
      deployment_(deployment),
      clock_(clock),
      config_(std::move(config)),
      quota_(database, deployment.chain_id, config_.limits),
      market_(deployment.contract("Market")),
      collector_(deployment.contract("ERC3009DepositCollector")),
      market_separator_(eth::domain_separator(market_domain(deployment.chain_id, market_))),
      channels_(deployment.chain_id, deployment.contract("Channels")) {}

std::optional<Amount> Relay::in_token(const eth::Address& token, const U256& wei) const {
    const auto rate = config_.tokens_per_coin.find(token);
    if (rate == config_.tokens_per_coin.end()) return std::nullopt;
    const U256 coin = boost::multiprecision::pow(U256(10), 18);
    // Rounded up: against the one who asks.
    return Amount(U256((wei * rate->second.units + coin - 1) / coin));
}

Hash256 Relay::separator_of(const chain::Token& token) const {
    return eth::domain_separator({token.name, token.version, deployment_.chain_id, token.address});
}

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
        separator_of(*token), {authorization.from, market_, order.max_price,
                               authorization.valid_after, authorization.valid_before, digest});
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
    Carry carried{"order:" + to_hex(digest), market_, relay_call(it), it.payer(), it.order.token,
                  it.order.relay_fee,        true};
    // Beside a permit the digest is not bound to the owner: two may sign equal orders.
    if (std::holds_alternative<OrderPermit>(it.payment)) {
        carried.wish += ":" + eth::to_lower_hex(it.payer());
    }
    const auto receipt = co_await carry(std::move(carried));
    if (!receipt) co_return tl::unexpected(receipt.error());
    const auto purchase = event_of(*receipt, market_, "Purchased");
    OrderDone done{inclusion_of(*receipt), {}, purchase["amount"].as_amount(), it.order.token};
    const U256 first = purchase["firstLicence"].as_number();
    for (U256 i = 0; i < purchase["n"].as_number(); ++i) done.licences.push_back(first + i);
    co_return done;
}

Task<Carried<void>> Relay::check(const SignedDeposit& it, Hash256 nonce) {
    const chain::Token* token = deployment_.token(it.config.token);
    if (token == nullptr || !token->eip3009) {
        co_return refuse(RelayError::wrong_chain, "The channel's token is unknown.");
    }
    if (const auto least = config_.min_deposit.find(token->address);
        least != config_.min_deposit.end() && it.amount < least->second) {
        co_return refuse(RelayError::below_cost,
                         "A deposit is at least " + to_decimal(least->second) + " units.");
    }
    auto window = check_window(it.valid_after, it.valid_before, clock_.now());
    if (!window) co_return window;
    const Hash256 digest = payment::receive_authorization_digest(
        separator_of(*token),
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
    if (it.amount.units == 0 || !is_128_bits(it.amount) ||
        it.config.withdraw_delay_seconds > payment::kMaxWithdrawDelaySeconds) {
        co_return refuse(RelayError::malformed);
    }
    const Hash256 channel_id = channels_.channel_id(it.config);
    const Hash256 nonce = payment::deposit_nonce(channel_id, it.salt);
    auto right = co_await check(it, nonce);
    if (!right) co_return tl::unexpected(std::move(right.error()));
    Carry carried{"deposit:" + to_hex(nonce),
                  channels_.contract(),
                  deposit_call(it, collector_),
                  it.config.payer,
                  it.config.token,
                  {}};
    const auto receipt = co_await carry(std::move(carried));
    if (!receipt) co_return tl::unexpected(receipt.error());
    const auto deposited = event_of(*receipt, channels_.contract(), "Deposited");
    co_return DepositDone{inclusion_of(*receipt), channel_id, deposited["newBalance"].as_amount()};
}

Task<Carried<void>> Relay::check(const Exit& it, Hash256 channel_id) {
    if (it.request.channel_id != channel_id ||
        it.config.receiver_authorizer != authorizer_.address()) {
        co_return refuse(RelayError::wrong_chain, "The channel is not one of this node's.");
    }
    if (it.request.valid_before < static_cast<std::uint64_t>(unix_seconds(clock_.now()))) {
        co_return refuse(RelayError::expired, "The request is too old.");
    }
    const Hash256 digest = channels_.refund_request_digest(it.request);
    const bool is_payers =
        co_await chain::is_signed_by(rpc_, it.config.payer, digest, it.signature);
    if (!is_payers) {
        co_return refuse(RelayError::bad_signature, "The request is not signed by the payer.");
    }
    co_return Carried<void>{};
}

Task<Carried<ExitDone>> Relay::exit(Exit it) {
    const Hash256 channel_id = channels_.channel_id(it.config);
    auto right = co_await check(it, channel_id);
    if (!right) co_return tl::unexpected(std::move(right.error()));
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
    Carry carried{"exit:" + to_hex(channel_id) + ":" + to_decimal(refund.nonce),
                  channels_.contract(),
                  std::move(data),
                  it.config.payer,
                  it.config.token,
                  {}};
    const auto receipt = co_await carry(std::move(carried));
    if (!receipt) {
        Refusal why = receipt.error();
        if (why.revert == "InvalidRefundNonce") why.why = RelayError::stale_nonce;
        co_return tl::unexpected(std::move(why));
    }
    const auto refunded = event_of(*receipt, channels_.contract(), "Refunded");
    co_return ExitDone{inclusion_of(*receipt), channel_id, refunded["amount"].as_amount()};
}

/// The job that stands for a wish: the one that was sent, or the next one.
Task<Relay::Attempt> Relay::attempt_for(std::string wish) {
    for (int number = 1; number <= kMaxAttempts; ++number) {
        const std::string id = number == 1 ? wish : wish + ":" + std::to_string(number);
        const auto status = co_await sender_.status(id);
        if (!status || status->state != chain::JobState::reverted) {
            Attempt attempt;
            attempt.id = id;
            attempt.is_sent = status.has_value();
            co_return attempt;
        }
    }
    Attempt none;
    none.is_spent = true;
    co_return none;
}

Task<Carried<void>> Relay::send(const Carry& it, std::string id) {
    chain::Job job{id, it.to, it.data, 0, std::nullopt};
    const auto gas = co_await sender_.simulate(job);
    if (!gas) co_return refuse(gas.error());
    job.gas = *gas + *gas / 4;
    const auto fees = co_await sender_.fees();
    // `max_fee` allows for a base fee twice as high.
    const U256 likely = *gas * U256((fees.max_fee + fees.tip) / 2);
    const auto needed = in_token(it.token, likely);
    const bool pays = needed && it.income >= *needed && it.income.units > 0;
    if (it.has_fee && needed && !pays) {
        co_return refuse(RelayError::below_cost,
                         "The relay fee is at least " + to_decimal(*needed) + " units now.");
    }
    Quota::Take take;
    take.job = id;
    take.payer = it.payer;
    take.free = !pays;
    take.at_most_wei = *job.gas * fees.max_fee;
    const UnixTime now = clock_.now();
    const auto taken = co_await quota_.take(take, now);
    if (!taken) co_return refuse(taken.error());
    std::optional<chain::Revert> revert;
    std::exception_ptr failure;
    try {
        const auto sent = co_await sender_.submit(std::move(job));
        if (!sent) revert = sent.error();
    } catch (const RpcFailure&) {
        failure = std::current_exception();
    }
    if (revert || failure) co_await quota_.give_back(id);
    if (failure) std::rethrow_exception(failure);
    if (revert) co_return refuse(*std::move(revert));
    co_return Carried<void>{};
}

Task<Carried<chain::Receipt>> Relay::carry(Carry it) {
    const Attempt attempt = co_await attempt_for(it.wish);
    if (attempt.is_spent) co_return refuse(RelayError::would_revert, "It has reverted too often.");
    if (!attempt.is_sent) {
        auto sent = co_await send(it, attempt.id);
        if (!sent) co_return tl::unexpected(std::move(sent.error()));
    }
    std::string late;
    try {
        auto receipt = co_await sender_.wait(attempt.id, config_.inclusion);
        if (!receipt) co_return refuse(std::move(receipt.error()));
        co_await quota_.spent(attempt.id, receipt->gas_used * receipt->gas_price);
        co_return *std::move(receipt);
    } catch (const RpcFailure& failure) {
        late = failure.what();
    }
    co_return refuse(RelayError::not_included, late);
}

Task<RelayFees> Relay::fees(eth::Address token) {
    const auto now = co_await sender_.fees();
    const U256 price = (now.max_fee + now.tip) / 2;
    const auto cost = [&](std::uint64_t gas) {
        return in_token(token, price * gas).value_or(Amount{});
    };
    co_return RelayFees{cost(kOrderGas), cost(kDepositGas), cost(kExitGas)};
}

Task<std::uint32_t> Relay::free_left(eth::Address payer) {
    co_return co_await quota_.left(payer, clock_.now());
}

}  // namespace stoa::relay
