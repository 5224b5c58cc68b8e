r"""Gaussian states of a few cells as kets, for bounds that need all amplitudes.

A state that all :math:`d_m` annihilate is :math:`\prod_m d_m|v\rangle` for any v that has an overlap with the state
which all of them fill: each factor removes what is left of another level. v is drawn at random, the same for all.
"""

from __future__ import annotations

import numpy as np

from .._checks import ComplexArray

__all__ = ["LARGEST", "kets"]

LARGEST = 10  # cells
CHUNK = 2**22  # amplitudes at a time


def kets(states: ComplexArray, ancilla: bool) -> ComplexArray:
    """Kets (R, 2^N) of states (R, 2M, M) in the basis of the cells, each up to its phase; N = M - 1 with an ancilla."""
    M = states.shape[2]
    step = max(1, CHUNK >> M)
    parts = [_common_null(states[r : r + step]) for r in range(0, len(states), step)]
    psi = np.concatenate(parts)
    if ancilla:
        x = np.arange(2 ** (M - 1))
        psi = psi.reshape(len(psi), 2, -1)[:, np.bitwise_count(x) % 2, x]
    return np.asarray(psi / np.linalg.norm(psi, axis=1)[:, None])


def _common_null(states: ComplexArray) -> ComplexArray:
    """What all annihilators take to zero, (R, 2^M)."""
    R, _, M = states.shape
    rng = np.random.default_rng(0)
    psi = np.tile(rng.normal(size=2**M) + 1j * rng.normal(size=2**M), (R, 1))
    for m in range(M):
        total = np.zeros_like(psi)
        signed = psi  # with the string of the modes before k
        for k in range(M):
            shape = (R, 2**k, 2, 2 ** (M - k - 1))
            before, after = signed.reshape(shape), total.reshape(shape)
            after[:, :, 0] += states[:, k, m, None, None] * before[:, :, 1]
            after[:, :, 1] += states[:, M + k, m, None, None] * before[:, :, 0]
            signed = before * np.array([1, -1])[:, None]
            signed = signed.reshape(R, -1)
        psi = total / np.linalg.norm(total, axis=1)[:, None]
    return psi
