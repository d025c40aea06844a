#include "stoa/io/http_client.hpp"

#include <gmock/gmock.h>

#include "stoa/io/http_loop_test.hpp"
#include "stoa/io/http_url.hpp"

namespace stoa::io {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using Kind = HttpFailure::Kind;

/// Answers each connection with the next of its texts, and closes it.
class ClientTest : public HttpLoop {
  protected:
    void answer_raw(std::vector<std::string> answers) {
        boost::asio::co_spawn(
            loop_,
            [this, answers = std::move(answers)]() -> Task<void> {
                for (const auto& answer : answers) {
                    Socket socket = co_await acceptor_.async_accept(boost::asio::use_awaitable);
                    requests_.push_back(co_await receive(socket, "\r\n\r\n"));
                    co_await send(socket, answer);
                }
                acceptor_.close();
            },
            [](std::exception_ptr error) { EXPECT_FALSE(error); });
        port_ = acceptor_.local_endpoint().port();
    }

    Task<std::optional<HttpFailure>> failure_of(ClientRequest request) {
        try {
            co_await client_.send(std::move(request));
        } catch (const HttpFailure& failure) {
            co_return failure;
        }
        co_return std::nullopt;
    }

    boost::asio::ip::tcp::acceptor acceptor_{loop_, {boost::asio::ip::address_v4::loopback(), 0}};
    std::vector<std::string> requests_;
};

TEST_F(ClientTest, ARequestCarriesWhatItNeeds) {
    answer_raw({"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n\r\nok"});
    run([&]() -> Task<void> {
        ClientRequest request;
        request.method = Method::post;
        request.url = "http://user:pa%3Ass@127.0.0.1:" + std::to_string(port_) + "?q=1";
        request.headers = {{"X-One", "1"}};
        request.body = "body";
        const auto answer = co_await client_.send(request);
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.headers.get("x-a"), "b");
        EXPECT_EQ(answer.body, "ok");
    }());
    ASSERT_EQ(requests_.size(), 1);
    EXPECT_THAT(requests_[0], StartsWith("POST /?q=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
    EXPECT_THAT(requests_[0], HasSubstr("\r\nX-One: 1\r\n"));
    EXPECT_THAT(requests_[0], HasSubstr("\r\nContent-Length: 4\r\n"));
    EXPECT_THAT(requests_[0], HasSubstr("\r\nAuthorization: Basic dXNlcjpwYTpzcw==\r\n"));
}

TEST_F(ClientTest, EveryFormOfABodyIsUnderstood) {
    answer_raw({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                "HTTP/1.0 200 OK\r\n\r\nuntil the end",
                "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"});
    run([&]() -> Task<void> {
        EXPECT_EQ((co_await client_.send(ClientRequest(url("/")))).body, "abc");
        EXPECT_EQ((co_await client_.send(ClientRequest(url("/")))).body, "until the end");
        EXPECT_EQ((co_await client_.send(ClientRequest(url("/")))).status, 204);
    }());
}

TEST_F(ClientTest, AnAnswerCutOffIsAFailure) {
    answer_raw({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "", "hello"});
    run([&]() -> Task<void> {
        for (int i = 0; i < 4; ++i) {
            const auto failure = co_await failure_of(ClientRequest(url("/")));
            EXPECT_TRUE(failure && failure->kind() == Kind::broken && failure->maybe_sent()) << i;
        }
    }());
}

TEST_F(ClientTest, AnAnswerThatIsTooLargeIsAFailure) {
    answer_raw({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n012345678",
                "HTTP/1.1 200 OK\r\n\r\n012345678"});
    run([&]() -> Task<void> {
        for (int i = 0; i < 2; ++i) {
            ClientRequest request(url("/"));
            request.max_body_bytes = 8;
            const auto failure = co_await failure_of(request);
            EXPECT_TRUE(failure && failure->kind() == Kind::too_large) << i;
        }
    }());
}

TEST_F(ClientTest, AConnectionIsUsedAgain) {
    serve(answering([](const Request&) { return text_response(200, "ok"); }));
    run([&]() -> Task<void> {
        for (int i = 0; i < 5; ++i) co_await client_.send(ClientRequest(url("/")));
        EXPECT_EQ(server_->connections(), 1);
    }());
}

TEST_F(ClientTest, AKeptConnectionThatHasClosedIsReplaced) {
    answer_raw({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2"});
    run([&]() -> Task<void> {
        EXPECT_EQ((co_await client_.send(ClientRequest(url("/")))).body, "1");
        const ClientRequest post(url("/"), Method::post);
        EXPECT_EQ((co_await client_.send(post)).body, "2");
    }());
}

TEST_F(ClientTest, NobodyListeningIsAFailureThatSentNothing) {
    port_ = acceptor_.local_endpoint().port();
    acceptor_.close();
    run([&]() -> Task<void> {
        const auto failure = co_await failure_of(ClientRequest(url("/")));
        EXPECT_TRUE(failure && failure->kind() == Kind::refused && !failure->maybe_sent());
        EXPECT_THAT(failure->what(), HasSubstr("127.0.0.1:" + std::to_string(port_)));
    }());
}

TEST_F(ClientTest, AServerThatDoesNotAnswerIsGivenUpAtTheDeadline) {
    port_ = acceptor_.local_endpoint().port();
    run([&]() -> Task<void> {
        ClientRequest request(url("/"));
        request.deadline = std::chrono::milliseconds(20);
        const auto failure = co_await failure_of(request);
        EXPECT_TRUE(failure && failure->kind() == Kind::timeout && failure->maybe_sent());
    }());
}

TEST_F(ClientTest, ACancelledRequestEndsAtOnce) {
    port_ = acceptor_.local_endpoint().port();
    run([&]() -> Task<void> {
        bool ended = false;
        try {
            co_await with_deadline(std::chrono::milliseconds(5),
                                   client_.send(ClientRequest(url("/"))));
        } catch (const DeadlineExceeded&) {
            ended = true;
        }
        EXPECT_TRUE(ended);
    }());
}

TEST_F(ClientTest, WhatIsNoUrlIsAFailure) {
    run([&]() -> Task<void> {
        for (const char* bad : {"", "nowhere", "ftp://x/", "http://", "http://a:0/", "/path"}) {
            const auto failure = co_await failure_of(ClientRequest(bad));
            EXPECT_TRUE(failure && failure->kind() == Kind::bad_url) << bad;
        }
    }());
}

TEST_F(ClientTest, AHeaderWithALineEndIsNotSent) {
    answer_raw({});
    run([&]() -> Task<void> {
        ClientRequest request(url("/"));
        request.headers.set("X", "a\r\nY: b");
        const auto failure = co_await failure_of(std::move(request));
        EXPECT_TRUE(failure);
    }());
}

TEST_F(ClientTest, RedirectsAreFollowedAsFarAsAllowed) {
    std::vector<std::string> seen;
    serve(answering([&](const Request& request) {
        seen.push_back(request.target);
        Response response = text_response(302, "");
        if (request.target == "/c") return text_response(200, "there");
        response.headers.set("Location", request.target == "/a/x" ? "../b" : url("/c"));
        return response;
    }));
    run([&]() -> Task<void> {
        ClientRequest request(url("/a/x"));
        request.redirects = 2;
        EXPECT_EQ((co_await client_.send(request)).body, "there");
        request.redirects = 1;
        EXPECT_EQ((co_await client_.send(request)).status, 302);
        request.redirects = 0;
        EXPECT_EQ((co_await client_.send(request)).status, 302);
    }());
    EXPECT_THAT(seen, ElementsAre("/a/x", "/b", "/c", "/a/x", "/b", "/a/x"));
}

Task<bool> collect(std::vector<std::string>& chunks, std::string_view chunk) {
    chunks.emplace_back(chunk);
    co_return true;
}

TEST_F(ClientTest, AStreamIsHandedOnAsItArrives) {
    std::vector<std::string> chunks;
    serve([&](Request&) -> Task<Response> {
        co_return Response{200, {}, Stream([&](Writer& writer) -> Task<void> {
                               (void)co_await writer.write("one");
                               while (chunks.empty()) co_await yield();
                               (void)co_await writer.write("two");
                           })};
    });
    run([&]() -> Task<void> {
        const auto answer = co_await client_.stream(
            ClientRequest(url("/")), [&](std::string_view chunk) { return collect(chunks, chunk); },
            std::chrono::seconds(30));
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, "");
    }());
    EXPECT_THAT(chunks, ElementsAre("one", "two"));
}

TEST_F(ClientTest, TheTakerOfAStreamCanStopIt) {
    bool server_knows = false;
    serve([&](Request&) -> Task<Response> {
        co_return Response{200, {}, Stream([&](Writer& writer) -> Task<void> {
                               while (co_await writer.write("more")) co_await yield();
                               server_knows = true;
                           })};
    });
    run([&]() -> Task<void> {
        co_await client_.stream(
            ClientRequest(url("/")), [](std::string_view) -> Task<bool> { co_return false; },
            std::chrono::seconds(30));
        while (!server_knows) co_await yield();
    }());
    EXPECT_TRUE(server_knows);
}

TEST_F(ClientTest, AnErrorInsteadOfAStreamHasItsBody) {
    answer_raw({"HTTP/1.1 402 Payment Required\r\nContent-Length: 3\r\n\r\npay"});
    run([&]() -> Task<void> {
        std::vector<std::string> chunks;
        unsigned seen = 0;
        const auto answer = co_await client_.stream(
            ClientRequest(url("/")),
            [&](const ClientResponse& head) -> Task<bool> {
                seen = head.status;
                co_return true;
            },
            [&](std::string_view chunk) { return collect(chunks, chunk); },
            std::chrono::seconds(30));
        EXPECT_EQ(seen, 402);
        EXPECT_EQ(answer.body, "pay");
        EXPECT_TRUE(chunks.empty());
    }());
}

TEST_F(ClientTest, ASilentStreamIsGivenUp) {
    serve([&](Request&) -> Task<Response> {
        co_return Response{200, {}, Stream([&](Writer& writer) -> Task<void> {
                               (void)co_await writer.write("one");
                               while (!writer.is_gone()) co_await yield();
                           })};
    });
    run([&]() -> Task<void> {
        std::vector<std::string> chunks;
        std::optional<Kind> kind;
        try {
            co_await client_.stream(
                ClientRequest(url("/")),
                [&](std::string_view chunk) { return collect(chunks, chunk); },
                std::chrono::milliseconds(20));
        } catch (const HttpFailure& failure) {
            kind = failure.kind();
        }
        EXPECT_EQ(kind, Kind::timeout);
        EXPECT_THAT(chunks, ElementsAre("one"));
    }());
}

TEST_F(ClientTest, PrivateAddressesCanBeForbidden) {
    Client careful(loop_.get_executor(), {.public_addresses_only = true});
    run([&]() -> Task<void> {
        for (const char* url :
             {"http://127.0.0.1:1/", "http://localhost:1/", "http://10.0.0.1/", "http://[::1]/",
              "http://[::ffff:127.0.0.1]/", "http+unix://%2Frun%2Fadmin.sock/"}) {
            std::optional<Kind> kind;
            try {
                co_await careful.send(ClientRequest(url));
            } catch (const HttpFailure& failure) {
                kind = failure.kind();
            }
            EXPECT_EQ(kind, Kind::forbidden) << url;
        }
    }());
}

TEST(UrlTest, SpecialAddressesAreNotPublic) {
    const auto is_public_text = [](const char* text) {
        return is_public(boost::asio::ip::make_address(text));
    };
    for (const char* special :
         {"0.0.0.0",         "10.1.2.3",        "100.64.0.1",  "127.9.9.9",
          "169.254.169.254", "172.31.0.1",      "192.168.1.1", "198.18.0.1",
          "224.0.0.1",       "255.255.255.255", "::",          "::1",
          "fe80::1",         "fc00::1",         "ff02::1",     "::ffff:10.0.0.1",
          "64:ff9b::a00:1",  "2002:a00:1::",    "2001::1",     "2001:db8::1"}) {
        EXPECT_FALSE(is_public_text(special)) << special;
    }
    for (const char* open : {"1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111",
                             "::ffff:8.8.8.8", "2001:4860:4860::8888"}) {
        EXPECT_TRUE(is_public_text(open)) << open;
    }
}

TEST(UrlTest, AUrlIsTakenApart) {
    const auto url = parse_url("HTTPS://[2001:db8::1]:8443/a%20b?x=%2F#part");
    EXPECT_EQ(url.kind, UrlTarget::Kind::tls);
    EXPECT_EQ(url.host, "2001:db8::1");
    EXPECT_EQ(url.port, 8443);
    EXPECT_EQ(url.authority, "[2001:db8::1]:8443");
    EXPECT_EQ(url.target, "/a%20b?x=%2F");
    EXPECT_EQ(parse_url("https://example.org").port, 443);
    EXPECT_EQ(parse_url("http://example.org").target, "/");
    const auto socket = parse_url(unix_url("/run/a b.sock", "/x?y"));
    EXPECT_EQ(socket.kind, UrlTarget::Kind::unix_socket);
    EXPECT_EQ(socket.host, "/run/a b.sock");
    EXPECT_EQ(socket.target, "/x?y");
}

}  // namespace
}  // namespace stoa::io
