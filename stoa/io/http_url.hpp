#pragma once

#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace stoa::io {

/// Where a URL leads.
struct UrlTarget {
    enum class Kind { plain, tls, unix_socket };

    Kind kind = Kind::plain;
    std::string host;  ///< A name, an IP address without brackets, or a socket's path.
    unsigned short port = 0;
    std::string authority;  ///< For the Host header.
    std::string target;     ///< Path and query.
    std::string user_info;  ///< "name:password", decoded.

    /// The same for URLs that can share connections.
    std::string origin() const;
};

/// Throws `HttpFailure` (bad_url).
UrlTarget parse_url(std::string_view url);

/// The absolute form of a Location header. Throws `HttpFailure`.
std::string resolve_url(std::string_view base, std::string_view reference);

/// False for loopback, private, link-local, shared, multicast, reserved and documentation addresses
/// (RFC 6890), also inside IPv6.
bool is_public(const boost::asio::ip::address&);

}  // namespace stoa::io
