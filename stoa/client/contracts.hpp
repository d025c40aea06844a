#pragma once

#include <optional>
#include <string>

#include "stoa/eth/abi.hpp"

namespace stoa::client {

/// The functions and events that the command line uses, as in contracts/src/interfaces.
namespace registry {
extern const eth::abi::Function kRegister;
extern const eth::abi::Function kPublish;
extern const eth::abi::Function kModelOf;
extern const eth::abi::Function kVersionOf;
extern const eth::abi::Function kVersionCount;
extern const eth::abi::Function kPayTo;
extern const eth::abi::Function kDepthOf;
extern const eth::abi::Function kParentsOf;
extern const eth::abi::Event kModelRegistered;
extern const eth::abi::Event kVersionPublished;
}  // namespace registry

namespace market_contract {
extern const eth::abi::Function kCreateOffer;
extern const eth::abi::Function kQuote;
extern const eth::abi::Function kAnnouncePrices;
extern const eth::abi::Event kPricesAnnounced;
extern const eth::abi::Event kOfferCreated;
}  // namespace market_contract

namespace services {
extern const eth::abi::Function kServiceOfReceiver;
extern const eth::abi::Function kServiceOf;
}  // namespace services

namespace splits {
extern const eth::abi::Function kClaim;
}  // namespace splits

namespace multicall {
extern const eth::abi::Function kAggregate;
}  // namespace multicall

namespace channels {
extern const eth::abi::Function kChannels;
extern const eth::abi::Function kSettle;
extern const eth::abi::Function kPendingWithdrawals;
}  // namespace channels

namespace token {
extern const eth::abi::Function kBalanceOf;
}  // namespace token

/// In words, with the name of our contracts' custom error; nothing for data of another kind.
std::optional<std::string> reason_of_revert(Bytes data);

}  // namespace stoa::client
