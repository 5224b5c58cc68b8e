"""Battery capacity, antiergotropy and energy variance: closed forms, permutations, unitary orbits."""

import itertools
import json

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from qutip import Qobj
from random_states import density, hermitian, seeds, unitary

import qbsim as qb

SETTINGS = settings(deadline=None, max_examples=40)


@given(seed=seeds)
@SETTINGS
def test_qubit_capacity(seed):
    # Bloch vector r, levels 0 and w: C = w |r|, A = w (r_z - |r|) / 2
    rng = np.random.default_rng(seed)
    rho, w = density(2, rng), rng.uniform(0.1, 3)
    rz = (rho[1, 1] - rho[0, 0]).real
    r = np.sqrt(rz**2 + 4 * abs(rho[0, 1]) ** 2)
    H = qb.single_cell(omega=w).H0
    assert qb.battery_capacity(Qobj(rho), H) == pytest.approx(w * r, abs=1e-12)
    assert qb.antiergotropy(Qobj(rho), H) == pytest.approx(w * (rz - r) / 2, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_permutations_reach_the_highest_and_the_lowest_energy(seed):
    # of all orders of the eigenvalues on the levels, which are the corners of all that unitaries can reach
    rng = np.random.default_rng(seed)
    rho, H = density(4, rng), hermitian(4, rng)
    p, e = np.linalg.eigvalsh(rho), np.linalg.eigvalsh(H)
    energies = [p[list(order)] @ e for order in itertools.permutations(range(4))]
    assert qb.battery_capacity(Qobj(rho), Qobj(H)) == pytest.approx(max(energies) - min(energies), abs=1e-12)
    assert qb.antiergotropy(Qobj(rho), Qobj(H)) == pytest.approx(np.trace(rho @ H).real - max(energies), abs=1e-12)


@given(d=st.integers(2, 8), seed=seeds)
@SETTINGS
def test_properties_of_the_capacity(d, seed):
    # C = W - A, the same along a unitary orbit, whose energies all lie inside; the spread of H for pure states
    rng = np.random.default_rng(seed)
    rho, H, V = density(d, rng), Qobj(hermitian(d, rng)), unitary(d, rng)
    C, A = qb.battery_capacity(Qobj(rho), H), qb.antiergotropy(Qobj(rho), H)
    assert A <= 1e-12
    assert pytest.approx(qb.ergotropy(Qobj(rho), H) - A, abs=1e-12) == C
    assert pytest.approx(-qb.ergotropy(Qobj(rho), -H), abs=1e-12) == A
    turned = V @ rho @ V.conj().T
    turned = Qobj((turned + turned.conj().T) / 2)
    assert qb.battery_capacity(turned, H) == pytest.approx(C, abs=1e-12)
    assert abs(qb.energy(turned, H) - qb.energy(Qobj(rho), H)) <= C + 1e-12
    levels = H.eigenenergies()
    assert qb.battery_capacity(qutip.basis(d, 0), H) == pytest.approx(levels[-1] - levels[0], abs=1e-12)
    assert qb.battery_capacity(qutip.qeye(d) / d, H) == pytest.approx(0, abs=1e-12)


def test_charging_without_losses_keeps_the_capacity():
    chain = qb.xxz_chain([1.0, 1.2, 0.9], J=1.0, Delta=0.5, H0="battery")
    drive = chain + qb.operators.sigma_x(0, 3)
    ds = qb.evolve(
        drive, qb.classical(3, p=0.2), np.linspace(0, 3, 7), ["battery_capacity", "ergotropy", "antiergotropy"]
    )
    np.testing.assert_allclose(ds.battery_capacity, ds.battery_capacity[0], atol=1e-7)
    np.testing.assert_allclose(ds.battery_capacity, ds.ergotropy - ds.antiergotropy, atol=1e-12)
    assert np.ptp(ds.ergotropy.values) > 0.1


@given(d=st.integers(2, 8), seed=seeds, offset=st.sampled_from([0.0, 1e5]))
@SETTINGS
def test_energy_variance_is_the_second_moment(d, seed, offset):
    # of the distribution of the levels, also far from the zero of energy
    rng = np.random.default_rng(seed)
    rho, H = density(d, rng), hermitian(d, rng)
    e, v = np.linalg.eigh(H)
    q = np.einsum("ik,ij,jk->k", v.conj(), rho, v).real
    expected = q @ (e - q @ e) ** 2
    assert qb.energy_variance(Qobj(rho), Qobj(H + offset * np.eye(d))) == pytest.approx(expected, abs=1e-9)
    assert qb.energy_variance(Qobj(v[:, :1]), Qobj(H)) == pytest.approx(0, abs=1e-12)
    shares = Qobj(np.diag(np.diag(rho)).real)
    e = np.diag(H).real
    expected = np.diag(rho).real @ (e - np.diag(rho).real @ e) ** 2
    assert qb.energy_variance(shares, Qobj(np.diag(e + offset))) == pytest.approx(expected, abs=1e-9)


def test_many_cells_with_their_own_fields_agree_with_matrices():
    # products: one after another, with levels of both signs; the solvers for many cells form no matrix
    t, names = np.linspace(0, 2, 5), ["antiergotropy", "battery_capacity", "energy_variance"]
    net = qb.network((), 5, omega=[1.0, -0.4, 2.0, 0.7, 0.7], gamma=[1.0, 0.5, 0.2, 1.0, 0.3], nbar=0.2)
    found = qb.evolve(net, qb.plus(5), t, names, solver="independent")
    right = qb.evolve(net, qb.plus(5), t, names, solver="dense")
    bound = json.loads(found.attrs["certificate"]).get("ergotropy_bound", 0.0)
    for name in names:
        np.testing.assert_allclose(found[name], right[name], atol=1e-9 + 2 * bound, err_msg=name)


@pytest.mark.parametrize("start", ["plus", "classical", "full"])
def test_interchangeable_cells_count_the_covariances_of_all_pairs(start):
    # the centre of a star has its own field, and collective decay correlates the cells
    t, names = np.linspace(0, 2, 5), ["antiergotropy", "battery_capacity", "energy_variance"]
    net = qb.network(qb.central(5), omega=[2.0, 1.0, 1.0, 1.0, 1.0], J=1.0, gamma=0.5, gamma_bond=0.2)
    found = qb.evolve(net, start, t, names, solver="symmetric")
    right = qb.evolve(net, start, t, names, solver="dense")
    for name in names:
        np.testing.assert_allclose(found[name], right[name], atol=1e-8, err_msg=name)
    alone = net.omega**2 @ np.full(5, 0.25)
    assert start != "plus" or right.energy_variance[0] == pytest.approx(alone, abs=1e-12)
    assert np.ptp(right.energy_variance.values) > 0.05


def test_the_negativity_is_recorded_as_a_function():
    # one excitation shared by two cells: c |eg> + s |ge> has the negativity |c s|, exchange J gives c = cos(Jt)
    t = np.linspace(0, 1, 5)
    pair = qb.network(qb.linear(2), J=1.0)
    ds = qb.evolve(pair, qutip.basis([2, 2], [1, 0]), t, {"negativity": lambda rho, battery: qb.negativity(rho, [0])})
    np.testing.assert_allclose(ds.negativity, np.abs(np.sin(2 * t)) / 2, atol=1e-8)
