// The user's purse: one signature of the wallet puts money there, and the session key alone then
// opens and fills a channel with every model, within the limits that were signed.
#pragma once

#include <functional>

#include "stoa/client/deposit.hpp"
#include "stoa/payment/purse.hpp"

namespace stoa::client {

struct PurseStatus {
    PurseStatus() = default;  // not an aggregate, see Session

    struct Key {
        std::uint64_t expires = 0;  ///< Unix seconds.
        Amount left;
        Amount left_today;
        Amount cap_per_day;
        Amount cap_per_service;
        U256 spends;
        bool valid = false;
    };

    eth::Address purse;
    bool exists = false;
    U256 nonce;
    bool leaving = false;
    Amount balance;
    std::optional<Key> key;

    /// What the key may lock in channels now.
    Amount spendable() const;
};

/// What the owner lets the key do, beyond what money there is. Kept on this machine, so that
/// filling the purse again does not widen it.
struct PurseLimits {
    PurseLimits() = default;  // not an aggregate, see Session

    std::optional<Amount> total;  ///< From now on.
    std::optional<Amount> per_day;
    std::optional<Amount> per_service;
    std::uint64_t days = 30;     ///< Until it expires.
    std::vector<U256> services;  ///< None: any.
};

/// What one model gets at once of money that is for several.
Amount quarter_of(const Amount&);

/// All that is in the purse after `more` may be set aside, as far as the limits go. What the key
/// spent today and what its channels got stay counted by the contract: the new caps are above that.
payment::PursePolicy policy_for(const PurseStatus&, const eth::Address& key,
                                const eth::Address& token, const Amount& more, const PurseLimits&,
                                std::uint64_t now);

/// What a call wants from the purse.
struct PurseWish {
    unsigned lane = 0;
    Amount needed;  ///< At least so much must be set aside.
    Amount slice;   ///< So much is, where it is there; 0: a quarter of what there is.
    Amount refill;  ///< What the wallet may put in where too little is there; 0: nothing.
};

class Purse {
  public:
    /// Whether this chain has purses of this token; else a channel takes a signature each.
    static bool is_possible(const Deployment&, const TokenInfo&);

    Purse(Context&, const Deployment&, const TokenInfo&, const eth::Address& owner);

    /// Throws `Failure` where the node names another purse than the wallet's.
    Task<PurseStatus> status(eth::Address key);

    /// Puts `amount` in by one signature of the wallet, and gives `key` a policy of `limits` that
    /// covers all that is then there. An amount of 0 only sets the policy.
    Task<PurseStatus> fund(const keys::Signer& wallet, eth::Address key, Amount amount,
                           PurseLimits limits);

    /// Locks `amount` in the key's channel on a lane at the service of `offered`, by the key's
    /// signature.
    Task<Session> lock(const payment::Requirements& offered, const std::string& model,
                       unsigned lane, const keys::Signer& session_key, Amount amount);

    /// The same where the purse has it; fills that first where the wish allows it. Nothing where
    /// too little is there.
    Task<std::optional<Session>> provide(const payment::Requirements& offered,
                                         const std::string& model, const keys::Signer& session_key,
                                         PurseWish wish,
                                         std::function<const keys::Signer&()> wallet);

    /// Ends a key. Returns the transaction.
    Task<std::string> revoke(const keys::Signer& wallet, eth::Address key);

    struct Returned {
        Returned() = default;
        Amount amount;
        std::size_t waiting = 0;  ///< Channels that give their money back later.
        std::string transaction;
    };
    /// Ends all keys and brings everything to the wallet, or goes on with that.
    Task<Returned> exit(const keys::Signer& wallet);

    /// A key's limits as they were chosen here last.
    PurseLimits limits(const eth::Address& key) const;
    void keep(const eth::Address& key, const PurseLimits&) const;

    const TokenInfo& token() const { return token_; }

  private:
    Task<std::optional<Failure>> spend_in_turn(const Session&, U256 service, Amount,
                                               const keys::Signer& session_key);
    Task<std::optional<Failure>> spend(const Session&, U256 service, Amount, U256 nonce,
                                       const keys::Signer& session_key);
    void note_emptied(const eth::Address& purse) const;
    Task<void> put_in(const keys::Signer& wallet, const PurseStatus&, const payment::PursePolicy&,
                      Amount);
    std::filesystem::path limits_file(const eth::Address& key) const;

    Context& context_;
    const Deployment& deployment_;
    const TokenInfo& token_;
    eth::Address owner_;
    Chain chain_;
    eth::Address address_;  ///< Worked out here: what the wallet signs goes there.
};

}  // namespace stoa::client
