// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IChannels} from "../src/interfaces/IChannels.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IPurse} from "../src/interfaces/IPurse.sol";
import {vm} from "../script/Vm.sol";
import {PurseTest} from "./PurseTest.sol";

/// @notice A stranger has captured every signature on its way to a relay, and tries each on an
/// offer, a service, a purse or a chain that it wasn't made for.
contract StrangersTest is PurseTest {
    IChannels.ChannelConfig internal c;
    bytes32 internal id;

    function setUp() public override {
        super.setUp();
        c = config();
        id = channels.getChannelId(c);
    }

    // ---- orders ----

    function test_order_onAForeignOfferPaysNothing() public {
        (uint256 offer, uint256 foreign) = _twoOffers();
        IMarket.Order memory order = orderFor(offer);
        IMarket.Authorization memory authorization = authorized(order);
        IMarket.Permit memory permit = permitted(6e6);
        bytes memory signature = sign(buyerKey, market.orderDigest(order));
        order.offer = foreign;
        vm.prank(stranger);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        market.relayOrder(order, authorization);
        vm.prank(stranger);
        vm.expectRevert(IMarket.BadOrderSignature.selector);
        market.relayPermitOrder(order, permit, signature);
    }

    function test_order_onAForeignChainPaysNothing() public {
        (uint256 offer,) = _twoOffers();
        IMarket.Order memory order = orderFor(offer);
        IMarket.Authorization memory authorization = authorized(order);
        IMarket.Permit memory permit = permitted(6e6);
        bytes memory signature = sign(buyerKey, market.orderDigest(order));
        vm.chainId(CHAIN + 1);
        vm.prank(stranger);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        market.relayOrder(order, authorization);
        vm.prank(stranger);
        vm.expectRevert(IMarket.BadOrderSignature.selector);
        market.relayPermitOrder(order, permit, signature);
    }

    /// @notice An authorisation for the market is none for the channels, and the other way round.
    function test_authorisation_paysThroughItsOwnDoorAlone() public {
        (uint256 offer,) = _twoOffers();
        IMarket.Order memory order = orderFor(offer);
        IMarket.Authorization memory a = authorized(order);
        bytes memory data = abi.encode(a.validAfter, a.validBefore, uint256(0), a.signature);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        channels.deposit(c, 6e6, stands.collector3009, data);
        bytes memory deposit = signedDeposit(c, 6e6, 1);
        (,,, a.signature) = abi.decode(deposit, (uint256, uint256, uint256, bytes));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        market.relayOrder(order, a);
    }

    // ---- channels ----

    function test_deposit_intoAForeignChannelTakesNothing() public {
        bytes memory data = signedDeposit(c, 1e6, 1);
        c.receiver = stranger;
        vm.prank(stranger);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        channels.deposit(c, 1e6, stands.collector3009, data);
    }

    function test_voucher_onAForeignServiceOrChainClaimsNothing() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list_ = rows(row(c, 500, 300));
        IChannels.ChannelConfig memory foreign = config();
        foreign.receiver = stranger;
        foreign.receiverAuthorizer = stranger;
        deposited(foreign, 2e6);
        list_[0].voucher.channel = foreign;
        vm.prank(stranger);
        vm.expectRevert(IChannels.InvalidSignature.selector);
        channels.claim(list_);
        list_[0].voucher.channel = c;
        vm.chainId(CHAIN + 1);
        vm.prank(authorizer);
        // Another chain has another id for the channel, and nothing in it.
        vm.expectRevert(IChannels.ClaimExceedsBalance.selector);
        channels.claim(list_);
    }

    function test_voucher_theHighTwinIsRefused() public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list_ = rows(row(c, 500, 300));
        list_[0].signature = highTwin(sessionKey, channels.getVoucherDigest(id, 500));
        vm.prank(authorizer);
        vm.expectRevert(IChannels.InvalidSignature.selector);
        channels.claim(list_);
        bytes memory batch = highTwin(authorizerKey, channels.getClaimBatchDigest(list_));
        vm.expectRevert(IChannels.InvalidSignature.selector);
        channels.claimWithSignature(list_, batch);
        bytes memory back = highTwin(authorizerKey, channels.getRefundDigest(id, 0, 1));
        vm.expectRevert(IChannels.InvalidSignature.selector);
        channels.refundWithSignature(c, 1, 0, back);
    }

    /// @notice Each byte of a row but `totalClaimed`, which is the receiver's to choose.
    function testFuzz_voucher_anyFlippedByteIsRefused(uint256 where, uint8 flip) public {
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list_ = rows(row(c, 500, 300));
        if (flip == 0) flip = 1;
        // 7 words of config, one of the maximum, 65 bytes of signature.
        where %= 8 * 32 + 65;
        if (where >= 256) {
            list_[0].signature[where - 256] ^= bytes1(flip);
        } else {
            bytes memory words = abi.encode(list_[0].voucher);
            words[where] ^= bytes1(flip);
            try this.decode(words) returns (IChannels.Voucher memory voucher) {
                list_[0].voucher = voucher;
            } catch {
                return; // bytes that are no address, no time or no amount never reach the contract
            }
        }
        address sender = list_[0].voucher.channel.receiverAuthorizer;
        vm.prank(sender);
        (bool ok,) = address(channels).call(abi.encodeCall(channels.claim, (list_)));
        no(ok);
        (, uint128 claimed) = channels.channels(id);
        eq(claimed, 0);
    }

    function decode(bytes calldata words) external pure returns (IChannels.Voucher memory) {
        return abi.decode(words, (IChannels.Voucher));
    }

    // ---- purses ----

    function test_purse_signaturesHoldForThatPurseAndChainAlone() public {
        address other = vm.addr(vm.deriveKey(MNEMONIC, 2));
        IPurse foreign = IPurse(purses.create(other, address(usd)));
        bytes memory set = sign(buyerKey, purse.setPolicyDigest(policy()));
        bytes memory out = sign(buyerKey, purse.exitDigest());
        bytes memory end = sign(buyerKey, purse.revokeDigest(session));
        _refused(foreign, set, out, end);
        vm.chainId(CHAIN + 1);
        _refused(purse, set, out, end);
    }

    function test_purse_theOwnersHighTwinIsRefused() public {
        _refused(
            purse,
            highTwin(buyerKey, purse.setPolicyDigest(policy())),
            highTwin(buyerKey, purse.exitDigest()),
            highTwin(buyerKey, purse.revokeDigest(session))
        );
    }

    function testFuzz_purse_anyFlippedByteIsRefused(uint256 where, uint8 flip) public {
        bytes[3] memory all = [
            sign(buyerKey, purse.setPolicyDigest(policy())),
            sign(buyerKey, purse.exitDigest()),
            sign(buyerKey, purse.revokeDigest(session))
        ];
        for (uint256 i; i < 3; ++i) {
            all[i][where % 65] ^= bytes1(flip == 0 ? 1 : flip);
        }
        _refused(purse, all[0], all[1], all[2]);
    }

    /// @notice The same key at another purse, or another service of the same one.
    function test_spend_onAForeignPurseOrServiceLocksNothing() public {
        allowed(policy());
        uint256 second = anotherService();
        address other = vm.addr(vm.deriveKey(MNEMONIC, 2));
        IPurse foreign = IPurse(purses.create(other, address(usd)));
        vm.prank(other);
        usd.transfer(address(foreign), 10e6);
        vm.prank(other);
        foreign.setPolicy(policy(), "");
        (, bytes32 mine) = purse.channelOf(session, service, 0);
        bytes memory data = spendData(service, mine, 1e6);
        (IChannels.ChannelConfig memory theirs,) = foreign.channelOf(session, service, 0);
        vm.expectRevert(IPurse.BadSpendSignature.selector);
        channels.deposit(theirs, 1e6, address(foreign), data);
        data = spendData(second, mine, 1e6);
        (IChannels.ChannelConfig memory its,) = purse.channelOf(session, second, 0);
        vm.expectRevert(IPurse.BadSpendSignature.selector);
        channels.deposit(its, 1e6, address(purse), data);
    }

    function _refused(IPurse at_, bytes memory set, bytes memory out, bytes memory end) private {
        vm.prank(stranger);
        vm.expectRevert(IPurse.BadOwnerSignature.selector);
        at_.setPolicy(policy(), set);
        vm.prank(stranger);
        vm.expectRevert(IPurse.BadOwnerSignature.selector);
        at_.exit(out);
        vm.prank(stranger);
        vm.expectRevert(IPurse.BadOwnerSignature.selector);
        at_.revoke(session, end);
    }

    function _twoOffers() private returns (uint256 offer, uint256 foreign) {
        vm.prank(creator);
        offer = market.createOffer(offerOfModel(modelId));
        vm.prank(creator);
        foreign = market.createOffer(offerOfModel(modelId));
    }
}
