"""Amplitude damping and dephasing: dilution over coherent cells against the best single cell.

Difference of the ratios of output ergotropy to input energy, coherent state of Eq. (6) at E/n -> 0 minus single shot,
for amplitude damping gamma followed by dephasing kappa. Solid: where it vanishes; dotted: kappa = gamma/(1 - gamma).
Above that line a finite E/n is better.
"""

import numpy as np
import xarray as xr

from qbsim import capacitance, channels, plotting
from qbsim.claims import ordering, value

from . import H, surface

FIGURE = "Fig. 2"
COST = "15 s"
TEST = 0.2, 0.9  # gamma, kappa of the statements at one point


def noise(gamma, kappa):
    """Delta_kappa after Lambda_{gamma, 0}."""
    return channels.dephasing(kappa) @ channels.amplitude_damping(gamma)


def compute(quick=False, workers=None):
    grid = np.linspace(0, 1, 11 if quick else 41)
    ds = surface(noise, grid, "kappa", grid)
    numbers = {
        "coherent": (capacitance.coherent_redundancy_ratio, "work / energy, coherent dilution"),
        "local": (capacitance.local_redundancy_ratio, "work / energy, supremum with local extraction"),
        "separable": (capacitance.separable_redundancy_ratio, "work / energy, supremum with collective extraction"),
    }
    for name, (ratio, text) in numbers.items():
        ds[name] = xr.DataArray(ratio(noise(*TEST), H).value, attrs={"long_name": text, "units": "1"})
    # populations alone: the input is dephased completely before the noise
    blind = capacitance.separable_redundancy_ratio(noise(*TEST) @ channels.dephasing(1.0), H).value
    ds["incoherent"] = xr.DataArray(
        blind, attrs={"long_name": "work / energy, full cells among empty ones, emptied together", "units": "1"}
    )
    ds["single_test"] = xr.DataArray(
        capacitance.single_shot_ratio(noise(*TEST), H).value,
        attrs={"long_name": "work / energy, best single cell", "units": "1"},
    )
    return ds


def draw(ds):
    fig, ax = plotting.figure(width=4.2)
    filled = ax.contourf(ds.gamma, ds.kappa, ds.difference.T, levels=np.linspace(-1, 1, 41), cmap="RdBu")
    inner = ds.isel(gamma=slice(0, -1), kappa=slice(0, -1))  # at gamma = 1 and kappa = 1 it is zero throughout
    ax.contour(inner.gamma, inner.kappa, inner.difference.T, levels=[0.0], colors="k", linewidths=1.2)
    g = np.linspace(0, 0.5, 101)
    ax.plot(g, g / (1 - g), ":", color="tab:orange", lw=2, label=r"$\kappa = \gamma/(1-\gamma)$")
    ax.legend(loc="lower right")
    fig.colorbar(filled, ax=ax, ticks=np.linspace(-1, 1, 5), label=r"$J - \mathcal{E}_{1,1}/E$")
    plotting.label(ax, r"damping $\gamma$", r"dephasing $\kappa$")
    return fig


def claims(ds):
    border = ds.gamma / np.maximum(1 - ds.gamma, 1e-12) - ds.kappa
    inside = (ds.gamma > 0) & (ds.gamma < 1) & (ds.kappa < 1) & (np.abs(border) > 1e-9)
    agree = (ds.difference * np.sign(border)).where(inside)
    # cells of the grid whose middle lies below the border: the area is ln 2
    middle = (ds.difference[1:, 1:].values + ds.difference[:-1, :-1].values) / 2
    share = float((middle > 0).mean())
    return [
        ordering("the difference is positive in a vast part of the square", share - 0.5, found=f"{100 * share:.0f} %"),
        ordering("for some channels a finite E/n is better: it is negative somewhere", -float(ds.difference.min())),
        ordering("its sign changes at kappa = gamma/(1 - gamma)", float(agree.min()), paper="(not printed)"),
        value(
            "pure dephasing: the difference is -kappa, here at kappa = 1", -1.0, float(ds.difference[0, -1]), tol=1e-9
        ),
        ordering(
            "Eq. (5), a supremum over all states, lies below the single shot somewhere, as Fig. 2 shows",
            float(ds.single_test - ds.local) - 1e-9,
            holds=False,
            why="the supremum contains n = E, the single shot itself; Fig. 2 plots Eq. (6), the coherent state",
        ),
        ordering(
            "coherence is a fundamental ingredient of the limit E/n -> 0, gamma = 0.2, kappa = 0.9",
            float(ds.coherent - ds.incoherent),
            holds=False,
            why="full cells among many empty ones give 1 - gamma when emptied together, without any coherence",
        ),
        value(
            "work / energy of that incoherent protocol, 1 - gamma",
            1 - TEST[0],
            float(ds.incoherent),
            tol=1e-9,
        ),
        value("supremum with collective extraction: no better", 1 - TEST[0], float(ds.separable), tol=1e-9),
    ]
