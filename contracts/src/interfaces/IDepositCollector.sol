// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title How a deposit's tokens come to the channels: one collector for each kind of signature.
interface IDepositCollector {
    /// @notice Only the channels may collect.
    error OnlyChannels();

    /// @notice Moves `amount` of `token` from `payer` to the caller, the channels' contract.
    /// @param channelId What the payer's signature must be bound to.
    /// @param data The collector's own: see each.
    function collect(
        address payer,
        address token,
        uint256 amount,
        bytes32 channelId,
        bytes calldata data
    ) external;
}
