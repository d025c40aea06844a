// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {ILicences} from "../src/interfaces/ILicences.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {ISplit, Payee} from "../src/interfaces/ISplits.sol";
import {vm} from "../script/Vm.sol";
import {CallingToken} from "./doubles/Tokens.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice What forge asks of a test that has invariants.
abstract contract Targets {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    address internal handler;

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = handler;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(handler, _selectors());
    }

    function _selectors() internal view virtual returns (bytes4[] memory);
}

// ---- channels ----

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
    CallingToken internal usd;

    function setUp() public {
        ChannelsHandler h = new ChannelsHandler();
        (address c, address t) = h.stoa();
        (handler, channels, usd) = (address(h), IChannels(c), CallingToken(t));
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

// ---- splits ----

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

// ---- the market ----

/// @notice Two offers, bought through every door, renewed, and tried by a stranger.
contract MarketHandler is StoaTest {
    uint256[2] internal offers;
    address[2] internal payTos;
    bytes32[2] public termsThen;
    uint256 public sales;
    uint256 public licencesSold;
    uint256 internal salt;

    constructor() {
        setUp();
        for (uint256 i; i < 2; ++i) {
            IMarket.NewOffer memory o;
            vm.prank(creator);
            uint256 id = models.register(model(i == 0 ? "one" : "two"));
            o = offerOfModel(id);
            o.prices[0] = IMarket.Price(address(usd), uint96(1e6 * (i + 1)), uint96(1e6 * (i + 1)));
            o.period = i == 0 ? 0 : 30 days;
            vm.prank(creator);
            offers[i] = market.createOffer(o);
            payTos[i] = models.payTo(id);
            termsThen[i] = keccak256(abi.encode(licences.termsOf(offers[i])));
        }
        vm.prank(buyer);
        usd.approve(address(market), type(uint256).max);
    }

    function stoa() external view returns (address, address, address) {
        return (address(market), address(licences), address(usd));
    }

    function offerAt(uint256 i) external view returns (uint256, address) {
        return (offers[i], payTos[i]);
    }

    function relayAndBuyer() external view returns (address, address) {
        return (relay, buyer);
    }

    function purchase(uint256 i, uint8 n, uint32 fee, uint32 extra, uint8 door) external {
        i %= 2;
        IMarket.Order memory order = orderFor(offers[i]);
        order.n = bound(n, 1, 3);
        order.deadline = block.timestamp;
        order.salt = bytes32(++salt);
        uint256 price = 1e6 * (i + 1) * order.n;
        order.relayFee = door % 3 == 0 ? 0 : fee % 1e6;
        order.maxPrice = price + order.relayFee + extra % 1e6;
        uint256 before = usd.balanceOf(buyer);
        if (before < order.maxPrice) return;
        if (door % 3 == 0) {
            vm.prank(buyer);
            market.buy(order);
        } else if (door % 3 == 1) {
            bytes32 content = keccak256(
                abi.encode(
                    RECEIVE_TYPEHASH,
                    buyer,
                    address(market),
                    order.maxPrice,
                    0,
                    type(uint256).max,
                    market.orderDigest(order)
                )
            );
            bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
            vm.prank(relay);
            market.relayOrder(order, IMarket.Authorization(buyer, 0, type(uint256).max, signature));
        } else {
            bytes memory signature = sign(buyerKey, market.orderDigest(order));
            vm.prank(relay);
            market.relayPermitOrder(order, IMarket.Permit(buyer, 0, 0, new bytes(65)), signature);
        }
        require(before - usd.balanceOf(buyer) <= order.maxPrice, "more than the maximum left");
        sales += price;
        licencesSold += order.n;
    }

    function renew(uint256 licence, uint32 wait) external {
        if (licencesSold == 0) return;
        vm.warp(block.timestamp + wait % 40 days);
        licence = 1 + licence % licencesSold;
        uint40 until = licences.expires(licence);
        if (until == 0 || usd.balanceOf(buyer) < 2e6) return;
        vm.prank(buyer);
        market.renew(licence, address(usd), 2e6, block.timestamp);
        require(licences.expires(licence) >= until + 30 days, "a renewal added too little");
        sales += 2e6;
    }

    /// @dev The buyer's whole allowance lies open, yet only the buyer's word spends it.
    function stealAllowance(uint256 i, uint256 maxPrice) external {
        IMarket.Order memory order = orderFor(offers[i % 2]);
        (order.holder, order.maxPrice) = (stranger, maxPrice);
        order.deadline = block.timestamp;
        vm.startPrank(stranger);
        try market.buy(order) {
            revert("bought without money");
        } catch {}
        try market.relayPermitOrder(
            order, IMarket.Permit(buyer, 0, 0, new bytes(65)), new bytes(65)
        ) {
            revert("bought with another's allowance");
        } catch {}
        vm.stopPrank();
    }

    function toggle(bool active) external {
        vm.prank(creator);
        market.setActive(offers[0], active);
        vm.prank(creator);
        market.setActive(offers[0], true);
    }
}

contract MarketInvariants is Targets {
    IMarket internal market;
    ILicences internal licences;
    CallingToken internal usd;

    function setUp() public {
        MarketHandler h = new MarketHandler();
        (address m, address l, address t) = h.stoa();
        handler = address(h);
        (market, licences, usd) = (IMarket(m), ILicences(l), CallingToken(t));
    }

    function _selectors() internal pure override returns (bytes4[] memory s) {
        s = new bytes4[](4);
        s[0] = MarketHandler.purchase.selector;
        s[1] = MarketHandler.renew.selector;
        s[2] = MarketHandler.stealAllowance.selector;
        s[3] = MarketHandler.toggle.selector;
    }

    function invariant_market() public view {
        _moneyIsWithThePayees();
        _termsNeverChange();
        _everyPaidLicenceStands();
    }

    /// @dev Between two transactions the market holds nothing: all of it is with the payees.
    function _moneyIsWithThePayees() private view {
        MarketHandler h = MarketHandler(handler);
        require(usd.balanceOf(address(market)) == 0, "the market holds money");
        uint256 got;
        for (uint256 i; i < 2; ++i) {
            (, address payTo) = h.offerAt(i);
            got += usd.balanceOf(payTo);
        }
        require(got == h.sales(), "payees did not get the price");
        (address relay, address buyer) = h.relayAndBuyer();
        require(
            usd.balanceOf(buyer) + usd.balanceOf(relay) + got == 10_000e6, "somebody else has it"
        );
    }

    function _termsNeverChange() private view {
        MarketHandler h = MarketHandler(handler);
        for (uint256 i; i < 2; ++i) {
            (uint256 offer,) = h.offerAt(i);
            require(
                keccak256(abi.encode(licences.termsOf(offer))) == h.termsThen(i), "terms changed"
            );
        }
    }

    function _everyPaidLicenceStands() private view {
        MarketHandler h = MarketHandler(handler);
        (, address buyer) = h.relayAndBuyer();
        require(licences.balanceOf(buyer) == h.licencesSold(), "a licence is missing");
        require(licences.licenceCount() == h.licencesSold(), "a licence was not paid");
        for (uint256 i = 1; i <= h.licencesSold(); ++i) {
            ILicences.Licence memory l = licences.licenceOf(i);
            bool valid = l.expires == 0 || block.timestamp < l.expires;
            require(licences.isValid(i) == valid, "validity is not its term");
        }
    }
}
