#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "stoa/base/amount.hpp"
#include "stoa/chain/deployment.hpp"

namespace stoa::gateway {

namespace json = boost::json;

/// Money in one state. Whatever `partOf` leaves empty is counted once: the rows of everybody, each
/// id once, add up to what the chain says that `where` holds.
struct MoneyItem {
    MoneyItem() = default;  // not an aggregate: GCC 12 destroys those twice across an await

    std::string id;    ///< Names this money, the same in everybody's sheet.
    std::string kind;  ///< wallet, purse, channel, receiver, split, transit.
    std::string side;  ///< Seen as: buyer, provider, payee.
    eth::Address token;
    Amount amount;
    std::string state;
    eth::Address where;
    std::string why;
    std::string how;  ///< It is freed.
    std::optional<std::int64_t> until;
    std::optional<Hash256> transaction;  ///< Which put it there.
    std::string part_of;                 ///< The row that has this and more of it.
    json::object extra;                  ///< The member named as the kind.
    bool stays = false;                  ///< Shown with nothing in it, too.
};

/// What one token adds up to.
struct MoneySums {
    Amount wallet;
    Amount locked;
    Amount charged;
    Amount refundable;
    Amount transit;
    Amount earned;
    Amount claimable;
    Amount claimed;  ///< Drawn from splits so far.
};

class MoneySheet {
  public:
    explicit MoneySheet(const eth::Address& account) : account_(account) {}

    /// Leaves out what is in the sheet already.
    void add(MoneyItem);
    /// A token that is shown also where nothing of it is there.
    void show(const eth::Address& token) { sums_[token]; }
    void add_drawn(const eth::Address& token, const Amount& amount) {
        sums_[token].claimed += amount;
    }
    void set_native(U256 coins) { native_ = std::move(coins); }

    const std::vector<MoneyItem>& items() const { return items_; }
    const eth::Address& account() const { return account_; }
    json::object to_json(const chain::Deployment&) const;
    /// One row an item, in columns that stay.
    std::string to_csv(const chain::Deployment&) const;

  private:
    void count(const MoneyItem&);

    eth::Address account_;
    std::map<eth::Address, MoneySums> sums_;
    std::vector<MoneyItem> items_;
    std::set<std::string> ids_;
    U256 native_;
};

}  // namespace stoa::gateway
