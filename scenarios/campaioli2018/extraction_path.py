"""Work extraction with and without entanglement: energy and negativity along a direct and an indirect path.

Two copies of 0.3 |2><2| + 0.7 |3><3| with levels 0, 0.6, 1 (ours; the gain from the second copy needs E1 + E3 < 2 E2).
Direct: the four exchanges of the chapter at once. Indirect: six rotations that change one copy at a time."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

import qbsim as qb
from qbsim import plotting
from qbsim.claims import Claim, ordering, value

FIGURE = "Eqs. (12)-(13)"
COST = "2 s"
POPULATIONS, LEVELS = (0.0, 0.3, 0.7), (0.0, 0.6, 1.0)
LOW_MIDDLE = (0.0, 0.4, 1.0)  # E1 + E3 > 2 E2: |22> had better stay
SHORTEST = ("33-13", "13-11", "23-21", "32-12", "22-23", "23-13")  # in the chapter's labels
MIXED = (538 / 999, 237 / 999, 224 / 999), (0.0, 0.579, 1.0)  # the state of Fig. 3


def shortest_path() -> qb.extraction.ExtractionPath:
    """The chapter's permutation in the fewest rotations of one copy."""
    steps = []
    for text in SHORTEST:
        a, b = (tuple(int(digit) - 1 for digit in label) for label in text.split("-"))
        steps.append(((a, b),))
    return qb.extraction.ExtractionPath(POPULATIONS, LEVELS, 2, tuple(steps))


def three_body_part(d: int = 3) -> float:
    """Norm of what is left of |1><2| x |r><r| x |r><r| + h.c. after taking out all one- and two-body terms."""
    move, rest = np.zeros((d, d)), np.zeros((d, d))
    move[0, 1] = move[1, 0] = rest[0, 0] = 1
    parts = [A - np.trace(A) / d * np.eye(d) for A in (move, rest, rest)]
    return float(np.prod([np.linalg.norm(A) for A in parts]))


def compute(quick: bool = False, workers: int | None = None) -> xr.Dataset:
    """Both paths at equal number of angles, and the numbers for the claims."""
    ex, points = qb.extraction, 17 if quick else 101
    paths = {
        "direct": ex.direct_path(POPULATIONS, LEVELS, 2, simultaneous=True),
        "indirect": shortest_path(),
        "generic": ex.indirect_path(POPULATIONS, LEVELS, 2),
        "passive": ex.direct_path((0.5, 0.5, 0.0), LEVELS, 2),
        "mixed": ex.direct_path(*MIXED, 3),
    }
    ds = xr.Dataset()
    for name, path in paths.items():
        run = ex.follow(path, points if name in ("direct", "indirect") else 9)
        time = (run.step - 1 + run.angle / (np.pi / 2)).values.ravel()
        attrs = {"long_name": f"time along the {name} path", "units": "pi/(2 Emax)"}
        ds = ds.assign_coords({f"time_{name}": (f"time_{name}", time, attrs)})
        for key in ("energy", "negativity"):
            ds[f"{key}_{name}"] = (f"time_{name}", run[key].values.ravel(), run[key].attrs)
        ds[f"steps_{name}"] = ((), run.sizes["step"], {"long_name": f"steps of the {name} path", "units": "1"})
    for name, levels in (("high", LEVELS), ("low", LOW_MIDDLE)):
        gain = ex.work_per_copy(POPULATIONS, levels, 2) - ex.work_per_copy(POPULATIONS, levels, 1)
        ds[f"gain_{name}"] = ((), gain, {"long_name": f"gain of two copies, {name} middle level", "units": "E_3 - E_1"})
    ds["three_body"] = ((), three_body_part(), {"long_name": "three-body part of a step for n = 3", "units": "1"})
    return ds


def draw(ds: xr.Dataset) -> Figure:
    """Energy and negativity against time."""
    fig, (left, right) = plotting.figure(1, 2)
    for name, mark in (("direct", "-"), ("indirect", "--")):
        time = ds[f"time_{name}"]
        left.plot(time, ds[f"energy_{name}"], mark, label=name)
        right.plot(time, ds[f"negativity_{name}"], mark, label=name)
    left.legend()
    plotting.label(left, "time / ($\\pi/2E_{max}$)", "energy of both copies", "a")
    plotting.label(right, "time / ($\\pi/2E_{max}$)", "negativity", "b")
    return fig


def claims(ds: xr.Dataset) -> list[Claim]:
    """Section on the indirect path, with its two slips."""
    work = {
        name: float(ds[f"energy_{name}"][0] - ds[f"energy_{name}"][-1]) for name in ("direct", "indirect", "generic")
    }
    entangled = {n: float(ds[f"negativity_{n}"].max()) for n in ("direct", "indirect", "generic", "passive", "mixed")}
    return [
        ordering(
            "optimal extraction without entanglement is possible (same work)",
            1e-12 - abs(work["direct"] - work["indirect"]),
        ),
        ordering("the state stays separable on the indirect path, Eq. (13)", 1e-12 - entangled["indirect"]),
        ordering("the same for the generic rule, alpha -> alpha' -> ... -> beta", 1e-12 - entangled["generic"]),
        ordering("the indirect path is slower", float(ds.steps_indirect - ds.steps_direct)),
        value(
            '"after 2n - 1 total steps the target state is reached" (n = 2)',
            3,
            float(ds.steps_indirect),
            tol=0.5,
            expected=6,
            why="2n - 1 is the cost of one exchange at distance n; the permutation needs the sum over its exchanges",
        ),
        ordering("the direct path creates entanglement: the chapter's example", entangled["direct"] - 1e-6),
        ordering("the direct path creates entanglement: populations 1/2, 1/2, 0", entangled["passive"] - 1e-6),
        ordering(
            "the direct path creates entanglement: the state of Fig. 3, three copies",
            entangled["mixed"] - 1e-12,
            holds=False,
            why="entanglement needs |c|^2 > p_g p_d for the crossed pair; this state is too mixed",
        ),
        ordering(
            "each step is generated by a 2-body interaction (n = 3)",
            1e-12 - float(ds.three_body),
            holds=False,
            why="the move of one copy is conditioned on all others: n-body in general, 2-body for n = 2 alone",
        ),
        ordering("moving |22> to |13> pays when E1 + E3 < 2 E2", float(ds.gain_high) - 1e-12),
        ordering(
            "moving |22> to |13> pays for any levels",
            float(ds.gain_low) - 1e-12,
            holds=False,
            why="for E1 + E3 > 2 E2 the state |22> must stay, and two copies give no more than one",
        ),
    ]
