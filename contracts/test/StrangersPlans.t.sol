// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences} from "../src/interfaces/ILicences.sol";
import {vm} from "../script/Vm.sol";
import {PlanTest} from "./PlanTest.sol";

/// @notice What a stranger can do with a captured count of uses: record it, as anyone may, and
/// nothing else.
contract StrangersPlansTest is PlanTest {
    uint256 internal mine;
    uint256 internal other;
    ILicences.SignedUse internal captured;

    function setUp() public override {
        super.setUp();
        mine = boughtPlan(offeredPlan(planOf(address(usd), false)), 2);
        other = mine + 1;
        captured = signedUse(mine, 10);
    }

    function test_count_ofAnotherLicenceEpochOrTotalCountsNothing() public {
        uint256[3] memory counts = [
            other << 64 | 1 << 32 | 10,
            mine << 64 | 1 << 32 | 11,
            mine << 64 | 1 << 32 | uint256(CALLS)
        ];
        for (uint256 i; i < counts.length; ++i) {
            ILicences.SignedUse memory use = captured;
            use.count = counts[i];
            uint256 licence = i == 0 ? other : mine;
            _refused(use, abi.encodeWithSelector(ILicences.BadUseSignature.selector, licence));
        }
        ILicences.SignedUse memory late = captured;
        late.count = mine << 64 | 2 << 32 | 10;
        _refused(late, abi.encodeWithSelector(ILicences.WrongEpoch.selector, mine, 2));
        // An epoch of more bits than are kept is another one.
        late.count = mine << 64 | uint256(1 << 24 | 1) << 32 | 10;
        _refused(late, abi.encodeWithSelector(ILicences.WrongEpoch.selector, mine, 1 << 24 | 1));
        eq(licences.remaining(mine), CALLS);
        eq(licences.remaining(other), CALLS);
    }

    function test_count_onAForeignChainCountsNothing() public {
        vm.chainId(CHAIN + 1);
        _refused(captured, abi.encodeWithSelector(ILicences.BadUseSignature.selector, mine));
    }

    function test_count_ofAnEpochThatEndedCountsNothing() public {
        vm.prank(buyer);
        licences.setSessionKey(mine, session);
        _refused(captured, abi.encodeWithSelector(ILicences.WrongEpoch.selector, mine, 1));
    }

    function test_count_twiceInABatchCountsOnce() public {
        ILicences.SignedUse[] memory uses = new ILicences.SignedUse[](2);
        (uses[0], uses[1]) = (captured, captured);
        vm.prank(stranger);
        licences.recordUses(uses);
        eq(licences.remaining(mine), CALLS - 10);
    }

    function test_recorded_earnsForTheServiceWhoeverCarriesIt() public {
        ILicences.SignedUse[] memory uses = new ILicences.SignedUse[](1);
        uses[0] = captured;
        vm.prank(stranger);
        licences.recordUses(uses);
        release(mine);
        eq(usd.balanceOf(receiver), 50_000);
        eq(usd.balanceOf(stranger), 0);
    }

    function _refused(ILicences.SignedUse memory use, bytes memory why) private {
        ILicences.SignedUse[] memory uses = new ILicences.SignedUse[](1);
        uses[0] = use;
        vm.expectRevert(why);
        vm.prank(stranger);
        licences.recordUses(uses);
    }
}
