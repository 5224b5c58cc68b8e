"""Compute the data of `best_fields` and `best_state`: what `qbsim.optimize` finds.

    OMP_NUM_THREADS=1 python -m scenarios.beyond._best_data --store runs/best

Fields: chains of [arjmandi2022] from |+...+>, every frequency between the bounds of its disorder, delta = 5 or a weak
one, 1; the objective is the gain, Eq. (9), or the time for which 0.51 of the ergotropy lasts. `STARTS` searches of at
most 60 evaluations for every cell and one more, for 2 to 5 cells: seven cells would take hours. States: four cells of
Fig. 4 of [santos2021], pure product states of a given mean energy; the objective is the half-life of the ergotropy. All
of it takes 10 minutes of one core; finished starts are kept in the store, and the command resumes.
"""

import argparse
import itertools
import json
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

import qbsim as qb

from .. import arjmandi2022, santos2021
from ..santos2021 import fig4
from ._graph_data import code as code_of

DATA = Path(__file__).parent / "data" / "best.json"
SIZES = (2, 3, 4, 5)
CASES = {  # what is made largest, and the disorder whose bounds the fields keep to
    "gain": ("gain", arjmandi2022.DELTA),
    "half-life": ("half_life", arjmandi2022.DELTA),
    "half-life, weak": ("half_life", 1.0),
}
STARTS = 8
EVALUATIONS = 60  # of a start, for every cell and one more
# the ergotropy oscillates with periods down to 0.16/Gamma: a coarser grid misses where it falls below half
FIELD_TIMES = np.array([*np.arange(0, 0.2, 0.01), *np.arange(0.2, 1.61, 0.02)]) / arjmandi2022.GAMMA
SAFE = 0.51  # of the initial ergotropy: the fields keep this, so that they do not merely touch half
CELLS = 4
ENERGIES = (2.0, 1.0)  # mean energies in units of that of one quantum
STATE_TIMES = np.linspace(0, 2, 31) / santos2021.GAMMA
STATE_STARTS = 3


def gain(ds):
    return qb.relative_gain(ds.ergotropy)


def half_life(ds):
    return qb.half_life(ds.time, ds.ergotropy)


def dense(tlist, values):
    """Curve between its samples, by a cubic spline: dips between samples count."""
    t = np.linspace(tlist[0], tlist[-1], 8 * len(tlist))
    return t, CubicSpline(tlist, values)(t)


def lasting(ds):
    """Time until the ergotropy falls below a little more than half.

    The longest half-life itself would be that of a curve that touches half in a dip and recovers: any small change ends
    it there.
    """
    t, values = dense(ds.time.values, ds.ergotropy.values)
    return qb.crossing_time(t, values, SAFE * values[0])


OBJECTIVES = {"gain": gain, "half_life": lasting}


def field_bounds(delta):
    """Smallest and largest frequency that a disorder of the paper allows."""
    reading = arjmandi2022.READING
    ends = reading.B0 * (1 + reading.width * delta * np.array([-1.0, 1.0]))
    return max(0.0, float(ends[0])), float(np.abs(ends).max())


def chain(omega):
    """Chain of the paper in given fields."""
    edges = qb.linear(len(omega))
    return qb.network(edges, omega=omega, J=arjmandi2022.READING.exchange, gamma=arjmandi2022.GAMMA)


def search_fields(N, case, *, starts=STARTS, store=None, workers=None):
    """Optimum of the fields of N cells."""
    goal, delta = CASES[case]
    return qb.optimize(
        chain,
        {"omega": (*field_bounds(delta), N)},
        OBJECTIVES[goal],
        rho0="plus",
        tlist=FIELD_TIMES,
        measures="ergotropy",
        starts=starts,
        evaluations=EVALUATIONS * (N + 1),
        store=store,
        executor=None if workers else "serial",
        workers=workers,
    )


def network(geometry, N=CELLS):
    """Cells of Fig. 4; the collective decay is that of the figure where the geometry allows it with four cells."""
    return santos2021.cells(santos2021.GEOMETRIES[geometry](N), N, J=fig4.J, gamma_d=fig4.GAMMA_D)


def best_state(geometry, energy, *, N=CELLS, starts=STATE_STARTS, store=None, workers=None):
    """Optimum of the product state."""
    return qb.best_product_state(
        network(geometry, N),
        half_life,
        tlist=STATE_TIMES,
        measures="ergotropy",
        energy=energy,
        starts=starts,
        evaluations=30 * (2 * N),
        store=store,
        executor=None if workers else "serial",
        workers=workers,
    )


def row(found):
    """What is stored of an optimum."""
    point = {name: np.round(value, 9).tolist() for name, value in found.parameters.items()}
    starts = np.round(np.sort(found.values)[::-1], 9).tolist()
    return {"parameters": point, "value": round(found.value, 9), "starts": starts, "at_bounds": list(found.at_bounds)}


def read(file=DATA):
    """Stored optima, {"fields": {case: {N: row}}, "states": {geometry: {energy: row}}}, and how they were made."""
    record = json.loads(file.read_text(encoding="utf-8"))
    for name, value in model().items():
        if record["model"][name] != value:
            raise ValueError(
                f"{name} = {value} is not that of the stored optima, {record['model'][name]}: compute them again with "
                "scenarios.beyond._best_data (10 minutes)."
            )
    return record


def model():
    """Constants that decide the stored optima."""
    return {
        "FIELDS": [
            arjmandi2022.GAMMA,
            arjmandi2022.READING.exchange,
            *(list(field_bounds(delta)) for _, delta in CASES.values()),
        ],
        "FIELD_TIMES": FIELD_TIMES.tolist(),
        "SAFE": SAFE,
        "CELLS": [CELLS, santos2021.GAMMA, fig4.J, fig4.GAMMA_D],
        "FACTORS": santos2021.READINGS[santos2021.READING],
        "STATE_TIMES": STATE_TIMES.tolist(),
    }


def code():
    """SHA-256 of the sources of qbsim, of the models and of this file, and the versions the numbers depend on."""
    return code_of([Path(m.__file__) for m in (arjmandi2022, santos2021)] + [Path(__file__)])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, required=True, help="folder of the finished starts; the command resumes")
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--out", type=Path, default=DATA)
    args = parser.parse_args(argv)
    states, fields = {}, {}
    for energy in ENERGIES:
        for geometry in santos2021.GEOMETRIES:
            store = args.store / f"{geometry}-{energy:g}"
            found = row(best_state(geometry, energy, store=store, workers=args.workers))
            states.setdefault(geometry, {})[f"{energy:g}"] = found
            print(geometry, energy, found["value"], found["starts"], flush=True)
    for N, case in itertools.product(SIZES, CASES):
        found = row(search_fields(N, case, store=args.store / f"{case}-{N}", workers=args.workers))
        fields.setdefault(case, {})[str(N)] = found
        print(case, N, found["value"], found["starts"], found["at_bounds"], flush=True)
    record = {"command": "python -m scenarios.beyond._best_data", "model": model(), **code()}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(record | {"fields": fields, "states": states}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
