#include "stoa/gateway/paid_refusal.hpp"

#include "stoa/inference/error.hpp"

namespace stoa::gateway {
namespace {

Problem problem(unsigned status, const std::error_code& why, std::string fix) {
    Problem out;
    out.status = status;
    out.code = code_of(why);
    out.title = why.message();
    out.detail = why.message() + ".";
    out.fix = std::move(fix);
    return out;
}

}  // namespace

tl::unexpected<Problem> refuse_engine(const std::error_code& why) {
    if (why == inference::InferenceError::busy) {
        Problem busy = problem(503, why, "Try again in a second; nothing was charged.");
        busy.retry_after = "1";
        return tl::unexpected(std::move(busy));
    }
    return tl::unexpected(
        problem(400, why, "Change the request; nothing was charged for this one."));
}

tl::unexpected<Problem> engine_failed() {
    Problem failed;
    failed.status = 503;
    failed.code = "engine_failed";
    failed.title = "The model failed";
    failed.detail = "The model's engine broke while it had the call.";
    failed.fix = "Send the same request again, with the same payment; nothing was charged.";
    failed.retry_after = "1";
    return tl::unexpected(std::move(failed));
}

tl::unexpected<Problem> failed_too_often(std::chrono::seconds wait) {
    Problem often;
    often.status = 429;
    often.code = "engine_failed_often";
    often.title = "The model failed your calls too often";
    often.detail = "Three of your calls failed in this model within ten minutes; none was charged.";
    often.fix = "Wait, or call another model.";
    often.retry_after = std::to_string(wait.count());
    return tl::unexpected(std::move(often));
}

tl::unexpected<Problem> bad_payment(const std::error_code& why) {
    return tl::unexpected(problem(
        400, why, "Send base64 of the JSON that x402 version 2 defines in PAYMENT-SIGNATURE."));
}

}  // namespace stoa::gateway
