// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {
    IERC4907,
    IERC5192,
    IERC5643,
    ISubscriptionMarket
} from "./interfaces/ILicenceStandards.sol";
import {ILicences, Rights} from "./interfaces/ILicences.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {Card} from "./Card.sol";
import {Lendable} from "./Lendable.sol";
import {Frozen, Issued, Session} from "./LicenceRecords.sol";

/// @title Licences: see ILicences.
contract Licences is ILicences, ERC721, EIP712, Lendable {
    bytes32 public constant USE_COUNT_TYPEHASH =
        keccak256("UseCount(uint256 licence,uint32 epoch,uint32 total)");

    uint16 public constant MAX_SEATS = 64;
    uint256 public constant ROYALTY_BPS = 500;

    IModelRegistry public immutable MODELS;

    /// @inheritdoc ILicences
    uint256 public offerCount;
    /// @inheritdoc ILicences
    uint256 public licenceCount;
    mapping(uint256 offer => Frozen) private _offers;
    mapping(uint256 licence => Issued) private _issued;
    mapping(uint256 licence => Session) private _sessions;
    mapping(uint256 licence => mapping(uint32 epoch => mapping(uint16 seat => address))) private
        _seats;
    /// @dev The epoch in which the seats were last emptied, so that other changes keep them.
    mapping(uint256 licence => uint32) private _seatsSince;

    modifier onlyHolder(uint256 licence) {
        require(ownerOf(licence) == msg.sender, NotHolder(licence, msg.sender));
        _;
    }

    constructor(IModelRegistry models)
        ERC721("Stoa Licences", "LICENCE")
        EIP712("Stoa Licences", "1")
    {
        MODELS = models;
    }

    /// @inheritdoc ILicences
    function freeze(Terms calldata terms) external returns (uint256 offer) {
        _requireMarket(terms.model);
        bool counted = terms.calls != 0;
        require(
            terms.seats != 0 && terms.seats <= MAX_SEATS && terms.rights != 0
                && terms.rights <= Rights.ALL && terms.termsDigest != 0
                && terms.service <= type(uint64).max && counted == (terms.service != 0)
                && !(terms.transferable && (counted || terms.seats > 1)),
            BadTerms()
        );
        offer = ++offerCount;
        _offers[offer] = Frozen({
            model: uint64(terms.model),
            service: uint64(terms.service),
            period: terms.period,
            calls: terms.calls,
            seats: terms.seats,
            rights: terms.rights,
            entitlement: terms.entitlement,
            market: msg.sender,
            transferable: terms.transferable,
            termsDigest: terms.termsDigest
        });
        emit OfferFrozen(offer, msg.sender, terms);
    }

    /// @inheritdoc ILicences
    function mint(address holder, uint256 offer, address token, uint96 pricePaid)
        external
        returns (uint256 licence)
    {
        Frozen storage terms = _offers[offer];
        require(terms.market == msg.sender, NotTheMarket(terms.model, msg.sender));
        _requireMarket(terms.model);
        licence = ++licenceCount;
        uint40 now_ = uint40(block.timestamp);
        uint40 until = terms.period == 0 ? 0 : now_ + terms.period;
        uint32 version = MODELS.versionCount(terms.model);
        _issued[licence] = Issued({
            offer: uint64(offer),
            issuedAt: now_,
            expires: until,
            version: version,
            remaining: terms.calls,
            epoch: 0,
            cancelled: false,
            token: token,
            pricePaid: pricePaid
        });
        _mint(holder, licence);
        emit LicenceIssued(licence, offer, holder, until, version, token, pricePaid);
        if (terms.transferable) emit Unlocked(licence);
        else emit Locked(licence);
    }

    /// @inheritdoc ILicences
    function extend(uint256 licence, uint96 price) external returns (uint40 until) {
        Issued storage issued = _of(licence);
        Frozen storage terms = _offers[issued.offer];
        require(terms.market == msg.sender, NotTheMarket(terms.model, msg.sender));
        require(terms.period != 0 && !issued.cancelled, NotRenewable(licence));
        uint40 from = uint40(block.timestamp);
        if (issued.expires > from) from = issued.expires;
        until = from + terms.period;
        issued.expires = until;
        issued.remaining += terms.calls;
        emit LicenceRenewed(licence, until, price);
        emit SubscriptionUpdate(licence, until);
        emit MetadataUpdate(licence);
    }

    /// @inheritdoc IERC5643
    function renewSubscription(uint256 licence, uint64 duration) external payable {
        Frozen storage terms = _offers[_of(licence).offer];
        require(isRenewable(licence), NotRenewable(licence));
        require(duration == terms.period, BadDuration(terms.period));
        ISubscriptionMarket(terms.market).renewFor{value: msg.value}(licence, msg.sender);
    }

    /// @inheritdoc IERC5643
    function cancelSubscription(uint256 licence) external payable {
        require(msg.value == 0, NothingToPay());
        cancelRenewal(licence);
    }

    /// @inheritdoc ILicences
    function cancelRenewal(uint256 licence) public onlyHolder(licence) {
        _issued[licence].cancelled = true;
        emit RenewalCancelled(licence);
        emit SubscriptionUpdate(licence, 0);
    }

    /// @inheritdoc ILicences
    function setSeat(uint256 licence, uint16 seat, address user) external onlyHolder(licence) {
        Issued storage issued = _issued[licence];
        require(seat != 0 && seat < _offers[issued.offer].seats, NoSuchSeat(licence, seat));
        _seats[licence][_seatsSince[licence]][seat] = user;
        emit SeatSet(licence, seat, user, _nextEpoch(licence));
    }

    /// @inheritdoc ILicences
    function setSessionKey(uint256 licence, address key) external onlyHolder(licence) {
        uint32 epoch = _nextEpoch(licence);
        _sessions[licence].key = key;
        emit SessionKeySet(licence, key, epoch);
    }

    /// @inheritdoc ILicences
    function recordUses(UseCount[] calldata counts, bytes[] calldata signatures) external {
        for (uint256 i; i < counts.length; ++i) {
            _record(counts[i], signatures[i]);
        }
    }

    /// @inheritdoc ILicences
    function termsOf(uint256 offer) external view returns (Terms memory) {
        Frozen storage terms = _offers[offer];
        require(terms.market != address(0), UnknownOffer(offer));
        return Terms({
            model: terms.model,
            service: terms.service,
            period: terms.period,
            calls: terms.calls,
            seats: terms.seats,
            rights: terms.rights,
            entitlement: terms.entitlement,
            transferable: terms.transferable,
            termsDigest: terms.termsDigest
        });
    }

    /// @inheritdoc ILicences
    function marketOfOffer(uint256 offer) external view returns (address) {
        return _offers[offer].market;
    }

    /// @inheritdoc ILicences
    function licenceOf(uint256 licence) external view returns (Licence memory) {
        Issued storage issued = _of(licence);
        return Licence({
            offer: issued.offer,
            issuedAt: issued.issuedAt,
            expires: issued.expires,
            version: issued.version,
            remaining: issued.remaining,
            epoch: issued.epoch,
            cancelled: issued.cancelled,
            token: issued.token,
            pricePaid: issued.pricePaid
        });
    }

    /// @inheritdoc ILicences
    function offerOf(uint256 licence) external view returns (uint256) {
        return _of(licence).offer;
    }

    /// @inheritdoc ILicences
    function isValid(uint256 licence) public view returns (bool) {
        Issued storage issued = _issued[licence];
        if (issued.offer == 0) return false;
        if (issued.expires != 0 && block.timestamp >= issued.expires) return false;
        return _offers[issued.offer].calls == 0 || issued.remaining != 0;
    }

    /// @inheritdoc ILicences
    function expires(uint256 licence) external view returns (uint40) {
        return _of(licence).expires;
    }

    /// @inheritdoc IERC5643
    function expiresAt(uint256 licence) external view returns (uint64) {
        uint40 until = _of(licence).expires;
        return until == 0 ? type(uint64).max : until;
    }

    /// @inheritdoc IERC5643
    function isRenewable(uint256 licence) public view returns (bool) {
        Issued storage issued = _of(licence);
        return _offers[issued.offer].period != 0 && !issued.cancelled;
    }

    /// @inheritdoc IERC2981
    function royaltyInfo(uint256 licence, uint256 salePrice)
        external
        view
        returns (address, uint256)
    {
        Frozen storage terms = _offers[_of(licence).offer];
        if (!terms.transferable) return (address(0), 0);
        return (MODELS.payTo(terms.model), Math.mulDiv(salePrice, ROYALTY_BPS, 10_000));
    }

    /// @inheritdoc ILicences
    function remaining(uint256 licence) external view returns (uint32) {
        return _of(licence).remaining;
    }

    /// @inheritdoc ILicences
    function covers(uint256 licence, uint32 version) public view returns (bool) {
        Issued storage issued = _of(licence);
        Frozen storage terms = _offers[issued.offer];
        if (version == 0 || version > MODELS.versionCount(terms.model)) return false;
        if (version <= issued.version) return true;
        if (terms.entitlement == Entitlement.Current) return false;
        IModelRegistry.Version memory later = MODELS.versionOf(terms.model, version);
        if (issued.expires != 0 && later.time > issued.expires) return false;
        return terms.entitlement == Entitlement.Updates || later.kind == IModelRegistry.Kind.Fix;
    }

    /// @inheritdoc ILicences
    function userOfSeat(uint256 licence, uint16 seat) public view returns (address) {
        if (seat == 0) return ownerOf(licence);
        return _seats[licence][_seatsSince[licence]][seat];
    }

    /// @inheritdoc ILicences
    function sessionKeyOf(uint256 licence) external view returns (address) {
        return _sessions[licence].key;
    }

    /// @inheritdoc ILicences
    function hasAccess(address account, uint256 licence) public view returns (bool) {
        if (account == address(0) || !isValid(licence)) return false;
        address user = userOf(licence);
        if (user != address(0)) return user == account;
        if (ownerOf(licence) == account) return true;
        uint16 seats = _offers[_issued[licence].offer].seats;
        for (uint16 seat = 1; seat < seats; ++seat) {
            if (userOfSeat(licence, seat) == account) return true;
        }
        return false;
    }

    /// @inheritdoc ILicences
    function allows(uint256 licence, address account, uint256 model, uint32 version, uint32 rights)
        external
        view
        returns (bool)
    {
        if (!hasAccess(account, licence)) return false;
        Frozen storage terms = _offers[_issued[licence].offer];
        return terms.model == model && terms.rights & rights == rights && covers(licence, version);
    }

    /// @inheritdoc ILicences
    function useCountDigest(UseCount calldata count) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(USE_COUNT_TYPEHASH, count.licence, count.epoch, count.total))
        );
    }

    /// @inheritdoc IERC5192
    function locked(uint256 licence) public view returns (bool) {
        return !_offers[_of(licence).offer].transferable;
    }

    /// @notice JSON and picture made here: no server is asked.
    function tokenURI(uint256 licence)
        public
        view
        override(ERC721, IERC721Metadata)
        returns (string memory)
    {
        Issued storage issued = _of(licence);
        string memory slug = MODELS.slugOf(_offers[issued.offer].model);
        return Card.licence(licence, slug, issued.expires);
    }

    function supportsInterface(bytes4 id) public view override(ERC721, IERC165) returns (bool) {
        return id == type(IERC5192).interfaceId || id == type(IERC5643).interfaceId
            || id == type(IERC4907).interfaceId || id == type(IERC2981).interfaceId
            || id == bytes4(0x49064906) || super.supportsInterface(id);
    }

    /// @dev A new user begins a new epoch, as every change of who uses a licence does.
    function _beforeLoan(uint256 licence, address sender) internal override {
        _checkAuthorized(ownerOf(licence), sender, licence);
        require(!locked(licence), NotRentable(licence));
        _nextEpoch(licence);
    }

    /// @dev A new holder starts without the old one's seats and key.
    function _update(address to, uint256 licence, address auth)
        internal
        override
        returns (address from)
    {
        from = super._update(to, licence, auth);
        if (from == address(0)) return from;
        require(!locked(licence), LicenceLocked(licence));
        _seatsSince[licence] = _nextEpoch(licence);
        delete _sessions[licence];
        _endLoan(licence);
    }

    function _nextEpoch(uint256 licence) private returns (uint32) {
        _sessions[licence].used = 0;
        return ++_issued[licence].epoch;
    }

    function _record(UseCount calldata count, bytes calldata signature) private {
        Issued storage issued = _of(count.licence);
        Session storage session = _sessions[count.licence];
        require(_offers[issued.offer].calls != 0, NotCounted(count.licence));
        require(issued.epoch == count.epoch, WrongEpoch(count.licence, count.epoch));
        if (count.total <= session.used) return;
        uint32 uses = count.total - session.used;
        require(uses <= issued.remaining, UsesExhausted(count.licence));
        require(
            session.key != address(0)
                && SignatureChecker.isValidSignatureNow(
                    session.key, useCountDigest(count), signature
                ),
            BadUseSignature(count.licence)
        );
        session.used = count.total;
        issued.remaining -= uses;
        emit UsesRecorded(count.licence, uses, issued.remaining);
    }

    function _of(uint256 licence) private view returns (Issued storage issued) {
        issued = _issued[licence];
        require(issued.offer != 0, UnknownLicence(licence));
    }

    function _requireMarket(uint256 model) private view {
        require(MODELS.marketOf(model) == msg.sender, NotTheMarket(model, msg.sender));
    }
}
