#include "stoa/gateway/money_sheet.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/base/time.hpp"
#include "stoa/gateway/market_json.hpp"

namespace stoa::gateway {
namespace {

json::object item_json(const MoneyItem& it) {
    json::object item{{"id", it.id},
                      {"kind", it.kind},
                      {"side", it.side},
                      {"token", text(it.token)},
                      {"amount", text(it.amount)},
                      {"state", it.state},
                      {"where", text(it.where)},
                      {"why", it.why},
                      {"how", it.how},
                      {"until", nullptr},
                      {"transaction", nullptr},
                      {"partOf", nullptr}};
    if (it.until) item["until"] = *it.until;
    if (it.transaction) item["transaction"] = to_hex(*it.transaction);
    if (!it.part_of.empty()) item["partOf"] = it.part_of;
    if (!it.extra.empty()) item[it.kind] = it.extra;
    return item;
}

/// Spreadsheets run what begins like a formula.
std::string csv_text(const std::string& text) {
    std::string quoted = "\"";
    if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
        quoted += '\'';
    }
    for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    return quoted + '"';
}

}  // namespace

void MoneySheet::add(MoneyItem item) {
    if (item.amount == Amount{} && !item.stays) return;
    if (!ids_.insert(item.id).second) return;
    if (item.part_of.empty()) count(item);
    items_.push_back(std::move(item));
}

void MoneySheet::count(const MoneyItem& item) {
    MoneySums& sums = sums_[item.token];
    if (item.kind == "wallet") {
        sums.wallet += item.amount;
    } else if (item.kind == "transit") {
        sums.transit += item.amount;
    } else if (item.kind == "receiver" || item.side == "provider") {
        if (item.kind != "split") sums.earned += item.amount;
    } else if (item.kind == "split") {
        if (item.state == "claimable") sums.claimable += item.amount;
    } else {
        sums.locked += item.amount;
        if (item.state == "charged") sums.charged += item.amount;
        if (item.state == "refundable" || item.state == "withdrawing") {
            sums.refundable += item.amount;
        }
    }
}

json::object MoneySheet::to_json(const chain::Deployment& deployment) const {
    json::array tokens;
    for (const auto& [address, sums] : sums_) {
        const chain::Token* token = deployment.token(address);
        tokens.push_back(json::object{{"token", text(address)},
                                      {"symbol", token ? token->symbol : std::string("?")},
                                      {"decimals", token ? token->decimals : 0},
                                      {"wallet", text(sums.wallet)},
                                      {"locked", text(sums.locked)},
                                      {"charged", text(sums.charged)},
                                      {"refundable", text(sums.refundable)},
                                      {"transit", text(sums.transit)},
                                      {"earned", text(sums.earned)},
                                      {"claimable", text(sums.claimable)},
                                      {"claimed", text(sums.claimed)}});
    }
    json::array items;
    for (const auto& it : items_) items.push_back(item_json(it));
    return {{"address", text(account_)},
            {"tokens", std::move(tokens)},
            {"items", std::move(items)},
            {"native", to_decimal(native_)}};
}

std::string MoneySheet::to_csv(const chain::Deployment& deployment) const {
    std::string csv =
        "id,side,kind,state,token,symbol,decimals,amount,where,part_of,until,transaction,why,"
        "how\r\n";
    for (const auto& it : items_) {
        const chain::Token* token = deployment.token(it.token);
        csv += it.id + "," + it.side + "," + it.kind + "," + it.state + "," +
               eth::to_checksum(it.token) + "," + csv_text(token ? token->symbol : "") + "," +
               std::to_string(token ? token->decimals : 0) + "," + to_decimal(it.amount) + "," +
               eth::to_checksum(it.where) + "," + it.part_of + "," +
               (it.until ? to_rfc3339(unix_time(*it.until)) : "") + "," +
               (it.transaction ? to_hex(*it.transaction) : "") + "," + csv_text(it.why) + "," +
               csv_text(it.how) + "\r\n";
    }
    return csv;
}

}  // namespace stoa::gateway
