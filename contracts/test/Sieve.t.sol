// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Payee} from "../src/interfaces/ISplits.sol";
import {Payees} from "../src/Payees.sol";
import {Sieve} from "../src/Sieve.sol";
import {StoaTest} from "./StoaTest.sol";

contract SieveTest is StoaTest {
    /// @notice The sieve says what the split's own list says, also one that was made for another.
    function testFuzz_holds_isWhatTheSplitSays(
        address[6] memory payees,
        uint256 n,
        address one,
        uint8 pick
    ) public {
        n = bound(n, 1, 6);
        Payee[] memory list = new Payee[](n);
        uint32 share = uint32(1_000_000 / n);
        for (uint256 i; i < n; ++i) {
            if (payees[i] == address(0)) payees[i] = stranger;
            list[i] = Payee(payees[i], i == 0 ? 1_000_000 - share * uint32(n - 1) : share);
        }
        address split = splits.create("sieve", Payees.normalise(list));
        address other = splits.create("other", alone(relay));
        if (pick % 4 == 0) one = payees[pick % n];
        bool isPayee;
        for (uint256 i; i < n; ++i) {
            isPayee = isPayee || payees[i] == one;
        }
        uint72[2] memory sieves = [Sieve.make(split), Sieve.make(other)];
        for (uint256 i; i < 2; ++i) {
            eq(Sieve.holds(sieves[i], split, one, one) ? 1 : 0, isPayee ? 1 : 0);
            yes(Sieve.holds(sieves[i], split, one, payees[0]));
            yes(Sieve.holds(sieves[i], split, payees[0], one));
        }
    }
}
