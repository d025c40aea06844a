// Contracts by the names that their authors gave: calls are written as in Solidity (stoa/eth/abi),
// events and custom errors are found by topic and selector in what the compiler wrote.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stoa/chain/rpc.hpp"
#include "stoa/eth/abi.hpp"

namespace stoa::chain {

/// Why a contract refused.
struct Revert {
    std::string name;     ///< The custom error's name, "Error" or "Panic"; empty when unknown.
    std::string message;  ///< For people.
    ByteVector data;
};

/// An event or a custom error with its parameters.
struct Decoded {
    std::string name;
    const eth::abi::Type* parameters = nullptr;  ///< Of the `Abi` that decoded it.
    std::vector<eth::abi::Value> values;

    /// Throws `std::out_of_range` with the name for a parameter that is not declared.
    const eth::abi::Value& operator[](std::string_view parameter) const;
};

/// One or several contracts' interface. Immutable once it is built.
class Abi {
  public:
    Abi() = default;

    /// The compiler's JSON: a list of functions, events and errors. Throws `std::runtime_error`: it
    /// is a part of the installation.
    static Abi parse(const json::value&);
    static Abi read(const std::filesystem::path&);
    /// Of all `*.json` in a folder together.
    static Abi read_folder(const std::filesystem::path&);

    /// Declarations as in Solidity, such as `event Moved(address indexed who)`, `error Late()`.
    void declare(std::string_view declaration);
    /// What several contracts have in common is the same.
    void add(const Abi& other);

    /// Throw `std::out_of_range` with the name. Of overloaded functions the last one declared.
    const eth::abi::Function& function(std::string_view name) const;
    const eth::abi::Event& event(std::string_view name) const;
    bool has_error(std::string_view name) const;
    std::vector<std::string> error_names() const;

    /// Nothing for an event of no declaration here, or one that doesn't fit its declaration.
    std::optional<Decoded> decode(const Log&) const;
    std::vector<Decoded> decode(std::span<const Log>, const eth::Address& contract,
                                std::string_view event_name) const;

    Revert explain(Bytes revert_data) const;

  private:
    template <class T>
    struct Named {
        std::string name;
        T it;
    };

    std::map<std::string, eth::abi::Function, std::less<>> functions_;
    std::map<Hash256, Named<eth::abi::Event>> events_;
    std::map<eth::abi::Selector, Named<eth::abi::Function>> errors_;
};

/// True for an error that the contract's code made, not the endpoint.
bool is_revert(const RpcError&);

/// What a view function returns. Throws `RpcFailure` for an endpoint's error, and for a result that
/// the function cannot have returned (no contract there).
Task<tl::expected<std::vector<eth::abi::Value>, Revert>> read(
    Rpc&, eth::Address contract, const eth::abi::Function&, std::vector<eth::abi::Value> arguments,
    Tag = Tag::latest);

/// The same where a revert isn't expected: it throws `RpcFailure`.
Task<std::vector<eth::abi::Value>> must_read(Rpc&, eth::Address contract, const eth::abi::Function&,
                                             std::vector<eth::abi::Value> arguments,
                                             Tag = Tag::latest);

/// For people: `PriceAboveMax(price 12, maxPrice 10)`.
std::string describe(const Decoded&);

}  // namespace stoa::chain
