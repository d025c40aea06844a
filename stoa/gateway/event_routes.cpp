#include "stoa/gateway/event_routes.hpp"

#include <charconv>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "stoa/io/sse.hpp"

namespace stoa::gateway {
namespace {

constexpr std::size_t kBatch = 200;
constexpr std::chrono::seconds kHeartbeat{20};

struct Position {
    std::uint64_t block = 0;
    std::int64_t index = -1;
};

/// `<block>-<logIndex>`.
std::optional<Position> parse_position(std::string_view text) {
    Position at;
    const char* end = text.data() + text.size();
    const auto block = std::from_chars(text.data(), end, at.block);
    if (block.ec != std::errc{} || block.ptr == end || *block.ptr != '-') return std::nullopt;
    const auto index = std::from_chars(block.ptr + 1, end, at.index);
    if (index.ec != std::errc{} || index.ptr != end || at.index < 0) return std::nullopt;
    return at;
}

std::string event_text(const catalogue::FeedItem& item) {
    io::Event event;
    event.id = std::to_string(item.block) + "-" + std::to_string(item.index);
    event.type = item.kind;
    event.data = item.data;
    return io::to_text(event);
}

}  // namespace

struct EventRoutes::Watcher {
    explicit Watcher(const boost::asio::any_io_executor& executor) : wake(executor) {}
    boost::asio::steady_timer wake;
    Position at;
    std::uint64_t manifests = 0;  ///< Of those stored, how many it has been told.
    bool woken = false;
    bool ended = false;

    void rouse() {
        woken = true;
        wake.cancel();
    }
};

EventRoutes::EventRoutes(catalogue::Catalogue& catalogue, boost::asio::any_io_executor executor)
    : catalogue_(catalogue), executor_(std::move(executor)) {
    catalogue_.on_change([this] {
        for (const auto& watcher : watchers_) watcher->rouse();
    });
}

EventRoutes::~EventRoutes() = default;

void EventRoutes::stop() {
    stopped_ = true;
    for (const auto& watcher : watchers_) {
        watcher->ended = true;
        watcher->rouse();
    }
}

void EventRoutes::manifest_stored() {
    ++manifests_;
    for (const auto& watcher : watchers_) watcher->rouse();
}

void EventRoutes::add_to(Router& router) {
    router.add("GET", "/api/events", [this](Request& request) { return events(request); });
}

Task<Answer> EventRoutes::events(Request& request) {
    if (stopped_ || watchers_.size() >= kMaxWatchers) {
        auto problem = problem_of(GatewayError::rate_limited, "Too many pages watch this node.");
        problem.retry_after = "30";
        co_return tl::unexpected(std::move(problem));
    }
    auto watcher = std::make_shared<Watcher>(executor_);
    watcher->manifests = manifests_;
    auto last = request.headers.get("last-event-id");
    if (!last) last = request.query_parameter("after");
    if (last) {
        const auto at = parse_position(*last);
        if (!at) {
            co_return refuse(GatewayError::invalid_field,
                             "Last-Event-ID must be the id of an event of this stream.",
                             "Last-Event-ID");
        }
        watcher->at = *at;
    } else if (const auto newest = co_await catalogue_.newest_event()) {
        watcher->at = {newest->block, newest->index};
    }
    io::Response response;
    response.headers = {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}};
    if (request.method != io::Method::head) {
        response.body = io::Stream(
            [this, watcher](io::Writer& writer) -> Task<void> { return stream(watcher, writer); });
    }
    co_return response;
}

Task<void> EventRoutes::stream(std::shared_ptr<Watcher> watcher, io::Writer& writer) {
    watchers_.insert(watcher);
    writer.on_gone([watcher] {
        watcher->ended = true;
        watcher->rouse();
    });
    try {
        bool open = co_await writer.write("retry: 2000\n\n");
        while (open && !watcher->ended && !stopped_) {
            watcher->woken = false;
            const auto items =
                co_await catalogue_.feed_after(watcher->at.block, watcher->at.index, kBatch);
            for (const auto& item : items) {
                watcher->at = {item.block, item.index};
                const std::string text = event_text(item);
                open = co_await writer.write(text);
                if (!open) break;
            }
            if (open && watcher->manifests != manifests_) {
                watcher->manifests = manifests_;
                open = co_await writer.write("event: manifest\ndata: {}\n\n");
            }
            if (!open || watcher->ended || watcher->woken || items.size() == kBatch) continue;
            boost::system::error_code ignored;
            watcher->wake.expires_after(kHeartbeat);
            co_await watcher->wake.async_wait(
                boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
            if (!ignored) open = co_await writer.write(": still here\n\n");
        }
    } catch (...) {
        watchers_.erase(watcher);
        throw;
    }
    watchers_.erase(watcher);
}

}  // namespace stoa::gateway
