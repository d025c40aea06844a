#pragma once

#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stoa/gateway/paid_purchase.hpp"
#include "stoa/gateway/paid_receipts.hpp"
#include "stoa/gateway/paid_text.hpp"
#include "stoa/gateway/paid_top_up.hpp"
#include "stoa/gateway/router.hpp"
#include "stoa/io/log.hpp"

namespace stoa::gateway {

/// One paid call of any kind between its purchase and its charge.
struct PaidCall {
    std::shared_ptr<inference::Engine> engine;
    payment::ChargeMeter meter;
    std::unique_ptr<Purchase> purchase;
    PaidAnswers& answers;
    std::function<void()> engine_failed;  ///< Told of each call that the engine broke.
    Receipts& receipts;
    payment::Receipt receipt;  ///< What is known before the call, and of its tokens after it.
    io::Log log{};
};

/// Its receipt, of a charge that is durable. `output` is what was delivered.
Receipts::Id receipt_of(PaidCall&, std::string_view output, const payment::SettlementResponse&);

inline constexpr const char* kReceiptHeader = "Stoa-Receipt";

/// An answer as the engine made it.
struct Made {
    std::string body;
    std::string output;  ///< What the receipt is of.
};

/// Answers whole, with what `work` makes: the client gets it once it is charged.
Task<Answer> answer_made(PaidCall&, Task<Result<Made>> work);

/// A call for text or embeddings.
struct PaidRun : PaidCall {
    PaidRequest request;
    PaidText text;
    std::vector<std::uint32_t> input_ids{};
    std::vector<std::uint32_t> output_ids{};
    bool with_receipt = false;  ///< The client reads Stoa's own events.

    /// Of a stream that is paid for in part and whose buyer can pay on.
    struct PaysOn {
        TopUps& top_ups;
        Amount bound;                    ///< The most that the call can cost.
        Amount step;                     ///< By which the next voucher must be larger.
        std::chrono::milliseconds wait;  ///< For it, before the stream ends.
    };
    std::optional<PaysOn> pays_on{};

    /// In the receipt, when the answer is complete.
    void hash_tokens();
};

Task<Answer> answer_whole(std::unique_ptr<PaidRun>);

/// Answers piece by piece. What the client's socket took is charged; the last event leaves after
/// that.
Task<Answer> answer_stream(boost::asio::any_io_executor, std::unique_ptr<PaidRun>);

}  // namespace stoa::gateway
