#pragma once

#include "stoa/client/context.hpp"
#include "stoa/content/manifest.hpp"
#include "stoa/market/waterfall.hpp"

namespace stoa::client {

/// A model that another one is built on.
struct Base {
    Base() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    U256 model;
    std::uint32_t version = 0;
    std::uint32_t bps = 0;
    std::uint32_t least_bps = 0;  ///< What its terms ask for.
    eth::Address pay_to;
    std::string title;
    boost::json::value royalties;  ///< The node's answer: who is paid through it.
};

/// What `MODEL[@VERSION][:BPS]` says. Throws `Failure`.
struct BaseOption {
    std::string model;
    std::optional<std::uint32_t> version;
    std::optional<std::uint32_t> bps;
};
BaseOption parse_base(std::string_view);

/// Looks the bases up, in the contract's order, and throws the `Failure` of whatever the contract
/// would refuse: a version that may not be built on or is withdrawn, less than it asks for, more
/// than half for all, too many, one twice, too many above one another.
Task<std::vector<Base>> find_bases(Context&, const Deployment&,
                                   const std::vector<std::string>& options);

/// What `--split` or `--payee` say.
struct Creators {
    std::vector<market::Payee> payees;
    std::vector<content::ManifestPayee> roles;
};
/// `account` alone where neither says anything. Throws `Failure`.
Creators find_creators(const std::string& split, const std::vector<std::string>& payees,
                       const eth::Address& account);

/// All who would be paid, level below level, as a tree for people.
std::string waterfall_text(const Creators&, const std::vector<Base>&);
/// The same as JSON: `{payees: [{account, share, role?}], bases: [{model, version, bps, title}]}`.
boost::json::object waterfall_json(const Creators&, const std::vector<Base>&);

/// The tree of a royalties answer's split, each row after `indent`; its shares are of `whole`
/// millionths.
std::string split_text(const boost::json::value& royalties, std::string_view split,
                       std::uint64_t whole, const std::string& indent);

}  // namespace stoa::client
