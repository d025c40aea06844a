#include "stoa/base/hex.hpp"
#include "stoa/gateway/paid_refusal.hpp"
#include "stoa/gateway/paid_run.hpp"

namespace stoa::gateway {
namespace {

class Collect final : public inference::Sink {
  public:
    explicit Collect(PaidRun& run) : run_(run) {}

    Task<void> on_prompt(std::vector<inference::TokenId> tokens) override {
        run_.meter.input_accepted(tokens.size());
        run_.input_ids = std::move(tokens);
        co_return;
    }
    Task<bool> on_piece(inference::Piece piece) override {
        run_.meter.output_delivered(piece.tokens.size());
        run_.output_ids.insert(run_.output_ids.end(), piece.tokens.begin(), piece.tokens.end());
        text += piece.text;
        co_return true;
    }

    std::string text;

  private:
    PaidRun& run_;
};

struct Made {
    std::string body;
    std::string output;  ///< What the receipt is of.
};

Task<Result<Made>> make(PaidRun& run) {
    if (run.request.kind == PaidKind::embedding) {
        auto found = co_await run.engine->embed(std::move(run.request.texts));
        if (!found) co_return fail(found.error());
        run.meter.input_accepted(found->input_tokens);
        Made made;
        made.body = run.text.embeddings(*found, run.request.base64);
        made.output = made.body;
        co_return made;
    }
    Collect collect(run);
    const auto outcome = co_await run.engine->generate(std::move(run.request.generate), collect);
    if (!outcome) co_return fail(outcome.error());
    Made made;
    made.body = run.text.answer(collect.text, *outcome);
    made.output = std::move(collect.text);
    co_return made;
}

}  // namespace

Task<Answer> answer_whole(std::unique_ptr<PaidRun> run) {
    std::optional<Result<Made>> made;
    std::string failure;
    try {
        made.emplace(co_await make(*run));
    } catch (const inference::EngineFailure& failed) {
        failure = failed.what();
    }
    if (!made || !*made) {
        co_await run->purchase->release();
        if (made) co_return refuse_engine(made->error());
        run->engine_failed();
        run->log.warning("an engine failed a call", {{"why", failure}});
        co_return engine_failed();
    }
    const auto settled = co_await run->purchase->charge(run->meter.charge(), run->meter.usage());
    PaidAnswer answer;
    answer.headers.set("Content-Type", "application/json");
    answer.headers.set("Cache-Control", "private");
    answer.headers.set(payment::kPaymentResponseHeader, payment::to_header(settled));
    answer.headers.set(kReceiptHeader, to_hex(receipt_of(*run, (*made)->output, settled)));
    answer.body = std::make_shared<const std::string>(std::move((*made)->body));
    io::Response response;
    response.headers = answer.headers;
    response.body = answer.body;
    run->answers.keep(run->purchase->key(), std::move(answer));
    co_return response;
}

}  // namespace stoa::gateway
