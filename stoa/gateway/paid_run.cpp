#include "stoa/gateway/paid_run.hpp"

#include "stoa/eth/keccak.hpp"

namespace stoa::gateway {

Receipts::Id receipt_of(PaidRun& run, std::string_view output,
                        const payment::SettlementResponse& settled) {
    payment::Receipt receipt = run.receipt;
    receipt.channel_id = run.purchase->account();
    // A one-off payment is charged whole.
    receipt.charge = settled.charged.value_or(run.purchase->maximum());
    receipt.cumulative = receipt.charge;
    if (settled.channel_state) {
        receipt.cumulative = settled.channel_state->charged.value_or(receipt.charge);
    }
    receipt.output_hash = eth::keccak256(output);
    if (run.request.kind != PaidKind::embedding) {
        receipt.token_ids_hash = payment::token_ids_hash(run.input_ids, run.output_ids);
    }
    receipt.input_tokens = run.meter.usage().input_tokens;
    receipt.output_tokens = run.meter.usage().output_tokens;
    return run.receipts.add(std::move(receipt));
}

}  // namespace stoa::gateway
