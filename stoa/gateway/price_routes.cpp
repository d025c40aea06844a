#include "stoa/gateway/price_routes.hpp"

#include <algorithm>

#include "stoa/base/hex.hpp"
#include "stoa/chain/contract.hpp"
#include "stoa/gateway/market_json.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kMaxSales = 500;

const eth::abi::Function kPriceState{
    "priceState(uint256 offer,address token) returns ((uint256 price,uint96 floor,uint96 cap,"
    "uint96 renewalCap,uint256 excess,uint256 most,uint64 targetPerDay,uint64 sensitivity) state)"};
const eth::abi::Function kPendingPrices{
    "pendingPrices(uint256 offer) returns ((address token,uint96 floor,uint96 cap)[] prices,"
    "uint64 targetPerDay,uint64 sensitivity,uint40 effectiveAt)"};

json::string amount(const eth::abi::Value& value) {
    return text(value.as_amount());
}

json::array to_json(const std::vector<catalogue::SaleMade>& sales, const eth::Address& token) {
    json::array out;
    for (const auto& sale : sales) {
        if (sale.token != token) continue;
        out.push_back(json::object{{"time", sale.time},
                                   {"n", sale.n},
                                   {"amount", text(sale.amount)},
                                   {"excess", to_decimal(sale.excess)},
                                   {"transaction", to_hex(sale.transaction)}});
    }
    return out;
}

}  // namespace

PriceRoutes::PriceRoutes(catalogue::Catalogue& catalogue, const chain::Deployment& deployment,
                         chain::Rpc& rpc)
    : catalogue_(catalogue), deployment_(deployment), rpc_(rpc) {}

void PriceRoutes::add_to(Router& router) {
    router.add("GET", "/api/offers/{id}/prices", [this](Request& it) { return prices(it); });
}

Task<Answer> PriceRoutes::prices(Request& request) {
    const auto number = parse_decimal(request.param("id"), 63);
    std::optional<catalogue::Offer> offer;
    if (number) offer = co_await catalogue_.offer(static_cast<std::uint64_t>(*number));
    if (!offer || offer->prices.empty()) {
        co_return refuse(GatewayError::unknown_offer,
                         "No offer has the number \"" + request.param("id") + "\".");
    }
    eth::Address token = offer->prices.front().token;
    if (const auto named = request.query_parameter("token")) {
        const auto parsed = eth::parse_address_any_case(*named);
        const bool sold = parsed && std::ranges::any_of(offer->prices, [&](const auto& price) {
                              return price.token == *parsed;
                          });
        if (!sold) {
            co_return refuse(GatewayError::invalid_field,
                             "\"token\" must be one that the offer is sold for.", "token");
        }
        token = *parsed;
    }
    json::object object = co_await now(offer->id, token);
    object["next"] = co_await announced(offer->id);
    const auto sales = co_await catalogue_.sales_of(offer->id, kMaxSales);
    object["sales"] = to_json(sales, token);
    co_return io::json_response(200, json::serialize(object));
}

Task<json::object> PriceRoutes::now(std::uint64_t offer, eth::Address token) {
    std::vector<eth::abi::Value> arguments;
    arguments.emplace_back(offer);
    arguments.emplace_back(token);
    const auto answer = co_await chain::read(rpc_, deployment_.contract("Market"), kPriceState,
                                             std::move(arguments));
    if (!answer) throw chain::RpcFailure("the market does not say what an offer costs");
    const auto& state = answer->front();
    co_return json::object{{"token", text(token)},           {"price", amount(state[0])},
                           {"floor", amount(state[1])},      {"cap", amount(state[2])},
                           {"renewalCap", amount(state[3])}, {"excess", amount(state[4])},
                           {"most", amount(state[5])},       {"targetPerDay", amount(state[6])},
                           {"sensitivity", amount(state[7])}};
}

Task<json::value> PriceRoutes::announced(std::uint64_t offer) {
    std::vector<eth::abi::Value> arguments;
    arguments.emplace_back(offer);
    const auto answer = co_await chain::read(rpc_, deployment_.contract("Market"), kPendingPrices,
                                             std::move(arguments));
    if (!answer || answer->at(3).as_u64() == 0) co_return nullptr;
    json::array prices;
    for (const auto& price : answer->front().items()) {
        prices.push_back(json::object{{"token", text(price[0].as_address())},
                                      {"floor", amount(price[1])},
                                      {"cap", amount(price[2])}});
    }
    co_return json::object{{"prices", std::move(prices)},
                           {"targetPerDay", amount(answer->at(1))},
                           {"sensitivity", amount(answer->at(2))},
                           {"from", answer->at(3).as_u64()}};
}

}  // namespace stoa::gateway
