r"""Complex overlaps of Gaussian states, with one phase per state.

Against a reference vacuum with annihilators :math:`b_k` a state with :math:`d_m = \sum_k U_{km} b_k + V_{km} b^+_k` is

.. math:: |\psi\rangle = n\,\exp\!\Big(\tfrac12\sum_{ij} Z_{ij}\,b^+_i b^+_j\Big)|\mathrm{ref}\rangle, \qquad
          Z = V U^{-1}, \quad n = |\det U|^{1/2}

with the phase that makes n positive. For an even number of modes and invertible Z

.. math:: \langle\psi|\psi'\rangle = n n'\,\mathrm{pf}(Z^*)\,\mathrm{pf}\!\left(Z' - (Z^*)^{-1}\right)

A Pfaffian of the size of Z has an eighth of the cost of the usual one of twice the size. Where the number of modes is
odd an empty mode is added. The reference is half-way between the mean state and its modes turned around: then n and Z
are far from singular for all states near the mean. States of one sector alone are compared, others are orthogonal.
Where trajectories conserve the number of excitations, the states are Slater determinants, one sector for every number,
and the overlap is that of their orbitals, :math:`\det(\Phi^+\Phi')`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import numpy as np

from .._checks import ComplexArray, FloatArray, IntArray
from .pfaffian import pfaffian, pfaffians_of_sums

__all__ = ["Overlaps", "Reference", "conjugate", "parities"]

SAMPLED = 64  # states that the mean is taken over
REFERENCES = 6  # references tried
WELL = 1e4  # largest element of Z and of its inverse that is good enough to try no other reference
POOR = 1e8  # the same, where eight digits are lost
KEPT_BYTES = 2**28  # forms of states kept
ALIGNED = 1e-9  # largest <c_i c_j> of a state with a number of excitations


def conjugate(d: ComplexArray) -> ComplexArray:
    """Hermitian conjugates of the operators in the columns, (..., 2M, n)."""
    M = d.shape[-2] // 2
    return np.concatenate([d[..., M:, :], d[..., :M, :]], axis=-2).conj()


def parities(states: ComplexArray) -> IntArray:
    """1 for states with an odd number of excited modes, 0 for even ones, (R,)."""
    signs = [np.linalg.slogdet(np.hstack([d, conjugate(d)]))[0].real for d in states]
    return (np.array(signs) < 0).astype(int)


class Thouless(NamedTuple):
    """States against a reference.

    Attributes
    ----------
    Z, inverse : ndarray, (R, m, m)
        Z, and its inverse.
    n : ndarray, (R,)
        Moduli of the overlaps with the reference.
    """

    Z: ComplexArray
    inverse: ComplexArray
    n: FloatArray

    @property
    def worst(self) -> float:
        """Largest element of Z and of its inverse."""
        return float(max(np.abs(self.Z).max(), np.abs(self.inverse).max()))


class Form(NamedTuple):
    """What the overlaps with one state need: -(Z*)^-1 and n pf(Z*) as a bra, Z and n as a ket."""

    bra: FloatArray
    ket: FloatArray
    bra_factor: complex
    ket_factor: float


class Reference(NamedTuple):
    """Annihilators of a Gaussian state of an even number of modes, and a mode beside those of the states or none.

    Attributes
    ----------
    columns : ndarray, (2m, m)
        The annihilators.
    idle : bool
        Whether the last mode is always empty.
    """

    columns: ComplexArray
    idle: bool

    @classmethod
    def between(cls, states: ComplexArray, rng: np.random.Generator) -> Reference:
        """Reference half-way between the mean of the states and the state with its modes turned around."""
        padded = _padded(states)
        m = padded.shape[2]
        mean = np.mean([d @ d.conj().T for d in padded], axis=0)
        noise = rng.standard_normal((2, 2 * m, 2 * m))
        hermitian = (noise[0] + 1j * noise[1]) / m
        hermitian += hermitian.conj().T
        # a small random term decides between modes that are empty in half of the states
        _, vectors = np.linalg.eigh(mean + 0.02 * (hermitian - np.roll(conjugate(hermitian), m, axis=1)))
        columns = vectors[:, m:]
        if parities(columns[None])[0] != parities(padded[:1])[0]:
            columns[:, :1] = conjugate(columns[:, :1])
        mix, _ = np.linalg.qr(rng.standard_normal((m, m)) + 1j * rng.standard_normal((m, m)))
        columns = columns @ mix
        f, g = columns[:, : m // 2], columns[:, m // 2 :]
        turned = [f + conjugate(g), g - conjugate(f)]
        return cls(np.hstack(turned) / np.sqrt(2), m > states.shape[2])

    def expand(self, states: ComplexArray) -> Thouless:
        """Thouless form of states, (R, 2M, M)."""
        padded = _padded(states)
        U, V = self.columns.conj().T @ padded, conjugate(self.columns).conj().T @ padded
        try:
            Z, inverse = V @ np.linalg.inv(U), U @ np.linalg.inv(V)
        except np.linalg.LinAlgError:
            raise ArithmeticError("A state is orthogonal to the reference.") from None
        return Thouless(_skew(Z), _skew(inverse), np.exp(np.linalg.slogdet(U)[1] / 2))


def _skew(matrices: ComplexArray) -> ComplexArray:
    """The antisymmetric part, which is all but rounding."""
    return (matrices - matrices.transpose(0, 2, 1)) / 2


def _padded(states: ComplexArray) -> ComplexArray:
    """The states with an empty mode in the last place, if the number of modes is odd."""
    R, _, M = states.shape
    if M % 2 == 0:
        return states
    padded = np.zeros((R, 2 * M + 2, M + 1), dtype=complex)
    padded[:, :M, :M], padded[:, M + 1 : 2 * M + 1, :M] = states[:, :M], states[:, M:]
    padded[:, M, M] = 1
    return padded


class Overlaps:
    """Complex overlaps of an ensemble.

    Parameters
    ----------
    states : ndarray, (R, 2M, M)
        All states.
    ancilla : bool
        Whether the first mode is the ancilla: all states are even then.

    Raises
    ------
    ArithmeticError
        If no reference is found that is far enough from orthogonal to all states.
    """

    def __init__(self, states: ComplexArray, ancilla: bool) -> None:
        self.states, M = states, states.shape[2]
        pairing = 0.0 if ancilla else max(np.abs(d[:M].conj() @ d[M:].T).max() for d in states)
        self.has_number = not ancilla and pairing < ALIGNED
        self.sectors: IntArray
        if ancilla:
            self.sectors = np.zeros(len(states), dtype=int)
        elif self.has_number:
            self.sectors = np.rint((np.abs(states[:, M:]) ** 2).sum(axis=(1, 2))).astype(int)
        else:
            self.sectors = parities(states)
        self._references: dict[int, Reference] = {}
        self._known: dict[int, Form] = {}
        self._orbitals: dict[int, ComplexArray] = {}

    def __call__(self, rows: IntArray, columns: IntArray) -> ComplexArray:
        """``<psi_r|psi_s>``, (len(rows), len(columns))."""
        found = np.zeros((len(rows), len(columns)), dtype=complex)
        for sector in np.intersect1d(self.sectors[rows], self.sectors[columns]).tolist():
            here, there = (np.flatnonzero(self.sectors[some] == sector) for some in (rows, columns))
            within = self._slater if self.has_number else self._thouless
            found[np.ix_(here, there)] = within(rows[here], columns[there], sector)
        return found

    def _slater(self, rows: IntArray, columns: IntArray, number: int) -> ComplexArray:
        """Overlaps of states with this number of excitations: of their orbitals, or of their holes if these are fewer.

        The eigenvectors of <c+_i c_j> are the complex conjugates of the orbitals.
        """
        M = self.states.shape[2]
        for r in np.union1d(rows, columns).tolist():
            if r not in self._orbitals:
                b = self.states[r, M:]
                vectors = np.linalg.eigh(b.conj() @ b.T)[1]
                self._orbitals[r] = vectors[:, M - number :] if 2 * number <= M else vectors[:, : M - number]
        left = np.array([self._orbitals[r] for r in rows.tolist()]).conj().transpose(0, 2, 1)
        right = np.array([self._orbitals[r] for r in columns.tolist()])
        found = np.array([np.linalg.det(phi @ right) for phi in left])
        return found.conj() if 2 * number <= M else found

    def _thouless(self, rows: IntArray, columns: IntArray, sector: int) -> ComplexArray:
        """Overlaps of states of one parity."""
        forms = self._forms(np.union1d(rows, columns), sector)
        bras, kets = [forms[r] for r in rows.tolist()], [forms[s] for s in columns.tolist()]
        same = np.array_equal(rows, columns)
        found = np.zeros((len(rows), len(columns)), dtype=complex)
        pfaffians_of_sums(np.array([form.bra for form in bras]), np.array([form.ket for form in kets]), same, found)
        found *= np.outer([form.bra_factor for form in bras], [form.ket_factor for form in kets])
        return found + np.triu(found, 1).conj().T if same else found

    def _forms(self, wanted: IntArray, sector: int) -> dict[int, Form]:
        """Forms of states of one parity, kept as far as memory goes."""
        missing = [r for r in wanted.tolist() if r not in self._known]
        bytes_each = 32 * self.states.shape[2] ** 2
        if bytes_each * (len(self._known) + len(missing)) > KEPT_BYTES:
            missing, self._known = wanted.tolist(), {}
        for start in range(0, len(missing), SAMPLED):
            some = missing[start : start + SAMPLED]
            thouless = self._reference(sector).expand(self.states[some])
            if thouless.worst > POOR:
                raise ArithmeticError("The phases of overlaps of these states are lost in rounding.")
            Z, inverse, n = thouless
            bra, ket = (np.stack([m.real, m.imag], axis=1) for m in (-inverse.conj(), Z))
            for k, r in enumerate(some):
                self._known[r] = Form(bra[k], ket[k], n[k] * np.conj(pfaffian(Z[k])), n[k])
        return self._known

    def _reference(self, sector: int) -> Reference:
        """Reference of the states of one parity."""
        if sector not in self._references:
            own = np.flatnonzero(self.sectors == sector)
            some = self.states[own[:: max(1, len(own) // SAMPLED)]]
            tried = []
            for seed in range(REFERENCES):
                reference = Reference.between(some, np.random.default_rng(seed))
                with suppress(ArithmeticError):
                    tried.append((reference.expand(some).worst, seed, reference))
                    if tried[-1][0] < WELL:
                        break
            if not tried:
                raise ArithmeticError("No reference overlaps with all states.")
            self._references[sector] = min(tried)[2]
        return self._references[sector]
