"""Ensembles: seeds, averages, errors, and the same bits whoever computes them."""

from __future__ import annotations

import json
import math
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import xarray as xr
from threadpoolctl import threadpool_info

import qbsim as qb
from qbsim.sweeps.batches import cover
from qbsim.sweeps.ensemble import half_lives

TIMES = np.linspace(0, 1, 41)


def chain(N=3, delta=1.0, *, rng):
    return qb.xx_chain(qb.random_fields(N, delta, B0=10.0, rng=rng), J=20.0, gamma=1.0)


def run(axes=None, **kwargs):
    defaults = {"states": ["plus", "classical"], "tlist": TIMES, "realizations": 10, "executor": "serial"}
    return qb.sweep(kwargs.pop("build", chain), {"delta": [0.0, 2.0]} if axes is None else axes, **defaults | kwargs)


def same_bits(a: xr.Dataset, b: xr.Dataset) -> bool:
    """Equal values in every bit: nan equals nan, and -0.0 differs from 0.0."""
    assert set(a.variables) == set(b.variables)
    return all(a[v].dims == b[v].dims and a[v].values.tobytes() == b[v].values.tobytes() for v in a.variables)


class TestSeeds:
    def test_realization_k_is_the_documented_rule(self):
        """Realization k of seed s draws from default_rng(SeedSequence([s, k]))."""
        ds = run(keep="all", seed=7, realizations=3)
        rng = np.random.default_rng(np.random.SeedSequence([7, 2]))
        battery = qb.xx_chain(qb.random_fields(3, 2.0, B0=10.0, rng=rng), J=20.0, gamma=1.0)
        alone = qb.evolve(battery, qb.plus(3), TIMES)
        stored = ds.sel(delta=2.0, state="plus", realization=2)
        np.testing.assert_allclose(stored.ergotropy, alone.ergotropy, rtol=0, atol=1e-12)

    def test_prefix_property(self):
        """The first realizations of a longer sweep are those of a shorter one."""
        short, long = run(keep="all", realizations=5), run(keep="all", realizations=9)
        assert np.array_equal(short.ergotropy, long.ergotropy.isel(realization=slice(5)))

    def test_other_axes_and_states_change_nothing(self):
        """Every point and state meets the same draws, whatever else is swept."""
        alone = run({"delta": [2.0]}, states="plus")
        among = run({"N": [2, 3], "delta": [0.0, 1.0, 2.0]}, states=["full", "plus"])
        assert np.array_equal(
            alone.ergotropy.sel(delta=2.0, state="plus"), among.ergotropy.sel(N=3, delta=2.0, state="plus")
        )

    def test_all_strengths_share_the_draws(self):
        """omega_k = |B0 (1 + delta u_k)| with the same u_k: the energy of the full state is linear in delta below 1."""
        ds = run({"delta": [0.0, 0.4, 0.8]}, states="full", keep="all")
        energy = ds.energy.isel(time=0, state=0).values
        np.testing.assert_allclose(energy[2] - energy[1], energy[1] - energy[0], atol=1e-12)
        assert energy[1].std() > 0.1

    def test_seeds_differ_and_agree_within_their_errors(self):
        """Two seeds give different draws and averages within four standard errors."""
        a, b = (run({"delta": [2.0]}, states="full", seed=s, realizations=200).isel(delta=0, state=0) for s in (1, 2))
        assert not np.array_equal(a.ergotropy, b.ergotropy)
        error = np.hypot(a.ergotropy_ratio_sem, b.ergotropy_ratio_sem)
        assert bool((abs(a.ergotropy_ratio - b.ergotropy_ratio) <= 4 * error + 1e-12).all())

    @pytest.mark.parametrize("at", [{"delta": 0.0}, {"delta": 2.0}])
    def test_replay_is_the_same_bits(self, at, tmp_path):
        """One realization alone, from the dataset in memory and from its file."""
        ds = run(keep="all", measures=["energy", "ergotropy", "concurrence"], store=tmp_path)
        with xr.open_dataset(tmp_path / "sweep.nc") as stored:
            for source in (ds, stored, stored.sel(delta=[at["delta"]])):
                one = qb.replay(source, 4, **at)
                for name in ("energy", "ergotropy", "concurrence"):
                    assert np.array_equal(one[name], ds[name].sel(realization=4, **at))

    def test_replay_of_a_foreign_builder_is_refused(self):
        """A builder that gives other batteries did not make the dataset."""
        with pytest.raises(ValueError, match="not those that made"):
            qb.replay(run(), 0, delta=2.0, build=lambda delta, rng: chain(3, delta / 2, rng=rng))

    def test_replay_asks_for_a_point_of_the_sweep(self):
        ds = run()
        with pytest.raises(ValueError, match=r"must be one of 0\.0, 2\.0"):
            qb.replay(ds, 0, delta=1.0)
        with pytest.raises(ValueError, match="Argument delta must be given"):
            qb.replay(ds, 0)
        with pytest.raises(ValueError, match="Did you mean 'delta'"):
            qb.replay(ds, 0, dleta=1.0)


class TestAverages:
    def test_mean_and_standard_error(self):
        """Mean, and standard deviation over sqrt(n), of the kept realizations."""
        ds = run(keep="all", realizations=150, states="full")
        np.testing.assert_allclose(ds.ergotropy_mean, ds.ergotropy.mean("realization"), atol=1e-13)
        sem = ds.ergotropy.std("realization", ddof=1) / math.sqrt(150)
        np.testing.assert_allclose(ds.ergotropy_sem, sem, atol=1e-13)

    def test_normalised_ergotropy_is_the_mean_of_ratios(self):
        """<W(t)/W(0)>, which differs from <W(t)>/<W(0)> where W(0) fluctuates."""
        ds = run({"delta": [2.0]}, keep="all", realizations=40)
        ratio = ds.ergotropy / ds.ergotropy.isel(time=0)
        np.testing.assert_allclose(ds.ergotropy_ratio, ratio.mean("realization"), atol=1e-13)
        of_means = ds.ergotropy_mean / ds.ergotropy_mean.isel(time=0)
        assert float(abs(of_means - ds.ergotropy_ratio).max()) > 1e-3

    def test_half_life_and_gain_are_those_of_the_mean_ratio(self):
        """Not the mean of half-lives."""
        ds = run({"delta": [2.0]}, realizations=40).sel(delta=2.0, state="plus")
        assert float(ds.half_life) == qb.half_life(TIMES, ds.ergotropy_ratio)
        assert float(ds.gain) == qb.relative_gain(ds.ergotropy_ratio)
        assert 0 < float(ds.half_life_err) < 0.1

    def test_single_cell_half_lives(self):
        """ln(8/5), ln(6/5) and ln(4/3) over gamma for the coherent, classical and full state of one cell."""
        ds = run({"N": [1]}, states=["plus", "classical", "full"], tlist=np.linspace(0, 1, 401))
        expected = [math.log(8 / 5), math.log(6 / 5), math.log(4 / 3)]
        np.testing.assert_allclose(ds.half_life.isel(N=0), expected, atol=1e-5)

    def test_standard_error_falls_as_one_over_the_root(self, tmp_path):
        """sem(n) sqrt(n) is constant within its statistical error, 1/sqrt(2 n)."""
        ds = [
            run({"delta": [2.0]}, states="full", realizations=n, store=tmp_path).isel(time=-1, delta=0, state=0)
            for n in (100, 400, 1600)
        ]
        scaled = [float(d.ergotropy_ratio_sem) * math.sqrt(float(d.realizations)) for d in ds]
        assert abs(scaled[0] / scaled[2] - 1) < 4 / math.sqrt(200)
        assert abs(scaled[1] / scaled[2] - 1) < 4 / math.sqrt(800)

    def test_bootstrap_error_is_the_scatter_between_seeds(self):
        """The error of the half-life from one ensemble agrees with its standard deviation over 24 seeds."""
        ds = [run({"delta": [2.0]}, states="full", realizations=60, seed=s).isel(delta=0, state=0) for s in range(24)]
        scatter = np.std([float(d.half_life) for d in ds], ddof=1)
        error = np.mean([float(d.half_life_err) for d in ds])
        assert abs(error / scatter - 1) < 4 / math.sqrt(2 * 23)

    def test_half_lives_of_many_curves_are_those_of_each(self):
        """The vectorised crossing of the bootstrap is the crossing of `half_life`."""
        rng = np.random.default_rng(3)
        curves = np.exp(-np.outer(rng.uniform(1.0, 4.0, 20), TIMES)) * (1 + 0.05 * np.sin(9 * TIMES))
        expected = [qb.half_life(TIMES, c) for c in curves]
        np.testing.assert_allclose(half_lives(TIMES, curves), expected, rtol=1e-12)

    def test_half_life_beyond_the_window_is_nan_without_a_storm(self, recwarn):
        ds = run(tlist=np.linspace(0, 0.05, 11))
        assert np.isnan(ds.half_life).all()
        assert np.isnan(ds.half_life_err).all()
        assert not recwarn.list

    def test_no_ratio_to_an_ergotropy_of_zero(self, recwarn):
        """The empty state and the maximally mixed one have nothing to divide by."""
        ds = run(states={"empty": qb.empty, "mixed": lambda N: qb.classical(N, 0.5)})
        assert np.isnan(ds.ergotropy_ratio).all()
        assert np.isnan(ds.gain).all()
        assert float(abs(ds.ergotropy.isel(time=0)).max()) < 1e-9
        assert not recwarn.list

    def test_a_single_realization_has_no_standard_error(self):
        ds = run(realizations=1)
        assert np.isnan(ds.ergotropy_sem).all()
        assert np.isfinite(ds.half_life).all()

    def test_own_measures(self):
        """f(rho, battery) beside names: the excited population of cell 0 falls as exp(-gamma t) at N = 1."""
        excited = {"p": lambda rho, battery: rho.ptrace(0).diag().real[1], "energy": "energy"}
        ds = run({"N": [1]}, states="full", measures=excited, realizations=2)
        np.testing.assert_allclose(ds.p.isel(N=0, state=0), np.exp(-TIMES), atol=1e-7)
        assert set(ds.data_vars) >= {"p", "p_sem", "energy_ratio", "energy_ratio_sem"}
        assert "half_life" not in ds


class TestAccuracy:
    def test_stops_at_the_target(self):
        """Standard error below the target everywhere, with fewer realizations than the budget."""
        ds = run({"delta": [0.0, 2.0]}, realizations=5000, target_sem=0.01)
        assert float(ds.ergotropy_ratio_sem.max()) <= 0.01
        assert int(ds.realizations.sel(delta=0.0)) == 64
        assert 64 < int(ds.realizations.sel(delta=2.0)) < 5000

    def test_the_budget_caps_it(self):
        ds = run({"delta": [2.0]}, realizations=100, target_sem=1e-6)
        assert int(ds.realizations[0]) == 100

    def test_needs_the_ergotropy(self):
        with pytest.raises(ValueError, match="target_sem needs the measure 'ergotropy'"):
            run(measures="energy", target_sem=0.1)

    def test_the_stopping_point_does_not_depend_on_what_is_stored(self, tmp_path):
        fresh = run({"delta": [2.0]}, realizations=2000, target_sem=0.01)
        run({"delta": [2.0]}, realizations=37, store=tmp_path)
        assert same_bits(run({"delta": [2.0]}, realizations=2000, target_sem=0.01, store=tmp_path), fresh)


GRID = {"N": [2, 3], "delta": [0.0, 2.0]}
MANY = 70  # more than one chunk of 64


@pytest.fixture(scope="module")
def reference():
    """The sweep that every other way must reproduce, computed in this process."""
    return run(GRID, realizations=MANY)


class TestSameBits:
    """Sums run in the order of the realizations, in fixed chunks, whoever computed them."""

    @pytest.mark.parametrize("workers", [1, 2, pytest.param(4, marks=pytest.mark.slow)])  # four: 15 s
    def test_workers(self, workers, reference):
        assert same_bits(run(GRID, realizations=MANY, executor=None, workers=workers), reference)

    def test_workers_have_one_thread(self):
        """BLAS of a worker is capped, whatever the caller has."""

        def threads(rho, battery):
            return max(pool["num_threads"] for pool in threadpool_info())

        ds = run(build=chain, measures={"threads": threads}, realizations=2, executor=None, workers=1)
        assert (ds.threads == 1).all()

    def test_threads(self, reference):
        with ThreadPoolExecutor(2) as pool:
            assert same_bits(run(GRID, realizations=MANY, executor=pool), reference)

    def test_processes_of_the_standard_library(self, reference):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            assert same_bits(run(GRID, realizations=MANY, executor=pool), reference)

    def test_any_object_with_submit(self, reference):
        """A worker that takes the last batch first."""

        class Backwards:
            def __init__(self):
                self.waiting = []

            def submit(self, function, *arguments):
                self.waiting.append((future := Future(), function, arguments))
                threading.Timer(0.01, self.run_one).start()
                return future

            def run_one(self):
                waiting, function, arguments = self.waiting.pop()
                waiting.set_result(function(*arguments))

        assert same_bits(run(GRID, realizations=MANY, executor=Backwards()), reference)

    def test_extension(self, reference, tmp_path):
        """More realizations, values and states later are the same as all at once."""
        run({"N": [2], "delta": [2.0]}, realizations=30, states="plus", store=tmp_path)
        run({"N": [2], "delta": [2.0]}, realizations=67, states=["plus", "classical"], store=tmp_path)
        run({"N": [3], "delta": [0.0, 2.0]}, realizations=MANY, states=["classical"], store=tmp_path)
        assert same_bits(run(GRID, realizations=MANY, store=tmp_path), reference)

    def test_a_shorter_sweep_from_a_longer_store(self, reference, tmp_path):
        run(GRID, realizations=MANY + 20, store=tmp_path)
        assert same_bits(run(GRID, realizations=MANY, store=tmp_path), reference)

    def test_nothing_is_computed_twice(self, tmp_path, monkeypatch):
        run(GRID, store=tmp_path)
        monkeypatch.setattr("qbsim.sweeps.tasks.Curve.compute", None)
        run(GRID, store=tmp_path)

    def test_number_of_realizations_by_point(self):
        """A function of the point, or a table for one axis."""
        ds = run(GRID, realizations=lambda N, delta: 3 * N)
        assert ds.realizations.values.tolist() == [[6, 6], [9, 9]]
        assert same_bits(ds, run(GRID, realizations={"N": {2: 6, 3: 9}}))


class TestDataset:
    def test_names_dims_and_units(self):
        ds = run({"N": [2], "delta": [0.0, 2.0]}, measures=["energy", "ergotropy", "power"])
        assert ds.ergotropy.dims == ds.power_sem.dims == ("N", "delta", "state", "time")
        assert ds.half_life_err.dims == ds.gain.dims == ("N", "delta", "state")
        assert ds.realizations.dims == ("N", "delta")
        for name, variable in ds.data_vars.items():
            assert variable.attrs["long_name"], name
            assert "units" in variable.attrs, name

    def test_provenance(self, tmp_path):
        """Parameters with every default, seed rule, versions, times, processor, thread cap, solver, certificate."""
        run(store=tmp_path, seed=3)
        with xr.open_dataset(tmp_path / "sweep.nc") as ds:
            asked = json.loads(ds.attrs["parameters"])
            assert asked["build"]["arguments"] == {"N": 3, "delta": 1.0}
            assert asked["seed"] == 3
            assert "SeedSequence" in ds.attrs["seed_rule"]
            for name in (
                "parameters_sha256",
                "numpy_version",
                "numba_version",
                "started",
                "finished",
                "host_processor",
            ):
                assert ds.attrs[name], name
            assert ds.attrs["threads_per_worker"] == 1
            assert ds.attrs["solver"]
            assert json.loads(ds.attrs["certificate"])["trace_error"] < 1e-8

    def test_text_axes(self):
        """An axis of geometries; ring and complete graph of three cells are the same battery."""
        ds = run(
            {"geometry": ["linear", "circular", "all_to_all"]},
            build=lambda geometry: qb.network(getattr(qb, geometry)(3), J=2.0, gamma=1.0, gamma_bond=0.5),
            realizations=1,
        )
        ring, complete = (ds.ergotropy.sel(geometry=g).values for g in ("circular", "all_to_all"))
        np.testing.assert_allclose(ring, complete, atol=1e-7)
        assert np.abs(ds.ergotropy.sel(geometry="linear") - ring).max() > 1e-3

    def test_no_axes_is_one_ensemble(self):
        assert run({}).ergotropy.dims == ("state", "time")

    @pytest.mark.parametrize(
        ("axes", "kwargs", "message"),
        [
            ({"dleta": [1.0]}, {}, "Unknown axis 'dleta'. Did you mean 'delta'"),
            ({"delta": []}, {}, "Axis 'delta' must be a non-empty list"),
            ({"delta": 1.0}, {}, "Axis 'delta' must be a non-empty list"),
            ({"delta": [1.0, 1.0]}, {}, "every value once"),
            ({"delta": [1.0, np.nan]}, {}, "must be finite"),
            ({"delta": [1.0, "a"]}, {}, "must hold numbers or texts"),
            ({"state": ["a"]}, {}, "must have another name"),
            ({}, {"states": []}, "at least one state"),
            ({}, {"states": "pluss"}, "Did you mean 'plus'"),
            ({}, {"states": {"w": lambda N: qb.plus(N + 1)}}, r"states\['w'\] must have dims"),
            ({}, {"measures": "ergotrophy"}, "Did you mean 'ergotropy'"),
            ({}, {"realizations": 0}, "realizations must be at least 1"),
            ({}, {"realizations": 1.5}, "realizations must be an integer"),
            ({"N": [2]}, {"realizations": {"N": {3: 1}}}, "no number for N = 2"),
            ({}, {"seed": -1}, "seed must be at least 0"),
            ({}, {"tlist": [0.0, 0.0]}, "strictly increasing"),
            ({}, {"solver": "network2"}, "Did you mean 'network'"),
            ({}, {"executor": "parallel"}, "Argument executor must be"),
            ({}, {"workers": 0}, "workers must be at least 1"),
            ({}, {"keep": "none"}, "keep must be 'mean' or 'all'"),
            ({}, {"build": lambda N, rng: chain(N, rng=rng)}, "Argument build needs N"),
            ({}, {"build": lambda: chain(rng=np.random.default_rng(1))}, "must accept rng"),
            ({}, {"build": lambda rng: 3}, "must return a Battery"),
        ],
    )
    def test_errors_teach(self, axes, kwargs, message):
        with pytest.raises((TypeError, ValueError), match=message):
            run(axes, **kwargs)

    def test_all_realizations_must_fit_the_memory(self):
        """Refused before anything is computed."""
        with pytest.raises(MemoryError, match=r"keep='all' needs about .* GiB, but"):
            run(realizations=10**9, keep="all")

    def test_an_error_in_a_worker_names_the_realization(self):
        def fails(rng):
            if rng.uniform() > 0.9:
                raise ValueError("no such field")
            return qb.single_cell(gamma=1.0)

        with pytest.raises(ValueError, match="no such field") as caught:
            run({}, build=fails, realizations=64)
        assert "realizations" in caught.value.__notes__[0]


def test_cover_takes_every_realization_once():
    """Overlapping files and gaps: pieces and gaps tile the realizations."""
    ranges = [("a", 0, 4), ("b", 2, 8), ("c", 10, 12), ("d", 20, 30)]
    pieces, gaps = cover(ranges, 25)
    assert pieces == [("a", 0, 4), ("b", 4, 8), ("c", 10, 12), ("d", 20, 25)]
    assert gaps == [(8, 10), (12, 20)]
