"""The poster on redundant storage in arrays of noisy two-level batteries (generalized amplitude damping, dephasing).

Its Eq. (3) does not preserve the trace as printed: the second rho_11 of the upper left entry must be rho_22. Its Eq.
(5) is a supremum over all states and numbers of cells, which could never fall below the single cell; what Figs. 1 and 2
plot is its value for the diluted coherent state of Eq. (6).

Out of scope:
    Eqs. (1), (2), (4), (7): definitions.
    Above Eq. (3): zero temperature reduces thermal relaxation to amplitude damping; the same formula at eta = 0.
    Abstract, first sentence: charging power, of cited work; last sentence: sums up the two figures.
"""

import numpy as np
import qutip
import xarray as xr

from qbsim import capacitance

H = qutip.num(2)  # Eq. (2): diag(0, 1)


def surface(channel, gamma, name, values):
    """Work per input energy of infinitely diluted coherent cells and of the best single cell, over two strengths."""
    diluted, single = np.empty((len(gamma), len(values))), np.empty((len(gamma), len(values)))
    for i, g in enumerate(gamma):
        for j, x in enumerate(values):
            noise = channel(g, x)
            diluted[i, j] = capacitance.coherent_redundancy_ratio(noise, H).value
            single[i, j] = capacitance.single_shot_ratio(noise, H).value
    long_names = {"gamma": "damping gamma", "eta": "excited population of the bath eta", "kappa": "dephasing kappa"}
    ds = xr.Dataset(
        {
            "diluted": (("gamma", name), diluted, {"long_name": "work / energy, diluted coherent cells"}),
            "single": (("gamma", name), single, {"long_name": "work / energy, best single cell"}),
        },
        coords={"gamma": gamma, name: values},
    )
    ds["difference"] = ds.diluted - ds.single
    ds["difference"].attrs["long_name"] = "difference of the ratios"
    for variable in ds.variables.values():
        variable.attrs["units"] = "1"
    for axis in ("gamma", name):
        ds[axis].attrs["long_name"] = long_names[axis]
    return ds
