"""Speed limits, power, advantage, and charging without entanglement or with losses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import qutip
from analytic_charging import FREE_ROTATION, ghz_negativity_bound

import qbsim as qb
from qbsim.charging import (
    Peak,
    charge,
    charge_dicke,
    converged,
    max_energy,
    max_power,
    mean_and_spread,
    participation_bound,
    quantum_advantage,
    separable_ball,
    speed_limit,
    thermal_cells,
    uncharged,
)
from qbsim.charging.speed_limits import margolus_levitin
from qbsim.measures.entanglement import largest_negativity, negativity

# --- speed limits --------------------------------------------------------------------------------------------------


# the corrected bound holds for every static evolution; the printed one does not
@pytest.mark.parametrize("seed", range(4))
def test_bound_holds_for_static_evolution(seed):
    rng = np.random.default_rng(seed)
    broken = 0
    for _ in range(50):
        d = int(rng.integers(2, 6))
        E = np.sort(rng.exponential(size=d))
        psi = qutip.Qobj(rng.normal(size=d) + 1j * rng.normal(size=d)).unit()
        T = rng.uniform(0.05, 4.0)
        phi = qutip.qdiags(np.exp(-1j * E * T), 0) * psi
        limit = speed_limit(psi, phi, *mean_and_spread(qutip.qdiags(E, 0), psi))
        assert limit.bound <= T * (1 + 1e-6)
        broken += limit.printed > T
    assert broken > 0


# two equal levels saturate Mandelstam-Tamm, unequal ones Margolus-Levitin: the bound is tight
def test_bound_is_tight():
    H = qutip.num(2)
    equal = (qutip.fock(2, 0) + qutip.fock(2, 1)).unit()
    for T in (0.3, 1.0, math.pi):
        limit = speed_limit(equal, (-1j * H * T).expm() * equal, *mean_and_spread(H, equal))
        assert limit.mandelstam_tamm == pytest.approx(T, rel=1e-9)
    tightest = 0.0
    for q in np.linspace(0.1, 0.5, 41):  # weight of the upper level
        psi = math.sqrt(1 - q) * qutip.fock(2, 0) + math.sqrt(q) * qutip.fock(2, 1)
        E, _ = mean_and_spread(H, psi)
        for T in np.linspace(0.2, 3.1, 30):
            F = abs(1 - q + q * np.exp(-1j * T)) ** 2
            assert margolus_levitin(F) / E <= T * (1 + 1e-9)
            tightest = max(tightest, margolus_levitin(F) / E / T)
    assert tightest > 0.999


# relative bound of Giovannetti, Lloyd and Maccone, and its common approximation from below
def test_margolus_levitin_values():
    values = {0: 1, 0.25: 0.463461091180, 0.5: 0.264994849371, 0.75: 0.119222859184, 0.9: 0.045301663484, 1: 0}
    for F, alpha in values.items():
        assert margolus_levitin(F) * 2 / math.pi == pytest.approx(alpha, abs=1e-11)
        assert (2 / math.pi * math.acos(math.sqrt(F))) ** 2 <= alpha + 1e-12


# printed Eq. (14) against an evolution that is faster: a static one, and a driven one without any limit from E
def test_counterexamples_to_the_printed_bound():
    H = qutip.num(2)
    psi = math.cos(0.1) * qutip.fock(2, 0) + math.sin(0.1) * qutip.fock(2, 1)
    limit = speed_limit(psi, (-1j * H * math.pi).expm() * psi, *mean_and_spread(H, psi))
    assert (limit.angle, limit.mandelstam_tamm, limit.printed) == pytest.approx((0.2, 2.01340, 20.0668), rel=1e-5)
    assert limit.bound < math.pi < limit.printed

    K, e0, e1 = 10.0, qutip.fock(2, 0), qutip.fock(2, 1)

    def generator(t):
        at, slope = math.cos(t) * e0 + math.sin(t) * e1, -math.sin(t) * e0 + math.cos(t) * e1
        return 1j * (slope * at.dag() - at * slope.dag()) - K * at.proj()

    times = np.linspace(0, math.pi / 2, 41)
    E, dE = mean_and_spread(qutip.QobjEvo(generator), e0, times)
    assert (E, dE) == pytest.approx((math.sqrt(26) - 5, 1.0), abs=1e-6)
    limit = speed_limit(e0, e1, E, dE, driven=True)
    assert limit.bound == pytest.approx(math.pi / 2, abs=1e-6)
    assert limit.printed == pytest.approx(15.8635, abs=1e-3)
    assert math.isnan(limit.margolus_levitin)


# the collective drive saturates the bound, the parallel one does not
def test_collective_drive_saturates():
    n = 4
    for k, ratio in ((n, 1.0), (1, 1 / math.sqrt(n))):
        battery = qb.drive(n, k)
        limit = speed_limit(qb.empty(n), qb.full(n), *mean_and_spread(battery.H, qb.empty(n)))
        time = n / k * math.pi / 2
        assert limit.bound / time == pytest.approx(ratio)


# --- power ---------------------------------------------------------------------------------------------------------


# Eq. (16): the instantaneous power is the slope of the energy; the average power is E(t)/t
def test_power():
    battery = qb.drive(3, 3)
    t = np.linspace(0, math.pi / 2, 401)
    ds = charge(battery, uncharged(battery), t, ("power",))
    slope = np.gradient(ds.stored_energy.values, t, edge_order=2)
    assert ds.power.values == pytest.approx(slope, abs=5e-4)
    assert float(ds.power.max()) == pytest.approx(3.0, abs=1e-4)  # n D Emax
    assert np.isnan(ds.average_power[0])
    assert float(ds.average_power[-1]) == pytest.approx(3 / (math.pi / 2))
    assert ds.average_power.attrs["units"] == "1"


# the largest average power of a freely rotating cell comes before full charge
def test_largest_power_is_not_at_full_charge():
    battery, t = qb.drive(1), np.linspace(0, 2, 41)
    power, energy = max_power(battery, uncharged(battery), t), max_energy(battery, uncharged(battery), t)
    assert (power.value, power.time) == pytest.approx((FREE_ROTATION, 1.165561185207211), abs=1e-8)
    assert (energy.value, energy.time) == pytest.approx((1.0, math.pi / 2), abs=1e-7)
    with pytest.raises(ValueError, match="at least three times"):
        max_power(battery, uncharged(battery), [0, 1])


# a maximum at the end of the window is found there
def test_peak_at_the_edge():
    battery = qb.drive(1)
    assert max_energy(battery, uncharged(battery), np.linspace(0, 1, 11)).time == pytest.approx(1.0)


def test_advantage_and_bound():
    assert quantum_advantage(Peak(6.0, 1.0), Peak(1.0, 1.0), 3) == 2.0
    with pytest.raises(ValueError, match="positive power"):
        quantum_advantage(Peak(1.0, 1.0), Peak(0.0, 1.0))
    # Eq. (22) at gamma = 1; disjoint groups of k cells, m = 1, reach it
    assert [participation_bound(2, m) for m in (1, 2, 4, 8)] == [2, 6, 14, 30]
    assert participation_bound(2, 9) == 4 * 10 - 6
    for k in (1, 2, 4):
        peaks = [max_power(b, uncharged(b), np.linspace(0, 8, 161)) for b in (qb.drive(4, k), qb.drive(4))]
        assert quantum_advantage(*peaks) == pytest.approx(participation_bound(k, 1), rel=1e-9)
    with pytest.raises(ValueError, match="at least 1"):
        participation_bound(0, 2)


# doubling stops where the mean photon number of a coherent state no longer moves, and says where it cannot
def test_doubling_the_cutoff():
    def mean(d):
        return float(qutip.expect(qutip.num(d), qutip.coherent(d, 2.0, method="analytic")))

    value, cutoff, change = converged(mean, 4)
    assert value == pytest.approx(4.0, abs=1e-8)
    assert cutoff in (16, 32)
    assert change < 1e-8
    with pytest.raises(ValueError, match="still moves"):
        converged(mean, 4, largest=15)

    def power(photons):
        b = qb.dicke(2, lam=2.0, photons=photons)
        return max_power(b, qb.dicke_start(b), np.linspace(0, 0.6, 61)).value

    value, _, _ = converged(power, 4)  # starts far too small
    assert value == pytest.approx(5.27387472, abs=6e-9)


# the Dicke battery chooses and verifies its cut-off: started far too small, it ends at the same curve
def test_dicke_with_verified_cutoff():
    t = [0.0, 0.5, 1.0, 2.0]
    ds = charge_dicke(3, t, "ergotropy", lam=2.0, photons=5)
    exact = [0, 1.05889854284, 1.63573202169, 1.36602342625]
    assert ds.energy.values == pytest.approx(exact, abs=1e-6)
    assert ds.attrs["photons"] > 100
    assert ds.attrs["cutoff_change"] < 1e-7


# --- mixed cells ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "purity", "eps_ball", "eps_ppt"),
    [
        (2, 0.3333333333, 0.4157214728, 0.4406867935),
        (3, 0.1388888889, 0.1913634750, 0.3046889317),
        (6, 0.0156893004, 0.0261727084, 0.1468955978),
        (12, 0.0002441420, 0.0006858703, 0.0734477989),
    ],
)
def test_separable_ball(n, purity, eps_ball, eps_ppt):
    ball = separable_ball(n)
    assert (ball.purity, ball.eps_ball, ball.eps_ppt) == pytest.approx((purity, eps_ball, eps_ppt), abs=1e-10)
    if n <= 6:
        assert qb.purity(thermal_cells(n, ball.eps_ball)) == pytest.approx(purity, abs=1e-10)


# flipping mixed cells together inverts them in pi/2, for every eps; inside the ball without entanglement
@pytest.mark.parametrize("n", [2, 3, 4])
def test_flip_inside_the_ball(n):
    battery, ball = qb.drive(n, n, flip=True), separable_ball(n)
    half = (-1j * battery.H * math.pi / 4).expm()  # the middle of the way
    for eps in (ball.eps_ball, 0.99 * ball.eps_ppt, 1.01 * ball.eps_ppt, 0.5):
        start, end = thermal_cells(n, eps), thermal_cells(n, -eps)
        assert ((half * half * start * half.dag() * half.dag()) - end).norm() < 1e-12
        path = [(-1j * battery.H * t).expm() for t in np.linspace(0, math.pi / 2, 9)]
        most = max(largest_negativity(U * start * U.dag()) for U in path)
        assert (most > 1e-12) == (ghz_negativity_bound(n, eps) > 0)
    ds = qb.evolve(battery, thermal_cells(n, 0.1), [0, math.pi / 2], "energy")
    # 2 n tanh(eps) in units of sigma_z, n tanh(eps) on levels 0 and 1
    assert float(ds.energy[1] - ds.energy[0]) == pytest.approx(n * math.tanh(0.1), abs=1e-7)


def test_flip_negativity_values():
    for n, most in ((2, 0.0344466453885), (3, 0.0873237381728), (4, 0.1015445786641)):
        start = thermal_cells(n, 0.5)
        U = (-1j * qb.drive(n, n, flip=True).H * math.pi / 4).expm()
        assert largest_negativity(U * start * U.dag()) == pytest.approx(most, abs=1e-10)


# Hamiltonian (19) swaps the two extreme strings alone: it does not invert the cells for n = 3
def test_collective_drive_does_not_invert_mixed_cells():
    battery, eps = qb.drive(3, 3), 0.1
    ds = qb.evolve(battery, thermal_cells(3, eps), [0, math.pi / 2], "energy")
    gain = 2 * float(ds.energy[1] - ds.energy[0])  # levels -1, 1
    assert gain == pytest.approx(6 * (math.exp(0.3) - math.exp(-0.3)) / (2 * math.cosh(eps)) ** 3, abs=1e-7)
    assert gain == pytest.approx(0.449991, abs=1e-6)
    assert gain < 6 * math.tanh(eps) - 0.1


# negativity of GHZ states: 1/2 on every cut, |sin 2t|/2 on the way; product states have none
def test_negativity():
    battery = qb.drive(3, 3)
    for t in (0.2, 0.6):
        psi = (-1j * battery.H * t).expm() * qb.empty(3)
        for part in ([0], [1], [0, 2]):
            assert negativity(psi, part) == pytest.approx(abs(math.sin(2 * t)) / 2, abs=1e-12)
    product = (-1j * qb.drive(3).H * 0.7).expm() * qb.empty(3)
    assert largest_negativity(product) < 1e-12
    assert negativity(qutip.bell_state("01"), [1]) == pytest.approx(0.5)


# --- losses --------------------------------------------------------------------------------------------------------


# zero loss is closed evolution; losses cost energy, power and ergotropy
def test_open_charging():
    t = np.linspace(0, 0.9, 10)
    measures = ("energy", "ergotropy", "efficiency")

    def run(space="blocks", **losses):
        b = qb.dicke(2, lam=0.5, photons=20, space=space, **losses)
        return charge(b, qb.dicke_start(b), t, measures)

    closed, zero, tiny = run("symmetric"), run(gamma=0.0), run(gamma=1e-9, dephasing=1e-9, kappa=1e-9)
    for name in ("energy", "ergotropy"):
        assert zero[name].values == pytest.approx(closed[name].values, abs=1e-12)
        assert tiny[name].values == pytest.approx(closed[name].values, abs=2e-7)
    lossy = [run(gamma=g) for g in (0.0, 0.3, 1.0)]
    for name in ("energy", "ergotropy", "average_power"):
        last = [float(ds[name][-1]) for ds in lossy]
        assert last == sorted(last, reverse=True)
    for ds in lossy:
        assert ((ds.efficiency[1:] >= -1e-9) & (ds.efficiency[1:] <= 1)).all()


# dephasing and cavity loss against the full tensor space, where nothing is permutation symmetric by construction
def test_open_charging_of_the_chain():
    t = np.linspace(0, 0.5, 4)
    runs = []
    for space in ("blocks", "tensor"):
        b = qb.spin_chain(4, omega=2.0, alpha=-1.0, coupling="uni", gamma=0.5, dephasing=0.4, space=space)
        runs.append(qb.evolve(b, uncharged(b), t, ("energy", "ergotropy")))
    assert float(abs(runs[0] - runs[1]).to_array().max()) < 1e-9
