// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {Payee} from "./ISplits.sol";

/// @title Models: who made them, their versions for ever, and who is paid.
/// @notice A model is an ERC-721. Versions are only ever added. No one but a model's owner (and the
/// maintainers it names, for versions) has any power over it.
interface IModelRegistry is IERC721Metadata, IERC4906 {
    enum Kind {
        Release,
        Update,
        Fix
    }

    enum Status {
        Active,
        Deprecated,
        Withdrawn
    }

    /// @notice Who may offer a model as a service.
    enum Serving {
        Open,
        Listed,
        RightHolders
    }

    /// @param manifestDigest keccak256 of the manifest's canonical JSON.
    /// @param weightsDigest SHA2-256 of the weights, as the manifest says.
    /// @param cid Of the manifest: CIDv1, as text.
    /// @param derivable Whether other models may declare this version as a parent.
    /// @param derivativeBps The least that such a child pays to this model, of each 10,000.
    struct NewVersion {
        Kind kind;
        bytes32 manifestDigest;
        bytes32 weightsDigest;
        string cid;
        bool derivable;
        uint16 derivativeBps;
    }

    /// @param digest keccak256(abi.encode(manifestDigest, weightsDigest, cid)).
    struct Version {
        bytes32 digest;
        Kind kind;
        Status status;
        bool derivable;
        uint16 derivativeBps;
        uint40 time;
    }

    /// @notice A version of another model that this one is derived from, and its part of what
    /// comes in.
    struct Parent {
        uint256 model;
        uint32 version;
        uint16 bps;
    }

    /// @notice What the model's payees get from services.
    /// @param callBps Their part of what a service receives, of each 10,000.
    /// @param token In which the minimum is named; zero where there is none.
    /// @param perCall The least they get for a call.
    /// @param perMillion The least they get for 1,000,000 tokens, of input and of output.
    struct Royalty {
        uint16 callBps;
        address token;
        uint96 perCall;
        uint128 perMillion;
    }

    /// @param slug 1 to 64 of `a-z 0-9 - . _`; a registrant uses it once.
    /// @param payees The creators: as in ISplits.create; empty means the registrant alone.
    /// @param parents At most 8, ascending by model, together at most 5,000 bps.
    /// @param market May mint licences; zero means none yet.
    struct Model {
        string slug;
        NewVersion first;
        Payee[] payees;
        Parent[] parents;
        Royalty royalty;
        Serving serving;
        address market;
    }

    event ModelRegistered(uint256 indexed model, address indexed registrant, string slug);
    event VersionPublished(
        uint256 indexed model,
        uint32 indexed version,
        bytes32 indexed weightsDigest,
        Kind kind,
        bytes32 manifestDigest,
        string cid,
        bool derivable,
        uint16 derivativeBps
    );
    event StatusSet(uint256 indexed model, uint32 indexed version, Status status, string reason);
    event ParentDeclared(
        uint256 indexed model, uint256 indexed parent, uint32 parentVersion, uint16 bps
    );
    /// @param payees Of the split `payTo`; a parent's part goes to the parent's own `payTo`.
    event PayToSet(uint256 indexed model, address indexed payTo, Payee[] payees);
    event RoyaltySet(uint256 indexed model, Royalty royalty, uint64 effectiveAt);
    event ServingSet(uint256 indexed model, Serving serving);
    event ProviderListed(uint256 indexed model, address indexed provider, bool listed);
    event MaintainerSet(uint256 indexed model, address indexed maintainer, bool allowed);
    event MarketChosen(uint256 indexed model, address indexed market);

    error BadSlug(string slug);
    error NameTaken(uint256 model);
    error BadCid(string cid);
    error ZeroDigest();
    error BadBps(uint256 bps);
    error NotOwner(uint256 model, address account);
    error NotMaintainer(uint256 model, address account);
    error UnknownVersion(uint256 model, uint32 version);
    error TooManyParents(uint256 given);
    error ParentsNotSorted(uint256 parent);
    error NotDerivable(uint256 parent, uint32 version);
    error ParentUnderpaid(uint256 parent, uint32 version, uint16 least);
    error ParentsTakeTooMuch(uint256 bps);
    error TooDeep(uint256 depth);
    error LosesWithoutConsent(address account);
    error MinimumWithoutToken();
    error StatusUnchanged();

    /// @notice Registers a model with its first version to the sender.
    function register(Model calldata model) external returns (uint256 id);

    /// @notice Adds a version; by the owner or a maintainer.
    function publish(uint256 model, NewVersion calldata version) external returns (uint32 number);

    /// @notice By the owner or a maintainer. A withdrawn latest version stops sales, never access.
    function setStatus(uint256 model, uint32 version, Status status, string calldata reason)
        external;

    /// @notice Changes how the creators share what is not the parents'. By the owner, with the
    /// signature of each payee whose share falls (EIP-712 `SplitChange(uint256 model,bytes32
    /// payeesHash,uint256 nonce)`, payeesHash = keccak256(abi.encode(payees))), in ascending order
    /// of those payees, the owner's own left out.
    function setPayees(uint256 model, Payee[] calldata payees, bytes[] calldata consents) external;

    /// @notice Lower at once; anything raised, or another token, after 30 days. By the owner.
    function setRoyalty(uint256 model, Royalty calldata royalty) external;
    function setServing(uint256 model, Serving serving) external;
    function setProvider(uint256 model, address provider, bool listed) external;
    function setMaintainer(uint256 model, address maintainer, bool allowed) external;

    /// @notice Names the one market that may mint licences for the model. By the owner.
    function setMarket(uint256 model, address market) external;

    /// @notice The split that gets all the model earns.
    function payTo(uint256 model) external view returns (address);

    /// @notice The payees of `payTo`, the parents' splits among them; shares of 1,000,000.
    function payeesOf(uint256 model) external view returns (Payee[] memory);

    /// @notice What a market must know of a model, in one call.
    function standing(uint256 model)
        external
        view
        returns (address owner, address payTo, uint32 latestVersion, Status latestStatus);
    function parentsOf(uint256 model) external view returns (Parent[] memory);
    function depthOf(uint256 model) external view returns (uint256);
    function royaltyOf(uint256 model) external view returns (Royalty memory);
    function pendingRoyalty(uint256 model)
        external
        view
        returns (Royalty memory royalty, uint64 effectiveAt);
    function servingOf(uint256 model) external view returns (Serving);
    function isProvider(uint256 model, address provider) external view returns (bool);
    function isMaintainer(uint256 model, address account) external view returns (bool);
    function marketOf(uint256 model) external view returns (address);
    function registrantOf(uint256 model) external view returns (address);
    function slugOf(uint256 model) external view returns (string memory);

    /// @notice 0 where `registrant` never used `slug`.
    function modelOf(address registrant, string calldata slug) external view returns (uint256);
    function versionOf(uint256 model, uint32 version) external view returns (Version memory);
    function versionCount(uint256 model) external view returns (uint32);

    /// @notice Models are numbered from 1 to this.
    function modelCount() external view returns (uint256);
    function splitChangeDigest(uint256 model, Payee[] calldata payees)
        external
        view
        returns (bytes32);
}
