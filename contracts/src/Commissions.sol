// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IMarket} from "./interfaces/IMarket.sol";

/// @title What halls have earned, until somebody sends it to them.
abstract contract Commissions is IMarket, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IMarket
    mapping(address account => mapping(address token => uint256)) public owed;

    /// @inheritdoc IMarket
    function collect(address token, address account)
        external
        nonReentrant
        returns (uint256 amount)
    {
        amount = owed[account][token];
        if (amount == 0) return 0;
        owed[account][token] = 0;
        emit Collected(account, token, amount);
        if (token == address(0)) Address.sendValue(payable(account), amount);
        else IERC20(token).safeTransfer(account, amount);
    }
}
