// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences} from "../src/interfaces/ILicences.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IServices} from "../src/interfaces/IServices.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice A service, its plans, and the words that tests of plans are written in.
abstract contract PlanTest is StoaTest {
    uint32 internal constant CALLS = 1_000;
    uint256 internal modelId;
    uint256 internal serviceId;
    address internal receiver;

    function setUp() public virtual override {
        super.setUp();
        modelId = registered();
        IServices.NewService memory s;
        (s.model, s.version, s.endpoint) = (modelId, 1, "https://node.example/m/tiny/v1");
        s.pricing = new IServices.Pricing[](1);
        s.pricing[0] = IServices.Pricing(address(usd), 100, 1_000, 2_000);
        (s.receiverAuthorizer, s.duration) = (authorizer, 90 days);
        vm.prank(provider);
        (serviceId, receiver) = services.offerService(s);
    }

    function planOf(address token, bool restToService)
        internal
        view
        returns (IMarket.NewOffer memory o)
    {
        o = offerOfModel(modelId);
        o.prices[0].token = token;
        (o.terms.service, o.terms.calls, o.terms.rights) = (serviceId, CALLS, 0);
        o.terms.restToService = restToService;
    }

    function offeredPlan(IMarket.NewOffer memory o) internal returns (uint256 offer) {
        vm.prank(provider);
        offer = market.createOffer(o);
    }

    function boughtPlan(uint256 offer, uint256 n) internal returns (uint256 first) {
        IMarket.Order memory order = orderFor(offer);
        (order.n, order.maxPrice, order.deadline) = (n, 10_000e6, block.timestamp);
        vm.startPrank(buyer);
        usd.approve(address(market), type(uint256).max);
        first = market.buy(order);
        for (uint256 i; i < n; ++i) {
            licences.setSessionKey(first + i, session);
        }
        vm.stopPrank();
    }

    function signedUse(uint256 licence, uint32 total)
        internal
        view
        returns (ILicences.SignedUse memory)
    {
        uint32 epoch = licences.licenceOf(licence).epoch;
        bytes32 digest = licences.useCountDigest(ILicences.UseCount(licence, epoch, total));
        (bytes32 r, bytes32 vs) = short(sessionKey, digest);
        return ILicences.SignedUse(licence << 64 | uint256(epoch) << 32 | total, r, vs);
    }

    function record(uint256 licence, uint32 total) internal {
        ILicences.SignedUse[] memory uses = new ILicences.SignedUse[](1);
        uses[0] = signedUse(licence, total);
        vm.prank(relay);
        licences.recordUses(uses);
    }

    function release(uint256 licence) internal {
        uint256[] memory list = new uint256[](1);
        list[0] = licence;
        vm.prank(relay);
        plans.release(list);
    }
}
