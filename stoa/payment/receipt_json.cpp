#include <boost/json.hpp>

#include "stoa/payment/json_reader.hpp"
#include "stoa/payment/receipt.hpp"

namespace stoa::payment {

namespace json = boost::json;

json::object to_json(const ReceiptDomain& domain, const SignedReceipt& it) {
    const Receipt& r = it.receipt;
    const Hash256 leaf = domain.leaf(r);
    json::array path;
    for (const Hash256& sibling : it.path) path.emplace_back(to_hex(sibling));
    return {{"id", to_hex(leaf)},
            {"receipt",
             {{"channelId", to_hex(r.channel_id)},
              {"cumulative", to_decimal(r.cumulative)},
              {"charge", to_decimal(r.charge)},
              {"service", std::to_string(r.service)},
              {"version", r.version},
              {"weightsDigest", to_hex(r.weights_digest)},
              {"engineDigest", to_hex(r.engine_digest)},
              {"requestHash", to_hex(r.request_hash)},
              {"outputHash", to_hex(r.output_hash)},
              {"tokenIdsHash", to_hex(r.token_ids_hash)},
              {"paramsHash", to_hex(r.params_hash)},
              {"inTokens", r.input_tokens},
              {"outTokens", r.output_tokens},
              {"time", r.time}}},
            {"path", std::move(path)},
            {"root", to_hex(merkle_root(leaf, it.path))},
            {"signature", to_hex(it.signature)}};
}

Result<SignedReceipt> parse_receipt(const json::value& value) {
    bool failed = false;
    const JsonReader in{&value, failed};
    const JsonReader r = in.object("receipt");
    SignedReceipt out;
    out.receipt = {.channel_id = r.hash("channelId"),
                   .cumulative = r.amount("cumulative"),
                   .charge = r.amount("charge"),
                   .service = r.number64("service"),
                   .version = r.number("version"),
                   .weights_digest = r.hash("weightsDigest"),
                   .engine_digest = r.hash("engineDigest"),
                   .request_hash = r.hash("requestHash"),
                   .output_hash = r.hash("outputHash"),
                   .token_ids_hash = r.hash("tokenIdsHash"),
                   .params_hash = r.hash("paramsHash"),
                   .input_tokens = r.number("inTokens"),
                   .output_tokens = r.number("outTokens"),
                   .time = r.number("time")};
    out.signature = in.signature("signature");
    const json::value* path = in.find("path");
    if (failed || !path || !path->is_array() || path->get_array().size() > kMaxReceiptPath) {
        return fail(PaymentError::invalid_payload);
    }
    for (const json::value& sibling : path->get_array()) {
        const auto hash = sibling.is_string() ? parse_hash(sibling.get_string())
                                              : fail(PaymentError::invalid_payload);
        if (!hash) return fail(PaymentError::invalid_payload);
        out.path.push_back(*hash);
    }
    return out;
}

}  // namespace stoa::payment
