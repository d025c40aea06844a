// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IChannels} from "./interfaces/IChannels.sol";
import {IPurse, IPurses} from "./interfaces/IPurse.sol";
import {IServices} from "./interfaces/IServices.sol";
import {Purse} from "./Purse.sol";

/// @title Makes purses: see IPurses.
contract Purses is IPurses {
    /// @inheritdoc IPurses
    address public immutable implementation;

    constructor(IChannels channels, IServices services) {
        implementation = address(new Purse(channels, services));
    }

    /// @inheritdoc IPurses
    function create(address owner, address token) public returns (address purse) {
        require(owner != address(0) && token != address(0), ZeroAddress());
        purse = purseOf(owner, token);
        if (purse.code.length != 0) return purse;
        Clones.cloneDeterministicWithImmutableArgs(
            implementation, abi.encodePacked(owner, token), _salt()
        );
        emit PurseCreated(owner, token, purse);
    }

    /// @inheritdoc IPurses
    function fund(address owner, IPurse.Policy calldata policy, IPurse.Funding calldata funding)
        external
        returns (address purse)
    {
        purse = create(owner, policy.token);
        IPurse(purse).fund(policy, funding);
    }

    /// @inheritdoc IPurses
    function setPolicy(address owner, IPurse.Policy calldata policy, bytes calldata signature)
        external
        returns (address purse)
    {
        purse = create(owner, policy.token);
        IPurse(purse).setPolicy(policy, signature);
    }

    /// @inheritdoc IPurses
    function purseOf(address owner, address token) public view returns (address) {
        return Clones.predictDeterministicAddressWithImmutableArgs(
            implementation, abi.encodePacked(owner, token), _salt()
        );
    }

    /// @dev A purse of one chain has no twin of the same address on another, where a contract of
    /// the owner's address may be somebody else's.
    function _salt() private view returns (bytes32) {
        return bytes32(block.chainid);
    }
}
