"""Gaussian states against kets in 2^N: energies, states of cells and neighbours, overlaps with phases."""

import functools

import numpy as np
import pytest
from gaussian_kets import aligned, ket, modes

from qbsim.unravelling import gaussian_overlaps
from qbsim.unravelling.gaussian_overlaps import Overlaps, conjugate, parities
from qbsim.unravelling.gaussian_states import GaussianEnsemble
from qbsim.unravelling.gaussian_steps import basis_state, flip_ancilla, lower, product_state, turn_sign
from qbsim.unravelling.pfaffian import pfaffian, strings


def generator(rng, N, ancilla, mixing):
    """A random quadratic generator of the cells: of modes, and what it does to annihilators."""
    M = N + ancilla
    h, p = np.zeros((2, M, M), dtype=complex)
    h[ancilla:, ancilla:] = rng.standard_normal((N, N)) + 1j * rng.standard_normal((N, N))
    p[ancilla:, ancilla:] = mixing * rng.standard_normal((N, N))
    h, p = (h + h.conj().T) / 2, (p - p.T) / 2
    return np.block([[-h.T, -p], [-p, h]])


def evolved(state, G):
    """The state after exp(-i H), which keeps the annihilators orthonormal."""
    values, vectors = np.linalg.eigh(G)
    return (vectors * np.exp(-1j * values)) @ vectors.conj().T @ state


def random_product(rng, N):
    amplitudes = rng.standard_normal((N, 2)) + 1j * rng.standard_normal((N, 2))
    return amplitudes / np.linalg.norm(amplitudes, axis=1)[:, None]


def lowered(state, k, ancilla):
    """The state after s-_k."""
    M = state.shape[1]
    state = turn_sign(lower(state, np.eye(2 * M)[k + ancilla]), k + ancilla)
    return flip_ancilla(state) if ancilla else state


def trajectories(rng, N, ancilla, mixing, R):
    """States with none to three jumps out of one start."""
    states = []
    for r in range(R):
        start = rng.random(N) < 0.6
        state = product_state(np.full((N, 2), np.sqrt(0.5))) if ancilla else basis_state(start | (np.arange(N) < 3))
        for _ in range(r % 4):
            state = evolved(state, 0.5 * generator(rng, N, ancilla, mixing))
            k = int(rng.integers(N))
            if np.linalg.norm(state[N + 2 * ancilla + k]) > 1e-3:  # b of the cell
                state = lowered(state, k, ancilla)
        states.append(evolved(state, 0.5 * generator(rng, N, ancilla, mixing)))
    return np.array(states)


CASES = [(N, ancilla, mixing) for N in (1, 2, 5, 6) for ancilla in (0, 1) for mixing in (0.0, 1.0)]
CASES = [case for case in CASES if case[0] > 2 or case[1]]


def reduced(psi, first, count):
    """State of cells first to first + count - 1."""
    N = len(psi).bit_length() - 1
    matrix = np.moveaxis(psi.reshape([2] * N), range(first, first + count), range(count)).reshape(2**count, -1)
    return matrix @ matrix.conj().T


@pytest.mark.parametrize("N", [1, 2, 3, 5])
def test_every_product_of_pure_cells_is_gaussian(N):
    amplitudes = random_product(np.random.default_rng(N), N)
    amplitudes[N // 2] = [0, 1]
    psi = functools.reduce(np.kron, amplitudes)
    assert aligned(ket(product_state(amplitudes), True), psi) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("N", "ancilla", "mixing"), CASES)
def test_a_jump_lowers_one_cell(N, ancilla, mixing):
    rng = np.random.default_rng(3)
    for state in trajectories(rng, N, ancilla, mixing, 4):
        k = int(rng.integers(N))
        psi = ket(state, ancilla).reshape(2**k, 2, -1)
        after = np.zeros_like(psi)
        after[:, 0] = psi[:, 1]
        if np.linalg.norm(after) < 1e-6:
            continue
        after = after.ravel() / np.linalg.norm(after)
        assert aligned(ket(lowered(state, k, ancilla), ancilla), after) == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize(("N", "ancilla", "mixing"), CASES)
def test_energies_cells_and_pairs_are_those_of_the_kets(N, ancilla, mixing):
    rng = np.random.default_rng(4)
    omega = rng.uniform(1, 5, N)
    ensemble = GaussianEnsemble(trajectories(rng, N, ancilla, mixing, 6), omega, bool(ancilla))
    levels = ((np.arange(2**N)[:, None] >> np.arange(N - 1, -1, -1)) & 1) @ omega
    for r, state in enumerate(ensemble.states):
        psi = ket(state, ancilla)
        assert ensemble.energies[r] == pytest.approx(float(np.abs(psi) ** 2 @ levels), abs=1e-10)
        for k in range(N):
            assert np.abs(ensemble.cells[r, k] - reduced(psi, k, 1)).max() < 1e-10
        for k in range(N - 1):
            assert np.abs(ensemble.pairs[r, k] - reduced(psi, k, 2)).max() < 1e-10


@pytest.mark.parametrize("vanishing", [[0], [1, 2], [0, 3, 4], [0, 1, 2, 3, 4]])
def test_coherences_where_strings_before_them_vanish(vanishing):
    rng = np.random.default_rng(5)
    amplitudes = random_product(rng, 6)
    amplitudes[vanishing] = [0, 1]
    ensemble = GaussianEnsemble(product_state(amplitudes)[None], np.ones(6), True)
    coherence = amplitudes[:, 1] * amplitudes[:, 0].conj()
    assert np.abs(ensemble.cells[0, :, 1, 0] - coherence).max() < 1e-12


@pytest.mark.parametrize(("N", "ancilla", "mixing"), CASES)
def test_overlaps_are_those_of_the_kets(N, ancilla, mixing):
    states = trajectories(np.random.default_rng(6), N, ancilla, mixing, 12)
    ensemble, every = GaussianEnsemble(states, np.ones(N), bool(ancilla)), np.arange(12)
    kets = np.array([ket(state, ancilla) for state in states])
    exact = kets.conj() @ kets.T
    squared, overlaps = ensemble.squared_overlaps(every, every), ensemble.overlaps(every, every)
    assert np.abs(squared - np.abs(exact) ** 2).max() < 1e-10
    assert np.abs(ensemble.determinants(every, every) - np.abs(exact) ** 2).max() < 1e-10
    assert np.abs(np.abs(overlaps) - np.abs(exact)).max() < 1e-9
    # products around triangles know no phase of a state
    triangles = overlaps[:, :, None] * overlaps[None] * overlaps.T[:, None]
    exact = exact[:, :, None] * exact[None] * exact.T[:, None]
    assert np.abs(triangles - exact).max() < 1e-9
    assert np.abs(ensemble.overlaps([3, 5], [1, 2, 7]) - overlaps[[3, 5]][:, [1, 2, 7]]).max() < 1e-9


def test_sectors_of_number_and_of_parity():
    rng = np.random.default_rng(7)
    conserved = Overlaps(trajectories(rng, 5, 0, 0.0, 8), False)
    assert conserved.has_number
    paired = Overlaps(trajectories(rng, 5, 0, 1.0, 8), False)
    assert not paired.has_number
    assert set(paired.sectors) == {0, 1}
    assert parities(np.array([basis_state([1, 0, 1]), basis_state([1, 1, 1])])).tolist() == [0, 1]


def test_squares_are_determinants_where_no_reference_is_good(monkeypatch):
    states, every = trajectories(np.random.default_rng(6), 5, 1, 1.0, 6), np.arange(6)
    wanted = GaussianEnsemble(states, np.ones(5), True).squared_overlaps(every, every)
    monkeypatch.setattr(gaussian_overlaps, "POOR", 0.0)
    ensemble = GaussianEnsemble(states, np.ones(5), True)
    with pytest.raises(ArithmeticError, match="rounding"):
        ensemble.overlaps(every, every)
    assert np.abs(ensemble.squared_overlaps(every, every) - wanted).max() < 1e-12


@pytest.mark.parametrize(("ancilla", "mixing"), [(1, 0.0), (1, 1.0), (0, 1.0)])
def test_overlaps_of_forty_cells_are_consistent(ancilla, mixing):
    states = trajectories(np.random.default_rng(12), 40, ancilla, 0.05 * mixing, 9)
    ensemble, every = GaussianEnsemble(states, np.ones(40), bool(ancilla)), np.arange(9)
    overlaps = ensemble.overlaps(every, every)
    assert np.abs(np.abs(overlaps) ** 2 - ensemble.determinants(every, every)).max() < 1e-10
    assert np.linalg.eigvalsh(overlaps)[0] > -1e-10
    # column by column the same
    single = np.hstack([ensemble.overlaps(every, [s]) for s in every])
    assert np.abs(single - overlaps).max() < 1e-10


def test_few_forms_are_kept(monkeypatch):
    states, every = trajectories(np.random.default_rng(6), 5, 1, 1.0, 6), np.arange(6)
    wanted = GaussianEnsemble(states, np.ones(5), True).overlaps(every, every)
    monkeypatch.setattr(gaussian_overlaps, "KEPT_BYTES", 3000)
    ensemble = GaussianEnsemble(states, np.ones(5), True)
    assert np.abs(ensemble.overlaps([0, 1], every)[:, 2:] - wanted[:2, 2:]).max() < 1e-12
    assert np.abs(ensemble.overlaps(every, [4])[:, 0] - wanted[:, 4]).max() < 1e-12


def test_annihilators_stay_canonical_after_jumps():
    for state in trajectories(np.random.default_rng(8), 6, 1, 1.0, 8):
        assert np.abs(state.conj().T @ state - np.eye(7)).max() < 1e-12
        assert np.abs(conjugate(state).conj().T @ state).max() < 1e-12


def expanded(a):
    """Pfaffian by its definition."""
    if not len(a):
        return 1.0
    rest = [np.delete(np.delete(a, [0, j], 0), [0, j], 1) for j in range(1, len(a))]
    return sum((-1) ** j * a[0, j + 1] * expanded(minor) for j, minor in enumerate(rest))


def test_pfaffian_is_that_of_the_definition():
    rng = np.random.default_rng(9)
    for n in (0, 2, 4, 6, 8):
        a = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
        a -= a.T
        a[:2, :2] = 0
        assert pfaffian(a) == pytest.approx(expanded(a), rel=1e-10)
    assert pfaffian(np.zeros((3, 3), dtype=complex)) == 0


@pytest.mark.parametrize("zero", [0, 2, 3])
def test_strings_are_pfaffians_of_growing_matrices(zero):
    rng = np.random.default_rng(10)
    a = rng.standard_normal((9, 9))
    a -= a.T
    a[:zero, :zero] = 0
    found = np.empty((4, 8))
    strings(a, found)
    for k in range(4):
        string, after = list(range(2 * k + 1)), [x for x in range(2 * k + 1, 2 * k + 5) if x < 9]
        wanted = [expanded(a[np.ix_(rows, rows)]) for rows in ([*string, x] for x in after)]
        if len(after) == 4:
            left_out = [[*string, *(y for y in after if y != x)] for x in after]
            wanted += [expanded(a[np.ix_(rows, rows)]) for rows in left_out]
        assert np.abs(found[k, : len(wanted)] - wanted).max() < 1e-10
        assert not found[k, len(wanted) :].any()


def test_modes_anticommute():
    c = modes(3)
    for i in range(3):
        for j in range(3):
            assert np.abs(c[i] @ c[j].T + c[j].T @ c[i] - (i == j) * np.eye(8)).max() < 1e-15
