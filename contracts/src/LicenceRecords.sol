// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ILicences, Rights} from "./interfaces/ILicences.sol";

/// @dev `Terms` and the number of the market that froze them, in two words.
struct Frozen {
    uint48 model;
    uint48 service;
    uint32 period;
    uint32 calls;
    uint32 entitledFor;
    uint32 market;
    uint16 rights;
    uint8 seats;
    /// @dev Entitlement in two bits, then TRANSFERABLE, REST_TO_SERVICE.
    uint8 flags;
    bytes32 termsDigest;
}

/// @dev What a purchase writes of a licence, besides its holder.
struct Issued {
    uint48 offer;
    uint40 issuedAt;
    uint40 expires;
    uint24 version;
    uint8 priceIndex;
    uint96 pricePaid;
}

/// @dev An `Issued` as it is stored, in the order of its fields from the lowest bit: zero for none.
type IssuedWord is uint256;

/// @dev What its holder changes; Sessions reads and writes it as the word that it is. `used` counts since the epoch began; `left`, from the first session
/// key on, the calls of a plan.
struct Session {
    address key;
    uint24 epoch;
    uint32 used;
    uint32 left;
    bool cancelled;
}

/// @title Terms as they are stored.
library LicenceRecords {
    uint16 internal constant MAX_SEATS = 64;
    uint8 private constant ENTITLEMENT = 3;
    uint8 private constant TRANSFERABLE = 4;
    uint8 private constant REST_TO_SERVICE = 8;

    function pack(ILicences.Terms calldata terms, uint32 market)
        internal
        pure
        returns (Frozen memory)
    {
        require(_hold(terms), ILicences.BadTerms());
        uint8 flags = uint8(terms.entitlement);
        if (terms.transferable) flags |= TRANSFERABLE;
        if (terms.restToService) flags |= REST_TO_SERVICE;
        return Frozen({
            model: uint48(terms.model),
            service: uint48(terms.service),
            period: uint32(terms.period),
            calls: terms.calls,
            entitledFor: terms.entitledFor,
            market: market,
            rights: uint16(terms.rights),
            seats: uint8(terms.seats),
            flags: flags,
            termsDigest: terms.termsDigest
        });
    }

    function unpack(Frozen memory frozen) internal pure returns (ILicences.Terms memory) {
        return ILicences.Terms({
            model: frozen.model,
            service: frozen.service,
            period: frozen.period,
            calls: frozen.calls,
            seats: frozen.seats,
            rights: frozen.rights,
            entitlement: ILicences.Entitlement(frozen.flags & ENTITLEMENT),
            entitledFor: frozen.entitledFor,
            transferable: isTransferable(frozen.flags),
            restToService: frozen.flags & REST_TO_SERVICE != 0,
            termsDigest: frozen.termsDigest
        });
    }

    function word(Issued memory it) internal pure returns (IssuedWord) {
        return IssuedWord.wrap(
            uint256(it.offer) | uint256(it.issuedAt) << 48 | uint256(it.expires) << 88
                | uint256(it.version) << 128 | uint256(it.priceIndex) << 152 | uint256(it.pricePaid)
                << 160
        );
    }

    function issued(IssuedWord it) internal pure returns (Issued memory) {
        uint256 bits = IssuedWord.unwrap(it);
        return Issued({
            offer: uint48(bits),
            issuedAt: uint40(bits >> 48),
            expires: uint40(bits >> 88),
            version: uint24(bits >> 128),
            priceIndex: uint8(bits >> 152),
            pricePaid: uint96(bits >> 160)
        });
    }

    function offerOf(IssuedWord it) internal pure returns (uint256) {
        return uint48(IssuedWord.unwrap(it));
    }

    function expiresOf(IssuedWord it) internal pure returns (uint40) {
        return uint40(IssuedWord.unwrap(it) >> 88);
    }

    function entitlementOf(uint8 flags) internal pure returns (ILicences.Entitlement) {
        return ILicences.Entitlement(flags & ENTITLEMENT);
    }

    function isTransferable(uint8 flags) internal pure returns (bool) {
        return flags & TRANSFERABLE != 0;
    }

    /// @dev A plan sells calls of one service and nothing else; a licence sells rights.
    function _hold(ILicences.Terms calldata terms) private pure returns (bool) {
        if (
            terms.termsDigest == 0 || terms.seats == 0 || terms.seats > MAX_SEATS
                || terms.period > type(uint32).max || terms.model > type(uint48).max
                || terms.service > type(uint48).max
        ) return false;
        if (terms.service != 0) {
            return terms.calls != 0 && terms.rights == 0 && terms.period != 0 && terms.seats == 1
                && !terms.transferable && terms.entitlement == ILicences.Entitlement.Current
                && terms.entitledFor == 0;
        }
        uint32 rights = terms.rights;
        bool duties = rights & (Rights.RECIPROCAL | Rights.APPROVAL) != 0;
        return terms.calls == 0 && !terms.restToService && rights & Rights.GRANTS != 0
            && rights & ~Rights.ALL == 0 && (!duties || rights & Rights.DERIVE != 0)
            && !(terms.transferable && terms.seats > 1);
    }
}
