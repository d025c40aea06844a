#pragma once

#include <string>

#include "stoa/gateway/fields.hpp"
#include "stoa/gateway/served.hpp"

namespace stoa::gateway {

/// `{perCall, perMillionInput, perMillionOutput}`.
json::object price_json(const payment::Price&);

/// `GET /v1/models`: OpenAI's list of the models that are open for calls, each with what a buyer
/// wants to know before.
std::string models_json(const ServedModels&);

}  // namespace stoa::gateway
