// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IPurse} from "../src/interfaces/IPurse.sol";
import {vm} from "../script/Vm.sol";
import {PurseTest} from "./PurseTest.sol";

/// @notice A key's several channels with one service: each takes its own calls, and the caps hold for
/// all of them together.
contract PurseLanesTest is PurseTest {
    uint256 internal constant LANES = 4;

    function setUp() public override {
        super.setUp();
        allowed(policy());
    }

    function _balance(uint256 lane) private view returns (uint256) {
        (, bytes32 id) = purse.channelOf(session, service, lane);
        (uint128 balance,) = channels.channels(id);
        return balance;
    }

    function _sum() private view returns (uint256 sum) {
        for (uint256 lane; lane < LANES; ++lane) {
            sum += _balance(lane);
        }
    }

    // ---- collect ----

    function test_lanes_areChannelsOfTheirOwn() public {
        for (uint256 lane; lane < LANES; ++lane) {
            this.spendsOnLane(service, lane, uint128(1e6 + lane));
            (IChannels.ChannelConfig memory c, bytes32 id) = purse.channelOf(session, service, lane);
            eq(c.salt, bytes32(lane));
            eq(id, channels.getChannelId(c));
        }
        for (uint256 lane; lane < LANES; ++lane) {
            eq(_balance(lane), 1e6 + lane);
        }
        IPurse.KeyState memory s = purse.stateOf(session);
        eq(s.spends, 4);
        eq(s.left, 46e6 - 6);
        yes(s.anyService);
    }

    function testFuzz_lanes_thereIsNoFifth(uint8 lane) public {
        lane = uint8(bound(lane, LANES, 255));
        (IChannels.ChannelConfig memory c,) = channel();
        c.salt = bytes32(uint256(lane));
        bytes memory data = spendData(service | uint256(lane) << 248, channels.getChannelId(c), 1e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.NoSuchLane.selector, lane));
        channels.deposit(c, 1e6, address(purse), data);
        vm.expectRevert(abi.encodeWithSelector(IPurse.NoSuchLane.selector, lane));
        purse.channelOf(session, service, lane);
    }

    /// @notice What the key signed for one lane opens no other, whatever the data says.
    function testFuzz_lanes_theDataNamesTheChannelsLane(uint8 of_, uint8 named_) public {
        (of_, named_) = (of_ % 4, named_ % 4);
        if (of_ == named_) named_ = (of_ + 1) % 4;
        (IChannels.ChannelConfig memory c, bytes32 id) = purse.channelOf(session, service, of_);
        bytes memory data = spendData(service | uint256(named_) << 248, id, 1e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.NotThatServicesChannel.selector, id));
        channels.deposit(c, 1e6, address(purse), data);
    }

    function test_lanes_aSignatureIsOfOneLane() public {
        (, bytes32 first) = purse.channelOf(session, service, 1);
        (IChannels.ChannelConfig memory other,) = purse.channelOf(session, service, 2);
        bytes memory data = spendData(service | 2 << 248, first, 1e6);
        vm.expectRevert(IPurse.BadSpendSignature.selector);
        channels.deposit(other, 1e6, address(purse), data);
    }

    function test_lanes_onlyOfListedServices() public {
        IPurse.Policy memory p = policy();
        p.services = new uint256[](1);
        p.services[0] = anotherService();
        allowed(p);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceNotAllowed.selector, service));
        this.spendsOnLane(service, 1, 1e6);
        this.spendsOnLane(p.services[0], 1, 1e6);
        no(purse.stateOf(session).anyService);
    }

    // ---- the cap of a service ----

    function test_cap_boundsAllLanesTogether() public {
        this.spendsOnLane(service, 2, 6e6);
        this.spendsOnLane(service, 0, 8e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceCapExceeded.selector, 15e6));
        this.spendsOnLane(service, 3, 1e6 + 1);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceCapExceeded.selector, 15e6));
        this.spendsOnLane(service, 0, 1e6 + 1);
        this.spendsOnLane(service, 3, 1e6);
        // What a lane gives back may be locked on another.
        (IChannels.ChannelConfig memory c,) = purse.channelOf(session, service, 2);
        vm.prank(authorizer);
        channels.refund(c, 4e6);
        this.spendsOnLane(service, 0, 4e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceCapExceeded.selector, 15e6));
        this.spends(1);
    }

    function test_cap_isOfEachService() public {
        uint256 second = anotherService();
        IPurse.Policy memory p = policy();
        p.capPerDay = 50e6;
        allowed(p);
        this.spendsOnLane(service, 1, 15e6);
        this.spendsOnLane(second, 1, 15e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceCapExceeded.selector, 15e6));
        this.spendsOn(second, 1);
    }

    /// @notice That a key has several lanes is not forgotten with its policy.
    function test_cap_underANewPolicy() public {
        this.spendsOnLane(service, 3, 6e6);
        allowed(policy());
        this.spends(9e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceCapExceeded.selector, 15e6));
        this.spends(1);
    }

    /// @notice In any order of lanes and sums, refunds among them: a deposit passes exactly where the
    /// lanes together stay within the cap.
    function testFuzz_cap_overLanes(uint256 seed, uint96 cap) public {
        cap = uint96(bound(cap, 1, 40e6));
        IPurse.Policy memory p = policy();
        (p.cap, p.capPerDay, p.capPerService) = (type(uint96).max, type(uint96).max, cap);
        allowed(p);
        for (uint256 i; i < 12; ++i) {
            uint256 x = uint256(keccak256(abi.encode(seed, i)));
            uint256 lane = x % LANES;
            uint128 amount = uint128(bound(x >> 128, 1, cap));
            if (x & 256 != 0 && _balance(lane) != 0) {
                (IChannels.ChannelConfig memory c,) = purse.channelOf(session, service, lane);
                vm.prank(authorizer);
                channels.refund(c, amount);
                continue;
            }
            uint256 before = _sum();
            if (before + amount > cap) {
                vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceCapExceeded.selector, cap));
                this.spendsOnLane(service, lane, amount);
            } else {
                this.spendsOnLane(service, lane, amount);
                eq(_sum(), before + amount);
            }
        }
        le(_sum(), cap);
        eq(usd.balanceOf(address(purse)) + _sum(), 100e6);
    }

    function test_otherCaps_countEachLane() public {
        IPurse.Policy memory p = policy();
        (p.cap, p.capPerDay, p.capPerService) = (10e6, 8e6, 20e6);
        allowed(p);
        this.spendsOnLane(service, 1, 5e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.DailyCapExceeded.selector, 3e6));
        this.spendsOnLane(service, 2, 3e6 + 1);
        this.spendsOnLane(service, 2, 3e6);
        vm.warp(NOW + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IPurse.CapExceeded.selector, 2e6));
        this.spendsOnLane(service, 3, 2e6 + 1);
    }

    // ---- exit ----

    /// @notice Eight devices, each with every lane: one signature brings all of it home.
    function test_eightDevices_eachWithEveryLane() public {
        uint256 before = usd.balanceOf(buyer);
        IChannels.ChannelConfig[] memory all = new IChannels.ChannelConfig[](8 * LANES);
        for (uint256 device; device < 8; ++device) {
            uint256 key = uint256(keccak256(abi.encode("device", device)));
            (session, sessionKey) = (vm.addr(key), key);
            IPurse.Policy memory p = policy();
            (p.cap, p.capPerService) = (5e6, 4e6);
            allowed(p);
            for (uint256 lane; lane < LANES; ++lane) {
                this.spendsOnLane(service, lane, 1e6);
                (all[device * LANES + lane],) = purse.channelOf(session, service, lane);
            }
            vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceCapExceeded.selector, 4e6));
            this.spends(1);
        }
        eq(usd.balanceOf(address(channels)), 32e6);
        purse.exit(sign(buyerKey, purse.exitDigest()));
        purse.close(all);
        vm.warp(NOW + 1 hours);
        purse.close(all);
        eq(usd.balanceOf(buyer), before + 100e6);
        eq(usd.balanceOf(address(channels)), 0);
    }
}
