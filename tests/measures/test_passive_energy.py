"""Interpolated passive energy: nodes spaced like the decay, no interpolation where it cannot be trusted, and how often
the error exceeds what was asked."""

from __future__ import annotations

import json

import numpy as np
import pytest
import qutip
from random_states import density, graph, positive_rates, qubits

import qbsim as qb


def certificate(ds):
    return json.loads(ds.attrs["certificate"])


# uncoupled cells stay diagonal; weak exchange between unequal cells gives every block eigenvalue problems
@pytest.mark.parametrize(("J", "gamma"), [(0.0, 1.0), (0.3, [1.0, 1.1, 0.9, 1.0])])
def test_half_life_on_a_grid_that_hardly_sees_the_decay(J, gamma):
    battery, t = qb.network(qb.linear(4), J=J, gamma=gamma), np.linspace(0, 300, 8001)
    exact = qb.evolve(battery, qb.full(4), t, solver="network")
    fast = qb.evolve(battery, qb.full(4), t, solver="network", passive_tol=1e-3)
    assert np.abs(fast.ergotropy - exact.ergotropy).max() <= 1e-3 * 4
    assert qb.half_life(t, fast.ergotropy) == pytest.approx(qb.half_life(t, exact.ergotropy), abs=1e-4)
    if J:
        assert certificate(fast)["passive_nodes"] < len(t) / 4


def test_spectra_that_cost_nothing_are_exact():
    t = np.linspace(0, 3, 201)
    diagonal = qb.network(qb.linear(4), gamma=[1.0, 2.0, 3.0, 4.0])
    product = qb.network(qb.linear(4), gamma=1.0, J=2.0)
    closed = qb.network(qb.linear(4), J=2.0, omega=[1.0, 2.0, 3.0, 4.0])
    pure = qb.Battery(closed.H0, closed.H, N=4)
    for battery, state, solver in (
        (diagonal, qb.full(4), "network"),
        (product, qb.full(4), "product"),
        (pure, qb.plus(4), "closed"),
        (qb.network(qb.linear(3), gamma=1.0, J=2.0), qb.plus(3), "network"),
    ):
        ds = qb.evolve(battery, state, t, solver=solver, passive_tol=1e-2)
        exact = qb.evolve(battery, state, t, solver=solver)
        assert certificate(ds)["passive_error"] == 0
        assert np.abs(ds.ergotropy - exact.ergotropy).max() < 1e-9


def test_chargers_and_drives_are_not_interpolated():
    # the spectrum of the cells changes through the charger, or when a drive lets the losses act
    t = np.linspace(0, 4, 101)
    star = qb.network([(0, k) for k in range(1, 5)], J=1.0)  # cell 0 charges the others
    charged = qb.Battery(qb.network([], 4).H0, star.H, N=4, cells=[1, 2, 3, 4])
    net = qb.network(qb.linear(4), J=1.0, gamma=0.2)
    driven = qutip.QobjEvo(
        [net.H, [sum(qb.operators.sigma_x(k, 4) for k in range(4)), lambda t: np.exp(-((t - 3) ** 2))]]
    )
    late = qb.Battery(net.H0, driven, net.c_ops, N=4)
    for battery, state in ((charged, qb.plus(5)), (late, qb.full(4))):
        ds = qb.evolve(battery, state, t, passive_tol=1e-2)
        assert certificate(ds)["passive_error"] == 0
        assert certificate(ds)["passive_nodes"] == len(t)


def test_a_late_start_gives_the_same_nodes_and_plain_operators_take_nodes_too():
    net, t = qb.network(qb.linear(4), J=1.0, omega=[1.0, 2.0, 3.0, 4.0], gamma=1.0), np.linspace(0, 2, 151)
    plain = qb.Battery(net.H0, net.H, net.c_ops, N=4)
    exact = qb.evolve(net, qb.plus(4), t).ergotropy.values
    nodes = []
    for battery, shift in ((net, 0.0), (net, 50.0), (plain, 0.0)):
        ds = qb.evolve(battery, qb.plus(4), t + shift, passive_tol=1e-3)
        assert np.abs(ds.ergotropy.values - exact).max() <= 1e-3 * 10
        nodes.append(certificate(ds)["passive_nodes"])
    assert nodes[0] == nodes[1] <= nodes[2] < 151  # the general solver hands over shorter segments


def random_run(rng):
    """Random network, state and grid."""
    N = int(rng.integers(4, 6))
    rates = positive_rates(N, rng) if rng.random() < 0.4 else np.diag(10 ** rng.uniform(-2, 1, N))
    J = np.zeros((N, N))
    edges = graph(N, rng, 0.6)
    for i, j in edges:
        J[i, j] = J[j, i] = rng.choice([0.0, rng.uniform(0, 2), rng.uniform(0, 15)])
    net = qb.Network(
        tuple(edges),
        omega=rng.uniform(0.5, 8, N),
        J=J,
        decay_matrix=rates,
        dephasing=np.full(N, rng.choice([0.0, 10 ** rng.uniform(-2, 1)])),
        nbar=np.full(N, rng.choice([0.0, rng.uniform(0, 1.5)])),
    )
    product = qutip.tensor([qutip.Qobj(density(2, rng, int(rng.integers(1, 3)))) for _ in range(N)])
    p = rng.random(2**N) ** 3
    states = [qb.full(N), qb.plus(N), qb.classical(N, p=rng.uniform(0.3, 1)), product, qubits(np.diag(p / p.sum()))]
    span, times = 10 ** rng.uniform(-0.5, 1.7), int(rng.integers(60, 600))
    grids = [np.linspace(0, span, times), np.append(0, np.geomspace(1e-4 * span, span, times))]
    grids.append(np.unique(np.concatenate([np.linspace(0, 0.1 * span, times), np.linspace(0, span, 50)])))
    return net, states[int(rng.integers(5))], grids[int(rng.integers(3))]


@pytest.mark.slow
def test_error_hardly_ever_exceeds_the_tolerance():
    ratios, interpolated = [], 0
    for seed in range(200):
        net, state, t = random_run(np.random.default_rng(seed))
        exact = qb.evolve(net, state, t, "ergotropy", solver="network").ergotropy
        for tol in (1e-3, 1e-4):
            fast = qb.evolve(net, state, t, "ergotropy", solver="network", passive_tol=tol)
            interpolated += certificate(fast)["passive_nodes"] < len(t)
            ratios.append(np.abs(fast.ergotropy - exact).max() / (tol * np.ptp(net.levels)))
    assert interpolated > 300
    assert np.mean(np.array(ratios) > 1) <= 0.005
    assert max(ratios) < 2
