#include "bench/embedded.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/inference/worker_engine.hpp"

#include "bench/nearest.hpp"

namespace stoa::bench {
namespace {

constexpr std::size_t kAtOnce = 64;
constexpr const char* kModel = "build/models/all-MiniLM-L6-v2.gguf";

void append(const std::filesystem::path& path, const std::vector<std::vector<float>>& vectors) {
    std::ofstream file(path, std::ios::binary | std::ios::app);
    for (const auto& vector : vectors) {
        file.write(reinterpret_cast<const char*>(vector.data()),
                   static_cast<std::streamsize>(vector.size() * sizeof(float)));
    }
    file.close();
    if (!file) throw std::runtime_error("can't write " + path.string());
}

/// Appends the vectors of the texts from `done` on to the file.
Task<void> embed_rest(inference::WorkerEngine& engine, const std::vector<std::string>& texts,
                      std::size_t done, const std::filesystem::path& path) {
    const auto started = co_await engine.start();
    if (!started) throw std::runtime_error(started.error().message());
    while (done < texts.size()) {
        const auto end = std::min(done + kAtOnce, texts.size());
        std::vector<std::string> some(texts.begin() + static_cast<std::ptrdiff_t>(done),
                                      texts.begin() + static_cast<std::ptrdiff_t>(end));
        const auto answer = co_await engine.embed(std::move(some));
        if (!answer) throw std::runtime_error(answer.error().message());
        append(path, answer->vectors);
        done = end;
        std::fprintf(stderr, "\r  embedding %zu of %zu texts", done, texts.size());
    }
    std::fputs("\n", stderr);
    engine.stop();
}

std::filesystem::path file_of(const Hash256& model, const std::vector<std::string>& texts) {
    std::string all = to_hex(model);
    for (const auto& text : texts) all += text + '\n';
    return "build/bench/" + to_hex_digits(eth::keccak256(all).bytes) + ".f32";
}

/// As many whole vectors as the file has.
std::vector<std::vector<float>> read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<std::vector<float>> vectors;
    for (std::vector<float> vector(kDimensions);;) {
        file.read(reinterpret_cast<char*>(vector.data()),
                  static_cast<std::streamsize>(vector.size() * sizeof(float)));
        if (!file) return vectors;
        vectors.push_back(vector);
    }
}

}  // namespace

std::vector<std::vector<float>> embedded(const std::vector<std::string>& texts) {
    inference::WorkerOptions options;
    options.worker = "build/release/bin/stoa-worker";
    options.model = kModel;
    options.digest = inference::sha256_of_file(options.model);
    const auto path = file_of(options.digest, texts);
    auto vectors = read(path);
    if (vectors.size() == texts.size()) return vectors;

    std::filesystem::create_directories(path.parent_path());
    if (!vectors.empty()) {  // What a run that was ended left may end within a vector.
        std::filesystem::resize_file(path, vectors.size() * kDimensions * sizeof(float));
    }
    boost::asio::io_context loop;
    io::Pool pool(1);
    inference::WorkerEngine engine(loop.get_executor(), pool, {}, options);
    boost::asio::co_spawn(loop, embed_rest(engine, texts, vectors.size(), path),
                          [](std::exception_ptr thrown) {
                              if (thrown) std::rethrow_exception(thrown);
                          });
    loop.run();
    return read(path);
}

}  // namespace stoa::bench
