"""Cells seen through their total spin: losses of single cells on its blocks, and what such a battery may be asked."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from qutip import piqs
from random_states import density, seeds
from scipy.linalg import block_diag

import qbsim as qb
from qbsim.charging import uncharged
from qbsim.collective import collective_losses, local_losses
from qbsim.measures.reference import Reference
from qbsim.measures.series import DenseStates, KetStates
from qbsim.measures.table import Measure
from qbsim.operators import copies, lowering, sigma_z, spins


@cache
def multiplets(n):
    """Orthonormal states |j, m, i> of n cells, one array (copies, 2j + 1, 2^n) per j descending, m ascending."""
    down = sum(lowering(k, n) for k in range(n)).full().real
    z = sum(sigma_z(k, n) for k in range(n)).diag() / 2
    found = []
    for j in spins(n, symmetric=False):
        sector = np.flatnonzero(np.abs(z - j) < 1e-9)
        raise_ = down.T[:, sector]
        _, s, v = np.linalg.svd(raise_)
        top = np.zeros((copies(n, j), 2**n))
        top[:, sector] = v[int((s > 1e-9).sum()) :]  # what J+ takes to nothing
        ladder = [top]
        for m in np.arange(j, -j, -1):
            ladder.append(ladder[-1] @ down.T / np.sqrt((j + m) * (j - m + 1)))
        found.append(np.stack(ladder[::-1], axis=1))
    return found


def to_blocks(rho, n):
    """Blocks of total spin of any operator on n cells, summed over the copies, as one block-diagonal matrix."""
    blocks = [np.einsum("imx,xy,iny->mn", v, rho, v) for v in multiplets(n)]
    size = sum(len(b) for b in blocks)
    out, start = np.zeros((size, size), dtype=complex), 0
    for b in blocks:
        out[start : start + len(b), start : start + len(b)] = b
        start += len(b)
    return out


def dissipate(jumps, rho):
    """Sum of the dissipators of the jump operators on a matrix."""
    total = np.zeros_like(rho)
    for L in (jump.full() for jump in jumps):
        number = L.conj().T @ L
        total += L @ rho @ L.conj().T - (number @ rho + rho @ number) / 2
    return total


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("rates", [{"gamma": 0.7}, {"dephasing": 0.9}, {"gamma": 0.3, "nbar": 1.7, "dephasing": 0.4}])
def test_losses_on_blocks_are_those_of_the_tensor_space(n, rates):
    rho = density(2**n, np.random.default_rng(n))
    found = dissipate(collective_losses(n, **rates), to_blocks(rho, n))
    assert np.abs(found - to_blocks(dissipate(local_losses(n, **rates), rho), n)).max() < 1e-14 * (n + 1)


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_losses_on_blocks_keep_the_trace(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 13))
    x = block_diag(*(density(round(2 * j + 1), rng) for j in spins(n, symmetric=False)))
    x /= np.trace(x)
    assert abs(np.trace(dissipate(collective_losses(n, gamma=1.0, dephasing=0.5, nbar=0.5), x))) < 1e-14


def test_losses_agree_with_piqs_to_its_single_precision():
    # piqs: levels descend, and dephasing with J_z makes a coherence decay at half its rate
    n = 6
    x = to_blocks(density(2**n, np.random.default_rng(1)), n)
    starts = np.cumsum([0, *(round(2 * j + 1) for j in spins(n, symmetric=False))])
    order = np.concatenate([np.arange(a, b)[::-1] for a, b in pairwise(starts)])
    generator = piqs.Dicke(N=n, emission=0.8, dephasing=0.6, pumping=0.4).lindbladian()
    theirs = qutip.vector_to_operator(generator * qutip.operator_to_vector(qutip.Qobj(x[np.ix_(order, order)]))).full()
    ours = dissipate(collective_losses(n, gamma=0.4, nbar=1.0, dephasing=0.3), x)
    assert np.abs(ours[np.ix_(order, order)] - theirs).max() < 1e-6


def spin_battery(space, losses):
    """Three cells and a cavity, or three cells alone, after a while of charging."""
    if losses:
        battery = qb.spin_chain(3, omega=2.0, alpha=-1.0, coupling="uni", gamma=0.5, dephasing=0.4, space=space)
        return battery, uncharged(battery)
    battery = qb.dicke(3, lam=0.5, photons=14, space=space)
    return battery, qb.dicke_start(battery)


@pytest.mark.parametrize("name", list(qb.MEASURES))
@pytest.mark.parametrize("losses", [False, True])
@pytest.mark.filterwarnings("ignore:The concurrence is nan", "ignore:The levels next to the cut-off")
def test_every_measure_is_that_of_the_tensor_space_or_refused(name, losses):
    t = np.linspace(0, 0.8, 4)
    for space in ("blocks",) if losses else ("blocks", "symmetric"):
        battery, start = spin_battery(space, losses)
        if name in (*OWN, "energy", "energy_variance") or name.startswith("power"):
            found = qb.evolve(battery, start, t, name)[name]
            right = qb.evolve(*spin_battery("tensor", losses), t, name)[name]
            assert found.values == pytest.approx(right.values, abs=1e-9, nan_ok=True)
        else:
            with pytest.raises(ValueError, match=f"{name!r} needs the cells one by one"):
                qb.evolve(battery, start, t, name)


def test_a_new_row_of_measures_is_refused_until_it_says_what_it_needs(monkeypatch):
    def variance(states, ref):
        return states.populations @ ref.battery.diagonal**2 - (states.populations @ ref.battery.diagonal) ** 2

    battery, start = spin_battery("symmetric", losses=False)
    monkeypatch.setitem(qb.MEASURES, "variance", Measure(variance, "variance of the energy", "1"))
    with pytest.raises(ValueError, match="'variance' needs the cells one by one"):
        qb.evolve(battery, start, [0, 0.5], "variance")
    assert (qb.evolve(*spin_battery("tensor", losses=False), [0, 0.5], "variance").variance >= -1e-12).all()
    row = Measure(variance, "variance of the energy", "1", needs="expectation")
    monkeypatch.setitem(qb.MEASURES, "variance", row)
    right = qb.evolve(*spin_battery("tensor", losses=False), [0, 0.5], "variance").variance
    assert qb.evolve(battery, start, [0, 0.5], "variance").variance.values == pytest.approx(right.values, abs=1e-9)


def collective(n, symmetric):
    """n cells of frequency 1, seen through their total spin."""
    H0 = qb.operators.j_z(n, symmetric=symmetric) + n / 2
    levels, multiplicities = np.arange(n + 1), [math.comb(n, k) for k in range(n + 1)]
    return qb.Collective(H0, H0, n=n, levels=levels, multiplicities=multiplicities, symmetric=symmetric)


def measured(battery, states):
    """Measures of a series of states that need their spectrum."""
    ref = Reference(battery)
    return {row: battery.own_measures[qb.MEASURES[row]].evaluate(states, ref)[0] for row in OWN}


OWN = ("ergotropy", "efficiency", "antiergotropy", "battery_capacity", "entropy", "purity")


@pytest.mark.parametrize("p", [0.75, 0.5, 0.02])
def test_sixty_cells_count_every_copy_of_a_block(p):
    n = 60
    number = np.concatenate([n / 2 + np.arange(-j, j + 1) for j in spins(n, symmetric=False)])
    times = np.concatenate([[float(copies(n, j))] * round(2 * j + 1) for j in spins(n, symmetric=False)])
    x = times * p**number * (1 - p) ** (n - number)  # the classical state: one probability for so many excitations
    battery = collective(n, symmetric=False)
    found = measured(battery, DenseStates(np.diag(x).astype(complex)[None], np.zeros(1), battery.dims))
    assert found["ergotropy"] == pytest.approx(n * max(0.0, 2 * p - 1), abs=1e-12 * n)
    assert found["efficiency"] == pytest.approx(max(0.0, 2 - 1 / p), abs=1e-12)
    assert found["antiergotropy"] == pytest.approx(n * min(0.0, 2 * p - 1), abs=1e-12 * n)
    assert found["battery_capacity"] == pytest.approx(n * abs(2 * p - 1), abs=1e-12 * n)
    assert found["entropy"] == pytest.approx(-n * (p * math.log(p) + (1 - p) * math.log(1 - p)), rel=1e-12)
    assert found["purity"] == pytest.approx((p**2 + (1 - p) ** 2) ** n, rel=1e-12)


def test_a_hundred_cells_give_up_all_of_a_pure_state():
    n, psi = 100, qutip.rand_ket(101, seed=1)
    battery = collective(n, symmetric=True)
    found = measured(battery, KetStates(psi.full().T, np.zeros(1), battery.dims))
    energy = qutip.expect(battery.H0, psi)
    assert [found[name] for name in OWN] == pytest.approx([energy, 1.0, energy - n, n, 0.0, 1.0], abs=1e-12 * n)
    # the other hundred states of the spin fit into the first excited level, which a hundred states of the cells share
    rho = 0.7 * psi.proj() + 0.3 * (qutip.qeye(n + 1) - psi.proj()) / n
    found = measured(battery, DenseStates(rho.full()[None], np.zeros(1), battery.dims))
    assert found["ergotropy"] == pytest.approx(qutip.expect(battery.H0, rho) - 0.3, abs=1e-12 * n)


@pytest.mark.parametrize("name", ["ergotropy", "efficiency", "entropy", "purity"])
def test_coherence_between_total_spins_is_refused(name):
    # |eg> is a superposition of j = 1 and j = 0, and pure: its blocks alone would pass for a mixture
    eg = (qutip.basis(4, 1) + qutip.basis(4, 3)).unit()
    battery = qb.spin_chain(2, alpha=-1.0, coupling="uni", gamma=0.1, space="blocks")
    with pytest.raises(ValueError, match="coherence between different total spins"):
        qb.evolve(battery, eg, [0, 1], name)
