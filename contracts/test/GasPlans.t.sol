// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences} from "../src/interfaces/ILicences.sol";
import {vm} from "../script/Vm.sol";
import {PlanTest} from "./PlanTest.sol";

/// @notice The gas of plans: see GasTest.
contract GasPlansTest is PlanTest {
    uint256 internal constant N = 100;

    function _record(string memory name) private returns (uint256) {
        vm.snapshotGasLastCall("Gas", name);
        return vm.lastCallGas().gasTotalUsed;
    }

    function test_buying_aPlan() public {
        uint256 offer = offeredPlan(planOf(address(usd), false));
        boughtPlan(offer, 1);
        vm.prank(buyer);
        market.buy(orderFor(offer));
        _record("buy a plan, steady");
    }

    /// @notice Each licence has been used before, as with a provider that records now and then.
    function test_uses_of100LicencesAtOnceTakeAtMost12kEach() public {
        uint256 offer = offeredPlan(planOf(address(usd), false));
        uint256[] memory ids = new uint256[](N);
        ILicences.SignedUse[] memory first = new ILicences.SignedUse[](N);
        ILicences.SignedUse[] memory uses = new ILicences.SignedUse[](N);
        for (uint256 i; i < N; ++i) {
            ids[i] = boughtPlan(offer, 1);
            first[i] = signedUse(ids[i], 100);
            uses[i] = signedUse(ids[i], 300);
        }
        vm.prank(provider);
        licences.recordUses(first);
        vm.prank(provider);
        licences.recordUses(uses);
        le(_record("record uses of 100 plans"), N * 12_000);
        vm.prank(provider);
        plans.release(ids);
        _record("release 100 plans, first");
        for (uint256 i; i < N; ++i) {
            uses[i] = signedUse(ids[i], 400);
        }
        licences.recordUses(uses);
        vm.prank(provider);
        plans.release(ids);
        _record("release 100 plans, steady");
    }
}
