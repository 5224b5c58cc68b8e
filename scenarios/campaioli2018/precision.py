"""Precision of Gaussian charging: spread of final energy and of work, for displacement, squeezing and the best mix.

One oscillator, omega = 1, from a thermal state at beta = 1 (full) and from the vacuum (thin)."""

import math

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled

FIGURE = "Cycle Precision"
COST = "2 s"
BETAS = [math.inf, 1.0]
ENERGIES = np.geomspace(0.1, 100.0, 31)
WAYS, FIGURES = ["displacement", "squeezing", "best"], ["variance", "fluctuations"]
CHECKED = 0.2, 1.0, 150  # squeezing, displacement and Fock levels of the check


def spreads(beta: float, figure: str, energy: float) -> list[float]:
    """Figure of merit of displacement, squeezing, the best mix, and the worst Gaussian unitary."""
    p = qb.precision
    charges = p.displace(beta, energy), p.squeeze(beta, energy)
    extremes = p.most_precise(beta, energy, figure), p.least_precise(beta, energy, figure)
    return [getattr(charge, figure) for charge in (*charges, *extremes)]


def compute(quick=False, workers=None):
    """Both figures of merit for the three ways, the worst way, and a check in Fock space."""
    table = np.array([[[spreads(b, f, e) for e in ENERGIES] for f in FIGURES] for b in BETAS])
    r, displaced, levels = CHECKED
    exact, fock = qb.precision.gaussian_charge(1.0, r, displaced), qb.precision.fock_charge(1.0, r, displaced, levels)
    apart = [abs(getattr(exact, f) - getattr(fock, f)) for f in FIGURES]
    dims = ("beta", "figure", "way", "energy")
    return labelled(
        {
            "spread": (dims, np.moveaxis(table[..., :-1], -1, 2), "variance of energy or work", "omega^2"),
            "worst": (("beta", "figure", "energy"), table[..., -1], "worst Gaussian unitary", "omega^2"),
            "fock_error": ("figure", apart, "difference to Fock space", "omega^2"),
        },
        beta=(BETAS, "inverse temperature", "1/omega"),
        figure=(FIGURES, "figure of merit"),
        way=(WAYS, "Gaussian unitary"),
        energy=(ENERGIES, "energy put in", "omega"),
    )


def draw(ds):
    """Standard deviations against energy."""
    fig, axes = plotting.figure(1, 2)
    for ax, figure, panel in zip(axes, FIGURES, "ab", strict=True):
        for way, mark, color in zip(WAYS, ("-", "--", "-."), ("C0", "C1", "C2"), strict=True):
            for beta, width in ((1.0, 1.8), (math.inf, 0.7)):
                part = ds.spread.sel(figure=figure, way=way).isel(beta=BETAS.index(beta))
                text = way if beta == 1.0 else None
                ax.loglog(ds.energy, np.sqrt(part), mark, color=color, linewidth=width, label=text)
        name = "the final energy" if figure == "variance" else "the work"
        plotting.label(ax, "energy put in $\\epsilon/\\omega$", f"spread of {name} / $\\omega$", panel)
    axes[0].legend()
    return fig


def slope(ds, way: str) -> float:
    """Power of the energy that the standard deviation follows, from the vacuum, at the largest energies."""
    part = np.sqrt(ds.spread.isel(beta=0).sel(figure="variance", way=way)).values[-6:]
    return float(np.polyfit(np.log(ds.energy.values[-6:]), np.log(part), 1)[0])


def claims(ds):
    """Least and most favourable operations."""
    displacement, squeezing, best = (ds.spread.sel(way=way) for way in WAYS)
    worse = (ds.worst / squeezing - 1).max("energy")  # of the worst over pure squeezing
    least = {
        "quote": "pure single-mode squeezing as the least-favourable operations, when one wishes to obtain precise "
        "charging of single-mode batteries",
        "place": "Cycle Precision",
    }
    mixture = float((np.minimum(squeezing, displacement) / best).min())
    cold, hot = worse.sel(figure="fluctuations").values.tolist()
    return [
        statement(
            "squeezing is the worst Gaussian unitary for the variance of the final energy",
            1e-9 - float(worse.sel(figure="variance").max()),
            found="yes, at beta = 1 and from the vacuum",
            **least,
        ),
        statement("the same for the fluctuations of the work, from the vacuum", 1e-9 - cold, found="yes", **least),
        statement(
            "the same for the fluctuations of the work, at beta = 1",
            1e-6 - hot,
            holds=False,
            why="squeezing with a small displacement across it is a little worse, most at eps = 0.4 omega",
            found=f"no: another unitary is worse by up to {100 * hot:.2g} %",
            **least,
        ),
        statement(
            "a mixture of squeezing and displacement is more precise than either, by both figures of merit",
            mixture - 1,
            quote="they indicate combinations of squeezing and displacements as the most accurate and accessible "
            "operations",
            place="Cycle Precision",
            found=f"its spread squared is smaller by a factor of {mixture:.3f} or more",
        ),
        equal("standard deviation, best mixture: power of the energy", 1 / 3, slope(ds, "best"), tol=0.02),
        equal("standard deviation, displacement: power of the energy", 1 / 2, slope(ds, "displacement"), tol=1e-6),
        equal("standard deviation, squeezing: power of the energy", 1.0, slope(ds, "squeezing"), tol=0.02),
        check("the formulas hold in Fock space", 1e-9 - float(ds.fock_error.max())),
    ]
