"""Where a drive has structure in time, so that no integrator steps over a pulse.

The span is halved until nine samples of every coefficient predict, by a cubic spline, all that is known of it in
between: 8192 probes over the span, the samples of a coefficient given as an array, and the midpoints. Neighbouring
parts of like length are joined, and the integrator starts anew in each with steps of at most half its shortest part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import qutip
from qutip import QobjEvo
from scipy.interpolate import CubicSpline

from .._checks import FloatArray
from .._drives import sampled_times, terms

PROBES = 8192  # of every coefficient; a function that returns operators gets a quarter of them
TOLERANCE = 1e-3  # of the largest value of a coefficient: what the samples of a part must predict
SHORTEST = 1e-5  # of the span: parts are not halved below, and jumps end there
MOST_PARTS, MOST_PIECES = 2000, 400  # beyond them one limit holds for the whole span, and never less than this part:
LEAST_STEP = 1e-4
NODES = 9
SPLINE = CubicSpline(np.linspace(0, 1, NODES), np.eye(NODES))
HERMITIAN_TOLERANCE = 1e-10  # of the largest entry

Signal = Callable[[float], complex]
Sampler = Callable[[FloatArray], FloatArray]  # the same at many times


def _signals(op: QobjEvo) -> tuple[list[Signal], int]:
    """Numbers that show how an operator depends on time, and how many probes each deserves."""
    parts = list(terms(op))
    if all(constant is not None for constant, _ in parts):
        return [coefficient for _, coefficient in parts], PROBES
    rng = np.random.default_rng(0)  # any vectors without zeros will do
    d = op.shape[0]
    left = rng.uniform(0.5, 1, d)
    right = qutip.Qobj(rng.uniform(0.5, 1, (d, 1)), dims=[op.dims[1], [1] * len(op.dims[1])] if op.isoper else None)
    if not op.isoper:
        return [lambda t: complex(left @ (op(t).data.as_scipy() @ right.full())[:, 0])], PROBES // 4
    return [lambda t: complex(left @ op.matmul(t, right).full()[:, 0])], PROBES // 4


class Probed:
    """One signal on the span: its known values, and whether a few of them predict the others."""

    def __init__(
        self, signal: Signal, op: QobjEvo, probes: int, times: FloatArray, sampler: Sampler | None = None
    ) -> None:
        start, end = times[0], times[-1]
        samples = sampled_times(op)
        samples = samples[(samples >= start) & (samples <= end)]
        golden = (np.arange(probes) * 0.6180339887498949) % 1  # uneven, so that no period hides between the probes
        uneven = start + (end - start) * (np.arange(probes) + golden) / probes
        self.signal = signal
        self.times = np.unique(np.concatenate([times, samples, uneven]))
        self.values = sampler(self.times) if sampler else np.array([complex(signal(t)) for t in self.times])
        if not np.isfinite(self.values).all():
            t = self.times[np.argmin(np.isfinite(self.values))]
            raise ValueError(f"The operators of the battery must be finite, but one of them is not at t = {t:g}.")
        self.scale = float(np.abs(self.values).max())

    @property
    def is_constant(self) -> bool:
        return float(np.abs(self.values - self.values[0]).max()) <= 1e-12 * self.scale

    def is_smooth(self, a: float, b: float) -> bool:
        """Whether nine samples on [a, b] predict what is known in between."""
        part = slice(*np.searchsorted(self.times, (a, b)))
        nodes = np.linspace(a, b, NODES)
        at = np.array([complex(self.signal(t)) for t in nodes])
        middle = (nodes[1:] + nodes[:-1]) / 2
        known = np.concatenate([self.values[part], [complex(self.signal(t)) for t in middle]])
        predicted = SPLINE((np.concatenate([self.times[part], middle]) - a) / (b - a)) @ at
        return float(np.abs(predicted - known).max()) <= TOLERANCE * self.scale


def _parts(probed: Sequence[Probed], start: float, end: float) -> list[tuple[float, float]]:
    """Intervals, in order, on which every signal is smooth; none if they are too many."""
    parts: list[tuple[float, float]] = []
    waiting = [(start, end)]
    while waiting:
        if len(parts) > MOST_PARTS:
            return []
        a, b = waiting.pop()
        middle = (a + b) / 2
        if b - a <= SHORTEST * (end - start) or all(p.is_smooth(a, b) for p in probed):
            parts.append((a, b))
        else:
            waiting += [(middle, b), (a, middle)]
    return parts


def pieces(operators: Sequence[QobjEvo], times: FloatArray) -> list[tuple[float, float]]:
    """Pieces of the span as (end, longest step), 0 for any step.

    Every feature of a coefficient above a thousandth of its largest value and wider than a thousandth of the span is
    resolved, and every one of a coefficient given as an array.

    Parameters
    ----------
    operators : sequence of QobjEvo
        Whatever depends on time.
    times : (T,)
        The span, and more times to look at.

    Raises
    ------
    ValueError
        If a coefficient is not finite.
    """
    start, end = float(times[0]), float(times[-1])
    probed = [Probed(s, op, n, times) for op in operators for signals, n in [_signals(op)] for s in signals]
    probed = [p for p in probed if not p.is_constant]
    if not probed:
        return [(end, 0.0)]
    joined: list[tuple[float, float, float]] = []  # end, shortest and longest part
    for a, b in _parts(probed, start, end):
        short, long = (min(joined[-1][1], b - a), max(joined[-1][2], b - a)) if joined else (b - a, b - a)
        if joined and long <= 4 * short:
            joined[-1] = (b, short, long)
        else:
            joined.append((b, b - a, b - a))
    if 0 < len(joined) <= MOST_PIECES:
        return [(b, short / 2) for b, short, _ in joined]
    shortest = min((short for _, short, _ in joined), default=0.0)
    return [(end, max(shortest / 2, LEAST_STEP * (end - start)))]


def check_hermitian(H: QobjEvo, times: FloatArray) -> None:
    """Refuse a Hamiltonian that is not Hermitian at some of the times; a complex coefficient makes it so.

    Raises
    ------
    ValueError
        With the time and the size of the error.
    """
    edges = np.linspace(times[0], times[-1], 17)
    inside = [a + 0.381966 * (b - a) for a, b in pairwise(edges)]  # coefficients may vanish at simple fractions
    for t in np.concatenate([edges, inside]):
        matrix = H(t).to("CSR").data.as_scipy()
        error = abs(matrix - matrix.conj().T).max()
        if error > HERMITIAN_TOLERANCE * abs(matrix).max():
            raise ValueError(
                f"The Hamiltonian must be Hermitian at all times, but at t = {t:g} it differs from its adjoint by "
                f"{error:.3g}: a drive needs real coefficients, or the adjoint term beside a complex one."
            )
