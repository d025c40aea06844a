#pragma once

#include <string>

#include <boost/json.hpp>

namespace stoa::client {

/// A member that should be text, safe for a terminal; empty where it isn't there.
std::string text_in(const boost::json::value& object, const char* key);

/// The rows of what `/api/money` answered.
const boost::json::array& items_of(const boost::json::value& answer);

/// One of them in two lines: amount and state, where and why; and how it is freed.
std::string item_text(const boost::json::value& item, unsigned decimals);

}  // namespace stoa::client
