"""Driven qubit networks: power series in time with the compiled generator."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._checks import FloatArray
from ..networks import Network
from ._couplings import Symmetry, drive_elements, elements, layout_for
from ._layout import Layout, layout_of
from ._packed import PackedStates
from ._power_series import MOST_TERMS, REACH, Accuracy, PowerSeries

SAMPLES = 64  # of a drive, for a forecast
TERMS_PER_REACH = 4.5  # applications of the generator for a reach of 1


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
        self.numbers = elements(net, layout)
        self.own = generator_of(net, layout, 0.0)
        self.drives = [drive_elements(drive, layout) for drive in net.drives]
        self.moved = []
        parity = len(layout.blocks) == 2 and not layout.sectors
        nothing = np.zeros((net.N, net.N))
        for drive in net.drives:
            bonds = zip(*np.nonzero(np.triu(drive.array, 1)), strict=True) if drive.name == "pair" else ()
            turns = () if drive.name == "pair" else np.flatnonzero(drive.array)
            pairs = tuple((int(i), int(j)) for i, j in bonds)
            small = layout_of(net.N, False, (), pairs, tuple(int(k) for k in turns), parity=parity)
            real, imaginary = drive_elements(drive, small)
            values = self.own.values._replace(
                energies=np.zeros(2**net.N), rates=np.zeros(2**net.N), has_dephasing=False, hop_H=real,
                hop_S=-imaginary, loss=nothing, pump=nothing, has_loss=False, has_pump=False,
            )  # fmt: skip
            self.moved.append(self.own._replace(tables=small.tables, values=values))
        self.folded = self.own

    def fold(self, values: FloatArray) -> None:
        real, imaginary, rates = self.numbers
        real = real + sum(f * a for f, (a, _) in zip(values, self.drives, strict=True))
        imaginary = imaginary + sum(f * b for f, (_, b) in zip(values, self.drives, strict=True))
        numbers = self.own.values._replace(hop_H=real, hop_S=0.5 * rates - imaginary)
        self.folded = self.own._replace(values=numbers)

    def constant(self, v: FloatArray, out: FloatArray) -> None:
        from ._kernels import apply_generator

        apply_generator(v, out, self.folded)

    def moving(self, d: int, v: FloatArray, out: FloatArray) -> None:
        from ._kernels import apply_generator

        apply_generator(v, out, self.moved[d])


def reach_of(net: Network, norm: float, tlist: FloatArray) -> float:
    """Norm of the generator of a driven network times the length of the span, roughly."""
    times = np.linspace(tlist[0], tlist[-1], SAMPLES)
    moving = sum(drive.norm * np.mean([abs(drive.value(t)) for t in times]) for drive in net.drives)
    return float((norm + moving) * (tlist[-1] - tlist[0]))


def applications(net: Network, norm: float, tlist: FloatArray) -> float:
    """Applications of the generator that a run will need, roughly; every drive adds to each."""
    reach = reach_of(net, norm, tlist)
    return (1 + 0.6 * len(net.drives)) * (TERMS_PER_REACH * reach + 3 * REACH)


def rows() -> int:
    """Packed states that a run holds besides those that it returns."""
    return MOST_TERMS + 3


def run(
    net: Network, blocks: Symmetry, q: FloatArray, tlist: FloatArray, norm: float, rtol: float, segment: int
) -> Iterator[PackedStates]:
    """Packed states at all times, `segment` at a time."""
    layout = layout_for(net, blocks)
    series = PowerSeries(
        KernelGenerator(net, layout, norm), net.drives, tlist, Accuracy(0.01 * max(rtol, 1e-11), 0.1 * max(rtol, 1e-11))
    )
    packed, first = np.empty((min(segment, len(tlist)), layout.size)), 0
    for piece in series.pieces(q):
        for part in range(piece.times.start, piece.times.stop):
            if part - first == len(packed):
                yield _states(packed, tlist, first, part, layout)
                first = part
                packed = np.empty((min(segment, len(tlist) - first), layout.size))
            np.dot(piece.powers[part - piece.times.start], piece.terms, out=packed[part - first])
    yield _states(packed, tlist, first, len(tlist), layout)


def _states(packed: FloatArray, tlist: FloatArray, first: int, last: int, layout: Layout) -> PackedStates:
    times = tlist[first:last]
    return PackedStates(packed[: last - first], times, times - tlist[0], layout, 0.0)
