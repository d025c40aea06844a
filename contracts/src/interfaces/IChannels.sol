// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Payment channels of x402 `batch-settlement`: same ABI, typed data, events and errors.
/// @notice A payer locks tokens for one receiver. Vouchers, signed off chain by the payer's session
/// key, say how much of it the receiver may claim in total. What is not claimed goes back: at once
/// when the receiver agrees, else after `withdrawDelay`. There is no owner, no fee and no pause.
/// `multicall(bytes[])` runs several of these calls in one transaction.
/// @dev EIP-712 domain: name "x402 Batch Settlement", version "1", chain, this contract.
interface IChannels {
    /// @notice What a channel is: its EIP-712 digest is the channel's id.
    /// @param payer Whose tokens they are, and to whom they return.
    /// @param payerAuthorizer Signs vouchers; if zero, the payer does (ERC-1271 too).
    /// @param receiver Gets what is claimed.
    /// @param receiverAuthorizer Signs claims and refunds for the receiver.
    /// @param withdrawDelay In seconds, 900 to 2,592,000: how long the receiver has to claim when
    /// the payer leaves without its consent.
    struct ChannelConfig {
        address payer;
        address payerAuthorizer;
        address receiver;
        address receiverAuthorizer;
        address token;
        uint40 withdrawDelay;
        bytes32 salt;
    }

    struct Voucher {
        ChannelConfig channel;
        uint128 maxClaimableAmount;
    }

    /// @param signature Of the voucher, by `payerAuthorizer`.
    /// @param totalClaimed What has been claimed of the channel in total after this row.
    struct VoucherClaim {
        Voucher voucher;
        bytes signature;
        uint128 totalClaimed;
    }

    event ChannelCreated(bytes32 indexed channelId, ChannelConfig config);
    event ChannelClosed(bytes32 indexed channelId, ChannelConfig config);
    event Deposited(
        bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance
    );
    event Claimed(
        bytes32 indexed channelId,
        address indexed sender,
        uint128 claimAmount,
        uint128 newTotalClaimed
    );
    event Settled(
        address indexed receiver, address indexed token, address indexed sender, uint128 amount
    );
    event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount);
    event WithdrawInitiated(bytes32 indexed channelId, uint128 amount, uint40 finalizeAfter);
    event WithdrawFinalized(bytes32 indexed channelId, address indexed sender, uint128 amount);

    error InvalidChannel();
    error ZeroDeposit();
    error DepositOverflow();
    error InvalidSignature();
    error NotReceiverAuthorizer();
    error NotAuthorizedToClaim();
    error NotAuthorizedToRefund();
    error ClaimExceedsCeiling();
    error ClaimExceedsBalance();
    error WithdrawalAlreadyPending();
    error WithdrawalNotPending();
    error NotAuthorizedToFinalizeWithdraw();
    error WithdrawDelayNotElapsed();
    error NothingToWithdraw();
    error WithdrawAmountExceedsAvailable();
    error WithdrawDelayOutOfRange();
    error EmptyBatch();
    error DepositCollectionFailed();
    error InvalidCollector();
    error InvalidRefundNonce();
    error ZeroRefund();

    /// @notice Opens a channel or adds to it. Anyone may carry it: the collector demands the
    /// payer's signature. The tokens received must be exactly `amount`.
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external;

    /// @notice Claims for every row, by the `receiver` or `receiverAuthorizer` of all of them. A
    /// row that claims nothing new is skipped unseen. One bad row reverts all. Moves no tokens.
    function claim(VoucherClaim[] calldata claims) external;

    /// @notice The same by anyone, with the `receiverAuthorizer`'s signature of the ClaimBatch.
    function claimWithSignature(VoucherClaim[] calldata claims, bytes calldata signature) external;

    /// @notice Sends what is claimed and not yet sent to `receiver`. Anyone may; quiet when
    /// nothing is.
    function settle(address receiver, address token) external;

    /// @notice Announces that the payer leaves with `amount`. By `payer` or `payerAuthorizer`.
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external;

    /// @notice After the delay, sends the payer what was announced and has not been claimed since.
    function finalizeWithdraw(ChannelConfig calldata config) external;

    /// @notice Sends the payer up to `amount` at once. By `receiver` or `receiverAuthorizer`.
    function refund(ChannelConfig calldata config, uint128 amount) external;

    /// @notice The same by anyone, with the `receiverAuthorizer`'s signature of the Refund.
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata signature
    ) external;

    /// @return balance Deposited less what was given back; claims do not lower it.
    function channels(bytes32 channelId)
        external
        view
        returns (uint128 balance, uint128 totalClaimed);

    function pendingWithdrawals(bytes32 channelId)
        external
        view
        returns (uint128 amount, uint40 initiatedAt);

    function refundNonce(bytes32 channelId) external view returns (uint256);

    function receivers(address receiver, address token)
        external
        view
        returns (uint128 totalClaimed, uint128 totalSettled);

    function getChannelId(ChannelConfig calldata config) external view returns (bytes32);

    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount)
        external
        view
        returns (bytes32);

    function getClaimBatchDigest(VoucherClaim[] calldata claims) external view returns (bytes32);

    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount)
        external
        view
        returns (bytes32);

    /// forge-lint: disable-next-line(mixed-case-function)
    function CHANNEL_CONFIG_TYPEHASH() external view returns (bytes32);
}
