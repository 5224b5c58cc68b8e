r"""Two-cell states of neighbours in a Gaussian state.

Even operators follow from the correlations of two modes, with l = k + 1:

.. math:: s^+_k s^-_l = c^+_k c_l, \qquad s^-_k s^-_l = c_l c_k, \qquad
          \langle n_k n_l\rangle = \langle n_k\rangle\langle n_l\rangle + |\langle c_k c_l\rangle|^2
          - |\langle c^+_k c_l\rangle|^2

and odd ones from the strings of `pfaffian.strings`, with one or three Majorana operators of the two cells at the end.
"""

from __future__ import annotations

import numpy as np

from .._checks import ComplexArray, FloatArray

__all__ = ["pair_states"]


def pair_states(cells: ComplexArray, found: FloatArray) -> ComplexArray:
    """States of neighbours, (R, N - 1, 4, 4), in the basis gg, ge, eg, ee.

    Parameters
    ----------
    cells : ndarray, (R, 2N, M)
        Rows of the cells in the states.
    found : ndarray, (R, N, 8)
        Their strings.
    """
    N = found.shape[1]
    a, b = cells[:, :N], cells[:, N:]
    n = np.einsum("rkm,rkm->rk", b.conj(), b).real
    hop = np.einsum("rkm,rkm->rk", b[:, :-1].conj(), b[:, 1:])
    pair = np.einsum("rkm,rkm->rk", a[:, :-1].conj(), b[:, 1:])
    p, q = n[:, :-1], n[:, 1:]
    both = p * q + np.abs(pair) ** 2 - np.abs(hop) ** 2
    x, y, x_with, y_with, y3, x3, y3_with, x3_with = np.moveaxis(found[:, :-1], 2, 0) / 2
    first, first_turned = x + 1j * y, x3 + 1j * y3  # s-_k, and s-_k (1 - 2 n_l)
    second, second_turned = x3_with + 1j * y3_with, x_with + 1j * y_with  # s-_l, and s-_l (1 - 2 n_k)
    rho = np.zeros((*p.shape, 4, 4), dtype=complex)
    rho[..., 3, 2], rho[..., 1, 0] = (second - second_turned) / 2, (second + second_turned) / 2
    rho[..., 3, 1], rho[..., 2, 0] = (first - first_turned) / 2, (first + first_turned) / 2
    rho[..., 2, 1], rho[..., 3, 0] = hop.conj(), -pair
    rho += np.swapaxes(rho, 2, 3).conj()
    for level, weight in enumerate((1 - p - q + both, q - both, p - both, both)):
        rho[..., level, level] = weight
    return rho
