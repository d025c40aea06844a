// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice How money comes back: timed withdrawal, refund, and both together with a claim.
contract ChannelsExitTest is StoaTest {
    IChannels.ChannelConfig internal c;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        c = config();
        id = channels.getChannelId(c);
    }

    function balances() internal view returns (uint128 balance, uint128 claimed) {
        return channels.channels(id);
    }

    // ---- leaving ----

    function test_withdraw_paysThePayerAfterTheDelay() public {
        deposited(c, 1e6);
        uint256 before = usd.balanceOf(buyer);
        vm.expectEmit(address(channels));
        emit IChannels.WithdrawInitiated(id, 1e6, uint40(NOW + 3_600));
        vm.prank(buyer);
        channels.initiateWithdraw(c, 1e6);
        vm.warp(NOW + 3_599);
        vm.expectRevert(IChannels.WithdrawDelayNotElapsed.selector);
        vm.prank(buyer);
        channels.finalizeWithdraw(c);
        vm.warp(NOW + 3_600);
        vm.expectEmit(address(channels));
        emit IChannels.WithdrawFinalized(id, session, 1e6);
        vm.expectEmit(address(channels));
        emit IChannels.ChannelClosed(id, c);
        vm.prank(session);
        channels.finalizeWithdraw(c);
        eq(usd.balanceOf(buyer), before + 1e6);
        (uint128 balance,) = balances();
        eq(balance, 0);
    }

    function test_withdraw_leavesWhatWasClaimedMeanwhile() public {
        deposited(c, 1e6);
        vm.prank(buyer);
        channels.initiateWithdraw(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 5e5, 3e5));
        vm.prank(provider);
        channels.claim(list);
        uint256 before = usd.balanceOf(buyer);
        vm.warp(NOW + 3_600);
        vm.prank(buyer);
        channels.finalizeWithdraw(c);
        eq(usd.balanceOf(buyer), before + 7e5);
        channels.settle(provider, address(usd));
        eq(usd.balanceOf(provider), 3e5);
        eq(usd.balanceOf(address(channels)), 0);
    }

    function test_withdraw_isRefusedToOthers() public {
        deposited(c, 1e6);
        vm.expectRevert(IChannels.InvalidChannel.selector);
        vm.prank(provider);
        channels.initiateWithdraw(c, 1);
        vm.expectRevert(IChannels.NotAuthorizedToFinalizeWithdraw.selector);
        vm.prank(provider);
        channels.finalizeWithdraw(c);
    }

    function test_withdraw_isRefusedOutOfOrder() public {
        deposited(c, 1e6);
        vm.startPrank(buyer);
        vm.expectRevert(IChannels.WithdrawalNotPending.selector);
        channels.finalizeWithdraw(c);
        vm.expectRevert(IChannels.NothingToWithdraw.selector);
        channels.initiateWithdraw(c, 0);
        vm.expectRevert(IChannels.WithdrawAmountExceedsAvailable.selector);
        channels.initiateWithdraw(c, 1e6 + 1);
        channels.initiateWithdraw(c, 1);
        vm.expectRevert(IChannels.WithdrawalAlreadyPending.selector);
        channels.initiateWithdraw(c, 1);
        vm.stopPrank();
    }

    function test_refund_paysThePayerAtOnceAtMostWhatIsThere() public {
        deposited(c, 1e6);
        uint256 before = usd.balanceOf(buyer);
        vm.expectEmit(address(channels));
        emit IChannels.Refunded(id, provider, 1e6);
        vm.prank(provider);
        channels.refund(c, type(uint128).max);
        eq(usd.balanceOf(buyer), before + 1e6);
        eq(channels.refundNonce(id), 1);
    }

    function test_refund_lowersAPendingWithdrawal() public {
        deposited(c, 1e6);
        vm.prank(buyer);
        channels.initiateWithdraw(c, 6e5);
        vm.prank(provider);
        channels.refund(c, 1e5);
        (uint128 amount, uint40 since) = channels.pendingWithdrawals(id);
        eq(amount, 5e5);
        eq(since, NOW);
        vm.prank(provider);
        channels.refund(c, 5e5);
        (amount, since) = channels.pendingWithdrawals(id);
        eq(amount, 0);
        eq(since, 0);
    }

    function test_refund_isRefusedToOthersAndForNothing() public {
        deposited(c, 1e6);
        vm.expectRevert(IChannels.NotAuthorizedToRefund.selector);
        vm.prank(buyer);
        channels.refund(c, 1);
        vm.expectRevert(IChannels.ZeroRefund.selector);
        vm.prank(provider);
        channels.refund(c, 0);
    }

    function test_refundWithSignature_worksOnceAndOnlyWhileItsNonceIsCurrent() public {
        deposited(c, 1e6);
        bytes memory signature = sign(authorizerKey, channels.getRefundDigest(id, 0, 100));
        vm.expectRevert(IChannels.InvalidRefundNonce.selector);
        channels.refundWithSignature(c, 100, 1, signature);
        vm.expectRevert(IChannels.InvalidSignature.selector);
        channels.refundWithSignature(c, 101, 0, signature);
        vm.prank(stranger);
        channels.refundWithSignature(c, 100, 0, signature);
        vm.expectRevert(IChannels.InvalidRefundNonce.selector);
        channels.refundWithSignature(c, 100, 0, signature);
        (uint128 balance,) = balances();
        eq(balance, 1e6 - 100);
    }

    function test_multicall_claimsAndRefundsInOneTransaction() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        bytes memory claimed = sign(authorizerKey, channels.getClaimBatchDigest(list));
        bytes memory refunded = sign(authorizerKey, channels.getRefundDigest(id, 0, 999_700));
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IChannels.claimWithSignature, (list, claimed));
        calls[1] = abi.encodeCall(IChannels.refundWithSignature, (c, 999_700, 0, refunded));
        vm.prank(stranger);
        Multicall(address(channels)).multicall(calls);
        (uint128 balance, uint128 total) = balances();
        eq(balance, 300);
        eq(total, 300);
    }

    /// @notice Browser storage cleared, node dead: the wallet alone gets it all back.
    function test_everyUnitComesBackWithoutSessionKeyAndNode() public {
        uint256 before = usd.balanceOf(buyer);
        deposited(c, 1e6);
        vm.prank(buyer);
        channels.initiateWithdraw(c, 1e6);
        vm.warp(NOW + 3_600);
        vm.prank(buyer);
        channels.finalizeWithdraw(c);
        eq(usd.balanceOf(buyer), before);
    }

    function testFuzz_money_isNeitherMadeNorLost(uint128 amount, uint128 max, uint128 total)
        public
    {
        amount = uint128(bound(amount, 1, usd.balanceOf(buyer)));
        max = uint128(bound(max, 1, amount));
        total = uint128(bound(total, 1, max));
        uint256 before = usd.balanceOf(buyer);
        deposited(c, amount);
        IChannels.VoucherClaim[] memory list = rows(row(c, max, total));
        vm.prank(provider);
        channels.claim(list);
        channels.settle(provider, address(usd));
        vm.prank(provider);
        channels.refund(c, type(uint128).max);
        eq(usd.balanceOf(provider), total);
        eq(usd.balanceOf(buyer), before - total);
        eq(usd.balanceOf(address(channels)), 0);
    }
}
