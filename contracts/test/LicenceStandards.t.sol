// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC4907, IERC5643} from "../src/interfaces/ILicenceStandards.sol";
import {ILicences, Rights} from "../src/interfaces/ILicences.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice Licences as other contracts and wallets know them: ERC-5643, ERC-4907, ERC-2981, ERC-4906.
contract LicenceStandardsTest is StoaTest {
    uint256 internal modelId;
    uint256 internal licence;
    address internal payTo;

    function setUp() public override {
        super.setUp();
        modelId = registered();
        payTo = models.payTo(modelId);
        licence = _bought(offerOfModel(modelId));
    }

    function _bought(IMarket.NewOffer memory o) private returns (uint256) {
        vm.prank(creator);
        IMarket.Order memory order = orderFor(market.createOffer(o));
        vm.startPrank(buyer);
        usd.approve(address(market), 100e6);
        uint256 id = market.buy(order);
        vm.stopPrank();
        return id;
    }

    function _lendable() private returns (uint256) {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.terms.transferable = true;
        return _bought(o);
    }

    // ---- ERC-5643 ----

    function test_renewSubscription_paysTheModelFromTheCallersAllowance() public {
        uint256 before = usd.balanceOf(payTo);
        vm.expectEmit(address(licences));
        emit IERC5643.SubscriptionUpdate(licence, uint64(NOW + 60 days));
        vm.expectEmit(address(licences));
        emit IERC4906.MetadataUpdate(licence);
        vm.prank(buyer);
        licences.renewSubscription(licence, 30 days);
        eq(licences.expiresAt(licence), NOW + 60 days);
        eq(usd.balanceOf(payTo), before + 5e6);
        eq(usd.balanceOf(address(licences)), 0);
    }

    function test_renewSubscription_withTheNativeCoinReturnsWhatIsTooMuch() public {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.prices = new IMarket.Price[](2);
        o.prices[0] = IMarket.Price(address(0), 1 ether, 1 ether);
        o.prices[1] = IMarket.Price(address(usd), 5e6, 5e6);
        licence = _bought(o);
        vm.deal(relay, 3 ether);
        vm.prank(relay);
        licences.renewSubscription{value: 2 ether}(licence, 30 days);
        eq(relay.balance, 2 ether);
        eq(payTo.balance, 1 ether);
        eq(licences.expiresAt(licence), NOW + 60 days);
    }

    function test_renewSubscription_takesNobodyElsesAllowance() public {
        vm.prank(stranger);
        vm.expectRevert();
        licences.renewSubscription(licence, 30 days);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotTheLicences.selector, stranger));
        market.renewFor(licence, buyer);
    }

    function test_renewSubscription_byExactlyOnePeriod() public {
        uint64[3] memory wrong = [uint64(0), 30 days - 1, 60 days];
        for (uint256 i; i < wrong.length; ++i) {
            vm.prank(buyer);
            vm.expectRevert(abi.encodeWithSelector(ILicences.BadDuration.selector, uint64(30 days)));
            licences.renewSubscription(licence, wrong[i]);
        }
    }

    function test_cancelSubscription_endsRenewalAndNotTheLicence() public {
        vm.deal(buyer, 1);
        vm.prank(buyer);
        vm.expectRevert(ILicences.NothingToPay.selector);
        licences.cancelSubscription{value: 1}(licence);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotHolder.selector, licence, stranger));
        licences.cancelSubscription(licence);
        yes(licences.isRenewable(licence));
        vm.expectEmit(address(licences));
        emit ILicences.RenewalCancelled(licence);
        vm.expectEmit(address(licences));
        emit IERC5643.SubscriptionUpdate(licence, 0);
        vm.prank(buyer);
        licences.cancelSubscription(licence);
        no(licences.isRenewable(licence));
        yes(licences.isValid(licence));
        eq(licences.expiresAt(licence), NOW + 30 days);
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotRenewable.selector, licence));
        licences.renewSubscription(licence, 30 days);
    }

    function test_expiresAt_ofALicenceWithoutEnd() public {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.terms.period = 0;
        licence = _bought(o);
        eq(licences.expiresAt(licence), type(uint64).max);
        no(licences.isRenewable(licence));
        vm.expectRevert(abi.encodeWithSelector(ILicences.UnknownLicence.selector, 99));
        licences.expiresAt(99);
        vm.expectRevert(abi.encodeWithSelector(ILicences.UnknownLicence.selector, 99));
        licences.isRenewable(99);
    }

    // ---- relayed renewal ----

    function test_relayRenewal_payerNeedsNoCoinAndGetsTheRestBack() public {
        IMarket.Renewal memory r = _renewal();
        IMarket.Authorization memory a = _authorized(r);
        uint256 before = usd.balanceOf(buyer);
        uint256 paid = usd.balanceOf(payTo);
        vm.prank(relay);
        eq(market.relayRenewal(r, a), NOW + 60 days);
        eq(usd.balanceOf(buyer), before - 5e6 - 2e5);
        eq(usd.balanceOf(payTo), paid + 5e6);
        eq(usd.balanceOf(relay), 2e5);
        eq(usd.balanceOf(address(market)), 0);
        vm.prank(relay);
        vm.expectRevert();
        market.relayRenewal(r, a);
    }

    function test_relayRenewal_refusesWhatThePayerDidNotSign() public {
        IMarket.Renewal memory r = _renewal();
        IMarket.Authorization memory a = _authorized(r);
        uint256 other = _bought(offerOfModel(modelId));
        uint256 until = licences.expires(other);
        for (uint256 i; i < 5; ++i) {
            r = _renewal();
            if (i == 0) r.licence = other;
            if (i == 1) r.maxPrice = 7e6;
            if (i == 2) r.relayFee = 1e6;
            if (i == 3) r.deadline = NOW + 2 hours;
            if (i == 4) r.salt = bytes32(uint256(9));
            vm.prank(stranger);
            (bool ok,) = address(market).call(abi.encodeCall(market.relayRenewal, (r, a)));
            no(ok);
        }
        eq(licences.expires(other), until);
        eq(usd.balanceOf(stranger), 0);
    }

    function test_relayRenewal_refusesAfterItsDeadlineAndAboveTheMaximum() public {
        IMarket.Renewal memory r = _renewal();
        r.relayFee = 1e6 + 1;
        IMarket.Authorization memory a = _authorized(r);
        vm.expectRevert(abi.encodeWithSelector(IMarket.PriceAboveMax.selector, 5e6, 5e6 - 1));
        market.relayRenewal(r, a);
        r.relayFee = 6e6 + 1;
        vm.expectRevert(abi.encodeWithSelector(IMarket.PriceAboveMax.selector, 6e6 + 1, 6e6));
        market.relayRenewal(r, a);
        vm.warp(r.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.DeadlinePassed.selector, r.deadline));
        market.relayRenewal(r, a);
    }

    function _renewal() private view returns (IMarket.Renewal memory r) {
        r = IMarket.Renewal(licence, address(usd), 6e6, NOW + 1 hours, 2e5, "salt");
    }

    function _authorized(IMarket.Renewal memory r)
        private
        view
        returns (IMarket.Authorization memory)
    {
        bytes32 content = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH,
                buyer,
                address(market),
                r.maxPrice,
                0,
                NOW + 1 hours,
                market.renewalDigest(r)
            )
        );
        bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
        return IMarket.Authorization(buyer, 0, NOW + 1 hours, signature);
    }

    // ---- ERC-4907 ----

    function test_setUser_theUserHasAccessAndTheHolderHasNot() public {
        uint256 id = _lendable();
        uint32 epoch = licences.licenceOf(id).epoch;
        vm.expectEmit(address(licences));
        emit IERC4907.UpdateUser(id, stranger, uint64(NOW + 1 days));
        vm.prank(buyer);
        licences.setUser(id, stranger, uint64(NOW + 1 days));
        eq(licences.userOf(id), stranger);
        eq(licences.userExpires(id), NOW + 1 days);
        yes(licences.hasAccess(stranger, id));
        no(licences.hasAccess(buyer, id));
        yes(licences.allows(id, stranger, modelId, 1, Rights.RUN));
        eq(licences.licenceOf(id).epoch, epoch + 1);
        vm.warp(NOW + 1 days + 1);
        eq(licences.userOf(id), address(0));
        yes(licences.hasAccess(buyer, id));
        no(licences.hasAccess(stranger, id));
    }

    function test_setUser_noLongerThanTheLicence() public {
        uint256 id = _lendable();
        vm.prank(buyer);
        licences.setUser(id, stranger, type(uint64).max);
        vm.warp(NOW + 30 days);
        no(licences.hasAccess(stranger, id));
    }

    function test_setUser_byHolderOrApprovedAlone() public {
        uint256 id = _lendable();
        vm.prank(stranger);
        vm.expectRevert(
            abi.encodeWithSelector(IERC721Errors.ERC721InsufficientApproval.selector, stranger, id)
        );
        licences.setUser(id, stranger, uint64(NOW + 1 days));
        vm.prank(buyer);
        licences.approve(relay, id);
        vm.prank(relay);
        licences.setUser(id, stranger, uint64(NOW + 1 days));
        eq(licences.userOf(id), stranger);
    }

    function test_setUser_refusesALicenceThatIsNotTransferable() public {
        vm.prank(buyer);
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotRentable.selector, licence));
        licences.setUser(licence, stranger, uint64(NOW + 1 days));
    }

    function test_transfer_endsTheLoan() public {
        uint256 id = _lendable();
        vm.prank(buyer);
        licences.setUser(id, stranger, uint64(NOW + 1 days));
        vm.expectEmit(address(licences));
        emit IERC4907.UpdateUser(id, address(0), 0);
        vm.prank(buyer);
        licences.transferFrom(buyer, relay, id);
        eq(licences.userOf(id), address(0));
        yes(licences.hasAccess(relay, id));
        no(licences.hasAccess(stranger, id));
    }

    // ---- ERC-2981 ----

    function testFuzz_royaltyInfo_isAPartForTheModelsPayees(uint256 price) public {
        uint256 id = _lendable();
        (address to, uint256 amount) = licences.royaltyInfo(id, price);
        eq(to, payTo);
        eq(amount, price / 20);
        (to, amount) = licences.royaltyInfo(licence, price);
        eq(to, address(0));
        eq(amount, 0);
        vm.expectRevert(abi.encodeWithSelector(ILicences.UnknownLicence.selector, 99));
        licences.royaltyInfo(99, price);
    }
}
