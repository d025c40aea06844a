// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISplit, ISplits, Payee} from "../src/interfaces/ISplits.sol";
import {vm} from "../script/Vm.sol";
import {CallingToken, RefusingToken} from "./doubles/Tokens.sol";
import {StoaTest} from "./StoaTest.sol";

contract SplitsTest is StoaTest {
    address internal constant A = address(0xa11ce);
    address internal constant B = address(0xb0b);

    function _made() private returns (ISplit) {
        return ISplit(splits.create("salt", pair(A, 700_000, B)));
    }

    function test_create_putsItWhereItWasExpected() public {
        address where = splits.addressOf("salt", pair(A, 700_000, B));
        eq(where.code.length, 0);
        vm.expectEmit(address(splits));
        emit ISplits.SplitCreated(where, "salt", pair(A, 700_000, B));
        eq(splits.create("salt", pair(A, 700_000, B)), where);
        Payee[] memory list = ISplit(where).payees();
        eq(list.length, 2);
        eq(list[0].account, B);
        eq(list[0].share, 300_000);
        eq(list[1].account, A);
        eq(ISplit(where).shareOf(A), 700_000);
        eq(ISplit(where).shareOf(stranger), 0);
    }

    function test_create_returnsTheOneThatStands() public {
        address first = address(_made());
        vm.recordLogs();
        eq(address(_made()), first);
        eq(vm.getRecordedLogs().length, 0);
    }

    function test_create_anotherChainOrSaltIsAnotherPlace() public {
        address here = splits.addressOf("salt", pair(A, 700_000, B));
        yes(splits.addressOf("other", pair(A, 700_000, B)) != here);
        vm.chainId(CHAIN + 1);
        yes(splits.addressOf("salt", pair(A, 700_000, B)) != here);
    }

    function test_create_refusesListsThatAreNotWhole() public {
        Payee[] memory list = new Payee[](0);
        _refused(list, abi.encodeWithSelector(ISplits.NoPayees.selector));
        list = new Payee[](33);
        _refused(list, abi.encodeWithSelector(ISplits.TooManyPayees.selector, 33));
        list = new Payee[](2);
        (list[0], list[1]) = (Payee(A, 500_000), Payee(A, 500_000));
        _refused(list, abi.encodeWithSelector(ISplits.PayeesNotSorted.selector, A));
        (list[0], list[1]) = (Payee(A, 500_000), Payee(B, 500_000));
        _refused(list, abi.encodeWithSelector(ISplits.PayeesNotSorted.selector, B));
        (list[0], list[1]) = (Payee(address(0), 500_000), Payee(B, 500_000));
        _refused(list, abi.encodeWithSelector(ISplits.PayeesNotSorted.selector, address(0)));
        (list[0], list[1]) = (Payee(B, 1_000_000), Payee(A, 0));
        _refused(list, abi.encodeWithSelector(ISplits.ZeroShare.selector, A));
        (list[0], list[1]) = (Payee(B, 500_000), Payee(A, 499_999));
        _refused(list, abi.encodeWithSelector(ISplits.SharesNotWhole.selector, 999_999));
    }

    function test_claim_byAnyonePaysThePayee() public {
        ISplit split = _made();
        _pay(address(split), 1_000);
        eq(split.due(address(usd), A), 700);
        vm.expectEmit(address(split));
        emit ISplit.Claimed(address(usd), A, A, 700);
        vm.prank(stranger);
        eq(split.claim(address(usd), A), 700);
        eq(usd.balanceOf(A), 700);
        eq(split.claim(address(usd), A), 0);
        eq(split.received(address(usd)), 1_000);
        eq(split.claimed(address(usd), A), 700);
        eq(split.totalClaimed(address(usd)), 700);
    }

    function test_claim_refusesWhoIsNoPayee() public {
        ISplit split = _made();
        vm.expectRevert(abi.encodeWithSelector(ISplit.NotAPayee.selector, stranger));
        split.claim(address(usd), stranger);
    }

    function test_claim_moneySentBeforeItStood() public {
        address where = splits.addressOf("salt", pair(A, 700_000, B));
        _pay(where, 1_000);
        eq(_made().claim(address(usd), A), 700);
    }

    function test_claim_whatTheFloorsLeaveWaits() public {
        ISplit split = ISplit(splits.create("thirds", pair(A, 333_333, B)));
        _pay(address(split), 10);
        eq(split.claim(address(usd), A), 3);
        eq(split.claim(address(usd), B), 6);
        eq(usd.balanceOf(address(split)), 1);
        _pay(address(split), 999_990);
        eq(split.claim(address(usd), A), 333_330);
        eq(split.claim(address(usd), B), 666_661);
        eq(usd.balanceOf(address(split)), 0);
    }

    function test_claim_theNativeCoin() public {
        ISplit split = _made();
        vm.deal(buyer, 10);
        vm.prank(buyer);
        (bool ok,) = address(split).call{value: 10}("");
        yes(ok);
        eq(split.claim(address(0), A), 7);
        eq(A.balance, 7);
    }

    function test_claim_aPayeeThatATokenRefusesBlocksOnlyItself() public {
        RefusingToken token = new RefusingToken();
        ISplit split = _made();
        token.mint(address(split), 1_000);
        token.refuse(A);
        vm.expectRevert(RefusingToken.Refused.selector);
        split.claim(address(token), A);
        eq(split.claim(address(token), B), 300);
        vm.prank(A);
        split.redirect(stranger);
        eq(split.claim(address(token), A), 700);
        eq(token.balanceOf(stranger), 700);
    }

    function test_claim_aPayeeWithoutUseForTheCoinBlocksOnlyItself() public {
        ISplit split = ISplit(splits.create("coin", pair(address(usd), 500_000, B)));
        vm.deal(address(split), 10);
        vm.expectRevert(abi.encodeWithSelector(ISplit.TransferFailed.selector, address(usd)));
        split.claim(address(0), address(usd));
        eq(split.claim(address(0), B), 5);
    }

    function test_claim_cannotBeEnteredAgainFromTheToken() public {
        CallingToken token = new CallingToken();
        ISplit split = _made();
        token.mint(address(split), 1_000);
        token.callBack(address(split), abi.encodeCall(ISplit.claim, (address(token), B)));
        split.claim(address(token), A);
        yes(token.called());
        no(token.succeeded());
        eq(split.claim(address(token), B), 300);
    }

    function test_claimMany_paysSeveral() public {
        ISplit split = _made();
        _pay(address(split), 1_000);
        address[] memory both = new address[](2);
        (both[0], both[1]) = (A, B);
        split.claimMany(address(usd), both);
        eq(usd.balanceOf(A), 700);
        eq(usd.balanceOf(B), 300);
    }

    function test_redirect_isThePayeesOwn() public {
        ISplit split = _made();
        vm.expectRevert(abi.encodeWithSelector(ISplit.NotAPayee.selector, stranger));
        vm.prank(stranger);
        split.redirect(stranger);
        vm.prank(A);
        split.redirect(B);
        eq(split.recipientOf(A), B);
        vm.prank(A);
        split.redirect(address(0));
        eq(split.recipientOf(A), A);
    }

    function test_nested_parentsAreClaimedFirst() public {
        address inner = splits.create("inner", pair(A, 500_000, B));
        address outer = splits.create("outer", pair(inner, 400_000, stranger));
        _pay(outer, 1_000);
        ISplits.SplitClaim[] memory path = new ISplits.SplitClaim[](3);
        path[0] = ISplits.SplitClaim(outer, address(usd), inner);
        path[1] = ISplits.SplitClaim(inner, address(usd), A);
        path[2] = ISplits.SplitClaim(inner, address(usd), B);
        splits.claimMany(path);
        eq(usd.balanceOf(A), 200);
        eq(usd.balanceOf(B), 200);
    }

    function test_due_ofATokenWhoseBalancesShrinkIsNotBelowZero() public {
        RefusingToken token = new RefusingToken();
        ISplit split = _made();
        token.mint(address(split), 1_000);
        split.claim(address(token), A);
        // Somebody takes the rest away, as a rebasing token would.
        vm.prank(address(split));
        token.transfer(stranger, 300);
        eq(split.due(address(token), A), 0);
        eq(split.due(address(token), B), 210);
    }

    /// @notice Σ due ≤ balance, whatever the shares, the payments and the order of claims.
    function testFuzz_dueNeverExceedsTheBalance(uint256 seed, uint64[4] memory pays) public {
        Payee[] memory list = _random(seed);
        ISplit split = ISplit(splits.create(bytes32(seed), list));
        CallingToken token = new CallingToken();
        uint256 all;
        for (uint256 i; i < pays.length; ++i) {
            token.mint(address(split), pays[i]);
            all += pays[i];
            uint256 sum;
            for (uint256 j; j < list.length; ++j) {
                sum += split.due(address(token), list[j].account);
            }
            le(sum, token.balanceOf(address(split)));
            split.claim(
                address(token), list[uint256(keccak256(abi.encode(seed, i))) % list.length].account
            );
        }
        for (uint256 j; j < list.length; ++j) {
            split.claim(address(token), list[j].account);
            eq(token.balanceOf(list[j].account), all * list[j].share / 1_000_000);
        }
        le(token.balanceOf(address(split)), list.length - 1);
    }

    function _random(uint256 seed) private pure returns (Payee[] memory list) {
        uint256 n = 1 + seed % 32;
        list = new Payee[](n);
        uint32 left = 1_000_000;
        for (uint256 i; i < n; ++i) {
            uint32 most = left - uint32(n - 1 - i);
            uint32 share = i == n - 1
                ? left
                : 1 + uint32(uint256(keccak256(abi.encode(seed, i, "share"))) % most);
            if (share > most) share = most;
            list[i] = Payee(address(uint160(0x1000 + i)), share);
            left -= share;
        }
    }

    function _refused(Payee[] memory list, bytes memory why) private {
        vm.expectRevert(why);
        splits.create("bad", list);
    }

    function _pay(address to, uint256 amount) private {
        vm.prank(buyer);
        usd.transfer(to, amount);
    }
}
