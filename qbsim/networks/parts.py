"""Operators of the terms of a network's master equation, from their arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import qutip
from qutip import Qobj

from .._checks import FloatArray
from ..decay import decay_modes
from ..operators import lowering, raising, sigma_x, sigma_y, sigma_z

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Term", "arrows", "exchange", "flips", "mode_jumps", "pairs", "turns", "zz_couplings"]


class Term(NamedTuple):
    """A term of the master equation of a network.

    Attributes
    ----------
    array : callable
        Numbers of the term; it is absent if they all vanish.
    parts : callable
        Its parts of H or, for a term that loses energy or coherence, its jump operators; a superoperator is a term of
        the generator.
    loses : bool
        Whether it is dissipative.
    weight : float
        Largest ``||L^+ L||`` of its jumps in units of the sum of its numbers; bounds the rate of jumps.
    """

    array: Callable[[Network], FloatArray]
    parts: Callable[[Network], Iterable[Qobj]]
    loses: bool = False
    weight: float = 1.0


def exchange(J: FloatArray) -> Iterable[Qobj]:
    """Exchange of every bond, J_ij (s+_i s-_j + h.c.)."""
    for i, j in zip(*np.nonzero(np.triu(J, 1)), strict=True):
        hop = raising(int(i), len(J)) * lowering(int(j), len(J))
        yield J[i, j] * (hop + hop.dag())


def zz_couplings(zz: FloatArray) -> Iterable[Qobj]:
    """ZZ coupling of every bond, (zz_ij / 4) sigma_z,i sigma_z,j."""
    for i, j in zip(*np.nonzero(np.triu(zz, 1)), strict=True):
        yield zz[i, j] / 4 * sigma_z(int(i), len(zz)) * sigma_z(int(j), len(zz))


def pairs(pair: FloatArray) -> Iterable[Qobj]:
    """Double excitation of every bond, pair_ij (s+_i s+_j + h.c.)."""
    for i, j in zip(*np.nonzero(np.triu(pair, 1)), strict=True):
        both = raising(int(i), len(pair)) * raising(int(j), len(pair))
        yield pair[i, j] * (both + both.dag())


def arrows(dm: FloatArray) -> Iterable[Qobj]:
    """Dzyaloshinskii-Moriya term of every bond, dm_ij (i s+_i s-_j + h.c.)."""
    for i, j in zip(*np.nonzero(np.triu(dm, 1)), strict=True):
        hop = 1j * raising(int(i), len(dm)) * lowering(int(j), len(dm))
        yield dm[i, j] * (hop + hop.dag())


def flips(x: FloatArray) -> Iterable[Qobj]:
    """Transverse field of every cell, (x_k / 2) sigma_x,k."""
    return (a / 2 * sigma_x(k, len(x)) for k, a in enumerate(x) if a != 0)


def turns(y: FloatArray) -> Iterable[Qobj]:
    """The same a quarter turn on, (y_k / 2) sigma_y,k."""
    return (a / 2 * sigma_y(k, len(y)) for k, a in enumerate(y) if a != 0)


def mode_jumps(matrix: FloatArray, op: Callable[[int, int], Qobj]) -> Iterable[Qobj]:
    """Jump operators of the modes of a rate matrix; `op` makes the operator of cell k of N."""
    cell_ops = [op(k, len(matrix)) for k in range(len(matrix))]
    for rate, mode in zip(*decay_modes(matrix), strict=True):
        L = sum((v * s for v, s in zip(mode, cell_ops, strict=True) if v != 0), start=0 * cell_ops[0])
        # a negative rate has no jump operator: it enters as a term of the generator
        yield np.sqrt(rate) * L if rate > 0 else rate * qutip.lindblad_dissipator(L)
