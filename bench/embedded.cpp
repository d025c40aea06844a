#include "bench/embedded.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/inference/worker_engine.hpp"

namespace stoa::bench {
namespace {

constexpr std::size_t kAtOnce = 64;
constexpr const char* kModel = "build/models/all-MiniLM-L6-v2.gguf";

Task<void> embed_all(inference::WorkerEngine& engine, const std::vector<std::string>& texts,
                     std::vector<std::vector<float>>& vectors) {
    const auto started = co_await engine.start();
    if (!started) throw std::runtime_error(started.error().message());
    for (std::size_t at = 0; at < texts.size(); at += kAtOnce) {
        const auto end = std::min(at + kAtOnce, texts.size());
        std::vector<std::string> some(texts.begin() + static_cast<std::ptrdiff_t>(at),
                                      texts.begin() + static_cast<std::ptrdiff_t>(end));
        auto answer = co_await engine.embed(std::move(some));
        if (!answer) throw std::runtime_error(answer.error().message());
        for (auto& vector : answer->vectors) vectors.push_back(std::move(vector));
        std::fprintf(stderr, "\r  embedding %zu of %zu texts", end, texts.size());
    }
    std::fputs("\n", stderr);
    engine.stop();
}

std::filesystem::path file_of(const Hash256& model, const std::vector<std::string>& texts) {
    std::string all = to_hex(model);
    for (const auto& text : texts) all += text + '\n';
    return "build/bench/" + to_hex_digits(eth::keccak256(all).bytes) + ".f32";
}

std::vector<std::vector<float>> read(const std::filesystem::path& path, std::size_t count) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return {};
    const auto floats = static_cast<std::size_t>(file.tellg()) / sizeof(float);
    file.seekg(0);
    std::vector<std::vector<float>> vectors(count, std::vector<float>(floats / count));
    for (auto& vector : vectors) {
        file.read(reinterpret_cast<char*>(vector.data()),
                  static_cast<std::streamsize>(vector.size() * sizeof(float)));
    }
    return vectors;
}

}  // namespace

std::vector<std::vector<float>> embedded(const std::vector<std::string>& texts) {
    inference::WorkerOptions options;
    options.worker = "build/release/bin/stoa-worker";
    options.model = kModel;
    options.digest = inference::sha256_of_file(options.model);
    const auto path = file_of(options.digest, texts);
    auto vectors = read(path, texts.size());
    if (!vectors.empty()) return vectors;

    boost::asio::io_context loop;
    io::Pool pool(1);
    inference::WorkerEngine engine(loop.get_executor(), pool, {}, options);
    boost::asio::co_spawn(loop, embed_all(engine, texts, vectors), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
    loop.run();
    std::filesystem::create_directories("build/bench");
    const std::string part = path.string() + ".part";
    std::ofstream file(part, std::ios::binary);
    for (const auto& vector : vectors) {
        file.write(reinterpret_cast<const char*>(vector.data()),
                   static_cast<std::streamsize>(vector.size() * sizeof(float)));
    }
    file.close();
    if (!file) throw std::runtime_error("can't write " + part);
    std::filesystem::rename(part, path);
    return vectors;
}

}  // namespace stoa::bench
