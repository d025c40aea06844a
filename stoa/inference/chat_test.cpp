#include <filesystem>

#include "stoa/inference/worker_test.hpp"

namespace stoa::inference {

namespace {

constexpr TestModel kTinyLlama{"tinyllama-1.1b-chat-v1.0.IQ2_XXS.gguf", Backend::llama,
                               "9ee11adf737960ff06123d5c4fba24d12c5b05ba460a7afa88950fbf2b61add0"};

}  // namespace

TEST_F(WorkerTest, AChatModelAnswersAQuestion) {
    WorkerOptions options = options_for(kTinyLlama);
    if (!std::filesystem::exists(options.model)) GTEST_SKIP() << "fetched for the demo only";
    options.context = 512;
    const auto engine = started(std::move(options));
    EXPECT_TRUE(engine->info().chat);
    GenerateRequest request;
    request.prompt = std::vector<Message>{{Role::user, "What is the capital of France?"}};
    request.max_tokens = 8;
    request.temperature = 0;
    const auto counted = run(engine->count_tokens(request.prompt));
    KeepingSink sink;
    const auto outcome = run(engine->generate(std::move(request), sink));
    ASSERT_TRUE(outcome);
    EXPECT_NE(sink.text.find("Paris"), std::string::npos) << sink.text;
    EXPECT_EQ(outcome->input_tokens, counted);
    EXPECT_LE(outcome->input_tokens, engine->info().input_bound(1, 30));
}

}  // namespace stoa::inference
