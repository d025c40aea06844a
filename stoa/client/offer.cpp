#include "stoa/base/hex.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/listing.hpp"
#include "stoa/client/units.hpp"
#include "stoa/market/terms.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxTermsBytes = 64 * 1024;
constexpr std::uint64_t kSecondsADay = 86'400;

}  // namespace

Task<void> offer(Context& context, const OfferOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    const TokenInfo& token = deployment.token(std::string_view{options.token});
    const json::value model =
        co_await context.node.get("/api/models/" + io::percent_encode(options.model));
    LicenceTerms terms;
    terms.model = value_or_failure(parse_decimal(model.at("id").as_string()), options.model, "");
    terms.title = std::string{model.at("title").as_string()};
    terms.token = token.address;
    terms.price = value_or_failure(parse_units(options.price, token.decimals), "--price",
                                   "Write it as 1.50, in " + token.symbol + '.');
    terms.rights = value_or_failure(market::parse_rights(options.rights), "--rights",
                                    "Join those you sell by commas.");
    terms.period_seconds = options.period_days * kSecondsADay;
    terms.seats = options.seats;
    if (!options.terms.empty()) terms.text = read_input(options.terms, kMaxTermsBytes);

    const auto seller = context.signer(options.key);
    OfferMade made = co_await create_offer(context, deployment, *seller, std::move(terms));
    const Hash256 digest = market::terms_digest(made.text);
    co_await upload(context, "/api/terms/" + to_hex(digest), std::move(made.text),
                    "text/plain; charset=utf-8");
    context.out.result({{"offer", to_decimal(made.id)},
                        {"termsDigest", to_hex(digest)},
                        {"transaction", to_hex(made.transaction)}},
                       "Offer " + to_decimal(made.id) + ": licences of " +
                           std::string{model.at("title").as_string()} + " at " + options.price +
                           ' ' + token.symbol);
}

}  // namespace stoa::client
