"""Work between two measurements of the energy: the distribution itself, closed forms, and what is refused."""

import numpy as np
import pytest
import qutip
from qutip import Qobj
from random_states import density, hermitian

import qbsim as qb
from qbsim.charging import work_statistics


def two_measurements(battery, rho, t):
    """Mean and variance of the work from the joint probabilities of both results, by projectors on the levels of H0."""
    e, v = np.linalg.eigh(battery.H0.full())
    L = qutip.liouvillian(battery.H, battery.c_ops)
    propagator = (L * t).expm() if battery.c_ops else qutip.to_super((-1j * battery.H * t).expm())
    extra = [d for k, d in enumerate(battery.dims) if k not in battery.cells]
    moments = np.zeros(2)
    kets = [Qobj(v[:, [k]], dims=[battery.cell_dims, [1] * len(battery.cell_dims)]) for k in range(len(e))]
    P = [qutip.tensor(ket.proj(), *(qutip.qeye(d) for d in extra)) for ket in kets]
    for n, before in enumerate(P):
        after = qutip.vector_to_operator(propagator * qutip.operator_to_vector(before * rho * before))
        for m, measured in enumerate(P):
            p = (measured * after).tr().real
            moments += p * np.array([e[m] - e[n], (e[m] - e[n]) ** 2])
    return moments[0], moments[1] - moments[0] ** 2


@pytest.mark.parametrize("losses", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_distribution_of_both_results(seed, losses):
    # random levels and dynamics of two cells; a mixture of levels is left as it is by the first measurement
    rng = np.random.default_rng(seed)
    dims = [[2, 2], [2, 2]]
    H0, H = Qobj(hermitian(4, rng), dims=dims), Qobj(hermitian(4, rng), dims=dims)
    jumps = [Qobj(0.4 * rng.normal(size=(4, 4)), dims=dims)] if losses else []
    battery = qb.Battery(H0, H, jumps, N=2)
    v = np.linalg.eigh(H0.full())[1]
    rho = Qobj((v * rng.dirichlet(np.ones(4))) @ v.conj().T, dims=dims)
    ds = work_statistics(battery, rho, [0.0, 0.8])
    mean, variance = two_measurements(battery, rho, 0.8)
    assert ds.work[1].item() == pytest.approx(mean, abs=1e-7)
    assert ds.work_variance[1].item() == pytest.approx(variance, abs=1e-7)
    assert ds.work_variance[0].item() == pytest.approx(0, abs=1e-9)
    assert abs(ds.work_variance[1] - ds.energy_variance[1] - ds.energy_variance[0]) > 1e-3  # the covariance counts


def test_a_charger_counts_by_the_energy_of_the_cells():
    rng = np.random.default_rng(5)
    H0 = Qobj(np.diag([0.0, 1.0, 2.5]))
    H = Qobj(hermitian(6, rng), dims=[[3, 2], [3, 2]])
    battery = qb.Battery(H0, H, N=1, cells=[0])
    rho = qutip.tensor(Qobj(np.diag([0.5, 0.3, 0.2])), Qobj(density(2, rng)))
    ds = work_statistics(battery, rho, [0.0, 0.6])
    mean, variance = two_measurements(battery, rho, 0.6)
    assert ds.work[1].item() == pytest.approx(mean, abs=1e-7)
    assert ds.work_variance[1].item() == pytest.approx(variance, abs=1e-7)


def test_equal_cells_add_their_variances():
    # cells that decay alone: every one loses its quantum with probability q = p (1 - exp(-t)), variance N q (1 - q)
    t = np.linspace(0, 2, 5)
    ds = work_statistics(qb.network((), 4, omega=2.0, gamma=1.0), "classical", t)
    q = 0.75 * (1 - np.exp(-t))
    np.testing.assert_allclose(ds.work, -8 * q, atol=1e-8)
    np.testing.assert_allclose(ds.work_variance, 16 * q * (1 - q), atol=1e-7)
    assert ds.work_variance.attrs == {"long_name": "variance of the work", "units": "1"}


def test_from_one_level_the_variance_is_that_of_the_second_measurement():
    # no spread at first, so nothing to correlate with: also from the ground state, where sigma does not exist
    H = qb.operators.sigma_x()
    battery = qb.single_cell() + H
    for start in ("empty", "full"):
        ds = work_statistics(battery, start, np.linspace(0, 1, 4))
        np.testing.assert_allclose(ds.work_variance, ds.energy_variance, atol=1e-8)


def test_total_spin_gives_the_work_of_the_cells():
    # a thermal state of three exchangeable cells: every block of total spin weighs as often as it occurs
    found = []
    for space, weights in (("tensor", [1.0] * 8), ("blocks", [1.0] * 4 + [2.0] * 2)):
        losses = {"gamma": 0.5, "dephasing": 0.4}
        battery = qb.spin_chain(3, omega=2.0, alpha=-1.0, coupling="uni", space=space, **losses)
        thermal = (-0.7 * battery.H0).expm()
        rho = (thermal * Qobj(np.diag(weights), dims=thermal.dims)).unit()
        found.append(work_statistics(battery, rho, [0.0, 0.5, 1.0]))
    np.testing.assert_allclose(found[0].work, found[1].work, atol=1e-7)
    np.testing.assert_allclose(found[0].work_variance, found[1].work_variance, atol=1e-6)


def test_coherence_between_levels_is_refused():
    with pytest.raises(ValueError, match="rho0 must commute with H0"):
        work_statistics(qb.single_cell(gamma=1.0), qb.plus(1), [0.0, 1.0])
    # coherence inside a degenerate level survives the first measurement: two equal cells, one excitation between them
    pair = qb.network(qb.linear(2), gamma=1.0)
    ds = work_statistics(pair, qutip.bell_state("11"), [0.0, 1.0])
    lost = 1 - np.exp(-1)
    assert ds.work_variance[1].item() == pytest.approx(lost * (1 - lost), abs=1e-8)
