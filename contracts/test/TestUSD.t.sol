// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IPermit2} from "../src/interfaces/IPermit2.sol";
import {TestUSD} from "../src/TestUSD.sol";
import {vm} from "../script/Vm.sol";
import {Wallet} from "./doubles/Wallet.sol";
import {StoaTest} from "./StoaTest.sol";

contract TestUSDTest is StoaTest {
    bytes32 internal constant NONCE = keccak256("nonce");

    function _receive(address from, address to, uint256 value) private view returns (bytes memory) {
        bytes32 content =
            keccak256(abi.encode(RECEIVE_TYPEHASH, from, to, value, 0, NOW + 1, NONCE));
        return sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
    }

    function test_token_isWhatTheDeploymentSays() public view {
        eq(usd.name(), "Test USD");
        eq(usd.symbol(), "TestUSD");
        eq(usd.version(), "1");
        eq(usd.decimals(), 6);
        eq(usd.totalSupply(), 100_000e6);
        eq(usd.balanceOf(buyer), 10_000e6);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Test USD"),
                keccak256("1"),
                CHAIN,
                address(usd)
            )
        );
        eq(usd.DOMAIN_SEPARATOR(), domain);
    }

    function test_faucet_givesOnceADay() public {
        usd.faucet(stranger);
        eq(usd.balanceOf(stranger), usd.FAUCET_AMOUNT());
        vm.expectRevert(abi.encodeWithSelector(TestUSD.FaucetUsed.selector, stranger, NOW + 1 days));
        usd.faucet(stranger);
        vm.warp(NOW + 1 days);
        usd.faucet(stranger);
        eq(usd.balanceOf(stranger), 2 * usd.FAUCET_AMOUNT());
    }

    function test_receiveWithAuthorization_isTheRecipientsAlone() public {
        bytes memory signature = _receive(buyer, relay, 5);
        vm.expectRevert();
        vm.prank(stranger);
        usd.receiveWithAuthorization(buyer, relay, 5, 0, NOW + 1, NONCE, signature);
        vm.prank(relay);
        usd.receiveWithAuthorization(buyer, relay, 5, 0, NOW + 1, NONCE, signature);
        eq(usd.balanceOf(relay), 5);
        yes(usd.authorizationState(buyer, NONCE));
        vm.expectRevert();
        vm.prank(relay);
        usd.receiveWithAuthorization(buyer, relay, 5, 0, NOW + 1, NONCE, signature);
    }

    function test_receiveWithAuthorization_ofAContractAccount() public {
        Wallet wallet = new Wallet(buyer);
        vm.prank(buyer);
        usd.transfer(address(wallet), 5);
        bytes memory signature = _receive(address(wallet), relay, 5);
        vm.prank(relay);
        usd.receiveWithAuthorization(address(wallet), relay, 5, 0, NOW + 1, NONCE, signature);
        eq(usd.balanceOf(relay), 5);
    }

    function test_receiveWithAuthorization_hasItsTime() public {
        bytes memory signature = _receive(buyer, relay, 5);
        vm.warp(NOW + 1);
        vm.expectRevert();
        vm.prank(relay);
        usd.receiveWithAuthorization(buyer, relay, 5, 0, NOW + 1, NONCE, signature);
    }

    function test_transferWithAuthorization_bothForms() public {
        bytes32 content =
            keccak256(abi.encode(TRANSFER_TYPEHASH, buyer, relay, 5, 0, NOW + 1, NONCE));
        bytes32 digest = typed(usd.DOMAIN_SEPARATOR(), content);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(buyerKey, digest);
        usd.transferWithAuthorization(buyer, relay, 5, 0, NOW + 1, NONCE, v, r, s);
        eq(usd.balanceOf(relay), 5);
        bytes32 other = keccak256("other");
        content = keccak256(abi.encode(TRANSFER_TYPEHASH, buyer, relay, 5, 0, NOW + 1, other));
        bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
        usd.transferWithAuthorization(buyer, relay, 5, 0, NOW + 1, other, signature);
        eq(usd.balanceOf(relay), 10);
    }

    function test_cancelAuthorization_endsIt() public {
        bytes32 content = keccak256(
            abi.encode(
                keccak256("CancelAuthorization(address authorizer,bytes32 nonce)"), buyer, NONCE
            )
        );
        usd.cancelAuthorization(
            buyer, NONCE, sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content))
        );
        bytes memory signature = _receive(buyer, relay, 5);
        vm.expectRevert();
        vm.prank(relay);
        usd.receiveWithAuthorization(buyer, relay, 5, 0, NOW + 1, NONCE, signature);
    }

    function test_permit_withASignatureOfAnyForm() public {
        Wallet wallet = new Wallet(buyer);
        bytes32 content =
            keccak256(abi.encode(PERMIT_TYPEHASH, address(wallet), relay, 7, 0, NOW + 1));
        bytes memory signature = sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
        usd.permit(address(wallet), relay, 7, NOW + 1, signature);
        eq(usd.allowance(address(wallet), relay), 7);
        vm.expectRevert();
        usd.permit(address(wallet), relay, 7, NOW + 1, signature);
    }

    function test_signaturesOfOthersAreRefused() public {
        bytes memory wrong = sign(sessionKey, keccak256("anything"));
        bytes4 why = bytes4(keccak256("ERC3009InvalidSignature()"));
        vm.expectRevert(why);
        usd.transferWithAuthorization(buyer, relay, 5, 0, NOW + 1, NONCE, wrong);
        vm.expectRevert(why);
        vm.prank(relay);
        usd.receiveWithAuthorization(buyer, relay, 5, 0, NOW + 1, NONCE, wrong);
        vm.expectRevert(why);
        usd.cancelAuthorization(buyer, NONCE, wrong);
        vm.expectRevert(
            abi.encodeWithSignature("ERC2612InvalidSigner(address,address)", address(0), buyer)
        );
        usd.permit(buyer, relay, 7, NOW + 1, wrong);
        vm.expectRevert(abi.encodeWithSignature("ERC2612ExpiredSignature(uint256)", NOW - 1));
        usd.permit(buyer, relay, 7, NOW - 1, wrong);
    }

    // ---- deposits through Permit2 ----

    function test_permit2_refusesMoreThanWasPermitted() public {
        vm.expectRevert(abi.encodeWithSelector(IPermit2.InvalidAmount.selector, 5));
        IPermit2(stands.permit2)
            .permitWitnessTransferFrom(
                IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(address(usd), 5), 0, NOW),
                IPermit2.SignatureTransferDetails(relay, 6),
                buyer,
                0,
                "",
                ""
            );
    }

    function test_permit2_depositBoundToTheChannel() public {
        IChannels.ChannelConfig memory c = config();
        vm.prank(buyer);
        usd.approve(stands.permit2, type(uint256).max);
        bytes memory data = _permit2Data(c, 1e6, 5, "");
        IChannels.ChannelConfig memory other = config();
        other.receiver = stranger;
        vm.expectRevert(IPermit2.InvalidSigner.selector);
        channels.deposit(other, 1e6, stands.collectorPermit2, data);
        channels.deposit(c, 1e6, stands.collectorPermit2, data);
        (uint128 balance,) = channels.channels(channels.getChannelId(c));
        eq(balance, 1e6);
        vm.expectRevert(IPermit2.InvalidNonce.selector);
        channels.deposit(c, 1e6, stands.collectorPermit2, data);
    }

    function test_permit2_depositWithItsPermitInTheSameTransaction() public {
        IChannels.ChannelConfig memory c = config();
        bytes32 content = keccak256(
            abi.encode(PERMIT_TYPEHASH, buyer, stands.permit2, 1e6, usd.nonces(buyer), NOW + 1)
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(buyerKey, typed(usd.DOMAIN_SEPARATOR(), content));
        bytes memory allowance = abi.encode(uint256(1e6), NOW + 1, v, r, s);
        bytes memory data = _permit2Data(c, 1e6, 1 << 9, allowance);
        // Somebody carries the permit first: no harm.
        vm.prank(stranger);
        usd.permit(buyer, stands.permit2, 1e6, NOW + 1, v, r, s);
        channels.deposit(c, 1e6, stands.collectorPermit2, data);
        eq(usd.balanceOf(address(channels)), 1e6);
    }

    function test_permit2_refusesALateOne() public {
        bytes memory data = _permit2Data(config(), 1e6, 5, "");
        vm.warp(NOW + 2);
        vm.expectRevert(abi.encodeWithSelector(IPermit2.SignatureExpired.selector, NOW + 1));
        channels.deposit(config(), 1e6, stands.collectorPermit2, data);
    }

    function _permit2Data(
        IChannels.ChannelConfig memory c,
        uint256 amount,
        uint256 nonce,
        bytes memory allowance
    ) private view returns (bytes memory) {
        bytes32 token = keccak256(
            abi.encode(
                keccak256("TokenPermissions(address token,uint256 amount)"), address(usd), amount
            )
        );
        bytes32 witness = keccak256(
            abi.encode(keccak256("DepositWitness(bytes32 channelId)"), channels.getChannelId(c))
        );
        bytes32 content = keccak256(
            abi.encode(
                keccak256(
                    "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,DepositWitness witness)DepositWitness(bytes32 channelId)TokenPermissions(address token,uint256 amount)"
                ),
                token,
                stands.collectorPermit2,
                nonce,
                NOW + 1,
                witness
            )
        );
        bytes32 domain = IPermit2(stands.permit2).DOMAIN_SEPARATOR();
        return abi.encode(nonce, NOW + 1, sign(buyerKey, typed(domain, content)), allowance);
    }
}
