"""Scenarios on the command line: other constants, formats of the table, copies of figures, errors of one's own file."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from test_main import edit, runs

from qbsim.cli import main as cli
from qbsim.ledger import scenario

OWN = '''"""Energy of one cell."""

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, number

FIGURE = "own"
COST = "1 s"
N = 1
RATES = (1.0, 2.0)
LAST = max(RATES)
PLACE = "Eq. (1)"


def build(rate, rng):
    return qb.network(qb.linear(N), N, gamma=LAST)


def compute(quick=False, workers=None):
    with open("computed", "a") as tally:
        tally.write("x")
    return qb.sweep(build, {"rate": RATES}, states="full", tlist=[0.0, 1.0], executor="serial")


def draw(ds):
    fig, ax = plotting.figure()
    ax.plot(ds.rate, ds.energy.values[:, 0, 1])
    return fig


def claims(ds):
    kept = float(ds.energy.values[0, 0, 1])
    return [number("energy", "0.135", kept, quote="0.135", place=PLACE), check("one cell", 1.5 - N)]
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A scenario of the user's own in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    name = f"mine_{abs(hash(str(tmp_path))) % 10**8}"
    Path(f"{name}.py").write_text(OWN)
    return f"{name}.py"


def others(own):
    return sorted(Path("figures").glob(f"{Path(own).stem}@*.nc"))


# --- other constants -------------------------------------------------------------------------------------------------


def test_list_shows_the_constants_of_a_figure(own, capsys):
    assert cli.main(["list", own]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["N", "int", "1"] in lines
    assert ["RATES", "tuple", "of", "float", "(1.0,", "2.0)"] in lines
    assert ["LAST", "float", "2.0"] in lines
    assert not [line for line in lines if line[0] in ("PLACE", "FIGURE")]
    assert cli.main(["list", "arjmandi2022"]) == 0
    assert capsys.readouterr().out.count("SEED") == 8


def test_other_constants_are_stored_apart_and_counted_nowhere(own, capsys):
    # exp(-2) = 0.135; with the rate 3 of other parameters the same rows neither count nor fail
    assert cli.main(["run", own]) == 0
    assert cli.main(["run", own, "--set", "RATES=1,3", "--set", "N=2"]) == 0
    (file,) = others(own)
    text = capsys.readouterr().out
    assert f"{file.stem}, other" in " ".join(text.split())
    assert "| does not hold" in text
    assert "FAILS" not in text
    with xr.open_dataset(file) as ds:
        np.testing.assert_allclose(ds.energy.values[0, 0, 1], 2 * np.exp(-3.0), rtol=1e-6)
        assert json.loads(ds.attrs["changed"]) == {"N": "2", "RATES": "(1.0, 3.0)"}
    assert sorted(p.suffix for p in Path("figures").glob(f"{file.stem}*")) == [".nc", ".pdf", ".png"]
    assert cli.main(["run", own, "--set", "N=2", "--set", "RATES=1,3"]) == 0
    assert "nothing to compute" in capsys.readouterr().out
    assert runs() == 2
    with xr.open_dataset(f"figures/{Path(own).stem}.nc") as ds:
        np.testing.assert_allclose(ds.energy.values[0, 0, 1], np.exp(-2.0), rtol=1e-6)


def test_verify_shows_other_parameters_and_does_not_count_them(own, capsys):
    cli.main(["run", own, "--set", "RATES=1,3", "--set", "N=2"])
    cli.main(["run", own, "--set", "N=1"])  # the caption's own value
    (file,) = others(own)
    capsys.readouterr()
    assert cli.main(["verify", own]) == 0
    text = capsys.readouterr().out
    assert "1 statements of papers: 1 reproduced" in text
    assert "1 checks of our own: 1 hold" in text
    assert "other parameters" in text
    assert runs() == 2
    assert cli.main(["verify", own, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["other_parameters"] for row in rows] == [{}, {}, *[{"N": "2", "RATES": "(1.0, 3.0)"}] * 2]
    # one of them alone
    name = f"{own}@{file.stem.rpartition('@')[2]}"
    assert cli.main(["verify", name, "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 2
    # older data are left out, and said to be
    edit(own, "tlist=[0.0, 1.0]", "tlist=[0.0, 2.0]")
    assert cli.main(["verify", name, "--format", "json"]) == 0
    captured = capsys.readouterr()
    assert not json.loads(captured.out)["rows"]
    assert "older data, or of a quick run, left out" in captured.err


def test_redraw_and_plot_know_other_parameters(own, capsys):
    cli.main(["run", own, "--set", "N=2"])
    (file,) = others(own)
    stem = Path(own).stem
    for picture in Path("figures").glob("*.p*"):
        picture.unlink()
    assert cli.main(["redraw", own]) == 0  # there is no other data of it
    assert {p.name for p in Path("figures").glob("*.p*")} == {f"{file.stem}.png", f"{file.stem}.pdf"}
    cli.main(["run", own])
    capsys.readouterr()
    assert cli.main(["redraw", own]) == 0
    assert capsys.readouterr().out.count("wrote") == 4
    assert cli.main(["redraw", f"{own}@{file.stem.rpartition('@')[2]}"]) == 0
    assert capsys.readouterr().out.count("wrote") == 2
    assert cli.main(["redraw", f"{own}@00000000"]) == 2
    assert f"no stored data of {stem}@00000000" in capsys.readouterr().err
    # a plot does not replace the figure
    before = file.with_suffix(".png").read_bytes()
    assert cli.main(["plot", str(file), "--y", "energy"]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == f"figures/{file.stem}_plot.png"
    assert f"{stem}, other parameters: N = 2" in captured.err
    assert file.with_suffix(".png").read_bytes() == before
    assert cli.main(["show", str(file)]) == 0
    assert "changed.N" in capsys.readouterr().out


def test_a_folder_may_have_an_at_sign(own, capsys):
    folder = Path("me@home")
    folder.mkdir()
    Path(own).rename(folder / own)
    cli.main(["run", str(folder / own), "--set", "N=2"])
    (file,) = others(own)
    for name in (folder / own, f"{folder / own}@{file.stem.rpartition('@')[2]}"):
        assert cli.main(["redraw", str(name)]) == 0
    assert cli.main(["redraw", f"{folder / own}@nothing"]) == 2


def test_a_file_that_is_no_other_data_is_left_out(own, capsys):
    cli.main(["run", own, "--set", "N=2"])
    (file,) = others(own)
    Path(f"figures/{Path(own).stem}@0123abcd.nc").write_bytes(file.read_bytes())
    Path(f"figures/{Path(own).stem}@deadbeef.nc").write_text("no data")
    edit(own, "N = 1\n", "M = 1\n")
    edit(own, "qb.linear(N), N", "qb.linear(M), M")
    edit(own, "1.5 - N", "1.5 - M")
    assert cli.main(["verify", own]) == 0
    captured = capsys.readouterr()
    assert captured.err.count("left out: ") == 3
    assert "Unknown constant 'N'" in captured.err
    assert "1 checks of our own: 1 hold" in captured.out


def test_a_file_of_the_user_may_import_from_the_papers(own):
    # in a process that knows the folder of qbsim alone
    edit(own, "N = 1\n", "N = 1\nfrom scenarios.santos2021 import GAMMA\n")
    code = f"from qbsim.ledger.scenario import find; print(find(['{own}'])[0].module.GAMMA)"
    folder = Path("only")
    folder.mkdir()
    (folder / "qbsim").symlink_to(Path(scenario.__file__).parents[1])
    env = os.environ | {"PYTHONPATH": str(folder.resolve())}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.strip() == "1.0", done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "N=two"], "Constant N of mine_.* must be int, such as 1, but is 'two'."),
        (["--set", "RATE=2"], "Unknown constant 'RATE'. Did you mean 'RATES'?"),
        (["--set", "PLACE=here"], "Unknown constant 'PLACE'"),
        (["--set", "N"], "must be NAME=VALUE, but is 'N'"),
        (["--set", "N="], "must be NAME=VALUE"),
        (["--set", "N=1", "--set", "N=2"], "--set gives N twice"),
    ],
)
def test_a_wrong_constant_is_one_line_and_exit_code_2(own, words, message, capsys):
    assert cli.main(["run", own, *words]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert message.partition(" of mine_")[0] in err
    assert runs() == 0
    assert not Path("figures").exists()


def test_a_figure_without_rows_for_other_parameters_says_so(own, capsys):
    edit(own, "def claims(ds):\n", "def claims(ds):\n    if N != 1:\n        raise KeyError(N)\n")
    assert cli.main(["run", own, "--set", "N=2"]) == 0
    err = capsys.readouterr().err
    assert "no claims for other parameters" in err
    assert f'File "{own}", line ' in err


# --- errors in the code of a scenario --------------------------------------------------------------------------------

WRONG = {
    "import": ("N = 1\n", "N = 1\nM = 1 / 0\n", "its import failed", "<module>", "ZeroDivisionError: division by zero"),
    "missing library": ("N = 1\n", "import numpyy\n", "its import failed", "<module>", "No module named 'numpyy'"),
    "compute": ('"rate": RATES', '"rate": RATE', "compute failed", "compute", "NameError: name 'RATE' is not defined"),
    "a helper": ("gamma=LAST", "gamma=-LAST", "compute failed", "build", "gamma must be at least 0"),
    "draw": ("ds.rate,", "ds.rates,", "draw failed", "draw", "has no attribute 'rates'"),
    "claims": ("kept = float(", "kept = flaot(", "claims failed", "claims", "name 'flaot' is not defined"),
    "a file": ('"computed", "a"', '"absent/x", "a"', "compute failed", "compute", "FileNotFoundError"),
    "a quotation": ('quote="0.135"', 'quote=""', "claims failed", "claims", "needs the paper's own words"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_in_a_scenario_shows_its_own_line(own, name, capsys):
    old, new, head, function, message = WRONG[name]
    edit(own, old, new)
    wrong = new.strip().splitlines()[-1]
    line = next(k for k, text in enumerate(Path(own).read_text().splitlines(), 1) if wrong in text)
    assert cli.main(["run", own]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"qbsim: {Path(own).stem}: {head}"
    assert f'  File "{own}", line {line}, in {function}' in lines
    assert message in "\n".join(lines[1:])
    # only lines of the author: neither qbsim nor a library
    assert all(f'File "{own}"' in text for text in lines if text.startswith('  File "'))
    assert "Traceback" not in "".join(lines)


def test_a_syntax_error_shows_its_line(own, capsys):
    edit(own, "def draw(ds):", "def draw(ds:")
    assert cli.main(["run", own]) == 1
    err = capsys.readouterr().err
    assert "SyntaxError" in err
    assert f'{own}", line ' in err
    assert "def draw(ds:" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    return qb.sweep(", "    qb.sweep(", "compute must return a xarray.Dataset, but returns NoneType"),
        ("    return fig\n", "", "draw must return a figure, but returns NoneType"),
        ("    return [number(", '    return ["yes", number(', "claims must return a list of rows"),
    ],
)
def test_a_part_that_returns_something_else_is_told(own, old, new, message, capsys):
    edit(own, old, new)
    assert cli.main(["run", own]) == 1
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_an_error_in_a_worker_shows_the_line_of_the_author(own, capsys):
    # the first realization is built in this process; a later one fails in another
    edit(own, 'executor="serial"', "realizations=3, workers=2")
    unlucky = "    if rng.random() > 0.5:\n        raise RuntimeError(f'{N} is unlucky')\n"
    edit(own, "    return qb.network(", f"{unlucky}    return qb.network(")
    assert cli.main(["run", own]) == 1
    err = capsys.readouterr().err
    assert "RuntimeError: 1 is unlucky" in err
    assert ", in build\n" in err
    assert "qbsim/sweeps" not in err


def test_the_whole_message_is_all_that_the_process_prints(own):
    edit(own, '"rate": RATES', '"rate": RATE')
    env = os.environ | {"PYTHONPATH": str(Path(scenario.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-m", "qbsim", "run", own], capture_output=True, text=True, env=env)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"qbsim: {Path(own).stem}: compute failed",
        f'  File "{own}", line 24, in compute',
        '    return qb.sweep(build, {"rate": RATE}, states="full", tlist=[0.0, 1.0], executor="serial")',
        "NameError: name 'RATE' is not defined",
    ]


# --- copies of the figures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [s.name for s in scenario.available()])
def test_a_copied_figure_is_the_figure(name, tmp_path):
    # the relative imports mean the package of the paper, and the numbers are decided by the same constants
    (original,) = scenario.find([name])
    copy = tmp_path / f"copy_of_{original.path.stem}.py"
    shutil.copy(original.path, copy)
    (one,) = scenario.find([str(copy)])
    assert one.constants() == original.constants()
    assert Path(one.module.__file__) == copy
    assert one.module is not original.module


def test_a_copied_and_changed_figure_runs(tmp_path, monkeypatch, capsys):
    # in worker processes too, where nobody can import the copy
    monkeypatch.chdir(tmp_path)
    (original,) = scenario.find(["arjmandi2022.fig1"])
    text = original.path.read_text(encoding="utf-8").replace("REALIZATIONS = 100", "REALIZATIONS = 4")
    Path("my_fig1.py").write_text(text.replace("DELTAS = (0.0, DELTA)", "DELTAS = (0.0, DELTA / 2)"))
    (one,) = scenario.find(["my_fig1.py"])
    ds = one.compute(tmp_path, workers=2)
    assert ds.delta.values.tolist() == [0.0, 2.5]
    assert ds.attrs["scenario"] == "my_fig1"
    assert original.module.DELTAS == (0.0, 5.0)


def test_a_file_beside_the_copy_comes_before_that_of_the_paper(tmp_path):
    (original,) = scenario.find(["beyond.eta_scaling"])
    shutil.copy(original.path, tmp_path / "mine.py")
    text = original.path.with_name("_eta_data.py").read_text(encoding="utf-8")
    text = text.replace("SAMPLE, TOLERANCE = 5", "SAMPLE, TOLERANCE = 3")
    (tmp_path / "_eta_data.py").write_text(text)
    (one,) = scenario.find([str(tmp_path / "mine.py")])
    assert (one.values["SAMPLE"], original.values["SAMPLE"]) == (3, 5)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("from . import NOTHING_LIKE_IT", "no paper has all of them"),
        ("from . import GAMMA", "the papers arjmandi2022, santos2021 all have them"),
        ("from ... import x", "no paper has all of them"),
    ],
)
def test_relative_imports_that_mean_no_paper_are_explained_in_one_line(header, message, own, capsys):
    edit(own, "import numpy as np", header)
    assert cli.main(["run", own]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert f"has relative imports ({header})" in err
    assert message in err
    assert "write the package that is meant, as in `from scenarios." in err


# --- formats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["json", "csv", "md", "html"])
def test_progress_does_not_mix_with_a_table_for_other_programs(own, name, capsys):
    assert cli.main(["verify", own, "--format", name]) == 0
    captured = capsys.readouterr()
    assert "computing" in captured.err
    assert "computing" not in captured.out
    assert "0.135" in captured.out
    if name == "json":
        assert len(json.loads(captured.out)["rows"]) == 2


def test_formats_do_not_change_the_exit_code(own):
    edit(own, '"0.135", kept', '"0.5", kept')
    for name in ("text", "json", "csv", "md", "html"):
        assert cli.main(["verify", own, "--format", name]) == 1
    assert cli.main(["verify", own, "--format", "xml"]) == 2
