"""Any battery with constant operators: Faber steps with its generator, on the entries of the state that it reaches.

What the generator does not reach is left out by itself (weak symmetries). In large spaces the search follows the run:
it stops where nothing of the state arrives, and goes on when something does. With y' = P L P y in place of rho' = L rho
the error is at most the integral of ||(1 - P) L y|| over time, times the growth of ||exp(L t)||, and the integral,
by the trapezoidal rule, is kept below the tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from .._checks import FloatArray, IntArray
from .._machine import interruptible, require, tell
from ..battery import GENERAL_LOSSES, GENERAL_OPERATORS, Battery
from ..measures.series import StateSeries
from ..networks import NETWORK_TERMS, Network
from ..states import InitialState
from . import Settings
from ._cost import FLOP, eigenvalues, generator_entries, generator_norm
from ._faber import MAX_TERMS, rough_work
from ._kept_steps import How, Segment, Stepper, segments
from ._reach import Reached, Terms, coordinates, entries_of, reach, terms_of
from ._reached_states import ReachedStates, Reduction, same_surroundings
from ._sparse_steps import numerical_range

TERMS = NETWORK_TERMS | {GENERAL_OPERATORS, GENERAL_LOSSES, "superoperators"}
MATRICES = True
TOLERANCES = ("rtol",)  # it is absolute: relative to the norm of a state, which is at most 1
FIRST = 32_000  # coordinates that are looked for before the run
FEW = 1000  # to begin with, where the generator is applied more often than LONG
LONG = 1000.0
GROWTH = 1.4  # factor by which their number grows at least, when something leaves them
HERMITIAN = 1e-12  # difference, relative to the largest entry, that passes for rounding
EXACT = 160  # coordinates up to which the exponential of the generator is formed
LEAVES = 0.3  # of rtol, which may leave the coordinates
SHORT = 60.0  # length of a step in units of the inverse range, while coordinates may be missing
CALM, STRETCH = 2, 4  # after so many steps they become longer, up to so many times
CHECKS = 6  # looks at what leaves the coordinates, in such a step
SEGMENT_BYTES = 2**28  # states returned at a time
ENTRY_BYTES = 60  # of the generator, at the peak of its construction
MOST_LEVELS = 2**30  # coordinates are numbered by 64 bits
TINY = 8  # dimension up to which others are faster
MOST_STARTS = 2**22  # entries of an initial state up to which the search begins before the solver is chosen
ENTRY = 1.5e-9  # seconds for one entry of the generator times a vector


Missing = Callable[[IntArray], FloatArray]


def _range(L: scipy.sparse.csr_matrix) -> tuple[float, float, float]:
    """left, right and height of a rectangle around the numerical range, by Gershgorin's discs."""
    return numerical_range(L, lanczos=False)[:3]


class _Problem(NamedTuple):
    """A generator as far as it has been followed from an initial state.

    Attributes
    ----------
    codes, values : ndarray
        Coordinates of the initial state that are not zero.
    terms : Terms
        Of the generator.
    stages : dict of (int, int) to Reached
        Those reached, further and further, by the number looked for at first and the stage. Every run begins with the
        first stage, so that it repeats to the bit.
    """

    codes: IntArray
    values: FloatArray
    terms: Terms
    stages: dict[tuple[int, int], Reached]

    def stage(self, first: int, k: int) -> Reached:
        """Those that stage k reaches."""
        if (first, k) not in self.stages:
            if k:
                last = self.stages[first, k - 1]
                size = int(2 * GROWTH * ENTRY_BYTES * last.L.nnz)
                require(size, "This run with solver 'sparse'", "Use fewer cells or levels.")
                self.stages[first, k] = _search(last, last.next, 1 + int(GROWTH * len(last.codes)))
            else:
                self.stages[first, k] = _search(self.terms, self.codes, max(first, len(self.codes)))
        return self.stages[first, k]

    @property
    def reached(self) -> Reached:
        """Those that are looked for before a run."""
        return self.stage(FIRST, 0)

    def first(self, span: float) -> int:
        """How many to begin a run with: few, if many products make each of them expensive."""
        return FEW if rough_work(*_range(self.reached.L), span)[0] > LONG else FIRST


def _search(start: Terms | Reached, codes: IntArray, enough: int) -> Reached:
    """As `reach`, until there is something that moves, too."""
    found = reach(start, codes, enough)
    while not found.complete and not found.L.count_nonzero():
        found = reach(found, found.next, len(found.codes) + 1)
    return found


_last: WeakKeyDictionary[Battery, _Problem] = WeakKeyDictionary()


def _problem(battery: Battery, rho0: InitialState) -> _Problem:
    """The problem of a run; the last one of every battery is kept."""
    rho = rho0.whole.to("CSR").data.as_scipy()
    if rho0.isket:
        rho = scipy.sparse.csr_matrix(rho @ rho.conj().T)
    codes, values = coordinates(rho, rho.shape[0])
    known = _last.get(battery)
    if known is None or not np.array_equal(known.codes, codes):
        known = _Problem(codes, values, terms_of(battery), {})
    _last[battery] = known._replace(values=values)
    return _last[battery]


def _is_rough(battery: Battery, rho0: InitialState) -> bool:
    """Whether nothing is looked for before the solver is chosen: others are cheaper, or the state is large."""
    if isinstance(battery, Network) and not battery.has_own_operators:
        return True
    if math.prod(battery.dims) <= TINY or (rho0.isket and not battery.has_losses):
        return True
    stored = rho0.whole.to("CSR").data.as_scipy().nnz
    return (stored**2 if rho0.isket else stored) > MOST_STARTS


def why_not(battery: Battery, rho0: InitialState, tlist: FloatArray) -> str:
    """A superoperator that makes a Hermitian matrix another one, or more levels than can be numbered."""
    D = math.prod(battery.dims)
    if D > MOST_LEVELS:
        return "its density matrix has too many entries"
    for c in battery.c_ops if "superoperators" in battery.terms else ():
        if c.issuper:
            S = c.to("CSR").data.as_scipy().tocoo()
            swapped = [x % D * D + x // D for x in (S.row.astype(np.int64), S.col.astype(np.int64))]
            T = scipy.sparse.csr_matrix((S.data.conj(), tuple(swapped)), shape=S.shape)
            if abs(S.tocsr() - T).max() > HERMITIAN * abs(S).max():
                return "a superoperator does not keep matrices Hermitian"
    return ""


def _size(battery: Battery, rho0: InitialState) -> tuple[float, float]:
    """Number of coordinates and of entries of the generator, at most."""
    D = float(math.prod(battery.dims))
    if _is_rough(battery, rho0):
        return D * D, generator_entries(battery)
    reached = _problem(battery, rho0).reached
    share = 1.0 if reached.complete else D * D / len(reached.codes)
    return share * len(reached.codes), share * reached.L.nnz


def seconds(battery: Battery, rho0: InitialState, tlist: FloatArray, *, spectrum: bool) -> float:
    """Products with the generator, the sum over output times, and the eigenvalues."""
    size, entries = _size(battery, rho0)
    span, norm = float(tlist[-1] - tlist[0]), generator_norm(battery)
    work = 1.2 * norm * span + 40, 1.2 * norm * span / MAX_TERMS
    if span > 0 and not _is_rough(battery, rho0) and (known := _problem(battery, rho0).reached).complete:
        work = rough_work(*_range(known.L), span)
    products = work[0] * (1e-5 + ENTRY * entries + 2 * FLOP * size * min(len(tlist), 2 * MAX_TERMS)) + 1e-3 * work[1]
    if size <= EXACT:
        steps = len(np.unique(np.diff(tlist).round(12)))
        products = min(products, steps * (1e-3 + 2e-9 * size**3) + 2e-6 * len(tlist))
    spectra = eigenvalues([math.prod(battery.cell_dims)], len(tlist)) if spectrum else 0.0
    return 8e-3 + 4e-7 * entries + products + spectra


def forecast(battery: Battery, rho0: InitialState, tlist: FloatArray) -> int:
    """Peak memory in bytes, of what is known to be reached; more is refused as soon as it is met."""
    if _is_rough(battery, rho0):
        size, entries = _size(battery, rho0)
    else:
        reached = _problem(battery, rho0).reached
        size, entries = float(len(reached.codes)), float(reached.L.nnz)
    d = math.prod(battery.cell_dims)
    rows = min(_rows(size, d), len(tlist))
    return int(ENTRY_BYTES * entries + 300 * size + 2 * rows * (8 * size + 32.0 * d * d))


def _rows(size: float, d: int) -> int:
    """Number of times returned together."""
    return max(8, int(SEGMENT_BYTES // (8 * size + 32 * d * d)))


def run(battery: Battery, rho0: InitialState, tlist: FloatArray, settings: Settings) -> Iterator[StateSeries]:
    """States, segment by segment, on more and more coordinates where they are needed."""
    problem, dims, cells = _problem(battery, rho0), battery.dims, battery.cells
    tol, now, span = 0.01 * max(settings.rtol, 1e-11), float(tlist[0]), float(tlist[-1] - tlist[0])
    first = problem.first(span) if span > 0 else FIRST
    done, stage, stretch = 0, 0, 1
    reached = problem.stage(first, stage)
    x = reached.place(problem.codes, problem.values)
    while done < len(tlist):
        kept = _kept(battery, reached)
        reduction = Reduction(reached.D, reached.codes[kept], dims, cells)
        if not stage and (span == 0 or (reached.complete and (len(x) <= EXACT or not reached.L.count_nonzero()))):
            states = _exact(reached, x, tlist)
            yield ReachedStates(states[:, kept], tlist, reduction, partial(_among, reached.codes, states))
            return
        lost, rows = Loss(reached, kept, LEAVES * settings.rtol, span), _rows(reduction.codes.size, reduction.d)
        moves = _segments(reached, x, (now, tlist[done:], tlist), kept, (tol, rows, stretch * SHORT))
        for count, (segment, missing) in enumerate(moves, start=1):
            if lost.exceeds(segment.times, segment.states):
                stage, before, stretch = stage + 1, reached, 1
                reached = problem.stage(first, stage)
                x = reached.place(before.codes, x)
                break
            due = np.isin(segment.times, tlist[done:])
            if due.any():
                states = segment.states if due.all() else segment.states[due]
                yield ReachedStates(states, segment.times[due], reduction, missing)
            done += int(due.sum())
            x = segment.last
            now = float(segment.times[-1]) if segment.times.size else now + float(segment.offsets[-1])
            if count == CALM and not reached.complete and stretch < STRETCH:  # longer steps cost less
                stretch *= 2
                break


def _kept(battery: Battery, reached: Reached) -> IntArray | slice:
    """Coordinates looked at: those of the cells' matrix, those that H connects, and those that the edge hangs on."""
    if len(battery.cells) == len(battery.dims):
        return slice(None)
    a, b, _ = entries_of(reached.codes, reached.D)
    looked_at = same_surroundings(a, b, battery.dims, battery.cells)
    H = scipy.sparse.triu(battery.H.to("CSR").data.as_scipy()).tocoo()
    code = 2 * (H.row.astype(np.int64) * reached.D + H.col)
    connected = np.concatenate([code, code + 1])
    at = np.minimum(np.searchsorted(reached.codes, connected), len(reached.codes) - 1)
    looked_at[at[reached.codes[at] == connected]] = True
    looked_at[reached.edge.indices] = True
    return np.flatnonzero(looked_at)


class Loss:
    """What leaves the coordinates that are reached, over time."""

    def __init__(self, reached: Reached, kept: IntArray | slice, tol: float, span: float) -> None:
        self.edge = reached.edge[:, kept]
        self.tol, self.span = tol, span
        self.last: tuple[float, float] | None = None

    def exceeds(self, times: FloatArray, states: FloatArray) -> bool:
        """Whether more has left during these times than their share of the tolerance."""
        if not self.edge.shape[0] or not times.size:
            return False
        flow = np.linalg.norm(self.edge @ states.T, axis=0)
        if self.last is not None:
            times, flow = np.append(self.last[0], times), np.append(self.last[1], flow)
        self.last = float(times[-1]), float(flow[-1])
        lost = float(((flow[1:] + flow[:-1]) * np.diff(times)).sum() / 2)
        return lost > self.tol * float(times[-1] - times[0]) / self.span


def _segments(
    reached: Reached,
    x: FloatArray,
    when: tuple[float, FloatArray, FloatArray],
    kept: IntArray | slice,
    how: tuple[float, int, float],
) -> Iterator[tuple[Segment, Missing]]:
    """Segments from a time on, with what computes other coordinates.

    `when`: that time, times to come, all times; `how`: the tolerance, the largest number of times of a
    segment, and the longest step, in units of the inverse range, while coordinates may be missing.
    """
    (now, due, tlist), (tol, rows, reach_of_step) = when, how
    bounds, span = numerical_range(reached.L, lanczos=False), float(tlist[-1] - tlist[0])
    times, longest = due, np.inf
    if not reached.complete:
        longest = reach_of_step / max(bounds.height, bounds.right - bounds.left)
        between = longest / CHECKS * SHORT / reach_of_step
        times = np.union1d(due, np.linspace(now, due[-1], 1 + int(np.ceil((due[-1] - now) / between))))
    if times[0] > now:
        times = np.append(now, times)
    share = (now - tlist[0]) / span, (due[-1] - now) / span
    for segment, stepper in segments(reached.L, x, times, kept, bounds, How(tol, rows, longest, share)):
        is_due = np.isin(segment.times, due)
        yield segment, partial(_again, reached.codes, segment, stepper, is_due)


def _again(codes: IntArray, segment: Segment, stepper: Stepper, due: NDArray[np.bool_], wanted: IntArray) -> FloatArray:
    """Coordinates of a segment that were not kept; 0 for those that are not reached."""
    at = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    found = codes[at] == wanted
    values = np.zeros((int(due.sum()), len(wanted)))
    if not found.any():
        return values
    values[:, found] = stepper.states(segment.start, segment.offsets, at[found], (0.0, 0.0))[0][due]
    return values


def _among(codes: IntArray, states: FloatArray, wanted: IntArray) -> FloatArray:
    """Coordinates out of all of them; 0 for those that are not reached."""
    at = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    return np.where(codes[at] == wanted, states[:, at], 0.0)


def _exact(reached: Reached, x: FloatArray, times: FloatArray) -> FloatArray:
    """States by the exponential of the generator, to rounding."""
    from scipy.linalg import expm

    if times[0] == times[-1] or not reached.L.count_nonzero():
        return np.repeat(x[None], len(times), axis=0)
    L = reached.L.toarray()
    propagator = cache(lambda step: interruptible(expm, L * step))
    states = np.empty((len(times), len(x)))
    states[0] = x
    for k, step in enumerate(np.diff(times)):
        states[k + 1] = propagator(float(f"{step:.12e}")) @ states[k]  # steps of a linspace differ in the last bits
        tell((k + 1) / len(times))
    return states
