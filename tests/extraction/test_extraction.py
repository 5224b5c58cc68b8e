"""Work from many copies, and the paths to it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st

import qbsim as qb
from qbsim.extraction import (
    ExtractionPath,
    direct_path,
    extra_work,
    extra_work_limit,
    follow,
    indirect_path,
    is_completely_passive,
)

FIG2 = [0.1, 0.2, 0.0, 0.3, 0.4], [-2, -1, 0, 1, 2]
FIG3 = [538, 237, 224], [0, 0.579, 1]
PAIR = (0.0, 0.3, 0.7), (0.0, 0.6, 1.0)  # the chapter's p = 0.3 with levels that let |22> pay for |13>


def work_per_copy(p, e, n):
    return qb.ergotropy_per_copy(qutip.qdiags(p, 0), qutip.qdiags(e, 0), n)


def by_sorting(p, e, n):
    """Work per copy from the d^n populations and energies themselves."""
    populations = np.array([math.prod(x) for x in itertools.product(p, repeat=n)])
    energies = np.array([sum(x) for x in itertools.product(e, repeat=n)])
    return (populations @ energies - np.sort(populations)[::-1] @ np.sort(energies)) / n


# Fig. 2: the ergotropy of the printed state is 1.7; the printed 1.8 is the Gibbs bound
def test_worked_example_of_fig_2():
    rho, H = qutip.qdiags(FIG2[0], 0), qutip.qdiags(FIG2[1], 0)
    assert qb.ergotropy(rho, H) == pytest.approx(1.7, abs=1e-14)
    assert qb.total_ergotropy(rho, H) == pytest.approx(1.80590013163323, abs=1e-13)
    U = sum(qutip.projection(5, i - 1, j - 1) for i, j in ((1, 5), (2, 4), (5, 3), (3, 2), (4, 1)))
    assert np.allclose((U * rho * U.dag()).diag(), [0.4, 0.3, 0.2, 0.1, 0.0])
    values = [1.7, 1.725, 1.743333333333, 1.7526, 1.761084, 1.766365666667, 1.770507442857, 1.77397719625]
    assert [work_per_copy(*FIG2, n) for n in range(1, 9)] == pytest.approx(values, abs=1e-11)


# the exact rational values of Fig. 3, and nothing from one or two copies
def test_extra_work_of_fig_3():
    exact = {3: 0.001203116744, 4: 0.003081832296, 10: 0.006267352096, 20: 0.007556964512, 200: 0.008281716096608}
    for n, w in exact.items():
        assert extra_work(*FIG3, n, normalize=True) == pytest.approx(w, abs=1e-12)
    assert extra_work(*FIG3, 3, normalize=True) == pytest.approx(719706601 / 598201799400, abs=1e-15)
    assert abs(extra_work(*FIG3, 1, normalize=True)) < 1e-15
    assert abs(extra_work(*FIG3, 2, normalize=True)) < 1e-15
    assert extra_work_limit(*FIG3, normalize=True) == pytest.approx(0.00828765675647300, abs=1e-14)


# occupation types against the list of all d^n eigenvalues
@pytest.mark.parametrize("n", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("seed", [0, 1])
def test_types_against_brute_force(n, seed):
    rng = np.random.default_rng(seed)
    p, e = rng.dirichlet(np.ones(3)), rng.normal(size=3)  # levels in any order
    assert work_per_copy(p, e, n) == pytest.approx(by_sorting(p, e, n), abs=1e-12)
    p, e = [0.5, 0.25, 0.25], [1.0, 0.0, 0.0]  # degenerate populations and levels
    assert work_per_copy(p, e, n) == pytest.approx(by_sorting(p, e, n), abs=1e-12)


# Eq. (8) bounds the ergotropy from above and two-level cells reach it; more copies never give less along multiples
@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3), st.floats(0.1, 0.9))
def test_bound_is_above(weights, middle):
    p, e = np.array(weights) / sum(weights), [0.0, middle, 1.0]
    rho, H = qutip.qdiags(p, 0), qutip.qdiags(e, 0)
    one, two, four = (work_per_copy(p, e, n) for n in (1, 2, 4))
    assert one == pytest.approx(qb.ergotropy(rho, H), abs=1e-12)
    assert one <= two + 1e-12
    assert two <= four + 1e-12
    assert four <= qb.total_ergotropy(rho, H) + 1e-12
    qubit, h = qutip.qdiags(p[:2] / p[:2].sum(), 0), qutip.qdiags([0.0, middle], 0)
    assert qb.total_ergotropy(qubit, h) == pytest.approx(qb.ergotropy(qubit, h), abs=1e-11)


# Gibbs states, and only they, give nothing from any number of copies
def test_completely_passive():
    H = qutip.qdiags([0, 0.579, 1], 0)
    for beta in (0.0, 1.3, 40.0):
        assert is_completely_passive((-beta * H).expm().unit(), H)
    assert is_completely_passive(qutip.fock(3, 0), H)
    assert not is_completely_passive((1.3 * H).expm().unit(), H)  # inverted: not even passive
    assert not is_completely_passive(qutip.qdiags(np.array(FIG3[0]) / 999, 0), H)  # passive, not completely
    p = np.exp(-1.3 * np.array([0, 0.579, 1]))
    assert all(abs(extra_work(p, [0, 0.579, 1], n, normalize=True)) < 6e-16 for n in (2, 5, 30))


# the path of the chapter's example, written out, and its energies
def test_shortest_indirect_path():
    pairs = ["33-13", "13-11", "23-21", "32-12", "22-23", "23-13"]
    steps = [(tuple(tuple(int(c) - 1 for c in label) for label in pair.split("-")),) for pair in pairs]
    ds = follow(ExtractionPath(*PAIR, 2, tuple(steps)), points=9)
    assert float(ds.energy[0, 0]) == pytest.approx(1.76)
    assert ds.energy[:, -1].values == pytest.approx([1.27, 0.78, 0.57, 0.36, 0.396, 0.342])
    assert float(ds.negativity.max()) < 1e-15


# the same work both ways: one through entanglement, one through product states
def test_direct_and_indirect():
    direct, indirect = follow(direct_path(*PAIR, 2)), follow(indirect_path(*PAIR, 2))
    assert (direct.sizes["step"], indirect.sizes["step"]) == (4, 7)
    work = 2 * work_per_copy(*PAIR, 2)
    for ds in (direct, indirect):
        assert float(ds.energy[0, 0] - ds.energy[-1, -1]) == pytest.approx(work, abs=1e-14)
    assert work / 2 == pytest.approx(0.709)
    # N = sqrt(((p_g - p_d)/2)^2 + |c|^2) - (p_g + p_d)/2 for the crossed pair
    peaks = direct.negativity.max("angle").values
    assert peaks == pytest.approx([0.245, 0, 0, 0.009236596587958626], abs=1e-12)
    assert float(indirect.negativity.max()) < 1e-15
    at_once = follow(direct_path(*PAIR, 2, simultaneous=True), points=2101)
    assert float(at_once.negativity.max()) == pytest.approx(0.249141477, abs=1e-6)


# two equal populations: exactly (sqrt 2 - 1)/8 on the direct way
def test_passive_but_not_completely():
    state = (0.5, 0.5, 0.0), (0.0, 0.6, 1.0)
    assert float(follow(direct_path(*state, 2)).negativity.max()) == pytest.approx((math.sqrt(2) - 1) / 8, abs=1e-12)
    assert float(follow(indirect_path(*state, 2)).negativity.max()) < 1e-15


# the state of Fig. 3 is too mixed to get entangled, even on the direct way
@pytest.mark.parametrize(("n", "exchanges", "work"), [(3, 3, 0.00360935023125), (4, 17, 0.01232732918454)])
def test_mixed_state_stays_separable(n, exchanges, work):
    ds = follow(direct_path(*FIG3, n, normalize=True), points=5)
    assert ds.sizes["step"] == exchanges
    assert float(ds.energy[0, 0] - ds.energy[-1, -1]) == pytest.approx(work, abs=1e-13)
    assert float(ds.negativity.max()) < 1e-15


# |22> moves to |13> only where that lowers the energy
def test_middle_level_decides():
    low, high = [0, 0.4, 1], [0, 0.6, 1]
    assert work_per_copy(PAIR[0], low, 2) == pytest.approx(work_per_copy(PAIR[0], low, 1))
    assert work_per_copy(PAIR[0], high, 2) > work_per_copy(PAIR[0], high, 1) + 0.008


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: extra_work([0.538, 0.237, 0.224], [0, 0.579, 1], 2), "normalize=True"),
        (lambda: extra_work([0.5, 0.5], [0, 1, 2], 2), "one number per level"),
        (lambda: extra_work([1.5, -0.5], [0, 1], 2), "not be negative"),
        (lambda: extra_work([0.5, 0.5], [0, 1], 0), "at least 1"),
        (lambda: ExtractionPath(*PAIR, 2, ((((0, 0), (1, 1)), ((1, 1), (2, 2))),)), "disjoint"),
        (lambda: ExtractionPath(*PAIR, 2, ((((0, 0), (0, 3)),),)), "below 3"),
        (lambda: direct_path(*FIG3, 3, simultaneous=True, normalize=True), "disjoint"),
    ],
)
def test_bad_input_is_explained(call, message):
    with pytest.raises(ValueError, match=message):
        call()
