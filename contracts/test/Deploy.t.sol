// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMulticall3} from "../src/interfaces/IMulticall3.sol";
import {IPurses} from "../src/interfaces/IPurse.sol";
import {ISplits} from "../src/interfaces/ISplits.sol";
import {Multicall3} from "../src/Multicall3.sol";
import {Purse} from "../src/Purse.sol";
import {Deploy} from "../script/Deploy.s.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

interface VmState {
    function load(address target, bytes32 slot) external view returns (bytes32);
}

contract DeployTest is StoaTest {
    function _all() private view returns (address[19] memory) {
        return [
            stands.halls,
            stands.plans,
            stands.modelSales,
            modelSales.keeperImplementation(),
            stands.channels,
            stands.collector3009,
            stands.collectorPermit2,
            stands.permit2,
            stands.multicall3,
            stands.splits,
            stands.models,
            stands.licences,
            stands.market,
            stands.services,
            stands.testUsd,
            ISplits(stands.splits).implementation(),
            services.receiverImplementation(),
            stands.purses,
            IPurses(stands.purses).implementation()
        ];
    }

    function test_code_fitsAndStandsWhereClientsExpectIt() public view {
        address[19] memory all = _all();
        for (uint256 i; i < all.length; ++i) {
            yes(all[i].code.length != 0);
            le(all[i].code.length, 24_576);
        }
        eq(stands.channels, 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003);
        eq(stands.collector3009, 0x4020806089470a89826cB9fB1f4059150b550004);
        eq(stands.collectorPermit2, 0x4020425FAf3B746C082C2f942b4E5159887B0005);
        eq(stands.multicall3, 0xcA11bde05977b3631167028862bE2a173976CA11);
        eq(stands.permit2, 0x000000000022D473030F116dDEE9F6B43aC78BA3);
    }

    function test_again_findsWhatStands() public {
        Deploy.Deployed memory again = new Deploy().inState();
        eq(keccak256(abi.encode(again)), keccak256(abi.encode(stands)));
    }

    /// @notice No admin can hide in storage that is empty: nothing is set when Stoa begins.
    function test_storage_isEmptyAtTheBeginning() public view {
        address[19] memory all = _all();
        for (uint256 i; i < all.length; ++i) {
            if (all[i] == stands.testUsd) continue;
            for (uint256 slot; slot < 64; ++slot) {
                bytes32 word = VmState(address(vm)).load(all[i], bytes32(slot));
                // The names of the two ERC-721s are strings in slots 0 and 1.
                bool erc721 = all[i] == stands.models || all[i] == stands.licences;
                yes(word == 0 || (erc721 && slot < 2));
            }
        }
    }

    function test_pointers_areFixed() public view {
        eq(address(models.SPLITS()), stands.splits);
        eq(address(licences.MODELS()), stands.models);
        eq(address(market.MODELS()), stands.models);
        eq(address(market.LICENCES()), stands.licences);
        eq(address(market.HALLS()), stands.halls);
        eq(address(halls.MODELS()), stands.models);
        eq(address(modelSales.MODELS()), stands.models);
        eq(address(market.SERVICES()), stands.services);
        eq(address(market.PLANS()), stands.plans);
        eq(address(plans.LICENCES()), stands.licences);
        eq(address(plans.SERVICES()), stands.services);
        eq(address(services.MODELS()), stands.models);
        eq(address(services.LICENCES()), stands.licences);
        Purse purse = Purse(payable(IPurses(stands.purses).implementation()));
        eq(address(purse.CHANNELS()), stands.channels);
        eq(address(purse.SERVICES()), stands.services);
    }

    function test_multicall_tellsSuccessAndFailureApart() public {
        IMulticall3 multicall = IMulticall3(stands.multicall3);
        IMulticall3.Call[] memory calls = new IMulticall3.Call[](2);
        calls[0] = IMulticall3.Call(address(usd), abi.encodeCall(usd.decimals, ()));
        calls[1] = IMulticall3.Call(address(usd), hex"deadbeef");
        IMulticall3.Result[] memory results = multicall.tryAggregate(false, calls);
        yes(results[0].success);
        eq(abi.decode(results[0].returnData, (uint256)), 6);
        no(results[1].success);
        vm.expectRevert(abi.encodeWithSelector(Multicall3.CallFailed.selector, 1));
        multicall.tryAggregate(true, calls);
        vm.expectRevert(abi.encodeWithSelector(Multicall3.CallFailed.selector, 1));
        multicall.aggregate(calls);

        IMulticall3.Call3[] memory more = new IMulticall3.Call3[](2);
        more[0] = IMulticall3.Call3(address(usd), false, calls[0].callData);
        more[1] = IMulticall3.Call3(address(usd), true, calls[1].callData);
        results = multicall.aggregate3(more);
        yes(results[0].success && !results[1].success);
        more[1].allowFailure = false;
        vm.expectRevert(abi.encodeWithSelector(Multicall3.CallFailed.selector, 1));
        multicall.aggregate3(more);
        eq(multicall.getChainId(), CHAIN);
        eq(multicall.getCurrentBlockTimestamp(), NOW);
    }

    function test_multicall_sendsExactlyTheValueItGot() public {
        IMulticall3.Call3Value[] memory calls = new IMulticall3.Call3Value[](1);
        calls[0] = IMulticall3.Call3Value(relay, false, 5, "");
        vm.deal(address(this), 11);
        vm.expectRevert(Multicall3.ValueMismatch.selector);
        IMulticall3(stands.multicall3).aggregate3Value{value: 6}(calls);
        IMulticall3(stands.multicall3).aggregate3Value{value: 5}(calls);
        eq(relay.balance, 5);
        eq(IMulticall3(stands.multicall3).getEthBalance(relay), 5);
    }
}
