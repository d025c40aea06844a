// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {ISplit, ISplits, Payee} from "../src/interfaces/ISplits.sol";
import {vm} from "../script/Vm.sol";
import {Wallet} from "./doubles/Wallet.sol";
import {StoaTest} from "./StoaTest.sol";

contract ModelRegistryTest is StoaTest {
    uint256 internal aliceKey = uint256(keccak256("alice"));
    uint256 internal bobKey = uint256(keccak256("bob"));
    address internal alice = vm.addr(aliceKey);
    address internal bob = vm.addr(bobKey);

    // ---- register ----

    function test_register_mintsAndPublishesTheFirstVersion() public {
        IModelRegistry.Model memory m = model("tiny");
        vm.expectEmit(address(models));
        emit IModelRegistry.ModelRegistered(1, creator, "tiny");
        vm.prank(creator);
        uint256 id = models.register(m);
        eq(id, 1);
        eq(models.ownerOf(id), creator);
        eq(models.registrantOf(id), creator);
        eq(models.slugOf(id), "tiny");
        eq(models.modelOf(creator, "tiny"), id);
        eq(models.versionCount(id), 1);
        eq(models.marketOf(id), address(market));
        IModelRegistry.Version memory v = models.versionOf(id, 1);
        eq(v.time, NOW);
        eq(
            v.digest,
            keccak256(abi.encode(m.first.manifestDigest, m.first.weightsDigest, m.first.cid))
        );
        Payee[] memory payees = models.payeesOf(id);
        eq(payees.length, 1);
        eq(payees[0].account, creator);
        eq(payees[0].share, 1_000_000);
    }

    function test_register_refusesANameTwiceFromOneAccount() public {
        registered();
        IModelRegistry.Model memory m = model("tiny");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NameTaken.selector, 1));
        vm.prank(creator);
        models.register(m);
        vm.prank(stranger);
        eq(models.register(m), 2);
    }

    function test_register_refusesSlugsThatAreNone() public {
        string[5] memory bad = ["", "Tiny", "a b", "a/b", "\xc3\xa4"];
        for (uint256 i; i < bad.length; ++i) {
            _refused(model(bad[i]), abi.encodeWithSelector(IModelRegistry.BadSlug.selector, bad[i]));
        }
        string memory long = "0123456789012345678901234567890123456789012345678901234567890123";
        vm.prank(creator);
        models.register(model(long));
        string memory longer = string.concat(long, "4");
        _refused(model(longer), abi.encodeWithSelector(IModelRegistry.BadSlug.selector, longer));
    }

    function test_register_refusesAVersionWithoutDigestsOrCid() public {
        IModelRegistry.Model memory m = model("tiny");
        m.first.weightsDigest = 0;
        _refused(m, abi.encodeWithSelector(IModelRegistry.ZeroDigest.selector));
        m = model("tiny");
        m.first.manifestDigest = 0;
        _refused(m, abi.encodeWithSelector(IModelRegistry.ZeroDigest.selector));
        m = model("tiny");
        m.first.cid = "";
        _refused(m, abi.encodeWithSelector(IModelRegistry.BadCid.selector, ""));
        m.first.cid = string(new bytes(101));
        _refused(m, abi.encodeWithSelector(IModelRegistry.BadCid.selector, m.first.cid));
        m = model("tiny");
        m.first.derivativeBps = 5_001;
        _refused(m, abi.encodeWithSelector(IModelRegistry.BadBps.selector, 5_001));
    }

    function test_register_refusesARoyaltyThatCannotBePaid() public {
        IModelRegistry.Model memory m = model("tiny");
        m.royalty.callBps = 10_001;
        _refused(m, abi.encodeWithSelector(IModelRegistry.BadBps.selector, 10_001));
        m = model("tiny");
        m.royalty.perCall = 1;
        _refused(m, abi.encodeWithSelector(IModelRegistry.MinimumWithoutToken.selector));
        m.royalty.token = address(usd);
        m.royalty.callBps = 0;
        _refused(m, abi.encodeWithSelector(IModelRegistry.BadBps.selector, 0));
        m = model("tiny");
        m.royalty.token = address(usd);
        _refused(m, abi.encodeWithSelector(IModelRegistry.MinimumWithoutToken.selector));
    }

    function test_register_withPayees() public {
        IModelRegistry.Model memory m = model("tiny");
        m.payees = pair(alice, 600_000, bob);
        vm.prank(creator);
        uint256 id = models.register(m);
        ISplit split = ISplit(models.payTo(id));
        eq(split.shareOf(alice), 600_000);
        eq(split.shareOf(bob), 400_000);
    }

    // ---- versions ----

    function test_publish_byOwnerAndMaintainerAlone() public {
        uint256 id = registered();
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotMaintainer.selector, id, stranger));
        vm.prank(stranger);
        models.publish(id, version());
        vm.prank(creator);
        models.setMaintainer(id, alice, true);
        IModelRegistry.NewVersion memory v = version();
        v.kind = IModelRegistry.Kind.Fix;
        vm.expectEmit(address(models));
        emit IModelRegistry.VersionPublished(
            id, 2, v.weightsDigest, IModelRegistry.Kind.Fix, v.manifestDigest, v.cid, false, 0
        );
        vm.prank(alice);
        eq(models.publish(id, v), 2);
        vm.prank(creator);
        models.setMaintainer(id, alice, false);
        no(models.isMaintainer(id, alice));
    }

    function test_maintainer_hasNoOtherPower() public {
        uint256 id = registered();
        vm.prank(creator);
        models.setMaintainer(id, alice, true);
        bytes memory why = abi.encodeWithSelector(IModelRegistry.NotOwner.selector, id, alice);
        IModelRegistry.Royalty memory royalty;
        vm.startPrank(alice);
        vm.expectRevert(why);
        models.setPayees(id, alone(alice), new bytes[](0));
        vm.expectRevert(why);
        models.setRoyalty(id, royalty);
        vm.expectRevert(why);
        models.setServing(id, IModelRegistry.Serving.Listed);
        vm.expectRevert(why);
        models.setProvider(id, alice, true);
        vm.expectRevert(why);
        models.setMaintainer(id, bob, true);
        vm.expectRevert(why);
        models.setMarket(id, alice);
        vm.stopPrank();
    }

    function test_setStatus_keepsEverythingElse() public {
        uint256 id = registered();
        bytes32 digest = models.versionOf(id, 1).digest;
        vm.prank(creator);
        models.setStatus(id, 1, IModelRegistry.Status.Deprecated, "old");
        IModelRegistry.Version memory v = models.versionOf(id, 1);
        eq(uint256(v.status), uint256(IModelRegistry.Status.Deprecated));
        eq(v.digest, digest);
        vm.expectRevert(IModelRegistry.StatusUnchanged.selector);
        vm.prank(creator);
        models.setStatus(id, 1, IModelRegistry.Status.Deprecated, "old");
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, id, 2));
        vm.prank(creator);
        models.setStatus(id, 2, IModelRegistry.Status.Deprecated, "");
    }

    // ---- royalty ----

    function test_setRoyalty_risesOnlyAfterThirtyDays() public {
        uint256 id = registered();
        IModelRegistry.Royalty memory r = models.royaltyOf(id);
        r.callBps = 3_000;
        vm.expectEmit(address(models));
        emit IModelRegistry.RoyaltySet(id, r, uint64(NOW + 30 days));
        vm.prank(creator);
        models.setRoyalty(id, r);
        eq(models.royaltyOf(id).callBps, 2_000);
        (, uint64 when) = models.pendingRoyalty(id);
        eq(when, NOW + 30 days);
        vm.warp(NOW + 30 days - 1);
        eq(models.royaltyOf(id).callBps, 2_000);
        vm.warp(NOW + 30 days);
        eq(models.royaltyOf(id).callBps, 3_000);
        (, when) = models.pendingRoyalty(id);
        eq(when, 0);
    }

    function test_setRoyalty_fallsAtOnceAndEndsAPendingRise() public {
        uint256 id = registered();
        IModelRegistry.Royalty memory r = models.royaltyOf(id);
        r.callBps = 3_000;
        vm.prank(creator);
        models.setRoyalty(id, r);
        r.callBps = 1_000;
        vm.prank(creator);
        models.setRoyalty(id, r);
        eq(models.royaltyOf(id).callBps, 1_000);
        vm.warp(NOW + 60 days);
        eq(models.royaltyOf(id).callBps, 1_000);
    }

    function test_setRoyalty_aMinimumOrAnotherTokenIsARise() public {
        uint256 id = registered();
        IModelRegistry.Royalty memory r = models.royaltyOf(id);
        (r.token, r.perCall) = (address(usd), 10);
        vm.prank(creator);
        models.setRoyalty(id, r);
        eq(models.royaltyOf(id).perCall, 0);
        vm.warp(NOW + 30 days);
        eq(models.royaltyOf(id).perCall, 10);
        r.token = stranger;
        vm.prank(creator);
        models.setRoyalty(id, r);
        eq(models.royaltyOf(id).token, address(usd));
        (r.token, r.perCall) = (address(0), 0);
        vm.prank(creator);
        models.setRoyalty(id, r);
        eq(models.royaltyOf(id).token, address(0));
    }

    // ---- the token ----

    function test_token_ownershipCarriesThePowerAndNotTheName() public {
        uint256 id = registered();
        vm.prank(creator);
        models.transferFrom(creator, alice, id);
        eq(models.registrantOf(id), creator);
        vm.prank(alice);
        models.publish(id, version());
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.NotOwner.selector, id, creator));
        vm.prank(creator);
        models.setMarket(id, creator);
    }

    function test_token_describesItself() public {
        uint256 id = registered();
        bytes memory uri = bytes(models.tokenURI(id));
        yes(uri.length > 400);
        yes(models.supportsInterface(0x49064906));
        yes(models.supportsInterface(0x80ac58cd));
        no(models.supportsInterface(0xffffffff));
        vm.expectRevert();
        models.tokenURI(99);
    }

    function _refused(IModelRegistry.Model memory m, bytes memory why) private {
        vm.expectRevert(why);
        vm.prank(creator);
        models.register(m);
    }
}
