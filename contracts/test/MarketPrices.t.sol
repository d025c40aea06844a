// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../src/interfaces/IMarket.sol";
import {PriceCurve} from "../src/PriceCurve.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice Prices that follow demand, and prices that change after notice.
contract MarketPricesTest is StoaTest {
    uint256 internal constant WAD = 1e18;
    uint64 internal constant TARGET = 10e9;
    uint64 internal constant SENSITIVITY = 20e9;
    uint256 internal modelId;
    uint256 internal offer;

    function setUp() public override {
        super.setUp();
        modelId = registered();
        offer = _offer(moving());
        vm.prank(buyer);
        usd.approve(address(market), type(uint256).max);
    }

    function moving() internal view returns (IMarket.NewOffer memory o) {
        o = offerOfModel(modelId);
        o.prices[0] = IMarket.Price(address(usd), 10e6, 100e6);
        (o.targetPerDay, o.sensitivity) = (TARGET, SENSITIVITY);
    }

    // ---- what a curve may be ----

    function test_createOffer_refusesWhatIsNoCurve() public {
        for (uint256 i; i < 9; ++i) {
            IMarket.NewOffer memory o = moving();
            bytes4 why = IMarket.BadCurve.selector;
            if (i == 0) o.targetPerDay = 0;
            if (i == 1) o.sensitivity = 1e6 - 1;
            if (i == 2) o.prices[0].floor = 100e6;
            if (i == 3) (o.prices[0].floor, o.targetPerDay) = (100e6, 0);
            if (i == 4) (o.prices[0].floor, o.sensitivity) = (100e6, 0);
            if (i == 5) (o.sensitivity, o.prices[0].cap) = (type(uint64).max, 1e27);
            if (i == 6) (o.prices[0].cap, why) = (1e6, IMarket.BadPrices.selector);
            if (i == 7) (o.prices[0].floor, why) = (0, PriceCurve.NoCurve.selector);
            if (i == 8) (o.prices[0].floor, o.prices[0].cap) = (0, 0);
            vm.expectRevert(why);
            vm.prank(creator);
            market.createOffer(o);
        }
    }

    function test_createOffer_floorAsCapIsTheFixedPrice() public {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        uint256 fixed_ = _offer(o);
        for (uint256 i; i < 3; ++i) {
            eq(market.quote(fixed_, address(usd), 1), 5e6);
            eq(_buy(fixed_, 2), 10e6);
        }
        IMarket.PriceState memory s = market.priceState(fixed_, address(usd));
        eq(s.price, 5e6);
        eq(s.floor, 5e6);
        eq(s.cap, 5e6);
        eq(s.renewalCap, 5e6);
        eq(s.excess + s.most + s.targetPerDay + s.sensitivity, 0);
    }

    // ---- how sales move it ----

    function test_price_beginsAtTheFloorAndRisesWithEachSale() public {
        eq(market.quote(offer, address(usd), 1), 10e6);
        eq(_buy(offer, 1), 10e6);
        IMarket.PriceState memory s = market.priceState(offer, address(usd));
        eq(s.excess, WAD);
        eq(s.most, PriceCurve.most(10e6, 100e6, 20e18));
        eq(s.targetPerDay, TARGET);
        eq(s.sensitivity, SENSITIVITY);
        eq(s.floor, 10e6);
        eq(s.cap, 100e6);
        eq(s.renewalCap, 100e6);
        // 10 · e^(1/20), rounded up.
        eq(s.price, 10_512_711);
        eq(_buy(offer, 1), 10_512_711);
    }

    function test_price_tellsItsHistory() public {
        IMarket.Order memory order = orderFor(offer);
        order.maxPrice = 10e6;
        address payTo = models.payTo(modelId);
        vm.expectEmit(address(market));
        emit IMarket.Purchased(
            offer, buyer, buyer, 1, 1, address(usd), 10e6, payTo, market.orderDigest(order), WAD
        );
        vm.prank(buyer);
        market.buy(order);
    }

    function test_price_drainsToTheFloorAndNoFurther() public {
        _buy(offer, 32);
        vm.warp(NOW + 1 days);
        IMarket.PriceState memory s = market.priceState(offer, address(usd));
        eq(s.excess, 22e18);
        vm.warp(NOW + 1_000 days);
        s = market.priceState(offer, address(usd));
        eq(s.excess, 0);
        eq(s.price, 10e6);
    }

    function test_price_staysAtTheCap() public {
        vm.deal(buyer, 0);
        vm.prank(vm.addr(vm.deriveKey(MNEMONIC, 2)));
        usd.transfer(buyer, 10_000e6);
        for (uint256 i; i < 3; ++i) {
            _buy(offer, 32);
        }
        IMarket.PriceState memory s = market.priceState(offer, address(usd));
        eq(s.excess, s.most);
        le(s.price, 100e6);
        le(100e6 - 1, s.price);
        uint256 each = _buy(offer, 2);
        le(each, 200e6);
        eq(market.priceState(offer, address(usd)).excess, s.most);
    }

    function test_price_aboveTheMaximumIsRefused() public {
        IMarket.Order memory order = orderFor(offer);
        order.maxPrice = 10e6;
        IMarket.Authorization memory late = authorized(order);
        _buy(offer, 1);
        bytes memory why = abi.encodeWithSelector(IMarket.PriceAboveMax.selector, 10_512_711, 10e6);
        vm.expectRevert(why);
        vm.prank(buyer);
        market.buy(order);
        vm.expectRevert(why);
        market.relayOrder(order, late);
    }

    function test_relayOrder_returnsWhatThePriceLeaves() public {
        _buy(offer, 3);
        IMarket.Order memory order = orderFor(offer);
        order.maxPrice = 20e6;
        IMarket.Authorization memory authorization = authorized(order);
        uint256 price = market.quote(offer, address(usd), 1);
        uint256 before = usd.balanceOf(buyer);
        vm.prank(relay);
        market.relayOrder(order, authorization);
        eq(before - usd.balanceOf(buyer), price);
        eq(usd.balanceOf(address(market)), 0);
        eq(market.priceState(offer, address(usd)).excess, 4e18);
    }

    function test_price_isOneForAllTokens() public {
        IMarket.NewOffer memory o = moving();
        o.prices = new IMarket.Price[](3);
        o.prices[0] = IMarket.Price(address(usd), 10e6, 100e6);
        o.prices[1] = IMarket.Price(address(0), 1 ether, 2 ether);
        o.prices[2] = IMarket.Price(stranger, 7, 7);
        uint256 several = _offer(o);
        IMarket.Order memory order = orderFor(several);
        (order.token, order.n, order.maxPrice) = (address(0), 32, 64 ether);
        vm.deal(buyer, 100 ether);
        vm.prank(buyer);
        market.buyNative{value: 64 ether}(order);
        // The cap in one token holds no excess back that another token still feels.
        eq(market.priceState(several, address(usd)).excess, 32e18);
        eq(market.priceState(several, address(0)).price, 2 ether);
        eq(market.priceState(several, stranger).price, 7);
        (uint256 price,) = PriceCurve.sale(10e6, 100e6, 20e18, 32e18, 1);
        eq(market.quote(several, address(usd), 1), price);
        eq(market.tokenOf(several, 1), address(0));
        vm.expectRevert(IMarket.BadPrices.selector);
        market.tokenOf(several, 3);
    }

    function test_price_isNotMovedBySellerOrPayees() public {
        address payee = named("payee");
        vm.prank(creator);
        models.setPayees(modelId, pair(creator, 600_000, payee), new bytes[](0));
        address[3] memory insiders = [creator, payee, named("nobody")];
        for (uint256 i; i < insiders.length; ++i) {
            vm.prank(buyer);
            usd.transfer(insiders[i], 20e6);
            IMarket.Order memory order = orderFor(offer);
            (order.holder, order.maxPrice) = (insiders[i], 20e6);
            vm.startPrank(insiders[i]);
            usd.approve(address(market), 20e6);
            market.buy(order);
            vm.stopPrank();
            eq(market.priceState(offer, address(usd)).excess, i < 2 ? 0 : WAD);
        }
        // Nor by who buys for one of them.
        for (uint256 i; i < insiders.length; ++i) {
            IMarket.Order memory order = orderFor(offer);
            (order.holder, order.maxPrice) = (insiders[i], 20e6);
            vm.prank(buyer);
            market.buy(order);
            eq(market.priceState(offer, address(usd)).excess, i < 2 ? WAD : 2 * WAD);
        }
    }

    // ---- changes ----

    function test_announce_isTheSellersWhileItOwnsTheModel() public {
        IMarket.Price[] memory prices = moving().prices;
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotSeller.selector, offer, stranger));
        vm.prank(stranger);
        market.announcePrices(offer, prices, TARGET, SENSITIVITY);
        vm.prank(creator);
        models.transferFrom(creator, stranger, modelId);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotSeller.selector, offer, creator));
        vm.prank(creator);
        market.announcePrices(offer, prices, TARGET, SENSITIVITY);
        vm.expectRevert(abi.encodeWithSelector(IMarket.UnknownOffer.selector, 99));
        market.announcePrices(99, prices, TARGET, SENSITIVITY);
    }

    function test_announce_holdsAfterNoticeOnly() public {
        _buy(offer, 5);
        IMarket.Price[] memory prices = _announce(30e6, 60e6, 1e9, 2e9);
        uint40 then_ = uint40(NOW) + market.NOTICE();
        (IMarket.Price[] memory pending, uint64 target, uint64 sensitivity, uint40 from) =
            market.pendingPrices(offer);
        eq(keccak256(abi.encode(pending)), keccak256(abi.encode(prices)));
        eq(target, 1e9);
        eq(sensitivity, 2e9);
        eq(from, then_);
        vm.warp(then_ - 1);
        IMarket.PriceState memory s = market.priceState(offer, address(usd));
        eq(s.floor, 10e6);
        eq(s.cap, 100e6);
        vm.warp(then_);
        s = market.priceState(offer, address(usd));
        eq(s.price, 30e6);
        eq(s.excess, 0);
        eq(s.floor, 30e6);
        eq(s.cap, 60e6);
        eq(s.targetPerDay, 1e9);
        eq(s.renewalCap, 100e6);
        (pending,,, from) = market.pendingPrices(offer);
        eq(pending.length + from, 0);
        IMarket.Offer memory o = market.offerOf(offer);
        eq(o.prices[0].floor, 30e6);
        eq(o.prices[0].cap, 60e6);
        eq(o.sensitivity, 2e9);
        eq(_buy(offer, 1), 30e6);
        eq(market.priceState(offer, address(usd)).excess, WAD);
    }

    function test_announce_againReplacesWhatDoesNotHoldYet() public {
        _announce(30e6, 60e6, 1e9, 2e9);
        vm.warp(NOW + 6 days);
        _announce(9e6, 9e6, 0, 0);
        vm.warp(NOW + 7 days);
        eq(market.quote(offer, address(usd), 1), 10e6);
        vm.warp(NOW + 13 days);
        eq(market.quote(offer, address(usd), 1), 9e6);
        eq(_buy(offer, 3), 27e6);
        eq(market.quote(offer, address(usd), 1), 9e6);
        _announce(10e6, 20e6, 1e9, 1e9);
        eq(market.quote(offer, address(usd), 1), 9e6);
        vm.warp(NOW + 20 days);
        eq(_buy(offer, 1), 10e6);
        // 10 · e
        eq(market.quote(offer, address(usd), 1), 20e6);
        _announce(5e6, 5e6, 0, 0);
        vm.warp(NOW + 27 days);
        eq(market.quote(offer, address(usd), 2), 10e6);
    }

    function test_announce_refusesOtherTokensAndNoCurves() public {
        IMarket.Price[] memory prices = moving().prices;
        prices[0].token = stranger;
        _announceRefused(prices, TARGET, SENSITIVITY, IMarket.BadPrices.selector);
        _announceRefused(new IMarket.Price[](0), TARGET, SENSITIVITY, IMarket.BadPrices.selector);
        _announceRefused(new IMarket.Price[](2), TARGET, SENSITIVITY, IMarket.BadPrices.selector);
        prices = moving().prices;
        _announceRefused(prices, 0, 0, IMarket.BadCurve.selector);
        prices[0].cap = 1;
        _announceRefused(prices, TARGET, SENSITIVITY, IMarket.BadPrices.selector);
    }

    // ---- renewals ----

    function test_renew_neverAboveTheCapOfTheBeginning() public {
        _buy(offer, 1);
        _announce(150e6, 300e6, TARGET, SENSITIVITY);
        vm.warp(NOW + 7 days);
        eq(market.quote(offer, address(usd), 1), 150e6);
        eq(market.quoteRenewal(1, address(usd)), 100e6);
        vm.expectRevert(abi.encodeWithSelector(IMarket.PriceAboveMax.selector, 100e6, 100e6 - 1));
        vm.prank(buyer);
        market.renew(1, address(usd), 100e6 - 1, block.timestamp);
        uint256 before = usd.balanceOf(buyer);
        vm.prank(buyer);
        market.renew(1, address(usd), 100e6, block.timestamp);
        eq(before - usd.balanceOf(buyer), 100e6);
    }

    function test_renew_paysTheDaysPriceAndDoesNotMoveIt() public {
        _buy(offer, 4);
        uint256 price = market.quote(offer, address(usd), 1);
        eq(market.quoteRenewal(1, address(usd)), price);
        uint256 before = usd.balanceOf(buyer);
        vm.prank(buyer);
        market.renew(1, address(usd), 100e6, NOW);
        eq(before - usd.balanceOf(buyer), price);
        eq(market.quote(offer, address(usd), 1), price);
        eq(market.priceState(offer, address(usd)).excess, 4e18);
    }

    function test_renew_ofAFixedPriceThatRose() public {
        uint256 fixed_ = _offer(offerOfModel(modelId));
        _buy(fixed_, 1);
        IMarket.Price[] memory prices = new IMarket.Price[](1);
        prices[0] = IMarket.Price(address(usd), 50e6, 50e6);
        vm.prank(creator);
        market.announcePrices(fixed_, prices, 0, 0);
        vm.warp(NOW + 7 days);
        eq(market.quote(fixed_, address(usd), 1), 50e6);
        eq(market.quoteRenewal(1, address(usd)), 5e6);
    }

    // ---- what always holds ----

    /// @notice The same random sales as PriceCurve alone: same prices, same excess, every step.
    function testFuzz_price_isThatOfTheCurve(
        uint96 floor,
        uint96 cap,
        uint64 target,
        uint64 sensitivity,
        uint8[6] memory ns,
        uint32[6] memory waits
    ) public {
        floor = uint96(bound(floor, 1, 1e6));
        cap = uint96(bound(cap, floor + 1, 2e6));
        target = uint64(bound(target, 1, 1e13));
        sensitivity = uint64(bound(sensitivity, 1e6, 1e15));
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.prices[0] = IMarket.Price(address(usd), floor, cap);
        (o.targetPerDay, o.sensitivity) = (target, sensitivity);
        offer = _offer(o);
        uint256 excess;
        for (uint256 i; i < ns.length; ++i) {
            uint256 wait = waits[i] % 10 days;
            vm.warp(block.timestamp + wait);
            uint256 n = 1 + ns[i] % 32;
            excess = PriceCurve.drained(excess, uint256(target) * 1e9, wait);
            eq(market.priceState(offer, address(usd)).excess, excess);
            uint256 total;
            (total, excess) = PriceCurve.sale(floor, cap, uint256(sensitivity) * 1e9, excess, n);
            eq(market.quote(offer, address(usd), n), total);
            eq(_buy(offer, n), total);
            le(n * floor, total);
            le(total, n * cap);
        }
    }

    function _offer(IMarket.NewOffer memory o) private returns (uint256 id) {
        vm.prank(creator);
        id = market.createOffer(o);
    }

    function _announce(uint96 floor, uint96 cap, uint64 target, uint64 sensitivity)
        private
        returns (IMarket.Price[] memory prices)
    {
        prices = new IMarket.Price[](1);
        prices[0] = IMarket.Price(address(usd), floor, cap);
        vm.expectEmit(address(market));
        emit IMarket.PricesAnnounced(
            offer, prices, target, sensitivity, uint40(block.timestamp) + 7 days
        );
        vm.prank(creator);
        market.announcePrices(offer, prices, target, sensitivity);
    }

    function _announceRefused(
        IMarket.Price[] memory prices,
        uint64 target,
        uint64 sensitivity,
        bytes4 why
    ) private {
        vm.expectRevert(why);
        vm.prank(creator);
        market.announcePrices(offer, prices, target, sensitivity);
    }

    /// @dev Buys by the buyer and says what it paid.
    function _buy(uint256 id, uint256 n) private returns (uint256 paid) {
        IMarket.Order memory order = orderFor(id);
        (order.n, order.maxPrice, order.deadline) = (n, 10_000e6, block.timestamp);
        paid = usd.balanceOf(buyer);
        vm.prank(buyer);
        market.buy(order);
        paid -= usd.balanceOf(buyer);
    }
}
