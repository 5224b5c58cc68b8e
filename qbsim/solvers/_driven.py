"""Driven qubit networks: power series in time with the compiled generator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._checks import FloatArray
from ..networks import Network
from ._couplings import Symmetry, layout_for
from ._layout import Layout, layout_of
from ._packed import PackedStates
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

        self.norm, self.drives = norm, net.drives
        self.own = generator_of(net, layout, 0.0)
        self.moved: list[Any] = []  # a generator, or what turns all cells
        parity = len(layout.blocks) == 2 and not layout.sectors
        nothing = np.zeros((net.N, net.N))
        for drive in net.drives:
            if drive.name != "pair":
                x, y = (drive.array / 2 if drive.name == name else np.zeros(net.N) for name in ("x", "y"))
                self.moved.append((x, y, self.own.work))
                continue
            pairs = tuple((int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(drive.array, 1)), strict=True))
            small = layout_of(net.N, False, (), pairs, parity=parity)
            real = np.array([drive.array[bond] for bond in pairs])
            values = self.own.values._replace(
                energies=np.zeros(2**net.N), rates=np.zeros(2**net.N), has_dephasing=False, hop_H=real,
                hop_S=0 * real, loss=nothing, pump=nothing, has_loss=False, has_pump=False,
            )  # fmt: skip
            self.moved.append(self.own._replace(tables=small.tables, values=values))

    def constant(self, v: FloatArray, add: FloatArray, scale: float, out: FloatArray) -> None:
        from ._kernels import apply_with

        apply_with(v, add, out, scale, self.own)

    def moving(self, d: int, v: FloatArray, add: FloatArray, out: FloatArray) -> None:
        from ._kernels import apply_turns, apply_with

        if self.drives[d].name != "pair":
            apply_turns(v, add, out, *self.moved[d])
        else:
            apply_with(v, add, out, 1.0, self.moved[d])


def reach_of(net: Network, norm: float, tlist: FloatArray) -> float:
    """Norm of the generator of a driven network times the length of the span, roughly."""
    times = np.linspace(tlist[0], tlist[-1], SAMPLES)
    moving = sum(drive.norm * np.mean([abs(drive.value(t)) for t in times]) for drive in net.drives)
    return float((norm + moving) * (tlist[-1] - tlist[0]))


def applications(net: Network, norm: float, tlist: FloatArray) -> float:
    """Applications of the generator that a run will need, roughly; every drive adds to each."""
    reach = reach_of(net, norm, tlist)
    return (1 + 0.4 * len(net.drives)) * (TERMS_PER_REACH * reach + 40)


def rows(size: int) -> int:
    """Packed states of this size that a run holds besides those that it returns."""
    return kept(8 * size) + 3


def run(
    net: Network, blocks: Symmetry, q: FloatArray, tlist: FloatArray, norm: float, rtol: float, segment: int
) -> Iterator[PackedStates]:
    """Packed states at all times, `segment` at a time."""
    layout = layout_for(net, blocks)
    series = PowerSeries(
        KernelGenerator(net, layout, norm), net.drives, tlist, Accuracy(0.1 * max(rtol, 1e-11), 0.3 * max(rtol, 1e-11))
    )
    packed, first = np.empty((min(segment, len(tlist)), layout.size)), 0
    for piece in series.pieces(q):
        now = piece.times.start
        while now < piece.times.stop:
            if now - first == len(packed):
                yield _states(packed, tlist, first, now, layout)
                first = now
                packed = np.empty((min(segment, len(tlist) - first), layout.size))
            end = min(piece.times.stop, first + len(packed))
            powers = piece.powers[now - piece.times.start : end - piece.times.start]
            np.matmul(powers, piece.terms, out=packed[now - first : end - first])
            now = end
    yield _states(packed, tlist, first, len(tlist), layout)


def _states(packed: FloatArray, tlist: FloatArray, first: int, last: int, layout: Layout) -> PackedStates:
    times = tlist[first:last]
    return PackedStates(packed[: last - first], times, times - tlist[0], layout, 0.0)
