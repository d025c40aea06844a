#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace stoa::payment {

/// Appends JSON to a text, member by member. What a node says to every call, paid or not, is
/// written without a tree of values between.
class JsonWriter {
  public:
    JsonWriter() { out_.reserve(1536); }

    void begin() { open('{'); }
    void begin(std::string_view key) {
        name(key);
        begin_value('{');
    }
    void begin_list(std::string_view key) {
        name(key);
        begin_value('[');
    }
    void end() { close('}'); }
    void end_list() { close(']'); }

    /// Digits, hex and names of ours: nothing to escape.
    void plain(std::string_view key, std::string_view value) {
        name(key);
        out_.append("\"").append(value).append("\"");
    }
    void text(std::string_view key, std::string_view value) {
        const auto is_special = [](char c) {
            return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
        };
        for (const char c : value) {
            if (!is_special(c)) continue;
            name(key);
            out_ += boost::json::serialize(boost::json::value(value));
            return;
        }
        plain(key, value);
    }
    void number(std::string_view key, std::uint64_t value) {
        name(key);
        char room[20];
        out_.append(room, std::to_chars(room, room + sizeof room, value).ptr);
    }
    void boolean(std::string_view key, bool value) {
        name(key);
        out_ += value ? "true" : "false";
    }

    void null(std::string_view key) {
        name(key);
        out_ += "null";
    }

    std::string take() { return std::move(out_); }

  private:
    void separate() {
        if (!is_first_) out_ += ',';
        is_first_ = false;
    }
    void name(std::string_view key) {
        separate();
        out_.append("\"").append(key).append("\":");
    }
    void open(char bracket) {
        separate();
        begin_value(bracket);
    }
    void begin_value(char bracket) {
        out_ += bracket;
        is_first_ = true;
    }
    void close(char bracket) {
        out_ += bracket;
        is_first_ = false;
    }

    std::string out_;
    bool is_first_ = true;
};

}  // namespace stoa::payment
