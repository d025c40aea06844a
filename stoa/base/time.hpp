#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "stoa/base/format_error.hpp"
#include "stoa/base/result.hpp"

namespace stoa {

/// A moment on the wire and in the ledger: whole seconds since 1970 in UTC. Pure code takes it as
/// a parameter; only the machine layers ask a clock.
using UnixTime = std::chrono::sys_seconds;

inline UnixTime unix_time(std::int64_t seconds) {
    return UnixTime{std::chrono::seconds{seconds}};
}
inline std::int64_t unix_seconds(UnixTime time) {
    return time.time_since_epoch().count();
}

/// `2026-01-31T12:00:00Z`; years 0000 to 9999.
std::string to_rfc3339(UnixTime);

/// Any offset and fraction of a second, which is cut off: bad_time.
Result<UnixTime> parse_rfc3339(std::string_view);

}  // namespace stoa
