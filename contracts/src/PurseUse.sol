// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What a session key has left and has done.
struct Use {
    uint256 left;
    uint256 spentToday;
    uint256 day;
    uint256 spends;
    bool anyService;
}

/// @title A `Use` in one word, which a deposit reads and writes once: left (96 bits), spentToday
/// (96), day (24), spends (32), anyService (8), from the lowest bit.
library PurseUse {
    function unpack(uint256 word) internal pure returns (Use memory) {
        return Use({
            left: uint96(word),
            spentToday: uint96(word >> 96),
            day: uint24(word >> 192),
            spends: uint32(word >> 216),
            anyService: word >> 248 != 0
        });
    }

    /// @dev The amounts are at most their caps, which have 96 bits; nobody signs 2^32 times.
    function pack(Use memory use) internal pure returns (uint256 word) {
        word = use.left | use.spentToday << 96 | use.day << 192 | use.spends << 216;
        if (use.anyService) word |= 1 << 248;
    }
}
