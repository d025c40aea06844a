#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <boost/asio/local/stream_protocol.hpp>

#include "stoa/io/http_loop_test.hpp"

namespace stoa::io {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

class StreamTest : public HttpLoop {};
class ListenTest : public HttpLoop {};

Response hello(const Request&) {
    return text_response(200, "hello");
}

TEST_F(StreamTest, AClientThatTakesNothingIsGivenUp) {
    Gate lost(loop_);
    serve(
        [&](Request&) -> Task<Response> {
            co_return Response{200, {}, Stream([&](Writer& writer) -> Task<void> {
                                   const std::string piece(1'000'000, 'x');
                                   while (co_await writer.write(piece)) {
                                   }
                                   EXPECT_TRUE(writer.is_gone());
                                   lost.open();
                               })};
        },
        {.write = std::chrono::milliseconds(30)});
    run([&]() -> Task<void> {
        Socket socket = co_await connect();
        co_await send(socket, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await lost.pass();
    }());
}

TEST_F(StreamTest, AStreamArrivesPieceByPiece) {
    Gate gate(loop_);
    serve([&](Request&) -> Task<Response> {
        co_return Response{
            200, {{"Content-Type", "text/event-stream"}}, Stream([&](Writer& writer) -> Task<void> {
                EXPECT_TRUE(co_await writer.write("one"));
                co_await gate.pass();
                EXPECT_TRUE(co_await writer.write(std::string(100'000, '2')));
            })};
    });
    run([&]() -> Task<void> {
        Socket socket = co_await connect();
        co_await send(socket, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_THAT(co_await receive(socket, "one\r\n"),
                    HasSubstr("Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n"));
        gate.open();
        const auto rest = co_await receive(socket, "\r\n0\r\n\r\n");
        EXPECT_THAT(rest, StartsWith("186a0\r\n222"));
        // The connection goes on.
        co_await send(socket, "HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        EXPECT_THAT(co_await receive(socket), StartsWith("HTTP/1.1 200 "));
    }());
}

TEST_F(StreamTest, AStreamThatFailsIsNotTakenForWhole) {
    serve([](Request&) -> Task<Response> {
        co_return Response{200, {}, Stream([](Writer& writer) -> Task<void> {
                               (void)co_await writer.write("half");
                               throw std::runtime_error("engine died");
                           })};
    });
    run([&]() -> Task<void> {
        const auto answer = co_await talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_THAT(answer, EndsWith("\r\n\r\n4\r\nhalf\r\n"));
    }());
}

TEST_F(StreamTest, AStreamLearnsThatItsClientIsGoneWithoutWriting) {
    Gate gone(loop_);
    bool ran_to_its_end = false;
    serve([&](Request&) -> Task<Response> {
        co_return Response{200, {}, Stream([&](Writer& writer) -> Task<void> {
                               writer.on_gone([&] { gone.open(); });
                               (void)co_await writer.write("here");
                               co_await gone.pass();
                               EXPECT_TRUE(writer.is_gone());
                               EXPECT_FALSE(co_await writer.write("lost"));
                               ran_to_its_end = true;
                           })};
    });
    run([&]() -> Task<void> {
        Socket socket = co_await connect();
        co_await send(socket, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await receive(socket, "here");
        socket.close();
        co_await gone.pass();
    }());
    EXPECT_TRUE(ran_to_its_end);
}

class FileTest : public HttpLoop {
  protected:
    FileTest() {
        std::string name = testing::TempDir() + "stoa_io_XXXXXX";
        folder_ = ::mkdtemp(name.data());
        for (int i = 0; i < 100'000; ++i) text_ += std::to_string(i) + "\n";
        std::ofstream(folder_ / "file") << text_;
        std::ofstream(folder_ / "empty");
        serve(answering([this](const Request& request) {
            return Response{200, {{"ETag", "\"7\""}}, FileBody{folder_ / request.path.substr(1)}};
        }));
    }
    ~FileTest() override { std::filesystem::remove_all(folder_); }

    Task<ClientResponse> ask(std::string range, std::string condition = "") {
        ClientRequest request;
        request.url = url("/file");
        if (!range.empty()) request.headers.set("Range", range);
        if (!condition.empty()) request.headers.set("If-Range", condition);
        co_return co_await client_.send(std::move(request));
    }

    std::filesystem::path folder_;
    std::string text_;
};

TEST_F(FileTest, AFileIsSentWhole) {
    run([&]() -> Task<void> {
        EXPECT_EQ((co_await ask("")).body, text_);
        const auto head = co_await client_.send(ClientRequest(url("/file"), Method::head));
        EXPECT_EQ(head.headers.get("Content-Length"), std::to_string(text_.size()));
        EXPECT_EQ((co_await client_.send(ClientRequest(url("/empty")))).body, "");
        EXPECT_EQ((co_await client_.send(ClientRequest(url("/missing")))).status, 404);
        EXPECT_EQ((co_await client_.send(ClientRequest(url("/")))).status, 404);
    }());
}

TEST_F(FileTest, ARangeOfAFileIsSent) {
    run([&]() -> Task<void> {
        const auto size = std::to_string(text_.size());
        const auto part = co_await ask("bytes=10-300009");
        EXPECT_EQ(part.status, 206);
        EXPECT_EQ(part.body, text_.substr(10, 300'000));
        EXPECT_EQ(part.headers.get("Content-Range"), "bytes 10-300009/" + size);
        EXPECT_EQ((co_await ask("bytes=-5")).body, text_.substr(text_.size() - 5));
        EXPECT_EQ((co_await ask("bytes=500000-")).body, text_.substr(500'000));
        const auto beyond = co_await ask("bytes=99999999-");
        EXPECT_EQ(beyond.status, 416);
        EXPECT_EQ(beyond.headers.get("Content-Range"), "bytes */" + size);
        EXPECT_EQ((co_await ask("bytes=5-2")).status, 200);
        EXPECT_EQ((co_await ask("lines=1-2")).status, 200);
        EXPECT_EQ((co_await ask("bytes=0-1", "\"7\"")).status, 206);
        EXPECT_EQ((co_await ask("bytes=0-1", "\"8\"")).status, 200);
    }());
}

TEST_F(ListenTest, APortInUseIsSaidInWords) {
    serve(answering(hello));
    Server second(loop_.get_executor(), answering(hello));
    EXPECT_THAT([&] { second.listen("127.0.0.1", port_); },
                ThrowsMessage<BindFailure>("another program listens on 127.0.0.1:" +
                                           std::to_string(port_)));
    EXPECT_THROW(second.listen("example.org", 0), BindFailure);
}

TEST_F(FileTest, AUnixSocketIsPrivateAndReplacedWhenNobodyListens) {
    const auto path = folder_ / "admin.sock";
    {
        boost::asio::local::stream_protocol::acceptor left_behind(
            loop_, boost::asio::local::stream_protocol::endpoint(path.string()));
    }
    server_->listen_unix(path);
    struct stat about {};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
    Server second(loop_.get_executor(), answering(hello));
    EXPECT_THROW(second.listen_unix(path), BindFailure);
    run([&]() -> Task<void> {
        const auto answer = co_await client_.send(ClientRequest(unix_url(path, "/file")));
        EXPECT_EQ(answer.body.size(), text_.size());
    }());
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ListenTest, StoppingLetsARequestFinishAndAcceptsNoMore) {
    Gate gate(loop_);
    Gate begun(loop_);
    serve([&](Request&) -> Task<Response> {
        begun.open();
        co_await gate.pass();
        co_return text_response(200, "finished");
    });
    run([&]() -> Task<void> {
        Socket idle = co_await connect();
        Socket busy = co_await connect();
        co_await send(busy, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await begun.pass();
        boost::asio::co_spawn(loop_, server_->stop(std::chrono::seconds(30)),
                              [](std::exception_ptr) {});
        EXPECT_EQ(co_await receive(idle), "");
        EXPECT_THROW(co_await connect(), boost::system::system_error);
        gate.open();
        const auto answer = co_await receive(busy);
        EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
        EXPECT_THAT(answer, EndsWith("finished"));
    }());
}

TEST_F(ListenTest, StoppingBreaksOffWhatDoesNotFinish) {
    Gate never(loop_);
    Gate begun(loop_);
    serve([&](Request&) -> Task<Response> {
        begun.open();
        co_await never.pass();
        co_return text_response(200, "too late");
    });
    run([&]() -> Task<void> {
        Socket busy = co_await connect();
        co_await send(busy, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        co_await begun.pass();
        co_await server_->stop(std::chrono::milliseconds(1));
        EXPECT_EQ(server_->connections(), 0);
        EXPECT_EQ(co_await receive(busy), "");
    }());
    EXPECT_TRUE(never.was_cancelled());
}

}  // namespace
}  // namespace stoa::io
