"""Work capacitances: closed forms, reference numbers, orderings, and brute force."""

import itertools
import math

import numpy as np
import pytest
import qutip
from analytic_capacitance import (
    DEPOLARIZING,
    FIG_2A,
    FIG_2B,
    dephased_damping_capacitance,
    dephased_damping_maximum,
    dephased_damping_work,
    gadc_capacitance,
    mad_capacitance,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from qutip import Qobj, qdiags

import qbsim as qb
from qbsim.bosonic import GaussianState, attenuator
from qbsim.capacitance import (
    capacitance_curve,
    coherent_redundancy_ratio,
    local_capacitance,
    local_redundancy_ratio,
    max_output_ergotropy,
    redundancy_curve,
    separable_capacitance,
    separable_redundancy_ratio,
    single_shot_ratio,
    total_ergotropy_capacitance,
    two_mode_gap,
    two_mode_temperature,
)
from qbsim.capacitance._functionals import Ergotropy, FreeEnergy, TotalErgotropy
from qbsim.capacitance._proof import proven_bound
from qbsim.capacitance._search import Cell, Search
from qbsim.channels import (
    amplitude_damping,
    dephasing,
    depolarizing,
    generalized_amplitude_damping,
    multilevel_amplitude_damping,
    resonant_multilevel_amplitude_damping,
)

QUBIT, QUTRIT = qutip.num(2), qutip.num(3)
MAD = multilevel_amplitude_damping(0.3, 0.2, 0.6)
REMAD = resonant_multilevel_amplitude_damping(0.3, 0.2, 0.6)


def damped_and_dephased(gamma, kappa):
    return dephasing(kappa) @ amplitude_damping(gamma)


def reaches(result, channel, H, energy, measure=qb.ergotropy):
    """The ensemble obeys the energy constraint and gives the value: a lower bound that needs no trust in the search."""
    weights = [w for w, _ in result.ensemble]
    assert sum(weights) == pytest.approx(1)
    assert sum(w * qb.energy(psi, H) for w, psi in result.ensemble) <= energy + 1e-9
    work = sum(w * measure(channel(psi), H) for w, psi in result.ensemble)
    assert work == pytest.approx(result.value, abs=1e-9)


# --- closed forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gamma", "eta"), [(0.5, 0.2), (0.3, 0.0), (0.9, 0.4), (0.7, 0.5), (0.2, 0.1), (0.0, 0.3)])
@pytest.mark.parametrize("energy", [0.05, 0.25, 0.5, 1.0])
def test_thermal_relaxation_in_closed_form(gamma, eta, energy):
    """GADC: the single cell is concave in the energy, so that the capacitance is its best work; proven."""
    channel = generalized_amplitude_damping(gamma, eta)
    exact = gadc_capacitance(energy, gamma, eta)
    best, local = max_output_ergotropy(channel, QUBIT, energy), local_capacitance(channel, QUBIT, energy)
    assert best.value == pytest.approx(exact, abs=1e-10)
    assert local.value == pytest.approx(exact, abs=1e-10)
    assert local.upper == pytest.approx(exact, abs=1e-10)
    assert best.exact
    assert local.exact
    reaches(local, channel, QUBIT, energy)


@pytest.mark.parametrize(("gamma", "kappa"), [(0.5, 0.3), (0.2, 0.9), (0.8, 0.2), (0.3, 0.5), (0.6, 0.6)])
@pytest.mark.parametrize("energy", [0.1, 0.5, 1.0])
def test_damping_and_dephasing_in_closed_form(gamma, kappa, energy):
    """Convex for kappa above gamma/(1 - gamma): full and empty cells are then best, and one cell alone is worse."""
    channel = damped_and_dephased(gamma, kappa)
    local = local_capacitance(channel, QUBIT, energy)
    assert local.value == pytest.approx(dephased_damping_capacitance(energy, gamma, kappa), abs=1e-10)
    assert local.upper == pytest.approx(local.value, abs=1e-10)
    assert local.exact
    reaches(local, channel, QUBIT, energy)
    best = max_output_ergotropy(channel, QUBIT, energy)
    grid = np.linspace(0, energy, 20001)
    assert best.value == pytest.approx(dephased_damping_work(grid, gamma, kappa).max(initial=0.0), abs=1e-8)
    assert best.exact == (abs(best.value - local.value) < 1e-9)


@pytest.mark.parametrize(("d", "lam", "offset"), DEPOLARIZING)
def test_depolarizing_in_closed_form(d, lam, offset):
    """Every ket has the same output spectrum: chi = lam e, and collective extraction adds the same at any energy."""
    channel, H = depolarizing(lam, d=d), qutip.num(d)
    for energy in (0.0, 0.7):
        assert local_capacitance(channel, H, energy).value == pytest.approx(lam * energy, abs=1e-10)
        total = total_ergotropy_capacitance(channel, H, energy)
        assert total.value == pytest.approx(lam * energy + offset, abs=2e-10)
        assert total.exact
    separable = separable_capacitance(channel, H, 0.7)
    assert separable.value == pytest.approx(0.7 * lam + offset, abs=2e-10)
    assert separable.exact


def test_depolarizing_with_negative_strength_wants_the_empty_cell():
    channel = depolarizing(-1 / 8, d=3)
    assert local_capacitance(channel, QUTRIT, 0.0).value == pytest.approx(0.25, abs=1e-10)
    assert local_capacitance(channel, QUTRIT, 1.3).value == pytest.approx(0.25, abs=1e-10)
    assert separable_capacitance(channel, QUTRIT, 0.5).value == pytest.approx(0.2726451013, abs=2e-10)


@pytest.mark.parametrize("energy", [0.0, 0.3, 1.7])
def test_without_noise_all_energy_comes_back(energy):
    ideal = qutip.to_super(qutip.qeye(3))
    for capacitance in (local_capacitance, total_ergotropy_capacitance, separable_capacitance, max_output_ergotropy):
        result = capacitance(ideal, QUTRIT, energy)
        assert result.value == pytest.approx(energy, abs=1e-9)
        assert result.exact


def test_a_unitary_leaves_kets_pure_and_all_capacitances_equal():
    """Pure outputs give back all of their energy, however they are extracted; the best temperature is zero."""
    channel = qutip.to_super(qutip.rand_unitary(3, seed=2))
    local, separable = local_capacitance(channel, QUTRIT, 0.5), separable_capacitance(channel, QUTRIT, 0.5)
    assert separable.value == pytest.approx(local.value, abs=1e-9)
    assert separable.gap < 1e-9


# --- the Letter -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [False, True])
def test_figure_2a_of_the_letter(total):
    energies = [row[0] for row in FIG_2A]
    for column, channel in ((1, MAD), (3, REMAD)):
        curve = capacitance_curve(channel, QUTRIT, energies, total=total)
        for row, found in zip(FIG_2A, curve, strict=True):
            assert found.value == pytest.approx(row[column + total], abs=1e-9)
            assert found.gap < 1e-10
            assert not found.exact  # nothing was proven here


@pytest.mark.parametrize("energy", [0.3, 0.9, 1.5])
def test_multilevel_damping_in_closed_form_and_proven(energy):
    local, total = local_capacitance(MAD, QUTRIT, energy), total_ergotropy_capacitance(MAD, QUTRIT, energy)
    assert local.value == pytest.approx(mad_capacitance(energy), abs=1e-10)
    assert local.exact
    assert total.exact
    reaches(local, MAD, QUTRIT, energy)
    reaches(total, MAD, QUTRIT, energy, qb.total_ergotropy)


def test_the_other_order_of_the_rates_needs_the_hull():
    """(0.3, 0.6, 0.2): one cell is not concave in the energy, and chi lies on a chord."""
    channel = multilevel_amplitude_damping(0.3, 0.6, 0.2)
    chord = [local_capacitance(channel, QUTRIT, e) for e in (1.0, 1.2)]
    assert [c.value for c in chord] == pytest.approx([0.43621437, 0.47210479], abs=1e-8)
    assert [len(c.ensemble) for c in chord] == [2, 2]
    assert all(c.exact for c in chord)
    best = max_output_ergotropy(channel, QUTRIT, 1.0)
    assert chord[0].value - best.value == pytest.approx(5.1e-4, abs=1e-5)
    assert best.upper == pytest.approx(chord[0].value, abs=1e-9)
    assert not best.exact
    reaches(chord[0], channel, QUTRIT, 1.0)


@pytest.mark.parametrize(("beta", "gap"), FIG_2B)
def test_figure_2b_of_the_letter(beta, gap):
    assert two_mode_gap(beta).value == pytest.approx(gap, abs=1e-12, rel=1e-9)


@pytest.mark.parametrize("energy", [0.0, 1.0, 5.0])
def test_two_mode_gap_is_that_of_the_gaussian_channel_at_every_energy(energy):
    out = (attenuator(0.6, 0.5) & attenuator(0.0))(GaussianState.coherent(np.sqrt(energy), 0.0))
    gap = two_mode_gap(two_mode_temperature(0.6, 0.5)).value
    assert out.total_ergotropy - out.ergotropy == pytest.approx(gap, abs=1e-12)


def test_two_mode_gap_falls_with_the_inverse_temperature():
    betas = np.geomspace(1e-4, 20, 60)
    gaps = np.array([float(two_mode_gap(b)) for b in betas])
    assert (np.diff(gaps) < 0).all()
    assert gaps[0] * np.sqrt(betas[0]) == pytest.approx(np.sqrt(np.pi / 2) - 2 * np.exp(-0.5), rel=1e-2)
    assert two_mode_gap(800.0).value == 0


# --- separable inputs, collective extraction ------------------------------------------------------------------------


def collective_work(p, filled, empty):
    """Work from two-level cells in diag(1 - p, p) and empty ones, by sorting all eigenvalues."""
    r = np.sort([np.prod(x) for x in itertools.product((p, 1 - p), repeat=filled)])[::-1]
    n, levels = filled + empty, []
    for k in range(n + 1):  # math.comb(n, k) states hold k excitations
        levels += [k] * min(math.comb(n, k), len(r) - len(levels))
    return filled * p - r @ np.array(levels)


@pytest.mark.parametrize(("n", "work"), [(2, 0.30), (4, 0.31), (10, 0.316736), (20, 0.3222049434)])
def test_full_and_empty_cells_beat_local_extraction_for_a_qubit(n, work):
    """ADC 0.2 and dephasing 0.9: C_sep > C_loc = 0.3 although the total ergotropy of a qubit is its ergotropy."""
    assert collective_work(0.8, n // 2, n // 2) / n == pytest.approx(work, abs=1e-9)
    separable = separable_capacitance(damped_and_dephased(0.2, 0.9), QUBIT, 0.5)
    assert separable.value == pytest.approx(0.3313237758, abs=1e-9)
    assert separable.value > work
    assert separable.exact


@pytest.mark.parametrize(("energy", "chi", "separable"), [(0.1, 0.03373546, 0.03702128), (1.0, 0.16031396, 0.16114779)])
def test_separable_capacitance_of_a_dephased_cell(energy, chi, separable):
    channel = damped_and_dephased(0.5, 0.3)
    found = separable_capacitance(channel, QUBIT, energy)
    assert found.value == pytest.approx(separable, abs=1e-8)
    assert found.upper == pytest.approx(separable, abs=1e-8)
    assert local_capacitance(channel, QUBIT, energy).value == pytest.approx(chi, abs=1e-8)
    # the value is that of a mixture of cells that anyone can check
    energies, entropies = (
        sum(w * f(channel(psi)) for w, psi in found.ensemble) for f in (lambda r: qb.energy(r, QUBIT), qb.entropy)
    )
    q = np.linspace(1e-9, 0.5, 200001)
    binary = -q * np.log(q) - (1 - q) * np.log1p(-q)
    assert energies - np.interp(entropies, binary, q) == pytest.approx(found.value, abs=1e-8)


@pytest.mark.parametrize(("gamma", "eta", "energy"), [(0.5, 0.2, 0.5), (0.3, 0.4, 0.1), (0.9, 0.1, 1.0)])
def test_thermal_relaxation_gains_nothing_from_collective_extraction(gamma, eta, energy):
    found = separable_capacitance(generalized_amplitude_damping(gamma, eta), QUBIT, energy)
    assert found.value == pytest.approx(gadc_capacitance(energy, gamma, eta), abs=1e-9)


@pytest.mark.parametrize("energy", [0.4, 1.0])
def test_the_bound_of_the_letter_is_the_separable_capacitance_itself(energy):
    """MAD and ReMAD of Fig. 2(a): C_sep = chi_tot."""
    row = next(r for r in FIG_2A if r[0] == energy)
    for channel, chi_tot in ((MAD, row[2]), (REMAD, row[4])):
        found = separable_capacitance(channel, QUTRIT, energy)
        assert found.value == pytest.approx(chi_tot, abs=2e-9)
        assert found.upper == pytest.approx(chi_tot, abs=2e-9)


# --- properties on random channels ----------------------------------------------------------------------------------

random_cells = st.tuples(st.integers(2, 3), st.integers(1, 4), st.integers(0, 2**31 - 1), st.floats(0.05, 0.95))


def random_cell(d, rank, seed):
    rng = np.random.default_rng(seed)
    H = qutip.rand_herm(d, seed=rng)
    return qutip.rand_super_bcsz(d, rank=rank, seed=rng), H - H.eigenenergies()[0] * qutip.qeye(d)


def random_kets(d, n, seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, d)) + 1j * rng.normal(size=(n, d))
    return z / np.linalg.norm(z, axis=1, keepdims=True)


@given(random_cells)
@settings(max_examples=2, deadline=None)
def test_capacitances_are_ordered_and_primal_stays_below_dual(parameters):
    """E(e) <= chi(e) <= chi_tot(e) <= C_sep(e) <= largest output energy, each not above its dual."""
    d, rank, seed, part = parameters
    channel, H = random_cell(d, rank, seed)
    energy = part * H.eigenenergies()[-1]
    best, local = max_output_ergotropy(channel, H, energy), local_capacitance(channel, H, energy)
    total, separable = total_ergotropy_capacitance(channel, H, energy), separable_capacitance(channel, H, energy)
    for result in (best, local, total, separable):
        assert result.value <= result.upper + 1e-12
    assert local.gap < 1e-9
    assert total.gap < 1e-9
    assert best.value <= local.value + 1e-9
    assert local.value <= total.value + 1e-9
    assert total.value <= separable.value + 1e-7
    assert separable.value <= qutip.Qobj(channel.dag()(H)).eigenenergies()[-1] + 1e-9
    reaches(best, channel, H, energy)
    reaches(local, channel, H, energy)
    if d == 2:
        assert local.exact


@pytest.mark.slow  # 15 s
@given(random_cells)
@settings(max_examples=8, deadline=None)
def test_capacitances_are_ordered_and_primal_stays_below_dual_in_more_cases(parameters):
    test_capacitances_are_ordered_and_primal_stays_below_dual.hypothesis.inner_test(parameters)


@given(random_cells)
@settings(max_examples=8, deadline=None)
def test_no_random_ket_does_better(parameters):
    d, rank, seed, part = parameters
    channel, H = random_cell(d, rank, seed)
    energy = part * H.eigenenergies()[-1]
    best = max_output_ergotropy(channel, H, energy).value
    total = max_output_ergotropy(channel, H, energy, total=True).value
    cell = Cell(channel, H)
    kets = random_kets(d, 3000, seed)
    tried = Search(cell).evaluate(kets)
    assert tried.value[tried.energy <= energy].max(initial=0.0) <= best + 1e-9
    tried = Search(cell, TotalErgotropy(cell.levels)).evaluate(kets)
    assert tried.value[tried.energy <= energy].max(initial=0.0) <= total + 1e-9


@given(random_cells)
@settings(max_examples=2, deadline=None)
def test_curves_are_concave_and_do_not_fall(parameters):
    d, rank, seed, _ = parameters
    channel, H = random_cell(d, rank, seed)
    for total in (False, True):
        energies = np.linspace(0, H.eigenenergies()[-1], 9)
        values = np.array([c.value for c in capacitance_curve(channel, H, energies, total=total)])
        assert (np.diff(values) >= -1e-9).all()
        assert (np.diff(values, 2) <= 1e-9).all()


@pytest.mark.slow  # 10 s
@given(random_cells)
@settings(max_examples=8, deadline=None)
def test_curves_are_concave_and_do_not_fall_in_more_cases(parameters):
    test_curves_are_concave_and_do_not_fall.hypothesis.inner_test(parameters)


def test_the_hull_is_that_of_the_single_cell_by_brute_force():
    """Every mixture of two energies on a grid stays below the capacitance, and the best one comes close."""
    channel, H = multilevel_amplitude_damping(0.3, 0.6, 0.2), QUTRIT
    a = np.linspace(0, np.pi / 2, 120)
    A, B = (x.ravel() for x in np.meshgrid(a, a))
    kets = np.stack([np.cos(A), np.sin(A) * np.cos(B), np.sin(A) * np.sin(B)], axis=1).astype(complex)
    tried = Search(Cell(channel, H)).evaluate(kets)
    edges = np.linspace(0, 2, 201)
    best = np.array([tried.value[tried.energy <= e].max(initial=0.0) for e in edges])
    for e, found in zip((0.5, 1.0, 1.2), capacitance_curve(channel, H, [0.5, 1.0, 1.2]), strict=True):
        low, high = edges[edges <= e], edges[edges > e]
        part = (e - low[:, None]) / (high - low[:, None])
        chords = (1 - part) * best[edges <= e][:, None] + part * best[edges > e]
        assert chords.max() <= found.value + 1e-10
        assert chords.max() >= found.value - 5e-3


def test_the_search_agrees_with_a_general_optimiser():
    """Random qutrit channel: constrained optimisation over amplitudes from many starts."""
    from scipy.optimize import minimize

    channel, H = random_cell(3, 2, 5)
    energy = 0.4 * H.eigenenergies()[-1]

    def ket(x):
        return Qobj((x[:3] + 1j * x[3:])[:, None] / np.linalg.norm(x))

    rng = np.random.default_rng(1)
    values = [
        -minimize(
            lambda x: -qb.ergotropy(channel(ket(x)), H),
            rng.normal(size=6),
            method="SLSQP",
            constraints={"type": "ineq", "fun": lambda x: energy - qb.energy(ket(x), H)},
            options={"ftol": 1e-12, "maxiter": 150},
        ).fun
        for _ in range(6)
    ]
    assert max_output_ergotropy(channel, H, energy).value == pytest.approx(max(values), abs=1e-6)


def test_zero_and_unit_of_energy_and_the_basis_do_not_matter():
    channel, H = random_cell(3, 2, 11)
    energy, U = 0.3 * H.eigenenergies()[-1], qutip.rand_unitary(3, seed=4)
    value = local_capacitance(channel, H, energy).value
    assert local_capacitance(channel, H - 7, energy - 7).value == pytest.approx(value, abs=1e-9)
    assert local_capacitance(channel, 20 * H, 20 * energy).value == pytest.approx(20 * value, abs=1e-8)
    turned = qutip.to_super(U) @ channel @ qutip.to_super(U.dag())
    assert local_capacitance(turned, U * H * U.dag(), energy).value == pytest.approx(value, abs=1e-9)


def test_a_degenerate_ground_level_may_hold_the_work():
    """The channel turns one of two ground states into the excited state: full work at zero energy."""
    H = qdiags([0, 0, 1], 0)
    swap = Qobj([[1, 0, 0], [0, 0, 1], [0, 1, 0]])
    best = max_output_ergotropy(qutip.to_super(swap), H, 0.0)
    assert best.value == pytest.approx(1, abs=1e-9)
    assert qb.energy(best.state, H) == pytest.approx(0, abs=1e-12)


# --- the bounded search ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mu", [0.0, 0.3])
@pytest.mark.parametrize("kind", ["ergotropy", "free energy"])
def test_the_proven_bound_holds_for_every_ket_and_is_tight(kind, mu):
    for channel, H in ((MAD, QUTRIT), random_cell(2, 2, 3)):
        cell = Cell(channel, H)
        functional = Ergotropy(cell.levels) if kind == "ergotropy" else FreeEnergy(cell.levels, 0.4)
        search = Search(cell, functional)
        found = search.maxima(mu)
        reached = (found.value - mu * found.energy).max()
        bound = proven_bound(cell, functional, mu, reached, 1e-8)
        tried = search.evaluate(random_kets(cell.d, 2000, 0))
        assert (tried.value - mu * tried.energy).max() <= bound
        assert bound <= reached + 1e-8


def test_a_maximum_that_was_missed_is_noticed():
    """The bounded search does not confirm a value below what some ket reaches."""
    cell = Cell(amplitude_damping(0.5), QUBIT)
    reached = gadc_capacitance(1.0, 0.5, 0.0)
    assert proven_bound(cell, Ergotropy(cell.levels), 0.0, reached - 1e-3, 1e-8) >= reached - 1e-9


# --- redundancy -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gamma", "eta", "difference"),
    [
        (0.1, 0.0, 0.1),
        (0.1, 0.2, 0.0975),
        (0.3, 0.2, 0.27545455),
        (0.5, 0.5, 0.5),
        (0.7, 0.1, 0.23197857),
        (0.7, 0.5, 0.67267316),
        (0.9, 0.4, 0.26277779),
    ],
)
def test_figure_1_of_the_poster(gamma, eta, difference):
    channel = generalized_amplitude_damping(gamma, eta)
    diluted, single = coherent_redundancy_ratio(channel, QUBIT), single_shot_ratio(channel, QUBIT)
    assert diluted.value == pytest.approx((1 - gamma) / (1 - 2 * gamma * eta), abs=1e-12)
    assert diluted.value - single.value == pytest.approx(difference, abs=1e-8)
    assert single.exact


@pytest.mark.parametrize(
    ("gamma", "kappa", "difference"),
    [(0.1, 0.1, 0.01), (0.2, 0.9, -0.52), (0.3, 0.5, -0.05), (0.5, 0.3, 0.18968604), (0.5, 0.9, 0.01545085)],
)
def test_figure_2_of_the_poster(gamma, kappa, difference):
    channel = damped_and_dephased(gamma, kappa)
    single = single_shot_ratio(channel, QUBIT)
    assert single.value == pytest.approx(dephased_damping_maximum(gamma, kappa), abs=1e-10)
    assert coherent_redundancy_ratio(channel, QUBIT).value - single.value == pytest.approx(difference, abs=1e-8)


def test_the_contour_of_figure_2_needs_no_tolerance_games():
    assert coherent_redundancy_ratio(damped_and_dephased(0.3, 3 / 7), QUBIT).value == pytest.approx(
        single_shot_ratio(damped_and_dephased(0.3, 3 / 7), QUBIT).value, abs=1e-12
    )


def test_noise_that_fills_empty_cells_has_no_finite_ratio():
    """gamma eta >= 1/2: |0> itself comes out inverted, or at equal populations where any coherence is work."""
    for gamma, eta in ((0.9, 0.6), (0.8, 0.625)):
        assert coherent_redundancy_ratio(generalized_amplitude_damping(gamma, eta), QUBIT).value == np.inf
    assert coherent_redundancy_ratio(generalized_amplitude_damping(1.0, 0.5), QUBIT).value == 0  # nothing passes


@pytest.mark.parametrize(("gamma", "kappa"), [(0.2, 0.9), (0.3, 0.2), (0.6, 0.4)])
def test_three_readings_of_the_limit(gamma, kappa):
    """J_coh = (1 - gamma)(1 - kappa), J_loc = max(J_coh, 1 - 2 gamma), J_sep = 1 - gamma without any coherence."""
    channel = damped_and_dephased(gamma, kappa)
    coherent = coherent_redundancy_ratio(channel, QUBIT).value
    assert coherent == pytest.approx((1 - gamma) * (1 - kappa), abs=1e-12)
    assert local_redundancy_ratio(channel, QUBIT).value == pytest.approx(max(coherent, 1 - 2 * gamma), abs=1e-10)
    assert separable_redundancy_ratio(channel, QUBIT).value == pytest.approx(1 - gamma, abs=1e-10)
    thermal = generalized_amplitude_damping(gamma, 0.2)
    ratios = [
        f(thermal, QUBIT).value for f in (coherent_redundancy_ratio, local_redundancy_ratio, separable_redundancy_ratio)
    ]
    assert ratios == pytest.approx([(1 - gamma) / (1 - 0.4 * gamma)] * 3, abs=1e-10)


def test_incoherent_dilution_approaches_its_limit_slowly():
    """ADC 0.2: ten full cells among n cells, emptied together; the limit of many empty ones is 0.8."""
    assert collective_work(0.8, 10, 0) / 10 == pytest.approx(0.6, abs=1e-9)
    assert collective_work(0.8, 10, 10) / 10 == pytest.approx(0.64440989, abs=1e-8)
    assert collective_work(0.8, 10, 1014) / 10 == pytest.approx(0.71073742, abs=1e-8)


@pytest.mark.parametrize(
    ("channel", "table"),
    [
        (
            generalized_amplitude_damping(0.3, 0.2),
            [0.52, 0.6758037158, 0.7354386651, 0.7800842692, 0.7944827460, 0.7954393485],
        ),
        (damped_and_dephased(0.3, 0.2), [0.4, 0.5062257748, 0.5357559751, 0.5542981863, 0.5596496163, 0.5599945312]),
    ],
)
def test_finite_redundancy_converges_to_its_limit(channel, table):
    curve = redundancy_curve(channel, QUBIT, [1, 2, 4, 16, 256, 16384])
    assert curve == pytest.approx(table, abs=1e-9)
    limit = coherent_redundancy_ratio(channel, QUBIT).value
    assert (curve < limit).all()
    assert limit - curve[-1] == pytest.approx(0, abs=3e-5)


def test_dilution_of_a_three_level_cell():
    """The limit by perturbation theory agrees with small energies; copies together give no less than one by one."""
    channel = multilevel_amplitude_damping(0.3, 0.2, 0.1) @ depolarizing(0.7, d=3)
    psi = (np.sqrt(1 - 1e-6) * qutip.basis(3, 0) + 1e-3 * qutip.basis(3, 1)).unit()
    small = qb.ergotropy(channel(psi), QUTRIT) / 1e-6
    assert coherent_redundancy_ratio(channel, QUTRIT).value == pytest.approx(small, abs=1e-5)
    together = redundancy_curve(MAD, QUTRIT, [2, 8])
    alone = [n * qb.ergotropy(MAD(np.sqrt(1 - 1 / n) * qutip.basis(3, 0) + np.sqrt(1 / n) * qutip.basis(3, 1)), QUTRIT)
             for n in (2, 8)]  # fmt: skip
    assert (together >= np.array(alone) - 1e-12).all()


# --- bad input ------------------------------------------------------------------------------------------------------


def test_bad_input_is_refused_with_a_reason():
    channel = amplitude_damping(0.3)
    with pytest.raises(ValueError, match=r"spectrum of H, between 0 and 1, but is 1\.5"):
        max_output_ergotropy(channel, QUBIT, 1.5)
    with pytest.raises(ValueError, match="spectrum of H"):
        separable_capacitance(channel, QUBIT, -0.1)
    with pytest.raises(ValueError, match="H must be Hermitian"):
        local_capacitance(channel, qutip.destroy(2), 0.5)
    with pytest.raises(ValueError, match="must have dims"):
        local_capacitance(channel, QUTRIT, 0.5)
    with pytest.raises(TypeError, match="H must be a Hermitian operator"):
        local_capacitance(channel, 1.0, 0.5)
    with pytest.raises(TypeError, match="superoperator"):
        total_ergotropy_capacitance(QUBIT, QUBIT, 0.5)
    with pytest.raises(ValueError, match="preserve the trace"):
        local_capacitance(1.1 * channel, QUBIT, 0.5)
    with pytest.raises(ValueError, match="completely positive"):
        local_capacitance(Qobj(qutip.gates.swap().full(), dims=[[[2], [2]]] * 2), QUBIT, 0.5)
    with pytest.raises(ValueError, match="must be positive"):
        single_shot_ratio(channel, QUBIT, 0.0)
    with pytest.raises(ValueError, match="Hermitian"):
        single_shot_ratio(channel, qutip.destroy(2))
    with pytest.raises(ValueError, match="single ground level"):
        coherent_redundancy_ratio(depolarizing(0.5, d=3), qdiags([0, 0, 1], 0))
    with pytest.raises(ValueError, match="two-level"):
        local_redundancy_ratio(MAD, QUTRIT)
    with pytest.raises(ValueError, match="fit into 2 cells"):
        redundancy_curve(channel, QUBIT, [2], energy=3.0)
    with pytest.raises(ValueError, match="beta must be positive"):
        two_mode_gap(0.0)
    with pytest.raises(ValueError, match="no temperature"):
        two_mode_temperature(1.0, 0.5)


def test_results_say_what_they_are():
    found = max_output_ergotropy(amplitude_damping(0.5), QUBIT, 1.0)
    assert float(found) == found.value
    assert found.assumed.startswith("proven")
    assert found.state.isket
    chord = local_capacitance(damped_and_dephased(0.2, 0.9), QUBIT, 0.5)
    assert chord.state is None
    searched = local_capacitance(REMAD, QUTRIT, 0.5)
    assert not searched.exact
    assert "search" in searched.assumed
