// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {
    IERC4907,
    IERC5192,
    IERC5643,
    ISubscriptionMarket
} from "./interfaces/ILicenceStandards.sol";
import {ILicences} from "./interfaces/ILicences.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {Card} from "./Card.sol";
import {Lendable} from "./Lendable.sol";
import {Frozen, Issued, IssuedWord, LicenceRecords, Session} from "./LicenceRecords.sol";
import {Sessions} from "./Sessions.sol";

/// @title Licences: see ILicences.
contract Licences is ERC721, Sessions, Lendable {
    using LicenceRecords for Frozen;
    using LicenceRecords for Issued;
    using LicenceRecords for IssuedWord;
    using LicenceRecords for uint8;
    using SafeCast for uint256;

    uint256 public constant ROYALTY_BPS = 500;

    IModelRegistry public immutable MODELS;

    /// @inheritdoc ILicences
    uint256 public offerCount;
    /// @inheritdoc ILicences
    uint256 public licenceCount;
    mapping(uint256 offer => Frozen) private _offers;
    /// @dev Markets are numbered as they freeze their first offer.
    mapping(address market => uint32) private _marketNumber;
    mapping(uint32 number => address) private _markets;
    uint32 private _marketCount;
    mapping(uint256 licence => IssuedWord) private _issued;
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
        uint32 number = _marketNumber[msg.sender];
        if (number == 0) {
            number = ++_marketCount;
            _marketNumber[msg.sender] = number;
            _markets[number] = msg.sender;
        }
        offer = ++offerCount;
        _offers[offer] = LicenceRecords.pack(terms, number);
        emit OfferFrozen(offer, terms.model, msg.sender);
    }

    /// @inheritdoc ILicences
    function mint(Sale calldata sale) external returns (uint256 first) {
        Frozen storage terms = _offers[sale.offer];
        // Read together: one load.
        (uint256 model, uint32 number, uint40 period, uint8 flags) =
            (terms.model, terms.market, terms.period, terms.flags);
        require(_isSender(number), NotTheMarket(model, msg.sender));
        _requireMarket(model);
        uint256 before = licenceCount;
        first = before + 1;
        licenceCount = before + sale.n;
        uint40 now_ = uint40(block.timestamp);
        Issued memory issued = Issued({
            offer: uint48(sale.offer),
            issuedAt: now_,
            expires: period == 0 ? 0 : now_ + period,
            version: uint256(sale.version).toUint24(),
            priceIndex: sale.priceIndex,
            pricePaid: 0
        });
        _issue(sale, first, issued, flags.isTransferable());
    }

    /// @inheritdoc ILicences
    function extend(uint256 licence, uint96 price) external returns (uint40 until) {
        Issued memory issued = _of(licence).issued();
        Frozen storage terms = _offers[issued.offer];
        require(_isSender(terms.market), NotTheMarket(terms.model, msg.sender));
        require(_isRenewable(licence, terms), NotRenewable(licence));
        uint40 from = uint40(block.timestamp);
        if (issued.expires > from) from = issued.expires;
        until = from + terms.period;
        issued.expires = until;
        _issued[licence] = issued.word();
        emit LicenceRenewed(licence, until, price);
        emit SubscriptionUpdate(licence, until);
        emit MetadataUpdate(licence);
    }

    /// @inheritdoc IERC5643
    function renewSubscription(uint256 licence, uint64 duration) external payable {
        Frozen storage terms = _offers[_of(licence).offerOf()];
        require(isRenewable(licence), NotRenewable(licence));
        require(duration == terms.period, BadDuration(terms.period));
        ISubscriptionMarket(_markets[terms.market]).renewFor{value: msg.value}(licence, msg.sender);
    }

    /// @inheritdoc IERC5643
    function cancelSubscription(uint256 licence) external payable {
        require(msg.value == 0, NothingToPay());
        cancelRenewal(licence);
    }

    /// @inheritdoc ILicences
    function cancelRenewal(uint256 licence) public onlyHolder(licence) {
        _sessions[licence].cancelled = true;
        emit RenewalCancelled(licence);
        emit SubscriptionUpdate(licence, 0);
    }

    /// @inheritdoc ILicences
    function setSeat(uint256 licence, uint16 seat, address user) external onlyHolder(licence) {
        uint256 seats = _offers[_issued[licence].offerOf()].seats;
        require(seat != 0 && seat < seats, NoSuchSeat(licence, seat));
        _seats[licence][_seatsSince[licence]][seat] = user;
        emit SeatSet(licence, seat, user, _nextEpoch(licence));
    }

    /// @inheritdoc ILicences
    function setSessionKey(uint256 licence, address key) external onlyHolder(licence) {
        uint32 epoch = _nextEpoch(licence);
        Session storage session = _sessions[licence];
        // The first key begins the count of a plan.
        if (epoch == 1) session.left = _offers[_issued[licence].offerOf()].calls;
        session.key = key;
        emit SessionKeySet(licence, key, epoch);
    }

    /// @inheritdoc ILicences
    function termsOf(uint256 offer) external view returns (Terms memory) {
        Frozen memory terms = _offers[offer];
        require(terms.market != 0, UnknownOffer(offer));
        return terms.unpack();
    }

    /// @inheritdoc ILicences
    function subjectOf(uint256 offer) external view returns (uint256, uint256, bytes32) {
        Frozen storage terms = _offers[offer];
        return (terms.model, terms.service, terms.termsDigest);
    }

    /// @inheritdoc ILicences
    function marketOfOffer(uint256 offer) public view returns (address) {
        return _markets[_offers[offer].market];
    }

    /// @inheritdoc ILicences
    function licenceOf(uint256 licence) external view returns (Licence memory) {
        Issued memory issued = _of(licence).issued();
        Session storage session = _sessions[licence];
        return Licence({
            offer: issued.offer,
            issuedAt: issued.issuedAt,
            expires: issued.expires,
            version: issued.version,
            remaining: remaining(licence),
            epoch: session.epoch,
            cancelled: session.cancelled,
            token: ISubscriptionMarket(marketOfOffer(issued.offer))
                .tokenOf(issued.offer, issued.priceIndex),
            pricePaid: issued.pricePaid
        });
    }

    /// @inheritdoc ILicences
    function offerOf(uint256 licence) external view returns (uint256) {
        return _of(licence).offerOf();
    }

    /// @inheritdoc ILicences
    function isValid(uint256 licence) public view returns (bool) {
        IssuedWord issued = _issued[licence];
        uint256 offer = issued.offerOf();
        if (offer == 0) return false;
        uint40 until = issued.expiresOf();
        if (until != 0 && block.timestamp >= until) return false;
        return _offers[offer].calls == 0 || remaining(licence) != 0;
    }

    /// @inheritdoc ILicences
    function expires(uint256 licence) external view returns (uint40) {
        return _of(licence).expiresOf();
    }

    /// @inheritdoc IERC5643
    function expiresAt(uint256 licence) external view returns (uint64) {
        uint40 until = _of(licence).expiresOf();
        return until == 0 ? type(uint64).max : until;
    }

    /// @inheritdoc IERC5643
    function isRenewable(uint256 licence) public view returns (bool) {
        return _isRenewable(licence, _offers[_of(licence).offerOf()]);
    }

    /// @inheritdoc IERC2981
    function royaltyInfo(uint256 licence, uint256 salePrice)
        external
        view
        returns (address, uint256)
    {
        Frozen storage terms = _offers[_of(licence).offerOf()];
        if (!terms.flags.isTransferable()) return (address(0), 0);
        return (MODELS.payTo(terms.model), Math.mulDiv(salePrice, ROYALTY_BPS, 10_000));
    }

    /// @inheritdoc ILicences
    function remaining(uint256 licence) public view returns (uint32) {
        uint32 calls = _offers[_of(licence).offerOf()].calls;
        Session storage session = _sessions[licence];
        return session.epoch == 0 ? calls : session.left;
    }

    /// @inheritdoc ILicences
    function covers(uint256 licence, uint32 version) public view returns (bool) {
        Issued memory issued = _of(licence).issued();
        Frozen storage terms = _offers[issued.offer];
        if (version == 0 || version > MODELS.versionCount(terms.model)) return false;
        if (version <= issued.version) return true;
        Entitlement entitlement = terms.flags.entitlementOf();
        if (entitlement == Entitlement.Current) return false;
        IModelRegistry.Version memory later = MODELS.versionOf(terms.model, version);
        if (issued.expires != 0 && later.time > issued.expires) return false;
        uint256 entitledFor = terms.entitledFor;
        if (entitledFor != 0 && later.time > issued.issuedAt + entitledFor) return false;
        if (entitlement == Entitlement.All || later.kind == IModelRegistry.Kind.Fix) return true;
        return entitlement == Entitlement.Updates && later.kind == IModelRegistry.Kind.Update;
    }

    /// @inheritdoc ILicences
    function userOfSeat(uint256 licence, uint16 seat) public view returns (address) {
        if (seat == 0) return ownerOf(licence);
        return _seats[licence][_seatsSince[licence]][seat];
    }

    /// @inheritdoc ILicences
    function hasAccess(address account, uint256 licence) public view returns (bool) {
        if (account == address(0) || !isValid(licence)) return false;
        address user = userOf(licence);
        if (user != address(0)) return user == account;
        if (ownerOf(licence) == account) return true;
        uint256 seats = _offers[_issued[licence].offerOf()].seats;
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
        Frozen storage terms = _offers[_issued[licence].offerOf()];
        return terms.model == model && terms.rights & rights == rights && covers(licence, version);
    }

    /// @inheritdoc IERC5192
    function locked(uint256 licence) public view returns (bool) {
        return !_offers[_of(licence).offerOf()].flags.isTransferable();
    }

    /// @notice JSON and picture made here: no server is asked.
    function tokenURI(uint256 licence)
        public
        view
        override(ERC721, IERC721Metadata)
        returns (string memory)
    {
        IssuedWord issued = _of(licence);
        string memory slug = MODELS.slugOf(_offers[issued.offerOf()].model);
        return Card.licence(licence, slug, issued.expiresOf());
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
        delete _sessions[licence].key;
        _endLoan(licence);
    }

    function _issue(Sale calldata sale, uint256 first, Issued memory issued, bool free) private {
        (uint256 n, address holder) = (sale.n, sale.holder);
        uint256 each = sale.price / n;
        issued.pricePaid = (sale.price - each * (n - 1)).toUint96();
        for (uint256 licence = first; licence < first + n; ++licence) {
            _issued[licence] = issued.word();
            _mint(holder, licence);
            emit LicenceIssued(
                licence,
                sale.offer,
                holder,
                issued.expires,
                issued.version,
                sale.token,
                issued.pricePaid
            );
            if (free) emit Unlocked(licence);
            else emit Locked(licence);
            issued.pricePaid = uint96(each);
        }
    }

    function _isRenewable(uint256 licence, Frozen storage terms) private view returns (bool) {
        return terms.period != 0 && terms.calls == 0 && !_sessions[licence].cancelled;
    }

    function _isSender(uint32 number) private view returns (bool) {
        return number != 0 && number == _marketNumber[msg.sender];
    }

    function _of(uint256 licence) private view returns (IssuedWord issued) {
        issued = _issued[licence];
        require(issued.offerOf() != 0, UnknownLicence(licence));
    }

    function _requireMarket(uint256 model) private view {
        require(MODELS.marketOf(model) == msg.sender, NotTheMarket(model, msg.sender));
    }
}
