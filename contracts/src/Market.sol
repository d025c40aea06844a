// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IERC3009Bytes} from "./interfaces/IERC3009Bytes.sol";
import {ILicences} from "./interfaces/ILicences.sol";
import {ISubscriptionMarket} from "./interfaces/ILicenceStandards.sol";
import {IMarket} from "./interfaces/IMarket.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @title The market: see IMarket. This one sells at fixed prices.
contract Market is IMarket, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct Sale {
        address seller;
        bool active;
        uint16 maxCommissionBps;
        FixedPrice[] prices;
    }

    struct FixedPrice {
        address token;
        uint96 amount;
    }

    bytes32 public constant ORDER_TYPEHASH = keccak256(
        "Order(uint256 offer,bytes32 termsDigest,address holder,uint256 n,address token,uint256 maxPrice,uint256 deadline,uint256 hall,uint256 relayFee,bytes32 salt)"
    );
    bytes32 public constant RENEWAL_TYPEHASH = keccak256(
        "Renewal(uint256 licence,address token,uint256 maxPrice,uint256 deadline,uint256 relayFee,bytes32 salt)"
    );
    uint256 public constant MAX_PRICES = 4;
    uint256 public constant MAX_LICENCES = 32;
    uint16 public constant MAX_COMMISSION_BPS = 1_000;

    IModelRegistry public immutable MODELS;
    ILicences public immutable LICENCES;

    /// @inheritdoc IMarket
    mapping(address owner => mapping(bytes32 order => bool)) public orderUsed;
    mapping(uint256 offer => Sale) private _sales;

    constructor(IModelRegistry models, ILicences licences) EIP712("Stoa Market", "1") {
        MODELS = models;
        LICENCES = licences;
    }

    /// @inheritdoc IMarket
    function createOffer(NewOffer calldata offer) external returns (uint256 id) {
        (address owner,,,) = MODELS.standing(offer.model);
        require(owner == msg.sender, NotSeller(0, msg.sender));
        require(offer.service == 0 && offer.calls == 0, PlanNotSold());
        require(
            offer.maxCommissionBps <= MAX_COMMISSION_BPS, CommissionTooHigh(offer.maxCommissionBps)
        );
        id = LICENCES.freeze(
            ILicences.Terms({
                model: offer.model,
                service: offer.service,
                period: offer.period,
                calls: offer.calls,
                seats: offer.seats,
                rights: offer.rights,
                entitlement: offer.entitlement,
                transferable: offer.transferable,
                termsDigest: offer.termsDigest
            })
        );
        Sale storage sale = _sales[id];
        sale.seller = msg.sender;
        sale.active = true;
        sale.maxCommissionBps = offer.maxCommissionBps;
        _storePrices(sale, offer);
        emit OfferCreated(id, offer.model, msg.sender, offer);
    }

    /// @inheritdoc IMarket
    function setActive(uint256 offer, bool active) external {
        Sale storage sale = _sale(offer);
        (address owner,,,) = MODELS.standing(LICENCES.termsOf(offer).model);
        require(sale.seller == msg.sender && owner == msg.sender, NotSeller(offer, msg.sender));
        sale.active = active;
        emit OfferActiveSet(offer, active);
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
        (uint256 price, address payTo) = _check(order);
        require(msg.value >= price, WrongNativeAmount(msg.value));
        first = _issue(order, msg.sender, price, payTo, orderDigest(order));
        _pay(address(0), msg.sender, payTo, price);
    }

    /// @inheritdoc IMarket
    function relayOrder(Order calldata order, Authorization calldata authorization)
        external
        nonReentrant
        returns (uint256 first)
    {
        IERC20 token = _erc20(order.token);
        (uint256 price, address payTo) = _check(order);
        bytes32 digest = orderDigest(order);
        _take(order.token, order.maxPrice, digest, authorization);
        first = _issue(order, authorization.from, price, payTo, digest);
        token.safeTransfer(payTo, price);
        _giveBack(token, authorization.from, order.maxPrice - price, order.relayFee, digest);
    }

    /// @inheritdoc IMarket
    function relayPermitOrder(
        Order calldata order,
        Permit calldata permit,
        bytes calldata orderSignature
    ) external nonReentrant returns (uint256 first) {
        IERC20 token = _erc20(order.token);
        (uint256 price, address payTo) = _check(order);
        bytes32 digest = orderDigest(order);
        require(!orderUsed[permit.owner][digest], OrderUsed(digest));
        require(
            SignatureChecker.isValidSignatureNowCalldata(permit.owner, digest, orderSignature),
            BadOrderSignature()
        );
        orderUsed[permit.owner][digest] = true;
        _usePermit(order.token, permit);
        first = _issue(order, permit.owner, price, payTo, digest);
        token.safeTransferFrom(permit.owner, payTo, price);
        if (order.relayFee != 0) {
            token.safeTransferFrom(permit.owner, msg.sender, order.relayFee);
            emit RelayPaid(msg.sender, order.token, order.relayFee, digest);
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
    function quote(uint256 offer, address token, uint256 n) public view returns (uint256) {
        require(n != 0 && n <= MAX_LICENCES, BadQuantity(n));
        return _unitPrice(_sale(offer), token) * n;
    }

    /// @inheritdoc IMarket
    function offerOf(uint256 offer) external view returns (Offer memory out) {
        Sale storage sale = _sale(offer);
        out.seller = sale.seller;
        out.active = sale.active;
        out.maxCommissionBps = sale.maxCommissionBps;
        out.prices = new Price[](sale.prices.length);
        for (uint256 i; i < out.prices.length; ++i) {
            FixedPrice storage price = sale.prices[i];
            out.prices[i] = Price(price.token, price.amount, price.amount);
        }
        out.terms = LICENCES.termsOf(offer);
    }

    /// @inheritdoc IMarket
    function isForSale(uint256 offer) external view returns (bool) {
        Sale storage sale = _sales[offer];
        if (!sale.active) return false;
        uint256 model = LICENCES.termsOf(offer).model;
        (address owner,,, IModelRegistry.Status status) = MODELS.standing(model);
        return owner == sale.seller && status != IModelRegistry.Status.Withdrawn
            && MODELS.marketOf(model) == address(this);
    }

    /// @inheritdoc IMarket
    function orderDigest(Order calldata order) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPEHASH, order)));
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
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
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
        payTo = _requireForSale(offer, LICENCES.termsOf(offer).model);
        price = _unitPrice(_sales[offer], token);
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
        (uint256 price, address payTo) = _check(order);
        first = _issue(order, msg.sender, price, payTo, orderDigest(order));
        token.safeTransferFrom(msg.sender, payTo, price);
    }

    /// @dev What no order may lack, whichever door it comes through.
    function _check(Order calldata order) private view returns (uint256 price, address payTo) {
        require(block.timestamp <= order.deadline, DeadlinePassed(order.deadline));
        require(order.holder != address(0), ZeroHolder());
        require(order.hall == 0, UnknownHall(order.hall));
        price = quote(order.offer, order.token, order.n);
        uint256 all = price + order.relayFee;
        require(all <= order.maxPrice, PriceAboveMax(all, order.maxPrice));
        ILicences.Terms memory terms = LICENCES.termsOf(order.offer);
        require(terms.termsDigest == order.termsDigest, TermsDiffer(terms.termsDigest));
        payTo = _requireForSale(order.offer, terms.model);
    }

    function _requireForSale(uint256 offer, uint256 model) private view returns (address payTo) {
        Sale storage sale = _sale(offer);
        require(sale.active, OfferInactive(offer));
        address owner;
        IModelRegistry.Status status;
        (owner, payTo,, status) = MODELS.standing(model);
        require(owner == sale.seller, SellerGone(offer));
        require(status != IModelRegistry.Status.Withdrawn, NotForSale(offer));
    }

    function _issue(
        Order calldata order,
        address payer,
        uint256 price,
        address payTo,
        bytes32 digest
    ) private returns (uint256 first) {
        uint96 each = uint96(price / order.n);
        first = LICENCES.mint(order.holder, order.offer, order.token, each);
        for (uint256 i = 1; i < order.n; ++i) {
            LICENCES.mint(order.holder, order.offer, order.token, each);
        }
        emit Purchased(
            order.offer, order.holder, payer, first, order.n, order.token, price, payTo, digest
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

    function _storePrices(Sale storage sale, NewOffer calldata offer) private {
        uint256 count = offer.prices.length;
        require(count != 0 && count <= MAX_PRICES, BadPrices());
        require(offer.targetPerDay == 0 && offer.sensitivity == 0, PriceNotFixed());
        for (uint256 i; i < count; ++i) {
            Price calldata price = offer.prices[i];
            require(price.floor == price.cap, PriceNotFixed());
            for (uint256 j; j < i; ++j) {
                require(offer.prices[j].token != price.token, BadPrices());
            }
            sale.prices.push(FixedPrice(price.token, price.floor));
        }
    }

    function _unitPrice(Sale storage sale, address token) private view returns (uint256) {
        uint256 count = sale.prices.length;
        for (uint256 i; i < count; ++i) {
            FixedPrice memory price = sale.prices[i];
            if (price.token == token) return price.amount;
        }
        revert TokenNotAccepted(token);
    }

    function _sale(uint256 offer) private view returns (Sale storage sale) {
        sale = _sales[offer];
        require(sale.seller != address(0), UnknownOffer(offer));
    }

    function _erc20(address token) private pure returns (IERC20) {
        require(token != address(0), TokenNotAccepted(token));
        return IERC20(token);
    }
}
