#include "stoa/gateway/router.hpp"

#include <algorithm>
#include <memory>

#include "stoa/base/assert.hpp"
#include "stoa/chain/rpc.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::gateway {
namespace {

using Segments = std::vector<std::string>;

std::optional<io::Method> find_method(std::string_view text) {
    for (const auto method : {io::Method::get, io::Method::head, io::Method::post, io::Method::put,
                              io::Method::patch, io::Method::delete_, io::Method::options}) {
        if (io::to_text(method) == text) return method;
    }
    return std::nullopt;
}

io::Method method_of(std::string_view text) {
    const auto method = find_method(text);
    STOA_ASSERT(method.has_value());  // one that the server knows
    return *method;
}

bool is_wildcard(std::string_view segment) {
    return segment.starts_with('{') && segment.ends_with('}');
}

bool is_tail(std::string_view segment) {
    return segment.ends_with("...}");
}

std::string name_of(std::string_view segment) {
    return std::string(segment.substr(1, segment.size() - (is_tail(segment) ? 5 : 2)));
}

std::string join(const Segments& segments, std::size_t from) {
    std::string text = segments[from];
    for (std::size_t i = from + 1; i < segments.size(); ++i) text += '/' + segments[i];
    return text;
}

bool matches(const Segments& pattern, const Segments& path) {
    const bool tail = !pattern.empty() && is_tail(pattern.back());
    if (tail ? path.size() < pattern.size() : path.size() != pattern.size()) return false;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (!is_wildcard(pattern[i]) && pattern[i] != path[i]) return false;
    }
    return true;
}

/// Literal segments first, from the left; tails last.
bool wins_over(const Segments& a, const Segments& b) {
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        const auto rank = [&](const Segments& s) {
            return is_tail(s[i]) ? 2 : is_wildcard(s[i]) ? 1 : 0;
        };
        if (rank(a) != rank(b)) return rank(a) < rank(b);
    }
    return false;
}

bool is_read(io::Method method) {
    return method == io::Method::get || method == io::Method::head;
}

/// What a page of another origin may read of an answer, beside its body.
constexpr const char* kExposed = "PAYMENT-REQUIRED, PAYMENT-RESPONSE, Retry-After";

/// The stream needs the request, which otherwise ends with the handler.
void keep_for_stream(io::Response& response, std::shared_ptr<Request> request) {
    if (auto* stream = std::get_if<io::Stream>(&response.body)) {
        response.body = io::Stream([request = std::move(request), inner = std::move(*stream)](
                                       io::Writer& writer) { return inner(writer); });
    }
}

}  // namespace

const std::string& Request::param(std::string_view name) const {
    const auto it = std::ranges::find(params, name, &std::pair<std::string, std::string>::first);
    STOA_ASSERT(it != params.end());
    return it->second;
}

Router::Router(Site site, io::Log log, io::Metrics& metrics)
    : site_(std::move(site)), log_(std::move(log)), metrics_(metrics) {}

void Router::add(std::string_view method, std::string_view pattern, RouteOptions options,
                 Handler handler) {
    auto segments = io::path_segments(pattern);
    STOA_ASSERT(segments.has_value());
    const io::Method verb = method_of(method);
    for (const Route& route : routes_) {
        STOA_ASSERT(route.method != verb || route.pattern != pattern);
    }
    Route route{verb, std::string(pattern), std::move(*segments), options, std::move(handler)};
    const auto place = std::ranges::find_if(
        routes_, [&](const Route& other) { return wins_over(route.segments, other.segments); });
    routes_.insert(place, std::move(route));
}

void Router::otherwise(Handler handler) {
    otherwise_ = std::move(handler);
}

Router::Match Router::find(io::Method method, std::string_view path) const {
    Match match;
    const auto segments = io::path_segments(path);
    if (!segments) return match;
    if (method == io::Method::head) method = io::Method::get;
    for (const Route& route : routes_) {
        if (!matches(route.segments, *segments)) continue;
        if (route.method != method) {
            match.other_methods.push_back(route.method);
            continue;
        }
        match.route = &route;
        for (std::size_t i = 0; i < route.segments.size(); ++i) {
            const std::string& segment = route.segments[i];
            if (!is_wildcard(segment)) continue;
            match.params.emplace_back(name_of(segment),
                                      is_tail(segment) ? join(*segments, i) : (*segments)[i]);
        }
        return match;
    }
    return match;
}

Task<Answer> Router::answer(Request& request, const Handler& handler) const {
    try {
        co_return co_await handler(request);
    } catch (const chain::RpcFailure& failure) {
        log_.warning("the chain does not answer",
                     {{"path", request.path}, {"why", failure.what()}});
        co_return refuse(GatewayError::chain_unavailable);
    } catch (const chain::WrongChain& failure) {
        log_.error("the chain is another one", {{"path", request.path}, {"why", failure.what()}});
        co_return refuse(GatewayError::chain_unavailable);
    } catch (const io::Overloaded&) {
        auto problem = problem_of(GatewayError::rate_limited, "The node has too much to do.");
        problem.status = 503;
        problem.retry_after = "1";
        co_return tl::unexpected(std::move(problem));
    } catch (const io::DeadlineExceeded&) {
        auto problem = problem_of(GatewayError::internal, "The node did not finish in time.");
        problem.status = 504;
        co_return tl::unexpected(std::move(problem));
    } catch (const std::exception& failure) {
        log_.error("a request failed", {{"path", request.path}, {"why", failure.what()}});
        co_return refuse(GatewayError::internal);
    }
}

/// What a browser asks before a page of another origin sends something (Fetch, CORS protocol).
Answer Router::preflight(const Request& request) const {
    const auto wanted = request.headers.get("access-control-request-method");
    const auto method = wanted ? find_method(*wanted) : std::nullopt;
    const Match match = method ? find(*method, request.path) : Match{};
    if (!match.route || !match.route->options.any_origin) {
        return refuse(GatewayError::foreign_origin);
    }
    io::Response response(204);
    response.headers.set("Access-Control-Allow-Origin", "*");
    response.headers.set("Access-Control-Allow-Methods", std::string(*wanted));
    // "*" holds for all but this one.
    response.headers.set("Access-Control-Allow-Headers", "*, Authorization");
    response.headers.set("Access-Control-Max-Age", "7200");
    return response;
}

void Router::count(const io::Request& request, const Route* route, unsigned status) const {
    metrics_
        .counter("stoa_http_requests_total", "Requests by route and status.",
                 {{"method", std::string(io::to_text(request.method))},
                  {"route", route ? route->pattern : "other"},
                  {"status", std::to_string(status)}})
        .add();
}

Task<io::Response> Router::handle(io::Request& raw) {
    auto request = std::make_shared<Request>();
    static_cast<io::Request&>(*request) = std::move(raw);
    const ProblemShape shape = shape_for(request->path);
    Match match = find(request->method, request->path);

    Answer result{io::Response{}};
    if (request->remote != "unix" && !site_.knows_host(request->headers.get("host").value_or(""))) {
        result = refuse(GatewayError::foreign_host);
    } else if (request->method == io::Method::options && request->headers.get("origin")) {
        result = preflight(*request);
    } else if (!is_read(request->method) && !(match.route && match.route->options.any_origin) &&
               !site_.is_own_origin(*request)) {
        result = refuse(GatewayError::foreign_origin);
    } else if (match.route) {
        request->params = std::move(match.params);
        result = co_await answer(*request, match.route->handler);
    } else if (!match.other_methods.empty()) {
        result = refuse(GatewayError::method_not_allowed);
    } else if (is_read(request->method) && otherwise_) {
        result = co_await answer(*request, otherwise_);
    } else {
        result = refuse(GatewayError::unknown_route);
    }

    io::Response response = result ? std::move(*result) : to_response(result.error(), shape);
    if (response.status == 405) {
        std::string allowed;
        for (const auto method : match.other_methods) {
            allowed += (allowed.empty() ? "" : ", ") + std::string(io::to_text(method));
        }
        response.headers.set("Allow", allowed);
    }
    response.headers.set("X-Content-Type-Options", "nosniff");
    if (match.route && match.route->options.any_origin) {
        response.headers.set("Access-Control-Allow-Origin", "*");
        response.headers.set("Access-Control-Expose-Headers", kExposed);
    }
    count(*request, match.route, response.status);
    keep_for_stream(response, std::move(request));
    co_return response;
}

io::Response Router::refused(unsigned status, std::string_view why) const {
    Problem problem = problem_of(status == 413   ? GatewayError::body_too_large
                                 : status >= 500 ? GatewayError::internal
                                                 : GatewayError::invalid_field,
                                 std::string(why));
    if (status != 413) {
        problem.code = "bad_request";
        problem.title = io::reason_of(status);
        problem.fix = "Send a well-formed HTTP/1.1 request within the server's limits.";
    }
    problem.status = status;
    return to_response(problem, ProblemShape::both);
}

std::size_t Router::body_bytes_of(const io::Request& request) const {
    const Match match = find(request.method, request.path);
    return match.route ? match.route->options.max_body_bytes : RouteOptions{}.max_body_bytes;
}

}  // namespace stoa::gateway
