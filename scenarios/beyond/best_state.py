"""Product states of a given energy that keep their ergotropy longest in the networks of Fig. 4.

Four cells of [santos2021] with exchange and collective decay of its Fig. 4; pure product states of mean energy 1 and 2
quanta; `qbsim.optimize` looks for the angles and phases of the cells with the longest half-life of the ergotropy. A
pure state starts with all of its energy as ergotropy, so states of one energy start alike. (a) Ergotropy of the best
state and of equal cells in phase, which are |+...+> for two quanta. (b) Half-lives, also of full cells among empty
ones. The optima are data (data/best.json; `_best_data` has the command and the cost); their half-lives are computed
again here.
"""

import itertools

import numpy as np
import qutip

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check

from .. import labelled
from ..santos2021 import GEOMETRIES
from ._best_data import CELLS, ENERGIES, STATE_TIMES, half_life, network, read

FIGURE = "after Fig. 4"
COST = "20 s"
AGREES = 1e-6  # relative difference of stored half-lives from those computed again
SHOWN = 2.0  # energy of panel (a)
KINDS = ("best", "in phase", "full cells")


def ket(angle, phase):
    """Product ket of cells."""
    return qutip.tensor(
        [
            np.cos(a / 2) * qb.empty(1) + np.exp(1j * p) * np.sin(a / 2) * qb.full(1)
            for a, p in zip(angle, phase, strict=True)
        ]
    )


def full_cells(energy):
    """Kets with as many full cells as the energy has quanta, in all places."""
    for places in itertools.combinations(range(CELLS), round(energy)):
        yield qutip.tensor([qb.full(1) if k in places else qb.empty(1) for k in range(CELLS)])


def curve(net, state):
    return qb.evolve(net, state, STATE_TIMES, "ergotropy")


def runs(geometry, energy, row):
    """Ergotropy of the best state, of equal cells in phase, and of the best choice of full cells."""
    net, point = network(geometry), row["parameters"]
    best = curve(net, ket(point["angle"], [0.0, *point["phase"]]))
    even = curve(net, ket([2 * np.arcsin(np.sqrt(energy / CELLS))] * CELLS, [0.0] * CELLS))
    full = max((curve(net, state) for state in full_cells(energy)), key=half_life)
    return best, even, full


def compute(quick=False, workers=None):
    stored = read()["states"]
    shape = (len(ENERGIES), len(GEOMETRIES))
    life, curves = np.empty((*shape, len(KINDS))), np.empty((*shape, len(KINDS), STATE_TIMES.size))
    values, starts, energy_off = np.empty(shape), np.empty(shape), np.empty(shape)
    populations, phases = np.empty((*shape, CELLS)), np.zeros((*shape, CELLS))
    for e, energy in enumerate(ENERGIES):
        for g, geometry in enumerate(GEOMETRIES):
            row = stored[geometry][f"{energy:g}"]
            found = runs(geometry, energy, row)
            life[e, g], curves[e, g] = [half_life(ds) for ds in found], [ds.ergotropy for ds in found]
            values[e, g] = row["value"]
            starts[e, g] = sum(abs(v - row["value"]) <= 1e-3 * row["value"] for v in row["starts"])
            populations[e, g] = np.sin(np.array(row["parameters"]["angle"]) / 2) ** 2
            phases[e, g, 1:] = row["parameters"]["phase"]
            energy_off[e, g] = populations[e, g].sum() - energy
    dims = ("energy", "geometry")
    return labelled(
        {
            "half_life": ((*dims, "state"), life, "half-life of the ergotropy", "1/Gamma"),
            "ergotropy": ((*dims, "state", "time"), curves, "ergotropy", "quanta"),
            "stored": (dims, values, "stored half-life of the best state", "1/Gamma"),
            "starts": (dims, starts, "starts within a thousandth of the best half-life"),
            "energy_off": (dims, energy_off, "energy of the stored state less the one asked for", "quanta"),
            "population": ((*dims, "cell"), populations, "excited population of the best state"),
            "phase": ((*dims, "cell"), phases, "phase of the best state", "rad"),
        },
        energy=(list(ENERGIES), "mean energy", "quanta"),
        geometry=(list(GEOMETRIES), "geometry"),
        state=(list(KINDS), "initial state"),
        cell=(np.arange(CELLS), "cell"),
        time=(STATE_TIMES, "time", "1/Gamma"),
    )


def draw(ds):
    fig, (a, b) = plotting.figure(1, 2, width=4.0)
    dashes = dict(zip(KINDS, ("-", "--", ":"), strict=True))
    for geometry in ds.geometry.values:
        look = plotting.line(geometry)
        for kind in KINDS[:2]:
            run = ds.ergotropy.sel(energy=SHOWN, geometry=geometry, state=kind)
            text = look["label"] if kind == KINDS[0] else None
            a.plot(ds.time, run / run[0], color=look["color"], ls=dashes[kind], label=text)
    plotting.label(a, r"$\Gamma t$", r"ergotropy $\mathcal{E}/\mathcal{E}_0$", "a").legend(
        title="best; dashed: in phase"
    )
    a.axhline(0.5, color="0.6", lw=0.8)
    x = np.arange(ds.sizes["geometry"])
    marks = dict(zip(KINDS, "*o_", strict=True))
    for energy, color in zip(ds.energy.values, (plotting.BLUE, plotting.ORANGE), strict=True):
        for kind, mark in marks.items():
            run = ds.half_life.sel(energy=energy, state=kind)
            b.plot(x, run, mark, color=color, markersize=9 if mark != "o" else 5, label=f"{kind}, energy {energy:g}")
    b.set_xticks(x, [plotting.LABELS[name] for name in ds.geometry.values])
    b.set(xlim=(-0.4, len(x) - 0.6), ylim=(0.3, 1.2))
    plotting.label(b, "", r"half-life $\Gamma\tau$", "b").legend(fontsize=7, ncols=2, loc="upper center")
    return fig


def claims(ds):
    best, even, full = (ds.half_life.sel(state=kind) for kind in KINDS)
    off = float(abs(best / ds.stored - 1).max())
    uneven = float(np.ptp(ds.population.values, axis=-1).max())
    others = np.maximum(even, full)
    return [
        check("stored states have the stored half-lives", AGREES - off, found=f"to {off:.1g} of themselves"),
        check("stored states have the energy asked for", 1e-5 - float(abs(ds.energy_off).max())),
        check(
            "cells in phase are not the best product state in any geometry",
            float((best / even).min()) - 1.01,
            found=f"the best state lives {_shown((best / even).sel(energy=SHOWN))} times as long",
        ),
        check("full cells among empty ones are never better", float((best - others).min()) + 1e-6),
        check("the best value is found by one start at least", float(ds.starts.min()) - 0.5),
        check(
            "best states share the energy among the cells, but not evenly",
            1 - uneven,
            found=f"populations of a cell differ by up to {uneven:.2g}",
        ),
    ]


def _shown(values):
    return ", ".join(f"{x:.3g}" for x in np.ravel(values))
