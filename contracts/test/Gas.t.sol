// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IReceiver, IServices} from "../src/interfaces/IServices.sol";
import {ISplit, Payee} from "../src/interfaces/ISplits.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice The gas of the common calls as whole transactions, kept in snapshots/Gas.json and held to
/// the measured anchors: a sketch without guards and roles, or what the peers take for the same.
contract GasTest is StoaTest {
    function _record(string memory name) private returns (uint256 used) {
        vm.snapshotGasLastCall("Gas", name);
        return vm.lastCallGas().gasTotalUsed;
    }

    function test_models() public {
        IModelRegistry.Model memory m = model("tiny");
        vm.prank(creator);
        uint256 id = models.register(m);
        _record("register a model and its split");
        IModelRegistry.NewVersion memory v = version();
        vm.prank(creator);
        models.publish(id, v);
        // The sketch, which stores one word more cheaply: 78,935.
        le(_record("publish a version"), 100_000);
        IMarket.NewOffer memory o = offerOfModel(id);
        vm.prank(creator);
        market.createOffer(o);
        _record("create an offer");
    }

    function test_buying() public {
        uint256 offer = offered();
        IMarket.Order memory order = orderFor(offer);
        vm.prank(buyer);
        usd.approve(address(market), 100e6);
        vm.prank(buyer);
        market.buy(order);
        _record("buy, first");
        vm.prank(buyer);
        market.buy(order);
        // Unlock 319,720; the sketch 148,868.
        le(_record("buy, steady"), 220_000);
        IMarket.Authorization memory authorization = authorized(order);
        vm.prank(relay);
        market.relayOrder(order, authorization);
        _record("buy by EIP-3009, relayed");
        order.salt = bytes32(uint256(2));
        IMarket.Permit memory permit = permitted(6e6);
        bytes memory signature = sign(buyerKey, market.orderDigest(order));
        vm.prank(relay);
        market.relayPermitOrder(order, permit, signature);
        _record("buy by permit and order, relayed");
        vm.prank(buyer);
        usd.approve(address(market), 100e6);
        vm.prank(buyer);
        market.renew(1, address(usd), 5e6, NOW);
        // Unlock's extend 131,278; the sketch 93,809.
        le(_record("renew"), 131_278);
    }

    function test_splits() public {
        Payee[] memory list = new Payee[](5);
        for (uint256 i; i < 5; ++i) {
            list[i] = Payee(address(uint160(0x1000 + i)), 200_000);
        }
        ISplit split = ISplit(splits.create("five", list));
        _record("create a split of 5");
        vm.prank(buyer);
        usd.transfer(address(split), 1e6);
        _record("pay a split");
        vm.prank(stranger);
        split.claim(address(usd), list[0].account);
        _record("claim a share, first");
        vm.prank(buyer);
        usd.transfer(address(split), 1e6);
        vm.prank(stranger);
        split.claim(address(usd), list[0].account);
        // 0xSplits' withdraw 61,433, after its distribute of 128,752.
        le(_record("claim a share, steady"), 90_000);
    }

    function test_services() public {
        uint256 id = registered();
        IServices.NewService memory s;
        (s.model, s.version, s.endpoint) = (id, 1, "https://node.example/m/tiny/v1");
        s.pricing = new IServices.Pricing[](1);
        s.pricing[0] = IServices.Pricing(address(usd), 100, 1_000, 2_000);
        (s.receiverAuthorizer, s.duration) = (authorizer, 90 days);
        vm.prank(provider);
        services.offerService(s);
        _record("offer a service and its receiver");
    }

    function test_channels() public {
        IChannels.ChannelConfig memory c = config();
        bytes memory data = signedDeposit(c, 1e6, 1);
        vm.prank(relay);
        channels.deposit(c, 1e6, stands.collector3009, data);
        // SingularityNET 205,792 approved; the sketch 121,075.
        le(_record("open a channel by EIP-3009"), 205_792);
        data = signedDeposit(c, 1e6, 2);
        vm.prank(relay);
        channels.deposit(c, 1e6, stands.collector3009, data);
        _record("add to a channel by EIP-3009");
        IChannels.VoucherClaim[] memory list = rows(row(c, 500, 300));
        vm.prank(authorizer);
        channels.claim(list);
        _record("claim a channel, first");
        list = rows(row(c, 600, 400));
        vm.prank(authorizer);
        channels.claim(list);
        _record("claim a channel, steady");
        channels.settle(provider, address(usd));
        _record("settle");
        vm.prank(authorizer);
        channels.refund(c, type(uint128).max);
        // The sketch 58,523.
        le(_record("refund"), 75_000);
    }

    function test_channels_inBatches() public {
        uint256 n = 100;
        IChannels.VoucherClaim[] memory list = new IChannels.VoucherClaim[](n);
        IChannels.VoucherClaim[] memory next = new IChannels.VoucherClaim[](n);
        IChannels.ChannelConfig memory c = config();
        for (uint256 i; i < n; ++i) {
            c.salt = bytes32(i);
            deposited(c, 1e6);
            IChannels.ChannelConfig memory copy = config();
            copy.salt = bytes32(i);
            list[i] = row(copy, 500, 300);
            next[i] = row(copy, 600, 400);
        }
        vm.prank(authorizer);
        channels.claim(list);
        vm.prank(authorizer);
        channels.claim(next);
        // SingularityNET's multiChannelClaim: 24,768 for each; the sketch 22,099.
        le(_record("claim 100 channels"), 100 * 24_768);
    }
}
