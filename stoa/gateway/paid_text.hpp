#pragma once

#include <string>

#include "stoa/gateway/paid_request.hpp"

namespace stoa::gateway {

/// The JSON of OpenAI's API for one answer.
class PaidText {
  public:
    /// `id` is any text that is unique; `created` in Unix seconds.
    PaidText(PaidKind kind, std::string id, std::string model, std::int64_t created)
        : kind_(kind), id_(std::move(id)), model_(std::move(model)), created_(created) {}

    /// A whole answer.
    std::string answer(std::string_view text, const inference::Outcome&) const;
    std::string embeddings(const inference::Embeddings&, bool base64) const;

    // Lines of a stream, each with its `data: ` and empty line.
    std::string opening() const;  ///< Empty for completions.
    std::string piece(std::string_view text) const;
    std::string closing(inference::Finish) const;
    std::string usage(const inference::Outcome&) const;
    static std::string error(std::string_view code, std::string_view message);
    static constexpr std::string_view kDone = "data: [DONE]\n\n";

  private:
    json::object head(bool chunk) const;
    std::string line(json::object delta, json::value finish) const;

    PaidKind kind_;
    std::string id_;
    std::string model_;
    std::int64_t created_;
};

}  // namespace stoa::gateway
