#pragma once

#include <string>

#include <boost/json.hpp>

namespace stoa::keys {

/// A file of npm's @ethersproject/testcases, which `npm ci` in test/ brings; throws without it.
boost::json::array ethers_vectors(const std::string& name);

}  // namespace stoa::keys
