#pragma once

#include <filesystem>

#include <boost/json.hpp>

namespace stoa::gateway {

/// What the provider's wallet sends to have all that the ledger's file says was earned, when the
/// node's own keys are lost: `{"calls": [{to, data, what, channels, amount}]}`, in this order.
/// Reads the file alone, also of a node that runs; what was claimed since it last looked costs gas
/// only.
boost::json::object recovery_calls(const std::filesystem::path& ledger);

}  // namespace stoa::gateway
