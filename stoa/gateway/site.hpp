#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "stoa/io/http.hpp"

namespace stoa::gateway {

/// The names that the node answers to. A page that reaches it under any other name (DNS rebinding)
/// is refused, and so is a page of another origin that sends anything but reads.
class Site {
  public:
    /// `url` is the one canonical `scheme://host[:port]`; the loopback names of `port` are others.
    Site(std::string url, unsigned port);

    const std::string& url() const { return url_; }
    /// `host[:port]`, as sign-in messages name it.
    std::string_view authority() const;
    bool is_secure() const { return url_.starts_with("https://"); }

    bool knows_host(std::string_view host) const;
    bool is_canonical(std::string_view host) const;
    /// Also without an Origin header: programs send none.
    bool is_own_origin(const io::Request&) const;

  private:
    std::string url_;
    std::vector<std::string> hosts_;
};

}  // namespace stoa::gateway
