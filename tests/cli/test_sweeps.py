"""The commands on sweeps as a user types them."""

from __future__ import annotations

import errno
import json
import time

import numpy as np
import pytest
import xarray as xr

import qbsim as qb
from qbsim.cli.main import main
from qbsim.geometry import read_graph
from qbsim.plotting.datasets import select
from qbsim.plotting.panels import draw
from qbsim.sweeps.forecast import forecast
from qbsim.sweeps.plan import Request, make_plan
from qbsim.sweeps.tasks import Curve

SMALL = ["--cells", "2", "3", "--delta", "0:2:1", "--realizations", "5", "--times", "21", "--executor", "serial"]


def qbsim(*words) -> int:
    """Exit code of ``qbsim WORDS``."""
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A finished sweep of disorder."""
    folder = tmp_path_factory.mktemp("runs") / "disorder"
    assert qbsim("sweep", "disorder", *SMALL, "--seed", 1, "--out", folder) == 0
    return folder


def open_sweep(folder):
    with xr.open_dataset(folder / "sweep.nc") as ds:
        return ds.load()


class TestSweep:
    def test_disorder_is_the_chain_of_the_paper(self, runs):
        """--exchange 10 is the matrix element: xx_chain(J=20), in fields B0 = 10."""
        ds = open_sweep(runs)
        assert dict(ds.sizes) == {"N": 2, "delta": 3, "state": 3, "time": 21}
        assert ds.state.values.tolist() == ["plus", "classical", "full"]
        omega = qb.random_fields(3, 2.0, B0=10.0, rng=np.random.default_rng(np.random.SeedSequence([1, 4])))
        alone = qb.evolve(qb.xx_chain(omega, J=20.0, gamma=1.0), qb.plus(3), np.linspace(0, 1, 21))
        one = qb.replay(ds, 4, N=3, delta=2.0)  # the file names its builder, so nothing else is needed
        np.testing.assert_allclose(one.ergotropy.sel(state="plus"), alone.ergotropy, atol=1e-10)

    def test_every_default_is_in_the_file(self, runs):
        arguments = json.loads(open_sweep(runs).attrs["parameters"])
        model = {"gamma": 1.0, "B0": 10.0, "exchange": 10.0, "dephasing": 0.0, "nbar": 0.0} | {
            "distribution": "uniform"
        }
        assert arguments["build"] == {"function": "qbsim:disordered_chain", "arguments": model}
        assert arguments["states"]["classical"]["arguments"] == {"p": 0.75}
        assert (arguments["seed"], arguments["solver"], arguments["rtol"]) == (1, "auto", 1e-8)

    def test_every_default_is_in_the_help(self, capsys):
        assert qbsim("sweep", "disorder", "--help") == 0
        output = " ".join(capsys.readouterr().out.split())
        for default in ("gamma GAMMA decay rate of a cell (default: 1.0)", "(default: 10.0)", "(default: 101)"):
            assert default in output

    def test_geometry_takes_graphs_from_files(self, tmp_path):
        """A file with the bonds of a star is the star; the fourth, unbound cell decays alone."""
        (tmp_path / "my_star.txt").write_text("# hub first\n0 1\n0, 2\n0 3\n")
        words = [
            "--geometry",
            "central",
            "linear",
            "--edges",
            tmp_path / "my_star.txt",
            "--cells",
            4,
            "--gamma-bond",
            0.25,
        ]
        words += ["--exchange", 2, "--times", 11, "--executor", "serial", "--out", tmp_path / "runs"]
        assert qbsim("sweep", "geometry", *words) == 0
        ds = open_sweep(tmp_path / "runs")
        assert ds.geometry.values.tolist() == ["central", "linear", "my_star"]
        assert np.array_equal(ds.ergotropy.sel(geometry="my_star"), ds.ergotropy.sel(geometry="central"))
        star = qb.network(qb.central(4), omega=10.0, J=2.0, gamma=1.0, gamma_bond=0.25)
        alone = qb.evolve(star, qb.plus(4), np.linspace(0, 1, 11))
        found = ds.ergotropy.sel(geometry="central", N=4, gamma_bond=0.25, state="plus")
        np.testing.assert_allclose(found, alone.ergotropy, atol=1e-7)

    def test_times_are_in_units_of_the_decay(self, tmp_path):
        """gamma t in [0, 1] for any gamma, so the half-life of one cell is ln(4/3) / gamma."""
        words = ["--cells", 1, "--delta", 0, "--gamma", 4, "--states", "full", "--executor", "serial"]
        assert qbsim("sweep", "disorder", *words, "--realizations", 1, "--out", tmp_path) == 0
        assert abs(open_sweep(tmp_path).half_life.item() - np.log(4 / 3) / 4) < 1e-5

    def test_extending_computes_what_is_missing(self, runs, monkeypatch, capsys):
        monkeypatch.setattr("qbsim.sweeps.tasks.Curve.compute", None)
        assert qbsim("sweep", "disorder", *SMALL, "--seed", 1, "--out", runs) == 0
        assert "18 curves of 5 realizations" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["disorder", "--delta", "0:1"], "first:last:step"),
            (["disorder", "--cells", "0"], "at least 1"),
            (["disorder", "--states", "pluss"], "Did you mean 'plus'"),
            (["disorder", "--last", "-1"], "--last must be positive"),
            (["disorder", "--gamma", "-1"], "gamma must be at least 0"),
            (["disorder", "--seed", "-1"], "seed must be at least 0"),
            (["geometry", "--gamma-bond", "0.9"], "not positive semidefinite"),
            (["geometry", "--geometry", "ring"], "did you mean circular?"),
            (["geometry", "--edges", "nowhere.txt"], "nowhere.txt"),
        ],
    )
    def test_bad_input_is_one_line_and_exit_code_2(self, words, message, tmp_path, capsys):
        assert qbsim("sweep", *words, "--out", tmp_path / "runs") == 2
        output = capsys.readouterr().err
        assert message in output
        assert "Traceback" not in output

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("0 1 2\n", "line 1"),
            ("0 1\n1 b\n", "line 2"),
            ("# nothing\n", "no cells"),
            ("0 1\n1 0\n", "every bond once"),
        ],
    )
    def test_a_file_that_is_not_a_graph_is_refused(self, text, message, tmp_path):
        (tmp_path / "graph.txt").write_text(text)
        with pytest.raises(ValueError, match=message):
            read_graph(tmp_path / "graph.txt")

    def test_a_graph_may_have_cells_without_bonds(self, tmp_path):
        (tmp_path / "graph.txt").write_text("0 1\n3\n")
        assert read_graph(tmp_path / "graph.txt") == (((0, 1),), 4)

    def test_a_graph_of_another_size_is_refused(self, tmp_path, capsys):
        (tmp_path / "graph.txt").write_text("0 1\n")
        assert qbsim("sweep", "geometry", "--edges", tmp_path / "graph.txt", "--cells", 5, "--out", tmp_path / "r") == 2
        assert "has 2 cells, but --cells is 5" in capsys.readouterr().err

    def test_an_out_below_a_regular_file_is_refused(self, tmp_path, capsys):
        (tmp_path / "file").write_text("")
        assert qbsim("sweep", "disorder", *SMALL, "--out", tmp_path / "file" / "runs") == 2
        output = capsys.readouterr().err
        assert "Not a directory" in output
        assert output.count("\n") == 1

    @pytest.mark.parametrize(
        ("error", "code", "message"),
        [
            (ValueError("a wrong value"), 2, "a wrong value"),
            (TypeError("a wrong type"), 2, "a wrong type"),
            (ImportError("no dask"), 2, "no dask"),
            (PermissionError(errno.EACCES, "not allowed"), 2, "not allowed"),
            (OSError(errno.ENOSPC, "no space"), 1, "finished batches are kept, and the same command resumes"),
            (MemoryError(), 1, "out of memory"),
            (KeyboardInterrupt("stopped after 3"), 130, "stopped after 3"),
            (KeyboardInterrupt(), 130, "interrupted"),
        ],
    )
    def test_every_error_is_one_line_and_an_exit_code(self, error, code, message, tmp_path, monkeypatch, capsys):
        def fail(*args, **kwargs):
            raise error

        monkeypatch.setattr("qbsim.sweeps.run.sweep", fail)
        assert qbsim("sweep", "disorder", "--out", tmp_path) == code
        line = capsys.readouterr().err.removeprefix("\n")  # after Ctrl-C the terminal shows ^C on the line
        assert line.startswith("qbsim: ")
        assert message in line
        assert line.count("\n") == 1


class TestForecast:
    def test_dry_run_computes_nothing(self, tmp_path, capsys):
        assert qbsim("sweep", "disorder", *SMALL, "--dry-run", "--out", tmp_path / "runs") == 0
        output = capsys.readouterr().out
        assert "18 curves, 90 realizations" in output
        for word in ("task", "worker", "memory", "disk"):
            assert word in output
        assert not (tmp_path / "runs").exists()

    def test_it_is_a_forecast_and_no_realization_is_computed(self, tmp_path, capsys, monkeypatch):
        def fail(*_):
            raise AssertionError("a realization is computed")

        monkeypatch.setattr(Curve, "compute", fail)
        arguments = ("--cells", 12, "--realizations", 1000, "--workers", 2)
        began = time.thread_time()
        assert qbsim("sweep", "disorder", *arguments, "--dry-run", "--out", tmp_path / "runs") == 0
        assert time.thread_time() - began < 10  # 33 curves of twelve cells
        output = capsys.readouterr().out
        assert output.startswith("forecast: 33 curves, 33000 realizations")
        assert int(output.split("about ")[1].split(" tasks")[0]) <= 33000
        assert not (tmp_path / "runs").exists()

    def test_what_is_stored_costs_nothing(self, runs, capsys):
        assert qbsim("sweep", "disorder", *SMALL, "--seed", 1, "--dry-run", "--out", runs) == 0
        assert "0 realizations to compute" in capsys.readouterr().out

    def test_time_and_disk_within_a_factor_of_two(self, tmp_path):
        """Of what then happens, serially, in processor time: other work on the machine is not in the forecast."""
        from functools import partial

        build = partial(qb.disordered_chain, gamma=1.0, B0=10.0, exchange=10.0, dephasing=0.0, nbar=0.0)
        arguments = {"states": ["plus", "full"], "tlist": np.linspace(0, 1, 101), "realizations": 300}
        plan = make_plan(Request(build, {"N": [3], "delta": [0.0, 2.0]}, **arguments))
        predicted = forecast(plan, 1)
        began = time.process_time()
        qb.sweep(build, {"N": [3], "delta": [0.0, 2.0]}, **arguments, store=tmp_path, executor="serial")
        taken = time.process_time() - began
        assert taken / 2 < predicted.seconds - 3.0 < 2 * taken  # without the start of the workers
        disk = sum(f.stat().st_size for f in tmp_path.rglob("*") if f.is_file())
        assert disk / 2 < predicted.disk < 2 * disk


class TestShow:
    def test_axes_progress_and_provenance(self, runs, capsys):
        assert qbsim("show", runs) == 0
        output = capsys.readouterr().out
        for text in (
            "axis delta",
            "0, 1, 2",
            "90 of 90 realizations (100 %)",
            "numpy_version",
            "SeedSequence",
            '"B0": 10.0',
        ):
            assert text in output

    def test_an_unfinished_sweep_shows_its_progress(self, runs, tmp_path, capsys):
        """After a kill there is a manifest and some batches."""
        import shutil

        shutil.copytree(runs, tmp_path / "cut")
        (tmp_path / "cut" / "sweep.nc").unlink()
        next((tmp_path / "cut").glob("batches/*/*.npz")).unlink()
        output = json.loads((tmp_path / "cut" / "manifest.json").read_text())
        (tmp_path / "cut" / "manifest.json").write_text(json.dumps(output | {"finished": None}))
        assert qbsim("show", tmp_path / "cut") == 0
        shown = capsys.readouterr().out
        assert "of 90 realizations (9" in shown
        assert "resumes" in shown
        assert qbsim("plot", tmp_path / "cut") == 0
        said = capsys.readouterr()
        assert said.err.startswith("qbsim: The sweep in ")
        assert "is not finished: it has 8" in said.err
        assert " of 90 realizations (9" in said.err
        assert said.out.strip() == str(tmp_path / "cut" / "sweep.png")
        assert (tmp_path / "cut" / "sweep.png").is_file()

    def test_a_file_of_evolve_shows_its_parameters(self, tmp_path, capsys):
        qb.save(qb.evolve(qb.single_cell(gamma=1.0), qb.full(1), [0.0, 1.0]), tmp_path / "cell.nc")
        assert qbsim("show", tmp_path / "cell.nc") == 0
        assert "parameters.omega" in capsys.readouterr().out

    def test_a_missing_or_broken_file_is_refused(self, tmp_path, capsys):
        assert qbsim("show", tmp_path / "nowhere") == 2
        (tmp_path / "text.nc").write_text("text")
        assert qbsim("show", tmp_path / "text.nc") == 2
        assert capsys.readouterr().err.count("\n") == 2


class TestPlot:
    def test_writes_a_figure(self, runs, tmp_path, capsys):
        assert qbsim("plot", runs, "--x", "delta", "--y", "half_life", "gain", "--out", tmp_path / "a.pdf") == 0
        assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
        assert capsys.readouterr().out.strip() == str(tmp_path / "a.pdf")

    def test_one_panel_per_quantity_one_line_per_combination(self, runs):
        fig = draw(open_sweep(runs), "delta", ["half_life", "gain"])
        assert [ax.get_ylabel() for ax in fig.axes] == ["half-life", "relative gain (percent)"]
        assert [len(ax.lines) for ax in fig.axes] == [6, 6]
        assert fig.axes[0].get_xlabel() == "delta"

    def test_heat_maps_over_two_axes(self, runs, tmp_path):
        assert qbsim("plot", runs, "--heat", "N", "--where", "state=plus", "--out", tmp_path / "a.png") == 0
        assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
        fig = draw(open_sweep(runs).sel(state="plus"), y=["half_life"], heat="N")
        panel, colours = fig.axes
        assert (panel.get_xlabel(), panel.get_ylabel(), colours.get_ylabel()) == ("delta", "N", "half-life")

    def test_opens_no_window(self, runs, tmp_path):
        import matplotlib.pyplot as plt

        assert qbsim("plot", runs, "--out", tmp_path / "a.png") == 0
        assert plt.get_fignums() == []

    def test_values_are_found_to_rounding(self, runs):
        ds = open_sweep(runs)
        ds = ds.assign_coords(delta=[0.1 + 0.2, *range(1, ds.sizes["delta"])])
        assert select(ds, {"delta": "0.3"}).delta.values.tolist() == [0.1 + 0.2]
        assert select(ds, {"N": "3.0"}).N.values.tolist() == [3]
        assert select(ds, {"time": "0"}).time.values.tolist() == [0]

    def test_where_draws_a_part_of_the_values(self, runs, tmp_path):
        words = ["--x", "time", "--y", "ergotropy_ratio", "--where", "state=plus", "N=3", "--out", tmp_path / "a.png"]
        assert qbsim("plot", runs, *words) == 0

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--x", "dleta"], "Did you mean 'delta'"),
            (["--y", "halflife"], "Did you mean 'half_life'"),
            (["--x", "time", "--y", "gain"], "does not depend on 'time'"),
            (["--where", "state=pluss"], "Did you mean 'plus'"),
            (["--where", "N=two"], "has numbers"),
            (["--where", "N=9"], "Axis N has no value 9; the nearest is"),
            (["--where", "N=nan"], "Axis N has no value nan"),
            (["--where", "delta=0.27"], "Axis delta has no value 0.27; the nearest is"),
            (["--x", "delta", "--y", "ergotropy_ratio", "--where", "time=0.123456"], "in all)"),
            (["--where", "N"], "AXIS=VALUE"),
            (["--out", "a.doc"], "must end in .png"),
            (["--heat", "N"], "choose one value of each, such as ds.sel(state='plus') or --where state=plus"),
            (["--heat", "detla", "--where", "state=plus"], "Did you mean 'delta'"),
            (["--x", "N", "--heat", "N", "--where", "state=plus"], "both are 'N'"),
        ],
    )
    def test_errors_name_the_nearest_value(self, words, message, runs, capsys):
        assert qbsim("plot", runs, *words) == 2
        assert message in capsys.readouterr().err
