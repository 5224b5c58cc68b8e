"""Interchangeable cells against solvers that write all cells out, piqs, and closed forms at a hundred cells."""

import math

import numpy as np
import pytest
import qutip
from qutip import Qobj, piqs
from random_states import density

import qbsim as qb
from qbsim._machine import heard_by
from qbsim.solvers import Settings, symmetric
from qbsim.solvers._spin_blocks import spin_blocks
from qbsim.solvers._twins import twin_classes
from qbsim.states import read_state

ALL = sorted(qb.MEASURES)
TIMES = np.array([0.0, 0.15, 0.6, 1.7])
PARTS = [(i, j) for i in range(2) for j in range(2, 5)]  # complete bipartite, 2 and 3 cells
GRAPHS = {
    "pair": (2, qb.all_to_all(2), 1.0),
    "all to all": (4, qb.all_to_all(4), 0.8),
    "star": (4, qb.central(4), 0.8),
    "two pairs": (4, [(0, 1), (2, 3)], 0.8),
    "two fields": (4, qb.all_to_all(4), [1.0, 2.0, 1.0, 2.0]),
    "negative fields": (4, qb.central(4), [-1.0, 0.5, 0.5, 0.5]),
    "none": (3, (), 1.0),
    "bipartite": (5, PARTS, 0.8),
    "three classes": (6, [(0, k) for k in range(1, 6)] + [(1, 2), (3, 4), (3, 5), (4, 5)], 0.8),
}


def drawn(graph, seed):
    """Network on a graph with random rates, up to both limits of positivity, and equal random states of a cell."""
    N, edges, omega = GRAPHS[graph]
    rng = np.random.default_rng([seed, N, len(edges)])
    adjacency = np.zeros((N, N))
    for i, j in edges:
        adjacency[i, j] = adjacency[j, i] = 1.0
    lowest, *_, highest = np.linalg.eigvalsh(adjacency)
    bond = rng.uniform(-0.99 / highest, -0.99 / lowest) if edges else 0.0
    net = qb.network(
        edges,
        N,
        omega=omega,
        J=rng.normal(0, 2),
        gamma=1.0,
        gamma_bond=bond,
        dephasing=rng.choice([0.0, 0.4]),
        nbar=rng.choice([0.0, 0.3]),
    )
    return net, rng


def cell_state(kind, rng):
    if kind == "mixed":
        return Qobj(density(2, rng))
    if kind == "diagonal":
        return qb.classical(1, rng.uniform())
    return qutip.rand_ket(2, seed=int(rng.integers(1 << 31)))


def assert_same(found, wanted, atol):
    for name in wanted:
        # the square root of rounding
        np.testing.assert_allclose(found[name], wanted[name], atol=max(atol, 1e-7 * (name == "concurrence")), rtol=1e-9)


@pytest.mark.filterwarnings("ignore:The concurrence is nan")
@pytest.mark.parametrize("kind", ["mixed", "pure", "diagonal"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_all_measures_agree_with_solvers_that_write_the_state_out(graph, kind):
    net, rng = drawn(graph, 3)
    start, reference = cell_state(kind, rng), "dense" if net.N <= 4 else "network"
    found, wanted = (qb.evolve(net, start, TIMES, ALL, solver=s, rtol=1e-11) for s in ("symmetric", reference))
    assert_same(found, wanted, 1e-9)


@pytest.mark.parametrize("graph", ["star", "two pairs", "three classes"])
def test_reduced_states_are_those_of_the_cells(graph):
    net, rng = drawn(graph, 4)
    leaf, center = Qobj(density(2, rng)), Qobj(density(2, rng))
    start = read_state([center, *[leaf] * (net.N - 1)], net.dims)
    states = next(symmetric.run(net, start, TIMES, Settings()))
    rho = qb.evolve(net, start.whole, TIMES, solver="network", rtol=1e-11, states=True).rho.values
    for k in range(net.N):
        wanted = [Qobj(r, dims=[net.dims] * 2).ptrace(k).full() for r in rho]
        np.testing.assert_allclose(states.cell(k), wanted, atol=1e-11)
    bonds = qb.all_to_all(net.N)
    for i, j in bonds:
        wanted = [Qobj(r, dims=[net.dims] * 2).ptrace([i, j]).full() for r in rho]
        np.testing.assert_allclose(states.pair(i, j), wanted, atol=1e-11)
    kinds = states.kinds(bonds)
    assert sum(count for _, count in kinds) == len(bonds)
    assert len(kinds) < len(bonds)
    np.testing.assert_allclose(states.take([2]).cell(1), states.cell(1)[[2]], atol=0)
    assert states.hermiticity_error() == 0


@pytest.mark.parametrize(("graph", "kind"), [(qb.all_to_all(7), "mixed"), (qb.central(8), "pure")])
def test_all_measures_agree_at_more_cells(graph, kind):
    net = qb.network(graph, omega=1.0, J=-1.3, gamma=0.5, gamma_bond=0.15, dephasing=0.2, nbar=0.1)
    start = cell_state(kind, np.random.default_rng(5))
    found, wanted = (
        qb.evolve(net, start, TIMES, ALL, solver=solver, rtol=1e-11) for solver in ("symmetric", "network")
    )
    assert_same(found, wanted, 1e-9)


@pytest.mark.parametrize(
    ("N", "energy", "ergotropy"),
    [(20, 0.1014433688, 0.0248899324), (40, 0.030542197460, 0.000226405518)],
)
def test_all_to_all_networks_reproduce_known_numbers(N, energy, ergotropy):
    net = qb.network(qb.all_to_all(N), J=2.0, gamma=0.5, gamma_bond=0.25, dephasing=0.25)
    ds = qb.evolve(net, "plus", [0.0, 0.5])
    assert ds.attrs["solver"] == "symmetric"
    np.testing.assert_allclose([ds.energy[1] / N, ds.ergotropy[1] / N], [energy, ergotropy], atol=1e-10)


def test_the_energy_agrees_with_piqs():
    N, J, gamma, bond, phi = 8, 1.2, 0.5, 0.2, 0.3
    jp, jm, jz = piqs.jspin(N, "+"), piqs.jspin(N, "-"), piqs.jspin(N, "z")
    H = J * (jp * jm - jz) + 0.7 * jz
    dicke = piqs.Dicke(N, hamiltonian=H, emission=gamma - bond, dephasing=2 * phi, collective_emission=bond)
    result = qutip.mesolve(
        dicke.liouvillian(), piqs.css(N), TIMES, e_ops=[jz, jp * jm], options={"rtol": 1e-11, "atol": 1e-13}
    )
    net = qb.network(qb.all_to_all(N), omega=0.7, J=J, gamma=gamma, gamma_bond=bond, dephasing=phi)
    states = next(symmetric.run(net, read_state("plus", net.dims), TIMES, Settings()))
    excited, pair = states.cell(3)[:, 1, 1].real, states.pair(0, 5)
    np.testing.assert_allclose(N * excited, result.expect[0] + N / 2, atol=1e-8)
    np.testing.assert_allclose(N * excited + N * (N - 1) * pair[:, 1, 2].real, result.expect[1], atol=1e-7)


def test_a_hundred_uncoupled_cells_have_closed_forms():
    N, gamma, nbar, phi = 100, 0.4, 0.2, 0.3
    net = qb.network((), N, omega=1.5, gamma=gamma, dephasing=phi, nbar=nbar)
    r = Qobj([[0.3, 0.2 - 0.1j], [0.2 + 0.1j, 0.7]])
    ds = qb.evolve(net, r, TIMES, [m for m in ALL if m != "concurrence"], solver="symmetric")
    rate = gamma * (2 * nbar + 1)
    rest = nbar / (2 * nbar + 1)
    p = rest + (0.7 - rest) * np.exp(-rate * TIMES)
    c = abs(r[1, 0]) * np.exp(-(rate / 2 + phi) * TIMES)
    small = 0.5 - np.hypot(p - 0.5, c)
    wanted = {
        "energy": 1.5 * N * p,
        "ergotropy": 1.5 * N * (p - small),
        "incoherent_ergotropy": 1.5 * N * np.maximum(2 * p - 1, 0),
        "local_ergotropy": 1.5 * N * (p - small),
        "antiergotropy": 1.5 * N * (p + small - 1),
        "battery_capacity": 1.5 * N * (1 - 2 * small),
        "energy_variance": 1.5**2 * N * p * (1 - p),
        "purity": (small**2 + (1 - small) ** 2) ** N,
        "entropy": -N * (small * np.log(small) + (1 - small) * np.log(1 - small)),
        "l1_coherence": ((1 + 2 * c) ** N - 1) / (2.0**N - 1),
        "power": -1.5 * N * rate * (p - rest),
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(ds[name], values, atol=1e-9 * 1.5 * N, err_msg=name)


@pytest.mark.parametrize("state", ["plus", "classical", "full"])
def test_a_hundred_cells_keep_trace_and_positivity(state):
    net = qb.network(qb.all_to_all(100), J=2.0, gamma=0.5, gamma_bond=0.25, dephasing=0.25)
    times = np.linspace(0, 0.1, 3) if state == "plus" else np.linspace(0, 1, 6)
    states = next(symmetric.run(net, read_state(state, net.dims), times, Settings()))
    passive, error = states.passive_energy(net.omega)
    energy = 100 * states.cell(0)[:, 1, 1].real
    assert states.trace_error() < 1e-10
    assert states.lowest() > -1e-10
    assert error == 0
    assert (passive < energy + 1e-9).all()
    assert (passive > -1e-9).all()
    assert energy[0] == pytest.approx({"plus": 50, "classical": 75, "full": 100}[state], abs=1e-10)


@pytest.mark.parametrize(("p", "rest"), [(0.75, None), (1.0, 0.0)])
def test_what_decays_together_keeps_the_lowest_level_of_every_spin(p, rest):
    # k excitations stay in the blocks of spin n/2 - k, whose probability is conserved
    N = 40
    net = qb.network(qb.all_to_all(N), J=0.3, gamma=1.0, gamma_bond=1.0)
    if rest is None:
        copies = [math.comb(N, k) - (math.comb(N, k - 1) if k else 0) for k in range(N // 2 + 1)]
        rest = sum(k * d * sum(p**e * (1 - p) ** (N - e) for e in range(k, N - k + 1)) for k, d in enumerate(copies))
    ds = qb.evolve(net, qb.classical(1, p), [0.0, 30.0], solver="symmetric")
    assert float(ds.energy[1]) == pytest.approx(rest, abs=1e-9 * N)


def test_the_accuracy_is_that_asked_for():
    net = qb.network(qb.central(20), J=2.0, gamma=0.5, gamma_bond=0.11, dephasing=0.25)
    found = [qb.evolve(net, "plus", TIMES, ALL, solver="symmetric", rtol=r) for r in (1e-5, 1e-8, 1e-11)]
    for name in ("energy", "ergotropy", "l1_coherence", "purity"):
        np.testing.assert_allclose(found[0][name], found[2][name], atol=1e-6 * 20)
        np.testing.assert_allclose(found[1][name], found[2][name], atol=1e-9 * 20)


MIXED = [[0.4, 0.1 - 0.2j], [0.1 + 0.2j, 0.6]]


@pytest.mark.parametrize("r", [[[0.5, 0.5], [0.5, 0.5]], MIXED, [[0.25, 0], [0, 0.75]]])
def test_the_product_of_a_hundred_equal_states_has_trace_1(r):
    blocks = spin_blocks(100)
    state = blocks.product(np.array(r, dtype=complex))
    assert abs(sum(np.trace(b) for b in state) - 1) < 1e-13
    purity = sum((abs(b) ** 2).sum() / d for b, d in zip(state, blocks.copies, strict=True))
    assert purity == pytest.approx(np.trace(np.array(r) @ np.array(r)).real ** 100, rel=1e-10)


@pytest.mark.parametrize("n", [3, 8, 60])
def test_blocks_of_spin_become_entries_in_the_product_basis(n):
    # of a product state the entries are known; their sums over equal ones, in units of 2^n
    r = np.array(MIXED)
    blocks = spin_blocks(n)
    state = blocks.product(r)
    for q in (0, 1, n // 2, -2, n):
        found = blocks.product_basis(q) @ blocks.pick(state, q)
        k, u, v = blocks.group(q)
        least = np.minimum(k + u, k + v) - k  # n_ee
        left, right = k + u - least, k + v - least
        counts = np.stack([n - least - left - right, right, left, least])
        logs = np.array([math.lgamma(n + 1) - sum(math.lgamma(c + 1) for c in column) for column in counts.T])
        # sqrt of the number of equal entries, as the map is orthogonal but for its units
        wanted = np.exp(logs - n * math.log(2)) * np.prod(r.ravel()[:, None] ** counts, axis=0)
        np.testing.assert_allclose(found, wanted, atol=1e-15 * 2, rtol=1e-7)


def test_cells_are_told_apart_unless_they_are_equal_up_to_rounding():
    def classes(change=0.0, **kwargs):
        edges = qb.all_to_all(4)
        J = np.full(6, 2.0)
        J[0] += change
        net = qb.network(edges, J=J, **{"gamma": 0.5, "gamma_bond": 0.1, **kwargs})
        return [m.tolist() for m in twin_classes(net, np.array([qb.classical(1).full()] * 4)).members]

    assert classes() == [[0, 1, 2, 3]]
    assert classes(1e-15) == [[0, 1, 2, 3]]
    assert classes(1e-12) == [[0, 1], [2, 3]]  # the bond between twins may be any
    assert classes(omega=[1.0, 1.0, 1.0 + 1e-12, 1.0]) == [[0, 1, 3], [2]]
    assert classes(gamma=[0.5, 0.5, 0.5, 0.5 + 1e-12]) == [[0, 1, 2], [3]]
    assert classes(dephasing=[0.1, 0.1, 0.1, 0.2]) == [[0, 1, 2], [3]]
    assert classes(nbar=[0.2, 0.1, 0.1, 0.2]) == [[0, 3], [1, 2]]


def test_nearly_equal_cells_have_their_own_energies():
    net = qb.network(qb.all_to_all(4), omega=[1.0, 1.0, 1.0 + 1e-4, 1.0], J=1.0, gamma=0.3, dephasing=0.1)
    found, wanted = (qb.evolve(net, "plus", TIMES, solver=solver) for solver in ("symmetric", "dense"))
    assert_same(found, wanted, 1e-9)


def test_large_fields_cost_no_steps_and_keep_their_phases():
    start, times = read_state("plus", [2] * 6), np.array([0.0, 0.5])
    slow, fast = (qb.network(qb.all_to_all(6), omega=omega, J=1.0, gamma=0.3) for omega in (0.0, 1e4))
    a, b = (next(symmetric.run(net, start, times, Settings())) for net in (slow, fast))
    assert symmetric.seconds(fast, start, times, spectrum=True) == symmetric.seconds(slow, start, times, spectrum=True)
    turned = a.cell(0)[1, 1, 0] * np.exp(-1j * 1e4 * 0.5)
    assert b.cell(0)[1, 1, 0] == pytest.approx(turned, abs=1e-10)


def test_segments_of_time_make_one_run(monkeypatch):
    net, rng = drawn("bipartite", 6)
    start, times = read_state(Qobj(density(2, rng)), net.dims), np.linspace(0, 1, 7)
    whole = next(symmetric.run(net, start, times, Settings()))
    monkeypatch.setattr(symmetric, "SEGMENT_BYTES", 2 * 16 * whole.layout.size)
    parts = list(symmetric.run(net, start, times, Settings()))
    assert [len(p) for p in parts] == [2, 2, 2, 1]
    assert np.concatenate([p.times for p in parts]).tolist() == times.tolist()
    np.testing.assert_allclose(np.concatenate([p.cell(0) for p in parts]), whole.cell(0), atol=1e-11)
    np.testing.assert_allclose(np.concatenate([p.purity() for p in parts]), whole.purity(), atol=1e-11)


def test_one_time_is_the_initial_state():
    net, _ = drawn("star", 7)
    ds = qb.evolve(net, "plus", [0.0], ALL, solver="symmetric")
    assert float(ds.efficiency[0]) == pytest.approx(1.0, abs=1e-12)
    assert float(ds.l1_coherence[0]) == pytest.approx(1.0, abs=1e-12)


def test_progress_runs_from_0_to_1():
    heard = []
    net = qb.network(qb.central(12), J=2.0, gamma=0.5, dephasing=0.25)
    with heard_by(lambda solved, spectra: heard.append(solved) if solved is not None else None):
        list(symmetric.run(net, read_state("plus", net.dims), np.linspace(0, 1, 5), Settings()))
    assert heard == sorted(heard)
    assert 0 < heard[0] < 0.3
    assert 0.5 < heard[-1] <= 1 + 1e-9


def test_refusals_say_why():
    star = qb.network(qb.central(4), J=1.0, gamma=0.3)
    ghz = qutip.ghz_state(4)
    with pytest.raises(ValueError, match="its state must be a product of states of the cells"):
        qb.evolve(star, ghz, TIMES, solver="symmetric")
    with pytest.raises(ValueError, match="no two of its cells are interchangeable"):
        qb.evolve(qb.network(qb.linear(4), J=[1.0, 2.0, 3.0], gamma=0.3), "plus", TIMES, solver="symmetric")
    with pytest.raises(ValueError, match="no two of its cells are interchangeable in this state"):
        states = [qb.classical(1, p) for p in (0.1, 0.2, 0.3, 0.4)]
        qb.evolve(star, states, TIMES, solver="symmetric")
    with pytest.raises(ValueError, match="it knows the H0 of the fields only"):
        qb.evolve(star.replace(H0=star.H), "plus", TIMES, solver="symmetric")
    with pytest.raises(ValueError, match="it does not know operators of its own"):
        qb.evolve(star + star.H0, "plus", TIMES, solver="symmetric")
    with pytest.raises(ValueError, match="it never writes a state of all cells out"):
        qb.evolve(star, "plus", TIMES, solver="symmetric", states=True)


@pytest.mark.parametrize("size", [2, 10])
def test_many_classes_are_refused_before_anything_is_built(size):
    parts = [(i, j) for i in range(100) for j in range(i) if i // size != j // size]
    net = qb.network(parts, J=1.0, gamma=0.3)
    with pytest.raises(MemoryError, match="This run with solver 'symmetric' needs about"):
        qb.evolve(net, "plus", TIMES, solver="symmetric")
    with pytest.raises((MemoryError, ValueError), match=r"needs about|would take about"):
        qb.evolve(net, "plus", TIMES)
