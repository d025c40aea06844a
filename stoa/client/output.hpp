#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "stoa/client/failure.hpp"

namespace stoa::client {

/// Results go to standard output, in one of two forms; what is said meanwhile goes to standard
/// error, so that a pipe gets the result alone.
class Output {
  public:
    Output(std::ostream& results, std::ostream& remarks, bool as_json, bool is_terminal)
        : results_(results), remarks_(remarks), as_json_(as_json), is_terminal_(is_terminal) {}

    bool as_json() const { return as_json_; }

    /// The command's result: one JSON document on a line, or `text`.
    void result(const boost::json::value& json, std::string_view text);

    /// A piece of a result that arrives bit by bit; dropped where it is JSON.
    void piece(std::string_view text);

    /// A step of something long; only for people who watch.
    void step(std::string_view text);

    /// For people, whether they watch or not; never in JSON.
    void remark(std::string_view text);

    void failure(const Failure&);

  private:
    std::ostream& results_;
    std::ostream& remarks_;
    bool as_json_;
    bool is_terminal_;
};

/// Text that a stranger wrote, safe for a terminal: control characters replaced, newlines kept.
std::string printable(std::string_view);

}  // namespace stoa::client
