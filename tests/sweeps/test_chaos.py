"""Sweeps that are killed, interrupted and resumed end with the bits of an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import xarray as xr
from test_run import chain, run, same_bits

import qbsim as qb

AXES = {"delta": [0.0, 2.0]}
PAUSE = 0.01  # makes a realization slow enough to be hit


def slow_chain(delta, *, rng):
    time.sleep(PAUSE)
    return chain(3, delta, rng=rng)


def suicidal_chain(delta, *, rng):
    """Ends its process in one realization: the one whose first field exceeds all others."""
    battery = chain(3, delta, rng=rng)
    if battery.omega[0] > 29.0:
        os.kill(os.getpid(), signal.SIGKILL)
    return battery


def start(folder: Path, workers: int = 2) -> subprocess.Popen:
    """The sweep as a process of its own."""
    code = (
        "import sys; from test_chaos import *\n"
        f"run(AXES, build=slow_chain, realizations=60, store=sys.argv[1], executor=None, workers={workers})"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env=environment,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )


def workers_of(process: subprocess.Popen) -> list[psutil.Process]:
    """Worker processes, without the resource tracker."""
    try:
        children = psutil.Process(process.pid).children()
        return [c for c in children if any("popen_loky" in part for part in c.cmdline())]
    except psutil.Error:
        return []


def wait_for_batches(process: subprocess.Popen, folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(list(folder.glob("batches/*/*.npz"))) < count and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def undisturbed():
    return run(AXES, realizations=60)


def stored(folder: Path) -> xr.Dataset:
    with xr.open_dataset(folder / "sweep.nc") as ds:
        return ds.load()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random(seed, undisturbed, tmp_path):
    """SIGKILL of workers and of the parent at random times; resume until it is done; compare bit for bit."""
    rng = random.Random(seed)
    process = start(tmp_path)
    kills = {"worker": 0, "parent": 0}
    while process.poll() is None:
        time.sleep(rng.uniform(0.3, 2.0))
        victims = workers_of(process)
        if kills["worker"] < 4 and victims and rng.random() < 0.7:
            victims[rng.randrange(len(victims))].kill()
            kills["worker"] += 1
        elif kills["parent"] < 3:
            process.kill()
            process.communicate()
            kills["parent"] += 1
            process = start(tmp_path)
    _, output = process.communicate()
    assert process.returncode == 0, output
    assert kills["worker"] + kills["parent"] >= 2
    result = stored(tmp_path)
    if (result.realizations == 60).all():
        assert_same(result, undisturbed)
    else:  # one batch was unlucky twice: it is named, and the next call fills it in
        assert "realizations" in result.attrs["set_aside"]
    assert_same(run(AXES, realizations=60, store=tmp_path), undisturbed)


def assert_same(a: xr.Dataset, b: xr.Dataset) -> None:
    """Same numbers in every bit; strings of another fixed width are the same."""
    assert same_bits(a.drop_vars(["identity", "state"]), b.drop_vars(["identity", "state"]))
    assert a.state.values.tolist() == b.state.values.tolist()


def test_parent_and_worker_killed_once(undisturbed, tmp_path):
    """One worker and then the parent die; their workers end with it; the same call resumes."""
    process = start(tmp_path)
    wait_for_batches(process, tmp_path, 2)
    (workers_of(process) or [process])[0].kill()
    wait_for_batches(process, tmp_path, 4)
    orphans = workers_of(process)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(orphans, timeout=10)
    assert not alive
    before = {f: f.stat().st_mtime_ns for f in tmp_path.glob("batches/*/*.npz") if not f.name.startswith(".")}
    assert before
    assert_same(run(AXES, realizations=60, store=tmp_path), undisturbed)
    assert all(f.stat().st_mtime_ns == at for f, at in before.items())  # what was finished was not computed again


def test_a_deadly_batch_is_set_aside(tmp_path):
    """A batch that ends its worker twice is reported; the rest goes on, and its average is right."""
    with pytest.warns(qb.SweepWarning, match="Set aside"):
        ds = run({"delta": [0.0, 2.0]}, build=suicidal_chain, realizations=40, states="full", executor=None, workers=1)
    assert int(ds.realizations.sel(delta=0.0)) == 40
    assert 0 < int(ds.realizations.sel(delta=2.0)) < 40
    assert "delta = 2.0" in ds.attrs["set_aside"]


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c(times, undisturbed, tmp_path):
    """The first one finishes and stores what is running, the second stops at once; both leave a store that resumes."""
    process = start(tmp_path, workers=1)
    wait_for_batches(process, tmp_path, 2)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    _, output = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "Finishing the batches" in output
    assert ("the same call resumes") in output
    assert not (tmp_path / "sweep.nc").exists()
    assert_same(run(AXES, realizations=60, store=tmp_path), undisturbed)
