#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stoa/io/sse.hpp"
#include "stoa/payment/receipt.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::client {

/// Takes the node's own events out of a stream, because strict clients of OpenAI's API read every
/// data line as theirs, and keeps the receipt.
class ReceiptFilter {
  public:
    /// What of the stream is for the client, as far as it is complete.
    std::string feed(std::string_view chunk);

    /// The last `stoa.receipt` that could be read.
    const std::optional<payment::SettlementResponse>& receipt() const { return receipt_; }
    /// What the node signed about the call, unverified.
    const std::optional<payment::SignedReceipt>& proof() const { return proof_; }

  private:
    io::EventReader reader_;
    std::optional<payment::SettlementResponse> receipt_;
    std::optional<payment::SignedReceipt> proof_;
};

}  // namespace stoa::client
