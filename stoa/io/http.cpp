#include "stoa/io/http.hpp"

#include <algorithm>

#include <boost/beast/http/status.hpp>

namespace stoa::io {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char small = lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

}  // namespace

std::string_view to_text(Method method) {
    switch (method) {
        case Method::get: return "GET";
        case Method::head: return "HEAD";
        case Method::post: return "POST";
        case Method::put: return "PUT";
        case Method::patch: return "PATCH";
        case Method::delete_: return "DELETE";
        case Method::options: return "OPTIONS";
    }
    return "";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
    for (const auto& [key, value] : fields_) {
        if (equal_ignoring_case(key, name)) return value;
    }
    return std::nullopt;
}

void Headers::set(std::string_view name, std::string value) {
    erase(name);
    fields_.emplace_back(name, std::move(value));
}

void Headers::add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::erase(std::string_view name) {
    std::erase_if(fields_,
                  [&](const Field& field) { return equal_ignoring_case(field.first, name); });
}

std::optional<std::string_view> Request::query_parameter(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus) {
    std::string out;
    if (text.find_first_of("%+") == std::string_view::npos) return out.assign(text);
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = digit(text[i + 1]);
            const int low = digit(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        } else {
            out.push_back(plus && text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
                           c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out.push_back(c);
        } else {
            out.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
        }
    }
    return out;
}

std::optional<std::vector<std::string>> path_segments(std::string_view path) {
    std::vector<std::string> segments;
    segments.reserve(4);
    if (path.starts_with('/')) path.remove_prefix(1);
    while (true) {
        const auto end = path.find('/');
        auto segment = percent_decode(path.substr(0, end));
        if (!segment) return std::nullopt;
        segments.push_back(std::move(*segment));
        if (end == std::string_view::npos) return segments;
        path.remove_prefix(end + 1);
    }
}

Response text_response(unsigned status, std::string text, std::string type) {
    return Response(status, {{"Content-Type", std::move(type)}}, std::move(text));
}

Response json_response(unsigned status, std::string json) {
    return text_response(status, std::move(json), "application/json");
}

std::string_view reason_of(unsigned status) {
    const auto reason =
        boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
    return {reason.data(), reason.size()};
}

}  // namespace stoa::io
