#include "stoa/io/http_url.hpp"

#include <array>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include "stoa/io/http_client.hpp"

namespace stoa::io {

namespace asio = boost::asio;
namespace urls = boost::urls;

namespace {

constexpr std::string_view kUnixScheme = "http+unix";

[[noreturn]] void bad_url(std::string_view url) {
    throw HttpFailure(HttpFailure::Kind::bad_url, false,
                      "\"" + std::string(url) + "\" is not an http or https URL");
}

UrlTarget::Kind kind_of(std::string_view scheme, std::string_view url) {
    if (equal_ignoring_case(scheme, "http")) return UrlTarget::Kind::plain;
    if (equal_ignoring_case(scheme, "https")) return UrlTarget::Kind::tls;
    if (equal_ignoring_case(scheme, kUnixScheme)) return UrlTarget::Kind::unix_socket;
    bad_url(url);
}

bool is_public_v4(const asio::ip::address_v4& address) {
    static constexpr std::array kSpecial{
        "0.0.0.0/8",     "10.0.0.0/8",      "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24",    "192.0.2.0/24",   "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",
    };
    for (const char* network : kSpecial) {
        const auto range = asio::ip::make_network_v4(network);
        const auto mask = range.netmask().to_uint();
        if ((address.to_uint() & mask) == range.network().to_uint()) return false;
    }
    return true;
}

}  // namespace

std::string UrlTarget::origin() const {
    const char* scheme = kind == Kind::tls ? "https" : kind == Kind::plain ? "http" : "unix";
    return std::string(scheme) + "://" + host + ":" + std::to_string(port);
}

UrlTarget parse_url(std::string_view url) {
    const auto parsed = urls::parse_uri(url);
    if (!parsed || !parsed->has_authority() || parsed->encoded_host().empty()) bad_url(url);
    const auto scheme = parsed->scheme();
    UrlTarget target;
    target.kind = kind_of({scheme.data(), scheme.size()}, url);
    const bool is_unix = target.kind == UrlTarget::Kind::unix_socket;
    target.host = is_unix ? parsed->host() : parsed->host_address();
    if (!is_unix) {
        target.port = target.kind == UrlTarget::Kind::tls ? 443 : 80;
        if (parsed->has_port() && !parsed->port().empty()) {
            target.port = parsed->port_number();
            if (target.port == 0) bad_url(url);
        }
    }
    const auto host_and_port = parsed->encoded_host_and_port();
    target.authority =
        is_unix ? "localhost" : std::string(host_and_port.data(), host_and_port.size());
    const auto path = parsed->encoded_target();
    target.target.assign(path.data(), path.size());
    if (!target.target.starts_with('/')) target.target.insert(0, "/");
    if (parsed->has_userinfo()) target.user_info = parsed->userinfo();
    return target;
}

std::string resolve_url(std::string_view base, std::string_view reference) {
    const auto from = urls::parse_uri(base);
    const auto to = urls::parse_uri_reference(reference);
    if (!from || !to) bad_url(reference);
    urls::url absolute;
    if (!urls::resolve(*from, *to, absolute)) bad_url(reference);
    const auto text = absolute.buffer();
    return {text.data(), text.size()};
}

std::string unix_url(const std::filesystem::path& socket, std::string_view target) {
    return std::string(kUnixScheme) + "://" + percent_encode(socket.string()) + std::string(target);
}

bool is_public(const asio::ip::address& address) {
    if (address.is_v4()) return is_public_v4(address.to_v4());
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) {
        return is_public_v4(asio::ip::make_address_v4(asio::ip::v4_mapped, v6));
    }
    const auto bytes = v6.to_bytes();
    const bool is_global_unicast = (bytes[0] & 0xe0U) == 0x20;    // 2000::/3
    const bool embeds_v4 = bytes[0] == 0x20 && bytes[1] == 0x02;  // 6to4
    const bool is_special = bytes[0] == 0x20 && bytes[1] == 0x01 &&
                            (bytes[2] < 0x02 || (bytes[2] == 0x0d && bytes[3] == 0xb8));
    return is_global_unicast && !embeds_v4 && !is_special;
}

}  // namespace stoa::io
