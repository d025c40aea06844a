// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Halls: specialised marketplaces.
/// @notice A curator has a name, a choice of models and a commission on the sales of licences that
/// its hall brings. It has power over its own list alone: a model enters by its owner's wish, leaves
/// by it, and what a hall refuses is sold everywhere else as before.
interface IHalls {
    /// @notice How a model stands in a hall.
    enum Standing {
        None,
        Proposed,
        Listed,
        Refused
    }

    struct Hall {
        address curator;
        uint16 commissionBps;
        bool reviewed;
        string name;
    }

    event HallCreated(
        uint256 indexed hall,
        address indexed curator,
        string name,
        bool reviewed,
        uint16 commissionBps
    );
    event HallDescribed(uint256 indexed hall, string title, string about);
    event CuratorSet(uint256 indexed hall, address indexed curator);
    event ReviewerSet(uint256 indexed hall, address indexed reviewer, bool allowed);
    event ReviewedSet(uint256 indexed hall, bool reviewed);
    event CommissionLowered(uint256 indexed hall, uint16 commissionBps);
    event Proposed(
        uint256 indexed hall, uint256 indexed model, address indexed by, Standing standing
    );
    event Decided(
        uint256 indexed hall,
        uint256 indexed model,
        address indexed by,
        bool accepted,
        string reason
    );
    event Withdrawn(uint256 indexed hall, uint256 indexed model, Standing standing);

    error UnknownHall(uint256 hall);
    error BadName(string name);
    error NameTaken(uint256 hall);
    error BadDescription();
    error CommissionTooHigh(uint16 bps);
    error NotCurator(uint256 hall, address account);
    error NotReviewer(uint256 hall, address account);
    error NotOwner(uint256 model, address account);
    error WrongStanding(uint256 hall, uint256 model, Standing standing);
    error NotListed(uint256 hall, uint256 model);
    error NoReason();

    /// @notice Opens a hall, whose curator is the sender.
    /// @param name 3 to 32 of a-z 0-9 -, neither first nor last a -; no other hall ever has it.
    /// @param title 1 to 80 bytes.
    /// @param about At most 4,000 bytes.
    /// @param reviewed Whether a reviewer decides on each model; else those proposed are listed.
    /// @param commissionBps At most 1,000 of each 10,000; it may be lowered and never rises.
    function create(
        string calldata name,
        string calldata title,
        string calldata about,
        bool reviewed,
        uint16 commissionBps
    ) external returns (uint256 hall);

    /// @notice By the curator, as the next four.
    function describe(uint256 hall, string calldata title, string calldata about) external;
    function setCurator(uint256 hall, address curator) external;
    function setReviewer(uint256 hall, address reviewer, bool allowed) external;
    function setReviewed(uint256 hall, bool reviewed) external;
    function lowerCommission(uint256 hall, uint16 commissionBps) external;

    /// @notice Asks for a model to be listed, which an open hall does at once, but for what it
    /// refused before. By the model's owner.
    function propose(uint256 hall, uint256 model) external;

    /// @notice Takes a model or its proposal out. What was refused last stands as refused again. By
    /// the model's owner.
    function withdraw(uint256 hall, uint256 model) external;

    /// @notice Lists what is proposed, or refuses what is proposed or listed. By the curator or a
    /// reviewer, with a reason of 1 to 1,000 bytes.
    function decide(uint256 hall, uint256 model, bool accepted, string calldata reason) external;

    function hallOf(uint256 hall) external view returns (Hall memory);

    /// @notice 0 for none.
    function hallNamed(string calldata name) external view returns (uint256);
    function standingOf(uint256 hall, uint256 model) external view returns (Standing);

    /// @notice The curator is one of its hall's.
    function isReviewer(uint256 hall, address account) external view returns (bool);

    /// @notice Who earns how much of a sale that the hall brings. Reverts unless it lists the model.
    function commissionOn(uint256 hall, uint256 model)
        external
        view
        returns (address curator, uint16 bps);

    /// @notice Halls are numbered from 1 to this.
    function hallCount() external view returns (uint256);
}
