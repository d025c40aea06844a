#include "stoa/gateway/paid.hpp"

#include <algorithm>
#include <random>

#include "stoa/base/hex.hpp"
#include "stoa/gateway/paid_desk.hpp"
#include "stoa/gateway/paid_models.hpp"
#include "stoa/gateway/paid_refusal.hpp"
#include "stoa/gateway/visitor_limit.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kMaxBodyBytes = std::size_t{2} << 20;
constexpr unsigned kQuotesAMinute = 60;

/// A stream whose buyer can pay on is begun with what its prompt and these tokens may cost, and is
/// paid on for as many at least.
constexpr std::uint64_t kTokensAtOnce = 32;

const char* path_of(PaidKind kind) {
    switch (kind) {
        case PaidKind::chat: return "/chat/completions";
        case PaidKind::completion: return "/completions";
        case PaidKind::embedding: return "/embeddings";
    }
    return "";
}

/// Of receipts. Most calls have the parameters of the call before, and hashes cost.
class ParamsHash {
  public:
    Hash256 operator()(const PaidRequest& request) {
        if (request.kind == PaidKind::embedding) return {};
        const auto& g = request.generate;
        payment::SamplingParams params{g.max_tokens, g.temperature, g.top_p, g.seed, g.stop};
        if (hash_ && params == last_) return *hash_;
        last_ = std::move(params);
        return hash_.emplace(payment::params_hash(last_));
    }

  private:
    payment::SamplingParams last_;
    std::optional<Hash256> hash_;
};

payment::Usage first_of(payment::Usage most) {
    most.output_tokens = std::min(most.output_tokens, kTokensAtOnce);
    return most;
}

Amount step_of(const payment::Price& price) {
    const Amount tokens = payment::cost({{}, {}, price.per_million_output}, {0, kTokensAtOnce});
    return std::max(tokens, Amount{1});
}

}  // namespace

struct PaidRoutes::Impl {
    explicit Impl(std::shared_ptr<PaidDesk> shared)
        : desk(std::move(shared)),
          parts(desk->parts()),
          top_ups(parts.ledger, parts.channels),
          quotes(parts.clock, kQuotesAMinute) {}

    /// The model of the path, else of the body; open for calls.
    OrProblem<const ServedModel*> model(const Request&, const std::string& in_body) const;
    PaidOffer offer(const ServedModel&, PaidKind, const payment::Usage&);
    std::string new_id(PaidKind);
    /// A call as its buyer sent it, and what it costs. On the heap: the frames of coroutines that
    /// wait for the disk stay small.
    struct Order {
        const ServedModel& served;  ///< As it is before the first wait.
        PaidRequest body;
        PaidOffer terms;
        PaidText text;
        Amount step;  ///< By which the next voucher for a stream must be larger.
        bool wants_events = false;
    };
    OrProblem<std::unique_ptr<Order>> order(const Request&, PaidKind);
    /// Takes what it needs of the order.
    std::unique_ptr<PaidRun> run_of(Order&, PaidCall);

    Task<Answer> call(Request&, PaidKind);
    Task<Answer> ask(Request&, PaidKind);
    Task<Answer> quote(Request&);
    Task<Answer> receipt(Request&);
    Task<Answer> voucher(Request&);

    std::shared_ptr<PaidDesk> desk;
    const PaidParts& parts;
    TopUps top_ups;
    VisitorLimit quotes;
    ParamsHash params_of;
    std::mt19937_64 random{std::random_device{}()};
};

PaidRoutes::PaidRoutes(std::shared_ptr<PaidDesk> desk)
    : impl_(std::make_shared<Impl>(std::move(desk))) {}
PaidRoutes::~PaidRoutes() = default;

void PaidRoutes::add_to(Router& router) {
    const RouteOptions paid{.max_body_bytes = kMaxBodyBytes, .any_origin = true};
    const RouteOptions open{.any_origin = true};
    const auto impl = impl_;
    for (const std::string prefix : {"/v1", "/m/{model}/v1"}) {
        for (const PaidKind kind : {PaidKind::chat, PaidKind::completion, PaidKind::embedding}) {
            const std::string path = prefix + path_of(kind);
            router.add("POST", path, paid,
                       [impl, kind](Request& request) { return impl->call(request, kind); });
            router.add("GET", path, open,
                       [impl, kind](Request& request) { return impl->ask(request, kind); });
        }
        router.add("GET", prefix + "/models", open, [impl](Request&) -> Task<Answer> {
            co_return io::json_response(200, models_json(impl->parts.served));
        });
    }
    router.add("GET", "/api/receipts/{id}", open,
               [impl](Request& request) { return impl->receipt(request); });
    router.add("POST", "/x402/voucher", open,
               [impl](Request& request) { return impl->voucher(request); });
    router.add("POST", "/api/quote", paid,
               [impl](Request& request) { return impl->quote(request); });
}

Task<void> PaidRoutes::resume() {
    return impl_->desk->cashier().resume();
}

OrProblem<const ServedModel*> PaidRoutes::Impl::model(const Request& request,
                                                      const std::string& in_body) const {
    const bool in_path = !request.params.empty();
    const std::string& name = in_path ? request.param("model") : in_body;
    const ServedModel* served = nullptr;
    if (name.empty() && parts.served.all().size() == 1) {
        served = parts.served.all().front().get();
    } else if (name.empty()) {
        return refuse(GatewayError::missing_field, "\"model\" is missing.", "model");
    } else {
        served = parts.served.find(name);
    }
    if (!served) {
        return refuse(GatewayError::unknown_model, "No model is called \"" + name + "\" here.",
                      "model");
    }
    if (!served->is_open() || !parts.deployment.token(served->service->token)) {
        return refuse(GatewayError::not_ready,
                      "The model \"" + served->alias + "\" is not open for calls yet.");
    }
    return served;
}

PaidOffer PaidRoutes::Impl::offer(const ServedModel& served, PaidKind kind,
                                  const payment::Usage& most) {
    return desk->offer(served, most, parts.url + "/m/" + served.alias + "/v1" + path_of(kind));
}

std::string PaidRoutes::Impl::new_id(PaidKind kind) {
    const Hash256 drawn = eth::word(std::uint64_t{random()});
    return std::string(kind == PaidKind::chat ? "chatcmpl-" : "cmpl-") +
           to_hex_digits(Bytes{drawn.bytes}.last(8));
}

OrProblem<std::unique_ptr<PaidRoutes::Impl::Order>> PaidRoutes::Impl::order(const Request& request,
                                                                            PaidKind kind) {
    STOA_TRY(auto body, read_paid_request(kind, request.body));
    STOA_TRY(const ServedModel* served, model(request, body.model));
    const payment::Usage most = usage_bound(body, served->engine->info());
    PaidText text(kind, new_id(kind), served->alias, unix_seconds(parts.clock.now()));
    PaidOffer terms = offer(*served, kind, most);
    const Amount step = step_of(terms.price);
    auto made =
        std::make_unique<Order>(*served, std::move(body), std::move(terms), std::move(text), step);
    made->wants_events = request.headers.get("Stoa-Stream") == "1";
    if (made->body.stream && made->wants_events) {
        made->terms.channel.least_amount = payment::price_bound(made->terms.price, first_of(most));
    }
    return made;
}

std::unique_ptr<PaidRun> PaidRoutes::Impl::run_of(Order& order, PaidCall call) {
    const bool in_part = call.purchase->maximum() < order.terms.least;
    auto run = std::make_unique<PaidRun>(PaidRun{
        std::move(call), std::move(order.body), std::move(order.text), {}, {}, order.wants_events});
    if (run->request.stream && order.wants_events && in_part) {
        run->pays_on.emplace(
            PaidRun::PaysOn{top_ups, order.terms.least, order.step, parts.voucher_wait});
    }
    return run;
}

Task<Answer> PaidRoutes::Impl::call(Request& request, PaidKind kind) {
    auto read = order(request, kind);
    if (!read) co_return tl::unexpected(std::move(read.error()));
    Order& it = **read;
    const Hash256 params = params_of(it.body);
    auto begun = co_await desk->begin(request, it.terms, it.served, params);
    if (auto* answered = std::get_if<Answer>(&begun)) co_return std::move(*answered);
    auto run = run_of(it, std::move(std::get<PaidCall>(begun)));
    if (run->request.stream) co_return co_await answer_stream(parts.executor, std::move(run));
    co_return co_await answer_whole(std::move(run));
}

/// The price of a typical call, for clients that look before they call, and refunds, which stock
/// clients send as GET.
Task<Answer> PaidRoutes::Impl::ask(Request& request, PaidKind kind) {
    const auto found = model(request, std::string(request.query_parameter("model").value_or("")));
    if (!found) co_return tl::unexpected(found.error());
    const ServedModel& served = **found;
    const ServiceTerms service = *served.service;
    const PaidOffer terms = offer(served, kind, typical_usage(served.engine->info()));
    co_return co_await desk->cashier().look(terms, service, request);
}

Task<Answer> PaidRoutes::Impl::receipt(Request& request) {
    const auto id = parse_hash(request.param("id"));
    if (!id) co_return refuse(GatewayError::invalid_field, "A receipt's id is 32 bytes.", "id");
    const auto found = co_await desk->receipts().find(*id);
    if (!found) {
        co_return refuse(GatewayError::not_stored,
                         "This receipt isn't kept here; only the newest are.");
    }
    co_return io::json_response(
        200, json::serialize(payment::to_json(desk->receipts().domain(), *found)));
}

Task<Answer> PaidRoutes::Impl::voucher(Request& request) {
    const auto fields = Fields::parse(request.body);
    if (!fields) co_return tl::unexpected(fields.error());
    const auto channel = fields->hash("channelId");
    if (!channel) co_return tl::unexpected(channel.error());
    const auto total = fields->number("maxClaimableAmount");
    if (!total) co_return tl::unexpected(total.error());
    const auto written = fields->text("signature");
    if (!written) co_return tl::unexpected(written.error());
    const auto signature = eth::parse_signature(*written);
    if (!signature) {
        co_return refuse(GatewayError::invalid_field, "A signature is 65 bytes.", "signature");
    }
    const payment::Voucher larger{*channel, Amount{*total}};
    const auto taken = co_await top_ups.take(larger, *signature);
    if (!taken) co_return refuse(taken.error());
    co_return io::Response(204);
}

Task<Answer> PaidRoutes::Impl::quote(Request& request) {
    if (const auto wait = quotes.take(request.remote)) {
        auto problem = problem_of(GatewayError::rate_limited, "Quotes tokenise, and cost nothing.");
        problem.retry_after = std::to_string(wait->count());
        co_return tl::unexpected(std::move(problem));
    }
    const auto fields = Fields::parse(request.body);
    if (!fields) co_return tl::unexpected(fields.error());
    const PaidKind kind = fields->has("messages") ? PaidKind::chat
                          : fields->has("prompt") ? PaidKind::completion
                                                  : PaidKind::embedding;
    auto body = read_paid_request(kind, request.body);
    if (!body) co_return tl::unexpected(std::move(body.error()));
    const auto found = model(request, body->model);
    if (!found) co_return tl::unexpected(found.error());
    const ServedModel& served = **found;
    const auto engine = served.engine;
    const ServiceTerms service = *served.service;
    const PaidOffer terms = offer(served, kind, usage_bound(*body, engine->info()));
    json::object told{{"amount", to_decimal(terms.channel.amount)},
                      {"token", eth::to_checksum(service.token)},
                      {"price", price_json(service.price)}};
    std::uint64_t tokens = 0;
    std::vector<inference::Prompt> prompts;
    if (kind == PaidKind::embedding) {
        for (auto& text : body->texts) prompts.emplace_back(std::move(text));
    } else {
        prompts.push_back(std::move(body->generate.prompt));
    }
    for (auto& prompt : prompts) {
        const auto counted = co_await engine->count_tokens(std::move(prompt));
        if (!counted) co_return refuse_engine(counted.error());
        tokens += *counted;
    }
    told["input_tokens"] = tokens;
    co_return io::json_response(200, json::serialize(told));
}

}  // namespace stoa::gateway
