// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {ISplit, ISplits, Payee} from "../src/interfaces/ISplits.sol";
import {vm} from "../script/Vm.sol";
import {Wallet} from "./doubles/Wallet.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice Who is paid for a model: parents, creators, and the consent of who would lose.
contract PayToTest is StoaTest {
    uint256 internal aliceKey = uint256(keccak256("alice"));
    uint256 internal bobKey = uint256(keccak256("bob"));
    address internal alice = vm.addr(aliceKey);
    address internal bob = vm.addr(bobKey);

    // ---- lineage ----

    function test_lineage_parentsArePaidThroughTheirOwnSplit() public {
        uint256 parent = _derivable("parent", 1_000);
        address above = models.payTo(parent);
        uint256 child = _child("child", parent, 1_500);
        ISplit split = ISplit(models.payTo(child));
        eq(split.shareOf(above), 150_000);
        eq(split.shareOf(creator), 850_000);
        eq(models.depthOf(child), 1);
        IModelRegistry.Parent[] memory parents = models.parentsOf(child);
        eq(parents.length, 1);
        eq(parents[0].model, parent);
        eq(parents[0].version, 1);
        eq(parents[0].bps, 1_500);
    }

    function test_lineage_whatTheFloorsLeaveIsTheFirstCreators() public {
        uint256 parent = _derivable("parent", 0);
        IModelRegistry.Model memory m = _derived("child", parent, 3_333);
        m.payees = pair(alice, 333_333, bob);
        vm.prank(creator);
        Payee[] memory list = models.payeesOf(models.register(m));
        uint256 sum;
        for (uint256 i; i < list.length; ++i) {
            sum += list[i].share;
        }
        eq(sum, 1_000_000);
        eq(list.length, 3);
    }

    function test_lineage_refusesParentsThatDoNotAllowIt() public {
        uint256 closed = registered();
        _refused(
            _derived("child", closed, 100),
            abi.encodeWithSelector(IModelRegistry.NotDerivable.selector, closed, 1)
        );
        uint256 parent = _derivable("parent", 1_000);
        _refused(
            _derived("child", parent, 999),
            abi.encodeWithSelector(IModelRegistry.ParentUnderpaid.selector, parent, 1, 1_000)
        );
        vm.prank(creator);
        models.setStatus(parent, 1, IModelRegistry.Status.Withdrawn, "");
        _refused(
            _derived("child", parent, 1_000),
            abi.encodeWithSelector(IModelRegistry.NotDerivable.selector, parent, 1)
        );
    }

    function test_lineage_refusesMoreThanHalfAndUnsortedParents() public {
        uint256 a = _derivable("a", 0);
        uint256 b = _derivable("b", 0);
        IModelRegistry.Model memory m = model("child");
        m.parents = new IModelRegistry.Parent[](2);
        m.parents[0] = IModelRegistry.Parent(a, 1, 2_500);
        m.parents[1] = IModelRegistry.Parent(b, 1, 2_501);
        _refused(m, abi.encodeWithSelector(IModelRegistry.ParentsTakeTooMuch.selector, 5_001));
        m.parents[1] = IModelRegistry.Parent(a, 1, 100);
        _refused(m, abi.encodeWithSelector(IModelRegistry.ParentsNotSorted.selector, a));
        m.parents[1] = IModelRegistry.Parent(99, 1, 100);
        _refused(m, abi.encodeWithSelector(IModelRegistry.ParentsNotSorted.selector, 99));
        m.parents = new IModelRegistry.Parent[](9);
        _refused(m, abi.encodeWithSelector(IModelRegistry.TooManyParents.selector, 9));
    }

    function test_lineage_isAtMostEightDeep() public {
        uint256 last = _derivable("m0", 0);
        string[8] memory names = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"];
        for (uint256 i; i < 7; ++i) {
            last = _child(names[i], last, 100);
        }
        eq(models.depthOf(last), 7);
        _refused(
            _derived(names[7], last, 100),
            abi.encodeWithSelector(IModelRegistry.TooDeep.selector, 8)
        );
    }

    // ---- who is paid ----

    function test_setPayees_needsTheConsentOfWhoLoses() public {
        IModelRegistry.Model memory m = model("tiny");
        m.payees = pair(alice, 600_000, bob);
        vm.prank(creator);
        uint256 id = models.register(m);
        Payee[] memory next = pair(alice, 500_000, bob);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.LosesWithoutConsent.selector, alice));
        vm.prank(creator);
        models.setPayees(id, next, new bytes[](0));

        bytes[] memory consents = new bytes[](1);
        consents[0] = sign(bobKey, models.splitChangeDigest(id, next));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.LosesWithoutConsent.selector, alice));
        vm.prank(creator);
        models.setPayees(id, next, consents);

        bytes memory old = sign(aliceKey, models.splitChangeDigest(id, next));
        consents[0] = old;
        address before = models.payTo(id);
        vm.prank(creator);
        models.setPayees(id, next, consents);
        yes(models.payTo(id) != before);
        eq(ISplit(models.payTo(id)).shareOf(alice), 500_000);

        // Back, which bob loses by, then once more with alice's old consent.
        consents[0] = sign(bobKey, models.splitChangeDigest(id, m.payees));
        vm.prank(creator);
        models.setPayees(id, m.payees, consents);
        eq(models.payTo(id), before);
        consents[0] = old;
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.LosesWithoutConsent.selector, alice));
        vm.prank(creator);
        models.setPayees(id, next, consents);
    }

    function test_setPayees_consentOfAContractAccount() public {
        Wallet wallet = new Wallet(alice);
        IModelRegistry.Model memory m = model("tiny");
        m.payees = pair(address(wallet), 600_000, bob);
        vm.prank(creator);
        uint256 id = models.register(m);
        bytes[] memory consents = new bytes[](1);
        consents[0] = sign(aliceKey, models.splitChangeDigest(id, alone(bob)));
        vm.prank(creator);
        models.setPayees(id, alone(bob), consents);
        eq(ISplit(models.payTo(id)).shareOf(bob), 1_000_000);
    }

    function test_setPayees_ownerGivesAwayItsOwnShareAlone() public {
        uint256 id = registered();
        vm.prank(creator);
        models.setPayees(id, pair(creator, 400_000, alice), new bytes[](0));
        eq(ISplit(models.payTo(id)).shareOf(alice), 600_000);
    }

    function test_setPayees_neverTouchesTheParents() public {
        uint256 parent = _derivable("parent", 1_000);
        address above = models.payTo(parent);
        uint256 child = _child("child", parent, 2_000);
        vm.prank(creator);
        models.setPayees(parent, pair(creator, 1, alice), new bytes[](0));
        yes(models.payTo(parent) != above);
        vm.prank(creator);
        models.setPayees(child, pair(creator, 500_000, alice), new bytes[](0));
        ISplit split = ISplit(models.payTo(child));
        eq(split.shareOf(above), 200_000);
        eq(split.shareOf(alice), 400_000);
    }

    function testFuzz_payees_alwaysSumToTheWhole(uint32 share, uint16 bpsA, uint16 bpsB) public {
        uint256 a = _derivable("a", 0);
        uint256 b = _derivable("b", 0);
        IModelRegistry.Model memory m = model("child");
        m.payees = pair(alice, uint32(bound(share, 1, 999_999)), bob);
        m.parents = new IModelRegistry.Parent[](2);
        m.parents[0] = IModelRegistry.Parent(a, 1, uint16(bound(bpsA, 0, 2_500)));
        m.parents[1] = IModelRegistry.Parent(b, 1, uint16(bound(bpsB, 0, 2_500)));
        vm.prank(creator);
        Payee[] memory list = models.payeesOf(models.register(m));
        uint256 sum;
        address last;
        for (uint256 i; i < list.length; ++i) {
            yes(list[i].account > last);
            yes(list[i].share != 0);
            last = list[i].account;
            sum += list[i].share;
        }
        eq(sum, 1_000_000);
    }

    function _derivable(string memory slug, uint16 bps) private returns (uint256) {
        IModelRegistry.Model memory m = model(slug);
        (m.first.derivable, m.first.derivativeBps) = (true, bps);
        vm.prank(creator);
        return models.register(m);
    }

    function _derived(string memory slug, uint256 parent, uint16 bps)
        private
        view
        returns (IModelRegistry.Model memory m)
    {
        m = model(slug);
        m.first.derivable = true;
        m.parents = new IModelRegistry.Parent[](1);
        m.parents[0] = IModelRegistry.Parent(parent, 1, bps);
    }

    function _child(string memory slug, uint256 parent, uint16 bps) private returns (uint256) {
        IModelRegistry.Model memory m = _derived(slug, parent, bps);
        vm.prank(creator);
        return models.register(m);
    }

    function _refused(IModelRegistry.Model memory m, bytes memory why) private {
        vm.expectRevert(why);
        vm.prank(creator);
        models.register(m);
    }
}
