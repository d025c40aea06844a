#pragma once

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "stoa/base/error.hpp"

namespace stoa::client {

/// A command can't do what it was asked: what happened, and what the user can do about it.
class Failure : public std::runtime_error {
  public:
    Failure(std::string code, const std::string& what, std::string fix)
        : std::runtime_error(what), code_(std::move(code)), fix_(std::move(fix)) {}
    Failure(const std::error_code& why, const std::string& about, std::string fix)
        : Failure(std::string{code_of(why)}, about + ": " + why.message() + '.', std::move(fix)) {}

    const std::string& code() const { return code_; }  ///< Stable, `snake_case`.
    const std::string& fix() const { return fix_; }

  private:
    std::string code_;
    std::string fix_;
};

}  // namespace stoa::client
