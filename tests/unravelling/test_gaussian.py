"""Gaussian trajectories of chains against the same trajectories in 2^N, and their means against the master equation."""

import functools

import numpy as np
import pytest
import qutip
from gaussian_kets import aligned, ket, trajectory
from scipy.linalg import expm

import qbsim as qb
from qbsim.operators import lowering, raising, sigma_z
from qbsim.states import read_state
from qbsim.unravelling.gaussian import GaussianEngine, Stretch, why_not
from qbsim.unravelling.gaussian_model import Exponential, factor, orthonormal

TILTED = [(0.6, 0.8j), (1, 0), (0, 1), (0.8, -0.6), (0.28, 0.96), (-0.6j, 0.8)]


def start(name, N):
    """States that the tests begin with."""
    if name == "pattern":
        return [qutip.basis(2, int(k % 3 != 1)) for k in range(N)]
    if name == "tilted":
        return [qutip.Qobj(np.array(TILTED[k])) for k in range(N)]
    return name


def disordered(N, seed=0, **changes):
    """A chain with all that the engine allows."""
    rng = np.random.default_rng(seed)
    bonds = np.arange(N - 1)
    arguments = {
        "omega": rng.uniform(-2, 8, N),
        "J": rng.uniform(-3, 3, N - 1),
        "dm": rng.uniform(-2, 2, N - 1),
        "pair": rng.uniform(-1, 1, N - 1),
        "gamma": rng.uniform(0.5, 2, N),
        "gamma_bond": np.where(bonds % 2, 0.3, -0.2),
        "nbar": rng.uniform(0, 0.5, N),
        "dephasing": rng.uniform(0, 1, N),
    }
    return qb.network(qb.linear(N), N, **{name: value for name, value in (arguments | changes).items() if N > 1 or
                                          np.ndim(value) == 0 or len(value) == 1})  # fmt: skip


MODELS = {
    "all": {},
    "number": {"pair": 0.0},
    "loss": {"pair": 0.0, "dm": 0.0, "gamma": 1.0, "gamma_bond": 0.0, "nbar": 0.0, "dephasing": 0.0},
    "collective": {"pair": 0.0, "nbar": 0.0, "gamma": [1.0, 2.0, 1.0, 0.5, 0.5], "gamma_bond": [1.0, 1.0, 0.0, 0.5]},
    "pairs without number": {"gamma": 0.3, "gamma_bond": 0.0, "nbar": 0.0, "dephasing": 0.0},
    "missing bonds": {"J": [1.0, 0.0, 2.0, 0.0], "dm": 0.0, "pair": [0.0, 0.0, 0.5, 0.0], "gamma_bond": 0.0},
}


def jump_operators(net):
    """Those of the engine as matrices of cells, by the columns of the Cholesky factor."""
    N, operators = net.N, []
    for K, op in ((net.loss_matrix, lowering), (net.pump_matrix, raising)):
        C = np.linalg.cholesky(K + 1e-300 * np.eye(N)) if np.linalg.eigvalsh(K)[0] > 1e-9 else factor(K)
        each = [op(k, N).full() for k in range(N)]
        operators += [np.tensordot(column, each, 1) for column in C.T if column.any()]
    return operators + [np.sqrt(phi / 2) * sigma_z(k, N).full() for k, phi in enumerate(net.dephasing)]


def engine(net, rho0, tlist):
    return GaussianEngine(net, read_state(rho0, net.dims), tlist)


def first_ket(rho0, net):
    return qutip.tensor(rho0).full()[:, 0] if isinstance(rho0, list) else getattr(qb, rho0)(net.N).full()[:, 0]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["plus", "full", "pattern", "tilted"])
def test_trajectories_are_those_in_the_whole_space(model, name):
    net, rho0, tlist = disordered(5, 1, **MODELS[model]), start(name, 5), np.array([0, 0.1, 0.5, 1.0])
    own = engine(net, rho0, tlist)
    jumps, total = jump_operators(net), 0
    for seed in range(3):
        states, counts = own.run(np.random.default_rng(seed))[:2]
        kets, exact = trajectory(net, jumps, first_ket(rho0, net), tlist, np.random.default_rng(seed))
        assert counts.tolist() == exact
        total += exact[-1]
        ensemble = own.ensemble(states)
        for r, psi in enumerate(kets):
            assert aligned(ket(states[r], own.ancilla), psi) == pytest.approx(1, abs=1e-10)
            rho = qutip.Qobj(psi, dims=[[2] * 5, [1] * 5])
            assert ensemble.energies[r] == pytest.approx(qutip.expect(net.H0, rho), abs=1e-10)
            for k in range(5):
                assert np.abs(ensemble.cells[r, k] - rho.ptrace(k).full()).max() < 1e-10
            for k in range(4):
                assert np.abs(ensemble.pairs[r, k] - rho.ptrace([k, k + 1]).full()).max() < 1e-10
        every = np.arange(len(kets))
        assert np.abs(ensemble.squared_overlaps(every, every) - np.abs(kets.conj() @ kets.T) ** 2).max() < 1e-10
    assert total > 0


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", ["plus", "pattern"])
def test_the_probability_of_no_jump_is_the_norm(model, name):
    net, rho0 = disordered(5, 2, **MODELS[model]), start(name, 5)
    own = engine(net, rho0, [0.0])
    H = net.H.full() - 0.5j * sum(L.conj().T @ L for L in jump_operators(net))
    stretch = Stretch(own.chain, own.run(np.random.default_rng(0)).states[0], 0.0)
    for t in (0.01, 0.2, 0.4):
        psi = expm(-1j * H * t) @ first_ket(rho0, net)
        moment = stretch.at(t)
        assert moment.log_p == pytest.approx(2 * np.log(np.linalg.norm(psi)), abs=1e-12)
        rates = [np.linalg.norm(L @ psi) ** 2 / np.linalg.norm(psi) ** 2 for L in jump_operators(net)]
        assert np.abs(moment.rates - rates).max() < 1e-11


def test_a_jump_comes_when_the_norm_has_fallen_to_the_number_drawn():
    own = engine(disordered(5, 3), "plus", [0.0])
    state = own.run(np.random.default_rng(0)).states[0]
    for left in (1e-3, 0.3, 1.7):
        moment, jumping = Stretch(own.chain, state, 0.0).until(50.0, left)
        assert jumping
        # against steps of a tenth, made orthonormal again after each
        steps, log_p, there = 10, 0.0, state
        for _ in range(steps):
            step = Stretch(own.chain, there, 0.0).at(moment.t / steps)
            log_p, there = log_p + step.log_p, step.state
        assert log_p == pytest.approx(-left, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize(("name", "N"), [("plus", 6), ("classical", 6), ("tilted", 6), ("full", 7), ("plus", 8)])
def test_means_are_those_of_the_master_equation(name, N):
    """Disorder, pair terms, pumping, dephasing and collective decay; energy, all of two neighbours, purity."""
    net, tlist, R = disordered(N, 4), np.array([0, 0.15, 0.6]), 300
    rho0 = start(name, N)
    own = engine(net, rho0, tlist)
    runs = [own.run(np.random.default_rng([5, k])).states for k in range(R)]
    exact = qb.evolve(net, rho0, tlist, "energy", states=True)
    for i in range(3):
        ensemble = own.ensemble(np.array([states[i] for states in runs]))
        rho = qutip.Qobj(exact.rho.values[i], dims=[[2] * N] * 2)
        pairs = np.array([rho.ptrace([k, k + 1]).full() for k in range(N - 1)])
        cells = np.array([rho.ptrace(k).full() for k in range(N)])
        within(ensemble.energies, exact.energy.values[i])
        within(ensemble.cells, cells)
        within(ensemble.pairs, pairs)
        every = np.arange(R)
        squared = ensemble.squared_overlaps(every, every)
        mean = (squared.sum() - R) / (R * (R - 1))
        error = 2 * ((squared.sum(axis=1) - 1) / (R - 1)).std() / np.sqrt(R)
        assert abs(mean - rho.purity()) <= 4 * error + 1e-10


def within(samples, exact):
    """Whether the means are within four standard errors, where nothing is drawn exact."""
    for part in (np.real, np.imag):
        values = part(samples)
        error = values.std(axis=0, ddof=1) / np.sqrt(len(values))
        assert np.all(np.abs(values.mean(axis=0) - part(exact)) <= 4 * error + 1e-7)


@pytest.mark.parametrize("name", ["plus", "full", "classical"])
@pytest.mark.parametrize("N", [1, 2])
def test_one_and_two_cells_follow_the_master_equation(N, name):
    net = qb.network(qb.linear(N), N, omega=2.0, J=1.0 if N > 1 else 0.0, gamma=1.0, nbar=0.2, dephasing=0.5)
    own = engine(net, name, [0.0, 0.7])
    ensemble = own.ensemble(np.array([own.run(np.random.default_rng(k)).states[1] for k in range(400)]))
    exact = qb.evolve(net, name, [0.0, 0.7], "energy", states=True)
    within(ensemble.energies, exact.energy.values[1])
    rho = qutip.Qobj(exact.rho.values[1], dims=[[2] * N] * 2)
    within(ensemble.cells, np.array([rho.ptrace(k).full() for k in range(N)]))
    assert ensemble.pairs.shape == (400, N - 1, 4, 4)
    assert ensemble.overlaps([0, 1], [0, 1]).shape == (2, 2)


def test_without_rates_nothing_jumps_and_the_evolution_is_unitary():
    net = disordered(5, 6, gamma=0.0, gamma_bond=0.0, dephasing=0.0)
    states, jumps = engine(net, "plus", [0.0, 3.0]).run(np.random.default_rng(0))[:2]
    assert jumps.tolist() == [0, 0]
    psi = expm(-3j * net.H.full()) @ qb.plus(5).full()[:, 0]
    assert aligned(ket(states[1], True), psi) == pytest.approx(1, abs=1e-11)


def test_at_the_first_time_alone_the_state_is_the_start():
    states, jumps = engine(disordered(4, gamma_bond=0.0), "full", [0.5]).run(np.random.default_rng(0))[:2]
    assert (states.shape, jumps.tolist()) == ((1, 8, 4), [0])
    assert aligned(ket(states[0], False), qb.full(4).full()[:, 0]) == pytest.approx(1)


def test_cells_without_bonds_decay_alone():
    net = qb.network([], 3, omega=[1.0, 2.0, 3.0], gamma=1.0)
    own = engine(net, "full", [0.0, 0.5])
    p = own.ensemble(np.array([own.run(np.random.default_rng(k)).states[1] for k in range(500)])).populations
    assert set(p.round(12).ravel()) == {0.0, 1.0}
    within(p, np.full(3, np.exp(-0.5)))


def test_later_times_need_many_steps():
    net = disordered(4, 7, gamma_bond=0.0)
    own = engine(net, "plus", [0.0, 4.0])
    ensemble = own.ensemble(np.array([own.run(np.random.default_rng(k)).states[1] for k in range(80)]))
    within(ensemble.energies, qb.evolve(net, "plus", [0.0, 4.0], "energy").energy.values[1])
    for state in ensemble.states[:20]:
        assert np.abs(state.conj().T @ state - np.eye(5)).max() < 1e-12


def test_the_first_cell_alone_has_other_times_than_zero():
    own = engine(disordered(3, 8, gamma_bond=0.0), "plus", [2.0, 2.5])
    at_zero = engine(disordered(3, 8, gamma_bond=0.0), "plus", [0.0, 0.5])
    one, other = (e.run(np.random.default_rng(9)).states[1] for e in (own, at_zero))
    assert np.abs(one @ one.conj().T - other @ other.conj().T).max() < 1e-9


@pytest.mark.parametrize("kind", ["positive", "superradiant pairs", "zero in between", "empty"])
def test_bidiagonal_factor(kind):
    K = {
        "positive": np.diag([1.0, 2, 3, 1]) + np.diag([0.5, -0.7, 0.2], 1) + np.diag([0.5, -0.7, 0.2], -1),
        "superradiant pairs": np.kron(np.eye(2), np.ones((2, 2))),
        "zero in between": np.diag([1.0, 0, 2, 0]),
        "empty": np.zeros((4, 4)),
    }[kind]
    C = factor(K)
    assert np.abs(C @ C.T - K).max() < 1e-15
    assert not np.triu(C, 1).any()
    assert not np.tril(C, -2).any()


def test_exponentials_at_an_exceptional_point():
    # two cells with J = |gamma_1 - gamma_2| / 4: one eigenvector only
    G = np.array([[-1j, 1.0], [1.0, 1j]])
    exponential = Exponential(G)
    assert exponential.values is None
    assert np.abs(exponential.apply(0.7, exponential.prepare(np.eye(2))) - expm(-0.7j * G)).max() < 1e-14


def test_orthonormal_columns_and_determinant():
    rng = np.random.default_rng(11)
    d = rng.standard_normal((8, 4)) + 1j * rng.standard_normal((8, 4))
    q, log_r = orthonormal(d)
    assert np.abs(q.conj().T @ q - np.eye(4)).max() < 1e-13
    assert log_r == pytest.approx(np.log(np.abs(np.diag(np.linalg.qr(d)[1]))).sum(), abs=1e-13)


def test_trajectories_depend_on_their_own_generator_alone():
    own = engine(disordered(5, 12), "classical", [0.0, 0.3])
    first = own.run(np.random.default_rng(3))
    own.run(np.random.default_rng(4))
    again = own.run(np.random.default_rng(3))
    assert np.array_equal(first.states, again.states)


def test_forecast_grows_with_jumps_and_cells():
    short, long = (engine(disordered(5, 1), "plus", [0.0, t]).seconds for t in (0.1, 5.0))
    assert 0 < short < long


REFUSED = {
    "a star": (lambda: qb.network(qb.central(4), J=1.0, gamma=1.0), "neighbours"),
    "a ring": (lambda: qb.network(qb.circular(4), J=1.0, gamma=1.0), "neighbours"),
    "decay of cells far apart": (lambda: far_decay(), "neighbours"),
    "zz": (lambda: disordered(4, gamma_bond=0.0, zz=1.0), "zz"),
    "transverse fields": (lambda: disordered(4, gamma_bond=0.0, x=1.0), "it has x"),
    "drives": (lambda: disordered(4, gamma_bond=0.0, pair=np.cos), "depend"),
    "another H0": (lambda: disordered(4, gamma_bond=0.0, H0="battery"), "fields"),
    "a term of its own": (lambda: disordered(4, gamma_bond=0.0) + sigma_z(0, 4) * sigma_z(1, 4), "terms"),
    "no network": (lambda: qb.drive(2), "network"),
}


def far_decay():
    K = np.zeros((4, 4))
    K[0, 3] = K[3, 0] = 0.5
    return qb.network(qb.linear(4), gamma=1.0, gamma_bond=K)


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_models_are_told_why(kind):
    battery = REFUSED[kind][0]()
    assert REFUSED[kind][1] in why_not(battery, read_state(qutip.basis(2, 1), [2] * 4))


def test_refused_states_are_told_why():
    net = disordered(4, gamma_bond=0.0)
    assert "product" in why_not(net, read_state(qutip.ghz_state(4), net.dims))
    for name in ("plus", "full", "empty", "classical"):
        assert why_not(net, read_state(name, net.dims)) == ""
    cell = functools.reduce(lambda a, b: a + b, [0.4 * qutip.ket2dm(qb.plus(1)), 0.6 * qutip.basis(2, 1).proj()])
    assert why_not(net, read_state(cell, net.dims)) == ""


@pytest.mark.parametrize("conserving", [True, False])
def test_controls_are_zero_on_average(conserving):
    """The integrals of the rates, too, are those of the trapezoidal rule along a trajectory without jumps."""
    more = {} if conserving else {"pair": 0.7}
    net = qb.network(
        qb.linear(3), omega=[1.0, 4.0, 2.0], J=2.0, gamma=[1.0, 0.5, 0.7], nbar=0.3, dephasing=[0.2, 0, 0], **more
    )
    start, times = read_state("plus", net.dims), np.linspace(0, 0.6, 101)
    engine = GaussianEngine(net, start, times[[0, -1]])
    found = [engine.run(np.random.default_rng([3, k])) for k in range(150)]
    controls = np.array([f.controls[-1] for f in found])
    assert controls.shape == (150, engine.controls)
    error = controls.std(axis=0) / np.sqrt(150)
    assert (np.abs(controls.mean(axis=0)) <= 4 * error + 1e-12).all()
    assert (error[0] > 0, error[1] > 0) == (True, conserving)
    k = next(k for k, f in enumerate(found) if f.jumps[-1] == 0)
    still = GaussianEngine(net, start, times).run(np.random.default_rng([3, k]))
    rates = np.array([engine.chain.rates(state) for state in still.states])[:, engine.chain.active]
    weights = (times / times[-1])[:, None] ** np.arange(3)
    expected = np.trapezoid(weights[:, :, None] * rates[:, None], times, axis=0)
    assert -still.controls[-1, 2:] == pytest.approx(expected.ravel(), rel=2e-3)
    assert still.controls[-1] == pytest.approx(found[k].controls[-1], abs=1e-6)
