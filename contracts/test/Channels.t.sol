// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IDepositCollector} from "../src/interfaces/IDepositCollector.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {vm} from "../script/Vm.sol";
import {CallingToken, FeeToken} from "./doubles/Tokens.sol";
import {Wallet} from "./doubles/Wallet.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice Takes what the payer approved for it: enough to try tokens without signatures.
contract AllowanceCollector is IDepositCollector {
    uint256 public short;

    function keepBack(uint256 amount) external {
        short = amount;
    }

    function collect(address payer, address token, uint256 amount, bytes32, bytes calldata)
        external
    {
        IERC20(token).transferFrom(payer, msg.sender, amount - short);
    }
}

contract ChannelsTest is StoaTest {
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

    // ---- deposit ----

    function test_deposit_opensTheChannelAndTakesExactlyTheAmount() public {
        uint256 before = usd.balanceOf(buyer);
        bytes memory data = signedDeposit(c, 1e6, 1);
        vm.expectEmit(address(channels));
        emit IChannels.ChannelCreated(id, c);
        vm.expectEmit(address(channels));
        emit IChannels.Deposited(id, relay, 1e6, 1e6);
        vm.prank(relay);
        channels.deposit(c, 1e6, stands.collector3009, data);
        (uint128 balance, uint128 claimed) = balances();
        eq(balance, 1e6);
        eq(claimed, 0);
        eq(usd.balanceOf(address(channels)), 1e6);
        eq(usd.balanceOf(buyer), before - 1e6);
    }

    function test_deposit_addsToAnOpenChannel() public {
        deposited(c, 1e6);
        deposited(c, 2e6);
        (uint128 balance,) = balances();
        eq(balance, 3e6);
    }

    function test_deposit_refusesAConfigWithoutItsParties() public {
        IChannels.ChannelConfig memory bad;
        for (uint256 i; i < 4; ++i) {
            bad = config();
            if (i == 0) bad.payer = address(0);
            if (i == 1) bad.receiver = address(0);
            if (i == 2) bad.receiverAuthorizer = address(0);
            if (i == 3) bad.token = address(0);
            vm.expectRevert(IChannels.InvalidChannel.selector);
            channels.deposit(bad, 1, stands.collector3009, "");
        }
    }

    function test_deposit_refusesADelayOutOfRange() public {
        uint40[2] memory delays = [uint40(899), 2_592_001];
        for (uint256 i; i < delays.length; ++i) {
            c.withdrawDelay = delays[i];
            vm.expectRevert(IChannels.WithdrawDelayOutOfRange.selector);
            channels.deposit(c, 1, stands.collector3009, "");
        }
    }

    function test_deposit_refusesNothing() public {
        vm.expectRevert(IChannels.ZeroDeposit.selector);
        channels.deposit(c, 0, stands.collector3009, "");
    }

    function test_deposit_refusesNoCollector() public {
        vm.expectRevert(IChannels.InvalidCollector.selector);
        channels.deposit(c, 1, address(0), "");
    }

    function test_deposit_refusesWhatOverflows() public {
        CallingToken whole = new CallingToken();
        AllowanceCollector collector = new AllowanceCollector();
        whole.mint(buyer, type(uint256).max);
        c.token = address(whole);
        vm.prank(buyer);
        whole.approve(address(collector), type(uint256).max);
        channels.deposit(c, type(uint128).max, address(collector), "");
        vm.expectRevert(IChannels.DepositOverflow.selector);
        channels.deposit(c, 1, address(collector), "");
    }

    function test_deposit_refusesATokenThatKeepsAFee() public {
        FeeToken token = new FeeToken();
        AllowanceCollector collector = new AllowanceCollector();
        token.mint(buyer, 1e6);
        c.token = address(token);
        vm.prank(buyer);
        token.approve(address(collector), 1e6);
        vm.expectRevert(IChannels.DepositCollectionFailed.selector);
        channels.deposit(c, 1e6, address(collector), "");
    }

    function test_deposit_refusesACollectorThatBringsLess() public {
        AllowanceCollector collector = new AllowanceCollector();
        collector.keepBack(1);
        vm.prank(buyer);
        usd.approve(address(collector), 1e6);
        vm.expectRevert(IChannels.DepositCollectionFailed.selector);
        channels.deposit(c, 1e6, address(collector), "");
    }

    function test_deposit_cannotBeEnteredAgainFromTheToken() public {
        CallingToken token = new CallingToken();
        AllowanceCollector collector = new AllowanceCollector();
        token.mint(buyer, 2e6);
        c.token = address(token);
        vm.prank(buyer);
        token.approve(address(collector), 2e6);
        token.callBack(
            address(channels),
            abi.encodeCall(IChannels.deposit, (c, 1e6, address(collector), bytes("")))
        );
        channels.deposit(c, 1e6, address(collector), "");
        yes(token.called());
        no(token.succeeded());
    }

    function test_deposit_signatureIsBoundToTheChannel() public {
        bytes memory data = signedDeposit(c, 1e6, 1);
        IChannels.ChannelConfig memory other = config();
        other.receiver = stranger;
        vm.expectRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        channels.deposit(other, 1e6, stands.collector3009, data);
    }

    function test_deposit_signatureWorksOnce() public {
        bytes memory data = signedDeposit(c, 1e6, 1);
        channels.deposit(c, 1e6, stands.collector3009, data);
        vm.expectRevert();
        channels.deposit(c, 1e6, stands.collector3009, data);
    }

    function test_collector_servesTheChannelsAlone() public {
        bytes memory data = signedDeposit(c, 1e6, 1);
        vm.expectRevert(IDepositCollector.OnlyChannels.selector);
        vm.prank(stranger);
        IDepositCollector(stands.collector3009).collect(buyer, address(usd), 1e6, id, data);
        vm.expectRevert(IDepositCollector.OnlyChannels.selector);
        vm.prank(stranger);
        IDepositCollector(stands.collectorPermit2).collect(buyer, address(usd), 1e6, id, data);
    }

    // ---- claim, settle ----

    function test_claim_raisesTheTotalAndMovesNothing() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        vm.expectEmit(address(channels));
        emit IChannels.Claimed(id, authorizer, 300, 300);
        vm.prank(authorizer);
        channels.claim(list);
        (uint128 balance, uint128 claimed) = balances();
        eq(balance, 1e6);
        eq(claimed, 300);
        (uint128 total, uint128 settled) = channels.receivers(provider, address(usd));
        eq(total, 300);
        eq(settled, 0);
        eq(usd.balanceOf(provider), 0);
    }

    function test_claim_byTheReceiverItself() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 500));
        vm.prank(provider);
        channels.claim(list);
        (, uint128 claimed) = balances();
        eq(claimed, 500);
    }

    function test_claim_skipsARowWithNothingNewBeforeItsSignature() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        vm.prank(provider);
        channels.claim(list);
        list[0].signature = "";
        vm.prank(provider);
        channels.claim(list);
        (, uint128 claimed) = balances();
        eq(claimed, 300);
    }

    function test_claim_refusesAnEmptyBatch() public {
        vm.expectRevert(IChannels.EmptyBatch.selector);
        channels.claim(new IChannels.VoucherClaim[](0));
        vm.expectRevert(IChannels.EmptyBatch.selector);
        channels.claimWithSignature(new IChannels.VoucherClaim[](0), "");
    }

    function test_claim_refusesAStranger() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        vm.expectRevert(IChannels.NotAuthorizedToClaim.selector);
        vm.prank(stranger);
        channels.claim(list);
    }

    function test_claim_refusesMoreThanTheVoucherSays() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 501));
        vm.expectRevert(IChannels.ClaimExceedsCeiling.selector);
        vm.prank(provider);
        channels.claim(list);
    }

    function test_claim_refusesMoreThanIsThere() public {
        deposited(c, 400);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 401));
        vm.expectRevert(IChannels.ClaimExceedsBalance.selector);
        vm.prank(provider);
        channels.claim(list);
    }

    function test_claim_refusesTheWrongSigner() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        list[0].signature = sign(authorizerKey, channels.getVoucherDigest(id, 500));
        vm.expectRevert(IChannels.InvalidSignature.selector);
        vm.prank(provider);
        channels.claim(list);
    }

    function test_claim_oneBadRowRevertsAll() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = new IChannels.VoucherClaim[](2);
        (list[0], list[1]) = (row(c, 500, 300), row(c, 500, 501));
        vm.expectRevert(IChannels.ClaimExceedsCeiling.selector);
        vm.prank(provider);
        channels.claim(list);
        (, uint128 claimed) = balances();
        eq(claimed, 0);
    }

    function test_claim_ofAPayerThatIsAContractWithoutSessionKey() public {
        AllowanceCollector collector = new AllowanceCollector();
        Wallet wallet = new Wallet(buyer);
        vm.prank(buyer);
        usd.transfer(address(wallet), 1e6);
        vm.prank(address(wallet));
        usd.approve(address(collector), 1e6);
        (c.payer, c.payerAuthorizer) = (address(wallet), address(0));
        id = channels.getChannelId(c);
        channels.deposit(c, 1e6, address(collector), "");
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        vm.expectRevert(IChannels.InvalidSignature.selector);
        vm.prank(provider);
        channels.claim(list);
        list[0].signature = sign(buyerKey, channels.getVoucherDigest(id, 500));
        vm.prank(provider);
        channels.claim(list);
        (, uint128 claimed) = balances();
        eq(claimed, 300);
    }

    function test_claimWithSignature_byAnyone() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        bytes memory signature = sign(authorizerKey, channels.getClaimBatchDigest(list));
        vm.prank(stranger);
        channels.claimWithSignature(list, signature);
        (, uint128 claimed) = balances();
        eq(claimed, 300);
    }

    function test_claimWithSignature_refusesAnotherBatch() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        bytes memory signature = sign(authorizerKey, channels.getClaimBatchDigest(list));
        list[0].totalClaimed = 301;
        vm.expectRevert(IChannels.InvalidSignature.selector);
        channels.claimWithSignature(list, signature);
    }

    function test_claimWithSignature_refusesRowsOfTwoAuthorizers() public {
        IChannels.VoucherClaim[] memory list = new IChannels.VoucherClaim[](2);
        list[0] = row(c, 500, 0);
        c.receiverAuthorizer = stranger;
        list[1] = row(c, 500, 300);
        bytes memory signature = sign(authorizerKey, channels.getClaimBatchDigest(list));
        vm.expectRevert(IChannels.NotReceiverAuthorizer.selector);
        channels.claimWithSignature(list, signature);
    }

    function test_settle_sendsWhatIsClaimedOnce() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        vm.prank(provider);
        channels.claim(list);
        vm.expectEmit(address(channels));
        emit IChannels.Settled(provider, address(usd), stranger, 300);
        vm.prank(stranger);
        channels.settle(provider, address(usd));
        eq(usd.balanceOf(provider), 300);
        channels.settle(provider, address(usd));
        eq(usd.balanceOf(provider), 300);
    }
}
