"""Capacitance gap of the two-mode Gaussian attenuator against the effective inverse temperature of its noise.

A thermal attenuator on one mode, the vacuum on the output of the other. The gap C_sep - C_loc, in units of hbar omega,
does not depend on the input energy; circles: from the output states of the channel at three energies.
"""

import numpy as np
import xarray as xr

from qbsim import bosonic, capacitance, plotting
from qbsim.claims import ordering, value

FIGURE = "Fig. 2(b)"
COST = "1 s"
LAM = 0.6  # transmissivity of the channels at which states are computed
BETAS = (0.2, 1.0, 3.0)
ENERGIES = (0.0, 1.0, 4.0)
ONE_MODE = {  # with the gain that the text gives to each
    "attenuator": (bosonic.attenuator(0.6, 0.5), 0.6),
    "amplifier": (bosonic.amplifier(1.5, 0.2), 1.5),
    "additive noise": (bosonic.additive_noise(0.3), 1.0),
}


def compute(quick=False, workers=None):
    beta = np.geomspace(0.02, 10, 21 if quick else 101)
    states = np.empty((len(BETAS), len(ENERGIES)))
    for i, b in enumerate(BETAS):
        photons = 1 / (np.expm1(b) * (1 - LAM))
        channel = bosonic.attenuator(LAM, photons) & bosonic.attenuator(0.0)
        for k, e in enumerate(ENERGIES):
            out = channel(bosonic.GaussianState.coherent(np.sqrt(e), 0.0))
            states[i, k] = out.total_ergotropy - out.ergotropy
    outputs = [channel(bosonic.GaussianState.coherent(1.0)) for channel, _ in ONE_MODE.values()]
    one_mode = [[out.ergotropy, out.total_ergotropy] for out in outputs]
    units = {"units": "hbar omega"}
    return xr.Dataset(
        {
            "gap": (
                "beta",
                [float(capacitance.two_mode_gap(b)) for b in beta],
                {"long_name": "C_sep - C_loc", **units},
            ),
            "states": (("beta_states", "energy"), states, {"long_name": "C_sep - C_loc from output states", **units}),
            "one_mode": (
                ("channel", "work"),
                np.array(one_mode),
                {"long_name": "work of one mode at energy 1", **units},
            ),
            "gain": ("channel", [gain for _, gain in ONE_MODE.values()], {"long_name": "gain", "units": "1"}),
        },
        coords={
            "beta": ("beta", beta, {"long_name": "inverse temperature beta", "units": "1/(hbar omega)"}),
            "beta_states": (
                "beta_states",
                list(BETAS),
                {"long_name": "inverse temperature", "units": "1/(hbar omega)"},
            ),
            "energy": ("energy", list(ENERGIES), {"long_name": "input energy", **units}),
            "channel": ("channel", list(ONE_MODE), {"long_name": "one-mode channel", "units": "1"}),
            "work": ("work", ["ergotropy", "total ergotropy"], {"long_name": "figure of merit", "units": "1"}),
        },
    )


def draw(ds):
    fig, ax = plotting.figure()
    ax.plot(ds.beta, ds.gap)
    for k, energy in enumerate(ds.energy.values):
        ax.plot(
            ds.beta_states, ds.states.sel(energy=energy), "osD"[k], mfc="none", ms=5 + 2 * k, label=f"energy {energy:g}"
        )
    ax.set_xlim(0, 6)
    plotting.label(ax, r"$\hbar\omega\,\beta_{\lambda,N}$", r"$\Delta C/\hbar\omega$").legend()
    return fig


def claims(ds):
    gap, beta = ds.gap.values, ds.beta.values
    curve = [float(capacitance.two_mode_gap(b)) for b in ds.beta_states.values]
    return [
        ordering("collective extraction gains at every temperature", float(gap.min())),
        ordering("the gap falls with the inverse temperature", -float(np.diff(gap).max()), paper="(shape)"),
        value(
            "the gap does not depend on the input energy: largest spread",
            0.0,
            float((ds.states.max("energy") - ds.states.min("energy")).max()),
            tol=1e-10,
        ),
        value(
            "output states and closed form: largest distance",
            0.0,
            float(np.abs(ds.states.values - np.array(curve)[:, None]).max()),
            tol=1e-10,
        ),
        value(
            "gap times sqrt(beta) at beta = 0.02, towards sqrt(pi/2) - 2 exp(-1/2)",
            np.sqrt(np.pi / 2) - 2 * np.exp(-0.5),
            float(gap[0] * np.sqrt(beta[0])),
            tol=2e-3,
        ),
        value(
            "one mode: no gap for attenuator, amplifier and additive noise",
            0.0,
            float(np.abs(ds.one_mode[:, 1] - ds.one_mode[:, 0]).max()),
            tol=1e-10,
        ),
        value(
            "one mode: C = lambda e, mu e and e, largest distance",
            0.0,
            float(np.abs(ds.one_mode.isel(work=0) - ds.gain).max()),
            tol=1e-10,
        ),
    ]
