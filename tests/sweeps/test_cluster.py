"""The same call and the same bits on dask.distributed, and what a lost worker costs."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from test_run import GRID, chain, run, same_bits

import qbsim as qb

distributed = pytest.importorskip("distributed")
# the cluster's own threads and processes warn of what they like when a worker is killed
pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster


def slow(N, delta, *, rng):
    time.sleep(0.01)
    return chain(N, delta, rng=rng)


def test_one_of_two_workers_is_killed(cluster, tmp_path):
    """Its batches are computed by others, and nothing shows in the averages."""
    with distributed.Client(cluster) as client:
        pids = list(client.run(os.getpid).values())
        killed = threading.Event()

        def kill():
            while not list(tmp_path.glob("batches/*/*.npz")):
                time.sleep(0.02)
            os.kill(pids[0], signal.SIGKILL)
            killed.set()

        threading.Thread(target=kill, daemon=True).start()
        ds = run(GRID, build=slow, realizations=30, executor=client, store=tmp_path)
        assert killed.is_set()
        assert sorted(client.run(os.getpid).values()) != sorted(pids)
    assert same_bits(ds, run(GRID, realizations=30))


def test_the_address_of_a_scheduler(cluster):
    ds = run(GRID, realizations=20, executor=cluster.scheduler_address)
    assert same_bits(ds, run(GRID, realizations=20))


@pytest.mark.slow
def test_a_batch_that_kills_every_worker_is_set_aside(cluster):
    """dask gives up on it after several workers; the rest goes on."""

    def deadly(delta, *, rng):
        if delta > 1 and threading.current_thread() is not threading.main_thread():
            os.kill(os.getpid(), signal.SIGKILL)  # in a worker only: the plan builds a battery too
        return chain(3, delta, rng=rng)

    with distributed.Client(cluster) as client, pytest.warns(qb.SweepWarning, match="Set aside"):
        ds = run(build=deadly, realizations=4, states="full", executor=client)
    assert ds.realizations.values.tolist() == [4, 0]
