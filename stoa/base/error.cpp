#include "stoa/base/error.hpp"

namespace stoa {

std::string_view code_of(const std::error_code& error) {
    const auto* refusal = dynamic_cast<const RefusalCategory*>(&error.category());
    return refusal ? refusal->text(error.value()).code : "unexpected";
}

}  // namespace stoa
