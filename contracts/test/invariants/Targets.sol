// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice What forge asks of a test that has invariants.
abstract contract Targets {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    address internal handler;

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = handler;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(handler, _selectors());
    }

    function _selectors() internal view virtual returns (bytes4[] memory);
}
