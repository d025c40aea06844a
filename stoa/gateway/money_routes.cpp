#include "stoa/gateway/money_routes.hpp"

#include "stoa/gateway/market_json.hpp"

namespace stoa::gateway {
namespace {

bool wants_csv(const Request& request) {
    return request.query_parameter("format") == "csv" ||
           request.headers.get("accept").value_or("").starts_with("text/csv");
}

}  // namespace

void MoneyRoutes::add_to(Router& router) {
    router.add("GET", "/api/money", [this](Request& request) { return money(request); });
}

Task<Answer> MoneyRoutes::money(Request& request) {
    const auto account =
        eth::parse_address_any_case(request.query_parameter("address").value_or(""));
    if (!account) {
        co_return refuse(GatewayError::invalid_field,
                         "The parameter \"address\" must be an address.", "address");
    }
    const bool csv = wants_csv(request);
    MoneyReader reader(parts_, *account);
    const MoneySheet sheet = co_await reader.read(csv);
    auto response =
        csv ? io::text_response(200, sheet.to_csv(parts_.deployment), "text/csv; charset=utf-8")
            : io::json_response(200, json::serialize(sheet.to_json(parts_.deployment)));
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

}  // namespace stoa::gateway
