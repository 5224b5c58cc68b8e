"""Gain and half-life of two cells against disorder.

(a) Relative gain of ergotropy, Eq. (9), and (b) half-life of the averaged ergotropy for the three initial states of
Fig. 1 against the strength of disorder, 100 realizations; the line is the fit alpha + beta exp(-gamma delta) to the
coherent state, in units of 1/J.
"""

import numpy as np

from qbsim.claims import ordering, value

from . import DELTAS, DELTAS_QUICK, average, half_lives, quadrature, saturation
from ._panels import disorder_figure

FIGURE = "Fig. 2"
COST = "5 s"
N = 2
REALIZATIONS = 100


def compute(quick=False, workers=None):
    return average((N,), DELTAS_QUICK if quick else DELTAS, REALIZATIONS, quick=quick, workers=workers)


def draw(ds):
    return disorder_figure(ds, N)


def claims(ds):
    run = ds.sel(N=N)
    fit = saturation(ds, N)
    tau = {state: half_lives(ds, N, state) for state in ds.state.values}
    gain, error = run.gain.sel(state="plus"), run.gain_err.sel(state="plus")
    top = int(gain.values.argmax())
    weakest = int((tau["plus"][0] - tau["full"][0]).argmin())
    why = (
        "at delta = 1 and 2 our half-lives are already near saturation; with the disorder read as full width "
        "(WIDTH = 1/2) the rate is 0.6, but then the gains of Fig. 5 come out too small"
    )
    return [
        value(
            "gain of the classical and the full state at any disorder, percent",
            0.0,
            float(run.gain.sel(state=["classical", "full"]).max()),
            tol=1e-6,
        ),
        value("gain of the coherent state without disorder, percent", 0.0, float(gain[0]), tol=1e-6),
        ordering(
            "the coherent state gains with disorder",
            float(gain[top]),
            error=float(error[top]),
            found=f"{float(gain[top]):.1f}({float(error[top]):.1f}) % at delta = {float(ds.delta[top]):g}",
        ),
        ordering(
            "disorder lengthens the coherent half-life",
            float(tau["plus"][0][-1] - tau["plus"][0][0]),
            error=float(tau["plus"][1][-1]),
        ),
        value(
            "spread of the classical and the full half-life over disorder (1/J)",
            0.0,
            max(float(np.ptp(tau[s][0])) for s in ("classical", "full")),
            tol=1e-3,
        ),
        ordering("the full state outlives the classical one", float((tau["full"][0] - tau["classical"][0]).min())),
        ordering(
            "the coherent state outlives the full one at every disorder",
            float((tau["plus"][0] - tau["full"][0])[weakest]),
            error=quadrature(tau["plus"][1][weakest], tau["full"][1][weakest]),
        ),
        value(
            "fit of the half-life, alpha = tau at strong disorder (1/J)",
            5.05,
            fit.alpha,
            tol=0.05,
            error=fit.alpha_err,
            expected=4.89,
            expected_tol=0.05,
            why="the printed curve saturates 3 % above ours; half-lives of 100 realizations scatter by 1 to 2 %",
        ),
        value("fit of the half-life, beta (1/J)", -1.24, fit.beta, tol=0.1, error=fit.beta_err),
        value(
            "fit of the half-life, gamma",
            0.61,
            fit.gamma,
            tol=0.2,
            error=fit.gamma_err,
            expected=1.56,
            expected_tol=0.3,
            why=why,
        ),
    ]
