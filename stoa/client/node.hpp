#pragma once

#include <string>
#include <vector>

#include <boost/json.hpp>

#include "stoa/base/amount.hpp"
#include "stoa/client/failure.hpp"
#include "stoa/eth/address.hpp"
#include "stoa/io/http_client.hpp"

namespace stoa::client {

struct TokenInfo {
    eth::Address address;
    std::string symbol;
    std::string name;     ///< Of its EIP-712 domain.
    std::string version;  ///< Of its EIP-712 domain.
    unsigned decimals = 0;
    bool eip3009 = false;
};

/// What `GET /api/deployment` says of the node's chain.
struct Deployment {
    std::uint64_t chain_id = 0;
    std::string name;
    std::string genesis_hash;
    std::vector<TokenInfo> tokens;
    boost::json::object contracts;
    bool faucet = false;
    bool relay = false;

    /// Throws `Failure` where the chain has no contract of that name.
    eth::Address contract(std::string_view name) const;
    /// By symbol or address; the first where `name` is empty. Throws `Failure`.
    const TokenInfo& token(std::string_view name) const;
    /// Throws `Failure` for one that the node doesn't list.
    const TokenInfo& token(const eth::Address&) const;
};

/// The node that commands talk to. Refusals become `Failure`s with the node's own way out; a node
/// that doesn't answer is one, too.
class Node {
  public:
    /// `url` without a slash at its end.
    Node(io::Client& http, std::string url) : http_(http), url_(std::move(url)) {}

    const std::string& url() const { return url_; }
    io::Client& http() { return http_; }

    Task<boost::json::value> get(std::string target);
    Task<boost::json::value> post(std::string target, boost::json::value body);
    Task<void> put(std::string target, std::string body, std::string content_type);
    Task<std::string> get_text(std::string target);

    /// Asked once, then remembered.
    Task<const Deployment*> deployment();

    /// The answer whatever its status. Throws `Failure` without one.
    Task<io::ClientResponse> send(io::ClientRequest);

  private:
    io::Client& http_;
    std::string url_;
    std::optional<Deployment> deployment_;
};

/// What a refusal, of either shape of problem document, tells its reader.
Failure failure_of(unsigned status, std::string_view body);

/// The failure behind a transport that didn't answer.
Failure unreachable(const io::HttpFailure&, const std::string& url);

/// Parses an answer that should be JSON. Throws `Failure`.
boost::json::value parse_answer(std::string_view body);

}  // namespace stoa::client
