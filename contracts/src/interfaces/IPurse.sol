// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "./IChannels.sol";
import {IDepositCollector} from "./IDepositCollector.sol";

/// @title A purse: its owner's spending money in one token, which session keys may lock in channels of services.
/// @notice It is both `payer` and collector of its channels, so that one signature of the owner
/// serves every model, and what channels give back comes home; their events tell each use. Money leaves to channels of
/// registered services, within the caps of a policy, and to the owner; nowhere else.
/// A channel serves one call at a time, so a key may have four with each service: its *lanes*, 0 to 3.
/// @dev EIP-712 domain: name "Stoa Purse", version "1", chain, the purse. Each signed act of the
/// owner counts for one `nonce` and in their order alone, so what was signed before a revocation
/// is void after it. The owner may do each of them itself, with an empty signature.
interface IPurse is IDepositCollector {
    /// @notice What a session key may do. Signed as `SetPolicy`, whose fields these are in this
    /// order, with `uint256 nonce` behind them.
    /// @param key Signs deposits, and the vouchers of the channels that they open.
    /// @param token The purse's, so that wallets show what the caps count.
    /// @param cap The most that it may lock from now on, what comes back not counted off.
    /// @param capPerDay The most that it may lock in one day (UTC).
    /// @param capPerService The most that one service can get from it in the key's whole life: what
    /// its lanes there hold and held together, less what came back.
    /// @param expires The first second at which it may lock no more.
    /// @param services The services it may pay, at most 16; none means any registered one.
    struct Policy {
        address key;
        address token;
        uint96 cap;
        uint96 capPerDay;
        uint96 capPerService;
        uint40 expires;
        uint256[] services;
    }

    /// @notice An EIP-3009 ReceiveWithAuthorization of the owner to its purse, in the policy's
    /// token, whose nonce is `setPolicyDigest(policy)`.
    struct Funding {
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes signature;
    }

    /// @notice How a key stands.
    /// @param spends How many deposits it has signed: the nonce of its next.
    struct KeyState {
        uint40 expires;
        uint96 left;
        uint96 leftToday;
        uint96 capPerDay;
        uint96 capPerService;
        uint32 spends;
        bool anyService;
    }

    event PolicySet(address indexed key, Policy policy, uint64 nonce);
    event KeyRevoked(address indexed key);
    event ExitBegun(uint64 nonce);
    event Withdrawn(address indexed token, uint256 amount);

    error NotTheOwner(address account);
    error BadOwnerSignature();
    error BadPolicy();
    error NotPayer(address payer);
    error KeyNotValid(address key);
    error TokenNotAllowed(address token);
    error ServiceNotAllowed(uint256 service);
    error NoSuchLane(uint256 lane);
    error NotThatServicesChannel(bytes32 channelId);
    error BadSpendNonce(uint256 expected);
    error BadSpendSignature();
    error CapExceeded(uint256 left);
    error DailyCapExceeded(uint256 left);
    error ServiceCapExceeded(uint256 cap);
    error NotLeaving();

    /// @notice Gives a key its policy and ends an exit. By anyone with the owner's signature of
    /// `SetPolicy(address key,address token,uint96 cap,uint96 capPerDay,uint96 capPerService,uint40 expires,uint256[] services,uint256 nonce)`.
    function setPolicy(Policy calldata policy, bytes calldata signature) external;

    /// @notice The same, and takes the money in, by the one signature of the EIP-3009 authorisation.
    function fund(Policy calldata policy, Funding calldata funding) external;

    /// @notice Ends a key. By the owner's signature of `Revoke(address key,uint256 nonce)`, or by
    /// the key itself.
    function revoke(address key, bytes calldata signature) external;

    /// @notice Ends all keys; from now on `close` sends everything to the owner. By the owner's
    /// signature of `Exit(uint256 nonce)`.
    function exit(bytes calldata signature) external;

    /// @notice Takes each of these channels of this purse as far as it goes now: finalises a
    /// withdrawal that is due, and announces one of all that is unclaimed. In an exit, then sends
    /// the owner all there is of the token. By anyone in an exit, else by the owner.
    function close(IChannels.ChannelConfig[] calldata configs) external;

    /// @notice Sends the owner all there is of `token`, the native coin being 0. By anyone in an
    /// exit.
    function sweep(address token) external;

    /// @notice Sends the owner `amount`. By the owner.
    function withdraw(address token, uint256 amount) external;

    function owner() external view returns (address);
    function token() external view returns (address);
    function nonce() external view returns (uint64);
    function leaving() external view returns (bool);

    /// @notice A key without a valid policy has `expires` 0.
    function stateOf(address key) external view returns (KeyState memory);
    function mayPay(address key, uint256 service) external view returns (bool);

    /// @notice The channel of a key at a service on a lane, 0 to 3: payer this purse, authoriser the
    /// key, receiver and receiverAuthorizer the service's, withdrawDelay 3600, salt the lane.
    function channelOf(address key, uint256 service, uint256 lane)
        external
        view
        returns (IChannels.ChannelConfig memory config, bytes32 channelId);

    /// @notice Of the policy with the present nonce.
    function setPolicyDigest(Policy calldata policy) external view returns (bytes32);
    function revokeDigest(address key) external view returns (bytes32);
    function exitDigest() external view returns (bytes32);

    /// @notice What a session key signs to deposit:
    /// `Spend(bytes32 channelId,uint256 amount,uint256 nonce)`, `nonce` being its `spends`.
    function spendDigest(bytes32 channelId, uint256 amount, uint256 spends)
        external
        view
        returns (bytes32);
}

/// @title Makes purses: one small clone for each owner and token, at an address known beforehand.
interface IPurses {
    event PurseCreated(address indexed owner, address indexed token, address purse);

    error ZeroAddress();

    /// @notice Makes the owner's purse of a token, or returns the one that stands already. Anyone may.
    function create(address owner, address token) external returns (address purse);

    /// @notice `create` of the policy's token, then `IPurse.fund`: the first signature of a new user, carried at once.
    function fund(address owner, IPurse.Policy calldata policy, IPurse.Funding calldata funding)
        external
        returns (address purse);

    /// @notice `create` of the policy's token, then `IPurse.setPolicy`.
    function setPolicy(address owner, IPurse.Policy calldata policy, bytes calldata signature)
        external
        returns (address purse);

    /// @notice Where `create` puts it.
    function purseOf(address owner, address token) external view returns (address);

    /// @notice The code that every purse runs.
    function implementation() external view returns (address);
}
