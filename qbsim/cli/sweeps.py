"""The commands on sweeps: ``qbsim sweep disorder | geometry``, ``qbsim plot``, ``qbsim show``.

Heavy imports happen inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .._checks import SweepWarning
from .._files import atomic
from .._readers import parse_json, read_netcdf
from ..geometry import GEOMETRIES, read_graph
from ..ledger.formats import Group
from ..models.disorder import DISTRIBUTIONS, disordered_chain
from ..sweeps.builders import wired_battery
from .arguments import (
    FAILED,
    OK,
    Arguments,
    add_arguments,
    add_command,
    axis_value,
    cells,
    count,
    numbers,
    usage_errors,
)

__all__ = ["add_parsers"]

PATH: Arguments = {"path": {"type": Path, "metavar": "FILE_OR_DIR", "help": "a .nc file or the folder of a sweep"}}
PLOT: Arguments = {
    **PATH,
    "--x": {"metavar": "AXIS", "help": "horizontal axis; None: the longest numeric one, or time"},
    "--y": {"nargs": "+", "default": [], "metavar": "NAME", "help": "one panel each; none: half_life and gain"},
    "--heat": {"metavar": "AXIS", "help": "vertical axis: heat maps over --x and this one instead of lines"},
    "--where": {
        "nargs": "+",
        "type": axis_value,
        "default": [],
        "metavar": "AXIS=VALUE",
        "help": "draw only these values",
    },
    "--out": {"type": Path, "metavar": "FILE", "help": ".png, .pdf or .svg; None: beside the result"},
}


def add_parsers(commands: Any) -> None:
    """Add sweep, show and plot to the commands of ``qbsim``."""
    top = commands.add_parser(
        "sweep",
        help="sweep disorder or geometry over many realizations, resumable",
        description="Sweep disorder or geometry; DIR/sweep.nc holds the averages, DIR/batches what they were made of. "
        "The same command resumes; one that asks for more computes what is missing.",
    )
    kinds = top.add_subparsers(title="what to sweep", metavar="disorder|geometry", required=True)
    texts: dict[str, Any] = {
        "help": "a chain in random fields",
        "description": "Open XX chain in the fields omega_k = |B0 (1 + delta u_k)|, u_k from --distribution.",
    }
    _add_sweep(kinds, "disorder", DISORDER, texts, model_and_axes=_disorder, realizations=100)
    texts = {
        "help": "networks of different bonds",
        "description": "Networks with exchange and collective decay on the bonds of known geometries or own graphs.",
    }
    _add_sweep(kinds, "geometry", GEOMETRY, texts, model_and_axes=_geometry, realizations=1)

    texts = {"help": "axes, progress and provenance of a result"}
    add_command(commands, "show", PATH, texts, command=show, full_disk=FULL_DISK)
    texts = {"help": "draw any quantity of a result, or of a sweep that runs, against any axis"} | WITH_DEFAULTS
    add_command(commands, "plot", PLOT, texts, command=plot, full_disk=FULL_DISK)


# --- arguments of a sweep -------------------------------------------------------------------------------------------

DISORDER: Arguments = {
    "--cells": {"nargs": "+", "type": cells, "default": [2, 3, 4], "metavar": "N", "help": "sizes, as 2 4 or 2:6"},
    "--delta": {
        "nargs": "+",
        "type": numbers,
        "default": numbers("0:5:0.5"),
        "metavar": "D",
        "help": "strengths of disorder, as 0 1 2 or 0:5:0.5 with both ends",
    },
}
GEOMETRY: Arguments = {
    "--geometry": {
        "nargs": "+",
        "choices": GEOMETRIES,
        "default": list(GEOMETRIES),
        "help": "known geometries",
    },
    "--edges": {
        "nargs": "+",
        "type": Path,
        "default": [],
        "metavar": "FILE",
        "help": "own graphs, named by their files: two cells, from 0, on every line; one alone for a cell without "
        "bonds",
    },
    "--cells": DISORDER["--cells"] | {"default": [5]},
    "--gamma-bond": {
        "nargs": "+",
        "type": numbers,
        "default": [0.0],
        "metavar": "G",
        "help": "decay matrix on the bonds",
    },
    "--delta": {"type": float, "default": 0.0, "metavar": "D", "help": "strength of disorder"},
}
"""What one sweep takes alone."""

GROUPS: dict[str, Arguments] = {
    "model": {
        "--gamma": {"type": float, "default": 1.0, "help": "decay rate of a cell"},
        "--B0": {"type": float, "default": 10.0, "help": "reference field"},
        "--exchange": {"type": float, "default": 10.0, "help": "exchange element of a bond"},
        "--dephasing": {"type": float, "default": 0.0, "help": "extra decay rate of a coherence"},
        "--nbar": {"type": float, "default": 0.0, "help": "thermal occupation of the bath"},
        "--distribution": {
            "choices": DISTRIBUTIONS,
            "default": "uniform",
            "help": "of the u_k: uniform in (-1, 1), or normal with standard deviation 1",
        },
        "--states": {
            "nargs": "+",
            "default": ["plus", "classical", "full"],
            "metavar": "STATE",
            "help": "plus, classical, full, empty",
        },
        "--last": {
            "type": float,
            "default": 1.0,
            "metavar": "T",
            "help": "last time, as gamma t (as t if gamma is 0)",
        },
        "--times": {"type": count, "default": 101, "metavar": "N", "help": "number of times, from 0"},
        "--measures": {
            "nargs": "+",
            "default": ["energy", "ergotropy"],
            "metavar": "NAME",
            "help": "figures of merit to record",
        },
    },
    "ensemble": {
        "--realizations": {"type": count, "metavar": "N", "help": "of the disorder, per point"},
        "--seed": {"type": int, "default": 0, "help": "master seed"},
        "--target-sem": {
            "type": float,
            "metavar": "X",
            "help": "stop at this standard error of the ergotropy ratio",
        },
        "--keep": {
            "choices": ("mean", "all"),
            "default": "mean",
            "help": "all: the curves of every realization too",
        },
    },
    "computation": {
        "--out": {
            "type": Path,
            "required": True,
            "default": argparse.SUPPRESS,
            "metavar": "DIR",
            "help": "folder of the sweep",
        },
        "--workers": {"type": count, "metavar": "N", "help": "processes; None: one per core"},
        "--executor": {"metavar": "WHERE", "help": "serial, or tcp://host:port of dask; None: local processes"},
        "--solver": {"default": "auto", "help": "solver of the master equation"},
        "--rtol": {"type": float, "default": 1e-8, "help": "relative accuracy asked of the solver"},
        "--atol": {"type": float, "default": 1e-10, "help": "absolute accuracy asked of the solver"},
        "--passive-tol": {
            "type": float,
            "metavar": "X",
            "help": "interpolate the passive energy, aiming at this error",
        },
        "--dry-run": {"action": "store_true", "help": "tell tasks, time, memory and disk, and compute nothing"},
        "--quiet": {"action": "store_true", "help": "no progress"},
    },
}
"""What both sweeps take; every default shows in --help."""

FULL_DISK = "finished batches are kept, and the same command resumes"
WITH_DEFAULTS = {"formatter_class": argparse.ArgumentDefaultsHelpFormatter}


def _add_sweep(kinds: Any, name: str, own: Arguments, texts: dict[str, Any], **defaults: Any) -> None:
    sub = add_command(kinds, name, own, texts | WITH_DEFAULTS, command=sweep, full_disk=FULL_DISK)
    for title, arguments in GROUPS.items():
        add_arguments(sub.add_argument_group(title), arguments)
    sub.set_defaults(**defaults)


# --- sweep ----------------------------------------------------------------------------------------------------------

MODEL = ("gamma", "B0", "exchange", "dephasing", "nbar", "distribution")
REQUEST = ("states", "measures", "realizations", "seed", "target_sem", "solver", "rtol", "atol", "passive_tol")

Axes = dict[str, list[Any]]
mistakes = usage_errors(ValueError, TypeError, ImportError, OSError)  # a full disk is none: batches are kept


@mistakes
def sweep(args: argparse.Namespace) -> int:
    """``qbsim sweep``: the curves of all points, or a forecast of what they cost."""
    build, axes = args.model_and_axes(args)
    if not args.last > 0:
        raise ValueError(f"Argument --last must be positive, but is {args.last:g}.")
    request: dict[str, Any] = {name: getattr(args, name) for name in REQUEST}
    request["tlist"] = np.linspace(0, args.last / (args.gamma if args.gamma > 0 else 1.0), args.times)
    if args.dry_run:
        return _forecast(build, axes, request, args)
    from ..sweeps.run import sweep

    ds = sweep(
        build,
        axes,
        **request,
        store=args.out,
        executor=args.executor,
        workers=args.workers,
        keep=args.keep,
        progress=not args.quiet,
    )
    low, high = int(ds.realizations.min()), int(ds.realizations.max())
    counts = f"{low}" if low == high else f"{low} to {high}"
    print(f"{args.out / 'sweep.nc'}: {ds['identity'].size} curves of {counts} realizations")
    left_out = json.loads(ds.attrs["set_aside"])
    for line in left_out:
        print(f"left out: {line}")
    return FAILED if left_out else OK


def _forecast(build: Any, axes: Axes, request: dict[str, Any], args: argparse.Namespace) -> int:
    from loky import cpu_count

    from ..solvers import Settings
    from ..sweeps.batches import Store
    from ..sweeps.forecast import forecast
    from ..sweeps.plan import Request, make_plan

    settings = Settings(**{name: request.pop(name) for name in Settings._fields if name in request})
    plan = make_plan(Request(build, axes, **request, settings=settings))
    store = Store(args.out) if args.out.exists() else None
    workers = 1 if args.executor == "serial" else args.workers or cpu_count()
    print(f"{'at most ' if args.target_sem is not None else ''}{forecast(plan, workers, store)}")
    return OK


def _disorder(args: argparse.Namespace) -> tuple[Any, Axes]:
    """Chains in random fields, and the axes N and delta."""
    build = functools.partial(disordered_chain, **{name: getattr(args, name) for name in MODEL})
    return build, {"N": _flat(args.cells), "delta": _flat(args.delta)}


def _geometry(args: argparse.Namespace) -> tuple[Any, Axes]:
    """Networks of known geometries and graphs from files, and the axes geometry, N and gamma_bond."""
    sizes = _flat(args.cells)
    graphs: dict[str, list[list[int]]] = {}
    for path in args.edges:
        edges, N = read_graph(path)
        if sizes != [N]:
            raise ValueError(f"{path} has {N} cells, but --cells is {' '.join(map(str, sizes))}.")
        if path.stem in (*GEOMETRIES, *graphs):
            raise ValueError(f"{path} has the name of another geometry; rename the file.")
        graphs[path.stem] = [list(edge) for edge in edges]
    model = {name: getattr(args, name) for name in (*MODEL, "delta")}
    axes = {"geometry": [*_flat(args.geometry), *graphs], "N": sizes, "gamma_bond": _flat(args.gamma_bond)}
    return functools.partial(wired_battery, graphs=graphs, **model), axes


def _flat(groups: list[Any]) -> list[Any]:
    """One list of the values of all arguments, each once, in order; defaults are flat already."""
    return list(dict.fromkeys(value for group in groups for value in (group if isinstance(group, list) else [group])))


# --- plot and show --------------------------------------------------------------------------------------------------


@mistakes
def plot(args: argparse.Namespace) -> int:
    """``qbsim plot``: draw a result and save the figure."""
    from ..plotting.datasets import select
    from ..plotting.figures import offscreen
    from ..plotting.panels import draw
    from ..sweeps.stored import load

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SweepWarning)
        ds = load(args.path)
    for warning in caught:
        print(f"qbsim: {warning.message}", file=sys.stderr)
    with offscreen():
        fig = draw(select(ds, dict(args.where)), args.x, args.y, args.heat)
    default = args.path / "sweep.png" if args.path.is_dir() else args.path.with_suffix(".png")
    if "scenario" in ds.attrs:  # the figure of a scenario has the name of its data
        default = default.with_name(f"{default.stem}_plot.png")
    out = args.out or default
    if "changed" in ds.attrs:
        settings = parse_json(ds.attrs["changed"], "Attribute 'changed'")
        print(Group(str(ds.attrs["scenario"]), [], settings).heading, file=sys.stderr)
    if out.suffix not in (".png", ".pdf", ".svg"):
        raise ValueError(f"Argument --out must end in .png, .pdf or .svg, but is {out}.")
    with atomic(out) as temporary:
        fig.savefig(temporary)
    print(out)
    return OK


@mistakes
def show(args: argparse.Namespace) -> int:
    """``qbsim show``: print the axes, progress and attributes of a result, or of a sweep that is not finished."""
    from ..sweeps.show import of_file, of_store

    lines = []
    if (args.path / "manifest.json").is_file():
        lines += of_store(args.path)
    if not lines or (args.path / "sweep.nc").is_file():
        lines += of_file(read_netcdf(_find(args.path)))
    width = max(len(name) for name, _ in lines)
    for name, text in lines:  # with ? for characters that a terminal would take for commands
        print("".join(c if c.isprintable() else "?" for c in f"{name:<{width}}  {text}".rstrip()))
    return OK


def _find(path: Path) -> Path:
    """File of a result, from the file or the folder of a sweep."""
    file = path / "sweep.nc" if path.is_dir() else path
    if not file.is_file():
        raise FileNotFoundError(f"There is no result at {file}.")
    return file
