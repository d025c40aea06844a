// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences} from "./ILicences.sol";
import {ISubscriptionMarket} from "./ILicenceStandards.sol";

/// @title The market sells licences of models and plans of prepaid calls. It has no owner and no fee.
/// @notice The price goes to the model's `payTo` in the same transaction, but for the commission of
/// the hall that the buyer names, which waits here for its curator.
///
/// A price follows demand: min(cap, floor · e^(excess / sensitivity)), as PriceCurve has it, where
/// `excess` counts sales above the target; `floor == cap` is the fixed price. What the seller, or a
/// payee of the model, buys or is given does not move it. Renewals pay the price of one licence,
/// never more than the cap that the offer was created with, and do not move it either.
/// Sold tokens and licence terms of an offer never change; prices change after `NOTICE` only.
/// @dev EIP-712 domain: name "Stoa Market", version "1", chain, this contract.
interface IMarket is ISubscriptionMarket {
    /// @notice A price in one token, zero being the native coin. `floor == cap` is a fixed price.
    struct Price {
        address token;
        uint96 floor;
        uint96 cap;
    }

    /// @param prices 1 to 4, each token once.
    /// @param targetPerDay, sensitivity The price curve's, in billionths of a sale; 0 where all
    /// prices are fixed, else neither is.
    /// @param maxCommissionBps The most a hall may take, at most 1,000 of each 10,000; 0 for a plan.
    /// @param terms What is sold, as each licence keeps it.
    struct NewOffer {
        Price[] prices;
        uint64 targetPerDay;
        uint64 sensitivity;
        uint16 maxCommissionBps;
        ILicences.Terms terms;
    }

    /// @notice An offer as it stands, with the prices that hold now.
    struct Offer {
        address seller;
        bool active;
        uint16 maxCommissionBps;
        uint64 targetPerDay;
        uint64 sensitivity;
        Price[] prices;
        ILicences.Terms terms;
    }

    /// @notice How the price in one token stands.
    /// @param price Of one licence, now.
    /// @param excess Sales above the target, now, in 1e18.
    /// @param most The excess above which none is kept.
    /// @param renewalCap What a renewal costs at most, for ever.
    struct PriceState {
        uint256 price;
        uint96 floor;
        uint96 cap;
        uint96 renewalCap;
        uint256 excess;
        uint256 most;
        uint64 targetPerDay;
        uint64 sensitivity;
    }

    /// @notice What a buyer agrees to. Its EIP-712 digest is the nonce of the EIP-3009
    /// authorisation that pays for it, or is signed itself beside a permit.
    /// @param termsDigest The text the buyer was shown: must be the offer's.
    /// @param holder Gets the licences.
    /// @param n How many, 1 to 32.
    /// @param maxPrice The most that leaves the buyer's account, `relayFee` included.
    /// @param deadline The last second at which it may be carried.
    /// @param hall The hall that brought the buyer, which must list the model; 0 for none. Its
    /// commission, at most the offer's `maxCommissionBps`, comes out of the price.
    /// @param relayFee What of `maxPrice` goes to whoever carries the order.
    /// @param salt Makes equal orders different.
    struct Order {
        uint256 offer;
        bytes32 termsDigest;
        address holder;
        uint256 n;
        address token;
        uint256 maxPrice;
        uint256 deadline;
        uint256 hall;
        uint256 relayFee;
        bytes32 salt;
    }

    /// @notice What the payer of a relayed renewal agrees to. Its EIP-712 digest is the nonce of the
    /// EIP-3009 authorisation that pays for it. The fields mean what those of `Order` mean.
    struct Renewal {
        uint256 licence;
        address token;
        uint256 maxPrice;
        uint256 deadline;
        uint256 relayFee;
        bytes32 salt;
    }

    /// @notice An EIP-3009 ReceiveWithAuthorization to this contract of value `maxPrice`, whose
    /// nonce is the order's digest.
    struct Authorization {
        address from;
        uint256 validAfter;
        uint256 validBefore;
        bytes signature;
    }

    /// @notice An EIP-2612 permit for this contract.
    /// @param signature 65 bytes.
    struct Permit {
        address owner;
        uint256 value;
        uint256 deadline;
        bytes signature;
    }

    event OfferCreated(
        uint256 indexed offer, uint256 indexed model, address indexed seller, NewOffer terms
    );
    event OfferActiveSet(uint256 indexed offer, bool active);
    /// @notice From `effectiveAt` on these prices hold, without excess. They replace any announced
    /// before which do not hold yet.
    event PricesAnnounced(
        uint256 indexed offer,
        Price[] prices,
        uint64 targetPerDay,
        uint64 sensitivity,
        uint40 effectiveAt
    );
    /// @param amount The whole price of the `n` licences numbered from `firstLicence`.
    /// @param excess What the sale left of it, in 1e18; 0 where the price is fixed.
    event Purchased(
        uint256 indexed offer,
        address indexed holder,
        address indexed payer,
        uint256 firstLicence,
        uint256 n,
        address token,
        uint256 amount,
        address payTo,
        bytes32 order,
        uint256 excess
    );
    event Renewed(
        uint256 indexed licence,
        uint256 indexed offer,
        address indexed payer,
        address token,
        uint256 amount,
        address payTo
    );
    /// @notice A hall brought a sale; what it earned waits here for its curator.
    event CommissionEarned(
        uint256 indexed hall,
        address indexed curator,
        address indexed token,
        uint256 amount,
        bytes32 order
    );
    event Collected(address indexed account, address indexed token, uint256 amount);
    event RelayPaid(address indexed relay, address indexed token, uint256 amount, bytes32 order);

    error NotSeller(uint256 offer, address account);
    error UnknownOffer(uint256 offer);
    error NotForSale(uint256 offer);
    error OfferInactive(uint256 offer);
    error SellerGone(uint256 offer);
    error TermsDiffer(bytes32 offered);
    error PriceAboveMax(uint256 price, uint256 maxPrice);
    error TokenNotAccepted(address token);
    error DeadlinePassed(uint256 deadline);
    error BadQuantity(uint256 n);
    error BadPrices();
    error BadCurve();
    error ServiceOver(uint256 service);
    error CommissionTooHigh(uint16 bps);
    error UnexpectedRelayFee();
    error OrderUsed(bytes32 order);
    error BadOrderSignature();
    error BadPermitSignature();
    error WrongNativeAmount(uint256 sent);
    error UnexpectedTransfer(uint256 expected, uint256 received);
    error ZeroHolder();
    error NotTheLicences(address account);

    /// @notice Offers licences of a model that the sender owns and for which it chose this market;
    /// or a plan of a service that the sender provides, of a model whose owner chose this market.
    function createOffer(NewOffer calldata offer) external returns (uint256 id);

    /// @notice By the seller, while it owns the model.
    function setActive(uint256 offer, bool active) external;

    /// @notice Announces prices in the same tokens, in the same order, which hold after `NOTICE`.
    /// To call off what was announced, announce what holds. By the seller, while it owns the model.
    function announcePrices(
        uint256 offer,
        Price[] calldata prices,
        uint64 targetPerDay,
        uint64 sensitivity
    ) external;

    /// @notice Buys with an allowance of the sender.
    function buy(Order calldata order) external returns (uint256 firstLicence);

    /// @notice The same with the sender's own permit; one already used by somebody else is no harm.
    function buyWithPermit(Order calldata order, Permit calldata permit)
        external
        returns (uint256 firstLicence);

    /// @notice Buys with the native coin sent along; what is too much comes back.
    function buyNative(Order calldata order) external payable returns (uint256 firstLicence);

    /// @notice Carries an order that an EIP-3009 authorisation pays; the rest of `maxPrice` goes
    /// back to `from` and `relayFee` to the sender.
    function relayOrder(Order calldata order, Authorization calldata authorization)
        external
        returns (uint256 firstLicence);

    /// @notice Carries an order signed by `permit.owner` beside its permit. Takes the price and
    /// `relayFee`.
    function relayPermitOrder(
        Order calldata order,
        Permit calldata permit,
        bytes calldata orderSignature
    ) external returns (uint256 firstLicence);

    /// @notice Adds a period to a licence at the offer's price, at most the cap it was created with.
    function renew(uint256 licence, address token, uint256 maxPrice, uint256 deadline)
        external
        payable
        returns (uint40 expires);

    /// @notice Carries a renewal that an EIP-3009 authorisation of value `maxPrice` pays; the rest
    /// goes back to `from` and `relayFee` to the sender. Anyone may pay for any licence.
    function relayRenewal(Renewal calldata renewal, Authorization calldata authorization)
        external
        returns (uint40 expires);

    function renewalDigest(Renewal calldata renewal) external view returns (bytes32);

    /// @notice What `n` licences cost now: the sum of n successive prices, rounded up.
    function quote(uint256 offer, address token, uint256 n) external view returns (uint256);

    /// @notice What a period more of a licence costs now.
    function quoteRenewal(uint256 licence, address token) external view returns (uint256);
    function priceState(uint256 offer, address token) external view returns (PriceState memory);

    /// @notice Prices that are announced and do not hold yet; nothing, and 0, where none are.
    function pendingPrices(uint256 offer)
        external
        view
        returns (Price[] memory prices, uint64 targetPerDay, uint64 sensitivity, uint40 effectiveAt);

    /// @notice Seconds from an announcement of prices to when they hold.
    function NOTICE() external view returns (uint40);
    function offerOf(uint256 offer) external view returns (Offer memory);

    /// @notice Whether `buy` would find it for sale.
    function isForSale(uint256 offer) external view returns (bool);
    function orderDigest(Order calldata order) external view returns (bytes32);

    /// @notice Commissions of a curator, which `collect` sends to it; by anyone.
    function owed(address account, address token) external view returns (uint256);
    function collect(address token, address account) external returns (uint256 amount);

    /// @notice Whether an order signed beside a permit was carried.
    function orderUsed(address owner, bytes32 order) external view returns (bool);
}
