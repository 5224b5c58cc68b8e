"""Trajectories of small batteries as plain kets, and random unravellings of a given state."""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm

from qbsim.unravelling.levels import Levels


class Kets:
    """Ensemble of kets, (R, 2^N), cell 0 the first factor."""

    def __init__(self, kets, omega, seconds=1e-7):
        self.kets, self.omega, self.seconds = kets, np.asarray(omega, dtype=float), seconds
        self.levels = Levels(self.omega)
        self.energies = np.abs(kets) ** 2 @ levels_of(self.omega)
        N = len(self.omega)
        grid = kets.reshape(len(kets), *[2] * N)
        cells = [np.moveaxis(grid, k + 1, 1).reshape(len(kets), 2, -1) for k in range(N)]
        self.cells = np.stack([np.einsum("rax,rbx->rab", c, c.conj()) for c in cells], axis=1)

    def __len__(self):
        return len(self.kets)

    def overlaps(self, rows, columns):
        return self.kets[rows].conj() @ self.kets[columns].T

    def squared_overlaps(self, rows, columns):
        return np.abs(self.overlaps(rows, columns)) ** 2

    def overlap_seconds(self):
        return self.seconds

    def unitaries(self):
        return {}


def levels_of(omega):
    """Diagonal of H0, in the order of the kets."""
    diagonal = np.zeros(1)
    for w in omega:
        diagonal = np.add.outer(diagonal, [0.0, w]).ravel()
    return diagonal


def exact(rho, omega):
    """Ergotropy of a density matrix."""
    e = levels_of(omega)
    return float(np.diagonal(rho).real @ e - np.linalg.eigvalsh(rho)[::-1] @ np.sort(e))


def draw(rho, R, rng, turned=True):
    """R kets of which rho is the mean: its eigenvectors, or those turned into others by a random unitary."""
    w, v = np.linalg.eigh(rho)
    root = v * np.sqrt(np.maximum(w, 0))
    if turned:
        d = len(rho)
        root = root @ np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))[0]
    p = np.sum(np.abs(root) ** 2, axis=0)
    kept = rng.choice(len(p), R, p=p / p.sum())
    return (root[:, kept] / np.sqrt(p[kept])).T


class Lossy:
    """XX chain with local loss, by its no-jump evolution at the times where a jump is drawn."""

    def __init__(self, omega, exchange, gamma, time):
        N = len(omega)
        self.omega, self.gamma, self.time = np.asarray(omega, float), gamma, time
        lower = np.array([[0, 1], [0, 0]])
        self.s = [np.kron(np.kron(np.eye(2**k), lower), np.eye(2 ** (N - k - 1))) for k in range(N)]
        H = np.diag(levels_of(omega)).astype(complex)
        for a, b in zip(self.s, self.s[1:], strict=False):
            H += exchange * (a.T @ b + b.T @ a)
        H -= 0.5j * gamma * np.diag(levels_of(np.ones(N)))
        self.matrix = H
        self.e, v = np.linalg.eig(H)
        self.v, self.inverse = v, np.linalg.inv(v)

    def exact(self, psi):
        """Density matrix at the end, by the exponential of the Liouvillian."""
        one, G = np.eye(len(psi)), -1j * self.matrix
        L = np.kron(G, one) + np.kron(one, G.conj()) + self.gamma * sum(np.kron(s, s) for s in self.s)
        return (expm(L * self.time) @ np.outer(psi, psi.conj()).ravel()).reshape(len(psi), len(psi))

    def after(self, psi, t):
        return self.v @ (np.exp(-1j * self.e * t) * (self.inverse @ psi))

    def norm(self, amplitudes, t):
        return np.sum(np.abs(self.v @ (np.exp(-1j * self.e * t) * amplitudes)) ** 2)

    def ket(self, psi, rng):
        """One trajectory."""
        left = self.time
        while True:
            u, c = rng.random(), self.inverse @ psi
            if self.norm(c, left) >= u:
                psi = self.after(psi, left)
                return psi / np.linalg.norm(psi)
            low, high = 0.0, left
            for _ in range(30):
                low, high = ((low + high) / 2, high) if self.norm(c, (low + high) / 2) > u else (low, (low + high) / 2)
            psi = self.after(psi, high)
            rates = np.array([np.sum(np.abs(s @ psi) ** 2) for s in self.s])
            psi = self.s[rng.choice(len(rates), p=rates / rates.sum())] @ psi
            psi, left = psi / np.linalg.norm(psi), left - high
