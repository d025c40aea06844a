#include "stoa/gateway/money_routes.hpp"

#include "stoa/gateway/market_json.hpp"

namespace stoa::gateway {
namespace {

bool wants_csv(const Request& request) {
    return request.query_parameter("format") == "csv" ||
           request.headers.get("accept").value_or("").starts_with("text/csv");
}

}  // namespace

MoneyRoutes::MoneyRoutes(const ledger::Ledger& ledger, catalogue::Catalogue& catalogue,
                         const chain::Deployment& deployment, chain::Rpc& rpc,
                         const io::Clock& clock)
    : ledger_(ledger),
      catalogue_(catalogue),
      deployment_(deployment),
      rpc_(rpc),
      clock_(clock),
      purses_(rpc, deployment) {}

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
    MoneySheet sheet;
    co_await add_channels(sheet, *account, std::nullopt);
    co_await add_purses(sheet, *account);
    auto splits = co_await catalogue_.splits_of(*account);
    co_await add_chain_side(sheet, rpc_, deployment_, *account, std::move(splits));
    auto response =
        wants_csv(request)
            ? io::text_response(200, to_csv(sheet), "text/csv; charset=utf-8")
            : io::json_response(200, json::serialize(to_json(sheet, deployment_, *account)));
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

/// Those that `payer` pays, which may be the purse of `owner`.
Task<void> MoneyRoutes::add_channels(MoneySheet& sheet, eth::Address payer,
                                     std::optional<eth::Address> owner) {
    const eth::Address contract = deployment_.contract("Channels");
    const auto channels = ledger_.book().of_payer(payer);
    for (const auto& id : channels) {
        const auto* known = ledger_.book().find(id);
        if (!known) continue;
        const ledger::Channel channel = *known;
        std::optional<PaidService> paid;
        if (const auto service =
                co_await catalogue_.service_of_receiver(channel.config.receiver, clock_.now())) {
            const auto model = co_await catalogue_.summary(service->model, clock_.now());
            paid = PaidService{service->id, service->model, model ? model->title : std::string{}};
        }
        if (owner) {
            add_purse_channel(sheet, id, channel, paid, contract, *owner);
        } else {
            add_channel(sheet, id, channel, paid, contract);
        }
    }
}

Task<void> MoneyRoutes::add_purses(MoneySheet& sheet, eth::Address owner) {
    if (!purses_.is_here()) co_return;
    for (const auto& token : deployment_.tokens) {
        const auto purse = co_await purses_.state(owner, token.address);
        add_purse(sheet, purse, token.address);
        co_await add_channels(sheet, purse.purse, owner);
    }
}

}  // namespace stoa::gateway
