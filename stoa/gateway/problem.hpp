#pragma once

#include <optional>
#include <string>
#include <system_error>

#include "stoa/gateway/error.hpp"
#include "stoa/io/http.hpp"

namespace stoa::gateway {

/// What a refused request is told: what happened, why, and what to do (RFC 9457).
struct Problem {
    unsigned status = 500;
    std::string code;                          ///< Stable, `snake_case`.
    std::string title;                         ///< The same for every problem of this code.
    std::string detail;                        ///< This one, with its names and numbers.
    std::string fix;                           ///< What the caller can do.
    std::string param;                         ///< The field at fault, if it is one.
    std::optional<std::string> retry_after{};  ///< Seconds, for the header of that name.
};

/// The table: every refusal of every module has its status and its way out here. `detail` replaces
/// the general sentence.
Problem problem_of(const std::error_code&, std::string detail = {}, std::string param = {});

/// `application/problem+json`, inside OpenAI's `{"error": …}`, a document with that inside where
/// the path isn't known, or a document whose `error` is the sentence that Open Inference has there.
enum class ProblemShape { document, openai, both, open_inference };

/// openai under `/v1/` and `/m/`, open_inference under `/v2/`.
ProblemShape shape_for(std::string_view path);

io::Response to_response(const Problem&, ProblemShape);

}  // namespace stoa::gateway
