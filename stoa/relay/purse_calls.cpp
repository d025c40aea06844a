#include "stoa/relay/purse_calls.hpp"

#include "stoa/relay/order.hpp"

namespace stoa::relay {
namespace {

using eth::abi::Function;
using eth::abi::Value;

#define POLICY                                                                            \
    "(address key,address token,uint96 cap,uint96 capPerDay,uint96 capPerService,uint40 " \
    "expires,uint256[] services)"
#define CHANNEL_CONFIG                                                                            \
    "(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address " \
    "token,uint40 withdrawDelay,bytes32 salt)"

const Function kFund{"fund(address owner," POLICY
                     " policy,(uint256 value,uint256 validAfter,uint256 validBefore,bytes "
                     "signature) funding) returns (address purse)"};
const Function kSetPolicy{"setPolicy(address owner," POLICY
                          " policy,bytes signature) returns (address purse)"};
const Function kRevoke{"revoke(address key,bytes signature)"};
const Function kExit{"exit(bytes signature)"};
const Function kClose{"close(" CHANNEL_CONFIG "[] configs)"};

#undef POLICY
#undef CHANNEL_CONFIG

Value policy_value(const payment::PursePolicy& it) {
    std::vector<Value> services;
    for (const U256& service : it.services) services.emplace_back(service);
    return std::vector<Value>{it.key,
                              it.token,
                              it.cap,
                              it.cap_per_day,
                              it.cap_per_service,
                              it.expires,
                              Value(std::move(services))};
}

}  // namespace

ByteVector fund_call(const eth::Address& owner, const payment::PursePolicy& policy,
                     const PurseFunding& it) {
    const Value funding =
        std::vector<Value>{it.value, it.valid_after, it.valid_before, it.signature};
    return kFund.encode({owner, policy_value(policy), funding});
}

ByteVector set_policy_call(const eth::Address& owner, const payment::PursePolicy& policy,
                           const ByteVector& signature) {
    return kSetPolicy.encode({owner, policy_value(policy), signature});
}

ByteVector revoke_call(const eth::Address& key, const ByteVector& signature) {
    return kRevoke.encode({key, signature});
}

ByteVector exit_call(const ByteVector& signature) {
    // Through a list by name: the bytes alone would be taken for the list.
    const std::vector<Value> arguments{Value(signature)};
    return kExit.encode(arguments);
}

ByteVector close_call(const std::vector<payment::ChannelConfig>& configs) {
    std::vector<Value> rows;
    for (const auto& config : configs) rows.push_back(config_value(config));
    const std::vector<Value> arguments{Value(std::move(rows))};
    return kClose.encode(arguments);
}

}  // namespace stoa::relay
