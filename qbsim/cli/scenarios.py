"""The commands on scenarios: ``qbsim list``, ``run``, ``redraw``, ``verify``."""

from __future__ import annotations

import argparse
import functools
import itertools
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._files import writable_folder
from ..ledger.claims import FAILS, Claim, summary, table
from ..ledger.scenario import Scenario, available, find
from .arguments import FAILED, FOLDER, FULL, OK, WORKERS, Arguments, UsageError, add_command, usage_errors

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["add_parsers"]


NAMES = "scenario (santos2021.fig4), paper (santos2021), file of your own (my_figure.py), or all"
SOME_NAMES: Arguments = {"names": {"nargs": "+", "metavar": "NAME", "help": NAMES}}
RUN: Arguments = {
    **SOME_NAMES,
    "--quick": {"action": "store_true", "help": "coarse grids and few realizations: seconds, not figures"},
    **FOLDER,
    **WORKERS,
    "--force": {"action": "store_true", "help": "compute even if the stored data is current"},
}
VERIFY: Arguments = {
    "names": {"nargs": "*", "metavar": "NAME", "default": ["all"], "help": f"{NAMES} (default)"},
    "--quick": {"action": "store_true", "help": "make do with quick runs where data is missing"},
    **FOLDER,
    **WORKERS,
}
TEXTS = {
    "list": {"help": "every scenario: name, figure, caption, expected cost"},
    "run": {
        "help": "compute, store, draw, and compare with the paper",
        "description": "Compute scenarios, store DIR/NAME.nc, draw .png and .pdf, and print the paper's claims beside "
        "what was found. Stored data made from the same parameters by the same version is not computed again.",
    },
    "redraw": {"help": "draw again from stored data, computing nothing"},
    "verify": {
        "help": "what the papers say beside what qbsim finds, as one table",
        "description": "Print the statements of the papers, quoted with their place, beside what qbsim finds, and then "
        "the checks of our own; from stored data, computing what is missing. Exit code 1 if a row FAILS.",
    },
}


def add_parsers(commands: Any) -> None:
    """Add list, run, redraw and verify to the commands of ``qbsim``."""
    add_command(commands, "list", {}, TEXTS["list"], command=list_scenarios)
    add_command(commands, "run", RUN, TEXTS["run"], command=run)
    add_command(commands, "redraw", SOME_NAMES | FOLDER, TEXTS["redraw"], command=redraw)
    add_command(commands, "verify", VERIFY, TEXTS["verify"], command=verify)


def list_scenarios(args: argparse.Namespace) -> int:
    """``qbsim list``."""
    rows = [(s.name, s.figure, s.cost, s.caption) for s in available()]
    widths = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
    indent = sum(widths) + 6
    width = max(shutil.get_terminal_size((100, 24)).columns, indent + 30)
    for paper, group in itertools.groupby(rows, key=lambda row: row[0].partition(".")[0]):
        _say(paper)
        for row in group:
            start = "  ".join(text.ljust(w) for text, w in zip(row, widths, strict=False)) + "  "
            _say(textwrap.fill(row[3], width, initial_indent=start, subsequent_indent=" " * indent))
    return OK


def run(args: argparse.Namespace) -> int:
    """``qbsim run``."""
    scenarios = _find(args.names)
    folder = _folder(args.out)
    code = OK
    for scenario in scenarios:
        ds = None if args.force else _current(scenario, folder, args.quick)
        if ds is None:
            ds = _compute(scenario, folder, args.quick, args.workers)
        else:
            _say(f"{scenario.name}: stored data is current, nothing to compute")
        for path in scenario.draw(ds, folder):
            _say(f"  wrote {path}")
        claims = scenario.claims(ds)
        _say(table([(scenario.name, claims)]))
        code = max(code, _exit_code(claims))
    return code


def redraw(args: argparse.Namespace) -> int:
    """``qbsim redraw``."""
    scenarios = _find(args.names)
    if not args.out.is_dir():
        raise UsageError(f"folder {args.out} does not exist")
    _folder(args.out)
    for scenario in scenarios:
        with usage_errors(OSError):
            ds = scenario.load(args.out)
        if not scenario.is_current(ds, bool(ds.attrs.get("quick", 0))):
            _say(f"{scenario.name}: drawing older data: the scenario or qbsim has changed since it was stored")
        for path in scenario.draw(ds, args.out):
            _say(f"  wrote {path}")
    return OK


def verify(args: argparse.Namespace) -> int:
    """``qbsim verify``."""
    groups: list[tuple[str, list[Claim]]] = []
    for scenario in _find(args.names):
        ds = _current(scenario, args.out, args.quick)
        if ds is None:
            ds = _compute(scenario, _folder(args.out), args.quick, args.workers)
        groups.append((scenario.name, scenario.claims(ds)))
    everything = [claim for _, claims in groups for claim in claims]
    _say(f"{table(groups)}\n{summary(everything)}")
    return _exit_code(everything)


_say = functools.partial(print, flush=True)
_find = usage_errors(ValueError)(find)


def _folder(path: Path) -> Path:
    try:
        return writable_folder(path)
    except OSError as error:
        if error.errno in FULL:
            raise
        raise UsageError(f"cannot write to folder {path}: {error.strerror or error}") from error


def _current(scenario: Scenario, folder: Path, quick: bool) -> xr.Dataset | None:
    """Stored data that a run would only repeat, or None."""
    try:
        ds = scenario.load(folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        print(f"qbsim: {error} Computing it anew.", file=sys.stderr)
        return None
    with usage_errors(ValueError):  # the user's file is not a scenario
        return ds if scenario.is_current(ds, quick) else None


def _compute(scenario: Scenario, folder: Path, quick: bool, workers: int | None) -> xr.Dataset:
    with usage_errors(ValueError):  # imported first: the user can mend a file that is not a scenario
        scenario.module  # noqa: B018
    effort = "quick" if quick else f"about {scenario.cost}" if scenario.cost else "cost unknown"
    _say(f"{scenario.name}: computing ({effort})")
    start = time.perf_counter()
    ds = scenario.compute(folder, quick=quick, workers=workers)
    _say(f"  wrote {scenario.data_file(folder)} in {time.perf_counter() - start:.1f} s")
    return ds


def _exit_code(claims: Iterable[Claim]) -> int:
    return FAILED if any(claim.verdict == FAILS for claim in claims) else OK
