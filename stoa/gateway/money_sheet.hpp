#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "stoa/catalogue/catalogue.hpp"
#include "stoa/ledger/ledger.hpp"
#include "stoa/relay/purse_reader.hpp"

namespace stoa::gateway {

namespace json = boost::json;

/// One row of somebody's money.
struct MoneyItem {
    std::string kind;  ///< channel, split, purse.
    eth::Address token;
    Amount amount;
    std::string state;  ///< charged, refundable, claimable, withdrawing, claimed.
    eth::Address where;
    std::string why;
    std::optional<std::int64_t> until;
    json::object extra;  ///< The member of the kind's name.
};

/// What one token adds up to.
struct MoneySums {
    Amount wallet;
    Amount locked;
    Amount charged;
    Amount refundable;
    Amount claimable;
    Amount claimed;
};

struct MoneySheet {
    std::map<eth::Address, MoneySums> tokens;
    std::vector<MoneyItem> items;
    U256 native;
};

/// The service that a channel pays, for its row.
struct PaidService {
    std::uint64_t service = 0;
    std::uint64_t model = 0;
    std::string title;
};

/// The rows of one channel of its payer.
void add_channel(MoneySheet&, const ledger::ChannelId&, const ledger::Channel&,
                 const std::optional<PaidService>&, const eth::Address& contract);

/// The same of a channel that somebody's purse pays, for the purse's owner.
void add_purse_channel(MoneySheet&, const ledger::ChannelId&, const ledger::Channel&,
                       const std::optional<PaidService>&, const eth::Address& contract,
                       const eth::Address& owner);

/// What a purse holds and has not set aside for a service.
void add_purse(MoneySheet&, const relay::PurseState&, const eth::Address& token);

/// Reads what splits owe and have paid to `account`, its wallet, and the chain's own coin.
Task<void> add_chain_side(MoneySheet&, chain::Rpc&, const chain::Deployment&, eth::Address account,
                          std::vector<std::pair<eth::Address, std::uint32_t>> splits);

json::object to_json(const MoneySheet&, const chain::Deployment&, const eth::Address& account);
std::string to_csv(const MoneySheet&);

}  // namespace stoa::gateway
