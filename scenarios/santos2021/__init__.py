"""A. C. Santos, Quantum advantage of two-level batteries in the self-discharging process, PRE 103, 042118 (2021).

Rates. The paper's population falls as exp(-Gamma t/2), and so does the coherence, Eq. (7): its "relaxation" is decay at
gamma = Gamma/2 together with dephasing at Gamma/4. Eq. (13) at face value puts Gamma_d on the bonds, which is not a
positive decay matrix for the star, the line and the ring of five cells; with Gamma_d/2, the factor of Eq. (5), it is.
`READING` chooses; ``python -m scenarios.santos2021._readings`` holds the three against every row of the paper.

Quotations. Operators and exponents that the text version of the paper has lost are restored from what surrounds them.

Out of scope:
Eqs. (1)-(6), (11)-(14): definitions. Sec. II B: a pure coherent state is not full, by definition. Sec. III: derivation
of the master equation; without interaction the cells are independent, by construction. Last paragraph of Sec. III:
what Refs. 9 and 23 say on entanglement. Sec. IV: repeats Secs. II and III.
"""

import numpy as np
import xarray as xr

import qbsim as qb
from qbsim.ledger.claims import statement

GAMMA = 1.0
READING = "positive"  # or "literal": Eq. (13) at face value; or "relaxation": no dephasing, coherence at Gamma/4
READINGS = {  # factors of Gamma, Gamma and Gamma_d: Eqs. (5), (7), (13)
    "positive": {"gamma": 1 / 2, "dephasing": 1 / 4, "gamma_bond": 1 / 2},
    "literal": {"gamma": 1 / 2, "dephasing": 1 / 4, "gamma_bond": 1},
    "relaxation": {"gamma": 1 / 2, "dephasing": 0, "gamma_bond": 1 / 2},
}
GEOMETRIES = {name: qb.GEOMETRIES[name] for name in ("central", "linear", "circular", "all_to_all")}


def cells(edges, N, *, J=0.0, gamma_d=0.0):
    """Battery of Eqs. (11)-(13) with omega = 1 (it drops out) in the chosen reading."""
    factor = READINGS[READING]
    return qb.network(
        edges,
        N,
        J=J,
        gamma=factor["gamma"] * GAMMA,
        gamma_bond=factor["gamma_bond"] * gamma_d,
        dephasing=factor["dephasing"] * GAMMA,
        allow_unphysical=READING == "literal",
    )


def together(runs, dim, long_name):
    """Runs side by side along a new dimension with the names as coordinate."""
    axis = xr.DataArray(list(runs), dims=dim, name=dim, attrs={"long_name": long_name, "units": "1"})
    ds = xr.concat(list(runs.values()), dim=axis, combine_attrs="drop_conflicts", coords="minimal", compat="equals")
    ds["time"].attrs["units"] = "1/Gamma"
    return ds


def discharge(battery, stop, quick, **states):
    """Energy, ergotropy and efficiency from several initial states, up to the time `stop`."""
    names = ("energy", "ergotropy", "efficiency")
    runs = {name: qb.evolve(battery, rho, times(stop, quick) / GAMMA, names) for name, rho in states.items()}
    return together(runs, "state", "initial state")


def times(stop, quick):
    """Grid in units of 1/Gamma; halving the full one moves every half-life by less than 1e-4."""
    return np.linspace(0, stop, round(stop / (0.05 if quick else 0.01)) + 1)


def formula(text, printed, found, *, tol, quote, place):
    """Row of a number that the paper gives in closed form: `found` is `printed` to within `tol`."""
    shown = f"{found:.5g} (formula: {printed:.5g})"
    return statement(text, tol - abs(found - printed), quote=quote, place=place, found=shown)
