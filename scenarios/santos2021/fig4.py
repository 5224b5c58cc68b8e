"""Five cells in four geometries: internal energy and efficiency.

(a) Internal energy in units of its initial value, N hbar omega / 2, for the coherent state |+...+>; (b) efficiency,
ergotropy over internal energy, for the coherent state and, in the inset, for the classical one. The geometries are
central (a star), linear, circular, and symmetric (all to all), each bond with exchange J and collective decay.
"""

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.claims import ordering, value

from . import GAMMA, GEOMETRIES, cells, times, together

FIGURE = "Fig. 4"
COST = "3 s"
N = 5
J, GAMMA_D = 2.0 * GAMMA, GAMMA / 2
STOP = 4.0  # Gamma t
P = 3 / 4


def compute(quick=False, workers=None):
    states = {"plus": qb.plus(N), "classical": qb.classical(N, P)}
    runs = {}
    for name, edges in GEOMETRIES.items():
        battery = cells(edges(N), N, J=J, gamma_d=GAMMA_D)
        names = ("energy", "ergotropy", "efficiency")
        both = {s: qb.evolve(battery, rho, times(STOP, quick) / GAMMA, names) for s, rho in states.items()}
        runs[name] = together(both, "state", "initial state").assign(
            bonds=((), len(battery.edges), {"long_name": "number of bonds", "units": "1"})
        )
    return together(runs, "geometry", "geometry")


def draw(ds):
    fig, (a, b) = plotting.figure(1, 2)
    inset = plotting.inset(b, (0.45, 0.42, 0.52, 0.38))
    for name in ds.geometry.values:
        run = ds.sel(geometry=name)
        plus, look = run.sel(state="plus"), plotting.line(name)
        a.plot(ds.time, plus.energy / plus.energy[0], **look)
        b.plot(ds.time, plus.efficiency, **look)
        inset.plot(ds.time, run.efficiency.sel(state="classical"), **look)
    plotting.label(a, r"$\Gamma t$", r"internal energy $U/U_0$", "a").legend()
    plotting.label(b, r"$\Gamma t$", r"efficiency $\mathcal{E}/U$", "b")
    inset.set_xlim(0, 1.5)
    inset.set_title("classical", fontsize=8)
    return fig


def claims(ds):
    t = ds.time.values
    plus, classical = ds.sel(state="plus"), ds.sel(state="classical")
    order = ["central", "linear", "circular", "all_to_all"]
    # star and line start with the same slope: before Gamma t = 0.1 they differ by less than the solver resolves
    later = t >= 0.1 / GAMMA
    energy = (plus.energy / plus.energy.isel(time=0)).sel(geometry=order).values[:, later]
    eff = plus.efficiency.sel(geometry=order).values[:, later]
    behind = (eff[1:].max(axis=0) - eff[0]).max()
    late = t[later][np.flatnonzero(eff[1:].max(axis=0) > eff[0])].max(initial=0.0)
    spread = {
        name: float(np.ptp(run.efficiency.values, axis=0).max())
        for name, run in (("plus", plus), ("classical", classical))
    }
    lives = {name: qb.half_life(t, plus.efficiency.sel(geometry=name)) for name in order}
    bonds = ds.bonds.sel(geometry=order).values
    return [
        value("internal energy at t = 0 in units of N/2", 1.0, float(plus.energy[0, 0]) / (N / 2), tol=1e-9),
        value("coherent efficiency at t = 0", 1.0, float(plus.efficiency[0, 0]), tol=1e-9),
        value("classical efficiency at t = 0 (inset)", 0.667, float(classical.efficiency[0, 0]), tol=0.0005),
        value("number of connections, central", 4, float(bonds[0]), tol=0),
        value("number of connections, circular", 5, float(bonds[2]), tol=0),
        ordering(
            "the central geometry keeps the most energy at all times", float((energy[0] - energy[1:].max(axis=0)).min())
        ),
        ordering(
            "central and linear have as many bonds, but store energy differently",
            float((energy[0] - energy[1]).max()) - 1e-3,
        ),
        ordering(
            "energy from top to bottom: central, linear, circular, symmetric", float(-np.diff(energy, axis=0).max())
        ),
        ordering(
            "the central geometry is the most efficient (behind by less than a line's width, 0.001)",
            1e-3 - float(behind),
            found=f"yes; behind by {behind:.1e} up to t = {late:.2f}" if behind > 0 else "yes",
        ),
        ordering(
            "its efficiency has the longest half-life",
            lives["central"] - max(x for name, x in lives.items() if name != "central"),
        ),
        ordering(
            "for classical states the connectivity does not matter: spread of efficiency a tenth of the coherent one",
            spread["plus"] / 10 - spread["classical"],
            found=f"yes: {spread['classical']:.3f} against {spread['plus']:.2f}",
        ),
        ordering(
            "more bonds do not slow the leakage: the complete graph, with most bonds, loses energy fastest",
            float((energy[:3].min(axis=0) - energy[3]).min()),
        ),
    ]
