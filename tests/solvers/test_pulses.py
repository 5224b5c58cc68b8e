"""Pulses shorter than the steps: found wherever they are, and what a drive or a solver option must be."""

from math import pi, sqrt

import numpy as np
import pytest
import qutip

import qbsim as qb
from qbsim.battery import Battery
from qbsim.solvers import _pulses as pulses

X, H0 = qutip.destroy(2) + qutip.create(2), qutip.num(2)
SPAN = 10.0
T = np.linspace(0, SPAN, 11)


def gaussian(center, width, area=pi / 2):
    return lambda t: area / (width * sqrt(2 * pi)) * np.exp(-(((t - center) / width) ** 2) / 2)


def driven(coefficient, c_ops=(), **options):
    """One cell under a pulse alone: a pulse of area pi/2 charges it."""
    return Battery(H0, qutip.QobjEvo([0 * H0, [X, coefficient]], **options), c_ops, N=1)


def charge(battery, t=T, **options):
    return float(qb.evolve(battery, qb.empty(1), t, "energy", **options).energy[-1])


@pytest.mark.parametrize("width", [1e-3, 1e-2])
@pytest.mark.parametrize("center", [0.05, 0.1234, 0.3333, 0.5, 0.777, 0.95])
def test_a_pulse_is_seen_wherever_it_is(center, width):
    assert charge(driven(gaussian(center * SPAN, width * SPAN))) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("seed", range(20))
def test_a_pulse_at_a_random_time_is_seen(seed):
    center = np.random.default_rng(seed).uniform(0.01, 0.99) * SPAN
    assert charge(driven(gaussian(center, 1e-3 * SPAN)), [0, SPAN]) == pytest.approx(1, abs=1e-7)


def test_two_pulses_and_one_on_top_of_a_slow_drive():
    first, second = gaussian(2.2222, 0.01, pi / 4), gaussian(8.1, 0.02, pi / 4)
    assert charge(driven(lambda t: first(t) + second(t))) == pytest.approx(1, abs=1e-7)
    # about one axis the areas add: 0.1 sin over the span adds 0.1 (1 - cos 10)
    total = pi / 4 + 0.1 * (1 - np.cos(SPAN))
    assert charge(driven(lambda t: first(t) + 0.1 * np.sin(t))) == pytest.approx(np.sin(total) ** 2, abs=1e-7)


def test_a_pulse_with_losses_is_seen():
    # the cell is charged at 3.3 and relaxes from then on
    energy = charge(driven(gaussian(3.3, 0.01), [qutip.destroy(2)]))
    assert energy == pytest.approx(np.exp(-6.7), rel=1e-2)


def test_a_pulse_of_the_losses_is_seen():
    # rate (0.5 / (0.01 sqrt pi)) exp(-(t - 3.3)^2 / 0.01^2) has the area 0.5
    rate = qutip.QobjEvo([[qutip.destroy(2), lambda t: sqrt(gaussian(3.3, 0.01 / sqrt(2), 0.5)(t))]])
    battery = Battery(H0, H0, [rate], N=1)
    ds = qb.evolve(battery, qb.full(1), [0, SPAN], "energy")
    assert float(ds.energy[-1]) == pytest.approx(np.exp(-0.5), abs=1e-7)


def test_a_pulse_of_a_function_that_returns_operators_is_seen():
    pulse = gaussian(7.123, 1e-2)
    battery = Battery(H0, qutip.QobjEvo(lambda t: pulse(t) * X), N=1)
    assert charge(battery) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("order", [0, 3])
def test_a_pulse_in_an_array_of_samples_is_seen(order):
    # five samples out of 50001: a ten-thousandth of the span
    samples, times = np.zeros(50001), np.linspace(0, SPAN, 50001)
    samples[38883:38888] = pi / 2 / (5 * times[1])
    assert charge(driven(samples, tlist=times, order=order)) == pytest.approx(1, abs=1e-4)


def test_dense_samples_around_a_pulse_are_followed():
    # the caller has put the samples where the pulse is, narrower than any grid over the span would see
    times = np.unique(np.r_[np.linspace(0, SPAN, 11), 4.4 + 1e-3 * np.linspace(-6, 6, 241)])
    battery = driven(gaussian(4.4, 1e-3)(times), tlist=times)
    assert charge(battery) == pytest.approx(1, abs=1e-3)


def test_steps_are_free_where_nothing_depends_on_time():
    assert pulses.pieces([qutip.QobjEvo([H0, [X, lambda t: 2.0]])], T) == [(SPAN, 0.0)]


def test_pieces_tile_the_span_and_are_short_at_the_pulse_only():
    found = pulses.pieces([qutip.QobjEvo([H0, [X, gaussian(5.1, 0.01)]])], T)
    ends = [end for end, _ in found]
    assert ends == sorted(set(ends))
    assert ends[-1] == SPAN
    steps = [step for _, step in found]
    assert min(steps) < 0.02 < 1 < max(steps)
    assert len(found) < 40


@pytest.mark.parametrize("coefficient", [lambda t: np.cos(1e5 * t), lambda t: float(np.sin(300 * t) > 0)])
def test_drives_with_structure_everywhere_are_one_piece(coefficient):
    ((end, step),) = pulses.pieces([qutip.QobjEvo([H0, [X, coefficient]])], T)
    assert end == SPAN
    assert step >= 1e-4 * SPAN


# --- options of the solver ------------------------------------------------------------------------------------------


def test_a_narrower_pulse_is_seen_with_max_step():
    # 2e-5 of the span: below what is looked for, and the documented way out
    battery = driven(gaussian(5.0321, 2e-5 * SPAN))
    assert charge(battery, solver="qutip", options={"max_step": 1e-4 * SPAN}) == pytest.approx(1, abs=1e-6)


def test_options_are_recorded():
    ds = qb.evolve(driven(np.cos), qb.empty(1), T, solver="qutip", options={"method": "lsoda", "max_step": 0.1})
    assert ds.attrs["options"] == '{"method": "lsoda", "max_step": 0.1}'
    assert "options" not in qb.evolve(driven(np.cos), qb.empty(1), T).attrs


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"max_stepp": 0.1}, ValueError, r"Unknown solver option 'max_stepp'. Did you mean 'max_step'"),
        ({"rtol": 1e-6}, ValueError, "use the argument rtol"),
        ({"normalize_output": True}, ValueError, "must not hold 'normalize_output'"),
        ({"max_step": -1}, ValueError, "'max_step' must be a number of at least 0"),
        ({"max_step": np.nan}, ValueError, "'max_step' must be a number"),
        ({"max_step": "0.1"}, ValueError, "'max_step' must be a number"),
        ({"method": 9}, TypeError, "'method' must be a text"),
        ({"method": "vern99"}, ValueError, "QuTiP's method 'vern99'"),
        ([("max_step", 0.1)], TypeError, "options must be a dict"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        charge(driven(np.cos), solver="qutip", options=options)


@pytest.mark.parametrize("solver", ["auto", "dense", "network"])
def test_options_are_for_the_solver_of_qutip(solver):
    with pytest.raises(ValueError, match="Argument options is for solver 'qutip', but solver"):
        qb.evolve(qb.network(qb.linear(2), gamma=1.0), qb.plus(2), T, solver=solver, options={"max_step": 0.1})


# --- drives that are none -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coefficient", [lambda t: 1j * t, lambda t: np.exp(1j * t), lambda t: 1 + 1e-6j])
def test_drives_with_complex_coefficients_are_refused(coefficient):
    with pytest.raises(ValueError, match="The Hamiltonian must be Hermitian at all times"):
        charge(driven(coefficient))


def test_complex_coefficients_with_their_adjoint_are_fine():
    # the rotating drive of textbooks, resonant with the cell
    a = qutip.destroy(2)
    H = qutip.QobjEvo([H0, [a, lambda t: np.exp(1j * t)], [a.dag(), lambda t: np.exp(-1j * t)]])
    assert charge(Battery(H0, H, N=1), [0, pi / 2]) == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_drives_that_are_not_finite_are_refused(value):
    with pytest.raises(ValueError, match="must be finite"):
        charge(driven(lambda t: value if t > 5 else 1.0))


@pytest.mark.parametrize("lam", [lambda t: 0.1j * t, lambda t: 0.1 * np.exp(1j * t), lambda t: 0.1j if t > 0 else 0.1])
def test_complex_couplings_of_the_dicke_model_are_refused(lam):
    with pytest.raises(TypeError, match="Argument lam must return real numbers"):
        qb.evolve(qb.dicke(1, lam=lam, photons=4), qutip.fock([2, 4], [0, 1]), [0, 1])
