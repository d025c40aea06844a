// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ILicences} from "./interfaces/ILicences.sol";
import {IPlans} from "./interfaces/IPlans.sol";
import {IServices} from "./interfaces/IServices.sol";

/// @title Escrow of plans: see IPlans.
contract Plans is IPlans, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @notice After the end of a plan or its service, for uses that are recorded late.
    uint40 public constant GRACE = 3 days;

    ILicences public immutable LICENCES;
    IServices public immutable SERVICES;

    /// @inheritdoc IPlans
    mapping(address token => uint256) public held;
    mapping(uint256 licence => Escrow) private _escrows;

    constructor(ILicences licences, IServices services) {
        LICENCES = licences;
        SERVICES = services;
    }

    /// @inheritdoc IPlans
    function hold(uint256 first, uint256 n, address token, uint256 price)
        external
        payable
        nonReentrant
    {
        uint256 offer = LICENCES.offerOf(first);
        require(LICENCES.marketOfOffer(offer) == msg.sender, NotTheMarket(msg.sender));
        ILicences.Terms memory terms = LICENCES.termsOf(offer);
        require(terms.service != 0, NotAPlan(first));
        uint256 all = held[token] + price;
        uint256 balance =
            token == address(0) ? address(this).balance : IERC20(token).balanceOf(address(this));
        require(balance >= all, NotReceived(token, price));
        held[token] = all;
        uint256 each = price / n;
        uint96 amount = (price - each * (n - 1)).toUint96();
        for (uint256 licence = first; licence < first + n; ++licence) {
            require(LICENCES.offerOf(licence) == offer, NotAPlan(licence));
            require(_escrows[licence].calls == 0, AlreadyHeld(licence));
            _escrows[licence] = Escrow(token, amount, 0, terms.calls, uint48(terms.service), false);
            emit Held(licence, terms.service, token, amount);
            amount = uint96(each);
        }
    }

    /// @inheritdoc IPlans
    function release(uint256[] calldata licences) external nonReentrant {
        uint256 service;
        address token;
        uint256 sum;
        for (uint256 i; i < licences.length; ++i) {
            Escrow storage escrow = _escrow(licences[i]);
            if (escrow.service != service || escrow.token != token) {
                _payReceiver(service, token, sum);
                (service, token, sum) = (escrow.service, escrow.token, 0);
            }
            sum += _release(licences[i], escrow);
        }
        _payReceiver(service, token, sum);
    }

    /// @inheritdoc IPlans
    function close(uint256 licence) external nonReentrant {
        Escrow storage escrow = _escrow(licence);
        require(!escrow.closed, AlreadyClosed(licence));
        (uint40 end, bool servedToTheEnd) = _end(licence, escrow.service);
        require(block.timestamp >= end + GRACE, NotOver(licence, end + GRACE));
        uint256 earned = _release(licence, escrow);
        uint96 rest = escrow.price - escrow.released;
        (escrow.released, escrow.closed) = (escrow.price, true);
        address token = escrow.token;
        held[token] -= rest;
        bool toService = servedToTheEnd && LICENCES.termsOf(LICENCES.offerOf(licence)).restToService;
        (address receiver,,) = SERVICES.receiverOf(escrow.service);
        address to = toService ? receiver : LICENCES.ownerOf(licence);
        emit Closed(licence, to, rest);
        _pay(token, receiver, earned);
        _pay(token, to, rest);
    }

    /// @inheritdoc IPlans
    function escrowOf(uint256 licence) external view returns (Escrow memory) {
        return _escrow(licence);
    }

    /// @inheritdoc IPlans
    function due(uint256 licence) external view returns (uint256) {
        return _due(licence, _escrow(licence));
    }

    /// @inheritdoc IPlans
    function closesAt(uint256 licence) external view returns (uint40) {
        (uint40 end,) = _end(licence, _escrow(licence).service);
        return end + GRACE;
    }

    /// @dev Of the price, the part of the calls that were used; rounded down.
    function _due(uint256 licence, Escrow storage escrow) private view returns (uint256) {
        if (escrow.closed) return 0;
        uint256 calls = escrow.calls;
        uint256 used = calls - LICENCES.remaining(licence);
        return escrow.price * used / calls - escrow.released;
    }

    /// @dev The amount is still to be paid.
    function _release(uint256 licence, Escrow storage escrow) private returns (uint256 amount) {
        amount = _due(licence, escrow);
        if (amount == 0) return 0;
        escrow.released += uint96(amount);
        held[escrow.token] -= amount;
        emit Released(licence, escrow.service, uint96(amount));
    }

    /// @dev A service that its provider ends takes its plans with it.
    function _end(uint256 licence, uint256 service)
        private
        view
        returns (uint40 end, bool servedToTheEnd)
    {
        end = LICENCES.expires(licence);
        uint40 served = SERVICES.serviceOf(service).validUntil;
        servedToTheEnd = served >= end;
        if (!servedToTheEnd) end = served;
    }

    function _payReceiver(uint256 service, address token, uint256 amount) private {
        if (amount == 0) return;
        (address receiver,,) = SERVICES.receiverOf(service);
        _pay(token, receiver, amount);
    }

    function _pay(address token, address to, uint256 amount) private {
        if (amount == 0) return;
        if (token == address(0)) Address.sendValue(payable(to), amount);
        else IERC20(token).safeTransfer(to, amount);
    }

    function _escrow(uint256 licence) private view returns (Escrow storage escrow) {
        escrow = _escrows[licence];
        require(escrow.calls != 0, NotHeld(licence));
    }
}
