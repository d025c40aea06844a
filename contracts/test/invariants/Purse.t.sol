// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IChannels} from "../../src/interfaces/IChannels.sol";
import {IPurse} from "../../src/interfaces/IPurse.sol";
import {vm} from "../../script/Vm.sol";
import {PurseTest} from "../PurseTest.sol";
import {Targets} from "./Targets.sol";

/// @notice One purse, two session keys, three services and four lanes with each, in any order of acts and days. What was
/// spent is counted from the channels' balances, not from what the purse says.
contract PurseHandler is PurseTest {
    uint96 internal constant CAP = 60e6;
    uint96 internal constant PER_DAY = 25e6;
    uint96 internal constant PER_SERVICE = 20e6;

    uint256[2] internal keys = [uint256(keccak256("first")), uint256(keccak256("second"))];
    mapping(address key => uint256) internal spentOfCap;
    mapping(address key => mapping(uint256 day => uint256)) internal spentOn;
    mapping(address key => bool) internal live;

    constructor() {
        setUp();
        anotherService();
        anotherService();
        setPolicy(0);
        setPolicy(1);
    }

    /// @dev Several at once: caps are met only where much is spent.
    function spend(uint256 seed) external {
        for (uint256 i; i < 4; ++i) {
            uint256 x = uint256(keccak256(abi.encode(seed, i)));
            _spend(x & 1, (x >> 8) & 0xff, uint128(x >> 128), (x >> 16) % 8 == 0);
        }
    }

    function _spend(uint256 k, uint256 s, uint128 amount, bool wrongSigner) private {
        (uint256 key, address who) = _key(k);
        IChannels.ChannelConfig memory c = _channel(k, s);
        bytes32 id = channels.getChannelId(c);
        amount = uint128(bound(amount, 1, 30e6));
        uint256 nonce = purse.stateOf(who).spends;
        if (wrongSigner) key = uint256(keccak256("thief"));
        (bytes32 r, bytes32 vs) = short(key, purse.spendDigest(id, amount, nonce));
        (uint128 before,) = channels.channels(id);
        bytes memory data = abi.encode(who, (1 + s % 3) | uint256(c.salt) << 248, nonce, r, vs);
        try channels.deposit(c, amount, address(purse), data) {
            (uint128 balance,) = channels.channels(id);
            require(!wrongSigner, "without the key's signature");
            _count(k, s, balance - before);
        } catch {}
    }

    function _count(uint256 k, uint256 s, uint256 locked) private {
        address who = _at(k);
        spentOfCap[who] += locked;
        spentOn[who][block.timestamp / 1 days] += locked;
        require(live[who], "by a dead key");
        require(who == _at(0) || s % 3 != 2, "on a service that isn't listed");
        require(spentOfCap[who] <= CAP, "above the cap");
        require(spentOn[who][block.timestamp / 1 days] <= PER_DAY, "above the day's cap");
        (uint256 all,,) = _with(k, s);
        require(all <= PER_SERVICE, "above the service's cap");
    }

    /// @dev The first key may pay any service, the second the first two.
    function setPolicy(uint256 k) public {
        (, address who) = _key(k);
        IPurse.Policy memory p = policy();
        (p.key, p.cap, p.capPerDay, p.capPerService) = (who, CAP, PER_DAY, PER_SERVICE);
        if (k % 2 == 1) {
            p.services = new uint256[](2);
            (p.services[0], p.services[1]) = (1, 2);
        }
        purse.setPolicy(p, sign(buyerKey, purse.setPolicyDigest(p)));
        (spentOfCap[who], live[who]) = (0, true);
    }

    function revoke(uint256 k, bool itself) external {
        (, address who) = _key(k);
        bytes memory signature = sign(buyerKey, purse.revokeDigest(who));
        if (itself) vm.prank(who);
        purse.revoke(who, signature);
        live[who] = false;
    }

    function exit() external {
        purse.exit(sign(buyerKey, purse.exitDigest()));
        (live[_at(0)], live[_at(1)]) = (false, false);
    }

    function close(uint256 k, uint256 s) external {
        IChannels.ChannelConfig[] memory all = list(_channel(k, s));
        address sender = purse.leaving() ? stranger : buyer;
        vm.prank(sender);
        purse.close(all);
    }

    function sweep() external {
        bool may = purse.leaving();
        vm.prank(stranger);
        try purse.sweep(address(usd)) {
            require(may, "a stranger swept");
        } catch {
            require(!may, "an exit was refused");
        }
    }

    function wait(uint32 time) external {
        vm.warp(block.timestamp + time % 2 days);
    }

    function refill(uint256 amount) external {
        amount = bound(amount, 0, usd.balanceOf(buyer));
        vm.prank(buyer);
        usd.transfer(address(purse), amount);
    }

    function claim(uint256 k, uint256 s, uint128 total) external {
        (uint256 key,) = _key(k);
        IChannels.ChannelConfig memory c = _channel(k, s);
        bytes32 id = channels.getChannelId(c);
        (uint128 balance,) = channels.channels(id);
        total = uint128(bound(total, 0, balance));
        bytes memory signature = sign(key, channels.getVoucherDigest(id, total));
        IChannels.VoucherClaim[] memory claims =
            rows(IChannels.VoucherClaim(IChannels.Voucher(c, total), signature, total));
        vm.prank(authorizer);
        channels.claim(claims);
        channels.settle(c.receiver, address(usd));
    }

    function refund(uint256 k, uint256 s, uint128 amount) external {
        IChannels.ChannelConfig memory c = _channel(k, s);
        vm.prank(authorizer);
        channels.refund(c, amount == 0 ? 1 : amount);
    }

    /// @dev A stolen key takes its channel's money out: it comes home.
    function leaveByKey(uint256 k, uint256 s, uint128 amount, bool finish) external {
        (, address who) = _key(k);
        IChannels.ChannelConfig memory c = _channel(k, s);
        vm.prank(who);
        if (finish) {
            try channels.finalizeWithdraw(c) {} catch {}
        } else {
            try channels.initiateWithdraw(c, amount % 20e6) {} catch {}
        }
    }

    /// @dev Everything there is, and where it may be: purse, channels, owner, receivers.
    function whole() external view returns (uint256 sum) {
        sum =
            usd.balanceOf(address(purse)) + usd.balanceOf(address(channels)) + usd.balanceOf(buyer);
        for (uint256 s = 1; s <= 3; ++s) {
            sum += usd.balanceOf(_channel(0, s - 1).receiver);
        }
    }

    /// @dev What the channels still hold of the purse, and all that receivers ever got.
    function lockedAndPaid() external view returns (uint256 locked, uint256 paid) {
        for (uint256 i; i < 6; ++i) {
            (uint256 all, uint256 held, uint256 claimed) = _with(i % 2, i / 2);
            require(all <= PER_SERVICE, "a service holds above its cap");
            locked += held;
            paid += claimed;
        }
    }

    /// @dev On all lanes of a key with a service: what it got, of which it holds and was paid.
    function _with(uint256 k, uint256 s)
        private
        view
        returns (uint256 all, uint256 held, uint256 paid)
    {
        for (uint256 lane; lane < 4; ++lane) {
            bytes32 id = channels.getChannelId(_channel(k, s % 3 + 3 * lane));
            (uint128 balance, uint128 claimed) = channels.channels(id);
            all += balance;
            held += balance - claimed;
            paid += claimed;
        }
    }

    function receiversGot() external view returns (uint256 sum) {
        for (uint256 s; s < 3; ++s) {
            sum += usd.balanceOf(_channel(0, s).receiver);
        }
    }

    function money() external view returns (IERC20, address) {
        return (IERC20(address(usd)), address(channels));
    }

    function _channel(uint256 k, uint256 s)
        private
        view
        returns (IChannels.ChannelConfig memory c)
    {
        (c,) = purse.channelOf(_at(k), 1 + s % 3, s / 3 % 4);
    }

    function _key(uint256 k) private view returns (uint256 key, address who) {
        key = keys[k % 2];
        who = vm.addr(key);
    }

    function _at(uint256 k) private view returns (address who) {
        (, who) = _key(k);
    }
}

contract PurseInvariants is Targets {
    IERC20 internal usd;
    address internal channels;

    function setUp() public {
        PurseHandler h = new PurseHandler();
        handler = address(h);
        (usd, channels) = h.money();
    }

    function _selectors() internal pure override returns (bytes4[] memory s) {
        s = new bytes4[](11);
        s[0] = PurseHandler.spend.selector;
        s[1] = PurseHandler.setPolicy.selector;
        s[2] = PurseHandler.revoke.selector;
        s[3] = PurseHandler.exit.selector;
        s[4] = PurseHandler.close.selector;
        s[5] = PurseHandler.sweep.selector;
        s[6] = PurseHandler.wait.selector;
        s[7] = PurseHandler.refill.selector;
        s[8] = PurseHandler.claim.selector;
        s[9] = PurseHandler.refund.selector;
        s[10] = PurseHandler.leaveByKey.selector;
    }

    /// @notice The caps hold at each deposit (see the handler); nobody but the owner, and the
    /// services for what was claimed, ever has any of it.
    function invariant_purse() public view {
        PurseHandler h = PurseHandler(handler);
        require(h.whole() == 10_000e6, "somebody else has it");
        (uint256 locked, uint256 paid) = h.lockedAndPaid();
        require(usd.balanceOf(channels) == locked, "money made or lost");
        require(h.receiversGot() == paid, "a service got what was not claimed");
    }
}
