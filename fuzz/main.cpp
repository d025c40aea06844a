#include "fuzz/fuzz.hpp"

// libFuzzer's own name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
    stoa::fuzz::run({data, size});
    return 0;
}
