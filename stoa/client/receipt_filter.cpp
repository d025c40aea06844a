#include "stoa/client/receipt_filter.hpp"

#include "stoa/base/base64.hpp"

namespace stoa::client {

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
        }
    });
    return out;
}

}  // namespace stoa::client
