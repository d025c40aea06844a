// What every wish that the relay carries has in common: it is simulated at `pending` first, paid
// out of its own fee or of a free quota, and carried once, however often it is asked for.
#pragma once

#include <chrono>
#include <functional>
#include <map>

#include "stoa/chain/deployment.hpp"
#include "stoa/chain/sender.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/payment/check.hpp"
#include "stoa/relay/error.hpp"
#include "stoa/relay/quota.hpp"

namespace stoa::relay {

struct RelayConfig {
    QuotaLimits limits;
    /// What 10^18 wei are worth in a token's smallest unit, with the operator's margin: an order in
    /// it must bring a relay fee that covers its gas. Where a token is missing, its relay fees
    /// count as nothing and its orders are carried within the free quota, as deposits and exits
    /// are, which have no fee.
    std::map<eth::Address, Amount> tokens_per_coin;
    /// Of deposits, by token.
    std::map<eth::Address, Amount> min_deposit;
    std::chrono::seconds inclusion{60};  ///< How long a request waits for its block.
};

/// Why not, and for people what exactly.
struct Refusal {
    std::error_code why;
    std::string detail;  ///< A sentence, or empty.
    std::string revert;  ///< The contract's error, by name, where it is known.
};

template <class T>
using Carried = tl::expected<T, Refusal>;

/// What they all tell; `cost_wei` is what the node paid.
struct Inclusion {
    Hash256 transaction;
    chain::BlockId block;
    U256 cost_wei;
};

struct DepositDone : Inclusion {
    Hash256 channel_id;
    Amount balance;  ///< After it.
};

/// A transaction for somebody who signed what is in it.
struct Cargo {
    std::string wish;  ///< Names what is carried; see chain::Job.
    eth::Address to;
    ByteVector data;
    eth::Address payer;  ///< Whose free quota it counts against.
    eth::Address token;
    Amount income;            ///< In `token`, to the node.
    bool has_fee = false;     ///< What is signed has a field for it.
    bool is_leaving = false;  ///< See Quota::Take.
    /// May be empty. Called before it is sent, when it can't be called back any more.
    std::function<Task<void>()> sending = {};
};

/// Lives on one event loop. Throws `chain::RpcFailure` when no endpoint answers.
class Carrier {
  public:
    Carrier(chain::Sender&, db::Database&, std::uint64_t chain_id, const io::Clock&, RelayConfig);

    const RelayConfig& config() const { return config_; }
    eth::Address address() const { return sender_.address(); }

    /// Whether that wish has a transaction, which has not failed. What it carries was checked then.
    Task<bool> is_sent(std::string wish);
    /// Simulates and sends it, or finds the transaction that was sent, and waits for its block.
    Task<Carried<chain::Receipt>> carry(Cargo);

    /// Of so much gas at the price of now; nothing for a token without a rate.
    Task<std::vector<Amount>> costs(eth::Address token, std::vector<std::uint64_t> gas);
    Task<std::uint32_t> free_left(eth::Address payer);

  private:
    struct Attempt;

    Task<Attempt> attempt_for(std::string wish);
    Task<Carried<void>> send(const Cargo&, std::string id);
    std::optional<Amount> in_token(const eth::Address& token, const U256& wei) const;

    chain::Sender& sender_;
    const io::Clock& clock_;
    RelayConfig config_;
    Quota quota_;
};

tl::unexpected<Refusal> refuse(std::error_code why, std::string detail = {});
tl::unexpected<Refusal> refuse(chain::Revert);

/// Whatever checks in stoa/payment say about times, here it is `expired`.
Carried<void> check_window(std::uint64_t valid_after, std::uint64_t valid_before, UnixTime now);

/// The token, where it takes EIP-3009 authorisations and `amount` is no dust: wrong_chain,
/// below_cost, malformed for what the channels can't hold.
Carried<const chain::Token*> token_for(const chain::Deployment&, const RelayConfig&,
                                       const eth::Address& token, const Amount& amount);

Inclusion inclusion_of(const chain::Receipt&);
/// The last such event, which a successful transaction must have logged.
chain::Decoded event_of(const chain::Receipt&, const chain::Abi&, const eth::Address& contract,
                        std::string_view name);

/// Of the token's own EIP-712 domain.
Hash256 separator_of(const chain::Token&, std::uint64_t chain_id);

}  // namespace stoa::relay
