"""Amplitude damping and dephasing: dilution over coherent cells against the best single cell.

Difference of the ratios of output ergotropy to input energy, coherent state of Eq. (6) at E/n -> 0 minus single shot,
for amplitude damping gamma followed by dephasing kappa. Solid: where it vanishes; dotted: kappa = gamma/(1 - gamma).
Above that line a finite E/n is better.
"""

from math import comb

import numpy as np

from qbsim import capacitance, channels, plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled
from . import H, surface

FIGURE = "Fig. 2"
COST = "15 s"
TEST = 0.2, 0.9  # gamma, kappa of the statements at one point
FULL, EMPTY = 10, 2**14  # cells of the incoherent protocol, written out


def noise(gamma, kappa):
    """Delta_kappa after Lambda_{gamma, 0}."""
    return channels.dephasing(kappa) @ channels.amplitude_damping(gamma)


def incoherent_ratio(gamma, full, empty):
    """Work per energy of full cells among empty ones after amplitude damping, emptied together, written out.

    Without coherence dephasing does nothing. The output is diagonal: with k of the full cells still full, the
    eigenvalue (1 - gamma)^k gamma^(full - k), comb(full, k) times; the ground state comes first, then one quantum.
    """
    k = np.arange(full + 1)
    weights = np.sort(np.repeat((1 - gamma) ** k * gamma ** (full - k), [comb(full, j) for j in k]))[::-1]
    if len(weights) > 1 + full + empty:
        raise ValueError("Too few empty cells: the output needs levels of two quanta.")
    return ((1 - gamma) * full - weights[1:].sum()) / full


def compute(quick=False, workers=None):
    grid = np.linspace(0, 1, 11 if quick else 41)
    here, separable = noise(*TEST), capacitance.separable_redundancy_ratio
    blind = here @ channels.dephasing(1.0)  # populations alone: the input is dephased completely before the noise
    numbers = {
        "coherent": (capacitance.coherent_redundancy_ratio(here, H).value, "coherent dilution"),
        "local": (capacitance.local_redundancy_ratio(here, H).value, "supremum with local extraction"),
        "separable": (separable(here, H).value, "supremum with collective extraction"),
        "incoherent": (separable(blind, H).value, "full cells among empty ones, emptied together"),
        "finite": (incoherent_ratio(TEST[0], FULL, EMPTY), f"{FULL} full cells among {EMPTY} empty ones"),
        "single_test": (capacitance.single_shot_ratio(here, H).value, "best single cell"),
    }
    one_point = labelled({name: ((), ratio, f"work / energy, {text}") for name, (ratio, text) in numbers.items()})
    return surface(noise, grid, "kappa", grid).merge(one_point)


def draw(ds):
    fig, ax = plotting.figure(width=4.2)
    filled = ax.contourf(ds.gamma, ds.kappa, ds.difference.T, levels=np.linspace(-1, 1, 41), cmap="RdBu")
    inner = ds.isel(gamma=slice(0, -1), kappa=slice(0, -1))  # at gamma = 1 and kappa = 1 it is zero throughout
    ax.contour(inner.gamma, inner.kappa, inner.difference.T, levels=[0.0], colors="k", linewidths=1.2)
    g = np.linspace(0, 0.5, 101)
    ax.plot(g, g / (1 - g), ":", color="tab:orange", lw=2, label=r"$\kappa = \gamma/(1-\gamma)$")
    fig.colorbar(filled, ax=ax, ticks=np.linspace(-1, 1, 5), label=r"$J - \mathcal{E}_{1,1}/E$")
    plotting.label(ax, r"damping $\gamma$", r"dephasing $\kappa$").legend(loc="lower right")
    return fig


def claims(ds):
    border = ds.gamma / np.maximum(1 - ds.gamma, 1e-12) - ds.kappa
    inside = (ds.gamma > 0) & (ds.gamma < 1) & (ds.kappa < 1) & (np.abs(border) > 1e-9)
    agree = (ds.difference * np.sign(border)).where(inside)
    # cells of the grid whose middle lies below the border: the area is ln 2
    middle = (ds.difference[1:, 1:].values + ds.difference[:-1, :-1].values) / 2
    share = float((middle > 0).mean())
    return [
        statement(
            "the difference is positive in a vast part of the square",
            share - 0.5,
            quote="The difference is positive in a vast volume of the parameter region: there the asymptotic strategy "
            "performs better than the single-shot strategy",
            place="caption of Fig. 2",
            found=f"{100 * share:.0f} %",
        ),
        statement(
            "for some channels a finite E/n is better than the diluted state of Eq. (6): negative somewhere",
            -float(ds.difference.min()),
            quote="we find some quantum channels for which the ergotropy is best preserved by keeping a finite ratio "
            "E/n",
            place="Abstract",
        ),
        statement(
            "no advantage over the single shot without coherence, gamma = 0.2, kappa = 0.9",
            -float(ds.finite - ds.single_test),
            quote="Another fundamental ingredient to obtain an efficiency advantage is quantum coherence",
            place="Redundancy protocol, above Eq. (6)",
            holds=False,
            why=f"{FULL} full cells among {EMPTY} empty ones, emptied together, give {float(ds.finite):.3f} of their "
            f"energy, the best single cell {float(ds.single_test):.3f}; there is no coherence for dephasing to destroy",
            found=f"no: {float(ds.finite):.3f} against {float(ds.single_test):.3f}",
        ),
        check("its sign changes at kappa = gamma/(1 - gamma)", float(agree.min())),
        equal("area in which it is positive: ln 2", np.log(2), share, tol=1 / len(ds.gamma)),
        equal(
            "pure dephasing: the difference is -kappa, here at kappa = 1", -1.0, float(ds.difference[0, -1]), tol=1e-9
        ),
        check(
            "Eq. (5), read as a supremum, is above the diluted state of Eq. (6): product inputs, collective extraction",
            float(ds.separable - ds.coherent),
            found=f"{float(ds.separable):.3f} against {float(ds.coherent):.3f}",
        ),
        equal("Eq. (5) with local extraction: the single shot", float(ds.single_test), float(ds.local), tol=1e-9),
        equal("infinitely many empty cells, no coherence: 1 - gamma", 1 - TEST[0], float(ds.incoherent), tol=1e-9),
        equal("best product input, collective extraction: no better", 1 - TEST[0], float(ds.separable), tol=1e-9),
    ]
