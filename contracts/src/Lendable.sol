// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC4907} from "./interfaces/ILicenceStandards.sol";

/// @title Lending of tokens to a user for a time: ERC-4907.
abstract contract Lendable is IERC4907 {
    struct Loan {
        address user;
        uint64 until;
    }

    mapping(uint256 tokenId => Loan) private _loans;

    /// @inheritdoc IERC4907
    function setUser(uint256 tokenId, address user, uint64 until) external {
        _beforeLoan(tokenId, msg.sender);
        _loans[tokenId] = Loan(user, until);
        emit UpdateUser(tokenId, user, until);
    }

    /// @inheritdoc IERC4907
    function userOf(uint256 tokenId) public view returns (address) {
        Loan storage loan = _loans[tokenId];
        return block.timestamp <= loan.until ? loan.user : address(0);
    }

    /// @inheritdoc IERC4907
    function userExpires(uint256 tokenId) external view returns (uint256) {
        return _loans[tokenId].until;
    }

    /// @dev Reverts where `sender` may not lend the token.
    function _beforeLoan(uint256 tokenId, address sender) internal virtual;

    function _endLoan(uint256 tokenId) internal {
        if (_loans[tokenId].user == address(0)) return;
        delete _loans[tokenId];
        emit UpdateUser(tokenId, address(0), 0);
    }
}
