"""Occupation strings of Gaussian states against kets."""

import numpy as np
import pytest
from modes_and_kets import filled, ket, plus, string_kets, trajectories
from scipy.linalg import expm

from qbsim.unravelling.occupations import amplitudes, in_modes, majorana, most_likely, sample


def states(ancilla, N=4):
    rng = np.random.default_rng(N)
    start = plus(N) if ancilla else filled([1, 0, 1, 1])
    return trajectories(start, 10 * rng.random(N), 3.0, 0.6, 6, 1, ancilla)


def any_modes(M, seed=0):
    """Annihilators of modes after a random Bogoliubov transformation."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(2 * M, 2 * M))
    rotation = expm(a - a.T)
    quadratures = rotation[:, 0::2] + 1j * rotation[:, 1::2]
    even, odd = quadratures[0::2], quadratures[1::2]
    return np.concatenate([even - 1j * odd, even + 1j * odd]) / 2


@pytest.mark.parametrize("ancilla", [False, True])
def test_amplitudes_are_those_of_the_kets_up_to_one_phase(ancilla):
    found = states(ancilla)
    modes = any_modes(found.shape[-1])
    kets, strings = string_kets(modes)
    inside = in_modes(found, modes)
    values = amplitudes(inside, majorana(inside), strings)
    for state, value in zip(found, values, strict=True):
        exact = kets.conj().T @ ket(state)
        phase = np.vdot(value, exact)
        assert abs(phase) == pytest.approx(1, abs=1e-12)
        np.testing.assert_allclose(phase * value, exact, atol=1e-12)


@pytest.mark.parametrize("ancilla", [False, True])
def test_amplitudes_hold_for_strings_orthogonal_to_the_vacuum(ancilla):
    found = states(ancilla)
    M = found.shape[-1]
    modes = filled([0] * M)  # the cells themselves
    kets, strings = string_kets(modes)
    inside = in_modes(found, modes)
    values = amplitudes(inside, majorana(inside), strings)
    exact = np.abs(np.array([kets.conj().T @ ket(state) for state in found])) ** 2
    np.testing.assert_allclose(np.abs(values) ** 2, exact, atol=1e-12)


def test_measured_strings_have_the_weights_of_the_ket():
    found = states(True)[:2]
    modes = any_modes(found.shape[-1])
    kets, strings = string_kets(modes)
    covariances = majorana(in_modes(found, modes))
    shots = 20_000
    measured = sample(covariances, shots, np.random.default_rng(3))
    for state, bits in zip(found, measured, strict=True):
        weights = np.abs(kets.conj().T @ ket(state)) ** 2
        place = bits @ (1 << np.arange(strings.shape[1])[::-1])
        counts = np.bincount(place, minlength=len(weights))
        assert counts[weights < 1e-12].sum() == 0
        seen = weights > 1e-12
        chi2 = np.sum((counts[seen] - shots * weights[seen]) ** 2 / (shots * weights[seen]))
        assert chi2 < seen.sum() + 5 * np.sqrt(2 * seen.sum())


def test_the_weight_of_the_reference_string_is_its_probability():
    found = states(True)
    modes = any_modes(found.shape[-1])
    inside = in_modes(found, modes)
    covariances = majorana(inside)
    references, weights = most_likely(covariances)
    values = amplitudes(inside, covariances, references)
    np.testing.assert_allclose(np.abs(np.diag(values)) ** 2, weights, rtol=1e-9)


def test_covariances_count_excitations():
    found = states(False)
    counts = np.sum(np.abs(found[:, 4:]) ** 2, axis=2)
    covariances = majorana(found)
    np.testing.assert_allclose(covariances[:, ::2, 1::2].diagonal(axis1=1, axis2=2), 2 * counts - 1, atol=1e-12)
    np.testing.assert_allclose(covariances @ covariances, -np.tile(np.eye(8), (len(found), 1, 1)), atol=1e-12)
