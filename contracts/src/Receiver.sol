// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "./interfaces/IChannels.sol";
import {IReceiver, IServices} from "./interfaces/IServices.sol";
import {Split} from "./Split.sol";

/// @title Where a service's money arrives: see IReceiver.
contract Receiver is IReceiver, Split {
    IChannels public immutable CHANNELS;
    IServices public immutable SERVICES;

    constructor(IChannels channels, IServices services) {
        CHANNELS = channels;
        SERVICES = services;
    }

    /// @inheritdoc IReceiver
    function claimChannels(IChannels.VoucherClaim[] calldata claims) external {
        require(SERVICES.claimantOfReceiver(address(this)) == msg.sender, NotClaimant(msg.sender));
        CHANNELS.claim(claims);
    }

    /// @inheritdoc IReceiver
    function settle(address token) external {
        CHANNELS.settle(address(this), token);
    }
}
