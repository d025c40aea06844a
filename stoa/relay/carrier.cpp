#include "stoa/relay/carrier.hpp"

namespace stoa::relay {
namespace {

using chain::RpcFailure;

/// A wish whose transaction reverted may be asked for again, so many times.
constexpr int kMaxAttempts = 8;

}  // namespace

tl::unexpected<Refusal> refuse(std::error_code why, std::string detail) {
    return tl::unexpected(Refusal{why, std::move(detail), {}});
}

tl::unexpected<Refusal> refuse(chain::Revert revert) {
    return tl::unexpected(
        Refusal{RelayError::would_revert, std::move(revert.message), std::move(revert.name)});
}

Carried<void> check_window(std::uint64_t valid_after, std::uint64_t valid_before, UnixTime now) {
    const auto seconds = static_cast<std::uint64_t>(unix_seconds(now));
    if (!payment::check_validity(valid_after, valid_before, seconds)) {
        return refuse(RelayError::expired, "The authorisation is not valid now.");
    }
    return {};
}

Carried<const chain::Token*> token_for(const chain::Deployment& deployment,
                                       const RelayConfig& config, const eth::Address& address,
                                       const Amount& amount) {
    const chain::Token* token = deployment.token(address);
    if (token == nullptr || !token->eip3009) {
        return refuse(RelayError::wrong_chain, "The token is not one of this node's.");
    }
    if (amount.units == 0 || amount.units >> payment::kAmountBits != 0) {
        return refuse(RelayError::malformed);
    }
    if (const auto least = config.min_deposit.find(address);
        least != config.min_deposit.end() && amount < least->second) {
        return refuse(RelayError::below_cost,
                      "A deposit is at least " + to_decimal(least->second) + " units.");
    }
    return token;
}

Inclusion inclusion_of(const chain::Receipt& receipt) {
    return {receipt.transaction, receipt.block, receipt.gas_used * receipt.gas_price};
}

chain::Decoded event_of(const chain::Receipt& receipt, const chain::Abi& events,
                        const eth::Address& contract, std::string_view name) {
    auto found = events.decode(receipt.logs, contract, name);
    if (found.empty()) throw RpcFailure("the receipt lacks the event " + std::string(name));
    return std::move(found.back());
}

Hash256 separator_of(const chain::Token& token, std::uint64_t chain_id) {
    return eth::domain_separator({token.name, token.version, chain_id, token.address});
}

struct Carrier::Attempt {
    std::string id;
    bool is_sent = false;
    bool is_spent = false;  ///< Too many have reverted.
};

Carrier::Carrier(chain::Sender& sender, db::Database& database, std::uint64_t chain_id,
                 const io::Clock& clock, RelayConfig config)
    : sender_(sender),
      clock_(clock),
      config_(std::move(config)),
      quota_(database, chain_id, config_.limits) {}

std::optional<Amount> Carrier::in_token(const eth::Address& token, const U256& wei) const {
    const auto rate = config_.tokens_per_coin.find(token);
    if (rate == config_.tokens_per_coin.end()) return std::nullopt;
    const U256 coin = boost::multiprecision::pow(U256(10), 18);
    // Rounded up: against the one who asks.
    return Amount(U256((wei * rate->second.units + coin - 1) / coin));
}

/// The job that stands for a wish: the one that was sent, or the next one.
Task<Carrier::Attempt> Carrier::attempt_for(std::string wish) {
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

Task<bool> Carrier::is_sent(std::string wish) {
    const Attempt attempt = co_await attempt_for(std::move(wish));
    co_return attempt.is_sent;
}

Task<Carried<void>> Carrier::send(const Cargo& it, std::string id) {
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
    take.leaving = it.is_leaving;
    take.at_most_wei = *job.gas * fees.max_fee;
    const UnixTime now = clock_.now();
    const auto taken = co_await quota_.take(take, now);
    if (!taken) co_return refuse(taken.error());
    if (it.sending) co_await it.sending();
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

Task<Carried<chain::Receipt>> Carrier::carry(Cargo it) {
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

Task<std::vector<Amount>> Carrier::costs(eth::Address token, std::vector<std::uint64_t> gas) {
    const auto now = co_await sender_.fees();
    const U256 price = (now.max_fee + now.tip) / 2;
    std::vector<Amount> costs;
    for (const std::uint64_t one : gas) {
        costs.push_back(in_token(token, price * one).value_or(Amount{}));
    }
    co_return costs;
}

Task<std::uint32_t> Carrier::free_left(eth::Address payer) {
    co_return co_await quota_.left(payer, clock_.now());
}

}  // namespace stoa::relay
