"""Work of many copies: the total ergotropy, the ergotropy per copy, and their order."""

import itertools
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from qutip import Qobj, qdiags

import qbsim as qb
from qbsim.measures.many_copies import entropy_deficit, gibbs_energy, gibbs_point, passive_energy_per_copy

LADDER = qutip.num(3)


def diagonal(*entries):
    return qdiags(list(entries), 0)


def gibbs_energy_in_60_digits(p, levels):
    """Energy of the Gibbs state with the entropy of p, by bisection of the entropy itself."""
    with mpmath.workdps(60):
        p, levels = [mpmath.mpf(x) for x in p], [mpmath.mpf(x) for x in levels]
        p = [x / sum(p) for x in p]
        entropy = -sum(x * mpmath.log(x) for x in p if x > 0)

        def gibbs(log_beta):
            weights = [mpmath.exp(-mpmath.exp(log_beta) * e) for e in levels]
            return [w / sum(weights) for w in weights]

        low, high = mpmath.mpf(-60), mpmath.mpf(60)
        for _ in range(220):
            middle = (low + high) / 2
            if -sum(q * mpmath.log(q) for q in gibbs(middle) if q > 0) > entropy:
                low = middle
            else:
                high = middle
        return float(sum(q * e for q, e in zip(gibbs(low), levels, strict=True)))


# Values from arithmetic in 40 digits, with the inverse temperature of the Gibbs state of the same entropy.
CASES = {
    "qubit with coherence": (Qobj([[0.6, 0.2 - 0.1j], [0.2 + 0.1j, 0.4]]), qutip.num(2), 0.14494897427832),
    "qutrit (0.3, 0.7, 0)": (diagonal(0.3, 0.7, 0), LADDER, 0.453568231005),
    "passive, not completely passive": (diagonal(0.6, 0.2, 0.2), LADDER, 0.036322403028391),
    "inverted": (diagonal(0.1, 0.2, 0.7), LADDER, 1.2047397928497),
    "maximally mixed": (qutip.qeye(3) / 3, LADDER, 0.0),
    "pure": (qutip.basis(3, 2), LADDER, 2.0),
    "mixed inside a degenerate ground level": (diagonal(0.3, 0.7, 0), diagonal(0, 0, 1), 0.0),
    "above a degenerate ground level": (diagonal(0.1, 0.2, 0.7), diagonal(0, 0, 1), 0.67187383540225),
    "offset and uneven gaps": (diagonal(0.1, 0.2, 0.7), diagonal(5, 6.5, 7.25), 1.3501210940808),
    "one level": (diagonal(0.1, 0.2, 0.7), 3 * qutip.qeye(3), 0.0),
}


@pytest.mark.parametrize("name", CASES)
def test_total_ergotropy_of_known_states(name):
    rho, H, expected = CASES[name]
    assert qb.total_ergotropy(rho, H) == pytest.approx(expected, abs=3e-14)


@pytest.mark.parametrize("weight", [1e-16, 1e-12, 1e-8, 1e-4])
def test_nearly_pure_states_in_60_digits(weight):
    """Small eigenvalues carry entropy -p ln p far above p: none may be cut off."""
    p = [1 - 2 * weight, weight, weight]
    assert gibbs_energy(entropy_deficit(np.array(p)), LADDER.diag()) == pytest.approx(
        gibbs_energy_in_60_digits(p, [0, 1, 2]), abs=1e-15
    )


@pytest.mark.parametrize("shift", [1e-15, 1e-12, 1e-8, 1e-4, 0.1])
def test_nearly_maximally_mixed_states_in_60_digits(shift):
    """At ln d the energy has infinite slope in the entropy; a difference of entropies would lose half of the digits."""
    p = np.full(3, 1 / 3) + shift * np.array([1, -0.3, -0.7])
    assert gibbs_energy(entropy_deficit(p), np.array([0, 0.3, 2])) == pytest.approx(
        gibbs_energy_in_60_digits(p, [0, 0.3, 2]), abs=1e-14
    )


@pytest.mark.parametrize("gap", [1e-10, 1e-3, 1.0])
def test_nearly_degenerate_ground_levels_in_60_digits(gap):
    p, levels = np.array([0.4, 0.55, 0.03, 0.02]), [0, gap, 1.3, 2]
    assert gibbs_energy(entropy_deficit(p), np.array(levels)) == pytest.approx(
        gibbs_energy_in_60_digits(p, levels), abs=1e-14
    )


states = st.tuples(st.integers(2, 5), st.integers(0, 2**32 - 1))


def random_pair(d, seed):
    rng = np.random.default_rng(seed)
    rho = qutip.rand_dm(d, rank=int(rng.integers(1, d + 1)), seed=rng)
    return rho, qutip.rand_herm(d, seed=rng)


@given(states)
@settings(max_examples=60, deadline=None)
def test_total_ergotropy_lies_between_ergotropy_and_energy(pair):
    """0 <= E <= E_tot <= U - E_ground; the first two are equal for d = 2, where every passive state is thermal."""
    rho, H = random_pair(*pair)
    work, total = qb.ergotropy(rho, H), qb.total_ergotropy(rho, H)
    assert -1e-12 <= work <= total + 1e-12
    assert total <= qb.energy(rho, H) - H.eigenenergies()[0] + 1e-12
    if pair[0] == 2:
        assert total == pytest.approx(work, abs=1e-12)


@given(states)
@settings(max_examples=40, deadline=None)
def test_total_ergotropy_is_the_least_relative_entropy_per_inverse_temperature(pair):
    """E_tot = min over beta of D(rho || gibbs)/beta: every beta is a bound, and one reaches it."""
    rho, H = random_pair(*pair)
    levels = H.eigenenergies()
    total, U, S = qb.total_ergotropy(rho, H), qb.energy(rho, H), qb.entropy(rho)
    own = float(gibbs_point(np.array(np.log(len(levels)) - S), levels)[1])
    for beta in [0.1, 1.0, 10.0, *([own] if np.isfinite(own) else [])]:
        log_Z = np.log(np.sum(np.exp(-beta * (levels - levels[0])))) - beta * levels[0]
        assert (beta * U - S + log_Z) / beta >= total - 1e-11
        if beta == own:
            assert (beta * U - S + log_Z) / beta == pytest.approx(total, abs=1e-11)


def test_only_differences_of_energy_count_and_the_unit_scales():
    rho, H = random_pair(4, 7)
    total = qb.total_ergotropy(rho, H)
    assert qb.total_ergotropy(rho, H - 40) == pytest.approx(total, abs=1e-12)
    assert qb.total_ergotropy(rho, 1e-3 * H) == pytest.approx(1e-3 * total, abs=1e-15)


def test_total_ergotropy_is_not_convex():
    """The counterexample: mixing two states of low total ergotropy gives a state with more than the mean."""
    a, b = diagonal(0.99, 0.005, 0.005), diagonal(0.8, 0.1, 0.1)
    mean = (qb.total_ergotropy(a, LADDER) + qb.total_ergotropy(b, LADDER)) / 2
    assert mean == pytest.approx(0.019089095135, abs=1e-12)
    assert qb.total_ergotropy((a + b) / 2, LADDER) == pytest.approx(0.024202925304, abs=1e-12)


def brute_force(p, levels, n):
    """Sort every eigenvalue of n copies against every level."""
    r = sorted((np.prod(x) for x in itertools.product(p, repeat=n)), reverse=True)
    e = sorted(sum(x) for x in itertools.product(levels, repeat=n))
    return np.dot(r, e) / n


@pytest.mark.parametrize(
    ("p", "levels"),
    [
        ([0.2, 0.8], [0.3, 1.1]),
        ([0.3, 0.7, 0.0], [0, 1, 2]),
        ([0.25, 0.25, 0.5], [0, 0.579, 1]),
        ([0.5, 0.5], [0, 1]),
        ([0.0, 1.0], [2, 2]),
        ([0.1, 0.2, 0.3, 0.4], [-1, 0, 0, 2.5]),
    ],
)
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_blocks_agree_with_sorting_every_eigenvalue(p, levels, n):
    assert passive_energy_per_copy(p, levels, n) == pytest.approx(brute_force(p, levels, n), abs=1e-13)


def test_exact_fractions_of_a_passive_state_that_five_copies_activate():
    """p = (1/2, 1/3, 1/6) on levels 0, 1, 2: no work from up to four copies, 5/7776 from five, 65/23328 from six."""
    rho = diagonal(1 / 2, 1 / 3, 1 / 6)
    exact = [0, 0, 0, 0, Fraction(5, 7776), Fraction(65, 23328)]
    for n, work in enumerate(exact, start=1):
        assert n * qb.ergotropy_per_copy(rho, LADDER, n) == pytest.approx(float(work), abs=1e-13)


TABLE = {
    1: 0.4,
    2: 0.4,
    3: 0.409,
    4: 0.420925,
    8: 0.428923345,
    16: 0.43787932955373,
    32: 0.44505415599877,
    64: 0.44933142100467,
    128: 0.4513042235415,
    256: 0.45243697428873,
}


def test_work_per_copy_rises_towards_the_total_ergotropy():
    rho = diagonal(0.3, 0.7, 0)
    work = {n: qb.ergotropy_per_copy(rho, LADDER, n) for n in TABLE}
    assert work == pytest.approx(TABLE, abs=1e-12)
    assert sorted(work.values()) == list(work.values())  # copies of copies: never less when n doubles
    assert 0 < qb.total_ergotropy(rho, LADDER) - work[256] < 2e-3


@pytest.mark.parametrize("n", [1, 2, 17, 300])
def test_copies_of_a_qubit_never_help(n):
    """Eigenvalues and levels of n qubits have the same multiplicities."""
    rho = qutip.rand_dm(2, seed=3)
    assert qb.ergotropy_per_copy(rho, qutip.num(2), n) == pytest.approx(qb.ergotropy(rho, qutip.num(2)), abs=1e-12)


def test_local_ergotropy_ignores_correlations_and_never_exceeds_the_global_one():
    """A Bell state is locally passive at half filling and holds all of its energy globally."""
    H = qb.network(((0, 1),)).H0
    bell = qutip.bell_state("00")
    assert qb.local_ergotropy(bell, H) == pytest.approx(0, abs=1e-12)
    assert qb.ergotropy(bell, H) == pytest.approx(1, abs=1e-12)


def test_bad_input_is_refused_with_a_reason():
    with pytest.raises(ValueError, match="sum to 1"):
        qb.total_ergotropy(diagonal(0.5, 0.5 + 5e-9), qutip.num(2))
    with pytest.raises(ValueError, match="trace 1"):
        qb.total_ergotropy(diagonal(0.5, 0.6), qutip.num(2))
    with pytest.raises(ValueError, match="negative"):
        passive_energy_per_copy([1.1, -0.1], [0, 1], 2)
    with pytest.raises(ValueError, match="one entry per level"):
        passive_energy_per_copy([0.5, 0.5], [0, 1, 2], 2)
    with pytest.raises(ValueError, match="at least 1"):
        qb.ergotropy_per_copy(diagonal(0.5, 0.5), qutip.num(2), 0)
    with pytest.raises(ValueError, match="fewer copies"):
        passive_energy_per_copy(np.arange(1, 9) / 36, np.arange(8) ** 1.5, 60)
    with pytest.raises(ValueError, match="Hermitian"):
        qb.total_ergotropy(diagonal(0.5, 0.5), qutip.destroy(2))
