"""The solver of closed systems: kets under a constant Hamiltonian."""

from __future__ import annotations

import numpy as np
import pytest
import qutip
from random_states import start

import qbsim as qb
from qbsim.solvers import choose, closed


def random_battery(d, density, seed):
    H = qutip.rand_herm([d], density=density, seed=seed)
    return qb.Battery(qutip.num(d), H, N=1)


# both branches, eigenvectors and steps, against the reference solver
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_against_the_reference(seed):
    battery, psi = random_battery(40, 0.2, seed), qutip.rand_ket([40], seed=seed)
    t = np.r_[0.0, np.sort(np.random.default_rng(seed).uniform(0, 3, 6))]
    measures = ("energy", "ergotropy", "purity")
    fast, slow = (qb.evolve(battery, psi, t, measures, solver=s) for s in ("closed", "qutip"))
    assert float(abs(fast - slow).to_array().max()) < 1e-6
    part = closed._reachable(battery, start(psi))
    by_steps = np.array(list(closed._by_steps(part, t)))
    by_vectors = np.array(list(closed._by_eigenvectors(part, t)))
    assert by_steps == pytest.approx(by_vectors, abs=1e-12)
    exact = np.array([((-1j * battery.H * x).expm() * psi).full()[:, 0] for x in t])
    assert by_vectors == pytest.approx(exact, abs=1e-11)


# what the start cannot reach is left out: one parity of the Dicke battery, one ket of an eigenstate
def test_only_the_reachable_block():
    battery = qb.dicke(3, lam=0.5, photons=12)
    part = closed._reachable(battery, start(qb.dicke_start(battery)))
    assert part.keep.size == 4 * 12 // 2
    assert part.H.dtype == float
    assert len(part.blocks) == 1
    assert [len(b) for b in closed._reachable(qb.network(qb.linear(4), J=1.0), start(qb.plus(4))).blocks].count(6) == 1
    still = qb.Battery(qutip.num(4), qutip.num(4), N=1)
    assert closed._reachable(still, start(qutip.fock(4, 2))).keep.tolist() == [2]


# norm and energy of a large sparse system over a long time, to 1e-10
def test_conservation():
    battery = qb.spin_chain(9, omega=1.0, alpha=0.5)
    whole = qb.Battery(battery.H, battery.H, N=9)
    ds = qb.evolve(whole, qb.plus(9), np.linspace(0, 30, 7), ("energy", "purity"))
    assert ds.solver == "closed"
    assert np.ptp(ds.energy.values) < 1e-10
    assert ds.purity.values == pytest.approx(1.0, abs=1e-11)


@pytest.mark.parametrize(
    ("battery", "rho0", "reason"),
    [
        (qb.drive(2), qb.classical(2), "mixed"),
        (qb.drive(2, gamma=0.1), qb.empty(2), "losses"),
        (
            qb.dicke(2, lam=lambda t: 0.1, photons=8),
            qutip.tensor(qutip.fock(3, 0), qutip.fock(8, 2)),
            "depends on time",
        ),
    ],
)
def test_refusals(battery, rho0, reason):
    with pytest.raises(ValueError, match=reason):
        choose(battery, start(rho0), np.array([0.0, 1.0]), "closed")


def test_truncation_needs_the_dims_of_H():
    with pytest.raises(ValueError, match="truncation"):
        qb.Battery(qutip.num(3), qutip.num(3), N=1, truncation=qutip.num(4))
