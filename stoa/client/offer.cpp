#include "stoa/base/hex.hpp"
#include "stoa/base/time.hpp"
#include "stoa/client/chain.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/client/listing.hpp"
#include "stoa/client/units.hpp"
#include "stoa/market/terms.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxTermsBytes = 64 * 1024;
constexpr std::uint64_t kSecondsADay = 86'400;
constexpr unsigned kSaleDecimals = 9;
const U256 kLn2{693'147'180};  // in billionths

Amount parse_price(const std::string& text, const TokenInfo& token, const char* option) {
    const Amount price = value_or_failure(parse_units(text, token.decimals), option,
                                          "Write it as 1.50, in " + token.symbol + '.');
    if (price.units >> 96 != 0) {
        throw Failure("out_of_range", std::string(option) + " is more than an offer can ask.",
                      "Name a smaller price.");
    }
    return price;
}

/// A price that moves needs all three, and one that does not none.
PriceCurve curve_of(const CurveOptions& options, const Amount& floor, const TokenInfo& token) {
    PriceCurve curve;
    curve.cap = floor;
    const int given =
        !options.up_to.empty() + !options.per_day.empty() + !options.doubles_after.empty();
    if (given == 0) return curve;
    if (given != 3) {
        throw Failure("half_a_curve", "Only a part of how the price moves is named.",
                      "Name --up-to, --per-day and --doubles-after, or none of them.");
    }
    curve.cap = parse_price(options.up_to, token, "--up-to");
    curve.target_per_day = value_or_failure(parse_units(options.per_day, kSaleDecimals),
                                            "--per-day", "Write it as 10 or 0.5.");
    const Amount doubles = value_or_failure(parse_units(options.doubles_after, kSaleDecimals),
                                            "--doubles-after", "Write it as 20 or 1.5.");
    curve.sensitivity = Amount{doubles.units * 1'000'000'000 / kLn2};
    const bool moves = curve.cap > floor && curve.target_per_day.units != 0 &&
                       curve.sensitivity.units >= 1'000'000;
    if (curve.target_per_day.units >> 64 != 0 || curve.sensitivity.units >> 64 != 0) {
        throw Failure("out_of_range", "No model sells so often.",
                      "Name smaller figures for --per-day and --doubles-after.");
    }
    if (!moves) {
        throw Failure("no_curve", "No price moves so.",
                      "--up-to is above the price, --per-day above 0, --doubles-after at least "
                      "0.001.");
    }
    return curve;
}

std::string price_text(const Amount& floor, const PriceCurve& curve, const TokenInfo& token) {
    const std::string from = format_units(floor, token.decimals);
    if (curve.cap == floor) return from + ' ' + token.symbol;
    return from + " to " + format_units(curve.cap, token.decimals) + ' ' + token.symbol +
           " by demand";
}

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
    terms.price = parse_price(options.price, token, "--price");
    terms.curve = curve_of(options.curve, terms.price, token);
    const std::string price = price_text(terms.price, terms.curve, token);
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
                           std::string{model.at("title").as_string()} + " at " + price);
}

Task<void> reprice(Context& context, const RepriceOptions& options) {
    using eth::abi::Value;
    const Deployment& deployment = *co_await context.node.deployment();
    const json::value sold =
        co_await context.node.get("/api/offers/" + io::percent_encode(options.offer));
    const json::array& before = sold.at("prices").as_array();
    if (before.size() != 1) {
        throw Failure("several_tokens", "The offer is sold for several tokens.",
                      "Announce their prices by a transaction to the market: announcePrices.");
    }
    const TokenInfo& token = deployment.token(before[0].at("token").as_string());
    const Amount floor = parse_price(options.price, token, "--price");
    const PriceCurve curve = curve_of(options.curve, floor, token);

    std::vector<Value> price;
    price.emplace_back(token.address);
    price.emplace_back(floor);
    price.emplace_back(curve.cap);
    std::vector<Value> prices;
    prices.emplace_back(std::move(price));
    std::vector<Value> arguments;
    arguments.emplace_back(
        value_or_failure(parse_decimal(sold.at("id").as_string()), options.offer, ""));
    arguments.emplace_back(std::move(prices));
    arguments.emplace_back(curve.target_per_day);
    arguments.emplace_back(curve.sensitivity);
    const auto seller = context.signer(options.key);
    const eth::Address market = deployment.contract("Market");
    Chain chain{context.node, deployment.chain_id};
    const Sent sent = co_await chain.transact(*seller, market,
                                              market_contract::kAnnouncePrices.encode(arguments));
    const auto event = find_event(sent, market, market_contract::kPricesAnnounced);
    const std::uint64_t from = event.at(4).as_u64();
    context.out.result(
        {{"offer", sold.at("id")}, {"from", from}, {"transaction", to_hex(sent.transaction)}},
        "Offer " + options.offer + " costs " + price_text(floor, curve, token) + " from " +
            to_rfc3339(UnixTime{std::chrono::seconds{from}}) +
            " on; until then the old price holds.");
}

}  // namespace stoa::client
