// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title ERC-5192: whether a token can be transferred.
interface IERC5192 {
    event Locked(uint256 tokenId);
    event Unlocked(uint256 tokenId);

    function locked(uint256 tokenId) external view returns (bool);
}

/// @title ERC-5643: a token that is a subscription.
interface IERC5643 {
    event SubscriptionUpdate(uint256 indexed tokenId, uint64 expiration);

    function renewSubscription(uint256 tokenId, uint64 duration) external payable;
    function cancelSubscription(uint256 tokenId) external payable;
    function expiresAt(uint256 tokenId) external view returns (uint64);
    function isRenewable(uint256 tokenId) external view returns (bool);
}

/// @title ERC-4907: a token that can be lent to a user for a time.
interface IERC4907 {
    event UpdateUser(uint256 indexed tokenId, address indexed user, uint64 expires);

    function setUser(uint256 tokenId, address user, uint64 expires) external;
    function userOf(uint256 tokenId) external view returns (address);
    function userExpires(uint256 tokenId) external view returns (uint256);
}

/// @title What a market does for `renewSubscription`.
interface ISubscriptionMarket {
    /// @notice Adds a period to a licence and takes its price from `payer`: the native coin sent
    /// along, or else the licence's token, of which `payer` has approved the market. By the
    /// licences, for their own caller.
    function renewFor(uint256 licence, address payer) external payable;

    /// @notice The token of an offer's price of that number. It never changes.
    function tokenOf(uint256 offer, uint8 priceIndex) external view returns (address);
}
