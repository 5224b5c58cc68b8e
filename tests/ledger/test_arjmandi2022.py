"""Figures of arjmandi2022: exact values for the claims, interpolated lines for the eye, and chains computed once."""

from importlib import import_module

import numpy as np
import pytest

import qbsim as qb
from qbsim.ledger import scenario

fig3, fig8 = (scenario.find([f"arjmandi2022.fig{k}"])[0].module for k in (3, 8))
paper = import_module(fig3.__package__)


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
        {"N": [3], "delta": [0.0, 1.0, 3.0, 5.0]},
        states=list(paper.STATES),
        tlist=paper.TIMES,
        realizations=20,
        seed=paper.SEED,
        executor="serial",
        progress=False,
    )
    for curve in ds.ergotropy_ratio.values.reshape(-1, paper.TIMES.size):
        coarse = qb.half_life(paper.TIMES[paper.READ], curve[paper.READ])
        assert coarse == pytest.approx(qb.half_life(paper.TIMES, curve), abs=1e-4)


def test_claims_read_exact_values_and_lines_say_how_far_they_are_off():
    ds = fig3.compute(quick=True)
    N, delta = fig3.N, paper.DELTA
    curves = [
        qb.evolve(
            paper.chain(N, delta, np.random.default_rng(np.random.SeedSequence([paper.SEED, k]))),
            qb.plus(N),
            ds.time.values,
        )
        for k in range(int(ds.realizations.sel(N=N, delta=delta)))
    ]
    exact = np.mean([run.ergotropy / run.ergotropy[0] for run in curves], axis=0)
    np.testing.assert_allclose(ds.ergotropy_ratio.sel(N=N, delta=delta, state="plus"), exact, rtol=0, atol=1e-12)
    line = ds.line_ergotropy_ratio.sel(N=N, delta=delta, state="plus")
    common = np.isin(line.line_time.values, ds.time.values)
    off = np.abs(line.values[common] - exact[np.isin(ds.time.values, line.line_time.values)]).max()
    told = float(ds.line_ergotropy_ratio_deviation)
    assert off <= told + 1e-12
    assert 0 < told < 1e-4
    assert ds.line_time.size > ds.time.size / 2


def test_every_line_has_its_deviation_and_is_what_is_drawn():
    ds = fig8.compute(quick=True)
    for name in ("energy_ratio", "efficiency"):
        deviation = ds[f"line_{name}_deviation"]
        assert deviation.attrs["long_name"].startswith("largest deviation")
        assert deviation.attrs["units"] == ds[name].attrs["units"]
        assert 0 <= float(deviation) < 1e-4
        assert paper.drawn(ds)[name].sizes["time"] == ds.line_time.size


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
