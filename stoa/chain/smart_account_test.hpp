// A wallet that is a contract, as tests deploy it.
#pragma once

#include "stoa/chain/anvil_test.hpp"
#include "stoa/eth/abi.hpp"
#include "stoa/eth/keccak.hpp"

namespace stoa::chain::testing {

/// Creation code; solc 0.8.37 for paris, optimised for 1 run, without metadata, made it of
///
///     contract SmartAccount {
///         address immutable owner;
///         constructor(address it) { owner = it; }
///         function isValidSignature(bytes32 hash, bytes calldata s) external view
///             returns (bytes4) {
///             bool yes = s.length == 65
///                 && ecrecover(hash, uint8(s[64]), bytes32(s[:32]), bytes32(s[32:64])) == owner;
///             return yes ? this.isValidSignature.selector : bytes4(0xffffffff);
///         }
///     }
inline constexpr std::string_view kSmartAccountCode =
    "0x"
    "60a0604052348015600f57600080fd5b506040516102cf3803806102cf833981016040819052602c9160"
    "3c565b6001600160a01b0316608052606a565b600060208284031215604d57600080fd5b815160016001"
    "60a01b0381168114606357600080fd5b9392505050565b60805161024b61008460003960006070015261"
    "024b6000f3fe608060405234801561001057600080fd5b506004361061002b5760003560e01c80631626"
    "ba7e14610030575b600080fd5b61004361003e366004610170565b610060565b6040516001600160e01b"
    "0319909116815260200160405180910390f35b60008060418314801561014957507f0000000000000000"
    "0000000000000000000000000000000000000000000000006001600160a01b0316600186868660408181"
    "106100ae576100ae6101ec565b919091013560f81c90506100c660206000898b610202565b6100cf9161"
    "022c565b6100dd604060208a8c610202565b6100e69161022c565b604080516000815260208101808352"
    "9590955260ff909316928401929092526060830152608082015260a00160206040516020810390808403"
    "90855afa158015610134573d6000803e3d6000fd5b505050602060405103516001600160a01b0316145b"
    "90508061015e576001600160e01b0319610167565b630b135d3f60e11b5b95945050505050565b600080"
    "60006040848603121561018557600080fd5b8335925060208401356001600160401b038111156101a257"
    "600080fd5b8401601f810186136101b357600080fd5b80356001600160401b038111156101c957600080"
    "fd5b8660208284010111156101db57600080fd5b939660209190910195509293505050565b634e487b71"
    "60e01b600052603260045260246000fd5b6000808585111561021257600080fd5b8386111561021f5760"
    "0080fd5b5050820193919092039150565b8035602083101561024557600019602084900360031b1b165b"
    "9291505056";

/// The factory that anvil has from its first block: call data is a salt and creation code.
inline eth::Address smart_account_factory() {
    return eth::parse_address_any_case("0x4e59b44847b379578588920ca78fbf26c0b4956c").value();
}

/// An account of `owner`, which the factory puts at `address`.
struct SmartAccount {
    explicit SmartAccount(const eth::Address& owner) {
        ByteVector code = parse_hex(kSmartAccountCode, 4096).value();
        const auto word = eth::word(owner);
        code.insert(code.end(), word.bytes.begin(), word.bytes.end());
        factory_call.assign(32, 0);
        factory_call.insert(factory_call.end(), code.begin(), code.end());
        // CREATE2 (EIP-1014).
        ByteVector named{0xff};
        const auto append = [&](Bytes bytes) {
            named.insert(named.end(), bytes.begin(), bytes.end());
        };
        append(smart_account_factory().bytes);
        append(Hash256{}.bytes);
        append(eth::keccak256(code).bytes);
        const Hash256 hash = eth::keccak256(named);
        std::copy(hash.bytes.begin() + 12, hash.bytes.end(), address.bytes.begin());
    }

    Task<void> deploy(Rpc& rpc) const {
        const json::object transaction{{"from", to_hex(signer(0).address().bytes)},
                                       {"to", to_hex(smart_account_factory().bytes)},
                                       {"data", to_hex(factory_call)}};
        const auto answer = co_await rpc.get("eth_sendTransaction", list(transaction));
        const auto hash = read_hash(answer);
        for (;;) {
            const auto found = co_await receipt(rpc, hash);
            if (found) co_return;
            co_await io::sleep_for(std::chrono::milliseconds(5));
        }
    }

    /// ERC-6492, of the account before it is there.
    ByteVector wrapped(const ByteVector& signature) const {
        const auto type = eth::abi::parse_type("(address a,bytes b,bytes c)").value();
        ByteVector all = eth::abi::encode(type, {smart_account_factory(), factory_call, signature});
        for (int i = 0; i < 16; ++i) all.insert(all.end(), {0x64, 0x92});
        return all;
    }

    eth::Address address;
    ByteVector factory_call;
};

}  // namespace stoa::chain::testing
