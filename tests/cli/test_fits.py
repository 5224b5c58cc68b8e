"""``qbsim fit``: a table of curves makes a report and a page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import qbsim as qb
from qbsim.cli.main import main

T = np.linspace(0, 3, 25)


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = qb.network(qb.linear(2), omega=1.0, gamma=0.5, gamma_bond=0.3, J=1.0)
    rng = np.random.default_rng(0)
    ds = qb.evolve(net, "plus", T, "energy")
    frame = pd.DataFrame({"time": T, "energy": ds.energy + 0.005 * rng.normal(size=T.size), "energy_sigma": 0.005})
    frame.to_csv("data.csv", index=False)
    return frame


def test_a_table_is_fitted_without_start_values(table, capsys):
    command = "fit data.csv --cells 2 --free gamma,gamma_bond --without gamma_bond --intervals --out results"
    assert main(command.split()) == 0
    out = capsys.readouterr().out
    result = qb.fit(
        lambda gamma, gamma_bond: qb.network(qb.linear(2), gamma=gamma, gamma_bond=gamma_bond),
        table,
        {"gamma": 0.5, "gamma_bond": 0.3},
        rho0="plus",
    )
    for name in ("gamma", "gamma_bond"):
        (line,) = [row for row in out.splitlines() if row.strip().startswith(f"{name}:") and "+/-" in row]
        assert float(line.split()[1]) == pytest.approx(result.params[name].value, abs=1e-3 * result.params[name].stderr)
    assert "[[Intervals, 95 %]]" in out
    assert "needed at the 5 % level" in out
    assert "<svg" in Path("results/fit.html").read_text(encoding="utf-8")
    assert Path("results/fit.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_not_fixed_is_printed_and_predictions_have_no_end(table, capsys):
    # equal cells and no collective decay
    command = "fit data.csv --cells 2 --free gamma,J --set J=1 gamma=0.5 --predict energy --times 3"
    assert main(command.split()) == 0
    out = capsys.readouterr().out
    assert "The data do not fix J." in out
    assert "[[energy from plus]]" in out
    assert "    3          " in out


def test_populations_of_cells_and_states_come_by_their_columns(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    parts = []
    for state in ("full", "plus"):
        p = (1.0 if state == "full" else 0.5) * np.exp(-0.7 * T)
        y = rng.binomial(1000, p) / 1000
        parts.append(pd.DataFrame({"time": T, "excited0": y, "excited0_shots": 1000, "state": state}))
    pd.concat(parts).to_csv("counts.csv", index=False)
    assert main(["fit", "counts.csv", "--model", "single_cell", "--free", "gamma", "--bounds", "gamma=0:5"]) == 0
    (line,) = [row for row in capsys.readouterr().out.splitlines() if row.strip().startswith("gamma:")]
    value, error = (float(line.split()[k]) for k in (1, 3))
    assert abs(value - 0.7) < 3.5 * error < 0.05


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("fit nowhere.csv --free gamma", "nowhere.csv"),
        ("fit data.csv --free gama --cells 2", "Did you mean 'gamma'?"),
        ("fit data.csv --free gamma --cells 2 --set gamma", "NAME=VALUE"),
        ("fit data.csv --free gamma --cells 2 --bounds gamma=1", "NAME=LOW:HIGH"),
        ("fit data.csv --cells 2", "--free"),
        ("fit data.csv --free gamma --without J --cells 2", "names J"),
        ("fit data.csv --free label --cells 2", "numbers of the model"),
        ("fit empty.csv --free gamma", "empty.csv"),
    ],
)
def test_mistakes_are_met_with_one_line(command, words, table, tmp_path, capsys):
    (tmp_path / "empty.csv").write_text("time,energy\n", encoding="utf-8")
    assert main(command.split()) == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
