"""Fits whose best values lie on a bound, or on the limit beyond which a network is refused."""

import numpy as np
import pytest

import qbsim as qb
from qbsim.fitting.likelihood import Likelihood
from qbsim.fitting.minimize import constrained_step, minimize
from qbsim.fitting.model import Refused

T = np.linspace(0, 4, 25)
LIMIT = 1 / np.sqrt(3)  # of gamma_bond / gamma, star of four cells: -1 / lambda_min of its adjacency matrix
SIGMA = 0.02


def star(gamma, gamma_bond, dephasing=0.1):
    return qb.network(qb.central(4), gamma=gamma, gamma_bond=gamma_bond, dephasing=dephasing, J=0.5)


def on_limit(gamma, ratio, dephasing=0.1):
    """The same star, its gamma_bond as a part of the limit, so that the bound of a parameter is the limit."""
    return star(gamma, ratio * gamma * LIMIT * (1 - 1e-12), dephasing)


def data(seed, gamma_bond=LIMIT * (1 - 1e-9)):
    energy = qb.evolve(star(1.0, gamma_bond), "plus", T, "energy").energy.values
    return {"energy": (T, energy + SIGMA * np.random.default_rng(seed).normal(size=T.size), SIGMA)}


def test_gamma_bond_alone_stops_at_the_limit():
    result = qb.fit(star, data(3), {"gamma": 1.0, "gamma_bond": 0.1}, rho0="plus", fixed=["gamma"])
    free = qb.fit(
        on_limit, data(3), {"gamma": 1.0, "ratio": 0.1}, rho0="plus", fixed=["gamma"], bounds={"ratio": (-1, 1)}
    )
    if free.values["ratio"] == 1:
        assert result.params["gamma_bond"].value == pytest.approx(LIMIT, rel=1e-6)
        assert result.notes[0].startswith("gamma_bond lies on the limit of a positive decay matrix")
        assert result.params["gamma_bond"].stderr is None
    else:
        assert result.params["gamma_bond"].value == pytest.approx(free.values["ratio"] * LIMIT, rel=1e-4)


def test_a_fit_reaches_the_best_point_on_the_limit():
    # with the ratio as a parameter the limit is a bound, which is followed without any search for limits
    start, ends = {"gamma": 0.7, "dephasing": 0.3}, []
    for seed in (0, 1, 3):
        result = qb.fit(star, data(seed), start | {"gamma_bond": 0.1}, rho0="plus")
        other = qb.fit(on_limit, data(seed), start | {"ratio": 0.2}, rho0="plus", bounds={"ratio": (-0.5, 1)})
        assert result.success
        assert result.chisqr == pytest.approx(other.chisqr, abs=1e-4)
        for name in start:
            assert result.values[name] == pytest.approx(other.values[name], abs=2e-3 * other.params[name].stderr + 1e-6)
        ends.append(other.values["ratio"] == 1)
        assert any("limit of a positive decay matrix" in note for note in result.notes) == ends[-1]
        if ends[-1]:
            for name in start:
                assert result.params[name].stderr == pytest.approx(other.params[name].stderr, rel=1e-2)
    assert any(ends)
    assert not all(ends)


def test_a_start_on_the_limit_and_on_a_bound_is_left():
    start = {"gamma": 1.0, "gamma_bond": LIMIT, "dephasing": 0.0}
    corner = qb.fit(star, data(3), start, rho0="plus")
    inside = qb.fit(star, data(3), {"gamma": 0.7, "gamma_bond": 0.1, "dephasing": 0.3}, rho0="plus")
    assert corner.success
    assert corner.chisqr == pytest.approx(inside.chisqr, abs=1e-4)


def test_data_far_beyond_the_limit_end_on_it():
    # curves of a decay matrix with a negative rate, so close to the limit that populations stay positive
    with pytest.warns(qb.UnphysicalWarning):
        beyond = qb.network(
            qb.central(4), gamma=1.0, gamma_bond=1.1 * LIMIT, J=0.5, dephasing=0.1, allow_unphysical=True
        )
    energy = qb.evolve(beyond, "plus", T[:15], "energy").energy.values
    result = qb.fit(star, {"energy": (T[:15], energy, 0.001)}, {"gamma": 0.9, "gamma_bond": 0.3}, rho0="plus")
    ratio = result.values["gamma_bond"] / result.values["gamma"]
    assert result.success
    assert ratio == pytest.approx(LIMIT, rel=1e-6)
    assert result.notes[-1].startswith("gamma and gamma_bond lie on the limit of a positive decay matrix")


def test_an_interval_ends_at_the_limit():
    held = {"rho0": "plus", "fixed": ["gamma"]}
    result = qb.fit(star, data(1), {"gamma": 1.0, "gamma_bond": 0.5}, **held)
    low, high = result.interval("gamma_bond")
    assert low < result.values["gamma_bond"] <= high <= LIMIT * (1 + 1e-6)


# --- bounds ---------------------------------------------------------------------------------------------


def coherence(dephasing, seed, sigma=0.01):
    t = np.linspace(0, 2, 20)
    return {"l1_coherence": (t, np.exp(-dephasing * t) + sigma * np.random.default_rng(seed).normal(size=20), sigma)}


def test_a_parameter_on_its_bound_has_no_standard_error_and_a_one_sided_interval():
    seed = next(k for k in range(50) if np.sum(coherence(0.0, k)["l1_coherence"][1] - 1) > 0.05)
    result = qb.fit(qb.single_cell, coherence(0.0, seed), {"dephasing": 0.1}, rho0="plus")
    assert result.params["dephasing"].value == 0.0
    assert result.params["dephasing"].stderr is None
    assert "dephasing lies on its lowest allowed value, 0" in result.notes[0]
    low, high = result.interval("dephasing")
    assert low == 0.0
    # the estimate without the bound is negative, so the limit is below 1.64 standard errors of exp(-d t), -t
    sigma = 0.01 / np.linalg.norm(np.linspace(0, 2, 20))
    assert 0.1 * sigma < high < 1.7 * sigma


def test_bounds_of_the_user_hold():
    result = qb.fit(qb.single_cell, coherence(0.5, 1), {"dephasing": 0.1}, rho0="plus", bounds={"dephasing": (0, 0.3)})
    assert result.params["dephasing"].value == 0.3
    assert any("highest allowed value, 0.3" in note for note in result.notes)
    assert result.notes[0].startswith("Chi squared is")  # 0.5 is what the data want
    assert result.params["dephasing"].max == 0.3


# --- the minimisation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(30))
def test_a_step_with_bounds_is_the_one_of_scipy(seed):
    from scipy.optimize import lsq_linear

    rng = np.random.default_rng(seed)
    J, r = rng.normal(size=(8, 3)), rng.normal(size=8)
    low, high = -rng.uniform(0, 0.3, 3), rng.uniform(0, 0.3, 3)
    p = constrained_step(J, r, np.ones(3), 0.0, np.vstack([-np.eye(3), np.eye(3)]), np.r_[-low, high])
    np.testing.assert_allclose(p, lsq_linear(J, -r, (low, high), tol=1e-14).x, atol=1e-7)


class Ball:
    """A linear problem of least squares whose values are refused outside of a ball."""

    def __init__(self, A, y, radius, low=-np.inf):
        from qbsim.fitting.data import Curve

        self.A, self.radius, self.least = A, radius, 1.0
        self.likelihood = Likelihood([Curve("y", "", np.arange(len(y)), y, np.ones(len(y)), None)])
        self.low, self.high = np.full(A.shape[1], low), np.full(A.shape[1], np.inf)

    def refusal(self, x):
        return f"the radius is {np.linalg.norm(x):g}" if np.linalg.norm(x) > self.radius else ""

    def values(self, x):
        if reason := self.refusal(x):
            raise Refused(reason)
        return self.A @ x

    def slopes(self, x, f):
        return self.A


@pytest.mark.parametrize("seed", range(20))
def test_a_curved_limit_is_followed_to_the_best_point_on_it(seed):
    from scipy.optimize import minimize as reference

    rng = np.random.default_rng(seed)
    A, y = rng.normal(size=(8, 3)), 3 * rng.normal(size=8)
    ball = Ball(A, y, 0.5)
    found = minimize(ball, np.zeros(3))
    best = reference(
        lambda x: np.sum((A @ x - y) ** 2),
        np.zeros(3),
        method="SLSQP",
        constraints={"type": "ineq", "fun": lambda x: 0.25 - x @ x},
        options={"ftol": 1e-12},
    )
    assert np.linalg.norm(found.x) <= 0.5
    assert found.cost == pytest.approx(best.fun, rel=1e-4)
