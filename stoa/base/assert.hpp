#pragma once

namespace stoa {

/// Prints where and what to standard error and aborts: state after a bug can't be trusted.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace stoa

/// For what only a bug could make false; always on, also in release builds.
#define STOA_ASSERT(condition) \
    ((condition) ? void(0) : ::stoa::assertion_failed(#condition, __FILE__, __LINE__))
