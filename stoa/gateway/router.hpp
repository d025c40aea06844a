// The node's HTTP surface. Handlers are functions of a request; the router finds the one for a
// method and path, keeps strangers' pages and names out, and turns refusals and failures into
// problem documents. Everything runs on the event loop.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stoa/base/result.hpp"
#include "stoa/gateway/problem.hpp"
#include "stoa/gateway/site.hpp"
#include "stoa/io/http.hpp"
#include "stoa/io/log.hpp"
#include "stoa/io/metrics.hpp"
#include "stoa/io/task.hpp"

namespace stoa::gateway {

struct Request : io::Request {
    /// What stood for the `{name}` segments of the pattern, decoded.
    std::vector<std::pair<std::string, std::string>> params;

    /// Asserts that the pattern has such a segment.
    const std::string& param(std::string_view name) const;
};

/// A response, or why not.
using Answer = tl::expected<io::Response, Problem>;

/// `co_return refuse(GatewayError::unknown_model, "No model is called \"x\" here.", "model");`
inline tl::unexpected<Problem> refuse(std::error_code why, std::string detail = {},
                                      std::string param = {}) {
    return tl::unexpected(problem_of(why, std::move(detail), std::move(param)));
}

/// The request lives until the answer is written, a streamed one included. The function itself
/// stays where it was registered, so a coroutine lambda may use its captures throughout.
using Handler = std::function<Task<Answer>(Request&)>;

struct RouteOptions {
    std::size_t max_body_bytes = 64 * 1024;
    /// Pages of other sites may use it and read what it answers, preflight included (CORS): it
    /// changes nothing in anybody's name, and no cookie counts there.
    bool any_origin = false;
};

class Router {
  public:
    Router(Site site, io::Log log, io::Metrics& metrics);

    /// `pattern` is a path whose `{name}` segments match any one segment, and whose last segment
    /// may be `{name...}`, which matches one or more. Literal segments win over these. A GET route
    /// answers HEAD too. Asserts that the route is new.
    void add(std::string_view method, std::string_view pattern, Handler handler) {
        add(method, pattern, {}, std::move(handler));
    }
    void add(std::string_view method, std::string_view pattern, RouteOptions, Handler);

    /// What answers a GET that no route matches.
    void otherwise(Handler);

    /// For io::Server: its handler, its refusals, and its limits.
    Task<io::Response> handle(io::Request&);
    io::Response refused(unsigned status, std::string_view why) const;
    std::size_t body_bytes_of(const io::Request&) const;

    const Site& site() const { return site_; }

  private:
    struct Route {
        io::Method method;
        std::string pattern;
        std::vector<std::string> segments;
        RouteOptions options;
        Handler handler;
    };
    struct Match {
        const Route* route = nullptr;
        std::vector<std::pair<std::string, std::string>> params;
        std::vector<io::Method> other_methods;  ///< Of routes with this path, when none matches.
    };

    Match find(io::Method, std::string_view path) const;
    Answer preflight(const Request&) const;
    Task<Answer> answer(Request&, const Handler&) const;
    void count(const io::Request&, const Route*, unsigned status) const;

    Site site_;
    io::Log log_;
    io::Metrics& metrics_;
    std::vector<Route> routes_;
    Handler otherwise_;
};

}  // namespace stoa::gateway
