#pragma once

#include <map>
#include <memory>
#include <string>

#include "stoa/client/deposit.hpp"
#include "stoa/client/lanes.hpp"
#include "stoa/client/pipe.hpp"
#include "stoa/io/http_server.hpp"

namespace stoa::client {

/// Answers OpenAI's API on this machine, for programs that can't sign, and pays the node for them:
/// the session key never leaves the machine, and whoever calls must know the run's random token.
class PayingServer {
  public:
    struct Limits {
        Amount budget;         ///< The most that all calls together may cost.
        Amount deposit;        ///< Of a session that is opened; smaller where the budget is.
        eth::Address owner{};  ///< Of the purse that pays, where there is no wallet here.
    };

    /// `wallet` may be null: then a purse must hold what is needed.
    PayingServer(Context&, const Deployment&, std::unique_ptr<keys::Signer> wallet,
                 std::unique_ptr<keys::Signer> session_key, std::string token, Limits,
                 boost::asio::any_io_executor);

    Task<io::Response> handle(io::Request&);

    const Amount& spent() const { return spent_; }

  private:
    struct Reservation;

    std::optional<io::Response> refuse_stranger(const io::Request&) const;
    Task<io::Response> forward(const io::Request&);
    Task<io::Response> pay(const io::Request&);
    Task<void> run(PaidCall call, std::string model, std::shared_ptr<Pipe> pipe);
    Task<std::optional<io::Response>> run_on(unsigned lane, const PaidCall&,
                                             const std::string& model, Pipe&);
    Task<Session> fund(unsigned lane, const payment::Requirements&, const std::string& model,
                       std::optional<Session>, Amount missing);
    Task<Session> from_purse(unsigned lane, const payment::Requirements&, const std::string& model,
                             Amount needed, Amount left);
    LaneSet rich_lanes(unsigned but, const payment::Requirements&) const;
    const keys::Signer& wallet() const;
    const eth::Address& owner() const { return limits_.owner; }
    Lanes& lanes_of(const std::string& model);
    LaneSet first_lanes(const Lanes&) const;
    LaneSet lanes_to_wait_for(const Failure&, const Lanes&, unsigned own) const;

    Context& context_;
    const Deployment& deployment_;
    std::unique_ptr<keys::Signer> wallet_;
    std::unique_ptr<keys::Signer> session_key_;
    std::string token_;
    Limits limits_;
    boost::asio::any_io_executor executor_;
    Amount spent_;
    Amount reserved_;  ///< The prices of the calls that are running.
    std::map<std::string, Lanes, std::less<>> lanes_;
    Turnstile purse_door_;
};

}  // namespace stoa::client
