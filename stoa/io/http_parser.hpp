#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stoa/io/http.hpp"

namespace stoa::io {

enum class ParseFailure { malformed, header_too_large, body_too_large };

/// What an HTTP/1 message says of itself before its body.
struct MessageHead {
    std::optional<Method> method;  ///< Of a request; nothing for one that we don't know.
    std::string target;
    unsigned status = 0;  ///< Of a response.
    bool is_http_1_0 = false;
    Headers headers;
    std::optional<std::uint64_t> content_length;
    bool is_chunked = false;
    bool keeps_alive = false;
    bool ends_with_connection = false;  ///< A response's body goes on until the connection closes.
};

/// Takes one HTTP/1 message apart. The caller keeps the bytes until they are taken.
class MessageParser {
  public:
    enum class Kind { request, response, response_to_head };

    MessageParser(Kind, std::size_t max_header_bytes);
    ~MessageParser();

    /// How many bytes it has taken; the others must come again, with more behind them. Stops after
    /// the head, and after the message.
    std::size_t put(std::string_view bytes);
    /// The connection has closed: the end of some bodies, malformed elsewhere.
    void put_end();

    bool has_head() const;
    bool is_done() const;
    std::optional<ParseFailure> failure() const;

    MessageHead& head();
    /// Grows with `put` up to `max_body_bytes`; who takes bytes away makes room.
    std::string& body();
    void set_max_body_bytes(std::uint64_t);

    struct Impl;

  private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::io
