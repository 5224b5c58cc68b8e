r"""Product states as Gaussian states, and what a jump makes of one.

With :math:`t_k` the amplitude of the excited over that of the ground state of cell k, and :math:`t_a = 1`, a product
state with the ancilla is

.. math:: \sum_x \prod_k t_k^{x_k}\,|\mathrm{parity}(x), x\rangle
          = \exp\Big(\sum_{i<j} t_i t_j\,c^+_i c^+_j\Big)|0\rangle

because the Pfaffian of the matrix of ones above the diagonal is 1: every product of pure states is Gaussian.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .._checks import ComplexArray, FloatArray

__all__ = ["basis_state", "flip_ancilla", "lower", "product_state", "turn_sign"]


def basis_state(excited: ArrayLike) -> ComplexArray:
    """Annihilators of a state of the computational basis, (2N, N): c+ for excited cells, c for the others."""
    up = np.asarray(excited, dtype=bool)
    return np.vstack([np.diag(~up), np.diag(up)]).astype(complex)


def product_state(amplitudes: ComplexArray) -> ComplexArray:
    """Annihilators of a product of kets of the cells, (N, 2), with the ancilla: (2N + 2, N + 1)."""
    M = len(amplitudes) + 1
    swapped = np.abs(amplitudes[:, 1]) > np.abs(amplitudes[:, 0])
    low = np.where(swapped, amplitudes[:, 1], amplitudes[:, 0])
    t = np.append(1, np.where(swapped, amplitudes[:, 0], amplitudes[:, 1]) / low)
    upper = np.triu(np.outer(t, t), 1)
    state, _ = np.linalg.qr(np.vstack([np.eye(M), upper - upper.T]))
    for k in np.flatnonzero(swapped) + 1:  # sigma_x of the cell and of the ancilla
        state = _majorana(state, int(k))
        state[:k] *= -1
        state[M : M + k] *= -1
        state = flip_ancilla(state)
    return state


def _majorana(state: ComplexArray, k: int) -> ComplexArray:
    """The state after c_k + c+_k."""
    M = state.shape[1]
    state = -state
    state[[k, M + k]] = -state[[M + k, k]]
    return state


def flip_ancilla(state: ComplexArray) -> ComplexArray:
    """The state after X_a = c_a + c+_a."""
    return _majorana(state, 0)


def turn_sign(state: ComplexArray, stop: int, start: int = 0) -> ComplexArray:
    """The state after the product of 1 - 2 n_j over the modes from `start` to before `stop`."""
    M, state = state.shape[1], state.copy()
    state[start:stop] *= -1
    state[M + start : M + stop] *= -1
    return state


def lower(state: ComplexArray, v: FloatArray) -> ComplexArray:
    """The normalised state after the operator v, real, (2M,), with v v = 0: v and what anticommutes with it.

    The combinations of the annihilators that anticommute with v are those orthogonal to its Hermitian conjugate. A
    reflection takes the projection of that on the annihilators to the first of them, which v then replaces. The others
    are made orthonormal to v.
    """
    v = v / np.linalg.norm(v)
    w = state.conj().T @ np.roll(v, len(v) // 2)
    size = float(np.linalg.norm(w))
    phase = w[0] / abs(w[0]) if w[0] != 0 else 1.0
    w = w.copy()
    w[0] += phase * size
    norm = np.vdot(w, w).real
    rest = (state - np.outer(state @ w, (2 / norm) * w.conj()))[:, 1:]
    u = rest.conj().T @ v
    square = np.vdot(u, u).real
    rest = rest - np.outer(v, u.conj())
    if square > 0:
        root = np.sqrt(max(float(1 - square), 1e-300))
        rest = rest + np.outer(rest @ u, (1 / root - 1) / square * u.conj())
    return np.hstack([v[:, None].astype(complex), rest])
