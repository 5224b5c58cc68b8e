"""Compute the data of `graph_atlas`: half-lives and efficiency of all connected graphs of 3 to 7 cells.

    OMP_NUM_THREADS=1 python -m scenarios.beyond._graph_data --store runs/graph_atlas

Cells and exchange of Fig. 4 of [santos2021], initial state |+...+>. Every graph has four collective decays gamma_bond:
positive or negative, and `FRACTION` of what a positive decay matrix allows this graph (own) or all connected graphs of
as many cells (common). The times are those at which the spectrum is solved for: denser where ergotropies halve; halving
them says in `graph_atlas` how well. One graph of seven cells takes 0.3 s for each decay, all of them 20 minutes of one
core; the run resumes from its store.
"""

import argparse
import hashlib
import json
import warnings
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np

import qbsim as qb

from .. import santos2021
from ..santos2021 import GAMMA, READING, READINGS, cells
from ..santos2021.fig4 import J

SIZES = (3, 4, 5, 6, 7)
FRACTION = 0.9  # of the limit of positivity
RULES = ("own", "common")
SIGNS = (1, -1)
NUMBERS = ("half_life", "half_life_energy", "efficiency")
TIME = 1.0 / GAMMA  # of the efficiency
TIMES = np.array([*np.arange(0, 0.8, 0.05), 0.8, 0.9, TIME, *np.arange(1.2, 3.1, 0.2)]) / GAMMA
SAMPLE = {6: (0, 40, 111), 7: (3, 500)}  # stored graphs that are computed again
TOLERANCE = 2e-6
FILE = Path(__file__).parent / "data" / "graph_atlas.json"


def limits(edges, N):
    """Largest and most negative gamma_bond of a graph."""
    net = cells(edges, N, gamma_d=0.1 * GAMMA)
    low, high = net.report().bond_factor_limits
    return np.array([high, low]) * net.decay_matrix[edges[0]]


def decays(N):
    """gamma_bond of all graphs of N cells, (signs, rules, graphs)."""
    own = np.array([limits(edges, N) for edges in qb.connected_graphs(N)]).T
    common = [np.full(own.shape[1], x[np.abs(x).argmin()]) for x in own]
    return FRACTION * np.stack([own, common], axis=1)


def battery(N, graph, rule, sign, *, graphs, gamma_bond):
    """Battery of one graph, by its number."""
    collective = gamma_bond[SIGNS.index(sign), RULES.index(rule), graph]
    return cells(graphs[graph], N, J=J, gamma_d=collective / READINGS[READING]["gamma_bond"])


def numbers(N, graphs, *, store=None, workers=None, times=TIMES):
    """`NUMBERS` of graphs of N cells, (numbers, signs, rules, graphs)."""
    ds = qb.sweep(
        partial(battery, graphs=qb.connected_graphs(N), gamma_bond=decays(N)),
        {"N": [N], "graph": [*map(int, graphs)], "rule": [*RULES], "sign": [*SIGNS]},
        states="plus",
        tlist=times,
        measures=("energy", "ergotropy", "efficiency"),
        store=store,
        executor=None if workers else "serial",
        workers=workers,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", qb.HalfLifeWarning)
        half = {
            name: np.apply_along_axis(lambda y: qb.half_life(times, y), -1, ds[name].values)
            for name in ("ergotropy", "energy")
        }
    found = [half["ergotropy"], half["energy"], ds.efficiency.sel(time=TIME).values]
    return np.array(found)[:, 0, :, :, :, 0].transpose(0, 3, 2, 1)


def read(file=FILE):
    """Stored numbers, {N: (numbers, signs, rules, graphs)}, and the record of how they were made."""
    record = json.loads(file.read_text(encoding="utf-8"))
    table = {int(N): np.asarray(values, dtype=float) for N, values in record.pop("table").items()}
    for name, value in model().items():
        if record["model"][name] != value:
            raise ValueError(
                f"{name} = {value} is not that of the stored graphs, {record['model'][name]}: compute them again with "
                "scenarios.beyond._graph_data (20 minutes)."
            )
    return table, record


def model():
    """Constants that decide the stored numbers."""
    factors = READINGS[READING]
    return {"GAMMA": GAMMA, "J": J, "FRACTION": FRACTION, "TIME": TIME, "TIMES": TIMES.tolist(), "FACTORS": factors}


def code(others=(Path(santos2021.__file__), Path(__file__))):
    """SHA-256 of the sources of qbsim, of the model and of this file, and the versions the numbers depend on."""
    package = Path(str(files("qbsim")))
    sources = sorted(package.rglob("*.py"), key=lambda path: path.relative_to(package).as_posix())
    sha = hashlib.sha256()
    for path in (*sources, *others):
        sha.update(path.name.encode() + b"\0" + path.read_bytes())
    versions = qb.evolve(qb.single_cell(gamma=1.0), qb.plus(1), [0.0, 1.0]).attrs
    return {"code_sha256": sha.hexdigest()} | {k: v for k, v in versions.items() if k.endswith("_version")}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, required=True, help="folder of the finished runs; the command resumes")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args(argv)
    table = {}
    for N in SIZES:
        graphs = range(len(qb.connected_graphs(N)))
        table[N] = numbers(N, graphs, store=args.store / str(N), workers=args.workers).round(7).tolist()
        print(f"N = {N}: {len(graphs)} graphs", flush=True)
    record = {"command": "python -m scenarios.beyond._graph_data", "model": model(), **code(), "table": table}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
