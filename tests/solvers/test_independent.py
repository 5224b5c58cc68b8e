"""Cells without coupling: every measure against solvers that write the state out, and closed forms for many."""

import json
import math
import tracemalloc

import numpy as np
import pytest
import qutip

import qbsim as qb
from qbsim.solvers import independent
from qbsim.solvers._product_passive import MOST
from qbsim.solvers._products import ProductStates, alike
from qbsim.states import read_state

NAMES = [name for name in qb.MEASURES if name != "concurrence"]


def random_network(N, rng, **kwargs):
    """Cells with fields of both signs, of which one vanishes, and rates of their own."""
    omega = np.where(np.arange(N) == 3, 0.0, rng.normal(size=N))
    rates = {name: rng.uniform(0, 1, N) for name in ("gamma", "nbar", "dephasing")}
    return qb.network((), N, omega=omega, **rates | kwargs)


def random_cells(N, rng):
    return [qutip.rand_dm([2], seed=int(rng.integers(1 << 31))) for _ in range(N)]


@pytest.mark.parametrize("N", [1, 2, 3, 4, 5, 6])
def test_every_measure_is_that_of_the_whole_state(N):
    rng = np.random.default_rng(N)
    for _ in range(3):
        net, cells = random_network(N, rng), random_cells(N, rng)
        t = np.r_[-0.5, np.sort(rng.uniform(-0.5, 3, 4))]
        found = qb.evolve(net, cells, t, NAMES, solver="independent")
        exact = qb.evolve(net, cells, t, NAMES, solver="dense" if N < 5 else "network", rtol=1e-11)
        for name in NAMES:
            assert found[name].values == pytest.approx(exact[name].values, abs=1e-11), name
        certificate = json.loads(found.attrs["certificate"])
        assert certificate["trace_error"] < 1e-14
        assert "ergotropy_bound" not in certificate  # it is exact
        lowest = json.loads(exact.attrs["certificate"])["lowest_eigenvalue"]
        assert certificate["lowest_eigenvalue"] == pytest.approx(lowest, abs=1e-11)


def test_a_coherence_turns_and_decays_as_the_dense_solver_says():
    # the sign of the phase and the factor 1/2 of the decay, which most measures do not see
    net = qb.network((), 2, omega=[1.3, -0.4], gamma=[0.5, 1.1], nbar=[0.2, 0.0], dephasing=[0.3, 0.7])
    cells = random_cells(2, np.random.default_rng(8))
    t = np.array([0.0, 0.7, 2.0])
    (states,) = independent.run(net, read_state(cells, net.dims), t, None)
    rho = qb.evolve(net, cells, t, "energy", states=True, solver="dense").rho.values
    assert states.pair(0, 1) == pytest.approx(rho, abs=1e-13)
    for k in range(2):
        exact = np.array([qutip.Qobj(r, dims=[[2, 2]] * 2).ptrace(k).full() for r in rho])
        assert states.cell(k) == pytest.approx(exact, abs=1e-13)
    assert states.take([2]).cell(1) == pytest.approx(states.cell(1)[2:], abs=0)


def test_bonds_without_coupling_have_no_concurrence():
    net = qb.network(qb.all_to_all(5), gamma=[1.0, 1.0, 0.5, 1.0, 0.5])
    t = [0.0, 0.4]
    assert qb.evolve(net, "plus", t, "concurrence", solver="independent").concurrence.max() < 1e-15
    (states,) = independent.run(net, read_state("plus", net.dims), np.array(t), None)
    assert states.kinds(net.edges) == [((0, 1), 3), ((0, 2), 5), ((2, 3), 1), ((2, 4), 1)]


@pytest.mark.parametrize("N", [1, 100, 400])
def test_plus_under_decay(N):
    # every cell: p_e = exp(-t) / 2 and |c| = exp(-t / 2) / 2, so tr rho^2 and the eigenvalues have closed forms
    t = np.linspace(0, 2, 5)
    found = qb.evolve(qb.network((), N, omega=2.0, gamma=1.0), qb.plus(1), t, NAMES)
    assert found.attrs["solver"] == "independent"
    p, c = np.exp(-t) / 2, np.exp(-t / 2) / 2
    r = 0.5 - np.sqrt((0.5 - p) ** 2 + c**2)
    s = np.array([-sum(x * math.log(x) for x in (q, 1 - q) if x > 1e-15) for q in r])
    # one eigenvalue and its place for every number of excitations: the passive state is the product of passive cells
    closed = {
        "energy": 2 * N * p,
        "ergotropy": 2 * N * (p - r),
        "efficiency": 1 - r / p,
        "local_ergotropy": 2 * N * (p - r),
        "antiergotropy": 2 * N * (p + r - 1),
        "battery_capacity": 2 * N * (1 - 2 * r),
        "energy_variance": 4 * N * p * (1 - p),
        "incoherent_ergotropy": 0 * t,
        "coherent_ergotropy": 2 * N * (p - r),
        "entropy": N * s,
        "purity": ((1 - r) ** 2 + r**2) ** N,
        "l1_coherence": ((1 + 2 * c) ** N - 1) / (2.0**N - 1),
        "power": -2 * N * p,
        "power_dissipation": -2 * N * p,
        "power_interaction": 0 * t,
    }
    assert set(closed) == set(NAMES)
    for name, values in closed.items():
        scale = 1 if name in ("efficiency", "purity", "l1_coherence") else N
        assert found[name].values == pytest.approx(values, abs=1e-11 * scale), name
    assert "ergotropy_bound" not in json.loads(found.attrs["certificate"])


def test_equal_cells_in_unequal_fields():
    # the rates decide the spectrum, the fields the levels: one is a binomial, the other is not, and phases differ
    omega = np.random.default_rng(4).uniform(0.5, 1.5, 200)
    found = qb.evolve(qb.network((), 200, omega=omega, gamma=1.0, dephasing=0.3), qb.plus(1), [0.0, 0.5, 1.0])
    bound = json.loads(found.attrs["certificate"])["ergotropy_bound"]
    assert 0 < bound < 1e-5 * omega.sum()
    assert found.ergotropy[0].item() == pytest.approx(omega.sum() / 2, abs=1e-9)  # pure: all of it
    p, c = math.exp(-1) / 2, math.exp(-0.8) / 2
    r = 0.5 - math.hypot(0.5 - p, c)
    assert found.ergotropy[2].item() >= omega.sum() * (p - r) - 1e-9  # no less than cell by cell
    assert found.ergotropy[2].item() <= omega.sum() * p


def test_the_bracket_holds_the_value_that_is_known_otherwise():
    # two rates and two fields: exact by counting, in bins by force
    N = 60
    net = qb.network((), N, omega=np.repeat([1.0, 2.0], N // 2), gamma=np.tile([0.3, 1.0], N // 2))
    t = np.array([0.2, 0.9])
    (states,) = independent.run(net, read_state("plus", net.dims), t, None)
    exact, none = states.passive_energy(net.omega)
    assert none == 0.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qbsim.solvers._product_passive.different", lambda copies: MOST + 1.0)
        binned = states.take([0, 1])
        middle, error = binned.passive_energy(net.omega)
        assert error < 1e-5 * net.omega.sum()
        assert np.abs(middle - exact).max() <= error
        assert binned.passive_energy(-net.omega)[0] == pytest.approx(middle - net.omega.sum(), abs=1e-12 * N)


@pytest.mark.parametrize(("name", "N"), [("full", 100), ("empty", 100), ("classical", 100), ("plus", 1000)])
def test_named_states_of_many_cells(name, N):
    found = qb.evolve(qb.network((), N, gamma=1.0, nbar=0.2), name, [0.0, 0.7], NAMES)
    one = qb.evolve(qb.single_cell(gamma=1.0, nbar=0.2), name, [0.0, 0.7], NAMES, solver="dense")
    for measure in ("energy", "ergotropy", "incoherent_ergotropy", "coherent_ergotropy", "entropy"):
        assert found[measure].values == pytest.approx(N * one[measure].values, abs=1e-10 * N), measure
    l1 = np.exp(N * np.log((1 + one.l1_coherence.values) / 2)) - 0.5**N
    assert found.l1_coherence.values == pytest.approx(l1, rel=1e-10, abs=1e-40)


def test_no_rates_and_huge_rates():
    cells = [qb.plus(1), qb.classical(1, 0.9), qb.full(1)]
    omega = [1.0, 2.0, 0.5]
    still = qb.evolve(qb.network((), 3, omega=omega), cells, [0.0, 1e6], NAMES, solver="independent")
    for name in NAMES:
        assert still[name][1].item() == pytest.approx(still[name][0].item(), abs=1e-13), name
    hot = qb.network((), 3, omega=omega, gamma=1e90, nbar=1e6, dephasing=1e90)
    found = qb.evolve(hot, cells, [0.0, 1.0], ("energy", "ergotropy", "purity"), solver="independent")
    assert found.energy[1].item() == pytest.approx(3.5 / 2, rel=1e-6)
    assert found.ergotropy[1].item() == pytest.approx(0, abs=1e-6)
    assert found.purity[1].item() == pytest.approx(1 / 8, rel=1e-6)


def test_one_time_is_the_initial_state():
    cells = random_cells(3, np.random.default_rng(5))
    net = qb.network((), 3, omega=[1.0, 2.0, 0.5], gamma=1.0)
    found = qb.evolve(net, cells, [0.3], NAMES, solver="independent")
    rho = qutip.tensor(cells)
    assert found.ergotropy.item() == pytest.approx(qb.ergotropy(rho, net.H0), abs=1e-13)
    assert found.l1_coherence.item() == pytest.approx(qb.l1_coherence(rho), abs=1e-13)
    assert found.sizes["time"] == 1


def test_long_runs_come_in_segments(monkeypatch):
    net, cells = random_network(4, np.random.default_rng(6)), random_cells(4, np.random.default_rng(7))
    t = np.linspace(0, 3, 31)
    whole = qb.evolve(net, cells, t, NAMES, solver="independent")
    monkeypatch.setattr(independent, "SEGMENT_BYTES", 64 * 4 * 7)
    parts = qb.evolve(net, cells, t, NAMES, solver="independent")
    for name in NAMES:
        assert parts[name].values == pytest.approx(whole[name].values, abs=1e-14), name


@pytest.mark.parametrize(
    ("net", "state", "reason"),
    [
        (qb.network(qb.linear(2), J=0.1), qb.full(2), "does not know exchange"),
        (qb.network(qb.linear(2), gamma=1.0, gamma_bond=0.5), qb.full(2), "must decay alone"),
        (qb.network((), 2).replace(H0=qutip.tensor(qutip.sigmax(), qutip.qeye(2))), qb.full(2), "that of the fields"),
        (qb.network((), 2), qutip.bell_state("00"), "a product of states"),
    ],
)
def test_what_it_refuses(net, state, reason):
    with pytest.raises(ValueError, match=reason):
        qb.evolve(net, state, [0, 1], solver="independent")


def test_states_and_measures_of_ones_own_go_to_other_solvers():
    net = qb.network((), 2, gamma=1.0)
    assert qb.evolve(net, qb.plus(2), [0, 1]).attrs["solver"] == "independent"
    for kwargs in ({"states": True}, {"measures": {"own": lambda rho, battery: 0.0}}):
        assert qb.evolve(net, qb.plus(2), [0, 1], **kwargs).attrs["solver"] not in ("independent", "product")
        with pytest.raises(ValueError, match="never writes a state of all cells out"):
            qb.evolve(net, qb.plus(2), [0, 1], solver="independent", **kwargs)


def test_time_is_forecast_by_what_has_to_be_listed():
    t = np.linspace(0, 1, 11)
    few, many = qb.network((), 400, gamma=1.0), random_network(400, np.random.default_rng(1))
    state = read_state("plus", few.dims)
    assert independent.seconds(few, state, t, spectrum=True) < 0.1
    assert 0.5 < independent.seconds(many, state, t, spectrum=True) < 10
    assert independent.seconds(many, state, t, spectrum=False) < 0.01


@pytest.mark.parametrize(("N", "rates"), [(18, 18), (300, 3), (400, 400)])
def test_memory_is_forecast(N, rates):
    net = qb.network((), N, omega=np.linspace(1, 2, N) ** 2, gamma=np.linspace(0.5, 1, rates).repeat(N // rates))
    state, t = read_state("plus", net.dims), np.array([0.2, 1.0])
    (states,) = independent.run(net, state, t, None)
    states.passive_energy(net.omega)  # compiled code
    tracemalloc.start()
    (states,) = independent.run(net, state, t, None)
    states.passive_energy(net.omega)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken / 1.3 <= independent.forecast(net, state, t) <= 4 * taken


@pytest.mark.parametrize("omega", [1.5, np.tile([1.0, 2.0], 50)])
def test_the_product_of_equal_cells_takes_exchange_for_any_number_of_them(omega):
    # fields, exchange and dephasing do nothing to equal diagonal cells
    net = qb.network(qb.circular(100), J=3.0, omega=omega, gamma=1.0, nbar=0.3, dephasing=0.5)
    t = np.array([0.0, 0.5])
    found = qb.evolve(net, "full", t, ("energy", "ergotropy", "concurrence", "local_ergotropy"))
    assert found.attrs["solver"] == "product"
    p = 0.3 / 1.6 + (1 - 0.3 / 1.6) * np.exp(-1.6 * t)
    assert found.energy.values == pytest.approx(150 * p, rel=1e-12)
    assert found.local_ergotropy.values == pytest.approx(150 * np.maximum(0, 2 * p - 1), rel=1e-12)
    if np.ndim(omega) == 0:
        assert found.ergotropy.values == pytest.approx(found.local_ergotropy.values, rel=1e-10)
    else:  # all cells equal, the state is not passive for unequal fields after a flip of every cell
        assert found.ergotropy[1].item() > found.local_ergotropy[1].item() + 0.1
    assert not found.concurrence.any()


def test_a_trace_and_an_eigenvalue_that_are_off_are_reported():
    cells = np.array([np.diag([0.75 + 1e-9, 0.25]), np.diag([1 + 1e-8, -1e-8])])[None].astype(complex)
    states = ProductStates(cells, np.zeros(1))
    assert states.trace_error() == pytest.approx(1e-9, rel=1e-6)
    assert states.lowest() == pytest.approx(-0.75e-8, rel=1e-6)
    assert states.hermiticity_error() == 0.0
    cells[0, 0, 0, 1] = 1e-7
    assert ProductStates(cells, np.zeros(1)).hermiticity_error() == pytest.approx(1e-7)


def test_cells_that_are_mixed_to_rounding_are_equal_eigenvalues():
    # the smaller eigenvalue may come out as the larger one by a bit
    rng = np.random.default_rng(9)
    cells = np.array([np.diag([0.5 + x, 0.5 - x]) for x in 1e-16 * rng.normal(size=50)])[None].astype(complex)
    cells += 1e-17 * np.array([[0, 1], [1, 0]])
    omega = rng.uniform(0.5, 1.5, 50)
    values, error = ProductStates(cells, np.zeros(1)).passive_energy(omega)
    assert values[0] == pytest.approx(omega.sum() / 2, rel=1e-13)
    assert error < 1e-9 * omega.sum()


def test_a_trace_that_is_off_scales_the_passive_energy():
    cells = np.array([np.diag([0.7, 0.3]) * x for x in (1, 1 + 1e-7, 1 - 2e-7)])[None].astype(complex)
    values, _ = ProductStates(cells, np.zeros(1)).passive_energy(np.array([1.0, 1.0, -1.0]))
    p = np.sort(np.einsum("a,b,c->abc", *np.diagonal(cells[0], axis1=1, axis2=2).real).ravel())[::-1]
    assert values[0] == pytest.approx(p @ [-1, 0, 0, 0, 1, 1, 1, 2], abs=1e-14)


def test_only_equal_curves_are_counted_together():
    curves = np.array([[0.1, 0.1, 0.1 + 1e-12, 0.3, 0.1 + 1e-16], [0.2, 0.2, 0.2, 0.2, 0.2], [0.1, 0.4, 0.1, 0.1, 0.1]])
    chosen, copies = alike(curves)
    assert chosen.tolist() == [0, 1, 2, 3]
    assert copies.tolist() == [2, 1, 1, 1]


def test_a_state_of_all_cells_is_split_into_its_cells():
    net = random_network(4, np.random.default_rng(2))
    cells = random_cells(4, np.random.default_rng(3))
    t = np.array([0.0, 1.0])
    whole, listed = (qb.evolve(net, state, t, NAMES, solver="independent") for state in (qutip.tensor(cells), cells))
    for name in NAMES:
        assert whole[name].values == pytest.approx(listed[name].values, abs=1e-12), name
    assert independent.why_not(net, read_state(qutip.ghz_state(4), net.dims), t)
