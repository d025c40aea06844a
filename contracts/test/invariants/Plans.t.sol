// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IPlans} from "../../src/interfaces/IPlans.sol";
import {vm} from "../../script/Vm.sol";
import {PlanTest} from "../PlanTest.sol";
import {Targets} from "./Targets.sol";

/// @notice Plans bought, used, recorded late and twice, released and closed, with keys that change,
/// a service that may end, and a stranger who tries.
contract PlansHandler is PlanTest {
    uint256[2] internal offers;
    uint256 public sold;
    uint256 public paid;
    mapping(uint256 licence => uint256) public used;
    mapping(uint256 licence => uint32) internal signed;

    constructor() {
        setUp();
        offers[0] = offeredPlan(planOf(address(usd), false));
        IMarket.NewOffer memory o = planOf(address(usd), true);
        (o.prices[0].cap, o.targetPerDay, o.sensitivity) = (9e6, 2e9, 3e9);
        o.terms.calls = 7;
        offers[1] = offeredPlan(o);
    }

    function purchase(uint256 i, uint256 n) external {
        uint256 offer = offers[i % 2];
        n = bound(n, 1, 4);
        if (!market.isForSale(offer)) return;
        uint256 price = market.quote(offer, address(usd), n);
        if (usd.balanceOf(buyer) < price) return;
        boughtPlan(offer, n);
        sold += n;
        paid += price;
    }

    function use(uint256 licence, uint32 uses) external {
        if (sold == 0) return;
        licence = 1 + licence % sold;
        uint32 left = licences.remaining(licence);
        uses = uses % (left + 1);
        bool closed = plans.escrowOf(licence).closed;
        record(licence, signed[licence] + uses);
        signed[licence] += uses;
        require(licences.remaining(licence) == left - uses, "not what was signed");
        if (!closed) used[licence] += uses;
    }

    /// @dev A new epoch begins at nothing.
    function rotate(uint256 licence) external {
        if (sold == 0) return;
        licence = 1 + licence % sold;
        uint32 left = licences.remaining(licence);
        vm.prank(buyer);
        licences.setSessionKey(licence, session);
        signed[licence] = 0;
        require(licences.remaining(licence) == left, "a new key changed what is left");
    }

    function releaseSome(uint256 licence) external {
        if (sold == 0) return;
        release(1 + licence % sold);
    }

    function closeOne(uint256 licence, uint32 wait) external {
        vm.warp(block.timestamp + wait % 9 days);
        if (sold == 0) return;
        licence = 1 + licence % sold;
        bool over = block.timestamp >= plans.closesAt(licence);
        bool closed = plans.escrowOf(licence).closed;
        vm.prank(stranger);
        try plans.close(licence) {
            require(over && !closed, "closed before its time");
        } catch {
            require(!over || closed, "could not be closed");
        }
    }

    function endService(uint8 chance) external {
        if (chance > 3 || !services.isLive(serviceId)) return;
        vm.prank(provider);
        services.endService(serviceId);
    }

    /// @dev Money that lies there is nobody's to take.
    function steal(uint256 licence, uint256 price) external {
        usd.balanceOf(stranger);
        vm.prank(stranger);
        try plans.hold(1 + licence % (sold + 1), 1, address(usd), price) {
            revert("held by a stranger");
        } catch {}
    }

    function look()
        external
        view
        returns (uint256 escrow, uint256 open, uint256 spent, uint256 received)
    {
        escrow = usd.balanceOf(address(plans));
        require(escrow == plans.held(address(usd)), "what is held is not there");
        for (uint256 licence = 1; licence <= sold; ++licence) {
            IPlans.Escrow memory e = plans.escrowOf(licence);
            require(licences.remaining(licence) <= e.calls, "more left than was sold");
            uint256 earned = uint256(e.price) * used[licence] / e.calls;
            if (e.closed) {
                require(e.released == e.price && plans.due(licence) == 0, "open though closed");
            } else {
                require(e.released + plans.due(licence) == earned, "not what the uses earned");
                open += e.price - e.released;
            }
        }
        spent = paid;
        received = usd.balanceOf(receiver) + usd.balanceOf(buyer);
    }
}

contract PlansInvariants is Targets {
    function setUp() public {
        handler = address(new PlansHandler());
    }

    function _selectors() internal pure override returns (bytes4[] memory s) {
        s = new bytes4[](7);
        s[0] = PlansHandler.purchase.selector;
        s[1] = PlansHandler.use.selector;
        s[2] = PlansHandler.rotate.selector;
        s[3] = PlansHandler.releaseSome.selector;
        s[4] = PlansHandler.closeOne.selector;
        s[5] = PlansHandler.endService.selector;
        s[6] = PlansHandler.steal.selector;
    }

    /// @dev The escrow is the price of unrecorded uses, to the unit, and all money is somewhere.
    function invariant_plans() public view {
        (uint256 escrow, uint256 open,, uint256 received) = PlansHandler(handler).look();
        require(escrow == open, "the escrow is not what is unrecorded");
        require(escrow + received == 10_000e6, "somebody else has it");
    }
}
