// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences} from "./interfaces/ILicences.sol";

/// @dev `Terms` and the market that froze them, in three words.
struct Frozen {
    uint64 model;
    uint64 service;
    uint40 period;
    uint32 calls;
    uint16 seats;
    uint32 rights;
    ILicences.Entitlement entitlement;
    address market;
    bool transferable;
    bytes32 termsDigest;
}

struct Issued {
    uint64 offer;
    uint40 issuedAt;
    uint40 expires;
    uint32 version;
    uint32 remaining;
    uint32 epoch;
    bool cancelled;
    address token;
    uint96 pricePaid;
}

/// @dev Who signs for uses, and what it signed in the present epoch.
struct Session {
    address key;
    uint32 used;
}
