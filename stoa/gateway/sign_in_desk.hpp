#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>

#include "stoa/base/time.hpp"
#include "stoa/eth/address.hpp"
#include "stoa/eth/sign_in.hpp"
#include "stoa/gateway/error.hpp"
#include "stoa/io/clock.hpp"

namespace stoa::gateway {

/// Who is signed in: nonces that were given out, and sessions. In memory, so a restart signs
/// everybody out. One event loop.
class SignInDesk {
  public:
    struct Session {
        eth::Address address;
        UnixTime expires;
    };
    struct Nonce {
        std::string text;
        UnixTime expires;
    };

    static constexpr std::size_t kMaxNonces = 10'000;
    static constexpr std::size_t kMaxSessions = 100'000;
    static constexpr std::chrono::minutes kNonceLife{10};
    static constexpr std::chrono::hours kSessionLife{24};

    explicit SignInDesk(const io::Clock& clock) : clock_(clock) {}

    /// rate_limited when too many wait to be used.
    Result<Nonce> give_nonce();

    /// What a message must say before its signature is looked at: wrong_domain, wrong_chain,
    /// expired, nonce_unknown. The nonce is used up only when all the rest is right.
    Result<void> check(const eth::SignInMessage&, std::string_view authority,
                       std::uint64_t chain_id);

    /// The session's secret, for a cookie.
    std::string open(const eth::Address&);
    std::optional<Session> find(const std::string& token);
    void close(const std::string& token);

  private:
    void forget_old();

    const io::Clock& clock_;
    std::unordered_map<std::string, UnixTime> nonces_;
    std::unordered_map<std::string, Session> sessions_;
};

}  // namespace stoa::gateway
