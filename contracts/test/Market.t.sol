// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IHalls} from "../src/interfaces/IHalls.sol";
import {ILicences} from "../src/interfaces/ILicences.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {Market} from "../src/Market.sol";
import {vm} from "../script/Vm.sol";
import {CallingToken, FeeToken} from "./doubles/Tokens.sol";
import {Wallet} from "./doubles/Wallet.sol";
import {StoaTest} from "./StoaTest.sol";

contract MarketTest is StoaTest {
    uint256 internal offer;
    uint256 internal modelId;
    address internal payTo;

    function setUp() public override {
        super.setUp();
        offer = offered();
        modelId = 1;
        payTo = models.payTo(modelId);
    }

    // ---- offers ----

    function test_createOffer_freezesItsTerms() public view {
        IMarket.Offer memory o = market.offerOf(offer);
        eq(o.seller, creator);
        yes(o.active);
        eq(o.prices.length, 1);
        eq(o.prices[0].token, address(usd));
        eq(o.prices[0].floor, 5e6);
        eq(o.prices[0].cap, 5e6);
        eq(o.terms.model, modelId);
        eq(o.terms.period, 30 days);
        eq(o.terms.termsDigest, keccak256("Use it well."));
        yes(market.isForSale(offer));
    }

    function test_createOffer_refusesWhoDoesNotOwnTheModel() public {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotSeller.selector, 0, stranger));
        vm.prank(stranger);
        market.createOffer(o);
    }

    function test_createOffer_refusesAModelThatChoseAnotherMarket() public {
        Market other = new Market(models, licences, halls, services, plans);
        IMarket.NewOffer memory o = offerOfModel(modelId);
        vm.expectRevert(
            abi.encodeWithSelector(ILicences.NotTheMarket.selector, modelId, address(other))
        );
        vm.prank(creator);
        other.createOffer(o);
    }

    function test_createOffer_refusesWhatThisMarketDoesNotSell() public {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.maxCommissionBps = 1_001;
        _refused(o, abi.encodeWithSelector(IMarket.CommissionTooHigh.selector, 1_001));
    }

    function test_createOffer_refusesPricesThatAreNone() public {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.prices = new IMarket.Price[](0);
        _refused(o, abi.encodeWithSelector(IMarket.BadPrices.selector));
        o.prices = new IMarket.Price[](5);
        _refused(o, abi.encodeWithSelector(IMarket.BadPrices.selector));
        o.prices = new IMarket.Price[](2);
        _refused(o, abi.encodeWithSelector(IMarket.BadPrices.selector));
    }

    function test_createOffer_refusesTermsThatContradictThemselves() public {
        for (uint256 i; i < 5; ++i) {
            IMarket.NewOffer memory o = offerOfModel(modelId);
            if (i == 0) o.terms.seats = 0;
            if (i == 1) o.terms.rights = 0;
            if (i == 2) o.terms.termsDigest = 0;
            if (i == 3) (o.terms.seats, o.terms.transferable) = (2, true);
            if (i == 4) o.terms.seats = 65;
            _refused(o, abi.encodeWithSelector(ILicences.BadTerms.selector));
        }
    }

    function test_setActive_isTheSellersWhileItOwnsTheModel() public {
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotSeller.selector, offer, stranger));
        vm.prank(stranger);
        market.setActive(offer, false);
        vm.prank(creator);
        market.setActive(offer, false);
        no(market.isForSale(offer));
        vm.expectRevert(abi.encodeWithSelector(IMarket.OfferInactive.selector, offer));
        vm.prank(buyer);
        market.buy(orderFor(offer));
        vm.prank(creator);
        models.transferFrom(creator, stranger, modelId);
        address[2] memory both = [creator, stranger];
        for (uint256 i; i < both.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotSeller.selector, offer, both[i]));
            vm.prank(both[i]);
            market.setActive(offer, true);
        }
    }

    // ---- buying ----

    function test_buy_paysTheModelsSplitAndIssuesALicence() public {
        uint256 before = usd.balanceOf(buyer);
        IMarket.Order memory order = orderFor(offer);
        vm.startPrank(buyer);
        usd.approve(address(market), 5e6);
        vm.expectEmit(address(market));
        emit IMarket.Purchased(
            offer, buyer, buyer, 1, 1, address(usd), 5e6, payTo, market.orderDigest(order), 0
        );
        uint256 licence = market.buy(order);
        vm.stopPrank();
        eq(licence, 1);
        eq(licences.ownerOf(licence), buyer);
        eq(usd.balanceOf(buyer), before - 5e6);
        eq(usd.balanceOf(payTo), 5e6);
        ILicences.Licence memory l = licences.licenceOf(licence);
        eq(l.offer, offer);
        eq(l.expires, NOW + 30 days);
        eq(l.pricePaid, 5e6);
        eq(l.token, address(usd));
        eq(l.version, 1);
    }

    function test_buy_severalForSomebodyElse() public {
        IMarket.Order memory order = orderFor(offer);
        (order.n, order.holder, order.maxPrice) = (3, stranger, 15e6);
        vm.startPrank(buyer);
        usd.approve(address(market), 15e6);
        uint256 first = market.buy(order);
        vm.stopPrank();
        eq(licences.balanceOf(stranger), 3);
        eq(licences.ownerOf(first + 2), stranger);
        eq(usd.balanceOf(payTo), 15e6);
    }

    function test_buy_refusesWhatTheOrderForbids() public {
        for (uint256 i; i < 9; ++i) {
            IMarket.Order memory o = orderFor(offer);
            bytes memory why;
            if (i == 0) {
                o.deadline = NOW - 1;
                why = abi.encodeWithSelector(IMarket.DeadlinePassed.selector, NOW - 1);
            } else if (i == 1) {
                o.maxPrice = 5e6 - 1;
                why = abi.encodeWithSelector(IMarket.PriceAboveMax.selector, 5e6, 5e6 - 1);
            } else if (i == 2) {
                o.termsDigest = 0;
                why =
                    abi.encodeWithSelector(IMarket.TermsDiffer.selector, keccak256("Use it well."));
            } else if (i == 3) {
                o.hall = 1;
                why = abi.encodeWithSelector(IHalls.UnknownHall.selector, 1);
            } else if (i == 4) {
                o.n = 33;
                why = abi.encodeWithSelector(IMarket.BadQuantity.selector, 33);
            } else if (i == 5) {
                o.n = 0;
                why = abi.encodeWithSelector(IMarket.BadQuantity.selector, 0);
            } else if (i == 6) {
                o.token = stranger;
                why = abi.encodeWithSelector(IMarket.TokenNotAccepted.selector, stranger);
            } else if (i == 7) {
                o.holder = address(0);
                why = abi.encodeWithSelector(IMarket.ZeroHolder.selector);
            } else {
                o.relayFee = 1;
                why = abi.encodeWithSelector(IMarket.UnexpectedRelayFee.selector);
            }
            vm.expectRevert(why);
            vm.prank(buyer);
            market.buy(o);
        }
    }

    function test_buy_refusesAnUnknownOffer() public {
        IMarket.Order memory order = orderFor(99);
        vm.expectRevert(abi.encodeWithSelector(IMarket.UnknownOffer.selector, 99));
        market.buy(order);
    }

    function test_buy_refusesAModelThatWasSold() public {
        vm.prank(creator);
        models.transferFrom(creator, stranger, modelId);
        vm.expectRevert(abi.encodeWithSelector(IMarket.SellerGone.selector, offer));
        vm.prank(buyer);
        market.buy(orderFor(offer));
        no(market.isForSale(offer));
    }

    function test_buy_refusesAWithdrawnModel() public {
        vm.prank(creator);
        models.setStatus(modelId, 1, IModelRegistry.Status.Withdrawn, "broken");
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotForSale.selector, offer));
        vm.prank(buyer);
        market.buy(orderFor(offer));
        no(market.isForSale(offer));
    }

    function test_buy_refusesOnceTheOwnerChoseAnotherMarket() public {
        vm.prank(creator);
        models.setMarket(modelId, stranger);
        vm.prank(buyer);
        usd.approve(address(market), 5e6);
        vm.expectRevert(
            abi.encodeWithSelector(ILicences.NotTheMarket.selector, modelId, address(market))
        );
        vm.prank(buyer);
        market.buy(orderFor(offer));
        no(market.isForSale(offer));
    }

    function test_buyWithPermit_needsNoApprovalBefore() public {
        IMarket.Permit memory permit = permitted(5e6);
        vm.prank(buyer);
        market.buyWithPermit(orderFor(offer), permit);
        eq(licences.balanceOf(buyer), 1);
        eq(usd.allowance(buyer, address(market)), 0);
    }

    function test_buyWithPermit_survivesAPermitCarriedBefore() public {
        IMarket.Permit memory permit = permitted(5e6);
        bytes memory signature = permit.signature;
        vm.prank(stranger);
        usd.permit(buyer, address(market), 5e6, permit.deadline, signature);
        vm.prank(buyer);
        market.buyWithPermit(orderFor(offer), permit);
        eq(licences.balanceOf(buyer), 1);
    }

    function test_buyWithPermit_refusesASignatureOfAnotherLength() public {
        IMarket.Permit memory permit = permitted(5e6);
        permit.signature = new bytes(64);
        vm.expectRevert(IMarket.BadPermitSignature.selector);
        vm.prank(buyer);
        market.buyWithPermit(orderFor(offer), permit);
    }

    function test_buyNative_refusesTokensAndFees() public {
        IMarket.Order memory order = orderFor(offer);
        vm.expectRevert(abi.encodeWithSelector(IMarket.TokenNotAccepted.selector, address(usd)));
        market.buyNative(order);
        (order.token, order.relayFee) = (address(0), 1);
        vm.expectRevert(IMarket.UnexpectedRelayFee.selector);
        market.buyNative(order);
    }

    function test_buyNative_returnsWhatIsTooMuch() public {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.prices[0] = IMarket.Price(address(0), 1 ether, 1 ether);
        vm.prank(creator);
        uint256 native = market.createOffer(o);
        IMarket.Order memory order = orderFor(native);
        (order.token, order.maxPrice) = (address(0), 2 ether);
        vm.deal(buyer, 3 ether);
        vm.expectRevert(abi.encodeWithSelector(IMarket.WrongNativeAmount.selector, 0.5 ether));
        vm.prank(buyer);
        market.buyNative{value: 0.5 ether}(order);
        vm.prank(buyer);
        market.buyNative{value: 2 ether}(order);
        eq(buyer.balance, 2 ether);
        eq(payTo.balance, 1 ether);
        eq(licences.balanceOf(buyer), 1);
        vm.expectRevert(abi.encodeWithSelector(IMarket.TokenNotAccepted.selector, address(0)));
        vm.prank(buyer);
        market.buy(order);
    }

    // ---- renewing ----

    function test_renew_addsAPeriodAtTheFrozenPrice() public {
        uint256 licence = _bought();
        vm.warp(NOW + 10 days);
        vm.prank(buyer);
        market.renew(licence, address(usd), 5e6, NOW + 11 days);
        eq(licences.expires(licence), NOW + 60 days);
        vm.warp(NOW + 100 days);
        vm.prank(buyer);
        market.renew(licence, address(usd), 5e6, NOW + 101 days);
        eq(licences.expires(licence), NOW + 130 days);
        eq(usd.balanceOf(payTo), 15e6);
    }

    function test_renew_withTheNativeCoin() public {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.prices = new IMarket.Price[](2);
        o.prices[0] = IMarket.Price(address(0), 1 ether, 1 ether);
        o.prices[1] = IMarket.Price(address(usd), 5e6, 5e6);
        vm.prank(creator);
        offer = market.createOffer(o);
        uint256 licence = _bought();
        vm.deal(buyer, 3 ether);
        vm.startPrank(buyer);
        vm.expectRevert(abi.encodeWithSelector(IMarket.WrongNativeAmount.selector, 1));
        market.renew{value: 1}(licence, address(0), 1 ether, NOW);
        vm.expectRevert(abi.encodeWithSelector(IMarket.WrongNativeAmount.selector, 1));
        market.renew{value: 1}(licence, address(usd), 5e6, NOW);
        market.renew{value: 2 ether}(licence, address(0), 1 ether, NOW);
        vm.stopPrank();
        eq(buyer.balance, 2 ether);
        eq(payTo.balance, 1 ether);
        eq(licences.expires(licence), NOW + 60 days);
    }

    function test_renew_refusesAfterCancellingAndAboveTheMaximum() public {
        uint256 licence = _bought();
        vm.expectRevert(abi.encodeWithSelector(IMarket.PriceAboveMax.selector, 5e6, 5e6 - 1));
        vm.prank(buyer);
        market.renew(licence, address(usd), 5e6 - 1, NOW);
        vm.expectRevert(abi.encodeWithSelector(IMarket.DeadlinePassed.selector, NOW - 1));
        vm.prank(buyer);
        market.renew(licence, address(usd), 5e6, NOW - 1);
        vm.prank(buyer);
        licences.cancelRenewal(licence);
        yes(licences.isValid(licence));
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotRenewable.selector, licence));
        vm.prank(buyer);
        market.renew(licence, address(usd), 5e6, NOW);
    }

    function _refused(IMarket.NewOffer memory o, bytes memory why) private {
        vm.expectRevert(why);
        vm.prank(creator);
        market.createOffer(o);
    }

    function _bought() private returns (uint256) {
        vm.startPrank(buyer);
        usd.approve(address(market), 100e6);
        uint256 licence = market.buy(orderFor(offer));
        vm.stopPrank();
        return licence;
    }
}
