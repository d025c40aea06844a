#include "stoa/payment/vectors_test.hpp"

#include <fstream>
#include <sstream>

#include "stoa/base/hex.hpp"
#include "stoa/payment/x402.hpp"

namespace stoa::payment {

namespace json = boost::json;

const json::object& vectors() {
    static const json::value all = [] {
        std::ifstream file(STOA_SOURCE_DIR "/test/vectors/payments/x402_batch_settlement.json");
        std::ostringstream text;
        text << file.rdbuf();
        return json::parse(text.str());
    }();
    return all.as_object();
}

ChannelConfig vector_channel() {
    return parse_channel_config(vectors().at("channels").at(0).at("config")).value();
}

Hash256 hash_of(const json::value& value) {
    return parse_hash(value.as_string()).value();
}

eth::Address address_of(const json::value& value) {
    return eth::parse_address_any_case(value.as_string()).value();
}

Amount amount_of(const json::value& value) {
    return parse_amount(value.as_string()).value();
}

eth::Signature signature_of(const json::value& value) {
    return eth::parse_signature(value.as_string()).value();
}

}  // namespace stoa::payment
