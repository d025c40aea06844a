#pragma once

#include <stdexcept>

#include "stoa/base/error.hpp"

namespace stoa::inference {

/// Why an engine refuses a call that reached it. None of these costs anything.
enum class InferenceError {
    not_offered = 1,  ///< The model can't do that: no chat template, no embeddings, no tensors.
    empty_prompt,
    prompt_too_long,   ///< No room in the context for the prompt and one token of answer.
    busy,              ///< As many calls wait as the engine lets wait.
    bad_tensor,        ///< An input that the model lacks, or of another type or shape.
    bad_setting,       ///< A temperature, top_p or stop text outside its bounds.
    bad_conversation,  ///< The chat template doesn\'t take this order of roles.

    // Of the file, before it is loaded.
    missing_file,
    wrong_digest,  ///< The bytes are not the ones that were listed.
    wrong_format,  ///< Not GGUF version 3 or ONNX, or its counts exceed its size.
};

ErrorText text_of(InferenceError);
std::error_code make_error_code(InferenceError);

/// The engine broke while it had the call: it crashed, hung, or is being restarted. The call is
/// unpaid, whatever was sent already; a retry may succeed.
class EngineFailure : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace stoa::inference

template <>
struct std::is_error_code_enum<stoa::inference::InferenceError> : std::true_type {};
