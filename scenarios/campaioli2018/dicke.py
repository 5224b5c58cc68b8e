"""Dicke battery: largest charging power against the number of cells, for three couplings.

Resonant cells, n photons at the start, no 1/sqrt(n) in the coupling. (a) Largest average power, with the law n^(3/2).
(b) Its ratio to that of n cells with a cavity each, over sqrt(n): Eq. (26) allows 1 up to a constant factor. (c) Stored
energy of n = 6 cells."""

import math

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled

FIGURE = "Eqs. (23)-(26)"
COST = "20 s"
COUPLINGS = [0.05, 0.5, 2.0]
CELLS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 20]
FITTED = slice(6, 12)  # numbers of cells in the fit of the exponent
SHOWN, SHOWN_PHOTONS = 6, [60, 120, 400]  # cells and photon levels of the curves
SWITCH_OFF = 0.6
SAMPLES = 161


TABLE = {  # long name and unit of what `largest_power` returns
    "max_power": ("largest average power", "omega_c^2"),
    "power_time": ("time of the largest power", "1/omega_c"),
    "max_energy": ("largest energy per cell", "omega_c"),
    "cutoff": ("photon levels",),
    "cutoff_change": ("relative change when the cut-off doubles",),
}


def largest_power(n: int, lam: float) -> list[float]:
    """The entries of `TABLE`."""
    t = np.linspace(0, 2.2 / (lam * math.sqrt(n)), SAMPLES)  # contains the first large maximum

    def answer(photons: int) -> list[float]:
        battery = qb.dicke(n, lam=lam, photons=photons)
        start = qb.dicke_start(battery)
        power, energy = qb.charging.max_power(battery, start, t), qb.charging.max_energy(battery, start, t)
        return [power.value / n, power.time, energy.value / n]

    (power, time, energy), cutoff, change = qb.charging.converged(answer, max(4 * n, n + 30), tol=1e-7)
    return [n * power, time, energy, cutoff, change]


def compute(quick=False, workers=None):
    """The table of powers, and curves of the stored energy."""
    cells = CELLS[:3] if quick else CELLS
    table = np.array([[largest_power(n, lam) for n in cells] for lam in COUPLINGS])
    scaled = np.linspace(0, 4.0, 161)  # time in units of 1 / (lam sqrt n)
    shown = [qb.dicke(SHOWN, lam=lam, photons=n) for lam, n in zip(COUPLINGS, SHOWN_PHOTONS, strict=True)]
    energy = [
        qb.evolve(b, qb.dicke_start(b), scaled / (lam * math.sqrt(SHOWN)), "energy").energy.values / SHOWN
        for b, lam in zip(shown, COUPLINGS, strict=True)
    ]
    held = qb.dicke(SHOWN, lam=lambda time: 0.5 if time < SWITCH_OFF else 0.0, photons=60)
    names = ("energy", "ergotropy")
    after = qb.evolve(held, qb.dicke_start(held), [0, SWITCH_OFF, 1.0, 2.0], names).isel(time=slice(1, None))
    dims = ("coupling", "cells")
    return labelled(
        {
            **{name: (dims, table[..., k], *attrs) for k, (name, attrs) in enumerate(TABLE.items())},
            "energy": (("coupling", "time"), energy, "stored energy per cell", "omega_c"),
            **{f"held_{x}": ("hold", after[x].values, f"{x} after the switch-off", "omega_c") for x in names},
        },
        coupling=(COUPLINGS, "coupling lambda"),
        cells=(cells, "number of cells"),
        time=(scaled, "time times lambda sqrt(n)", "1/omega_c"),
    )


def ratio(ds):
    """Power over that of n independent cells."""
    return ds.max_power / (ds.cells * ds.max_power.isel(cells=0))


def draw(ds):
    """Power, ratio, energy."""
    fig, (a, b, c) = plotting.figure(1, 3, width=3.2)
    for lam, mark in zip(ds.coupling.values, ("o-", "s--", "^-."), strict=True):
        text = f"$\\lambda = {lam:g}$"
        a.loglog(ds.cells, ds.max_power.sel(coupling=lam) / lam, mark, markersize=3, label=text)
        b.plot(ds.cells, ratio(ds).sel(coupling=lam) / np.sqrt(ds.cells), mark, markersize=3, label=text)
        c.plot(ds.time, ds.energy.sel(coupling=lam), mark[1:], label=text)
    a.loglog(ds.cells, 0.6 * ds.cells**1.5, "k:", label="$n^{3/2}$")
    plotting.label(a, "number of cells $n$", "$P_{max}/(\\lambda\\,\\omega_c^2)$", "a").legend()
    b.axhline(1.0, color="k", linestyle=":")
    plotting.label(b, "number of cells $n$", "$P_{max}/(n P^{(1)}_{max}\\sqrt{n})$", "b")
    plotting.label(c, "$\\lambda\\sqrt{n}\\,\\omega_c t$", f"energy per cell, $n = {SHOWN}$", "c")
    return fig


def claims(ds):
    """Eq. (26), and the battery alone."""
    rows = []
    if int(ds.cells.max()) >= 12:
        for lam, fitted in zip(COUPLINGS, (1.4879, 1.5000, 1.4748), strict=True):
            part = ds.max_power.sel(coupling=lam, cells=FITTED)
            slope = float(np.polyfit(np.log(part.cells), np.log(part), 1)[0])
            rows += [
                statement(
                    f"power over that of n single cells: exponent 1/2, n = 6 to 12, lambda = {lam:g}",
                    0.03 - abs(slope - 1.5),
                    quote="achieve a quantum advantage Gamma ~ sqrt(n)",
                    place="caption of Fig. 7",
                    found=f"{slope - 1:.3f}",
                ),
                equal(f"exponent of the power, against an independent fit, lambda = {lam:g}", fitted, slope, tol=1e-4),
            ]
        largest = zip(COUPLINGS, (1.22449486, 17.61726035, 71.73254055), ds.max_power.sel(cells=12).values, strict=True)
        rows += [
            equal(f"largest power, n = 12, lambda = {lam:g}", power, float(found), tol=1e-7 * power)
            for lam, power, found in largest
        ]
    scaled = (ratio(ds) / np.sqrt(ds.cells)).isel(cells=slice(1, None))
    energy, ergotropy = float(ds.held_energy[0]), float(ds.held_ergotropy[0])
    return [
        *rows,
        statement(
            "the advantage over sqrt(n) is bounded: it does not grow by more than 1 % with n",
            0.01 - float((scaled.isel(cells=-1) / scaled - 1).max()),
            quote="max[P_coll]/max[P_par] <= sqrt(n), modulo some constant factor that does not depend on the number n",
            place="Eq. (26)",
            found=f"between {float(scaled.min()):.3f} and {float(scaled.max()):.3f}",
        ),
        statement(
            "the battery alone ends in a mixed state: not all of its energy can be extracted",
            energy - ergotropy - 1e-3,
            quote="while battery and cavity undergo the unitary evolution the battery alone evolves according to a "
            "non-unitary map",
            place="below Eq. (25)",
            found=f"{ergotropy:.3f} of {energy:.3f} omega_c",
        ),
        check("collective charging is the more powerful, n > 1", float(ratio(ds).isel(cells=slice(1, None)).min()) - 1),
        check("after the switch-off the stored energy stays", 1e-6 - float(np.ptp(ds.held_energy.values))),
        check("doubling the photon cut-off changes nothing", 1e-7 - float(ds.cutoff_change.max())),
    ]
