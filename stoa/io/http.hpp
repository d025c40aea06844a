#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "stoa/io/task.hpp"

namespace stoa::io {

enum class Method { get, head, post, put, patch, delete_, options };

std::string_view to_text(Method);  ///< "GET".

/// Header fields in their order; names compare without case.
class Headers {
  public:
    using Field = std::pair<std::string, std::string>;

    Headers() = default;
    Headers(std::initializer_list<Field> fields) : fields_(fields) {}

    /// The first value.
    std::optional<std::string_view> get(std::string_view name) const;
    bool has(std::string_view name) const { return get(name).has_value(); }
    /// Replaces every field of that name.
    void set(std::string_view name, std::string value);
    void add(std::string name, std::string value);
    void erase(std::string_view name);

    auto begin() const { return fields_.begin(); }
    auto end() const { return fields_.end(); }
    std::size_t size() const { return fields_.size(); }
    void reserve(std::size_t count) { fields_.reserve(count); }

  private:
    std::vector<Field> fields_;
};

/// ASCII only, as header names and tokens are compared.
bool equal_ignoring_case(std::string_view, std::string_view);

struct Request {
    Method method = Method::get;
    std::string target;  ///< As sent: path and query.
    std::string path;    ///< Before the `?`, still percent-encoded; see `path_segments`.
    std::vector<std::pair<std::string, std::string>> query;  ///< Decoded, in order.
    Headers headers;
    std::string body;
    std::string remote;  ///< The client's IP address; "unix" on a unix socket.

    std::optional<std::string_view> query_parameter(std::string_view name) const;
};

/// `%41` → `A`; with `plus`, `+` → space, as in queries. Nothing when a `%` is not followed by two
/// hex digits.
std::optional<std::string> percent_decode(std::string_view, bool plus = false);
/// Everything but letters, digits and `-._~`.
std::string percent_encode(std::string_view);

/// `/api/models/a%2Fb` → {"api", "models", "a/b"}; nothing for a bad escape. A trailing `/` makes
/// an empty last segment.
std::optional<std::vector<std::string>> path_segments(std::string_view path);

/// Where a streamed body goes.
class Writer {
  public:
    virtual ~Writer() = default;

    /// Waits until the socket has taken the bytes. False when the client is gone: what is written
    /// from then on is dropped.
    [[nodiscard]] virtual Task<bool> write(std::string_view) = 0;

    virtual bool is_gone() const = 0;

    /// Called once, on the event loop, as soon as the client closes its connection, even when
    /// nothing is written; at once when it is gone already. Not called after the stream's end.
    virtual void on_gone(std::function<void()>) = 0;
};

/// Writes the whole body; an exception breaks the connection off, so that the client sees that the
/// body is not complete. It is run to its end when the client is gone.
using Stream = std::function<Task<void>(Writer&)>;

/// A body read from disk piece by piece. A `Range: bytes=` header of the request with one range is
/// answered by 206 (RFC 9110 §14).
struct FileBody {
    std::filesystem::path path;
};

/// One text for many answers.
using SharedBody = std::shared_ptr<const std::string>;

using Body = std::variant<std::string, SharedBody, Stream, FileBody>;

struct Response {
    explicit Response(unsigned number = 200, Headers fields = {}, Body content = {})
        : status(number), headers(std::move(fields)), body(std::move(content)) {}

    unsigned status;
    /// Content-Length, Transfer-Encoding, Connection and Date are the server's.
    Headers headers;
    Body body;
};

/// `text` with its Content-Type.
Response text_response(unsigned status, std::string text,
                       std::string type = "text/plain; charset=utf-8");
Response json_response(unsigned status, std::string json);

/// "Not Found".
std::string_view reason_of(unsigned status);

/// Answers a request; an exception becomes a 500. `Request` lives until the answer is written.
using Handler = std::function<Task<Response>(Request&)>;

}  // namespace stoa::io
