"""M. B. Arjmandi, H. Mohammadi, A. C. Santos, Enhancing self-discharging process with disordered quantum batteries, \
PRE 105, 054115 (2022).

Readings. Times and half-lives are in 1/J with J = 10 Gamma where the paper prints no unit: only so do its half-lives of
3 to 6 fall where they can. The frequencies are the moduli of the fields: with signed ones the full state starts without
ergotropy in many realizations and Eq. (6) divides by zero. Not settled by the text are the width of the fields, the
exchange element, B0 and the range of delta. `READINGS` holds what was compared, `READING` what the figures use, and

    python -m scenarios.arjmandi2022._readings

prints all statements of the paper against all readings. With the width as printed the half-lives of Figs. 2(b) and 6(b)
saturate too fast and too low; with the element J/2 two cells do not gain. B0 is not pinned: 12 Gamma does as well as
10 Gamma, while with 8.5 Gamma and half the width two cells do not gain.

Out of scope: Eqs. (1)-(7), (9), (B1), (B2), definitions; Secs. I and II A, passive states and other work on batteries;
Sec. II B, "no quantum supremacy" under other decoherence, cited from [santos2021] and tested there; end of Sec. III,
the cost of switching the interaction off, cited; Secs. III and IV, conjectures on larger N (see `beyond.eta_scaling`).
"""

import atexit
import shutil
import tempfile
from functools import cache
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import xarray as xr

import qbsim as qb
from qbsim.ledger.claims import statement

GAMMA = 1.0
J = 10.0 * GAMMA


class Reading(NamedTuple):
    """What the paper leaves open: fields in B0 (1 +- width delta), element of s+ s-, B0, and the delta it plots."""

    width: float
    exchange: float
    B0: float
    deltas: tuple[float, ...]


UP_TO_5, UP_TO_10 = tuple(map(float, range(6))), tuple(map(float, range(11)))  # the text names no delta beyond 5
READINGS = {
    "half width": Reading(0.5, J, 10 * GAMMA, UP_TO_5),  # delta is the full width of the fields in units of B0
    "full width": Reading(1.0, J, 10 * GAMMA, UP_TO_5),  # the interval of B_k as printed
}
READING = READINGS["half width"]  # reproduces most: see `_readings`
DELTAS = READING.deltas
SEED = 2022
DISTRIBUTION = "uniform"  # of the fields; the paper's
TIMES = np.linspace(0, 1, 201) / GAMMA
PEAK = (0.04 / GAMMA, 0.12 / GAMMA)  # where the mean coherent ergotropy peaks, in all readings
# Three cells and more: eigenvalues at all of TIMES cost more than the rest together. They are computed at READ: every
# time up to the peak, then steps that move no half-life by 1e-4 when halved, those about ln(3/2) and ln(2), where the
# classical and the full state lose their ergotropy, and a tenth of TIMES at random. The claims read these values. The
# lines of the figures are interpolated between them, and the random tenth says how well.
PAIR, LARGE = 2, 7
TENTH = np.sort(np.random.default_rng(2022).choice(TIMES.size, TIMES.size // 10, replace=False))
READ = np.unique([*range(27), *range(28, 132, 4), *range(136, 201, 8), 81, 82, 138, 139, *TENTH])
INTERPOLATION = {"plus": "cubic", "classical": "akima", "full": "akima"}  # the last two have kinks
DELTA = 5.0  # of Figs. 1, 3, 5(a), 7 and 8
STATES = ("plus", "classical", "full")
POWERS = ("power_interaction", "power_dissipation", "power")
RATIO = ("ergotropy_ratio", "ergotropy_ratio_sem")


def cells(N, strength, exchange, B0, rng):
    """Disordered chain, Eqs. (1)-(3): population decays at Gamma, fields in B0 (1 +- strength)."""
    return qb.disordered_chain(N, strength, B0=B0, exchange=exchange, gamma=GAMMA, distribution=DISTRIBUTION, rng=rng)


def chain(N, delta, rng):
    """One chain in the adopted reading; delta as in the paper."""
    return cells(N, READING.width * delta, READING.exchange, READING.B0, rng)


@cache
def _runs():
    """Folder of the runs of this process: chains that several figures need are computed once, for the same bits."""
    folder = tempfile.mkdtemp(prefix="qbsim-arjmandi2022-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def average(N, delta, realizations, *, quick, workers, measures=("energy", "ergotropy"), **settings):
    """Disorder averages, Eqs. (5), (6), for all given N and delta; without disorder all realizations are the same one.

    `realizations` is a number, or one for every N. The times are `TIMES` for two cells alone, else `READ`. A quick run
    makes do with a few realizations and with a quarter of the times. Other settings as in `sweep`.
    """
    counts = realizations if isinstance(realizations, dict) else dict.fromkeys(N, realizations)
    if quick:  # small chains are cheap
        counts = {n: min(count, max(5, 300 // 2**n)) for n, count in counts.items()}
    index = np.arange(TIMES.size) if max(N) == PAIR else READ
    settings = {"states": list(STATES), "tlist": TIMES[index[index % (4 if quick else 1) == 0]]} | settings
    # the same measures in every figure of seven cells, so that all of them share their runs
    run = ("energy", "ergotropy", "efficiency", *POWERS) if LARGE in N and "ergotropy" in measures else measures
    ds = qb.sweep(
        chain,
        {"N": list(N), "delta": list(delta)},
        measures=run,
        realizations=lambda N, delta: counts[N] if delta else 1,
        seed=SEED,
        store=_runs(),
        executor="serial" if quick else None,
        workers=workers,
        **settings,
    )
    ds = ds.drop_vars([name + end for name in run if name not in measures for end in ("", "_sem")])
    ds["time"].attrs["units"] = "1/Gamma"
    for name in ds.data_vars:
        if str(name).endswith(("_sem", "_err")):  # one realization has no scatter; without disorder there is none
            ds[name] = ds[name].where(ds.delta > 0, 0.0).assign_attrs(ds[name].attrs).transpose(*ds[name].dims)
    return ds


def lines(ds, names, times=TIMES):
    """Variables to draw, interpolated between the times of `ds`."""
    curves = [ds[list(names)].sel(state=[s]).interp(time=times, method=INTERPOLATION[s]) for s in ds.state.values]
    return xr.concat(curves, "state")


def with_deviations(ds, names):
    """Largest deviations of the lines added: at the random tenth of `TIMES`, if left out of the interpolation."""
    out = np.isin(ds.time, TIMES[TENTH]) & ~np.isin(ds.time, ds.time[[0, -1]])
    off = abs(lines(ds.isel(time=~out), names, ds.time[out]) - ds[list(names)].isel(time=out)).max()
    for name in names:
        attrs = {"long_name": f"largest deviation of the line of {name}", "units": ds[name].attrs["units"]}
        ds[f"{name}_deviation"] = off[name].assign_attrs(attrs)
    return ds


def with_passive_energy(ds):
    """Mean energy of the passive states added."""
    attrs = {"long_name": "energy of the passive state", "units": ds.energy.attrs["units"]}
    return ds.assign(passive_energy=(ds.energy - ds.ergotropy).assign_attrs(attrs))


def half_lives(ds, N, state):
    """Half-lives of a state against delta and their errors, in units of 1/J."""
    run = ds.sel(N=N, state=state)
    return J * run.half_life.values, J * run.half_life_err.values


def saturation(ds, N):
    """Fit of the coherent half-life, alpha + beta exp(-gamma delta), times in 1/J; below Fig. 2.

    Every point has the same weight, as in the paper: the point at delta = 0 has no error to weigh it by. Where the
    points do not determine the fit, as in a quick run, its errors are infinite and its ends are those of the points.
    """
    tau = half_lives(ds, N, "plus")[0]
    try:
        return qb.fit_exponential(ds.delta.values, tau)
    except ValueError:
        errors = dict.fromkeys(("alpha_err", "beta_err", "gamma_err"), np.inf)
        return SimpleNamespace(alpha=tau[-1], beta=tau[0] - tau[-1], gamma=1.0, **errors)


def lead(ds, state="plus"):
    """Smallest lead of a state's ergotropy ratio over those of the others after the start, and its standard error.

    The smallest of several noisy leads lies below the smallest of the true ones, so a positive one means what it says.
    """
    margin = ds.ergotropy_ratio.sel(state=state) - ds.ergotropy_ratio.drop_sel(state=state)
    error = np.hypot(ds.ergotropy_ratio_sem.sel(state=state), ds.ergotropy_ratio_sem.drop_sel(state=state))
    margin, error = (x.where(ds.time > 0, drop=True).values.ravel() for x in (margin, error))
    k = int(margin.argmin())
    return float(margin[k]), float(error[k])


def excess(ds, N, delta):
    """Mean coherent ergotropy above its initial value, in percent, where it is highest in `PEAK`, and its error.

    Unlike the gain of Eq. (9) it is negative where there is none, so that it can be told from zero.
    """
    run = ds.sel(N=N, delta=delta, state="plus")
    run = run.isel(time=(run.time.values >= PEAK[0]) & (run.time.values <= PEAK[1]))
    k = int(run.ergotropy_ratio.values.argmax())
    return 100 * (float(run.ergotropy_ratio[k]) - 1), 100 * float(run.ergotropy_ratio_sem[k])


def lifetime(ds, N, delta, state="plus"):
    """Half-life in 1/J and its standard error at one point."""
    run = ds.sel(N=N, delta=delta, state=state)
    return J * float(run.half_life), J * float(run.half_life_err)


def difference(a, b):
    """a - b of two (value, error), errors in quadrature; too large an error where the two share their draws."""
    return a[0] - b[0], quadrature(a[1], b[1])


def quadrature(*errors):
    """Standard error of a sum or difference of independent numbers."""
    return float(np.sqrt(sum(float(e) ** 2 for e in errors)))


def shown(value, error, unit="%"):
    """Number with its error and unit, for the table."""
    return f"{value:.2g}({error:.1g}) {unit}" if abs(value) < 1 else f"{value:.1f}({error:.1f}) {unit}"


def positive(text, measured, found="", **says):
    """Row that holds where a number (value, error) is positive; `found` is a format of `value`, `error` and `shown`."""
    value, error = measured
    found = found.format(value=value, error=error, shown=shown(value, error))
    return statement(text, value, error=error, found=found, **says)
