"""Long runs show how far they are and can be interrupted; short ones say nothing."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest
import qutip
from random_states import start

import qbsim as qb
from qbsim import _machine
from qbsim.charging import charge_dicke, max_power, uncharged
from qbsim.solvers import SOLVERS, Settings, load
from qbsim.solvers import _progress as progress

TIMES = np.linspace(0, 1, 21)
CHAIN = qb.network(qb.linear(3), omega=[1.0, 2.0, 3.0], J=1.0, gamma=0.5, gamma_bond=0.1)
DRIVE = qb.drive(3)
RUNS = {  # a run that each solver can do
    "independent": (qb.network((), 3, gamma=1.0), qb.plus(3)),
    "product": (qb.network(qb.linear(3), J=1.0, gamma=1.0), qb.full(3)),
    "dense": (CHAIN, qb.plus(3)),
    "network": (CHAIN, qb.plus(3)),
    "symmetric": (qb.network(qb.central(3), J=1.0, gamma=0.5, gamma_bond=0.1), qb.plus(3)),
    "closed": (DRIVE, uncharged(DRIVE)),
    "sparse": (CHAIN, qb.plus(3)),
    "qutip": (CHAIN, qb.plus(3)),
}


CLOSED_FORMS = ("independent", "product")  # they have no way to go


class Recorder:
    """Listener that keeps what it hears."""

    def __init__(self):
        self.solved, self.spectra = [], 0.0

    def __call__(self, solved, spectra):
        self.solved += [] if solved is None else [solved]
        self.spectra += spectra


def listen(name, battery, rho0, tlist):
    heard = Recorder()
    with _machine.heard_by(heard):
        return heard, observed(name, battery, rho0, tlist)


def observed(name, battery, rho0, tlist):
    """What a solver finds, eigenvalues included."""
    parts = load(name).run(battery, start(rho0), tlist, Settings())
    if load(name).MATRICES:
        return [(part.populations, part.eigenvalues) for part in parts]
    return [(part.pair(0, 1), part.passive_energy(battery.omega)[0]) for part in parts]


@pytest.mark.parametrize("name", SOLVERS)
def test_following_a_run_changes_no_bit(name):
    battery, rho0 = RUNS[name]
    _, followed = listen(name, battery, rho0, TIMES)
    alone = observed(name, battery, rho0, TIMES)
    for ours, theirs in zip(followed, alone, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("name", [name for name in SOLVERS if name not in CLOSED_FORMS])
def test_every_solver_says_how_far_it_is(name, monkeypatch):
    if name == "network":  # as if it were large
        monkeypatch.setattr(sys.modules[load(name).__name__], "PIECE", 64 * 3 * 4)
    heard, _ = listen(name, *RUNS[name], TIMES)
    assert len(heard.solved) >= 3
    assert heard.solved == sorted(heard.solved)
    assert all(0 < share <= 1 + 1e-12 for share in heard.solved)
    assert heard.solved[-1] > 0.9


@pytest.mark.parametrize("name", ["closed", "network", "qutip"])
def test_a_run_with_two_times_says_it_on_the_way(name, monkeypatch):
    if name == "network":
        monkeypatch.setattr(sys.modules[load(name).__name__], "PIECE", 64 * 3 * 4)
    battery, rho0 = RUNS[name]
    if name == "closed":  # a block too large for eigenvectors goes step after step
        monkeypatch.setattr(sys.modules[load(name).__name__], "DENSE_BYTES", 0)
    heard, _ = listen(name, battery, rho0, np.array([0.0, 2000.0]))
    assert len(heard.solved) >= 3


def test_eigenvalues_are_counted_once_for_every_time():
    for name in ("network", "qutip", *CLOSED_FORMS):
        heard, _ = listen(name, *RUNS[name], TIMES)
        assert heard.spectra == pytest.approx(len(TIMES))


def test_qutip_gives_the_states_of_mesolve_bit_by_bit():
    # looking at a run between its times does not move the steps
    options = {"method": "vern9", "rtol": 1e-8, "atol": 1e-10, "nsteps": 10**8, "normalize_output": False}
    options |= {"progress_bar": "", "store_states": True}
    from qbsim.solvers._cost import generator_norm

    options["max_step"] = 8.0 / generator_norm(CHAIN)
    theirs = qutip.MESolver(CHAIN.H, CHAIN.c_ops, options=options).run(qb.plus(3), TIMES).states
    with _machine.heard_by(Recorder()):
        (ours,) = load("qutip").run(CHAIN, start(qb.plus(3)), TIMES, Settings())
    assert np.array_equal(ours.dense, np.array([(s.proj() if s.isket else s).full() for s in theirs]))


# --- what is shown --------------------------------------------------------------------------------------------------


@pytest.fixture
def long(monkeypatch):
    """As if every run were forecast to take an hour, and every second counted."""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    for name in SOLVERS:
        monkeypatch.setattr(sys.modules[load(name).__name__], "seconds", lambda *_, spectrum: 7000.0)


def test_a_run_forecast_above_ten_seconds_shows_at_once(long, capsys):
    qb.evolve(CHAIN, qb.plus(3), TIMES)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "0 of 21 times, about 1.9 h left"
    assert lines[-1] == "21 of 21 times, about 0 s left"


@pytest.mark.parametrize(
    "call",
    [
        lambda show: charge_dicke(2, [0, 0.5], lam=0.5, **show),
        lambda show: qb.charging.charge(DRIVE, uncharged(DRIVE), [0, 0.5], **show),
        lambda show: max_power(DRIVE, uncharged(DRIVE), np.linspace(0, 2, 9), **show),
        lambda show: qb.charging.charge_and_hold(DRIVE, uncharged(DRIVE), [0, 1], CHAIN, [0, 1], **show),
    ],
    ids=["charge_dicke", "charge", "max_power", "charge_and_hold"],
)
def test_charging_shows_the_same(call, long, capsys):
    call({"progress": False})
    assert capsys.readouterr().err == ""
    call({})
    assert "times, about 1.9 h left" in capsys.readouterr().err


def test_a_short_run_says_nothing(capsys):
    qb.evolve(CHAIN, qb.plus(3), TIMES)
    assert capsys.readouterr().err == ""


def test_a_sweep_shows_realizations_and_no_single_run(long, capsys):
    qb.sweep(lambda: CHAIN, {}, states="plus", tlist=TIMES, executor="serial")
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(" of 1 realizations" in row for row in lines)


def test_a_sweep_inside_a_run_is_not_heard_by_it(capsys):
    heard = Recorder()
    with _machine.heard_by(heard):
        qb.sweep(lambda: CHAIN, {}, states="plus", tlist=TIMES, executor="serial", progress=False)
    assert heard.solved == []


def test_the_time_left_is_what_the_share_done_says(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    left = []

    class Bar(progress.Progress):
        def advance(self, count, seconds_left):
            left.append(seconds_left)

    # a run forecast to take 10 s, of which 5 s are eigenvalues, that takes 40 s
    meter = progress.Meter(Bar(), 10, 5.0, 5.0)
    for k in range(10):
        clock[0] += 2.0
        meter((k + 1) / 10, 0.0)
    for _ in range(10):
        clock[0] += 2.0
        meter(None, 1.0)
    assert np.allclose(left, [40.0 - 2.0 * (k + 1) for k in range(20)])


# --- Ctrl-C ---------------------------------------------------------------------------------------------------------

INTERRUPTED = """
import sys, time
import numpy as np
import qbsim as qb
{before}
net = qb.network(qb.linear({N}), omega=np.arange({N}) / {N}, J=1.0, gamma=1.0, gamma_bond=0.1)
print("ready", flush=True)
try:
    qb.evolve(net, qb.plus({N}), np.linspace(0, {end}, {times}), {more})
except KeyboardInterrupt:
    ds = qb.evolve(qb.single_cell(gamma=1.0), qb.full(1), [0.0, 1.0])  # the session goes on
    assert abs(float(ds.energy[1]) - np.exp(-1)) < 1e-9
    print(time.process_time(), flush=True)
    import os
    os._exit(0)  # what LAPACK has begun ends by itself
"""
WARM = "t = qb.network(qb.linear(4), J=1.0, gamma=1.0); qb.evolve(t, qb.plus(4), [0, 1])  # compiles"


@pytest.mark.parametrize(
    ("solver", "N", "end", "times"),
    [("network", 10, 40.0, 201), ("qutip", 8, 400.0, 2), ("network", 11, 1e-3, 41)],
    ids=["Faber steps", "QuTiP between two times", "eigenvalues"],
)
def test_ctrl_c_ends_a_long_run_at_once(solver, N, end, times):
    # each would take a minute or more
    code = INTERRUPTED.format(before=WARM, N=N, end=end, times=times, more=f"solver={solver!r}")
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    killer = threading.Timer(60, process.kill)
    killer.start()
    try:
        assert process.stdout.readline() == "ready\n"
        time.sleep(2)
        began = sum(psutil.Process(process.pid).cpu_times()[:2])
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate()
    finally:
        killer.cancel()
    assert output, errors
    assert float(output) - began < 10  # seconds of processor time
