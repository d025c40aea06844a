// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IModelRegistry} from "./interfaces/IModelRegistry.sol";
import {Payee} from "./interfaces/ISplits.sol";
import {Payees} from "./Payees.sol";

/// @title What the fields of a model may be, and how its money is shared.
library ModelRules {
    uint256 private constant BPS = 10_000;

    /// @notice The given payees, or `account` alone where none are.
    function payeesOr(Payee[] calldata payees, address account)
        internal
        pure
        returns (Payee[] memory)
    {
        if (payees.length != 0) return payees;
        Payee[] memory alone = new Payee[](1);
        alone[0] = Payee(account, uint32(Payees.WHOLE));
        return alone;
    }

    /// @notice The creators share what is not the parents'; what their floors leave is the first's.
    /// @param creators Whole by themselves.
    /// @param parents Their shares in bps.
    function withParents(Payee[] memory creators, Payee[] memory parents)
        internal
        pure
        returns (Payee[] memory)
    {
        Payees.pack(creators);
        if (parents.length == 0) return creators;
        Payee[] memory all = new Payee[](creators.length + parents.length);
        uint256 rest = Payees.WHOLE;
        for (uint256 i; i < parents.length; ++i) {
            uint32 share = uint32(parents[i].share * (Payees.WHOLE / BPS));
            all[creators.length + i] = Payee(parents[i].account, share);
            rest -= share;
        }
        uint256 left = rest;
        for (uint256 i; i < creators.length; ++i) {
            uint32 share = uint32(creators[i].share * rest / Payees.WHOLE);
            all[i] = Payee(creators[i].account, share);
            left -= share;
        }
        all[0].share += uint32(left);
        return Payees.normalise(all);
    }

    function rises(IModelRegistry.Royalty memory from, IModelRegistry.Royalty calldata to)
        internal
        pure
        returns (bool)
    {
        if (to.callBps > from.callBps) return true;
        if (to.perCall == 0 && to.perMillion == 0) return false;
        return
            to.token != from.token || to.perCall > from.perCall || to.perMillion > from.perMillion;
    }

    function requireRoyalty(IModelRegistry.Royalty calldata royalty) internal pure {
        require(royalty.callBps <= BPS, IModelRegistry.BadBps(royalty.callBps));
        bool none = royalty.perCall == 0 && royalty.perMillion == 0;
        // A minimum needs its token, and a part of the revenue that can reach it.
        require(
            none ? royalty.token == address(0) : royalty.token != address(0),
            IModelRegistry.MinimumWithoutToken()
        );
        require(none || royalty.callBps != 0, IModelRegistry.BadBps(0));
    }

    function requireSlug(string calldata slug) internal pure {
        bytes calldata text = bytes(slug);
        require(text.length != 0 && text.length <= 64, IModelRegistry.BadSlug(slug));
        for (uint256 i; i < text.length; ++i) {
            bytes1 c = text[i];
            bool good = (c >= "a" && c <= "z") || (c >= "0" && c <= "9") || c == "-" || c == "."
                || c == "_";
            require(good, IModelRegistry.BadSlug(slug));
        }
    }
}
