r"""Gain of the coherent state against the number of cells, up to a hundred.

Relative gain of ergotropy, Eq. (9) of [arjmandi2022], at its strongest disorder, delta = 5, read at Gamma t = 0.05: a
lower bound of the largest gain. Up to ten cells it is exact; for longer chains every realization has a bracket from
quantum trajectories, which holds with 95 %. The bars are the mean brackets; the thin lines add two standard errors of
the mean over realizations, which is another kind of error. Does the gain saturate, a - b/N, or grow, a + b ln N? For
each form the best a, b are those that need the fewest standard errors s to pass through all brackets,
:math:`l_N - s\,\sigma_N \le f(N) \le u_N + s\,\sigma_N`; a form with s > 3 is excluded. Brackets of eight and more
cells are data (data/eta_hundred.json; `_hundred_data` has the command); those of smaller chains are computed here, and
one stored bracket again.
"""

import numpy as np
from scipy.optimize import linprog

from qbsim import plotting
from qbsim.ledger.claims import check

from .. import labelled
from ..arjmandi2022 import DELTA
from ._eta_data import ratios
from ._hundred_data import AGAIN, TIME, TOLERANCE, bracket, read

FIGURE = "after Fig. 5(a)"
COST = "1 min"
SMALL, SMALL_QUICK = (4, 5, 6), (4, 5)
COUNT, COUNT_QUICK = 160, 40  # realizations of the small chains
FORMS = {"saturates": lambda N: -1 / N, "grows": np.log}
EXCLUDED = 3.0  # standard errors


def compute(quick=False, workers=None):
    stored, record = read()
    small = {
        N: np.repeat(ratios(N, COUNT_QUICK if quick else COUNT, time=TIME, seed=record["seed"])[:, None], 2, axis=1)
        for N in (SMALL_QUICK if quick else SMALL)
    }
    brackets = small | stored
    gain = {N: 100 * (values - 1) for N, values in brackets.items()}
    middle = {N: values.mean(axis=1) for N, values in gain.items()}
    lower, upper = np.transpose([values.mean(axis=0) for values in gain.values()])
    errors = [values.std(ddof=1) / np.sqrt(len(values)) for values in middle.values()]
    return labelled(
        {
            "lower": ("N", lower, "gain at the fixed time, mean lower bound", "%"),
            "upper": ("N", upper, "gain at the fixed time, mean upper bound", "%"),
            "error": ("N", errors, "standard error of the mean over realizations", "%"),
            "realizations": ("N", [len(values) for values in gain.values()], "number of realizations"),
            "stored": ("side", stored[AGAIN][0], "stored bracket of one realization"),
            "again": ("side", bracket(AGAIN, 0), "the same computed again"),
        },
        N=(list(gain), "number of cells"),
        side=(["lower", "upper"], "side of the bracket"),
    )


def bands(ds, form, s):
    """Constraints A x <= b that f(N) = a + b g(N), x = (a, b), stays in the brackets widened by s standard errors."""
    rows = np.column_stack([np.ones(ds.N.size), FORMS[form](ds.N.values.astype(float))])
    return np.vstack([rows, -rows]), np.append(ds.upper + s * ds.error, -(ds.lower - s * ds.error))


def fit(ds, form):
    """Fewest standard errors s with which a form passes through all brackets, and its a, b."""
    rows, ends = bands(ds, form, 0.0)
    widened = np.column_stack([rows, -np.tile(ds.error, 2)])
    best = linprog([0, 0, 1], widened, ends, bounds=[(None, None), (None, None), (0, None)])
    return best.x[2], best.x[:2]


def limit(ds, s):
    """Least and largest gain of endless chains, the a of a - b/N, that s standard errors allow."""
    rows, ends = bands(ds, "saturates", s)
    return [sign * linprog([sign, 0], rows, ends, bounds=[(None, None)] * 2).fun for sign in (1, -1)]


def verdict(needed):
    """The form that is not excluded, or "undecided"."""
    left = [form for form, s in needed.items() if s <= EXCLUDED]
    return left[0] if len(left) == 1 else "undecided"


def draw(ds):
    fig, ax = plotting.figure(width=4.8, height=3.4)
    n, middle, half = ds.N.values, (ds.lower + ds.upper) / 2, (ds.upper - ds.lower) / 2
    ax.errorbar(n, middle, half + 2 * ds.error, fmt="none", lw=0.8, color=plotting.BLUE)
    ax.errorbar(n, middle, half, fmt="none", lw=4, alpha=0.5, color=plotting.BLUE, label="mean bracket")
    ax.plot([], [], "-", lw=0.8, color=plotting.BLUE, label="and 2 std. errors")
    dense = np.geomspace(n[0], n[-1], 200)
    for (form, g), color, text in zip(
        FORMS.items(), (plotting.VERMILION, "0.3"), ("$a - b/N$", r"$a + b\,\ln N$"), strict=True
    ):
        s, (a, b) = fit(ds, form)
        ax.plot(dense, a + b * g(dense), "--", lw=1, color=color, label=f"{text}, $s$ = {s:.1f}")
    ax.set_xscale("log")
    ax.set_xticks(n, [str(k) for k in n], rotation=45)
    ax.minorticks_off()
    plotting.label(ax, "number of cells $N$", r"gain $\eta$ (%)").set(
        title=rf"$\delta = {DELTA:g}$, $\Gamma t = {TIME:g}$"
    )
    ax.legend(loc="lower right")
    return fig


def claims(ds):
    needed = {form: fit(ds, form)[0] for form in FORMS}
    shown = ", ".join(f"{form}: s = {s:.1f}" for form, s in needed.items())
    least, most = limit(ds, max(EXCLUDED, needed["saturates"]))
    width, apart = float((ds.upper - ds.lower).max()), float(abs(ds.stored - ds.again).max())
    small, large = ds.isel(N=0), ds.isel(N=-1)
    return [
        check(
            f"one stored bracket of {AGAIN} cells comes out again to {TOLERANCE:g}",
            TOLERANCE - apart,
            found=f"it differs by {apart:.0e}",
        ),
        check(
            "brackets of the mean gain are narrower than 2 % of the initial ergotropy",
            2 - width,
            found=f"up to {width:.2g} %",
        ),
        check(
            f"the gain of {int(large.N)} cells is larger than that of {int(small.N)}",
            float(large.lower - small.upper),
            error=float(np.hypot(large.error, small.error)),
            found=f"{float(large.lower):.1f} to {float(large.upper):.1f} % +- {float(large.error):.1f} % against "
            f"{float(small.lower):.1f}({float(small.error):.1f}) %",
        ),
        check(
            f"a - b/N or a + b ln N passes through all brackets, widened by {EXCLUDED:g} standard errors",
            EXCLUDED - min(needed.values()),
            found=f"{verdict(needed)} ({shown}); as a - b/N endless chains gain {least:.1f} to {most:.1f} %",
        ),
    ]
