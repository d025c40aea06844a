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
    run.hash_tokens();
    Made made;
    made.body = run.text.answer(collect.text, *outcome);
    made.output = std::move(collect.text);
    co_return made;
}

}  // namespace

Task<Answer> answer_whole(std::unique_ptr<PaidRun> run) {
    co_return co_await answer_made(*run, make(*run));
}

}  // namespace stoa::gateway
