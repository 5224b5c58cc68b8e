"""Gaussian states as kets, by a road of its own: the common null vector of all annihilators among 2^M."""

import functools

import numpy as np
from scipy.linalg import expm
from scipy.optimize import brentq


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


def trajectory(battery, jumps, psi, tlist, rng):
    """A trajectory in 2^N with the jump operators `jumps`, drawn as the engine draws: states and numbers of jumps."""
    H = battery.H.full() - 0.5j * sum(L.conj().T @ L for L in jumps)
    states, counts, count, left, t = [psi], [0], 0, rng.exponential(), tlist[0]
    for stop in tlist[1:]:
        while left + log_norm(stop - t, H, psi) < 0:
            wait = brentq(lambda s, psi, left: left + log_norm(s, H, psi), 0, stop - t, (psi, left), xtol=1e-15)
            psi = expm(-1j * H * wait) @ psi
            after = [L @ psi for L in jumps]
            sums = np.cumsum([np.vdot(new, new).real for new in after])
            psi = after[int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))]
            psi, t, count, left = psi / np.linalg.norm(psi), t + wait, count + 1, rng.exponential()
        left, psi, t = left + log_norm(stop - t, H, psi), expm(-1j * H * (stop - t)) @ psi, stop
        psi = psi / np.linalg.norm(psi)
        states.append(psi)
        counts.append(count)
    return np.array(states), counts


def log_norm(t, H, psi):
    """Logarithm of the norm squared after a time."""
    return 2 * np.log(np.linalg.norm(expm(-1j * H * t) @ psi))
