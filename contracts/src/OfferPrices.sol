// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ISubscriptionMarket} from "./interfaces/ILicenceStandards.sol";
import {IMarket} from "./interfaces/IMarket.sol";
import {Cap, Curve, Listing, OfferRecords} from "./OfferRecords.sol";
import {PriceCurve} from "./PriceCurve.sol";
import {Sieve} from "./Sieve.sol";

/// @title The prices of offers: as they hold, as they are announced, and as sales move them.
/// @dev A fixed price reads one word beside the listing; one that moves reads two more and writes
/// one of them.
abstract contract OfferPrices is IMarket {
    using OfferRecords for Listing;
    using OfferRecords for Curve;
    using OfferRecords for Cap;
    using SafeCast for uint256;

    struct Floor {
        address token;
        uint96 floor;
    }

    struct Prices {
        Curve curve;
        Floor[4] floors;
        /// @dev Zero where prices do not move.
        Cap[4] caps;
    }

    /// @dev A sale between its checks and its end: where its prices are, what it costs, `curve` and `cap` where it moves
    /// the price (else zero), the excess after it; then what the market fills in.
    struct Deal {
        bytes32 slot;
        uint256 generation;
        uint256 index;
        uint256 price;
        Curve curve;
        Cap cap;
        uint256 next;
        address payer;
        address payTo;
        uint256 version;
        bytes32 digest;
        /// @dev Of the price, what goes to the curator of the buyer's hall.
        address curator;
        uint256 commission;
    }

    uint256 public constant MAX_PRICES = 4;
    uint256 public constant MAX_LICENCES = 32;
    /// @inheritdoc IMarket
    uint40 public constant NOTICE = 7 days;
    /// @notice The least sensitivity: a thousandth of a sale.
    uint64 public constant MIN_SENSITIVITY = 1e6;
    mapping(uint256 offer => Listing) internal _listings;
    mapping(uint256 offerAndGeneration => Prices) private _prices;

    /// @inheritdoc IMarket
    function quote(uint256 offer, address token, uint256 n) external view returns (uint256) {
        return _charge(offer, _listing(offer), token, n).price;
    }

    /// @inheritdoc IMarket
    function priceState(uint256 offer, address token)
        external
        view
        returns (PriceState memory out)
    {
        Deal memory deal = _charge(offer, _listing(offer), token, 1);
        Prices storage prices = _at(offer, deal.generation);
        out.price = deal.price;
        out.floor = prices.floors[deal.index].floor;
        out.renewalCap = _renewalCap(offer, deal.index);
        out.cap = out.floor;
        if (Cap.unwrap(deal.cap) == 0) return out;
        out.cap = deal.cap.cap();
        out.most = deal.cap.most();
        out.excess = deal.curve.excess();
        out.targetPerDay = deal.curve.targetPerDay();
        out.sensitivity = deal.curve.sensitivity();
    }

    /// @inheritdoc IMarket
    function pendingPrices(uint256 offer)
        external
        view
        returns (Price[] memory prices, uint64 targetPerDay, uint64 sensitivity, uint40 effectiveAt)
    {
        Listing listing = _listing(offer);
        effectiveAt = listing.changeAt();
        if (block.timestamp >= effectiveAt) return (prices, 0, 0, 0);
        (prices, targetPerDay, sensitivity) = _pricesOf(offer, listing, listing.generation() + 1);
    }

    /// @inheritdoc ISubscriptionMarket
    function tokenOf(uint256 offer, uint8 priceIndex) external view returns (address) {
        require(priceIndex < _listing(offer).tokens(), BadPrices());
        return _at(offer, 0).floors[priceIndex].token;
    }

    function _pricesNow(uint256 offer, Listing listing)
        internal
        view
        returns (Price[] memory, uint64, uint64)
    {
        return _pricesOf(offer, listing, listing.generation());
    }

    /// @dev The first prices of an offer.
    function _setPrices(uint256 offer, Listing listing, NewOffer calldata terms)
        internal
        returns (Listing)
    {
        uint256 count = terms.prices.length;
        require(count != 0 && count <= MAX_PRICES, BadPrices());
        for (uint256 i = 1; i < count; ++i) {
            for (uint256 j; j < i; ++j) {
                require(terms.prices[j].token != terms.prices[i].token, BadPrices());
            }
        }
        Curve curve =
            OfferRecords.curve(0, uint40(block.timestamp), terms.targetPerDay, terms.sensitivity);
        return listing.withMoves(0, _store(offer, 0, terms.prices, curve));
    }

    /// @dev The next ones, in the same tokens.
    function _setNextPrices(
        uint256 offer,
        Listing listing,
        Price[] calldata prices,
        uint64 targetPerDay,
        uint64 sensitivity
    ) internal returns (Listing) {
        _requireSameTokens(offer, listing, prices);
        uint40 from = uint40(block.timestamp) + NOTICE;
        uint16 next = (listing.generation() + 1).toUint16();
        listing = listing.withChange(next - 1, from);
        Curve curve = OfferRecords.curve(0, from, targetPerDay, sensitivity);
        listing = listing.withMoves(next, _store(offer, next, prices, curve));
        emit PricesAnnounced(offer, prices, targetPerDay, sensitivity, from);
        return listing;
    }

    /// @dev Moves the price by a sale.
    function _move(Deal memory deal) internal {
        Prices storage prices;
        bytes32 slot = deal.slot;
        assembly ("memory-safe") {
            prices.slot := slot
        }
        prices.curve = deal.curve.withExcess(deal.next);
    }

    /// @dev What `n` licences cost now. Whether the sale moves the price, the caller decides.
    function _charge(uint256 offer, Listing listing, address token, uint256 n)
        internal
        view
        returns (Deal memory deal)
    {
        require(n != 0 && n <= MAX_LICENCES, BadQuantity(n));
        uint256 generation = listing.generation();
        Prices storage prices = _at(offer, generation);
        (uint256 index, uint96 floor) = _find(prices, listing.tokens(), token);
        (deal.generation, deal.index) = (generation, index);
        if (!listing.moves(generation)) {
            deal.price = n * floor;
            return deal;
        }
        bytes32 slot;
        assembly ("memory-safe") {
            slot := prices.slot
        }
        deal.slot = slot;
        Cap cap = prices.caps[index];
        Curve curve = prices.curve;
        (deal.curve, deal.cap) = (curve, cap);
        (deal.price, deal.next) =
            PriceCurve.sold(floor, cap.cap(), curve.scale(), cap.most(), curve.excess(), n);
    }

    /// @dev What a period more costs.
    function _renewalCharge(uint256 offer, Listing listing, address token)
        internal
        view
        returns (uint256)
    {
        Deal memory deal = _charge(offer, listing, token, 1);
        if (deal.generation == 0) return deal.price;
        return Math.min(deal.price, _renewalCap(offer, deal.index));
    }

    /// @dev Who is paid for an offer's licences.
    function _payTo(uint256 offer) internal view virtual returns (address);

    function _listing(uint256 offer) internal view returns (Listing listing) {
        listing = _listings[offer];
        require(Listing.unwrap(listing) != 0, UnknownOffer(offer));
    }

    function _requireSameTokens(uint256 offer, Listing listing, Price[] calldata prices)
        private
        view
    {
        require(prices.length == listing.tokens(), BadPrices());
        for (uint256 i; i < prices.length; ++i) {
            require(_at(offer, 0).floors[i].token == prices[i].token, BadPrices());
        }
    }

    function _at(uint256 offer, uint256 generation) private view returns (Prices storage) {
        return _prices[offer << 16 | generation];
    }

    /// @dev Says whether any of the prices moves.
    function _store(uint256 offer, uint256 generation, Price[] calldata list, Curve curve)
        private
        returns (bool moves)
    {
        Prices storage prices = _at(offer, generation);
        uint256 most;
        uint256 scale = curve.scale();
        for (uint256 i; i < list.length; ++i) {
            Price calldata price = list[i];
            require(price.floor <= price.cap, BadPrices());
            prices.floors[i] = Floor(price.token, price.floor);
            if (price.floor == price.cap) continue;
            moves = true;
            most = Math.max(most, PriceCurve.most(price.floor, price.cap, scale));
        }
        bool has = curve.targetPerDay() != 0 && curve.sensitivity() >= MIN_SENSITIVITY;
        bool lacks = curve.targetPerDay() == 0 && scale == 0;
        require(moves ? has && most <= type(uint88).max : lacks, BadCurve());
        if (!moves) return false;
        prices.curve = curve;
        uint72 sieve = Sieve.make(_payTo(offer));
        for (uint256 i; i < list.length; ++i) {
            prices.caps[i] = OfferRecords.capOf(list[i].cap, most, sieve);
        }
    }

    function _pricesOf(uint256 offer, Listing listing, uint256 generation)
        private
        view
        returns (Price[] memory list, uint64, uint64)
    {
        Prices storage prices = _at(offer, generation);
        bool moves = listing.moves(generation);
        list = new Price[](listing.tokens());
        for (uint256 i; i < list.length; ++i) {
            Floor memory floor = prices.floors[i];
            list[i] = Price(floor.token, floor.floor, moves ? prices.caps[i].cap() : floor.floor);
        }
        if (!moves) return (list, 0, 0);
        return (list, prices.curve.targetPerDay(), prices.curve.sensitivity());
    }

    /// @dev The cap that the offer was created with.
    function _renewalCap(uint256 offer, uint256 index) private view returns (uint96 cap) {
        Prices storage first = _at(offer, 0);
        cap = first.caps[index].cap();
        if (cap == 0) cap = first.floors[index].floor;
    }

    function _find(Prices storage prices, uint256 count, address token)
        private
        view
        returns (uint256, uint96)
    {
        for (uint256 i; i < count; ++i) {
            Floor storage floor = prices.floors[i];
            if (floor.token == token) return (i, floor.floor);
        }
        revert TokenNotAccepted(token);
    }
}
