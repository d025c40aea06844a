#pragma once

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stoa::io {

/// One event of a stream (HTML Living Standard §9.2).
struct Event {
    std::string id;
    std::string type;  ///< Empty: "message".
    std::string data;  ///< May have several lines.
};

/// The event's text, with its closing empty line.
std::string to_text(const Event&);

/// Cuts a stream into events, wherever its chunks end. Comments are dropped; an event without data
/// is none.
class EventReader {
  public:
    explicit EventReader(std::size_t max_event_bytes = std::size_t{1} << 20)
        : max_event_bytes_(max_event_bytes) {}

    /// Calls `found` for each event that `chunk` completes. Throws `std::length_error` when one is
    /// longer than the limit.
    void feed(std::string_view chunk, const std::function<void(Event&&)>& found);

  private:
    void line(std::string_view, const std::function<void(Event&&)>& found);

    std::size_t max_event_bytes_;
    std::string rest_;
    Event event_;
    std::string last_id_;
    bool has_data_ = false;
    bool after_return_ = false;
};

}  // namespace stoa::io
