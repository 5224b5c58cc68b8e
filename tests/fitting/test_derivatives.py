"""Derivatives by differences against those of closed forms."""

import numpy as np
import pytest

import qbsim as qb
from qbsim.fitting.data import read_data
from qbsim.fitting.derivatives import Slopes
from qbsim.fitting.model import Model
from qbsim.fitting.problem import Problem
from qbsim.solvers import Settings

T = np.linspace(0, 3, 16)
FREE = (-np.inf, np.inf)


def problem(build, t, measure, operator, free, rho0="plus", solver="auto", bounds=None):
    curves = read_data({measure: (t, 0 * t, 1.0)}, [""], None)
    model = Model(build, {"": rho0}, {measure: operator}, curves, {}, Settings(solver, 1e-10, 1e-12))
    return Problem(model, free, {}, bounds or dict.fromkeys(free, FREE))


def slopes(p, *x):
    x = np.array(x)
    return p.slopes(x, p.values(x))


@pytest.mark.parametrize("solver", ["auto", "dense", "qutip"])
def test_a_cell_has_the_derivatives_of_its_closed_form(solver):
    p = problem(qb.single_cell, T, "l1_coherence", "l1_coherence", ["gamma", "dephasing"], solver=solver)
    found = slopes(p, 0.7, 0.2)
    C = np.exp(-(0.7 / 2 + 0.2) * T)
    tolerance = 1e-7 if solver != "qutip" else 1e-5
    np.testing.assert_allclose(found, np.array([-T * C / 2, -T * C]).T, atol=tolerance)


@pytest.mark.parametrize(("omega", "last"), [(1.0, 3.0), (30.0, 50.0), (3000.0, 1.0), (1e-3, 1e4)])
def test_fast_oscillations_and_long_times_have_their_derivatives(omega, last):
    t = np.linspace(0, last, 60) ** 1.0
    p = problem(qb.single_cell, t, "x", qb.plus(1).proj(), ["omega"])
    found = slopes(p, omega)[:, 0]
    np.testing.assert_allclose(found, -t * np.sin(omega * t) / 2, atol=1e-5 * last)


def test_derivatives_on_a_bound_are_taken_from_one_side():
    p = problem(
        qb.single_cell, T, "energy", "energy", ["gamma", "nbar"], "full", bounds={"gamma": (0, 9), "nbar": (0, 9)}
    )
    found = slopes(p, 0.7, 0.0)
    # E = n/(2n+1) + (1 - n/(2n+1)) exp(-gamma (2n+1) t), derivative at n = 0
    E = np.exp(-0.7 * T)
    np.testing.assert_allclose(found, np.array([-T * E, 1 - E - 1.4 * T * E]).T, atol=1e-6)


def test_derivatives_beyond_a_limit_are_taken_from_inside():
    def pair(gamma_bond):
        return qb.network(qb.linear(2), gamma=1.0, gamma_bond=gamma_bond)

    inside, at = (slopes(problem(pair, T, "energy", "energy", ["gamma_bond"]), x) for x in (1 - 1e-2, 1.0))
    assert np.abs(at - inside).max() < 0.02
    more = slopes(problem(pair, T, "energy", "energy", ["gamma_bond"]), 1 - 1e-4)
    np.testing.assert_allclose(at, more, atol=3e-4)


def test_a_parameter_without_effect_has_a_derivative_of_exactly_zero():
    p = problem(qb.single_cell, T, "energy", "energy", ["gamma", "dephasing"])
    assert (slopes(p, 0.7, 0.2)[:, 1] == 0).all()


def test_sizes_are_kept_and_follow_the_curves():
    f = Slopes(lambda x: np.sin(x[0] * T), np.array([-np.inf]), np.array([np.inf]), 1.0)
    for x in (np.array([1e3]), np.array([1.0])):
        np.testing.assert_allclose(f(x, np.sin(x[0] * T))[:, 0], T * np.cos(x[0] * T), atol=1e-5)
        assert f.sizes[0] < 2


def test_four_cells_have_the_same_derivatives_by_every_solver():
    def chain(gamma, J, dephasing):
        return qb.network(qb.linear(4), omega=[1.0, 1.3, 0.8, 1.1], gamma=gamma, J=J, dephasing=dephasing)

    found = {}
    for solver in ("dense", "network"):
        p = problem(chain, np.linspace(0, 4, 12), "energy", "energy", ["gamma", "J", "dephasing"], solver=solver)
        found[solver] = slopes(p, 0.5, 3.0, 0.2)
    # dense is exact to rounding; an error of 1e-10 over a step of 1e-4 would be 1e-6
    np.testing.assert_allclose(found["network"], found["dense"], atol=1e-6)
