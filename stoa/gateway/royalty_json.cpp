#include "stoa/gateway/royalty_json.hpp"

#include <algorithm>

#include "stoa/gateway/market_json.hpp"

namespace stoa::gateway {
namespace {

using catalogue::PaidSplit;
using market::Part;
using market::SplitState;

/// What one payee has of one split, or of all of them.
struct Earned {
    std::uint32_t whole = 0;
    Amount claimed;
    Amount due;
    Amount transit;
    Amount gets;

    Earned& operator+=(const Earned& other) {
        claimed += other.claimed;
        due += other.due;
        transit += other.transit;
        gets += other.gets;
        return *this;
    }
};

struct Person {
    Earned earned;
    U256 parts;  ///< As market::wholes.
    std::string role;
};

std::string role_of(const PaidSplit& split, const Royalties& it, const eth::Address& account) {
    for (const auto& one : split.roles) {
        const auto address = eth::parse_address_any_case(one.account);
        if (address && *address == account) return one.role;
    }
    const bool serves = split.service && it.query.service && account != it.query.pay_to;
    return serves ? "provider" : "";
}

Earned earned_of(const Royalties& it, std::size_t split, std::size_t part) {
    const Part& now = it.now[split].parts[part];
    const Part& drawn = it.drawn[split].parts[part];
    const Part& sold = it.sold[split].parts[part];
    Earned earned;
    earned.claimed = now.claimed;
    earned.due = market::due(it.now[split], now);
    earned.transit = drawn.claimed - now.claimed - earned.due;
    earned.gets = sold.claimed - drawn.claimed;
    return earned;
}

void put_earned(json::object& object, const Earned& earned, bool is_sale) {
    object["claimed"] = text(earned.claimed);
    object["due"] = text(earned.due);
    object["transit"] = text(earned.transit);
    if (!is_sale) return;
    const Amount before = earned.claimed + earned.due + earned.transit;
    object["before"] = text(before);
    object["gets"] = text(earned.gets);
    object["after"] = text(before + earned.gets);
}

void put_names(json::object& object, const PaidSplit& split) {
    if (split.model) object["model"] = text(*split.model);
    if (split.service) object["service"] = text(*split.service);
    if (split.slug.empty()) return;
    object["name"] = model_name(split.registrant, split.slug);
    object["title"] = split.title;
}

std::string_view kind_of(const PaidSplit& split) {
    if (split.service) return "service";
    return split.model ? "model" : "split";
}

json::array sources_of(const Royalties& it) {
    json::array list;
    for (const auto& source : it.sources) {
        const auto settle =
            std::ranges::find(it.settles, source.split.address, &RoyaltySettle::receiver);
        json::object object{{"address", text(source.split.address)},
                            {"kind", kind_of(source.split)},
                            {"share", source.share},
                            {"due", text(source.due)}};
        object["settling"] = text(settle == it.settles.end() ? Amount{} : settle->amount);
        put_names(object, source.split);
        list.push_back(std::move(object));
    }
    return list;
}

json::array people_of(const std::map<eth::Address, Person>& people, bool is_sale) {
    std::vector<std::pair<eth::Address, const Person*>> ordered;
    for (const auto& [account, person] : people) ordered.emplace_back(account, &person);
    std::ranges::stable_sort(
        ordered, [](const auto& a, const auto& b) { return a.second->parts > b.second->parts; });
    json::array list;
    for (const auto& [account, person] : ordered) {
        json::object object{{"account", text(account)},
                            {"whole", market::part_of_whole(person->parts, 1)}};
        if (!person->role.empty()) object["role"] = person->role;
        put_earned(object, person->earned, is_sale);
        list.push_back(std::move(object));
    }
    return list;
}

json::object pulls_of(const Royalties& it) {
    json::array settles;
    for (const auto& settle : it.settles) {
        settles.push_back(
            json::object{{"receiver", text(settle.receiver)}, {"amount", text(settle.amount)}});
    }
    json::array pulls;
    for (const auto& one : it.pulls) {
        json::object pull{{"split", text(one.pull.split)},
                          {"account", text(one.pull.account)},
                          {"amount", text(one.pull.amount)}};
        if (one.refused) pull["refused"] = true;
        pulls.push_back(std::move(pull));
    }
    return {{"pullable", text(pullable(it))},
            {"settles", std::move(settles)},
            {"pulls", std::move(pulls)}};
}

}  // namespace

Amount pullable(const Royalties& it) {
    Amount sum;
    for (const auto& one : it.pulls) {
        if (one.refused) continue;
        const bool is_split =
            std::ranges::find(it.splits, one.pull.account, &PaidSplit::address) != it.splits.end();
        if (!is_split && one.pull.account != it.query.pay_to) sum += one.pull.amount;
    }
    return sum;
}

json::object to_json(const Royalties& it, const chain::Deployment& deployment) {
    const bool is_sale = it.query.amount.has_value();
    const auto parts = market::wholes(it.now);
    std::map<eth::Address, Person> people;
    json::array splits;
    for (std::size_t i = 0; i < it.splits.size(); ++i) {
        const PaidSplit& split = it.splits[i];
        json::array payees;
        for (std::size_t j = 0; j < split.payees.size(); ++j) {
            const auto& payee = split.payees[j];
            const bool nested =
                std::ranges::find(it.splits, payee.account, &PaidSplit::address) != it.splits.end();
            const Earned earned = earned_of(it, i, j);
            json::object object{{"account", text(payee.account)},
                                {"share", payee.share},
                                {"whole", market::part_of_whole(parts[i], payee.share)},
                                {"kind", nested ? "split" : "account"}};
            const std::string role = nested ? "" : role_of(split, it, payee.account);
            if (!role.empty()) object["role"] = role;
            put_earned(object, earned, is_sale);
            payees.push_back(std::move(object));
            if (nested) continue;
            Person& person = people[payee.account];
            person.earned += earned;
            person.parts += parts[i] * payee.share;
            if (person.role.empty()) person.role = role;
        }
        json::object object{{"address", text(split.address)},
                            {"kind", kind_of(split)},
                            {"level", split.level},
                            {"whole", market::part_of_whole(parts[i], market::kWhole)},
                            {"received", text(it.now[i].received)},
                            {"waits", text(market::Waterfall::waits(it.drawn[i]))}};
        if (is_sale) object["waitsAfter"] = text(market::Waterfall::waits(it.sold[i]));
        put_names(object, split);
        object["payees"] = std::move(payees);
        splits.push_back(std::move(object));
    }
    const auto* token = deployment.token(it.query.token);
    json::object object = pulls_of(it);
    object["model"] = text(it.query.model);
    object["payTo"] = text(it.query.pay_to);
    object["token"] = text(it.query.token);
    object["decimals"] = token ? token->decimals : 18;
    object["block"] = it.block;
    object["amount"] = is_sale ? json::value(text(*it.query.amount)) : json::value(nullptr);
    object["complete"] = it.splits.size() < catalogue::kMaxPaidSplits;
    object["sources"] = sources_of(it);
    object["splits"] = std::move(splits);
    object["payees"] = people_of(people, is_sale);
    return object;
}

}  // namespace stoa::gateway
