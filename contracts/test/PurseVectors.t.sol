// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IChannels} from "../src/interfaces/IChannels.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IPurse} from "../src/interfaces/IPurse.sol";
import {Market} from "../src/Market.sol";
import {vm} from "../script/Vm.sol";
import {PurseTest} from "./PurseTest.sol";

interface VmLists {
    function parseJsonUintArray(string calldata, string calldata)
        external
        pure
        returns (uint256[] memory);
}

/// @notice What viem signs for a purse is what the purse reads.
contract PurseVectorsTest is PurseTest {
    string private json = vm.readFile("test/vectors/purse.json");
    IPurse private at_;

    function setUp() public override {
        super.setUp();
        address owner = vm.parseJsonAddress(json, ".owner");
        eq(owner, buyer);
        // A purse of the same owner and another token, at the place that the vectors name.
        address where = vm.parseJsonAddress(json, ".purse");
        vm.etch(where, purses.create(owner, vm.parseJsonAddress(json, ".token")).code);
        at_ = IPurse(where);
    }

    function test_setPolicy() public view {
        uint256 i;
        for (; vm.keyExistsJson(json, _path("setPolicy", i)); ++i) {
            string memory path = string.concat(_path("setPolicy", i), ".policy");
            IPurse.Policy memory p = IPurse.Policy({
                key: vm.parseJsonAddress(json, string.concat(path, ".key")),
                token: vm.parseJsonAddress(json, string.concat(path, ".token")),
                cap: uint96(vm.parseJsonUint(json, string.concat(path, ".cap"))),
                capPerDay: uint96(vm.parseJsonUint(json, string.concat(path, ".capPerDay"))),
                capPerService: uint96(
                    vm.parseJsonUint(json, string.concat(path, ".capPerService"))
                ),
                expires: uint40(vm.parseJsonUint(json, string.concat(path, ".expires"))),
                services: new uint256[](0)
            });
            p.services =
                VmLists(address(vm)).parseJsonUintArray(json, string.concat(path, ".services"));
            eq(at_.setPolicyDigest(p), _digest(_path("setPolicy", i)));
        }
        eq(i, 3);
    }

    function test_setPolicy_signatureHolds() public {
        string memory path = ".setPolicy[0]";
        IPurse.Policy memory p = policy();
        p.key = vm.parseJsonAddress(json, ".key");
        p.token = vm.parseJsonAddress(json, ".token");
        at_.setPolicy(p, vm.parseJsonBytes(json, string.concat(path, ".signature")));
        eq(at_.stateOf(p.key).left, 50e6);
    }

    function test_exitAndRevoke() public {
        eq(at_.exitDigest(), _digest(".exit"));
        address key = vm.parseJsonAddress(json, ".key");
        eq(at_.revokeDigest(key), _digest(".revoke"));
        at_.exit(vm.parseJsonBytes(json, ".exit.signature"));
        yes(at_.leaving());
    }

    function test_spend() public view {
        address key = vm.parseJsonAddress(json, ".key");
        uint256 i;
        for (; vm.keyExistsJson(json, _path("spend", i)); ++i) {
            string memory path = _path("spend", i);
            bytes32 id = vm.parseJsonBytes32(json, string.concat(path, ".channelId"));
            uint256 amount = vm.parseJsonUint(json, string.concat(path, ".amount"));
            uint256 nonce = vm.parseJsonUint(json, string.concat(path, ".nonce"));
            uint256 toService = vm.parseJsonUint(json, string.concat(path, ".service"));
            bytes32 digest = at_.spendDigest(id, amount, nonce);
            eq(digest, _digest(path));
            (bytes32 r, bytes32 vs) = short(vm.deriveKey(MNEMONIC, 2), digest);
            bytes memory data = vm.parseJsonBytes(json, string.concat(path, ".data"));
            uint256 lane = vm.parseJsonUint(json, string.concat(path, ".lane"));
            eq(data, abi.encode(key, toService | lane << 248, nonce, r, vs));
        }
        eq(i, 4);
    }

    /// @notice Each of them is of the lane that its data names.
    function test_spend_channels() public view {
        uint256 i;
        for (; vm.keyExistsJson(json, _path("spend", i)); ++i) {
            string memory path = _path("spend", i);
            IChannels.ChannelConfig memory c = IChannels.ChannelConfig({
                payer: address(at_),
                payerAuthorizer: vm.parseJsonAddress(json, ".key"),
                receiver: vm.parseJsonAddress(json, string.concat(path, ".receiver")),
                receiverAuthorizer: vm.parseJsonAddress(
                    json, string.concat(path, ".receiverAuthorizer")
                ),
                token: vm.parseJsonAddress(json, ".token"),
                withdrawDelay: 1 hours,
                salt: bytes32(vm.parseJsonUint(json, string.concat(path, ".lane")))
            });
            eq(
                channels.getChannelId(c),
                vm.parseJsonBytes32(json, string.concat(path, ".channelId"))
            );
        }
    }

    function test_renewal() public {
        address where = vm.parseJsonAddress(json, ".market");
        vm.etch(where, address(market).code);
        IMarket.Renewal memory r = IMarket.Renewal({
            licence: vm.parseJsonUint(json, ".renewal.licence"),
            token: vm.parseJsonAddress(json, ".renewal.token"),
            maxPrice: vm.parseJsonUint(json, ".renewal.maxPrice"),
            deadline: vm.parseJsonUint(json, ".renewal.deadline"),
            relayFee: vm.parseJsonUint(json, ".renewal.relayFee"),
            salt: vm.parseJsonBytes32(json, ".renewal.salt")
        });
        eq(Market(where).renewalDigest(r), _digest(".renewal"));
    }

    function _digest(string memory path) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(path, ".digest"));
    }

    function _path(string memory list_, uint256 i) private pure returns (string memory) {
        return string.concat(".", list_, "[", vm.toString(i), "]");
    }
}
