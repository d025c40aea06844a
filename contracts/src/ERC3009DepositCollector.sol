// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IDepositCollector} from "./interfaces/IDepositCollector.sol";
import {IERC3009Bytes} from "./interfaces/IERC3009Bytes.sol";

/// @title Deposits by an EIP-3009 ReceiveWithAuthorization to this contract.
/// @notice Its nonce is keccak256(abi.encode(channelId, salt)), so the payer's one signature commits
/// to everything the channel is. `data` is abi.encode(validAfter, validBefore, salt, signature).
contract ERC3009DepositCollector is IDepositCollector {
    using SafeERC20 for IERC20;

    /// @notice Where deposits go.
    address public immutable CHANNELS;

    constructor(address channels) {
        CHANNELS = channels;
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
        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) =
            abi.decode(data, (uint256, uint256, uint256, bytes));
        IERC3009Bytes(token)
            .receiveWithAuthorization(
                payer,
                address(this),
                amount,
                validAfter,
                validBefore,
                keccak256(abi.encode(channelId, salt)),
                signature
            );
        IERC20(token).safeTransfer(CHANNELS, amount);
    }
}
