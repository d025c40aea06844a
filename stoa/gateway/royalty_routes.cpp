#include "stoa/gateway/royalty_routes.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/gateway/market_json.hpp"
#include "stoa/gateway/relay_fields.hpp"
#include "stoa/gateway/royalty_json.hpp"

namespace stoa::gateway {
namespace {

constexpr unsigned kAmountBits = 128;

tl::unexpected<Problem> bad(std::string_view name, std::string_view expected) {
    return refuse(GatewayError::invalid_field,
                  "\"" + std::string(name) + "\" must be " + std::string(expected) + ".",
                  std::string(name));
}

}  // namespace

void RoyaltyRoutes::add_to(Router& router) {
    router.add("GET", "/api/models/{id}/royalties",
               [this](Request& request) { return royalties(request); });
}

/// `token` is an address or empty: the first of the deployment.
Task<OrProblem<RoyaltyQuery>> RoyaltyRoutes::query_of(std::string name, std::string token) {
    RoyaltyQuery query;
    const auto model = co_await parts_.market.resolve(name);
    std::optional<eth::Address> pay_to;
    if (model) pay_to = co_await parts_.catalogue.pay_to(*model);
    if (!pay_to) {
        co_return refuse(GatewayError::unknown_model, "No model is called \"" + name + "\" here.");
    }
    query.model = *model;
    query.pay_to = *pay_to;
    const auto& tokens = parts_.deployment.tokens;
    if (!tokens.empty()) query.token = tokens.front().address;
    if (!token.empty()) {
        const auto address = eth::parse_address_any_case(token);
        const bool known = address && (*address == eth::kZeroAddress ||
                                       parts_.deployment.token(*address) != nullptr);
        if (!known) co_return bad("token", "a token of /api/deployment, or the zero address");
        query.token = *address;
    }
    co_return query;
}

Task<Answer> RoyaltyRoutes::royalties(Request& request) {
    const auto text_of = [&](std::string_view name) {
        return std::string(request.query_parameter(name).value_or(""));
    };
    auto asked = co_await query_of(request.param("id"), text_of("token"));
    if (!asked) co_return tl::unexpected(std::move(asked.error()));
    RoyaltyQuery query = *std::move(asked);
    if (const std::string amount = text_of("amount"); !amount.empty()) {
        const auto parsed = parse_amount(amount, kAmountBits);
        if (!parsed) co_return bad("amount", "a whole number of the token's smallest unit");
        query.amount = *parsed;
    }
    if (const std::string number = text_of("service"); !number.empty()) {
        const auto id = parse_decimal(number, 63);
        std::optional<catalogue::Service> service;
        if (id) {
            service = co_await parts_.catalogue.service(static_cast<std::uint64_t>(*id),
                                                        parts_.clock.now());
        }
        if (!service || service->model != query.model) {
            co_return bad("service", "the number of a service of this model");
        }
        query.service = std::move(service);
    }
    const Royalties royalties = co_await reader_.read(std::move(query));
    auto response = io::json_response(200, json::serialize(to_json(royalties, parts_.deployment)));
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

/// Anyone may: it pays those only who are due. It counts against the model's own free quota.
Task<Answer> RoyaltyRoutes::release(const Fields& fields) {
    STOA_CO_CHECK(fields.only({"kind", "model", "token"}));
    STOA_CO_TRY(model, fields.text("model"));
    STOA_CO_TRY(token, fields.address("token"));
    auto asked = co_await query_of(std::move(model), eth::to_checksum(token));
    if (!asked) co_return tl::unexpected(std::move(asked.error()));
    const Royalties royalties = co_await reader_.read(*std::move(asked));
    relay::Release it;
    it.pay_to = royalties.query.pay_to;
    it.token = token;
    it.data = reader_.release_call(royalties);
    it.worth = pullable(royalties);
    // What was received so far makes the same claims another wish later on.
    std::string wish = to_hex(eth::keccak256(it.data));
    for (const auto& state : royalties.drawn) wish += ":" + to_decimal(state.received);
    it.wish = to_hex(eth::keccak256(wish));
    const auto done = co_await parts_.relay.release(std::move(it));
    if (!done) co_return refused(done.error());
    parts_.kick();
    json::object body = inclusion_json(*done);
    body["amount"] = text(pullable(royalties));
    co_return io::json_response(200, json::serialize(body));
}

}  // namespace stoa::gateway
