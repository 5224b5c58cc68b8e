"""Models that charge: drives, Dicke, spin chain, Cooper-pair boxes, oscillator; and cells seen through their spin."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import qutip
from analytic_charging import (
    FREE_ROTATION,
    chain_advantage,
    chain_strength,
    collective_time,
    dicke_short_time,
    dicke_strong,
    drive_energy,
    pair_flip_transfer,
    parallel_time,
    tavis_cummings_two,
)

import qbsim as qb
from qbsim.charging import max_energy, max_power, precision, quantum_advantage, uncharged
from qbsim.operators import copies, embedding, j_minus, j_z, spins


def dicke_energy(n, tlist, **kwargs):
    battery = qb.dicke(n, **kwargs)
    return qb.evolve(battery, qb.dicke_start(battery), tlist, "energy").energy.values


# --- total spin ----------------------------------------------------------------------------------------------------


# blocks of total spin are the tensor space: dimensions, algebra, and the isometry of the symmetric states
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_total_spin(n):
    assert sum(copies(n, j) * round(2 * j + 1) for j in spins(n, symmetric=False)) == 2**n
    for symmetric in (True, False):
        z, down = j_z(n, symmetric=symmetric), j_minus(n, symmetric=symmetric)
        assert (qutip.commutator(down.dag(), down) - 2 * z).norm() < 1e-12
    assert j_z(n).diag().tolist() == [k - n / 2 for k in range(n + 1)]
    V = embedding(n)
    from qbsim.operators import lowering

    assert (V.dag() * sum(lowering(k, n) for k in range(n)) * V - j_minus(n)).norm() < 1e-12


# --- drives --------------------------------------------------------------------------------------------------------


# Eqs. (18)-(20): energy along the way and times of complete charging, for qubits and qutrits
@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_drives_in_groups(k):
    battery = qb.drive(6, k, strength=1.3)
    t = np.linspace(0, 6 / k * math.pi / 2.6, 41)
    energy = qb.evolve(battery, uncharged(battery), t, "energy").energy
    assert energy.values == pytest.approx(drive_energy(t, 6, k, Emax=1.3), abs=1e-10)
    assert np.abs(battery.H.eigenenergies()).max() == pytest.approx(1.3)


def test_parallel_and_collective_times():
    for n in (2, 3):
        for k, time in ((1, parallel_time(n)), (n, collective_time())):
            battery = qb.drive(n, k, levels=[0.0, 0.4, 1.0])
            peak = max_energy(battery, uncharged(battery), np.linspace(0, 1.2 * time, 61))
            assert (peak.value, peak.time) == pytest.approx((n, time), abs=1e-7)


# at equal spread of H the advantage is sqrt(k), at equal norm k
def test_constraints():
    for constraint, gain in (("norm", 4.0), ("spread", 2.0)):
        peaks = [
            max_power(b, uncharged(b), np.linspace(0, 8, 161))
            for b in (qb.drive(4, k, constraint=constraint) for k in (4, 1))
        ]
        assert quantum_advantage(*peaks) == pytest.approx(gain, rel=1e-9)
    psi = uncharged(battery := qb.drive(4, 2, constraint="spread", strength=0.7))
    assert qutip.variance(battery.H, psi) == pytest.approx(0.49)


# --- Dicke ---------------------------------------------------------------------------------------------------------


# values at fixed times, from an independent eigensolution in the parity sector
@pytest.mark.parametrize(
    ("lam", "n", "photons", "energies"),
    [
        (0.5, 1, 40, [0.00745226962937, 0.160282114715, 0.416106679689, 0.606317573575]),
        (0.5, 3, 60, [0.0519347750679, 1.00593367503, 1.88455099339, 1.30796030703]),
        (0.5, 6, 90, [0.191496024504, 3.10598870676, 3.22816140697, 2.88157571724]),
        (2.0, 3, 400, [0.726470307768, 1.05889854284, 1.63573202169, 1.36602342625]),
    ],
)
def test_dicke_at_fixed_times(lam, n, photons, energies):
    found = dicke_energy(n, [0, 0.1, 0.5, 1, 2], lam=lam, photons=photons)
    assert found[0] == pytest.approx(0, abs=1e-12)  # the start is the empty battery, not the full one
    assert found[1:] == pytest.approx(energies, abs=1e-10)


# symmetric subspace, all blocks and full tensor space: the same energy and the same ergotropy of the cells
@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("losses", [{}, {"gamma": 0.3, "dephasing": 0.2, "kappa": 0.1}])
def test_dicke_in_three_spaces(n, losses):
    measures = ("energy", "ergotropy", "entropy", "purity", "power")
    spaces = ("blocks", "tensor") if losses else ("symmetric", "blocks", "tensor")
    runs = []
    for space in spaces:
        battery = qb.dicke(n, lam=0.4, photons=24, space=space, **losses)
        runs.append(qb.evolve(battery, qb.dicke_start(battery), np.linspace(0, 1.0, 4), measures))
    for run in runs[1:]:
        for name in measures:
            assert run[name].values == pytest.approx(runs[0][name].values, abs=1e-9 if losses else 1e-11)


# unitaries on the spin levels alone extract less than those on all 2^n levels
def test_symmetric_ergotropy_is_smaller():
    battery = qb.dicke(4, lam=0.5)
    start = qb.dicke_start(battery)
    t = [0, 0.3, 0.6, 0.9]
    full = qb.evolve(battery, start, t, "ergotropy").ergotropy.values
    spin = qb.evolve(battery, start, t, {"w": qb.symmetric_ergotropy}).w.values
    assert (spin <= full + 1e-12).all()
    assert (full - spin).max() > 0.1


# short times n (2n + 1)(lam tau)^2 with counter-rotating terms, n^2 (lam tau)^2 without
def test_dicke_short_times():
    for n in (1, 2, 5):
        tau = 1e-3
        assert dicke_energy(n, [0, tau], lam=0.5)[1] == pytest.approx(dicke_short_time(n, 0.5, tau), rel=1e-4)
        assert dicke_energy(n, [0, tau], lam=0.5, rotating_wave=True)[1] == pytest.approx(
            n**2 * (0.5 * tau) ** 2, rel=1e-4
        )


# weak coupling: sin^2 for one cell, the closed form for two; strong coupling: Laguerre polynomials
def test_dicke_limits():
    t = np.linspace(0, 3.0, 13)
    one, two = (dicke_energy(n, t, lam=1.0, rotating_wave=True) for n in (1, 2))
    assert one == pytest.approx(np.sin(t) ** 2, abs=1e-10)
    assert two == pytest.approx(tavis_cummings_two(1.0, t), abs=1e-10)
    t = np.linspace(0, 0.02, 9)
    for n in (1, 3, 6):
        found = dicke_energy(n, t, lam=50.0, photons=160)
        assert found == pytest.approx(dicke_strong(n, 50.0, t), abs=2e-3 * n)


# rows of the converged table: largest power, its time, largest energy per cell
@pytest.mark.parametrize(
    ("lam", "n", "power", "time", "energy"),
    [
        (0.05, 1, 0.03615429, 23.15168, 0.999158),
        (0.05, 4, 0.23992850, 10.63397, 0.854742),
        (0.5, 3, 2.19736696, 0.69913, 0.628380),
        (0.5, 12, 17.61726035, 0.38492, 0.680749),
        (2.0, 2, 5.27387472, 0.21763, 0.698054),
        (2.0, 6, 25.81013355, 0.13507, 0.699263),
    ],
)
@pytest.mark.filterwarnings("ignore::qbsim.CutoffWarning")
def test_dicke_power(lam, n, power, time, energy):
    battery = qb.dicke(n, lam=lam)
    t = np.linspace(0, 2.2 / (lam * math.sqrt(n)), 161)
    peak = max_power(battery, qb.dicke_start(battery), t)
    assert peak.value == pytest.approx(power, abs=6e-9)
    assert peak.time == pytest.approx(time, abs=6e-6)
    assert max_energy(battery, qb.dicke_start(battery), t).value / n == pytest.approx(energy, abs=6e-7)


# a cut-off that is too small is wrong by several per cent at late times, and said
def test_photon_cutoff_is_watched():
    exact = dict(zip([2.0, 4.0, 6.0], [4.98477, 4.97521, 4.62347], strict=True))
    with pytest.warns(qb.CutoffWarning, match="Raise the cut-off"):
        small = dicke_energy(10, [0.0, *exact], lam=2.0, photons=40)[1:]
    assert np.abs(small - list(exact.values())).max() > 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dicke_energy(3, [0.0, 0.5], lam=0.5)


# n excitations never become more: with n + 2 levels nothing is cut, and one photon more is said
def test_tavis_cummings_needs_no_more_photons_than_it_starts_with():
    t, losses = [0.0, 1.0, 3.0], {"kappa": 0.2, "gamma": 0.1, "dephasing": 0.1}
    battery = qb.dicke(3, lam=0.4, rotating_wave=True, **losses)
    assert battery.dims[-1] == 5
    larger = qb.dicke(3, lam=0.4, rotating_wave=True, photons=9, **losses)
    found, right = (qb.evolve(b, qb.dicke_start(b), t).ergotropy.values for b in (battery, larger))
    assert found == pytest.approx(right, abs=1e-8)
    with pytest.warns(qb.CutoffWarning, match="Raise the cut-off"):
        qb.evolve(battery, qutip.tensor(qutip.fock(battery.dims[0], 0), qutip.fock(5, 4)), t)
    assert qb.dicke(3, lam=0.4, rotating_wave=True, kappa=0.1, nbar=0.1).dims[-1] == qb.dicke(3, lam=0.4).dims[-1]


# a cavity that hardly couples comes to the occupation of its bath
def test_thermal_photons():
    battery = qb.dicke(1, lam=1e-9, kappa=1.0, nbar=0.5, photons=30)
    number = qutip.tensor(qutip.qeye(2), qutip.num(30))
    ds = qb.evolve(battery, qutip.tensor(qutip.fock(2, 0), qutip.fock(30, 1)), [0, 1.0, 40.0], {"photons": number})
    assert ds.photons.values[1:] == pytest.approx([0.5 + 0.5 * math.exp(-1), 0.5], abs=1e-7)


# after the switch the cells keep their energy; the coupling is a function of time
def test_dicke_switched_off():
    battery = qb.dicke(6, lam=lambda t: 0.5 if t < 0.6 else 0.0, photons=60)
    first = qb.evolve(battery, qb.dicke_start(battery), [0, 0.6, 0.8, 1.4], "energy").energy.values
    assert first[1:] == pytest.approx([3.66763809] * 3, abs=1e-6)


# with lam / sqrt(n) the power per cell no longer grows
def test_normalised_coupling_has_no_advantage():
    def power(n, **kwargs):
        b = qb.dicke(n, lam=0.05, **kwargs)
        return max_power(b, qb.dicke_start(b), np.linspace(0, 40, 201)).value / n

    assert power(9) / power(1) > 2.3
    assert power(9, normalize=True) / power(1) == pytest.approx(0.81, abs=0.02)


# --- spin chain ----------------------------------------------------------------------------------------------------


def chain_gamma(n, omega, **kwargs):
    battery = qb.spin_chain(n, omega=omega, **kwargs)
    t = np.linspace(0, 1.05 * math.pi / omega, 121)
    cell = qb.spin_chain(1, omega=omega)
    return quantum_advantage(max_power(battery, uncharged(battery), t), max_power(cell, uncharged(cell), t), n)


# the table of advantages, B = g = 1
@pytest.mark.parametrize(
    ("omega", "alpha", "profile", "n", "gamma"),
    [
        (20, -1, "nn", 4, 2.250344),
        (20, -1, "lr", 6, 3.612717),
        (20, 0, "uni", 5, 2.739191),
        (200, -1, "nn", 6, 2.421147),
        (200, -1, "uni", 8, 7.724302),
        (200, 0, "lr", 5, 2.047711),
    ],
)
def test_chain_advantage(omega, alpha, profile, n, gamma):
    assert chain_gamma(n, omega, alpha=alpha, coupling=profile) == pytest.approx(gamma, abs=6e-7)


# weak coupling: everything depends on r = (1 - alpha) G / (n B)
@pytest.mark.parametrize("profile", ["nn", "lr", "uni"])
def test_chain_weak_coupling(profile):
    for alpha in (-1.0, 0.0):
        expected = chain_advantage(chain_strength(4, profile, alpha))
        assert chain_gamma(4, 4000.0, alpha=alpha, coupling=profile) == pytest.approx(expected, rel=1e-5)


# the other figure of merit: largest rate of energy over 2 n B omega is max (sin x + r sin 2x)
def test_chain_instantaneous_power():
    x = np.linspace(0, math.pi, 200001)
    for profile, alpha in (("lr", -1.0), ("uni", 0.0)):
        battery, omega = qb.spin_chain(4, omega=4000.0, alpha=alpha, coupling=profile), 4000.0
        t = np.linspace(0, 1.05 * math.pi / omega, 81)
        peak = max_power(battery, uncharged(battery), t, instantaneous=True)
        r = chain_strength(4, profile, alpha)
        assert peak.value / (8 * omega) == pytest.approx((np.sin(x) + r * np.sin(2 * x)).max(), rel=1e-5)


# isotropic coupling commutes with the field: W = n B (1 - cos 2 omega t), no advantage, at any strength
def test_isotropic_chain_is_independent():
    t = np.linspace(0, 1, 21)
    for profile in ("nn", "uni"):
        battery = qb.spin_chain(4, omega=1.7, alpha=1.0, g=3.0, coupling=profile)
        energy = qb.evolve(battery, uncharged(battery), t, "energy").energy
        assert (energy - energy[0]).values == pytest.approx(4 * (1 - np.cos(3.4 * t)), abs=1e-10)
    cell = qb.spin_chain(1, omega=1.0)
    assert max_power(cell, uncharged(cell), np.linspace(0, 3, 61)).value == pytest.approx(2 * FREE_ROTATION, abs=1e-11)


# symmetric subspace against the tensor space, with and without losses; only (1 - alpha) g matters
def test_uniform_chain_in_three_spaces():
    t = np.linspace(0, 0.4, 5)
    for losses in ({}, {"gamma": 0.4, "dephasing": 0.3}):
        runs = []
        for space in ("blocks", "tensor") if losses else ("symmetric", "blocks", "tensor"):
            battery = qb.spin_chain(3, omega=3.0, alpha=-1.0, coupling="uni", space=space, **losses)
            runs.append(qb.evolve(battery, uncharged(battery), t, ("energy", "ergotropy", "entropy")))
        for run in runs[1:]:
            assert float(abs(run - runs[0]).to_array().max()) < 2e-7
    a, b = chain_gamma(8, 20.0, alpha=-1.0, coupling="uni"), chain_gamma(8, 20.0, alpha=0.0, g=2.0, coupling="uni")
    assert a == pytest.approx(b, abs=1e-12)
    assert chain_gamma(8, 20.0, alpha=-1.0, coupling="uni") == pytest.approx(7.477774, abs=6e-7)


# the empty chain is the ground state; <H_g> changes by what the field gives, in closed evolution to 1e-10
def test_chain_energy_balance():
    battery = qb.spin_chain(6, omega=2.0, alpha=0.3, coupling="lr")
    assert qb.energy(uncharged(battery), battery.H0) == pytest.approx(battery.H0.eigenenergies(eigvals=1)[0])
    t = np.linspace(0, 20, 11)
    whole = qb.Battery(battery.H, battery.H, N=6)  # the generator itself as the energy: conserved
    energy = qb.evolve(whole, uncharged(battery), t, "energy").energy.values
    assert np.ptp(energy) < 1e-10
    total = qb.Battery(qb.spin_chain(6, omega=2.0, g=0.0, space="tensor").H, battery.H, N=6)  # omega sum sigma_x
    H_g = qb.Battery(battery.H - total.H0, battery.H, N=6)
    field, bonds = (qb.evolve(b, uncharged(battery), t, "energy").energy.values for b in (total, H_g))
    assert bonds - bonds[0] == pytest.approx(-field, abs=1e-10)


# strong coupling: complete charging through the doublet at E_1 - E_0, weaker with every cell
@pytest.mark.parametrize(("n", "gamma"), [(2, 0.19258), (3, 0.038407), (4, 0.0076801)])
def test_chain_strong_coupling(n, gamma):
    energies = qb.spin_chain(n, omega=1.0, g=5.0).H.eigenenergies()
    assert (energies[1] - energies[0]) / 2 == pytest.approx(gamma, rel=2e-5)


# --- Cooper-pair boxes ---------------------------------------------------------------------------------------------


# the pair flip charges both boxes in half the time of tunnelling, through entanglement; the capacitance alone does not
def test_pair_flip_is_twice_as_fast():
    local, pair = qb.cooper_pair_boxes(E_J=1.0), qb.cooper_pair_boxes(pair_flip=1.0)
    times = [max_energy(b, qb.empty(2), np.linspace(0, 3.5, 71)).time for b in (local, pair)]
    assert times == pytest.approx([math.pi, math.pi / 2], abs=1e-7)
    ds = qb.evolve(pair, qb.empty(2), np.linspace(0, math.pi / 2, 3), "concurrence")
    assert ds.concurrence.values == pytest.approx([0, 1, 0], abs=1e-7)
    for ratio, power in ((0, 0.7246113538), (0.25, 0.7200904825), (0.5, 0.7069042073), (1, 0.6593081997)):
        boxes = qb.cooper_pair_boxes(E_J=1.0, E_m=ratio)
        found = max_power(boxes, qb.empty(2), np.linspace(0, 2 * math.pi, 201)).value
        assert found == pytest.approx(power, abs=1e-9)


# what is left of the levels' distance limits the transfer to K^2 / (K^2 + D^2)
@pytest.mark.parametrize("splitting", [0.25, 1.0, 2.0])
def test_residual_splitting(splitting):
    boxes = qb.cooper_pair_boxes(pair_flip=1.0, splitting=splitting)
    peak = max_energy(boxes, qb.empty(2), np.linspace(0, 3, 61))
    assert peak.value / 2 == pytest.approx(pair_flip_transfer(splitting, 1.0), abs=1e-9)


# an idle drive with losses is an independent network; losses lower what every drive stores
def test_driven_cells_with_losses():
    weak = qb.drive(2, strength=1e-9, gamma=0.7, dephasing=0.3)
    cells = qb.network((), 2, gamma=0.7, dephasing=0.3)
    t = np.linspace(0, 2, 5)
    # the drive compensates the internal part, so compare what does not depend on it
    runs = [qb.evolve(b, qb.plus(2), t, ("energy", "ergotropy", "purity")) for b in (weak, cells)]
    assert float(abs(runs[0] - runs[1]).to_array().max()) < 1e-6
    for build in (lambda **loss: qb.drive(2, 2, **loss), lambda **loss: qb.cooper_pair_boxes(pair_flip=1.0, **loss)):
        stored = [max_energy(b, qb.empty(2), np.linspace(0, 2, 21)).value for b in (build(), build(gamma=0.2))]
        assert stored[1] < stored[0] - 0.1


# --- oscillator ----------------------------------------------------------------------------------------------------


# closed formulas against matrices in Fock space
@pytest.mark.parametrize("beta", [math.inf, 1.0])
@pytest.mark.parametrize(("r", "displaced"), [(0.0, 1.5), (0.4, 0.0), (0.25, 0.9), (-0.3, 0.4)])
def test_gaussian_formulas(beta, r, displaced):
    exact, fock = precision.gaussian_charge(beta, r, displaced), precision.fock_charge(beta, r, displaced, 120)
    for name in ("energy", "variance", "fluctuations"):
        assert getattr(fock, name) == pytest.approx(getattr(exact, name), abs=1e-9)


@pytest.mark.parametrize(
    ("beta", "energy", "variances", "fluctuations"),
    [
        (math.inf, 1, (1, 4, 0.69911711), (1, 4, 0.69911711)),
        (2, 3, (4.1201213, 26.059227, 2.4998462), (3.9391059, 24.223888, 2.1913744)),
        (1, 0.5, (2.0026503, 3.584627, 1.8553806), (1.0819767, 1.8130353, 0.84304274)),
        (0.5, 10, (44.74758, 285.57746, 27.571357), (40.829882, 243.27907, 20.483778)),
    ],
)
def test_precision_table(beta, energy, variances, fluctuations):
    for figure, row in (("variance", variances), ("fluctuations", fluctuations)):
        best = precision.most_precise(beta, energy, figure)
        charges = (precision.displace(beta, energy), precision.squeeze(beta, energy), best)
        assert [getattr(c, figure) for c in charges] == pytest.approx(row, rel=1e-7)
        assert [c.energy for c in charges] == pytest.approx([energy] * 3)
        others = [precision.gaussian_charge(beta, best.r + d, best.displaced) for d in (-1e-3, 1e-3)]
        for other in others:  # at the same energy, a step of squeezing either way is worse
            left = energy - (other.energy - other.displaced)
            assert getattr(precision.gaussian_charge(beta, other.r, left), figure) > getattr(best, figure)


# pure squeezing is the worst for the variance; for the fluctuations only at zero temperature
def test_squeezing_is_worst():
    for beta in (math.inf, 1.0):
        assert precision.least_precise(beta, 1.0).displaced == 0
    assert precision.least_precise(math.inf, 1.0, "fluctuations").displaced == 0
    worst = precision.least_precise(1.0, 1.0, "fluctuations")
    assert worst.fluctuations == pytest.approx(4.7512355054, abs=1e-9)
    assert (worst.r, worst.displaced) == pytest.approx((-0.567327, 0.225504), abs=2e-5)


# the oscillator battery charges as the formula says, and is watched at its cut-off
def test_oscillator_battery():
    ds = qb.evolve(qb.oscillator(80, squeezing=0.5), qutip.fock(80, 0), [0, 1.0], "energy")
    assert float(ds.energy[1]) == pytest.approx(precision.gaussian_charge(math.inf, 0.5, 0.0).energy, abs=1e-9)
    with pytest.warns(qb.CutoffWarning):
        qb.evolve(qb.oscillator(8, displacement=1.0), qutip.fock(8, 0), [0, 3.0], "energy")
    with pytest.raises(ValueError, match="keep more levels"):
        precision.fock_charge(math.inf, 0.0, 9.0, 12)


# --- at the door ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: qb.dicke(0, lam=0.5), "at least 1"),
        (lambda: qb.dicke(2, lam=0.0), "must not be zero"),
        (lambda: qb.dicke(4, lam=0.5, photons=5), "must exceed"),
        (lambda: qb.dicke(2, lam=0.5, gamma=0.1, space="symmetric"), "leave the symmetric states"),
        (lambda: qb.dicke(2, lam=0.5, space="half"), "must be 'auto'"),
        (lambda: qb.drive(4, 3), "must divide"),
        (lambda: qb.drive(2, levels=[0, 1, 1]), "ascend"),
        (lambda: qb.drive(2, levels=[1, 0]), "ascend"),
        (lambda: qb.drive(2, strength=0.0), "positive"),
        (lambda: qb.drive(2, constraint="trace"), "'norm' or 'spread'"),
        (lambda: qb.drive(2, 2, levels=[0, 1, 2], flip=True), "two-level"),
        (lambda: qb.spin_chain(0), "at least 1"),
        (lambda: qb.spin_chain(3, omega=0.0), "must not be zero"),
        (lambda: qb.spin_chain(3, coupling="far"), "'nn', 'lr' or 'uni'"),
        (lambda: qb.spin_chain(3, coupling="nn", space="symmetric"), "not exchangeable"),
        (lambda: qb.cooper_pair_boxes(E_m=1.0), "nothing is charged"),
        (lambda: precision.displace(-1.0, 1.0), "beta must be positive"),
        (lambda: precision.most_precise(1.0, 1.0, "spread"), "'variance' or 'fluctuations'"),
    ],
)
def test_bad_input_is_explained(build, message):
    with pytest.raises(ValueError, match=message):
        build()


# a measure that needs single cells is refused where only their total spin is held
def test_measures_of_single_cells_are_refused():
    battery = qb.dicke(2, lam=0.5)
    with pytest.raises(ValueError, match="cells one by one"):
        qb.evolve(battery, qb.dicke_start(battery), [0, 1], "l1_coherence")


def test_disordered_chain_is_the_xx_chain_in_random_fields():
    # the element of s+ s- is half of the J of the chain; the same generator gives the same fields
    chain = qb.disordered_chain(4, 2.0, B0=10.0, exchange=10.0, gamma=1.0, nbar=0.1, rng=np.random.default_rng(3))
    fields = qb.random_fields(4, 2.0, B0=10.0, rng=np.random.default_rng(3))
    assert chain.parameters() == qb.xx_chain(fields, J=20.0, gamma=1.0, nbar=0.1).parameters()


@pytest.mark.parametrize(
    ("unit", "time", "power"), [("1", "1", "1"), ("1/us", "us", "1/us^2"), ("MHz", "1/MHz", "MHz^2")]
)
def test_the_unit_of_a_cell_gives_those_of_time_and_power(unit, time, power):
    ds = qb.evolve(qb.single_cell(gamma=1.0, unit=unit, label="mine"), qb.full(1), [0, 1], ["energy", "power"])
    assert (ds.energy.attrs["units"], ds.time.attrs["units"], ds.power.attrs["units"]) == (unit, time, power)
    assert ds.attrs["label"] == "mine"
