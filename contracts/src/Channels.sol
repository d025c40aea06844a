// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IChannels} from "./interfaces/IChannels.sol";
import {IDepositCollector} from "./interfaces/IDepositCollector.sol";

/// @title Payment channels of x402 `batch-settlement`: see IChannels.
contract Channels is IChannels, EIP712, Multicall, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct Channel {
        uint128 balance;
        uint128 totalClaimed;
    }

    struct Withdrawal {
        uint128 amount;
        uint40 initiatedAt;
    }

    struct Receiver {
        uint128 totalClaimed;
        uint128 totalSettled;
    }

    bytes32 public constant CHANNEL_CONFIG_TYPEHASH = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)"
    );
    bytes32 public constant VOUCHER_TYPEHASH =
        keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
    bytes32 public constant REFUND_TYPEHASH =
        keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
    bytes32 public constant CLAIM_BATCH_TYPEHASH = keccak256(
        "ClaimBatch(ClaimEntry[] claims)ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)"
    );
    bytes32 public constant CLAIM_ENTRY_TYPEHASH =
        keccak256("ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)");
    uint40 public constant MIN_WITHDRAW_DELAY = 900;
    uint40 public constant MAX_WITHDRAW_DELAY = 2_592_000;

    /// @inheritdoc IChannels
    mapping(bytes32 channelId => Channel) public channels;
    /// @inheritdoc IChannels
    mapping(bytes32 channelId => Withdrawal) public pendingWithdrawals;
    /// @inheritdoc IChannels
    mapping(bytes32 channelId => uint256) public refundNonce;
    /// @inheritdoc IChannels
    mapping(address receiver => mapping(address token => Receiver)) public receivers;

    constructor() EIP712("x402 Batch Settlement", "1") {}

    /// @inheritdoc IChannels
    function deposit(
        ChannelConfig calldata config,
        uint128 amount,
        address collector,
        bytes calldata collectorData
    ) external nonReentrant {
        _requireValid(config);
        require(amount != 0, ZeroDeposit());
        require(collector != address(0), InvalidCollector());
        bytes32 id = getChannelId(config);
        Channel storage channel = channels[id];
        uint128 balance = channel.balance;
        require(amount <= type(uint128).max - balance, DepositOverflow());
        channel.balance = balance + amount;
        if (balance == 0 && channel.totalClaimed == 0) emit ChannelCreated(id, config);
        emit Deposited(id, msg.sender, amount, balance + amount);

        IERC20 token = IERC20(config.token);
        uint256 before = token.balanceOf(address(this));
        IDepositCollector(collector).collect(config.payer, config.token, amount, id, collectorData);
        require(token.balanceOf(address(this)) == before + amount, DepositCollectionFailed());
    }

    /// @inheritdoc IChannels
    function claim(VoucherClaim[] calldata claims) external nonReentrant {
        require(claims.length != 0, EmptyBatch());
        for (uint256 i; i < claims.length; ++i) {
            require(_isReceiverSide(claims[i].voucher.channel, msg.sender), NotAuthorizedToClaim());
            _claim(claims[i]);
        }
    }

    /// @inheritdoc IChannels
    function claimWithSignature(VoucherClaim[] calldata claims, bytes calldata signature)
        external
        nonReentrant
    {
        require(claims.length != 0, EmptyBatch());
        address authorizer = claims[0].voucher.channel.receiverAuthorizer;
        _requireSigned(authorizer, getClaimBatchDigest(claims), signature);
        for (uint256 i; i < claims.length; ++i) {
            require(
                claims[i].voucher.channel.receiverAuthorizer == authorizer, NotReceiverAuthorizer()
            );
            _claim(claims[i]);
        }
    }

    /// @inheritdoc IChannels
    function settle(address receiver, address token) external nonReentrant {
        Receiver storage state = receivers[receiver][token];
        uint128 amount = state.totalClaimed - state.totalSettled;
        if (amount == 0) return;
        state.totalSettled = state.totalClaimed;
        emit Settled(receiver, token, msg.sender, amount);
        IERC20(token).safeTransfer(receiver, amount);
    }

    /// @inheritdoc IChannels
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        require(_isPayerSide(config, msg.sender), InvalidChannel());
        require(amount != 0, NothingToWithdraw());
        bytes32 id = getChannelId(config);
        Withdrawal storage pending = pendingWithdrawals[id];
        require(pending.initiatedAt == 0, WithdrawalAlreadyPending());
        require(amount <= _available(id), WithdrawAmountExceedsAvailable());
        pending.amount = amount;
        pending.initiatedAt = uint40(block.timestamp);
        emit WithdrawInitiated(id, amount, uint40(block.timestamp) + config.withdrawDelay);
    }

    /// @inheritdoc IChannels
    function finalizeWithdraw(ChannelConfig calldata config) external nonReentrant {
        require(_isPayerSide(config, msg.sender), NotAuthorizedToFinalizeWithdraw());
        bytes32 id = getChannelId(config);
        Withdrawal memory pending = pendingWithdrawals[id];
        require(pending.initiatedAt != 0, WithdrawalNotPending());
        require(
            block.timestamp >= uint256(pending.initiatedAt) + config.withdrawDelay,
            WithdrawDelayNotElapsed()
        );
        delete pendingWithdrawals[id];
        uint128 available = _available(id);
        uint128 amount = pending.amount < available ? pending.amount : available;
        channels[id].balance -= amount;
        emit WithdrawFinalized(id, msg.sender, amount);
        if (amount == 0) return;
        if (amount == available) emit ChannelClosed(id, config);
        IERC20(config.token).safeTransfer(config.payer, amount);
    }

    /// @inheritdoc IChannels
    function refund(ChannelConfig calldata config, uint128 amount) external nonReentrant {
        require(_isReceiverSide(config, msg.sender), NotAuthorizedToRefund());
        _refund(config, getChannelId(config), amount);
    }

    /// @inheritdoc IChannels
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata signature
    ) external nonReentrant {
        bytes32 id = getChannelId(config);
        require(nonce == refundNonce[id], InvalidRefundNonce());
        _requireSigned(config.receiverAuthorizer, getRefundDigest(id, nonce, amount), signature);
        _refund(config, id, amount);
    }

    /// @inheritdoc IChannels
    function getChannelId(ChannelConfig calldata config) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CHANNEL_CONFIG_TYPEHASH, config)));
    }

    /// @inheritdoc IChannels
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(
            keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, maxClaimableAmount))
        );
    }

    /// @inheritdoc IChannels
    function getClaimBatchDigest(VoucherClaim[] calldata claims) public view returns (bytes32) {
        bytes32[] memory entries = new bytes32[](claims.length);
        for (uint256 i; i < claims.length; ++i) {
            Voucher calldata voucher = claims[i].voucher;
            entries[i] = keccak256(
                abi.encode(
                    CLAIM_ENTRY_TYPEHASH,
                    getChannelId(voucher.channel),
                    voucher.maxClaimableAmount,
                    claims[i].totalClaimed
                )
            );
        }
        bytes32 all = keccak256(abi.encodePacked(entries));
        return _hashTypedDataV4(keccak256(abi.encode(CLAIM_BATCH_TYPEHASH, all)));
    }

    /// @inheritdoc IChannels
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(REFUND_TYPEHASH, channelId, nonce, amount)));
    }

    /// @dev One row: nothing new is no error, so that a batch survives a claim that came before it.
    function _claim(VoucherClaim calldata row) private {
        ChannelConfig calldata config = row.voucher.channel;
        bytes32 id = getChannelId(config);
        Channel storage channel = channels[id];
        uint128 claimed = channel.totalClaimed;
        uint128 total = row.totalClaimed;
        if (total <= claimed) return;
        require(total <= row.voucher.maxClaimableAmount, ClaimExceedsCeiling());
        require(total <= channel.balance, ClaimExceedsBalance());
        bytes32 digest = getVoucherDigest(id, row.voucher.maxClaimableAmount);
        if (config.payerAuthorizer == address(0)) {
            _requireSigned(config.payer, digest, row.signature);
        } else {
            (address signer,,) = ECDSA.tryRecoverCalldata(digest, row.signature);
            require(signer == config.payerAuthorizer, InvalidSignature());
        }
        channel.totalClaimed = total;
        receivers[config.receiver][config.token].totalClaimed += total - claimed;
        emit Claimed(id, msg.sender, total - claimed, total);
    }

    /// @dev The nonce moves even where nothing is left, so that no signed refund outlives another.
    function _refund(ChannelConfig calldata config, bytes32 id, uint128 wanted) private {
        require(wanted != 0, ZeroRefund());
        ++refundNonce[id];
        uint128 available = _available(id);
        uint128 amount = wanted < available ? wanted : available;
        if (amount == 0) return;
        channels[id].balance -= amount;
        Withdrawal storage pending = pendingWithdrawals[id];
        if (pending.initiatedAt != 0) {
            if (amount >= pending.amount) delete pendingWithdrawals[id];
            else pending.amount -= amount;
        }
        emit Refunded(id, msg.sender, amount);
        if (amount == available) emit ChannelClosed(id, config);
        IERC20(config.token).safeTransfer(config.payer, amount);
    }

    function _available(bytes32 id) private view returns (uint128) {
        Channel storage channel = channels[id];
        return channel.balance - channel.totalClaimed;
    }

    function _requireSigned(address signer, bytes32 digest, bytes calldata signature) private view {
        require(
            SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature),
            InvalidSignature()
        );
    }

    function _requireValid(ChannelConfig calldata config) private pure {
        require(
            config.payer != address(0) && config.receiver != address(0)
                && config.receiverAuthorizer != address(0) && config.token != address(0),
            InvalidChannel()
        );
        require(
            config.withdrawDelay >= MIN_WITHDRAW_DELAY
                && config.withdrawDelay <= MAX_WITHDRAW_DELAY,
            WithdrawDelayOutOfRange()
        );
    }

    function _isReceiverSide(ChannelConfig calldata config, address account)
        private
        pure
        returns (bool)
    {
        return account == config.receiver || account == config.receiverAuthorizer;
    }

    function _isPayerSide(ChannelConfig calldata config, address account)
        private
        pure
        returns (bool)
    {
        return account == config.payer || account == config.payerAuthorizer;
    }
}
