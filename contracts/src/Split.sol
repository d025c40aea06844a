// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ISplit, Payee} from "./interfaces/ISplits.sol";
import {Payees} from "./Payees.sol";

/// @title One split of money: see ISplit.
/// @dev Runs as a clone whose immutable arguments are the packed payees.
contract Split is ISplit, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc ISplit
    mapping(address token => uint256) public totalClaimed;
    /// @inheritdoc ISplit
    mapping(address token => mapping(address account => uint256)) public claimed;
    mapping(address account => address) private _recipient;

    /// @notice Takes the native coin from anyone.
    receive() external payable {}

    /// @inheritdoc ISplit
    function claim(address token, address account) external nonReentrant returns (uint256) {
        return _claim(token, account);
    }

    /// @inheritdoc ISplit
    function claimMany(address token, address[] calldata accounts)
        external
        nonReentrant
        returns (uint256[] memory amounts)
    {
        amounts = new uint256[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            amounts[i] = _claim(token, accounts[i]);
        }
    }

    /// @inheritdoc ISplit
    function redirect(address recipient) external {
        require(shareOf(msg.sender) != 0, NotAPayee(msg.sender));
        _recipient[msg.sender] = recipient;
        emit Redirected(msg.sender, recipientOf(msg.sender));
    }

    /// @inheritdoc ISplit
    function due(address token, address account) public view returns (uint256) {
        uint32 share = shareOf(account);
        require(share != 0, NotAPayee(account));
        uint256 earned = Math.mulDiv(received(token), share, Payees.WHOLE);
        // A token whose balances shrink by themselves owes nothing until it has caught up.
        return Math.saturatingSub(earned, claimed[token][account]);
    }

    /// @inheritdoc ISplit
    function received(address token) public view returns (uint256) {
        uint256 balance =
            token == address(0) ? address(this).balance : IERC20(token).balanceOf(address(this));
        return balance + totalClaimed[token];
    }

    /// @inheritdoc ISplit
    function recipientOf(address account) public view returns (address) {
        address recipient = _recipient[account];
        return recipient == address(0) ? account : recipient;
    }

    /// @inheritdoc ISplit
    function shareOf(address account) public view returns (uint32) {
        return Payees.shareOf(Clones.fetchCloneArgs(address(this)), account);
    }

    /// @inheritdoc ISplit
    function payees() external view returns (Payee[] memory) {
        return Payees.unpack(Clones.fetchCloneArgs(address(this)));
    }

    function _claim(address token, address account) private returns (uint256 amount) {
        amount = due(token, account);
        if (amount == 0) return 0;
        claimed[token][account] += amount;
        totalClaimed[token] += amount;
        address recipient = recipientOf(account);
        emit Claimed(token, account, recipient, amount);
        if (token == address(0)) {
            (bool sent,) = recipient.call{value: amount}("");
            require(sent, TransferFailed(recipient));
        } else {
            IERC20(token).safeTransfer(recipient, amount);
        }
    }
}
