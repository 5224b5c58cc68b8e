"""Passive energy of products of cells: listed one by one against all 2^N eigenvalues, and the bounds around it."""

import math

import numpy as np
import pytest

from qbsim.solvers import _product_passive as passive
from qbsim.solvers._product_passive import level_sums, passive_bounds, spectrum_sums

KINDS = ["any", "nearly equal", "pure and mixed", "maximally mixed", "decades"]
FIELDS = ["any sign", "some zero", "decades", "nearly equal", "equal"]


def cells(kind, N, rng):
    """Smaller eigenvalue of every cell."""
    r = rng.uniform(0, 0.5, N)
    some = rng.random(N) < 0.5
    return {
        "any": r,
        "nearly equal": 0.3 + 1e-7 * r,
        "pure and mixed": np.where(some, 0.0, r),
        "maximally mixed": np.where(some, 0.5, r),
        "decades": 10 ** rng.uniform(-16, math.log10(0.5), N),
    }[kind]


def fields(kind, N, rng):
    w = rng.normal(size=N)
    return {
        "any sign": w,
        "some zero": np.where(rng.random(N) < 0.5, 0.0, w),
        "decades": w * 10 ** rng.uniform(-6, 6, N),
        "nearly equal": 1 + 1e-7 * w,
        "equal": np.full(N, -0.7),
    }[kind]


def brute_force(r, omega):
    """Largest of all 2^N eigenvalues on the lowest of all levels, above the ground level."""
    p, e = np.ones(1), np.zeros(1)
    for x, w in zip(r, np.abs(omega), strict=True):
        p, e = np.concatenate([p * (1 - x), p * x]), np.concatenate([e, e + w])
    return float(np.sort(p)[::-1] @ np.sort(e))


def bounds(r, omega, most):
    return passive_bounds(spectrum_sums(1 - r, r, np.ones(len(r), dtype=int), most), level_sums(omega, most))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_bounds_hold_the_passive_energy(kind, field, monkeypatch):
    rng = np.random.default_rng([KINDS.index(kind), FIELDS.index(field)])
    for bins in (40, 4000):  # the coarse ones make wide intervals, which must hold it as well
        monkeypatch.setattr(passive, "LEAST_BINS", bins)
        monkeypatch.setattr(passive, "BINS_PER_CELL", 0)
        for _ in range(6):
            N = int(rng.integers(1, 15))
            r, omega = cells(kind, N, rng), fields(field, N, rng)
            exact, spread = brute_force(r, omega), np.abs(omega).sum()
            low, high = bounds(r, omega, most=0)
            assert low - 1e-15 * spread <= exact <= high + 1e-15 * spread
            assert high - low <= (0.2 if bins == 40 else 1e-3) * spread
            assert bounds(r, omega, most=2**24) == pytest.approx((exact, exact), abs=1e-13 * spread)


@pytest.mark.parametrize("only", ["spectrum", "levels"])
def test_one_list_may_be_exact_and_the_other_in_bins(only):
    rng = np.random.default_rng(3)
    N = 14
    r, omega = rng.uniform(0, 0.5, N), rng.normal(size=N)
    most = {"spectrum": 2**24, "levels": 0} if only == "spectrum" else {"spectrum": 0, "levels": 2**24}
    spectrum = spectrum_sums(1 - r, r, np.ones(N, dtype=int), most["spectrum"])
    levels = level_sums(omega, most["levels"])
    assert [spectrum.is_exact, levels.is_exact] == [only == "spectrum", only == "levels"]
    low, high = passive_bounds(spectrum, levels)
    assert low <= brute_force(r, omega) <= high
    assert high - low < 1e-6 * np.abs(omega).sum()


@pytest.mark.parametrize("N", [40, 400, 950])
def test_the_bounds_hold_the_exact_value_of_many_equal_cells(N, monkeypatch):
    # counts beyond 2^900, and the probability of a state of half of the cells, are no numbers of double precision
    monkeypatch.setattr(passive, "BINS_PER_CELL", 200)
    for r in (0.02, 0.3, 0.49):
        copies = np.array([N])
        exact = passive_bounds(spectrum_sums(np.array([1 - r]), np.array([r]), copies), level_sums(np.ones(N)))
        spectrum = spectrum_sums(np.array([1 - r]), np.array([r]), copies, most=0)
        low, high = passive_bounds(spectrum, level_sums(np.ones(N), most=0))
        assert exact[0] == exact[1] == pytest.approx(N * r, rel=1e-10)  # every level has its own eigenvalue: passive
        assert low <= exact[0] <= high
        assert high - low < 1e-3 * N


def test_thousands_of_equal_cells_are_exact():
    for N, r in ((3000, 0.01), (3000, 0.45), (10000, 0.2)):
        low, high = passive_bounds(
            spectrum_sums(np.array([1 - r]), np.array([r]), np.array([N])), level_sums(-np.ones(N))
        )
        assert low == pytest.approx(N * r, rel=1e-10)
        assert high == pytest.approx(N * r, rel=1e-10)


@pytest.mark.parametrize(("N", "width"), [(100, 5e-6), (400, 2e-5)])
def test_the_bracket_of_unequal_cells_is_narrow(N, width):
    rng = np.random.default_rng(5)
    r, omega = rng.uniform(0, 0.5, N), rng.uniform(0.2, 2, N)
    low, high = bounds(r, omega, most=2**24)
    assert 0 < high - low < width * omega.sum()
    # never more than what the cells keep one by one, which a permutation among them could lower
    assert high < (np.sort(r)[::-1] @ np.sort(omega))


def test_the_lowest_levels_are_known_one_by_one():
    # nearly pure cells keep their energy in few states, each alone in its bin: nothing is rounded there
    rng = np.random.default_rng(7)
    r, omega = 10 ** rng.uniform(-9, -7, 200), rng.uniform(0.5, 2, 200)
    low, high = bounds(r, omega, most=2**24)
    assert 0 < low <= high < low + 1e-9 * omega.sum()


def test_more_bins_close_the_bracket_in_second_order(monkeypatch):
    rng = np.random.default_rng(6)
    r, omega = rng.uniform(0.05, 0.5, 30), rng.uniform(0.5, 1.5, 30)
    monkeypatch.setattr(passive, "BINS_PER_CELL", 0)
    width = {}
    for bins in (2000, 8000):
        monkeypatch.setattr(passive, "LEAST_BINS", bins)
        low, high = bounds(r, omega, most=0)
        width[bins] = high - low
    assert width[8000] < width[2000] / 10
