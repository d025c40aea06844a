// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IChannels} from "./interfaces/IChannels.sol";
import {ILicences, Rights} from "./interfaces/ILicences.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IServices} from "./interfaces/IServices.sol";
import {ISplit, Payee} from "./interfaces/ISplits.sol";
import {Payees} from "./Payees.sol";
import {Receiver} from "./Receiver.sol";

/// @title Services: see IServices.
contract Services is IServices {
    struct Record {
        uint64 model;
        uint32 version;
        uint16 royaltyBps;
        uint40 offeredAt;
        uint64 pricingAt;
        address provider;
        address receiver;
        uint40 validUntil;
        address receiverAuthorizer;
        address payTo;
        address claimant;
        string endpoint;
        Pricing[] pricing;
        Pricing[] nextPricing;
        IModelRegistry.Royalty royalty;
    }

    uint256 public constant MAX_DURATION = 180 days;
    uint256 public constant PRICE_NOTICE = 1 days;
    uint256 public constant MAX_PRICES = 4;
    uint256 private constant BPS = 10_000;

    IModelRegistry public immutable MODELS;
    ILicences public immutable LICENCES;
    /// @inheritdoc IServices
    address public immutable receiverImplementation;

    /// @inheritdoc IServices
    uint256 public serviceCount;
    /// @inheritdoc IServices
    mapping(address receiver => uint256) public serviceOfReceiver;
    mapping(uint256 service => Record) private _services;

    modifier onlyProvider(uint256 service) {
        Record storage record = _record(service);
        require(record.provider == msg.sender, NotProvider(service, msg.sender));
        require(block.timestamp < record.validUntil, ServiceOver(service));
        _;
    }

    constructor(IModelRegistry models, ILicences licences, IChannels channels) {
        MODELS = models;
        LICENCES = licences;
        receiverImplementation = address(new Receiver(channels, this));
    }

    /// @inheritdoc IServices
    function offerService(NewService calldata service)
        external
        returns (uint256 id, address receiver)
    {
        _requireServable(service);
        _requireEndpoint(service.endpoint);
        require(service.receiverAuthorizer != address(0), ZeroAuthorizer());
        require(
            service.duration != 0 && service.duration <= MAX_DURATION, BadDuration(service.duration)
        );
        id = ++serviceCount;
        address claimant = service.payout == address(0) ? msg.sender : service.payout;
        IModelRegistry.Royalty memory royalty = MODELS.royaltyOf(service.model);
        address payTo = MODELS.payTo(service.model);
        Payee[] memory payees = _payees(claimant, payTo, royalty.callBps);
        receiver = Clones.cloneDeterministicWithImmutableArgs(
            receiverImplementation, Payees.pack(payees), keccak256(abi.encode(block.chainid, id))
        );
        serviceOfReceiver[receiver] = id;
        Record storage record = _services[id];
        record.model = uint64(service.model);
        record.version = service.version;
        record.royaltyBps = royalty.callBps;
        record.offeredAt = uint40(block.timestamp);
        record.validUntil = uint40(block.timestamp) + service.duration;
        record.provider = msg.sender;
        record.receiver = receiver;
        record.receiverAuthorizer = service.receiverAuthorizer;
        record.payTo = payTo;
        record.claimant = claimant;
        record.endpoint = service.endpoint;
        if (royalty.token != address(0)) record.royalty = royalty;
        _requirePricing(record, service.pricing);
        _store(record.pricing, service.pricing);
        _announce(id, record, payees);
    }

    /// @inheritdoc IServices
    function setPricing(uint256 service, Pricing[] calldata pricing)
        external
        onlyProvider(service)
    {
        Record storage record = _services[service];
        _requirePricing(record, pricing);
        if (_nextHolds(record)) {
            delete record.pricing;
            for (uint256 i; i < record.nextPricing.length; ++i) {
                record.pricing.push(record.nextPricing[i]);
            }
        }
        delete record.nextPricing;
        record.pricingAt = 0;
        uint64 effective = uint64(block.timestamp);
        if (_rises(record.pricing, pricing)) {
            effective += uint64(PRICE_NOTICE);
            record.pricingAt = effective;
            _store(record.nextPricing, pricing);
        } else {
            delete record.pricing;
            _store(record.pricing, pricing);
        }
        emit PricingSet(service, pricing, effective);
    }

    /// @inheritdoc IServices
    function setEndpoint(uint256 service, string calldata endpoint) external onlyProvider(service) {
        _requireEndpoint(endpoint);
        _services[service].endpoint = endpoint;
        emit EndpointSet(service, endpoint);
    }

    /// @inheritdoc IServices
    function endService(uint256 service) external onlyProvider(service) {
        _services[service].validUntil = uint40(block.timestamp);
        emit ServiceEnded(service);
    }

    /// @inheritdoc IServices
    function setClaimant(uint256 service, address claimant) external {
        Record storage record = _record(service);
        require(record.claimant == msg.sender, NotClaimant(service, msg.sender));
        require(claimant != address(0), NotClaimant(service, claimant));
        record.claimant = claimant;
        emit ClaimantSet(service, claimant);
    }

    /// @inheritdoc IServices
    function serviceOf(uint256 service) external view returns (Service memory) {
        Record storage record = _record(service);
        return Service({
            model: record.model,
            version: record.version,
            royaltyBps: record.royaltyBps,
            offeredAt: record.offeredAt,
            validUntil: record.validUntil,
            provider: record.provider,
            receiver: record.receiver,
            receiverAuthorizer: record.receiverAuthorizer,
            payTo: record.payTo,
            claimant: record.claimant
        });
    }

    /// @inheritdoc IServices
    function isLive(uint256 service) external view returns (bool) {
        return block.timestamp < _services[service].validUntil;
    }

    /// @inheritdoc IServices
    function receiverOf(uint256 service) external view returns (address, address, bool) {
        Record storage record = _services[service];
        return (record.receiver, record.receiverAuthorizer, block.timestamp < record.validUntil);
    }

    /// @inheritdoc IServices
    function providerOf(uint256 service) external view returns (address, uint256) {
        Record storage record = _services[service];
        return (record.provider, record.model);
    }

    /// @inheritdoc IServices
    function pricingOf(uint256 service) external view returns (Pricing[] memory) {
        Record storage record = _record(service);
        return _nextHolds(record) ? record.nextPricing : record.pricing;
    }

    /// @inheritdoc IServices
    function pendingPricing(uint256 service)
        external
        view
        returns (Pricing[] memory pricing, uint64 effectiveAt)
    {
        Record storage record = _record(service);
        if (block.timestamp < record.pricingAt) return (record.nextPricing, record.pricingAt);
    }

    /// @inheritdoc IServices
    function endpointOf(uint256 service) external view returns (string memory) {
        return _record(service).endpoint;
    }

    /// @inheritdoc IServices
    function payeesOf(uint256 service) external view returns (Payee[] memory) {
        return ISplit(_record(service).receiver).payees();
    }

    /// @inheritdoc IServices
    function claimantOfReceiver(address receiver) external view returns (address) {
        return _services[serviceOfReceiver[receiver]].claimant;
    }

    function _announce(uint256 id, Record storage record, Payee[] memory payees) private {
        emit ServiceOffered(
            id,
            record.model,
            record.provider,
            record.version,
            record.receiver,
            record.receiverAuthorizer,
            record.validUntil,
            record.endpoint,
            payees
        );
        emit PricingSet(id, record.pricing, uint64(block.timestamp));
    }

    function _store(Pricing[] storage to, Pricing[] calldata from) private {
        for (uint256 i; i < from.length; ++i) {
            to.push(from[i]);
        }
    }

    function _record(uint256 service) private view returns (Record storage record) {
        record = _services[service];
        require(record.provider != address(0), UnknownService(service));
    }

    function _nextHolds(Record storage record) private view returns (bool) {
        return record.pricingAt != 0 && block.timestamp >= record.pricingAt;
    }

    function _requireServable(NewService calldata service) private view {
        (uint256 model, uint32 version) = (service.model, service.version);
        (address owner,,,) = MODELS.standing(model);
        require(
            MODELS.versionOf(model, version).status != IModelRegistry.Status.Withdrawn,
            VersionNotServable(model, version)
        );
        if (owner == msg.sender || MODELS.isProvider(model, msg.sender)) return;
        IModelRegistry.Serving serving = MODELS.servingOf(model);
        bool allowed = serving == IModelRegistry.Serving.Open
            || (serving == IModelRegistry.Serving.RightHolders
                && LICENCES.allows(service.licence, msg.sender, model, version, Rights.SERVE));
        require(allowed, ServingNotAllowed(model, msg.sender));
    }

    /// @dev Each price must leave the model's payees their minimum, as it stood when the service
    /// was offered.
    function _requirePricing(Record storage record, Pricing[] calldata pricing) private view {
        require(pricing.length != 0 && pricing.length <= MAX_PRICES, BadPricing());
        IModelRegistry.Royalty memory least = record.royalty;
        for (uint256 i; i < pricing.length; ++i) {
            Pricing calldata price = pricing[i];
            require(price.token != address(0), BadPricing());
            for (uint256 j; j < i; ++j) {
                require(pricing[j].token != price.token, BadPricing());
            }
            if (least.token == address(0)) continue;
            uint256 perMillion = uint256(least.perMillion) * BPS;
            require(
                price.token == least.token
                    && uint256(price.perCall) * least.callBps >= uint256(least.perCall) * BPS
                    && uint256(price.perMillionInput) * least.callBps >= perMillion
                    && uint256(price.perMillionOutput) * least.callBps >= perMillion,
                BelowMinimum(price.token)
            );
        }
    }

    /// @dev A token that is left out rises too: who holds only that one can no longer pay.
    function _rises(Pricing[] storage from, Pricing[] calldata to) private view returns (bool) {
        for (uint256 i; i < from.length; ++i) {
            Pricing memory old = from[i];
            bool found;
            for (uint256 j; j < to.length && !found; ++j) {
                found = to[j].token == old.token && to[j].perCall <= old.perCall
                    && to[j].perMillionInput <= old.perMillionInput
                    && to[j].perMillionOutput <= old.perMillionOutput;
            }
            if (!found) return true;
        }
        return false;
    }

    function _payees(address provider, address payTo, uint16 royaltyBps)
        private
        pure
        returns (Payee[] memory list)
    {
        uint32 royalty = uint32(royaltyBps * (Payees.WHOLE / BPS));
        list = new Payee[](2);
        list[0] = Payee(provider, uint32(Payees.WHOLE) - royalty);
        list[1] = Payee(payTo, royalty);
        return Payees.normalise(list);
    }

    function _requireEndpoint(string calldata endpoint) private pure {
        uint256 length = bytes(endpoint).length;
        require(length != 0 && length <= 256, BadEndpoint());
    }
}
