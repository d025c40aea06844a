#pragma once

#include <functional>
#include <memory>

#include "stoa/client/context.hpp"
#include "stoa/client/receipt_filter.hpp"

namespace stoa::client {

struct PaidCall {
    std::string target;  ///< `/v1/chat/completions`
    std::string body;    ///< JSON.
};

/// Where a paid answer goes while it arrives.
class Sink {
  public:
    virtual ~Sink() = default;
    /// Before the first piece; of a 2xx answer only.
    virtual Task<void> begin(const io::ClientResponse& head) = 0;
    /// False when nobody reads any more.
    virtual Task<bool> piece(std::string_view) = 0;
};

struct Outcome {
    io::ClientResponse response;  ///< With its body where it was refused.
    Amount charged;
    bool charge_known = true;  ///< False when the stream broke off before its receipt.
    std::optional<Session> session;
    std::optional<payment::SignedReceipt> receipt;  ///< Unverified, see `check_receipt`.
};

/// Why a receipt doesn't prove the call that it came with; nothing where it does: signed by the
/// channel's receiver authorizer, of this channel, this charge and this text.
std::optional<std::string> check_receipt(const payment::SignedReceipt&, const Session&,
                                         const Amount& charged, std::string_view output);

/// Pays for calls out of the user's sessions: asks unpaid, signs what the 402 names, sends again.
/// One call at a time for each channel is the caller's duty.
class Payer {
  public:
    /// Finds the money for a call: the session with at least `missing` more in it, or a new one
    /// where there is none. Throws `Failure` where the user must decide that.
    using Fund = std::function<Task<Session>(const payment::Requirements&, std::optional<Session>,
                                             Amount missing)>;
    /// Told before a voucher is signed; throws `Failure` to forbid it.
    using Allow = std::function<void(const Amount& price)>;

    /// Which sessions may be used; without, all of the wallet's.
    using Usable = std::function<bool(const Session&)>;

    /// What it refers to must outlive it.
    Payer(Context& context, const Deployment& deployment, const eth::Address& wallet,
          const keys::Signer& session_key, Fund fund, Allow allow = {}, Usable usable = {});

    Task<Outcome> call(const PaidCall&, Sink&);

    /// The session of this wallet that can pay `offered`, one with enough where there is one.
    std::optional<Session> session_for(const payment::Requirements& offered) const;

    const payment::ChannelDomain& domain() const { return domain_; }

  private:
    struct Attempt;
    Task<Attempt> attempt(const PaidCall&, const std::string& payment, Sink&);
    Task<Attempt> attempt_again(const PaidCall&, const std::string& payment, Sink&);
    Task<Session> funded(const payment::Requirements&);
    void book(const Attempt&, PaidChannel&, Outcome&);
    Task<bool> recover(const Attempt&, const payment::Requirements&, PaidChannel&);

    Context& context_;
    payment::ChannelDomain domain_;
    eth::Address wallet_;
    const keys::Signer& session_key_;
    Fund fund_;
    Allow allow_;
    Usable usable_;
};

}  // namespace stoa::client
