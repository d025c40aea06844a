// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences, Rights} from "../src/interfaces/ILicences.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IPlans} from "../src/interfaces/IPlans.sol";
import {ISplit} from "../src/interfaces/ISplits.sol";
import {vm} from "../script/Vm.sol";
import {CallingToken, FeeToken} from "./doubles/Tokens.sol";
import {PlanTest} from "./PlanTest.sol";

contract PlansTest is PlanTest {
    uint256 internal offer;

    function setUp() public override {
        super.setUp();
        offer = offeredPlan(planOf(address(usd), false));
    }

    // ---- who may offer a plan ----

    function test_createOffer_aPlanIsItsProvidersAlone() public {
        IMarket.NewOffer memory o = planOf(address(usd), false);
        address[2] memory others = [creator, stranger];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMarket.NotSeller.selector, 0, others[i]));
            vm.prank(others[i]);
            market.createOffer(o);
        }
        o.terms.service = 99;
        _refused(o, abi.encodeWithSelector(IMarket.NotSeller.selector, 0, provider));
        o = planOf(address(usd), false);
        vm.prank(creator);
        o.terms.model = models.register(model("other"));
        _refused(o, abi.encodeWithSelector(IMarket.NotSeller.selector, 0, provider));
    }

    function test_createOffer_aPlanSellsCallsAndNothingElse() public {
        IMarket.NewOffer memory o = planOf(address(usd), false);
        o.terms.rights = Rights.RUN;
        _refused(o, abi.encodeWithSelector(ILicences.BadTerms.selector));
        o = planOf(address(usd), false);
        o.terms.period = 0;
        _refused(o, abi.encodeWithSelector(ILicences.BadTerms.selector));
        o = planOf(address(usd), false);
        o.maxCommissionBps = 1;
        _refused(o, abi.encodeWithSelector(IMarket.CommissionTooHigh.selector, 1));
    }

    function test_setActive_isTheProviders() public {
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotSeller.selector, offer, creator));
        vm.prank(creator);
        market.setActive(offer, false);
        yes(market.isForSale(offer));
        vm.prank(provider);
        market.setActive(offer, false);
        no(market.isForSale(offer));
    }

    // ---- buying ----

    function test_buy_thePriceWaits() public {
        uint256 id = boughtPlan(offer, 1);
        eq(usd.balanceOf(address(plans)), 5e6);
        eq(usd.balanceOf(receiver), 0);
        eq(plans.held(address(usd)), 5e6);
        IPlans.Escrow memory e = plans.escrowOf(id);
        eq(e.token, address(usd));
        eq(e.price, 5e6);
        eq(e.released, 0);
        eq(e.calls, CALLS);
        eq(e.service, serviceId);
        eq(plans.due(id), 0);
        eq(licences.remaining(id), CALLS);
        eq(plans.closesAt(id), NOW + 33 days);
        IMarket.Order memory order = orderFor(offer);
        bytes32 digest = market.orderDigest(order);
        vm.expectEmit(address(market));
        emit IMarket.Purchased(
            offer, buyer, buyer, 2, 1, address(usd), 5e6, address(plans), digest, 0
        );
        vm.expectEmit(address(plans));
        emit IPlans.Held(2, serviceId, address(usd), 5e6);
        vm.prank(buyer);
        market.buy(order);
    }

    function test_buy_byEveryDoor() public {
        IMarket.Order memory order = orderFor(offer);
        order.relayFee = 10_000;
        IMarket.Authorization memory authorization = authorized(order);
        vm.prank(relay);
        market.relayOrder(order, authorization);
        order.salt = 0;
        bytes memory signature = sign(buyerKey, market.orderDigest(order));
        IMarket.Permit memory permit = permitted(11e6);
        vm.prank(relay);
        market.relayPermitOrder(order, permit, signature);
        vm.prank(buyer);
        market.buy(orderFor(offer));
        eq(usd.balanceOf(address(plans)), 15e6);
        eq(plans.held(address(usd)), 15e6);

        uint256 native = offeredPlan(planOf(address(0), false));
        order = orderFor(native);
        (order.token, order.n) = (address(0), 1);
        vm.deal(buyer, 6e6);
        vm.prank(buyer);
        market.buyNative{value: 6e6}(order);
        eq(address(plans).balance, 5e6);
        eq(buyer.balance, 1e6);
        eq(plans.escrowOf(4).price, 5e6);
    }

    function test_buy_refusesOnceTheServiceIsOver() public {
        vm.prank(provider);
        services.endService(serviceId);
        no(market.isForSale(offer));
        IMarket.Order memory order = orderFor(offer);
        vm.expectRevert(abi.encodeWithSelector(IMarket.ServiceOver.selector, serviceId));
        vm.prank(buyer);
        market.buy(order);
    }

    function test_buy_refusesAWithdrawnModelAndOutlivesItsSale() public {
        vm.prank(creator);
        models.transferFrom(creator, stranger, modelId);
        yes(market.isForSale(offer));
        boughtPlan(offer, 1);
        vm.prank(stranger);
        models.setStatus(modelId, 1, IModelRegistry.Status.Withdrawn, "");
        no(market.isForSale(offer));
        IMarket.Order memory order = orderFor(offer);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotForSale.selector, offer));
        vm.prank(buyer);
        market.buy(order);
    }

    function test_renew_isNotForPlans() public {
        uint256 id = boughtPlan(offer, 1);
        vm.expectRevert(abi.encodeWithSelector(ILicences.NotRenewable.selector, id));
        vm.prank(buyer);
        market.renew(id, address(usd), 5e6, NOW);
    }

    function test_price_isNotMovedByWhoServes() public {
        IMarket.NewOffer memory o = planOf(address(usd), false);
        (o.prices[0].cap, o.targetPerDay, o.sensitivity) = (50e6, 1e9, 1e9);
        uint256 moving = offeredPlan(o);
        vm.prank(buyer);
        usd.transfer(provider, 100e6);
        IMarket.Order memory order = orderFor(moving);
        order.holder = provider;
        vm.startPrank(provider);
        usd.approve(address(market), 100e6);
        market.buy(order);
        vm.stopPrank();
        eq(market.priceState(moving, address(usd)).excess, 0);
        boughtPlan(moving, 1);
        eq(market.priceState(moving, address(usd)).excess, 1e18);
    }

    // ---- hold ----

    function test_hold_isTheMarketsForItsOwnPlans() public {
        uint256 id = boughtPlan(offer, 1);
        vm.expectRevert(abi.encodeWithSelector(IPlans.NotTheMarket.selector, stranger));
        vm.prank(stranger);
        plans.hold(id, 1, address(usd), 0);
        vm.expectRevert(abi.encodeWithSelector(IPlans.AlreadyHeld.selector, id));
        vm.prank(address(market));
        plans.hold(id, 1, address(usd), 0);
        vm.expectRevert(abi.encodeWithSelector(IPlans.NotReceived.selector, address(usd), 1));
        vm.prank(address(market));
        plans.hold(id, 1, address(usd), 1);
        uint256 plain = _licence();
        vm.expectRevert(abi.encodeWithSelector(IPlans.NotAPlan.selector, plain));
        vm.prank(address(market));
        plans.hold(plain, 1, address(usd), 0);
        vm.expectRevert(abi.encodeWithSelector(IPlans.NotHeld.selector, plain));
        plans.escrowOf(plain);
        vm.expectRevert(abi.encodeWithSelector(IPlans.NotHeld.selector, plain));
        plans.close(plain);
    }

    function test_hold_refusesATokenThatKeepsAFee() public {
        FeeToken token = new FeeToken();
        token.mint(buyer, 10e6);
        IMarket.Order memory order = orderFor(offeredPlan(planOf(address(token), false)));
        order.token = address(token);
        vm.startPrank(buyer);
        token.approve(address(market), 10e6);
        vm.expectRevert(abi.encodeWithSelector(IPlans.NotReceived.selector, address(token), 5e6));
        market.buy(order);
        vm.stopPrank();
    }

    // ---- release ----

    function test_release_paysTheReceiverForRecordedUses() public {
        uint256 id = boughtPlan(offer, 1);
        record(id, 250);
        eq(plans.due(id), 1_250_000);
        vm.expectEmit(address(plans));
        emit IPlans.Released(id, serviceId, 1_250_000);
        release(id);
        eq(usd.balanceOf(receiver), 1_250_000);
        eq(usd.balanceOf(address(plans)), 3_750_000);
        eq(plans.held(address(usd)), 3_750_000);
        release(id);
        eq(usd.balanceOf(receiver), 1_250_000);
        record(id, CALLS);
        release(id);
        eq(usd.balanceOf(receiver), 5e6);
        eq(usd.balanceOf(address(plans)), 0);
        // And so to provider and creators.
        ISplit(receiver).claim(address(usd), provider);
        eq(usd.balanceOf(provider), 4e6);
        ISplit(receiver).claim(address(usd), models.payTo(modelId));
        eq(usd.balanceOf(models.payTo(modelId)), 1e6);
    }

    function test_release_ofSeveralTokensAndLicencesAtOnce() public {
        uint256 first = boughtPlan(offer, 3);
        IMarket.Order memory order = orderFor(offeredPlan(planOf(address(0), false)));
        order.token = address(0);
        vm.deal(buyer, 5e6);
        vm.startPrank(buyer);
        uint256 native = market.buyNative{value: 5e6}(order);
        licences.setSessionKey(native, session);
        vm.stopPrank();
        uint256[] memory list = new uint256[](5);
        for (uint256 i; i < 3; ++i) {
            list[i] = first + i;
            record(first + i, uint32(100 * (i + 1)));
        }
        record(native, 1);
        (list[3], list[4]) = (native, first);
        plans.release(list);
        eq(usd.balanceOf(receiver), 3_000_000);
        eq(receiver.balance, 5_000);
        eq(plans.held(address(0)), 5e6 - 5_000);
        eq(plans.held(address(usd)), 12e6);
    }

    function test_release_cannotBeEnteredFromAToken() public {
        CallingToken token = new CallingToken();
        token.mint(buyer, 10e6);
        IMarket.Order memory order = orderFor(offeredPlan(planOf(address(token), false)));
        order.token = address(token);
        vm.startPrank(buyer);
        token.approve(address(market), 10e6);
        uint256 id = market.buy(order);
        licences.setSessionKey(id, session);
        vm.stopPrank();
        record(id, 10);
        uint256[] memory list = new uint256[](1);
        list[0] = id;
        token.callBack(address(plans), abi.encodeCall(IPlans.release, (list)));
        plans.release(list);
        yes(token.called());
        no(token.succeeded());
        eq(token.balanceOf(receiver), 50_000);
    }

    // ---- close ----

    function test_close_notBeforeLateUsesCouldBeRecorded() public {
        uint256 id = boughtPlan(offer, 1);
        vm.warp(NOW + 33 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IPlans.NotOver.selector, id, NOW + 33 days));
        plans.close(id);
        // Signed while it lasted, recorded after.
        record(id, 100);
        vm.warp(NOW + 33 days);
        plans.close(id);
        eq(usd.balanceOf(receiver), 500_000);
    }

    function test_close_givesTheRestToTheHolder() public {
        uint256 before = usd.balanceOf(buyer);
        uint256 id = boughtPlan(offer, 1);
        record(id, 400);
        vm.warp(NOW + 33 days);
        vm.expectEmit(address(plans));
        emit IPlans.Closed(id, buyer, 3e6);
        vm.prank(stranger);
        plans.close(id);
        eq(usd.balanceOf(buyer), before - 2e6);
        eq(usd.balanceOf(receiver), 2e6);
        eq(usd.balanceOf(address(plans)), 0);
        eq(plans.held(address(usd)), 0);
        vm.expectRevert(abi.encodeWithSelector(IPlans.AlreadyClosed.selector, id));
        plans.close(id);
        // What is recorded later earns nothing more.
        record(id, 500);
        eq(plans.due(id), 0);
        release(id);
        eq(usd.balanceOf(receiver), 2e6);
    }

    function test_close_givesTheRestToTheServiceWhereTheTermsSaySo() public {
        uint256 id = boughtPlan(offeredPlan(planOf(address(usd), true)), 1);
        record(id, 400);
        vm.warp(NOW + 33 days);
        vm.expectEmit(address(plans));
        emit IPlans.Closed(id, receiver, 3e6);
        plans.close(id);
        eq(usd.balanceOf(receiver), 5e6);
    }

    function test_close_aServiceThatEndsEarlyLeavesTheRestToTheHolder() public {
        uint256 before = usd.balanceOf(buyer);
        uint256 id = boughtPlan(offeredPlan(planOf(address(usd), true)), 1);
        record(id, 400);
        vm.warp(NOW + 10 days);
        vm.prank(provider);
        services.endService(serviceId);
        eq(plans.closesAt(id), NOW + 13 days);
        vm.warp(NOW + 13 days);
        plans.close(id);
        eq(usd.balanceOf(buyer), before - 2e6);
        eq(usd.balanceOf(receiver), 2e6);
    }

    function test_close_ofAServiceThatLastsAsLongAsThePlan() public {
        vm.warp(NOW + 60 days);
        uint256 id = boughtPlan(offeredPlan(planOf(address(usd), true)), 1);
        vm.warp(NOW + 93 days);
        plans.close(id);
        eq(usd.balanceOf(receiver), 5e6);
    }

    // ---- what always holds ----

    function testFuzz_plan_everyUnitGoesToServiceOrHolder(
        uint96 price,
        uint32 calls,
        uint8 n,
        uint32[5] memory totals,
        bool toService
    ) public {
        IMarket.NewOffer memory o = planOf(address(usd), toService);
        calls = uint32(bound(calls, 1, type(uint32).max));
        n = uint8(1 + n % 5);
        price = uint96(bound(price, 0, 2_000e6));
        o.prices[0] = IMarket.Price(address(usd), price, price);
        o.terms.calls = calls;
        uint256 before = usd.balanceOf(buyer);
        uint256 first = boughtPlan(offeredPlan(o), n);
        uint256 earned;
        for (uint256 i; i < n; ++i) {
            uint32 half = totals[i] % calls;
            uint32 total = half + uint32(uint256(keccak256(abi.encode(totals[i]))) % (calls - half));
            record(first + i, half);
            release(first + i);
            record(first + i, total);
            earned += uint256(price) * total / calls;
        }
        vm.warp(NOW + 33 days);
        for (uint256 i; i < n; ++i) {
            plans.close(first + i);
        }
        uint256 all = uint256(price) * n;
        eq(usd.balanceOf(receiver), toService ? all : earned);
        eq(before - usd.balanceOf(buyer), toService ? all : earned);
        eq(usd.balanceOf(address(plans)), 0);
        eq(plans.held(address(usd)), 0);
    }

    function _licence() private returns (uint256) {
        vm.prank(creator);
        uint256 plain = market.createOffer(offerOfModel(modelId));
        vm.startPrank(buyer);
        usd.approve(address(market), 5e6);
        uint256 id = market.buy(orderFor(plain));
        vm.stopPrank();
        return id;
    }

    function _refused(IMarket.NewOffer memory o, bytes memory why) private {
        vm.expectRevert(why);
        vm.prank(provider);
        market.createOffer(o);
    }
}
