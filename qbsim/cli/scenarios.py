"""The commands on scenarios: ``qbsim list``, ``run``, ``redraw``, ``verify``."""

from __future__ import annotations

import argparse
import functools
import itertools
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from .._files import writable_folder
from ..ledger import constants
from ..ledger.claims import FAILS, Claim, table
from ..ledger.formats import FORMATS, Group, counted
from ..ledger.scenario import Scenario, available, find
from .arguments import FAILED, FOLDER, FULL, OK, WORKERS, Arguments, UsageError, add_command, assignment, usage_errors
from .failures import ScenarioFailure, own_lines

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["add_parsers"]


NAMES = "scenario (santos2021.fig4), paper (santos2021), file of your own (my_figure.py), or all"
STORED_NAMES = f"{NAMES}; NAME@DIGEST for one set of other constants"
LIST: Arguments = {"names": {"nargs": "*", "metavar": "NAME", "help": f"show the constants of these: {NAMES}"}}
SOME_NAMES: Arguments = {"names": {"nargs": "+", "metavar": "NAME", "help": NAMES}}
RUN: Arguments = {
    **SOME_NAMES,
    "--quick": {"action": "store_true", "help": "coarse grids and few realizations: seconds, not figures"},
    **FOLDER,
    **WORKERS,
    "--set": {
        "action": "append",
        "type": assignment,
        "default": [],
        "metavar": "NAME=VALUE",
        "help": "another value of a constant that `qbsim list NAME` shows; may be repeated",
    },
    "--force": {"action": "store_true", "help": "compute even if the stored data is current"},
}
VERIFY: Arguments = {
    "names": {"nargs": "*", "metavar": "NAME", "default": ["all"], "help": f"{STORED_NAMES} (default: all)"},
    "--quick": {"action": "store_true", "help": "make do with quick runs where data is missing"},
    "--format": {"choices": FORMATS, "default": "text", "help": "text (default), or the same rows for other programs"},
    **FOLDER,
    **WORKERS,
}
REDRAW: Arguments = {"names": SOME_NAMES["names"] | {"help": STORED_NAMES}, **FOLDER}
DIGEST = re.compile("@[0-9a-f]{8}$")
KIND_WIDTH = 24  # a longer type is shown by its first word
TEXTS = {
    "list": {
        "help": "every scenario: name, figure, caption, expected cost; or the constants of some",
        "description": "List every scenario. With names: the constants that decide their numbers, which "
        "`qbsim run NAME --set CONSTANT=VALUE` changes.",
    },
    "run": {
        "help": "compute, store, draw, and compare with the paper",
        "description": "Compute scenarios, store DIR/NAME.nc, draw .png and .pdf, and print the paper's claims beside "
        "what was found. Stored data made from the same parameters by the same version is not computed again. With "
        "--set, constants of the caption change: the data are DIR/NAME@DIGEST.nc, and the claims do not count.",
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
    add_command(commands, "list", LIST, TEXTS["list"], command=list_scenarios)
    add_command(commands, "run", RUN, TEXTS["run"], command=run)
    add_command(commands, "redraw", REDRAW, TEXTS["redraw"], command=redraw)
    add_command(commands, "verify", VERIFY, TEXTS["verify"], command=verify)


def list_scenarios(args: argparse.Namespace) -> int:
    """``qbsim list``."""
    if args.names:
        _say("\n\n".join(map(_constants, _find(args.names))))
        return OK
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


def _constants(scenario: Scenario) -> str:
    """What `--set` can change, as a table."""
    with own_lines(scenario, "its import"):
        values = scenario.values
    rows = [("constant", "type", "value")]
    for name, value in values.items():
        kind = constants.kind(value) or "fixed"
        rows.append((name, kind if len(kind) <= KIND_WIDTH else kind.partition(" ")[0], constants.shown(value)))
    widths = [max(len(row[k]) for row in rows) for k in range(2)]
    lines = [f"  {name:<{widths[0]}}  {kind:<{widths[1]}}  {value}" for name, kind, value in rows]
    head = "  ".join(text for text in (scenario.name, scenario.figure, scenario.cost) if text)
    return "\n".join([head, *([scenario.caption] if scenario.caption else []), *lines])


def run(args: argparse.Namespace) -> int:
    """``qbsim run``."""
    scenarios = [_changed(scenario, args.set) for scenario in _find(args.names)]
    folder = _folder(args.out)
    groups = []
    for scenario in scenarios:
        ds = None if args.force else _current(scenario, folder, args.quick)
        if ds is None:
            ds = _compute(scenario, folder, args.quick, args.workers)
        else:
            _say(f"{scenario.title}: stored data is current, nothing to compute")
        _draw(scenario, ds, folder)
        groups.append(_group(scenario, ds))
        _say(table([(groups[-1].heading, groups[-1].rows())]))
    return _exit_code(counted(groups))


def redraw(args: argparse.Namespace) -> int:
    """``qbsim redraw``."""
    scenarios = _stored(args.names, args.out, captions=False)
    if not args.out.is_dir():
        raise UsageError(f"folder {args.out} does not exist")
    _folder(args.out)
    for scenario in scenarios:
        with usage_errors(OSError):
            ds = scenario.load(args.out)
        if not _is_current(scenario, ds, bool(ds.attrs.get("quick", 0))):
            _say(f"{scenario.title}: drawing older data: the scenario or qbsim has changed since it was stored")
        _draw(scenario, ds, args.out)
    return OK


def verify(args: argparse.Namespace) -> int:
    """``qbsim verify``."""
    log = sys.stdout if args.format == "text" else sys.stderr
    groups = []
    for scenario in _stored(args.names, args.out, captions=True):
        ds = _current(scenario, args.out, args.quick)
        if ds is None and scenario.changed:
            print(f"{scenario.title}: older data, or of a quick run, left out: run it again", file=sys.stderr)
            continue
        if ds is None:
            ds = _compute(scenario, _folder(args.out), args.quick, args.workers, log)
        groups.append(_group(scenario, ds))
    _say(FORMATS[args.format](groups))
    return _exit_code(counted(groups))


_say = functools.partial(print, flush=True)
_find = usage_errors(ValueError)(find)


def _folder(path: Path) -> Path:
    try:
        return writable_folder(path)
    except OSError as error:
        if error.errno in FULL:
            raise
        raise UsageError(f"cannot write to folder {path}: {error.strerror or error}") from error


def _changed(scenario: Scenario, settings: list[tuple[str, str]]) -> Scenario:
    """The scenario with other constants."""
    if not settings:
        return scenario
    if repeated := [name for name, _ in settings if [n for n, _ in settings].count(name) > 1]:
        raise UsageError(f"--set gives {repeated[0]} twice")
    with own_lines(scenario, "its import"):
        scenario.module  # noqa: B018
        with usage_errors(ValueError):
            return scenario.with_constants(dict(settings))


def _stored(names: Iterable[str], folder: Path, *, captions: bool) -> list[Scenario]:
    """Scenarios by name, each followed by those with other constants that are stored; NAME@DIGEST is one of the latter.

    The caption's own constants come first; where only others are stored, they do if `captions` asks for them.
    """
    chosen: dict[str, Scenario] = {}
    for asked in names:
        name, digest = (asked[:-9], asked[-8:]) if DIGEST.search(asked) else (asked, "")
        for scenario in _find([name]):
            others = _others(scenario, folder)
            if digest and f"{scenario.name}@{digest}" not in others:
                raise UsageError(f"there is no stored data of {scenario.name}@{digest} in {folder}")
            if digest:
                others = {title: other for title, other in others.items() if title.endswith(f"@{digest}")}
            elif captions or not others or scenario.data_file(folder).exists():
                chosen[scenario.title] = scenario
            chosen |= others
    return list(chosen.values())


def _others(scenario: Scenario, folder: Path) -> dict[str, Scenario]:
    """The scenario with the other constants that are stored, by title."""
    found = []
    for path in scenario.other_files(folder):
        with own_lines(scenario, "its import"):
            scenario.module  # noqa: B018
            try:
                found.append(scenario.of_file(path))
            except (OSError, ValueError) as error:
                print(f"{path}: left out: {error}", file=sys.stderr)
    return {other.title: other for other in found}


def _is_current(scenario: Scenario, ds: xr.Dataset, quick: bool) -> bool:
    with own_lines(scenario, "its import"):
        return scenario.is_current(ds, quick)


def _current(scenario: Scenario, folder: Path, quick: bool) -> xr.Dataset | None:
    """Stored data that a run would only repeat, or None."""
    try:
        ds = scenario.load(folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        print(f"qbsim: {error} Computing it anew.", file=sys.stderr)
        return None
    return ds if _is_current(scenario, ds, quick) else None


def _compute(
    scenario: Scenario, folder: Path, quick: bool, workers: int | None, log: TextIO | None = None
) -> xr.Dataset:
    with own_lines(scenario, "its import"):
        effort = "quick" if quick else f"about {scenario.cost}" if scenario.cost else "cost unknown"
        scenario.module  # noqa: B018
    _say(f"{scenario.title}: computing ({effort})", file=log)
    start = time.perf_counter()
    with own_lines(scenario, "compute"):
        ds = scenario.compute(folder, quick=quick, workers=workers)
    _say(f"  wrote {scenario.data_file(folder)} in {time.perf_counter() - start:.1f} s", file=log)
    return ds


def _draw(scenario: Scenario, ds: xr.Dataset, folder: Path) -> None:
    with own_lines(scenario, "draw"):
        paths = scenario.draw(ds, folder)
    for path in paths:
        _say(f"  wrote {path}")


def _group(scenario: Scenario, ds: xr.Dataset) -> Group:
    """Rows of a scenario; under other parameters there may be none, since the paper says nothing about them."""
    try:
        with own_lines(scenario, "claims"):
            return Group(scenario.title, scenario.claims(ds), scenario.settings, bool(ds.attrs.get("quick")))
    except ScenarioFailure as failure:
        if not scenario.changed:
            raise
        print(f"{failure}\n{scenario.title}: no claims for other parameters", file=sys.stderr)
        return Group(scenario.title, [], scenario.settings)


def _exit_code(claims: Iterable[Claim]) -> int:
    return FAILED if any(claim.verdict == FAILS for claim in claims) else OK
