r"""What moves a Gaussian state along a trajectory of a chain: a quadratic generator, and jumps.

Between jumps :math:`\frac{d}{dt}|\psi\rangle = -iH_\mathrm{eff}|\psi\rangle`,
:math:`H_\mathrm{eff} = H - \frac i2 \sum_m L_m^+L_m = \sum_{kl} h_{kl}\,c^+_k c_l + \frac12\sum_{kl} p_{kl}\,
(c^+_k c^+_l + \mathrm{h.c.}) + \mathrm{const}` and the annihilators of the state obey

.. math:: \frac{d}{dt}\begin{pmatrix} a \\ b \end{pmatrix} = -i \begin{pmatrix} -h^T & -p \\ p & h \end{pmatrix}
          \begin{pmatrix} a \\ b \end{pmatrix}, \qquad
          \langle\psi(t)|\psi(t)\rangle = e^{-ct}\,|\det R(t)|, \quad
          c = \tfrac12\,\mathrm{tr}(K^\downarrow + K^\uparrow) + \tfrac12 \sum_k \phi_k

with R from d(t) = Q R. Jumps are those of the columns of the factor C of :math:`K = C C^T`: bidiagonal where K is
tridiagonal, so that no jump reaches beyond two neighbours,

.. math:: \alpha s^-_k + \beta s^-_{k+1} = P_{k+1}(\alpha c_k + \beta c_{k+1}), \qquad
          \alpha s^+_k + \beta s^+_{k+1} = P_{k+1}(-\alpha c^+_k + \beta c^+_{k+1})

Dephasing turns cells by :math:`\sigma^z_k` at the rate :math:`\phi_k/2`: unitary jumps, which leave all populations and
the evolution between jumps alone. The other choice, :math:`n_k` at the rate :math:`2\phi_k\langle n_k\rangle`, has the
same mean, but twice the jumps in :math:`|+\rangle` and more scatter of the energies: 2.2 instead of 1.0 for four cells
after :math:`\phi t = 0.4`, with upper bounds of the ergotropy that do not differ within errors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg
from scipy.linalg.blas import ztrsm

from .._checks import ComplexArray, FloatArray
from ..networks import Network
from .gaussian_steps import flip_ancilla, lower, turn_sign

__all__ = ["Chain", "Exponential", "factor", "orthonormal"]

NORMAL = 1e-13  # relative size of [G, G^+] below which G counts as normal
CONDITION = 1e4  # largest condition number of eigenvectors that are used


def factor(K: FloatArray) -> FloatArray:
    """Lower bidiagonal C with C C^T = K, for a positive semidefinite tridiagonal matrix; a pivot may be 0."""
    N, C = len(K), np.zeros_like(K)
    rest, least = np.diag(K).astype(float), 1e-14 * float(np.abs(K).max(initial=0))
    for k in range(N):
        if rest[k] <= least:
            continue  # positivity then wants the element beside it to vanish too
        C[k, k] = np.sqrt(rest[k])
        if k + 1 < N:
            C[k + 1, k] = K[k + 1, k] / C[k, k]
            rest[k + 1] -= C[k + 1, k] ** 2
    return C


class Exponential:
    """exp(-i G t) for many times, by eigenvectors where these are well conditioned."""

    def __init__(self, G: ComplexArray) -> None:
        self.G = G
        size = np.linalg.norm(G) ** 2
        if np.linalg.norm(G @ G.conj().T - G.conj().T @ G) <= NORMAL * size:
            T, self.vectors = scipy.linalg.schur(G, output="complex")
            self.values: ComplexArray | None = np.diag(T)
            self.inverse = self.vectors.conj().T
            return
        self.values, self.vectors = np.linalg.eig(G)
        if np.linalg.cond(self.vectors) < CONDITION:
            self.inverse = np.linalg.inv(self.vectors)
        else:
            self.values = None

    def prepare(self, Y: ComplexArray) -> ComplexArray:
        """What `apply` needs of Y."""
        return Y if self.values is None else self.inverse @ Y

    def apply(self, t: float, prepared: ComplexArray) -> ComplexArray:
        """exp(-i G t) Y."""
        if self.values is None:
            return np.asarray(scipy.linalg.expm(-1j * t * self.G) @ prepared)
        return np.asarray(self.vectors @ (np.exp(-1j * t * self.values)[:, None] * prepared))


def orthonormal(d: ComplexArray) -> tuple[ComplexArray, float]:
    """Orthonormal columns that span those of d, and the logarithm of the determinant of R in d = Q R.

    By the Cholesky factor of d^+ d: steps are so short that its condition number is of the order of 1.
    """
    L = np.linalg.cholesky(d.conj().T @ d)
    return ztrsm(1.0, L, d, side=1, lower=1, trans_a=2), float(np.log(np.diag(L).real).sum())


class Chain(NamedTuple):
    """Generator and jumps of a chain.

    Attributes
    ----------
    flow : tuple of Exponential
        Of a and of b apart, or of both together where cells are excited in pairs.
    constant : float
        c above.
    losses, pumps : ndarray, (n, N)
        Weights of the cells in the jumps with s- and with s+.
    turns : ndarray, (N,)
        Rates of sigma_z.
    longest : float
        Step after which the annihilators are to be made orthonormal again.
    ancilla : bool
        Whether the first mode is the ancilla.
    """

    flow: tuple[Exponential, ...]
    constant: float
    losses: FloatArray
    pumps: FloatArray
    turns: FloatArray
    longest: float
    ancilla: bool

    @classmethod
    def of(cls, net: Network, ancilla: bool) -> Chain:
        """The chain of a network, whose bonds are those of neighbours."""
        down, up = factor(net.loss_matrix), factor(net.pump_matrix)
        signed = _signed(up.T)
        anti = (down @ down.T - signed.T @ signed) / 2
        h = np.diag(net.omega) + net.J + 1j * net.dm - 1j * anti
        p = np.triu(net.pair) - np.tril(net.pair)
        if ancilla:
            h, p = (np.pad(matrix, ((1, 0), (1, 0))) for matrix in (h, p))
        blocks = [-h.T, h] if not p.any() else [np.block([[-h.T, -p], [p, h]])]
        growth = float(np.linalg.norm(anti, 2))
        return cls(
            flow=tuple(Exponential(block) for block in blocks),
            constant=float((np.square(down).sum() + np.square(up).sum() + net.dephasing.sum()) / 2),
            losses=down.T[down.any(axis=0)],
            pumps=up.T[up.any(axis=0)],
            turns=net.dephasing / 2,
            longest=0.75 / growth if growth > 0 else np.inf,
            ancilla=ancilla,
        )

    def rates(self, state: ComplexArray) -> FloatArray:
        """Rates of all jumps, those of the losses first, then of the pumps and of the turns."""
        M, first = state.shape[1], int(self.ancilla)
        a, b = state[first:M], state[M + first :]
        losses, pumps = self.losses @ b, _signed(self.pumps) @ a
        return np.concatenate([(np.abs(losses) ** 2).sum(axis=1), (np.abs(pumps) ** 2).sum(axis=1), self.turns])

    def jump(self, state: ComplexArray, number: int) -> ComplexArray:
        """The state after a jump, numbered as in `rates`."""
        M, first = state.shape[1], int(self.ancilla)
        if number >= len(self.losses) + len(self.pumps):
            k = number - len(self.losses) - len(self.pumps) + first
            return turn_sign(state, k + 1, k)
        pumping = number >= len(self.losses)
        weights = _signed(self.pumps)[number - len(self.losses)] if pumping else self.losses[number]
        v = np.zeros(2 * M)
        v[(M if pumping else 0) + first : (M if pumping else 0) + M] = weights
        end = int(np.flatnonzero(weights)[0]) + 1 + first  # modes up to the first cell of the jump
        state = turn_sign(lower(state, v), end)
        return flip_ancilla(state) if self.ancilla else state

    @property
    def fastest(self) -> float:
        """Bound on the rate of jumps."""
        return float(np.square(self.losses).sum() + np.square(self.pumps).sum() + self.turns.sum())


def _signed(weights: FloatArray) -> FloatArray:
    """Weights of c+ for weights of s+: the first one of each row changes its sign."""
    signed = weights.copy()
    rows = np.arange(len(weights))
    signed[rows, (weights != 0).argmax(axis=1)] *= -1
    return signed
