"""Gaussian states as kets, against a road of its own: the null vector of all annihilators."""

import numpy as np
import pytest
from gaussian_kets import aligned, ket

import qbsim as qb
from qbsim.states import read_state
from qbsim.unravelling.gaussian import GaussianEngine
from qbsim.unravelling.gaussian_kets import kets


@pytest.mark.parametrize(("rho0", "N"), [("plus", 1), ("plus", 4), ("full", 4), ("classical", 5)])
def test_kets_of_trajectories(rho0, N):
    battery = qb.disordered_chain(N, 1.0, B0=3.0, exchange=2.0, gamma=1.0, rng=np.random.default_rng(N), nbar=0.3)
    run = GaussianEngine(battery, read_state(rho0, battery.dims), np.array([0.0, 0.8]))
    found = [run.run(np.random.default_rng([0, k])) for k in range(12)]
    states = np.array([t.states[1] for t in found])
    assert len({int(t.jumps[1]) for t in found}) > 1 or N == 1
    ensemble = run.ensemble(states)
    assert ensemble.kets.shape == (12, 2**N)
    for state, psi in zip(states, ensemble.kets, strict=True):
        assert aligned(ket(state, run.ancilla), psi) == pytest.approx(1, abs=1e-11)
    energies = (np.abs(ensemble.kets) ** 2) @ battery.diagonal
    np.testing.assert_allclose(energies, ensemble.energies, atol=1e-10)


def test_ten_cells_to_rounding():
    """Overlaps of the kets against determinants."""
    battery = qb.disordered_chain(10, 5.0, B0=10.0, exchange=10.0, gamma=1.0, rng=np.random.default_rng(0))
    run = GaussianEngine(battery, read_state("plus", battery.dims), np.array([0.0, 0.3]))
    ensemble = run.ensemble(np.array([run.run(np.random.default_rng([1, k])).states[1] for k in range(6)]))
    rows = np.arange(6)
    squares = np.abs(ensemble.kets.conj() @ ensemble.kets.T) ** 2
    np.testing.assert_allclose(squares, ensemble.squared_overlaps(rows, rows), atol=1e-10)


def test_many_cells_have_no_kets():
    battery = qb.disordered_chain(11, 5.0, B0=10.0, exchange=10.0, gamma=1.0, rng=np.random.default_rng(0))
    run = GaussianEngine(battery, read_state("plus", battery.dims), np.array([0.0]))
    assert run.ensemble(run.run(np.random.default_rng(0)).states).kets is None


def test_pieces_do_not_matter(monkeypatch):
    battery = qb.disordered_chain(3, 1.0, B0=3.0, exchange=2.0, gamma=1.0, rng=np.random.default_rng(0))
    run = GaussianEngine(battery, read_state("plus", battery.dims), np.array([0.0, 0.5]))
    states = np.array([run.run(np.random.default_rng([0, k])).states[1] for k in range(5)])
    whole = kets(states, run.ancilla)
    monkeypatch.setattr("qbsim.unravelling.gaussian_kets.CHUNK", 32)
    np.testing.assert_array_equal(kets(states, run.ancilla), whole)
