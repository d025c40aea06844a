// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {ISplit, ISplits, Payee} from "./interfaces/ISplits.sol";
import {Card} from "./Card.sol";
import {ModelRules} from "./ModelRules.sol";
import {Payees} from "./Payees.sol";

/// @title Models: see IModelRegistry.
/// @dev EIP-712 domain: name "Stoa Models", version "1", chain, this contract.
contract ModelRegistry is IModelRegistry, ERC721, EIP712 {
    /// @dev A parent with its split as it stood when the child was registered.
    struct Lineage {
        uint48 model;
        uint32 version;
        uint16 bps;
        address payTo;
    }

    struct Record {
        address registrant;
        uint32 versions;
        uint8 depth;
        Serving serving;
        address payTo;
        uint64 consents;
        address market;
        uint64 royaltyAt;
        string slug;
        Lineage[] parents;
        Royalty royalty;
        Royalty nextRoyalty;
    }

    bytes32 public constant SPLIT_CHANGE_TYPEHASH =
        keccak256("SplitChange(uint256 model,bytes32 payeesHash,uint256 nonce)");
    uint256 public constant MAX_PARENTS = 8;
    uint256 public constant MAX_PARENTS_BPS = 5_000;
    uint256 public constant MAX_DEPTH = 8;
    uint256 public constant ROYALTY_NOTICE = 30 days;
    uint256 private constant BPS = 10_000;

    /// @notice Makes the splits that models are paid through.
    ISplits public immutable SPLITS;

    /// @inheritdoc IModelRegistry
    uint256 public modelCount;
    /// @inheritdoc IModelRegistry
    mapping(uint256 model => mapping(address provider => bool)) public isProvider;
    mapping(uint256 model => mapping(address maintainer => bool)) private _maintains;
    mapping(uint256 model => mapping(uint32 number => Version)) private _versions;
    mapping(uint256 model => Record) private _models;
    mapping(address registrant => mapping(bytes32 slugHash => uint256)) private _named;

    modifier onlyOwner(uint256 model) {
        require(ownerOf(model) == msg.sender, NotOwner(model, msg.sender));
        _;
    }

    modifier onlyMaintainer(uint256 model) {
        require(isMaintainer(model, msg.sender), NotMaintainer(model, msg.sender));
        _;
    }

    constructor(ISplits splits) ERC721("Stoa Models", "MODEL") EIP712("Stoa Models", "1") {
        SPLITS = splits;
    }

    /// @inheritdoc IModelRegistry
    function register(Model calldata model) external returns (uint256 id) {
        ModelRules.requireSlug(model.slug);
        bytes32 name = keccak256(bytes(model.slug));
        require(_named[msg.sender][name] == 0, NameTaken(_named[msg.sender][name]));
        ModelRules.requireRoyalty(model.royalty);
        id = ++modelCount;
        _named[msg.sender][name] = id;
        Record storage record = _models[id];
        record.registrant = msg.sender;
        record.slug = model.slug;
        record.serving = model.serving;
        record.market = model.market;
        record.royalty = model.royalty;
        _mint(msg.sender, id);
        emit ModelRegistered(id, msg.sender, model.slug);
        emit ServingSet(id, model.serving);
        emit RoyaltySet(id, model.royalty, uint64(block.timestamp));
        emit MarketChosen(id, model.market);
        _publish(id, model.first);
        _declareParents(id, model.parents);
        _setPayTo(id, _withParents(id, ModelRules.payeesOr(model.payees, msg.sender)));
    }

    /// @inheritdoc IModelRegistry
    function publish(uint256 model, NewVersion calldata version)
        external
        onlyMaintainer(model)
        returns (uint32 number)
    {
        number = _publish(model, version);
        emit MetadataUpdate(model);
    }

    /// @inheritdoc IModelRegistry
    function setStatus(uint256 model, uint32 version, Status status, string calldata reason)
        external
        onlyMaintainer(model)
    {
        Version storage stored = _version(model, version);
        require(stored.status != status, StatusUnchanged());
        stored.status = status;
        emit StatusSet(model, version, status, reason);
        emit MetadataUpdate(model);
    }

    /// @inheritdoc IModelRegistry
    function setPayees(uint256 model, Payee[] calldata payees, bytes[] calldata consents)
        external
        onlyOwner(model)
    {
        bytes32 digest = splitChangeDigest(model, payees);
        ++_models[model].consents;
        Payee[] memory before = payeesOf(model);
        Payee[] memory next = _withParents(model, payees);
        bytes memory packed = Payees.pack(next);
        uint256 used;
        for (uint256 i; i < before.length; ++i) {
            address account = before[i].account;
            if (account == msg.sender) continue;
            if (Payees.shareOf(packed, account) >= before[i].share) continue;
            require(
                used < consents.length
                    && SignatureChecker.isValidSignatureNow(account, digest, consents[used]),
                LosesWithoutConsent(account)
            );
            ++used;
        }
        _setPayTo(model, next);
    }

    /// @inheritdoc IModelRegistry
    function setRoyalty(uint256 model, Royalty calldata royalty) external onlyOwner(model) {
        ModelRules.requireRoyalty(royalty);
        Record storage record = _models[model];
        Royalty memory current = royaltyOf(model);
        record.royalty = current;
        if (ModelRules.rises(current, royalty)) {
            record.nextRoyalty = royalty;
            record.royaltyAt = uint64(block.timestamp + ROYALTY_NOTICE);
        } else {
            record.royalty = royalty;
            delete record.nextRoyalty;
            record.royaltyAt = 0;
        }
        bool later = record.royaltyAt != 0;
        emit RoyaltySet(model, royalty, later ? record.royaltyAt : uint64(block.timestamp));
    }

    /// @inheritdoc IModelRegistry
    function setServing(uint256 model, Serving serving) external onlyOwner(model) {
        _models[model].serving = serving;
        emit ServingSet(model, serving);
    }

    /// @inheritdoc IModelRegistry
    function setProvider(uint256 model, address provider, bool listed) external onlyOwner(model) {
        isProvider[model][provider] = listed;
        emit ProviderListed(model, provider, listed);
    }

    /// @inheritdoc IModelRegistry
    function setMaintainer(uint256 model, address maintainer, bool allowed)
        external
        onlyOwner(model)
    {
        _maintains[model][maintainer] = allowed;
        emit MaintainerSet(model, maintainer, allowed);
    }

    /// @inheritdoc IModelRegistry
    function setMarket(uint256 model, address market) external onlyOwner(model) {
        _models[model].market = market;
        emit MarketChosen(model, market);
    }

    /// @inheritdoc IModelRegistry
    function payTo(uint256 model) external view returns (address) {
        _requireOwned(model);
        return _models[model].payTo;
    }

    /// @inheritdoc IModelRegistry
    function payeesOf(uint256 model) public view returns (Payee[] memory) {
        _requireOwned(model);
        return ISplit(_models[model].payTo).payees();
    }

    /// @inheritdoc IModelRegistry
    function standing(uint256 model)
        external
        view
        returns (address owner, address to, uint32 latestVersion, Status latestStatus)
    {
        owner = _requireOwned(model);
        Record storage record = _models[model];
        latestVersion = record.versions;
        return (owner, record.payTo, latestVersion, _versions[model][latestVersion].status);
    }

    /// @inheritdoc IModelRegistry
    function parentsOf(uint256 model) external view returns (Parent[] memory parents) {
        Lineage[] storage stored = _models[model].parents;
        parents = new Parent[](stored.length);
        for (uint256 i; i < parents.length; ++i) {
            parents[i] = Parent(stored[i].model, stored[i].version, stored[i].bps);
        }
    }

    /// @inheritdoc IModelRegistry
    function depthOf(uint256 model) external view returns (uint256) {
        return _models[model].depth;
    }

    /// @inheritdoc IModelRegistry
    function royaltyOf(uint256 model) public view returns (Royalty memory) {
        Record storage record = _models[model];
        bool next = record.royaltyAt != 0 && block.timestamp >= record.royaltyAt;
        return next ? record.nextRoyalty : record.royalty;
    }

    /// @inheritdoc IModelRegistry
    function pendingRoyalty(uint256 model)
        external
        view
        returns (Royalty memory royalty, uint64 effectiveAt)
    {
        Record storage record = _models[model];
        if (block.timestamp < record.royaltyAt) return (record.nextRoyalty, record.royaltyAt);
    }

    /// @inheritdoc IModelRegistry
    function servingOf(uint256 model) external view returns (Serving) {
        return _models[model].serving;
    }

    /// @inheritdoc IModelRegistry
    function isMaintainer(uint256 model, address account) public view returns (bool) {
        return ownerOf(model) == account || _maintains[model][account];
    }

    /// @inheritdoc IModelRegistry
    function marketOf(uint256 model) external view returns (address) {
        return _models[model].market;
    }

    /// @inheritdoc IModelRegistry
    function registrantOf(uint256 model) external view returns (address) {
        return _models[model].registrant;
    }

    /// @inheritdoc IModelRegistry
    function slugOf(uint256 model) external view returns (string memory) {
        return _models[model].slug;
    }

    /// @inheritdoc IModelRegistry
    function modelOf(address registrant, string calldata slug) external view returns (uint256) {
        return _named[registrant][keccak256(bytes(slug))];
    }

    /// @inheritdoc IModelRegistry
    function versionOf(uint256 model, uint32 version) external view returns (Version memory) {
        return _version(model, version);
    }

    /// @inheritdoc IModelRegistry
    function versionCount(uint256 model) external view returns (uint32) {
        return _models[model].versions;
    }

    /// @inheritdoc IModelRegistry
    function splitChangeDigest(uint256 model, Payee[] calldata payees)
        public
        view
        returns (bytes32)
    {
        bytes32 payeesHash = keccak256(abi.encode(payees));
        return _hashTypedDataV4(
            keccak256(abi.encode(SPLIT_CHANGE_TYPEHASH, model, payeesHash, _models[model].consents))
        );
    }

    /// @notice JSON and picture made here: no server is asked.
    function tokenURI(uint256 model)
        public
        view
        override(ERC721, IERC721Metadata)
        returns (string memory)
    {
        _requireOwned(model);
        Record storage record = _models[model];
        Status status = _versions[model][record.versions].status;
        return Card.model(record.slug, record.registrant, record.versions, status);
    }

    function supportsInterface(bytes4 id) public view override(ERC721, IERC165) returns (bool) {
        return id == bytes4(0x49064906) || super.supportsInterface(id);
    }

    function _publish(uint256 model, NewVersion calldata version) private returns (uint32 number) {
        require(version.manifestDigest != 0 && version.weightsDigest != 0, ZeroDigest());
        uint256 length = bytes(version.cid).length;
        require(length != 0 && length <= 100, BadCid(version.cid));
        require(version.derivativeBps <= MAX_PARENTS_BPS, BadBps(version.derivativeBps));
        number = ++_models[model].versions;
        _versions[model][number] = Version({
            digest: keccak256(
                abi.encode(version.manifestDigest, version.weightsDigest, version.cid)
            ),
            kind: version.kind,
            status: Status.Active,
            derivable: version.derivable,
            derivativeBps: version.derivativeBps,
            time: uint40(block.timestamp)
        });
        emit VersionPublished(
            model,
            number,
            version.weightsDigest,
            version.kind,
            version.manifestDigest,
            version.cid,
            version.derivable,
            version.derivativeBps
        );
    }

    /// @dev The parents' terms are checked now and never again: they are frozen for this child.
    function _declareParents(uint256 id, Parent[] calldata parents) private {
        require(parents.length <= MAX_PARENTS, TooManyParents(parents.length));
        Record storage record = _models[id];
        uint256 last;
        uint256 sum;
        uint8 depth;
        for (uint256 i; i < parents.length; ++i) {
            Parent calldata parent = parents[i];
            require(parent.model > last && parent.model < id, ParentsNotSorted(parent.model));
            Version storage version = _version(parent.model, parent.version);
            require(
                version.derivable && version.status != Status.Withdrawn,
                NotDerivable(parent.model, parent.version)
            );
            require(
                parent.bps >= version.derivativeBps,
                ParentUnderpaid(parent.model, parent.version, version.derivativeBps)
            );
            last = parent.model;
            sum += parent.bps;
            Record storage above = _models[last];
            if (above.depth + 1 > depth) depth = above.depth + 1;
            record.parents.push(Lineage(uint48(last), parent.version, parent.bps, above.payTo));
            emit ParentDeclared(id, last, parent.version, parent.bps);
        }
        require(sum <= MAX_PARENTS_BPS, ParentsTakeTooMuch(sum));
        require(depth < MAX_DEPTH, TooDeep(depth));
        record.depth = depth;
    }

    function _withParents(uint256 id, Payee[] memory creators)
        private
        view
        returns (Payee[] memory)
    {
        Lineage[] storage lineage = _models[id].parents;
        Payee[] memory parents = new Payee[](lineage.length);
        for (uint256 i; i < parents.length; ++i) {
            parents[i] = Payee(lineage[i].payTo, lineage[i].bps);
        }
        return ModelRules.withParents(creators, parents);
    }

    function _setPayTo(uint256 id, Payee[] memory payees) private {
        address to = SPLITS.create(keccak256(abi.encode(address(this), id)), payees);
        _models[id].payTo = to;
        emit PayToSet(id, to, payees);
    }

    function _version(uint256 model, uint32 version) private view returns (Version storage) {
        bool known = version != 0 && version <= _models[model].versions;
        require(known, UnknownVersion(model, version));
        return _versions[model][version];
    }
}
