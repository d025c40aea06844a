#include "stoa/io/http_client.hpp"

#include <map>
#include <vector>

#include <boost/asio/this_coro.hpp>

#include "stoa/base/base64.hpp"
#include "stoa/io/http_link.hpp"
#include "stoa/io/http_parser.hpp"

namespace stoa::io {

namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr std::size_t kReadBytes = 16 * 1024;

bool has_body(const ClientRequest& request) {
    return !request.body.empty() || request.method == Method::post ||
           request.method == Method::put || request.method == Method::patch;
}

bool may_be_repeated(Method method) {
    return method != Method::post && method != Method::patch;
}

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_success(unsigned status) {
    return status >= 200 && status < 300;
}

void add_header(std::string& head, std::string_view name, std::string_view value) {
    const auto is_broken = [](std::string_view text) {
        return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
    };
    if (is_broken(name) || is_broken(value)) {
        throw HttpFailure(HttpFailure::Kind::bad_url, false,
                          "the header " + std::string(name) + " has a line end in it");
    }
    head.append(name).append(": ").append(value).append("\r\n");
}

std::string head_of(const ClientRequest& request, const UrlTarget& target,
                    const ClientConfig& config) {
    std::string head;
    head.append(to_text(request.method)).append(" ").append(target.target).append(" HTTP/1.1\r\n");
    if (!request.headers.has("Host")) add_header(head, "Host", target.authority);
    if (!request.headers.has("User-Agent")) add_header(head, "User-Agent", config.user_agent);
    if (!request.headers.has("Accept")) add_header(head, "Accept", "*/*");
    if (!target.user_info.empty() && !request.headers.has("Authorization")) {
        add_header(head, "Authorization", "Basic " + to_base64(as_bytes(target.user_info)));
    }
    for (const auto& [name, value] : request.headers) {
        if (!equal_ignoring_case(name, "Content-Length")) add_header(head, name, value);
    }
    if (has_body(request)) {
        add_header(head, "Content-Length", std::to_string(request.body.size()));
    }
    head.append("\r\n");
    return head;
}

}  // namespace

struct Client::Impl {
    /// What one request is doing, and how far it has come.
    struct Exchange {
        const ClientRequest& request;
        const UrlTarget& target;
        const OnHead* on_head;
        const OnChunk* on_chunk;
        Duration idle;
        Alarm::Time deadline;
        bool maybe_sent = false;
        bool has_answer = false;  ///< The first byte of one.
        bool keeps_alive = false;
        bool delivers = false;  ///< The body goes to `on_chunk`.
    };

    struct Kept {
        std::unique_ptr<Link> link;
        Alarm::Time since;
    };

    Impl(asio::any_io_executor loop, ClientConfig configuration)
        : executor(std::move(loop)), config(std::move(configuration)) {}

    asio::ssl::context& tls_context() {
        if (!tls) {
            auto made = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
            made->set_default_verify_paths();
            if (!config.ca_file.empty()) made->load_verify_file(config.ca_file.string());
            SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
            tls = std::move(made);
        }
        return *tls;
    }

    void drop_old() {
        const auto oldest = steady_clock::now() - config.idle;
        for (auto& [origin, links] : kept) {
            std::erase_if(links, [&](const Kept& each) { return each.since < oldest; });
        }
        std::erase_if(kept, [](const auto& entry) { return entry.second.empty(); });
    }

    std::unique_ptr<Link> take_kept(const std::string& origin) {
        drop_old();
        const auto found = kept.find(origin);
        if (found == kept.end()) return nullptr;
        auto& links = found->second;
        while (!links.empty()) {
            auto link = std::move(links.back().link);
            links.pop_back();
            if (link->is_usable()) return link;
        }
        return nullptr;
    }

    void keep(const std::string& origin, std::unique_ptr<Link> link) {
        auto& links = kept[origin];
        if (links.size() >= config.idle_per_host) links.erase(links.begin());
        links.push_back({std::move(link), steady_clock::now()});
    }

    Task<ClientResponse> exchange(Exchange& it);
    Task<ClientResponse> transfer(Exchange& it, Link& link, Alarm& alarm);
    Task<bool> deliver(Exchange& it, MessageParser& parser);
    Task<bool> begin_body(Exchange& it, MessageParser& parser, ClientResponse& response);

    asio::any_io_executor executor;
    ClientConfig config;
    std::unique_ptr<asio::ssl::context> tls;
    std::map<std::string, std::vector<Kept>> kept;
};

Task<ClientResponse> Client::Impl::exchange(Exchange& it) {
    const auto origin = it.target.origin();
    while (true) {
        Alarm alarm(executor);
        auto link = take_kept(origin);
        const bool was_kept = link != nullptr;
        if (!link) {
            link = std::make_unique<Link>(executor);
            co_await link->connect(
                it.target, config, [this]() -> asio::ssl::context& { return tls_context(); }, alarm,
                it.deadline);
        }
        alarm.set(it.deadline, [&link] { link->close(); });
        std::string broken;
        try {
            auto response = co_await transfer(it, *link, alarm);
            if (it.keeps_alive) keep(origin, std::move(link));
            co_return response;
        } catch (const LinkFailure& failure) {
            // Not by us, so the task is being cancelled.
            if (failure.code == asio::error::operation_aborted && !alarm.has_rung()) {
                throw boost::system::system_error(failure.code);
            }
            broken = failure.code.message();
        }
        if (alarm.has_rung()) {
            throw HttpFailure(HttpFailure::Kind::timeout, it.maybe_sent,
                              it.target.authority + " does not answer in time");
        }
        // The server may close a kept connection at the moment when we use it.
        if (was_kept && !it.has_answer && may_be_repeated(it.request.method)) continue;
        throw HttpFailure(HttpFailure::Kind::broken, it.maybe_sent,
                          "the connection to " + it.target.authority + " broke: " + broken);
    }
}

Task<ClientResponse> Client::Impl::transfer(Exchange& it, Link& link, Alarm& alarm) {
    const auto malformed = [&] {
        return HttpFailure(HttpFailure::Kind::broken, true,
                           it.target.authority + " does not answer in whole HTTP/1.1");
    };
    const auto kind = it.request.method == Method::head ? MessageParser::Kind::response_to_head
                                                        : MessageParser::Kind::response;
    const std::string head = head_of(it.request, it.target, config);
    it.maybe_sent = true;
    co_await link.write(head, it.request.body);

    ClientResponse response;
    std::optional<MessageParser> parser(std::in_place, kind, kMaxHeaderBytes);
    std::string buffer;
    std::size_t filled = 0;
    bool has_head = false;
    while (true) {
        const auto taken = parser->put({buffer.data(), filled});
        buffer.erase(0, taken);
        filled -= taken;
        if (parser->failure() == ParseFailure::body_too_large) {
            throw HttpFailure(HttpFailure::Kind::too_large, true,
                              it.target.authority + " answers more than " +
                                  std::to_string(it.request.max_body_bytes) + " bytes");
        }
        if (parser->failure()) throw malformed();
        if (!has_head && parser->has_head()) {
            if (parser->head().status < 200) {  // An interim answer; the real one follows.
                parser.emplace(kind, kMaxHeaderBytes);
                continue;
            }
            has_head = true;
            if (!co_await begin_body(it, *parser, response)) co_return response;
            continue;
        }
        // A slow taker is not the server's fault.
        if (it.on_chunk) alarm.move_to(it.deadline);
        if (has_head && !co_await deliver(it, *parser)) co_return response;
        if (parser->is_done()) break;
        if (filled > kMaxHeaderBytes) throw malformed();
        if (it.on_chunk) alarm.move_to(std::min(it.deadline, steady_clock::now() + it.idle));
        buffer.resize(filled + kReadBytes);
        const auto got = co_await link.read(asio::buffer(buffer.data() + filled, kReadBytes));
        if (got == 0 && !it.has_answer) {
            throw LinkFailure{asio::error::connection_reset};
        }
        it.has_answer = true;
        filled += got;
        if (got > 0) continue;
        parser->put_end();
        if (parser->failure() || !parser->is_done()) throw malformed();
    }
    if (!it.delivers) response.body = std::move(parser->body());
    it.keeps_alive = parser->head().keeps_alive && filled == 0;
    co_return response;
}

Task<bool> Client::Impl::begin_body(Exchange& it, MessageParser& parser, ClientResponse& response) {
    response.status = parser.head().status;
    response.headers = std::move(parser.head().headers);
    it.delivers = it.on_chunk != nullptr && is_success(response.status);
    if (!it.delivers) {
        parser.set_max_body_bytes(it.request.max_body_bytes);
        if (parser.head().content_length.value_or(0) > it.request.max_body_bytes) {
            throw HttpFailure(HttpFailure::Kind::too_large, true,
                              it.target.authority + " answers more than " +
                                  std::to_string(it.request.max_body_bytes) + " bytes");
        }
    }
    const bool follows = is_redirect(response.status) && it.request.redirects > 0;
    if (it.on_head == nullptr || follows) co_return true;
    co_return co_await (*it.on_head)(response);
}

Task<bool> Client::Impl::deliver(Exchange& it, MessageParser& parser) {
    if (!it.delivers || parser.body().empty()) co_return true;
    const std::string chunk = std::exchange(parser.body(), {});
    co_return co_await (*it.on_chunk)(chunk);
}

Client::Client(asio::any_io_executor executor, ClientConfig config)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(config))) {}

Client::~Client() = default;

Task<ClientResponse> Client::run(ClientRequest request, const OnHead* on_head,
                                 const OnChunk* on_chunk, Duration idle) {
    const auto impl = impl_;
    const auto deadline = steady_clock::now() + request.deadline;
    while (true) {
        const auto target = parse_url(request.url);
        Impl::Exchange it{request, target, on_head, on_chunk, idle, deadline};
        auto response = co_await impl->exchange(it);
        const auto location = response.headers.get("Location");
        const bool is_read = request.method == Method::get || request.method == Method::head;
        if (!is_redirect(response.status) || !location || !is_read || request.redirects == 0) {
            co_return response;
        }
        --request.redirects;
        request.url = resolve_url(request.url, *location);
        const auto next = parse_url(request.url);
        if (target.kind == UrlTarget::Kind::tls && next.kind != UrlTarget::Kind::tls) {
            throw HttpFailure(HttpFailure::Kind::forbidden, true,
                              target.authority + " redirects to a place without TLS");
        }
        if (next.origin() != target.origin()) {
            request.headers.erase("Authorization");
            request.headers.erase("Cookie");
        }
    }
}

Task<ClientResponse> Client::send(ClientRequest request) {
    co_return co_await run(std::move(request), nullptr, nullptr, {});
}

Task<ClientResponse> Client::stream(ClientRequest request, OnChunk on_chunk, Duration idle) {
    co_return co_await run(std::move(request), nullptr, &on_chunk, idle);
}

Task<ClientResponse> Client::stream(ClientRequest request, OnHead on_head, OnChunk on_chunk,
                                    Duration idle) {
    co_return co_await run(std::move(request), &on_head, &on_chunk, idle);
}

}  // namespace stoa::io
