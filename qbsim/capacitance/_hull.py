r"""Least concave majorant in the energy of a maximum over input states, from below and from above.

From below, by the chords between states found; from above, by the dual

.. math:: \min_{\mu\ge0}\,[\mu e + \max_\psi(f(\Lambda\psi) - \mu\langle H\rangle_\psi)] .

The slope of the chord over e is the next multiplier; where the majorant is straight, chord and dual then meet at once,
elsewhere a secant in the multiplier closes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._checks import FloatArray
from ._search import Candidates, Search

CLOSED = 1e-11  # of the spread of levels: chord and dual agree
ROUNDS = 60
SWEEPS = 10
AT_ONCE = 12  # multipliers at which all starts are tried again
MOST_STARTS = 16


@dataclass(frozen=True, eq=False)
class Point:
    """The majorant at one energy: chord and dual, the multiplier, and the states at the ends of the chord.

    `energy` is what the supporting line is taken at: less than asked for where more energy is of no use.
    """

    energy: float
    value: float
    upper: float
    mu: float
    weights: FloatArray
    ends: Candidates


class _Chord(NamedTuple):
    """Chord and dual over one energy, the next multipliers, and the states at the ends of the chord."""

    value: float
    upper: float
    multipliers: list[float]
    ends: list[int]


def upper_hull(x: FloatArray, y: FloatArray) -> list[int]:
    """Indices of the upper convex hull of points, in ascending x (Andrew's monotone chain)."""
    hull: list[int] = []
    for i in np.lexsort((y, x)):
        if hull and x[i] == x[hull[-1]]:
            hull.pop()
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (y[b] - y[a]) * (x[i] - x[a]) > (y[i] - y[a]) * (x[b] - x[a]):
                break
            hull.pop()
        hull.append(int(i))
    return hull


class Envelope:
    """Concave majorant of the best value over the energy, refined where it is asked for."""

    def __init__(self, search: Search) -> None:
        self.search, self.tol = search, CLOSED * (search.cell.spread or 1.0)
        ground, free = search.ground(), search.maxima(0.0)
        value = free.value.max()
        top = free.take(np.flatnonzero(free.value >= value - search.tol))
        top = top.take([int(np.argmin(top.energy))])  # of equal maxima the one of least energy
        if top.value[0] > ground.value[0] and top.energy[0] <= ground.energy[0] + 1e-12 * search.cell.spread:
            ground = top
        self.pool, self.slopes = ground, np.array([np.inf])
        # multipliers tried, and the largest value - mu * energy known for each
        self.tested, self.heights = np.empty(0), np.empty(0)
        self.peak = float(top.energy[0])
        self.starts = ground.psi
        if top.value[0] > ground.value[0] + search.tol:
            self._add(top, 0.0)
            rise = (top.value[0] - ground.value[0]) / (top.energy[0] - ground.energy[0])
            self.first = np.array([0.5 * rise, rise, 2 * rise])
        else:  # no energy is worth its cost: the majorant is constant
            self.peak = float(ground.energy[0])
            self.tested, self.heights = np.zeros(1), np.array([max(value, ground.value[0])])

    def _add(self, state: Candidates, mu: float) -> None:
        """Put the best state found for mu into the pool, with the height of the supporting line."""
        self.pool, self.slopes = self.pool + state, np.append(self.slopes, mu)
        self.heights = np.maximum(self.heights, state.value - self.tested * state.energy)  # also for earlier ones
        self.tested = np.append(self.tested, mu)
        self.heights = np.append(self.heights, (self.pool.value - mu * self.pool.energy).max())

    def learn(self, state: Candidates) -> None:
        """Take in a state that someone else found."""
        self.pool, self.slopes = self.pool + state, np.append(self.slopes, np.inf)
        self.heights = np.maximum(self.heights, state.value - self.tested * state.energy)
        self.starts = np.concatenate([self.starts, state.psi])[-MOST_STARTS:]

    def _sweep(self, mu: FloatArray) -> bool:
        """Climb from all starts at these multipliers; whether that found more than was known."""
        psi = self.search.states()
        found = self.search.climb(np.tile(psi, (len(mu), 1)), np.repeat(mu, len(psi)))
        news = False
        for k, m in enumerate(mu):
            mine = found.take(slice(k * len(psi), (k + 1) * len(psi)))
            lagrangian = mine.value - m * mine.energy
            best = mine.best(m)
            news |= bool(lagrangian[best] > (self.pool.value - m * self.pool.energy).max() + self.tol)
            self._add(mine.take([best]), float(m))
            # one state of each of the highest local maxima is kept as a start for other multipliers
            keys = np.round(np.stack([lagrangian, mine.energy]) / (self.search.cell.spread or 1.0), 4)
            first = np.unique(keys, axis=1, return_index=True)[1]
            order = first[np.argsort(-lagrangian[first])][:2]
            self.starts = np.concatenate([self.starts, mine.psi[order]])[-MOST_STARTS:]
        return news

    def at(self, energies: FloatArray) -> list[Point]:
        """Majorant at these energies, chord and dual closed to 1e-11 of the spread where the search allows."""
        inside = energies[(energies < self.peak) & (energies > self.pool.energy[0])]
        if inside.size and len(self.tested) == 1:
            self._sweep(self.first)
        for _ in range(SWEEPS if inside.size else 0):
            self._close(inside)
            # The states came from a few starts; now all starts are tried at the multipliers that were found.
            spaced = np.linspace(0, len(inside) - 1, min(len(inside), AT_ONCE)).round().astype(int)
            if not self._sweep(np.unique([self._dual(e)[1] for e in inside[spaced]])):
                break
        hull = upper_hull(self.pool.energy, self.pool.value)
        return [self._result(float(e), hull) for e in energies]

    def _close(self, energies: FloatArray) -> None:
        """Refine until chord and dual meet at all of these energies inside the range."""
        for _ in range(ROUNDS):
            hull = upper_hull(self.pool.energy, self.pool.value)
            chords = [c for e in energies if (c := self._chord(e, hull)).upper - c.value > self.tol]
            wanted = sorted({mu for c in chords for mu in c.multipliers} - set(self.tested.tolist()))
            if not wanted:
                break
            self._refine(np.array(wanted))

    def _chord(self, e: float, hull: list[int]) -> _Chord:
        """Chord over an energy inside the range."""
        energy = self.pool.energy
        j = int(np.searchsorted(energy[hull], e, side="right"))
        left, right = hull[max(j - 1, 0)], hull[min(j, len(hull) - 1)]
        width = energy[right] - energy[left]
        rise = (self.pool.value[right] - self.pool.value[left]) / width if width > 0 else 0.0
        multipliers = [max(rise, 0.0)]
        if width > 0 and np.isfinite(self.slopes[left]):  # secant: where would the best state have the energy e?
            part = (e - energy[left]) / width
            multipliers.append(float((1 - part) * self.slopes[left] + part * self.slopes[right]))
        value = float(self.pool.value[left] + rise * (e - energy[left]))
        return _Chord(value, self._dual(e)[0], multipliers, [left, right])

    def _dual(self, e: float) -> tuple[float, float]:
        """Least supporting line at e, and its multiplier."""
        lines = self.tested * e + self.heights
        k = int(np.argmin(lines))
        return float(lines[k]), float(self.tested[k])

    def _refine(self, mu: FloatArray) -> None:
        """Best states for new multipliers, all climbed together: from the best known, its neighbours and the starts."""
        near = np.argsort(mu[:, None] * self.pool.energy - self.pool.value, axis=1)[:, :2]
        psi = np.concatenate([np.concatenate([self.pool.psi[n], self.starts]) for n in near])
        per = len(psi) // len(mu)
        found = self.search.climb(psi, np.repeat(mu, per))
        for k, m in enumerate(mu):
            mine = found.take(slice(k * per, (k + 1) * per))
            self._add(mine.take([mine.best(m)]), float(m))

    def _result(self, e: float, hull: list[int]) -> Point:
        if e >= self.peak or e <= self.pool.energy[0]:
            end = self.pool.take([self.pool.best() if e >= self.peak else 0])
            energy, value = float(end.energy[0]), float(end.value[0])
            upper, mu = (self._dual(energy)[0], 0.0) if e >= self.peak else (value, np.inf)
            return Point(energy, value, upper, mu, np.ones(1), end)
        chord = self._chord(e, hull)
        ends = self.pool.take(chord.ends)
        width = ends.energy[1] - ends.energy[0]
        part = (e - ends.energy[0]) / width if width > 0 else 0.0
        return Point(e, chord.value, chord.upper, self._dual(e)[1], np.array([1 - part, part]), ends)
