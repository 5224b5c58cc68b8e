"""The ``qbsim`` command: reads the arguments, runs one command, and turns every error into an exit code.

Exit codes: 0, 1 (ran, but something failed), 2 (bad input or an unwritable folder: one line, no traceback),
130 (Ctrl-C). Heavy imports happen inside the commands, so that ``--help`` and ``list`` answer at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from .._version import __version__
from . import fits, scenarios, sweeps
from .arguments import BAD_INPUT, FAILED, FULL, INTERRUPTED, OK, Parser, UsageError
from .failures import ScenarioFailure

__all__ = ["main", "parser"]


def parser() -> Parser:
    """The command line as a parser; every command sets `command`, a function of the parsed arguments."""
    top = Parser(
        prog="qbsim",
        description="Open-system simulation of quantum batteries: from a geometry to a figure.",
        epilog="Exit codes: 0, 1 (something failed), 2 (bad input), 130 (interrupted).",
    )
    top.add_argument("--version", action="version", version=f"qbsim {__version__}")
    top.set_defaults(full_disk="nothing half-written was left behind")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    scenarios.add_parsers(commands)
    sweeps.add_parsers(commands)
    fits.add_parsers(commands)
    return top


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
        code = int(args.command(args))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt as stop:
        print(file=sys.stderr)  # the terminal has just shown ^C
        return _print_error(str(stop) or "interrupted", INTERRUPTED)
    except BrokenPipeError:  # `qbsim list | head` has closed the pipe; the interpreter must not flush at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except UsageError as error:
        return _print_error(str(error), BAD_INPUT)
    except ScenarioFailure as failure:
        print(failure, file=sys.stderr)
        return FAILED
    except MemoryError as error:
        return _print_error(str(error) or "out of memory", FAILED)
    except OSError as error:
        if error.errno in FULL:
            return _print_error(f"the disk is full ({error}); {args.full_disk}", FAILED)
        return _print_error(str(error), FAILED)


def _print_error(message: str, code: int) -> int:
    print(f"qbsim: {' '.join(message.split())}", file=sys.stderr)
    return code
