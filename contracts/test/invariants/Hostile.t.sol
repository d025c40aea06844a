// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences} from "../../src/interfaces/ILicences.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {vm} from "../../script/Vm.sol";
import {CallingToken} from "../doubles/Tokens.sol";
import {PlanTest} from "../PlanTest.sol";
import {Targets} from "./Targets.sol";

/// @notice A token that calls market, plans and licences back in the middle of each transfer, and
/// licences and plans that are sold for it, in a hall and at prices that move.
contract HostileHandler is PlanTest {
    CallingToken internal token = new CallingToken();
    address internal curator = named("curator");
    uint256 internal hall;
    uint256[2] internal offers;
    uint256[] internal held;
    uint256 public sold;

    constructor() {
        setUp();
        IMarket.NewOffer memory o = offerOfModel(modelId);
        o.prices[0] = IMarket.Price(address(token), 1e6, 9e6);
        (o.targetPerDay, o.sensitivity, o.maxCommissionBps) = (2e9, 3e9, 1_000);
        vm.prank(creator);
        offers[0] = market.createOffer(o);
        offers[1] = offeredPlan(planOf(address(token), true));
        vm.prank(curator);
        hall = halls.create("language", "Language", "", false, 700);
        vm.prank(creator);
        halls.propose(hall, modelId);
        token.mint(buyer, 1_000_000e6);
        token.mint(address(token), 1_000e6);
        vm.prank(buyer);
        token.approve(address(market), type(uint256).max);
        // It has money and an allowance of its own, and buys for itself where it can.
        vm.prank(address(token));
        token.approve(address(market), type(uint256).max);
    }

    function purchase(uint256 i, uint256 n, uint256 what, uint256 licence) external {
        i %= 2;
        _arm(what, licence);
        IMarket.Order memory order = _order(i, 1 + n % 3, buyer);
        vm.prank(buyer);
        uint256 first = market.buy(order);
        sold += order.n;
        for (uint256 j; order.offer == offers[1] && j < order.n; ++j) {
            held.push(first + j);
            vm.prank(buyer);
            licences.setSessionKey(first + j, session);
        }
        require(!(_isGuarded(what) && token.called() && token.succeeded()), "entered again");
    }

    function use(uint256 k, uint32 total, uint256 what) external {
        if (held.length == 0) return;
        uint256 licence = held[k % held.length];
        _arm(3 + what % 3, licence);
        record(licence, total % (CALLS + 1));
        release(licence);
        require(!token.called() || what % 3 == 1 || !token.succeeded(), "entered again");
    }

    function collect(uint256 what, uint256 licence) external {
        _arm(what, licence);
        market.collect(address(token), curator);
        require(!(_isGuarded(what) && token.called() && token.succeeded()), "entered again");
    }

    function closeOne(uint256 k, uint32 wait, uint256 what) external {
        vm.warp(block.timestamp + wait % 12 days);
        if (held.length == 0) return;
        uint256 licence = held[k % held.length];
        if (block.timestamp < plans.closesAt(licence) || plans.escrowOf(licence).closed) return;
        _arm(3 + what % 3, licence);
        plans.close(licence);
    }

    function look() external view {
        uint256 inMarket = token.balanceOf(address(market));
        require(inMarket == market.owed(curator, address(token)), "commissions are not there");
        uint256 inPlans = token.balanceOf(address(plans));
        require(inPlans == plans.held(address(token)), "what is held is not there");
        uint256 open;
        for (uint256 i; i < held.length; ++i) {
            open += plans.escrowOf(held[i]).price - plans.escrowOf(held[i]).released;
        }
        require(inPlans == open, "the escrow is not what is unrecorded");
        require(licences.balanceOf(buyer) == sold, "a licence is missing or was not paid");
        require(licences.balanceOf(address(token)) == 0, "the token bought in between");
        uint256 got = inMarket + inPlans + token.balanceOf(curator) + token.balanceOf(receiver)
            + token.balanceOf(models.payTo(modelId));
        require(token.balanceOf(buyer) + got == 1_000_000e6, "money is missing");
    }

    function _order(uint256 i, uint256 n, address holder)
        private
        view
        returns (IMarket.Order memory order)
    {
        order = orderFor(offers[i]);
        (order.token, order.n, order.holder) = (address(token), n, holder);
        (order.maxPrice, order.deadline) = (type(uint128).max, block.timestamp);
        if (i == 0) order.hall = hall;
        // No service for ever: plans end with it.
        if (i == 1 && !market.isForSale(offers[1])) (order.offer, order.hall) = (offers[0], hall);
    }

    /// @dev What the token will do at its next transfer.
    function _arm(uint256 what, uint256 licence) private {
        uint256[] memory list = new uint256[](1);
        list[0] = held.length == 0 ? licence : held[licence % held.length];
        IMarket.Order memory order = _order(0, 1, address(token));
        ILicences.Sale memory sale =
            ILicences.Sale(address(token), offers[0], 1, address(token), 0, 0, 1);
        what %= 6;
        if (what == 0) token.callBack(address(market), abi.encodeCall(market.buy, (order)));
        if (what == 1) {
            token.callBack(
                address(market), abi.encodeCall(market.collect, (address(token), curator))
            );
        }
        if (what == 2) {
            token.callBack(
                address(market),
                abi.encodeCall(market.renew, (list[0], address(token), 9e6, block.timestamp))
            );
        }
        if (what == 3) token.callBack(address(plans), abi.encodeCall(plans.release, (list)));
        if (what == 4) token.callBack(address(plans), abi.encodeCall(plans.close, (list[0])));
        if (what == 5) token.callBack(address(licences), abi.encodeCall(licences.mint, (sale)));
    }

    /// @dev Through the market's own doors nothing enters while it sells.
    function _isGuarded(uint256 what) private pure returns (bool) {
        return what % 6 < 3 || what % 6 == 5;
    }
}

contract HostileInvariants is Targets {
    function setUp() public {
        handler = address(new HostileHandler());
    }

    function _selectors() internal pure override returns (bytes4[] memory s) {
        s = new bytes4[](4);
        s[0] = HostileHandler.purchase.selector;
        s[1] = HostileHandler.use.selector;
        s[2] = HostileHandler.collect.selector;
        s[3] = HostileHandler.closeOne.selector;
    }

    function invariant_hostile() public view {
        HostileHandler(handler).look();
    }
}
