// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a session key has left and has done, in one word, which a deposit reads and writes
/// once: left (96 bits), spent on the day (96), day (24), spends (32), any service (1), several lanes
/// (1), from the lowest bit.
type Use is uint256;

using PurseUse for Use global;

/// @title What a `Use` says, and what becomes of it.
library PurseUse {
    uint256 private constant ANY_SERVICE = 1 << 248;
    uint256 private constant SEVERAL_LANES = 1 << 249;
    uint256 private constant DAY_BIT = 192;
    uint256 private constant SPENDS_BIT = 216;

    function left(Use it) internal pure returns (uint256) {
        return uint96(Use.unwrap(it));
    }

    function spentOn(Use it, uint256 day) internal pure returns (uint256) {
        uint256 word = Use.unwrap(it);
        return uint24(word >> DAY_BIT) == day ? uint96(word >> 96) : 0;
    }

    /// @notice How many deposits the key has signed.
    function spends(Use it) internal pure returns (uint256) {
        return uint32(Use.unwrap(it) >> SPENDS_BIT);
    }

    function anyService(Use it) internal pure returns (bool) {
        return Use.unwrap(it) & ANY_SERVICE != 0;
    }

    /// @notice Whether the key has ever deposited on another lane than the first.
    function severalLanes(Use it) internal pure returns (bool) {
        return Use.unwrap(it) & SEVERAL_LANES != 0;
    }

    /// @notice Under another policy: what was done stays counted.
    function under(Use it, uint96 cap, bool any) internal pure returns (Use) {
        uint256 word = Use.unwrap(it) & ~(uint256(type(uint96).max) | ANY_SERVICE) | cap;
        return Use.wrap(any ? word | ANY_SERVICE : word);
    }

    /// @notice After one more deposit. The amounts are at most their caps, which have 96 bits; nobody
    /// signs 2^32 times.
    function deposited(Use it, uint256 left_, uint256 spent, uint256 day, bool onOtherLane)
        internal
        pure
        returns (Use)
    {
        uint256 kept = Use.unwrap(it) >> SPENDS_BIT;
        uint256 word = left_ | spent << 96 | day << DAY_BIT | kept + 1 << SPENDS_BIT;
        return Use.wrap(onOtherLane ? word | SEVERAL_LANES : word);
    }
}
