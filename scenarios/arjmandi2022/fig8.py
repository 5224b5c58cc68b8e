"""Stored against extractable energy of seven cells.

Internal energy in units of its initial value, Eq. (B2), and share of it that is extractable, Eq. (B1), averaged over
100 realizations: (a), (c) without disorder, (b), (d) with delta = 5. Energy counts from the ground state: with the
sigma_z/2 of Eq. (1) taken literally the coherent state would start at zero and both ratios would diverge.
"""

import numpy as np

from qbsim import plotting
from qbsim.claims import ordering, value

from . import GAMMA, average, quadrature

FIGURE = "Fig. 8"
COST = "30 s"
N = 7
DELTA = (0.0, 5.0)
REALIZATIONS = 100
ROWS = (("energy_ratio", r"internal energy $u(t)$"), ("efficiency", r"extractable share $\Xi(t)$"))


def compute(quick=False, workers=None):
    measures = ("energy", "ergotropy", "efficiency")
    return average((N,), DELTA, REALIZATIONS, quick=quick, workers=workers, measures=measures)


def draw(ds):
    fig, axes = plotting.figure(2, 2, sharex=True, sharey="row")
    for row, (name, text), panels in zip(axes, ROWS, ("ab", "cd"), strict=True):
        for ax, delta, panel in zip(row, DELTA, panels, strict=True):
            for state in ds.state.values:
                run = ds.sel(N=N, delta=delta, state=state)
                plotting.band(ax, GAMMA * ds.time, run[name], run[f"{name}_sem"], **plotting.line(state))
            plotting.label(ax, r"$\Gamma t$", text, panel)
            ax.label_outer()
            if name == ROWS[0][0]:
                ax.set_title(rf"$\delta = {delta:g}$")
    axes[0, 0].legend()
    return fig


def claims(ds):
    ordered, disordered = (ds.sel(N=N, delta=delta) for delta in DELTA)
    u = ordered.energy_ratio
    plus, plus_err = (disordered[x].sel(state="plus") for x in ("energy_ratio", "energy_ratio_sem"))
    peak = int(plus.values.argmax())
    apart, off = float(np.ptp(u.values, axis=0).max()), float(abs(u - np.exp(-GAMMA * ds.time)).max())
    rest = disordered.energy_ratio.isel(time=-1)
    rows = [
        ordering(
            "without disorder all three lose energy at equal rates",
            1e-6 - apart,
            found=f"curves differ by {apart:.0e}",
        ),
        ordering("namely as exp(-Gamma t)", 1e-6 - off, found=f"curves differ by {off:.0e}"),
    ]
    rows += [
        value(f"extractable share at t = 0, {state}", share, float(ordered.efficiency.sel(state=state)[0]), tol=1e-6)
        for state, share in (("plus", 1.0), ("classical", 2 / 3), ("full", 1.0))
    ]
    for delta in DELTA:
        run = ds.sel(N=N, delta=delta)
        share, error = (run[x].isel(time=slice(1, None)) for x in ("efficiency", "efficiency_sem"))
        others = share.sel(state=["classical", "full"])
        gap = share.sel(state="plus") - others.max("state")
        k = int(gap.values.argmin())
        rows.append(
            ordering(
                f"delta = {delta:g}: the coherent state has the largest extractable share at all times",
                float(gap[k]),
                error=quadrature(error.sel(state="plus")[k], error.sel(state="full")[k]),
            )
        )
    return [
        *rows,
        ordering(
            "disorder makes the coherent energy grow for a while",
            float(plus[peak] - 1),
            error=float(plus_err[peak]),
            found=f"up to {float(plus[peak]):.3f}({1000 * float(plus_err[peak]):.0f})",
        ),
        ordering(
            "but the three energies vanish together: within 0.1 of each other at Gamma t = 1",
            0.1 - float(np.ptp(rest.values)),
            error=float(plus_err[-1]),
        ),
        value(
            "with disorder the classical state starts with the share 2/3, the same ergotropy as the coherent one",
            2 / 3,
            float(disordered.efficiency.sel(state="classical")[0]),
            tol=0.01,
            error=float(disordered.efficiency_sem.sel(state="classical")[0]),
            expected=0.70,
            expected_tol=0.02,
            why="equal for two cells or equal frequencies only: a product of passive states of unequal cells is not "
            "passive, so the classical state of seven holds more",
        ),
    ]
