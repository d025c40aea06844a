// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice One who is paid, and how much of each 1,000,000 units.
struct Payee {
    address account;
    uint32 share;
}

/// @title One split of money: shares that never change, and no owner.
/// @notice Whatever arrives here, tokens or the native coin (token 0), belongs to the payees.
/// due = ⌊received · share / 1e6⌋ − claimed, received = balance + Σ claimed. What the floors leave
/// waits.
interface ISplit {
    event Claimed(
        address indexed token, address indexed account, address recipient, uint256 amount
    );
    event Redirected(address indexed account, address recipient);

    error NotAPayee(address account);
    error TransferFailed(address recipient);

    /// @notice Sends `account` its due of `token`. Anyone may; 0 due is no error.
    function claim(address token, address account) external returns (uint256 amount);

    /// @notice `claim` for each of `accounts`; one that the token refuses reverts all.
    function claimMany(address token, address[] calldata accounts)
        external
        returns (uint256[] memory amounts);

    /// @notice From now on the sender's own share goes to `recipient`; zero takes that back.
    function redirect(address recipient) external;

    function due(address token, address account) external view returns (uint256);
    function received(address token) external view returns (uint256);
    function claimed(address token, address account) external view returns (uint256);
    function totalClaimed(address token) external view returns (uint256);
    function recipientOf(address account) external view returns (address);
    function shareOf(address account) external view returns (uint32);
    function payees() external view returns (Payee[] memory);
}

/// @title Makes splits: one small clone each, at an address known beforehand.
interface ISplits {
    /// @notice One claim of a chain of splits.
    struct SplitClaim {
        address split;
        address token;
        address account;
    }

    event SplitCreated(address indexed split, bytes32 indexed salt, Payee[] payees);

    error NoPayees();
    error TooManyPayees(uint256 given);
    error PayeesNotSorted(address account);
    error ZeroShare(address account);
    error SharesNotWhole(uint256 sum);

    /// @notice Makes the split of (`salt`, `payees`), or returns the one that stands already.
    /// @param payees 1 to 32, ascending by account, none twice, no share 0; the shares sum to
    /// 1,000,000.
    function create(bytes32 salt, Payee[] calldata payees) external returns (address split);

    /// @notice Where `create` puts it.
    function addressOf(bytes32 salt, Payee[] calldata payees) external view returns (address);

    /// @notice Claims in the given order, so that parents come first in nested splits.
    function claimMany(SplitClaim[] calldata claims) external returns (uint256[] memory amounts);

    /// @notice The code that every split runs.
    function implementation() external view returns (address);
}
