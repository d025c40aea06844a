#include "stoa/io/sse.hpp"

#include <utility>

namespace stoa::io {
namespace {

void add_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).push_back('\n');
}

}  // namespace

std::string to_text(const Event& event) {
    std::string out;
    out.reserve(event.data.size() + event.id.size() + event.type.size() + 32);
    if (!event.id.empty()) add_field(out, "id", event.id);
    if (!event.type.empty()) add_field(out, "event", event.type);
    std::string_view data = event.data;
    while (true) {
        const auto end = data.find('\n');
        add_field(out, "data", data.substr(0, end));
        if (end == std::string_view::npos) break;
        data.remove_prefix(end + 1);
    }
    out.push_back('\n');
    return out;
}

void EventReader::feed(std::string_view chunk, const std::function<void(Event&&)>& found) {
    // A line ends with CR, LF or both; the two may come in different chunks.
    while (!chunk.empty()) {
        if (after_return_ && chunk.front() == '\n') chunk.remove_prefix(1);
        after_return_ = false;
        const auto end = chunk.find_first_of("\r\n");
        const auto piece = chunk.substr(0, end);
        if (rest_.size() + event_.data.size() + piece.size() > max_event_bytes_) {
            throw std::length_error("an event is longer than " + std::to_string(max_event_bytes_) +
                                    " bytes");
        }
        if (end == std::string_view::npos) {
            rest_.append(piece);
            return;
        }
        after_return_ = chunk[end] == '\r';
        if (rest_.empty()) {
            line(piece, found);
        } else {
            rest_.append(piece);
            const std::string whole = std::move(rest_);
            rest_.clear();
            line(whole, found);
        }
        chunk.remove_prefix(end + 1);
    }
}

void EventReader::line(std::string_view text, const std::function<void(Event&&)>& found) {
    if (text.empty()) {
        Event event = std::move(event_);
        event_ = {};
        if (!std::exchange(has_data_, false)) return;
        event.id = last_id_;
        found(std::move(event));
        return;
    }
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
        if (has_data_) event_.data.push_back('\n');
        event_.data.append(value);
        has_data_ = true;
    } else if (name == "event") {
        event_.type = value;
    } else if (name == "id") {
        last_id_ = value;
    }
}

}  // namespace stoa::io
