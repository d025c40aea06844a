// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The price of prepaid calls, until they are used.
/// @notice A plan is a licence that counts calls of exactly one service. Its price waits here and
/// goes to the service's receiver in proportion to the uses that `Licences` has recorded; what is
/// left at the end goes where the plan's terms say. Nobody has power over what waits.
interface IPlans {
    /// @param released What of `price` has left.
    struct Escrow {
        address token;
        uint96 price;
        uint96 released;
        uint32 calls;
        uint48 service;
        bool closed;
    }

    event Held(
        uint256 indexed licence, uint256 indexed service, address indexed token, uint96 price
    );
    event Released(uint256 indexed licence, uint256 indexed service, uint96 amount);
    event Closed(uint256 indexed licence, address indexed to, uint96 amount);

    error NotTheMarket(address account);
    error NotAPlan(uint256 licence);
    error AlreadyHeld(uint256 licence);
    error NotHeld(uint256 licence);
    error NotReceived(address token, uint256 amount);
    error NotOver(uint256 licence, uint40 closesAt);
    error AlreadyClosed(uint256 licence);

    /// @notice Keeps the price of `n` licences numbered from `first`, which the sender has sent
    /// before, or sends along in the native coin. By the market that sold them.
    /// @param price Of all; what division leaves is the first licence's.
    function hold(uint256 first, uint256 n, address token, uint256 price) external payable;

    /// @notice Sends what recorded uses have earned to the services' receivers. By anyone.
    function release(uint256[] calldata licences) external;

    /// @notice Releases, and sends the rest to the holder; or to the service's receiver where the
    /// terms say so and the service lasted as long as the plan. By anyone, once `closesAt` is past.
    function close(uint256 licence) external;

    function escrowOf(uint256 licence) external view returns (Escrow memory);

    /// @notice What `release` would send.
    function due(uint256 licence) external view returns (uint256);

    /// @notice When a plan or its service is over, and the three days are that late uses can be
    /// recorded in.
    function closesAt(uint256 licence) external view returns (uint40);

    /// @notice All that waits in a token.
    function held(address token) external view returns (uint256);
}
