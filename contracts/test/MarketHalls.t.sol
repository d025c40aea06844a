// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IHalls} from "../src/interfaces/IHalls.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {vm} from "../script/Vm.sol";
import {CallingToken, FeeToken, RefusingToken} from "./doubles/Tokens.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice What a hall earns on the sales that it brings.
contract MarketHallsTest is StoaTest {
    address internal curator = named("curator");
    uint256 internal modelId;
    uint256 internal hall;
    address internal payTo;

    function setUp() public override {
        super.setUp();
        modelId = registered();
        payTo = models.payTo(modelId);
        vm.prank(curator);
        hall = halls.create("finance", "Finance", "", false, 800);
        vm.prank(creator);
        halls.propose(hall, modelId);
        vm.prank(buyer);
        usd.approve(address(market), type(uint256).max);
    }

    function test_commission_comesOutOfThePrice() public {
        IMarket.Order memory order = _order(_offer(1_000, address(usd)));
        uint256 before = usd.balanceOf(buyer);
        bytes32 digest = market.orderDigest(order);
        vm.expectEmit(address(market));
        emit IMarket.CommissionEarned(hall, curator, address(usd), 400_000, digest);
        vm.prank(buyer);
        market.buy(order);
        eq(before - usd.balanceOf(buyer), 5e6);
        eq(usd.balanceOf(payTo), 4_600_000);
        eq(market.owed(curator, address(usd)), 400_000);
        eq(usd.balanceOf(address(market)), 400_000);
        eq(licences.licenceOf(1).pricePaid, 5e6);
    }

    function test_commission_isAtMostTheOffers() public {
        _buy(_offer(300, address(usd)));
        eq(market.owed(curator, address(usd)), 150_000);
        uint256 none = _offer(0, address(usd));
        vm.expectEmit(address(market));
        emit IMarket.CommissionEarned(
            hall, curator, address(usd), 0, market.orderDigest(_order(none))
        );
        _buy(none);
        eq(market.owed(curator, address(usd)), 150_000);
    }

    function test_commission_byEveryDoor() public {
        uint256 offer = _offer(1_000, address(usd));
        IMarket.Order memory order = _order(offer);
        order.relayFee = 10_000;
        IMarket.Authorization memory authorization = authorized(order);
        vm.prank(relay);
        market.relayOrder(order, authorization);
        order.salt = 0;
        bytes memory signature = sign(buyerKey, market.orderDigest(order));
        vm.prank(relay);
        market.relayPermitOrder(order, IMarket.Permit(buyer, 0, 0, new bytes(65)), signature);
        IMarket.Permit memory permit = permitted(6e6);
        order = _order(offer);
        vm.prank(buyer);
        market.buyWithPermit(order, permit);
        eq(market.owed(curator, address(usd)), 1_200_000);
        eq(usd.balanceOf(address(market)), 1_200_000);
        eq(usd.balanceOf(payTo), 3 * 4_600_000);
        eq(usd.balanceOf(relay), 20_000);

        IMarket.Order memory native = _order(_offer(1_000, address(0)));
        (native.token, native.maxPrice) = (address(0), 6e6);
        vm.deal(buyer, 6e6);
        vm.prank(buyer);
        market.buyNative{value: 6e6}(native);
        eq(buyer.balance, 1e6);
        eq(payTo.balance, 4_600_000);
        eq(market.owed(curator, address(0)), 400_000);
        eq(address(market).balance, 400_000);
        market.collect(address(0), curator);
        eq(curator.balance, 400_000);
    }

    function test_collect_sendsToTheCuratorOnce() public {
        _buy(_offer(1_000, address(usd)));
        vm.expectEmit(address(market));
        emit IMarket.Collected(curator, address(usd), 400_000);
        vm.prank(stranger);
        eq(market.collect(address(usd), curator), 400_000);
        eq(usd.balanceOf(curator), 400_000);
        eq(market.collect(address(usd), curator), 0);
        eq(market.collect(address(usd), stranger), 0);
        eq(usd.balanceOf(address(market)), 0);
    }

    function test_commission_earnedStaysWithTheCuratorOfThatDay() public {
        uint256 offer = _offer(1_000, address(usd));
        vm.prank(buyer);
        market.buy(_order(offer));
        vm.prank(curator);
        halls.setCurator(hall, stranger);
        vm.prank(buyer);
        market.buy(_order(offer));
        eq(market.owed(curator, address(usd)), 400_000);
        eq(market.owed(stranger, address(usd)), 400_000);
    }

    function test_hall_thatDoesNotListTheModelBringsNothing() public {
        IMarket.Order memory order = _order(_offer(1_000, address(usd)));
        vm.prank(curator);
        halls.decide(hall, modelId, false, "Not finance.");
        vm.expectRevert(abi.encodeWithSelector(IHalls.NotListed.selector, hall, modelId));
        vm.prank(buyer);
        market.buy(order);
        order.hall = 99;
        vm.expectRevert(abi.encodeWithSelector(IHalls.UnknownHall.selector, 99));
        vm.prank(buyer);
        market.buy(order);
        // It is sold everywhere else as before.
        order.hall = 0;
        vm.prank(buyer);
        market.buy(order);
        eq(usd.balanceOf(payTo), 5e6);
    }

    /// @notice A buyer's own hall, which the creator never entered, takes nothing back.
    function test_hall_ofTheBuyerIsNoRebate() public {
        uint256 offer = _offer(1_000, address(usd));
        vm.startPrank(buyer);
        IMarket.Order memory order = _order(offer);
        order.hall = halls.create("my-own", "Mine", "", false, 1_000);
        vm.expectRevert(abi.encodeWithSelector(IHalls.NotListed.selector, order.hall, modelId));
        market.buy(order);
        vm.stopPrank();
    }

    function test_renewal_paysNoCommission() public {
        _buy(_offer(1_000, address(usd)));
        vm.prank(buyer);
        market.renew(1, address(usd), 5e6, NOW);
        eq(market.owed(curator, address(usd)), 400_000);
        eq(usd.balanceOf(payTo), 4_600_000 + 5e6);
    }

    // ---- hostile tokens ----

    function test_commission_isNeverMoreThanArrived() public {
        FeeToken token = new FeeToken();
        token.mint(buyer, 10e6);
        IMarket.Order memory order = _order(_offer(1_000, address(token)));
        order.token = address(token);
        vm.startPrank(buyer);
        token.approve(address(market), 10e6);
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.UnexpectedTransfer.selector, 400_000, 396_000)
        );
        market.buy(order);
        vm.stopPrank();
    }

    function test_collect_cannotBeEnteredFromAToken() public {
        CallingToken token = new CallingToken();
        token.mint(buyer, 20e6);
        IMarket.Order memory order = _order(_offer(1_000, address(token)));
        order.token = address(token);
        vm.startPrank(buyer);
        token.approve(address(market), 20e6);
        market.buy(order);
        token.callBack(address(market), abi.encodeCall(IMarket.collect, (address(token), curator)));
        market.buy(order);
        vm.stopPrank();
        yes(token.called());
        no(token.succeeded());
        eq(market.owed(curator, address(token)), 800_000);
        market.collect(address(token), curator);
        no(token.succeeded());
        eq(token.balanceOf(curator), 800_000);
    }

    function test_collect_aRefusedCuratorBlocksOnlyItself() public {
        RefusingToken token = new RefusingToken();
        token.mint(buyer, 20e6);
        IMarket.Order memory order = _order(_offer(1_000, address(token)));
        order.token = address(token);
        vm.startPrank(buyer);
        token.approve(address(market), 20e6);
        market.buy(order);
        token.refuse(curator);
        market.buy(order);
        vm.stopPrank();
        vm.expectRevert(RefusingToken.Refused.selector);
        market.collect(address(token), curator);
        eq(market.owed(curator, address(token)), 800_000);
        eq(token.balanceOf(payTo), 9_200_000);
    }

    function testFuzz_commission_conservesMoney(
        uint96 price,
        uint16 most,
        uint16 bps,
        uint8 n,
        bool relayed
    ) public {
        price = uint96(bound(price, 0, 300e6));
        (most, bps) = (uint16(most % 1_001), uint16(bps % 1_001));
        vm.prank(curator);
        uint256 other = halls.create("other", "Other", "", false, bps);
        vm.prank(creator);
        halls.propose(other, modelId);
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.prices[0] = IMarket.Price(address(usd), price, price);
        o.maxCommissionBps = most;
        vm.prank(creator);
        IMarket.Order memory order = _order(market.createOffer(o));
        order.hall = other;
        order.n = 1 + n % 32;
        uint256 all = uint256(price) * order.n;
        order.maxPrice = all;
        uint256 before = usd.balanceOf(buyer);
        if (all > before) return;
        IMarket.Authorization memory authorization = authorized(order);
        if (relayed) {
            market.relayOrder(order, authorization);
        } else {
            vm.prank(buyer);
            market.buy(order);
        }
        uint256 earned = market.owed(curator, address(usd));
        eq(earned, all * (bps < most ? bps : most) / 10_000);
        eq(usd.balanceOf(address(market)), earned);
        eq(usd.balanceOf(payTo), all - earned);
        eq(before - usd.balanceOf(buyer), all);
    }

    function _offer(uint16 maxCommissionBps, address token) private returns (uint256) {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        (o.maxCommissionBps, o.prices[0].token) = (maxCommissionBps, token);
        vm.prank(creator);
        return market.createOffer(o);
    }

    function _buy(uint256 offer) private {
        IMarket.Order memory order = _order(offer);
        vm.prank(buyer);
        market.buy(order);
    }

    function _order(uint256 offer) private view returns (IMarket.Order memory order) {
        order = orderFor(offer);
        order.hall = hall;
    }
}
