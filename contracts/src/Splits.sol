// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ISplit, ISplits, Payee} from "./interfaces/ISplits.sol";
import {Payees} from "./Payees.sol";
import {Split} from "./Split.sol";

/// @title Makes splits: see ISplits.
contract Splits is ISplits {
    /// @inheritdoc ISplits
    address public immutable implementation;

    constructor() {
        implementation = address(new Split());
    }

    /// @inheritdoc ISplits
    function create(bytes32 salt, Payee[] calldata payees) external returns (address split) {
        bytes memory packed = Payees.pack(payees);
        split = _addressOf(salt, packed);
        if (split.code.length != 0) return split;
        Clones.cloneDeterministicWithImmutableArgs(implementation, packed, _bound(salt));
        emit SplitCreated(split, salt, payees);
    }

    /// @inheritdoc ISplits
    function addressOf(bytes32 salt, Payee[] calldata payees) external view returns (address) {
        return _addressOf(salt, Payees.pack(payees));
    }

    /// @inheritdoc ISplits
    function claimMany(SplitClaim[] calldata claims) external returns (uint256[] memory amounts) {
        amounts = new uint256[](claims.length);
        for (uint256 i; i < claims.length; ++i) {
            amounts[i] = ISplit(claims[i].split).claim(claims[i].token, claims[i].account);
        }
    }

    function _addressOf(bytes32 salt, bytes memory packed) private view returns (address) {
        return
            Clones.predictDeterministicAddressWithImmutableArgs(
                implementation, packed, _bound(salt)
            );
    }

    /// @dev A split of one chain has no twin of the same address on another.
    function _bound(bytes32 salt) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, salt));
    }
}
