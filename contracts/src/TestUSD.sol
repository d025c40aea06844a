// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IERC3009Bytes} from "./interfaces/IERC3009Bytes.sol";

/// @title Play money of development chains: 6 decimals, EIP-2612 and EIP-3009 like USDC's.
/// @dev EIP-712 domain: name "Test USD", version "1", chain, this contract.
contract TestUSD is ERC20Permit, ERC3009, IERC3009Bytes {
    bytes32 private constant PERMIT_TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    /// @notice What the faucet gives: 1,000 TestUSD.
    uint256 public constant FAUCET_AMOUNT = 1_000e6;
    uint256 public constant FAUCET_INTERVAL = 1 days;

    /// @notice When the faucet gives an address again; 0 where it never did.
    mapping(address to => uint256) public faucetAt;

    /// @notice The faucet gave this address something in the last 24 hours.
    error FaucetUsed(address to, uint256 again);

    constructor(address[] memory holders, uint256 amount)
        ERC20("Test USD", "TestUSD")
        ERC20Permit("Test USD")
    {
        for (uint256 i; i < holders.length; ++i) {
            _mint(holders[i], amount);
        }
    }

    /// @notice Mints FAUCET_AMOUNT to `to`, once in 24 hours.
    function faucet(address to) external {
        require(block.timestamp >= faucetAt[to], FaucetUsed(to, faucetAt[to]));
        faucetAt[to] = block.timestamp + FAUCET_INTERVAL;
        _mint(to, FAUCET_AMOUNT);
    }

    /// @notice EIP-2612 with a signature of any form.
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        bytes calldata signature
    ) external {
        require(block.timestamp <= deadline, ERC2612ExpiredSignature(deadline));
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(PERMIT_TYPEHASH, owner, spender, value, _useNonce(owner), deadline)
            )
        );
        require(
            SignatureChecker.isValidSignatureNow(owner, digest, signature),
            ERC2612InvalidSigner(address(0), owner)
        );
        _approve(owner, spender, value);
    }

    /// @inheritdoc IERC3009Bytes
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 content = keccak256(
            abi.encode(
                TRANSFER_WITH_AUTHORIZATION_TYPEHASH,
                from,
                to,
                value,
                validAfter,
                validBefore,
                nonce
            )
        );
        _requireSigned(from, content, signature);
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IERC3009Bytes
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        require(to == msg.sender, ERC20InvalidReceiver(to));
        bytes32 content = keccak256(
            abi.encode(
                RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce
            )
        );
        _requireSigned(from, content, signature);
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IERC3009Bytes
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature)
        external
    {
        bytes32 content = keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce));
        _requireSigned(authorizer, content, signature);
        _cancelAuthorization(authorizer, nonce);
    }

    /// @notice Of the EIP-712 domain.
    function version() external pure returns (string memory) {
        return "1";
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _requireSigned(address signer, bytes32 content, bytes calldata signature)
        private
        view
    {
        bool signed =
            SignatureChecker.isValidSignatureNow(signer, _hashTypedDataV4(content), signature);
        require(signed, ERC3009InvalidSignature());
    }
}
