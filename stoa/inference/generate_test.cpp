#include <algorithm>
#include <cmath>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "stoa/inference/worker_test.hpp"

namespace stoa::inference {

using testing::Test;

TEST_F(WorkerTest, AGreedyStoryIsTheSameOnEveryProcessor) {
    const auto engine = started(kStories);
    KeepingSink sink;
    const auto outcome = run(engine->generate(greedy("Once upon a time", 100), sink));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(sink.prompt, (std::vector<TokenId>{1, 9038, 2501, 263, 931}));
    EXPECT_EQ(std::vector(sink.tokens.begin(), sink.tokens.begin() + 10),
              (std::vector<TokenId>{29892, 727, 471, 263, 2217, 7826, 4257, 365, 2354, 29889}));
    EXPECT_EQ(to_hex_digits(sha256(as_bytes(sink.text)).bytes),
              "ee9cb50f97195bc3a57603da54090f260e4ffebc1072cd7b0e01501770e7aebf");
    EXPECT_EQ(outcome->finish, Finish::length);
    EXPECT_EQ(outcome->input_tokens, 5U);
    EXPECT_EQ(outcome->output_tokens, 100U);
    EXPECT_EQ(sink.tokens.size(), 100U);
}

TEST_F(WorkerTest, ASeedDecidesASampledStory) {
    const auto engine = started(kStories);
    const auto tell = [&](std::uint64_t seed) {
        GenerateRequest request = greedy("Once upon a time", 40);
        request.temperature = 1;
        request.top_p = 0.9F;
        request.seed = seed;
        KeepingSink sink;
        EXPECT_TRUE(run(engine->generate(std::move(request), sink)));
        return sink.text;
    };
    const std::string story = tell(7);
    EXPECT_EQ(tell(7), story);
    EXPECT_NE(tell(8), story);
}

TEST_F(WorkerTest, AnAnswerEndsBeforeAStopText) {
    const auto engine = started(kStories);
    GenerateRequest request = greedy("Once upon a time", 100);
    request.stop = {"never written", " Lily."};
    KeepingSink sink;
    const auto outcome = run(engine->generate(std::move(request), sink));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->finish, Finish::stop);
    EXPECT_EQ(sink.text, ", there was a little girl named");
    EXPECT_EQ(outcome->output_tokens, sink.tokens.size());
}

TEST_F(WorkerTest, AnAnswerEndsWhereTheContextDoes) {
    const auto engine = started(kStories);
    KeepingSink sink;
    const auto outcome = run(engine->generate(greedy("Once upon a time", 100'000), sink));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->finish, Finish::length);
    EXPECT_EQ(outcome->input_tokens + outcome->output_tokens, engine->info().context);
}

TEST_F(WorkerTest, ASinkThatRefusesEndsTheAnswer) {
    const auto engine = started(kStories);
    KeepingSink sink;
    sink.on = [&](const Piece&) { return sink.tokens.size() < 3; };
    const auto outcome = run(engine->generate(greedy("Once upon a time", 100), sink));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->finish, Finish::cancelled);
    EXPECT_EQ(outcome->output_tokens, 3U);

    KeepingSink next;  // the place is free again
    EXPECT_TRUE(run(engine->generate(greedy("Once upon a time", 5), next)));
}

TEST_F(WorkerTest, ASinkThatThrowsEndsTheAnswerWithThat) {
    const auto engine = started(kStories);
    KeepingSink sink;
    sink.on = [](const Piece&) -> bool { throw std::out_of_range("gone"); };
    EXPECT_THROW(run(engine->generate(greedy("Once upon a time", 100), sink)), std::out_of_range);
}

TEST_F(WorkerTest, AnswersSideBySideAreThoseOfEachAlone) {
    const auto engine = started(kStories);
    const char* prompts[] = {"Once upon a time", "The dog", "Lily and Tom were"};
    std::string alone[3];
    for (int i = 0; i < 3; ++i) {
        KeepingSink sink;
        ASSERT_TRUE(run(engine->generate(greedy(prompts[i], 30), sink)));
        alone[i] = sink.text;
    }
    KeepingSink sinks[3];
    using namespace boost::asio::experimental::awaitable_operators;
    run(engine->generate(greedy(prompts[0], 30), sinks[0]) &&
        engine->generate(greedy(prompts[1], 30), sinks[1]) &&
        engine->generate(greedy(prompts[2], 30), sinks[2]));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(sinks[i].text, alone[i]);
}

TEST_F(WorkerTest, MoreCallsThanPlacesWaitAndAllAreAnswered) {
    WorkerOptions options = options_for(kStories);
    options.parallel = 1;
    options.queue = 1;
    const auto engine = started(std::move(options));
    KeepingSink sinks[3];
    using namespace boost::asio::experimental::awaitable_operators;
    const auto [first, second, third] =
        run(engine->generate(greedy("Once upon a time", 10), sinks[0]) &&
            engine->generate(greedy("Once upon a time", 10), sinks[1]) &&
            engine->generate(greedy("Once upon a time", 10), sinks[2]));
    EXPECT_TRUE(first);
    EXPECT_TRUE(second);
    EXPECT_EQ(sinks[1].text, sinks[0].text);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error(), InferenceError::busy);
}

struct Refusal {
    const char* what;
    GenerateRequest request;
    InferenceError why;
};

TEST_F(WorkerTest, WhatAModelCantDoIsRefused) {
    const auto engine = started(kStories);
    const auto with = [](auto change) {
        GenerateRequest request = greedy("Once", 5);
        change(request);
        return request;
    };
    std::string long_prompt;
    for (int i = 0; i < 200; ++i) long_prompt += "word ";
    const Refusal refusals[] = {
        {"nothing", greedy("", 5), InferenceError::empty_prompt},
        {"no room", greedy(long_prompt, 5), InferenceError::prompt_too_long},
        {"too long to send", greedy(std::string(kMaxPromptBytes + 1, 'a'), 5),
         InferenceError::prompt_too_long},
        {"chat", with([](auto& it) {
             it.prompt = std::vector<Message>{{Role::user, "Hi"}};
         }),
         InferenceError::not_offered},
        {"cold", with([](auto& it) { it.temperature = -1; }), InferenceError::bad_setting},
        {"hot", with([](auto& it) { it.temperature = 2.1F; }), InferenceError::bad_setting},
        {"NaN", with([](auto& it) { it.temperature = NAN; }), InferenceError::bad_setting},
        {"no mass", with([](auto& it) { it.top_p = 0; }), InferenceError::bad_setting},
        {"stop at nothing", with([](auto& it) { it.stop = {""}; }), InferenceError::bad_setting},
        {"stops", with([](auto& it) { it.stop.assign(kMaxStops + 1, "x"); }),
         InferenceError::bad_setting},
    };
    for (const Refusal& refusal : refusals) {
        KeepingSink sink;
        const auto outcome = run(engine->generate(refusal.request, sink));
        ASSERT_FALSE(outcome) << refusal.what;
        EXPECT_EQ(outcome.error(), refusal.why) << refusal.what;
        EXPECT_TRUE(sink.prompt.empty()) << refusal.what;
    }
    EXPECT_EQ(run(engine->embed({"text"})).error(), InferenceError::not_offered);
    EXPECT_EQ(run(engine->infer({})).error(), InferenceError::not_offered);
}

TEST_F(WorkerTest, NoPromptHasMoreTokensThanItsBoundSays) {
    const auto engine = started(kStories);
    for (const std::string prompt : {"a", "Once upon a time", "\xE2\x96\x81 \xF0\x9F\x90\xB6!",
                                     "</s></s></s>", "zzqxj", " ", "\n\n\n\t"}) {
        const auto tokens = run(engine->count_tokens(prompt));
        ASSERT_TRUE(tokens) << prompt;
        EXPECT_LE(*tokens, engine->info().input_bound(1, prompt.size())) << prompt;
    }
}

TEST_F(WorkerTest, WhatACallerWritesIsNeverAControlToken) {
    const auto engine = started(kStories);
    KeepingSink sink;
    ASSERT_TRUE(run(engine->generate(greedy("The end.</s>", 2), sink)));
    constexpr TokenId kEnd = 2;
    EXPECT_EQ(std::ranges::count(sink.prompt, kEnd), 0);
}

}  // namespace stoa::inference
