// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ISplit} from "./interfaces/ISplits.sol";
import {ModelSales} from "./ModelSales.sol";

/// @title Stands among a model's payees in its seller's place, until the share is the buyer's.
/// @dev A clone for each model and seller, whose immutable arguments these are: what one seller's
/// keeper is promised is never another's.
contract ShareKeeper is IERC1271 {
    ModelSales public immutable SALES;

    constructor() {
        SALES = ModelSales(msg.sender);
    }

    /// @notice Sends what the share earns in `split` to the seller. By anyone.
    function forward(ISplit split) external {
        (, address seller) = _arguments();
        split.redirect(seller);
    }

    /// @notice Gives the share away: while the model is for sale by the sale alone, else by the
    /// seller's signature.
    function isValidSignature(bytes32 digest, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        (uint256 model, address seller) = _arguments();
        bool given = SALES.saleOfModel(model) != 0
            ? digest != 0 && SALES.consented() == digest
            : SignatureChecker.isValidSignatureNowCalldata(seller, digest, signature);
        return given ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function _arguments() private view returns (uint256, address) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (uint256, address));
    }
}
