#pragma once

#include "stoa/chain/rpc.hpp"
#include "stoa/gateway/router.hpp"
#include "stoa/gateway/sign_in_desk.hpp"

namespace stoa::gateway {

/// `/api/auth`: sign-in with Ethereum (EIP-4361) by accounts with a key and by contract wallets
/// (ERC-1271, ERC-6492). It identifies for what is personal; nothing that is paid needs it.
class SignInRoutes {
  public:
    SignInRoutes(SignInDesk& desk, chain::Rpc& rpc, std::uint64_t chain_id)
        : desk_(desk), rpc_(rpc), chain_id_(chain_id) {}

    void add_to(Router&);

  private:
    Task<Answer> nonce();
    Task<Answer> verify(Request&);
    Task<Answer> session(Request&);
    Task<Answer> sign_out(Request&);

    SignInDesk& desk_;
    chain::Rpc& rpc_;
    std::uint64_t chain_id_;
    std::string authority_;
    bool secure_ = false;
};

}  // namespace stoa::gateway
