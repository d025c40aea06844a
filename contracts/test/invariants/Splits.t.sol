// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISplit, Payee} from "../../src/interfaces/ISplits.sol";
import {vm} from "../../script/Vm.sol";
import {CallingToken} from "../doubles/Tokens.sol";
import {StoaTest} from "../StoaTest.sol";
import {Targets} from "./Targets.sol";

/// @notice A split inside a split, paid in a token that calls back and in the native coin.
contract SplitsHandler is StoaTest {
    ISplit public outer;
    ISplit public inner;
    CallingToken public token;
    address[] internal accounts;
    mapping(address token => mapping(address split => uint256)) public paid;

    constructor() {
        setUp();
        token = new CallingToken();
        inner = ISplit(splits.create("inner", pair(named("a"), 333_333, named("b"))));
        outer = ISplit(splits.create("outer", pair(address(inner), 142_857, named("c"))));
        accounts.push(named("a"));
        accounts.push(named("b"));
        accounts.push(named("c"));
        accounts.push(address(inner));
        // In the middle of every transfer the token tries to claim once more.
        token.callBack(address(outer), abi.encodeCall(ISplit.claim, (address(token), named("c"))));
    }

    function pay(uint96 amount, bool toInner, bool native) external {
        ISplit split = toInner ? inner : outer;
        if (native) {
            vm.deal(address(this), amount);
            (bool ok,) = address(split).call{value: amount}("");
            require(ok);
        } else {
            token.mint(address(split), amount);
        }
    }

    function claim(uint256 who, bool ofInner, bool native) external {
        address account = accounts[who % accounts.length];
        ISplit split = ofInner ? inner : outer;
        if (split.shareOf(account) == 0) return;
        split.claim(native ? address(0) : address(token), account);
    }

    function redirect(uint256 who, uint256 to) external {
        address account = accounts[who % 3];
        ISplit split = inner.shareOf(account) != 0 ? inner : outer;
        vm.prank(account);
        split.redirect(to % 4 == 3 ? address(0) : accounts[to % 3]);
    }
}

contract SplitsInvariants is Targets {
    function setUp() public {
        handler = address(new SplitsHandler());
    }

    function _selectors() internal pure override returns (bytes4[] memory s) {
        s = new bytes4[](3);
        s[0] = SplitsHandler.pay.selector;
        s[1] = SplitsHandler.claim.selector;
        s[2] = SplitsHandler.redirect.selector;
    }

    function invariant_splits() public view {
        SplitsHandler h = SplitsHandler(payable(handler));
        _covered(h.outer(), address(h.token()));
        _covered(h.outer(), address(0));
        _covered(h.inner(), address(h.token()));
        _covered(h.inner(), address(0));
    }

    function _covered(ISplit split, address token) private view {
        Payee[] memory list = split.payees();
        uint256 due;
        uint256 claimed;
        uint256 received = split.received(token);
        for (uint256 i; i < list.length; ++i) {
            due += split.due(token, list[i].account);
            uint256 his = split.claimed(token, list[i].account);
            require(his <= received * list[i].share / 1_000_000, "claimed above the share");
            claimed += his;
        }
        uint256 balance = token == address(0)
            ? address(split).balance
            : CallingToken(token).balanceOf(address(split));
        require(due <= balance, "due is not covered");
        require(balance - due < list.length, "more than the floors left waits");
        require(claimed == split.totalClaimed(token), "claims do not add up");
    }
}
