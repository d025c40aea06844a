#include "bench/embedded.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <unordered_map>

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

using Known = std::unordered_map<Hash256, std::vector<float>>;

/// Records of a text's digest and its vector. A run that was ended may leave half of one.
Known read(const std::filesystem::path& path) {
    constexpr std::size_t record = sizeof(Hash256) + kDimensions * sizeof(float);
    Known known;
    std::ifstream file(path, std::ios::binary);
    std::array<char, record> bytes{};
    while (file.read(bytes.data(), record)) {
        Hash256 digest;
        std::vector<float> vector(kDimensions);
        std::memcpy(digest.bytes.data(), bytes.data(), digest.bytes.size());
        std::memcpy(vector.data(), bytes.data() + digest.bytes.size(),
                    vector.size() * sizeof(float));
        known.emplace(digest, std::move(vector));
    }
    file.close();
    if (std::filesystem::exists(path)) {
        std::filesystem::resize_file(path, std::filesystem::file_size(path) / record * record);
    }
    return known;
}

void append(const std::filesystem::path& path, const Hash256& digest,
            const std::vector<float>& vector) {
    std::ofstream file(path, std::ios::binary | std::ios::app);
    file.write(reinterpret_cast<const char*>(digest.bytes.data()), sizeof(Hash256));
    file.write(reinterpret_cast<const char*>(vector.data()),
               static_cast<std::streamsize>(vector.size() * sizeof(float)));
    file.close();
    if (!file) throw std::runtime_error("can't write " + path.string());
}

Task<void> embed_all(inference::WorkerEngine& engine, const std::vector<std::string>& texts,
                     const std::filesystem::path& path, Known& known) {
    const auto started = co_await engine.start();
    if (!started) throw std::runtime_error(started.error().message());
    for (std::size_t at = 0; at < texts.size(); at += kAtOnce) {
        const auto end = std::min(at + kAtOnce, texts.size());
        std::vector<std::string> some(texts.begin() + static_cast<std::ptrdiff_t>(at),
                                      texts.begin() + static_cast<std::ptrdiff_t>(end));
        auto answer = co_await engine.embed(some);
        if (!answer) throw std::runtime_error(answer.error().message());
        for (std::size_t i = 0; i < some.size(); ++i) {
            const Hash256 digest = eth::keccak256(some[i]);
            append(path, digest, answer->vectors[i]);
            known.emplace(digest, std::move(answer->vectors[i]));
        }
        std::fprintf(stderr, "\r  embedding %zu of %zu texts", end, texts.size());
    }
    std::fputs("\n", stderr);
    engine.stop();
}

}  // namespace

std::vector<std::vector<float>> embedded(const std::vector<std::string>& texts) {
    inference::WorkerOptions options;
    options.worker = "build/release/bin/stoa-worker";
    options.model = kModel;
    options.digest = inference::sha256_of_file(options.model);
    const std::filesystem::path path =
        "build/bench/" + to_hex_digits(options.digest.bytes) + ".vectors";
    std::filesystem::create_directories(path.parent_path());
    Known known = read(path);
    std::vector<std::string> missing;
    for (const auto& text : texts) {
        if (!known.contains(eth::keccak256(text))) missing.push_back(text);
    }
    if (!missing.empty()) {
        boost::asio::io_context loop;
        io::Pool pool(1);
        inference::WorkerEngine engine(loop.get_executor(), pool, {}, options);
        boost::asio::co_spawn(loop, embed_all(engine, missing, path, known),
                              [](std::exception_ptr thrown) {
                                  if (thrown) std::rethrow_exception(thrown);
                              });
        loop.run();
    }
    std::vector<std::vector<float>> vectors;
    for (const auto& text : texts) vectors.push_back(known.at(eth::keccak256(text)));
    return vectors;
}

}  // namespace stoa::bench
