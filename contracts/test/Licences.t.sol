// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences, Rights} from "../src/interfaces/ILicences.sol";
import {IERC5192} from "../src/interfaces/ILicenceStandards.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice The test contract is itself the market that the creator chose.
contract LicencesTest is StoaTest {
    uint256 internal modelId;
    address internal holder = buyer;
    uint256 internal useKey = uint256(keccak256("uses"));

    function setUp() public override {
        super.setUp();
        IModelRegistry.Model memory m = model("tiny");
        m.market = address(this);
        vm.prank(creator);
        modelId = models.register(m);
    }

    function terms() internal view returns (ILicences.Terms memory t) {
        t.model = modelId;
        t.period = 30 days;
        t.seats = 1;
        t.rights = Rights.DOWNLOAD | Rights.RUN;
        t.termsDigest = keccak256("Use it well.");
    }

    function counted(uint32 calls) internal view returns (ILicences.Terms memory t) {
        t = terms();
        (t.service, t.calls, t.rights) = (1, calls, 0);
    }

    /// @notice What a licence asks its market.
    function tokenOf(uint256, uint8 priceIndex) external view returns (address) {
        return priceIndex == 2 ? address(usd) : address(0);
    }

    function sale(address to, uint256 offer) internal view returns (ILicences.Sale memory) {
        uint32 latest = models.versionCount(modelId);
        return ILicences.Sale(to, offer, 1, address(usd), 2, 5e6, latest);
    }

    function issued(ILicences.Terms memory t) internal returns (uint256) {
        return licences.mint(sale(holder, licences.freeze(t)));
    }

    // ---- who may issue ----

    function test_freeze_isTheChosenMarketsAlone() public {
        ILicences.Terms memory t = terms();
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotTheMarket.selector, modelId, creator));
        vm.prank(creator);
        licences.freeze(t);
    }

    function test_mint_isTheMarketsThatFrozeIt() public {
        uint256 offer = licences.freeze(terms());
        ILicences.Sale memory s = sale(stranger, offer);
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotTheMarket.selector, modelId, stranger));
        vm.prank(stranger);
        licences.mint(s);
        // Another market, though chosen now, has not frozen this offer.
        vm.prank(creator);
        models.setMarket(modelId, stranger);
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotTheMarket.selector, modelId, stranger));
        vm.prank(stranger);
        licences.mint(s);
        // And the one that did is no longer the model's.
        vm.expectRevert(
            abi.encodeWithSelector(ILicences.NotTheMarket.selector, modelId, address(this))
        );
        licences.mint(s);
    }

    function test_extend_isTheMarketsAlone() public {
        uint256 id = issued(terms());
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotTheMarket.selector, modelId, holder));
        vm.prank(holder);
        licences.extend(id, 0);
    }

    // ---- frozen terms ----

    function test_terms_areReadAsTheyWereFrozen() public {
        ILicences.Terms memory t = terms();
        (t.period, t.seats, t.rights) = (7 days, 3, Rights.ALL);
        (t.entitlement, t.entitledFor) = (ILicences.Entitlement.All, 9 days);
        uint256 offer = licences.freeze(t);
        eq(keccak256(abi.encode(licences.termsOf(offer))), keccak256(abi.encode(t)));
        eq(licences.marketOfOffer(offer), address(this));
        t = counted(9);
        t.restToService = true;
        uint256 plan = licences.freeze(t);
        eq(keccak256(abi.encode(licences.termsOf(plan))), keccak256(abi.encode(t)));
        (uint256 of_, uint256 service, bytes32 digest) = licences.subjectOf(plan);
        eq(of_, modelId);
        eq(service, 1);
        eq(digest, t.termsDigest);
        eq(licences.marketOfOffer(99), address(0));
        vm.expectRevert(abi.encodeWithSelector(ILicences.UnknownOffer.selector, 99));
        licences.termsOf(99);
    }

    function test_terms_thatContradictThemselvesAreRefused() public {
        for (uint256 i; i < 13; ++i) {
            ILicences.Terms memory t = i < 7 ? terms() : counted(1);
            if (i == 0) t.rights = Rights.ALL + 1;
            if (i == 1) t.calls = 1;
            if (i == 2) t.rights = Rights.ATTRIBUTION;
            if (i == 3) t.rights = Rights.RUN | Rights.RECIPROCAL;
            if (i == 4) t.rights = Rights.RUN | Rights.APPROVAL;
            if (i == 5) t.restToService = true;
            if (i == 6) t.period = uint40(1) << 32;
            if (i == 7) t.transferable = true;
            if (i == 8) t.rights = Rights.RUN;
            if (i == 9) t.period = 0;
            if (i == 10) t.calls = 0;
            if (i == 11) t.service = 1 << 48;
            if (i == 12) t.seats = 2;
            vm.expectRevert(ILicences.BadTerms.selector);
            licences.freeze(t);
        }
    }

    function testFuzz_terms_standAsFrozen(uint256[11] memory x, bool plan) public {
        ILicences.Terms memory t;
        (t.model, t.seats, t.termsDigest) = (modelId, 1, bytes32(x[0] | 1));
        t.period = uint40(bound(x[1], plan ? 1 : 0, type(uint32).max));
        if (plan) {
            t.service = bound(x[2], 1, type(uint48).max);
            t.calls = uint32(bound(x[3], 1, type(uint32).max));
            t.restToService = x[4] & 1 != 0;
        } else {
            t.rights = Rights.DERIVE | uint32(x[5]) & Rights.ALL;
            t.seats = uint16(bound(x[6], 1, 64));
            t.transferable = t.seats == 1 && x[7] & 1 != 0;
            t.entitlement = ILicences.Entitlement(x[8] % 4);
            t.entitledFor = uint32(x[9]);
        }
        uint256 offer = licences.freeze(t);
        eq(keccak256(abi.encode(licences.termsOf(offer))), keccak256(abi.encode(t)));
    }

    function test_mint_severalSharesThePriceToTheUnit() public {
        ILicences.Sale memory s = sale(holder, licences.freeze(terms()));
        (s.n, s.price) = (3, 1_000_001);
        uint256 first = licences.mint(s);
        eq(licences.licenceOf(first).pricePaid, 333_335);
        eq(licences.licenceOf(first + 1).pricePaid, 333_333);
        eq(licences.licenceOf(first + 2).pricePaid, 333_333);
        eq(licences.licenceOf(first).token, address(usd));
        eq(licences.licenceCount(), first + 2);
        eq(licences.balanceOf(holder), 3);
    }

    function test_unknownLicencesAreNone() public {
        bytes memory why = abi.encodeWithSelector(ILicences.UnknownLicence.selector, 99);
        vm.expectRevert(why);
        licences.expires(99);
        vm.expectRevert(why);
        licences.licenceOf(99);
        vm.expectRevert(why);
        licences.extend(99, 0);
    }

    function test_valid_untilItExpires() public {
        uint256 id = issued(terms());
        yes(licences.isValid(id));
        vm.warp(NOW + 30 days - 1);
        yes(licences.isValid(id));
        vm.warp(NOW + 30 days);
        no(licences.isValid(id));
        no(licences.hasAccess(holder, id));
        no(licences.isValid(99));
    }

    function test_valid_forEverWithoutAPeriod() public {
        ILicences.Terms memory t = terms();
        t.period = 0;
        uint256 id = issued(t);
        eq(licences.expires(id), 0);
        vm.warp(NOW + 36_500 days);
        yes(licences.isValid(id));
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotRenewable.selector, id));
        licences.extend(id, 0);
    }

    function test_valid_afterTheModelIsWithdrawnOrSold() public {
        uint256 id = issued(terms());
        vm.startPrank(creator);
        models.setStatus(modelId, 1, IModelRegistry.Status.Withdrawn, "");
        models.setMarket(modelId, address(0));
        models.transferFrom(creator, stranger, modelId);
        vm.stopPrank();
        yes(licences.isValid(id));
        yes(licences.hasAccess(holder, id));
        yes(licences.covers(id, 1));
    }

    // ---- what it covers ----

    function test_covers_byEntitlement() public {
        ILicences.Terms memory t = terms();
        uint256 current = issued(t);
        t.entitlement = ILicences.Entitlement.Fixes;
        uint256 fixes = issued(t);
        t.entitlement = ILicences.Entitlement.Updates;
        uint256 updates = issued(t);
        vm.warp(NOW + 1 days);
        _publish(IModelRegistry.Kind.Fix);
        _publish(IModelRegistry.Kind.Update);
        vm.warp(NOW + 31 days);
        _publish(IModelRegistry.Kind.Fix);

        yes(licences.covers(current, 1));
        no(licences.covers(current, 2));
        yes(licences.covers(fixes, 2));
        no(licences.covers(fixes, 3));
        no(licences.covers(fixes, 4));
        yes(licences.covers(updates, 2));
        yes(licences.covers(updates, 3));
        no(licences.covers(updates, 4));
        no(licences.covers(updates, 0));
        no(licences.covers(updates, 5));
    }

    function test_allows_theRightsOfThatModelAndVersion() public {
        uint256 id = issued(terms());
        yes(licences.allows(id, holder, modelId, 1, Rights.RUN));
        yes(licences.allows(id, holder, modelId, 1, Rights.RUN | Rights.DOWNLOAD));
        no(licences.allows(id, holder, modelId, 1, Rights.SERVE));
        no(licences.allows(id, holder, modelId + 1, 1, Rights.RUN));
        no(licences.allows(id, holder, modelId, 2, Rights.RUN));
        no(licences.allows(id, stranger, modelId, 1, Rights.RUN));
        no(licences.allows(99, holder, modelId, 1, Rights.RUN));
    }

    // ---- transfer ----

    function test_transfer_isLockedUnlessTheTermsAllowIt() public {
        uint256 id = issued(terms());
        yes(licences.locked(id));
        vm.expectRevert(abi.encodeWithSelector(ILicences.LicenceLocked.selector, id));
        vm.prank(holder);
        licences.transferFrom(holder, stranger, id);
    }

    function test_transfer_startsANewEpochWithoutTheOldKey() public {
        ILicences.Terms memory t = terms();
        t.transferable = true;
        uint256 id = issued(t);
        no(licences.locked(id));
        vm.prank(holder);
        licences.setSessionKey(id, vm.addr(useKey));
        vm.prank(holder);
        licences.transferFrom(holder, stranger, id);
        eq(licences.sessionKeyOf(id), address(0));
        eq(licences.licenceOf(id).epoch, 2);
        yes(licences.hasAccess(stranger, id));
        no(licences.hasAccess(holder, id));
    }

    // ---- seats ----

    function test_seats_areTheHoldersToGive() public {
        ILicences.Terms memory t = terms();
        t.seats = 3;
        uint256 id = issued(t);
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotHolder.selector, id, stranger));
        vm.prank(stranger);
        licences.setSeat(id, 1, stranger);
        vm.startPrank(holder);
        vm.expectRevert(abi.encodeWithSelector(ILicences.NoSuchSeat.selector, id, 0));
        licences.setSeat(id, 0, stranger);
        vm.expectRevert(abi.encodeWithSelector(ILicences.NoSuchSeat.selector, id, 3));
        licences.setSeat(id, 3, stranger);
        licences.setSeat(id, 1, relay);
        licences.setSeat(id, 2, stranger);
        vm.stopPrank();
        yes(licences.hasAccess(relay, id));
        yes(licences.hasAccess(stranger, id));
        yes(licences.hasAccess(holder, id));
        vm.prank(holder);
        licences.setSeat(id, 2, address(0));
        no(licences.hasAccess(stranger, id));
        no(licences.hasAccess(address(0), id));
        eq(licences.userOfSeat(id, 0), holder);
    }

    // ---- uses ----

    function test_uses_areCountedByTheSessionKey() public {
        uint256 id = issued(counted(10));
        uint32 epoch = _keyed(id);
        uint256[] memory counts = new uint256[](1);
        counts[0] = id << 32 | 6;
        ILicences.SignedUse[] memory uses = _signed(id, epoch, 4, useKey);
        vm.expectEmit(address(licences));
        emit ILicences.UsesRecorded(counts);
        licences.recordUses(uses);
        eq(licences.remaining(id), 6);
        _record(id, epoch, 4);
        eq(licences.remaining(id), 6);
        _record(id, epoch, 10);
        eq(licences.remaining(id), 0);
        no(licences.isValid(id));
    }

    function test_uses_neverBelowZero() public {
        uint256 id = issued(counted(10));
        uint32 epoch = _keyed(id);
        _refused(
            id, epoch, 11, useKey, abi.encodeWithSelector(ILicences.UsesExhausted.selector, id)
        );
    }

    function test_uses_refuseOtherKeysAndOldEpochs() public {
        uint256 id = issued(counted(10));
        uint32 epoch = _keyed(id);
        _refused(
            id,
            epoch,
            1,
            uint256(keccak256("other")),
            abi.encodeWithSelector(ILicences.BadUseSignature.selector, id)
        );
        vm.prank(holder);
        licences.setSessionKey(id, vm.addr(useKey));
        _refused(
            id, epoch, 1, useKey, abi.encodeWithSelector(ILicences.WrongEpoch.selector, id, epoch)
        );
        _record(id, epoch + 1, 1);
        eq(licences.remaining(id), 9);
    }

    function test_uses_ofAnUncountedLicenceAreNotRecorded() public {
        uint256 id = issued(terms());
        uint32 epoch = _keyed(id);
        _refused(id, epoch, 1, useKey, abi.encodeWithSelector(ILicences.UsesExhausted.selector, id));
    }

    function test_uses_withoutAKeyAreNobodys() public {
        uint256 id = issued(counted(10));
        _refused(id, 0, 1, useKey, abi.encodeWithSelector(ILicences.UsesExhausted.selector, id));
        vm.startPrank(holder);
        licences.setSessionKey(id, vm.addr(useKey));
        licences.setSessionKey(id, address(0));
        vm.stopPrank();
        ILicences.SignedUse[] memory uses = _signed(id, 2, 1, useKey);
        uses[0].r = 0;
        vm.expectRevert(abi.encodeWithSelector(ILicences.BadUseSignature.selector, id));
        licences.recordUses(uses);
        eq(licences.remaining(id), 10);
    }

    function test_extend_isNotForPlans() public {
        uint256 id = issued(counted(10));
        no(licences.isRenewable(id));
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotRenewable.selector, id));
        licences.extend(id, 5e6);
    }

    function testFuzz_uses_sumToWhatWasSold(uint32 calls, uint32[5] memory totals) public {
        calls = uint32(bound(calls, 1, 1_000_000));
        uint256 id = issued(counted(calls));
        uint32 epoch = _keyed(id);
        uint32 highest;
        for (uint256 i; i < totals.length; ++i) {
            uint32 total = uint32(bound(totals[i], 0, calls));
            _record(id, epoch, total);
            if (total > highest) highest = total;
            eq(licences.remaining(id), calls - highest);
        }
    }

    function test_token_describesItself() public {
        uint256 id = issued(terms());
        yes(bytes(licences.tokenURI(id)).length > 400);
        yes(licences.supportsInterface(type(IERC5192).interfaceId));
        eq(bytes32(type(IERC5192).interfaceId), bytes32(bytes4(0xb45a3c0e)));
        bytes4[6] memory complete = [
            bytes4(0xad092b5c), // ERC-4907
            0x8c65f84d, // ERC-5643
            0x2a55205a, // ERC-2981
            0x49064906, // ERC-4906
            0x80ac58cd, // ERC-721
            0x01ffc9a7
        ];
        for (uint256 i; i < complete.length; ++i) {
            yes(licences.supportsInterface(complete[i]));
        }
        no(licences.supportsInterface(0x780e9d63)); // ERC-721 Enumerable
        no(licences.supportsInterface(0xffffffff));
    }

    function _publish(IModelRegistry.Kind kind) private {
        IModelRegistry.NewVersion memory v = version();
        v.kind = kind;
        vm.prank(creator);
        models.publish(modelId, v);
    }

    function _keyed(uint256 id) private returns (uint32) {
        vm.prank(holder);
        licences.setSessionKey(id, vm.addr(useKey));
        return licences.licenceOf(id).epoch;
    }

    function _signed(uint256 id, uint32 epoch, uint32 total, uint256 key)
        private
        view
        returns (ILicences.SignedUse[] memory uses)
    {
        (bytes32 r, bytes32 vs) =
            short(key, licences.useCountDigest(ILicences.UseCount(id, epoch, total)));
        uses = new ILicences.SignedUse[](1);
        uses[0] = ILicences.SignedUse(id << 64 | uint256(epoch) << 32 | total, r, vs);
    }

    function _record(uint256 id, uint32 epoch, uint32 total) private {
        ILicences.SignedUse[] memory uses = _signed(id, epoch, total, useKey);
        vm.prank(stranger);
        licences.recordUses(uses);
    }

    function _refused(uint256 id, uint32 epoch, uint32 total, uint256 key, bytes memory why)
        private
    {
        ILicences.SignedUse[] memory uses = _signed(id, epoch, total, key);
        vm.expectRevert(why);
        licences.recordUses(uses);
    }
}
