// What a worker may still do once it's about to read a file that somebody else made: compute, talk
// over the descriptors that it has, and end. No file can be opened, no socket made, no program
// started, no other process signalled; this holds for root too.
#pragma once

#include <cstdint>

namespace stoa::engines {

/// Closes the sandbox around this process, which must have one thread: Landlock with nothing
/// allowed, resource limits, and an allow-list of system calls. There is no way back. Throws
/// `std::system_error` where the kernel can't do it: nothing runs outside.
///
/// @param memory_bytes  limit of the address space, in which a mapped model counts; 0 for none
void enter_sandbox(std::uint64_t memory_bytes);

}  // namespace stoa::engines
