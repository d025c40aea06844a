#include "stoa/gateway/paid_run.hpp"

#include "stoa/base/hex.hpp"
#include "stoa/eth/keccak.hpp"
#include "stoa/gateway/paid_refusal.hpp"

namespace stoa::gateway {

void PaidRun::hash_tokens() {
    receipt.token_ids_hash = payment::token_ids_hash(input_ids, output_ids);
}

Receipts::Id receipt_of(PaidCall& call, std::string_view output,
                        const payment::SettlementResponse& settled) {
    payment::Receipt receipt = call.receipt;
    receipt.channel_id = call.purchase->account();
    // A one-off payment is charged whole.
    receipt.charge = settled.charged.value_or(call.purchase->maximum());
    receipt.cumulative = receipt.charge;
    if (settled.channel_state) {
        receipt.cumulative = settled.channel_state->charged.value_or(receipt.charge);
    }
    receipt.output_hash = eth::keccak256(output);
    receipt.input_tokens = call.meter.usage().input_tokens;
    receipt.output_tokens = call.meter.usage().output_tokens;
    return call.receipts.add(std::move(receipt));
}

namespace {

constexpr std::size_t kHeaders = 8;  ///< With those that the router adds.

/// Keeps it for those who ask again.
io::Response charged_answer(PaidCall& call, Made made, const payment::SettlementResponse& settled) {
    const auto body = std::make_shared<const std::string>(std::move(made.body));
    io::Response response(200, {}, body);
    response.headers.reserve(kHeaders);
    response.headers.add("Content-Type", "application/json");
    response.headers.add("Cache-Control", "private");
    response.headers.add(payment::kPaymentResponseHeader, payment::to_header(settled));
    response.headers.add(kReceiptHeader, to_hex(receipt_of(call, made.output, settled)));
    call.answers.keep(call.purchase->key(), {response.headers, body});
    return response;
}

}  // namespace

Task<Answer> answer_made(PaidCall& call, Task<Result<Made>> work) {
    std::optional<Result<Made>> made;
    std::string failure;
    try {
        made.emplace(co_await std::move(work));
    } catch (const inference::EngineFailure& failed) {
        failure = failed.what();
    }
    if (!made || !*made) {
        co_await call.purchase->release();
        if (made) co_return refuse_engine(made->error());
        call.engine_failed();
        call.log.warning("an engine failed a call", {{"why", failure}});
        co_return engine_failed();
    }
    const auto settled = co_await call.purchase->charge(call.meter.charge(), call.meter.usage());
    co_return charged_answer(call, std::move(**made), settled);
}

}  // namespace stoa::gateway
