// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {Payees} from "./Payees.sol";

/// @title Tells whether an account is a payee of a split, mostly without asking the split.
/// @notice From the lowest bit: 32 bits, of which each payee has set one, and 40 bits of the split's
/// address. An account whose bit is not set is no payee; of another one, or of another split, the
/// split's own list decides.
library Sieve {
    uint256 private constant BITS = 32;

    function make(address split) internal view returns (uint72 sieve) {
        bytes memory payees = Clones.fetchCloneArgs(split);
        for (uint256 i = 20; i <= payees.length; i += 24) {
            uint256 payee;
            assembly ("memory-safe") {
                payee := mload(add(payees, i))
            }
            // Five bits in the middle of the address: vanity addresses begin or end in zeros.
            sieve |= uint72(1 << (payee >> 80 & 31));
        }
        sieve |= uint72(uint256(uint160(split)) << BITS);
    }

    /// @notice Whether either account is a payee of `split`, for which `sieve` may have been made.
    function holds(uint72 sieve, address split, address one, address other)
        internal
        view
        returns (bool)
    {
        bool stranger;
        assembly ("memory-safe") {
            let known := iszero(and(xor(shr(BITS, sieve), split), 0xffffffffff))
            let set := or(shr(and(shr(80, one), 31), sieve), shr(and(shr(80, other), 31), sieve))
            stranger := and(known, iszero(and(set, 1)))
        }
        if (stranger) return false;
        bytes memory payees = Clones.fetchCloneArgs(split);
        return Payees.shareOf(payees, one) != 0 || Payees.shareOf(payees, other) != 0;
    }
}
