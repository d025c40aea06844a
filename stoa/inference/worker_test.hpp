#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/inference/worker_engine.hpp"

namespace stoa::inference {

/// The models that models/fetch.sh brings for tests, under the digests that are pinned there.
struct TestModel {
    const char* file;
    Backend backend;
    const char* sha256;
};
inline constexpr TestModel kStories{
    "stories15M.gguf", Backend::llama,
    "a4a429f2a6527275de0d53ffa5e3e8eabe320f618004120d51e1b1faae8bb567"};
inline constexpr TestModel kMiniLm{
    "all-MiniLM-L6-v2.gguf", Backend::llama,
    "3197ea44daf011b723faf3d0fbad299144ef39c1e430005b5ecbd71ee23e27cf"};
inline constexpr TestModel kVad{"silero_vad.onnx", Backend::onnx,
                                "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"};

inline WorkerOptions options_for(const TestModel& model) {
    WorkerOptions options;
    options.worker = STOA_WORKER;
    options.model = std::string(STOA_MODELS) + "/" + model.file;
    options.backend = model.backend;
    EXPECT_TRUE(parse_hex_digits_into(model.sha256, options.digest.bytes));
    options.first_pause = std::chrono::milliseconds(1);
    return options;
}

/// An event loop, and engines on it.
class WorkerTest : public testing::Test {
  protected:
    std::unique_ptr<WorkerEngine> engine(WorkerOptions options) {
        return std::make_unique<WorkerEngine>(loop_.get_executor(), pool_, io::Log(),
                                              std::move(options));
    }

    /// An engine that has loaded its model.
    std::unique_ptr<WorkerEngine> started(WorkerOptions options) {
        auto it = engine(std::move(options));
        const auto result = run(it->start());
        EXPECT_TRUE(result) << (result ? "" : result.error().message());
        return it;
    }
    std::unique_ptr<WorkerEngine> started(const TestModel& model) {
        return started(options_for(model));
    }

    /// What the task returns or throws.
    template <class T>
    T run(Task<T> task) {
        std::optional<T> result;
        std::exception_ptr thrown;
        bool done = false;
        boost::asio::co_spawn(loop_, std::move(task), [&](std::exception_ptr error, T value) {
            thrown = error;
            if (!error) result.emplace(std::move(value));
            done = true;
        });
        run_until([&] { return done; });
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*result);
    }

    void run_until(const std::function<bool()>& is_done) {
        loop_.restart();
        while (!is_done()) {
            if (loop_.run_one() == 0) FAIL() << "nothing left to wait for";
        }
    }

    boost::asio::io_context loop_{1};
    io::Pool pool_{1};
};

/// Keeps an answer, and does something with each piece.
struct KeepingSink : Sink {
    std::string text;
    std::vector<TokenId> prompt;
    std::vector<TokenId> tokens;
    std::function<bool(const Piece&)> on = [](const Piece&) { return true; };

    Task<void> on_prompt(std::vector<TokenId> ids) override {
        prompt = std::move(ids);
        co_return;
    }
    Task<bool> on_piece(Piece piece) override {
        text += piece.text;
        tokens.insert(tokens.end(), piece.tokens.begin(), piece.tokens.end());
        co_return on(piece);
    }
};

inline GenerateRequest greedy(std::string prompt, std::uint32_t max_tokens) {
    GenerateRequest request;
    request.prompt = std::move(prompt);
    request.max_tokens = max_tokens;
    request.temperature = 0;
    return request;
}

}  // namespace stoa::inference
