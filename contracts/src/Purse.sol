// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IChannels} from "./interfaces/IChannels.sol";
import {IDepositCollector} from "./interfaces/IDepositCollector.sol";
import {IERC3009Bytes} from "./interfaces/IERC3009Bytes.sol";
import {IPurse} from "./interfaces/IPurse.sol";
import {IServices} from "./interfaces/IServices.sol";
import {Use} from "./PurseUse.sol";

/// @title One owner's purse: see IPurse.
/// @dev Runs as a clone whose immutable arguments are the owner and the token.
contract Purse is IPurse, EIP712 {
    using SafeERC20 for IERC20;

    /// @dev Keys whose policy is older than `keysSince` are void.
    struct State {
        uint64 nonce;
        uint64 keysSince;
        bool leaving;
    }

    /// @dev A policy and its use in two words; a deposit writes the second alone.
    struct Key {
        uint96 capPerDay;
        uint96 capPerService;
        uint40 expires;
        uint24 number;
        Use use;
    }

    bytes32 public constant SET_POLICY_TYPEHASH = keccak256(
        "SetPolicy(address key,address token,uint96 cap,uint96 capPerDay,uint96 capPerService,uint40 expires,uint256[] services,uint256 nonce)"
    );
    bytes32 public constant REVOKE_TYPEHASH = keccak256("Revoke(address key,uint256 nonce)");
    bytes32 public constant EXIT_TYPEHASH = keccak256("Exit(uint256 nonce)");
    bytes32 public constant SPEND_TYPEHASH =
        keccak256("Spend(bytes32 channelId,uint256 amount,uint256 nonce)");
    // What makes a channel's id, as the channels do: asking them costs more.
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant CHANNEL_TYPEHASH = keccak256(
        "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)"
    );
    bytes32 private constant X402 = keccak256("x402 Batch Settlement");
    bytes32 private constant ONE = keccak256("1");
    uint40 public constant WITHDRAW_DELAY = 1 hours;
    uint256 public constant MAX_SERVICES = 16;
    /// @notice How many channels a key may have with one service.
    uint256 public constant LANES = 4;
    /// @dev Where a deposit's data has the lane, in the word of the service.
    uint256 private constant LANE_BIT = 248;

    IChannels public immutable CHANNELS;
    IServices public immutable SERVICES;

    State private _state;
    mapping(address key => Key) private _keys;
    mapping(uint256 number => mapping(uint256 service => bool)) private _listed;

    constructor(IChannels channels, IServices services) EIP712("Stoa Purse", "1") {
        CHANNELS = channels;
        SERVICES = services;
    }

    /// @notice Takes the native coin, so that what is sent by mistake can be taken back.
    receive() external payable {}

    /// @notice A deposit into a channel of a key at a service. By the channels alone.
    /// @param data abi.encode(address key, uint256 service | lane << 248, uint256 nonce, bytes32 r,
    /// bytes32 vs): the key's signature of the Spend in the short form of ERC-2098. It is bound to
    /// the lane by the channel's id.
    function collect(
        address payer,
        address token_,
        uint256 amount,
        bytes32 channelId,
        bytes calldata data
    ) external {
        require(msg.sender == address(CHANNELS), OnlyChannels());
        require(payer == address(this), NotPayer(payer));
        require(token_ == token(), TokenNotAllowed(token_));
        (address key, uint256 place, uint256 spends, bytes32 r, bytes32 vs) =
            abi.decode(data, (address, uint256, uint256, bytes32, bytes32));
        _requireChannel(key, token_, place, channelId);
        _count(_keys[key], key, place, channelId, spends, amount);
        (address signer,,) = ECDSA.tryRecover(spendDigest(channelId, amount, spends), r, vs);
        require(signer == key, BadSpendSignature());
        IERC20(token_).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IPurse
    function setPolicy(Policy calldata policy, bytes calldata signature) external {
        _requireOwner(setPolicyDigest(policy), signature);
        _setPolicy(policy);
    }

    /// @inheritdoc IPurse
    function fund(Policy calldata policy, Funding calldata funding) external {
        bytes32 bound = setPolicyDigest(policy);
        _setPolicy(policy);
        IERC3009Bytes(policy.token)
            .receiveWithAuthorization(
                owner(),
                address(this),
                funding.value,
                funding.validAfter,
                funding.validBefore,
                bound,
                funding.signature
            );
    }

    /// @inheritdoc IPurse
    function revoke(address key, bytes calldata signature) external {
        if (msg.sender != key) {
            _requireOwner(revokeDigest(key), signature);
            ++_state.nonce;
        }
        _keys[key].expires = 0;
        emit KeyRevoked(key);
    }

    /// @inheritdoc IPurse
    function exit(bytes calldata signature) external {
        _requireOwner(exitDigest(), signature);
        uint64 nonce_ = _state.nonce + 1;
        _state = State({nonce: nonce_, keysSince: nonce_, leaving: true});
        emit ExitBegun(nonce_ - 1);
    }

    /// @inheritdoc IPurse
    function close(IChannels.ChannelConfig[] calldata configs) external {
        bool all = _state.leaving;
        require(all || msg.sender == owner(), NotTheOwner(msg.sender));
        for (uint256 i; i < configs.length; ++i) {
            require(configs[i].payer == address(this), NotPayer(configs[i].payer));
            _close(configs[i]);
        }
        if (all) _sweep(token());
    }

    /// @inheritdoc IPurse
    function sweep(address token_) external {
        require(_state.leaving || msg.sender == owner(), NotLeaving());
        _sweep(token_);
    }

    /// @inheritdoc IPurse
    function withdraw(address token_, uint256 amount) external {
        require(msg.sender == owner(), NotTheOwner(msg.sender));
        _send(token_, amount);
    }

    /// @inheritdoc IPurse
    function owner() public view returns (address) {
        return address(bytes20(Clones.fetchCloneArgs(address(this))));
    }

    /// @inheritdoc IPurse
    function token() public view returns (address it) {
        bytes memory args = Clones.fetchCloneArgs(address(this));
        assembly ("memory-safe") {
            it := shr(96, mload(add(args, 52)))
        }
    }

    /// @inheritdoc IPurse
    function nonce() external view returns (uint64) {
        return _state.nonce;
    }

    /// @inheritdoc IPurse
    function leaving() external view returns (bool) {
        return _state.leaving;
    }

    /// @inheritdoc IPurse
    function stateOf(address key) external view returns (KeyState memory) {
        Key storage it = _keys[key];
        uint256 spent = it.use.spentOn(_today());
        return KeyState({
            expires: it.number < _state.keysSince ? 0 : it.expires,
            left: uint96(it.use.left()),
            leftToday: uint96(_room(it.capPerDay, spent)),
            capPerDay: it.capPerDay,
            capPerService: it.capPerService,
            spends: uint32(it.use.spends()),
            anyService: it.use.anyService()
        });
    }

    /// @inheritdoc IPurse
    function mayPay(address key, uint256 service) external view returns (bool) {
        Key storage it = _keys[key];
        if (block.timestamp >= it.expires || it.number < _state.keysSince) return false;
        bool listed = it.use.anyService() || _listed[it.number][service];
        return listed && SERVICES.isLive(service);
    }

    /// @inheritdoc IPurse
    function channelOf(address key, uint256 service, uint256 lane)
        external
        view
        returns (IChannels.ChannelConfig memory config, bytes32 channelId)
    {
        require(lane < LANES, NoSuchLane(lane));
        (address receiver, address authorizer,) = SERVICES.receiverOf(service);
        config = IChannels.ChannelConfig({
            payer: address(this),
            payerAuthorizer: key,
            receiver: receiver,
            receiverAuthorizer: authorizer,
            token: token(),
            withdrawDelay: WITHDRAW_DELAY,
            salt: bytes32(lane)
        });
        channelId = CHANNELS.getChannelId(config);
    }

    /// @inheritdoc IPurse
    function setPolicyDigest(Policy calldata policy) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    SET_POLICY_TYPEHASH,
                    policy.key,
                    policy.token,
                    policy.cap,
                    policy.capPerDay,
                    policy.capPerService,
                    policy.expires,
                    keccak256(abi.encodePacked(policy.services)),
                    _state.nonce
                )
            )
        );
    }

    /// @inheritdoc IPurse
    function revokeDigest(address key) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(REVOKE_TYPEHASH, key, _state.nonce)));
    }

    /// @inheritdoc IPurse
    function exitDigest() public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(EXIT_TYPEHASH, _state.nonce)));
    }

    /// @inheritdoc IPurse
    function spendDigest(bytes32 channelId, uint256 amount, uint256 spends)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(keccak256(abi.encode(SPEND_TYPEHASH, channelId, amount, spends)));
    }

    function _requireChannel(address key, address token_, uint256 place, bytes32 channelId)
        private
        view
    {
        uint256 service = uint248(place);
        (address receiver, address authorizer, bool live) = SERVICES.receiverOf(service);
        require(live, ServiceNotAllowed(service));
        uint256 lane = place >> LANE_BIT;
        require(lane < LANES, NoSuchLane(lane));
        require(
            channelId == _channelId(_domain(), key, receiver, authorizer, token_, lane),
            NotThatServicesChannel(channelId)
        );
    }

    /// @dev What makes the channels' ids, on the chain that this is.
    function _domain() private view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, X402, ONE, block.chainid, address(CHANNELS)));
    }

    function _channelId(
        bytes32 domain,
        address key,
        address receiver,
        address authorizer,
        address token_,
        uint256 lane
    ) private view returns (bytes32) {
        bytes32 content = keccak256(
            abi.encode(
                CHANNEL_TYPEHASH,
                address(this),
                key,
                receiver,
                authorizer,
                token_,
                WITHDRAW_DELAY,
                lane
            )
        );
        return MessageHashUtils.toTypedDataHash(domain, content);
    }

    /// @dev All that a key ever locked at a service, less what came back: the channels' balances tell
    /// it, so `capPerService` needs no count of its own.
    function _locked(address key, uint256 service) private view returns (uint256 sum) {
        (address receiver, address authorizer,) = SERVICES.receiverOf(service);
        bytes32 domain = _domain();
        address token_ = token();
        for (uint256 lane; lane < LANES; ++lane) {
            (uint128 balance,) =
                CHANNELS.channels(_channelId(domain, key, receiver, authorizer, token_, lane));
            sum += balance;
        }
    }

    /// @dev Counts a deposit against the key's caps.
    function _count(
        Key storage it,
        address key,
        uint256 place,
        bytes32 channelId,
        uint256 spends,
        uint256 amount
    ) private {
        require(block.timestamp < it.expires && it.number >= _state.keysSince, KeyNotValid(key));
        Use use = it.use;
        uint256 service = uint248(place);
        require(use.anyService() || _listed[it.number][service], ServiceNotAllowed(service));
        require(use.spends() == spends, BadSpendNonce(use.spends()));
        uint256 left = use.left();
        require(amount <= left, CapExceeded(left));
        uint256 day = _today();
        uint256 spent = use.spentOn(day) + amount;
        uint256 perDay = it.capPerDay;
        require(spent <= perDay, DailyCapExceeded(_room(perDay, spent - amount)));
        use = use.deposited(left - amount, spent, day, place != service);
        it.use = use;
        _requireServiceCap(it.capPerService, key, service, channelId, use.severalLanes());
    }

    function _room(uint256 cap, uint256 used) private pure returns (uint256) {
        return used < cap ? cap - used : 0;
    }

    /// @dev The channels have counted this deposit already.
    function _requireServiceCap(
        uint256 cap,
        address key,
        uint256 service,
        bytes32 channelId,
        bool lanes
    ) private view {
        uint256 balance;
        if (lanes) balance = _locked(key, service);
        else (balance,) = CHANNELS.channels(channelId);
        require(balance <= cap, ServiceCapExceeded(cap));
    }

    /// @dev What a key spent today and how often it signed outlive a change of its policy.
    function _setPolicy(Policy calldata policy) private {
        uint256 count = policy.services.length;
        require(policy.token == token(), TokenNotAllowed(policy.token));
        require(
            policy.key != address(0) && count <= MAX_SERVICES && policy.expires > block.timestamp,
            BadPolicy()
        );
        uint64 number = _state.nonce;
        _state.nonce = number + 1;
        _state.leaving = false;
        Key storage key = _keys[policy.key];
        key.capPerDay = policy.capPerDay;
        key.capPerService = policy.capPerService;
        key.expires = policy.expires;
        key.number = SafeCast.toUint24(number);
        key.use = key.use.under(policy.cap, count == 0);
        for (uint256 i; i < count; ++i) {
            _listed[number][policy.services[i]] = true;
        }
        emit PolicySet(policy.key, policy, number);
    }

    /// @dev A withdrawal of less, which the key may have announced, delays the rest once only: what
    /// is finalised and what is announced next are one transaction.
    function _close(IChannels.ChannelConfig calldata config) private {
        bytes32 id = CHANNELS.getChannelId(config);
        (, uint40 since) = CHANNELS.pendingWithdrawals(id);
        if (since != 0) {
            if (block.timestamp < uint256(since) + config.withdrawDelay) return;
            CHANNELS.finalizeWithdraw(config);
        }
        (uint128 balance, uint128 claimed) = CHANNELS.channels(id);
        if (balance != claimed) CHANNELS.initiateWithdraw(config, balance - claimed);
    }

    function _sweep(address token_) private {
        uint256 all =
            token_ == address(0) ? address(this).balance : IERC20(token_).balanceOf(address(this));
        if (all != 0) _send(token_, all);
    }

    function _send(address token_, uint256 amount) private {
        emit Withdrawn(token_, amount);
        if (token_ == address(0)) Address.sendValue(payable(owner()), amount);
        else IERC20(token_).safeTransfer(owner(), amount);
    }

    function _requireOwner(bytes32 digest, bytes calldata signature) private view {
        if (msg.sender == owner()) return;
        require(
            SignatureChecker.isValidSignatureNowCalldata(owner(), digest, signature),
            BadOwnerSignature()
        );
    }

    function _today() private view returns (uint256) {
        return block.timestamp / 1 days;
    }
}
