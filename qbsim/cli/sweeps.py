"""The commands on sweeps: ``qbsim sweep disorder | geometry``, ``qbsim show``, ``qbsim plot``; part of the top layer.

Heavy imports happen inside the commands, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import errno
import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .._readers import read_netcdf
from ..geometry import GEOMETRIES, read_graph
from ..models.disorder import disordered_chain
from ..sweeps.builders import wired_battery

__all__ = ["add_parsers"]

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


# --- arguments ------------------------------------------------------------------------------------------------------


def _numbers(text: str) -> list[float]:
    """A number, or first:last:step with both ends."""
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if len(parts) == 1:
        return parts
    if len(parts) == 3 and parts[2] > 0 and parts[1] >= parts[0]:
        steps = int(np.floor((parts[1] - parts[0]) / parts[2] + 1e-9))
        # 0:1:0.1 means 0.3 and not 0.30000000000000004
        return [float(np.round(parts[0] + k * parts[2], 12)) for k in range(steps + 1)]
    raise argparse.ArgumentTypeError(f"must be a number or first:last:step, but is {text!r}")


def _cells(text: str) -> list[int]:
    """An integer, or first:last with both ends."""
    parts = text.split(":")
    if all(part.isdecimal() for part in parts) and len(parts) in (1, 2) and 0 < int(parts[0]) <= int(parts[-1]):
        return list(range(int(parts[0]), int(parts[-1]) + 1))
    raise argparse.ArgumentTypeError(f"must be an integer of at least 1 or first:last, but is {text!r}")


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1, but is {text!r}")
    return int(text)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"must be AXIS=VALUE, but is {text!r}")
    return name, value


def add_parsers(commands: Any) -> None:
    """Add sweep, show and plot to the subparsers of the ``qbsim`` command; each sets `func` and `command`."""
    top = commands.add_parser(
        "sweep",
        help="sweep disorder or geometry over many realizations, resumable",
        description="Sweep disorder or geometry; DIR/sweep.nc holds the averages, DIR/batches what they were made of. "
        "The same command resumes; one that asks for more computes what is missing.",
    )
    kinds = top.add_subparsers(title="what to sweep", metavar="disorder|geometry", required=True)
    _add_disorder(kinds)
    _add_geometry(kinds)

    show = commands.add_parser("show", help="axes, progress and provenance of a result")
    show.add_argument("path", type=Path, metavar="FILE_OR_DIR", help="a .nc file or the folder of a sweep")
    _sets(show, _show)

    plot = commands.add_parser(
        "plot",
        help="draw any quantity of a result against any axis",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    plot.add_argument("path", type=Path, metavar="FILE_OR_DIR", help="a .nc file or the folder of a sweep")
    plot.add_argument("--x", metavar="AXIS", help="horizontal axis; None: the longest numeric one, or time")
    plot.add_argument("--y", nargs="+", default=[], metavar="NAME", help="one panel each; none: half_life and gain")
    plot.add_argument("--where", nargs="+", type=_pair, default=[], metavar="AXIS=VALUE", help="draw only these values")
    plot.add_argument("--out", type=Path, metavar="FILE", help=".png, .pdf or .svg; None: beside the result")
    _sets(plot, _plot)


def _sets(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace], int]) -> None:
    guarded = functools.partial(_guarded, command)
    parser.set_defaults(func=guarded, command=guarded)


def _add_disorder(kinds: Any) -> None:
    sub = kinds.add_parser(
        "disorder",
        help="a chain in random fields",
        description="Open XX chain in the fields omega_k = |B0 (1 + delta u_k)|, u_k uniform in (-1, 1).",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    sub.add_argument("--cells", nargs="+", type=_cells, default=[2, 3, 4], metavar="N", help="sizes, as 2 4 or 2:6")
    sub.add_argument(
        "--delta",
        nargs="+",
        type=_numbers,
        default=_numbers("0:5:0.5"),
        metavar="D",
        help="strengths of disorder, as 0 1 2 or 0:5:0.5 with both ends",
    )
    _add_common(sub, states=["plus", "classical", "full"], realizations=100)
    _sets(sub, functools.partial(_sweep, kind="disorder"))


def _add_geometry(kinds: Any) -> None:
    sub = kinds.add_parser(
        "geometry",
        help="networks of different bonds",
        description="Networks with exchange and collective decay on the bonds of known geometries or own graphs.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    sub.add_argument("--geometry", nargs="+", choices=GEOMETRIES, default=list(GEOMETRIES), help="known geometries")
    sub.add_argument(
        "--edges",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="own graphs, named by their files: two cells, from 0, on every line; one alone for a cell without bonds",
    )
    sub.add_argument("--cells", nargs="+", type=_cells, default=[5], metavar="N", help="sizes, as 2 4 or 2:6")
    sub.add_argument(
        "--gamma-bond", nargs="+", type=_numbers, default=[0.0], metavar="G", help="decay matrix on the bonds"
    )
    sub.add_argument("--delta", type=float, default=0.0, metavar="D", help="strength of disorder")
    _add_common(sub, states=["plus", "classical", "full"], realizations=1)
    _sets(sub, functools.partial(_sweep, kind="geometry"))


def _add_common(sub: argparse.ArgumentParser, *, states: list[str], realizations: int) -> None:
    """Arguments of both sweeps; every default shows in --help."""
    model = sub.add_argument_group("model")
    model.add_argument("--gamma", type=float, default=1.0, help="decay rate of a cell")
    model.add_argument("--B0", type=float, default=10.0, help="reference field")
    model.add_argument("--exchange", type=float, default=10.0, help="exchange element of a bond")
    model.add_argument("--dephasing", type=float, default=0.0, help="extra decay rate of a coherence")
    model.add_argument("--nbar", type=float, default=0.0, help="thermal occupation of the bath")
    model.add_argument("--states", nargs="+", default=states, metavar="STATE", help="plus, classical, full, empty")
    model.add_argument(
        "--last", type=float, default=1.0, metavar="T", help="last time, as gamma t (as t if gamma is 0)"
    )
    model.add_argument("--times", type=_count, default=101, metavar="N", help="number of times, from 0")
    model.add_argument(
        "--measures", nargs="+", default=["energy", "ergotropy"], metavar="NAME", help="figures of merit to record"
    )
    run = sub.add_argument_group("ensemble")
    run.add_argument(
        "--realizations", type=_count, default=realizations, metavar="N", help="of the disorder, per point"
    )
    run.add_argument("--seed", type=int, default=0, help="master seed")
    run.add_argument("--target-sem", type=float, metavar="X", help="stop at this standard error of the ergotropy ratio")
    run.add_argument("--keep", choices=("mean", "all"), default="mean", help="all: the curves of every realization too")
    where = sub.add_argument_group("computation")
    where.add_argument(
        "--out", type=Path, required=True, default=argparse.SUPPRESS, metavar="DIR", help="folder of the sweep"
    )
    where.add_argument("--workers", type=_count, metavar="N", help="processes; None: one per core")
    where.add_argument("--executor", metavar="WHERE", help="serial, or tcp://host:port of dask; None: local processes")
    where.add_argument("--solver", default="auto", help="solver of the master equation")
    where.add_argument("--rtol", type=float, default=1e-8, help="relative accuracy asked of the solver")
    where.add_argument("--atol", type=float, default=1e-10, help="absolute accuracy asked of the solver")
    where.add_argument(
        "--passive-tol", type=float, metavar="X", help="interpolate the passive energy, aiming at this error"
    )
    where.add_argument("--dry-run", action="store_true", help="tell tasks, time, memory and disk, and compute nothing")
    where.add_argument("--quiet", action="store_true", help="no progress")


# --- commands -------------------------------------------------------------------------------------------------------


def _guarded(command: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """Exit code of a command: one clear line where something is wrong, no traceback."""
    try:
        return command(args)
    except KeyboardInterrupt as stop:
        return _complain(str(stop) or "interrupted", 130)
    except (ValueError, TypeError, ImportError) as error:
        return _complain(str(error), 2)
    except MemoryError as error:
        return _complain(str(error) or "out of memory", 1)
    except BrokenPipeError:  # `qbsim show runs | head`: the command line knows what to do
        raise
    except OSError as error:
        if error.errno in FULL:
            return _complain(f"the disk is full ({error}); finished batches are kept, and the same command resumes", 1)
        return _complain(str(error), 2)


def _complain(message: str, code: int) -> int:
    print(f"qbsim: {' '.join(message.split())}", file=sys.stderr)
    return code


def _flat(groups: list[Any]) -> list[Any]:
    """One list of the values of all arguments, each once, in order; defaults are flat already."""
    return list(dict.fromkeys(value for group in groups for value in (group if isinstance(group, list) else [group])))


def _sweep(args: argparse.Namespace, kind: str) -> int:
    """Sweep, or forecast the cost of it."""
    model = {name: getattr(args, name) for name in ("gamma", "B0", "exchange", "dephasing", "nbar")}
    if kind == "disorder":
        axes = {"N": _flat(args.cells), "delta": _flat(args.delta)}
        build = functools.partial(disordered_chain, **model)
    else:
        axes, graphs = _geometry_axes(args)
        build = functools.partial(wired_battery, graphs=graphs, delta=args.delta, **model)
    if not args.last > 0:
        raise ValueError(f"Argument --last must be positive, but is {args.last:g}.")
    asked: dict[str, Any] = {
        "states": args.states,
        "tlist": np.linspace(0, args.last / (args.gamma if args.gamma > 0 else 1.0), args.times),
        "measures": args.measures,
        "realizations": args.realizations,
        "seed": args.seed,
        "target_sem": args.target_sem,
        "solver": args.solver,
        "rtol": args.rtol,
        "atol": args.atol,
        "passive_tol": args.passive_tol,
    }
    if args.dry_run:
        return _dry_run(build, axes, asked, args)
    from ..sweeps.run import sweep

    ds = sweep(
        build,
        axes,
        **asked,
        store=args.out,
        executor=args.executor,
        workers=args.workers,
        keep=args.keep,
        progress=not args.quiet,
    )
    counts = ds.realizations.values
    print(f"{args.out / 'sweep.nc'}: {ds['identity'].size} curves of {_range(counts)} realizations")
    left_out = json.loads(ds.attrs["set_aside"])
    for line in left_out:
        print(f"left out: {line}")
    return 1 if left_out else 0


def _geometry_axes(args: argparse.Namespace) -> tuple[dict[str, list[Any]], dict[str, list[list[int]]]]:
    cells = _flat(args.cells)
    graphs: dict[str, list[list[int]]] = {}
    for path in args.edges:
        edges, N = read_graph(path)
        if cells != [N]:
            raise ValueError(f"{path} has {N} cells, but --cells is {' '.join(map(str, cells))}.")
        if path.stem in (*GEOMETRIES, *graphs):
            raise ValueError(f"{path} has the name of another geometry; rename the file.")
        graphs[path.stem] = [list(edge) for edge in edges]
    names = [*dict.fromkeys(args.geometry), *graphs]
    return {"geometry": names, "N": cells, "gamma_bond": _flat(args.gamma_bond)}, graphs


def _dry_run(build: Any, axes: dict[str, Any], asked: dict[str, Any], args: argparse.Namespace) -> int:
    from ..sweeps.batches import Store
    from ..sweeps.executors import cpu_count
    from ..sweeps.forecast import forecast
    from ..sweeps.plan import make_plan

    plan = make_plan(build, axes, **asked)
    store = Store(args.out) if args.out.exists() else None
    workers = 1 if args.executor == "serial" else args.workers or cpu_count()
    told = forecast(plan, workers, store)
    print(f"{'at most ' if args.target_sem is not None else ''}{told}")
    return 0


def _range(values: np.ndarray) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low}" if low == high else f"{low} to {high}"


def _find(path: Path) -> Path:
    """File of a result, from the file or the folder of a sweep."""
    file = path / "sweep.nc" if path.is_dir() else path
    if not file.is_file():
        hint = (
            "; its sweep is not finished: the same `qbsim sweep` resumes" if (path / "manifest.json").exists() else ""
        )
        raise FileNotFoundError(f"There is no result at {file}{hint}.")
    return file


def _plot(args: argparse.Namespace) -> int:
    """Draw a result and save the figure."""
    from ..sweeps.plot import draw, select

    file = _find(args.path)
    fig = draw(select(read_netcdf(file), dict(args.where)), args.x, args.y)
    out = args.out or file.with_suffix(".png")
    if out.suffix not in (".png", ".pdf", ".svg"):
        raise ValueError(f"Argument --out must end in .png, .pdf or .svg, but is {out}.")
    from .._files import atomic

    with atomic(out) as temporary:
        fig.savefig(temporary)
    print(out)
    return 0


def _show(args: argparse.Namespace) -> int:
    """Print what a result or an unfinished sweep holds."""
    from ..sweeps.show import of_file, of_store

    lines = []
    if (args.path / "manifest.json").is_file():
        lines += of_store(args.path)
    if not lines or (args.path / "sweep.nc").is_file():
        lines += of_file(read_netcdf(_find(args.path)))
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        print(_printable(f"{name:<{width}}  {text}".rstrip()))
    return 0


def _printable(text: str) -> str:
    """Text of a file without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text)
