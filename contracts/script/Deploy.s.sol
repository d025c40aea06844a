// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IHalls} from "../src/interfaces/IHalls.sol";
import {ILicences} from "../src/interfaces/ILicences.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IPlans} from "../src/interfaces/IPlans.sol";
import {IServices} from "../src/interfaces/IServices.sol";
import {ISplits} from "../src/interfaces/ISplits.sol";
import {vm} from "./Vm.sol";

/// @title The only deployer of Stoa.
/// @notice `genesis()` puts everything into the first block of a development chain and dumps it;
/// `npm run genesis` runs it and makes build/genesis/1337.json, a state of anvil to be given as
/// `anvil --chain-id 1337 --load-state build/genesis/1337.json`, and deployments/1337.json.
/// `run()` deploys to a live chain: `npm run deploy -- --rpc-url URL`, with forge's options for a
/// key. Addresses follow from the code alone (CREATE2), so a second run finds what the first one left.
contract Deploy {
    struct Deployed {
        address channels;
        address collector3009;
        address collectorPermit2;
        address permit2;
        address multicall3;
        address splits;
        address models;
        address licences;
        address market;
        address halls;
        address plans;
        address modelSales;
        address services;
        address purses;
        address testUsd;
    }

    // Where x402 and its clients expect them, on every chain.
    address internal constant CHANNELS = 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003;
    address internal constant COLLECTOR_3009 = 0x4020806089470a89826cB9fB1f4059150b550004;
    address internal constant COLLECTOR_PERMIT2 = 0x4020425FAf3B746C082C2f942b4E5159887B0005;
    address internal constant PERMIT2 = 0x000000000022D473030F116dDEE9F6B43aC78BA3;
    address internal constant MULTICALL3 = 0xcA11bde05977b3631167028862bE2a173976CA11;

    address internal constant CREATE2_FACTORY = 0x4e59b44847b379578588920cA78FbF26c0B4956C;
    bytes internal constant CREATE2_FACTORY_CODE =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";
    string internal constant MNEMONIC =
        "test test test test test test test test test test test junk";
    uint256 internal constant TEST_USD_EACH = 10_000e6;
    uint256 internal constant DEVELOPMENT_CHAIN = 1337;
    bytes32 internal constant SALT = "stoa-1";

    error Create2FactoryMissing();
    error ConstructorFailed(address target);

    /// @notice Deploys to the chain that forge is connected to. TEST_USD=true adds the play money.
    function run() external returns (Deployed memory d) {
        require(CREATE2_FACTORY.code.length != 0, Create2FactoryMissing());
        vm.startBroadcast();
        d = _x402ByCreate2();
        _stoa(d);
        if (vm.envOr("TEST_USD", false)) d.testUsd = _testUsd();
        vm.stopBroadcast();
        _write(d);
    }

    /// @notice Everything at once into the state of chain 1337, dumped for `npm run genesis`.
    function genesis() external returns (Deployed memory d) {
        vm.chainId(DEVELOPMENT_CHAIN);
        d = inState();
        vm.dumpState("../build/genesis/alloc.json");
        _write(d);
    }

    /// @notice The same, for tests.
    function inState() public returns (Deployed memory d) {
        vm.etch(CREATE2_FACTORY, CREATE2_FACTORY_CODE);
        d = _x402AtFixedAddresses();
        _stoa(d);
        d.testUsd = _testUsd();
    }

    /// @notice The accounts of anvil's public mnemonic, who hold TestUSD from the start.
    function holders() public pure returns (address[] memory list) {
        list = new address[](10);
        for (uint32 i; i < list.length; ++i) {
            list[i] = vm.addr(vm.deriveKey(MNEMONIC, i));
        }
    }

    function _x402AtFixedAddresses() private returns (Deployed memory d) {
        _place(MULTICALL3, _code("Multicall3"));
        _place(PERMIT2, _code("Permit2"));
        _place(CHANNELS, _code("Channels"));
        _place(
            COLLECTOR_3009, abi.encodePacked(_code("ERC3009DepositCollector"), abi.encode(CHANNELS))
        );
        _place(
            COLLECTOR_PERMIT2,
            abi.encodePacked(_code("Permit2DepositCollector"), abi.encode(CHANNELS, PERMIT2))
        );
        d.multicall3 = MULTICALL3;
        d.permit2 = PERMIT2;
        d.channels = CHANNELS;
        d.collector3009 = COLLECTOR_3009;
        d.collectorPermit2 = COLLECTOR_PERMIT2;
    }

    /// @dev The canonical contracts where the chain has them, else ours.
    function _x402ByCreate2() private returns (Deployed memory d) {
        d.permit2 = PERMIT2.code.length != 0 ? PERMIT2 : address(0);
        d.multicall3 = MULTICALL3.code.length != 0 ? MULTICALL3 : _create2(_code("Multicall3"));
        bool canonical = CHANNELS.code.length != 0 && COLLECTOR_3009.code.length != 0;
        d.channels = canonical ? CHANNELS : _create2(_code("Channels"));
        d.collector3009 = canonical
            ? COLLECTOR_3009
            : _create2(abi.encodePacked(_code("ERC3009DepositCollector"), abi.encode(d.channels)));
        if (d.permit2 == address(0)) return d;
        d.collectorPermit2 = canonical && COLLECTOR_PERMIT2.code.length != 0
            ? COLLECTOR_PERMIT2
            : _create2(
                abi.encodePacked(_code("Permit2DepositCollector"), abi.encode(d.channels, PERMIT2))
            );
    }

    function _stoa(Deployed memory d) private {
        d.splits = _create2(_code("Splits"));
        d.models = _create2(abi.encodePacked(_code("ModelRegistry"), abi.encode(ISplits(d.splits))));
        d.licences =
            _create2(abi.encodePacked(_code("Licences"), abi.encode(IModelRegistry(d.models))));
        d.halls = _create2(abi.encodePacked(_code("Halls"), abi.encode(IModelRegistry(d.models))));
        d.services = _create2(
            abi.encodePacked(
                _code("Services"),
                abi.encode(IModelRegistry(d.models), ILicences(d.licences), IChannels(d.channels))
            )
        );
        d.modelSales =
            _create2(abi.encodePacked(_code("ModelSales"), abi.encode(IModelRegistry(d.models))));
        d.plans = _create2(
            abi.encodePacked(
                _code("Plans"), abi.encode(ILicences(d.licences), IServices(d.services))
            )
        );
        d.market = _create2(
            abi.encodePacked(
                _code("Market"),
                abi.encode(
                    IModelRegistry(d.models),
                    ILicences(d.licences),
                    IHalls(d.halls),
                    IServices(d.services),
                    IPlans(d.plans)
                )
            )
        );
        d.purses = _create2(
            abi.encodePacked(
                _code("Purses"), abi.encode(IChannels(d.channels), IServices(d.services))
            )
        );
    }

    function _testUsd() private returns (address) {
        return _create2(abi.encodePacked(_code("TestUSD"), abi.encode(holders(), TEST_USD_EACH)));
    }

    function _create2(bytes memory initCode) private returns (address created) {
        created = address(
            uint160(
                uint256(
                    keccak256(
                        abi.encodePacked(bytes1(0xff), CREATE2_FACTORY, SALT, keccak256(initCode))
                    )
                )
            )
        );
        if (created.code.length != 0) return created;
        (bool ok,) = CREATE2_FACTORY.call(abi.encodePacked(SALT, initCode));
        require(ok && created.code.length != 0, ConstructorFailed(created));
    }

    function _code(string memory name) private view returns (bytes memory) {
        return vm.getCode(string.concat(name, ".sol:", name));
    }

    /// @dev Runs the constructor where the code is to stand, so that its immutables are right.
    function _place(address target, bytes memory initCode) private {
        vm.etch(target, initCode);
        (bool ok, bytes memory runtime) = target.call("");
        require(ok, ConstructorFailed(target));
        vm.etch(target, runtime);
    }

    function _write(Deployed memory d) private {
        string memory file =
            string.concat("../build/genesis/", vm.toString(block.chainid), ".contracts.json");
        vm.serializeAddress("c", "Channels", d.channels);
        vm.serializeAddress("c", "ERC3009DepositCollector", d.collector3009);
        if (d.collectorPermit2 != address(0)) {
            vm.serializeAddress("c", "Permit2DepositCollector", d.collectorPermit2);
            vm.serializeAddress("c", "Permit2", d.permit2);
        }
        if (d.testUsd != address(0)) vm.serializeAddress("c", "TestUSD", d.testUsd);
        vm.serializeAddress("c", "Multicall3", d.multicall3);
        vm.serializeAddress("c", "Splits", d.splits);
        vm.serializeAddress("c", "ModelRegistry", d.models);
        vm.serializeAddress("c", "Licences", d.licences);
        vm.serializeAddress("c", "Halls", d.halls);
        vm.serializeAddress("c", "Plans", d.plans);
        vm.serializeAddress("c", "ModelSales", d.modelSales);
        vm.serializeAddress("c", "Services", d.services);
        vm.serializeAddress("c", "Purses", d.purses);
        vm.writeJson(vm.serializeAddress("c", "Market", d.market), file);
    }
}
