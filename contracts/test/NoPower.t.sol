// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences} from "../src/interfaces/ILicences.sol";
import {vm} from "../script/Vm.sol";
import {StoaTest} from "./StoaTest.sol";

/// @notice Nobody has power over what is not theirs: every function that changes anything is named
/// here with the one who may call it, and any other function in an ABI fails the test.
contract NoPowerTest is StoaTest {
    // Of a token's holder: the ERC-20 and ERC-721 standards.
    string internal constant ERC20 =
        "|approve|transfer|transferFrom|permit|transferWithAuthorization|receiveWithAuthorization|cancelAuthorization|";
    string internal constant ERC721 = "|approve|safeTransferFrom|setApprovalForAll|transferFrom|";

    function test_channels() public view {
        // Payer, receiver, or the signature of either; `multicall` calls itself for its sender.
        _only(
            "Channels",
            "|deposit|claim|claimWithSignature|settle|initiateWithdraw|finalizeWithdraw|refund|refundWithSignature|multicall|"
        );
        _only("ERC3009DepositCollector", "|collect|");
        _only("Permit2DepositCollector", "|collect|");
    }

    function test_splits() public view {
        // Anyone may make one or push a share; a payee redirects its own.
        _only("Splits", "|create|claimMany|");
        _only("Split", "|claim|claimMany|redirect|");
        _only("Receiver", "|claim|claimMany|redirect|settle|claimChannels|");
    }

    function test_models() public view {
        // The model's owner or its maintainers.
        _only(
            "ModelRegistry",
            string.concat(
                ERC721,
                "register|publish|setStatus|setPayees|setRoyalty|setServing|setProvider|setMaintainer|setMarket|"
            )
        );
    }

    function test_licences() public view {
        // The holder; the market that the model's owner chose (freeze, mint, extend); whoever pays
        // (renewSubscription).
        _only(
            "Licences",
            string.concat(
                ERC721,
                "freeze|mint|extend|cancelRenewal|setSeat|setSessionKey|recordUses|renewSubscription|cancelSubscription|setUser|"
            )
        );
    }

    function test_market() public view {
        // The seller (createOffer, setActive) and whoever pays with its own money or signature;
        // the licences for their caller (renewFor).
        _only(
            "Market",
            "|createOffer|setActive|announcePrices|buy|buyWithPermit|buyNative|relayOrder|relayPermitOrder|renew|renewFor|relayRenewal|collect|"
        );
    }

    function test_halls() public view {
        // The curator; the model's owner (propose, withdraw); curator and reviewers (decide).
        _only(
            "Halls",
            "|create|describe|setCurator|setReviewer|setReviewed|lowerCommission|propose|withdraw|decide|"
        );
    }

    function test_plans() public view {
        // The market that sold the licence (hold); anyone, to whom it belongs (release, close).
        _only("Plans", "|hold|release|close|");
    }

    function test_modelSales() public view {
        // The model's owner (open), the seller (callOff), anyone with the price (buy).
        _only("ModelSales", "|open|callOff|buy|makeKeeper|");
    }

    function test_services() public view {
        // The provider; the claimant (setClaimant).
        _only("Services", "|offerService|setPricing|setEndpoint|endService|setClaimant|");
    }

    function test_purses() public view {
        // Anyone may make one, or carry its owner's signature.
        _only("Purses", "|create|fund|setPolicy|");
        // The owner or its signature; the channels (collect); the key itself (revoke).
        _only("Purse", "|collect|setPolicy|fund|revoke|exit|close|sweep|withdraw|");
    }

    function test_testUsd() public view {
        _only("TestUSD", string.concat(ERC20, "faucet|"));
    }

    /// @notice Neither the deployer nor a stranger can change a model, an offer or a service.
    function testFuzz_strangersChangeNothing(address who, uint8 door, uint256 x) public {
        uint256 offer = offered();
        vm.assume(who != creator && who != address(0));
        bytes32 before = _state(offer);
        bytes[9] memory calls = [
            abi.encodeCall(models.setMarket, (1, who)),
            abi.encodeCall(models.setMaintainer, (1, who, true)),
            abi.encodeCall(models.setPayees, (1, alone(who), new bytes[](0))),
            abi.encodeCall(models.publish, (1, version())),
            abi.encodeCall(models.transferFrom, (creator, who, 1)),
            abi.encodeCall(market.setActive, (offer, false)),
            abi.encodeCall(
                licences.mint, (ILicences.Sale(who, offer, 1, address(usd), 0, uint96(x), 1))
            ),
            abi.encodeCall(licences.freeze, (licences.termsOf(offer))),
            abi.encodeCall(market.createOffer, (offerOfModel(1)))
        ];
        uint256 i = door % calls.length;
        address target =
            i < 5 ? address(models) : i == 5 || i == 8 ? address(market) : address(licences);
        vm.assume(who != address(market));
        vm.prank(who);
        (bool ok,) = target.call(calls[i]);
        no(ok);
        eq(_state(offer), before);
    }

    function _state(uint256 offer) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                models.ownerOf(1),
                models.payTo(1),
                models.marketOf(1),
                models.versionCount(1),
                market.offerOf(offer),
                licences.licenceCount(),
                licences.offerCount()
            )
        );
    }

    /// @dev Every function of the ABI that is not a view must be in `allowed`.
    function _only(string memory contractName, string memory allowed) private view {
        string memory json = vm.readFile(string.concat("abi/", contractName, ".json"));
        uint256 found;
        for (uint256 i; vm.keyExistsJson(json, _path(i, "")); ++i) {
            bytes32 kind = keccak256(bytes(vm.parseJsonString(json, _path(i, ".type"))));
            if (kind != keccak256("function")) continue;
            bytes32 state = keccak256(bytes(vm.parseJsonString(json, _path(i, ".stateMutability"))));
            if (state == keccak256("view") || state == keccak256("pure")) continue;
            string memory name = vm.parseJsonString(json, _path(i, ".name"));
            require(
                _has(allowed, string.concat("|", name, "|")),
                string.concat(contractName, ".", name, " is nobody's")
            );
            ++found;
        }
        le(1, found);
    }

    function _path(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat("[", vm.toString(i), "]", field);
    }

    function _has(string memory text, string memory part) private pure returns (bool) {
        (bytes memory a, bytes memory b) = (bytes(text), bytes(part));
        bytes32 wanted = keccak256(b);
        for (uint256 i; i + b.length <= a.length; ++i) {
            bytes32 found;
            assembly ("memory-safe") {
                found := keccak256(add(add(a, 32), i), mload(b))
            }
            if (found == wanted) return true;
        }
        return false;
    }
}
