"""The command line: what it prints, what it keeps, what it refuses, and how it ends."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

from qbsim.cli import main as cli
from qbsim.ledger import scenario

OWN = '''"""Half-life of one cell.

Nothing else.
"""

import os
import signal

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import number

FIGURE = "own"
COST = "1 s"
RATE = 1.0
PRINTED = "0.288"
STATES = {"full": qb.full}


def compute(quick=False, workers=None):
    if os.environ.get("OWN_INTERRUPT"):
        os.kill(os.getpid(), signal.SIGINT)
    with open("computed", "a") as tally:
        tally.write("x")
    return qb.evolve(qb.single_cell(gamma=RATE), qb.full(1), np.linspace(0, 1, 101 if quick else 2001))


def draw(ds):
    fig, ax = plotting.figure()
    plotting.curve(ds, "ergotropy", ax)
    return fig


def claims(ds):
    found = qb.half_life(ds.time, ds.ergotropy)
    return [number("half-life", PRINTED, found, quote="tau = ln(4/3)/Gamma", place="Eq. (7)")]
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A scenario of the user's own in an empty folder; `computed` counts how often it ran."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    name = f"own_{abs(hash(str(tmp_path))) % 10**8}"  # a fresh module for every test
    Path(f"{name}.py").write_text(OWN)
    return f"{name}.py"


def edit(file, old, new):
    """Change the scenario and forget the imported one."""
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))
    sys.modules.pop(Path(file).stem, None)
    os.utime(file, ns=(0, os.stat(file).st_mtime_ns + 10**9))  # a new time stamp, so that no cached bytecode is used


def runs():
    return len(Path("computed").read_text()) if Path("computed").exists() else 0


def qbsim(*words, **kwargs):
    """The command in a process of its own."""
    env = os.environ | {"PYTHONPATH": str(Path(scenario.__file__).parents[2])} | kwargs.pop("env", {})
    return subprocess.run([sys.executable, "-m", "qbsim", *words], capture_output=True, text=True, env=env, **kwargs)


# --- list and find --------------------------------------------------------------------------------------------------


def test_list_names_every_figure(capsys):
    assert cli.main(["list"]) == 0
    text = capsys.readouterr().out
    for name in ("santos2021.fig2", "santos2021.fig5", "arjmandi2022.fig1", "arjmandi2022.fig8"):
        assert name in text
    assert "Five cells in four geometries" in " ".join(text.split())


def test_list_and_help_import_no_scenario_and_no_xarray():
    code = (
        "import sys\nfrom qbsim.cli import main as cli\n"
        "assert cli.main(['list']) == 0 and cli.main(['--help']) == 0\n"
        "bad = [m for m in sys.modules if m.startswith(('scenarios', 'xarray', 'pandas', 'numba', 'qbsim.plotting'))]\n"
        "assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_names_papers_and_all():
    assert [s.name for s in scenario.find(["santos2021.fig4"])] == ["santos2021.fig4"]
    assert len(scenario.find(["santos2021"])) == 4
    assert len(scenario.find(["arjmandi2022", "arjmandi2022.fig1"])) == 8
    assert [s.name for s in scenario.find(["all"])] == [s.name for s in scenario.available()]


@pytest.mark.parametrize(
    ("typed", "meant"), [("santos2021.fg4", "santos2021.fig4"), ("arjmandi22", "arjmandi2022"), ("al", "all")]
)
@pytest.mark.parametrize("command", ["run", "redraw", "verify"])
def test_an_unknown_name_is_refused_with_the_nearest_one(command, typed, meant, capsys, tmp_path):
    assert cli.main([command, typed, "--out", str(tmp_path / "new")]) == 2
    captured = capsys.readouterr()
    assert f"Did you mean '{meant}'?" in captured.err
    assert captured.err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_figures_are_sorted_by_number():
    names = [scenario._natural(f"fig{k}") for k in (10, 2, 1)]
    assert sorted(names) == names[::-1]


# --- run ------------------------------------------------------------------------------------------------------------


def test_run_stores_draws_and_compares(own, capsys):
    assert cli.main(["run", own, "--quick"]) == 0
    stem = Path(own).stem
    assert sorted(p.name for p in Path("figures").iterdir()) == [f"{stem}.{x}" for x in ("nc", "pdf", "png")]
    assert "reproduced" in capsys.readouterr().out
    with xr.open_dataset(f"figures/{stem}.nc") as ds:
        assert ds.attrs["scenario"] == stem
        assert ds.attrs["quick"] == 1
        assert len(ds.attrs["scenario_sha256"]) == 64


def test_stored_data_is_not_computed_again(own, capsys):
    for _ in range(2):
        assert cli.main(["run", own, "--quick", "--out", "here"]) == 0
    assert runs() == 1
    assert "nothing to compute" in capsys.readouterr().out
    assert cli.main(["run", own, "--quick", "--out", "here", "--force"]) == 0
    assert runs() == 2


def test_another_process_finds_the_data_current(own):
    # the hash of a constant is its value, not where it lies in memory
    cli.main(["run", own, "--quick"])
    done = qbsim("run", own, "--quick")
    assert "nothing to compute" in done.stdout
    assert runs() == 1


def test_full_data_is_enough_for_a_quick_run_but_not_the_reverse(own):
    cli.main(["run", own, "--quick"])
    cli.main(["run", own])
    assert runs() == 2
    cli.main(["run", own, "--quick"])
    assert runs() == 2


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("RATE = 1.0", "RATE = 2.0", True),
        ("2001)", "3001)", True),
        ("Nothing else.", "A longer caption.", False),
        ("fig, ax = plotting.figure()", "fig, ax = plotting.figure(width=5)", False),
        ("Eq. (7)", "Eq. (8)", False),
        ("def compute(", "# a comment\ndef compute(", False),
    ],
)
def test_only_a_change_of_what_decides_the_numbers_computes_again(own, old, new, again):
    cli.main(["run", own])
    edit(own, old, new)
    cli.main(["run", own])
    assert runs() == (2 if again else 1)


def test_another_version_computes_again(own, monkeypatch):
    cli.main(["run", own])
    monkeypatch.setattr(scenario, "__version__", "9.9")
    cli.main(["run", own])
    assert runs() == 2


def test_a_broken_file_is_computed_anew(own, capsys):
    cli.main(["run", own])
    file = Path("figures") / f"{Path(own).stem}.nc"
    file.write_bytes(file.read_bytes()[:1000])
    assert cli.main(["run", own]) == 0
    assert runs() == 2
    assert "not a readable NetCDF file" in capsys.readouterr().err


def test_a_failing_claim_ends_with_exit_code_1(own):
    edit(own, 'PRINTED = "0.288"', 'PRINTED = "0.5"')
    assert cli.main(["run", own]) == 1
    assert cli.main(["verify", own]) == 1


def test_image_bytes_do_not_depend_on_the_run(own):
    cli.main(["run", own])
    paths = [Path("figures") / f"{Path(own).stem}.{ending}" for ending in ("png", "pdf")]
    first = [p.read_bytes() for p in paths]
    cli.main(["run", own, "--force"])
    assert [p.read_bytes() for p in paths] == first


# --- redraw and verify ----------------------------------------------------------------------------------------------


def test_redraw_computes_nothing(own, capsys):
    cli.main(["run", own])
    Path("figures", f"{Path(own).stem}.png").unlink()
    edit(own, "RATE = 1.0", "RATE = 2.0")
    assert cli.main(["redraw", own]) == 0
    assert runs() == 1
    assert Path("figures", f"{Path(own).stem}.png").exists()
    assert "older data" in capsys.readouterr().out


def test_redraw_without_data_is_refused(own, capsys):
    assert cli.main(["redraw", own, "--out", "nowhere"]) == 2
    Path("empty").mkdir()
    assert cli.main(["redraw", own, "--out", "empty"]) == 2
    assert "run `qbsim run" in capsys.readouterr().err
    assert runs() == 0


def test_verify_computes_what_is_missing_and_only_that(own, capsys):
    assert cli.main(["verify", own, "--quick"]) == 0
    assert cli.main(["verify", own, "--quick"]) == 0
    assert runs() == 1
    text = capsys.readouterr().out
    assert "1 statements of papers: 1 reproduced, 0 differ (explained), 0 undecided, 0 FAIL" in text
    assert not list(Path("figures").glob("*.png"))


# --- how it ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["rum"],
        ["run"],
        ["run", "santos2021.fig2", "--workers", "0"],
        ["run", "santos2021.fig2", "--workers", "two"],
        ["run", "santos2021.fig2", "--slowly"],
        ["run", "missing.py"],
        ["run", "not-a-module.py"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("not-a-module.py").touch()
    assert cli.main(words) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.startswith("qbsim")


def test_a_file_that_is_not_a_scenario_is_refused(own, capsys):
    edit(own, "def draw(", "def paint(")
    assert cli.main(["run", own]) == 2
    assert "lacks draw" in capsys.readouterr().err
    assert runs() == 0


def test_an_unwritable_folder_is_exit_code_2_and_stays_as_it_was(own, capsys):
    Path("file").write_text("not a folder")
    for folder in ("file", "file/below", "/proc/nowhere"):
        assert cli.main(["run", own, "--quick", "--out", folder]) == 2
        assert "cannot write to folder" in capsys.readouterr().err
    assert runs() == 0
    assert Path("file").read_text() == "not a folder"


def test_help_ends_with_exit_code_0(capsys):
    for words in (["--help"], ["run", "--help"], ["verify", "--help"], ["--version"]):
        assert cli.main(words) == 0
    assert "Exit codes" in capsys.readouterr().out


def test_a_full_disk_is_one_line_and_leaves_no_partial_file(own):
    # a limit on the file size ends a write as a full disk does
    limit = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))"
    code = f"{limit}; from qbsim.cli import main as cli; sys.exit(cli.main(['run', {own!r}, '--out', 'figures']))"
    env = os.environ | {"PYTHONPATH": str(Path(scenario.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.returncode == 1, done.stderr
    assert "disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(Path("figures").iterdir()) == []


def test_ctrl_c_ends_with_exit_code_130(own):
    done = qbsim("run", own, env={"OWN_INTERRUPT": "1"})
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert list(Path("figures").iterdir()) == []


def test_a_closed_pipe_gives_no_traceback(tmp_path):
    env = os.environ | {"PYTHONPATH": str(Path(scenario.__file__).parents[2]), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "qbsim", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    )
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() in (0, -signal.SIGPIPE)
    assert "Traceback" not in err


def test_python_m_qbsim():
    done = qbsim("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"qbsim \d+\.\d+\.\d+\s*", done.stdout)
