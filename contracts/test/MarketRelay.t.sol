// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences} from "../src/interfaces/ILicences.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {Market} from "../src/Market.sol";
import {vm} from "../script/Vm.sol";
import {CallingToken, FeeToken} from "./doubles/Tokens.sol";
import {Wallet} from "./doubles/Wallet.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice Orders that others carry, and what a stranger can do with what was signed: nothing.
contract MarketRelayTest is StoaTest {
    uint256 internal offer;
    uint256 internal modelId;
    address internal payTo;

    function setUp() public override {
        super.setUp();
        offer = offered();
        modelId = 1;
        payTo = models.payTo(modelId);
    }

    // ---- relayed ----

    function test_relayOrder_buyerNeedsNoCoinAndGetsTheRestBack() public {
        IMarket.Order memory order = orderFor(offer);
        order.relayFee = 10_000;
        IMarket.Authorization memory authorization = authorized(order);
        uint256 before = usd.balanceOf(buyer);
        vm.expectEmit(address(market));
        emit IMarket.RelayPaid(relay, address(usd), 10_000, market.orderDigest(order));
        vm.prank(relay);
        market.relayOrder(order, authorization);
        eq(usd.balanceOf(buyer), before - 5e6 - 10_000);
        eq(usd.balanceOf(payTo), 5e6);
        eq(usd.balanceOf(relay), 10_000);
        eq(usd.balanceOf(address(market)), 0);
        eq(licences.balanceOf(buyer), 1);
    }

    function test_relayOrder_worksOnce() public {
        IMarket.Order memory order = orderFor(offer);
        IMarket.Authorization memory authorization = authorized(order);
        market.relayOrder(order, authorization);
        vm.expectRevert();
        market.relayOrder(order, authorization);
    }

    function test_relayOrder_maxPriceBoundsPriceAndFee() public {
        IMarket.Order memory order = orderFor(offer);
        order.relayFee = 1e6 + 1;
        IMarket.Authorization memory authorization = authorized(order);
        vm.expectRevert(abi.encodeWithSelector(IMarket.PriceAboveMax.selector, 6e6 + 1, 6e6));
        market.relayOrder(order, authorization);
    }

    function test_relayOrder_ofAContractAccount() public {
        Wallet wallet = new Wallet(buyer);
        vm.prank(buyer);
        usd.transfer(address(wallet), 6e6);
        IMarket.Order memory order = orderFor(offer);
        order.holder = address(wallet);
        bytes32 content = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH,
                address(wallet),
                address(market),
                order.maxPrice,
                0,
                NOW + 1,
                market.orderDigest(order)
            )
        );
        bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
        market.relayOrder(order, IMarket.Authorization(address(wallet), 0, NOW + 1, signature));
        eq(licences.balanceOf(address(wallet)), 1);
        eq(usd.balanceOf(address(wallet)), 1e6);
    }

    function test_relayPermitOrder_takesPriceAndFeeOnly() public {
        IMarket.Order memory order = orderFor(offer);
        order.relayFee = 10_000;
        IMarket.Permit memory permit = permitted(6e6);
        bytes memory signature = sign(buyerKey, market.orderDigest(order));
        uint256 before = usd.balanceOf(buyer);
        vm.prank(relay);
        market.relayPermitOrder(order, permit, signature);
        eq(usd.balanceOf(buyer), before - 5e6 - 10_000);
        eq(usd.balanceOf(relay), 10_000);
        eq(usd.balanceOf(payTo), 5e6);
        yes(market.orderUsed(buyer, market.orderDigest(order)));
        vm.expectRevert(
            abi.encodeWithSelector(IMarket.OrderUsed.selector, market.orderDigest(order))
        );
        market.relayPermitOrder(order, permit, signature);
    }

    // ---- a stranger who captured a signature ----

    function test_stranger_cannotUseAnAuthorizationForAnotherOrder() public {
        uint256 foreign = _foreignOffer();
        IMarket.Authorization memory authorization = authorized(orderFor(offer));
        for (uint256 i; i < 7; ++i) {
            IMarket.Order memory order = orderFor(offer);
            if (i == 0) order.offer = foreign;
            if (i == 1) order.holder = stranger;
            if (i == 2) order.relayFee = 1e6;
            if (i == 3) order.deadline += 1;
            if (i == 4) order.salt = 0;
            if (i == 5) (order.n, order.maxPrice) = (2, 12e6);
            if (i == 6) order.maxPrice = 5e6;
            vm.expectRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
            vm.prank(stranger);
            market.relayOrder(order, authorization);
        }
    }

    function test_stranger_cannotTakeAnAuthorizationOutOfTheMarket() public {
        IMarket.Order memory order = orderFor(offer);
        IMarket.Authorization memory a = authorized(order);
        bytes32 nonce = market.orderDigest(order);
        vm.expectRevert();
        vm.prank(stranger);
        usd.receiveWithAuthorization(
            buyer, address(market), 6e6, 0, a.validBefore, nonce, a.signature
        );
        vm.expectRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        vm.prank(stranger);
        usd.transferWithAuthorization(
            buyer, address(market), 6e6, 0, a.validBefore, nonce, a.signature
        );
    }

    function test_stranger_cannotUseAPermitOrAnAllowance() public {
        uint256 foreign = _foreignOffer();
        IMarket.Permit memory permit = permitted(6e6);
        bytes memory captured = sign(buyerKey, market.orderDigest(orderFor(offer)));
        IMarket.Order memory order = orderFor(foreign);
        vm.startPrank(stranger);
        vm.expectRevert(IMarket.BadPermitSignature.selector);
        market.buyWithPermit(order, permit);
        vm.expectRevert(IMarket.BadOrderSignature.selector);
        market.relayPermitOrder(order, permit, captured);
        vm.expectRevert(IMarket.BadOrderSignature.selector);
        market.relayPermitOrder(order, permit, permit.signature);
        usd.permit(buyer, address(market), 6e6, permit.deadline, permit.signature);
        vm.expectRevert();
        market.buy(order);
        vm.stopPrank();
        eq(usd.allowance(buyer, address(market)), 6e6);
    }

    function test_stranger_cannotCarryAnOrderToAnotherMarketOrChain() public {
        Market other = new Market(models, licences, halls, services, plans);
        vm.prank(creator);
        models.setMarket(modelId, address(other));
        IMarket.NewOffer memory o = offerOfModel(modelId);
        vm.prank(creator);
        uint256 there = other.createOffer(o);
        IMarket.Order memory order = orderFor(there);
        IMarket.Authorization memory authorization = authorized(order);
        vm.expectRevert(bytes4(keccak256("ERC3009InvalidSignature()")));
        vm.prank(stranger);
        other.relayOrder(order, authorization);
        bytes32 here = market.orderDigest(order);
        vm.chainId(CHAIN + 1);
        yes(market.orderDigest(order) != here);
    }

    // ---- hostile tokens ----

    function test_relayOrder_refusesATokenThatKeepsAFee() public {
        FeeToken token = new FeeToken();
        token.mint(buyer, 6e6);
        uint256 priced = _offerIn(address(token));
        IMarket.Order memory order = orderFor(priced);
        order.token = address(token);
        IMarket.Authorization memory a = IMarket.Authorization(buyer, 0, NOW + 1, "");
        vm.expectRevert(abi.encodeWithSelector(IMarket.UnexpectedTransfer.selector, 6e6, 5.94e6));
        market.relayOrder(order, a);
    }

    function test_relayOrder_cannotBeEnteredAgainFromTheToken() public {
        CallingToken token = new CallingToken();
        token.mint(buyer, 12e6);
        uint256 priced = _offerIn(address(token));
        IMarket.Order memory order = orderFor(priced);
        order.token = address(token);
        IMarket.Authorization memory a = IMarket.Authorization(buyer, 0, NOW + 1, "");
        token.callBack(address(market), abi.encodeCall(IMarket.relayOrder, (order, a)));
        market.relayOrder(order, a);
        yes(token.called());
        no(token.succeeded());
        eq(licences.balanceOf(buyer), 1);
    }

    function testFuzz_relayOrder_conservesMoney(uint96 price, uint256 fee, uint256 extra, uint8 n)
        public
    {
        n = uint8(bound(n, 1, 4));
        price = uint96(bound(price, 0, 2_000e6));
        fee = bound(fee, 0, 500e6);
        extra = bound(extra, 0, 500e6);
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.prices[0] = IMarket.Price(address(usd), price, price);
        vm.prank(creator);
        IMarket.Order memory order = orderFor(market.createOffer(o));
        (order.n, order.relayFee) = (n, fee);
        order.maxPrice = uint256(price) * n + fee + extra;
        IMarket.Authorization memory authorization = authorized(order);
        uint256 before = usd.balanceOf(buyer);
        vm.prank(relay);
        market.relayOrder(order, authorization);
        eq(usd.balanceOf(buyer), before - uint256(price) * n - fee);
        eq(usd.balanceOf(payTo), uint256(price) * n);
        eq(usd.balanceOf(relay), fee);
        eq(usd.balanceOf(address(market)), 0);
        eq(licences.balanceOf(buyer), n);
    }

    function _offerIn(address token) private returns (uint256) {
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.prices[0].token = token;
        vm.prank(creator);
        return market.createOffer(o);
    }

    /// @dev An offer whose money goes to the stranger.
    function _foreignOffer() private returns (uint256) {
        vm.prank(stranger);
        uint256 id = models.register(model("trap"));
        IMarket.NewOffer memory o = offerOfModel(id);
        vm.prank(stranger);
        return market.createOffer(o);
    }
}
