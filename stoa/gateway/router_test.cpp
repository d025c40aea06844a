#include "stoa/gateway/router.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include "stoa/chain/rpc.hpp"
#include "stoa/io/deadline.hpp"
#include "stoa/io/pool.hpp"

namespace stoa::gateway {
namespace {

class RouterTest : public testing::Test {
  protected:
    /// A route that answers with its name and what stood for its wildcards.
    void add(std::string_view method, std::string pattern, RouteOptions options = {}) {
        router.add(method, pattern, options, [pattern](Request& request) -> Task<Answer> {
            std::string text = pattern;
            for (const auto& [name, value] : request.params) text += " " + name + "=" + value;
            co_return io::text_response(200, text, "text/plain");
        });
    }

    io::Response send(io::Method method, std::string path, io::Headers headers = {}) {
        io::Request request;
        request.method = method;
        request.target = request.path = std::move(path);
        request.remote = "127.0.0.1";
        request.headers = std::move(headers);
        if (!request.headers.get("host")) request.headers.set("Host", "localhost:1");
        std::optional<io::Response> response;
        std::exception_ptr thrown;
        boost::asio::co_spawn(loop, router.handle(request),
                              [&](std::exception_ptr failure, io::Response made) {
                                  thrown = failure;
                                  response.emplace(std::move(made));
                              });
        loop.restart();
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
        return std::move(*response);
    }

    static std::string text_of(const io::Response& response) {
        if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
        const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body);
        return shared ? **shared : std::string();
    }
    std::string get(std::string path) { return text_of(send(io::Method::get, std::move(path))); }
    static std::string code_of(const io::Response& response) {
        const auto body = boost::json::parse(text_of(response));
        const auto* error = body.as_object().if_contains("error");
        const auto& problem = error && error->is_object() ? *error : body;
        return std::string(problem.at("code").as_string());
    }
    template <class Failure>
    void failing(std::string pattern, Failure failure) {
        router.add("GET", pattern, [failure](Request&) -> Task<Answer> {
            throw failure;
            co_return refuse(GatewayError::internal);
        });
    }

    boost::asio::io_context loop;
    io::Metrics metrics;
    Router router{Site("https://stoa.example", 1), io::Log{}, metrics};
};

TEST_F(RouterTest, FindsTheMostLiteralRoute) {
    add("GET", "/api/{rest...}");
    add("GET", "/api/models/{id}");
    add("GET", "/api/models/new");
    add("GET", "/api/models/{id}/versions");
    EXPECT_EQ(get("/api/models/new"), "/api/models/new");
    EXPECT_EQ(get("/api/models/7"), "/api/models/{id} id=7");
    EXPECT_EQ(get("/api/models/0xabc%2Fslug"), "/api/models/{id} id=0xabc/slug");
    EXPECT_EQ(get("/api/models/7/versions"), "/api/models/{id}/versions id=7");
    EXPECT_EQ(get("/api/a/b/c"), "/api/{rest...} rest=a/b/c");
}

TEST_F(RouterTest, TellsWhatIsWrongWithPathOrMethod) {
    add("GET", "/a");
    add("PUT", "/a");
    EXPECT_EQ(send(io::Method::head, "/a").status, 200U);
    const auto method = send(io::Method::delete_, "/a");
    EXPECT_EQ(method.status, 405U);
    EXPECT_NE(method.headers.get("Allow").value_or("").find("PUT"), std::string_view::npos);
    const auto path = send(io::Method::get, "/b");
    EXPECT_EQ(path.status, 404U);
    EXPECT_EQ(code_of(path), "unknown_route");
    EXPECT_EQ(code_of(send(io::Method::get, "/v1/b")), "unknown_route");
    EXPECT_EQ(path.headers.get("X-Content-Type-Options"), "nosniff");
}

TEST_F(RouterTest, KeepsStrangersNamesAndPagesOut) {
    add("GET", "/a");
    add("POST", "/a");
    io::Headers rebound;
    rebound.set("Host", "evil.example");
    EXPECT_EQ(send(io::Method::get, "/a", rebound).status, 421U);
    io::Headers foreign;
    foreign.set("Origin", "https://evil.example");
    EXPECT_EQ(send(io::Method::post, "/a", foreign).status, 403U);
    const auto read = send(io::Method::get, "/a", foreign);
    EXPECT_EQ(read.status, 200U);
    EXPECT_FALSE(read.headers.get("Access-Control-Allow-Origin"));
    io::Headers own;
    own.set("Origin", "https://stoa.example");
    EXPECT_EQ(send(io::Method::post, "/a", own).status, 200U);
    EXPECT_EQ(send(io::Method::post, "/a").status, 200U);
}

TEST_F(RouterTest, APageOfAnotherOriginCanPayAndDoNothingPersonal) {
    add("POST", "/v1/chat", {.any_origin = true});
    add("POST", "/api/auth/verify");
    io::Headers asks;
    asks.set("Origin", "https://other.example");
    asks.set("Access-Control-Request-Method", "POST");
    asks.set("Access-Control-Request-Headers", "content-type,payment-signature");
    const auto allowed = send(io::Method::options, "/v1/chat", asks);
    EXPECT_EQ(allowed.status, 204U);
    EXPECT_EQ(allowed.headers.get("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(allowed.headers.get("Access-Control-Allow-Methods"), "POST");
    EXPECT_EQ(allowed.headers.get("Access-Control-Allow-Headers"), "*, Authorization");
    EXPECT_FALSE(allowed.headers.get("Access-Control-Allow-Credentials"));

    const auto personal = send(io::Method::options, "/api/auth/verify", asks);
    EXPECT_EQ(personal.status, 403U);
    EXPECT_FALSE(personal.headers.get("Access-Control-Allow-Origin"));
    asks.set("Access-Control-Request-Method", "DELETE");
    EXPECT_EQ(send(io::Method::options, "/v1/chat", asks).status, 403U);
    asks.set("Access-Control-Request-Method", "NONSENSE");
    EXPECT_EQ(send(io::Method::options, "/v1/chat", asks).status, 403U);

    io::Headers sends;
    sends.set("Origin", "https://other.example");
    const auto answer = send(io::Method::post, "/v1/chat", sends);
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.headers.get("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(answer.headers.get("Access-Control-Expose-Headers"),
              "PAYMENT-REQUIRED, PAYMENT-RESPONSE, Retry-After");
}

TEST_F(RouterTest, TurnsFailuresIntoProblemsThatTellNothingInternal) {
    failing("/chain", chain::RpcFailure("http://10.0.0.1 is down"));
    failing("/late", io::DeadlineExceeded());
    failing("/broken", std::runtime_error("/root/secret"));
    const auto chain_down = send(io::Method::get, "/chain");
    EXPECT_EQ(chain_down.status, 503U);
    EXPECT_EQ(code_of(chain_down), "chain_unavailable");
    EXPECT_EQ(text_of(chain_down).find("10.0.0.1"), std::string::npos);
    EXPECT_EQ(send(io::Method::get, "/late").status, 504U);
    const auto broken = send(io::Method::get, "/broken");
    EXPECT_EQ(broken.status, 500U);
    EXPECT_EQ(text_of(broken).find("secret"), std::string::npos);
}

TEST_F(RouterTest, KnowsABodysLimitBeforeItsRoute) {
    add("POST", "/large", {.max_body_bytes = 1000});
    io::Request request;
    request.method = io::Method::post;
    request.path = "/large";
    EXPECT_EQ(router.body_bytes_of(request), 1000U);
    request.path = "/other";
    EXPECT_EQ(router.body_bytes_of(request), RouteOptions{}.max_body_bytes);
    EXPECT_EQ(code_of(router.refused(413, "The body is too large.")), "body_too_large");
}

}  // namespace
}  // namespace stoa::gateway
