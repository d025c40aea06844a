#include "stoa/io/http_parser.hpp"

#include <algorithm>
#include <limits>

#include <boost/beast/http/basic_parser.hpp>

namespace stoa::io {

namespace beast = boost::beast;
namespace http = boost::beast::http;

struct MessageParser::Impl {
    virtual ~Impl() = default;
    virtual std::size_t put(std::string_view) = 0;
    virtual void put_end() = 0;
    virtual bool has_head() const = 0;
    virtual bool is_done() const = 0;

    MessageHead head;
    std::string body;
    std::uint64_t max_body_bytes = std::numeric_limits<std::uint64_t>::max();
    beast::error_code failed;
};

namespace {

std::optional<Method> method_of(http::verb verb) {
    switch (verb) {
        case http::verb::get: return Method::get;
        case http::verb::head: return Method::head;
        case http::verb::post: return Method::post;
        case http::verb::put: return Method::put;
        case http::verb::patch: return Method::patch;
        case http::verb::delete_: return Method::delete_;
        case http::verb::options: return Method::options;
        default: return std::nullopt;
    }
}

template <bool IsRequest>
class Parser final : public MessageParser::Impl, private http::basic_parser<IsRequest> {
    using Base = http::basic_parser<IsRequest>;

  public:
    Parser(std::size_t max_header_bytes, bool is_bodyless) {
        Base::header_limit(static_cast<std::uint32_t>(max_header_bytes));
        Base::body_limit(boost::none);
        Base::eager(false);
        if constexpr (!IsRequest) Base::skip(is_bodyless);
    }

    std::size_t put(std::string_view bytes) override {
        std::size_t taken = 0;
        // Without eager parsing it stops at each seam; go on to the end of the head or the message.
        while (!failed && !Base::is_done()) {
            const bool had_head = Base::is_header_done();
            const auto rest = bytes.substr(taken);
            if (rest.empty()) break;
            beast::error_code error;
            taken += Base::put(boost::asio::const_buffer(rest.data(), rest.size()), error);
            if (error == http::error::need_more) break;
            failed = error;
            if (!had_head && Base::is_header_done()) {
                note_head();
                break;
            }
        }
        return taken;
    }

    void put_end() override {
        beast::error_code error;
        Base::put_eof(error);
        failed = error;
    }

    bool has_head() const override { return Base::is_header_done(); }
    bool is_done() const override { return Base::is_done(); }

  private:
    void note_head() {
        const auto length = Base::content_length();
        if (length) head.content_length = *length;
        head.is_chunked = Base::chunked();
        head.keeps_alive = Base::keep_alive();
        if constexpr (!IsRequest) head.ends_with_connection = Base::need_eof();
    }

    std::size_t take(beast::string_view bytes, beast::error_code& error) {
        if (bytes.size() > max_body_bytes - std::min<std::uint64_t>(body.size(), max_body_bytes)) {
            error = http::error::body_limit;
            return 0;
        }
        body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    void on_request_impl(http::verb verb, beast::string_view, beast::string_view target,
                         int version, beast::error_code&) override {
        head.method = method_of(verb);
        head.target.assign(target.data(), target.size());
        head.is_http_1_0 = version < 11;
        head.headers.reserve(12);
    }
    void on_response_impl(int status, beast::string_view, int version,
                          beast::error_code&) override {
        head.status = static_cast<unsigned>(status);
        head.is_http_1_0 = version < 11;
    }
    void on_field_impl(http::field, beast::string_view name, beast::string_view value,
                       beast::error_code&) override {
        // Trailers come after decisions have been made on the headers.
        if (Base::is_header_done()) return;
        head.headers.add(std::string(name.data(), name.size()),
                         std::string(value.data(), value.size()));
    }
    void on_header_impl(beast::error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
    std::size_t on_body_impl(beast::string_view bytes, beast::error_code& error) override {
        return take(bytes, error);
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes,
                                   beast::error_code& error) override {
        return take(bytes, error);
    }
    void on_finish_impl(beast::error_code&) override {}
};

}  // namespace

MessageParser::MessageParser(Kind kind, std::size_t max_header_bytes) {
    if (kind == Kind::request) {
        impl_ = std::make_unique<Parser<true>>(max_header_bytes, false);
    } else {
        impl_ = std::make_unique<Parser<false>>(max_header_bytes, kind == Kind::response_to_head);
    }
}

MessageParser::~MessageParser() = default;

std::size_t MessageParser::put(std::string_view bytes) {
    return impl_->put(bytes);
}
void MessageParser::put_end() {
    impl_->put_end();
}
bool MessageParser::has_head() const {
    return impl_->has_head();
}
bool MessageParser::is_done() const {
    return impl_->is_done();
}
MessageHead& MessageParser::head() {
    return impl_->head;
}
std::string& MessageParser::body() {
    return impl_->body;
}
void MessageParser::set_max_body_bytes(std::uint64_t bytes) {
    impl_->max_body_bytes = bytes;
}

std::optional<ParseFailure> MessageParser::failure() const {
    if (!impl_->failed) return std::nullopt;
    if (impl_->failed == http::error::header_limit) return ParseFailure::header_too_large;
    if (impl_->failed == http::error::body_limit) return ParseFailure::body_too_large;
    return ParseFailure::malformed;
}

}  // namespace stoa::io
