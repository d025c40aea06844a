#pragma once

#include <system_error>

#include <tl/expected.hpp>

namespace stoa {

/// A value, or the code that says why there is none.
///
/// Return it where untrusted input decides the outcome. Throw where the machine does (disk,
/// network, database). Assert where only a bug could.
template <class T>
using Result = tl::expected<T, std::error_code>;

/// `return fail(VoucherError::stale);`
inline tl::unexpected<std::error_code> fail(std::error_code why) {
    return tl::unexpected(why);
}

}  // namespace stoa

/// `STOA_TRY(const auto size, parse_size(text));` declares `size`, or returns the refusal from the
/// enclosing function, which must return a `Result` itself.
#define STOA_TRY(declaration, expression) \
    STOA_TRY_NAMED(STOA_TRY_JOIN(attempt_, __LINE__), declaration, expression)
#define STOA_TRY_NAMED(attempt, declaration, expression)      \
    auto attempt = (expression);                              \
    if (!attempt) return ::tl::unexpected((attempt).error()); \
    declaration = *::std::move(attempt)
#define STOA_TRY_JOIN(a, b) STOA_TRY_JOIN_AGAIN(a, b)
#define STOA_TRY_JOIN_AGAIN(a, b) a##b

/// `STOA_CHECK(check_price(order));` for a `Result<void>`.
#define STOA_CHECK(expression)                                                               \
    do {                                                                                     \
        if (auto checked = (expression); !checked) return ::tl::unexpected(checked.error()); \
    } while (false)
