#include "stoa/client/receipt_filter.hpp"

#include <boost/json.hpp>

#include "stoa/base/base64.hpp"

namespace stoa::client {
namespace {

namespace json = boost::json;

std::optional<payment::SignedReceipt> proof_in(std::string_view data) {
    json::error_code error;
    json::parse_options options;
    options.max_depth = payment::kMaxJsonDepth;
    const json::value value = json::parse(data, error, {}, options);
    if (error || !value.is_object()) return std::nullopt;
    const auto* extensions = value.get_object().if_contains("extensions");
    if (!extensions || !extensions->is_object()) return std::nullopt;
    const auto* proof = extensions->get_object().if_contains("stoa-receipt");
    if (!proof) return std::nullopt;
    auto parsed = payment::parse_receipt(*proof);
    if (!parsed) return std::nullopt;
    return *std::move(parsed);
}

}  // namespace

std::string ReceiptFilter::feed(std::string_view chunk) {
    std::string out;
    reader_.feed(chunk, [&](io::Event&& event) {
        if (!event.type.starts_with("stoa.")) {
            out += to_text(event);
        } else if (event.type == "stoa.receipt") {
            // The event has the JSON that the header of other answers has in base64.
            const auto receipt =
                payment::parse_settlement_response_header(to_base64(as_bytes(event.data)));
            if (receipt) receipt_ = *receipt;
            proof_ = proof_in(event.data);
        }
    });
    return out;
}

}  // namespace stoa::client
