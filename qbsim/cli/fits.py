"""The command ``qbsim fit``: rates of a network or of a cell from a table of measured curves.

Heavy imports happen inside the command, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import itertools
from functools import partial
from pathlib import Path
from typing import Any

from .._files import writable_folder
from ..geometry import GEOMETRIES, read_graph
from ..states import NAMED
from .arguments import OK, Arguments, add_command, assignment, count, usage_errors

__all__ = ["add_parsers"]

MODELS = ("network", "single_cell")
STARTS = (0.3, 1.0, 3.0)  # over the last time: start values of rates that are not given


def names(text: str) -> list[str]:
    """Names between commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(name.isidentifier() for name in found):
        raise argparse.ArgumentTypeError(f"must be names between commas, as gamma,J, but is {text!r}")
    return found


def value(text: str) -> tuple[str, float]:
    """Name and number, NAME=NUMBER."""
    name, number = assignment(text)
    try:
        return name, float(number)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be NAME=NUMBER, but is {text!r}") from None


def bound(text: str) -> tuple[str, tuple[float, float]]:
    """Name and two numbers, NAME=LOW:HIGH; an empty side has no bound."""
    name, pair = assignment(text)
    low, colon, high = pair.partition(":")
    try:
        if not colon:
            raise ValueError
        return name, (float(low or "-inf"), float(high or "inf"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be NAME=LOW:HIGH, but is {text!r}") from None


FIT: Arguments = {
    "data": {
        "type": Path,
        "metavar": "FILE.csv",
        "help": "columns time, a measure such as energy, its errors energy_sigma or energy_shots, and state where "
        "there are several; excited0 is the excited population of cell 0",
    },
    "--model": {"choices": MODELS, "default": "network", "help": "what is fitted"},
    "--geometry": {"choices": GEOMETRIES, "default": "linear", "help": "bonds of the network"},
    "--edges": {"type": Path, "metavar": "FILE", "help": "bonds of the network from a file, two cells on every line"},
    "--cells": {"type": count, "default": 2, "metavar": "N", "help": "number of cells of the network"},
    "--free": {
        "type": names,
        "required": True,
        "default": argparse.SUPPRESS,
        "metavar": "NAME,NAME",
        "help": "parameters that are fitted, as gamma,J,dephasing",
    },
    "--set": {
        "type": value,
        "nargs": "+",
        "action": "extend",
        "default": [],
        "metavar": "NAME=VALUE",
        "help": "start values of free parameters, and values of others",
    },
    "--bounds": {
        "type": bound,
        "nargs": "+",
        "action": "extend",
        "default": [],
        "metavar": "NAME=LOW:HIGH",
        "help": "bounds of free parameters",
    },
    "--state": {"choices": NAMED, "default": "plus", "help": "initial state, if the table has no column state"},
    "--without": {
        "type": names,
        "default": [],
        "metavar": "NAME,NAME",
        "help": "test whether these free parameters are needed: a fit with them at zero, and the likelihood ratio",
    },
    "--intervals": {"action": "store_true", "help": "95 %% profile-likelihood intervals"},
    "--predict": {"type": names, "default": [], "metavar": "NAME,NAME", "help": "measures that follow, at --times"},
    "--times": {"type": count, "default": 11, "metavar": "N", "help": "number of times of --predict, to the last one"},
    "--out": {"type": Path, "metavar": "DIR", "help": "write fit.html and fit.png there"},
}


def add_parsers(commands: Any) -> None:
    """Add fit to the commands of ``qbsim``."""
    texts: dict[str, Any] = {
        "help": "fit rates to measured curves",
        "description": "Fit parameters of a model to a table of measured curves, and print values, errors, and what "
        "the data do not fix. A free parameter without a start value is tried at several.",
        "formatter_class": argparse.ArgumentDefaultsHelpFormatter,
    }
    add_command(commands, "fit", FIT, texts, command=fit)


@usage_errors(ValueError, TypeError, ImportError, OSError)
def fit(args: argparse.Namespace) -> int:
    """``qbsim fit``: read a table, fit, print the report."""
    from ..fitting.compare import compare

    problem = _Request(args)
    result = problem.fit({})
    print(result.report())
    if args.intervals:
        print("[[Intervals, 95 %]]")
        for name, (low, high) in result.intervals().items():
            print(f"    {name}: {low:.6g} to {high:.6g}")
    for name in args.without:
        if name not in args.free:
            raise ValueError(f"Argument --without must name parameters of --free, but names {name}.")
        print(f"[[Without {name}]]\n{compare(problem.fit({name: 0.0}, result.values), result)}")
    for name in args.predict:
        _print_prediction(problem, result, name, args.times)
    if args.out is not None:
        _write(result, args.out)
    return OK


class _Request:
    """What the command line asks for."""

    def __init__(self, args: argparse.Namespace) -> None:
        import pandas as pd
        from pandas.errors import ParserError

        try:
            self.table = pd.read_csv(args.data, comment="#", skipinitialspace=True)
        except (ParserError, UnicodeDecodeError) as error:
            raise ValueError(f"{args.data} is not a table with commas: {error}.") from None
        if self.table.empty:
            raise ValueError(f"{args.data} has no rows.")
        if wrong := [name for name in args.free if name in ("N", "edges", "H0", "label", "unit")]:
            raise ValueError(f"Argument --free must name numbers of the model, but names {wrong[0]}.")
        self.build, self.cells = _model(args)
        self.free, self.given, self.bounds = args.free, dict(args.set), dict(args.bounds)
        self.states: Any = args.state
        if "state" in self.table and self.table["state"].nunique() > 1:
            self.states = {name: name for name in dict.fromkeys(self.table["state"].tolist())}
        self.last = float(self.table["time"].max()) if "time" in self.table else 1.0

    def fit(self, held: dict[str, float], start: dict[str, float] | None = None) -> Any:
        """Best of the fits from all start values; `held` are kept at a value."""
        from ..fitting.fit import fit

        free = [name for name in self.free if name not in held]
        fixed = {name: x for name, x in self.given.items() if name not in self.free} | held
        bounds = {name: pair for name, pair in self.bounds.items() if name in free}
        measures = {name: self._measure(name) for name in self._columns() if name.startswith("excited")}
        open_ = [] if start else [name for name in free if name not in self.given]
        found = []
        for scales in itertools.product(STARTS, repeat=len(open_)) if len(open_) < 4 else [(1.0,) * len(open_)]:
            values = {name: (start or self.given).get(name, 0.0) for name in free}
            values |= {name: s / self.last for name, s in zip(open_, scales, strict=True)}
            values = {name: _inside(x, bounds.get(name)) for name, x in values.items()}
            try:
                found.append(
                    fit(self.build, self.table, values, rho0=self.states, measures=measures, bounds=bounds, fixed=fixed)
                )
            except ValueError as error:
                if "start holds values that are refused" not in str(error) or not open_:
                    raise
        if not found:
            raise ValueError("All start values that were tried are refused: give some by --set.")
        # where a curve is the same for both signs of a coupling, the positive one
        return min(found, key=lambda result: (round(result.chisqr, 4), sum(x < 0 for x in result.values.values())))

    def _columns(self) -> list[str]:
        return [str(c) for c in self.table.columns if not str(c).endswith(("_sigma", "_sem", "_shots"))]

    def _measure(self, name: str) -> Any:
        """Operator of a column such as excited0."""
        import qutip

        text = name.removeprefix("excited")
        if not text.isdecimal() or int(text) >= self.cells:
            raise ValueError(f"Column {name!r} must name a cell, excited0 to excited{self.cells - 1}.")
        return qutip.expand_operator(qutip.num(2), [2] * self.cells, int(text))


def _model(args: argparse.Namespace) -> tuple[Any, int]:
    """Function of the parameters, and number of cells."""
    from ..models.cell import single_cell
    from ..models.network import network

    if args.model == "single_cell":
        return single_cell, 1
    if args.edges is None:
        return partial(network, GEOMETRIES[args.geometry](args.cells), args.cells), args.cells
    edges, N = read_graph(args.edges)
    return partial(network, edges, N), N


def _inside(x: float, pair: tuple[float, float] | None) -> float:
    return x if pair is None else min(max(x, pair[0]), pair[1])


def _print_prediction(problem: _Request, result: Any, name: str, times: int) -> None:
    import numpy as np

    states = problem.states if isinstance(problem.states, dict) else {problem.states: None}
    for state, rho0 in states.items():
        ds = result.predict(name, np.linspace(0, problem.last, times), rho0=rho0)
        print(f"[[{name} from {state}]]")
        for t, y, error in zip(ds.time.values, ds[name].values, ds[f"{name}_sem"].values, strict=True):
            print(f"    {t:<10.6g} {y:.6g} +/- {error:.2g}")


def _write(result: Any, folder: Path) -> None:
    from .._files import atomic
    from ..plotting.figures import offscreen, write

    writable_folder(folder)
    result.to_html(folder / "fit.html")
    with offscreen():
        figure = result.plot()
    with atomic(folder / "fit.png") as temporary:
        write(figure, temporary)
    print(folder / "fit.html")
