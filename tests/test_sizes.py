"""What cannot fit into memory is refused with a forecast, before anything is built."""

import time

import numpy as np
import pytest

import qbsim as qb
from qbsim import _machine, operators

RNG = np.random.default_rng(0)
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
}


@pytest.mark.parametrize("name", HUGE)
def test_too_large_is_refused_at_once_with_a_forecast(name, monkeypatch):
    monkeypatch.setattr(_machine, "available_memory", lambda: 2**34)
    start = time.perf_counter()
    with pytest.raises(MemoryError, match=r"needs about .* GiB, but 16 GiB are free\. Use "):
        HUGE[name]()
    assert time.perf_counter() - start < 2


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
