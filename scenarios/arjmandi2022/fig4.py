"""Energy balance of seven cells for three strengths of disorder.

Terms of Eq. (8) for the coherent state, averaged over 100 realizations: (a) power of the interaction,
-i tr(rho [H0, H_int]); (b) power lost to the environment, tr(L(rho) H0); (c) their sum, the time derivative of the
internal energy; (d) energy U_0 of the passive state, Eq. (7). Energies in units of hbar Gamma with B0 = 10 Gamma.
"""

import numpy as np

from qbsim import plotting
from qbsim.claims import ordering, value

from . import GAMMA, average

FIGURE = "Fig. 4"
COST = "1 min"
N = 7
DELTA = (0.0, 1.0, 5.0)  # three degrees of disorder; the text names these values
REALIZATIONS = 100
TERMS = ("power_interaction", "power_dissipation", "power")


def compute(quick=False, workers=None):
    measures = ("energy", "ergotropy", *TERMS)
    ds = average((N,), DELTA, REALIZATIONS, quick=quick, workers=workers, states=("plus",), measures=measures)
    passive = {"long_name": "energy of the passive state", "units": ds.energy.attrs["units"]}
    return ds.assign(passive_energy=(ds.energy - ds.ergotropy).assign_attrs(passive))


def draw(ds):
    fig, axes = plotting.figure(2, 2)
    names = (*TERMS, "passive_energy")
    labels = (
        r"$-i\,\mathrm{tr}(\rho[H_0, H_\mathrm{int}])$",
        r"$\mathrm{tr}(\mathcal{L}[\rho]H_0)$",
        r"$\dot{\mathcal{U}}$",
        r"$\mathcal{U}_0$",
    )
    for ax, name, text, panel in zip(axes.flat, names, labels, "abcd", strict=True):
        unit = r"  ($\hbar\Gamma$)" if name == "passive_energy" else r"  ($\hbar\Gamma^2$)"
        for delta, look in zip(DELTA, plotting.sequence(len(DELTA)), strict=True):
            run = ds.sel(N=N, delta=delta, state="plus")
            plotting.band(
                ax, GAMMA * ds.time, run[name], run.get(f"{name}_sem"), label=rf"$\delta = {delta:g}$", **look
            )
        plotting.label(ax, r"$\Gamma t$", text + unit, panel)
    axes[0, 0].legend()
    return fig


def claims(ds):
    run = ds.sel(N=N, state="plus")
    inner, inner_err = run.power_interaction, run.power_interaction_sem
    peak = {d: int(inner.sel(delta=d).values.argmax()) for d in DELTA}
    top = {d: float(inner.sel(delta=d)[peak[d]]) for d in DELTA}
    top_err = {d: float(inner_err.sel(delta=d)[peak[d]]) for d in DELTA}
    strong = run.sel(delta=DELTA[-1])
    k = int(strong.power.values.argmax())
    # Eq. (7): the ergotropy grows where the energy grows faster than the passive energy
    growth = strong.ergotropy.differentiate("time") / strong.ergotropy[0]
    # what the powers add up to by the trapezoidal rule, against the energy, in units of the initial energy
    gained = run.energy - run.energy.isel(time=0)
    missing = float(abs((run.power.cumulative_integrate("time") - gained) / run.energy.isel(time=0)).max())
    calm = run.sel(delta=0)
    return [
        value(
            "interaction term without disorder, in units of Gamma U(0)",
            0.0,
            float(abs(inner.sel(delta=0)).max() / (GAMMA * calm.energy[0])),
            tol=1e-5,
        ),
        ordering(
            "weak disorder makes it positive",
            top[DELTA[1]],
            error=top_err[DELTA[1]],
            found=f"up to {top[DELTA[1]]:.0f}({top_err[DELTA[1]]:.0f}) hbar Gamma^2",
        ),
        ordering(
            "it grows considerably with disorder",
            top[DELTA[2]] - top[DELTA[1]],
            error=float(np.hypot(top_err[DELTA[1]], top_err[DELTA[2]])),
            found=f"from {top[DELTA[1]]:.0f} to {top[DELTA[2]]:.0f} hbar Gamma^2",
        ),
        ordering("the dissipative term is negative at all times", -float(run.power_dissipation.max())),
        ordering(
            "with disorder the time derivative of the energy becomes positive",
            float(strong.power[k]),
            error=float(strong.power_sem[k]),
        ),
        ordering("without disorder it never is", -float(calm.power.max())),
        ordering(
            "the two terms add up to dU/dt, Eq. (8)",
            0.02 - missing,
            found=f"their integral meets U(t) - U(0) to {missing:.0e} of U(0)",
        ),
        ordering("U exceeds U_0 at all times", float((run.energy - run.passive_energy)[..., :-1].min())),
        ordering(
            "and the ergotropy grows for a while (delta = 5)",
            float(growth.max()),
            found=f"yes: up to {float(growth.max()):.2f} of itself per 1/Gamma",
        ),
        ordering(
            "U > U_0 alone is a gain of ergotropy, as the condition below Eq. (7) is printed",
            float(calm.ergotropy.differentiate("time").max()),
            holds=False,
            why="without disorder U > U_0 holds at all times and the ergotropy only falls; Eq. (7) needs the rates, "
            "dU/dt > dU_0/dt",
        ),
    ]
