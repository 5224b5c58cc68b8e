"""Limits that the documentation states, with their factors, against the numbers."""

import math

import numpy as np
import pytest
import qutip

import qbsim as qb
from qbsim import capacitance, channels
from qbsim.bosonic import photons_of_entropy, thermal_entropy
from qbsim.charging.precision import displace, most_precise, squeeze
from qbsim.measures.many_copies import entropy_deficit, gibbs_point, passive_energy_per_copy


@pytest.mark.parametrize("beta", [1e-3, 1e-5, 1e-7])
def test_two_mode_gap_of_hot_noise(beta):
    limit = (math.sqrt(math.pi / 2) - 2 * math.exp(-0.5)) / math.sqrt(beta)
    assert limit * math.sqrt(beta) == pytest.approx(0.0402528, abs=5e-8)
    assert capacitance.two_mode_gap(beta).value == pytest.approx(limit, rel=beta + 1e-6)


@pytest.mark.parametrize("beta", [50.0, 200.0, 600.0])
def test_two_mode_gap_of_cold_noise(beta):
    limit = math.exp(-beta) * math.log(2) / (beta + math.log(2))
    assert capacitance.two_mode_gap(beta).value == pytest.approx(limit, rel=1 / beta**2)


@pytest.mark.parametrize("beta", [0.3, 1.0, math.inf])
@pytest.mark.parametrize("figure", ["variance", "fluctuations"])
def test_precision_at_much_energy(beta, figure):
    energy, nu = 1e9, 1.0 if math.isinf(beta) else 1 / math.tanh(beta / 2)
    best = getattr(most_precise(beta, energy, figure), figure)
    factor = 3 / 8 * 4 ** (2 / 3)
    assert factor == pytest.approx(0.94494, abs=5e-6)
    # the next order is smaller by energy^(-1/3)
    assert best == pytest.approx(factor * nu ** (4 / 3) * energy ** (2 / 3), rel=5 * nu * energy ** (-1 / 3))
    assert getattr(displace(beta, energy), figure) == pytest.approx(nu * energy, rel=1e-6)
    assert getattr(squeeze(beta, energy), figure) == pytest.approx(2 * energy**2, rel=1e-6)


def missing(p, levels, n):
    """n times what n copies leave more than the Gibbs state, and its inverse temperature."""
    energy, beta = gibbs_point(np.array(entropy_deficit(np.array(p))), np.array(levels, float))
    return n * (passive_energy_per_copy(p, levels, n) - float(energy)), float(beta)


@pytest.mark.parametrize("p", [[0.6, 0.3, 0.1], [0.3, 0.7, 0.0]])
def test_many_copies_miss_the_total_ergotropy_by_one_over_n(p):
    few, many = (missing(p, [0, 1, 2], n)[0] for n in (64, 256))
    assert many == pytest.approx(few, rel=0.08)  # ln(n)/n would make it 1.33 times as large


def test_equal_eigenvalues_miss_the_total_ergotropy_by_a_logarithm():
    p = [0.5, 0.5, 0.0]
    (few, beta), (many, _) = (missing(p, [0, 1, 2], n) for n in (64, 512))
    assert many - few == pytest.approx(math.log(512 / 64) / (2 * beta), rel=0.05)


def test_thermal_entropy_at_both_ends():
    # ln n + 1 for a hot mode, n (1 - ln n) for a cold one; the inverse agrees
    for n in (1e8, 1e12):
        assert float(thermal_entropy(n)) == pytest.approx(math.log(n) + 1, rel=1e-8)
    for n in (1e-8, 1e-12):
        assert float(thermal_entropy(n)) == pytest.approx(n * (1 - math.log(n)), rel=1e-7)
    for n in (1e-8, 1.0, 1e8):
        assert photons_of_entropy(float(thermal_entropy(n))) == pytest.approx(n, rel=1e-7)


@pytest.mark.parametrize(("gamma", "eta"), [(0.3, 0.2), (0.7, 0.4), (0.9, 0.5)])
def test_dilution_under_thermal_relaxation(gamma, eta):
    noise, n = channels.generalized_amplitude_damping(gamma, eta), 2**20
    limit = (1 - gamma) / (1 - 2 * gamma * eta)
    assert capacitance.redundancy_curve(noise, qutip.num(2), [n])[0] == pytest.approx(limit, rel=1e-4)
    assert capacitance.coherent_redundancy_ratio(noise, qutip.num(2)).value == pytest.approx(limit, rel=1e-12)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_copies_of_two_levels_give_the_ergotropy_at_once(n):
    rho = qutip.rand_dm(2, seed=n)
    assert qb.ergotropy_per_copy(rho, qutip.num(2), n) == pytest.approx(qb.ergotropy(rho, qutip.num(2)), abs=1e-12)
