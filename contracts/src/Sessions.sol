// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {ILicences} from "./interfaces/ILicences.sol";
import {Session} from "./LicenceRecords.sol";

/// @title What holders' session keys sign: the uses of plans.
abstract contract Sessions is ILicences, EIP712 {
    bytes32 public constant USE_COUNT_TYPEHASH =
        keccak256("UseCount(uint256 licence,uint32 epoch,uint32 total)");

    bytes32 private constant LOW_255 = bytes32(type(uint256).max >> 1);

    mapping(uint256 licence => Session) internal _sessions;

    /// @inheritdoc ILicences
    function recordUses(SignedUse[] calldata uses) external {
        uint256[] memory counts = new uint256[](uses.length);
        bytes32 domain = _domainSeparatorV4();
        for (uint256 i; i < counts.length; ++i) {
            counts[i] = _record(uses[i], domain);
        }
        emit UsesRecorded(counts);
    }

    /// @inheritdoc ILicences
    function sessionKeyOf(uint256 licence) external view returns (address) {
        return _sessions[licence].key;
    }

    /// @inheritdoc ILicences
    function useCountDigest(UseCount memory count) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(USE_COUNT_TYPEHASH, count.licence, count.epoch, count.total))
        );
    }

    function _nextEpoch(uint256 licence) internal returns (uint32) {
        Session storage session = _sessions[licence];
        session.used = 0;
        return ++session.epoch;
    }

    /// @dev Reads and writes nothing but the session, as one word, and takes no memory: a batch of
    /// these must be cheap.
    function _record(SignedUse calldata use, bytes32 domain) private returns (uint256) {
        uint256 count = use.count;
        uint256 licence = count >> 64;
        Session storage session = _sessions[licence];
        uint256 word;
        assembly ("memory-safe") {
            word := sload(session.slot)
        }
        uint256 epoch = count >> 32 & type(uint32).max;
        require(word >> 160 & type(uint24).max == epoch, WrongEpoch(licence, uint32(epoch)));
        uint256 total = count & type(uint32).max;
        uint256 used = word >> 184 & type(uint32).max;
        uint256 left = word >> 216 & type(uint32).max;
        unchecked {
            if (total > used) {
                require(total - used <= left, UsesExhausted(licence));
                left -= total - used;
                address signer = _signerOf(use, domain, licence, epoch, total);
                require(
                    signer == address(uint160(word)) && signer != address(0),
                    BadUseSignature(licence)
                );
                word = word & ~(uint256(type(uint64).max) << 184) | total << 184 | left << 216;
                assembly ("memory-safe") {
                    sstore(session.slot, word)
                }
            }
        }
        return licence << 32 | left;
    }

    /// @dev Who signed the typed data of a count, which is written without taking memory. Either of
    /// the two forms of a signature counts the same total: none needs to be refused.
    function _signerOf(
        SignedUse calldata use,
        bytes32 domain,
        uint256 licence,
        uint256 epoch,
        uint256 total
    ) private pure returns (address) {
        bytes32 content = USE_COUNT_TYPEHASH;
        assembly ("memory-safe") {
            let to := mload(0x40)
            mstore(to, content)
            mstore(add(to, 32), licence)
            mstore(add(to, 64), epoch)
            mstore(add(to, 96), total)
            content := keccak256(to, 128)
        }
        bytes32 digest = MessageHashUtils.toTypedDataHash(domain, content);
        bytes32 vs = use.vs;
        return ecrecover(digest, uint8(uint256(vs) >> 255) + 27, use.r, vs & LOW_255);
    }
}
