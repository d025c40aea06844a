// How fast logs become rows: the follower on blocks full of logs, with an endpoint that answers
// from memory. Parsing the endpoint's JSON is part of it, the network is not.
#include <chrono>
#include <filesystem>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/chain/follower.hpp"
#include "stoa/io/pool.hpp"

#include "bench/figure.hpp"

namespace stoa::bench {
namespace {

constexpr std::uint64_t kBlocks = 2'000;
constexpr std::uint64_t kLogsInBlock = 100;
constexpr auto kContract = eth::address_literal("0x00000000000000000000000000000000000000aa");

std::string hash_of(std::uint64_t block) {
    Hash256 hash;
    for (int i = 0; i < 8; ++i) hash.bytes[31 - i] = static_cast<std::uint8_t>(block >> (8 * i));
    hash.bytes[0] = 1;
    return to_hex(hash.bytes);
}

std::string block_text(std::uint64_t number) {
    return R"({"number":")" + chain::to_quantity(number) + R"(","hash":")" + hash_of(number) +
           R"(","parentHash":")" + hash_of(number - 1) + R"(","timestamp":")" +
           chain::to_quantity(1'700'000'000 + number) +
           R"(","baseFeePerGas":"0x7","logsBloom":"0x)" + std::string(512, 'f') + R"("})";
}

std::string logs_text(std::uint64_t first, std::uint64_t last) {
    std::string text = "[";
    for (std::uint64_t number = first; number <= last; ++number) {
        for (std::uint64_t i = 0; i < kLogsInBlock; ++i) {
            if (text.size() > 1) text += ',';
            text += R"({"address":")" + eth::to_lower_hex(kContract) + R"(","topics":[")" +
                    hash_of(i) + R"(",")" + hash_of(number) + R"("],"data":"0x)" +
                    std::string(128, '1') + R"(","blockNumber":")" + chain::to_quantity(number) +
                    R"(","blockHash":")" + hash_of(number) + R"(","transactionHash":")" +
                    hash_of(number * 1000 + i) + R"(","logIndex":")" + chain::to_quantity(i) +
                    R"(","removed":false})";
        }
    }
    return text + "]";
}

/// A chain of full blocks; ranges are made before the clock runs and parsed while it does.
class FullChain final : public chain::Rpc {
  public:
    Task<std::vector<chain::RpcResult<chain::json::value>>> batch(
        std::vector<chain::RpcCall> calls) override {
        std::vector<chain::RpcResult<chain::json::value>> answers;
        answers.reserve(calls.size());
        const auto began = std::chrono::steady_clock::now();
        std::vector<std::string> texts;
        texts.reserve(calls.size());
        for (const auto& call : calls) texts.push_back(answer(call));
        making_ += std::chrono::steady_clock::now() - began;
        for (const auto& text : texts) answers.emplace_back(chain::json::parse(text));
        co_return answers;
    }

    /// Spent on making texts, which a real endpoint does elsewhere.
    std::chrono::steady_clock::duration making() const { return making_; }

  private:
    static std::uint64_t number_of(const chain::json::value& tag) {
        const auto& text = tag.as_string();
        if (text == "earliest") return 0;
        return text.starts_with("0x") ? chain::read_number(tag) : kBlocks;
    }

    static std::string answer(const chain::RpcCall& call) {
        if (call.method == "eth_chainId") return R"("0x539")";
        if (call.method == "eth_blockNumber") return '"' + chain::to_quantity(kBlocks) + '"';
        if (call.method == "eth_getBlockByNumber") return block_text(number_of(call.params[0]));
        const auto& filter = call.params[0].as_object();
        if (const auto* hash = filter.if_contains("blockHash")) {
            const auto bytes = chain::read_hash(*hash).bytes;
            const auto number =
                from_big_endian(Bytes(bytes).subspan(24)).convert_to<std::uint64_t>();
            return logs_text(number, number);
        }
        return logs_text(number_of(filter.at("fromBlock")), number_of(filter.at("toBlock")));
    }

    std::chrono::steady_clock::duration making_{};
};

/// A row per log, as the catalogue keeps them.
class Rows final : public chain::LogSink {
  public:
    std::vector<eth::Address> contracts() const override { return {kContract}; }
    void apply(db::Session& session, const chain::Header& header,
               std::span<const chain::Log> logs) override {
        for (const auto& log : logs) {
            session.run("INSERT INTO seen (block, log_index, data) VALUES (?, ?, ?)",
                        header.id.number, log.index, log.data);
            ++count;
        }
    }
    void undo(db::Session&, std::uint64_t) override {}
    void wipe(db::Session&) override {}
    void advanced(const chain::Heads&, std::optional<std::uint64_t>) override {}

    std::uint64_t count = 0;
};

Task<void> to_head(chain::Follower& follower) {
    for (bool more = true; more;) more = co_await follower.step();
}

}  // namespace

std::vector<Figure> follow() {
    const auto folder = std::filesystem::temp_directory_path() / "stoa-bench-follow";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    FullChain chain;
    Rows rows;
    double seconds = 0;
    {
        db::Database database(folder / "chain.sqlite", {.synchronous = db::Synchronous::normal});
        database.write_now([](db::Session& session) {
            session.run(
                "CREATE TABLE seen (block INTEGER, log_index INTEGER, data BLOB,"
                " PRIMARY KEY (block, log_index)) WITHOUT ROWID");
        });
        boost::asio::io_context loop;
        io::Pool pool(1);
        chain::Follower follower(chain, database, pool, 1337, {&rows});
        const auto began = std::chrono::steady_clock::now();
        boost::asio::co_spawn(loop, to_head(follower), [](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
        loop.run();
        const auto took = std::chrono::steady_clock::now() - began - chain.making();
        seconds = std::chrono::duration<double>(took).count();
    }
    std::filesystem::remove_all(folder);
    return {{"follow logs",
             static_cast<double>(rows.count) / seconds,
             "events/s",
             Bound::at_least,
             10'000,
             "",
             {}}};
}

}  // namespace stoa::bench
