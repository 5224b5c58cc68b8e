r"""Charging power of a Dicke battery with losses against the number of cells, up to twenty.

Battery of Eqs. (23)-(25) of [campaioli2018], n photons at the start, lambda = 1/2: closed, with cavity loss kappa, and
with relaxation gamma of every cell beside it (up to ten cells), rates 0.3 omega_c. (a) Largest average power,
max_t E(t)/t, with the law n^(3/2) (dotted). (b) What losses cost, 1 - P/P_closed, which falls because many cells are
charged in a time 1/(lambda sqrt n); dotted, n^(-1/2). (c) Advantage over n cells with a cavity each, P/(n P(n = 1)), in
units of sqrt(n). Exponents are slopes of logarithms by least squares; their error is half of the change of the slope
over the sizes of the fit.
"""

import math
import warnings

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal

from .. import labelled
from .many_cells import exponent, peak, tends

FIGURE = "after Eqs. (23)-(26)"
COST = "1 min"
COUPLING = 0.5
RATE = 0.3  # omega_c
WAYS = {
    "closed": ({}, 20),  # losses, most cells
    "kappa": ({"kappa": RATE}, 20),
    "kappa and gamma": ({"kappa": RATE, "gamma": RATE}, 10),
}
SIZES, SIZES_QUICK = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20), (1, 2, 3, 4)
FITTED = 4  # fewest cells in the fits
PHOTONS, FEWER = 30, 12  # photon levels beyond 2 n, and how many fewer check the cut-off
WINDOW = np.linspace(0.36, 0.8, 33)  # 1/(lambda sqrt n omega_c): contains the largest average power
LOOKS = {
    "closed": ("k", "o", "-"),
    "kappa": (plotting.BLUE, "s", "--"),
    "kappa and gamma": (plotting.VERMILION, "^", "-."),
}
LABELS = {"closed": "closed", "kappa": r"$\kappa$", "kappa and gamma": r"$\kappa$ and $\gamma$"}


def powers(n, losses, photons):
    """Largest average power, and the same from every second time."""
    battery = qb.dicke(n, lam=COUPLING, photons=photons, **losses)
    t = WINDOW / (COUPLING * math.sqrt(n))
    energy = qb.evolve(battery, qb.dicke_start(battery), [0.0, *t], "energy").energy.values[1:]
    return peak(t, energy / t), peak(t[::2], energy[::2] / t[::2])


def compute(quick=False, workers=None):
    sizes = SIZES_QUICK if quick else SIZES
    table = np.full((len(WAYS), len(sizes), 2), np.nan)
    cut = []
    for row, (losses, most) in zip(table, WAYS.values(), strict=True):
        held = [n for n in sizes if n <= most]
        row[: len(held)] = [powers(n, losses, 2 * n + PHOTONS) for n in held]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", qb.CutoffWarning)  # what the levels next to the cut-off hold shows here
            fewer, _ = powers(held[-1], losses, 2 * held[-1] + PHOTONS - FEWER)
        cut.append(abs(fewer / row[len(held) - 1, 0] - 1))
    return labelled(
        {
            "power": (("way", "N"), table[..., 0], "largest average power", "omega_c^2"),
            "coarse": (("way", "N"), table[..., 1], "largest average power from every second time", "omega_c^2"),
            "cutoff_change": ("way", cut, f"relative change of the largest battery with {FEWER} photon levels fewer"),
        },
        way=(list(WAYS), "losses"),
        N=(list(sizes), "number of cells"),
    )


def cost(ds):
    """Part of the power that losses take."""
    return 1 - ds.power.sel(way=list(WAYS)[1:]) / ds.power.sel(way="closed", drop=True)


def advantage(ds):
    """Power over that of n cells with a cavity each."""
    return ds.power / (ds.N * ds.power.isel(N=0, drop=True))


def draw(ds):
    fig, (a, b, c) = plotting.figure(1, 3, width=3.2)
    taken, gain = cost(ds), advantage(ds)
    for way, (color, mark, dash) in LOOKS.items():
        look = {"color": color, "marker": mark, "ls": dash, "markersize": 3.5, "label": LABELS[way]}
        a.loglog(ds.N, ds.power.sel(way=way), **look)
        if way != "closed":
            b.loglog(ds.N, taken.sel(way=way), **look)
        c.plot(ds.N, gain.sel(way=way) / np.sqrt(ds.N), **look)
    a.loglog(ds.N, 0.45 * ds.N**1.5, "k:", lw=1)
    b.loglog(ds.N, 0.104 * ds.N**-0.5, "k:", lw=1)
    plotting.label(a, "number of cells $n$", r"$P_{max}/\omega_c^2$", "a").legend()
    plotting.label(b, "number of cells $n$", r"$1 - P_{max}/P_{closed}$", "b").legend()
    plotting.label(c, "number of cells $n$", r"$P_{max}/(n\sqrt{n}\,P^{(1)}_{max})$", "c")
    return fig


def claims(ds):
    moved, gain = float(abs(ds.coarse / ds.power - 1).max()), advantage(ds)
    return [
        check("halving the grid moves no power by 1e-4 of itself", 1e-4 - moved, found=f"by up to {moved:.1g}"),
        equal("fewer photon levels change nothing: relative change", 0.0, float(ds.cutoff_change.max()), tol=1e-6),
        check("every loss takes power", float(cost(ds).min())),
        check("losses take less from more cells", float(-cost(ds).diff("N").max())),
        check(
            "collective charging gains more over cells one by one with losses than without",
            float((gain - gain.sel(way="closed"))[1:, 1:].min()),
        ),
        *(_many(ds.sel(N=slice(FITTED, None))) if int((ds.N >= FITTED).sum()) > 3 else []),
    ]


def _many(ds):
    """Exponents: of the power, and of what losses take."""
    power = {way: ds.power.sel(way=way).dropna("N") for way in WAYS}
    taken = {way: cost(ds).sel(way=way).dropna("N") for way in list(WAYS)[1:]}
    (closed, error), both = exponent(power["closed"]), power["kappa and gamma"].N
    same = {way: exponent(values.sel(N=both)) for way, values in power.items()}
    slopes = [slope for slope, _ in same.values()]
    return [
        check(
            "closed: exponent 3/2 of the power",
            0.005 - abs(closed - 1.5),
            found=f"{closed:.4f} +- {error:.4f} over N = {FITTED} to {int(ds.N[-1])}",
        ),
        *(tends(f"{way}: power", power[way], 1.5) for way in taken),
        check(
            "every loss raises the exponent of the power",
            float(np.diff(slopes).min()),
            found="; ".join(f"{way}: {x:.3f} +- {e:.3f}" for way, (x, e) in same.items())
            + f", N = {FITTED} to {int(both[-1])}",
        ),
        equal("kappa: what it takes of the power, exponent", -0.5, exponent(taken["kappa"])[0], tol=0.02),
        tends("kappa and gamma: what they take of the power", taken["kappa and gamma"], -0.5),
    ]
