#include "stoa/base/hex.hpp"
#include "stoa/client/commands.hpp"
#include "stoa/client/contracts.hpp"
#include "stoa/client/units.hpp"
#include "stoa/market/order.hpp"
#include "stoa/market/terms.hpp"
#include "stoa/payment/json_reader.hpp"

namespace stoa::client {

namespace json = boost::json;

namespace {

constexpr std::uint64_t kValidSeconds = 3600;

Task<std::string> first_offer(Context& context, const std::string& model) {
    const json::value detail =
        co_await context.node.get("/api/models/" + io::percent_encode(model));
    for (const json::value& offer : detail.at("offers").as_array()) {
        if (offer.at("active").as_bool()) co_return std::string{offer.at("id").as_string()};
    }
    throw Failure("no_offer", "Nobody sells licences of " + model + " now.",
                  "Look for another model, or ask its creator.");
}

json::object json_of(const market::Order& order) {
    return {{"offer", to_decimal(order.offer)},
            {"termsDigest", to_hex(order.terms_digest)},
            {"holder", to_checksum(order.holder)},
            {"n", order.n},
            {"token", to_checksum(order.token)},
            {"maxPrice", to_decimal(order.max_price)},
            {"deadline", order.deadline},
            {"hall", to_decimal(order.hall)},
            {"relayFee", to_decimal(order.relay_fee)},
            {"salt", to_hex(order.salt)}};
}

/// The EIP-3009 signature that pays the order and commits to all of it.
eth::Signature sign_order(const Deployment& deployment, const TokenInfo& token,
                          const keys::Signer& buyer, const market::Order& order) {
    const eth::Address market = deployment.contract("Market");
    payment::TokenAuthorization message;
    message.from = buyer.address();
    message.to = market;
    message.value = order.max_price;
    message.valid_before = order.deadline;
    message.nonce = market::order_digest(deployment.chain_id, market, order);
    const Hash256 separator =
        eth::domain_separator({token.name, token.version, deployment.chain_id, token.address});
    return buyer.sign_typed_digest(payment::receive_authorization_digest(separator, message));
}

/// The text that the buyer agrees to must be the one that the chain names.
void check_terms(const json::value& offer, const Hash256& digest) {
    const json::value* terms = offer.as_object().if_contains("terms");
    if (terms && terms->is_string() &&
        market::terms_digest(std::string_view{terms->get_string()}) == digest) {
        return;
    }
    throw Failure("terms_differ", "The node doesn't have the text of this offer's terms.",
                  "Nothing was signed. Ask the seller to upload it, or use another node.");
}

}  // namespace

Task<void> buy(Context& context, const BuyOptions& options) {
    const Deployment& deployment = *co_await context.node.deployment();
    if (options.model.empty() && options.offer.empty()) {
        throw Failure("nothing_named", "There is nothing to buy.",
                      "Name a model, or an offer with --offer.");
    }
    std::string id = options.offer;
    if (id.empty()) id = co_await first_offer(context, options.model);
    const json::value offer = co_await context.node.get("/api/offers/" + io::percent_encode(id));
    bool failed = false;
    const payment::JsonReader in{&offer, failed};
    market::Order order;
    order.offer = in.number256("id");
    order.terms_digest = in.hash("termsDigest");
    order.token = in.object("price").address("token");
    if (failed) throw Failure("bad_answer", "The offer can't be read.", "Try `stoa doctor`.");
    check_terms(offer, order.terms_digest);

    const auto buyer = context.signer(options.key);
    const TokenInfo& token = deployment.token(order.token);
    const json::value relay =
        co_await context.node.get("/api/relay?token=" + to_checksum(token.address) +
                                  "&payer=" + to_checksum(buyer->address()));
    const payment::JsonReader fees{&relay, failed};
    order.relay_fee = fees.object("fees").amount("order");
    if (failed)
        throw Failure("bad_answer", "The relay's fees can't be read.", "Try `stoa doctor`.");
    order.holder = buyer->address();
    order.n = options.n;
    order.deadline = context.now() + kValidSeconds;
    order.salt = random_hash();

    Chain chain{context.node, deployment.chain_id};
    std::vector<eth::abi::Value> question;
    question.emplace_back(order.offer);
    question.emplace_back(order.token);
    question.emplace_back(order.n);
    const auto quote =
        co_await chain.read(deployment.contract("Market"), market_contract::kQuote, question);
    const Amount price = quote.at(0).as_amount();
    order.max_price = price + order.relay_fee;
    if (!options.max_price.empty()) {
        const Amount most = value_or_failure(parse_units(options.max_price, token.decimals),
                                             "--max-price", "Write it as 1.50.");
        if (most < order.max_price) {
            throw Failure("price_above_max",
                          "It costs " + format_units(order.max_price, token.decimals) + ' ' +
                              token.symbol + '.',
                          "Nothing was signed. Raise --max-price, or leave it.");
        }
        order.max_price = most;
    }

    json::object authorization;
    authorization["from"] = to_checksum(buyer->address());
    authorization["validAfter"] = 0;
    authorization["validBefore"] = order.deadline;
    authorization["signature"] = eth::to_hex(sign_order(deployment, token, *buyer, order));
    json::object request;
    request["kind"] = "order";
    request["order"] = json_of(order);
    request["authorization"] = std::move(authorization);
    const json::value answer = co_await context.node.post("/api/relay", std::move(request));

    std::string numbers;
    for (const json::value& licence : answer.at("licences").as_array()) {
        numbers += (numbers.empty() ? "" : ", ") + std::string{licence.as_string()};
    }
    context.out.result(answer, "Bought licence " + numbers + " for " +
                                   format_units(price, token.decimals) + ' ' + token.symbol);
}

}  // namespace stoa::client
