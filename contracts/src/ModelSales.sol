// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {IModelSales} from "./interfaces/IModelSales.sol";
import {ISplit, Payee} from "./interfaces/ISplits.sol";
import {Payees} from "./Payees.sol";
import {ShareKeeper} from "./ShareKeeper.sol";

/// @title Sales of models: see IModelSales.
contract ModelSales is IModelSales, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    uint256 private constant BPS = 10_000;

    IModelRegistry public immutable MODELS;
    /// @notice What keepers are clones of.
    address public immutable keeperImplementation;

    /// @inheritdoc IModelSales
    uint256 public saleCount;
    /// @inheritdoc IModelSales
    mapping(uint256 model => uint256) public saleOfModel;
    /// @inheritdoc IModelSales
    bytes32 public transient consented;
    mapping(uint256 sale => Sale) private _sales;

    constructor(IModelRegistry models) {
        MODELS = models;
        keeperImplementation = address(new ShareKeeper());
    }

    /// @inheritdoc IModelSales
    function open(uint256 model, address token, uint96 price, Payee[] calldata creators)
        external
        nonReentrant
        returns (uint256 id)
    {
        require(MODELS.ownerOf(model) == msg.sender, NotOwner(model, msg.sender));
        id = ++saleCount;
        Sale storage sale = _sales[id];
        (sale.seller, sale.token, sale.price) = (msg.sender, token, price);
        (sale.model, sale.open) = (model, true);
        saleOfModel[model] = id;
        MODELS.transferFrom(msg.sender, address(this), model);
        if (creators.length != 0) _takeShare(sale, creators);
        emit SaleOpened(id, model, msg.sender, token, price, creators);
    }

    /// @inheritdoc IModelSales
    function callOff(uint256 id) external nonReentrant {
        Sale storage sale = _open(id);
        require(sale.seller == msg.sender, NotSeller(id, msg.sender));
        emit SaleCalledOff(id, sale.model);
        _handOver(sale, msg.sender);
    }

    /// @inheritdoc IModelSales
    function buy(uint256 id) external payable nonReentrant {
        Sale storage sale = _open(id);
        (address seller, address token, uint256 price) = (sale.seller, sale.token, sale.price);
        require(msg.value == (token == address(0) ? price : 0), WrongNativeAmount(msg.value));
        emit ModelSold(id, sale.model, msg.sender, seller, token, uint96(price));
        _handOver(sale, msg.sender);
        if (token == address(0)) Address.sendValue(payable(seller), price);
        else IERC20(token).safeTransferFrom(msg.sender, seller, price);
    }

    /// @inheritdoc IModelSales
    function makeKeeper(uint256 model, address seller) public returns (address keeper) {
        keeper = keeperOf(model, seller);
        if (keeper.code.length != 0) return keeper;
        bytes memory arguments = abi.encode(model, seller);
        Clones.cloneDeterministicWithImmutableArgs(keeperImplementation, arguments, 0);
    }

    /// @inheritdoc IModelSales
    function keeperOf(uint256 model, address seller) public view returns (address) {
        return Clones.predictDeterministicAddressWithImmutableArgs(
            keeperImplementation, abi.encode(model, seller), 0
        );
    }

    /// @inheritdoc IModelSales
    function saleOf(uint256 id) external view returns (Sale memory) {
        return _sales[id];
    }

    /// @dev Setting the split that stands proves that it stands: who would lose by it has not
    /// consented. Until the sale, the share's income is the seller's.
    function _takeShare(Sale storage sale, Payee[] calldata creators) private {
        uint256 rest = Payees.WHOLE;
        IModelRegistry.Parent[] memory parents = MODELS.parentsOf(sale.model);
        for (uint256 i; i < parents.length; ++i) {
            rest -= parents[i].bps * (Payees.WHOLE / BPS);
        }
        for (uint256 i; i < creators.length; ++i) {
            Payee calldata creator = creators[i];
            bool whole = uint256(creator.share) * rest % Payees.WHOLE == 0;
            require(whole, ShareNotWhole(creator.account));
            sale.creators.push(creator);
        }
        MODELS.setPayees(sale.model, creators, new bytes[](0));
        address keeper = makeKeeper(sale.model, sale.seller);
        ShareKeeper(keeper).forward(ISplit(MODELS.payTo(sale.model)));
    }

    /// @dev The model, and the keeper's share where it has one: nobody else loses by it.
    function _handOver(Sale storage sale, address to) private {
        uint256 model = sale.model;
        sale.open = false;
        Payee[] memory creators = sale.creators;
        if (creators.length != 0) {
            address keeper = keeperOf(model, sale.seller);
            for (uint256 i; i < creators.length; ++i) {
                if (creators[i].account == keeper) creators[i].account = to;
            }
            creators = Payees.normalise(creators);
            consented = MODELS.splitChangeDigest(model, creators);
            MODELS.setPayees(model, creators, new bytes[](1));
            consented = 0;
        }
        saleOfModel[model] = 0;
        MODELS.transferFrom(address(this), to, model);
    }

    function _open(uint256 id) private view returns (Sale storage sale) {
        sale = _sales[id];
        require(sale.open, NotOpen(id));
    }
}
