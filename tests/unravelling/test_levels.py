"""Levels of sums of fields, and the least energies at a given entropy or purity."""

import numpy as np
import pytest
from scipy.optimize import minimize

from qbsim.unravelling.levels import Levels


def sums(omega):
    """All levels, ascending."""
    levels = np.zeros(1)
    for w in omega:
        levels = np.concatenate([levels, levels + w])
    return np.sort(levels)


def sums_up_to(most, ascending):
    """All sums up to a limit, one subset after the other."""
    found = [0.0]
    for k, w in enumerate(ascending):
        if w > most:
            break
        found += [w + rest for rest in sums_up_to(most - w, ascending[k + 1 :])]
    return found


FIELDS = {
    "random": np.random.default_rng(1).normal(size=10),
    "positive": np.random.default_rng(2).uniform(0, 5, 12),
    "equal": np.full(9, 1.5),
    "with zeros": np.array([0.0, 0.0, 1.0, -2.0, 2.0]),
    "all zero": np.zeros(4),
    "one": np.array([-1.0]),
}


@pytest.mark.parametrize("name", FIELDS)
def test_lowest_levels_are_those_of_the_full_list(name):
    exact, levels = sums(FIELDS[name]), Levels(FIELDS[name])
    assert levels.size == len(exact)
    assert (levels.ground, levels.top) == pytest.approx((exact[0], exact[-1]), abs=1e-12)
    for n in (1, 2, 7, 100, len(exact), 10 * len(exact)):
        assert np.allclose(levels.lowest(n), exact[:n], atol=1e-12)
        above = exact[n:].mean() if n < len(exact) else exact[-1]
        assert levels.mean_above(n) == pytest.approx(above, abs=1e-11)
    assert levels.mean_above(0) == pytest.approx(exact.mean(), abs=1e-12)


@pytest.mark.parametrize("N", [40, 100, 1500])
def test_levels_of_long_chains_need_no_list_of_all(N):
    omega = np.random.default_rng(N).uniform(0.1, 60, N)
    levels = Levels(omega)
    few = levels.lowest(3000)
    assert levels.size == 2**N
    assert np.all(np.diff(few) >= 0)
    assert few == pytest.approx(np.sort(sums_up_to(few[-1] + 1e-9, np.sort(omega))))
    assert levels.mean_above(3000) == pytest.approx(omega.sum() / 2, rel=1e-8)


@pytest.mark.parametrize("name", ["random", "positive", "equal", "with zeros"])
def test_gibbs_energy_of_fields_and_of_their_spectrum_agree(name):
    omega = FIELDS[name]
    levels, listed = Levels(omega), Levels.of_spectrum(sums(omega)[::-1])
    most = len(omega) * np.log(2)
    for entropy in (0, 1e-3, 0.1 * most, 0.5 * most, 0.99 * most, most, 2 * most):
        assert levels.gibbs_energy(entropy) == pytest.approx(listed.gibbs_energy(entropy), abs=1e-9)
    assert levels.gibbs_energy(2 * most) == pytest.approx(omega.sum() / 2)


def test_gibbs_energy_is_that_of_the_gibbs_state():
    e = sums(FIELDS["random"])
    p = np.exp(-0.7 * (e - e[0]))
    p /= p.sum()
    assert Levels(FIELDS["random"]).gibbs_energy(-p @ np.log(p)) == pytest.approx(p @ e, abs=1e-10)


def test_entropy_inside_the_ground_level_costs_nothing():
    levels = Levels(np.array([0.0, 0.0, 3.0]))
    assert levels.gibbs_energy(np.log(4)) == 0
    assert levels.gibbs_energy(np.log(3)) == 0
    assert levels.gibbs_energy(1.5) > 0


@pytest.mark.parametrize("purity", [1.0, 0.9, 0.3, 0.1, 0.04])
def test_least_energy_at_a_purity_is_that_of_a_direct_minimisation(purity):
    e = sums(np.random.default_rng(3).uniform(0, 3, 5))
    a, c = Levels.of_spectrum(e).tangent(purity)
    constraints = [
        {"type": "eq", "fun": lambda p: p.sum() - 1},
        {"type": "ineq", "fun": lambda p: purity - p @ p},
    ]
    start = np.full(32, 1 / 32)
    direct = minimize(lambda p: p @ e, start, bounds=[(0, 1)] * 32, constraints=constraints, options={"maxiter": 500})
    assert direct.success
    assert a - c * purity == pytest.approx(direct.fun, abs=2e-5)
    assert a - c * purity >= Levels.of_spectrum(e).gibbs_energy(-np.log(purity)) - 1e-12


@pytest.mark.parametrize("purity", [1.0, 0.5, 0.05, 0.011, 1 / 128, 0.0])
def test_the_tangent_bounds_the_energy_of_every_spectrum(purity):
    rng = np.random.default_rng(4)
    omega = rng.normal(size=7)
    e = sums(omega)
    a, c = Levels(omega).tangent(purity)
    assert c >= 0
    for power in (0, 0.3, 1, 3, 10, 100):
        for _ in range(20):
            p = np.sort(rng.random(128) ** power)[::-1]
            p /= p.sum()
            assert p @ e >= a - c * p @ p - 1e-9 * (1 + c)


def test_least_energy_at_a_purity_of_a_hundred_cells():
    levels = Levels(np.random.default_rng(5).uniform(0, 60, 100))
    for purity in (0.1, 1e-3, 1e-5, 1e-9, 1e-20):
        a, c = levels.tangent(purity)
        assert a - c * purity >= levels.gibbs_energy(-np.log(purity)) - 1e-9
        assert a - c * purity <= levels.mean
