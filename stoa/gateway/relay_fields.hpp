#pragma once

#include "stoa/gateway/fields.hpp"
#include "stoa/relay/relay.hpp"

namespace stoa::gateway {

// The bodies of `POST /api/relay`, as docs/reference/http.md has them.

/// What the relay refuses, with the contract's reason where it has one.
tl::unexpected<Problem> refused(const relay::Refusal&);

OrProblem<std::uint64_t> seconds_of(const Fields&, std::string_view name);
OrProblem<Amount> amount_of(const Fields&, std::string_view name);
OrProblem<payment::ChannelConfig> config_of(const Fields& config);

OrProblem<relay::SignedOrder> signed_order_of(const Fields&);
OrProblem<relay::SignedDeposit> deposit_of(const Fields&);
/// Whether a deposit comes out of a purse; then `spend_of` reads it.
bool is_spend(const Fields&);
OrProblem<relay::Spend> spend_of(const Fields&);
OrProblem<payment::PursePolicy> policy_of(const Fields&);
OrProblem<relay::PurseFunding> funding_of(const Fields&);
/// The member `configs`; none where it is missing.
OrProblem<std::vector<payment::ChannelConfig>> configs_of(const Fields&);

json::object inclusion_json(const relay::Inclusion&);

}  // namespace stoa::gateway
