"""Operators of the terms of a network's master equation, from their arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import qutip
from qutip import Qobj

from .._checks import FloatArray
from ..decay import decay_modes
from ..operators import lowering, raising

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Term", "exchange", "mode_jumps"]


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


def mode_jumps(matrix: FloatArray, op: Callable[[int, int], Qobj]) -> Iterable[Qobj]:
    """Jump operators of the modes of a rate matrix; `op` makes the operator of cell k of N."""
    cell_ops = [op(k, len(matrix)) for k in range(len(matrix))]
    for rate, mode in zip(*decay_modes(matrix), strict=True):
        L = sum((v * s for v, s in zip(mode, cell_ops, strict=True) if v != 0), start=0 * cell_ops[0])
        # a negative rate has no jump operator: it enters as a term of the generator
        yield np.sqrt(rate) * L if rate > 0 else rate * qutip.lindblad_dissipator(L)
