"""Scenarios of a hundred cells: their formulas against other routes, and what their tables do with wrong numbers."""

from importlib import import_module
from itertools import product
from math import comb

import numpy as np
import pytest
import xarray as xr

import qbsim as qb
from qbsim.ledger.claims import FAILS
from scenarios.beyond import dark_states, lossy_dicke, many_cells


@pytest.mark.parametrize("p", [0.1, 0.5, 0.75])
@pytest.mark.parametrize("N", [2, 3, 4])
def test_dark_states_are_those_of_the_whole_liouvillian(N, p):
    # stationary part of the state: right null vectors of L, weighted by the left ones
    battery = qb.network(qb.all_to_all(N), N, omega=0.0, gamma=1.0, gamma_bond=1.0)
    rho = stationary(battery, qb.classical(N, p))
    H0 = qb.network((), N).H0
    assert dark_states.kept(N, p) == pytest.approx((qb.energy(rho, H0), qb.ergotropy(rho, H0)), abs=1e-9)


def stationary(battery, rho):
    """End of the evolution under the loss alone: the projection on the null space of the Liouvillian."""
    import qutip
    from scipy.linalg import null_space

    L = qutip.liouvillian(None, battery.c_ops).full()
    right, left = null_space(L, rcond=1e-10), null_space(L.conj().T, rcond=1e-10)
    x = qutip.operator_to_vector(rho if rho.isoper else rho.proj())
    end = right @ np.linalg.solve(left.conj().T @ right, left.conj().T @ x.full())
    return qutip.vector_to_operator(qutip.Qobj(end, dims=x.dims))


@pytest.mark.parametrize("p", [0.3, 0.5, 0.8])
def test_kept_ergotropy_is_that_of_sorted_eigenvalues(p):
    # twelve cells: all 4096 eigenvalues of rho and of H0, one by one
    N, w, d = 12, dark_states.weights(12, p), dark_states.copies(12)
    eigenvalues = np.sort(np.repeat(np.append(w, 0.0), [*d, 2**N - sum(d)]))[::-1]
    levels = np.sort([sum(bits) for bits in product((0, 1), repeat=N)])
    energy = sum(k * n * x for k, (n, x) in enumerate(zip(d, w, strict=True)))
    assert sum(n * x for n, x in zip(d, w, strict=True)) == pytest.approx(1.0, abs=1e-12)
    assert dark_states.kept(N, p) == pytest.approx((energy, energy - eigenvalues @ levels), abs=1e-12)


def test_copies_of_blocks_fill_the_space():
    # sum_k d_k (N - 2k + 1) = 2^N, exactly
    assert sum(d * (101 - 2 * k) for k, d in enumerate(dark_states.copies(100))) == 2**100
    assert sum(dark_states.copies(100)) == comb(100, 50)


@pytest.mark.parametrize("p", [0.75, 0.7, 0.65])
def test_many_cells_keep_a_number_of_quanta(p):
    # energy N (1 - p) - r/(1 - r); ergotropy of one block in full and a part of the next, r = (1 - p)/p
    r, (energy, ergotropy) = (1 - p) / p, dark_states.kept(1000, p)
    assert energy == pytest.approx(1000 * (1 - p) - r / (1 - r), abs=1e-6)
    assert ergotropy == pytest.approx(dark_states.limit(p), rel=2e-2 if p < 0.7 else 1e-3)
    if r < 0.5:
        assert dark_states.limit(p) == pytest.approx(r**2 / (1 - r) ** 2)
    assert dark_states.limit(p) == pytest.approx(dark_states.limit(1 - p))


@pytest.mark.parametrize("state", ["plus", "full"])
@pytest.mark.parametrize("N", [3, 10, 40])
def test_nothing_stays_of_states_of_the_largest_spin(N, state):
    # |+...+> and the full state lie in j = N/2, whose lowest level is the ground state
    battery = qb.network(qb.all_to_all(N), N, gamma=1.0, gamma_bond=1.0)
    ds = qb.evolve(battery, state, [0.0, 30.0], "energy")
    assert abs(float(ds.energy[-1])) < 1e-9 * N


@pytest.mark.parametrize("state", ["classical", "plus", "full"])
def test_star_keeps_what_the_whole_liouvillian_keeps(state):
    battery = qb.network(qb.central(4), 4, gamma=1.0, gamma_bond=1 / np.sqrt(3))
    rho = {"classical": qb.classical(4), "plus": qb.plus(4), "full": qb.full(4)}[state]
    end, H0 = stationary(battery, rho), qb.network((), 4).H0
    energy, ergotropy, purity, *_ = dark_states.settled("central", 4, state)
    assert energy == pytest.approx(qb.energy(end, H0), abs=1e-7)
    assert ergotropy == pytest.approx(qb.ergotropy(end, H0), abs=1e-7)
    assert purity == pytest.approx(float((end * end).tr().real), abs=1e-7)


@pytest.mark.parametrize("geometry", many_cells.FRACTIONS)
@pytest.mark.parametrize("state", many_cells.STATES)
def test_initial_loss_is_the_slope_of_the_energy(geometry, state):
    net = many_cells.battery(geometry, 4)
    rho = {"plus": qb.plus(4).proj(), "classical": qb.classical(4)}[state]
    falls = sum((c.dag() * c * net.H0 - c.dag() * net.H0 * c) for c in net.c_ops)  # -dE/dt, real part
    slope = qb.evolve(net, rho, np.linspace(0, 1e-3, 3), "energy").energy.values
    power = (3 * slope[0] - 4 * slope[1] + slope[2]) / 1e-3
    assert power == pytest.approx((falls * rho).tr().real, rel=1e-5)
    alone = net.decay_matrix[0, 0] * slope[0]
    assert power / alone == pytest.approx(many_cells.initial_loss(net, state), rel=1e-5)


def test_peak_lies_between_the_samples():
    t = np.linspace(0, 1, 11)
    assert many_cells.peak(t, 2 - (t - 0.537) ** 2) == pytest.approx(2.0, abs=1e-12)
    assert many_cells.peak(t, np.exp(-t)) == 1.0  # falls from the start: the parabola has no largest value


def test_exponent_of_a_power_law_has_no_error():
    N = np.array([30, 50, 70, 100])
    curve = xr.DataArray(3.0 * N**-0.75, {"N": N}, "N")
    assert many_cells.exponent(curve) == pytest.approx((-0.75, 0.0), abs=1e-12)
    bent = xr.DataArray(1 / (N * (1 + 5 / N)), {"N": N}, "N")  # slope -1 + 5/(N + 5): -0.86 to -0.95
    slope, error = many_cells.exponent(bent)
    assert (slope - error, slope + error) == pytest.approx((-1 + 5 / 105, -1 + 5 / 35), abs=0.01)
    assert many_cells.tends("x", bent, -1).verdict == "holds"
    assert many_cells.tends("x", bent, -0.8).verdict == FAILS


@pytest.mark.parametrize("way", lossy_dicke.WAYS)
def test_power_of_the_lossy_dicke_battery_is_that_of_its_cells_one_by_one(way):
    # cells as tensor factors, solved by QuTiP; the largest power found by another search
    n, losses = 2, lossy_dicke.WAYS[way][0]
    battery = qb.dicke(n, lam=lossy_dicke.COUPLING, photons=24, space="tensor", **losses)
    t = np.linspace(0, 1.2, 25)
    found = qb.charging.max_power(battery, qb.dicke_start(battery), t, solver="qutip").value
    assert lossy_dicke.powers(n, losses, 2 * n + lossy_dicke.PHOTONS)[0] == pytest.approx(found, rel=1e-5)


@pytest.mark.parametrize(
    ("name", "variable", "by"),
    [
        ("dark_states", "energy", 1e-5),
        ("dark_states", "ergotropy_some", 1e-5),
        ("dark_states", "energy_start", 1e-8),
        ("dark_states", "purity_star", -1e-4),
        ("many_cells", "loss_start", 1e-6),
        ("many_cells", "gamma_bond", 1e-6),
        ("lossy_dicke", "coarse", 1e-3),
        ("lossy_dicke", "cutoff_change", 1e-5),
    ],
)
def test_wrong_numbers_fail(name, variable, by, quick):
    ds = quick(name).copy(deep=True)
    claims = import_module(f"scenarios.beyond.{name}").claims
    assert FAILS not in [c.verdict for c in claims(ds)]
    ds[variable] += by
    assert FAILS in [c.verdict for c in claims(ds)]


@pytest.fixture(scope="module")
def quick():
    """Data of the quick run of a scenario, once for all tests."""
    known = {}

    def data(name):
        if name not in known:
            known[name] = import_module(f"scenarios.beyond.{name}").compute(quick=True)
        return known[name]

    return data
