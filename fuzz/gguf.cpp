// A model file as somebody else made it, of which the header is read before it is published.
#include "stoa/content/gguf.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    (void)content::read_gguf(input);
}

}  // namespace stoa::fuzz
