#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "stoa/gateway/router.hpp"

namespace stoa::gateway {

/// The dApp: files of its build, read once into a list so that no request names a path on disk, and
/// its first page for every address of its own. Other names of this node are sent to the canonical
/// one, because wallets bind permissions to an origin.
class PageRoutes {
  public:
    /// Throws `std::filesystem::filesystem_error` when `folder` can't be read, and
    /// `std::runtime_error` when it has no index.html.
    explicit PageRoutes(const std::filesystem::path& folder);

    void add_to(Router&);

  private:
    Task<Answer> serve(const Request&, const Site&) const;

    std::filesystem::path index_;
    std::map<std::string, std::filesystem::path, std::less<>> files_;  ///< By "/assets/x.js".
};

}  // namespace stoa::gateway
