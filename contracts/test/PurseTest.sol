// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IPurse} from "../src/interfaces/IPurse.sol";
import {IServices} from "../src/interfaces/IServices.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice The buyer's purse with 100 TestUSD, and a service to pay.
abstract contract PurseTest is StoaTest {
    IPurse internal purse;
    uint256 internal modelId;
    uint256 internal service;

    function setUp() public virtual override {
        super.setUp();
        modelId = registered();
        service = anotherService();
        purse = IPurse(purses.create(buyer, address(usd)));
        vm.prank(buyer);
        usd.transfer(address(purse), 100e6);
    }

    function anotherService() internal returns (uint256 id) {
        IServices.NewService memory s;
        (s.model, s.version, s.endpoint) = (modelId, 1, "https://node.example/m/tiny/v1");
        s.pricing = new IServices.Pricing[](1);
        s.pricing[0] = IServices.Pricing(address(usd), 100, 1_000, 2_000);
        (s.receiverAuthorizer, s.duration) = (authorizer, 90 days);
        vm.prank(provider);
        (id,) = services.offerService(s);
    }

    function policy() internal view returns (IPurse.Policy memory p) {
        p.key = session;
        p.token = address(usd);
        (p.cap, p.capPerDay, p.capPerService) = (50e6, 20e6, 15e6);
        p.expires = uint40(block.timestamp) + 30 days;
    }

    function allowed(IPurse.Policy memory p) internal {
        vm.prank(buyer);
        purse.setPolicy(p, "");
    }

    function channel() internal view returns (IChannels.ChannelConfig memory c, bytes32 id) {
        return purse.channelOf(session, service, 0);
    }

    /// @notice What the session key signs for a deposit, with its next nonce. `place` is the service,
    /// and the lane above its 248 bits.
    function spendData(uint256 place, bytes32 id, uint128 amount)
        internal
        view
        returns (bytes memory)
    {
        uint256 spends_ = purse.stateOf(session).spends;
        (bytes32 r, bytes32 vs) = short(sessionKey, purse.spendDigest(id, amount, spends_));
        return abi.encode(session, place, spends_, r, vs);
    }

    function spends(uint128 amount) public {
        spendsOn(service, amount);
    }

    function spendsOn(uint256 toService, uint128 amount) public {
        spendsOnLane(toService, 0, amount);
    }

    function spendsOnLane(uint256 toService, uint256 lane, uint128 amount) public {
        (IChannels.ChannelConfig memory c, bytes32 id) = purse.channelOf(session, toService, lane);
        bytes memory data = spendData(toService | lane << 248, id, amount);
        channels.deposit(c, amount, address(purse), data);
    }

    function list(IChannels.ChannelConfig memory c)
        internal
        pure
        returns (IChannels.ChannelConfig[] memory all)
    {
        all = new IChannels.ChannelConfig[](1);
        all[0] = c;
    }
}
