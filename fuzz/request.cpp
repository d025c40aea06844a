// Bodies of calls, before anything is paid for them.
#include "stoa/gateway/paid_request.hpp"
#include "stoa/gateway/tensor_message.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {
namespace {

inference::TensorSignature signature() {
    using inference::ElementType;
    return {.inputs = {{"x", {ElementType::fp32, {-1, 4}, {}}},
                       {"ids", {ElementType::int64, {1, -1}, {}}},
                       {"flag", {ElementType::boolean, {1}, {}}}},
            .outputs = {{"y", {ElementType::fp32, {-1}, {}}}}};
}

}  // namespace

void run(Bytes input) {
    using gateway::PaidKind;
    const auto text = text_of(input);
    for (const auto kind : {PaidKind::chat, PaidKind::completion, PaidKind::embedding}) {
        const auto request = gateway::read_paid_request(kind, text);
        if (request) demand(request->text_bytes <= text.size());
    }
    static const auto known = signature();
    (void)gateway::read_tensor_request(text, known);
}

}  // namespace stoa::fuzz
