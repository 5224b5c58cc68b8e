r"""A unitary that brings a mean state of Gaussian trajectories close to its passive order, for chains of any length.

1. The mean covariance of the training states is brought to its normal form, which undoes the coherent evolution of any
   Gaussian state exactly. The natural modes are chosen within their vacuum as local as possible, ordered along the
   chain, so that one jump excites few neighbouring modes.
2. Strings of occupations :math:`n` are written as bits: without ancilla the :math:`n_m` themselves; with it the modes
   are walls between the cells of :math:`|+\cdots+\rangle` and the bits :math:`x_e = n_0 + \cdots + n_e \bmod 2` say
   which cells are flipped. The parity of all walls is conserved, so N bits tell all.
3. The bits of the training states, measured, give a Markov chain, and that the order of the strings (`Assignment`).
4. Among the most likely strings the mean state is also diagonalised: its eigenvectors take the place of the strings.

All maps are one to one, so that the final energy of every state is the mean of samples of it, with no bias.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import eigh, schur

from .._checks import ComplexArray, FloatArray, IntArray
from .occupations import Bits, amplitudes, in_modes, majorana, sample
from .string_levels import Assignment, LowLevels, unpack

__all__ = ["NaturalOrbitals", "natural_orbitals"]

STRINGS = 2**19  # strings that get the lowest levels in order
BLOCK = 512  # strings among which the mean state is diagonalised
SHRINKAGE = 0.3  # weight of the Markov chain's probabilities in that matrix, against the noise of few trajectories
SHOTS = 8  # strings measured in every state
PRIOR = 2.0  # trajectories by which the chain's mean probabilities count in those of one bit


def natural_orbitals(
    states: ComplexArray, omega: FloatArray, ancilla: bool, *, strings: int = STRINGS, shots: int = SHOTS
) -> Callable[[IntArray, IntArray, np.random.Generator], FloatArray]:
    r"""Final energies of Gaussian trajectories after the unitary of `NaturalOrbitals`, built from others of them.

    Parameters
    ----------
    states : ndarray, (R, 2M, M)
        Annihilators of the states in their columns; M = N, or N + 1 with the ancilla as first mode.
    omega : ndarray, (N,)
        Fields, :math:`H_0 = \sum_k \omega_k n_k`.
    ancilla : bool
        Whether the first mode carries the parity of the cells.
    strings : int
        Length of the list of strings that get the lowest levels in order.
    shots : int
        As in `NaturalOrbitals`.

    Returns
    -------
    callable
        ``build(train_rows, test_rows, rng)``: unbiased samples of the energies, (len(test_rows),), of the test states
        after a unitary built from the training states only.
    """

    lists: list[LowLevels] = []  # made when first needed, and used by every unitary

    def build(train: IntArray, test: IntArray, rng: np.random.Generator) -> FloatArray:
        if not lists:
            lists.append(LowLevels(omega, strings))
        unitary = NaturalOrbitals(states[train], lists[0], ancilla, rng, shots=shots)
        return unitary.energies(states[test], rng)

    return build


class NaturalOrbitals:
    """The unitary, built from training states (R, 2M, M); see the module for how.

    Parameters
    ----------
    states, ancilla
        As in `natural_orbitals`.
    low : LowLevels
        Lowest levels of the fields; as many strings are sent to them in order.
    rng : numpy.random.Generator
        For the strings measured in the training states.
    block : int
        How many of these strings the mean state is diagonalised among.
    shots : int
        Strings measured in every state, in training and after.
    """

    def __init__(
        self,
        states: ComplexArray,
        low: LowLevels,
        ancilla: bool,
        rng: np.random.Generator,
        *,
        block: int = BLOCK,
        shots: int = SHOTS,
    ) -> None:
        self.ancilla, self.shots = ancilla, shots
        self.modes = _local_modes(states, ancilla)
        inside, covariances = self._seen(states)
        measured = sample(covariances, shots, rng)
        if ancilla and np.any(np.sum(measured, axis=-1) % 2):  # the parity of the walls is then odd in every state
            self.modes = _exchanged(self.modes, int(np.argmax(np.mean(measured, axis=(0, 1)))))
            inside, covariances = self._seen(states)
            measured = sample(covariances, shots, rng)
        bits = self._bits(measured.reshape(-1, measured.shape[-1]))
        costs = _markov_costs(bits, len(states))
        rarity = -np.log(np.mean(bits, axis=0) + 0.5 / len(bits))
        self.assignment = Assignment(costs, rarity, low)
        self._diagonalise(inside, covariances, min(block, len(low.values)))
        rank, energy = self._place(bits)
        outside = energy[rank < 0]
        self.rest = float(outside.mean()) if outside.size else float(low.values[-1])

    def energies(self, states: ComplexArray, rng: np.random.Generator) -> FloatArray:
        """Unbiased samples of the energies of states after the unitary: exact in the block, measured outside."""
        inside, covariances = self._seen(states)
        weights = np.abs(amplitudes(inside, covariances, self.block_strings) @ self.vectors.conj()) ** 2
        measured = sample(covariances, self.shots, rng)
        rank, energy = self._place(self._bits(measured.reshape(-1, measured.shape[-1])))
        # the weight outside is known, so only deviations from a mean energy there need to be measured
        deviations = np.where(rank < 0, energy - self.rest, 0.0).reshape(len(states), -1).mean(axis=1)
        return weights @ (self.block_levels - self.rest) + self.rest + deviations

    def _seen(self, states: ComplexArray) -> tuple[ComplexArray, FloatArray]:
        """States, and their covariances, in the modes."""
        inside = in_modes(states, self.modes)
        return inside, majorana(inside)

    def _bits(self, occupations: Bits) -> Bits:
        if not self.ancilla:
            return occupations
        return (np.cumsum(occupations, axis=1)[:, :-1] % 2).astype(np.uint8)

    def _occupations(self, bits: Bits) -> Bits:
        if not self.ancilla:
            return bits
        return np.diff(bits.astype(np.int8), axis=1, prepend=0, append=0).astype(np.uint8) % 2

    def _diagonalise(self, inside: ComplexArray, covariances: FloatArray, block: int) -> None:
        """Eigenvectors of the mean state among the first strings; all of the list get levels by their probability."""
        chances, levels = self.assignment.chances, self.assignment.low.values
        self.block_strings = self._occupations(unpack(self.assignment.strings[:block], self._N))
        found = amplitudes(inside, covariances, self.block_strings)
        mean = (1 - SHRINKAGE) / len(found) * (found.T @ found.conj()) + SHRINKAGE * np.diag(chances[:block])
        weights, self.vectors = eigh(mean)
        order = np.argsort(-np.concatenate([weights, chances[block:]]), kind="stable")
        assigned = np.empty_like(levels)
        assigned[order] = levels
        self.block_levels, self._levels = assigned[:block], assigned

    @property
    def _N(self) -> int:
        return self.modes.shape[1] - self.ancilla

    def _place(self, bits: Bits) -> tuple[IntArray, FloatArray]:
        """0 or -1 for strings inside and outside the block, and the energies of those outside."""
        rank, energy = self.assignment.place(bits)
        block = len(self.block_levels)
        energy = np.where(rank >= block, self._levels[rank], energy)
        return np.where((rank >= 0) & (rank < block), 0, -1), energy


def _normal_modes(states: ComplexArray) -> ComplexArray:
    """Annihilators (2M, M) of the natural modes of the mean state, each at most half filled."""
    M = states.shape[-1]
    blocks, vectors = schur(majorana(states).mean(axis=0), output="real")
    pairs, alone, k = [], [], 0
    while k < 2 * M:
        if k + 1 < 2 * M and blocks[k + 1, k] != 0:
            pairs.append((k, k + 1) if blocks[k, k + 1] < 0 else (k + 1, k))
            k += 2
        else:
            alone.append(k)
            k += 1
    pairs += list(zip(alone[::2], alone[1::2], strict=True))
    first, second = np.array(pairs).T
    quadratures = vectors[:, first] + 1j * vectors[:, second]
    even, odd = quadratures[::2], quadratures[1::2]
    return np.asarray(np.concatenate([even - 1j * odd, even + 1j * odd]) / 2, dtype=complex)


def _local_modes(states: ComplexArray, ancilla: bool) -> ComplexArray:
    """Natural modes, turned among themselves to be local, in the order of the chain.

    They diagonalise the position among the annihilators of the natural vacuum. The ancilla is put far from the
    chain, so that the wall between it and the first cell comes last but one, and the one between it and the last cell
    last; then the former is moved to the front.
    """
    modes = _normal_modes(states)
    M = modes.shape[1]
    place = np.arange(M, dtype=float)
    if ancilla:
        place[0] = 3 * M
    _, turn = eigh(modes.conj().T @ (np.tile(place, 2)[:, None] * modes))
    modes = modes @ turn
    if ancilla and M > 2:
        modes = np.concatenate([modes[:, -2:-1], modes[:, :-2], modes[:, -1:]], axis=1)
    return modes


def _exchanged(modes: ComplexArray, m: int) -> ComplexArray:
    """The modes with filled and empty exchanged in one of them."""
    out = modes.copy()
    out[:, m] = np.roll(modes[:, m], modes.shape[1]).conj()
    return out


def _markov_costs(bits: Bits, independent: int) -> FloatArray:
    """-ln p_e(x_e | x_{e-1}), (N, 2, 2), from strings measured in so many states."""
    before = np.concatenate([np.zeros_like(bits[:, :1]), bits[:, :-1]], axis=1)
    counts = np.stack([[np.sum((before == a) & (bits == b), axis=0) for b in (0, 1)] for a in (0, 1)])
    counts = np.moveaxis(counts, 2, 0) * (independent / len(bits))
    pool = counts.sum(axis=0) + 0.25
    pool /= pool.sum(axis=1, keepdims=True)
    return -np.log((counts + PRIOR * pool) / (counts.sum(axis=2, keepdims=True) + PRIOR))
