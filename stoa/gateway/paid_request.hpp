#pragma once

#include "stoa/gateway/fields.hpp"
#include "stoa/inference/engine.hpp"
#include "stoa/payment/price.hpp"

namespace stoa::gateway {

enum class PaidKind { chat, completion, embedding };

/// A body of OpenAI's API, as far as engines know its fields; others are refused where they would
/// change the answer and ignored where they would not.
struct PaidRequest {
    PaidKind kind = PaidKind::chat;
    std::string model;  ///< Empty where the path names it.
    inference::GenerateRequest generate;
    std::vector<std::string> texts;  ///< To embed.
    bool stream = false;
    bool include_usage = false;
    bool base64 = false;  ///< How embeddings are written.

    std::uint64_t text_bytes = 0;
    std::size_t messages = 0;
};

OrProblem<PaidRequest> read_paid_request(PaidKind, std::string_view body);

/// No call of this request has more tokens.
payment::Usage usage_bound(const PaidRequest&, const inference::EngineInfo&);

/// The usage that a price is shown for where there is no request.
payment::Usage typical_usage(const inference::EngineInfo&);

}  // namespace stoa::gateway
