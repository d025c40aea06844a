// The answers and logs of a chain that may lie: what decodes, encodes to what decodes the same.
#include "stoa/eth/abi.hpp"

#include "fuzz/fuzz.hpp"

namespace stoa::fuzz {

void run(Bytes input) {
    static const auto type = eth::abi::parse_type(
                                 "(uint8 a,bytes b,(address c,string d,int64 e)[] f,bytes4[2] g,"
                                 "bool h,uint128[][] i)")
                                 .value();
    const auto values = eth::abi::decode(type, input);
    if (!values) return;
    const ByteVector encoded = eth::abi::encode(type, *values);
    demand(eth::abi::decode(type, encoded) == *values);
}

}  // namespace stoa::fuzz
