#include "stoa/io/http_server.hpp"

#include <gmock/gmock.h>

#include "stoa/io/http_loop_test.hpp"

namespace stoa::io {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

class ServerTest : public HttpLoop {};

Response echo(const Request& request) {
    return text_response(
        200, std::string(to_text(request.method)) + " " + request.target + " " + request.body);
}

TEST_F(ServerTest, AHandlerSeesTheWholeRequest) {
    Request seen;
    serve(answering([&](const Request& request) {
        seen = request;
        return text_response(200, "ok");
    }));
    run([&]() -> Task<void> {
        const auto answer = co_await talk(
            "PUT /a%2Fb/c?x=1&name=a+b%21&x=2&flag HTTP/1.1\r\nHost: h\r\nX-One: 1\r\n"
            "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(answer, HasSubstr("Content-Length: 2\r\n"));
        EXPECT_THAT(answer, EndsWith("\r\n\r\nok"));
    }());
    EXPECT_EQ(seen.method, Method::put);
    EXPECT_EQ(seen.target, "/a%2Fb/c?x=1&name=a+b%21&x=2&flag");
    EXPECT_EQ(seen.path, "/a%2Fb/c");
    EXPECT_THAT(*path_segments(seen.path), ElementsAre("a/b", "c"));
    EXPECT_THAT(seen.query, ElementsAre(Pair("x", "1"), Pair("name", "a b!"), Pair("x", "2"),
                                        Pair("flag", "")));
    EXPECT_EQ(seen.query_parameter("x"), "1");
    EXPECT_EQ(seen.headers.get("x-one"), "1");
    EXPECT_EQ(seen.body, "hello");
    EXPECT_EQ(seen.remote, "127.0.0.1");
}

TEST_F(ServerTest, RequestsOfOneConnectionAreAnsweredInTheirOrder) {
    serve(answering(echo));
    run([&]() -> Task<void> {
        const auto answers = co_await talk(
            "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
            "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
            "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "2\r\nde\r\n1\r\nf\r\n0\r\nX-Trailer: 1\r\n\r\n"
            "GET /4 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        std::vector<std::string> bodies;
        for (std::size_t at = 0; (at = answers.find("\r\n\r\n", at)) != std::string::npos;) {
            at += 4;
            bodies.push_back(answers.substr(at, answers.find("HTTP/1.1", at) - at));
        }
        EXPECT_THAT(bodies, ElementsAre("GET /1 ", "POST /2 abc", "POST /3 def", "GET /4 "));
    }());
}

TEST_F(ServerTest, AnHttp10ClientIsAnsweredAndLetGo) {
    serve(answering(echo));
    run([&]() -> Task<void> {
        const auto answer = co_await talk("GET /old HTTP/1.0\r\n\r\n");
        EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
        EXPECT_THAT(answer, EndsWith("GET /old "));
    }());
}

TEST_F(ServerTest, HeadHasTheHeadersOfGetAndNoBody) {
    serve(answering(echo));
    run([&]() -> Task<void> {
        const auto answer =
            co_await talk("HEAD /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        EXPECT_THAT(answer, HasSubstr("Content-Length: 8\r\n"));
        EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
    }());
}

TEST_F(ServerTest, WhatIsNotHttpIsRefused) {
    serve(answering(echo));
    run([&]() -> Task<void> {
        const std::pair<const char*, const char*> cases[] = {
            {"hello\r\n\r\n", "HTTP/1.1 400 "},
            {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "HTTP/1.1 400 "},
            {"GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400 "},
            {"GET /?a=%zz HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400 "},
            {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
            {"BREW / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 501 "},
            {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 "},
            {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
             "Transfer-Encoding: chunked\r\n\r\n",
             "HTTP/1.1 400 "},
            {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
             "HTTP/1.1 400 "},
            {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
             "HTTP/1.1 400 "},
        };
        for (const auto& [request, expected] : cases) {
            EXPECT_THAT(co_await talk(request), StartsWith(expected)) << request;
        }
    }());
}

TEST_F(ServerTest, LargeHeadersAreRefused) {
    serve(answering(echo), {.header_bytes = 1'000});
    run([&]() -> Task<void> {
        const auto request = "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(2'000, 'x');
        EXPECT_THAT(co_await talk(request + "\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
        EXPECT_THAT(co_await talk(request), StartsWith("HTTP/1.1 431 "));
        EXPECT_THAT(co_await talk("GET /" + std::string(2'000, 'x')), StartsWith("HTTP/1.1 431 "));
    }());
}

TEST_F(ServerTest, LargeBodiesAreRefusedWithTheirWholeAnswer) {
    serve(answering(echo), {.body_bytes = 10});
    run([&]() -> Task<void> {
        const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n";
        EXPECT_THAT(co_await talk(head + "Content-Length: 10\r\n\r\n0123456789"),
                    StartsWith("HTTP/1.1 200 "));
        // A megabyte is on its way when the answer comes.
        const std::string large(1'000'000, 'x');
        EXPECT_THAT(co_await talk(head + "Content-Length: 1000000\r\n\r\n" + large),
                    EndsWith("The request's body is too large.\n"));
        EXPECT_THAT(co_await talk(head + "Transfer-Encoding: chunked\r\n\r\n"
                                         "6\r\n012345\r\n5\r\n01234\r\n0\r\n\r\n"),
                    StartsWith("HTTP/1.1 413 "));
    }());
}

TEST_F(ServerTest, TheLimitOfABodyMayDependOnTheRequest) {
    serve(answering(echo), {.body_bytes_of = [](const Request& request) {
              return request.path == "/large" ? std::size_t{8'000'000} : 10;
          }});
    run([&]() -> Task<void> {
        const std::string body(5'000'000, 'x');
        ClientRequest request(url("/large"), Method::post, body);
        EXPECT_EQ((co_await client_.send(request)).body, "POST /large " + body);
        request.url = url("/small");
        EXPECT_EQ((co_await client_.send(request)).status, 413);
    }());
}

TEST_F(ServerTest, AClientThatAsksFirstIsToldToGoOn) {
    serve(answering(echo));
    run([&]() -> Task<void> {
        Socket socket = co_await connect();
        co_await send(socket,
                      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                      "Connection: close\r\nContent-Length: 3\r\n\r\n");
        EXPECT_EQ(co_await receive(socket, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        co_await send(socket, "abc");
        EXPECT_THAT(co_await receive(socket), EndsWith("POST / abc"));
    }());
}

TEST_F(ServerTest, ASlowRequestIsRefusedAndAnIdleConnectionClosed) {
    serve(answering(echo),
          {.idle = std::chrono::milliseconds(30), .request = std::chrono::milliseconds(30)});
    run([&]() -> Task<void> {
        EXPECT_THAT(co_await talk("GET / HTTP/1.1\r\n"), StartsWith("HTTP/1.1 408 "));
        EXPECT_THAT(co_await talk("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"),
                    StartsWith("HTTP/1.1 408 "));
        EXPECT_EQ(co_await talk(""), "");
        EXPECT_THAT(co_await talk("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"), EndsWith("GET /1 "));
    }());
}

TEST_F(ServerTest, ANewClientPushesOutAnIdleOneButNoneThatIsServed) {
    Gate gate(loop_);
    Gate begun(loop_);
    serve(
        [&](Request& request) -> Task<Response> {
            if (request.path == "/slow") {
                begun.open();
                co_await gate.pass();
            }
            co_return text_response(200, request.path);
        },
        {.connections = 1});
    run([&]() -> Task<void> {
        Socket idle = co_await connect();
        co_await send(idle, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await receive(idle, "/1");
        Socket served = co_await connect();
        co_await send(served, "GET /slow HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        EXPECT_EQ(co_await receive(idle), "");
        co_await begun.pass();
        Socket refused = co_await connect();
        EXPECT_THAT(co_await receive(refused), StartsWith("HTTP/1.1 503 "));
        gate.open();
        EXPECT_THAT(co_await receive(served), EndsWith("/slow"));
    }());
}

TEST_F(ServerTest, AFailureOfTheHandlerIsA500InTheNodesForm) {
    serve([](Request&) -> Task<Response> { throw std::runtime_error("secret"); }, {},
          [](unsigned status, std::string_view why) {
              return json_response(status, "{\"detail\": \"" + std::string(why) + "\"}");
          });
    run([&]() -> Task<void> {
        const auto answer = co_await client_.send(ClientRequest(url("/")));
        EXPECT_EQ(answer.status, 500);
        EXPECT_EQ(answer.headers.get("Content-Type"), "application/json");
        EXPECT_THAT(answer.body, Not(HasSubstr("secret")));
        EXPECT_EQ((co_await client_.send(ClientRequest(url("/")))).status, 500);
    }());
}

TEST_F(ServerTest, AValueCannotAddHeaders) {
    serve(answering([](const Request&) {
        auto response = text_response(200, "");
        response.headers.set("X-Name", "a\r\nSet-Cookie: b=c");
        return response;
    }));
    run([&]() -> Task<void> {
        const auto answer = co_await client_.send(ClientRequest(url("/")));
        EXPECT_FALSE(answer.headers.has("Set-Cookie"));
    }());
}

}  // namespace
}  // namespace stoa::io
