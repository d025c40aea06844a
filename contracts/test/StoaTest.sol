// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {ILicences, Rights} from "../src/interfaces/ILicences.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IServices} from "../src/interfaces/IServices.sol";
import {ISplit, ISplits, Payee} from "../src/interfaces/ISplits.sol";
import {Channels} from "../src/Channels.sol";
import {Halls} from "../src/Halls.sol";
import {Licences} from "../src/Licences.sol";
import {Market} from "../src/Market.sol";
import {ModelRegistry} from "../src/ModelRegistry.sol";
import {ModelSales} from "../src/ModelSales.sol";
import {Plans} from "../src/Plans.sol";
import {Purses} from "../src/Purses.sol";
import {Services} from "../src/Services.sol";
import {Splits} from "../src/Splits.sol";
import {TestUSD} from "../src/TestUSD.sol";
import {Deploy} from "../script/Deploy.s.sol";
import {vm} from "../script/Vm.sol";

/// @notice A whole Stoa, as the deployment script makes it, and the words tests are written in.
abstract contract StoaTest {
    uint256 internal constant NOW = 1_800_000_000;
    uint256 internal constant CHAIN = 713_371;
    string internal constant MNEMONIC =
        "test test test test test test test test test test test junk";
    bytes32 internal constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    Deploy.Deployed internal stands;
    Channels internal channels;
    Splits internal splits;
    ModelRegistry internal models;
    Licences internal licences;
    Market internal market;
    Halls internal halls;
    Plans internal plans;
    ModelSales internal modelSales;
    Services internal services;
    Purses internal purses;
    TestUSD internal usd;

    // Accounts of the public mnemonic hold TestUSD; the others hold nothing.
    uint256 internal buyerKey = vm.deriveKey(MNEMONIC, 1);
    uint256 internal sessionKey = uint256(keccak256("session"));
    uint256 internal authorizerKey = uint256(keccak256("authorizer"));
    address internal buyer = vm.addr(buyerKey);
    address internal session = vm.addr(sessionKey);
    address internal authorizer = vm.addr(authorizerKey);
    address internal creator = vm.addr(vm.deriveKey(MNEMONIC, 7));
    address internal provider = named("provider");
    address internal relay = named("relay");
    address internal stranger = named("stranger");

    function setUp() public virtual {
        vm.chainId(CHAIN);
        vm.warp(NOW);
        stands = new Deploy().inState();
        channels = Channels(stands.channels);
        splits = Splits(stands.splits);
        models = ModelRegistry(stands.models);
        licences = Licences(stands.licences);
        market = Market(stands.market);
        halls = Halls(stands.halls);
        plans = Plans(stands.plans);
        modelSales = ModelSales(stands.modelSales);
        services = Services(stands.services);
        purses = Purses(stands.purses);
        usd = TestUSD(stands.testUsd);
    }

    // ---- asserts ----

    function eq(uint256 a, uint256 b) internal pure {
        require(a == b, string.concat(vm.toString(a), " != ", vm.toString(b)));
    }

    function eq(address a, address b) internal pure {
        eq(uint160(a), uint160(b));
    }

    function eq(bytes32 a, bytes32 b) internal pure {
        eq(uint256(a), uint256(b));
    }

    function eq(string memory a, string memory b) internal pure {
        require(keccak256(bytes(a)) == keccak256(bytes(b)), string.concat(a, " != ", b));
    }

    function eq(bytes memory a, bytes memory b) internal pure {
        require(keccak256(a) == keccak256(b), "bytes differ");
    }

    function le(uint256 a, uint256 b) internal pure {
        require(a <= b, string.concat(vm.toString(a), " > ", vm.toString(b)));
    }

    function yes(bool it) internal pure {
        require(it, "expected true");
    }

    function no(bool it) internal pure {
        require(!it, "expected false");
    }

    // ---- values ----

    function named(string memory name) internal pure returns (address) {
        return vm.addr(uint256(keccak256(bytes(name))));
    }

    function bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        return x >= low && x <= high ? x : low + x % (high - low + 1);
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @notice A signature as ERC-2098 shortens it.
    function short(uint256 key, bytes32 digest) internal pure returns (bytes32, bytes32) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return (r, v == 28 ? s | bytes32(uint256(1) << 255) : s);
    }

    /// @notice The other signature of the same digest that the curve allows: s above n/2.
    function highTwin(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        uint256 n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, n - uint256(s), v == 27 ? uint8(28) : uint8(27));
    }

    function typed(bytes32 domain, bytes32 content) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", domain, content));
    }

    function pair(address a, uint32 shareA, address b) internal pure returns (Payee[] memory l) {
        l = new Payee[](2);
        (l[0], l[1]) = (Payee(a, shareA), Payee(b, 1_000_000 - shareA));
        if (a > b) (l[0], l[1]) = (l[1], l[0]);
    }

    function alone(address a) internal pure returns (Payee[] memory l) {
        l = new Payee[](1);
        l[0] = Payee(a, 1_000_000);
    }

    // ---- models, offers, orders ----

    function version() internal pure returns (IModelRegistry.NewVersion memory v) {
        v.manifestDigest = keccak256("manifest");
        v.weightsDigest = keccak256("weights");
        v.cid = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
    }

    function model(string memory slug) internal view returns (IModelRegistry.Model memory m) {
        m.slug = slug;
        m.first = version();
        m.royalty.callBps = 2_000;
        m.market = address(market);
    }

    function registered() internal returns (uint256 id) {
        vm.prank(creator);
        id = models.register(model("tiny"));
    }

    function offerOfModel(uint256 id) internal view returns (IMarket.NewOffer memory o) {
        o.terms.model = id;
        o.prices = new IMarket.Price[](1);
        o.prices[0] = IMarket.Price(address(usd), 5e6, 5e6);
        o.terms.period = 30 days;
        o.terms.seats = 1;
        o.terms.rights = Rights.DOWNLOAD | Rights.RUN;
        o.terms.termsDigest = keccak256("Use it well.");
    }

    function offered() internal returns (uint256 offer) {
        uint256 id = registered();
        vm.prank(creator);
        offer = market.createOffer(offerOfModel(id));
    }

    function orderFor(uint256 offer) internal view returns (IMarket.Order memory o) {
        o.offer = offer;
        o.termsDigest = keccak256("Use it well.");
        o.holder = buyer;
        o.n = 1;
        o.token = address(usd);
        o.maxPrice = 6e6;
        o.deadline = NOW + 1 hours;
        o.salt = keccak256("salt");
    }

    /// @notice The buyer's EIP-3009 signature that pays for an order.
    function authorized(IMarket.Order memory order)
        internal
        view
        returns (IMarket.Authorization memory)
    {
        bytes32 content = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH,
                buyer,
                address(market),
                order.maxPrice,
                0,
                NOW + 1 hours,
                market.orderDigest(order)
            )
        );
        bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
        return IMarket.Authorization(buyer, 0, NOW + 1 hours, signature);
    }

    function permitted(uint256 value) internal view returns (IMarket.Permit memory) {
        bytes32 content = keccak256(
            abi.encode(
                PERMIT_TYPEHASH, buyer, address(market), value, usd.nonces(buyer), NOW + 1 hours
            )
        );
        bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
        return IMarket.Permit(buyer, value, NOW + 1 hours, signature);
    }

    // ---- channels ----

    function config() internal view returns (IChannels.ChannelConfig memory) {
        return IChannels.ChannelConfig({
            payer: buyer,
            payerAuthorizer: session,
            receiver: provider,
            receiverAuthorizer: authorizer,
            token: address(usd),
            withdrawDelay: 3_600,
            salt: 0
        });
    }

    /// @notice The collector's data for a deposit that the buyer signed.
    function signedDeposit(IChannels.ChannelConfig memory c, uint128 amount, uint256 salt)
        internal
        view
        returns (bytes memory)
    {
        bytes32 nonce = keccak256(abi.encode(channels.getChannelId(c), salt));
        bytes32 content = keccak256(
            abi.encode(
                RECEIVE_TYPEHASH, buyer, stands.collector3009, amount, 0, NOW + 365 days, nonce
            )
        );
        bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
        return abi.encode(uint256(0), NOW + 365 days, salt, signature);
    }

    function deposited(IChannels.ChannelConfig memory c, uint128 amount) internal {
        bytes memory data = signedDeposit(c, amount, amount);
        channels.deposit(c, amount, stands.collector3009, data);
    }

    function row(IChannels.ChannelConfig memory c, uint128 max, uint128 total)
        internal
        view
        returns (IChannels.VoucherClaim memory)
    {
        bytes32 digest = channels.getVoucherDigest(channels.getChannelId(c), max);
        return IChannels.VoucherClaim(IChannels.Voucher(c, max), sign(sessionKey, digest), total);
    }

    function rows(IChannels.VoucherClaim memory one)
        internal
        pure
        returns (IChannels.VoucherClaim[] memory list)
    {
        list = new IChannels.VoucherClaim[](1);
        list[0] = one;
    }
}
