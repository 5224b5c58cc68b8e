"""`trajectories`: its numbers against `evolve`, the same bits whatever computed them, stores, engines and messages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
import qutip
import xarray as xr

import qbsim as qb
from qbsim.sweeps.batches import Store
from qbsim.sweeps.show import of_store
from qbsim.unravelling import tasks
from qbsim.unravelling.tasks import Trajectories

TIMES = [0.0, 0.05, 0.1]
ALL = ("energy", "ergotropy", "local_ergotropy", "purity")
QUIET = ("energy", "local_ergotropy", "purity")  # no bracket that may be wide


def chain(N=4, **more):
    """A disordered open chain: trajectories stay Gaussian."""
    return qb.disordered_chain(N, 2.0, B0=10.0, exchange=10.0, gamma=1.0, rng=np.random.default_rng(0), **more)


def ring(N=3, **more):
    """A ring: trajectories do not stay Gaussian."""
    return qb.network(qb.circular(N), **{"omega": [1.0, 2.0, 3.0][:N], "J": 2.0, "gamma": 1.0} | more)


def run(battery=None, rho0="plus", times=TIMES, measures=ALL, **more):
    return qb.trajectories(
        ring() if battery is None else battery, rho0, times, measures, **{"ntraj": 80, "executor": "serial"} | more
    )


def same_bits(a: xr.Dataset, b: xr.Dataset) -> bool:
    """Equal values in every bit."""
    assert set(a.variables) == set(b.variables)
    return all(a[v].values.tobytes() == b[v].values.tobytes() for v in a.variables)


def batches(folder):
    return sorted(Path(folder).glob("batches/*/*.npz"))


class TestNumbers:
    @pytest.mark.parametrize("battery", [ring(), chain()], ids=["ket", "gaussian"])
    def test_means_are_those_of_the_master_equation(self, battery):
        """Within 4 standard errors; the bracket, which fails once in 20 times, contains the ergotropy here."""
        ds, exact = run(battery, ntraj=300), qb.evolve(battery, "plus", TIMES, ALL)
        for name in QUIET:
            assert (abs(ds[name] - exact[name]) <= 4 * ds[f"{name}_sem"] + 1e-9).all()
        assert (ds.ergotropy_lower <= exact.ergotropy + 1e-9).all()
        assert (exact.ergotropy <= ds.ergotropy_upper + 1e-9).all()
        assert (ds.ergotropy_upper > ds.ergotropy_lower)[1:].all()

    def test_the_first_time_of_a_pure_state_is_exact(self):
        ds, exact = run(), qb.evolve(ring(), "plus", TIMES[:1], ALL)
        for name in ("energy", "local_ergotropy", "purity"):
            assert float(ds[name][0]) == pytest.approx(float(exact[name][0]), abs=1e-9)
            assert float(ds[f"{name}_sem"][0]) == pytest.approx(0, abs=1e-9)
        for side in ("lower", "upper"):
            assert float(ds[f"ergotropy_{side}"][0]) == pytest.approx(float(exact.ergotropy[0]), abs=1e-6)
        assert ds.jumps[0] == 0

    def test_a_closed_battery_has_no_errors(self):
        ds = run(qb.drive(2), qb.states.uncharged(qb.drive(2)), [0.0, 0.5, 1.0], ("energy", "ergotropy"), ntraj=20)
        exact = qb.evolve(qb.drive(2), qb.states.uncharged(qb.drive(2)), [0.0, 0.5, 1.0])
        np.testing.assert_allclose(ds.energy, exact.energy, atol=1e-7)
        np.testing.assert_allclose(ds.ergotropy_lower, exact.ergotropy, atol=1e-6)
        np.testing.assert_allclose(ds.ergotropy_upper, exact.ergotropy, atol=1e-6)

    def test_the_error_of_the_local_ergotropy_is_that_of_repetitions(self):
        """Standard deviation over 12 seeds against the mean of the jackknife."""
        runs = [run(measures="local_ergotropy", ntraj=40, seed=s, times=[0.0, 0.3]) for s in range(12)]
        spread = np.std([float(ds.local_ergotropy[1]) for ds in runs], ddof=1)
        assert 0.5 < spread / np.mean([float(ds.local_ergotropy_sem[1]) for ds in runs]) < 2

    def test_a_state_of_one_cell_stands_for_all(self):
        cell = qutip.Qobj([[0.3, 0.1], [0.1, 0.7]])
        a, b = (run(rho0=state, ntraj=40, measures="energy") for state in (cell, [cell] * 3))
        assert same_bits(a, b)


class TestSameBits:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_workers(self, workers, monkeypatch):
        monkeypatch.setattr("loky.cpu_count", lambda: workers)
        assert same_bits(run(executor=None), run())

    def test_gaussian_trajectories_in_workers(self, monkeypatch):
        monkeypatch.setattr("loky.cpu_count", lambda: 2)
        assert same_bits(run(chain(), executor=None), run(chain()))

    def test_an_executor_of_the_caller(self):
        with ThreadPoolExecutor(1) as pool:
            assert same_bits(run(executor=pool), run())

    @pytest.mark.parametrize("make", [ring, chain])
    def test_a_longer_run_extends_a_store(self, make, tmp_path):
        short = run(make(), store=tmp_path, ntraj=30, measures=QUIET)
        before = {f: f.stat().st_mtime_ns for f in batches(tmp_path)}
        long = run(make(), store=tmp_path, ntraj=80)
        assert all(f.stat().st_mtime_ns == at for f, at in before.items())
        assert same_bits(long, run(make(), ntraj=80))
        assert same_bits(run(make(), store=tmp_path, ntraj=30, measures=QUIET), short)

    def test_a_trajectory_does_not_depend_on_the_others(self):
        job = Trajectories(ring(), qb.states.read_state("plus", [2] * 3), np.array(TIMES), 5)
        whole, part = job.compute(0, 9), job.fresh().compute(6, 8)
        assert all(np.array_equal(whole.arrays[name][6:8], part.arrays[name]) for name in whole.arrays)

    def test_other_measures_take_the_stored_trajectories(self, tmp_path, monkeypatch):
        run(store=tmp_path, measures="energy")
        monkeypatch.setattr(Trajectories, "compute", None)
        again = run(store=tmp_path)
        monkeypatch.undo()
        assert same_bits(again, run())

    def test_functions_of_time_travel_by_value(self, monkeypatch):
        """A constant of this module that is changed at run time reaches the workers."""
        monkeypatch.setattr("loky.cpu_count", lambda: 1)
        monkeypatch.setattr(sys.modules[__name__], "STRENGTH", 3.0)
        driven = ring(x=strength)
        assert same_bits(
            run(driven, executor=None, ntraj=20, measures="energy"), run(driven, ntraj=20, measures="energy")
        )


STRENGTH = 1.0


def strength(t):
    return STRENGTH * np.sin(t)


class TestTarget:
    def test_it_stops_when_the_bracket_is_narrow(self):
        ds = run(times=[0.0, 0.02], target=0.2, ntraj=2000)
        assert 16 <= ds.attrs["ntraj"] < 2000
        assert ds.attrs["ntraj"] % 64 == 0
        width = (ds.ergotropy_upper - ds.ergotropy_lower) / ds.ergotropy_upper[0]
        assert (width <= 0.2).all()
        assert same_bits(ds, run(times=[0.0, 0.02], ntraj=ds.attrs["ntraj"]))

    def test_it_ends_with_a_warning_at_the_largest_number(self):
        with pytest.warns(qb.SamplingWarning, match=r"% of W\(0\) wide at time .*with 70 trajectories.*e\^S"):
            ds = run(times=[0.0, 0.3], target=1e-6, ntraj=70)
        assert ds.attrs["ntraj"] == 70
        assert ds.attrs["target"] == 1e-6

    def test_a_wide_bracket_warns_without_a_target(self):
        with pytest.warns(qb.SamplingWarning, match="Use more trajectories, earlier times or fewer cells"):
            run(rho0="classical", times=[0.0, 1.0], ntraj=16)

    def test_without_ergotropy_nothing_warns(self):
        run(rho0="classical", times=[0.0, 1.0], ntraj=16, measures=("energy", "purity"))


class TestDataset:
    def test_what_it_says_of_itself(self):
        ds = run(confidence=0.9, seed=3)
        assert set(ds.data_vars) == {
            *(f"{name}{end}" for name in ("energy", "local_ergotropy", "purity") for end in ("", "_sem")),
            "ergotropy_lower",
            "ergotropy_upper",
            "jumps",
        }
        assert set(ds.coords) == {"time", "lower_by", "upper_by", "groups", "group_size"}
        assert ds.attrs["engine"] == "ket"
        assert "open chain" in ds.attrs["engine_reason"]
        assert (ds.attrs["ntraj"], ds.attrs["confidence"], ds.attrs["seed"]) == (80, 0.9, 3)
        assert "half of the risk" in ds.attrs["confidence_rule"]
        assert json.loads(ds.attrs["parameters"]) == ring().parameters()
        assert ds.attrs["set_aside"] == "[]"
        assert ds.energy_sem.attrs["long_name"].startswith("standard error of the")
        assert ds.ergotropy_lower.attrs["units"] == ds.energy.attrs["units"]
        assert {"qutip_version", "numpy_version", "numerics_sha256", "started", "finished"} <= set(ds.attrs)

    def test_chains_take_the_gaussian_engine_and_rings_take_kets(self):
        assert run(chain(), measures="energy").attrs["engine"] == "gaussian"
        assert run(ring(), measures="energy").attrs["engine"] == "ket"

    def test_a_higher_confidence_is_a_wider_bracket(self):
        a, b = (run(confidence=c, measures="ergotropy", times=[0.0, 0.02], ntraj=200) for c in (0.5, 0.99))
        assert (b.ergotropy_lower <= a.ergotropy_lower)[1:].all()
        assert (a.ergotropy_upper <= b.ergotropy_upper)[1:].all()

    def test_one_measure_alone(self):
        assert set(run(measures="purity").data_vars) == {"purity", "purity_sem", "jumps"}
        assert set(run(measures="energy").coords) == {"time"}

    def test_cells_of_three_levels(self):
        battery = qb.Battery(qutip.num(3), qutip.num(3), [qutip.destroy(3)], N=1)
        ds = run(battery, qutip.basis(3, 2), [0.0, 0.5], ("energy", "ergotropy"), ntraj=200)
        exact = qb.evolve(battery, qutip.basis(3, 2), [0.0, 0.5])
        assert abs(ds.energy[1] - exact.energy[1]) < 4 * ds.energy_sem[1]
        assert ds.ergotropy_lower[1] <= exact.ergotropy[1] <= ds.ergotropy_upper[1]


class TestStore:
    def test_the_result_is_stored_and_opened(self, tmp_path):
        ds = run(store=tmp_path)
        assert qb.load(tmp_path).identical(ds)
        assert dict(of_store(tmp_path))["stored"] == "80 of 80 trajectories (100 %)"
        assert qb.load(tmp_path / "trajectories.nc").identical(ds)

    def test_a_sweep_and_trajectories_do_not_share_a_folder(self, tmp_path):
        run(store=tmp_path / "a")
        with pytest.raises(ValueError, match="holds trajectories: use another folder"):
            qb.sweep(qb.single_cell, {}, states="full", tlist=TIMES, store=tmp_path / "a", executor="serial")
        qb.sweep(qb.single_cell, {}, states="full", tlist=TIMES, store=tmp_path / "b", executor="serial")
        with pytest.raises(ValueError, match="holds a sweep: use another folder"):
            run(store=tmp_path / "b")

    def test_a_bad_file_is_computed_again(self, tmp_path):
        ds = run(store=tmp_path)
        file = batches(tmp_path)[0]
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        with pytest.warns(qb.SweepWarning, match=r"renamed to \.bad"):
            assert same_bits(run(store=tmp_path), ds)

    def test_another_seed_or_battery_meets_no_old_file(self, tmp_path):
        run(store=tmp_path, measures=QUIET)
        for more in ({"seed": 1}, {"battery": ring(J=1.0)}, {"rho0": "full"}, {"times": [0.0, 0.2]}):
            assert same_bits(run(store=tmp_path, measures=QUIET, **more), run(measures=QUIET, **more))

    def test_one_time_is_read_without_the_others(self, tmp_path, monkeypatch):
        """Its states only: a run never holds more than those of one time."""
        read, usual = [], tasks.read_rows
        monkeypatch.setattr(tasks, "read_rows", lambda path, key, name: read.append(name) or usual(path, key, name))
        run(store=tmp_path)
        assert set(read) == {"states:000000", "states:000001", "states:000002", "jumps", "hazard"}

    def test_a_store_that_is_not_finished_says_so(self, tmp_path):
        run(store=tmp_path)
        manifest = Store.read_manifest(tmp_path) | {"finished": None}
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(ValueError, match=r"not finished: call qbsim\.trajectories again"):
            qb.load(tmp_path)
        assert "call of qbsim.trajectories resumes" in dict(of_store(tmp_path))["trajectories"]


def slow_run(folder, **more):
    """Trajectories of several batches of three seconds: the engine waits."""
    from qbsim.unravelling.kets import KetEngine

    usual = KetEngine.run
    KetEngine.run = lambda self, rng: time.sleep(0.05) or usual(self, rng)
    return run(store=folder, ntraj=150, **more)


def start(folder):
    code = "import sys; from test_trajectories import *\nslow_run(sys.argv[1])"
    places = [str(Path(__file__).parent), *sys.path]
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places)},
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )


def wait_for_batches(process, folder, count):
    deadline = time.monotonic() + 60
    while len(batches(folder)) < count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
def test_an_interrupted_run_goes_on(stop, tmp_path):
    process = start(tmp_path)
    wait_for_batches(process, tmp_path, 2)
    process.send_signal(stop)
    _, output = process.communicate(timeout=60)
    assert process.returncode != 0
    if stop == signal.SIGINT:
        assert "trajectories; they are stored, and the same call resumes" in output
    before = {f: f.stat().st_mtime_ns for f in batches(tmp_path) if not f.name.startswith(".")}
    assert before
    assert same_bits(run(store=tmp_path, ntraj=150), run(ntraj=150))
    assert all(f.stat().st_mtime_ns == at for f, at in before.items())


def test_a_killed_worker_costs_a_second_try(tmp_path):
    """The worker dies, its batch is computed again by a new one, and the bits are the same."""
    code = (
        "import sys, loky; loky.cpu_count = lambda: 1; from test_trajectories import *\n"
        "run(ring(), store=sys.argv[1], executor=None, ntraj=1500, measures='energy')"
    )
    places = [str(Path(__file__).parent), *sys.path]
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places)},
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_batches(process, tmp_path, 1)
    for child in psutil.Process(process.pid).children():
        if any("popen_loky" in part for part in child.cmdline()):
            child.kill()
    _, output = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert same_bits(qb.load(tmp_path), run(ring(), ntraj=1500, measures="energy"))
