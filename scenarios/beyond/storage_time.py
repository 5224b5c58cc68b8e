"""How to store one quantum of energy in the cells of santos2021 for a time t: full, coherent, or diluted.

(a) Work over energy after self-discharge: one full cell, one quantum spread coherently over n cells (n = 2 is the
paper's |+>), the limit of many cells, and full cells among very many empty ones that are emptied together. (b) Time
from which coherent dilution beats the full cell, against the extra dephasing of the cell; up to Gamma/4, the
value of the paper, dilution is better from the start.
"""

import numpy as np
from scipy.optimize import brentq

import qbsim as qb
from qbsim import capacitance, channels, plotting
from qbsim.ledger.claims import check, equal

from .. import labelled

FIGURE = "beyond"
COST = "5 s"
GAMMA = 1.0
DECAY, DEPHASING = (
    GAMMA / 2,
    GAMMA / 4,
)  # the cell of santos2021, whose population and coherence fall as exp(-Gamma t/2)
CELLS = (1, 2, 4, 16)
RATES = (0.0, 0.125, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0)  # dephasing in units of Gamma


def noise(t, dephasing=DEPHASING):
    """Channel of one cell kept for a time t."""
    return channels.from_network(qb.single_cell(gamma=DECAY, dephasing=dephasing), t)


def advantage(t, dephasing):
    """Work over energy of diluted coherent cells minus that of one full cell."""
    channel, H = noise(t, dephasing), qb.single_cell().H0
    return capacitance.coherent_redundancy_ratio(channel, H).value - capacitance.redundancy_curve(channel, H, [1])[0]


def switch(dephasing):
    """Time from which dilution is better; 0 if it always is."""
    early, late = 1e-4 / GAMMA, 2 * np.log(2) / GAMMA  # later the full cell is dead
    return 0.0 if advantage(early, dephasing) >= 0 else brentq(advantage, early, late, args=(dephasing,), xtol=1e-12)


def ratios(t):
    """Work over energy after a time: n coherent cells for all of CELLS, infinitely many, the best one, collective."""
    channel, H = noise(t), qb.single_cell().H0
    limits = (
        capacitance.coherent_redundancy_ratio,
        capacitance.single_shot_ratio,
        capacitance.separable_redundancy_ratio,
    )
    return [*capacitance.redundancy_curve(channel, H, CELLS), *(ratio(channel, H).value for ratio in limits)]


def compute(quick=False, workers=None):
    t = np.linspace(0, 3 / GAMMA, 16 if quick else 61)
    *finite, dilute, single, collective = np.transpose([ratios(time) for time in t])
    return labelled(
        {
            "finite": (("cells", "time"), finite, "work / energy, n coherent cells"),
            "dilute": ("time", dilute, "work / energy, infinitely many coherent cells"),
            "single": ("time", single, "work / energy, best single cell"),
            "collective": ("time", collective, "work / energy, collective extraction"),
            "switch": ("dephasing", [switch(r * GAMMA) for r in RATES], "time", "1/Gamma"),
        },
        time=(t, "time", "1/Gamma"),
        cells=(list(CELLS), "number of cells"),
        dephasing=(list(RATES), "dephasing rate", "Gamma"),
    )


def draw(ds):
    fig, (a, b) = plotting.figure(1, 2, width=4.0)
    for k, n in enumerate(ds.cells.values):
        text = {1: "one full cell", 2: r"$n = 2$, $|+\rangle$ each"}.get(int(n), f"$n = {n}$")
        a.plot(ds.time, ds.finite.sel(cells=n), color=f"C{k}", ls=("-.", "-", "--", ":")[k], label=text)
    a.plot(ds.time, ds.dilute, "k-", lw=1, label=r"$n \to \infty$")
    a.plot(ds.time, ds.collective, color="C5", lw=1, label="full among empty, together")
    b.plot(ds.dephasing, ds.switch, "o-")
    b.axvline(DEPHASING / GAMMA, color="k", ls=":", lw=1)
    b.text(
        DEPHASING / GAMMA - 0.02,
        0.95,
        "santos2021",
        rotation=90,
        ha="right",
        va="top",
        transform=b.get_xaxis_transform(),
    )
    plotting.label(a, r"storage time $\Gamma t$", r"$\mathcal{E}(t)/E$", "a").legend(fontsize=7)
    plotting.label(b, r"dephasing rate $/\,\Gamma$", r"dilution better from $\Gamma t$", "b")
    return fig


def claims(ds):
    t, later = ds.time.values, ds.time.values > 0
    full, plus = ds.finite.sel(cells=1).values, ds.finite.sel(cells=2).values
    z = np.exp(-GAMMA * t / 2)
    at, rates = ds.switch.values, np.array(RATES)
    waits = at > 0
    # equal at kappa = gamma/(1 - gamma), where 1 - kappa = exp(-2 dephasing t) and 1 - gamma = exp(-Gamma t/2)
    residual = np.exp(-2 * rates * at) + np.exp(at / 2) - 2
    return [
        check("coherence keeps more work than the full cell at all times", float((plus - full)[later].min())),
        check("more cells keep more, at all times", float(np.diff(ds.finite.values[:, later], axis=0).min())),
        check(
            "infinitely many coherent cells are best for extraction cell by cell",
            float((ds.dilute.values - np.maximum(plus, ds.single.values))[later].min()),
        ),
        equal("half-life of |+>, 2 ln[2(1 + sqrt 6)/5]/Gamma", 0.643871, qb.half_life(t, plus), tol=5e-3),
        equal(
            "half-life of infinitely many coherent cells, ln 2/Gamma", np.log(2), qb.half_life(t, ds.dilute), tol=5e-3
        ),
        equal(
            "infinitely many coherent cells keep exp(-Gamma t): largest difference",
            0.0,
            float(np.abs(ds.dilute - z**2).max()),
            tol=1e-9,
        ),
        equal(
            "full cells among empty ones, emptied together, keep all energy that is left, exp(-Gamma t/2): difference",
            0.0,
            float(np.abs(ds.collective - z).max()),
            tol=1e-9,
        ),
        equal(
            "dilution is best from the start up to a dephasing of Gamma/4", 0.25, float(rates[~waits].max()), tol=1e-9
        ),
        equal("beyond, from exp(-2 phi t) + exp(Gamma t/2) = 2", 0.0, float(np.abs(residual[waits]).max()), tol=1e-8),
    ]
