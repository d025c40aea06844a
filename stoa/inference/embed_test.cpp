#include <cmath>
#include <cstring>
#include <numeric>

#include "stoa/inference/worker_test.hpp"

namespace stoa::inference {

namespace {

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

TEST_F(WorkerTest, CloseMeaningsAreCloseTogether) {
    const auto engine = started(kMiniLm);
    EXPECT_TRUE(engine->info().embedding);
    EXPECT_FALSE(engine->info().completion);
    EXPECT_EQ(engine->info().dimensions, 384U);
    const auto answer = run(
        engine->embed({"A man is eating food.", "A man is eating a piece of bread.",
                       "The girl is carrying a baby.", "A cheetah is running behind its prey."}));
    ASSERT_TRUE(answer);
    const auto& vectors = answer->vectors;
    ASSERT_EQ(vectors.size(), 4U);
    EXPECT_NEAR(cosine(vectors[0], vectors[0]), 1, 1e-5);
    EXPECT_NEAR(cosine(vectors[0], vectors[1]), 0.755, 0.005);
    EXPECT_NEAR(cosine(vectors[0], vectors[2]), -0.105, 0.005);
    EXPECT_NEAR(cosine(vectors[0], vectors[3]), 0.142, 0.005);
    EXPECT_GT(cosine(vectors[0], vectors[1]), cosine(vectors[0], vectors[3]));
}

TEST_F(WorkerTest, TextsThatDontFitAreRefused) {
    const auto engine = started(kMiniLm);
    std::string long_text;
    for (int i = 0; i < 600; ++i) long_text += "word ";
    EXPECT_EQ(run(engine->embed({"fine", long_text})).error(), InferenceError::prompt_too_long);
    EXPECT_EQ(run(engine->embed({})).error(), InferenceError::empty_prompt);
    EXPECT_EQ(run(engine->embed({"fine", ""})).error(), InferenceError::empty_prompt);
    EXPECT_EQ(run(engine->embed(std::vector<std::string>(kMaxEmbeddingTexts + 1, "a"))).error(),
              InferenceError::prompt_too_long);
    KeepingSink sink;
    EXPECT_EQ(run(engine->generate(greedy("Once", 5), sink)).error(), InferenceError::not_offered);
}

TEST_F(WorkerTest, NoTextHasMoreTokensThanItsBoundSays) {
    const auto engine = started(kMiniLm);
    for (const std::string text : {"a", "\xC3\xA9t\xC3\xA9", "\xE4\xB8\xAD\xE6\x96\x87", "?!?!",
                                   "\xED\x95\x9C\xEA\xB5\xAD", "[SEP][SEP]"}) {
        const auto answer = run(engine->embed({text, text}));
        ASSERT_TRUE(answer) << text;
        EXPECT_LE(answer->input_tokens, engine->info().input_bound(2, 2 * text.size())) << text;
    }
}

// ---- tensors -----------------------------------------------------------------------------------

namespace {

Tensor floats(std::vector<std::int64_t> shape, const std::vector<float>& values) {
    Tensor tensor{ElementType::fp32, std::move(shape), ByteVector(values.size() * sizeof(float))};
    std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
    return tensor;
}

Tensors audio(const std::vector<float>& samples) {
    Tensor rate{ElementType::int64, {}, ByteVector(8)};
    const std::int64_t hertz = 16'000;
    std::memcpy(rate.data.data(), &hertz, sizeof hertz);
    return {{"input", floats({1, static_cast<std::int64_t>(samples.size())}, samples)},
            {"state", floats({2, 1, 128}, std::vector<float>(256))},
            {"sr", rate}};
}

}  // namespace

TEST_F(WorkerTest, SilenceIsNotSpeech) {
    const auto engine = started(kVad);
    ASSERT_TRUE(engine->info().tensors);
    EXPECT_EQ(engine->signature().inputs.size(), 3U);
    EXPECT_EQ(engine->signature().inputs.at("sr").type, ElementType::int64);
    const auto outputs = run(engine->infer(audio(std::vector<float>(576))));
    ASSERT_TRUE(outputs);
    const Tensor& output = outputs->at("output");
    EXPECT_EQ(output.shape, (std::vector<std::int64_t>{1, 1}));
    float probability = -1;
    std::memcpy(&probability, output.data.data(), sizeof probability);
    EXPECT_GE(probability, 0);
    EXPECT_LT(probability, 0.1);
    EXPECT_EQ(outputs->at("stateN").data.size(), 256 * sizeof(float));
}

TEST_F(WorkerTest, InputsThatTheModelDoesntHaveAreRefused) {
    const auto engine = started(kVad);
    const Tensors good = audio(std::vector<float>(576));
    const auto refused = [&](auto change) {
        Tensors inputs = good;
        change(inputs);
        const auto outputs = run(engine->infer(std::move(inputs)));
        return !outputs && outputs.error() == InferenceError::bad_tensor;
    };
    EXPECT_TRUE(refused([](Tensors& it) { it.erase("state"); }));
    EXPECT_TRUE(refused([](Tensors& it) { it["other"] = it["state"]; }));
    EXPECT_TRUE(refused([](Tensors& it) { it["sr"].type = ElementType::fp64; }));
    EXPECT_TRUE(refused([](Tensors& it) { it["state"].shape = {256}; }));
    EXPECT_TRUE(refused([](Tensors& it) { it["state"].shape = {3, 1, 128}; }));
    EXPECT_TRUE(refused([](Tensors& it) { it["input"].data.pop_back(); }));
    EXPECT_TRUE(refused([](Tensors& it) { it["input"].shape = {1, -576}; }));
    // Right by the description, wrong for the graph.
    EXPECT_TRUE(refused([](Tensors& it) { it["input"] = floats({1, 1}, {0}); }));
    EXPECT_TRUE(run(engine->infer(good)));
    EXPECT_EQ(engine->starts(), 1U);
}

}  // namespace stoa::inference
