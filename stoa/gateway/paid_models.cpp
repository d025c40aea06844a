#include "stoa/gateway/paid_models.hpp"

#include "stoa/base/hex.hpp"

namespace stoa::gateway {
namespace {

json::array capabilities(const inference::EngineInfo& info) {
    json::array list;
    if (info.chat) list.emplace_back("chat");
    if (info.completion) list.emplace_back("completion");
    if (info.embedding) list.emplace_back("embedding");
    if (info.tensors) list.emplace_back("tensors");
    return list;
}

json::object model_json(const ServedModel& served) {
    const inference::EngineInfo& info = served.engine->info();
    json::object stoa{{"name", served.name},
                      {"canonicalId", served.canonical_id},
                      {"version", served.version},
                      {"weightsDigest", to_hex(served.weights)},
                      {"capabilities", capabilities(info)},
                      {"service", std::to_string(served.service->id)},
                      {"token", eth::to_checksum(served.service->token)},
                      {"context", info.context}};
    for (auto& price : price_json(served.service->price)) stoa[price.key()] = price.value();
    return {{"id", served.alias},
            {"object", "model"},
            {"created", unix_seconds(served.created)},
            {"owned_by", eth::to_checksum(served.creator)},
            {"stoa", std::move(stoa)}};
}

}  // namespace

json::object price_json(const payment::Price& price) {
    return {{"perCall", to_decimal(price.per_call)},
            {"perMillionInput", to_decimal(price.per_million_input)},
            {"perMillionOutput", to_decimal(price.per_million_output)}};
}

std::string models_json(const ServedModels& served) {
    json::array list;
    for (const auto& model : served.all()) {
        if (model->is_open()) list.push_back(model_json(*model));
    }
    return json::serialize(json::object{{"object", "list"}, {"data", std::move(list)}});
}

}  // namespace stoa::gateway
