// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {ISplit, Payee} from "../src/interfaces/ISplits.sol";
import {Channels} from "../src/Channels.sol";
import {Market} from "../src/Market.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice The vectors that C++ and TypeScript run too, and those of the x402 packages themselves.
contract VectorsTest is StoaTest {
    string internal x402 = vm.readFile("../test/vectors/payments/x402_batch_settlement.json");
    string internal shared = vm.readFile("../test/vectors/market/market.json");

    // ---- x402 ----

    function test_x402_channelIdsOfEveryChain() public {
        uint256 n;
        for (; vm.keyExistsJson(x402, _at(".channels", n, "")); ++n) {
            vm.chainId(_uint(_at(".channels", n, ".chainId")));
            eq(channels.getChannelId(_config(n)), _word(_at(".channels", n, ".channelId")));
        }
        eq(n, 11);
    }

    function test_x402_voucherDigests() public {
        uint256 n;
        for (; vm.keyExistsJson(x402, _at(".vouchers", n, "")); ++n) {
            vm.chainId(_uint(_at(".vouchers", n, ".chainId")));
            bytes32 digest = channels.getVoucherDigest(
                _word(_at(".vouchers", n, ".channelId")),
                uint128(_uint(_at(".vouchers", n, ".maxClaimableAmount")))
            );
            eq(digest, _word(_at(".vouchers", n, ".digest")));
        }
        eq(n, 9);
    }

    function test_x402_claimBatchesDigestAndBytes() public {
        vm.chainId(31_337);
        for (uint256 n; n < 2; ++n) {
            bytes memory data = vm.parseJsonBytes(x402, _at(".claimBatches", n, ".calldata"));
            (IChannels.VoucherClaim[] memory claims, bytes memory signature) =
                abi.decode(_arguments(data), (IChannels.VoucherClaim[], bytes));
            eq(channels.getClaimBatchDigest(claims), _word(_at(".claimBatches", n, ".digest")));
            eq(data, abi.encodeCall(IChannels.claimWithSignature, (claims, signature)));
        }
    }

    function test_x402_refundDigest() public {
        vm.chainId(31_337);
        bytes32 digest = channels.getRefundDigest(
            _word(".refund.message.channelId"),
            _uint(".refund.message.nonce"),
            uint128(_uint(".refund.message.amount"))
        );
        eq(digest, _word(".refund.digest"));
    }

    function test_x402_selectors() public view {
        eq(_selector("deposit"), IChannels.deposit.selector);
        eq(_selector("claim"), IChannels.claim.selector);
        eq(_selector("claimWithSignature"), IChannels.claimWithSignature.selector);
        eq(_selector("settle"), IChannels.settle.selector);
        eq(_selector("initiateWithdraw"), IChannels.initiateWithdraw.selector);
        eq(_selector("finalizeWithdraw"), IChannels.finalizeWithdraw.selector);
        eq(_selector("refund"), IChannels.refund.selector);
        eq(_selector("refundWithSignature"), IChannels.refundWithSignature.selector);
        eq(_selector("multicall"), Multicall.multicall.selector);
        eq(_selector("getChannelId"), IChannels.getChannelId.selector);
        eq(_selector("getVoucherDigest"), IChannels.getVoucherDigest.selector);
        eq(_selector("getClaimBatchDigest"), IChannels.getClaimBatchDigest.selector);
        eq(_selector("getRefundDigest"), IChannels.getRefundDigest.selector);
        eq(_selector("channels"), IChannels.channels.selector);
        eq(_selector("pendingWithdrawals"), IChannels.pendingWithdrawals.selector);
        eq(_selector("receivers"), IChannels.receivers.selector);
        eq(_selector("refundNonce"), IChannels.refundNonce.selector);
    }

    function test_x402_topics() public view {
        eq(_word(".topics.ChannelCreated"), IChannels.ChannelCreated.selector);
        eq(_word(".topics.ChannelClosed"), IChannels.ChannelClosed.selector);
        eq(_word(".topics.Deposited"), IChannels.Deposited.selector);
        eq(_word(".topics.Claimed"), IChannels.Claimed.selector);
        eq(_word(".topics.Settled"), IChannels.Settled.selector);
        eq(_word(".topics.Refunded"), IChannels.Refunded.selector);
        eq(_word(".topics.WithdrawInitiated"), IChannels.WithdrawInitiated.selector);
        eq(_word(".topics.WithdrawFinalized"), IChannels.WithdrawFinalized.selector);
    }

    /// @notice Every error of the packages' list takes no arguments, and the interface has it.
    function test_x402_errors() public view {
        string[] memory names = vm.parseJsonKeys(x402, ".errorSelectors");
        string memory abiText = vm.readFile("abi/Channels.json");
        eq(names.length, 21);
        for (uint256 i; i < names.length; ++i) {
            bytes memory selector =
                vm.parseJsonBytes(x402, string.concat(".errorSelectors.", names[i]));
            eq(bytes4(selector), bytes4(keccak256(bytes(string.concat(names[i], "()")))));
            string memory entry =
                string.concat('{"type":"error","name":"', names[i], '","inputs":[]}');
            yes(_contains(abiText, entry));
        }
    }

    function test_x402_signaturesThatTheChainMustRefuse() public {
        vm.chainId(31_337);
        IChannels.ChannelConfig memory c = _config(0);
        _fund(c, 1_000_000);
        uint256 n;
        for (; vm.keyExistsJson(x402, _at(".invalidVoucherSignatures", n, "")); ++n) {
            string memory path = _at(".invalidVoucherSignatures", n, "");
            uint128 max = uint128(_uint(string.concat(path, ".maxClaimableAmount")));
            bytes memory signature = vm.parseJsonBytes(x402, string.concat(path, ".signature"));
            IChannels.VoucherClaim[] memory list =
                rows(IChannels.VoucherClaim(IChannels.Voucher(c, max), signature, 1));
            vm.expectRevert(IChannels.InvalidSignature.selector);
            vm.prank(c.receiver);
            channels.claim(list);
        }
        eq(n, 6);
    }

    /// @notice The packages' own transactions, byte for byte, run against ours.
    function test_x402_claimAndRefundOfThePackages() public {
        vm.chainId(31_337);
        IChannels.ChannelConfig memory c = _config(0);
        _fund(c, 1_000_000);
        (bool ok,) =
            address(channels).call(vm.parseJsonBytes(x402, ".calldata.multicallClaimAndRefund"));
        yes(ok);
        (uint128 balance, uint128 claimed) = channels.channels(channels.getChannelId(c));
        eq(claimed, 274);
        eq(balance, 274);
    }

    function test_x402_depositNonceAndCollectorData() public pure {
        // Both are the collector's whole interface to a wallet.
        bytes32 id = 0xdabccabba3cfd4c42dd03eea3288379ba787a1317b31ed31b91282c58b1c8055;
        eq(
            keccak256(abi.encode(id, uint256(1))),
            0xe87fe5689d7a6f1e613edabf9d36a755779b89331ee40ff9d187847d9a6ded4f
        );
    }

    function test_x402_depositDataOfThePackagesIsUnderstood() public view {
        bytes memory data = vm.parseJsonBytes(x402, ".eip3009Deposit.collectorData");
        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) =
            abi.decode(data, (uint256, uint256, uint256, bytes));
        eq(validAfter, 0);
        eq(validBefore, _uint(".eip3009Deposit.message.validBefore"));
        eq(salt, uint256(_word(".eip3009Deposit.salt")));
        eq(signature, vm.parseJsonBytes(x402, ".eip3009Deposit.signature"));
    }

    // ---- market ----

    function test_market_orderDigests() public {
        address where = vm.parseJsonAddress(shared, ".market");
        vm.chainId(vm.parseJsonUint(shared, ".chainId"));
        vm.etch(where, address(market).code);
        uint256 n;
        for (; vm.keyExistsJson(shared, _at(".digests", n, "")); ++n) {
            string memory path = string.concat(_at(".digests", n, ""), ".order");
            IMarket.Order memory order = IMarket.Order({
                offer: _sharedUint(path, ".offer"),
                termsDigest: vm.parseJsonBytes32(shared, string.concat(path, ".termsDigest")),
                holder: vm.parseJsonAddress(shared, string.concat(path, ".holder")),
                n: _sharedUint(path, ".n"),
                token: vm.parseJsonAddress(shared, string.concat(path, ".token")),
                maxPrice: _sharedUint(path, ".maxPrice"),
                deadline: _sharedUint(path, ".deadline"),
                hall: _sharedUint(path, ".hall"),
                relayFee: _sharedUint(path, ".relayFee"),
                salt: vm.parseJsonBytes32(shared, string.concat(path, ".salt"))
            });
            bytes32 digest =
                vm.parseJsonBytes32(shared, string.concat(_at(".digests", n, ""), ".digest"));
            eq(Market(where).orderDigest(order), digest);
        }
        yes(n >= 3);
    }

    /// @notice What a share is due of what was received, less what was claimed.
    function test_market_dues() public {
        uint256 n;
        for (; vm.keyExistsJson(shared, _at(".dues", n, "")); ++n) {
            string memory path = _at(".dues", n, "");
            uint32 share = uint32(_sharedUint(path, ".share"));
            uint256 received = _sharedUint(path, ".received");
            uint256 claimed = _sharedUint(path, ".claimed");
            address payee = address(uint160(1));
            Payee[] memory list =
                share == 1_000_000 ? alone(payee) : pair(payee, share, address(uint160(2)));
            address split = splits.create(bytes32(n), list);
            if (claimed != 0) {
                // The least that lets the payee claim exactly `claimed`.
                vm.deal(split, (claimed * 1_000_000 + share - 1) / share);
                eq(ISplit(split).claim(address(0), payee), claimed);
            }
            vm.deal(split, received - claimed);
            eq(ISplit(split).received(address(0)), received);
            eq(ISplit(split).due(address(0), payee), _sharedUint(path, ".due"));
        }
        yes(n >= 5);
    }

    // ---- reading ----

    function _fund(IChannels.ChannelConfig memory c, uint128 amount) private {
        vm.etch(c.token, address(usd).code);
        vm.prank(c.payer);
        (bool ok,) = c.token.call(abi.encodeWithSignature("faucet(address)", c.payer));
        yes(ok);
        FundingCollector collector = new FundingCollector();
        vm.prank(c.payer);
        (ok,) = c.token
            .call(abi.encodeWithSignature("approve(address,uint256)", address(collector), amount));
        yes(ok);
        channels.deposit(c, amount, address(collector), "");
    }

    function _config(uint256 n) private view returns (IChannels.ChannelConfig memory) {
        string memory path = string.concat(_at(".channels", n, ""), ".config");
        return IChannels.ChannelConfig({
            payer: vm.parseJsonAddress(x402, string.concat(path, ".payer")),
            payerAuthorizer: vm.parseJsonAddress(x402, string.concat(path, ".payerAuthorizer")),
            receiver: vm.parseJsonAddress(x402, string.concat(path, ".receiver")),
            receiverAuthorizer: vm.parseJsonAddress(
                x402, string.concat(path, ".receiverAuthorizer")
            ),
            token: vm.parseJsonAddress(x402, string.concat(path, ".token")),
            withdrawDelay: uint40(_uint(string.concat(path, ".withdrawDelay"))),
            salt: vm.parseJsonBytes32(x402, string.concat(path, ".salt"))
        });
    }

    function _at(string memory list, uint256 n, string memory field)
        private
        pure
        returns (string memory)
    {
        return string.concat(list, "[", vm.toString(n), "]", field);
    }

    function _uint(string memory path) private view returns (uint256) {
        return vm.parseJsonUint(x402, path);
    }

    function _sharedUint(string memory path, string memory field) private view returns (uint256) {
        return vm.parseJsonUint(shared, string.concat(path, field));
    }

    function _word(string memory path) private view returns (bytes32) {
        return vm.parseJsonBytes32(x402, path);
    }

    function _selector(string memory name) private view returns (bytes4) {
        return bytes4(vm.parseJsonBytes(x402, string.concat(".selectors.", name)));
    }

    function _arguments(bytes memory data) private pure returns (bytes memory out) {
        out = new bytes(data.length - 4);
        for (uint256 i; i < out.length; ++i) {
            out[i] = data[i + 4];
        }
    }

    function _contains(string memory text, string memory part) private pure returns (bool) {
        (bytes memory a, bytes memory b) = (bytes(text), bytes(part));
        bytes32 wanted = keccak256(b);
        for (uint256 i; i + b.length <= a.length; ++i) {
            if (a[i] != b[0]) continue;
            bytes32 found;
            assembly ("memory-safe") {
                found := keccak256(add(add(a, 32), i), mload(b))
            }
            if (found == wanted) return true;
        }
        return false;
    }
}

/// @notice Takes what the payer approved for it.
contract FundingCollector {
    function collect(address payer, address token, uint256 amount, bytes32, bytes calldata)
        external
    {
        (bool ok,) = token.call(
            abi.encodeWithSignature(
                "transferFrom(address,address,uint256)", payer, msg.sender, amount
            )
        );
        require(ok);
    }
}
