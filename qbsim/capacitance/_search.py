r"""Global search over pure input states, by repeated eigenproblems from many starts.

With the gradient X at the output of :math:`\psi` and :math:`G = \Lambda^\dagger(X)`, the functional is
:math:`\langle\psi|G|\psi\rangle`. One step goes to the best state for G held fixed: the top eigenvector of
:math:`G - \mu H`. For a convex functional no step goes down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from qutip import Qobj

from .._checks import FloatArray
from ..channels import check_channel
from ._functionals import ComplexArray, Ergotropy, Functional

CONVERGED = 1e-14  # of the spread of levels: how much a step may still promise
CYCLES = 150
BISECTIONS = 60


@dataclass(frozen=True, eq=False)
class Candidates:
    """Input states with their energies and the values of the functional at the output."""

    psi: ComplexArray
    energy: FloatArray
    value: FloatArray

    def __len__(self) -> int:
        return len(self.energy)

    def take(self, index: Any) -> Candidates:
        """Some of them."""
        return Candidates(self.psi[index], self.energy[index], self.value[index])

    def __add__(self, other: Candidates) -> Candidates:
        return Candidates(
            np.concatenate([self.psi, other.psi]),
            np.concatenate([self.energy, other.energy]),
            np.concatenate([self.value, other.value]),
        )

    def best(self, mu: float = 0.0) -> int:
        """Index of the largest value minus mu times energy."""
        return int(np.argmax(self.value - mu * self.energy))


class Cell:
    """A channel and a Hamiltonian in the eigenbasis of the Hamiltonian, as arrays."""

    def __init__(self, channel: Qobj, H: Qobj) -> None:
        if not isinstance(H, Qobj) or not H.isoper:
            raise TypeError("Argument H must be an operator (Qobj).")
        h = H.full()
        skew = float(np.abs(h - h.conj().T).max()) if h.shape[0] == h.shape[1] else np.inf
        if not skew <= 1e-12 * max(1.0, float(np.abs(h).max())):
            raise ValueError(f"Argument H must be Hermitian, but differs from its adjoint by {skew:.3g}.")
        channel = check_channel(channel)
        if channel.dims != [H.dims, H.dims]:
            raise ValueError(f"Argument channel must have dims {[H.dims, H.dims]}, those of H, but has {channel.dims}.")
        self.dims = H.dims[0]
        if (h - np.diag(np.diag(h))).any():
            self.levels, V = np.linalg.eigh(h)
        else:  # levels as they are: eigh might turn states inside a degenerate level
            order = np.argsort(np.diag(h).real, kind="stable")
            self.levels, V = np.diag(h).real[order], np.eye(len(h), dtype=complex)[:, order]
        self.basis: ComplexArray = V
        d = len(h)
        matrix = np.kron(V.T, V.conj().T) @ channel.full() @ np.kron(V.conj(), V)
        # rows (k, l) of the output, columns (i, j) of the input, both in row order
        self.map = np.ascontiguousarray(matrix.reshape(d, d, d, d).transpose(1, 0, 3, 2)).reshape(d * d, d * d)

    @property
    def d(self) -> int:
        """Number of levels."""
        return len(self.levels)

    @property
    def spread(self) -> float:
        """Largest minus smallest level."""
        return float(self.levels[-1] - self.levels[0])

    @cached_property
    def is_covariant(self) -> bool:
        """Whether phases of the levels pass through the channel: they then change no output spectrum or energy."""
        k, l, i, j = np.indices((self.d,) * 4)
        kept = ((k == i) & (l == j)) | ((k == l) & (i == j))
        return bool(np.abs(self.map.reshape((self.d,) * 4)[~kept]).max(initial=0.0) < 1e-14)

    def output(self, rho: ComplexArray) -> ComplexArray:
        """Outputs of a stack of operators (n, d, d)."""
        return (rho.reshape(-1, self.d**2) @ self.map.T).reshape(-1, self.d, self.d)

    def back(self, X: ComplexArray) -> ComplexArray:
        """Adjoint of the channel on a stack of operators."""
        turned = X.transpose(0, 2, 1).reshape(-1, self.d**2) @ self.map
        return turned.reshape(-1, self.d, self.d).transpose(0, 2, 1)

    def ket(self, psi: ComplexArray) -> Qobj:
        """State as a ket of the caller's basis, its largest amplitude real and positive."""
        psi = self.basis @ psi
        psi = psi * np.exp(-1j * np.angle(psi[np.argmax(np.abs(psi))]))
        return Qobj(psi[:, None] / np.linalg.norm(psi), dims=[self.dims, [1] * len(self.dims)])


class Search:
    """Maxima of a functional of the output over input kets of a `Cell`."""

    def __init__(self, cell: Cell, functional: Functional | None = None, tol: float = CONVERGED) -> None:
        self.cell = cell
        self.functional = Ergotropy(cell.levels) if functional is None else functional
        self.tol = tol * (cell.spread or 1.0)

    def states(self) -> ComplexArray:
        """Starts: every level with a little of the others, their even superposition, and 4 d^2 states at random."""
        d = self.cell.d
        rng = np.random.default_rng(d)  # the same starts every time
        parts = rng.normal(size=(2, 4 * d * d, d))
        levels = np.eye(d) + 0.1
        return _unit(np.concatenate([levels, np.ones((1, d)), parts[0] + 1j * parts[1]]))

    def evaluate(self, psi: ComplexArray) -> Candidates:
        """Energies and values of input kets (n, d)."""
        value, _ = self.functional(self.cell.output(_projectors(psi)))
        return Candidates(psi, np.abs(psi) ** 2 @ self.cell.levels, value)

    def _gradient(self, psi: ComplexArray) -> tuple[FloatArray, ComplexArray]:
        value, X = self.functional(self.cell.output(_projectors(psi)))
        return value, self.cell.back(X)

    def _step(self, psi: ComplexArray, mu: FloatArray) -> tuple[ComplexArray, FloatArray, FloatArray]:
        """Top eigenvector of G - mu H in the phase of psi; the Lagrangian before, and what the step promises."""
        value, G = self._gradient(psi)
        lagrangian = value - mu * (np.abs(psi) ** 2 @ self.cell.levels)
        top, vectors = np.linalg.eigh(G - mu[:, None, None] * np.diag(self.cell.levels))
        return _in_phase(vectors[:, :, -1], psi), lagrangian, top[:, -1] - lagrangian

    def climb(self, psi: ComplexArray, mu: FloatArray) -> Candidates:
        """Local maxima of f - mu E from every start: eigenvector steps, sped up by squared extrapolation (SQUAREM)."""
        psi, active = psi.copy(), np.arange(len(psi))
        for _ in range(CYCLES):
            x, m = psi[active], mu[active]
            x1, _, promise = self._step(x, m)
            psi[active] = x1
            going = promise > self.tol
            if not going.any():
                break
            active, x, x1, m = active[going], x[going], x1[going], m[going]
            x2, before, _ = self._step(x1, m)
            r, v = x1 - x, x2 - 2 * x1 + x
            size = np.linalg.norm(v, axis=1)
            alpha = -np.maximum(np.linalg.norm(r, axis=1) / np.where(size > 0, size, 1.0), 1.0)[:, None]
            leap = _unit(x - 2 * alpha * r + alpha**2 * v)
            x3, after, _ = self._step(leap, m)
            psi[active] = np.where((after >= before)[:, None], x3, x2)
        return self.evaluate(psi)

    def maxima(self, mu: float, also: ComplexArray | None = None) -> Candidates:
        """Local maxima of f - mu E from all starts, and from the states `also`."""
        starts = self.states() if also is None else np.concatenate([self.states(), also])
        return self.climb(starts, np.full(len(starts), float(mu)))

    def ground(self) -> Candidates:
        """Best state of the ground level."""
        levels, d = self.cell.levels, self.cell.d
        g = int(np.count_nonzero(levels <= levels[0] + 1e-12 * self.cell.spread))
        if g == 1:
            return self.evaluate(np.eye(1, d, dtype=complex))
        starts = np.concatenate([np.eye(d, dtype=complex)[:g], _unit(self.states() * (np.arange(d) < g))[g:]])
        wall = np.full(len(starts), 1e6 * max(1.0, self.cell.spread))  # a multiplier that keeps the climb inside
        wide = Search(self.cell, self.functional, tol=1e-10)
        found = wide.climb(starts, wall) if g < d else self.climb(starts, np.zeros(len(starts)))
        found = self.evaluate(_unit(found.psi * (np.arange(d) < g)))
        return found.take([found.best()])

    def climb_below(self, psi: ComplexArray, energy: float) -> Candidates:
        """Local maxima of f among kets of at most this energy."""
        mu_high = 1.0
        best = self.evaluate(psi)
        psi = best.psi
        best = best.take(best.energy <= energy)
        for _ in range(CYCLES):
            value, G = self._gradient(psi)
            psi, mu_high = self._best_below(G, psi, energy, mu_high)
            found = self.evaluate(psi)
            settled = np.abs(found.value - value).max() <= self.tol
            best = best + found.take(found.energy <= energy + self.tol)
            best = best.take([best.best()]) if len(best) else best
            if settled:
                break
        return best

    def _best_below(
        self, G: ComplexArray, psi: ComplexArray, energy: float, mu_high: float
    ) -> tuple[ComplexArray, float]:
        """Best kets for fixed operators G under the energy constraint: its multiplier by bisection."""
        levels = self.cell.levels

        def top(mu: FloatArray) -> tuple[ComplexArray, FloatArray]:
            vectors = np.linalg.eigh(G - mu[:, None, None] * np.diag(levels))[1][:, :, -1]
            return vectors, np.abs(vectors) ** 2 @ levels

        low, high = np.zeros(len(G)), np.full(len(G), mu_high)
        free, e_free = top(low)
        while (top(high)[1] > energy).any() and high.max() < 1e12:
            high = 4 * high
        mu_high = float(high.max())
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            over = top(middle)[1] > energy
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        (above, e_above), (below, e_below) = top(low), top(high)
        # Where the two largest eigenvalues cross, the best state is the superposition that has just this energy.
        crossing = np.abs(np.einsum("ni,ni->n", above.conj(), below)) < 0.5
        part = np.where(crossing, (energy - e_below) / np.where(crossing, e_above - e_below, 1.0), 0.0)
        part = np.clip(part, 0.0, 1.0)[:, None]
        mixed = np.sqrt(1 - part) * _in_phase(below, psi) + np.sqrt(part) * _in_phase(above, psi)
        return _unit(np.where((e_free <= energy)[:, None], free, mixed)), mu_high


def _unit(psi: ComplexArray) -> ComplexArray:
    return psi / np.linalg.norm(psi, axis=-1, keepdims=True)


def _projectors(psi: ComplexArray) -> ComplexArray:
    return psi[:, :, None] * psi[:, None, :].conj()


def _in_phase(psi: ComplexArray, reference: ComplexArray) -> ComplexArray:
    """Kets with the global phase that makes their overlaps with the reference positive."""
    overlap = np.einsum("ni,ni->n", psi.conj(), reference)
    size = np.abs(overlap)
    return psi * np.where(size > 0, overlap / np.where(size > 0, size, 1.0), 1.0)[:, None]
