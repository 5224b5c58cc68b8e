"""Thermal relaxation: energy spread over ever more coherent cells against the best single cell.

Difference of the ratios of output ergotropy to input energy, coherent state of Eq. (6) at E/n -> 0 minus single shot,
for the generalized amplitude damping channel of strength gamma and excited population eta. It is positive everywhere
inside. The corner gamma = 1, eta = 1/2 is excluded: the difference has no limit there.
"""

import numpy as np
import qutip

import qbsim as qb
from qbsim import capacitance, channels, plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled
from . import H, surface

FIGURE = "Fig. 1"
COST = "10 s"
GAMMA_MAX, ETA_MAX = 1.0, 0.5
TEST = 0.3, 0.2  # gamma, eta of the statements at one point


def printed(rho, gamma, eta, corrected=False):
    """Eq. (3) entry by entry, with rho_11 twice in the upper left entry as printed, or rho_22 as the second."""
    (r11, r12), (r21, r22) = rho
    s = np.sqrt(1 - gamma)
    upper = (1 - eta * gamma) * r11 + (1 - eta) * gamma * (r22 if corrected else r11)
    return np.array([[upper, s * r12], [s * r21, (1 - (1 - eta) * gamma) * r22 + eta * gamma * r11]])


def relaxed(rho, gamma, eta):
    """A cell after the time in which a bath of nbar photons does the same: eta = nbar/(2 nbar + 1)."""
    nbar = eta / (1 - 2 * eta)
    cell = qb.single_cell(omega=0.0, gamma=1.0, nbar=nbar)
    return channels.from_network(cell, -np.log(1 - gamma) / (2 * nbar + 1))(qutip.Qobj(rho)).full()


def compute(quick=False, workers=None):
    gamma = np.linspace(0, GAMMA_MAX, 11 if quick else 41)
    eta = np.linspace(0, ETA_MAX, 6 if quick else 21)
    ds = surface(channels.generalized_amplitude_damping, gamma, "eta", eta)
    ds["difference"] = ds.difference.where((ds.gamma < 1) | (ds.eta < ETA_MAX))
    noise = channels.generalized_amplitude_damping(*TEST)
    # populations alone: the input is dephased completely before the noise
    incoherent = capacitance.separable_redundancy_ratio(noise @ channels.dephasing(1.0), H).value
    states = [qutip.rand_dm(2, seed=k).full() for k in range(20)]
    defect = max(abs(np.trace(printed(rho, *TEST)) - 1) for rho in states)
    apart = max(np.abs(printed(rho, *TEST, corrected=True) - relaxed(rho, *TEST)).max() for rho in states)
    ours = max(np.abs(noise(qutip.Qobj(rho)).full() - relaxed(rho, *TEST)).max() for rho in states)
    some = ds.isel(gamma=slice(1, -1, 2 if quick else 4), eta=slice(None, None, 2 if quick else 4))
    supremum = [
        capacitance.separable_redundancy_ratio(channels.generalized_amplitude_damping(g, x), H).value
        for g in some.gamma.values
        for x in some.eta.values
    ]
    coherent = capacitance.coherent_redundancy_ratio(noise, H).value
    numbers = {
        "defect": ((), defect, "largest trace defect of Eq. (3) as printed, 20 random states"),
        "apart": ((), apart, "Eq. (3) with rho_22, largest distance from relaxation in a bath"),
        "ours": ((), ours, "the channel, largest distance from relaxation in a bath"),
        "lost": ((), (supremum - some.diluted.values.ravel()).max(), "supremum over product inputs less dilution"),
        "coherent": ((), coherent, "work / energy, coherent dilution"),
        "incoherent": ((), incoherent, "work / energy, full cells among empty ones, emptied together"),
    }
    return ds.merge(labelled(numbers))


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
    share = float((inside > 0).sum() / inside.notnull().sum())
    eta, gamma = ds.eta.values, ds.gamma.values
    best = np.where(
        4 * gamma[:, None] * (1 - eta) <= 1,
        1 - 2 * gamma[:, None] * (1 - eta),
        eta + np.sqrt(1 / (4 * np.maximum(gamma, 1e-9)[:, None]) - eta * (1 - eta)) - 0.5,
    )
    return [
        statement(
            "the difference is positive in most of 0 < gamma < 1, 0 <= eta <= 1/2",
            share - 0.5,
            quote="The difference is positive in a vast volume of the parameter region: there the asymptotic strategy "
            "performs better than the single-shot strategy",
            place="caption of Fig. 1",
            found=f"{100 * share:.0f} %, at least {float(inside.min()):.2g}",
        ),
        statement(
            "no product input, collectively emptied, gives more than coherent dilution over infinitely many cells",
            1e-9 - float(ds.lost),
            quote="For some noise channels (most notably, the generalized amplitude damping channel) storing the "
            "energy in a large number of batteries is the best way to prevent the degradation of extractable work",
            place="Abstract",
            found=f"largest gain {float(ds.lost):.1g}",
        ),
        statement(
            "coherent dilution above any incoherent one, gamma = 0.3, eta = 0.2",
            float(ds.coherent - ds.incoherent),
            quote="due to the use of quantum coherence in energy allocation",
            place="Abstract",
        ),
        statement(
            "Eq. (3) keeps the trace, gamma = 0.3, eta = 0.2",
            1e-12 - float(ds.defect),
            quote="(1 - eta gamma) rho_11 + (1 - eta) gamma rho_11",
            place="Eq. (3), upper left entry",
            holds=False,
            why="the second rho_11 must be rho_22: so corrected, Eq. (3) is relaxation in a thermal bath, entry by "
            "entry (a check below)",
            found=f"no: the trace is off by up to {float(ds.defect):.2g}",
        ),
        check("Eq. (3) with rho_22 is the relaxation of a cell in a thermal bath", 1e-12 - float(ds.apart)),
        check("so is the channel of qbsim", 1e-12 - float(ds.ours)),
        check("the difference is positive for all 0 < gamma < 1", float(inside.min())),
        equal(
            "single shot, largest distance from its closed form", 0.0, float(np.abs(ds.single - best).max()), tol=1e-10
        ),
    ]
