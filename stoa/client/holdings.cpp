#include "stoa/client/holdings.hpp"

#include "stoa/base/time.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/units.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

std::string owner_of(Context& context, const OwnerOptions& options) {
    if (options.address.empty()) return to_checksum(context.key_entry(options.key).address);
    return to_checksum(value_or_failure(eth::parse_address(options.address), "--address",
                                        "Write it as 0x and 40 digits."));
}

std::string money_text(const json::value& units, unsigned decimals) {
    return format_units(parse_amount(units.as_string()).value_or(Amount{}), decimals);
}

}  // namespace

std::string text_in(const json::value& object, const char* key) {
    const json::value* value = object.is_object() ? object.get_object().if_contains(key) : nullptr;
    return value && value->is_string() ? printable(value->get_string()) : std::string{};
}

const json::array& items_of(const json::value& answer) {
    static const json::array none;
    const json::value* items =
        answer.is_object() ? answer.get_object().if_contains("items") : nullptr;
    return items && items->is_array() ? items->get_array() : none;
}

std::string item_text(const json::value& item, unsigned decimals) {
    std::string text = "  " + money_text(item.at("amount"), decimals) + ' ' +
                       text_in(item, "state") + " at " + text_in(item, "where") + ": " +
                       text_in(item, "why") + '\n';
    text += "      " + text_in(item, "how");
    const json::value& until = item.at("until");
    if (until.is_int64()) text += " From " + to_rfc3339(unix_time(until.as_int64())) + '.';
    const std::string transaction = text_in(item, "transaction");
    if (!transaction.empty()) text += " Transaction " + transaction + '.';
    return text + '\n';
}

Task<void> licence(Context& context, const OwnerOptions& options) {
    const std::string owner = owner_of(context, options);
    const json::value answer = co_await context.node.get("/api/licences?owner=" + owner);
    std::string text;
    for (const json::value& item : items_of(answer)) {
        const auto& fields = item.as_object();
        const auto expires = fields.at("expires").to_number<std::int64_t>();
        text += "licence " + text_in(item, "id") + ": " + text_in(item, "modelTitle") + ", " +
                (fields.at("valid").as_bool() ? "valid" : "not valid") + ", " +
                (expires == 0 ? "for ever" : "until " + to_rfc3339(unix_time(expires))) + '\n';
    }
    context.out.result(answer, text.empty() ? owner + " holds no licence." : text);
}

Task<void> money(Context& context, const OwnerOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const std::string owner = owner_of(context, options);
    const json::value answer = co_await context.node.get("/api/money?address=" + owner);
    std::string text = owner + '\n';
    for (const json::value& row : answer.at("tokens").as_array()) {
        const auto decimals = row.at("decimals").to_number<unsigned>();
        text += text_in(row, "symbol") + ":";
        for (const char* kind : {"wallet", "locked", "charged", "refundable", "transit", "earned",
                                 "claimable", "claimed"}) {
            text += std::string{" "} + kind + ' ' + money_text(row.at(kind), decimals);
        }
        text += '\n';
    }
    for (const json::value& item : items_of(answer)) {
        const auto token = eth::parse_address_any_case(item.at("token").as_string());
        const unsigned decimals = token ? deployment.token(*token).decimals : 0;
        text += item_text(item, decimals);
    }
    context.out.result(answer, text);
}

}  // namespace stoa::client
