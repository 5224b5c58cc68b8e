"""Driven qubit networks: power series in time with the compiled generator."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._checks import FloatArray, IntArray
from ..networks import Network
from ._couplings import Symmetry, layout_for
from ._layout import Layout
from ._packed import FaberStates
from ._power_series import Accuracy, PowerSeries, kept

SAMPLES = 64  # of a drive, for a forecast
TERMS_PER_REACH = 3.5  # applications of the generator for a reach of 1


class KernelGenerator:
    """Generator of a driven network on packed states.

    Parameters
    ----------
    net : Network
        Driven network.
    layout : Layout
        Of its states.
    norm : float
        Bound on the norm of its constant part.
    """

    def __init__(self, net: Network, layout: Layout, norm: float) -> None:
        from .network import generator_of

        self.norm = norm
        self.own = generator_of(net, layout, 0.0)

    def apply(self, v: FloatArray, numbers: IntArray, moved: FloatArray, scale: float, out: FloatArray) -> None:
        from ._kernels import apply_driven

        apply_driven(v, (numbers, moved), out, scale, self.own)


def reach_of(net: Network, norm: float, tlist: FloatArray) -> float:
    """Norm of the generator of a driven network times the length of the span, roughly."""
    times = np.linspace(tlist[0], tlist[-1], SAMPLES)
    moving = sum(drive.norm * np.mean([abs(drive.value(t)) for t in times]) for drive in net.drives)
    return float((norm + moving) * (tlist[-1] - tlist[0]))


def applications(net: Network, norm: float, tlist: FloatArray) -> float:
    """Applications of the generator that a run will need, roughly; every drive adds to each."""
    reach = reach_of(net, norm, tlist)
    return (1 + 0.4 * len(net.drives)) * (TERMS_PER_REACH * reach + 40)


def rows(net: Network, size: int) -> int:
    """Packed states of this size that a run holds besides those that it returns."""
    return kept(8 * size) + len(net.drives) + 1


def run(
    net: Network, blocks: Symmetry, q: FloatArray, tlist: FloatArray, norm: float, rtol: float, segment: int
) -> Iterator[FaberStates]:
    """Packed states at all times, at most `segment` at a time, each valid until the next one is taken."""
    layout = layout_for(net, blocks)
    series = PowerSeries(
        KernelGenerator(net, layout, norm), net.drives, tlist, Accuracy(0.1 * max(rtol, 1e-11), 0.3 * max(rtol, 1e-11))
    )
    for piece in series.pieces(q):
        for first in range(0, len(piece.powers), segment):
            part = slice(first, first + segment)
            times = tlist[piece.times][part]
            states = FaberStates(piece.powers[part], piece.terms, times, times - tlist[0], layout, 0.0)
            yield states
            vars(states).pop("vectors", None)  # they are about to be overwritten
            del states  # before the next segment takes its memory
