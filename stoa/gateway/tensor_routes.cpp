#include "stoa/gateway/tensor_routes.hpp"

#include <algorithm>

#include "stoa/gateway/paid_desk.hpp"
#include "stoa/gateway/paid_refusal.hpp"
#include "stoa/gateway/tensor_message.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kMaxBodyBytes = std::size_t{2} << 20;

/// JSON can carry what the model takes and gives.
bool is_json(const inference::Tensors& tensors) {
    return std::ranges::none_of(tensors, [](const auto& named) {
        return named.second.type == inference::ElementType::fp16;
    });
}

Task<Result<Made>> make(ServedModel served, TensorRequest request) {
    const auto outputs = co_await served.engine->infer(std::move(request.inputs));
    if (!outputs) co_return fail(outputs.error());
    Made made;
    made.body = tensor_answer(request, served.alias, served.version, *outputs);
    made.output = made.body;
    co_return made;
}

Answer ok(const json::object& body, unsigned status = 200) {
    return io::json_response(status, json::serialize(body));
}

}  // namespace

struct TensorRoutes::Impl {
    Impl(std::shared_ptr<PaidDesk> shared, std::function<bool()> ready)
        : desk(std::move(shared)), parts(desk->parts()), is_ready(std::move(ready)) {}

    /// A model that takes tensors, open or not.
    OrProblem<const ServedModel*> named(const Request&) const;
    OrProblem<const ServedModel*> open(const Request&) const;
    PaidOffer offer(const ServedModel&) const;
    Task<Answer> metadata(const Request&) const;
    Task<Answer> ready(const Request&) const;
    Task<Answer> infer(const Request&);
    Task<Answer> ask(const Request&);

    std::shared_ptr<PaidDesk> desk;
    const PaidParts& parts;
    std::function<bool()> is_ready;
};

TensorRoutes::TensorRoutes(std::shared_ptr<PaidDesk> desk, std::function<bool()> is_ready)
    : impl_(std::make_shared<Impl>(std::move(desk), std::move(is_ready))) {}
TensorRoutes::~TensorRoutes() = default;

void TensorRoutes::add_to(Router& router) {
    const RouteOptions paid{.max_body_bytes = kMaxBodyBytes, .any_origin = true};
    const RouteOptions free{.any_origin = true};
    const auto impl = impl_;
    router.add("GET", "/v2/health/live", free, [](Request&) -> Task<Answer> {
        co_return ok({{"live", true}});
    });
    router.add("GET", "/v2/health/ready", free, [impl](Request&) -> Task<Answer> {
        const bool ready = impl->is_ready();
        co_return ok({{"ready", ready}}, ready ? 200 : 503);
    });
    router.add("GET", "/v2/models/{model}", free,
               [impl](Request& request) { return impl->metadata(request); });
    router.add("GET", "/v2/models/{model}/ready", free,
               [impl](Request& request) { return impl->ready(request); });
    router.add("POST", "/v2/models/{model}/infer", paid,
               [impl](Request& request) { return impl->infer(request); });
    router.add("GET", "/v2/models/{model}/infer", free,
               [impl](Request& request) { return impl->ask(request); });
}

OrProblem<const ServedModel*> TensorRoutes::Impl::named(const Request& request) const {
    const std::string& name = request.param("model");
    const ServedModel* served = parts.served.find(name);
    if (!served) {
        return refuse(GatewayError::unknown_model, "No model is called \"" + name + "\" here.",
                      "model");
    }
    return served;
}

OrProblem<const ServedModel*> TensorRoutes::Impl::open(const Request& request) const {
    STOA_TRY(const ServedModel* served, named(request));
    if (!served->is_open() || !parts.deployment.token(served->service->token)) {
        return refuse(GatewayError::not_ready,
                      "The model \"" + served->alias + "\" is not open for calls yet.");
    }
    const auto& signature = served->engine->signature();
    if (!served->engine->info().tensors || !is_json(signature.inputs) ||
        !is_json(signature.outputs)) {
        return refuse_engine(inference::InferenceError::not_offered);
    }
    return served;
}

PaidOffer TensorRoutes::Impl::offer(const ServedModel& served) const {
    return desk->offer(served, {}, parts.url + "/v2/models/" + served.alias + "/infer");
}

Task<Answer> TensorRoutes::Impl::metadata(const Request& request) const {
    const auto found = open(request);
    if (!found) co_return tl::unexpected(found.error());
    const ServedModel& served = **found;
    const auto& signature = served.engine->signature();
    json::array versions;
    versions.emplace_back(std::to_string(served.version));
    co_return ok({{"name", served.alias},
                  {"versions", std::move(versions)},
                  {"platform", "onnx_onnxv1"},
                  {"inputs", tensor_list(signature.inputs)},
                  {"outputs", tensor_list(signature.outputs)}});
}

Task<Answer> TensorRoutes::Impl::ready(const Request& request) const {
    const auto found = named(request);
    if (!found) co_return tl::unexpected(found.error());
    const bool ready = (*found)->is_open();
    co_return ok({{"name", (*found)->alias}, {"ready", ready}}, ready ? 200 : 503);
}

Task<Answer> TensorRoutes::Impl::infer(const Request& request) {
    const auto found = open(request);
    if (!found) co_return tl::unexpected(found.error());
    const ServedModel served = **found;
    auto body = read_tensor_request(request.body, served.engine->signature());
    if (!body) co_return tl::unexpected(std::move(body.error()));
    auto begun = co_await desk->begin(request, offer(served), served);
    if (auto* answered = std::get_if<Answer>(&begun)) co_return std::move(*answered);
    PaidCall& call = std::get<PaidCall>(begun);
    co_return co_await answer_made(call, make(served, std::move(*body)));
}

/// For clients that look before they call, and refunds, which stock clients send as GET.
Task<Answer> TensorRoutes::Impl::ask(const Request& request) {
    const auto found = open(request);
    if (!found) co_return tl::unexpected(found.error());
    const PaidOffer terms = offer(**found);
    const ServiceTerms service = *(*found)->service;
    co_return co_await desk->cashier().look(terms, service, request);
}

}  // namespace stoa::gateway
