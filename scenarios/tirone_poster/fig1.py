"""Thermal relaxation: energy spread over ever more coherent cells against the best single cell.

Difference of the ratios of output ergotropy to input energy, coherent state of Eq. (6) at E/n -> 0 minus single shot,
for the generalized amplitude damping channel of strength gamma and excited population eta. It is positive everywhere
inside. The corner gamma = 1, eta = 1/2 is excluded: the difference has no limit there.
"""

import numpy as np
import xarray as xr

from qbsim import capacitance, channels, plotting
from qbsim.claims import ordering, value

from . import H, surface

FIGURE = "Fig. 1"
COST = "10 s"
GAMMA_MAX, ETA_MAX = 1.0, 0.5
TEST = 0.3, 0.2  # gamma, eta of the statements at one point


def printed_trace(gamma, eta):
    """Trace of Eq. (3) as printed for rho = |0><0|: (1 - eta gamma) + (1 - eta) gamma + eta gamma."""
    return (1 - eta * gamma) + (1 - eta) * gamma + eta * gamma


def compute(quick=False, workers=None):
    gamma = np.linspace(0, GAMMA_MAX, 11 if quick else 41)
    eta = np.linspace(0, ETA_MAX, 6 if quick else 21)
    ds = surface(channels.generalized_amplitude_damping, gamma, "eta", eta)
    ds["difference"] = ds.difference.where((ds.gamma < 1) | (ds.eta < ETA_MAX))
    noise = channels.generalized_amplitude_damping(*TEST)
    # populations alone: the input is dephased completely before the noise
    incoherent = capacitance.separable_redundancy_ratio(noise @ channels.dephasing(1.0), H).value
    numbers = {
        "trace_printed": (printed_trace(*TEST), "trace of Eq. (3) as printed, for |0><0|"),
        "trace": (float((noise(H * 0 + 1) / 2).tr().real), "trace of the channel's output"),
        "coherent": (capacitance.coherent_redundancy_ratio(noise, H).value, "work / energy, coherent dilution"),
        "incoherent": (incoherent, "work / energy, full cells among empty ones, emptied together"),
    }
    for name, (number, text) in numbers.items():
        ds[name] = xr.DataArray(number, attrs={"long_name": text, "units": "1"})
    return ds


def draw(ds):
    fig, ax = plotting.figure(width=4.2)
    filled = ax.contourf(ds.gamma, ds.eta, ds.difference.T, levels=np.linspace(0, 1, 21), cmap="viridis")
    lines = ax.contour(ds.gamma, ds.eta, ds.difference.T, levels=[0.1, 0.2, 0.3, 0.5], colors="w", linewidths=0.8)
    ax.clabel(
        lines, fontsize=7, manual=[(0.1, 0.25), (0.21, 0.25), (0.82, 0.2), (0.33, 0.25), (0.62, 0.2), (0.65, 0.45)]
    )
    fig.colorbar(filled, ax=ax, label=r"$J(\Lambda_{\gamma,\eta}) - \mathcal{E}_{1,1}/E$")
    plotting.label(ax, r"damping $\gamma$", r"bath population $\eta$")
    return fig


def claims(ds):
    inside = ds.difference.where((ds.gamma > 0) & (ds.gamma < 1))
    eta, gamma = ds.eta.values, ds.gamma.values
    best = np.where(
        4 * gamma[:, None] * (1 - eta) <= 1,
        1 - 2 * gamma[:, None] * (1 - eta),
        eta + np.sqrt(1 / (4 * np.maximum(gamma, 1e-9)[:, None]) - eta * (1 - eta)) - 0.5,
    )
    return [
        ordering("the difference is positive for all 0 < gamma < 1", float(inside.min())),
        ordering(
            "dilution over many cells is the best way to store energy under thermal relaxation",
            float((ds.diluted - ds.single).where((ds.gamma > 0) & (ds.gamma < 1)).min()),
        ),
        value(
            "Eq. (3): trace of the output for |0><0| at gamma = 0.3, eta = 0.2",
            1.0,
            float(ds.trace_printed),
            tol=1e-12,
            expected=1.24,
            why="the upper left entry prints rho_11 twice; the second must be rho_22",
        ),
        value("Eq. (3) corrected: trace of the output", 1.0, float(ds.trace), tol=1e-12),
        value(
            "single shot, largest distance from its closed form", 0.0, float(np.abs(ds.single - best).max()), tol=1e-10
        ),
        ordering(
            "coherence is needed: coherent dilution above any incoherent one, gamma = 0.3, eta = 0.2",
            float(ds.coherent - ds.incoherent),
        ),
    ]
