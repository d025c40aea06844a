#include "stoa/client/contracts.hpp"

#include <algorithm>
#include <vector>

namespace stoa::client {

using eth::abi::Event;
using eth::abi::Function;

#define NEW_VERSION                                                                       \
    "(uint8 kind,bytes32 manifestDigest,bytes32 weightsDigest,string cid,bool derivable," \
    "uint16 derivativeBps)"
#define PAYEES "(address account,uint32 share)[]"
#define NEW_OFFER                                                                               \
    "((address token,uint96 floor,uint96 cap)[] prices,uint64 targetPerDay,uint64 sensitivity," \
    "uint16 maxCommissionBps,(uint256 model,uint256 service,uint40 period,uint32 calls,uint16 " \
    "seats,uint32 rights,uint8 entitlement,uint32 entitledFor,bool transferable,bool "          \
    "restToService,bytes32 termsDigest) terms)"

namespace registry {
const Function kRegister{
    "register((string slug," NEW_VERSION " first," PAYEES
    " payees,(uint256 model,uint32 version,uint16 bps)[] parents,(uint16 callBps,address "
    "token,uint96 perCall,uint128 perMillion) royalty,uint8 serving,address market) model) "
    "returns (uint256)"};
const Function kPublish{"publish(uint256 model," NEW_VERSION " version) returns (uint32)"};
const Function kModelOf{"modelOf(address registrant,string slug) returns (uint256)"};
const Function kVersionOf{
    "versionOf(uint256 model,uint32 version) returns ((bytes32 digest,uint8 kind,uint8 "
    "status,bool derivable,uint16 derivativeBps,uint40 time))"};
const Function kVersionCount{"versionCount(uint256 model) returns (uint32)"};
const Function kPayTo{"payTo(uint256 model) returns (address)"};
const Function kDepthOf{"depthOf(uint256 model) returns (uint256)"};
const Function kParentsOf{
    "parentsOf(uint256 model) returns ((uint256 model,uint32 version,uint16 bps)[])"};
const Event kModelRegistered{
    "ModelRegistered(uint256 indexed model,address indexed registrant,string slug)"};
const Event kVersionPublished{
    "VersionPublished(uint256 indexed model,uint32 indexed version,bytes32 indexed "
    "weightsDigest,uint8 kind,bytes32 manifestDigest,string cid,bool derivable,uint16 "
    "derivativeBps)"};
}  // namespace registry

namespace market_contract {
const Function kCreateOffer{"createOffer(" NEW_OFFER " offer) returns (uint256)"};
const Function kAnnouncePrices{
    "announcePrices(uint256 offer,(address token,uint96 floor,uint96 cap)[] prices,"
    "uint64 targetPerDay,uint64 sensitivity)"};
const Event kPricesAnnounced{
    "PricesAnnounced(uint256 indexed offer,(address token,uint96 floor,uint96 cap)[] prices,"
    "uint64 targetPerDay,uint64 sensitivity,uint40 effectiveAt)"};
const Function kQuote{"quote(uint256 offer,address token,uint256 n) returns (uint256)"};
const Event kOfferCreated{
    "OfferCreated(uint256 indexed offer,uint256 indexed model,address indexed seller," NEW_OFFER
    " terms)"};
}  // namespace market_contract

namespace services {
const Function kServiceOfReceiver{"serviceOfReceiver(address receiver) returns (uint256)"};
const Function kServiceOf{
    "serviceOf(uint256 service) returns ((uint256 model,uint32 version,uint16 royaltyBps,"
    "uint40 offeredAt,uint40 validUntil,address provider,address receiver,address "
    "receiverAuthorizer,address payTo,address claimant))"};
}  // namespace services

namespace splits {
const Function kClaim{"claim(address token,address account) returns (uint256)"};
}  // namespace splits

namespace multicall {
const Function kAggregate{
    "aggregate3((address target,bool allowFailure,bytes callData)[] calls) returns ((bool "
    "success,bytes returnData)[])"};
}  // namespace multicall

namespace channels {
const Function kSettle{"settle(address receiver,address token)"};
const Function kChannels{
    "channels(bytes32 channelId) returns (uint128 balance,uint128 totalClaimed)"};
const Function kPendingWithdrawals{
    "pendingWithdrawals(bytes32 channelId) returns (uint128 amount,uint40 initiatedAt)"};
}  // namespace channels

namespace token {
const Function kBalanceOf{"balanceOf(address account) returns (uint256)"};
}  // namespace token

std::optional<std::string> reason_of_revert(Bytes data) {
    if (auto reason = eth::abi::revert_reason(data)) return reason;
    struct Named {
        Function error;
        const char* meaning;
    };
    static const std::vector<Named> known{
        {Function{"BadSlug(string)"}, "the name has letters other than a-z 0-9 - . _"},
        {Function{"NameTaken(uint256)"}, "the account has a model of that name already"},
        {Function{"NotOwner(uint256,address)"}, "the account doesn't own the model"},
        {Function{"NotMaintainer(uint256,address)"}, "the account may not publish versions of it"},
        {Function{"ZeroDigest()"}, "a digest is zero"},
        {Function{"BadCid(string)"}, "the manifest's CID is malformed"},
        {Function{"BadBps(uint256)"}, "a part is out of range"},
        {Function{"NoPayees()"}, "the split pays nobody"},
        {Function{"TooManyPayees(uint256)"}, "the split pays too many"},
        {Function{"PayeesNotSorted(address)"}, "the split's payees are not in order"},
        {Function{"SharesNotWhole(uint256)"}, "the split's shares are not the whole"},
        {Function{"ZeroShare(address)"}, "a payee's share is nothing"},
        {Function{"TooManyParents(uint256)"}, "it is built on more than 8 models"},
        {Function{"ParentsNotSorted(uint256)"}, "a base model is named twice or isn't there"},
        {Function{"NotDerivable(uint256,uint32)"}, "a base model's version may not be built on"},
        {Function{"ParentUnderpaid(uint256,uint32,uint16)"}, "a base model asks for a larger part"},
        {Function{"ParentsTakeTooMuch(uint256)"}, "the base models get more than half"},
        {Function{"TooDeep(uint256)"}, "more than 8 models would stand above one another"},
        {Function{"MinimumWithoutToken()"}, "a least royalty needs its token"},
        {Function{"NotForSale(uint256)"}, "the model's owner has not chosen this market"},
        {Function{"NotSeller(uint256,address)"}, "the account doesn't own the model"},
        {Function{"BadPrices()"}, "the prices are malformed"},
        {Function{"BadTerms()"}, "the licence's terms contradict one another"},
        {Function{"NotTheMarket(uint256,address)"}, "the model's owner has not chosen this market"},
    };
    const auto found = std::ranges::find_if(known, [&](const Named& named) {
        return data.size() >= 4 && std::ranges::equal(data.first(4), named.error.selector());
    });
    if (found == known.end()) return std::nullopt;
    return found->meaning;
}

}  // namespace stoa::client
