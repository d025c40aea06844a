#include "stoa/client/commands.hpp"
#include "stoa/client/lineage.hpp"
#include "stoa/client/units.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.insert(0, width - text.size(), ' ');
    return text;
}

/// One row for each who is paid: the columns of `keys`, then who it is.
std::string table_of(const json::value& royalties, const TokenInfo& token,
                     std::initializer_list<const char*> keys) {
    constexpr std::size_t kWidth = 14;
    std::string text;
    for (const char* key : keys) text += padded(key, kWidth);
    text += "   in " + token.symbol + '\n';
    for (const json::value& payee : royalties.at("payees").as_array()) {
        for (const char* key : keys) {
            const auto amount = parse_amount(payee.at(key).as_string()).value_or(Amount{});
            text += padded(format_units(amount, token.decimals), kWidth);
        }
        text += "   " + printable(payee.at("account").as_string());
        if (const auto* role = payee.as_object().if_contains("role")) {
            text += "  " + printable(role->as_string());
        }
        text += '\n';
    }
    return text;
}

}  // namespace

Task<void> royalties(Context& context, const RoyaltyOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = deployment.token(std::string_view{options.token});
    std::string target = "/api/models/" + io::percent_encode(options.model) +
                         "/royalties?token=" + eth::to_checksum(token.address);
    if (!options.amount.empty()) {
        const Amount amount =
            value_or_failure(parse_units(options.amount, token.decimals), "--amount",
                             "Write it as 5.00, in " + token.symbol + '.');
        target += "&amount=" + to_decimal(amount);
    }
    if (!options.service.empty()) target += "&service=" + io::percent_encode(options.service);
    const json::value answer = co_await context.node.get(target);
    const auto& first = answer.at("splits").at(0);
    std::string text = "Of all that comes in:\n";
    text += split_text(answer, first.at("address").as_string(), market::kWhole, "  ") + '\n';
    text += answer.at("amount").is_null() ? table_of(answer, token, {"claimed", "due", "transit"})
                                          : table_of(answer, token, {"before", "gets", "after"});
    const auto waits = parse_amount(answer.at("pullable").as_string()).value_or(Amount{});
    if (waits > Amount{}) {
        text += "\n" + format_units(waits, token.decimals) + ' ' + token.symbol +
                " wait to be paid out: stoa claim " + options.model + '\n';
    }
    context.out.result(answer, text);
}

}  // namespace stoa::client
