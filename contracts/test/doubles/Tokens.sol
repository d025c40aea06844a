// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice Keeps one unit of each hundred that it moves.
contract FeeToken is ERC20("Fee", "FEE") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        bytes calldata
    ) external {
        _transfer(from, to, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(0), value / 100);
    }
}

/// @notice Refuses to pay one account.
contract RefusingToken is ERC20("Refusing", "REF") {
    address public refused;

    error Refused();

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function refuse(address account) external {
        refused = account;
    }

    function _update(address from, address to, uint256 value) internal override {
        require(to != refused || to == address(0), Refused());
        super._update(from, to, value);
    }
}

/// @notice Calls somebody in the middle of each transfer, and remembers whether that went through.
contract CallingToken is ERC20("Calling", "CALL") {
    address public target;
    bytes public data;
    bool public called;
    bool public succeeded;

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function callBack(address to, bytes calldata what) external {
        (target, data, called) = (to, what, false);
    }

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256,
        uint256,
        bytes32,
        bytes calldata
    ) external {
        _transfer(from, to, value);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target == address(0) || from == address(0)) return;
        called = true;
        address now_ = target;
        target = address(0);
        (succeeded,) = now_.call(data);
        target = now_;
    }
}
