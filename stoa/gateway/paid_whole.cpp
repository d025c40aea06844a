#include "stoa/gateway/paid_refusal.hpp"
#include "stoa/gateway/paid_run.hpp"

namespace stoa::gateway {
namespace {

class Collect final : public inference::Sink {
  public:
    explicit Collect(payment::ChargeMeter& meter) : meter_(meter) {}

    Task<void> on_prompt(std::vector<inference::TokenId> tokens) override {
        meter_.input_accepted(tokens.size());
        co_return;
    }
    Task<bool> on_piece(inference::Piece piece) override {
        meter_.output_delivered(piece.tokens.size());
        text += piece.text;
        co_return true;
    }

    std::string text;

  private:
    payment::ChargeMeter& meter_;
};

Task<Result<std::string>> body_of(PaidRun& run) {
    if (run.request.kind == PaidKind::embedding) {
        auto found = co_await run.engine->embed(std::move(run.request.texts));
        if (!found) co_return fail(found.error());
        run.meter.input_accepted(found->input_tokens);
        co_return run.text.embeddings(*found, run.request.base64);
    }
    Collect collect(run.meter);
    const auto outcome = co_await run.engine->generate(std::move(run.request.generate), collect);
    if (!outcome) co_return fail(outcome.error());
    co_return run.text.answer(collect.text, *outcome);
}

}  // namespace

Task<Answer> answer_whole(std::unique_ptr<PaidRun> run) {
    std::optional<Result<std::string>> body;
    std::string failure;
    try {
        body.emplace(co_await body_of(*run));
    } catch (const inference::EngineFailure& failed) {
        failure = failed.what();
    }
    if (!body || !*body) {
        co_await run->purchase->release();
        if (body) co_return refuse_engine(body->error());
        run->log.warning("an engine failed a call", {{"why", failure}});
        co_return engine_failed();
    }
    const auto settled = co_await run->purchase->charge(run->meter.charge(), run->meter.usage());
    PaidAnswer answer;
    answer.headers.set("Content-Type", "application/json");
    answer.headers.set("Cache-Control", "private");
    answer.headers.set(payment::kPaymentResponseHeader, payment::to_header(settled));
    answer.body = std::make_shared<const std::string>(std::move(**body));
    io::Response response;
    response.headers = answer.headers;
    response.body = answer.body;
    run->answers.keep(run->purchase->key(), std::move(answer));
    co_return response;
}

}  // namespace stoa::gateway
