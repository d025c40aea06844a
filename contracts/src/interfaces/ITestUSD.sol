// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";

/// @title EIP-3009 with signatures of any form, as USDC 2.2 has it: 65 bytes, or ERC-1271.
interface IERC3009Bytes {
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature)
        external;
}

/// @title Play money of development chains: 6 decimals, EIP-2612 and EIP-3009.
/// @dev EIP-712 domain: name "Test USD", version "1", chain, this contract.
interface ITestUSD is IERC20Metadata, IERC20Permit, IERC3009, IERC3009Cancel, IERC3009Bytes {
    /// @notice The faucet gives each address once in 24 hours.
    error FaucetUsed(address to, uint256 again);

    /// @notice EIP-2612 with a signature of any form.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Mints `FAUCET_AMOUNT` to `to`, once in 24 hours.
    function faucet(address to) external;

    /// @notice When the faucet gives `to` again.
    function faucetAt(address to) external view returns (uint256);

    function FAUCET_AMOUNT() external view returns (uint256);
    function version() external view returns (string memory);
}
