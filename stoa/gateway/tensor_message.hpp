#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoa/gateway/fields.hpp"
#include "stoa/inference/engine.hpp"

namespace stoa::gateway {

/// A body of the Open Inference Protocol, version 2, for a model of the given signature.
struct TensorRequest {
    std::string id;  ///< Comes back with the answer; may be empty.
    inference::Tensors inputs;
    std::vector<std::string> outputs;  ///< Which of them are wanted; none: all.
};

/// Refuses everything that the model would refuse too, so that nobody pays for it first. `data` may
/// be flat or nested as the shape is. FP16 and BYTES have no form in JSON.
OrProblem<TensorRequest> read_tensor_request(std::string_view body,
                                             const inference::TensorSignature&);

/// `{id?, model_name, model_version, outputs}`. Numbers that JSON lacks (NaN, infinities) are null.
std::string tensor_answer(const TensorRequest&, std::string_view model, std::uint32_t version,
                          const inference::Tensors& outputs);

/// `[{name, datatype, shape}]`, as a model's metadata has it; -1 stands for any size.
json::array tensor_list(const inference::Tensors&);

}  // namespace stoa::gateway
