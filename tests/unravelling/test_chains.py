"""`trajectories` of longer chains with everything that leaves them Gaussian, against exact solvers."""

import json

import numpy as np
import pytest
from test_gaussian import disordered, start

import qbsim as qb

TIMES = [0.0, 0.1, 0.5]
NUMBERS = ("energy", "local_ergotropy", "purity")
SURE = 0.999  # confidence of brackets that a test relies on


@pytest.mark.parametrize(("name", "N"), [("classical", 6), ("plus", 7), ("full", 8)])
def test_numbers_are_within_four_standard_errors(name, N):
    """Disorder, pair terms, pumping, dephasing and collective decay."""
    net = disordered(N, 20 + N)
    ds = qb.trajectories(net, start(name, N), TIMES, NUMBERS, ntraj=300, executor="serial")
    exact = qb.evolve(net, start(name, N), TIMES, NUMBERS, progress=False)
    assert ds.attrs["engine"] == "gaussian"
    for measure in NUMBERS:
        assert (abs(ds[measure] - exact[measure]) <= 4 * ds[f"{measure}_sem"] + 1e-9).all(), measure
        # and these errors say something, except that pure states have none at the first time
        assert (ds[f"{measure}_sem"] < 0.15 * float(abs(exact[measure]).max())).all(), measure


@pytest.mark.parametrize(("name", "N"), [("plus", 30), ("full", 16)])
def test_bracket_of_cells_without_bonds_contains_their_ergotropy(name, N):
    """Its exact bracket, from products of populations, is a hundred times as narrow."""
    rng, t = np.random.default_rng(30), [0.0, 0.05]
    net = qb.network((), N, omega=rng.uniform(0.5, 1.5, N), gamma=rng.uniform(0.5, 1.5, N), nbar=0.1, dephasing=0.3)
    ds = qb.trajectories(net, name, t, ntraj=120, confidence=SURE, executor="serial")
    exact = qb.evolve(net, name, t, ("energy", "ergotropy"), progress=False)
    assert (ds.attrs["engine"], exact.attrs["solver"]) == ("gaussian", "independent")
    off = json.loads(exact.attrs["certificate"]).get("ergotropy_bound", 0.0)  # few cells are exact
    width = ds.ergotropy_upper - ds.ergotropy_lower
    assert (ds.ergotropy_lower - off <= exact.ergotropy).all()
    assert (exact.ergotropy <= ds.ergotropy_upper + off).all()
    assert 100 * off < width[1] < 0.1 * ds.ergotropy_upper[0]
    assert width[0] <= 1e-6
    assert (abs(ds.energy - exact.energy) <= 4 * ds.energy_sem + 1e-9).all()
