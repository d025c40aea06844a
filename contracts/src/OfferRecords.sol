// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @dev What each sale reads of an offer, from the lowest bit: seller 160, maxCommissionBps 16,
/// generation 16, changeAt 40, tokens 8, flags 8. Zero for none.
type Listing is uint256;

/// @dev How prices move, from the lowest bit: excess 88, time 40, targetPerDay 64, sensitivity 64.
type Curve is uint256;

/// @dev The upper end of a price that moves, from the lowest bit: cap 96, the most excess that is
/// kept 88, sieve of the payees 72 (see Sieve).
type Cap is uint256;

/// @title Offers as they are stored.
/// @notice Prices have generations: an announcement writes the next one, which holds from `changeAt`
/// on, without any transaction.
library OfferRecords {
    uint256 internal constant ACTIVE = 1 << 240;
    uint256 private constant GENERATION_AT = 176;
    uint256 private constant CHANGE_AT = 192;
    uint256 private constant TOKENS_AT = 232;
    /// @dev Whether prices of an even generation move; the next bit says so of an odd one.
    uint256 private constant MOVES_AT = 241;
    /// @dev From billionths of a sale to 1e18.
    uint256 private constant FINER = 1e9;

    function listing(address by, uint16 commissionBps, uint256 count)
        internal
        pure
        returns (Listing)
    {
        return
            Listing.wrap(uint160(by) | uint256(commissionBps) << 160 | count << TOKENS_AT | ACTIVE);
    }

    function seller(Listing it) internal pure returns (address) {
        return address(uint160(Listing.unwrap(it)));
    }

    function maxCommissionBps(Listing it) internal pure returns (uint16) {
        return uint16(Listing.unwrap(it) >> 160);
    }

    function tokens(Listing it) internal pure returns (uint256) {
        return uint8(Listing.unwrap(it) >> TOKENS_AT);
    }

    function isActive(Listing it) internal pure returns (bool) {
        return Listing.unwrap(it) & ACTIVE != 0;
    }

    function changeAt(Listing it) internal pure returns (uint40) {
        return uint40(Listing.unwrap(it) >> CHANGE_AT);
    }

    /// @dev The generation whose prices hold now.
    function generation(Listing it) internal view returns (uint256 number) {
        number = uint16(Listing.unwrap(it) >> GENERATION_AT);
        uint40 change = changeAt(it);
        if (change != 0 && block.timestamp >= change) ++number;
    }

    function moves(Listing it, uint256 number) internal pure returns (bool) {
        return Listing.unwrap(it) >> (MOVES_AT + (number & 1)) & 1 != 0;
    }

    function withActive(Listing it, bool active) internal pure returns (Listing) {
        uint256 bits = Listing.unwrap(it);
        return Listing.wrap(active ? bits | ACTIVE : bits & ~ACTIVE);
    }

    function withMoves(Listing it, uint256 number, bool doesMove) internal pure returns (Listing) {
        uint256 bit = 1 << (MOVES_AT + (number & 1));
        uint256 bits = Listing.unwrap(it);
        return Listing.wrap(doesMove ? bits | bit : bits & ~bit);
    }

    function withChange(Listing it, uint16 number, uint40 time) internal pure returns (Listing) {
        uint256 mask = uint256(type(uint56).max) << GENERATION_AT;
        return Listing.wrap(
            Listing.unwrap(it) & ~mask | uint256(number) << GENERATION_AT | uint256(time)
                << CHANGE_AT
        );
    }

    function curve(uint256 excess_, uint40 time, uint64 target, uint64 sensitivity_)
        internal
        pure
        returns (Curve)
    {
        return Curve.wrap(
            excess_ | uint256(time) << 88 | uint256(target) << 128 | uint256(sensitivity_) << 192
        );
    }

    /// @dev In 1e18, what is left of it now.
    function excess(Curve it) internal view returns (uint256) {
        uint256 bits = Curve.unwrap(it);
        // As PriceCurve.drained. Below 2^64 · 2^30 · 2^40.
        unchecked {
            uint256 time = block.timestamp - (bits >> 88 & type(uint40).max);
            uint256 drain = (bits >> 128 & type(uint64).max) * FINER * time / 1 days;
            bits &= type(uint88).max;
            return drain < bits ? bits - drain : 0;
        }
    }

    function targetPerDay(Curve it) internal pure returns (uint64) {
        return uint64(Curve.unwrap(it) >> 128);
    }

    function sensitivity(Curve it) internal pure returns (uint64) {
        return uint64(Curve.unwrap(it) >> 192);
    }

    /// @dev In 1e18.
    function scale(Curve it) internal pure returns (uint256) {
        unchecked {
            return (Curve.unwrap(it) >> 192) * FINER;
        }
    }

    function capOf(uint96 highest, uint256 most_, uint72 sieve_) internal pure returns (Cap) {
        return Cap.wrap(highest | most_ << 96 | uint256(sieve_) << 184);
    }

    function cap(Cap it) internal pure returns (uint96) {
        return uint96(Cap.unwrap(it));
    }

    function most(Cap it) internal pure returns (uint256) {
        return uint88(Cap.unwrap(it) >> 96);
    }

    function sieve(Cap it) internal pure returns (uint72) {
        return uint72(Cap.unwrap(it) >> 184);
    }

    function withExcess(Curve it, uint256 excess_) internal view returns (Curve) {
        return Curve.wrap(Curve.unwrap(it) >> 128 << 128 | block.timestamp << 88 | excess_);
    }
}
