#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <memory>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "stoa/io/http_loop_test.hpp"

namespace stoa::io {
namespace {

namespace ssl = boost::asio::ssl;
using Kind = HttpFailure::Kind;

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* it) const {
        Free(it);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

/// Vouches for itself and for `name`, such as "DNS:localhost".
Certificate self_signed(EVP_PKEY* key, const std::string& name) {
    Certificate certificate(X509_new());
    X509* it = certificate.get();
    X509_set_version(it, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(it), 1);
    X509_gmtime_adj(X509_getm_notBefore(it), -60);
    X509_gmtime_adj(X509_getm_notAfter(it), 3'600);
    X509_set_pubkey(it, key);
    auto* subject = X509_get_subject_name(it);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(it, subject);
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
    X509_add_ext(it, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(it, key, EVP_sha256());
    return certificate;
}

template <class Write>
std::string pem_of(Write write) {
    std::unique_ptr<BIO, Freed<BIO_free>> memory(BIO_new(BIO_s_mem()));
    write(memory.get());
    char* start = nullptr;
    const auto size = BIO_get_mem_data(memory.get(), &start);
    return {start, static_cast<std::size_t>(size)};
}

/// A server that speaks TLS and answers every connection once.
class TlsTest : public HttpLoop {
  protected:
    TlsTest() {
        std::string name = testing::TempDir() + "stoa_tls_XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~TlsTest() override { std::filesystem::remove_all(folder_); }

    void serve_tls(const std::string& certified_name) {
        const Key key(EVP_EC_gen("P-256"));
        const auto certificate = self_signed(key.get(), certified_name);
        const auto certificate_text =
            pem_of([&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
        const auto key_text = pem_of([&](BIO* out) {
            PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
        context_.use_certificate_chain(boost::asio::buffer(certificate_text));
        context_.use_private_key(boost::asio::buffer(key_text), ssl::context::pem);
        ca_file_ = folder_ / "ca.pem";
        std::unique_ptr<BIO, Freed<BIO_free>> file(BIO_new_file(ca_file_.c_str(), "w"));
        PEM_write_bio_X509(file.get(), certificate.get());
        boost::asio::co_spawn(loop_, answer_all(), [](std::exception_ptr) {});
    }

    Task<void> answer_all() {
        boost::system::error_code error;
        while (true) {
            Socket socket = co_await acceptor_.async_accept(
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
            if (error) co_return;
            ssl::stream<Socket> stream(std::move(socket), context_);
            co_await stream.async_handshake(
                ssl::stream_base::server,
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
            if (error) continue;
            std::string request(4'096, '\0');
            co_await stream.async_read_some(
                boost::asio::buffer(request),
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
            const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
            co_await boost::asio::async_write(
                stream, boost::asio::buffer(answer),
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
        }
    }

    /// The body, or the kind of the failure.
    Task<std::variant<std::string, Kind>> ask(Client& client, std::string host) {
        const auto port = acceptor_.local_endpoint().port();
        std::variant<std::string, Kind> outcome;
        try {
            const ClientRequest request("https://" + host + ":" + std::to_string(port) + "/");
            outcome = (co_await client.send(request)).body;
        } catch (const HttpFailure& failure) {
            outcome = failure.kind();
        }
        co_return outcome;
    }

    ClientConfig trusting() const {
        ClientConfig config;
        config.ca_file = ca_file_;
        return config;
    }

    std::filesystem::path folder_;
    std::filesystem::path ca_file_;
    ssl::context context_{ssl::context::tls_server};
    boost::asio::ip::tcp::acceptor acceptor_{loop_, {boost::asio::ip::address_v4::loopback(), 0}};
};

TEST_F(TlsTest, ACertificateThatIsTrustedForTheNameIsEnough) {
    serve_tls("DNS:localhost");
    Client client(loop_.get_executor(), trusting());
    run([&]() -> Task<void> {
        EXPECT_EQ(std::get<std::string>(co_await ask(client, "localhost")), "secret");
        acceptor_.close();
    }());
}

TEST_F(TlsTest, ACertificateForAnotherNameIsNot) {
    serve_tls("DNS:localhost");
    Client client(loop_.get_executor(), trusting());
    run([&]() -> Task<void> {
        EXPECT_EQ(std::get<Kind>(co_await ask(client, "127.0.0.1")), Kind::tls);
        acceptor_.close();
    }());
}

TEST_F(TlsTest, ACertificateMayNameAnAddress) {
    serve_tls("IP:127.0.0.1");
    Client client(loop_.get_executor(), trusting());
    run([&]() -> Task<void> {
        EXPECT_EQ(std::get<std::string>(co_await ask(client, "127.0.0.1")), "secret");
        acceptor_.close();
    }());
}

TEST_F(TlsTest, ACertificateThatNobodyTrustsIsNotEnough) {
    serve_tls("DNS:localhost");
    run([&]() -> Task<void> {
        EXPECT_EQ(std::get<Kind>(co_await ask(client_, "localhost")), Kind::tls);
        acceptor_.close();
    }());
}

}  // namespace
}  // namespace stoa::io
