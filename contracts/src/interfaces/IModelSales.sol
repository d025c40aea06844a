// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Payee} from "./ISplits.sol";

/// @title Models are sold here for a fixed price, and wait here until then.
/// @notice While a model waits nobody can change its payees, terms, market or providers; its offers
/// rest, as offers do whose seller is not the owner, and live again if the sale is called off. Its
/// maintainers may publish fixes. Licences and services go on as they were promised.
///
/// A seller who sells its share of the income too first makes its keeper payee in its own place
/// (`ModelRegistry.setPayees`, `keeperOf`), whose income is the seller's until the purchase; then
/// the buyer takes the keeper's place. What services and derived models of before were promised to
/// pay goes where it was promised.
interface IModelSales {
    struct Sale {
        address seller;
        address token;
        uint96 price;
        uint256 model;
        bool open;
        Payee[] creators;
    }

    event SaleOpened(
        uint256 indexed sale,
        uint256 indexed model,
        address indexed seller,
        address token,
        uint96 price,
        Payee[] creators
    );
    event SaleCalledOff(uint256 indexed sale, uint256 indexed model);
    event ModelSold(
        uint256 indexed sale,
        uint256 indexed model,
        address indexed buyer,
        address seller,
        address token,
        uint96 price
    );

    error NotOwner(uint256 model, address account);
    error NotSeller(uint256 sale, address account);
    error NotOpen(uint256 sale);
    error ShareNotWhole(address account);
    error WrongNativeAmount(uint256 sent);

    /// @notice Takes a model in, of which the owner has approved this contract.
    /// @param token Zero is the native coin.
    /// @param creators Empty where the payees stay as they are. Else the creators' own split as it
    /// stands, with the keeper in the seller's place; of a model with parents, the shares must leave
    /// nothing over when they are scaled, which whole percents do.
    function open(uint256 model, address token, uint96 price, Payee[] calldata creators)
        external
        returns (uint256 sale);

    /// @notice Gives model and share back. By the seller.
    function callOff(uint256 sale) external;

    /// @notice Pays the seller and gets the model, and the seller's share where it is sold too.
    function buy(uint256 sale) external payable;

    /// @notice Makes a keeper stand, so that it can give the share back by its seller's signature. By
    /// anyone; `open` does it too.
    function makeKeeper(uint256 model, address seller) external returns (address keeper);

    /// @notice Where that keeper stands or will.
    function keeperOf(uint256 model, address seller) external view returns (address);

    /// @notice The change of payees that a sale is making, for its keeper.
    function consented() external view returns (bytes32 digest);

    function saleOf(uint256 sale) external view returns (Sale memory);

    /// @notice The open sale of a model; 0 for none.
    function saleOfModel(uint256 model) external view returns (uint256);

    /// @notice Sales are numbered from 1 to this.
    function saleCount() external view returns (uint256);
}
