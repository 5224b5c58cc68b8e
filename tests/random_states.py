"""Random states, Hamiltonians and batteries for property tests; every one is made from a seed, so a failure replays."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from qutip import Qobj

from qbsim.states import InitialState

seeds = st.integers(0, 2**32 - 1)


def density(d, rng, rank=None):
    """Ginibre-distributed density matrix of the given rank (full by default)."""
    rank = d if rank is None else rank
    g = rng.normal(size=(d, rank)) + 1j * rng.normal(size=(d, rank))
    rho = g @ g.conj().T
    return rho / np.trace(rho).real


def hermitian(d, rng, degenerate=False):
    """Hermitian matrix; with degeneracies if asked."""
    g = rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d))
    q = np.linalg.qr(g)[0]
    levels = rng.integers(0, 3, d).astype(float) if degenerate else rng.normal(size=d)
    return (q * levels) @ q.conj().T


def unitary(d, rng):
    """Haar-distributed unitary."""
    q, r = np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))
    return q * (np.diag(r) / np.abs(np.diag(r)))


def qubits(matrix):
    """Matrix on N qubits as a Qobj."""
    N = round(np.log2(len(matrix)))
    return Qobj(matrix, dims=[[2] * N, [2] * N])


def graph(N, rng, chance=0.5):
    """Random graph of N cells as a list of bonds."""
    return [(i, j) for i in range(N) for j in range(i + 1, N) if rng.random() < chance]


def positive_rates(N, rng):
    """Random decay matrix A A^T, positive semidefinite."""
    a = rng.normal(size=(N, N))
    return a @ a.T / N


def start(state):
    """A state of all cells as the solvers take it."""
    return InitialState(state.dims[0], state)
