#include "stoa/payment/price.hpp"

#include <algorithm>

namespace stoa::payment {
namespace {

constexpr std::uint64_t kTokensPerPrice = 1'000'000;

}  // namespace

Amount cost(const Price& price, const Usage& usage) {
    const U256 millionths = price.per_million_input.units * usage.input_tokens +
                            price.per_million_output.units * usage.output_tokens;
    return price.per_call + Amount{U256{(millionths + (kTokensPerPrice - 1)) / kTokensPerPrice}};
}

Amount rounded_up_to_two_digits(const Amount& amount) {
    U256 scale = 1;
    U256 leading = amount.units;
    while (leading >= 100) {
        leading /= 10;
        scale *= 10;
    }
    if (leading * scale != amount.units) leading += 1;
    return Amount{U256{leading * scale}};
}

Amount price_bound(const Price& price, const Usage& at_most) {
    return rounded_up_to_two_digits(cost(price, at_most));
}

bool ChargeMeter::has_room_for(std::uint64_t tokens) const {
    Usage then = usage_;
    then.output_tokens += tokens;
    return cost(price_, then) <= maximum_;
}

Amount ChargeMeter::charge() const {
    return std::min(cost(price_, usage_), maximum_);
}

}  // namespace stoa::payment
