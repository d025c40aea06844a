#include "stoa/inference/error.hpp"

namespace stoa::inference {

ErrorText text_of(InferenceError error) {
    using enum InferenceError;
    switch (error) {
        case not_offered: return {"not_offered", "the model can't do this"};
        case empty_prompt: return {"empty_prompt", "the prompt is empty"};
        case prompt_too_long:
            return {"prompt_too_long", "the prompt leaves no room for an answer in the context"};
        case busy: return {"engine_busy", "as many calls wait for the model as may wait"};
        case bad_tensor:
            return {"bad_tensor", "the inputs don't have the model's names, types and shapes"};
        case bad_setting:
            return {"bad_setting", "temperature, top_p or stop is outside its bounds"};
        case bad_conversation:
            return {"bad_conversation", "the model's chat template doesn't take these roles"};
        case missing_file: return {"missing_file", "the model file can't be read"};
        case wrong_digest: return {"wrong_digest", "the model file is not the one that is listed"};
        case wrong_format: return {"wrong_format", "the file is neither GGUF 3 nor ONNX"};
    }
    return {"unexpected", "unknown inference error"};
}

std::error_code make_error_code(InferenceError error) {
    return error_code_of("inference", error);
}

}  // namespace stoa::inference
