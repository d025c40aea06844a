// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPurse, IPurses} from "../src/interfaces/IPurse.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {vm} from "../script/Vm.sol";
import {Wallet} from "./doubles/Wallet.sol";
import {PurseTest} from "./PurseTest.sol";

contract PursePolicyTest is PurseTest {
    // ---- create ----

    function test_create_standsWhereItWasForetoldAndIsMadeOnce() public {
        address other = named("other");
        address foretold = purses.purseOf(other, address(usd));
        vm.expectEmit(address(purses));
        emit IPurses.PurseCreated(other, address(usd), foretold);
        eq(purses.create(other, address(usd)), foretold);
        eq(purses.create(other, address(usd)), foretold);
        eq(IPurse(foretold).owner(), other);
        eq(IPurse(foretold).token(), address(usd));
        vm.expectRevert(IPurses.ZeroAddress.selector);
        purses.create(address(0), address(usd));
        vm.expectRevert(IPurses.ZeroAddress.selector);
        purses.create(other, address(0));
    }

    function test_create_anotherChainHasNoTwin() public {
        address here = purses.purseOf(buyer, address(usd));
        vm.chainId(CHAIN + 1);
        no(purses.purseOf(buyer, address(usd)) == here);
    }

    // ---- setPolicy ----

    function test_setPolicy_byTheOwnersSignatureCarriedByAnyone() public {
        IPurse.Policy memory p = policy();
        bytes memory signature = sign(buyerKey, purse.setPolicyDigest(p));
        vm.expectEmit(address(purse));
        emit IPurse.PolicySet(session, p, 0);
        vm.prank(relay);
        purse.setPolicy(p, signature);
        IPurse.KeyState memory s = purse.stateOf(session);
        eq(s.expires, p.expires);
        eq(s.left, p.cap);
        eq(s.leftToday, p.capPerDay);
        eq(s.capPerService, p.capPerService);
        yes(s.anyService);
        eq(purse.nonce(), 1);
        // The same signature again is one for a nonce that is past.
        vm.expectRevert(IPurse.BadOwnerSignature.selector);
        purse.setPolicy(p, signature);
    }

    function test_setPolicy_theDigestIsTheReadableTypedData() public view {
        IPurse.Policy memory p = policy();
        p.services = new uint256[](2);
        (p.services[0], p.services[1]) = (3, 7);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Stoa Purse"),
                keccak256("1"),
                CHAIN,
                address(purse)
            )
        );
        bytes32 content = keccak256(
            abi.encode(
                keccak256(
                    "SetPolicy(address key,address token,uint96 cap,uint96 capPerDay,uint96 capPerService,uint40 expires,uint256[] services,uint256 nonce)"
                ),
                session,
                address(usd),
                p.cap,
                p.capPerDay,
                p.capPerService,
                p.expires,
                keccak256(abi.encode(uint256(3), uint256(7))),
                0
            )
        );
        eq(purse.setPolicyDigest(p), typed(domain, content));
        eq(
            purse.exitDigest(),
            typed(domain, keccak256(abi.encode(keccak256("Exit(uint256 nonce)"), 0)))
        );
        content = keccak256(abi.encode(keccak256("Revoke(address key,uint256 nonce)"), session, 0));
        eq(purse.revokeDigest(session), typed(domain, content));
        content = keccak256(
            abi.encode(
                keccak256("Spend(bytes32 channelId,uint256 amount,uint256 nonce)"),
                bytes32("id"),
                5,
                6
            )
        );
        eq(purse.spendDigest("id", 5, 6), typed(domain, content));
    }

    function test_setPolicy_byTheOwnerItself() public {
        vm.prank(buyer);
        purse.setPolicy(policy(), "");
        yes(purse.mayPay(session, service));
    }

    function test_setPolicy_byAContractThatOwnsThePurse() public {
        address wallet = address(new Wallet(buyer));
        IPurse theirs = IPurse(purses.create(wallet, address(usd)));
        bytes memory signature = sign(buyerKey, theirs.setPolicyDigest(policy()));
        purses.setPolicy(wallet, policy(), signature);
        yes(theirs.mayPay(session, service));
    }

    function testFuzz_setPolicy_noOtherSignatureHolds(uint256 key, uint8 field) public {
        key = bound(key, 1, 2 ** 250);
        IPurse.Policy memory p = policy();
        bytes memory signature = sign(buyerKey, purse.setPolicyDigest(p));
        if (field % 8 == 0) p.key = stranger;
        else if (field % 8 == 1) p.token = stranger;
        else if (field % 8 == 2) ++p.cap;
        else if (field % 8 == 3) ++p.capPerDay;
        else if (field % 8 == 4) ++p.capPerService;
        else if (field % 8 == 5) ++p.expires;
        else if (field % 8 == 6) p.services = new uint256[](1);
        else signature = sign(key, purse.setPolicyDigest(p));
        vm.prank(stranger);
        vm.expectRevert(IPurse.BadOwnerSignature.selector);
        purse.setPolicy(p, signature);
    }

    function test_setPolicy_refusesWhatIsNoPolicy() public {
        for (uint256 i; i < 4; ++i) {
            IPurse.Policy memory p = policy();
            if (i == 0) p.key = address(0);
            if (i == 1) p.expires = 0;
            if (i == 2) p.expires = uint40(block.timestamp);
            if (i == 3) p.services = new uint256[](17);
            vm.prank(buyer);
            vm.expectRevert(IPurse.BadPolicy.selector);
            purse.setPolicy(p, "");
        }
    }

    function test_setPolicy_newListReplacesTheOldOne() public {
        IPurse.Policy memory p = policy();
        p.services = new uint256[](1);
        p.services[0] = service;
        allowed(p);
        yes(purse.mayPay(session, service));
        p.services[0] = service + 1;
        allowed(p);
        no(purse.mayPay(session, service));
    }

    // ---- fund ----

    function test_fund_oneSignatureMakesThePurseItsPolicyAndItsMoney() public {
        uint256 key = vm.deriveKey(MNEMONIC, 2);
        address owner = vm.addr(key);
        IPurse theirs = IPurse(purses.purseOf(owner, address(usd)));
        IPurse.Policy memory p = policy();
        IPurse.Funding memory f = _funding(key, theirs, p, 50e6);
        vm.prank(relay);
        eq(purses.fund(owner, p, f), address(theirs));
        eq(usd.balanceOf(address(theirs)), 50e6);
        yes(theirs.mayPay(session, service));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        purses.fund(owner, p, f);
    }

    function test_fund_refusesAnotherPolicyValueOrSigner() public {
        IPurse.Policy memory p = policy();
        IPurse.Funding memory f = _funding(buyerKey, purse, p, 50e6);
        ++p.cap;
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        purse.fund(p, f);
        --p.cap;
        f.value = 51e6;
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        purse.fund(p, f);
        f = _funding(sessionKey, purse, p, 50e6);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        purse.fund(p, f);
    }

    function test_fund_inTheTokenOfThePurseAlone() public {
        IPurse.Policy memory p = policy();
        IPurse.Funding memory f = _funding(buyerKey, purse, p, 50e6);
        p.token = stranger;
        vm.expectRevert(abi.encodeWithSelector(IPurse.TokenNotAllowed.selector, stranger));
        purse.fund(p, f);
    }

    function _funding(uint256 key, IPurse to, IPurse.Policy memory p, uint256 value)
        private
        returns (IPurse.Funding memory)
    {
        address owner = address(to) == address(purse) ? buyer : vm.addr(key);
        bytes32 bound = IPurse(purses.create(owner, address(usd))).setPolicyDigest(p);
        bytes32 content = keccak256(
            abi.encode(RECEIVE_TYPEHASH, owner, address(to), value, 0, NOW + 1 hours, bound)
        );
        bytes memory signature = sign(key, typed(usd.DOMAIN_SEPARATOR(), content));
        return IPurse.Funding(value, 0, NOW + 1 hours, signature);
    }

    // ---- revoke ----

    function test_revoke_byTheOwnersSignature() public {
        allowed(policy());
        bytes memory signature = sign(buyerKey, purse.revokeDigest(session));
        vm.expectEmit(address(purse));
        emit IPurse.KeyRevoked(session);
        vm.prank(relay);
        purse.revoke(session, signature);
        no(purse.mayPay(session, service));
        eq(purse.stateOf(session).expires, 0);
        vm.expectRevert(abi.encodeWithSelector(IPurse.KeyNotValid.selector, session));
        this.spends(1e6);
    }

    function test_revoke_voidsAPolicySignedBefore() public {
        IPurse.Policy memory p = policy();
        bytes memory signature = sign(buyerKey, purse.setPolicyDigest(p));
        vm.prank(buyer);
        purse.revoke(session, "");
        vm.expectRevert(IPurse.BadOwnerSignature.selector);
        purse.setPolicy(p, signature);
    }

    function test_revoke_byTheKeyItself() public {
        allowed(policy());
        uint64 before = purse.nonce();
        vm.prank(session);
        purse.revoke(session, "");
        no(purse.mayPay(session, service));
        eq(purse.nonce(), before);
    }

    function test_revoke_byNobodyElse() public {
        allowed(policy());
        bytes memory signature = sign(sessionKey, purse.revokeDigest(session));
        vm.prank(stranger);
        vm.expectRevert(IPurse.BadOwnerSignature.selector);
        purse.revoke(session, signature);
    }

    // ---- withdraw, sweep ----

    function test_withdraw_byTheOwnerAlone() public {
        uint256 before = usd.balanceOf(buyer);
        vm.prank(buyer);
        purse.withdraw(address(usd), 30e6);
        eq(usd.balanceOf(buyer), before + 30e6);
        vm.prank(session);
        vm.expectRevert(abi.encodeWithSelector(IPurse.NotTheOwner.selector, session));
        purse.withdraw(address(usd), 1);
        vm.prank(stranger);
        vm.expectRevert(IPurse.NotLeaving.selector);
        purse.sweep(address(usd));
    }

    function test_sweep_givesTheNativeCoinBack() public {
        vm.deal(address(purse), 5);
        uint256 before = buyer.balance;
        vm.prank(buyer);
        purse.sweep(address(0));
        eq(buyer.balance, before + 5);
    }
}
