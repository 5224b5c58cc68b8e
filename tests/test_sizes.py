"""What cannot fit into memory is refused with a forecast, before anything is built."""

import resource
import time

import numpy as np
import pytest

import qbsim as qb
from qbsim import _machine, operators
from qbsim.sweeps.plan import Request, make_plan
from qbsim.sweeps.result import check_memory

RNG = np.random.default_rng(0)
CHAIN16 = qb.network(qb.linear(16), J=1.0, gamma=1.0, gamma_bond=0.1)
MIXED, ENERGY = qb.classical(16), qb.network(qb.linear(16)).H0
SWEEP = make_plan(Request(lambda: qb.single_cell(), {}, "full", [0.0, 1.0]))
LIMIT = {"a run of centuries": 0.3}  # CPU seconds; its ket of a million amplitudes is checked first
HUGE = {
    "circular": lambda: qb.circular(10**9),
    "linear": lambda: qb.linear(10**12),
    "central": lambda: qb.central(10**12),
    "all_to_all": lambda: qb.all_to_all(10**6),
    "full": lambda: qb.full(40),
    "empty": lambda: qb.empty(40),
    "plus": lambda: qb.plus(40),
    "plus of more cells than atoms": lambda: qb.plus(10**12),
    "classical": lambda: qb.classical(40),
    "occupations": lambda: operators.occupations(40),
    "lowering": lambda: operators.lowering(0, 40),
    "random_fields": lambda: qb.random_fields(10**12, 1.0, rng=RNG),
    "network": lambda: qb.network((), 10**6),
    "bonds that name a cell far away": lambda: qb.network([(0, 10**9)]),
    "H0": lambda: qb.network(qb.linear(40)).H0,
    "H": lambda: qb.network(qb.linear(40), J=1.0).H,
    "c_ops": lambda: qb.network(qb.linear(40), gamma=1.0).c_ops,
    "c_ops of cells that dephase": lambda: qb.network(qb.linear(40), dephasing=1.0).c_ops,
    "coupling_profile": lambda: qb.coupling_profile(10**7),
    "spin_chain": lambda: qb.spin_chain(10**7, coupling="uni"),
    "spin_chain, cells one by one": lambda: qb.spin_chain(40, space="tensor"),
    "drive": lambda: qb.drive(40),
    "drive of qutrits": lambda: qb.drive(40, levels=[0, 1, 2]),
    "dicke": lambda: qb.dicke(10**6, lam=1.0),
    "dicke, cells one by one": lambda: qb.dicke(30, lam=1.0, space="tensor"),
    "oscillator": lambda: qb.oscillator(10**12),
    "uncharged": lambda: qb.charging.uncharged(qb.network(qb.linear(40))),
    "thermal_cells": lambda: qb.charging.thermal_cells(40, 0.5),
    "a run of coherent cells": lambda: qb.evolve(qb.network(qb.linear(15), J=1.0, gamma=1.0), qb.plus(15), [0, 1]),
    "a run of mixed cells": lambda: qb.evolve(CHAIN16, qb.classical(16), [0, 1]),
    "a run by QuTiP": lambda: qb.evolve(CHAIN16, qb.plus(16), [0, 1], solver="qutip"),
    "a run of centuries": lambda: qb.evolve(qb.network(qb.linear(20), J=1.0, gamma=1.0), qb.plus(20), [0, 1]),
    "ergotropy": lambda: qb.ergotropy(MIXED, ENERGY),
    "purity": lambda: qb.purity(MIXED),
    "negativity": lambda: qb.negativity(qb.plus(16), [0]),
    "keep='all'": lambda: check_memory(SWEEP, 10**9),
}


@pytest.mark.parametrize("name", HUGE)
def test_too_large_is_refused_at_once_with_a_forecast(name, monkeypatch):
    monkeypatch.setattr(_machine, "available_memory", lambda: 2**34)
    start, peak = time.thread_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(MemoryError, match=r"needs about .* GiB, but 16 GiB are free\. Use "):
        HUGE[name]()
    assert time.thread_time() - start < LIMIT.get(name, 0.1)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 2**18  # KiB


def test_networks_of_forty_cells_are_arrays():
    # no operator is made before somebody asks for one
    net = qb.network(qb.linear(40), J=1.0, gamma=0.5, gamma_bond=0.1)
    assert net.is_physical
    assert net.report().rates.size == 40


def test_operators_that_fit_are_made(monkeypatch):
    # 8 GiB hold the operators of ten cells, and the forecast does not stand in the way
    monkeypatch.setattr(_machine, "available_memory", lambda: 2**33)
    net = qb.network(qb.linear(10), J=1.0, gamma=0.5, dephasing=0.5)
    assert net.H.shape == (1024, 1024)
    assert len(net.c_ops) == 20
    assert qb.plus(16).shape == (2**16, 1)
