// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Commissions} from "./Commissions.sol";
import {IERC3009Bytes} from "./interfaces/IERC3009Bytes.sol";
import {IHalls} from "./interfaces/IHalls.sol";
import {ILicences} from "./interfaces/ILicences.sol";
import {ISubscriptionMarket} from "./interfaces/ILicenceStandards.sol";
import {IMarket} from "./interfaces/IMarket.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IPlans} from "./interfaces/IPlans.sol";
import {IServices} from "./interfaces/IServices.sol";
import {Offers} from "./Offers.sol";
import {Cap, Curve, Listing, OfferRecords} from "./OfferRecords.sol";
import {Sieve} from "./Sieve.sol";

/// @title The market: see IMarket.
contract Market is Offers, Commissions, EIP712 {
    using OfferRecords for Listing;
    using OfferRecords for Curve;
    using OfferRecords for Cap;
    using SafeERC20 for IERC20;

    bytes32 public constant ORDER_TYPEHASH = keccak256(
        "Order(uint256 offer,bytes32 termsDigest,address holder,uint256 n,address token,uint256 maxPrice,uint256 deadline,uint256 hall,uint256 relayFee,bytes32 salt)"
    );
    bytes32 public constant RENEWAL_TYPEHASH = keccak256(
        "Renewal(uint256 licence,address token,uint256 maxPrice,uint256 deadline,uint256 relayFee,bytes32 salt)"
    );

    IHalls public immutable HALLS;
    IPlans public immutable PLANS;

    /// @inheritdoc IMarket
    mapping(address owner => mapping(bytes32 order => bool)) public orderUsed;

    constructor(
        IModelRegistry models,
        ILicences licences,
        IHalls halls,
        IServices services,
        IPlans plans
    ) Offers(models, licences, services) EIP712("Stoa Market", "1") {
        HALLS = halls;
        PLANS = plans;
    }

    /// @inheritdoc IMarket
    function buy(Order calldata order) external nonReentrant returns (uint256) {
        return _buy(order);
    }

    /// @inheritdoc IMarket
    function buyWithPermit(Order calldata order, Permit calldata permit)
        external
        nonReentrant
        returns (uint256)
    {
        require(permit.owner == msg.sender, BadPermitSignature());
        _usePermit(order.token, permit);
        return _buy(order);
    }

    /// @inheritdoc IMarket
    function buyNative(Order calldata order) external payable nonReentrant returns (uint256 first) {
        require(order.token == address(0), TokenNotAccepted(order.token));
        require(order.relayFee == 0, UnexpectedRelayFee());
        Deal memory deal = _check(order, msg.sender);
        require(msg.value >= deal.price, WrongNativeAmount(msg.value));
        first = _issue(order, deal);
        uint256 left = msg.value - deal.price;
        if (deal.payTo == address(PLANS)) _hold(order, deal, first, deal.price);
        else Address.sendValue(payable(deal.payTo), deal.price - deal.commission);
        if (left != 0) Address.sendValue(payable(msg.sender), left);
    }

    /// @inheritdoc IMarket
    function relayOrder(Order calldata order, Authorization calldata authorization)
        external
        nonReentrant
        returns (uint256 first)
    {
        IERC20 token = _erc20(order.token);
        Deal memory deal = _check(order, authorization.from);
        _take(order.token, order.maxPrice, deal.digest, authorization);
        first = _issue(order, deal);
        token.safeTransfer(deal.payTo, deal.price - deal.commission);
        _hold(order, deal, first, 0);
        uint256 left = order.maxPrice - deal.price;
        _giveBack(token, deal.payer, left, order.relayFee, deal.digest);
    }

    /// @inheritdoc IMarket
    function relayPermitOrder(
        Order calldata order,
        Permit calldata permit,
        bytes calldata orderSignature
    ) external nonReentrant returns (uint256 first) {
        IERC20 token = _erc20(order.token);
        address payer = permit.owner;
        Deal memory deal = _check(order, payer);
        require(!orderUsed[payer][deal.digest], OrderUsed(deal.digest));
        require(
            SignatureChecker.isValidSignatureNowCalldata(payer, deal.digest, orderSignature),
            BadOrderSignature()
        );
        orderUsed[payer][deal.digest] = true;
        _usePermit(order.token, permit);
        first = _issue(order, deal);
        _collectPrice(token, deal);
        _hold(order, deal, first, 0);
        if (order.relayFee != 0) {
            token.safeTransferFrom(payer, msg.sender, order.relayFee);
            emit RelayPaid(msg.sender, order.token, order.relayFee, deal.digest);
        }
    }

    /// @inheritdoc IMarket
    function renew(uint256 licence, address token, uint256 maxPrice, uint256 deadline)
        external
        payable
        nonReentrant
        returns (uint40 until)
    {
        require(block.timestamp <= deadline, DeadlinePassed(deadline));
        uint256 price;
        address payTo;
        (until, price, payTo) = _extend(licence, token, maxPrice, msg.sender);
        _pay(token, msg.sender, payTo, price);
    }

    /// @inheritdoc ISubscriptionMarket
    function renewFor(uint256 licence, address payer) external payable nonReentrant {
        require(msg.sender == address(LICENCES), NotTheLicences(msg.sender));
        address token = msg.value != 0 ? address(0) : LICENCES.licenceOf(licence).token;
        (, uint256 price, address payTo) = _extend(licence, token, type(uint256).max, payer);
        _pay(token, payer, payTo, price);
    }

    /// @inheritdoc IMarket
    function relayRenewal(Renewal calldata renewal, Authorization calldata authorization)
        external
        nonReentrant
        returns (uint40 until)
    {
        IERC20 token = _erc20(renewal.token);
        require(block.timestamp <= renewal.deadline, DeadlinePassed(renewal.deadline));
        require(
            renewal.relayFee <= renewal.maxPrice, PriceAboveMax(renewal.relayFee, renewal.maxPrice)
        );
        bytes32 digest = renewalDigest(renewal);
        _take(renewal.token, renewal.maxPrice, digest, authorization);
        uint256 price;
        address payTo;
        (until, price, payTo) = _extend(
            renewal.licence, renewal.token, renewal.maxPrice - renewal.relayFee, authorization.from
        );
        token.safeTransfer(payTo, price);
        _giveBack(token, authorization.from, renewal.maxPrice - price, renewal.relayFee, digest);
    }

    /// @inheritdoc IMarket
    function quoteRenewal(uint256 licence, address token) external view returns (uint256) {
        uint256 offer = LICENCES.offerOf(licence);
        return _renewalCharge(offer, _listing(offer), token);
    }

    /// @inheritdoc IMarket
    function orderDigest(Order calldata order) public view returns (bytes32) {
        // abi.encode(ORDER_TYPEHASH, order), as it lies there: an order is ten words. What is no
        // address in one of its addresses reverts where that is read.
        bytes32 typehash = ORDER_TYPEHASH;
        bytes32 content;
        assembly ("memory-safe") {
            let to := mload(0x40)
            mstore(to, typehash)
            calldatacopy(add(to, 32), order, 320)
            content := keccak256(to, 352)
        }
        return _hashTypedDataV4(content);
    }

    /// @inheritdoc IMarket
    function renewalDigest(Renewal calldata renewal) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RENEWAL_TYPEHASH, renewal)));
    }

    /// @dev Takes `amount` by an authorisation whose nonce is `digest`.
    function _take(
        address token,
        uint256 amount,
        bytes32 digest,
        Authorization calldata authorization
    ) private {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC3009Bytes(token)
            .receiveWithAuthorization(
                authorization.from,
                address(this),
                amount,
                authorization.validAfter,
                authorization.validBefore,
                digest,
                authorization.signature
            );
        _requireReceived(IERC20(token), before, amount);
    }

    function _requireReceived(IERC20 token, uint256 before, uint256 amount) private view {
        uint256 received = token.balanceOf(address(this)) - before;
        require(received == amount, UnexpectedTransfer(amount, received));
    }

    /// @dev Of what is `left` after the price, the fee is the relay's and the rest the payer's.
    function _giveBack(IERC20 token, address payer, uint256 left, uint256 fee, bytes32 digest)
        private
    {
        if (fee != 0) {
            token.safeTransfer(msg.sender, fee);
            emit RelayPaid(msg.sender, address(token), fee, digest);
        }
        if (left != fee) token.safeTransfer(payer, left - fee);
    }

    function _extend(uint256 licence, address token, uint256 most, address payer)
        private
        returns (uint40 until, uint256 price, address payTo)
    {
        uint256 offer = LICENCES.offerOf(licence);
        Listing listing = _listing(offer);
        (uint256 model, uint256 service,) = LICENCES.subjectOf(offer);
        (payTo,) = _requireForSale(offer, listing, model, service);
        price = _renewalCharge(offer, listing, token);
        require(price <= most, PriceAboveMax(price, most));
        until = LICENCES.extend(licence, uint96(price));
        emit Renewed(licence, offer, payer, token, price, payTo);
    }

    /// @dev With the native coin sent along, or with the payer's allowance.
    function _pay(address token, address payer, address payTo, uint256 price) private {
        if (token == address(0)) {
            require(msg.value >= price, WrongNativeAmount(msg.value));
            Address.sendValue(payable(payTo), price);
            if (msg.value > price) Address.sendValue(payable(payer), msg.value - price);
        } else {
            require(msg.value == 0, WrongNativeAmount(msg.value));
            IERC20(token).safeTransferFrom(payer, payTo, price);
        }
    }

    function _buy(Order calldata order) private returns (uint256 first) {
        IERC20 token = _erc20(order.token);
        require(order.relayFee == 0, UnexpectedRelayFee());
        Deal memory deal = _check(order, msg.sender);
        first = _issue(order, deal);
        _collectPrice(token, deal);
        _hold(order, deal, first, 0);
    }

    /// @dev A plan's price has gone to `PLANS`, or goes there as `value`.
    function _hold(Order calldata order, Deal memory deal, uint256 first, uint256 value) private {
        if (deal.payTo != address(PLANS)) return;
        PLANS.hold{value: value}(first, order.n, order.token, deal.price);
    }

    /// @dev From the payer's allowance.
    function _collectPrice(IERC20 token, Deal memory deal) private {
        token.safeTransferFrom(deal.payer, deal.payTo, deal.price - deal.commission);
        if (deal.commission == 0) return;
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(deal.payer, address(this), deal.commission);
        _requireReceived(token, before, deal.commission);
    }

    /// @dev What no order may lack, whichever door it comes through.
    function _check(Order calldata order, address payer) private view returns (Deal memory deal) {
        require(block.timestamp <= order.deadline, DeadlinePassed(order.deadline));
        require(order.holder != address(0), ZeroHolder());
        Listing listing = _listing(order.offer);
        deal = _charge(order.offer, listing, order.token, order.n);
        uint256 all = deal.price + order.relayFee;
        require(all <= order.maxPrice, PriceAboveMax(all, order.maxPrice));
        (uint256 model, uint256 service, bytes32 termsDigest) = LICENCES.subjectOf(order.offer);
        require(termsDigest == order.termsDigest, TermsDiffer(termsDigest));
        (deal.payTo, deal.version) = _requireForSale(order.offer, listing, model, service);
        (deal.payer, deal.digest) = (payer, orderDigest(order));
        if (order.hall != 0) _setCommission(deal, listing, order.hall, model);
        if (Cap.unwrap(deal.cap) != 0 && _gains(deal, listing.seller(), order.holder)) {
            (deal.cap, deal.next) = (Cap.wrap(0), deal.curve.excess());
        }
        if (service != 0) deal.payTo = address(PLANS);
    }

    function _setCommission(Deal memory deal, Listing listing, uint256 hall, uint256 model)
        private
        view
    {
        uint16 bps;
        (deal.curator, bps) = HALLS.commissionOn(hall, model);
        if (bps > listing.maxCommissionBps()) bps = listing.maxCommissionBps();
        deal.commission = deal.price * bps / 10_000;
    }

    function _gains(Deal memory deal, address seller, address holder) private view returns (bool) {
        address payer = deal.payer;
        return payer == seller || holder == seller
            || Sieve.holds(deal.cap.sieve(), deal.payTo, payer, holder);
    }

    function _issue(Order calldata order, Deal memory deal) private returns (uint256 first) {
        if (Cap.unwrap(deal.cap) != 0) _move(deal);
        first = LICENCES.mint(
            ILicences.Sale({
                holder: order.holder,
                offer: order.offer,
                n: order.n,
                token: order.token,
                priceIndex: uint8(deal.index),
                price: deal.price,
                version: uint32(deal.version)
            })
        );
        if (order.hall != 0) {
            owed[deal.curator][order.token] += deal.commission;
            emit CommissionEarned(
                order.hall, deal.curator, order.token, deal.commission, deal.digest
            );
        }
        emit Purchased(
            order.offer,
            order.holder,
            deal.payer,
            first,
            order.n,
            order.token,
            deal.price,
            deal.payTo,
            deal.digest,
            deal.next
        );
    }

    /// @dev A permit that somebody carried already has done its work; the transfer will tell.
    function _usePermit(address token, Permit calldata permit) private {
        require(permit.signature.length == 65, BadPermitSignature());
        bytes32 r = bytes32(permit.signature[0:32]);
        bytes32 s = bytes32(permit.signature[32:64]);
        uint8 v = uint8(permit.signature[64]);
        try IERC20Permit(token)
            .permit(permit.owner, address(this), permit.value, permit.deadline, v, r, s) {}
            catch {}
    }

    function _erc20(address token) private pure returns (IERC20) {
        require(token != address(0), TokenNotAccepted(token));
        return IERC20(token);
    }
}
