"""Trajectories of kets: the state without jumps, the mean against the master equation, and what is refused."""

import numpy as np
import pytest
import qutip
import scipy.linalg

import qbsim as qb
from qbsim import operators
from qbsim.states import read_state, uncharged
from qbsim.unravelling.kets import KetEngine, KetEnsemble, why_not
from qbsim.unravelling.no_jump import flow_of

R = 400


def engine(battery, rho0, times):
    start = read_state(rho0, battery.dims)
    assert why_not(battery, start) == ""
    return KetEngine(battery, start, np.asarray(times, dtype=float))


def rngs(seed, count):
    return (np.random.default_rng(np.random.SeedSequence([seed, k])) for k in range(count))


def ring(**more):
    arguments = {"omega": [1.0, 2.0, 3.0], "J": 2.0, "gamma": 1.0, "gamma_bond": 0.4, "dephasing": 0.3, "nbar": 0.2}
    return qb.network(qb.circular(3), **arguments | {"x": 0.5} | more)


def driven():
    """Everything depends on time: the drive and one of the losses."""
    a = qutip.destroy(3)
    H0 = qutip.num(3)
    H = [H0, [a + a.dag(), lambda t: 1.5 * np.cos(t)]]
    return qb.Battery(H0, H, [[a, lambda t: 1 + 0.5 * np.sin(2 * t)], 0.3 * H0], N=1)


def charger():
    """A driven cell that charges another one, of which the energy is taken."""
    dims = [2, 2]
    lower = [operators.lowering(k, 2) for k in range(2)]
    H = lower[0].dag() * lower[1] + lower[1].dag() * lower[0] + 0.8 * (lower[0] + lower[0].dag())
    assert H.dims == [dims, dims]
    return qb.Battery(qutip.num(2), H, [0.6 * lower[0], 0.3 * lower[1]], N=1, cells=[1])


mixed = qutip.Qobj(np.diag([0.1, 0.2, 0.3, 0.05, 0.15, 0.05, 0.1, 0.05]), dims=[[2] * 3] * 2)
entangled = 0.7 * qutip.ghz_state(3).proj() + 0.3 * qutip.w_state(3).proj()
tilted = (qutip.basis(2, 0) + 0.5j * qutip.basis(2, 1)).unit()
CASES = {
    "product ket": (ring(), "plus", 1.5),
    "product of mixed cells": (ring(), qutip.Qobj([[0.4, 0.2], [0.2, 0.6]]), 1.5),
    "diagonal": (ring(), mixed, 1.5),
    "correlated and mixed": (ring(), entangled, 1.5),
    "one ket of a cell": (ring(H0="battery"), tilted, 1.5),
    "three levels, all moving": (driven(), qutip.basis(3, 1), 2.0),
    "driven network": (ring(x=lambda t: np.sin(3 * t)), "full", 0.9),
    "with a charger": (charger(), uncharged(charger()), 4.0),
    "no loss": (qb.drive(2), uncharged(qb.drive(2)), 3.0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_mean_is_that_of_the_master_equation(name):
    """Every element of the density matrix, and the energy, within 4.5 standard errors of `evolve`.

    What happens to less than 3 in R trajectories may not be among them at all.
    """
    battery, rho0, end = CASES[name]
    times = np.linspace(0, end, 4)
    exact = qb.evolve(battery, rho0, times, "energy", states=True)
    run = engine(battery, rho0, times)
    found = [run.run(rng) for rng in rngs(1, R)]
    for i in range(len(times)):
        kets = np.array([t.states[i] for t in found])
        np.testing.assert_allclose(np.linalg.norm(kets, axis=1), 1, atol=1e-12)
        outer = np.einsum("ra,rb->rab", kets, kets.conj())
        for part in (np.real, np.imag):
            off = part(outer.mean(axis=0) - exact.rho[i].values)
            assert (np.abs(off) <= 4.5 * part(outer).std(axis=0) / np.sqrt(R) + (3 / R if i else 1e-7)).all()
        energies = run.ensemble(kets).energies
        assert abs(energies.mean() - float(exact.energy[i])) <= 4.5 * energies.std() / np.sqrt(R) + 1e-7


def no_jump_reference(battery, ket, t):
    """exp(-i t H_eff) of the ket."""
    A = -1j * battery.H.full() - 0.5 * sum(c.dag() * c for c in battery.c_ops).full()
    return scipy.linalg.expm(t * A) @ ket


@pytest.mark.parametrize("omega", [1.0, 300.0])
def test_kets_between_jumps_are_those_of_the_exponential(omega):
    """Norms to 1e-8 and kets to a phase, also over many steps of the series."""
    battery = ring(omega=[omega, 2 * omega, 3 * omega])
    ket = read_state("plus", battery.dims).whole.full()[:, 0]
    flow, times = flow_of(battery, np.array([0.0, 2.0])), np.linspace(0.01, 1.99, 5)
    steps = list(flow.steps(ket, 0.0))
    for t in times:
        step = next(s for s in steps if s.start <= t <= s.end)
        exact = no_jump_reference(battery, ket, t)
        norm = np.vdot(exact, exact).real
        assert abs(step.norm(t) - norm) < 1e-8 * norm
        assert abs(np.vdot(step.ket(t), step.ket(t)).real - norm) < 1e-8 * norm
        assert abs(abs(np.vdot(step.ket(t), exact)) - norm) < 1e-8 * norm
    assert (len(steps) > 100) == (omega > 100)


def test_kets_between_jumps_of_a_generator_that_only_looks_moving():
    """The Runge-Kutta steps of a constant H against the exponential, 1e-8."""
    battery = ring(x=lambda t: 0.5)
    ket = read_state("plus", battery.dims).whole.full()[:, 0]
    steps = list(flow_of(battery, np.array([0.0, 2.0])).steps(ket, 0.0))
    for t in np.linspace(0.05, 1.95, 5):
        step = next(s for s in steps if s.start <= t <= s.end)
        exact = no_jump_reference(ring(), ket, t)
        assert abs(step.norm(t) - np.vdot(exact, exact).real) < 1e-8
        assert abs(np.vdot(step.ket(t), exact)) ** 2 == pytest.approx(np.vdot(exact, exact).real ** 2, abs=1e-8)


def test_the_time_of_a_jump_is_where_the_norm_has_fallen():
    """One decaying cell: |psi(t)|^2 = exp(-gamma t)."""
    flow = flow_of(qb.single_cell(omega=50.0, gamma=0.7), np.array([0.0, 10.0]))
    for u in (0.9, 0.5, 0.01):
        at = [t for s in flow.steps(np.array([0, 1.0 + 0j]), 0.0) if (t := s.falls_to(u)) is not None]
        assert at[0] == pytest.approx(-np.log(u) / 0.7, rel=1e-11)


def test_one_trajectory_depends_on_its_own_numbers_only():
    """Also after others have made the shared path without jumps."""
    run, times = engine(ring(), "plus", [0.0, 0.5, 1.0]), [0.0, 0.5, 1.0]
    for rng in rngs(0, 5):
        run.run(rng)
    for a, b in zip(rngs(7, 5), rngs(7, 5), strict=True):
        first, second = run.run(a), engine(ring(), "plus", times).run(b)
        assert first.states.tobytes() == second.states.tobytes()
        assert first.jumps.tolist() == second.jumps.tolist()


def test_jumps_are_counted():
    """A cell that decays jumps once, sooner or later: probability 1 - exp(-gamma t)."""
    run = engine(qb.single_cell(gamma=1.0), "full", [0.0, 0.7, 60.0])
    found = [run.run(rng) for rng in rngs(3, R)]
    jumps = np.array([t.jumps for t in found])
    assert set(jumps[:, 0]) == {0}
    assert set(jumps[:, 2]) == {1}
    p = 1 - np.exp(-0.7)
    assert abs(jumps[:, 1].mean() - p) < 4 * np.sqrt(p * (1 - p) / R)


def test_one_time_is_the_initial_state():
    for battery in (ring(), driven()):
        rho0 = uncharged(battery)
        (state,) = engine(battery, rho0, [0.3]).run(np.random.default_rng(0)).states
        assert abs(state[0]) == 1


class TestEnsemble:
    def test_overlaps_and_cells(self):
        rng = np.random.default_rng(0)
        kets = rng.normal(size=(5, 8)) + 1j * rng.normal(size=(5, 8))
        kets /= np.linalg.norm(kets, axis=1)[:, None]
        for battery in (ring(), ring(H0="battery")):
            found = KetEnsemble(kets, battery)
            rows, columns = np.array([0, 3]), np.array([1, 2, 4])
            exact = np.array([[np.vdot(kets[r], kets[s]) for s in columns] for r in rows])
            np.testing.assert_allclose(found.overlaps(rows, columns), exact, atol=1e-14)
            np.testing.assert_allclose(found.squared_overlaps(rows, columns), np.abs(exact) ** 2, atol=1e-14)
            states = [qutip.Qobj(ket, dims=[[2] * 3, [1] * 3]) for ket in kets]
            np.testing.assert_allclose(found.energies, [qutip.expect(battery.H0, s) for s in states], atol=1e-12)
            for r, k in np.ndindex(5, 3):
                np.testing.assert_allclose(found.cells[r, k], states[r].ptrace(k).full(), atol=1e-14)
            levels = np.linalg.eigvalsh(battery.H0.full())
            np.testing.assert_allclose(found.levels.lowest(8), levels, atol=1e-10)
            assert len(found) == 5
            assert found.unitaries() == {}

    def test_other_dimensions_have_no_two_level_cells(self):
        found = KetEnsemble(np.eye(3, dtype=complex), driven())
        assert found.cells.shape == (3, 0, 2, 2)
        assert found.energies.tolist() == [0, 1, 2]


def superoperator():
    H = qutip.num(2)
    return qb.Battery(H, H, [qutip.lindblad_dissipator(qutip.destroy(2))], N=1)


def unphysical():
    with pytest.warns(qb.UnphysicalWarning):
        return qb.network(qb.linear(2), omega=1.0, gamma=1.0, gamma_bond=1.5, allow_unphysical=True)


REFUSED = {
    "superoperators among c_ops": (superoperator, "full"),
    "negative rate": (unphysical, "full"),
    "more than 65536 levels": (lambda: qb.network(qb.circular(17), omega=1.0, gamma=1.0), "full"),
    "an H0 that is not diagonal": (lambda: qb.network(qb.linear(12), omega=1.0, J=1.0, H0="battery"), "full"),
    "not in the product space": (lambda: qb.dicke(2, lam=0.1), None),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_kets_cannot_do(words):
    make, rho0 = REFUSED[words]
    battery = make()
    start = read_state(uncharged(battery) if rho0 is None else rho0, battery.dims)
    assert words in why_not(battery, start)


@pytest.mark.parametrize("name", ["product ket", "diagonal", "three levels, all moving"])
def test_jumps_less_the_integral_of_their_rate_are_zero_on_average(name):
    """The integral is also that of sum_m |L_m psi|^2 along the trajectory, by the trapezoidal rule."""
    battery, rho0, end = CASES[name]
    times = np.linspace(0, end, 400)
    run = engine(battery, rho0, times)
    found = [run.run(rng) for rng in rngs(4, 100)]
    excess = np.array([t.jumps - t.hazard for t in found])[:, -1]
    assert abs(excess.mean()) < 4 * excess.std() / 10
    still = next(t for t in found if t.jumps[-1] == 0)
    rates = [
        sum(np.vdot(k, k).real for k in run._flow.jumps(ket, t)) for ket, t in zip(still.states, times, strict=True)
    ]
    assert still.hazard[-1] == pytest.approx(np.trapezoid(rates, times), rel=1e-4)
