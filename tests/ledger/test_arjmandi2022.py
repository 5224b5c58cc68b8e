"""Figures of arjmandi2022: exact values for the claims, interpolated lines for the eye, and chains computed once."""

from importlib import import_module

import numpy as np
import pytest
import xarray as xr
from scipy.interpolate import CubicSpline

import qbsim as qb
from qbsim.ledger import scenario

fig8 = scenario.find(["arjmandi2022.fig8"])[0].module
paper = import_module(fig8.__package__)


def test_exact_times_hold_the_peak_and_a_tenth_drawn_at_random():
    assert paper.TENTH.size == np.unique(paper.TENTH).size == 20
    assert np.isin(paper.TENTH, paper.READ).all()
    start, stop = np.searchsorted(paper.TIMES, paper.PEAK)
    peak = np.arange(start, stop + 1)
    assert np.isin(peak, paper.READ).all()
    assert {0, paper.TIMES.size - 1} <= set(paper.READ)


def test_a_finer_grid_moves_no_half_life_by_1e_4():
    ds = qb.sweep(
        paper.chain,
        {"N": [3], "delta": [0.0, 5.0]},
        states=list(paper.STATES),
        tlist=paper.TIMES,
        realizations=10,
        seed=paper.SEED,
        executor="serial",
        progress=False,
    )
    for curve in ds.ergotropy_ratio.values.reshape(-1, paper.TIMES.size):
        coarse = qb.half_life(paper.TIMES[paper.READ], curve[paper.READ])
        assert coarse == pytest.approx(qb.half_life(paper.TIMES, curve), abs=1e-4)


@pytest.fixture(scope="module")
def shares():
    """Fig. 8 in quick mode: efficiencies of seven cells."""
    return fig8.compute(quick=True)


def test_claims_read_exact_values(shares):
    N, delta, count = fig8.N, paper.DELTA, int(shares.realizations.sel(N=fig8.N, delta=paper.DELTA))
    exact = []
    for k in range(count):
        battery = paper.chain(N, delta, np.random.default_rng(np.random.SeedSequence([paper.SEED, k])))
        exact.append(qb.evolve(battery, qb.plus(N), shares.time.values, "efficiency").efficiency.values)
    found = shares.efficiency.sel(N=N, delta=delta, state="plus")
    np.testing.assert_allclose(found, np.mean(exact, axis=0), rtol=0, atol=1e-12)


def test_lines_run_through_the_exact_values_at_all_times():
    """Of a smooth curve and of one with kinks; the stored deviation is that of the times that are left out."""
    times = paper.TIMES[paper.READ]
    smooth, kinked = np.exp(-times) * np.cos(20 * times), np.maximum(2 * np.exp(-times) - 1, 0)
    ds = xr.Dataset({"x": (("state", "time"), [smooth, kinked])}, {"state": ["plus", "full"], "time": times})
    ds.x.attrs["units"] = "J"
    lines = paper.lines(ds, ["x"])
    assert lines.time.values.tolist() == paper.TIMES.tolist()
    np.testing.assert_allclose(lines.x.sel(time=times), ds.x, rtol=0, atol=1e-14)
    exact = np.exp(-paper.TIMES) * np.cos(20 * paper.TIMES)
    np.testing.assert_allclose(lines.x.sel(state="plus"), exact, rtol=0, atol=1e-3)
    np.testing.assert_allclose(
        lines.x.sel(state="full"), np.maximum(2 * np.exp(-paper.TIMES) - 1, 0), rtol=0, atol=3e-4
    )
    off = paper.with_deviations(ds, ["x"]).x_deviation
    inner = np.setdiff1d(paper.TENTH, [0, paper.TIMES.size - 1])
    left = np.setdiff1d(paper.READ, inner)
    again = CubicSpline(paper.TIMES[left], exact[left])(paper.TIMES[inner]) - exact[inner]
    assert float(off) == pytest.approx(abs(again).max(), rel=1e-9)  # the kinked one is off by less
    assert off.attrs["units"] == "J"


def test_the_line_of_the_passive_energy_is_within_1e_4_of_the_spread():
    """The energies of a chain of five cells, exact at all times."""
    battery = paper.chain(5, paper.DELTA, np.random.default_rng(1))
    ds = qb.evolve(battery, qb.plus(5), paper.TIMES, ("energy", "ergotropy")).expand_dims(state=["plus"])
    passive = paper.with_passive_energy(ds)[["passive_energy"]]
    line = paper.lines(passive.isel(time=paper.READ), ["passive_energy"])
    assert float(abs(line - passive).max().passive_energy) < 1e-4 * np.ptp(battery.levels)


def test_shared_chains_are_computed_once_and_have_the_bits_of_a_run_alone(monkeypatch):
    settings = {"quick": True, "workers": 1, "states": ["plus"]}
    first = paper.average((2,), (5.0,), 12, **settings)
    with monkeypatch.context() as patch:
        patch.setattr("qbsim.sweeps.tasks.Curve.compute", None)
        again = paper.average((2,), (5.0,), 8, **settings)
    paper._runs.cache_clear()
    alone = paper.average((2,), (5.0,), 8, **settings)
    for name in ("ergotropy", "ergotropy_ratio_sem", "half_life_err", "gain"):
        assert again[name].values.tobytes() == alone[name].values.tobytes()
    assert not np.array_equal(first.ergotropy, again.ergotropy)
