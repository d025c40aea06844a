#include "stoa/gateway/tensor_routes.hpp"

#include <algorithm>

#include "stoa/gateway/paid_cashier.hpp"
#include "stoa/gateway/paid_header.hpp"
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

Answer ok(const json::object& body, unsigned status = 200) {
    return io::json_response(status, json::serialize(body));
}

}  // namespace

struct TensorRoutes::Impl {
    Impl(PaidParts p, std::function<bool()> ready)
        : parts(std::move(p)), cashier(parts), is_ready(std::move(ready)) {}

    /// A model that takes tensors, open or not.
    OrProblem<const ServedModel*> named(const Request&) const;
    OrProblem<const ServedModel*> open(const Request&) const;
    PaidOffer offer(const ServedModel&) const;
    Task<Answer> metadata(const Request&) const;
    Task<Answer> ready(const Request&) const;
    Task<Answer> infer(const Request&);
    Task<Answer> ask(const Request&);
    Task<Answer> run(std::shared_ptr<inference::Engine>, TensorRequest, ServedModel,
                     std::unique_ptr<Purchase>);

    PaidParts parts;
    Cashier cashier;
    std::function<bool()> is_ready;
};

TensorRoutes::TensorRoutes(PaidParts parts, std::function<bool()> is_ready)
    : impl_(std::make_shared<Impl>(std::move(parts), std::move(is_ready))) {}
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
    return offer_of(served, parts.deployment, payment::price_bound(served.service->price, {}),
                    parts.url + "/v2/models/" + served.alias + "/infer");
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
    const auto engine = served.engine;
    auto body = read_tensor_request(request.body, engine->signature());
    if (!body) co_return tl::unexpected(std::move(body.error()));
    const PaidOffer terms = offer(served);
    auto payment = payment_of(request, terms);
    if (!payment) co_return std::move(payment.error());
    const ServiceTerms service = *served.service;
    auto bought = co_await cashier.buy(terms, service, std::move(*payment), hash_of(request));
    if (auto* response = std::get_if<io::Response>(&bought)) co_return std::move(*response);
    co_return co_await run(engine, std::move(*body), served,
                           std::move(std::get<std::unique_ptr<Purchase>>(bought)));
}

Task<Answer> TensorRoutes::Impl::run(std::shared_ptr<inference::Engine> engine,
                                     TensorRequest request, ServedModel served,
                                     std::unique_ptr<Purchase> purchase) {
    std::optional<Result<inference::Tensors>> outputs;
    std::string failure;
    try {
        outputs.emplace(co_await engine->infer(std::move(request.inputs)));
    } catch (const inference::EngineFailure& failed) {
        failure = failed.what();
    }
    if (!outputs || !*outputs) {
        co_await purchase->release();
        if (outputs) co_return refuse_engine(outputs->error());
        parts.log.warning("an engine failed a call", {{"why", failure}});
        co_return engine_failed();
    }
    const payment::ChargeMeter meter(served.service->price, purchase->maximum());
    const auto settled = co_await purchase->charge(meter.charge(), meter.usage());
    PaidAnswer answer;
    answer.headers.set("Content-Type", "application/json");
    answer.headers.set("Cache-Control", "private");
    answer.headers.set(payment::kPaymentResponseHeader, payment::to_header(settled));
    answer.body = std::make_shared<const std::string>(
        tensor_answer(request, served.alias, served.version, **outputs));
    io::Response response;
    response.headers = answer.headers;
    response.body = answer.body;
    cashier.answers().keep(purchase->key(), std::move(answer));
    co_return response;
}

/// For clients that look before they call, and refunds, which stock clients send as GET.
Task<Answer> TensorRoutes::Impl::ask(const Request& request) {
    const auto found = open(request);
    if (!found) co_return tl::unexpected(found.error());
    const PaidOffer terms = offer(**found);
    const ServiceTerms service = *(*found)->service;
    co_return co_await cashier.look(terms, service, request);
}

}  // namespace stoa::gateway
