// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISplits, Payee} from "./interfaces/ISplits.sol";

/// @title Lists of payees: what makes one whole, and its packed form behind a clone's code.
/// @dev Packed: 20 bytes account, 4 bytes share, for each payee.
library Payees {
    uint256 internal constant WHOLE = 1_000_000;
    uint256 internal constant MAX = 32;
    uint256 private constant SIZE = 24;

    /// @notice Reverts unless `list` is ascending, without zero shares, and sums to WHOLE.
    function pack(Payee[] memory list) internal pure returns (bytes memory packed) {
        require(list.length != 0, ISplits.NoPayees());
        require(list.length <= MAX, ISplits.TooManyPayees(list.length));
        packed = new bytes(list.length * SIZE);
        address last;
        uint256 sum;
        for (uint256 i; i < list.length; ++i) {
            (address account, uint32 share) = (list[i].account, list[i].share);
            require(account > last, ISplits.PayeesNotSorted(account));
            require(share != 0, ISplits.ZeroShare(account));
            last = account;
            sum += share;
            uint256 word = (uint256(uint160(account)) << 96) | (uint256(share) << 64);
            assembly ("memory-safe") {
                let to := add(add(packed, 32), mul(i, 24))
                // The last 8 bytes of the word are the next payee's, or past the end: keep them.
                mstore(to, or(word, and(mload(to), 0xffffffffffffffff)))
            }
        }
        require(sum == WHOLE, ISplits.SharesNotWhole(sum));
    }

    function unpack(bytes memory packed) internal pure returns (Payee[] memory list) {
        list = new Payee[](packed.length / SIZE);
        for (uint256 i; i < list.length; ++i) {
            uint256 word = _at(packed, i);
            list[i] = Payee(address(uint160(word >> 96)), uint32(word >> 64));
        }
    }

    /// @notice The share of `account`, 0 for one that is no payee.
    function shareOf(bytes memory packed, address account) internal pure returns (uint32) {
        uint256 low;
        uint256 high = packed.length / SIZE;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            uint256 word = _at(packed, middle);
            address found = address(uint160(word >> 96));
            if (found == account) return uint32(word >> 64);
            if (found < account) low = middle + 1;
            else high = middle;
        }
        return 0;
    }

    /// @notice Sorts by account, joins those of one account and leaves out shares of 0.
    function normalise(Payee[] memory list) internal pure returns (Payee[] memory) {
        uint256 n;
        for (uint256 i; i < list.length; ++i) {
            Payee memory item = list[i];
            if (item.share == 0) continue;
            uint256 j = n;
            while (j > 0 && list[j - 1].account > item.account) --j;
            if (j > 0 && list[j - 1].account == item.account) {
                list[j - 1].share += item.share;
                continue;
            }
            for (uint256 k = n; k > j; --k) {
                list[k] = list[k - 1];
            }
            list[j] = item;
            ++n;
        }
        assembly ("memory-safe") {
            mstore(list, n)
        }
        return list;
    }

    function _at(bytes memory packed, uint256 i) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(packed, 32), mul(i, 24)))
        }
    }
}
