// The relay carries what wallets sign and need not send: orders, deposits into channels, exits from
// them, and what owners and session keys of purses sign (purses.hpp). It checks what can be checked
// without the chain, simulates at `pending`, refuses what would revert or cost more than it brings,
// and pays the gas of the rest: out of the order's relay fee, or of a free quota a payer and a
// budget a day. Whatever is signed is carried once: the same request again, even after a restart,
// finds the same transaction.
#pragma once

#include "stoa/relay/order.hpp"
#include "stoa/relay/purses.hpp"

namespace stoa::relay {

struct OrderDone : Inclusion {
    std::vector<U256> licences;
    Amount price;
    eth::Address token;
};

struct ExitDone : Inclusion {
    Hash256 channel_id;
    Amount amount;  ///< Refunded.
};

/// A payer's request to leave, with what the node knows of the channel. The caller keeps the
/// channel from being charged meanwhile.
struct Exit {
    payment::RefundRequest request;
    /// Of the payer's wallet, or of the owner where a purse pays; any form (ERC-1271).
    ByteVector signature;
    payment::ChannelConfig config;
    payment::ChannelState state;
    std::optional<Earned> earned;  ///< Where `state.charged` is above `state.claimed`.
    /// Called once before the refund of this amount is sent, which nobody can call back then.
    std::function<Task<void>(Amount)> sending;
};

/// Claims of payees through splits, which anyone may make for them.
struct Release {
    Release() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    eth::Address pay_to;  ///< The model's split, whose free quota it counts against.
    eth::Address token;
    ByteVector data;   ///< For Multicall3; empty: there is nothing.
    Amount worth;      ///< What reaches people.
    std::string wish;  ///< Another one once more has come in.
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
    eth::Address address() const { return carrier_.address(); }
    Purses& purses() { return purses_; }

    Task<Carried<OrderDone>> order(SignedOrder);
    /// The caller has checked that the channel pays a service of this node (payment::check_config).
    Task<Carried<DepositDone>> deposit(SignedDeposit);
    Task<Carried<ExitDone>> exit(Exit);
    /// below_cost where less is paid out than its gas costs.
    Task<Carried<Inclusion>> release(Release);

    /// What the transactions cost now, in a token. Zero for a token without a rate.
    Task<RelayFees> fees(eth::Address token);
    /// Free transactions that a payer has left today.
    Task<std::uint32_t> free_left(eth::Address payer) { return carrier_.free_left(payer); }

  private:
    Task<Carried<void>> check(const SignedOrder&, Hash256 digest);
    Task<Carried<void>> check(const SignedDeposit&, Hash256 nonce);
    Task<Carried<eth::Address>> check(const Exit&, Hash256 channel_id);

    chain::Rpc& rpc_;
    const keys::Signer& authorizer_;
    const chain::Deployment& deployment_;
    const io::Clock& clock_;
    Carrier carrier_;
    Purses purses_;
    eth::Address market_;
    eth::Address collector_;  ///< Of EIP-3009 deposits.
    Hash256 market_separator_;
    payment::ChannelDomain channels_;
};

}  // namespace stoa::relay
