// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {IERC4907, IERC5192, IERC5643} from "./ILicenceStandards.sol";

/// @notice What a licence grants, and from ATTRIBUTION on what it asks for it; a set of bits. In
/// brackets the terms of the Programmable IP License that say the same. A derivative's share of
/// revenue (commercialRevShare) is `derivativeBps` of the model's version.
library Rights {
    uint32 internal constant DOWNLOAD = 1;
    uint32 internal constant RUN = 2;
    /// @dev derivativesAllowed
    uint32 internal constant DERIVE = 4;
    uint32 internal constant SERVE = 8;
    /// @dev commercialUse
    uint32 internal constant COMMERCIAL = 16;
    /// @dev To train other models on what this one answers (aiLearningModels).
    uint32 internal constant LEARN = 32;
    uint32 internal constant GRANTS = 63;
    /// @dev commercialAttribution, derivativesAttribution
    uint32 internal constant ATTRIBUTION = 256;
    /// @dev derivativesReciprocal: derivatives under the same terms; only with DERIVE.
    uint32 internal constant RECIPROCAL = 512;
    /// @dev derivativesApproval: each derivative is approved by the owner first; only with DERIVE.
    uint32 internal constant APPROVAL = 1024;
    uint32 internal constant ALL = 63 + 256 + 512 + 1024;
}

/// @title Licences: what was bought, for ever as it was bought.
/// @notice An ERC-721 each. Terms are frozen with the offer, never changed and never revoked; this
/// contract has no owner. Only the market that a model's owner chose can mint for that model.
///
/// ERC-5643: `renewSubscription` adds exactly one period, at the market's price and to its payees;
/// `cancelSubscription` is `cancelRenewal`: the licence goes on to `expiresAt`, whatever the 0 in
/// the standard's event says; one without end expires at 2^64 - 1.
/// ERC-4907: a transferable licence has one seat, which its holder or an approved account may lend;
/// while it is lent, the user has access and the holder has not. A transfer ends the loan.
/// ERC-2981: 5 % of a sale of a transferable licence to the model's payees; advice, as everywhere.
/// @dev EIP-712 domain: name "Stoa Licences", version "1", chain, this contract.
interface ILicences is IERC721Metadata, IERC2981, IERC4906, IERC4907, IERC5192, IERC5643 {
    /// @notice Which versions a licence covers besides those published when it was bought: none,
    /// fixes, fixes and updates, or new releases too.
    enum Entitlement {
        Current,
        Fixes,
        Updates,
        All
    }

    /// @param service The one service that owes prepaid calls; 0 for rights.
    /// @param period In seconds; 0 is perpetual. A plan has one.
    /// @param calls Prepaid uses; 0 for rights.
    /// @param seats Accounts that may use it at once, at most 64; 1 is the holder alone.
    /// @param rights Bits of `Rights`; 0 for a plan, which sells calls and no rights.
    /// @param entitledFor Seconds after the purchase in which `entitlement` holds; 0 = no such end.
    /// @param transferable Only where `calls` is 0 and `seats` is 1.
    /// @param restToService Of a plan: who gets the rest of the price at the end, service or holder.
    /// @param termsDigest keccak256 of the legal text that the buyer is shown.
    struct Terms {
        uint256 model;
        uint256 service;
        uint40 period;
        uint32 calls;
        uint16 seats;
        uint32 rights;
        Entitlement entitlement;
        uint32 entitledFor;
        bool transferable;
        bool restToService;
        bytes32 termsDigest;
    }

    /// @param expires 0 = never.
    /// @param version The model's latest version when it was bought.
    /// @param remaining Calls left of a plan; 0 for rights.
    /// @param epoch Rises with every change of holder, seat or session key.
    /// @param token That the price was paid in, by the market that froze the offer.
    struct Licence {
        uint256 offer;
        uint40 issuedAt;
        uint40 expires;
        uint32 version;
        uint32 remaining;
        uint32 epoch;
        bool cancelled;
        address token;
        uint96 pricePaid;
    }

    /// @notice Signed by the session key: this many uses in total since `epoch` began.
    struct UseCount {
        uint256 licence;
        uint32 epoch;
        uint32 total;
    }

    /// @notice A use count with the session key's signature of it, as ERC-2098 shortens it.
    /// @param count licence · 2^64 + epoch · 2^32 + total: words are dear where there are many.
    struct SignedUse {
        uint256 count;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice What a market has sold.
    /// @param n Licences of one offer, to one holder.
    /// @param priceIndex The number of `token` among the offer's prices.
    /// @param price Of all; what division leaves is the first licence's.
    /// @param version The model's latest: all up to it are covered.
    struct Sale {
        address holder;
        uint256 offer;
        uint256 n;
        address token;
        uint8 priceIndex;
        uint256 price;
        uint32 version;
    }

    event OfferFrozen(uint256 indexed offer, uint256 indexed model, address indexed market);
    event LicenceIssued(
        uint256 indexed licence,
        uint256 indexed offer,
        address indexed holder,
        uint40 expires,
        uint32 version,
        address token,
        uint96 pricePaid
    );
    event LicenceRenewed(uint256 indexed licence, uint40 expires, uint96 price);
    event RenewalCancelled(uint256 indexed licence);
    event SeatSet(uint256 indexed licence, uint16 indexed seat, address user, uint32 epoch);
    event SessionKeySet(uint256 indexed licence, address indexed key, uint32 epoch);
    /// @param counts Of each, licence · 2^32 + calls left.
    event UsesRecorded(uint256[] counts);

    error NotTheMarket(uint256 model, address account);
    error BadTerms();
    error UnknownOffer(uint256 offer);
    error UnknownLicence(uint256 licence);
    error NotHolder(uint256 licence, address account);
    error LicenceLocked(uint256 licence);
    error NotRenewable(uint256 licence);
    error BadDuration(uint64 period);
    error NothingToPay();
    error NotRentable(uint256 licence);
    error NoSuchSeat(uint256 licence, uint16 seat);
    error WrongEpoch(uint256 licence, uint32 epoch);
    error UsesExhausted(uint256 licence);
    error BadUseSignature(uint256 licence);

    /// @notice Freezes terms under a new number, which is the offer's in every market. By the
    /// market that the model's owner chose.
    function freeze(Terms calldata terms) external returns (uint256 offer);

    /// @notice Issues licences. By the market that froze the offer, while it is the model's.
    function mint(Sale calldata sale) external returns (uint256 firstLicence);

    /// @notice Adds one period; a plan isn't renewed. By the market that froze the offer.
    function extend(uint256 licence, uint96 price) external returns (uint40 expires);

    /// @notice Ends renewal, not the licence. By the holder.
    function cancelRenewal(uint256 licence) external;

    /// @notice Gives seat 1 … seats − 1 to `user`; seat 0 is the holder's. By the holder.
    function setSeat(uint256 licence, uint16 seat, address user) external;

    /// @notice The key that signs for uses; zero takes it back. By the holder.
    function setSessionKey(uint256 licence, address key) external;

    /// @notice Counts uses of plans, by anyone with the session key's signature of each
    /// `UseCount(uint256 licence,uint32 epoch,uint32 total)`. A total already recorded is skipped.
    function recordUses(SignedUse[] calldata uses) external;

    function termsOf(uint256 offer) external view returns (Terms memory);

    /// @notice Of an offer, what a market needs at each sale.
    function subjectOf(uint256 offer)
        external
        view
        returns (uint256 model, uint256 service, bytes32 termsDigest);
    function marketOfOffer(uint256 offer) external view returns (address);
    function licenceOf(uint256 licence) external view returns (Licence memory);
    function offerOf(uint256 licence) external view returns (uint256);

    /// @notice Not expired, and uses left where they are counted.
    function isValid(uint256 licence) external view returns (bool);
    function expires(uint256 licence) external view returns (uint40);
    function remaining(uint256 licence) external view returns (uint32);
    function covers(uint256 licence, uint32 version) external view returns (bool);
    function userOfSeat(uint256 licence, uint16 seat) external view returns (address);
    function sessionKeyOf(uint256 licence) external view returns (address);

    /// @notice Whether `account` holds the licence, sits on one of its seats or has it lent, and it
    /// is valid.
    function hasAccess(address account, uint256 licence) external view returns (bool);

    /// @notice `hasAccess`, of that model's version, with all of `rights`.
    function allows(uint256 licence, address account, uint256 model, uint32 version, uint32 rights)
        external
        view
        returns (bool);

    function useCountDigest(UseCount calldata count) external view returns (bytes32);

    /// @notice Licences, and offers, are numbered from 1 to these.
    function licenceCount() external view returns (uint256);
    function offerCount() external view returns (uint256);
}
