// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {PriceCurve} from "../src/PriceCurve.sol";
import {vm} from "../script/Vm.sol";

contract PriceCurveTest {
    uint256 private constant WAD = 1e18;
    string private json = vm.readFile("test/vectors/price_curve.json");

    // ---- the vectors that C++ and TypeScript run too ----

    function test_vectors_exp_isBitExactAndWithin1e9() public view {
        uint256 i;
        for (; _has("exp", i); ++i) {
            uint256 it = PriceCurve.exp(_at("exp", i, "x"));
            _eq(it, _at("exp", i, "exp"));
            uint256 real = _at("exp", i, "real30");
            uint256 off = it * 1e12 > real ? it * 1e12 - real : real - it * 1e12;
            require(off <= real / 1e9, "further than 1e-9 from e^x");
        }
        require(i == 50, "vectors are missing");
    }

    function test_vectors_ln_isBitExactAndWithin100Units() public view {
        uint256 i;
        for (; _has("ln", i); ++i) {
            uint256 it = PriceCurve.ln(uint96(_at("ln", i, "a")), uint96(_at("ln", i, "b")));
            _eq(it, _at("ln", i, "ln"));
            uint256 real = _at("ln", i, "real30") / 1e12;
            require(it <= real + 100 && real <= it + 100, "further than 1e-16 from ln");
        }
        require(i == 37, "vectors are missing");
    }

    function test_vectors_drained() public view {
        uint256 i;
        for (; _has("drained", i); ++i) {
            uint256 left = PriceCurve.drained(
                _at("drained", i, "excess"),
                _at("drained", i, "targetPerDay"),
                _at("drained", i, "time")
            );
            _eq(left, _at("drained", i, "left"));
        }
        require(i == 13, "vectors are missing");
    }

    function test_vectors_sale() public view {
        uint256 i;
        for (; _has("sale", i); ++i) {
            (uint256 total, uint256 next) = PriceCurve.sale(
                uint96(_at("sale", i, "floor")),
                uint96(_at("sale", i, "cap")),
                _at("sale", i, "sensitivity"),
                _at("sale", i, "excess"),
                _at("sale", i, "n")
            );
            _eq(total, _at("sale", i, "total"));
            _eq(next, _at("sale", i, "next"));
        }
        require(i == 34, "vectors are missing");
    }

    // ---- what always holds ----

    function testFuzz_exp_neverFalls(uint256 x, uint256 step) public pure {
        x %= PriceCurve.MAX_X;
        uint256 y = x + step % (PriceCurve.MAX_X - x + 1);
        require(PriceCurve.exp(x) <= PriceCurve.exp(y), "exp fell");
    }

    function testFuzz_exp_neverFallsFromOneUnitToTheNext(uint256 x) public pure {
        // Most dangerous where the power of two steps.
        uint256 k = x % 96;
        uint256 edge = k * PriceCurve.LN2;
        require(edge == 0 || PriceCurve.exp(edge - 1) <= PriceCurve.exp(edge), "exp fell");
        x %= PriceCurve.MAX_X;
        require(PriceCurve.exp(x) <= PriceCurve.exp(x + 1), "exp fell");
    }

    /// @notice Against e^x in 36 digits, by another range reduction and twice the terms.
    function testFuzz_exp_isWithin1e9OfTheRealOne(uint256 x) public pure {
        x %= PriceCurve.MAX_X + 1;
        uint256 k = x * WAD / 693_147_180_559_945_309_417_232_121_458_176_568;
        uint256 r = x * WAD - k * 693_147_180_559_945_309_417_232_121_458_176_568;
        uint256 real = 1e36;
        for (uint256 i = 28; i != 0; --i) {
            real = 1e36 + r * real / (i * 1e36);
        }
        // To 1e24 · e^x, which keeps 24 digits of the smallest and overflows for none.
        real = (real << k) / 1e12;
        uint256 it = PriceCurve.exp(x) * 1e6;
        require((it > real ? it - real : real - it) <= real / 1e9, "further than 1e-9 from e^x");
    }

    function testFuzz_sale_eachPriceIsWithinFloorAndCap(
        uint96 floor,
        uint96 cap,
        uint128 sensitivity,
        uint128 excess,
        uint256 n
    ) public pure {
        (floor, cap, sensitivity, n) = _curve(floor, cap, sensitivity, n);
        (uint256 total, uint256 next) = PriceCurve.sale(floor, cap, sensitivity, excess, n);
        require(total >= uint256(floor) * n, "below the floor");
        require(total <= uint256(cap) * n, "above the cap");
        require(next <= PriceCurve.most(floor, cap, sensitivity), "above the most");
    }

    /// @notice Buying in parts never costs less: rounding up is not to be played with.
    function testFuzz_sale_partsCostAtLeastTheWhole(
        uint96 floor,
        uint96 cap,
        uint128 sensitivity,
        uint128 excess,
        uint256 n,
        uint256 part
    ) public pure {
        (floor, cap, sensitivity, n) = _curve(floor, cap, sensitivity, n);
        part %= n + 1;
        (uint256 whole, uint256 last) = PriceCurve.sale(floor, cap, sensitivity, excess, n);
        (uint256 first, uint256 between) = PriceCurve.sale(floor, cap, sensitivity, excess, part);
        (uint256 second, uint256 end) = PriceCurve.sale(floor, cap, sensitivity, between, n - part);
        require(first + second >= whole && first + second <= whole + 1, "parts differ");
        _eq(end, last);
    }

    /// @notice At the most the price is the cap, but for what the roundings leave: 1e-9.
    function testFuzz_most_isWhereThePriceIsTheCap(uint96 floor, uint96 cap, uint128 sensitivity)
        public
        pure
    {
        (floor, cap, sensitivity,) = _curve(floor, cap, sensitivity, 1);
        uint256 most = PriceCurve.most(floor, cap, sensitivity);
        (uint256 price,) = PriceCurve.sale(floor, cap, sensitivity, most, 1);
        require(price <= cap && cap - price <= uint256(cap) / 1e9 + 1, "far from the cap");
    }

    function testFuzz_drained_neverRisesAndEndsAtNothing(uint128 excess, uint128 target, uint40 t)
        public
        pure
    {
        uint256 left = PriceCurve.drained(excess, target, t);
        require(left <= excess, "rose");
        require(PriceCurve.drained(left, target, t) <= left, "rose");
        if (uint256(target) * t >= uint256(excess) * 1 days) _eq(left, 0);
    }

    function test_refusesWhatIsNoCurve() public {
        vm.expectRevert(PriceCurve.NoCurve.selector);
        this.exp(PriceCurve.MAX_X + 1);
        vm.expectRevert(PriceCurve.NoCurve.selector);
        this.ln(1, 0);
        vm.expectRevert(PriceCurve.NoCurve.selector);
        this.ln(1, 2);
        vm.expectRevert(PriceCurve.NoCurve.selector);
        this.sale(1, 2, 0, 0, 1);
    }

    function exp(uint256 x) external pure returns (uint256) {
        return PriceCurve.exp(x);
    }

    function ln(uint96 a, uint96 b) external pure returns (uint256) {
        return PriceCurve.ln(a, b);
    }

    function sale(uint96 floor, uint96 cap, uint256 s, uint256 e, uint256 n)
        external
        pure
        returns (uint256, uint256)
    {
        return PriceCurve.sale(floor, cap, s, e, n);
    }

    /// @dev Any curve of a sensitivity of 0.001 sales and more.
    function _curve(uint96 floor, uint96 cap, uint128 sensitivity, uint256 n)
        private
        pure
        returns (uint96, uint96, uint128, uint256)
    {
        if (floor == 0) floor = 1;
        if (cap == 0) cap = 1;
        if (cap < floor) (floor, cap) = (cap, floor);
        return (floor, cap, uint128(1e15 + sensitivity % 1e27), 1 + n % 32);
    }

    function _has(string memory list, uint256 i) private view returns (bool) {
        return vm.keyExistsJson(json, _path(list, i));
    }

    function _at(string memory list, uint256 i, string memory field)
        private
        view
        returns (uint256)
    {
        return vm.parseJsonUint(json, string.concat(_path(list, i), ".", field));
    }

    function _path(string memory list, uint256 i) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "]");
    }

    function _eq(uint256 a, uint256 b) private pure {
        require(a == b, string.concat(vm.toString(a), " != ", vm.toString(b)));
    }
}
