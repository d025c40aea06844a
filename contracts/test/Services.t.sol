// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IReceiver, IServices} from "../src/interfaces/IServices.sol";
import {Rights} from "../src/interfaces/ILicences.sol";
import {ISplit, Payee} from "../src/interfaces/ISplits.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

contract ServicesTest is StoaTest {
    uint256 internal modelId;

    function setUp() public override {
        super.setUp();
        modelId = registered();
    }

    function service() internal view returns (IServices.NewService memory s) {
        s.model = modelId;
        s.version = 1;
        s.endpoint = "https://node.example/m/tiny/v1";
        s.pricing = new IServices.Pricing[](1);
        s.pricing[0] = IServices.Pricing(address(usd), 100, 1_000, 2_000);
        s.receiverAuthorizer = authorizer;
        s.duration = 90 days;
    }

    function offeredService() internal returns (uint256 id, IReceiver receiver) {
        address where;
        vm.prank(provider);
        (id, where) = services.offerService(service());
        receiver = IReceiver(where);
    }

    // ---- offering ----

    function test_offer_freezesProviderRoyaltyAndReceiver() public {
        (uint256 id, IReceiver receiver) = offeredService();
        IServices.Service memory s = services.serviceOf(id);
        eq(s.model, modelId);
        eq(s.version, 1);
        eq(s.royaltyBps, 2_000);
        eq(s.provider, provider);
        eq(s.claimant, provider);
        eq(s.receiver, address(receiver));
        eq(s.receiverAuthorizer, authorizer);
        eq(s.payTo, models.payTo(modelId));
        eq(s.validUntil, NOW + 90 days);
        eq(receiver.shareOf(provider), 800_000);
        eq(receiver.shareOf(s.payTo), 200_000);
        eq(services.serviceOfReceiver(address(receiver)), id);
        eq(services.endpointOf(id), "https://node.example/m/tiny/v1");
        eq(services.payeesOf(id).length, 2);
        yes(services.isLive(id));
        vm.warp(NOW + 90 days);
        no(services.isLive(id));
    }

    function test_offer_theRoyaltyOfAServiceNeverRises() public {
        (uint256 id, IReceiver receiver) = offeredService();
        IModelRegistry.Royalty memory r = models.royaltyOf(modelId);
        r.callBps = 9_000;
        vm.prank(creator);
        models.setRoyalty(modelId, r);
        vm.warp(NOW + 31 days);
        eq(services.serviceOf(id).royaltyBps, 2_000);
        eq(receiver.shareOf(provider), 800_000);
        vm.prank(provider);
        (uint256 next,) = services.offerService(service());
        eq(services.serviceOf(next).royaltyBps, 9_000);
    }

    function test_offer_withoutRoyaltyAndWithNothingElse() public {
        for (uint16 bps; bps <= 10_000; bps += 10_000) {
            IModelRegistry.Model memory m = model(bps == 0 ? "free" : "whole");
            m.royalty.callBps = bps;
            vm.prank(creator);
            uint256 id = models.register(m);
            IServices.NewService memory s = service();
            s.model = id;
            vm.prank(provider);
            (, address receiver) = services.offerService(s);
            Payee[] memory list = ISplit(receiver).payees();
            eq(list.length, 1);
            eq(list[0].account, bps == 0 ? provider : models.payTo(id));
        }
    }

    function test_offer_refusesWhatIsNoService() public {
        IServices.NewService memory s = service();
        s.endpoint = "";
        _refused(s, abi.encodeWithSelector(IServices.BadEndpoint.selector));
        s.endpoint = string(new bytes(257));
        _refused(s, abi.encodeWithSelector(IServices.BadEndpoint.selector));
        s = service();
        s.pricing[0].token = address(0);
        _refused(s, abi.encodeWithSelector(IServices.BadPricing.selector));
        s = service();
        s.receiverAuthorizer = address(0);
        _refused(s, abi.encodeWithSelector(IServices.ZeroAuthorizer.selector));
        s = service();
        s.duration = 0;
        _refused(s, abi.encodeWithSelector(IServices.BadDuration.selector, 0));
        s.duration = 180 days + 1;
        _refused(s, abi.encodeWithSelector(IServices.BadDuration.selector, 180 days + 1));
        s = service();
        s.version = 2;
        _refused(s, abi.encodeWithSelector(IModelRegistry.UnknownVersion.selector, modelId, 2));
        s = service();
        s.pricing = new IServices.Pricing[](0);
        _refused(s, abi.encodeWithSelector(IServices.BadPricing.selector));
        s.pricing = new IServices.Pricing[](5);
        _refused(s, abi.encodeWithSelector(IServices.BadPricing.selector));
        s.pricing = new IServices.Pricing[](2);
        (s.pricing[0].token, s.pricing[1].token) = (address(usd), address(usd));
        _refused(s, abi.encodeWithSelector(IServices.BadPricing.selector));
    }

    function test_offer_refusesAWithdrawnVersion() public {
        vm.prank(creator);
        models.setStatus(modelId, 1, IModelRegistry.Status.Withdrawn, "");
        _refused(
            service(), abi.encodeWithSelector(IServices.VersionNotServable.selector, modelId, 1)
        );
    }

    function test_offer_byListedProvidersWhereTheModelSaysSo() public {
        vm.prank(creator);
        models.setServing(modelId, IModelRegistry.Serving.Listed);
        _refused(
            service(),
            abi.encodeWithSelector(IServices.ServingNotAllowed.selector, modelId, provider)
        );
        vm.prank(creator);
        models.setProvider(modelId, provider, true);
        offeredService();
    }

    function test_offer_byHoldersOfTheRightToServe() public {
        vm.prank(creator);
        models.setServing(modelId, IModelRegistry.Serving.RightHolders);
        IMarket.NewOffer memory o = offerOfModel(modelId);
        vm.prank(creator);
        uint256 plain = market.createOffer(o);
        o.terms.rights = Rights.SERVE;
        vm.prank(creator);
        uint256 serving = market.createOffer(o);
        uint256 weak = _bought(plain);
        uint256 right = _bought(serving);
        IServices.NewService memory s = service();
        s.licence = weak;
        _refused(s, abi.encodeWithSelector(IServices.ServingNotAllowed.selector, modelId, provider));
        s.licence = right;
        vm.prank(provider);
        services.offerService(s);
        vm.warp(NOW + 31 days);
        _refused(s, abi.encodeWithSelector(IServices.ServingNotAllowed.selector, modelId, provider));
    }

    function test_offer_mustCoverTheModelsMinimum() public {
        IModelRegistry.Model memory m = model("dear");
        m.royalty = IModelRegistry.Royalty(2_500, address(usd), 50, 1_000);
        vm.prank(creator);
        uint256 id = models.register(m);
        IServices.NewService memory s = service();
        s.model = id;
        bytes memory why = abi.encodeWithSelector(IServices.BelowMinimum.selector, address(usd));
        s.pricing[0] = IServices.Pricing(address(usd), 199, 4_000, 4_000);
        _refused(s, why);
        s.pricing[0] = IServices.Pricing(address(usd), 200, 3_999, 4_000);
        _refused(s, why);
        s.pricing[0] = IServices.Pricing(address(usd), 200, 4_000, 3_999);
        _refused(s, why);
        s.pricing[0] = IServices.Pricing(stranger, 200, 4_000, 4_000);
        _refused(s, abi.encodeWithSelector(IServices.BelowMinimum.selector, stranger));
        s.pricing[0] = IServices.Pricing(address(usd), 200, 4_000, 4_000);
        vm.prank(provider);
        (uint256 made,) = services.offerService(s);
        s.pricing[0].perCall = 199;
        vm.expectRevert(why);
        vm.prank(provider);
        services.setPricing(made, s.pricing);
    }

    // ---- changing ----

    function test_pricing_fallsAtOnceAndRisesAfterADay() public {
        (uint256 id,) = offeredService();
        IServices.Pricing[] memory p = services.pricingOf(id);
        p[0].perCall = 90;
        vm.prank(provider);
        services.setPricing(id, p);
        eq(services.pricingOf(id)[0].perCall, 90);
        p[0].perCall = 200;
        p[0].perMillionInput = 1;
        vm.prank(provider);
        services.setPricing(id, p);
        eq(services.pricingOf(id)[0].perCall, 90);
        eq(services.pricingOf(id)[0].perMillionInput, 1_000);
        (, uint64 when) = services.pendingPricing(id);
        eq(when, NOW + 1 days);
        vm.warp(NOW + 1 days);
        eq(services.pricingOf(id)[0].perCall, 200);
        p[0].perCall = 150;
        vm.prank(provider);
        services.setPricing(id, p);
        eq(services.pricingOf(id)[0].perCall, 150);
        (, when) = services.pendingPricing(id);
        eq(when, 0);
    }

    function test_pricing_leavingOutATokenIsARise() public {
        (uint256 id,) = offeredService();
        IServices.Pricing[] memory p = new IServices.Pricing[](1);
        p[0] = IServices.Pricing(stranger, 1, 1, 1);
        vm.prank(provider);
        services.setPricing(id, p);
        eq(services.pricingOf(id)[0].token, address(usd));
    }

    function test_changes_areTheProvidersWhileItLasts() public {
        (uint256 id,) = offeredService();
        IServices.Pricing[] memory p = services.pricingOf(id);
        bytes memory why = abi.encodeWithSelector(IServices.NotProvider.selector, id, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(why);
        services.setPricing(id, p);
        vm.expectRevert(why);
        services.setEndpoint(id, "x");
        vm.expectRevert(why);
        services.endService(id);
        vm.expectRevert(abi.encodeWithSelector(IServices.NotClaimant.selector, id, stranger));
        services.setClaimant(id, stranger);
        vm.expectRevert(abi.encodeWithSelector(IServices.UnknownService.selector, 99));
        services.endService(99);
        vm.stopPrank();
        vm.startPrank(provider);
        services.setEndpoint(id, "https://other.example");
        eq(services.endpointOf(id), "https://other.example");
        services.endService(id);
        no(services.isLive(id));
        vm.expectRevert(abi.encodeWithSelector(IServices.ServiceOver.selector, id));
        services.setEndpoint(id, "x");
        vm.stopPrank();
    }

    // ---- money ----

    function test_money_flowsFromTheChannelToEveryPayee() public {
        (, IReceiver receiver) = offeredService();
        IChannels.ChannelConfig memory c = config();
        c.receiver = address(receiver);
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 1e6, 1e6));
        vm.prank(authorizer);
        channels.claim(list);
        receiver.settle(address(usd));
        address payTo = models.payTo(modelId);
        uint256 before = usd.balanceOf(creator);
        receiver.claim(address(usd), provider);
        receiver.claim(address(usd), payTo);
        ISplit(payTo).claim(address(usd), creator);
        eq(usd.balanceOf(provider), 800_000);
        eq(usd.balanceOf(creator), before + 200_000);
        eq(usd.balanceOf(address(receiver)), 0);
        eq(usd.balanceOf(address(channels)), 0);
    }

    /// @notice Both keys of the node lost: the vouchers and the cold wallet recover all.
    function test_money_isRecoveredWithoutTheNodesKeys() public {
        address cold = named("cold");
        IServices.NewService memory s = service();
        s.payout = cold;
        vm.prank(provider);
        (, address where) = services.offerService(s);
        IReceiver receiver = IReceiver(where);
        IChannels.ChannelConfig memory c = config();
        c.receiver = where;
        deposited(c, 1e6);
        IChannels.VoucherClaim[] memory list = rows(row(c, 1e6, 1e6));
        vm.expectRevert(abi.encodeWithSelector(IReceiver.NotClaimant.selector, provider));
        vm.prank(provider);
        receiver.claimChannels(list);
        vm.prank(cold);
        receiver.claimChannels(list);
        vm.prank(stranger);
        receiver.settle(address(usd));
        receiver.claim(address(usd), cold);
        eq(usd.balanceOf(cold), 800_000);
        eq(usd.balanceOf(where), 200_000);
    }

    function test_claimant_handsItOn() public {
        (uint256 id, IReceiver receiver) = offeredService();
        vm.prank(provider);
        services.setClaimant(id, relay);
        eq(services.claimantOfReceiver(address(receiver)), relay);
        vm.expectRevert(abi.encodeWithSelector(IServices.NotClaimant.selector, id, provider));
        vm.prank(provider);
        services.setClaimant(id, provider);
        vm.expectRevert(abi.encodeWithSelector(IServices.NotClaimant.selector, id, address(0)));
        vm.prank(relay);
        services.setClaimant(id, address(0));
        eq(services.claimantOfReceiver(stranger), address(0));
    }

    function _bought(uint256 offer) private returns (uint256) {
        IMarket.Order memory order = orderFor(offer);
        order.holder = provider;
        vm.startPrank(buyer);
        usd.approve(address(market), 5e6);
        uint256 licence = market.buy(order);
        vm.stopPrank();
        return licence;
    }

    function _refused(IServices.NewService memory s, bytes memory why) private {
        vm.expectRevert(why);
        vm.prank(provider);
        services.offerService(s);
    }
}
