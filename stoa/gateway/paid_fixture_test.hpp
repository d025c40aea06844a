#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "stoa/base/base64.hpp"
#include "stoa/base/hex.hpp"
#include "stoa/chain/codec.hpp"
#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/paid_desk.hpp"
#include "stoa/gateway/paid_offer.hpp"
#include "stoa/keys/signer.hpp"

namespace stoa::gateway::testing {

inline constexpr std::uint64_t kChain = 713371;

/// A chain on which every channel holds the same, and nothing can be sent; or everything, which is
/// included at once and changes nothing.
class StillChain final : public chain::Rpc {
  public:
    std::uint64_t balance = 1'000'000;
    bool takes_transactions = false;
    std::size_t sent = 0;

    Task<std::vector<chain::RpcResult<json::value>>> batch(
        std::vector<chain::RpcCall> calls) override {
        std::vector<chain::RpcResult<json::value>> answers;
        for (const auto& call : calls) answers.push_back(answer(call));
        co_return answers;
    }

    static constexpr std::uint64_t kGas = 100'000;             ///< Estimated.
    static constexpr std::uint64_t kGasUsed = 80'000;          ///< Of each that is sent.
    static constexpr std::uint64_t kGasPrice = 1'000'000'000;  ///< In wei.

  private:
    /// What a sender asks.
    chain::RpcResult<json::value> send(const chain::RpcCall& call) {
        const std::string zeros(64, '0');
        if (call.method == "eth_estimateGas") return json::value(chain::to_quantity(kGas));
        if (call.method == "eth_maxPriorityFeePerGas") {
            return json::value(chain::to_quantity(kGasPrice));
        }
        if (call.method == "eth_getTransactionCount") return json::value(chain::to_quantity(sent));
        if (call.method == "eth_sendRawTransaction") {
            ++sent;
            return json::value("0x" + zeros);
        }
        return json::value{{"transactionHash", call.params.at(0)},
                           {"blockNumber", "0x5"},
                           {"blockHash", "0x" + zeros},
                           {"status", "0x1"},
                           {"gasUsed", chain::to_quantity(kGasUsed)},
                           {"effectiveGasPrice", chain::to_quantity(kGasPrice)},
                           {"contractAddress", nullptr},
                           {"logs", json::array()}};
    }

    chain::RpcResult<json::value> answer(const chain::RpcCall& call) {
        if (call.method == "eth_getBlockByNumber") {
            const std::string zeros(64, '0');
            return json::value{{"number", "0x5"},
                               {"hash", "0x" + zeros},
                               {"parentHash", "0x" + zeros},
                               {"timestamp", "0x1"},
                               {"logsBloom", "0x" + std::string(512, '0')}};
        }
        if (call.method != "eth_call") {
            if (takes_transactions) return send(call);
            return tl::unexpected(chain::RpcError{-32601, "nothing can be sent here", {}});
        }
        const auto& data = call.params.at(0).at("data").as_string();
        std::string words = to_hex(eth::word(std::uint64_t{0}));
        if (data.starts_with("0x7a7ebd7b")) words = to_hex(eth::word(balance));  // channels
        return json::value(words + std::string(64, '0'));
    }
};

/// Says "Hello", " and", " bye", a token each, or what the test wants.
class ScriptedEngine final : public inference::Engine {
  public:
    ScriptedEngine() {
        info_.context = 1000;
        info_.max_output = 100;
        info_.chat = info_.completion = info_.embedding = true;
        info_.template_bytes = 10;
        info_.template_message_bytes = 5;
    }

    std::vector<std::string> pieces{"Hello", " and", " bye"};
    std::size_t fails_after = 1000;  ///< Pieces.
    bool fails = false;
    int calls = 0;
    std::optional<std::error_code> refuses;

    bool ready() const override { return true; }
    const inference::EngineInfo& info() const override { return info_; }
    const inference::TensorSignature& signature() const override { return signature_; }
    Task<Result<std::uint32_t>> count_tokens(inference::Prompt) override {
        co_return std::uint32_t{7};
    }

    Task<Result<inference::Outcome>> generate(inference::GenerateRequest,
                                              inference::Sink& sink) override {
        ++calls;
        if (refuses) co_return fail(*refuses);
        std::vector<inference::TokenId> prompt(7);
        co_await sink.on_prompt(std::move(prompt));
        inference::Outcome outcome;
        outcome.input_tokens = 7;
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            if (fails && i >= fails_after) throw inference::EngineFailure("broke");
            inference::Piece piece;
            piece.text = pieces[i];
            piece.tokens.resize(1);
            const bool goes_on = co_await sink.on_piece(std::move(piece));
            if (!goes_on) {
                outcome.finish = inference::Finish::cancelled;
                co_return outcome;
            }
            ++outcome.output_tokens;
        }
        co_return outcome;
    }

    Task<Result<inference::Embeddings>> embed(std::vector<std::string> texts) override {
        ++calls;
        inference::Embeddings out;
        out.vectors.assign(texts.size(), {0.6F, 0.8F});
        out.input_tokens = 4;
        co_return out;
    }
    /// Gives back what it got, under the name of its output.
    Task<Result<inference::Tensors>> infer(inference::Tensors inputs) override {
        ++calls;
        if (refuses) co_return fail(*refuses);
        if (fails) throw inference::EngineFailure("broke");
        inference::Tensors outputs;
        outputs.emplace("y", std::move(inputs.at("x")));
        co_return outputs;
    }
    /// From now on it takes tensors instead of text.
    void take_tensors() {
        info_.chat = info_.completion = info_.embedding = false;
        info_.tensors = true;
        const inference::Tensor pair{inference::ElementType::fp32, {2}, {}};
        signature_ = {{{"x", pair}}, {{"y", pair}}};
    }

  private:
    inference::EngineInfo info_;
    inference::TensorSignature signature_;
};

/// A client's socket that goes away after so many writes.
class TestWriter final : public io::Writer {
  public:
    explicit TestWriter(std::size_t takes = 1000) : takes_(takes) {}
    std::string text;
    std::function<Task<void>(std::string)> heard;  ///< Acts on what it reads before it reads on.

    Task<bool> write(std::string_view bytes) override {
        if (takes_ == 0) co_return false;
        --takes_;
        text += bytes;
        if (heard) {
            std::string read(bytes);
            co_await heard(std::move(read));
        }
        co_return true;
    }
    bool is_gone() const override { return takes_ == 0; }
    void on_gone(std::function<void()>) override {}

  private:
    std::size_t takes_;
};

inline keys::LocalSigner signer(std::uint8_t number) {
    std::array<std::uint8_t, 32> bytes{};
    bytes[31] = number;
    return keys::LocalSigner(keys::Secret::from_bytes(bytes).value());
}

/// The paid routes of one model between a scripted engine and a chain that stands still.
class PaidTest : public ::testing::Test {
  protected:
    PaidTest();
    ~PaidTest() override;

    template <class T>
    T run(Task<T> task) {
        std::exception_ptr thrown;
        std::optional<T> result;
        boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failure, T value) {
            thrown = failure;
            if (!failure) result.emplace(std::move(value));
        });
        loop.restart();
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*result);
    }

    /// Sends a call; the body of a streamed answer goes to `writer`.
    io::Response send(io::Method, std::string body, std::string payment = {});
    io::Response post(std::string body, std::string payment = {}) {
        return send(io::Method::post, std::move(body), std::move(payment));
    }

    payment::PaymentRequired asked(const io::Response&) const;
    payment::SettlementResponse paid(const io::Response&) const;
    /// What was asked for, in the header of a buyer that signs this total.
    std::string voucher(std::uint64_t total, std::uint64_t amount, std::uint8_t session = 2) const;
    std::string refund(std::uint64_t total) const;
    std::uint64_t charged() const;
    static std::string text_of(const io::Response&);

    std::filesystem::path folder;
    boost::asio::io_context loop;
    io::ManualClock clock{unix_time(1'800'000'000)};
    StillChain still;
    io::Metrics metrics;
    keys::LocalSigner operator_key = signer(8);
    keys::LocalSigner authorizer = signer(9);
    std::shared_ptr<ScriptedEngine> engine = std::make_shared<ScriptedEngine>();
    ServedModels served;
    chain::Deployment deployment;
    payment::ChannelDomain channels{kChain};
    std::unique_ptr<db::Database> database;
    std::unique_ptr<ledger::Ledger> ledger;
    std::unique_ptr<ledger::Mirror> mirror;
    std::unique_ptr<chain::Sender> sender;
    std::unique_ptr<ledger::Deposits> deposits;
    std::unique_ptr<ledger::Settler> settler;
    std::unique_ptr<Router> router;
    std::shared_ptr<PaidDesk> desk;
    std::unique_ptr<PaidRoutes> routes;
    payment::ChannelConfig config;
    ledger::ChannelId channel;
    TestWriter writer;
    std::string path = "/v1/chat/completions";
    std::string stoa_stream;
};

}  // namespace stoa::gateway::testing
