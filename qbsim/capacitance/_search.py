r"""Global search over pure input states, by repeated eigenproblems from many starts.

With the gradient X at the output of :math:`\psi` and :math:`G = \Lambda^\dagger(X)`, the functional is
:math:`\langle\psi|G|\psi\rangle`. One step goes to the best state for G held fixed: the top eigenvector of
:math:`G - \mu H`. For a convex functional no step goes down; for another, :math:`c|\psi\rangle\langle\psi|` is added
to G, which shortens the step towards that of a gradient, until it goes up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qutip import Qobj

from .._checks import FloatArray, as_hermitian
from .._machine import require_dense
from ..channels import check_channel
from ._functionals import ComplexArray, Ergotropy, Functional

CONVERGED = 1e-14  # of the spread of levels: how much a step may still promise
CYCLES = 150
SHORT = 40  # cycles before a functional that is not convex is left to a quasi-Newton method
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
        H = as_hermitian("H", H)
        require_dense(H.shape[0] ** 2, "Argument channel")
        h = H.full()
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
        self.d = d = len(h)
        self.spread = float(self.levels[-1] - self.levels[0])
        matrix = np.kron(V.T, V.conj().T) @ channel.full() @ np.kron(V.conj(), V)
        # rows (k, l) of the output, columns (i, j) of the input, both in row order
        self.map = np.ascontiguousarray(matrix.reshape(d, d, d, d).transpose(1, 0, 3, 2)).reshape(d * d, d * d)

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
        return Candidates(
            psi, np.abs(psi) ** 2 @ self.cell.levels, self.functional(self.cell.output(_projectors(psi)))[0]
        )

    def _look(self, psi: ComplexArray, mu: FloatArray) -> tuple[FloatArray, ComplexArray]:
        """Lagrangian f - mu E at input kets, and its gradient G - mu H."""
        levels, (value, X) = self.cell.levels, self.functional(self.cell.output(_projectors(psi)))
        return value - mu * (np.abs(psi) ** 2 @ levels), self.cell.back(X) - mu[:, None, None] * np.diag(levels)

    def _towards(self, G: ComplexArray, psi: ComplexArray, damping: FloatArray) -> tuple[ComplexArray, FloatArray]:
        """Top eigenvector of G + damping |psi><psi|, in the phase of psi, and how far psi is from being one of G."""
        top, vectors = np.linalg.eigh(G + damping[:, None, None] * _projectors(psi))
        Gpsi = np.einsum("nij,nj->ni", G, psi)
        mean = np.einsum("ni,ni->n", psi.conj(), Gpsi).real
        rest = np.linalg.norm(Gpsi - mean[:, None] * psi, axis=1) ** 2 / (self.cell.spread or 1.0)
        return _in_phase(vectors[:, :, -1], psi), top[:, -1] - mean if self.functional.is_convex else rest

    def climb(self, psi: ComplexArray, mu: FloatArray) -> Candidates:
        """Local maxima of f - mu E from every start: eigenvector steps, sped up by squared extrapolation (SQUAREM).

        A step of a functional that is not convex may go down: it is then taken back and damped.
        """
        psi, active = psi.copy(), np.arange(len(psi))
        x, m, damping = psi, mu, np.zeros(len(psi))
        height, G = self._look(x, m)
        for _ in range(CYCLES if self.functional.is_convex else SHORT):
            x1, distance = self._towards(G, x, damping)
            psi[active] = x1 if self.functional.is_convex else x
            going = distance > self.tol
            if not going.any():
                break
            active, x, m, height = active[going], x[going], m[going], height[going]
            G, x1, damping = G[going], x1[going], damping[going]
            height1, G1 = self._look(x1, m)
            if not self.functional.is_convex:
                damping, down = self._damp(damping, height, height1)
                x1, height1, G1 = _choose(down, (x, height, G), (x1, height1, G1))
            r, v = x1 - x, self._towards(G1, x1, damping)[0] - 2 * x1 + x
            size = np.linalg.norm(v, axis=1)
            alpha = -np.maximum(np.linalg.norm(r, axis=1) / np.where(size > 0, size, 1.0), 1.0)[:, None]
            leap = _unit(x - 2 * alpha * r + alpha**2 * v)
            height2, G2 = self._look(leap, m)
            x, height, G = _choose(height2 >= height1, (leap, height2, G2), (x1, height1, G1))
            psi[active] = x
        else:
            for price in np.unique(m) if not self.functional.is_convex else ():
                k = int(np.argmax(np.where(m == price, height, -np.inf)))
                psi[active[k]] = self._polish(x[k], float(price))
        return self.evaluate(psi)

    def _polish(self, psi: ComplexArray, mu: float, energy: float | None = None) -> ComplexArray:
        """Maximum of f - mu E, or of f below an energy, near a ket: quasi-Newton, for what climbs too slowly."""
        from scipy.optimize import minimize

        d, levels, price = self.cell.d, self.cell.levels, np.array([mu])

        def ket(x: FloatArray) -> ComplexArray:
            z: ComplexArray = x[:d] + 1j * x[d:]
            return z / np.linalg.norm(x)

        def along(x: FloatArray, G: ComplexArray, mean: float) -> FloatArray:
            rest = 2 * (G @ ket(x) - mean * ket(x)) / np.linalg.norm(x)
            return np.concatenate([rest.real, rest.imag])

        def loss(x: FloatArray) -> tuple[float, FloatArray]:
            height, G = self._look(ket(x)[None], price)
            return -float(height[0]), -along(x, G[0], float((ket(x).conj() @ G[0] @ ket(x)).real))

        start = np.concatenate([psi.real, psi.imag])
        if energy is None:
            found = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-10})
        else:
            room = {
                "type": "ineq",
                "fun": lambda x: energy - np.abs(ket(x)) ** 2 @ levels,
                "jac": lambda x: -along(x, np.diag(levels), float(np.abs(ket(x)) ** 2 @ levels)),
            }
            found = minimize(loss, start, jac=True, method="SLSQP", constraints=room, options={"ftol": 1e-15})
        better = -found.fun >= -loss(start)[0] and (energy is None or np.abs(ket(found.x)) ** 2 @ levels <= energy)
        return ket(found.x) if better else psi

    def _damp(self, damping: FloatArray, before: FloatArray, after: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """New damping, and which steps went down."""
        down = after < before - 1e-15 * (self.cell.spread or 1.0)
        return np.where(down, np.maximum(4 * damping, 0.05 * self.cell.spread), 0.7 * damping), down

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
        """Best ket found of at most this energy, climbing from every start."""
        zero, mu_high, damping = np.zeros(len(psi)), 1.0, np.zeros(len(psi))
        value, G = self._look(psi, zero)
        best = self.evaluate(psi)
        best = best.take(best.energy <= energy)
        for cycle in range(CYCLES if self.functional.is_convex else SHORT):
            new, mu_high = self._best_below(G + damping[:, None, None] * _projectors(psi), psi, energy, mu_high)
            new_value, new_G = self._look(new, zero)
            change = np.abs(new_value - value).max()
            if cycle and not self.functional.is_convex:  # the first step may go down to the energy allowed
                damping, down = self._damp(damping, value, new_value)
                new, new_value, new_G = _choose(down, (psi, value, G), (new, new_value, new_G))
            psi, value, G = new, new_value, new_G
            if cycle and change <= self.tol:
                break
        found = self.evaluate(psi)
        best = best + found.take(found.energy <= energy + self.tol)
        best = best.take([best.best()])
        return best if self.functional.is_convex else self.evaluate(self._polish(best.psi[0], 0.0, energy)[None])

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


def _choose(which: NDArray[np.bool_], yes: tuple[Any, ...], no: tuple[Any, ...]) -> tuple[Any, ...]:
    """Rows of the arrays `yes` where `which` holds, of `no` elsewhere."""
    return tuple(np.where(which.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in zip(yes, no, strict=True))


def _in_phase(psi: ComplexArray, reference: ComplexArray) -> ComplexArray:
    """Kets with the global phase that makes their overlaps with the reference positive."""
    overlap = np.einsum("ni,ni->n", psi.conj(), reference)
    size = np.abs(overlap)
    return psi * np.where(size > 0, overlap / np.where(size > 0, size, 1.0), 1.0)[:, None]
