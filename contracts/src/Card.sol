// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IModelRegistry} from "./interfaces/IModelRegistry.sol";

/// @title What wallets show of a token: JSON with a picture, as data URIs.
/// @dev Only text that needs no escaping may come here: slugs, numbers, addresses.
library Card {
    function model(string memory slug, address by, uint256 versions, IModelRegistry.Status standing)
        internal
        pure
        returns (string memory)
    {
        string[3] memory words = ["active", "deprecated", "withdrawn"];
        string memory status = words[uint256(standing)];
        string memory version = Strings.toString(versions);
        return _json(
            slug,
            string.concat("An AI model on Stoa, by ", Strings.toHexString(by)),
            _svg(slug, string.concat("version ", version, ", ", status)),
            string.concat(
                '{"trait_type":"version","value":',
                version,
                '},{"trait_type":"status","value":"',
                status,
                '"}'
            )
        );
    }

    function licence(uint256 id, string memory slug, uint256 expires)
        internal
        pure
        returns (string memory)
    {
        string memory name = string.concat("Licence ", Strings.toString(id));
        string memory until = expires == 0 ? '"never"' : Strings.toString(expires);
        return _json(
            name,
            string.concat("A licence of the AI model ", slug),
            _svg(name, slug),
            string.concat(
                '{"trait_type":"model","value":"',
                slug,
                '"},{"trait_type":"expires","value":',
                until,
                "}"
            )
        );
    }

    function _json(
        string memory name,
        string memory description,
        string memory svg,
        string memory attributes
    ) private pure returns (string memory) {
        bytes memory json = abi.encodePacked(
            '{"name":"',
            name,
            '","description":"',
            description,
            '","image":"data:image/svg+xml;base64,',
            Base64.encode(bytes(svg)),
            '","attributes":[',
            attributes,
            "]}"
        );
        return string.concat("data:application/json;base64,", Base64.encode(json));
    }

    function _svg(string memory title, string memory line) private pure returns (string memory) {
        return string.concat(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 240">',
            '<rect width="400" height="240" fill="#f4efe6"/>',
            '<path d="M40 60h320M40 72h320M70 84v96M135 84v96M200 84v96M265 84v96M330 84v96" ',
            'stroke="#d9cdb8" stroke-width="6"/>',
            '<text x="40" y="130" font-family="sans-serif" font-size="22">',
            title,
            "</text>",
            '<text x="40" y="160" font-family="sans-serif" font-size="14">',
            line,
            "</text></svg>"
        );
    }
}
