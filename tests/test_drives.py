"""Drives: two different ones have different digests, the same one has one digest in every process."""

import functools
import os
import subprocess
import sys

import numpy as np
import pytest
import qutip

import qbsim as qb
from qbsim.battery import Battery

X, H0 = qutip.destroy(2) + qutip.create(2), qutip.num(2)
T = np.linspace(0, 1, 11)


def driven(coefficient, **options):
    """One cell, driven along x."""
    return Battery(H0, qutip.QobjEvo([H0, [X, coefficient]], **options), N=1)


def wave(frequency):
    return lambda t: np.cos(frequency * t)


class Pulse:
    def __init__(self, width):
        self.width = width

    def __call__(self, t):
        return np.exp(-((t / self.width) ** 2))


DEPTH = 1.0


def scaled(t):
    return DEPTH * t


PAIRS = {
    "cos t and cos 2t": (driven(lambda t: np.cos(t)), driven(lambda t: np.cos(2 * t))),
    "closures": (driven(wave(1.0)), driven(wave(2.0))),
    "pulses that vanish at t = 0": (
        driven(lambda t: np.exp(-((t - 50) ** 2))),
        driven(lambda t: np.exp(-((t - 51) ** 2))),
    ),
    "arguments": (driven(lambda t, w: w * t, args={"w": 1.0}), driven(lambda t, w: w * t, args={"w": 2.0})),
    "defaults": (driven(lambda t, w=1.0: w * t), driven(lambda t, w=2.0: w * t)),
    "partial functions": (driven(functools.partial(pow, 2)), driven(functools.partial(pow, 3))),
    "objects": (driven(Pulse(1.0)), driven(Pulse(2.0))),
    "samples": (driven(np.sin(T), tlist=T), driven(np.sin(T) * (T < 0.9), tlist=T)),
    "sampling times": (driven(np.sin(T), tlist=T), driven(np.sin(T), tlist=2 * T)),
    "steps and a smooth curve": (driven(np.sin(T), tlist=T, order=0), driven(np.sin(T), tlist=T)),
    "functions that return operators": (
        Battery(H0, qutip.QobjEvo(lambda t: np.cos(t) * X), N=1),
        Battery(H0, qutip.QobjEvo(lambda t: np.cos(2 * t) * X), N=1),
    ),
    "multiples of them": (
        Battery(H0, 2 * qutip.QobjEvo(lambda t: np.cos(t) * X), N=1),
        Battery(H0, 2 * qutip.QobjEvo(lambda t: np.cos(2 * t) * X), N=1),
    ),
    "switched couplings": (
        qb.dicke(1, lam=lambda t: np.cos(t), photons=4),
        qb.dicke(1, lam=lambda t: np.cos(2 * t), photons=4),
    ),
    "losses": (
        Battery(H0, H0, [qutip.QobjEvo([[X, lambda t: t]])], N=1),
        Battery(H0, H0, [qutip.QobjEvo([[X, lambda t: t * t]])], N=1),
    ),
    "constant and driven": (Battery(H0, H0 + X, N=1), driven(lambda t: 1.0)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_different_drives_have_different_parameters(name):
    a, b = PAIRS[name]
    assert a.parameters() != b.parameters()
    assert a.parameters() == a.parameters()


def test_the_hash_of_a_run_tells_drives_apart():
    runs = [qb.evolve(driven(wave(w)), qb.empty(1), [0.0, 1.0]) for w in (1.0, 2.0, 1.0)]
    hashes = [run.attrs["parameters_sha256"] for run in runs]
    assert hashes[0] != hashes[1]
    assert hashes[0] == hashes[2]


def test_values_read_from_outside_count(monkeypatch):
    before = driven(scaled).parameters()
    monkeypatch.setitem(globals(), "DEPTH", 2.0)
    assert driven(scaled).parameters() != before


@pytest.mark.parametrize("make", [lambda: qutip.QobjEvo(lambda t: t * X), lambda: 3 * qutip.QobjEvo(lambda t: t * X)])
def test_evaluating_a_drive_leaves_its_parameters(make):
    battery = Battery(H0, make(), N=1)
    before = battery.parameters()
    battery.H(0.7)
    assert battery.parameters() == before


CODE = """
import numpy as np, qutip, qbsim as qb
class Pulse:
    def __init__(self): self.parts = {"a", "b", "c", "d"}
    def __call__(self, t): return np.exp(-t * t) * len(self.parts)
x, h, t = qutip.destroy(2) + qutip.create(2), qutip.num(2), np.linspace(0, 1, 11)
def ramp(t, a): return a * np.sin(t) + (2.5 if t in {1, 2, 3} else 0)
H = qutip.QobjEvo([h, [x, ramp], [h, np.sin(t)], [x * x, Pulse()]], tlist=t, args={"a": 3.0})
print(qb.Battery(h, H, N=1).parameters()["H"])
"""


def test_parameters_are_the_same_in_every_process():
    seen = set()
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", CODE],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(run.stdout)
    assert len(seen) == 1
    assert "time-dependent: " in seen.pop()
