// What the relay carries of purses: whatever their owners and session keys sign, so that one
// signature of the wallet opens and funds a purse, and one brings everything back. It counts
// against the owner's free quota.
#pragma once

#include <functional>

#include "stoa/relay/carrier.hpp"
#include "stoa/relay/purse_calls.hpp"
#include "stoa/relay/purse_reader.hpp"

namespace stoa::relay {

struct PurseDone : Inclusion {
    eth::Address purse;
    Amount balance;  ///< Now.
};

/// A deposit out of a purse into a channel of a key at a service: the config says on which lane.
struct Spend {
    payment::ChannelConfig config;
    Amount amount;
    U256 service;
    U256 nonce;  ///< How many the key has signed.
    ByteVector signature;
};

/// An exit that its owner wanted; its keys are dead, if `inclusion` or the chain says so.
struct PurseExit {
    PurseExit() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    eth::Address owner;
    eth::Address token;
    eth::Address purse;
    Hash256 digest;                      ///< Names it.
    std::optional<Inclusion> inclusion;  ///< Nothing where others carried it.
};

/// How far an exit is.
struct PurseClosed {
    std::optional<Inclusion> inclusion;  ///< Of the last transaction that sent something home.
    Amount amount;                       ///< What reached the owner by this exit so far.
    std::vector<Hash256> waiting;        ///< Channels that still hold money that is not claimed.
};

/// Lives on one event loop. Throws `chain::RpcFailure` when no endpoint answers. All refuse with
/// wrong_chain where the chain has no purses.
class Purses {
  public:
    Purses(chain::Rpc&, Carrier&, const chain::Deployment&, const io::Clock&);

    PurseReader& reader() { return reader_; }
    Task<std::optional<eth::Address>> owner_of(eth::Address purse, eth::Address token) {
        return reader_.owner_of(purse, token);
    }

    Task<Carried<PurseDone>> fund(eth::Address owner, payment::PursePolicy, PurseFunding);
    Task<Carried<PurseDone>> set_policy(eth::Address owner, payment::PursePolicy,
                                        ByteVector signature);
    Task<Carried<PurseDone>> revoke(eth::Address owner, eth::Address token, eth::Address key,
                                    ByteVector signature);
    /// The caller has checked that the channel pays this service of the node.
    Task<Carried<DepositDone>> spend(Spend);

    /// Ends the purse's keys, or finds that this signature did already.
    Task<Carried<PurseExit>> begin_exit(eth::Address owner, eth::Address token,
                                        ByteVector signature);
    /// Announces or finalises the withdrawal of each of these channels (as payment::purse_channel
    /// makes them) of the purse, at most `kMaxClosed` at once, and sends the owner all there is.
    /// Goes on where a former one stopped.
    Task<Carried<PurseClosed>> finish_exit(PurseExit, std::vector<payment::ChannelConfig>);

    static constexpr std::size_t kMaxClosed = 32;

  private:
    using DigestOf = std::function<Hash256(const payment::PurseDomain&, const U256& nonce)>;
    struct Work;

    Task<Carried<PurseState>> owned(eth::Address owner, eth::Address token);
    Carried<void> check_expiry(const payment::PursePolicy&) const;
    Task<Carried<void>> check_owner(eth::Address owner, PurseState, DigestOf, ByteVector signature);
    Task<Carried<PurseDone>> act(Cargo, eth::Address owner);
    Task<Carried<void>> add_closed(PurseClosed&, PurseExit, Cargo);
    Task<Work> work_left(PurseExit, std::vector<payment::ChannelConfig>);

    chain::Rpc& rpc_;
    Carrier& carrier_;
    const chain::Deployment& deployment_;
    const io::Clock& clock_;
    PurseReader reader_;
    payment::ChannelDomain channels_;
};

}  // namespace stoa::relay
