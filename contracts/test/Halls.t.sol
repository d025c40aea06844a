// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IHalls} from "../src/interfaces/IHalls.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

contract HallsTest is StoaTest {
    address internal curator = named("curator");
    address internal reviewer = named("reviewer");
    uint256 internal modelId;
    uint256 internal open;
    uint256 internal strict;

    function setUp() public override {
        super.setUp();
        modelId = registered();
        vm.startPrank(curator);
        open = halls.create("language", "Language", "Models of words.", false, 500);
        strict = halls.create("medical-imaging", "Medical imaging", "", true, 1_000);
        halls.setReviewer(strict, reviewer, true);
        vm.stopPrank();
    }

    // ---- create ----

    function test_create_makesTheSenderCurator() public {
        vm.expectEmit(address(halls));
        emit IHalls.HallCreated(3, stranger, "finance", true, 0);
        vm.expectEmit(address(halls));
        emit IHalls.HallDescribed(3, "Finance", "Money.");
        vm.prank(stranger);
        eq(halls.create("finance", "Finance", "Money.", true, 0), 3);
        IHalls.Hall memory hall = halls.hallOf(3);
        eq(hall.curator, stranger);
        eq(hall.commissionBps, 0);
        yes(hall.reviewed);
        eq(hall.name, "finance");
        eq(halls.hallNamed("finance"), 3);
        eq(halls.hallNamed("nothing"), 0);
        yes(halls.isReviewer(3, stranger));
        eq(halls.hallCount(), 3);
    }

    function test_create_refusesNamesThatAreNone() public {
        string[9] memory bad = [
            "ab",
            "-abc",
            "abc-",
            "Abc",
            "a.b",
            "a b",
            "",
            "a/b",
            "abcdefghijabcdefghijabcdefghij123"
        ];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IHalls.BadName.selector, bad[i]));
            halls.create(bad[i], "Title", "", false, 0);
        }
        halls.create("abcdefghijabcdefghijabcdefghij12", "Title", "", false, 0);
        halls.create("a-0", "Title", "", false, 0);
    }

    function testFuzz_create_namesAreOfAFewLettersOnly(bytes1 letter) public {
        string memory name = string(abi.encodePacked("a", letter, "z"));
        bool fits =
            (letter >= "a" && letter <= "z") || (letter >= "0" && letter <= "9") || letter == "-";
        if (!fits) vm.expectRevert(abi.encodeWithSelector(IHalls.BadName.selector, name));
        halls.create(name, "Title", "", false, 0);
    }

    function test_create_refusesATakenNameAndTooMuch() public {
        vm.expectRevert(abi.encodeWithSelector(IHalls.NameTaken.selector, open));
        halls.create("language", "Title", "", false, 0);
        vm.expectRevert(abi.encodeWithSelector(IHalls.CommissionTooHigh.selector, 1_001));
        halls.create("dear", "Title", "", false, 1_001);
        vm.expectRevert(IHalls.BadDescription.selector);
        halls.create("dear", "", "", false, 0);
        vm.expectRevert(IHalls.BadDescription.selector);
        halls.create("dear", string(new bytes(81)), "", false, 0);
        vm.expectRevert(IHalls.BadDescription.selector);
        halls.create("dear", "Title", string(new bytes(4_001)), false, 0);
    }

    // ---- what is the curator's ----

    function test_curator_aloneMayChangeItsHall() public {
        bytes[5] memory calls = [
            abi.encodeCall(halls.describe, (open, "New", "")),
            abi.encodeCall(halls.setCurator, (open, reviewer)),
            abi.encodeCall(halls.setReviewer, (open, reviewer, true)),
            abi.encodeCall(halls.setReviewed, (open, true)),
            abi.encodeCall(halls.lowerCommission, (open, 1))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(stranger);
            (bool ok, bytes memory why) = address(halls).call(calls[i]);
            no(ok);
            eq(why, abi.encodeWithSelector(IHalls.NotCurator.selector, open, stranger));
        }
        vm.expectRevert(abi.encodeWithSelector(IHalls.UnknownHall.selector, 99));
        halls.setReviewed(99, true);
    }

    function test_curator_handsItsHallOn() public {
        vm.prank(curator);
        vm.expectRevert(abi.encodeWithSelector(IHalls.NotCurator.selector, open, address(0)));
        halls.setCurator(open, address(0));
        vm.prank(curator);
        halls.setCurator(open, stranger);
        eq(halls.hallOf(open).curator, stranger);
        no(halls.isReviewer(open, curator));
        vm.prank(stranger);
        halls.setReviewed(open, true);
    }

    function test_commission_isLoweredAndNeverRises() public {
        vm.startPrank(curator);
        halls.lowerCommission(open, 300);
        eq(halls.hallOf(open).commissionBps, 300);
        vm.expectRevert(abi.encodeWithSelector(IHalls.CommissionTooHigh.selector, 300));
        halls.lowerCommission(open, 300);
        vm.expectRevert(abi.encodeWithSelector(IHalls.CommissionTooHigh.selector, 301));
        halls.lowerCommission(open, 301);
        vm.stopPrank();
    }

    // ---- propose ----

    function test_propose_isTheModelsOwners() public {
        vm.expectRevert(abi.encodeWithSelector(IHalls.NotOwner.selector, modelId, curator));
        vm.prank(curator);
        halls.propose(open, modelId);
        vm.expectRevert(abi.encodeWithSelector(IHalls.UnknownHall.selector, 99));
        vm.prank(creator);
        halls.propose(99, modelId);
    }

    function test_propose_anOpenHallListsAtOnce() public {
        vm.expectEmit(address(halls));
        emit IHalls.Proposed(open, modelId, creator, IHalls.Standing.Listed);
        _propose(open);
        _stands(open, IHalls.Standing.Listed);
        vm.expectRevert(_wrong(open, IHalls.Standing.Listed));
        vm.prank(creator);
        halls.propose(open, modelId);
        (address who, uint16 bps) = halls.commissionOn(open, modelId);
        eq(who, curator);
        eq(bps, 500);
    }

    function test_propose_aReviewedHallDecides() public {
        _propose(strict);
        _stands(strict, IHalls.Standing.Proposed);
        vm.expectRevert(abi.encodeWithSelector(IHalls.NotListed.selector, strict, modelId));
        halls.commissionOn(strict, modelId);
        vm.expectRevert(_wrong(strict, IHalls.Standing.Proposed));
        vm.prank(creator);
        halls.propose(strict, modelId);
        vm.expectEmit(address(halls));
        emit IHalls.Decided(strict, modelId, reviewer, true, "Measured.");
        _decide(reviewer, strict, true, "Measured.");
        _stands(strict, IHalls.Standing.Listed);
    }

    // ---- decide ----

    function test_decide_isCuratorsAndReviewersWithAReason() public {
        _propose(strict);
        vm.expectRevert(abi.encodeWithSelector(IHalls.NotReviewer.selector, strict, stranger));
        vm.prank(stranger);
        halls.decide(strict, modelId, true, "Mine.");
        vm.prank(curator);
        halls.setReviewer(strict, reviewer, false);
        vm.expectRevert(abi.encodeWithSelector(IHalls.NotReviewer.selector, strict, reviewer));
        vm.prank(reviewer);
        halls.decide(strict, modelId, true, "Measured.");
        vm.startPrank(curator);
        vm.expectRevert(IHalls.NoReason.selector);
        halls.decide(strict, modelId, true, "");
        vm.expectRevert(IHalls.NoReason.selector);
        halls.decide(strict, modelId, true, string(new bytes(1_001)));
        halls.decide(strict, modelId, true, "Good.");
        vm.stopPrank();
    }

    function test_decide_nobodyListsWhatIsNotProposed() public {
        vm.startPrank(curator);
        vm.expectRevert(_wrong(strict, IHalls.Standing.None));
        halls.decide(strict, modelId, true, "I like it.");
        vm.expectRevert(_wrong(strict, IHalls.Standing.None));
        halls.decide(strict, modelId, false, "I do not.");
        vm.stopPrank();
        _propose(strict);
        _decide(curator, strict, false, "No evaluation.");
        vm.expectRevert(_wrong(strict, IHalls.Standing.Refused));
        vm.prank(curator);
        halls.decide(strict, modelId, true, "After all.");
    }

    function test_decide_takesDownWhatIsListed() public {
        _propose(open);
        vm.expectRevert(_wrong(open, IHalls.Standing.Listed));
        vm.prank(curator);
        halls.decide(open, modelId, true, "Again.");
        _decide(curator, open, false, "Not about language.");
        _stands(open, IHalls.Standing.Refused);
        vm.expectRevert(abi.encodeWithSelector(IHalls.NotListed.selector, open, modelId));
        halls.commissionOn(open, modelId);
    }

    function test_decide_aRefusalIsNotPassedByAnOpenDoor() public {
        _propose(open);
        _decide(curator, open, false, "Spam.");
        _propose(open);
        _stands(open, IHalls.Standing.Proposed);
        _withdraw(open);
        _stands(open, IHalls.Standing.Refused);
        _propose(open);
        _stands(open, IHalls.Standing.Proposed);
        _decide(curator, open, true, "Mended.");
        _withdraw(open);
        _stands(open, IHalls.Standing.None);
        _propose(open);
        _stands(open, IHalls.Standing.Listed);
    }

    // ---- withdraw ----

    function test_withdraw_isTheOwnersAlsoOfTheNextOne() public {
        _propose(open);
        vm.prank(creator);
        models.transferFrom(creator, stranger, modelId);
        vm.expectRevert(abi.encodeWithSelector(IHalls.NotOwner.selector, modelId, creator));
        vm.prank(creator);
        halls.withdraw(open, modelId);
        vm.expectEmit(address(halls));
        emit IHalls.Withdrawn(open, modelId, IHalls.Standing.None);
        vm.prank(stranger);
        halls.withdraw(open, modelId);
        vm.expectRevert(_wrong(open, IHalls.Standing.None));
        vm.prank(stranger);
        halls.withdraw(open, modelId);
    }

    function _propose(uint256 hall) private {
        vm.prank(creator);
        halls.propose(hall, modelId);
    }

    function _withdraw(uint256 hall) private {
        vm.prank(creator);
        halls.withdraw(hall, modelId);
    }

    function _decide(address by, uint256 hall, bool accepted, string memory reason) private {
        vm.prank(by);
        halls.decide(hall, modelId, accepted, reason);
    }

    function _stands(uint256 hall, IHalls.Standing expected) private view {
        eq(uint256(halls.standingOf(hall, modelId)), uint256(expected));
    }

    function _wrong(uint256 hall, IHalls.Standing standing) private view returns (bytes memory) {
        return abi.encodeWithSelector(IHalls.WrongStanding.selector, hall, modelId, standing);
    }
}
