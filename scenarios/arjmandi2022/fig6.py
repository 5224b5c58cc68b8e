"""Gain and half-life of seven cells against disorder.

As Fig. 2 for N = 7 with 50 realizations: (a) relative gain of ergotropy, (b) half-life and the fit to the coherent
state, in units of 1/J. Two cells, with the 100 realizations of Fig. 2, are computed too, for comparison.
"""

import numpy as np
import xarray as xr

from qbsim.claims import ordering, value

from . import DELTAS, DELTAS_QUICK, average, half_lives, quadrature, saturation
from ._panels import disorder_figure

FIGURE = "Fig. 6"
COST = "2 min"
N, N_PAIR = 7, 2
REALIZATIONS = {N: 50, N_PAIR: 100}


def compute(quick=False, workers=None):
    deltas = DELTAS_QUICK if quick else DELTAS
    return average((N_PAIR, N), deltas, REALIZATIONS, quick=quick, workers=workers)


def draw(ds):
    return disorder_figure(ds, N)


def claims(ds: xr.Dataset):
    run, pair = ds.sel(N=N), ds.sel(N=N_PAIR)
    fit, fit_pair = saturation(ds, N), saturation(ds, N_PAIR)
    tau = {state: half_lives(ds, N, state) for state in ds.state.values}
    gain, error = run.gain.sel(state="plus"), run.gain_err.sel(state="plus")
    ahead = (gain - pair.gain.sel(state="plus")).sel(delta=2)
    rise = 100 * (fit.alpha / fit_pair.alpha - 1)
    rise_err = 100 * quadrature(fit.alpha_err / fit.alpha, fit_pair.alpha_err / fit_pair.alpha)
    spread = {s: float(np.ptp(tau[s][0]) / tau[s][0][0]) for s in ("classical", "full")}
    why = (
        "the slow saturation is not reproduced by any reading of width, coupling or B0 that was tried: our half-lives "
        "are near their limit at delta = 2 and end 7 % below the printed one"
    )
    return [
        ordering(
            "moderate disorder, delta = 2, lifts seven cells above two",
            float(ahead),
            error=quadrature(error.sel(delta=2), pair.gain_err.sel(state="plus", delta=2)),
        ),
        ordering(
            "delta > 2 gives a gain",
            float(gain.sel(delta=3)),
            error=float(error.sel(delta=3)),
            found=f"{float(gain.sel(delta=3)):.1f}({float(error.sel(delta=3)):.1f}) % at delta = 3",
        ),
        value(
            "gain of the classical and the full state at any disorder, percent",
            0.0,
            float(run.gain.sel(state=["classical", "full"]).max()),
            tol=1e-6,
        ),
        value(
            "the full half-life does not depend on disorder: relative spread",
            0.0,
            spread["full"],
            tol=0.02,
            expected=0.07,
            expected_tol=0.03,
            why="independent for two cells only; unequal frequencies reorder the levels of seven",
        ),
        value(
            "the classical half-life does not depend on disorder: relative spread", 0.0, spread["classical"], tol=0.03
        ),
        ordering(
            "disorder lengthens the coherent half-life",
            float(tau["plus"][0][-1] - tau["plus"][0][0]),
            error=float(tau["plus"][1][-1]),
        ),
        value(
            "fit of the half-life, alpha = tau at strong disorder (1/J)",
            5.54,
            fit.alpha,
            tol=0.1,
            error=fit.alpha_err,
            expected=5.12,
            expected_tol=0.1,
            why=why,
        ),
        value(
            "fit of the half-life, beta (1/J)",
            -2.44,
            fit.beta,
            tol=0.15,
            error=fit.beta_err,
            expected=-2.09,
            expected_tol=0.15,
            why="the printed delta = 0 end, 3.10, is ours within 2 %; the difference is that of alpha",
        ),
        value(
            "fit of the half-life, gamma",
            0.34,
            fit.gamma,
            tol=0.2,
            error=fit.gamma_err,
            expected=1.26,
            expected_tol=0.3,
            why=why,
        ),
        ordering(
            "the limit of seven cells is above that of two",
            fit.alpha - fit_pair.alpha,
            error=quadrature(fit.alpha_err, fit_pair.alpha_err),
        ),
        value(
            "enhancement of the limit over two cells, percent",
            9.6,
            rise,
            tol=1.0,
            error=rise_err,
            expected=4.7,
            expected_tol=2.0,
            why="follows from the two limits above; the printed limits, 5.54 and 5.05, give 9.7 %",
        ),
    ]
