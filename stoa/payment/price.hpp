#pragma once

#include "stoa/base/amount.hpp"

namespace stoa::payment {

/// What a service charges, all in one token. Zero is allowed everywhere.
struct Price {
    Amount per_call;
    Amount per_million_input;
    Amount per_million_output;
    friend bool operator==(const Price&, const Price&) = default;
};

struct Usage {
    std::uint64_t input_tokens = 0;
    std::uint64_t output_tokens = 0;
};

/// The call's price, parts of a unit rounded up: the buyer asks. Throws only where the sum leaves
/// 256 bits, which a listed price of 128 bits can't.
Amount cost(const Price&, const Usage&);

/// The two leading digits of `amount`, raised if anything stood behind them: prices that people
/// can read, and few different 402 answers.
Amount rounded_up_to_two_digits(const Amount&);

/// The maximum that a call is offered at, from upper bounds of its tokens: never below the cost
/// of any call within them.
Amount price_bound(const Price&, const Usage& at_most);

/// Counts one call's tokens while they are delivered, and knows what they cost.
class ChargeMeter {
  public:
    /// `maximum` is what the buyer signed for this call; charges never exceed it.
    ChargeMeter(const Price& price, const Amount& maximum) : price_(price), maximum_(maximum) {}

    /// When the engine has taken the prompt.
    void input_accepted(std::uint64_t tokens) { usage_.input_tokens = tokens; }
    /// When the socket has taken the bytes of that many more output tokens.
    void output_delivered(std::uint64_t tokens) { usage_.output_tokens += tokens; }

    const Usage& usage() const { return usage_; }
    Amount charge() const;

    /// The charge stays within the maximum when that many more output tokens are delivered.
    bool has_room_for(std::uint64_t tokens) const;
    /// A larger maximum that the buyer has signed meanwhile.
    void raise_to(const Amount& maximum) { maximum_ = maximum; }

  private:
    Price price_;
    Amount maximum_;
    Usage usage_;
};

}  // namespace stoa::payment
