"""The ``qbsim`` command: list, run, redraw, verify, and the commands on sweeps; the top layer.

Exit codes: 0, 1 (ran, but something failed), 2 (bad input or an unwritable folder: one line, no traceback),
130 (Ctrl-C). Heavy imports happen inside the commands, so that ``--help`` and ``list`` answer at once.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .._files import writable_folder
from .._version import __version__
from ..ledger.claims import FAILS, Claim, summary, table
from ..ledger.scenario import Scenario, available, find
from . import sweeps as cli_sweep

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["main", "parser"]

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
# What a full disk looks like: no space, quota, or a limit on the file size.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class UsageError(Exception):
    """Something the caller can put right; printed as one line, exit code 2."""


class Parser(argparse.ArgumentParser):
    """Parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message} (see `{self.prog} --help`)\n")


def parser() -> argparse.ArgumentParser:
    """The command line as a parser; every command sets `command`, a function of the parsed arguments."""
    top = Parser(
        prog="qbsim",
        description="Open-system simulation of quantum batteries: from a geometry to a figure.",
        epilog="Exit codes: 0, 1 (something failed), 2 (bad input), 130 (interrupted).",
    )
    top.add_argument("--version", action="version", version=f"qbsim {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    sub = commands.add_parser("list", help="every scenario: name, figure, caption, expected cost")
    sub.set_defaults(command=list_scenarios)

    names = "scenario (santos2021.fig4), paper (santos2021), file of your own (my_figure.py), or all"
    sub = commands.add_parser(
        "run",
        help="compute, store, draw, and compare with the paper",
        description="Compute scenarios, store DIR/NAME.nc, draw .png and .pdf, and print the paper's claims beside "
        "what was found. Stored data made from the same parameters by the same version is not computed again.",
    )
    sub.add_argument("names", nargs="+", metavar="NAME", help=names)
    sub.add_argument("--quick", action="store_true", help="coarse grids and few realizations: seconds, not figures")
    _add_folder(sub)
    _add_workers(sub)
    sub.add_argument("--force", action="store_true", help="compute even if the stored data is current")
    sub.set_defaults(command=run)

    sub = commands.add_parser("redraw", help="draw again from stored data, computing nothing")
    sub.add_argument("names", nargs="+", metavar="NAME", help=names)
    _add_folder(sub)
    sub.set_defaults(command=redraw)

    sub = commands.add_parser(
        "verify",
        help="what the papers say beside what qbsim finds, as one table",
        description="Print the statements of the papers, quoted with their place, beside what qbsim finds, and then "
        "the checks of our own; from stored data, computing what is missing. Exit code 1 if a row FAILS.",
    )
    sub.add_argument("names", nargs="*", metavar="NAME", default=["all"], help=f"{names} (default)")
    sub.add_argument("--quick", action="store_true", help="make do with quick runs where data is missing")
    _add_folder(sub)
    _add_workers(sub)
    sub.set_defaults(command=verify)

    cli_sweep.add_parsers(commands)
    return top


def _add_folder(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--out", type=Path, default=Path("figures"), metavar="DIR", help="folder (default: figures)")


def _add_workers(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--workers", type=_count, metavar="N", help="processes (default: one per core)")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1, but is {text!r}")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0, 1, 2 or 130.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without Unicode shows a question mark, not a traceback
            stream.reconfigure(errors="replace")
    try:
        args = parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed help (0) or its one line (2)
        return int(stop.code or 0)
    try:
        code = args.command(args)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("\nqbsim: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `qbsim list | head`: nobody reads on; keep the interpreter from flushing at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except UsageError as error:
        return _complain(str(error), BAD_INPUT)
    except MemoryError as error:
        return _complain(str(error) or "out of memory", FAILED)
    except OSError as error:
        if error.errno in FULL:
            return _complain(f"the disk is full ({error}); nothing half-written was left behind", FAILED)
        return _complain(str(error), FAILED)


def _complain(message: str, code: int) -> int:
    print(f"qbsim: {' '.join(message.split())}", file=sys.stderr)
    return code


def _say(message: str) -> None:
    print(message, flush=True)


# --- commands -------------------------------------------------------------------------------------------------------


def list_scenarios(args: argparse.Namespace) -> int:
    """``qbsim list``."""
    rows = [(s.name, s.figure, s.cost, s.caption) for s in available()]
    widths = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
    indent = sum(widths) + 6
    width = max(_terminal_width(), indent + 30)
    paper = ""
    for row in rows:
        if row[0].partition(".")[0] != paper:
            paper = row[0].partition(".")[0]
            _say(paper)
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
        code = max(code, _verdict(claims))
    return code


def redraw(args: argparse.Namespace) -> int:
    """``qbsim redraw``."""
    scenarios = _find(args.names)
    if not args.out.is_dir():
        raise UsageError(f"folder {args.out} does not exist")
    _folder(args.out)
    for scenario in scenarios:
        try:
            ds = scenario.load(args.out)
        except OSError as error:
            raise UsageError(str(error)) from error
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
    _say(table(groups))
    everything = [claim for _, claims in groups for claim in claims]
    _say(summary(everything))
    return _verdict(everything)


def _find(names: Sequence[str]) -> list[Scenario]:
    try:
        return find(names)
    except ValueError as error:
        raise UsageError(str(error)) from error


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
    return ds if _usable(scenario, ds, quick) else None


def _usable(scenario: Scenario, ds: xr.Dataset, quick: bool) -> bool:
    try:
        return scenario.is_current(ds, quick)
    except ValueError as error:  # a file of the user's own that is no scenario
        raise UsageError(str(error)) from error


def _compute(scenario: Scenario, folder: Path, quick: bool, workers: int | None) -> xr.Dataset:
    try:
        scenario.module  # noqa: B018  imported first: a file that is no scenario is the caller's to put right
    except ValueError as error:
        raise UsageError(str(error)) from error
    effort = "quick" if quick else f"about {scenario.cost}" if scenario.cost else "cost unknown"
    _say(f"{scenario.name}: computing ({effort})")
    start = time.perf_counter()
    ds = scenario.compute(folder, quick=quick, workers=workers)
    _say(f"  wrote {scenario.data_file(folder)} in {time.perf_counter() - start:.1f} s")
    return ds


def _verdict(claims: Iterable[Claim]) -> int:
    return FAILED if any(claim.verdict == FAILS for claim in claims) else OK


def _terminal_width() -> int:
    return shutil.get_terminal_size((100, 24)).columns
