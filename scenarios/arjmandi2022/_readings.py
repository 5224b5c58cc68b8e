"""Table of readings: every statement of the paper against every reading of what it leaves open.

    OMP_NUM_THREADS=1 python -m scenarios.arjmandi2022._readings [--quick] [--store DIR] [--rows]

The rows are the statements of Figs. 1 to 8, the columns readings of width, range of delta, exchange element and B0. All
readings meet the same draws, `COUNTS` realizations; the passive energy is interpolated to 1e-4 of the spread of H0. A
known difference counts as one in every reading.

Cost: 10 minutes of one core. The store (runs/arjmandi2022_readings) keeps the runs: an interrupted call resumes, and a
second one takes half a minute. With --quick three realizations, two readings and no store: 15 s.
"""

import argparse
import warnings
from pathlib import Path

import xarray as xr

import qbsim as qb
from qbsim.ledger.claims import DIFFERS, FAILS, REPRODUCED, UNDECIDED

from . import (
    DELTA,
    GAMMA,
    READING,
    SEED,
    STATES,
    TIMES,
    UP_TO_5,
    UP_TO_10,
    J,
    Reading,
    cells,
    fig1,
    fig2,
    fig3,
    fig4,
    fig5,
    fig6,
    fig7,
    fig8,
)

FIGURES = (fig1, fig2, fig3, fig4, fig5, fig6, fig7, fig8)
MARKS = {REPRODUCED: "+", UNDECIDED: "?", DIFFERS: "-", FAILS: "-"}
COUNTS = {2: 100, 3: 100, 4: 60, 5: 40, 6: 24, 7: 24}  # realizations; in a quick table FEW of all
FEW = 3
MEASURES = ("energy", "ergotropy", "efficiency", *fig4.TERMS)


def readings(quick=False):
    """Readings compared, without repetition; the adopted one first."""
    width, ranges = (0.5, 1.0), (UP_TO_5, UP_TO_10)
    full = [
        *(Reading(w, e, 10 * GAMMA, r) for e in (J, J / 2) for r in ranges for w in width),
        *(Reading(w, J, B0 * GAMMA, UP_TO_5) for B0 in (8.5, 12) for w in width),
    ]
    found = [READING._replace(exchange=e) for e in (J, J / 2)] if quick else full
    return list(dict.fromkeys([READING, *found]))


def name(reading):
    """Column title."""
    return (
        f"fields in B0 (1 +- {reading.width:g} delta), B0 = {reading.B0:g}, delta = 0 to {reading.deltas[-1]:g}, "
        f"element of s+ s- {reading.exchange:g}"
    )


def datasets(reading, quick, store):
    """What `compute` of the figures returns, in a reading and with the realizations of this table."""

    def run(label, N, deltas, measures=("energy", "ergotropy"), states=STATES, times=TIMES[:: 4 if quick else 2]):
        counts = {n: FEW if quick else COUNTS[n] for n in N}
        # strengths are the axis, so that readings of the same exchange and B0 share their runs in the store
        strengths = {float(reading.width * delta): float(delta) for delta in deltas}
        with warnings.catch_warnings(action="ignore", category=qb.HalfLifeWarning):
            ds = qb.sweep(
                cells,
                {"N": list(N), "strength": list(strengths), "exchange": [reading.exchange], "B0": [reading.B0]},
                states=list(states),
                tlist=times,
                measures=measures,
                realizations=lambda N, strength, exchange, B0: counts[N] if strength else 1,
                seed=SEED,
                store=None if store is None else Path(store) / label,
                executor="serial",
                passive_tol=1e-4,
                progress=False,
            )
        ds = ds.isel(exchange=0, B0=0, drop=True).rename(strength="delta").assign_coords(delta=list(strengths.values()))
        for key in ds.data_vars:
            if str(key).endswith(("_sem", "_err")):  # without disorder there is no scatter
                ds[key] = ds[key].where(ds.delta > 0, 0.0).transpose(*ds[key].dims)
        return ds

    ends = (0.0, DELTA)
    all_sizes = run("all", (2, 7), reading.deltas, MEASURES)
    between = run("between", (3, 4, 5, 6), ends)
    total = run("total", (2,), UP_TO_5, {"ergotropy": "ergotropy", "ergotropy_of_H": fig2.with_interaction}, ("plus",))
    late = run("late", (7,), ends, ("energy",), times=fig8.LATE)
    pair, seven = all_sizes.sel(N=[2]), all_sizes.sel(N=[7])
    pair["ergotropy_of_H"] = total.ergotropy_of_H.sel(state="plus", drop=True)
    gains = fig5.panels(between.sel(state=["plus"]), seven.sel(state=["plus"]))
    balance = all_sizes.assign(passive_energy=all_sizes.energy - all_sizes.ergotropy)
    of_ends = all_sizes.sel(delta=list(ends))
    return {
        fig1: pair.sel(delta=list(ends)),
        fig2: pair,
        fig3: of_ends,
        fig4: balance.sel(delta=list(fig4.DELTAS)),
        fig5: gains,
        fig6: all_sizes,
        fig7: between,
        fig8: fig8.with_late(seven.sel(delta=list(ends)), late),
    }


def table(columns, quick=False, store=None):
    """Statements (rows) against readings: Dataset with `verdict` and `found` (reading, statement)."""
    verdicts, found = [], []
    for reading in columns:
        data = datasets(reading, quick, store)
        rows = [(fig, claim) for fig in FIGURES for claim in fig.claims(data[fig]) if not claim.is_check]
        verdicts.append([claim.verdict for _, claim in rows])
        found.append([claim.found for _, claim in rows])
    texts = [f"{fig.FIGURE}: {claim.text}" for fig, claim in rows]
    coords = {"reading": [name(reading) for reading in columns], "statement": texts}
    dims = ("reading", "statement")
    return xr.Dataset({"verdict": (dims, verdicts), "found": (dims, found)}, coords=coords)


def printed(ds, rows=False):
    """The table as text: marks, counts, and on request what every reading finds."""
    marks = [[MARKS[v] for v in column] for column in ds.verdict.values.tolist()]
    keys = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: ds.sizes["reading"]]
    lines = [f"{key}  {text}" for key, text in zip(keys, ds.reading.values, strict=True)]
    lines += ["", "+ reproduced, ? undecided, - differs; A is the adopted reading", "", " ".join(keys)]
    for k, text in enumerate(ds.statement.values):
        lines.append(" ".join(column[k] for column in marks) + f"  {text}")
        if rows:
            lines += [f"      {key}: {ds.found.values[i, k]}" for i, key in enumerate(keys)]
    lines += ["", "reading, reproduced, undecided, differs"]
    for key, column in zip(keys, marks, strict=True):
        lines.append(f"{key:7}  {column.count('+'):10}  {column.count('?'):9}  {column.count('-'):7}")
    return "\n".join(lines)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few realizations, two readings, nothing stored")
    parser.add_argument("--store", default="runs/arjmandi2022_readings", help="folder of the runs; the command resumes")
    parser.add_argument("--rows", action="store_true", help="print what every reading finds")
    args = parser.parse_args(argv)
    print(printed(table(readings(args.quick), args.quick, None if args.quick else args.store), args.rows))


if __name__ == "__main__":
    main()
