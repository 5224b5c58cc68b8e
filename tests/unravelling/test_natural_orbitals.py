"""The unitary from natural modes: one to one, unbiased, and never below the passive energy."""

import numpy as np
import pytest
from modes_and_kets import filled, in_code, ket, plus, string_kets, trajectories

import qbsim as qb
from qbsim.unravelling.natural_orbitals import NaturalOrbitals, natural_orbitals
from qbsim.unravelling.string_levels import LowLevels


def case(ancilla, N, seed, R=40, time=0.3):
    rng = np.random.default_rng(seed)
    omega = qb.random_fields(N, 5, B0=10, rng=rng)
    start = plus(N) if ancilla else filled(np.arange(N) % 3 < 2)
    return trajectories(start, omega, 10.0, time, R, seed, ancilla), omega


def final_energy(unitary, N):
    """U^+ H0 U on the 2^N levels of the cells, from where the unitary sends strings and eigenvectors."""
    kets, strings = string_kets(unitary.modes)
    if unitary.ancilla:
        even = strings.sum(axis=1) % 2 == 0
        kets, strings = in_code(kets.T[even], N).T, strings[even]
    block = {tuple(string): i for i, string in enumerate(unitary.block_strings)}
    inside = np.array([block.get(tuple(string), -1) for string in strings])
    vectors = np.zeros((len(kets), len(block)), dtype=complex)
    for column, i in enumerate(inside):
        if i >= 0:
            vectors += np.outer(kets[:, column], unitary.vectors[i])
    rank, energy = unitary._place(unitary._bits(strings))
    np.testing.assert_array_equal(rank >= 0, inside >= 0)
    rest = kets[:, inside < 0]
    return vectors * unitary.block_levels @ vectors.conj().T + rest * energy[inside < 0] @ rest.conj().T


def mean_state(states, ancilla, N):
    kets = np.array([in_code(ket(s), N) if ancilla else ket(s) for s in states])
    return kets.T @ kets.conj() / len(kets), kets


def levels(omega):
    return np.sort(((np.arange(2 ** len(omega))[:, None] >> np.arange(len(omega))) & 1) @ omega)


@pytest.mark.parametrize("ancilla", [False, True])
@pytest.mark.parametrize(("N", "strings", "block"), [(1, 1, 1), (2, 3, 2), (3, 5, 4), (4, 16, 16), (5, 12, 6)])
def test_strings_and_eigenvectors_go_to_every_level_once(ancilla, N, strings, block):
    states, omega = case(ancilla, N, seed=N)
    rng = np.random.default_rng(0)
    unitary = NaturalOrbitals(states, LowLevels(omega, strings), ancilla, rng, block=block, shots=4)
    final = final_energy(unitary, N)
    np.testing.assert_allclose(final, final.conj().T, atol=1e-9)
    np.testing.assert_allclose(np.linalg.eigvalsh(final), levels(omega), atol=1e-9)


def exact_variance(unitary, states):
    """Variance of what one measured string adds to the energy of each state, from the weights of all strings."""
    kets, strings = string_kets(unitary.modes)
    rank, energy = unitary._place(unitary._bits(strings))
    added = np.where(rank < 0, energy - unitary.rest, 0.0)
    weights = np.array([np.abs(kets.conj().T @ ket(state)) ** 2 for state in states])
    return weights @ added**2 - (weights @ added) ** 2


@pytest.mark.parametrize("ancilla", [False, True])
def test_sampled_energies_are_unbiased(ancilla):
    N, shots, repeats = 5, 4, 400
    states, omega = case(ancilla, N, seed=8)
    rng = np.random.default_rng(1)
    unitary = NaturalOrbitals(states[:20], LowLevels(omega, 12), ancilla, rng, block=6, shots=shots)
    final = final_energy(unitary, N)
    _, kets = mean_state(states[20:], ancilla, N)
    exact = np.einsum("ri,ij,rj->r", kets.conj(), final, kets).real
    samples = np.array([unitary.energies(states[20:], rng) for _ in range(repeats)])
    error = np.sqrt(exact_variance(unitary, states[20:]) / (shots * repeats) + 1e-18)
    assert np.all(np.abs(samples.mean(axis=0) - exact) < 4.5 * error + 1e-9)
    assert abs(np.sum(samples.mean(axis=0) - exact)) < 4 * np.sqrt(np.sum(error**2)) + 1e-9
    assert error.max() > 0.01  # something is sampled


@pytest.mark.parametrize("ancilla", [False, True])
def test_the_final_energy_of_the_mean_state_is_close_above_its_passive_energy(ancilla):
    N = 5
    for seed in range(3):
        states, omega = case(ancilla, N, seed, R=60, time=0.1)
        rho, _ = mean_state(states[30:], ancilla, N)
        passive = np.sort(np.linalg.eigvalsh(rho))[::-1] @ levels(omega)
        energies = natural_orbitals(states, omega, ancilla)(np.arange(30), np.arange(30, 60), np.random.default_rng(0))
        start = np.trace(rho @ np.diag([sum(omega[k] for k in range(N) if x >> (N - 1 - k) & 1) for x in range(2**N)]))
        assert passive - 1e-9 <= energies.mean() < passive + 0.1 * start.real


@pytest.mark.parametrize("ancilla", [False, True])
def test_a_pure_state_goes_to_the_ground_level(ancilla):
    N = 6
    states, omega = case(ancilla, N, seed=2, R=1)
    build = natural_orbitals(np.repeat(states, 10, axis=0), omega, ancilla)
    energies = build(np.arange(5), np.arange(5, 10), np.random.default_rng(0))
    np.testing.assert_allclose(energies, 0, atol=1e-6)


def test_fields_of_either_sign_are_taken():
    states, omega = case(True, 4, seed=3)
    omega = omega * np.array([1, -1, 1, -1])
    unitary = NaturalOrbitals(states, LowLevels(omega, 9), True, np.random.default_rng(0), block=4)
    np.testing.assert_allclose(np.linalg.eigvalsh(final_energy(unitary, 4)), levels(omega), atol=1e-9)


def test_a_natural_vacuum_of_the_wrong_parity_is_mended():
    # every mode is filled in two of three states, so the natural vacuum is all filled, which is odd
    states = np.array([filled(cells) for cells in ([1, 1, 0], [1, 0, 1], [0, 1, 1])])
    omega, rng = np.array([3.0, 5.0]), np.random.default_rng(0)
    unitary = NaturalOrbitals(states, LowLevels(omega, 4), True, rng)
    final = final_energy(unitary, 2)
    np.testing.assert_allclose(np.linalg.eigvalsh(final), levels(omega), atol=1e-9)
    _, kets = mean_state(states, True, 2)
    np.testing.assert_allclose(np.linalg.norm(kets, axis=1), 1)
    exact = np.einsum("ri,ij,rj->r", kets.conj(), final, kets).real
    np.testing.assert_allclose(unitary.energies(states, rng), exact, atol=1e-9)
    assert exact.sum() == pytest.approx(0 + 3 + 5)


def test_the_same_generator_gives_the_same_energies():
    states, omega = case(True, 6, seed=5)
    build = natural_orbitals(states, omega, True, strings=20)
    one, two = (build(np.arange(20), np.arange(20, 40), np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
