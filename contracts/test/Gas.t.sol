// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IReceiver, IServices} from "../src/interfaces/IServices.sol";
import {IPurse} from "../src/interfaces/IPurse.sol";
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

    function test_models_besideTheAnchors() public {
        IModelRegistry.Model memory m = model("tiny");
        vm.prank(creator);
        uint256 id = models.register(m);
        // Morpheus' modelRegister and postModelBid: 286,344 + 447,323. The sketch, which has no
        // split, slug or royalty: 128,391.
        le(_record("register a model and its split"), 733_667);
        IModelRegistry.NewVersion memory v = version();
        vm.prank(creator);
        models.publish(id, v);
        // The sketch, which stores one word more cheaply: 78,935.
        le(_record("publish a version"), 100_000);
        IMarket.NewOffer memory o = offerOfModel(id);
        vm.prank(creator);
        market.createOffer(o);
        _record("create an offer, first of its market");
        vm.prank(creator);
        market.createOffer(o);
        // Unlock's lock 1,004,850; the sketch, without frozen terms of its own: 127,921.
        le(_record("create an offer"), 160_000);
    }

    function test_buying_besideTheAnchors() public {
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
        le(_record("buy, steady"), 150_000);
        IMarket.Authorization memory authorization = authorized(order);
        vm.prank(relay);
        market.relayOrder(order, authorization);
        // The sketch 195,773 with USDC; no peer has it.
        le(_record("buy by EIP-3009, relayed"), 200_000);
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
        le(_record("renew"), 95_000);
    }

    /// @notice Steady: the price has moved before. Of the 8,000 that were wished for, the curve's two
    /// words (4,200) and the writing of one (2,900) leave 900; exp alone is 530.
    function test_buying_aPriceThatMovesAddsAtMost9k() public {
        uint256 fixed_ = offered();
        IMarket.NewOffer memory o = offerOfModel(1);
        o.prices[0].cap = 50e6;
        (o.targetPerDay, o.sensitivity) = (1e9, 10e9);
        vm.prank(creator);
        uint256 moving = market.createOffer(o);
        vm.prank(buyer);
        usd.approve(address(market), 100e6);
        uint256[4] memory offers = [fixed_, fixed_, moving, moving];
        uint256[4] memory used;
        for (uint256 i; i < 4; ++i) {
            vm.prank(buyer);
            market.buy(orderFor(offers[i]));
            used[i] = vm.lastCallGas().gasTotalUsed;
        }
        _record("buy at a price that moves, steady");
        le(used[3] - used[1], 9_000);
    }

    function test_buying_inAHall() public {
        uint256 id = registered();
        IMarket.NewOffer memory o = offerOfModel(id);
        o.maxCommissionBps = 1_000;
        vm.prank(creator);
        uint256 offer = market.createOffer(o);
        vm.prank(relay);
        uint256 hall = halls.create("language", "Language", "Models of words.", false, 500);
        _record("create a hall");
        vm.prank(creator);
        halls.propose(hall, id);
        IMarket.Order memory order = orderFor(offer);
        order.hall = hall;
        vm.prank(buyer);
        usd.approve(address(market), 100e6);
        vm.prank(buyer);
        market.buy(order);
        vm.prank(buyer);
        market.buy(order);
        _record("buy in a hall, steady");
    }

    function test_sellingAModel() public {
        uint256 id = registered();
        address keeper = modelSales.keeperOf(id, creator);
        vm.startPrank(creator);
        models.setPayees(id, alone(keeper), new bytes[](0));
        models.approve(address(modelSales), id);
        vm.stopPrank();
        Payee[] memory creators = alone(keeper);
        vm.prank(creator);
        uint256 sale = modelSales.open(id, address(usd), 5e6, creators);
        _record("offer a model with its share for sale");
        vm.prank(buyer);
        usd.approve(address(modelSales), 5e6);
        vm.prank(buyer);
        modelSales.buy(sale);
        _record("buy a model with its share");
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

    function test_purse_opensAChannelWithin110k() public {
        IServices.NewService memory s;
        (s.model, s.version, s.endpoint) = (registered(), 1, "https://node.example/m/tiny/v1");
        s.pricing = new IServices.Pricing[](1);
        s.pricing[0] = IServices.Pricing(address(usd), 100, 1_000, 2_000);
        (s.receiverAuthorizer, s.duration) = (authorizer, 90 days);
        vm.prank(provider);
        services.offerService(s);
        vm.prank(provider);
        services.offerService(s);
        _fundPurse("make and fund a purse by EIP-3009");
        uint256 first = _spend(1, "open a channel by purse, first");
        uint256 steady = _spend(2, "open a channel by purse, steady");
        _spend(2, "add to a channel by purse");
        uint256 lane = _spendOn(2, 1, "open another lane by purse");
        // The cap of a service is counted over all four.
        le(lane, 130_000);
        // A wallet's signature for each channel: 136,590.
        le(steady, 110_000);
        // The very first deposit of all writes the channels' balance: 17,100.
        le(first, 110_000 + 17_100);
    }

    function _fundPurse(string memory name) private {
        IPurse purse = IPurse(purses.purseOf(buyer, address(usd)));
        IPurse.Policy memory p;
        (p.key, p.token, p.expires) = (session, address(usd), uint40(NOW) + 30 days);
        (p.cap, p.capPerDay, p.capPerService) = (50e6, 20e6, 15e6);
        bytes32 content = keccak256(
            abi.encode(
                keccak256(
                    "SetPolicy(address key,address token,uint96 cap,uint96 capPerDay,uint96 capPerService,uint40 expires,uint256[] services,uint256 nonce)"
                ),
                p.key,
                p.token,
                p.cap,
                p.capPerDay,
                p.capPerService,
                p.expires,
                keccak256(""),
                0
            )
        );
        bytes32 nonce = typed(_purseDomain(address(purse)), content);
        content = keccak256(
            abi.encode(RECEIVE_TYPEHASH, buyer, address(purse), 50e6, 0, NOW + 1 hours, nonce)
        );
        bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
        vm.prank(relay);
        purses.fund(buyer, p, IPurse.Funding(50e6, 0, NOW + 1 hours, signature));
        _record(name);
    }

    function _spend(uint256 service, string memory name) private returns (uint256) {
        return _spendOn(service, 0, name);
    }

    function _spendOn(uint256 service, uint256 lane, string memory name) private returns (uint256) {
        IPurse purse = IPurse(purses.purseOf(buyer, address(usd)));
        (IChannels.ChannelConfig memory c, bytes32 id) = purse.channelOf(session, service, lane);
        uint256 nonce = purse.stateOf(session).spends;
        (bytes32 r, bytes32 vs) = short(sessionKey, purse.spendDigest(id, 1e6, nonce));
        bytes memory data = abi.encode(session, service | lane << 248, nonce, r, vs);
        vm.prank(relay);
        channels.deposit(c, 1e6, address(purse), data);
        return _record(name);
    }

    function _purseDomain(address purse) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Stoa Purse"),
                keccak256("1"),
                CHAIN,
                purse
            )
        );
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

    function test_channels_inABatchOf50_each24kAnd25PerCall() public {
        uint256 each = _claims(50, "claim 50 channels") / 50;
        le(each, 24_000);
        // A voucher that stands for 1,000 calls.
        le(each, 25 * 1_000);
    }

    function test_channels_inABatchOf100() public {
        // SingularityNET's multiChannelClaim: 24,768 for each; the sketch 22,099.
        le(_claims(100, "claim 100 channels"), 100 * 24_768);
    }

    function _claims(uint256 n, string memory name) private returns (uint256) {
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
        return _record(name);
    }
}
