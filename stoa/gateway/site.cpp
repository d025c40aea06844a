#include "stoa/gateway/site.hpp"

#include <algorithm>

namespace stoa::gateway {

Site::Site(std::string url, unsigned port) : url_(std::move(url)) {
    while (url_.ends_with('/')) url_.pop_back();
    const std::string suffix = ":" + std::to_string(port);
    hosts_ = {std::string(authority()), "localhost" + suffix, "127.0.0.1" + suffix,
              "[::1]" + suffix};
}

std::string_view Site::authority() const {
    const std::string_view text = url_;
    return text.substr(text.find("://") + 3);
}

bool Site::knows_host(std::string_view host) const {
    return std::ranges::any_of(
        hosts_, [&](const std::string& ours) { return io::equal_ignoring_case(ours, host); });
}

bool Site::is_canonical(std::string_view host) const {
    return io::equal_ignoring_case(authority(), host);
}

bool Site::is_own_origin(const io::Request& request) const {
    const auto origin = request.headers.get("origin");
    if (!origin) return true;
    const std::size_t scheme = origin->find("://");
    return scheme != origin->npos && knows_host(origin->substr(scheme + 3));
}

}  // namespace stoa::gateway
