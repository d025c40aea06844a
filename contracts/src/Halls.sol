// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IHalls} from "./interfaces/IHalls.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @title Halls: see IHalls.
contract Halls is IHalls {
    uint16 public constant MAX_COMMISSION_BPS = 1_000;

    IModelRegistry public immutable MODELS;

    /// @inheritdoc IHalls
    uint256 public hallCount;
    /// @inheritdoc IHalls
    mapping(uint256 hall => mapping(uint256 model => Standing)) public standingOf;
    mapping(uint256 hall => Hall) private _halls;
    mapping(uint256 hall => mapping(address account => bool)) private _reviews;
    mapping(uint256 hall => mapping(uint256 model => bool)) private _wasRefused;
    mapping(bytes32 nameHash => uint256) private _named;

    modifier onlyCurator(uint256 hall) {
        require(_hall(hall).curator == msg.sender, NotCurator(hall, msg.sender));
        _;
    }

    modifier onlyOwner(uint256 model) {
        require(MODELS.ownerOf(model) == msg.sender, NotOwner(model, msg.sender));
        _;
    }

    constructor(IModelRegistry models) {
        MODELS = models;
    }

    /// @inheritdoc IHalls
    function create(
        string calldata name,
        string calldata title,
        string calldata about,
        bool reviewed,
        uint16 commissionBps
    ) external returns (uint256 hall) {
        require(_isName(bytes(name)), BadName(name));
        require(commissionBps <= MAX_COMMISSION_BPS, CommissionTooHigh(commissionBps));
        bytes32 key = keccak256(bytes(name));
        require(_named[key] == 0, NameTaken(_named[key]));
        hall = ++hallCount;
        _named[key] = hall;
        _halls[hall] = Hall(msg.sender, commissionBps, reviewed, name);
        emit HallCreated(hall, msg.sender, name, reviewed, commissionBps);
        _describe(hall, title, about);
    }

    /// @inheritdoc IHalls
    function describe(uint256 hall, string calldata title, string calldata about)
        external
        onlyCurator(hall)
    {
        _describe(hall, title, about);
    }

    /// @inheritdoc IHalls
    function setCurator(uint256 hall, address curator) external onlyCurator(hall) {
        require(curator != address(0), NotCurator(hall, curator));
        _halls[hall].curator = curator;
        emit CuratorSet(hall, curator);
    }

    /// @inheritdoc IHalls
    function setReviewer(uint256 hall, address reviewer, bool allowed) external onlyCurator(hall) {
        _reviews[hall][reviewer] = allowed;
        emit ReviewerSet(hall, reviewer, allowed);
    }

    /// @inheritdoc IHalls
    function setReviewed(uint256 hall, bool reviewed) external onlyCurator(hall) {
        _halls[hall].reviewed = reviewed;
        emit ReviewedSet(hall, reviewed);
    }

    /// @inheritdoc IHalls
    function lowerCommission(uint256 hall, uint16 commissionBps) external onlyCurator(hall) {
        require(commissionBps < _halls[hall].commissionBps, CommissionTooHigh(commissionBps));
        _halls[hall].commissionBps = commissionBps;
        emit CommissionLowered(hall, commissionBps);
    }

    /// @inheritdoc IHalls
    function propose(uint256 hall, uint256 model) external onlyOwner(model) {
        bool reviewed = _hall(hall).reviewed;
        Standing standing = standingOf[hall][model];
        require(
            standing == Standing.None || standing == Standing.Refused,
            WrongStanding(hall, model, standing)
        );
        bool waits = reviewed || _wasRefused[hall][model];
        standing = waits ? Standing.Proposed : Standing.Listed;
        standingOf[hall][model] = standing;
        emit Proposed(hall, model, msg.sender, standing);
    }

    /// @inheritdoc IHalls
    function withdraw(uint256 hall, uint256 model) external onlyOwner(model) {
        Standing standing = standingOf[hall][model];
        require(
            standing == Standing.Proposed || standing == Standing.Listed,
            WrongStanding(hall, model, standing)
        );
        standing = _wasRefused[hall][model] ? Standing.Refused : Standing.None;
        standingOf[hall][model] = standing;
        emit Withdrawn(hall, model, standing);
    }

    /// @inheritdoc IHalls
    function decide(uint256 hall, uint256 model, bool accepted, string calldata reason) external {
        require(isReviewer(hall, msg.sender), NotReviewer(hall, msg.sender));
        require(bytes(reason).length != 0 && bytes(reason).length <= 1_000, NoReason());
        Standing standing = standingOf[hall][model];
        require(
            standing == Standing.Proposed || (standing == Standing.Listed && !accepted),
            WrongStanding(hall, model, standing)
        );
        standingOf[hall][model] = accepted ? Standing.Listed : Standing.Refused;
        if (_wasRefused[hall][model] == accepted) _wasRefused[hall][model] = !accepted;
        emit Decided(hall, model, msg.sender, accepted, reason);
    }

    /// @inheritdoc IHalls
    function hallOf(uint256 hall) external view returns (Hall memory) {
        return _hall(hall);
    }

    /// @inheritdoc IHalls
    function hallNamed(string calldata name) external view returns (uint256) {
        return _named[keccak256(bytes(name))];
    }

    /// @inheritdoc IHalls
    function commissionOn(uint256 hall, uint256 model) external view returns (address, uint16) {
        Hall storage stored = _hall(hall);
        require(standingOf[hall][model] == Standing.Listed, NotListed(hall, model));
        return (stored.curator, stored.commissionBps);
    }

    /// @inheritdoc IHalls
    function isReviewer(uint256 hall, address account) public view returns (bool) {
        return _hall(hall).curator == account || _reviews[hall][account];
    }

    function _describe(uint256 hall, string calldata title, string calldata about) private {
        uint256 length = bytes(title).length;
        require(length != 0 && length <= 80 && bytes(about).length <= 4_000, BadDescription());
        emit HallDescribed(hall, title, about);
    }

    function _hall(uint256 hall) private view returns (Hall storage stored) {
        stored = _halls[hall];
        require(stored.curator != address(0), UnknownHall(hall));
    }

    function _isName(bytes calldata name) private pure returns (bool) {
        uint256 length = name.length;
        if (length < 3 || length > 32 || name[0] == "-" || name[length - 1] == "-") return false;
        for (uint256 i; i < length; ++i) {
            bytes1 c = name[i];
            bool fits = (c >= "a" && c <= "z") || (c >= "0" && c <= "9") || c == "-";
            if (!fits) return false;
        }
        return true;
    }
}
