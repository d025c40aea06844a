// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences} from "./interfaces/ILicences.sol";
import {IMarket} from "./interfaces/IMarket.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IServices} from "./interfaces/IServices.sol";
import {OfferPrices} from "./OfferPrices.sol";
import {Listing, OfferRecords} from "./OfferRecords.sol";

/// @title Offers: who may make them, and when they are for sale.
abstract contract Offers is OfferPrices {
    using OfferRecords for Listing;

    uint16 public constant MAX_COMMISSION_BPS = 1_000;
    IModelRegistry public immutable MODELS;
    ILicences public immutable LICENCES;
    IServices public immutable SERVICES;

    constructor(IModelRegistry models, ILicences licences, IServices services) {
        MODELS = models;
        LICENCES = licences;
        SERVICES = services;
    }

    /// @inheritdoc IMarket
    function createOffer(NewOffer calldata offer) external returns (uint256 id) {
        uint256 model = offer.terms.model;
        uint256 service = offer.terms.service;
        require(_mayOffer(msg.sender, model, service), NotSeller(0, msg.sender));
        require(
            offer.maxCommissionBps <= (service == 0 ? MAX_COMMISSION_BPS : 0),
            CommissionTooHigh(offer.maxCommissionBps)
        );
        id = LICENCES.freeze(offer.terms);
        Listing listing =
            OfferRecords.listing(msg.sender, offer.maxCommissionBps, offer.prices.length);
        _listings[id] = _setPrices(id, listing, offer);
        emit OfferCreated(id, model, msg.sender, offer);
    }

    /// @inheritdoc IMarket
    function setActive(uint256 offer, bool active) external {
        _listings[offer] = _requireSeller(offer).withActive(active);
        emit OfferActiveSet(offer, active);
    }

    /// @inheritdoc IMarket
    function announcePrices(
        uint256 offer,
        Price[] calldata prices,
        uint64 targetPerDay,
        uint64 sensitivity
    ) external {
        Listing listing = _requireSeller(offer);
        _listings[offer] = _setNextPrices(offer, listing, prices, targetPerDay, sensitivity);
    }

    /// @inheritdoc IMarket
    function offerOf(uint256 offer) external view returns (Offer memory out) {
        Listing listing = _listing(offer);
        out.seller = listing.seller();
        out.active = listing.isActive();
        out.maxCommissionBps = listing.maxCommissionBps();
        (out.prices, out.targetPerDay, out.sensitivity) = _pricesNow(offer, listing);
        out.terms = LICENCES.termsOf(offer);
    }

    /// @inheritdoc IMarket
    function isForSale(uint256 offer) external view returns (bool) {
        Listing listing = _listings[offer];
        if (!listing.isActive()) return false;
        (uint256 model, uint256 service,) = LICENCES.subjectOf(offer);
        (address owner,,, IModelRegistry.Status status) = MODELS.standing(model);
        bool sells = owner == listing.seller();
        if (service != 0) (,, sells) = SERVICES.receiverOf(service);
        return sells && status != IModelRegistry.Status.Withdrawn
            && MODELS.marketOf(model) == address(this);
    }

    function _requireForSale(uint256 offer, Listing listing, uint256 model, uint256 service)
        internal
        view
        returns (address payTo, uint32 version)
    {
        require(listing.isActive(), OfferInactive(offer));
        address owner;
        IModelRegistry.Status status;
        (owner, payTo, version, status) = MODELS.standing(model);
        require(status != IModelRegistry.Status.Withdrawn, NotForSale(offer));
        if (service == 0) {
            require(owner == listing.seller(), SellerGone(offer));
        } else {
            bool live;
            (payTo,, live) = SERVICES.receiverOf(service);
            require(live, ServiceOver(service));
        }
    }

    function _payTo(uint256 offer) internal view override returns (address to) {
        (uint256 model, uint256 service,) = LICENCES.subjectOf(offer);
        if (service == 0) return MODELS.payTo(model);
        (to,,) = SERVICES.receiverOf(service);
    }

    /// @dev The model's owner; of a plan, who provides the service.
    function _mayOffer(address account, uint256 model, uint256 service)
        private
        view
        returns (bool)
    {
        if (service == 0) return MODELS.ownerOf(model) == account;
        (address provider, uint256 served) = SERVICES.providerOf(service);
        return provider == account && served == model;
    }

    function _requireSeller(uint256 offer) private view returns (Listing listing) {
        listing = _listing(offer);
        (uint256 model, uint256 service,) = LICENCES.subjectOf(offer);
        require(
            listing.seller() == msg.sender && _mayOffer(msg.sender, model, service),
            NotSeller(offer, msg.sender)
        );
    }
}
