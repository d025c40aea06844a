// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "./IChannels.sol";
import {ISplit, Payee} from "./ISplits.sol";

/// @title Where a service's money arrives: a split of the provider and the model's payees.
/// @notice It is the `receiver` of the service's channels, so royalties flow from every settlement.
interface IReceiver is ISplit {
    error NotClaimant(address account);

    /// @notice Claims channels as their receiver. By the service's claimant, whatever happened to
    /// the node's keys: the vouchers are enough.
    function claimChannels(IChannels.VoucherClaim[] calldata claims) external;

    /// @notice Sends here what the channels hold for this receiver, as anyone may.
    function settle(address token) external;
}

/// @title Services: who serves which version of a model, where, and for how much.
/// @notice Provider, receiver and royalty of a service never change; another one is a new service.
interface IServices {
    /// @notice What a call costs in one token.
    struct Pricing {
        address token;
        uint96 perCall;
        uint128 perMillionInput;
        uint128 perMillionOutput;
    }

    /// @param endpoint URL below which the node serves; 1 to 256 bytes.
    /// @param pricing 1 to 4, each token once.
    /// @param receiverAuthorizer Signs claims and refunds of the service's channels.
    /// @param payout Gets the provider's part, and may claim channels; zero means the sender.
    /// @param licence That gives the right to serve, where the model asks for one; else 0.
    /// @param duration In seconds, at most 180 days.
    struct NewService {
        uint256 model;
        uint32 version;
        string endpoint;
        Pricing[] pricing;
        address receiverAuthorizer;
        address payout;
        uint256 licence;
        uint40 duration;
    }

    struct Service {
        uint256 model;
        uint32 version;
        uint16 royaltyBps;
        uint40 offeredAt;
        uint40 validUntil;
        address provider;
        address receiver;
        address receiverAuthorizer;
        address payTo;
        address claimant;
    }

    event ServiceOffered(
        uint256 indexed service,
        uint256 indexed model,
        address indexed provider,
        uint32 version,
        address receiver,
        address receiverAuthorizer,
        uint40 validUntil,
        string endpoint,
        Payee[] payees
    );
    /// @param effectiveAt When these prices begin to hold.
    event PricingSet(uint256 indexed service, Pricing[] pricing, uint64 effectiveAt);
    event EndpointSet(uint256 indexed service, string endpoint);
    event ClaimantSet(uint256 indexed service, address indexed claimant);
    event ServiceEnded(uint256 indexed service);

    error UnknownService(uint256 service);
    error NotProvider(uint256 service, address account);
    error NotClaimant(uint256 service, address account);
    error ServiceOver(uint256 service);
    error VersionNotServable(uint256 model, uint32 version);
    error ServingNotAllowed(uint256 model, address account);
    error BadEndpoint();
    error BadPricing();
    error BelowMinimum(address token);
    error BadDuration(uint40 duration);
    error ZeroAuthorizer();

    /// @notice Offers a service and makes its receiver.
    function offerService(NewService calldata service)
        external
        returns (uint256 id, address receiver);

    /// @notice What is lowered holds at once; if anything rises, all holds after a day's notice.
    /// By the provider.
    function setPricing(uint256 service, Pricing[] calldata pricing) external;
    function setEndpoint(uint256 service, string calldata endpoint) external;

    /// @notice Ends it before its time; its receiver goes on. By the provider.
    function endService(uint256 service) external;

    /// @notice Hands on the right to claim channels. By the claimant.
    function setClaimant(uint256 service, address claimant) external;

    function serviceOf(uint256 service) external view returns (Service memory);
    function isLive(uint256 service) external view returns (bool);

    /// @notice The receiver's side of the service's channels, and whether it is live. Zeros for no
    /// service.
    function receiverOf(uint256 service)
        external
        view
        returns (address receiver, address receiverAuthorizer, bool live);

    /// @notice Who serves which model. Zeros for no service.
    function providerOf(uint256 service) external view returns (address provider, uint256 model);
    function pricingOf(uint256 service) external view returns (Pricing[] memory);
    function pendingPricing(uint256 service)
        external
        view
        returns (Pricing[] memory pricing, uint64 effectiveAt);
    function endpointOf(uint256 service) external view returns (string memory);
    function payeesOf(uint256 service) external view returns (Payee[] memory);

    /// @notice 0 for an address that is no receiver.
    function serviceOfReceiver(address receiver) external view returns (uint256);
    function claimantOfReceiver(address receiver) external view returns (address);

    /// @notice Services are numbered from 1 to this.
    function serviceCount() external view returns (uint256);
    function receiverImplementation() external view returns (address);
}
