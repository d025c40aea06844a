// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IChannels} from "../../src/interfaces/IChannels.sol";
import {vm} from "../../script/Vm.sol";
import {StoaTest} from "../StoaTest.sol";
import {Targets} from "./Targets.sol";

/// @notice Six channels of three payers and two receivers, used in any order by anyone.
contract ChannelsHandler is StoaTest {
    IChannels.ChannelConfig[] internal configs;
    mapping(bytes32 id => uint128) public signed;
    mapping(bytes32 id => uint256) public depositedIn;
    mapping(address receiver => uint256) public startedWith;
    uint256[3] internal payerKeys;

    constructor() {
        setUp();
        for (uint256 i; i < 3; ++i) {
            payerKeys[i] = vm.deriveKey(MNEMONIC, uint32(i + 1));
            for (uint256 j; j < 2; ++j) {
                IChannels.ChannelConfig memory c = config();
                c.payer = vm.addr(payerKeys[i]);
                c.receiver = named(j == 0 ? "r0" : "r1");
                configs.push(c);
            }
        }
    }

    function count() external view returns (uint256) {
        return configs.length;
    }

    function configOf(uint256 i) public view returns (IChannels.ChannelConfig memory) {
        return configs[i % configs.length];
    }

    function idOf(uint256 i) public view returns (bytes32) {
        return channels.getChannelId(configOf(i));
    }

    function stoa() external view returns (address, address) {
        return (address(channels), address(usd));
    }

    function receiverOf(uint256 j) external pure returns (address) {
        return named(j == 0 ? "r0" : "r1");
    }

    function deposit(uint256 i, uint128 amount, uint256 salt) external {
        IChannels.ChannelConfig memory c = configOf(i);
        uint256 wallet = usd.balanceOf(c.payer);
        if (wallet == 0) return;
        amount = uint128(bound(amount, 1, wallet));
        bytes32 id = channels.getChannelId(c);
        bytes32 nonce = keccak256(abi.encode(id, salt));
        if (usd.authorizationState(c.payer, nonce)) return;
        bytes32 content = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH, c.payer, stands.collector3009, amount, 0, type(uint256).max, nonce
            )
        );
        bytes memory signature =
            sign(payerKeys[(i % 6) / 2], typed(usd.DOMAIN_SEPARATOR(), content));
        bytes memory data = abi.encode(uint256(0), type(uint256).max, salt, signature);
        channels.deposit(c, amount, stands.collector3009, data);
        depositedIn[id] += amount;
    }

    /// @dev Claims any part of any voucher, also ones that ask for more than there is.
    function claim(uint256 i, uint128 max, uint128 total, bool bySignature) external {
        IChannels.ChannelConfig memory c = configOf(i);
        bytes32 id = channels.getChannelId(c);
        (uint128 balance,) = channels.channels(id);
        max = uint128(bound(max, 1, uint256(balance) + 1e6));
        total = uint128(bound(total, 0, uint256(max) + 10));
        IChannels.VoucherClaim[] memory list = rows(row(c, max, total));
        if (max > signed[id]) signed[id] = max;
        bytes memory batch = sign(authorizerKey, channels.getClaimBatchDigest(list));
        if (bySignature) {
            try channels.claimWithSignature(list, batch) {} catch {}
        } else {
            vm.prank(c.receiver);
            try channels.claim(list) {} catch {}
        }
    }

    /// @dev A stranger with somebody else's voucher gets nowhere.
    function steal(uint256 i, uint128 max) external {
        IChannels.ChannelConfig memory c = configOf(i);
        IChannels.VoucherClaim[] memory list = rows(row(c, max, max));
        if (max == 0) return;
        bytes32 id = channels.getChannelId(c);
        vm.prank(stranger);
        try channels.claim(list) {
            revert("a stranger claimed");
        } catch {}
        c.receiver = stranger;
        list[0].voucher.channel = c;
        (uint128 balance,) = channels.channels(id);
        vm.prank(stranger);
        try channels.claim(list) {
            revert("a stranger claimed");
        } catch {}
        vm.prank(stranger);
        try channels.refund(configOf(i), balance) {
            revert("a stranger refunded");
        } catch {}
    }

    function settle(uint256 j) external {
        channels.settle(named(j % 2 == 0 ? "r0" : "r1"), address(usd));
    }

    function initiateWithdraw(uint256 i, uint128 amount) external {
        IChannels.ChannelConfig memory c = configOf(i);
        vm.prank(c.payer);
        try channels.initiateWithdraw(c, amount % 1e9) {} catch {}
    }

    function finalizeWithdraw(uint256 i, uint16 wait) external {
        vm.warp(block.timestamp + wait);
        IChannels.ChannelConfig memory c = configOf(i);
        vm.prank(session);
        try channels.finalizeWithdraw(c) {} catch {}
    }

    function refund(uint256 i, uint128 amount, bool bySignature) external {
        IChannels.ChannelConfig memory c = configOf(i);
        bytes32 id = channels.getChannelId(c);
        amount = uint128(bound(amount, 1, type(uint128).max));
        if (bySignature) {
            uint256 nonce = channels.refundNonce(id);
            bytes memory signature =
                sign(authorizerKey, channels.getRefundDigest(id, nonce, amount));
            channels.refundWithSignature(c, amount, nonce, signature);
        } else {
            vm.prank(c.receiver);
            channels.refund(c, amount);
        }
    }
}

contract ChannelsInvariants is Targets {
    IChannels internal channels;
    IERC20 internal usd;

    function setUp() public {
        ChannelsHandler h = new ChannelsHandler();
        (address c, address t) = h.stoa();
        (handler, channels, usd) = (address(h), IChannels(c), IERC20(t));
    }

    function _selectors() internal pure override returns (bytes4[] memory s) {
        s = new bytes4[](7);
        s[0] = ChannelsHandler.deposit.selector;
        s[1] = ChannelsHandler.claim.selector;
        s[2] = ChannelsHandler.steal.selector;
        s[3] = ChannelsHandler.settle.selector;
        s[4] = ChannelsHandler.initiateWithdraw.selector;
        s[5] = ChannelsHandler.finalizeWithdraw.selector;
        s[6] = ChannelsHandler.refund.selector;
    }

    function invariant_channels() public view {
        _moneyIsConserved();
        _claimedSignedDeposited();
        _nothingLeaksToOthers();
    }

    /// @dev What the contract holds is what channels still hold and receivers have not been sent.
    function _moneyIsConserved() private view {
        uint256 owed;
        ChannelsHandler h = ChannelsHandler(handler);
        for (uint256 i; i < h.count(); ++i) {
            (uint128 balance, uint128 claimed) = channels.channels(h.idOf(i));
            owed += balance - claimed;
        }
        for (uint256 j; j < 2; ++j) {
            address receiver = h.receiverOf(j);
            (uint128 claimed, uint128 settled) = channels.receivers(receiver, address(usd));
            require(usd.balanceOf(receiver) == settled, "settled is what the receiver got");
            owed += claimed - settled;
        }
        require(usd.balanceOf(address(channels)) == owed, "money made or lost");
    }

    function _claimedSignedDeposited() private view {
        ChannelsHandler h = ChannelsHandler(handler);
        for (uint256 i; i < h.count(); ++i) {
            bytes32 id = h.idOf(i);
            (uint128 balance, uint128 claimed) = channels.channels(id);
            require(claimed <= h.signed(id), "claimed more than was signed");
            require(claimed <= balance, "claimed more than is there");
            require(balance <= h.depositedIn(id), "more there than was deposited");
            (uint128 amount,) = channels.pendingWithdrawals(id);
            require(amount <= h.depositedIn(id), "withdrawing more than was deposited");
        }
    }

    function _nothingLeaksToOthers() private view {
        ChannelsHandler h = ChannelsHandler(handler);
        uint256 sum = usd.balanceOf(address(channels));
        for (uint256 i; i < h.count(); i += 2) {
            sum += usd.balanceOf(h.configOf(i).payer);
        }
        for (uint256 j; j < 2; ++j) {
            sum += usd.balanceOf(h.receiverOf(j));
        }
        require(sum == 30_000e6, "somebody else has it");
    }
}
