"""Figures of arjmandi2022: exact values for the claims, interpolated lines for the eye, and chains computed once."""

from importlib import import_module

import numpy as np
import pytest

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


def test_lines_run_through_all_times_and_say_how_far_they_are_off(shares):
    line, common = shares.line_efficiency, np.isin(shares.line_time, shares.time)
    assert shares.line_time.size == 51
    assert common.sum() >= 5  # a tenth
    off = abs(line.values[..., common] - shares.efficiency.sel(time=shares.line_time.values[common]).values).max()
    assert float(shares.line_efficiency_deviation) == off
    assert 0 < off < 1e-4
    assert shares.line_efficiency_deviation.attrs["units"] == "1"
    assert shares.line_efficiency_deviation.attrs["long_name"].startswith("largest deviation")
    assert paper.drawn(shares).efficiency.sizes["time"] == 51


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
