"""Two Cooper-pair boxes: charging by tunnelling, by a pair flip, and by tunnelling with the coupling always on.

(a) Stored Cooper pairs at equal operator norm of the drive. (b) Largest transfer: of the pair flip against a residual
splitting, and of tunnelling against the coupling capacitance."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import Claim, check, equal, statement

FIGURE = "Coupled Cooper Pair Boxes"
COST = "2 s"
STRENGTH = 1.0  # operator norm of each drive: E_J (X1 + X2)/2 and K X1 X2
SPLITTINGS = [0.0, 0.25, 0.5, 1.0, 2.0]  # D / K
CAPACITANCES = [0.0, 0.25, 0.5, 1.0]  # E_m / E_J


def compute(quick: bool = False, workers: int | None = None) -> xr.Dataset:
    """Curves, charging times, transfers."""
    t = np.linspace(0, 1.1 * math.pi, 81)
    boxes = {
        "tunnelling": qb.cooper_pair_boxes(E_J=STRENGTH),
        "pair flip": qb.cooper_pair_boxes(pair_flip=STRENGTH),
        "always coupled": qb.cooper_pair_boxes(E_J=STRENGTH, E_m=STRENGTH),
    }
    runs = [qb.evolve(b, qb.empty(2), t, ("energy", "concurrence")) for b in boxes.values()]
    full = [qb.charging.max_energy(b, qb.empty(2), t).time for b in list(boxes.values())[:2]]
    both = {"both": lambda rho, battery: float(rho.full()[3, 3].real)}  # probability of |11>
    transfer = []
    for D in SPLITTINGS:
        battery = qb.cooper_pair_boxes(pair_flip=STRENGTH, splitting=D)
        transfer.append(qb.charging.max_energy(battery, qb.empty(2), np.linspace(0, 3.5, 71)).value / 2)
    times, power, reached = np.linspace(0, 2 * math.pi, 801), [], []
    for E_m in CAPACITANCES:
        battery = qb.cooper_pair_boxes(E_J=STRENGTH, E_m=E_m)
        power.append(qb.charging.max_power(battery, qb.empty(2), times).value)
        reached.append(float(qb.evolve(battery, qb.empty(2), times, both).both.max()))
    exchange = qb.cooper_pair_boxes(E_J=1e-9, exchange=STRENGTH)
    moved = qb.evolve(exchange, qb.empty(2), t, "energy").energy.values.max()
    one = {"units": "1"}
    return xr.Dataset(
        {
            "energy": (
                ("way", "time"),
                [run.energy.values for run in runs],
                {"long_name": "stored Cooper pairs", **one},
            ),
            "concurrence": (
                ("way", "time"),
                [run.concurrence.values for run in runs],
                {"long_name": "concurrence", **one},
            ),
            "full_time": (("way2",), full, {"long_name": "time of full charge", "units": "1/Emax"}),
            "transfer": ("splitting", transfer, {"long_name": "transfer of the pair flip", **one}),
            "reached": ("capacitance", reached, {"long_name": "largest probability of two charges", **one}),
            "power": ("capacitance", power, {"long_name": "largest average power", **one}),
            "exchange_energy": ((), moved, {"long_name": "charge from the junction between islands", **one}),
        },
        {
            "way": ("way", list(boxes), {"long_name": "drive", **one}),
            "way2": ("way2", list(boxes)[:2], {"long_name": "drive", **one}),
            "time": ("time", t, {"long_name": "time", "units": "1/Emax"}),
            "splitting": ("splitting", SPLITTINGS, {"long_name": "residual splitting D/K", **one}),
            "capacitance": ("capacitance", CAPACITANCES, {"long_name": "coupling E_m/E_J", **one}),
        },
    )


def draw(ds: xr.Dataset) -> Figure:
    """Charge against time; transfer against imperfection."""
    fig, (a, b) = plotting.figure(1, 2)
    for way, mark in zip(ds.way.values, ("--", "-", ":"), strict=True):
        a.plot(ds.time, ds.energy.sel(way=way), mark, label=way)
    a.legend()
    plotting.label(a, "time $\\times\\,E_{max}$", "stored Cooper pairs", "a")
    b.plot(ds.splitting, ds.transfer, "o-", label="pair flip against $D/K$")
    b.plot(ds.capacitance, ds.reached, "s--", label="tunnelling against $E_m/E_J$")
    b.set_ylim(0, 1.05)
    b.legend()
    plotting.label(b, "ratio", "largest probability of two charges", "b")
    return fig


def claims(ds: xr.Dataset) -> list[Claim]:
    """The factor of two, and what it rests on."""
    local, pair = ds.full_time.values
    expected = np.array([1 / (1 + D * D) for D in SPLITTINGS])
    return [
        statement(
            "a pair flip charges two times faster than tunnelling, at equal operator norm",
            1e-6 - abs(float(local / pair) - 2),
            quote="a charging time that could be up to two times shorter than that of any local charging procedure",
            place="Coupled Cooper Pair Boxes",
            found=f"{float(local / pair):.6g} times",
        ),
        check("the pair flip passes an entangled state", float(ds.concurrence.sel(way="pair flip").max()) - 0.99),
        check("tunnelling alone passes none", 1e-6 - float(ds.concurrence.sel(way="tunnelling").max())),
        check(
            "a coupling by capacitance that is always on slows the tunnelling",
            float((-ds.power.diff("capacitance")).min()),
        ),
        equal("E_m = E_J: largest probability of two charges", 0.8617462611, float(ds.reached[-1]), tol=1e-4),
        check("a junction between the islands alone does not charge empty boxes", 1e-6 - float(ds.exchange_energy)),
        check(
            "a residual splitting limits the transfer to K^2/(K^2 + D^2)",
            1e-6 - float(np.abs(ds.transfer - expected).max()),
        ),
    ]
