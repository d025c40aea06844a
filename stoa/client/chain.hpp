#pragma once

#include "stoa/client/node.hpp"
#include "stoa/client/output.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/keys/signer.hpp"

namespace stoa::client {

struct Sent {
    Hash256 transaction;
    std::uint64_t block = 0;
    boost::json::array logs;  ///< As in the receipt.
};

/// The chain as the node shows it, by JSON-RPC at its `/rpc`.
class Chain {
  public:
    Chain(Node& node, std::uint64_t chain_id) : node_(node), chain_id_(chain_id) {}

    /// `eth_call` at the latest block. Throws `Failure` with the contract's reason when it reverts.
    Task<std::vector<eth::abi::Value>> read(const eth::Address& contract,
                                            const eth::abi::Function& function,
                                            std::vector<eth::abi::Value> arguments);

    Task<U256> native_balance(const eth::Address&);

    /// Signs, sends and waits until it is in a block. Throws `Failure`: reverted, no coin for gas,
    /// or not mined in two minutes (the message has the hash).
    Task<Sent> transact(const keys::Signer&, const eth::Address& contract, ByteVector call_data);

    Task<boost::json::value> rpc(std::string method, boost::json::array parameters);

  private:
    Task<U256> number(std::string method, boost::json::array parameters);
    Task<Sent> await_receipt(const Hash256& hash);

    Node& node_;
    std::uint64_t chain_id_;
};

/// The first log of `event` that `contract` wrote. Throws `Failure` where there is none.
std::vector<eth::abi::Value> find_event(const Sent&, const eth::Address& contract,
                                        const eth::abi::Event&);

}  // namespace stoa::client
