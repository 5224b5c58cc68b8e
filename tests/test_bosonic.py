"""Gaussian channels: work of one and of several modes, against truncated Fock spaces and against each other."""

import itertools
import math

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st

import qbsim as qb
from qbsim.bosonic import (
    GaussianChannel,
    GaussianState,
    additive_noise,
    amplifier,
    attenuator,
    photons_of_entropy,
    thermal_entropy,
)

ONE_MODE = [
    (attenuator(0.6, 0.5), 0.6, 0.2),
    (amplifier(1.5, 0.2), 1.5, 0.6),
    (additive_noise(0.3), 1.0, 0.3),
    (attenuator(0.0, 1.0), 0.0, 1.0),
]


@pytest.mark.parametrize(("channel", "gain", "photons"), ONE_MODE)
@pytest.mark.parametrize("energy", [0.0, 0.5, 2.0])
def test_one_mode_gives_back_its_amplitude_and_no_gap(channel, gain, photons, energy):
    """A coherent input comes out as a displaced thermal state: work tau e, for one copy and for many."""
    out = channel(GaussianState.coherent(math.sqrt(energy)))
    assert out.energy == pytest.approx(gain * energy + photons, abs=1e-12)
    assert out.ergotropy == pytest.approx(gain * energy, abs=1e-12)
    assert out.total_ergotropy == pytest.approx(gain * energy, abs=1e-12)


def fock_channel(tau, m, cut_in, cut_out):
    """Quantum-limited attenuator, then amplifier, as Kraus operators between truncated Fock spaces."""
    t, G = tau / (1 + m), 1 + m
    loss, gain = [], []
    for k in range(cut_in):
        K = np.zeros((cut_in, cut_in))
        for n in range(k, cut_in):
            K[n - k, n] = math.sqrt(math.comb(n, k) * t ** (n - k) * (1 - t) ** k)
        loss.append(K)
    for k in range(cut_out):
        A = np.zeros((cut_out, cut_in))
        for n in range(min(cut_in, cut_out - k)):
            A[n + k, n] = math.sqrt(math.comb(n + k, k) * (1 - 1 / G) ** k * G ** -(n + 1))
        gain.append(A)
    return loss, gain


@pytest.mark.parametrize(("channel", "gain", "photons"), ONE_MODE[:3])
def test_one_mode_against_a_truncated_fock_space(channel, gain, photons):
    cut = 24
    loss, amplify = fock_channel(gain, photons, cut, 80)
    psi = qutip.coherent(cut, math.sqrt(0.5), method="analytic").full()
    rho = sum(K @ psi @ psi.conj().T @ K.conj().T for K in loss)
    rho = sum(A @ rho @ A.conj().T for A in amplify)
    rho = qutip.Qobj(rho / np.trace(rho))
    out = channel(GaussianState.coherent(math.sqrt(0.5)))
    assert qb.ergotropy(rho, qutip.num(80)) == pytest.approx(out.ergotropy, abs=1e-8)
    assert qb.entropy(rho) == pytest.approx(out.entropy, abs=1e-8)


def test_two_modes_against_a_truncated_fock_space():
    """lam = 0.6, N = 0.5, e = 1: the thermal mode and the vacuum mode share their levels."""
    out = (attenuator(0.6, 0.5) & attenuator(0.0))(GaussianState.coherent(1.0, 0.0))
    assert out.ergotropy == pytest.approx(0.6286822537, abs=1e-10)
    D, x = 60, 0.2 / 1.2
    r = np.sort(np.kron((1 - x) * x ** np.arange(D), np.eye(1, D)[0]))[::-1]
    levels = np.sort(np.add.outer(np.arange(D), np.arange(D)).ravel())
    assert out.passive_energy == pytest.approx(r @ levels, abs=1e-13)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=2), st.floats(0, 2))
@settings(max_examples=30, deadline=None)
def test_work_of_one_copy_many_copies_and_energy_are_ordered(photons, amplitude):
    state = GaussianState.coherent(amplitude, *[0] * (len(photons) - 1))
    out = GaussianChannel((1.0,) * len(photons), tuple(photons))(state)
    assert -1e-12 <= out.ergotropy <= out.total_ergotropy + 1e-10
    assert out.total_ergotropy <= out.energy + 1e-12


def test_several_hot_modes_against_sorting_every_eigenvalue():
    photons, D = (0.5, 1.0, 0.2), 70
    ladders = [(1 / (n + 1)) * (n / (n + 1)) ** np.arange(D) for n in photons]
    r = np.sort([a * b * c for a, b, c in itertools.product(*[ladder.tolist() for ladder in ladders])])[::-1]
    levels = np.sort([i + j + k for i, j, k in itertools.product(range(D), repeat=3)])
    assert GaussianState.thermal(*photons).passive_energy == pytest.approx(r @ levels, abs=1e-9)


@pytest.mark.parametrize("channel", [attenuator(0.6, 0.5), amplifier(1.5, 0.2), additive_noise(0.3)])
@pytest.mark.parametrize("squeezing", [0.2, 0.8])
def test_squeezing_at_the_same_energy_gives_less_work(channel, squeezing):
    """Coherent inputs are optimal."""
    e = 2.0
    shape = np.diag([np.exp(-2 * squeezing), np.exp(2 * squeezing)]) / 2
    displaced = 2 * (e - (np.cosh(2 * squeezing) - 1) / 2)
    squeezed = GaussianState(np.array([math.sqrt(displaced), 0]), shape)
    assert squeezed.energy == pytest.approx(e)
    assert squeezed.entropy == pytest.approx(0, abs=1e-12)
    assert channel(squeezed).ergotropy < channel(GaussianState.coherent(math.sqrt(e))).ergotropy - 1e-3


def test_channels_in_a_row_and_side_by_side():
    first, second = attenuator(0.8, 0.1), amplifier(1.3, 0.4)
    state = GaussianState.coherent(0.7 - 0.2j)
    joint, in_turn = (second @ first)(state), second(first(state))
    assert joint.mean == pytest.approx(in_turn.mean)
    assert joint.covariance == pytest.approx(in_turn.covariance)
    lossless = attenuator(0.9) @ attenuator(0.5)
    assert (lossless.gain, lossless.noise) == ((pytest.approx(0.45),), (0.0,))
    pair = (first & second)(GaussianState.coherent(0.7, 0.3))
    assert pair.energy == pytest.approx(0.8 * 0.49 + 0.02 + 1.3 * 0.09 + 0.42)


def test_entropy_of_a_mode_and_its_inverse():
    for n in (1e-12, 1e-3, 0.7, 40.0, 1e6):
        assert photons_of_entropy(float(thermal_entropy(n))) == pytest.approx(n, rel=1e-9)
    assert photons_of_entropy(0.0) == 0.0


def test_bad_input_is_refused_with_a_reason():
    with pytest.raises(ValueError, match="lam must be at most 1"):
        attenuator(1.2)
    with pytest.raises(ValueError, match="mu must be at least 1"):
        amplifier(0.5)
    with pytest.raises(ValueError, match="N must be at least 0"):
        additive_noise(-1)
    with pytest.raises(ValueError, match=r"noise must be at least max\(0, gain - 1\) = 0\.5"):
        GaussianChannel((1.5,), (0.2,))
    with pytest.raises(ValueError, match="uncertainty relation"):
        GaussianState(np.zeros(2), np.eye(2) / 4)
    with pytest.raises(ValueError, match="shapes"):
        GaussianState(np.zeros(3), np.eye(3))
    with pytest.raises(ValueError, match="must have 2 modes"):
        (attenuator(0.5) & attenuator(0.5))(GaussianState.coherent(1.0))
    with pytest.raises(ValueError, match="cannot follow"):
        attenuator(0.5) @ (attenuator(0.5) & attenuator(0.5))
    with pytest.raises(ValueError, match="too hot"):
        _ = GaussianState.thermal(500.0, 500.0).passive_energy
