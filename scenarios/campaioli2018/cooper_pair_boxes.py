"""Two Cooper-pair boxes: charging by tunnelling, by a pair flip, and by tunnelling with the coupling always on.

(a) Stored Cooper pairs at equal operator norm of the drive. (b) Largest transfer: of the pair flip against a residual
splitting, and of tunnelling against the coupling capacitance."""

import math

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled

FIGURE = "Coupled Cooper Pair Boxes"
COST = "2 s"
STRENGTH = 1.0  # operator norm of each drive: E_J (X1 + X2)/2 and K X1 X2
SPLITTINGS = [0.0, 0.25, 0.5, 1.0, 2.0]  # D / K
CAPACITANCES = [0.0, 0.25, 0.5, 1.0]  # E_m / E_J


def compute(quick=False, workers=None):
    """Curves, charging times, transfers."""
    t, times, start = np.linspace(0, 1.1 * math.pi, 81), np.linspace(0, 2 * math.pi, 801), qb.empty(2)
    boxes = {
        "tunnelling": qb.cooper_pair_boxes(E_J=STRENGTH),
        "pair flip": qb.cooper_pair_boxes(pair_flip=STRENGTH),
        "always coupled": qb.cooper_pair_boxes(E_J=STRENGTH, E_m=STRENGTH),
    }
    runs = [qb.evolve(b, start, t, ("energy", "concurrence")) for b in boxes.values()]
    full = [qb.charging.max_energy(b, start, t).time for b in list(boxes.values())[:2]]
    flips = [qb.cooper_pair_boxes(pair_flip=STRENGTH, splitting=D) for D in SPLITTINGS]
    transfer = [qb.charging.max_energy(b, start, np.linspace(0, 3.5, 71)).value / 2 for b in flips]
    coupled = [qb.cooper_pair_boxes(E_J=STRENGTH, E_m=E_m) for E_m in CAPACITANCES]
    both = {"both": lambda rho, battery: float(rho.full()[3, 3].real)}  # probability of |11>
    reached = [float(qb.evolve(b, start, times, both).both.max()) for b in coupled]
    power = [qb.charging.max_power(b, start, times).value for b in coupled]
    exchange = qb.cooper_pair_boxes(E_J=1e-9, exchange=STRENGTH)
    moved = qb.evolve(exchange, start, t, "energy").energy.values.max()
    return labelled(
        {
            "energy": (("way", "time"), [run.energy.values for run in runs], "stored Cooper pairs"),
            "concurrence": (("way", "time"), [run.concurrence.values for run in runs], "concurrence"),
            "full_time": ("way2", full, "time of full charge", "1/Emax"),
            "transfer": ("splitting", transfer, "transfer of the pair flip"),
            "reached": ("capacitance", reached, "largest probability of two charges"),
            "power": ("capacitance", power, "largest average power"),
            "exchange_energy": ((), moved, "charge from the junction between islands"),
        },
        way=(list(boxes), "drive"),
        way2=(list(boxes)[:2], "drive"),
        time=(t, "time", "1/Emax"),
        splitting=(SPLITTINGS, "residual splitting D/K"),
        capacitance=(CAPACITANCES, "coupling E_m/E_J"),
    )


def draw(ds):
    """Charge against time; transfer against imperfection."""
    fig, (a, b) = plotting.figure(1, 2)
    for way, mark in zip(ds.way.values, ("--", "-", ":"), strict=True):
        a.plot(ds.time, ds.energy.sel(way=way), mark, label=way)
    plotting.label(a, "time $\\times\\,E_{max}$", "stored Cooper pairs", "a").legend()
    b.plot(ds.splitting, ds.transfer, "o-", label="pair flip against $D/K$")
    b.plot(ds.capacitance, ds.reached, "s--", label="tunnelling against $E_m/E_J$")
    b.set_ylim(0, 1.05)
    plotting.label(b, "ratio", "largest probability of two charges", "b").legend()
    return fig


def claims(ds):
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
