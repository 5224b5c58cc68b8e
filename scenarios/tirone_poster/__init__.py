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

from qbsim import capacitance

from .. import labelled

H = qutip.num(2)  # Eq. (2): diag(0, 1)


def surface(channel, gamma, name, values):
    """Work per input energy of infinitely diluted coherent cells and of the best single cell, over two strengths."""
    noises = [[channel(g, x) for x in values] for g in gamma]
    diluted, single = (
        np.array([[ratio(noise, H).value for noise in row] for row in noises])
        for ratio in (capacitance.coherent_redundancy_ratio, capacitance.single_shot_ratio)
    )
    dims, long_names = ("gamma", name), {"eta": "excited population of the bath eta", "kappa": "dephasing kappa"}
    return labelled(
        {
            "diluted": (dims, diluted, "work / energy, diluted coherent cells"),
            "single": (dims, single, "work / energy, best single cell"),
            "difference": (dims, diluted - single, "difference of the ratios"),
        },
        gamma=(gamma, "damping gamma"),
        **{name: (values, long_names[name])},
    )
