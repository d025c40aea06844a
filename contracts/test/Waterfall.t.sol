// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IReceiver, IServices} from "../src/interfaces/IServices.sol";
import {ISplit, ISplits, Payee} from "../src/interfaces/ISplits.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice Money through four models above one another: base ← middle ← top ← leaf. The leaf has
/// `other` as a second parent, and the base is paid by two ways.
contract WaterfallTest is StoaTest {
    address internal data = named("data provider");
    address internal author = named("author");
    address internal second = named("second");
    uint256 internal base;
    uint256 internal middle;
    uint256 internal top;
    uint256 internal other;
    uint256 internal leaf;
    IReceiver internal receiver;

    function setUp() public override {
        super.setUp();
        base = _made("base", pair(data, 333_333, author), _parents(0, 0, 0, 0));
        middle = _made("middle", alone(named("m")), _parents(base, 1_000, 0, 0));
        top = _made("top", pair(named("t1"), 142_857, named("t2")), _parents(middle, 3_333, 0, 0));
        other = _made("other", alone(second), _parents(base, 777, 0, 0));
        leaf = _made("leaf", pair(named("l1"), 1, named("l2")), _parents(top, 2_500, other, 1_250));
        IServices.NewService memory s;
        (s.model, s.version, s.endpoint) = (leaf, 1, "https://node.example/m/leaf/v1");
        (s.receiverAuthorizer, s.duration) = (authorizer, 90 days);
        s.pricing = new IServices.Pricing[](1);
        s.pricing[0] = IServices.Pricing(address(usd), 100, 0, 0);
        vm.prank(provider);
        (, address where) = services.offerService(s);
        receiver = IReceiver(where);
    }

    function test_lineage_isThreeDeep() public view {
        eq(models.depthOf(leaf), 3);
        ISplit split = ISplit(models.payTo(leaf));
        eq(split.shareOf(models.payTo(top)), 250_000);
        eq(split.shareOf(models.payTo(other)), 125_000);
        eq(split.shareOf(named("l1")) + split.shareOf(named("l2")), 625_000);
    }

    function test_sale_ofALicenceIsPulledThroughEveryLevelByAnyone() public {
        vm.prank(creator);
        uint256 offer = market.createOffer(offerOfModel(leaf));
        IMarket.Order memory order = orderFor(offer);
        vm.startPrank(buyer);
        usd.approve(address(market), order.maxPrice);
        market.buy(order);
        vm.stopPrank();
        eq(usd.balanceOf(models.payTo(leaf)), 5e6);
        _pullAll();
        // 5.00 · 0.25 · 0.3333 · 0.1, and 5.00 · 0.125 · 0.0777, down to the unit at every level.
        uint256 baseGets = 416_625 * uint256(100_000) / 1_000_000 + 48_562;
        eq(usd.balanceOf(data), baseGets * 333_333 / 1_000_000);
        eq(usd.balanceOf(author), baseGets * 666_667 / 1_000_000);
        eq(usd.balanceOf(second), 625_000 * uint256(922_300) / 1_000_000);
        _eachHasItsPart(5e6, 0);
    }

    function test_calls_arePulledThroughChannelReceiverAndEveryLevel() public {
        uint128 charged = 1_234_567;
        _calls(charged);
        _pullAll();
        _eachHasItsPart(0, charged);
        eq(usd.balanceOf(provider), charged * uint256(666_700) / 1_000_000);
    }

    /// @notice Whoever draws when: in the end each has what it would have had at once.
    function testFuzz_pulls_inAnyOrderGiveTheSameToTheUnit(uint256 seed, uint40[3] memory pays)
        public
    {
        uint256 sum;
        for (uint256 i; i < pays.length; ++i) {
            uint256 amount = bound(pays[i], 0, 1e9);
            _pay(amount);
            sum += amount;
            _pullSome(uint256(keccak256(abi.encode(seed, i))));
        }
        uint128 charged = uint128(bound(seed, 1, 1e7));
        _calls(charged);
        _pullSome(seed);
        _pullAll();
        _eachHasItsPart(sum, charged);
    }

    function test_parent_thatChangesItsSplitLaterKeepsWhatItsChildOwesToTheOld() public {
        address before = models.payTo(base);
        Payee[] memory next = alone(creator);
        bytes[] memory consents = new bytes[](2);
        bytes32 digest = models.splitChangeDigest(base, next);
        uint256 dataKey = uint256(keccak256("data provider"));
        uint256 authorKey = uint256(keccak256("author"));
        bool dataFirst = data < author;
        consents[0] = sign(dataFirst ? dataKey : authorKey, digest);
        consents[1] = sign(dataFirst ? authorKey : dataKey, digest);
        vm.prank(creator);
        models.setPayees(base, next, consents);
        yes(models.payTo(base) != before);
        eq(ISplit(models.payTo(middle)).shareOf(before), 100_000);
        _pay(5e6);
        _pull(leaf, models.payTo(top));
        _pull(top, models.payTo(middle));
        _pull(middle, before);
        eq(usd.balanceOf(before), 41_662);
    }

    // ---- who has what ----

    /// @dev By the rule of IModelRegistry and ISplit, written down once more.
    function _eachHasItsPart(uint256 sold, uint256 charged) private view {
        uint256 ofCalls = charged * 333_300 / 1_000_000;
        uint256 atLeaf = sold + ofCalls;
        uint256 atTop = atLeaf * 250_000 / 1_000_000;
        uint256 atOther = atLeaf * 125_000 / 1_000_000;
        uint256 atMiddle = atTop * 333_300 / 1_000_000;
        uint256 atBase = atMiddle * 100_000 / 1_000_000 + atOther * 77_700 / 1_000_000;
        eq(usd.balanceOf(provider), charged * 666_700 / 1_000_000);
        eq(usd.balanceOf(data), atBase * 333_333 / 1_000_000);
        eq(usd.balanceOf(author), atBase * 666_667 / 1_000_000);
        eq(usd.balanceOf(named("m")), atMiddle * 900_000 / 1_000_000);
        eq(usd.balanceOf(second), atOther * 922_300 / 1_000_000);
        uint256 held = usd.balanceOf(provider) + usd.balanceOf(data) + usd.balanceOf(author)
            + usd.balanceOf(named("m")) + usd.balanceOf(second) + _people("t1", "t2")
            + _people("l1", "l2");
        uint256 waits = usd.balanceOf(address(receiver));
        uint256[5] memory all = [base, middle, top, other, leaf];
        for (uint256 i; i < all.length; ++i) {
            uint256 rest = usd.balanceOf(models.payTo(all[i]));
            le(rest, models.payeesOf(all[i]).length - 1);
            waits += rest;
        }
        eq(held + waits, sold + charged);
    }

    function _people(string memory a, string memory b) private view returns (uint256) {
        return usd.balanceOf(named(a)) + usd.balanceOf(named(b));
    }

    // ---- moving it ----

    function _pay(uint256 amount) private {
        address to = models.payTo(leaf);
        vm.prank(buyer);
        usd.transfer(to, amount);
    }

    function _calls(uint128 charged) private {
        IChannels.ChannelConfig memory c = config();
        c.receiver = address(receiver);
        deposited(c, charged);
        IChannels.VoucherClaim[] memory list = rows(row(c, charged, charged));
        vm.prank(authorizer);
        channels.claim(list);
        vm.prank(stranger);
        receiver.settle(address(usd));
    }

    /// @dev In one transaction of a stranger, parents' splits first.
    function _pullAll() private {
        uint256[5] memory order = [leaf, top, other, middle, base];
        ISplits.SplitClaim[] memory all = new ISplits.SplitClaim[](15);
        uint256 n;
        for (uint256 i; i < order.length + 1; ++i) {
            address split = i == 0 ? address(receiver) : models.payTo(order[i - 1]);
            Payee[] memory payees = ISplit(split).payees();
            for (uint256 j; j < payees.length; ++j) {
                all[n++] = ISplits.SplitClaim(split, address(usd), payees[j].account);
            }
        }
        assembly ("memory-safe") {
            mstore(all, n)
        }
        vm.prank(stranger);
        splits.claimMany(all);
    }

    function _pullSome(uint256 seed) private {
        uint256[5] memory order = [leaf, top, other, middle, base];
        for (uint256 i; i < 8; ++i) {
            uint256 pick = uint256(keccak256(abi.encode(seed, i)));
            ISplit split = ISplit(models.payTo(order[pick % 5]));
            Payee[] memory payees = split.payees();
            split.claim(address(usd), payees[(pick >> 8) % payees.length].account);
        }
    }

    function _pull(uint256 model_, address account) private {
        ISplit(models.payTo(model_)).claim(address(usd), account);
    }

    // ---- making it ----

    function _parents(uint256 a, uint16 bpsA, uint256 b, uint16 bpsB)
        private
        pure
        returns (IModelRegistry.Parent[] memory list)
    {
        list = new IModelRegistry.Parent[](a == 0 ? 0 : b == 0 ? 1 : 2);
        if (a != 0) list[0] = IModelRegistry.Parent(a, 1, bpsA);
        if (b != 0) list[1] = IModelRegistry.Parent(b, 1, bpsB);
    }

    function _made(string memory slug, Payee[] memory payees, IModelRegistry.Parent[] memory above)
        private
        returns (uint256)
    {
        IModelRegistry.Model memory m = model(slug);
        (m.first.derivable, m.payees, m.parents) = (true, payees, above);
        m.royalty.callBps = 3_333;
        vm.prank(creator);
        return models.register(m);
    }
}
