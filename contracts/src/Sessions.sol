// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ILicences} from "./interfaces/ILicences.sol";
import {Session} from "./LicenceRecords.sol";

/// @title What holders' session keys sign: the uses of plans.
abstract contract Sessions is ILicences, EIP712 {
    bytes32 public constant USE_COUNT_TYPEHASH =
        keccak256("UseCount(uint256 licence,uint32 epoch,uint32 total)");

    mapping(uint256 licence => Session) internal _sessions;

    /// @inheritdoc ILicences
    function recordUses(SignedUse[] calldata uses) external {
        uint256[] memory ids = new uint256[](uses.length);
        uint32[] memory left = new uint32[](uses.length);
        for (uint256 i; i < uses.length; ++i) {
            ids[i] = uses[i].licence;
            left[i] = _record(uses[i]);
        }
        emit UsesRecorded(ids, left);
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

    /// @dev Reads and writes nothing but the session: a batch of these must be cheap.
    function _record(SignedUse calldata use) private returns (uint32 left) {
        Session memory session = _sessions[use.licence];
        require(session.epoch == use.epoch, WrongEpoch(use.licence, use.epoch));
        left = session.left;
        if (use.total <= session.used) return left;
        uint32 uses = use.total - session.used;
        require(uses <= left, UsesExhausted(use.licence));
        UseCount memory count = UseCount(use.licence, use.epoch, use.total);
        (address signer,,) = ECDSA.tryRecover(useCountDigest(count), use.r, use.vs);
        require(signer == session.key && signer != address(0), BadUseSignature(use.licence));
        left -= uses;
        (session.used, session.left) = (use.total, left);
        _sessions[use.licence] = session;
    }
}
