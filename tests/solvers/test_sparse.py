"""Solver `sparse`: random batteries against the dense Liouvillian, weak symmetries, cavities of many cells."""

import math
import warnings

import numpy as np
import pytest
import qutip
import scipy.sparse
from hypothesis import given, settings
from qutip import Qobj, piqs
from random_states import density, seeds
from scipy.linalg import expm

import qbsim as qb
from qbsim.operators import spins
from qbsim.solvers import load, sparse
from qbsim.solvers._reach import coordinates, entries_of, reach, terms_of
from qbsim.states import InitialState

SPACES = [[2], [3], [2, 2], [2, 3], [3, 2], [5], [2, 2, 2], [3, 3], [2, 5], [11], [3, 4], [2, 2, 3]]
MEASURES = ("energy", "ergotropy", "entropy", "purity", "l1_coherence", "power", "power_interaction", "efficiency")


def thinned(d, rng, chance):
    """Sparse complex matrix."""
    return (rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d))) * (rng.random((d, d)) < chance)


def random_battery(rng, decades=1.0, supers=True):
    """Sparse H with degenerate levels, a few sparse jumps of any size, perhaps a superoperator, perhaps a charger."""
    dims = SPACES[rng.integers(len(SPACES))]
    d = math.prod(dims)
    H = thinned(d, rng, 0.3)
    H = Qobj(H + H.conj().T + np.diag(rng.integers(0, 3, d)), dims=[dims, dims])
    jumps = [
        10 ** rng.uniform(-decades, decades / 2) * Qobj(thinned(d, rng, 0.2), dims=[dims, dims])
        for _ in range(rng.integers(0, 4))
    ]
    if supers and rng.random() < 0.4:
        U = Qobj(np.linalg.qr(rng.normal(size=(d, d)))[0], dims=[dims, dims])
        jumps.append(0.3 * (qutip.to_super(U) - qutip.to_super(qutip.qeye(dims))))
    cells = sorted(rng.choice(len(dims), rng.integers(1, len(dims) + 1), replace=False).tolist())
    own = [dims[c] for c in cells]
    H0 = Qobj(np.diag(rng.uniform(0, 2, math.prod(own))), dims=[own, own])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", qb.ModelWarning)
        return qb.Battery(H0, H, jumps, N=len(cells), cells=cells)


def random_start(battery, rng):
    """A basis state, a ket or a mixed state."""
    dims, d = battery.dims, math.prod(battery.dims)
    kind = rng.integers(4)
    if kind == 0:
        return qutip.tensor([qutip.basis(k, int(rng.integers(k))) for k in dims])
    if kind == 1:
        return Qobj(rng.normal(size=d) + 1j * rng.normal(size=d), dims=[dims, [1] * len(dims)]).unit()
    if kind == 2:
        return Qobj(density(d, rng), dims=[dims, dims])
    steady = np.diag(rng.dirichlet(np.ones(d)))
    return Qobj(steady, dims=[dims, dims])


def generator(battery):
    """Dense Liouvillian."""
    jumps = [c for c in battery.c_ops if not c.issuper]
    return (qutip.liouvillian(battery.H, jumps) + sum(c for c in battery.c_ops if c.issuper)).full()


def exact(battery, rho0, times):
    """States by the exponential of the dense Liouvillian."""
    start = (rho0.proj() if rho0.isket else rho0).full().ravel(order="F")
    L, d = generator(battery), math.prod(battery.dims)
    dims = [battery.dims, battery.dims]
    return [Qobj((expm(L * (t - times[0])) @ start).reshape(d, d, order="F"), dims=dims) for t in times]


@settings(max_examples=40, deadline=None)
@given(seed=seeds)
def test_every_measure_is_that_of_the_dense_liouvillian(seed):
    rng = np.random.default_rng(seed)
    battery = random_battery(rng)
    rho0, times = random_start(battery, rng), np.cumsum(rng.uniform(0.01, 0.7, 5))
    found = qb.evolve(battery, rho0, times, MEASURES, solver="sparse", states=True)
    right = qb.evolve(battery, rho0, times, MEASURES, solver="dense")
    for state, rho in zip(exact(battery, rho0, times), found.rho.values, strict=True):
        assert np.abs(state.ptrace(list(battery.cells)).full() - rho).max() < 1e-8
    scale = 1 + float(np.abs(generator(battery)).max())
    for name in MEASURES:
        tol = 3e-6 if name == "entropy" else 1e-8 * scale
        mask = found.energy.values > 1e-4 if name == "efficiency" else slice(None)
        assert found[name].values[mask] == pytest.approx(right[name].values[mask], abs=tol, nan_ok=True), name


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_long_steps_and_their_missing_entries(seed):
    # without the exponential of small generators, with few coordinates at first: steps, growth, and what is not kept
    rng = np.random.default_rng(seed)
    battery, patch = random_battery(rng, supers=False), pytest.MonkeyPatch()
    rho0, times = random_start(battery, rng), np.linspace(0.5, 2.0, 7)
    d = math.prod(battery.dims)
    A = thinned(d, rng, 0.5)
    whole = Qobj(A + A.conj().T, dims=[battery.dims, battery.dims])
    with patch.context() as m:
        m.setattr(sparse, "EXACT", 0)
        m.setattr(sparse, "FIRST", 2)
        m.setattr(sparse, "GROWTH", 1.2)
        ds = qb.evolve(battery, rho0, times, {"energy": "energy", "A": whole}, solver="sparse", states=True)
    for k, state in enumerate(exact(battery, rho0, times)):
        assert np.abs(state.ptrace(list(battery.cells)).full() - ds.rho.values[k]).max() < 1e-8
        assert float(ds.A[k]) == pytest.approx(qutip.expect(whole, state), abs=1e-7 * d)


@pytest.mark.parametrize(("rate", "span"), [(1e8, 1.0), (1e-9, 1e9), (1e-12, 1.0), (1.0, 1e7)])
def test_huge_and_tiny_rates(rate, span):
    battery = qb.Battery(qutip.num(4), 0.1 * qutip.num(4), [math.sqrt(rate) * qutip.destroy(4)], N=1)
    ds = qb.evolve(battery, qutip.basis(4, 3), [0.0, span], "energy", solver="sparse")
    assert float(ds.energy[1]) == pytest.approx(3 * math.exp(-rate * span), abs=1e-9)


def test_a_stationary_state_stays():
    battery = qb.dicke(3, lam=0.3, rotating_wave=True, kappa=0.2, gamma=0.1)
    ds = qb.evolve(battery, qutip.tensor(qutip.fock(6, 0), qutip.fock(5, 0)), [0, 1e3], solver="sparse", states=True)
    assert np.ptp(ds.rho.values, axis=0).max() == 0


# --- weak symmetries ------------------------------------------------------------------------------------------------


def reached(battery, rho0):
    """All that a state reaches."""
    rho = (rho0.proj() if rho0.isket else rho0).to("CSR").data.as_scipy()
    return reach(terms_of(battery), coordinates(rho, rho.shape[0])[0], np.inf)


def levels(battery):
    """Excitations (cells, photons) of every basis state of a Dicke battery with blocks."""
    photons = battery.dims[-1]
    cells = (battery.H0.diag().real / battery.H0.diag().real.max() * battery.N).round()
    return np.repeat(cells, photons), np.tile(np.arange(photons), len(cells))


def test_tavis_cummings_conserves_the_difference_of_excitations():
    battery = qb.dicke(4, lam=0.3, rotating_wave=True, kappa=0.1, gamma=0.1, dephasing=0.2)
    found = reached(battery, qb.dicke_start(battery))
    a, b, _ = entries_of(found.codes, found.D)
    cells, photons = levels(battery)
    assert (cells[a] + photons[a] == cells[b] + photons[b]).all()
    assert (cells + photons)[a].max() == 4
    # resonant: a coherence between states with k photons more is real for even k, imaginary for odd k
    assert ((found.codes % 2) == (photons[a] - photons[b]) % 2).all()
    detuned = qb.dicke(4, lam=0.3, rotating_wave=True, kappa=0.1, gamma=0.1, dephasing=0.2, omega_a=1.3)
    assert len(reached(detuned, qb.dicke_start(detuned)).codes) == 1.5 * len(found.codes)


def test_dicke_conserves_parity():
    battery = qb.dicke(3, lam=0.3, kappa=0.1, photons=9)
    found = reached(battery, qb.dicke_start(battery))
    a, b, _ = entries_of(found.codes, found.D)
    cells, photons = levels(battery)
    assert ((cells + photons)[a] % 2 == (cells + photons)[b] % 2).all()
    assert len(found.codes) == (4 * 9) ** 2 // 2


def test_a_drive_breaks_the_symmetry():
    battery = qb.dicke(2, lam=0.3, kappa=0.1, photons=6)
    driven = battery + 0.2 * qutip.tensor(qutip.qeye(3), qutip.destroy(6) + qutip.create(6))
    assert len(reached(driven, qb.dicke_start(driven)).codes) == 18**2


def test_a_superoperator_that_breaks_hermiticity_is_refused():
    wrong = 1j * qutip.to_super(qutip.sigmax())
    battery = qb.Battery(qutip.num(2), qutip.num(2), [wrong], N=1)
    with pytest.raises(ValueError, match="does not keep matrices Hermitian"):
        qb.evolve(battery, qutip.basis(2, 1), [0, 1.0], solver="sparse")


# --- cavities -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotating_wave", [False, True])
@pytest.mark.parametrize("n", [2, 3])
def test_blocks_are_the_tensor_space(n, rotating_wave):
    losses = {"kappa": 0.3, "nbar": 0.2, "gamma": 0.2, "dephasing": 0.1}
    times = np.linspace(0, 1.0, 4)
    runs = []
    for space, solver in (("blocks", "sparse"), ("tensor", "sparse"), ("tensor", "qutip")):
        battery = qb.dicke(n, lam=0.4, photons=n + 4, rotating_wave=rotating_wave, space=space, **losses)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", qb.CutoffWarning)
            runs.append(qb.evolve(battery, qb.dicke_start(battery), times, ("energy", "ergotropy"), solver=solver))
    for name in ("energy", "ergotropy"):
        assert runs[0][name].values == pytest.approx(runs[1][name].values, abs=1e-9)
        assert runs[0][name].values == pytest.approx(runs[2][name].values, abs=1e-7)


def piqs_energy(n, rates, g, times):
    """Excitations of the cells of a Tavis-Cummings battery, with the collective operators and losses of piqs."""
    photons = n + 1
    kappa, gamma, dephasing = rates
    jp, jm, jz = (piqs.jspin(n, op) for op in ("+", "-", "z"))
    one, a = qutip.qeye(jz.dims[0]), qutip.destroy(photons)
    H = g * (qutip.tensor(jp, a) + qutip.tensor(jm, a.dag()))
    cells = piqs.Dicke(N=n, emission=gamma, dephasing=2 * dephasing).lindbladian()
    L = qutip.super_tensor(cells, qutip.to_super(qutip.qeye(photons)))
    L = L + qutip.liouvillian(H, [math.sqrt(kappa) * qutip.tensor(one, a)])
    ground = piqs.dicke(n, n / 2, -n / 2)
    start = qutip.tensor(ground, qutip.fock_dm(photons, n))
    options = {"atol": 1e-12, "rtol": 1e-10, "method": "vern9", "progress_bar": "", "nsteps": 10**6}
    states = qutip.mesolve(L, start, times, options=options).states
    number = qutip.tensor(jz + n / 2 * one, qutip.qeye(photons))
    return [qutip.expect(number, rho) for rho in states]


@pytest.mark.parametrize("n", [2, 4])
def test_piqs_finds_the_same(n):
    times = np.linspace(0, 3, 4)
    battery = qb.dicke(n, lam=0.2, rotating_wave=True, kappa=0.1, gamma=0.1, dephasing=0.1)
    ds = qb.evolve(battery, qb.dicke_start(battery), times, "energy", solver="sparse")
    # piqs forms its rates in single precision
    assert ds.energy.values == pytest.approx(piqs_energy(n, (0.1, 0.1, 0.1), 0.2, times), abs=3e-6)


def test_twenty_cells_in_a_lossy_cavity():
    # with gamma = kappa and no dephasing every excitation decays at the same rate, whatever the coupling
    n, times = 20, np.linspace(0, 4.0, 5)
    battery = qb.dicke(n, lam=0.2, rotating_wave=True, kappa=0.1, gamma=0.1)
    photons = qutip.tensor(qutip.qeye(battery.dims[0]), qutip.num(battery.dims[1]))
    ds = qb.evolve(battery, qb.dicke_start(battery), times, {"energy": "energy", "photons": photons})
    assert ds.solver == "sparse"
    assert (ds.energy + ds.photons).values == pytest.approx(n * np.exp(-0.1 * times), abs=1e-8)
    assert len(spins(n, symmetric=False)) == 11


def test_the_cutoff_is_watched_and_what_is_not_reached_costs_nothing(monkeypatch):
    times = np.linspace(0, 1.0, 6)
    battery = qb.dicke(3, lam=0.5, kappa=0.1, photons=6)
    with pytest.warns(qb.CutoffWarning, match="Raise the cut-off"):
        qb.evolve(battery, qb.dicke_start(battery), times, solver="sparse")
    curves = []
    monkeypatch.setattr(sparse, "FIRST", 2000)
    for photons in (60, 120):
        battery = qb.dicke(3, lam=0.1, kappa=0.1, photons=photons)
        curves.append(qb.evolve(battery, qb.dicke_start(battery), times).energy.values)
        assert max(len(r.codes) for r in sparse._last[battery].stages.values()) < 9000  # of 240^2 / 2 and of 480^2 / 2
    assert curves[0] == pytest.approx(curves[1], abs=1e-9)


def test_a_run_that_goes_on_searching_repeats_to_the_bit(monkeypatch):
    monkeypatch.setattr(sparse, "FIRST", 500)
    battery = qb.dicke(3, lam=0.3, kappa=0.1, photons=40)
    runs = [qb.evolve(battery, qb.dicke_start(battery), np.linspace(0, 1, 5), solver="sparse") for _ in range(2)]
    assert len(sparse._last[battery].stages) > 1
    assert runs[0].energy.values.tolist() == runs[1].energy.values.tolist()


def test_a_coupling_in_time_is_left_to_others():
    battery = qb.dicke(2, lam=lambda t: 0.5, kappa=0.1, photons=8)
    with pytest.raises(ValueError, match="depends on time"):
        qb.evolve(battery, qb.dicke_start(battery), [0, 0.1], solver="sparse")


def test_forecasts_grow_with_the_problem():
    small, large = (qb.dicke(n, lam=0.5, kappa=0.1) for n in (2, 8))
    times, module = np.linspace(0, 1, 11), load("sparse")
    starts = [InitialState(b.dims, qb.dicke_start(b)) for b in (small, large)]
    for ask in (module.forecast, lambda *run: module.seconds(*run, spectrum=True)):
        assert 0 < ask(small, starts[0], times) < ask(large, starts[1], times)


def test_coordinates_keep_the_norm():
    rho = density(5, np.random.default_rng(3))
    codes, values = coordinates(scipy.sparse.csr_matrix(rho), 5)
    a, b, factors = entries_of(codes, 5)
    back = np.zeros((5, 5), dtype=complex)
    np.add.at(back, (a, b), values * factors)
    assert np.abs(back + np.triu(back, 1).conj().T - rho).max() < 1e-15
    assert np.linalg.norm(values) == pytest.approx(np.linalg.norm(rho), abs=1e-14)
