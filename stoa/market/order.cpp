#include "stoa/market/order.hpp"

namespace stoa::market {

eth::Domain market_domain(std::uint64_t chain_id, const eth::Address& market) {
    return {"Stoa Market", "1", chain_id, market};
}

Hash256 order_digest(std::uint64_t chain_id, const eth::Address& market, const Order& order) {
    using eth::word;
    return eth::typed_digest(
        market_domain(chain_id, market),
        "Order(uint256 offer,bytes32 termsDigest,address holder,uint256 n,address token,"
        "uint256 maxPrice,uint256 deadline,uint256 hall,uint256 relayFee,bytes32 salt)",
        {word(order.offer), order.terms_digest, word(order.holder), word(order.n),
         word(order.token), word(order.max_price), word(order.deadline), word(order.hall),
         word(order.relay_fee), order.salt});
}

}  // namespace stoa::market
