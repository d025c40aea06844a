// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../src/interfaces/IMarket.sol";
import {IModelRegistry} from "../src/interfaces/IModelRegistry.sol";
import {IModelSales} from "../src/interfaces/IModelSales.sol";
import {ISplit, Payee} from "../src/interfaces/ISplits.sol";
import {ShareKeeper} from "../src/ShareKeeper.sol";
import {vm} from "../script/Vm.sol";
import {CallingToken} from "./doubles/Tokens.sol";
import {StoaTest} from "./StoaTest.sol";

contract ModelSalesTest is StoaTest {
    address internal friend = named("friend");
    uint256 internal modelId;
    uint256 internal offer;
    address internal keeper;

    function setUp() public override {
        super.setUp();
        modelId = registered();
        keeper = modelSales.keeperOf(modelId, creator);
        vm.prank(creator);
        offer = market.createOffer(offerOfModel(modelId));
        vm.prank(buyer);
        usd.approve(address(modelSales), type(uint256).max);
    }

    // ---- open ----

    function test_open_isTheOwnersWhoApproved() public {
        vm.expectRevert(abi.encodeWithSelector(IModelSales.NotOwner.selector, modelId, stranger));
        vm.prank(stranger);
        modelSales.open(modelId, address(usd), 1, new Payee[](0));
        vm.prank(creator);
        vm.expectRevert();
        modelSales.open(modelId, address(usd), 1, new Payee[](0));
    }

    function test_open_keepsTheModelAsItIs() public {
        uint256 id = _open(new Payee[](0));
        eq(models.ownerOf(modelId), address(modelSales));
        eq(modelSales.saleOfModel(modelId), id);
        IModelSales.Sale memory sale = modelSales.saleOf(id);
        eq(sale.seller, creator);
        eq(sale.price, 500e6);
        eq(sale.token, address(usd));
        eq(sale.model, modelId);
        yes(sale.open);
        no(market.isForSale(offer));
        // Nobody is left who could change it.
        bytes[6] memory calls = [
            abi.encodeCall(models.setMarket, (modelId, creator)),
            abi.encodeCall(models.setMaintainer, (modelId, creator, true)),
            abi.encodeCall(models.setPayees, (modelId, alone(creator), new bytes[](0))),
            abi.encodeCall(models.transferFrom, (address(modelSales), creator, modelId)),
            abi.encodeCall(models.setServing, (modelId, IModelRegistry.Serving.Listed)),
            abi.encodeCall(modelSales.open, (modelId, address(usd), 1, new Payee[](0)))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(creator);
            (bool ok,) = (i == 5 ? address(modelSales) : address(models)).call(calls[i]);
            no(ok);
        }
    }

    // ---- callOff ----

    function test_callOff_givesTheModelBackAndOffersLiveAgain() public {
        uint256 id = _open(new Payee[](0));
        vm.expectRevert(abi.encodeWithSelector(IModelSales.NotSeller.selector, id, stranger));
        vm.prank(stranger);
        modelSales.callOff(id);
        vm.expectEmit(address(modelSales));
        emit IModelSales.SaleCalledOff(id, modelId);
        vm.prank(creator);
        modelSales.callOff(id);
        eq(models.ownerOf(modelId), creator);
        yes(market.isForSale(offer));
        eq(modelSales.saleOfModel(modelId), 0);
        vm.expectRevert(abi.encodeWithSelector(IModelSales.NotOpen.selector, id));
        vm.prank(creator);
        modelSales.callOff(id);
        vm.expectRevert(abi.encodeWithSelector(IModelSales.NotOpen.selector, id));
        vm.prank(buyer);
        modelSales.buy(id);
    }

    // ---- buy ----

    function test_buy_paysTheSellerAndEndsItsOffers() public {
        uint256 id = _open(new Payee[](0));
        uint256 before = usd.balanceOf(creator);
        vm.expectEmit(address(modelSales));
        emit IModelSales.ModelSold(id, modelId, buyer, creator, address(usd), 500e6);
        vm.prank(buyer);
        modelSales.buy(id);
        eq(models.ownerOf(modelId), buyer);
        eq(usd.balanceOf(creator), before + 500e6);
        no(market.isForSale(offer));
        // The payees stay: the share was not sold.
        eq(models.payeesOf(modelId)[0].account, creator);
        vm.expectRevert(abi.encodeWithSelector(IModelSales.NotOpen.selector, id));
        vm.prank(buyer);
        modelSales.buy(id);
    }

    function test_buy_withTheNativeCoin() public {
        vm.startPrank(creator);
        models.approve(address(modelSales), modelId);
        uint256 id = modelSales.open(modelId, address(0), 1 ether, new Payee[](0));
        vm.stopPrank();
        vm.deal(buyer, 2 ether);
        uint256[3] memory wrong = [uint256(0), 1 ether - 1, 1 ether + 1];
        for (uint256 i; i < wrong.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IModelSales.WrongNativeAmount.selector, wrong[i])
            );
            vm.prank(buyer);
            modelSales.buy{value: wrong[i]}(id);
        }
        uint256 before = creator.balance;
        vm.prank(buyer);
        modelSales.buy{value: 1 ether}(id);
        eq(creator.balance, before + 1 ether);
        eq(models.ownerOf(modelId), buyer);
    }

    function test_buy_withoutMoneyGetsNothing() public {
        uint256 id = _open(new Payee[](0));
        vm.expectRevert();
        vm.prank(stranger);
        modelSales.buy(id);
        vm.deal(stranger, 1);
        vm.expectRevert(abi.encodeWithSelector(IModelSales.WrongNativeAmount.selector, 1));
        vm.prank(stranger);
        modelSales.buy{value: 1}(id);
        eq(models.ownerOf(modelId), address(modelSales));
    }

    function test_buy_cannotBeEnteredFromAToken() public {
        CallingToken token = new CallingToken();
        token.mint(buyer, 10e6);
        vm.startPrank(creator);
        models.approve(address(modelSales), modelId);
        uint256 id = modelSales.open(modelId, address(token), 5e6, new Payee[](0));
        vm.stopPrank();
        token.callBack(address(modelSales), abi.encodeCall(IModelSales.buy, (id)));
        vm.startPrank(buyer);
        token.approve(address(modelSales), 10e6);
        modelSales.buy(id);
        vm.stopPrank();
        yes(token.called());
        no(token.succeeded());
        eq(token.balanceOf(creator), 5e6);
    }

    // ---- the seller's share ----

    function test_share_goesToTheBuyerWithTheModel() public {
        Payee[] memory creators = pair(keeper, 700_000, friend);
        _handOn(pair(creator, 700_000, friend), creators);
        uint256 id = _open(creators);
        // What comes in while the model waits is the seller's.
        ISplit waiting = ISplit(models.payTo(modelId));
        vm.prank(buyer);
        usd.transfer(address(waiting), 10e6);
        uint256 before = usd.balanceOf(creator);
        waiting.claim(address(usd), keeper);
        eq(usd.balanceOf(creator), before + 7e6);
        vm.prank(buyer);
        modelSales.buy(id);
        ISplit split = ISplit(models.payTo(modelId));
        eq(split.shareOf(buyer), 700_000);
        eq(split.shareOf(friend), 300_000);
        eq(split.payees().length, 2);
    }

    function test_share_comesBackWhenTheSaleIsCalledOff() public {
        address before = models.payTo(modelId);
        _handOn(alone(creator), alone(keeper));
        uint256 id = _open(alone(keeper));
        vm.prank(creator);
        modelSales.callOff(id);
        eq(models.payTo(modelId), before);
        // The same again is the same seller's.
        _handOn(alone(creator), alone(keeper));
        _open(alone(keeper));
    }

    function test_share_ofABuyerWhoIsAPayeeAlready() public {
        Payee[] memory creators = pair(keeper, 700_000, buyer);
        _handOn(pair(creator, 700_000, buyer), creators);
        uint256 id = _open(creators);
        vm.prank(buyer);
        modelSales.buy(id);
        eq(models.payeesOf(modelId).length, 1);
        eq(models.payeesOf(modelId)[0].account, buyer);
    }

    function test_share_nobodyElseLosesByAListThatIsWrong() public {
        Payee[] memory creators = pair(keeper, 700_000, friend);
        _handOn(pair(creator, 700_000, friend), creators);
        vm.startPrank(creator);
        models.approve(address(modelSales), modelId);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.LosesWithoutConsent.selector, friend));
        modelSales.open(modelId, address(usd), 1, pair(keeper, 800_000, friend));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.LosesWithoutConsent.selector, friend));
        modelSales.open(modelId, address(usd), 1, alone(keeper));
        vm.stopPrank();
    }

    function test_share_thatWasNotHandedOnIsNotTaken() public {
        vm.startPrank(creator);
        models.approve(address(modelSales), modelId);
        vm.expectRevert(
            abi.encodeWithSelector(IModelRegistry.LosesWithoutConsent.selector, creator)
        );
        modelSales.open(modelId, address(usd), 1, alone(keeper));
        vm.stopPrank();
    }

    /// @notice A second seller cannot turn an earlier one's income to itself.
    function test_share_ofAnEarlierSaleStaysItsSellers() public {
        _handOn(alone(creator), alone(keeper));
        uint256 id = _open(alone(keeper));
        ISplit first = ISplit(models.payTo(modelId));
        vm.prank(buyer);
        modelSales.buy(id);
        address next = modelSales.keeperOf(modelId, buyer);
        vm.startPrank(buyer);
        models.setPayees(modelId, alone(next), new bytes[](0));
        models.approve(address(modelSales), modelId);
        modelSales.open(modelId, address(usd), 1, alone(next));
        vm.stopPrank();
        eq(first.recipientOf(keeper), creator);
        eq(ISplit(models.payTo(modelId)).recipientOf(next), buyer);
        ShareKeeper(keeper).forward(first);
        eq(first.recipientOf(keeper), creator);
    }

    function test_share_comesBackByTheSellersSignatureWithoutASale() public {
        (address seller, uint256 key) = (vm.addr(77), 77);
        vm.prank(creator);
        models.transferFrom(creator, seller, modelId);
        address its = modelSales.keeperOf(modelId, seller);
        bytes[] memory consents = new bytes[](1);
        consents[0] = sign(vm.deriveKey(MNEMONIC, 7), models.splitChangeDigest(modelId, alone(its)));
        vm.prank(seller);
        models.setPayees(modelId, alone(its), consents);
        eq(modelSales.makeKeeper(modelId, seller), its);
        eq(modelSales.makeKeeper(modelId, seller), its);
        consents[0] =
            sign(uint256(keccak256("other")), models.splitChangeDigest(modelId, alone(seller)));
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.LosesWithoutConsent.selector, its));
        vm.prank(seller);
        models.setPayees(modelId, alone(seller), consents);
        consents[0] = sign(key, models.splitChangeDigest(modelId, alone(seller)));
        vm.prank(seller);
        models.setPayees(modelId, alone(seller), consents);
        eq(models.payeesOf(modelId)[0].account, seller);
    }

    /// @notice While it is for sale, the seller's signature gives nothing away.
    function test_share_isTheSalesAloneWhileItIsOpen() public {
        _handOn(alone(creator), alone(keeper));
        _open(alone(keeper));
        bytes32 digest = models.splitChangeDigest(modelId, alone(creator));
        bytes memory signature = sign(vm.deriveKey(MNEMONIC, 7), digest);
        eq(
            bytes32(ShareKeeper(keeper).isValidSignature(digest, signature)),
            bytes32(bytes4(0xffffffff))
        );
        eq(bytes32(ShareKeeper(keeper).isValidSignature(0, "")), bytes32(bytes4(0xffffffff)));
    }

    function test_share_besideParentsMustLeaveNothingOver() public {
        uint256 child = _child();
        keeper = modelSales.keeperOf(child, creator);
        vm.startPrank(creator);
        models.setPayees(child, pair(keeper, 333_333, friend), new bytes[](0));
        models.approve(address(modelSales), child);
        Payee[] memory creators = pair(keeper, 333_333, friend);
        vm.expectRevert(
            abi.encodeWithSelector(IModelSales.ShareNotWhole.selector, creators[0].account)
        );
        modelSales.open(child, address(usd), 1, creators);
        vm.stopPrank();
    }

    function testFuzz_share_anyBuyerGetsItBesideParentsAndOthers(address who, uint8 percent)
        public
    {
        vm.assume(who != address(0) && who.code.length == 0 && who != address(modelSales));
        vm.assume(who != creator && who != friend && uint160(who) > 1_000);
        uint32 share = uint32(1 + percent % 99) * 10_000;
        uint256 child = _child();
        keeper = modelSales.keeperOf(child, creator);
        vm.assume(who != keeper);
        vm.startPrank(creator);
        models.setPayees(child, pair(keeper, share, friend), new bytes[](0));
        models.approve(address(modelSales), child);
        uint256 id = modelSales.open(child, address(usd), 0, pair(keeper, share, friend));
        vm.stopPrank();
        vm.prank(who);
        modelSales.buy(id);
        eq(models.ownerOf(child), who);
        ISplit split = ISplit(models.payTo(child));
        eq(split.shareOf(who), share * 9 / 10);
        eq(split.shareOf(friend), (1_000_000 - share) * 9 / 10);
        eq(split.shareOf(models.payTo(modelId)), 100_000);
    }

    /// @dev A model of which a tenth is the first one's; its creators are seller and friend.
    function _child() private returns (uint256 id) {
        IModelRegistry.NewVersion memory v = version();
        (v.derivable, v.derivativeBps) = (true, 1_000);
        vm.prank(creator);
        models.publish(modelId, v);
        IModelRegistry.Model memory m = model("child");
        m.parents = new IModelRegistry.Parent[](1);
        m.parents[0] = IModelRegistry.Parent(modelId, 2, 1_000);
        vm.prank(creator);
        id = models.register(m);
    }

    function _handOn(Payee[] memory mine, Payee[] memory given) private {
        vm.startPrank(creator);
        models.setPayees(modelId, mine, new bytes[](0));
        models.setPayees(modelId, given, new bytes[](0));
        vm.stopPrank();
    }

    function _open(Payee[] memory creators) private returns (uint256 id) {
        vm.startPrank(creator);
        models.approve(address(modelSales), modelId);
        id = modelSales.open(modelId, address(usd), 500e6, creators);
        vm.stopPrank();
    }
}
