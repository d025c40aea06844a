// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IDepositCollector} from "../src/interfaces/IDepositCollector.sol";
import {IPurse} from "../src/interfaces/IPurse.sol";
import {vm} from "../script/Vm.sol";
import {PurseTest} from "./PurseTest.sol";

/// @notice What a session key can do with a purse, and what it cannot.
contract PurseSpendTest is PurseTest {
    function setUp() public override {
        super.setUp();
        allowed(policy());
    }

    // ---- collect ----

    function test_spend_opensAndTopsUpTheServicesChannel() public {
        (, bytes32 id) = channel();
        this.spends(2e6);
        this.spends(3e6);
        (uint128 balance,) = channels.channels(id);
        eq(balance, 5e6);
        eq(usd.balanceOf(address(purse)), 95e6);
        IPurse.KeyState memory s = purse.stateOf(session);
        eq(s.left, 45e6);
        eq(s.leftToday, 15e6);
        eq(s.spends, 2);
    }

    /// @notice Where a chain's state stands under another id, channels have other ids there.
    function test_spend_onWhicheverChainThePurseStands() public {
        vm.chainId(CHAIN + 1);
        this.spends(1e6);
        eq(usd.balanceOf(address(purse)), 99e6);
    }

    function test_spend_byTheChannelsAlone() public {
        (, bytes32 id) = channel();
        bytes memory data = spendData(service, id, 1e6);
        vm.prank(session);
        vm.expectRevert(IDepositCollector.OnlyChannels.selector);
        purse.collect(address(purse), address(usd), 1e6, id, data);
    }

    function test_spend_forNoOtherPayer() public {
        (IChannels.ChannelConfig memory c, bytes32 id) = channel();
        bytes memory data = spendData(service, id, 1e6);
        c.payer = stranger;
        vm.expectRevert(abi.encodeWithSelector(IPurse.NotPayer.selector, stranger));
        channels.deposit(c, 1e6, address(purse), data);
    }

    /// @notice A key that signs for any other channel than the service's one gets nowhere.
    function testFuzz_spend_noOtherChannel(uint8 field) public {
        (IChannels.ChannelConfig memory c,) = channel();
        if (field % 5 == 0) c.payerAuthorizer = stranger;
        else if (field % 5 == 1) c.receiver = stranger;
        else if (field % 5 == 2) c.receiverAuthorizer = stranger;
        else if (field % 5 == 3) c.withdrawDelay = 30 days;
        else c.salt = bytes32(uint256(1));
        bytes32 id = channels.getChannelId(c);
        bytes memory data = spendData(service, id, 1e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.NotThatServicesChannel.selector, id));
        channels.deposit(c, 1e6, address(purse), data);
    }

    function test_spend_inNoOtherToken() public {
        address other = address(new OtherToken());
        (IChannels.ChannelConfig memory c,) = channel();
        c.token = other;
        bytes32 id = channels.getChannelId(c);
        bytes memory data = spendData(service, id, 1e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.TokenNotAllowed.selector, other));
        channels.deposit(c, 1e6, address(purse), data);
    }

    function test_spend_onNoServiceThatIsOverOrUnknown() public {
        vm.warp(NOW + 1);
        vm.prank(provider);
        services.endService(service);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceNotAllowed.selector, service));
        this.spends(1e6);
        no(purse.mayPay(session, service));
    }

    function test_spend_onListedServicesOnly() public {
        IPurse.Policy memory p = policy();
        p.services = new uint256[](1);
        p.services[0] = anotherService();
        allowed(p);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceNotAllowed.selector, service));
        this.spends(1e6);
        this.spendsOn(p.services[0], 1e6);
    }

    function test_spend_untilThePolicyExpires() public {
        vm.warp(NOW + 30 days - 1);
        this.spends(1e6);
        vm.warp(NOW + 30 days);
        vm.expectRevert(abi.encodeWithSelector(IPurse.KeyNotValid.selector, session));
        this.spends(1e6);
    }

    function test_spend_eachSignatureOnce() public {
        (IChannels.ChannelConfig memory c, bytes32 id) = channel();
        bytes memory data = spendData(service, id, 1e6);
        channels.deposit(c, 1e6, address(purse), data);
        vm.expectRevert(abi.encodeWithSelector(IPurse.BadSpendNonce.selector, 1));
        channels.deposit(c, 1e6, address(purse), data);
        // A new policy doesn't bring old signatures back.
        allowed(policy());
        vm.expectRevert(abi.encodeWithSelector(IPurse.BadSpendNonce.selector, 1));
        channels.deposit(c, 1e6, address(purse), data);
    }

    /// @notice The short form has room for a low s alone: the twin's top bit would be its parity.
    function test_spend_refusesTheHighTwinOfASignature() public {
        (IChannels.ChannelConfig memory c, bytes32 id) = channel();
        bytes memory twin = highTwin(sessionKey, purse.spendDigest(id, 1e6, 0));
        (bytes32 r, uint256 s) = abi.decode(twin, (bytes32, uint256));
        for (uint256 parity; parity < 2; ++parity) {
            bytes32 vs = bytes32(parity == 0 ? s : s ^ (1 << 255));
            vm.expectRevert(IPurse.BadSpendSignature.selector);
            channels.deposit(c, 1e6, address(purse), abi.encode(session, service, 0, r, vs));
        }
    }

    function testFuzz_spend_refusesAnyFlippedByte(uint256 where, uint8 flip) public {
        (IChannels.ChannelConfig memory c, bytes32 id) = channel();
        (bytes32 r, bytes32 vs) = short(sessionKey, purse.spendDigest(id, 1e6, 0));
        bytes memory signature = abi.encode(r, vs);
        if (flip == 0) flip = 1;
        signature[where % 64] ^= bytes1(flip);
        (r, vs) = abi.decode(signature, (bytes32, bytes32));
        vm.expectRevert(IPurse.BadSpendSignature.selector);
        channels.deposit(c, 1e6, address(purse), abi.encode(session, service, 0, r, vs));
    }

    function testFuzz_spend_ofNoOtherAmountOrKey(uint128 amount, uint256 key) public {
        amount = uint128(bound(amount, 1, 15e6));
        key = bound(key, 1, 2 ** 250);
        (IChannels.ChannelConfig memory c, bytes32 id) = channel();
        bytes memory data = spendData(service, id, amount == 1e6 ? 2e6 : 1e6);
        vm.expectRevert(IPurse.BadSpendSignature.selector);
        channels.deposit(c, amount, address(purse), data);
        (bytes32 r, bytes32 vs) = short(key, purse.spendDigest(id, amount, 0));
        vm.expectRevert(IPurse.BadSpendSignature.selector);
        channels.deposit(c, amount, address(purse), abi.encode(session, service, 0, r, vs));
    }

    // ---- caps ----

    function test_caps_perService() public {
        this.spends(15e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceCapExceeded.selector, 15e6));
        this.spends(1);
        // What the service gives back may be locked there again.
        (IChannels.ChannelConfig memory c,) = channel();
        vm.prank(authorizer);
        channels.refund(c, 4e6);
        eq(usd.balanceOf(address(purse)), 89e6);
        this.spends(4e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.ServiceCapExceeded.selector, 15e6));
        this.spends(1);
    }

    function test_caps_perDay() public {
        uint256 second = anotherService();
        this.spends(15e6);
        this.spendsOn(second, 5e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.DailyCapExceeded.selector, 0));
        this.spendsOn(second, 1);
        // A new policy on the same day doesn't begin the day anew.
        IPurse.Policy memory p = policy();
        (p.capPerDay, p.capPerService) = (19e6, 50e6);
        allowed(p);
        eq(purse.stateOf(session).leftToday, 0);
        vm.expectRevert(abi.encodeWithSelector(IPurse.DailyCapExceeded.selector, 0));
        this.spendsOn(second, 1);
        vm.warp((NOW / 1 days + 1) * 1 days);
        eq(purse.stateOf(session).leftToday, 19e6);
        this.spendsOn(second, 19e6);
    }

    function test_caps_ofAll() public {
        IPurse.Policy memory p = policy();
        (p.cap, p.capPerDay, p.capPerService) = (10e6, 20e6, 20e6);
        allowed(p);
        this.spends(9e6);
        vm.expectRevert(abi.encodeWithSelector(IPurse.CapExceeded.selector, 1e6));
        this.spends(1e6 + 1);
        this.spends(1e6);
    }

    // ---- exit ----

    function test_exit_bringsEveryUnitHomeWhoeverCarriesIt() public {
        uint256 before = usd.balanceOf(buyer);
        uint256 second = anotherService();
        this.spends(10e6);
        this.spendsOn(second, 5e6);
        IChannels.ChannelConfig[] memory both = new IChannels.ChannelConfig[](2);
        (both[0],) = channel();
        (both[1],) = purse.channelOf(session, second, 0);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IPurse.NotTheOwner.selector, stranger));
        purse.close(both);
        bytes memory signature = sign(buyerKey, purse.exitDigest());
        vm.prank(stranger);
        purse.exit(signature);
        yes(purse.leaving());
        vm.prank(stranger);
        purse.close(both);
        eq(usd.balanceOf(buyer), before + 85e6);
        // The session key is dead, and again before its time changes nothing.
        vm.expectRevert(abi.encodeWithSelector(IPurse.KeyNotValid.selector, session));
        this.spends(1);
        purse.close(both);
        vm.warp(NOW + 1 hours);
        vm.prank(stranger);
        purse.close(both);
        eq(usd.balanceOf(buyer), before + 100e6);
        eq(usd.balanceOf(address(purse)), 0);
        eq(usd.balanceOf(address(channels)), 0);
    }

    function test_exit_aKeyThatAnnouncesCrumbsDelaysItOnce() public {
        uint256 before = usd.balanceOf(buyer);
        this.spends(10e6);
        (IChannels.ChannelConfig memory c,) = channel();
        vm.prank(session);
        channels.initiateWithdraw(c, 1);
        vm.prank(buyer);
        purse.exit("");
        purse.close(list(c));
        vm.warp(NOW + 1 hours);
        purse.close(list(c));
        vm.warp(NOW + 2 hours);
        purse.close(list(c));
        eq(usd.balanceOf(buyer), before + 100e6);
    }

    function test_exit_whatTheServiceClaimsInTimeIsIts() public {
        uint256 before = usd.balanceOf(buyer);
        this.spends(10e6);
        (IChannels.ChannelConfig memory c,) = channel();
        vm.prank(buyer);
        purse.exit("");
        purse.close(list(c));
        IChannels.VoucherClaim[] memory claims = rows(row(c, 4e6, 4e6));
        vm.prank(authorizer);
        channels.claim(claims);
        vm.warp(NOW + 1 hours);
        purse.close(list(c));
        eq(usd.balanceOf(buyer), before + 96e6);
    }

    function test_exit_byNobodyElse() public {
        bytes memory signature = sign(sessionKey, purse.exitDigest());
        vm.prank(session);
        vm.expectRevert(IPurse.BadOwnerSignature.selector);
        purse.exit(signature);
    }

    function test_exit_endsWithANewPolicyAndItsKeysStayDead() public {
        uint256 otherKey = uint256(keccak256("another key"));
        IPurse.Policy memory p = policy();
        p.key = vm.addr(otherKey);
        allowed(p);
        bytes memory signature = sign(buyerKey, purse.exitDigest());
        purse.exit(signature);
        allowed(policy());
        no(purse.leaving());
        yes(purse.mayPay(session, service));
        no(purse.mayPay(p.key, service));
        eq(purse.stateOf(p.key).expires, 0);
        vm.expectRevert(IPurse.BadOwnerSignature.selector);
        purse.exit(signature);
    }

    function test_close_byTheOwnerWithoutAnExitKeepsTheMoneyInThePurse() public {
        this.spends(10e6);
        (IChannels.ChannelConfig memory c,) = channel();
        vm.prank(buyer);
        purse.close(list(c));
        vm.warp(NOW + 1 hours);
        vm.prank(buyer);
        purse.close(list(c));
        eq(usd.balanceOf(address(purse)), 100e6);
    }

    function test_close_refusesAnothersChannel() public {
        IChannels.ChannelConfig memory c = config();
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IPurse.NotPayer.selector, buyer));
        purse.close(list(c));
    }
}

/// @notice Enough of a token to be asked for a balance.
contract OtherToken {
    function balanceOf(address) external pure returns (uint256) {
        return 0;
    }
}
