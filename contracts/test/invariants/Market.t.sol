// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ILicences} from "../../src/interfaces/ILicences.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {vm} from "../../script/Vm.sol";
import {StoaTest} from "../StoaTest.sol";
import {Targets} from "./Targets.sol";

/// @notice Three offers, one of a price that moves and changes, bought through every door, renewed,
/// and tried by a stranger.
contract MarketHandler is StoaTest {
    uint256 internal constant OFFERS = 3;
    uint256 internal constant MOVING = 2;
    uint96 internal constant FIRST_CAP = 5e6;
    uint256[OFFERS] internal offers;
    address[OFFERS] internal payTos;
    bytes32[OFFERS] public termsThen;
    uint256 public sales;
    uint256 public licencesSold;
    uint256 public earned;
    uint256 internal hall;
    address internal curator = named("curator");
    uint256 internal salt;

    constructor() {
        setUp();
        string[3] memory names = ["one", "two", "three"];
        for (uint256 i; i < OFFERS; ++i) {
            IMarket.NewOffer memory o;
            vm.prank(creator);
            uint256 id = models.register(model(names[i]));
            o = offerOfModel(id);
            o.maxCommissionBps = 600;
            o.prices[0] = IMarket.Price(address(usd), uint96(1e6 * (i + 1)), uint96(1e6 * (i + 1)));
            o.terms.period = i == 0 ? 0 : 30 days;
            if (i == MOVING) {
                (o.prices[0].floor, o.prices[0].cap) = (1e6, FIRST_CAP);
                (o.targetPerDay, o.sensitivity) = (3e9, 4e9);
            }
            vm.prank(creator);
            offers[i] = market.createOffer(o);
            payTos[i] = models.payTo(id);
            termsThen[i] = keccak256(abi.encode(licences.termsOf(offers[i])));
        }
        vm.prank(curator);
        hall = halls.create("language", "Language", "", false, 900);
        for (uint256 i = 1; i < OFFERS; ++i) {
            vm.prank(creator);
            halls.propose(hall, i + 1);
        }
        vm.prank(buyer);
        usd.approve(address(market), type(uint256).max);
    }

    function stoa() external view returns (address, address, address) {
        return (address(market), address(licences), address(usd));
    }

    function offerAt(uint256 i) external view returns (uint256, address) {
        return (offers[i], payTos[i]);
    }

    function relayAndBuyer() external view returns (address, address) {
        return (relay, buyer);
    }

    function atHalls() external view returns (uint256 waiting, uint256 collected) {
        return (market.owed(curator, address(usd)), usd.balanceOf(curator));
    }

    function purchase(uint256 i, uint8 n, uint32 fee, uint32 extra, uint8 door) external {
        i %= OFFERS;
        IMarket.Order memory order = orderFor(offers[i]);
        order.n = bound(n, 1, 3);
        order.deadline = block.timestamp;
        order.salt = bytes32(++salt);
        uint256 price = _price(i, order.n);
        if (usd.balanceOf(buyer) < price + 2e6) return;
        order.relayFee = door % 3 == 0 ? 0 : fee % 1e6;
        order.maxPrice = price + order.relayFee + extra % 1e6;
        if (i != 0 && extra % 2 == 0) {
            order.hall = hall;
            earned += price * 600 / 10_000;
        }
        uint256 before = usd.balanceOf(buyer);
        if (door % 3 == 0) {
            vm.prank(buyer);
            market.buy(order);
        } else if (door % 3 == 1) {
            bytes32 content = keccak256(
                abi.encode(
                    RECEIVE_TYPEHASH,
                    buyer,
                    address(market),
                    order.maxPrice,
                    0,
                    type(uint256).max,
                    market.orderDigest(order)
                )
            );
            bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
            vm.prank(relay);
            market.relayOrder(order, IMarket.Authorization(buyer, 0, type(uint256).max, signature));
        } else {
            bytes memory signature = sign(buyerKey, market.orderDigest(order));
            vm.prank(relay);
            market.relayPermitOrder(order, IMarket.Permit(buyer, 0, 0, new bytes(65)), signature);
        }
        require(before - usd.balanceOf(buyer) <= order.maxPrice, "more than the maximum left");
        require(before - usd.balanceOf(buyer) == price + order.relayFee, "not the price quoted");
        sales += price;
        licencesSold += order.n;
    }

    function renew(uint256 licence, uint32 wait) external {
        if (licencesSold == 0) return;
        vm.warp(block.timestamp + wait % 40 days);
        licence = 1 + licence % licencesSold;
        uint40 until = licences.expires(licence);
        if (until == 0) return;
        uint256 price = market.quoteRenewal(licence, address(usd));
        uint256 i = licences.offerOf(licence) == offers[MOVING] ? MOVING : 1;
        require(price <= (i == MOVING ? FIRST_CAP : 2e6), "a renewal above the first cap");
        if (usd.balanceOf(buyer) < price) return;
        vm.prank(buyer);
        market.renew(licence, address(usd), price, block.timestamp);
        require(licences.expires(licence) >= until + 30 days, "a renewal added too little");
        sales += price;
    }

    /// @dev The buyer's whole allowance lies open, yet only the buyer's word spends it.
    function stealAllowance(uint256 i, uint256 maxPrice) external {
        IMarket.Order memory order = orderFor(offers[i % OFFERS]);
        (order.holder, order.maxPrice) = (stranger, maxPrice);
        order.deadline = block.timestamp;
        vm.startPrank(stranger);
        try market.buy(order) {
            revert("bought without money");
        } catch {}
        try market.relayPermitOrder(
            order, IMarket.Permit(buyer, 0, 0, new bytes(65)), new bytes(65)
        ) {
            revert("bought with another's allowance");
        } catch {}
        vm.stopPrank();
    }

    function announce(uint96 floor, uint96 cap, uint32 wait) external {
        IMarket.Price[] memory prices = new IMarket.Price[](1);
        floor = uint96(bound(floor, 1, 9e6));
        prices[0] = IMarket.Price(address(usd), floor, uint96(bound(cap, floor, 10e6)));
        bool moves = prices[0].cap != floor;
        uint256 before = market.quote(offers[MOVING], address(usd), 1);
        vm.prank(creator);
        market.announcePrices(offers[MOVING], prices, moves ? 3e9 : 0, moves ? 4e9 : 0);
        require(market.quote(offers[MOVING], address(usd), 1) == before, "changed without notice");
        vm.warp(block.timestamp + wait % 10 days);
    }

    function collect() external {
        vm.prank(stranger);
        market.collect(address(usd), curator);
    }

    /// @dev What the market asks, which must be within what it promises.
    function _price(uint256 i, uint256 n) private view returns (uint256 price) {
        IMarket.PriceState memory s = market.priceState(offers[i], address(usd));
        price = market.quote(offers[i], address(usd), n);
        require(price >= n * s.floor && price <= n * s.cap, "outside floor and cap");
        require(s.excess <= s.most, "more excess than is kept");
    }

    function toggle(bool active) external {
        vm.prank(creator);
        market.setActive(offers[0], active);
        vm.prank(creator);
        market.setActive(offers[0], true);
    }
}

contract MarketInvariants is Targets {
    IMarket internal market;
    ILicences internal licences;
    IERC20 internal usd;

    function setUp() public {
        MarketHandler h = new MarketHandler();
        (address m, address l, address t) = h.stoa();
        handler = address(h);
        (market, licences, usd) = (IMarket(m), ILicences(l), IERC20(t));
    }

    function _selectors() internal pure override returns (bytes4[] memory s) {
        s = new bytes4[](6);
        s[0] = MarketHandler.purchase.selector;
        s[1] = MarketHandler.renew.selector;
        s[2] = MarketHandler.stealAllowance.selector;
        s[3] = MarketHandler.toggle.selector;
        s[4] = MarketHandler.announce.selector;
        s[5] = MarketHandler.collect.selector;
    }

    function invariant_market() public view {
        _moneyIsWithThePayees();
        _termsNeverChange();
        _everyPaidLicenceStands();
    }

    /// @dev Between two transactions the market holds what halls have earned and nothing else: all of
    /// the rest is with the payees.
    function _moneyIsWithThePayees() private view {
        MarketHandler h = MarketHandler(handler);
        (uint256 waiting, uint256 got) = h.atHalls();
        require(usd.balanceOf(address(market)) == waiting, "the market holds other money");
        require(waiting + got == h.earned(), "the hall did not get its commission");
        got += waiting;
        for (uint256 i; i < 3; ++i) {
            (, address payTo) = h.offerAt(i);
            got += usd.balanceOf(payTo);
        }
        require(got == h.sales(), "payees did not get the price");
        (address relay, address buyer) = h.relayAndBuyer();
        require(
            usd.balanceOf(buyer) + usd.balanceOf(relay) + got == 10_000e6, "somebody else has it"
        );
    }

    function _termsNeverChange() private view {
        MarketHandler h = MarketHandler(handler);
        for (uint256 i; i < 3; ++i) {
            (uint256 offer,) = h.offerAt(i);
            require(
                keccak256(abi.encode(licences.termsOf(offer))) == h.termsThen(i), "terms changed"
            );
        }
    }

    function _everyPaidLicenceStands() private view {
        MarketHandler h = MarketHandler(handler);
        (, address buyer) = h.relayAndBuyer();
        require(licences.balanceOf(buyer) == h.licencesSold(), "a licence is missing");
        require(licences.licenceCount() == h.licencesSold(), "a licence was not paid");
        for (uint256 i = 1; i <= h.licencesSold(); ++i) {
            ILicences.Licence memory l = licences.licenceOf(i);
            bool valid = l.expires == 0 || block.timestamp < l.expires;
            require(licences.isValid(i) == valid, "validity is not its term");
        }
    }
}
