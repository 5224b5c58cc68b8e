"""Operators as measures: expectation values on every solver, in sweeps, from the store and in replay."""

import numpy as np
import pytest
import qutip
from random_states import density, hermitian, positive_rates, qubits, start

import qbsim as qb
from qbsim.battery import Battery
from qbsim.measures.series import DenseStates, KetStates
from qbsim.solvers import SOLVERS, load
from qbsim.solvers._packed import PackedStates

EXACT = {"rtol": 1e-11, "atol": 1e-13, "method": "vern9", "nsteps": 10**6, "progress_bar": ""}
T = np.linspace(0, 1.5, 16)
NUMBER, LOWER = qutip.num(2), qutip.destroy(2)
STATES = {
    "ket": lambda N, rng: qutip.Qobj(np.linalg.qr(rng.normal(size=(2**N, 1)))[0], dims=[[2] * N, [1] * N]),
    "mixed": lambda N, rng: qubits(density(2**N, rng)),
    "plus": lambda N, rng: qb.plus(N),
    "full": lambda N, rng: qb.full(N),
    "classical": lambda N, rng: qb.classical(N, 0.6),
}


def networks(N, rng):
    """One that every solver but `closed` takes, one without losses, one with everything."""
    K, bonds = positive_rates(N, rng), qb.all_to_all(N)
    common = {"omega": rng.uniform(0.5, 1.5, N), "J": rng.normal(size=len(bonds))}
    everything = {"gamma": np.diag(K), "gamma_bond": [K[b] for b in bonds], "dephasing": 0.2, "nbar": 0.3}
    return [qb.network(bonds, N, **common, **more) for more in ({"gamma": 0.7, "nbar": 0.2}, {}, everything)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("solver", [name for name in SOLVERS if load(name).MATRICES])
def test_every_solver_gives_the_expectation_values_of_mesolve(solver, seed):
    rng = np.random.default_rng(seed)
    N = int(rng.integers(2, 4))
    operators = {
        "dense": qubits(hermitian(2**N, rng)),
        "n0": qutip.tensor(NUMBER, *[qutip.qeye(2)] * (N - 1)),
        "hop": sum((a := qutip.tensor(*[LOWER if k == j else qutip.qeye(2) for k in range(N)])).dag() + a for j in [0]),
    }
    compared = 0
    for net in networks(N, rng):
        for make in STATES.values():
            rho0 = make(N, rng)
            try:
                ds = qb.evolve(net, rho0, T, operators, solver=solver)
            except ValueError as error:
                assert "cannot do this model" in str(error)  # noqa: PT017  that solver is not for this run
                continue
            expected = qutip.mesolve(net.H, rho0, T, net.c_ops, e_ops=list(operators.values()), options=EXACT).expect
            np.testing.assert_allclose([ds[name] for name in operators], expected, atol=1e-6)
            compared += 1
    assert compared >= 3


def test_no_dense_state_is_formed(monkeypatch):
    # the packed and the ket series answer from what they hold
    def dense(self):
        raise AssertionError("a dense state was formed")

    for series in (PackedStates, KetStates):
        monkeypatch.setattr(series, "dense", property(dense))
    net, op = (
        qb.network(qb.linear(4), J=1.0, gamma=0.5, gamma_bond=0.1),
        qubits(hermitian(16, np.random.default_rng(0))),
    )
    for rho0 in (qb.plus(4), qb.full(4)):
        ds = qb.evolve(net, rho0, T, {"A": op, "energy": "energy"}, solver="network")
        rho = rho0.proj()
        assert ds.A[0] == pytest.approx(qutip.expect(op, rho), abs=1e-12)
    qb.evolve(qb.network(qb.linear(4), J=1.0), qb.plus(4), T, {"A": op}, solver="closed")


def test_large_operators_are_read_part_by_part(monkeypatch):
    rng = np.random.default_rng(1)
    states = np.array([density(8, rng) for _ in range(5)])
    op = hermitian(8, rng)
    series = DenseStates(states, np.arange(5.0), [2, 2, 2])
    exact = np.einsum("tij,ji->t", states, op).real
    for most in (1, 7, 10**6):
        monkeypatch.setattr("qbsim.measures.series.GATHERED", most)
        np.testing.assert_allclose(series.expect(qubits(op).to("CSR").data.as_scipy()), exact, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_operators_act_on_the_cells_or_on_all_factors(seed):
    # the cell is factor 1; an operator with the dims of the cell is measured on it
    rng = np.random.default_rng(seed)
    h = lambda d: qutip.Qobj(hermitian(d, rng))  # noqa: E731
    H = qutip.Qobj(hermitian(6, rng), dims=[[3, 2], [3, 2]])
    jump = qutip.tensor(qutip.destroy(3), qutip.qeye(2))
    battery = Battery(NUMBER, H, [jump], N=1, cells=[1])
    small, whole = h(2), qutip.Qobj(hermitian(6, rng), dims=[[3, 2], [3, 2]])
    rho0 = qutip.Qobj(density(6, rng), dims=[[3, 2], [3, 2]])
    ds = qb.evolve(battery, rho0, T, {"small": small, "whole": whole})
    e_ops = [qutip.tensor(qutip.qeye(3), small), whole]
    expected = qutip.mesolve(H, rho0, T, [jump], e_ops=e_ops, options=EXACT).expect
    np.testing.assert_allclose([ds.small, ds.whole], expected, atol=1e-6)


def test_operators_follow_the_order_of_the_cells():
    # as H0 does: the first factor of the operator is the first entry of `cells`
    first, second = qutip.tensor(NUMBER, qutip.qeye(2)), qutip.tensor(qutip.qeye(2), NUMBER)
    battery = Battery(first, second, N=2, cells=[1, 0])
    rho0 = qutip.tensor(qb.empty(1), qb.full(1))
    ds = qb.evolve(battery, rho0, [0, 1], {"first": first, "energy": "energy"})
    assert ds["first"].values.tolist() == pytest.approx([1, 1])
    np.testing.assert_allclose(ds["first"], ds.energy)


@pytest.mark.parametrize("seed", range(2))
def test_operators_that_depend_on_time_are_measures(seed):
    rng = np.random.default_rng(seed)
    net = networks(2, rng)[2]
    A, B = (qubits(hermitian(4, rng)) for _ in range(2))
    moving = qutip.QobjEvo([A, [B, lambda t, w: np.cos(w * t)]], args={"w": 2.0})
    expected = qutip.mesolve(net.H, qb.plus(2), T, net.c_ops, e_ops=[moving], options=EXACT).expect[0]
    for solver in ("network", "qutip"):
        np.testing.assert_allclose(qb.evolve(net, qb.plus(2), T, {"A": moving}, solver=solver).A, expected, atol=1e-6)
    with pytest.raises(ValueError, match="must be Hermitian"):
        qb.evolve(net, qb.plus(2), T, {"A": qutip.QobjEvo([A, [B, lambda t: 1j * t]])})


def test_operators_of_total_spins_are_measures():
    battery = qb.dicke(3, lam=0.1, photons=20, gamma=0.2)
    photons = qutip.tensor(qutip.qeye(battery.dims[0]), qutip.num(20))
    ds = qb.evolve(battery, qb.dicke_start(battery), T, {"photons": photons, "cells": battery.H0, "energy": "energy"})
    np.testing.assert_allclose(ds.cells, ds.energy, atol=1e-9)
    assert ds.photons[0] == pytest.approx(3)


def test_the_dataset_names_the_operator():
    ds, other = (qb.evolve(qb.single_cell(), qb.plus(1), [0, 1], {"n0": op}) for op in (NUMBER, 2 * NUMBER))
    assert ds.n0.long_name == "expectation value of n0"
    assert ds.n0.units == "1"
    assert ds.n0.operator_sha256.startswith("[[2], [2]] ")
    assert ds.n0.operator_sha256 != other.n0.operator_sha256


@pytest.mark.parametrize(
    ("measures", "error", "words"),
    [
        ([NUMBER], TypeError, r'name every operator.*measures=\{"n0": operator\}'),
        (["energy", NUMBER], TypeError, r'\{"energy": "energy", "n0": operator\} beside others'),
        (NUMBER, TypeError, "name every operator"),
        (qutip.QobjEvo([[NUMBER, np.cos]]), TypeError, "name every operator"),
        ([lambda rho, b: 1.0], TypeError, r'name every function.*measures=\{"mine": function\}'),
        (lambda rho, b: 1.0, TypeError, "name every function"),
        ({"a": LOWER}, ValueError, r"measures\['a'\] must be Hermitian.*\(A \+ A.dag\(\)\) / 2 and"),
        ({"a": qb.full(1)}, TypeError, r"must be an operator, but is a ket; its projector is ket.proj\(\)"),
        ({"a": qutip.to_super(NUMBER)}, TypeError, "must be an operator, but is a super"),
        ({"a": np.nan * NUMBER}, ValueError, "must be finite"),
        ({"a": qutip.num(3)}, ValueError, r"measures\['a'\] must have dims \[\[2\], \[2\]\] \(the cells\), but has"),
        ({"time": NUMBER}, ValueError, "must have another name"),
    ],
)
def test_operators_that_are_no_measures_are_refused(measures, error, words):
    with pytest.raises(error, match=words):
        qb.evolve(qb.single_cell(), qb.full(1), [0, 1], measures)
    with pytest.raises(error, match=words):
        qb.sweep(lambda: qb.single_cell(), {}, states="full", tlist=[0, 1], measures=measures, executor="serial")


# --- sweeps -----------------------------------------------------------------------------------------------------------


def chain(delta, rng):
    return qb.disordered_chain(2, delta, B0=10.0, exchange=10.0, gamma=1.0, rng=rng)


N0 = qutip.tensor(NUMBER, qutip.qeye(2))


def swept(operator=N0, **more):
    return qb.sweep(
        chain,
        {"delta": [0.0, 2.0]},
        states=["plus", "full"],
        tlist=T,
        measures={"n0": operator, "ergotropy": "ergotropy"},
        realizations=3,
        progress=False,
        **more,
    )


@pytest.mark.parametrize("executor", ["serial", None])
def test_sweeps_average_operators(executor):
    ds = swept(executor=executor, workers=None if executor else 1, keep="all")
    for k in range(3):
        net = chain(2.0, np.random.default_rng(np.random.SeedSequence([0, k])))
        expected = qutip.mesolve(net.H, qb.plus(2), T, net.c_ops, e_ops=[N0], options=EXACT).expect[0]
        np.testing.assert_allclose(ds.n0.sel(delta=2.0, state="plus", realization=k), expected, atol=1e-6)
    assert ds.n0.long_name == "expectation value of n0"


def test_operators_are_part_of_the_key_in_the_store(tmp_path):
    first = swept(executor="serial", store=tmp_path)
    files = {p: p.stat().st_mtime_ns for p in (tmp_path / "batches").rglob("*.npz")}
    assert swept(executor="serial", store=tmp_path).equals(first)
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "batches").rglob("*.npz")} == files
    other = swept(2 * N0, executor="serial", store=tmp_path)
    np.testing.assert_allclose(other.n0, 2 * first.n0, atol=1e-9)
    assert not set(other.identity.values.ravel()) & set(first.identity.values.ravel())


def test_workers_refuse_another_operator():
    from qbsim.sweeps import tasks, transport

    curve = tasks.Curve(qb.single_cell, {}, "full", start(qb.full(1)), T, {"n0": NUMBER}, tasks.Settings(), 0)
    transport.check_same(curve)
    curve.identity["measures"]["n0"][1] += "x"
    with pytest.raises(RuntimeError, match="'n0' has another value"):
        transport.check_same(curve)


def test_replay_computes_operators_again():
    import xarray as xr

    from qbsim.sweeps import replay

    ds = swept(executor="serial", keep="all")
    one = qb.replay(ds, 2, delta=2.0)
    assert (one.n0 == ds.n0.sel(delta=2.0, realization=2)).all()
    replay._functions.clear()  # as in another process, which knows the dataset only
    stored = xr.Dataset.from_dict(ds.to_dict())
    with pytest.raises(ValueError, match="function or an operator of its own"):
        qb.replay(stored, 2, delta=2.0, build=chain)
    again = qb.replay(stored, 2, delta=2.0, build=chain, measures={"n0": N0, "ergotropy": "ergotropy"})
    assert (again.n0 == one.n0).all()
    with pytest.raises(ValueError, match="not those that made this dataset"):
        qb.replay(stored, 2, delta=2.0, build=chain, measures={"n0": 2 * N0, "ergotropy": "ergotropy"})


def test_an_operator_fits_one_number_of_cells():
    with pytest.raises(ValueError, match=r"measures\['n0'\] must have dims"):
        qb.sweep(
            lambda N: qb.network(qb.linear(N), gamma=1.0),
            {"N": [2, 3]},
            states="full",
            tlist=T,
            measures={"n0": N0},
            executor="serial",
        )
