#include "stoa/gateway/admin_routes.hpp"

#include <boost/json.hpp>

#include "stoa/gateway/problem.hpp"

namespace stoa::gateway {

namespace json = boost::json;

AdminRoutes::AdminRoutes(ledger::Settler& settler, ledger::Ledger& ledger,
                         ledger::ChannelReader reader, const ServedModels& served,
                         eth::Address provider)
    : settler_(settler), ledger_(ledger), reader_(reader), served_(served), provider_(provider) {}

Task<io::Response> AdminRoutes::handle(io::Request& request) {
    if (request.path == "/status" && request.method == io::Method::get) co_return status();
    if (request.path == "/claim" && request.method == io::Method::post) co_return co_await claim();
    co_return to_response(problem_of(GatewayError::unknown_route), ProblemShape::document);
}

io::Response AdminRoutes::status() const {
    json::array models;
    for (const auto& model : served_.all()) {
        json::object row{{"alias", model->alias},
                         {"model", std::to_string(model->model)},
                         {"open", model->is_open()}};
        if (model->service) row["service"] = std::to_string(model->service->id);
        models.push_back(std::move(row));
    }
    return io::json_response(
        200, json::serialize(json::object{{"provider", eth::to_checksum(provider_)},
                                          {"channels", ledger_.book().channels().size()},
                                          {"models", std::move(models)}}));
}

Task<std::vector<ledger::ChannelReader::Receiver>> AdminRoutes::receivers() {
    std::vector<ledger::ChannelReader::Receiver> all;
    const auto services = served_.services_ever();
    for (const auto& service : services) {
        all.push_back(co_await reader_.receiver(service.receiver, service.token));
    }
    co_return all;
}

Task<io::Response> AdminRoutes::claim() {
    const auto before = co_await receivers();
    co_await settler_.settle_everything();
    const auto after = co_await receivers();
    Amount claimed;
    Amount settled;
    for (std::size_t i = 0; i < before.size() && i < after.size(); ++i) {
        claimed += after[i].claimed - before[i].claimed;
        settled += after[i].settled - before[i].settled;
    }
    Amount total;
    for (const auto& receiver : after) total += receiver.settled;
    co_return io::json_response(
        200, json::serialize(json::object{{"claimed", to_decimal(claimed)},
                                          {"settled", to_decimal(settled)},
                                          {"settledInTotal", to_decimal(total)}}));
}

}  // namespace stoa::gateway
