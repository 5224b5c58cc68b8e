r"""Occupation strings of fermionic Gaussian states: sampled, and their amplitudes.

A state of M modes is given by its annihilators :math:`d_m = \sum_k (a_k b_k + b'_k b^+_k)`, the columns of a (2M, M)
matrix with orthonormal columns: rows 0 to M-1 hold the :math:`a_k`, rows M to 2M-1 the :math:`b'_k`. The string
:math:`n` is the state :math:`(b^+_0)^{n_0} (b^+_1)^{n_1} \cdots |\mathrm{vac}\rangle`.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from .._checks import ComplexArray, FloatArray

__all__ = ["Bits", "amplitudes", "in_modes", "majorana", "most_likely", "sample", "thouless"]

NEGLIGIBLE = 1e-14  # a change of the covariance that rounding hides

Bits = NDArray[np.uint8]

_jit = numba.njit(cache=True, nogil=True)


def in_modes(states: ComplexArray, modes: ComplexArray) -> ComplexArray:
    """Annihilators (..., 2M, M) written in the modes whose annihilators are the columns of `modes`, (2M, M)."""
    M = modes.shape[1]
    whole = np.concatenate([modes, np.roll(modes, M, axis=0).conj()], axis=1)
    return whole.conj().T @ states


def majorana(states: ComplexArray) -> FloatArray:
    r"""Covariances :math:`\Gamma_{ab} = \tfrac i2\langle[\gamma_a, \gamma_b]\rangle`, (..., 2M, 2M), of states.

    Order: :math:`\gamma_{2k} = c_k + c_k^+` and :math:`\gamma_{2k+1} = i(c_k^+ - c_k)`, so that
    :math:`\Gamma_{2k, 2k+1} = 2\langle n_k\rangle - 1`.
    """
    M = states.shape[-1]
    # <gamma_a gamma_b> = (G G^+)_ab with the columns of G, <gamma_a d_m^+>, from the annihilators d_m
    first, second = states[..., :M, :].conj(), states[..., M:, :].conj()
    columns = np.empty(states.shape, dtype=complex)
    columns[..., 0::2, :], columns[..., 1::2, :] = first + second, 1j * (second - first)
    half = np.ascontiguousarray(columns.real) @ np.ascontiguousarray(np.swapaxes(columns.imag, -1, -2))
    return half - np.swapaxes(half, -1, -2)


@_jit
def _decode(covariance, uniforms, bits):
    """One string into `bits`, mode by mode given those before; returns its log probability. Overwrites `covariance`.

    Reads and writes the upper triangle only. A number of `uniforms` below 0 asks for the more likely value.
    """
    M = bits.size
    logp = 0.0
    for m in range(M):
        x, y = 2 * m, 2 * m + 1
        filled = min(max(0.5 * (1.0 + covariance[x, y]), 0.0), 1.0)
        if uniforms[m] < 0:
            bit = 1 if filled > 0.5 else 0
        else:
            bit = 1 if uniforms[m] < filled else 0
        bits[m] = bit
        chance = filled if bit == 1 else 1.0 - filled
        logp += np.log(chance)
        # P = 1 - 2n = -i x y; Wick's theorem with (1 +- P) / 2 on both sides
        factor = (1.0 if bit == 1 else -1.0) / (2.0 * chance)
        for b in range(2 * m + 2, 2 * M):
            u, v = factor * covariance[y, b], factor * covariance[x, b]
            if abs(u) + abs(v) < NEGLIGIBLE:  # cells far apart are hardly correlated
                continue
            for c in range(b + 1, 2 * M):
                covariance[b, c] += u * covariance[x, c] - v * covariance[y, c]
    return logp


@_jit
def _sample(covariances, uniforms, out, logp):
    for r in range(out.shape[0]):
        for s in range(out.shape[1]):
            logp[r, s] = _decode(covariances[r].copy(), uniforms[r, s], out[r, s])


def sample(covariances: FloatArray, shots: int, rng: np.random.Generator) -> Bits:
    """Strings (R, shots, M) measured in states with these `majorana` covariances, (R, 2M, 2M)."""
    R, M = covariances.shape[0], covariances.shape[1] // 2
    out = np.zeros((R, shots, M), dtype=np.uint8)
    _sample(covariances, rng.random((R, shots, M)), out, np.zeros((R, shots)))
    return out


def most_likely(covariances: FloatArray) -> tuple[Bits, FloatArray]:
    """A string of large weight in each state, (R, M): each bit the more likely one given those before; its weight."""
    R, M = covariances.shape[0], covariances.shape[1] // 2
    out, logp = np.zeros((R, 1, M), dtype=np.uint8), np.zeros((R, 1))
    _sample(covariances, np.full((R, 1, M), -1.0), out, logp)
    return out[:, 0], np.exp(logp[:, 0])


def thouless(states: ComplexArray, references: Bits) -> tuple[ComplexArray, FloatArray]:
    r"""Matrices Z and norms n of :math:`|\psi\rangle = n\,e^{\frac12\sum Z_{ij} f^+_i f^+_j}|r\rangle`.

    The :math:`f_i` annihilate the reference string: :math:`f_i = b_i`, or :math:`b_i^+` where the reference is
    filled. :math:`Z = B A^{-1}` and :math:`n = |\det A|^{1/2}` from the two halves of the annihilators in the f.
    """
    M = states.shape[-1]
    filled = references.astype(bool)[:, :, None]
    top, bottom = states[:, :M], states[:, M:]
    a, b = np.where(filled, bottom, top), np.where(filled, top, bottom)
    pairing: ComplexArray = np.swapaxes(np.linalg.solve(np.swapaxes(a, 1, 2), np.swapaxes(b, 1, 2)), 1, 2)
    norm: FloatArray = np.exp(0.5 * np.linalg.slogdet(a)[1])
    return 0.5 * (pairing - np.swapaxes(pairing, 1, 2)), norm


@_jit
def _pfaffian(a, size):
    """Pfaffian of the leading block of an antisymmetric matrix, which is overwritten."""
    result = 1.0 + 0.0j
    for k in range(0, size - 1, 2):
        p = k + 1
        for i in range(k + 2, size):
            if abs(a[i, k]) > abs(a[p, k]):
                p = i
        if a[p, k] == 0:
            return 0.0j
        if p != k + 1:
            for i in range(k, size):
                a[k + 1, i], a[p, i] = a[p, i], a[k + 1, i]
            for i in range(k, size):
                a[i, k + 1], a[i, p] = a[i, p], a[i, k + 1]
            result = -result
        pivot = a[k, k + 1]
        result *= pivot
        for i in range(k + 2, size):
            u, v = a[k, i] / pivot, a[k + 1, i] / pivot
            for j in range(k + 2, size):
                a[i, j] += v * a[k, j] - u * a[k + 1, j]
    return result


@_jit
def _amplitudes(pairing, norms, references, strings, out):
    M = references.shape[1]
    places = np.empty(M, dtype=np.int64)
    work = np.empty((M, M), dtype=np.complex128)
    for r in range(out.shape[0]):
        Z = pairing[r]
        for s in range(out.shape[1]):
            size, odd, sign = 0, 0, 1.0
            for m in range(M):
                if strings[s, m] != references[r, m]:
                    places[size] = m
                    size += 1
                    if odd:
                        sign = -sign
                odd ^= references[r, m]
            if size % 2:
                out[r, s] = 0.0
                continue
            if size == 0:
                value = 1.0 + 0.0j
            elif size == 2:
                value = Z[places[0], places[1]]
            elif size == 4:
                i, j, k, l = places[0], places[1], places[2], places[3]
                value = Z[i, j] * Z[k, l] - Z[i, k] * Z[j, l] + Z[i, l] * Z[j, k]
            else:
                for i in range(size):
                    for j in range(size):
                        work[i, j] = Z[places[i], places[j]]
                value = _pfaffian(work, size)
            out[r, s] = sign * norms[r] * value


def amplitudes(states: ComplexArray, covariances: FloatArray, strings: Bits) -> ComplexArray:
    """Amplitudes (R, K) of strings, (K, M), in states with their `majorana` covariances; a phase per state is free."""
    references, _ = most_likely(covariances)
    pairing, norms = thouless(states, references)
    out = np.empty((states.shape[0], strings.shape[0]), dtype=complex)
    _amplitudes(pairing, norms, references, strings.astype(np.uint8), out)
    return out
