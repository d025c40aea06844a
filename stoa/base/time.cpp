#include "stoa/base/time.hpp"

#include <cstdio>
#include <optional>

namespace stoa {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Takes what it reads from the front of the text; once something is missing it stays failed.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    unsigned digits(std::size_t count) {
        unsigned number = 0;
        for (std::size_t i = 0; i < count; ++i) {
            if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return miss();
            number = number * 10 + static_cast<unsigned>(rest_.front() - '0');
            rest_.remove_prefix(1);
        }
        return number;
    }

    /// The next character if it is one of `choices`, else 0.
    char one_of(std::string_view choices) {
        if (rest_.empty() || choices.find(rest_.front()) == choices.npos) return 0;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    void expect(std::string_view choices) {
        if (!one_of(choices)) miss();
    }

    unsigned miss() {
        failed_ = true;
        return 0;
    }

    bool complete() const { return !failed_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool failed_ = false;
};

std::optional<seconds> read_offset(Reader& reader) {
    if (reader.one_of("Zz")) return seconds{0};
    const char sign = reader.one_of("+-");
    if (!sign) return std::nullopt;
    const unsigned hour = reader.digits(2);
    reader.expect(":");
    const unsigned minute = reader.digits(2);
    if (hour > 23 || minute > 59) return std::nullopt;
    const seconds offset = hours{hour} + minutes{minute};
    return sign == '+' ? offset : -offset;
}

}  // namespace

std::string to_rfc3339(UnixTime time) {
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

Result<UnixTime> parse_rfc3339(std::string_view text) {
    Reader reader{text};
    const unsigned year = reader.digits(4);
    reader.expect("-");
    const unsigned month = reader.digits(2);
    reader.expect("-");
    const unsigned day = reader.digits(2);
    reader.expect("Tt");
    const unsigned hour = reader.digits(2);
    reader.expect(":");
    const unsigned minute = reader.digits(2);
    reader.expect(":");
    const unsigned second = reader.digits(2);
    if (reader.one_of(".")) {
        reader.digits(1);
        while (reader.one_of("0123456789")) continue;
    }
    const auto offset = read_offset(reader);

    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)},
                                           std::chrono::month{month}, std::chrono::day{day}};
    if (!reader.complete() || !offset || !date.ok() || hour > 23 || minute > 59 || second > 60) {
        return fail(FormatError::bad_time);
    }
    return UnixTime{std::chrono::sys_days{date}} + hours{hour} + minutes{minute} + seconds{second} -
           *offset;
}

}  // namespace stoa
