r"""Interchangeable cells: blocks of total spin, exact, for a hundred cells and more.

Cells that may be exchanged without changing the network or the state form classes: all cells of an all-to-all network,
the leaves of a star, the parts of a complete multipartite graph. A class of n needs :math:`\binom{n+3}{3}` numbers
instead of :math:`4^n`; several classes multiply. The coherence order q, the difference between the left and the right
number of excitations, is conserved, so every order evolves alone under a sparse generator; those in which the state has
nothing are left out, and so are those that have decayed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._checks import ComplexArray, FloatArray
from .._machine import tell
from ..measures.passive_energy import MOST_COUNTED
from ..measures.series import StateSeries
from ..networks import NETWORK_TERMS, Network
from ..states import InitialState
from . import Settings
from ._charge_sectors import Generator, SectorLayout, convolved, sector_sizes
from ._faber import rough_work
from ._sparse_steps import KEPT, propagate
from ._spin_blocks import spin_blocks
from ._symmetric_states import SymmetricStates
from ._twins import Classes, has_twins, twin_classes

TERMS = NETWORK_TERMS
TOLERANCES = ("rtol",)  # it is absolute: in the trace norm, which is 1
MATRICES = False
LEAST = 1e-2
SHARE = 0.01  # of rtol: bound on the error of the states in the trace norm
DROPPED = 0.1  # of that bound: what sectors may hold that are left out
SEGMENT_BYTES = 2**29  # states returned at a time, beyond one
ENTRY = 2.5e-9  # seconds per entry of the generator and application, measured
CALL = 2e-5  # seconds per application beside that, measured
LIFE = 25.0  # decay times of a sector after which nothing is left
ASSEMBLY = 2e-7  # seconds per entry of the generator, to write it out


def why_not(battery: Network, rho0: InitialState, tlist: FloatArray) -> str:
    """All but cells in a product state of which some are interchangeable."""
    if battery.has_own_H0:
        return "it knows the H0 of the fields only"
    if not has_twins(battery):
        return "no two of its cells are interchangeable"
    if battery.N > MOST_COUNTED:
        return f"its blocks are counted for up to {MOST_COUNTED} cells"
    if rho0.cells is None:
        return "its state must be a product of states of the cells"
    if len(twin_classes(battery, rho0.cells).members) == battery.N:
        return "no two of its cells are interchangeable in this state"
    return ""


def _sector_norms(classes: Classes) -> FloatArray:
    """Trace norms of the sectors q = 0, 1, ... of the initial state; bounds on them if there are several classes."""
    norms = []
    for n, rho in zip(classes.sizes, classes.states, strict=True):
        blocks = spin_blocks(n)
        state = blocks.product(rho)
        norms.append(np.array([np.abs(blocks.pick(state, q)).sum() for q in range(-n, n + 1)]))
    return convolved(norms)


def _kept(norms: FloatArray, allowed: float) -> list[int]:
    """Sectors without those of the highest orders that hold no more than `allowed`, together with their adjoints."""
    return [q for q, rest in enumerate(2 * np.cumsum(norms[::-1])[::-1]) if q == 0 or rest > allowed]


class _Work:
    """A run: its classes, the sectors that it keeps, and what they cost.

    Attributes
    ----------
    sectors : list of int
        Coherence orders that are kept.
    sizes : ndarray
        Number of entries of every one of them.
    entries : float
        Of the generator per entry of a state, roughly.
    """

    def __init__(self, battery: Network, cells: ComplexArray, rtol: float) -> None:
        self.classes = twin_classes(battery, cells)
        self.allowed = SHARE * max(rtol, 1e-11)
        norms = _sector_norms(self.classes)
        self.sectors = _kept(norms, DROPPED * self.allowed)
        self.sizes = sector_sizes(self.classes.sizes)[self.sectors]
        c = self.classes
        kinds = np.count_nonzero([c.decay.any(), c.gain.any(), c.dephasing.any()])
        cross = [np.count_nonzero(np.triu(m, 1)) for m in (np.abs(c.J) + c.loss**2 + c.pump**2, c.loss, c.pump)]
        self.entries = 1.0 + 2.7 * kinds * len(c.sizes) + 4 * cross[0] + 2 * cross[1] + 2 * cross[2]
        self.segment = max(1, int(SEGMENT_BYTES / (16 * self.sizes.sum())))

    def applications(self, span: float) -> FloatArray:
        """Applications of the generator in every sector, roughly."""
        c, n = self.classes, np.array(self.classes.sizes)
        products = np.outer(n + 1, n + 1) / 4  # largest elements of S+_a S-_b
        together, alone = np.abs(c.loss + c.pump), c.decay + c.gain
        decay = float((together * products).sum() + n @ (alone + c.dephasing))
        hopping = 2 * float((np.abs(c.J) * products)[~np.eye(len(n), dtype=bool)].sum())
        fields = float(n @ np.abs(c.omega - np.average(c.omega, weights=n)))
        # coherence of order 1, of which every cell loses its own, and the others help
        loss = float(np.average(alone / 2 + c.dephasing + together @ n / 8, weights=n))
        found = []
        for q in self.sectors:
            parts = np.minimum(q, n / 2)
            exchange = float(np.abs(np.diag(c.J)) @ (parts * (n - parts)))
            life = min(span, LIFE / (q * loss)) if q * loss > 0 else span
            growth = float(together.sum(axis=1) @ n) / 2
            found.append(rough_work(-2 * decay, growth, decay + hopping + fields + exchange, life)[0])
        return np.array(found)

    def eigenvalues(self, times: int) -> float:
        """Seconds for the eigenvalues of all blocks, which fall into small ones by their charge if all q = 0."""
        widths = [1.0 * np.arange(n + 1, 0, -2) for n in self.classes.sizes]
        sums = [float(np.prod([(w**power).sum() for w in widths])) for power in range(4)]  # over all blocks
        if self.sectors == [0]:
            return times * (1e-8 * sums[0] + 2e-7 * sums[1])
        return times * (1e-5 * sums[0] + 1e-7 * sums[2] + 5e-10 * sums[3])


def seconds(battery: Network, rho0: InitialState, tlist: FloatArray, *, spectrum: bool) -> float:
    """The generator, its applications, the sums over the output times, and the eigenvalues of the blocks."""
    assert rho0.cells is not None
    work = _Work(battery, rho0.cells, Settings().rtol)
    entries = work.sizes * work.entries
    span = float(tlist[-1] - tlist[0])
    applications = work.applications(span) if span > 0 else 0.0 * entries
    steps = float((entries * ENTRY + CALL) @ applications)
    outputs = 1e-9 * len(tlist) * float(work.sizes @ np.minimum(applications, 400))
    spectra = work.eigenvalues(len(tlist)) if spectrum else 0.0
    return LEAST + ASSEMBLY * float(entries.sum()) + steps + outputs + spectra


def forecast(battery: Network, rho0: InitialState, tlist: FloatArray) -> int:
    """Peak memory in bytes: states, copies of them in the measures, and what the largest sector needs."""
    assert rho0.cells is not None
    work = _Work(battery, rho0.cells, Settings().rtol)
    number = 8 if work.sectors == [0] else 16
    states = 16 * float(work.sizes.sum()) * min(len(tlist), work.segment)
    largest = float(work.sizes.max())
    sector = largest * (6 * work.entries * (number + 8) + (KEPT + 3 * min(len(tlist), work.segment)) * number)
    tables = 8.0 * float(np.prod([2.0 * n + 1 for n in work.classes.sizes]))
    return int(min(2 * states + sector + tables, 1e300))


def run(battery: Network, rho0: InitialState, tlist: FloatArray, settings: Settings) -> Iterator[StateSeries]:
    """States, segment by segment."""
    assert rho0.cells is not None
    work = _Work(battery, rho0.cells, settings.rtol)
    classes, layout = work.classes, SectorLayout(work.classes.sizes, work.sectors)
    frame = float(np.average(classes.omega, weights=classes.sizes))
    generator = Generator(classes, frame)
    x = layout.product_state(classes.states)
    for first in range(0, len(tlist), work.segment):
        times = tlist[max(0, first - 1) : first + work.segment]  # the last one of the segment before is where it begins
        known = min(first, 1)
        share = (first / len(tlist), (len(times) - known) / len(tlist))
        entries = _propagated(generator, layout, x, times, work.allowed, share)[known:]
        x = entries[-1].copy()
        for q, part in layout.slices.items():  # coherences turn with the frame
            if q and frame:
                entries[:, part] *= np.exp(-1j * q * frame * (times[known:] - tlist[0]))[:, None]
        yield SymmetricStates(entries, times[known:], layout, classes.members)


def _propagated(
    generator: Generator,
    layout: SectorLayout,
    x: ComplexArray,
    times: FloatArray,
    allowed: float,
    share: tuple[float, float],
) -> ComplexArray:
    """States at all times, (T, size), from the state x at the first of them, in the frame."""
    entries = np.zeros((len(times), layout.size), dtype=complex)
    sizes = np.array([part.stop - part.start for part in layout.slices.values()])
    # an error e in the Euclidean norm is at most sqrt(size) e in the trace norm, here and in the adjoint sector
    tol = allowed / (2 * np.sqrt(sizes).sum())
    nothing = DROPPED * allowed / (2 * len(sizes))
    for q, part in layout.slices.items():
        own = x[part].real + x[part].imag if q == 0 else x[part]
        size = float(np.linalg.norm(own))
        if np.abs(own).sum() <= nothing or size == 0:
            continue
        done, count = (part.start / layout.size, len(own) / layout.size)
        L, k = generator.sector(layout, q), 0
        shares = (share[0] + share[1] * done, share[1] * count)
        for segment, states in propagate(L, own / size, times, min(0.1, tol / size), share=shares, lanczos=False):
            entries[k : k + len(segment), part] = size * states
            k += len(segment)
            # the trace norm never grows: what has decayed stays so
            if size * np.abs(states[-1]).sum() <= nothing:
                break
        tell(shares[0] + shares[1])
    if 0 in layout.slices:  # from Re + Im
        first = entries[:, layout.slices[0]]
        swapped = first[:, layout.adjoint]
        entries[:, layout.slices[0]] = (first + swapped) / 2 + 0.5j * (first - swapped)
    return entries
