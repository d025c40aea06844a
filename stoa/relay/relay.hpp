// The relay carries what wallets sign and need not send: orders, deposits into channels, exits from
// them. It checks what can be checked without the chain, simulates at `pending`, refuses what would
// revert or cost more than it brings, and pays the gas of the rest: out of the order's relay fee,
// or of a free quota a payer and a budget a day. Whatever is signed is carried once: the same
// request again, even after a restart, finds the same transaction.
#pragma once

#include <chrono>
#include <map>
#include <vector>

#include "stoa/chain/deployment.hpp"
#include "stoa/chain/sender.hpp"
#include "stoa/io/clock.hpp"
#include "stoa/payment/check.hpp"
#include "stoa/relay/error.hpp"
#include "stoa/relay/order.hpp"
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

struct OrderDone : Inclusion {
    std::vector<U256> licences;
    Amount price;
    eth::Address token;
};

struct DepositDone : Inclusion {
    Hash256 channel_id;
    Amount balance;  ///< After it.
};

struct ExitDone : Inclusion {
    Hash256 channel_id;
    Amount amount;  ///< Refunded.
};

/// A payer's request to leave, with what the node knows of the channel. The caller keeps the
/// channel from being charged meanwhile.
struct Exit {
    payment::RefundRequest request;
    ByteVector signature;  ///< Of the payer's wallet; any form (ERC-1271).
    payment::ChannelConfig config;
    payment::ChannelState state;
    std::optional<Earned> earned;  ///< Where `state.charged` is above `state.claimed`.
};

struct RelayFees {
    Amount order;
    Amount deposit;
    Amount exit;
};

/// Lives on one event loop. Throws `chain::RpcFailure` when no endpoint answers.
class Relay {
  public:
    /// `authorizer` is the receiverAuthorizer of the services here. `database` is original data.
    Relay(chain::Rpc&, chain::Sender&, db::Database&, const keys::Signer& authorizer,
          const chain::Deployment&, const io::Clock&, RelayConfig);

    const eth::Address& market() const { return market_; }
    const payment::ChannelDomain& channels() const { return channels_; }
    eth::Address address() const { return sender_.address(); }

    Task<Carried<OrderDone>> order(SignedOrder);
    /// The caller has checked that the channel pays a service of this node (payment::check_config).
    Task<Carried<DepositDone>> deposit(SignedDeposit);
    Task<Carried<ExitDone>> exit(Exit);

    /// What the transactions cost now, in a token. Zero for a token without a rate.
    Task<RelayFees> fees(eth::Address token);
    /// Free transactions that a payer has left today.
    Task<std::uint32_t> free_left(eth::Address payer);

  private:
    struct Carry;
    struct Attempt;

    Task<Carried<chain::Receipt>> carry(Carry);
    Task<Attempt> attempt_for(std::string wish);
    Task<Carried<void>> send(const Carry&, std::string id);
    Task<Carried<void>> check(const SignedOrder&, Hash256 digest);
    Task<Carried<void>> check(const SignedDeposit&, Hash256 nonce);
    Task<Carried<void>> check(const Exit&, Hash256 channel_id);
    std::optional<Amount> in_token(const eth::Address& token, const U256& wei) const;
    Hash256 separator_of(const chain::Token&) const;

    chain::Rpc& rpc_;
    chain::Sender& sender_;
    const keys::Signer& authorizer_;
    const chain::Deployment& deployment_;
    const io::Clock& clock_;
    RelayConfig config_;
    Quota quota_;
    eth::Address market_;
    eth::Address collector_;  ///< Of EIP-3009 deposits.
    Hash256 market_separator_;
    payment::ChannelDomain channels_;
};

}  // namespace stoa::relay
