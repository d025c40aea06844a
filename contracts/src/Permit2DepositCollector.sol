// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IDepositCollector} from "./interfaces/IDepositCollector.sol";
import {IPermit2} from "./interfaces/IPermit2.sol";

/// @title Deposits by a Permit2 transfer whose witness is the channel.
/// @notice `data` is abi.encode(nonce, deadline, signature, permit), where `permit` is empty or
/// abi.encode(value, deadline, v, r, s): an EIP-2612 permit that lets Permit2 move the token.
contract Permit2DepositCollector is IDepositCollector {
    bytes32 public constant DEPOSIT_WITNESS_TYPEHASH =
        keccak256("DepositWitness(bytes32 channelId)");
    string public constant DEPOSIT_WITNESS_TYPE_STRING =
        "DepositWitness witness)DepositWitness(bytes32 channelId)TokenPermissions(address token,uint256 amount)";

    /// @notice Where deposits go.
    address public immutable CHANNELS;
    IPermit2 public immutable PERMIT2;

    constructor(address channels, address permit2) {
        CHANNELS = channels;
        PERMIT2 = IPermit2(permit2);
    }

    /// @inheritdoc IDepositCollector
    function collect(
        address payer,
        address token,
        uint256 amount,
        bytes32 channelId,
        bytes calldata data
    ) external {
        require(msg.sender == CHANNELS, OnlyChannels());
        (uint256 nonce, uint256 deadline, bytes memory signature, bytes memory allowance) =
            abi.decode(data, (uint256, uint256, bytes, bytes));
        if (allowance.length != 0) _allow(payer, token, allowance);
        PERMIT2.permitWitnessTransferFrom(
            IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(token, amount), nonce, deadline),
            IPermit2.SignatureTransferDetails(CHANNELS, amount),
            payer,
            keccak256(abi.encode(DEPOSIT_WITNESS_TYPEHASH, channelId)),
            DEPOSIT_WITNESS_TYPE_STRING,
            signature
        );
    }

    /// @dev A permit that somebody carried already has done its work: its failure is none of ours.
    function _allow(address payer, address token, bytes memory allowance) private {
        (uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s) =
            abi.decode(allowance, (uint256, uint256, uint8, bytes32, bytes32));
        try IERC20Permit(token).permit(payer, address(PERMIT2), value, deadline, v, r, s) {}
            catch {}
    }
}
