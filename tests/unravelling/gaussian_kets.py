"""Gaussian states as kets, by a road of its own: the common null vector of all annihilators among 2^M."""

import functools

import numpy as np


@functools.cache
def modes(M):
    """Annihilation operators c_k of M modes, mode 0 the first factor, with strings of 1 - 2n."""
    lower, string = np.array([[0.0, 1.0], [0.0, 0.0]]), np.diag([1.0, -1.0])
    return [functools.reduce(np.kron, [string] * k + [lower] + [np.eye(2)] * (M - k - 1)) for k in range(M)]


def ket(state, ancilla):
    """The ket (2^N,) of annihilators (2M, M), up to its phase."""
    M = state.shape[1]
    linear = [*modes(M), *(c.T for c in modes(M))]
    d = np.tensordot(state.T, np.array(linear), 1)
    values, vectors = np.linalg.eigh(np.einsum("mji,mjk->ik", d.conj(), d))
    assert values[0] < 1e-11
    assert M == 0 or values[1] > 0.5
    psi = vectors[:, 0]
    if not ancilla:
        return psi
    parity = np.array([x.bit_count() % 2 for x in range(2 ** (M - 1))])
    both = psi.reshape(2, -1)
    assert np.abs(both[1 - parity, np.arange(len(parity))]).max() < 1e-12  # outside the code
    return both[parity, np.arange(len(parity))]


def aligned(first, second):
    """Modulus of the overlap of two kets."""
    return abs(np.vdot(first, second))
