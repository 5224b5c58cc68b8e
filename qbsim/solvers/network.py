"""Matrix-free solver for qubit networks: long Faber steps with a compiled generator, in sectors where the state allows.

States without coherence between different excitation numbers stay so where H conserves their number, and then only the
blocks (n, n) are kept: C(2N, N) numbers instead of 4^N. Where cells are excited in pairs the same holds of the parity,
with half of the numbers. This is read off the initial state and the terms. Driven networks go by `_power_series`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import comb
from typing import Any, NamedTuple

import numpy as np

from .._checks import FloatArray
from .._machine import tell
from ..battery import MOVING
from ..measures.series import StateSeries
from ..networks import MORE_ARRAYS, NETWORK_TERMS, Network
from ..operators import occupations
from ..states import InitialState
from . import Settings, _driven
from ._cost import FLOP, eigenvalues
from ._couplings import Symmetry, blocks_for, driven_elements, elements, energies, layout_for, symmetry_of
from ._faber import MAX_TERMS, Plan, coefficients, plan_steps, remainders, rough_work
from ._layout import Hops, Layout, Tables, aligned
from ._packed import FaberStates, PackedStates, eigen_memory, pack
from ._spectrum import numerical_range

TERMS = NETWORK_TERMS | {*MORE_ARRAYS, MOVING}  # whatever depends on time is one of its own terms
MATRICES = True
LEAST = 2e-3
TOLERANCES = ("rtol",)  # it is absolute: relative to the norm of a state, which is at most 1
STORE_BYTES = 256 * 2**20  # Faber vectors of a whole step are kept up to here, so that any time can be had from them
# One application of the generator costs this times N multiply-adds per entry (measured, in those of a matrix product).
DENSE_COST, SECTOR_COST = 16.0, 30.0
ROUGH_BYTES = 2**25  # below this much memory a rough forecast is good enough
SEGMENT_BYTES = 3 * 2**29  # packed states returned at a time, beyond one
PIECE = 5e8  # entries times cells between two looks at the clock, half a second


def why_not(battery: Network, rho0: InitialState, tlist: FloatArray) -> str:
    """Nothing that its terms allow."""
    return ""


def seconds(battery: Network, rho0: InitialState, tlist: FloatArray, *, spectrum: bool) -> float:
    """Applications of the generator, the sum over output times, and the eigenvalues."""
    N, blocks = battery.N, blocks_for(battery, rho0)
    sizes = _block_sizes(N, blocks)
    entries = float(sum(m * m for m in sizes))
    span = float(tlist[-1] - tlist[0])
    bounds = numerical_range(battery, _frame(battery, blocks), blocks, rough=True)
    if battery.drives:
        applications, steps = _driven.applications(battery, _norm(bounds), tlist), 0.0
    else:
        applications, steps = rough_work(*bounds, span) if span > 0 else (0.0, 0.0)
    each = _application(battery, blocks) * entries * 2 * FLOP
    outputs = 2 * FLOP * entries * len(tlist) * min(applications, MAX_TERMS)
    spectra = eigenvalues(sizes, len(tlist)) if spectrum else 0.0
    return LEAST + 1e-3 * steps + applications * (each + 3e-6) + outputs + spectra


def _block_sizes(N: int, blocks: Symmetry) -> list[int]:
    if blocks == "number":
        return [comb(N, k) for k in range(N + 1)]
    return [2 ** (N - 1)] * 2 if blocks == "parity" else [2**N]


def _application(net: Network, blocks: Symmetry) -> float:
    """Multiply-adds per entry of one application of the generator: turns cost what hops over two bonds do."""
    turning = np.count_nonzero((net.x != 0) | (net.y != 0))
    return (SECTOR_COST if blocks == "number" else DENSE_COST) * (net.N + turning)


@dataclass(frozen=True)
class _Memory:
    """Numbers that a run keeps in memory at a time."""

    size: int  # numbers per packed state
    largest: int  # size of the largest block
    segment: int  # states returned at a time
    rows: int  # Faber vectors
    whole_step: bool  # whether these are all of a step

    @classmethod
    def of(cls, N: int, blocks: Symmetry, times: int) -> _Memory:
        sizes = _block_sizes(N, blocks)
        size, largest = sum(m * m for m in sizes), max(sizes)
        if 8 * size * MAX_TERMS <= STORE_BYTES:
            return cls(size, largest, times, MAX_TERMS, True)
        segment = _segment(size, times)
        return cls(size, largest, segment, 2 + min(64, max(2, segment)), False)

    @property
    def peak(self) -> int:
        """Bytes: Faber vectors, states, the kernel's buffers, and what eigenvalues take."""
        states = 8 * self.size * (self.rows + self.segment + 1)
        return states + 16 * self.largest**2 + eigen_memory(self.largest, self.segment)


def _segment(size: int, times: int) -> int:
    """Packed states returned at a time."""
    return min(times, max(1, SEGMENT_BYTES // (8 * size)))


def _norm(bounds: tuple[float, float, float]) -> float:
    """Bound on the norm of a generator whose numerical range lies in this rectangle: of both its Hermitian parts."""
    left, right, height = bounds
    return max(-left, right) + height


def forecast(battery: Network, rho0: InitialState, tlist: FloatArray) -> int:
    """Peak memory in bytes, beyond those of the interpreter."""
    blocks = blocks_for(battery, rho0)
    memory = _Memory.of(battery.N, blocks, len(tlist))
    if battery.drives:
        return replace(memory, rows=_driven.rows(battery, memory.size), segment=_segment(memory.size, len(tlist))).peak
    # where memory matters, so does the number of vectors and times of a step
    if memory.whole_step and memory.peak > ROUGH_BYTES and len(tlist) > 1:
        plan = _plan(battery, tlist, blocks, Settings().rtol, passive_only=False)
        share = min(1.0, plan.step / float(tlist[-1] - tlist[0]))
        memory = replace(memory, rows=plan.terms, segment=int(np.ceil(share * len(tlist))))
    return memory.peak


def _frame(net: Network, blocks: Symmetry) -> float:
    """Uniform part of the fields, which commutes with all that conserves excitations; coherences get it back later."""
    return 0.0 if blocks == "number" or symmetry_of(net) != "number" else float(net.omega.mean())


def _plan(net: Network, tlist: FloatArray, blocks: Symmetry, rtol: float, passive_only: bool) -> Plan:
    """Steps for these times."""
    span, gap = float(tlist[-1] - tlist[0]), float(np.diff(tlist).max())
    outputs = 0.0 if passive_only else len(tlist) / _application(net, blocks)
    bounds = numerical_range(net, _frame(net, blocks), blocks)
    return plan_steps(*bounds, span, 0.01 * max(rtol, 1e-11), slack=gap, outputs=outputs)


def run(battery: Network, rho0: InitialState, tlist: FloatArray, settings: Settings) -> Iterator[StateSeries]:
    """Packed states, segment by segment; each is valid until the next one is taken."""
    blocks = blocks_for(battery, rho0)
    layout = layout_for(battery, blocks)
    frame = _frame(battery, blocks)
    q = pack(rho0.whole, layout)
    if len(tlist) == 1:
        yield PackedStates(q[None], tlist, 0 * tlist, layout, frame)
        return
    memory = _Memory.of(battery.N, blocks, len(tlist))
    if battery.drives:
        norm, segment = _norm(numerical_range(battery, frame, blocks)), _segment(memory.size, len(tlist))
        yield from _driven.run(battery, blocks, q, tlist, norm, settings.rtol, segment)
        return
    plan = _plan(battery, tlist, blocks, settings.rtol, settings.passive_tol is not None)
    stepper = _Stepper(plan, generator_of(battery, layout, frame), memory)
    now, k, span = float(tlist[0]), 0, float(tlist[-1] - tlist[0])
    while k < len(tlist):
        # everything within reach of one step, as far as it fits the memory
        reach = int(np.searchsorted(tlist, now + plan.step * (1 + 1e-12), side="right"))
        end = min(reach, k + memory.segment)
        times = tlist[k:end]
        offsets = times - now if end > k else np.array([plan.step])
        stepper.begun, stepper.share = (now - tlist[0]) / span, offsets[-1] / span
        states = stepper.states(q, offsets, (times, times - tlist[0], layout, frame))
        q = states.coeffs[-1] @ states.vectors if isinstance(states, FaberStates) else states.packed[-1].copy()
        now, k = now + offsets[-1], end
        if times.size:
            yield states
        vars(states).pop("vectors", None)  # they are about to be overwritten
        del states  # before the next segment takes its memory


class Values(NamedTuple):
    """Numbers of the generator, for the compiled kernels.

    Attributes
    ----------
    energies, rates : ndarray, (2^N,)
        Diagonal of H and of G, row by row of the layout.
    dephasing : ndarray, (2^N,)
        Decay rate of a coherence, by the cells in which its two states differ.
    has_dephasing, has_loss, has_pump : bool
        Whether there is any.
    hop_H, hop_S : ndarray
        For every kind of move, Re H and G / 2 - Im H.
    loss, pump : ndarray, (N, N)
        Rates of the jumps.
    """

    energies: FloatArray
    rates: FloatArray
    dephasing: FloatArray
    has_dephasing: bool
    hop_H: FloatArray
    hop_S: FloatArray
    loss: FloatArray
    pump: FloatArray
    has_loss: bool
    has_pump: bool


class Driven(NamedTuple):
    """Moves of the drives, for the compiled kernels.

    Attributes
    ----------
    hops : Hops
        Rows reached from every row, drive after drive.
    hop_H, hop_S : ndarray
        As in `Values`.
    """

    hops: Hops
    hop_H: FloatArray
    hop_S: FloatArray


class Generator(NamedTuple):
    """All that the compiled kernels need of a network: index tables, numbers, drives, and memory to work in."""

    tables: Tables
    values: Values
    driven: Driven
    work: tuple[FloatArray, FloatArray]


def generator_of(net: Network, layout: Layout, frame: float) -> Generator:
    """Generator of a network in a frame that turns uniformly with the excitation number."""
    from ._kernels import PAD

    loss, pump = net.loss_matrix, net.pump_matrix
    n = occupations(net.N)
    states = layout.tables.states
    dephasing = n @ net.dephasing
    real, imaginary, rates = elements(net, layout)
    values = Values(
        energies=energies(net, frame)[states],
        rates=(n @ np.diag(loss) + (1.0 - n) @ np.diag(pump))[states],
        dephasing=dephasing,
        has_dephasing=bool(dephasing.any()),
        hop_H=real,
        hop_S=0.5 * rates - imaginary,
        loss=loss,
        pump=pump,
        has_loss=bool(loss.any()),
        has_pump=bool(pump.any()),
    )
    m = max(map(len, layout.blocks))
    work = aligned(m * (m + PAD)), aligned(m * (m + PAD))
    return Generator(layout.tables, values, _driven_part(net, layout), work)


def _driven_part(net: Network, layout: Layout) -> Driven:
    """Moves of all drives in one table."""
    parts = [driven_elements(drive, layout) for drive in net.drives]
    moves = np.cumsum([0, *(len(part.hops.target) for part in parts)])
    kinds = np.cumsum([0, *(len(part.real) for part in parts)])
    start = [part.hops.start[:-1] + first for part, first in zip(parts, moves[:-1], strict=True)]
    target = [part.hops.target for part in parts]
    kind = [part.hops.kind + first for part, first in zip(parts, kinds[:-1], strict=True)]
    none = np.empty(0, dtype=np.int64)
    return Driven(
        Hops(*(np.concatenate([none, *arrays]) for arrays in (start + [moves[-1:]], target, kind))),
        np.concatenate([np.empty(0), *(part.real for part in parts)]),
        np.concatenate([np.empty(0), *(-part.imaginary for part in parts)]),
    )


class _Stepper:
    """Makes steps of at most `plan.step` with one set of buffers."""

    def __init__(self, plan: Plan, generator: Generator, memory: _Memory) -> None:
        self.plan, self.generator, self.memory = plan, generator, memory
        self.begun = self.share = 0.0  # of the time span: what came before this step, and the step
        self.vectors = aligned(plan.terms if memory.whole_step else memory.rows, memory.size)

    def states(self, q: FloatArray, offsets: FloatArray, where: tuple[Any, ...]) -> PackedStates:
        """States at `offsets` after the state q; `where`: the other arguments of `PackedStates`."""
        coeffs = coefficients(self.plan.ellipse, offsets, self.plan.terms)
        rest = remainders(self.plan.ellipse, coeffs)
        if not self.memory.whole_step:
            return PackedStates(self._combine(q, coeffs, rest), *where)
        self.vectors[0] = q
        used = self._fill(1, self.plan.terms, 1, rest)
        return FaberStates(coeffs[:, :used], self.vectors[:used], *where)

    def _fill(self, first: int, last: int, k: int, rest: FloatArray) -> int:
        """Faber vectors k, k + 1, ... into rows first to last - 1, fewer if the rest is negligible; the row after."""
        from ._kernels import faber_vectors

        x, tol = self.plan.ellipse, self.plan.tol
        piece = max(1, int(PIECE // (self.memory.size * self.generator.values.loss.shape[0])))
        row = first
        while row < last:
            end = min(row + piece, last)
            filled = int(faber_vectors(self.vectors, row, end, k, (x.center, x.d, x.e), rest, tol, self.generator))
            if filled < end:
                return filled
            k, row = k + end - row, end
            tell(self.begun + self.share * k / self.plan.terms)
        return last

    def _combine(self, q: FloatArray, coeffs: FloatArray, rest: FloatArray) -> FloatArray:
        """sum_k c_k(t) F_k q, with as many Faber vectors at a time as the buffer holds."""
        from scipy.linalg.blas import dgemm

        terms, v = coeffs.shape[1], self.vectors
        v[1] = q
        packed = np.multiply.outer(coeffs[:, 0], q)
        k = 1
        while k < terms:
            count = min(len(v) - 2, terms - k)
            filled = self._fill(2, 2 + count, k, rest) - 2
            # packed += coeffs v without a temporary of its size; BLAS sees the transposes, which are in its order
            dgemm(1.0, v[2 : 2 + filled].T, coeffs[:, k : k + filled].T, beta=1.0, c=packed.T, overwrite_c=True)
            if filled < count:
                break
            v[:2] = v[count : count + 2].copy()
            k += count
        return packed
