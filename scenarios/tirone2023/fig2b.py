"""Capacitance gap of the two-mode Gaussian attenuator against the effective inverse temperature of its noise.

A thermal attenuator on one mode, the vacuum on the output of the other. The gap C_sep - C_loc, in units of hbar omega,
does not depend on the input energy; circles: from the output states of the channel at three energies.
"""

import numpy as np

from qbsim import bosonic, capacitance, plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled

FIGURE = "Fig. 2(b)"
COST = "1 s"
LAM = 0.6  # transmissivity of the channels at which states are computed
OTHER_LAM = 0.2  # another one, with the photons that give the same temperature
BETAS = (0.2, 1.0, 3.0)
ENERGIES = (0.0, 1.0, 4.0)
ONE_MODE = {  # with the gain that the text gives to each
    "attenuator": (bosonic.attenuator(0.6, 0.5), 0.6),
    "amplifier": (bosonic.amplifier(1.5, 0.2), 1.5),
    "additive noise": (bosonic.additive_noise(0.3), 1.0),
}
WORK = ("ergotropy", "total ergotropy")


def attenuator(lam, beta):
    """L_{lam,N} x L_{0,0} at the N of this inverse temperature."""
    return bosonic.attenuator(lam, 1 / (np.expm1(beta) * (1 - lam))) & bosonic.attenuator(0.0)


def work(channel, state):
    """Ergotropy and total ergotropy of a state after a channel."""
    out = channel(state)
    return out.ergotropy, out.total_ergotropy


def squeezed(energy, part):
    """One mode with this part of the energy in squeezing along the displacement, the rest in the displacement."""
    r = np.arcsinh(np.sqrt(energy * abs(part))) * np.sign(part)
    mean = np.array([np.sqrt(2 * energy * (1 - abs(part))), 0.0])
    return bosonic.GaussianState(mean, np.diag(np.exp([-2 * r, 2 * r])) / 2)


def compute(quick=False, workers=None):
    beta = np.geomspace(0.02, 10, 21 if quick else 101)
    coherent = bosonic.GaussianState.coherent
    works = np.array([[work(attenuator(LAM, b), coherent(np.sqrt(e), 0.0)) for e in ENERGIES] for b in BETAS])
    other = np.diff([work(attenuator(OTHER_LAM, b), coherent(1.0, 0.0)) for b in BETAS])[:, 0]
    channels, gains = zip(*ONE_MODE.values(), strict=True)
    one_mode = [[work(channel, coherent(np.sqrt(e))) for e in ENERGIES] for channel in channels]
    inputs = [squeezed(1.0, part) for part in np.linspace(-1, 1, 40)]  # 0 is left out
    best = [np.max([work(channel, state) for state in inputs], axis=0) for channel in channels]
    less = np.array([work(channel, coherent(1.0)) for channel in channels]) - best
    dims, unit = ("beta_states", "energy"), "hbar omega"
    return labelled(
        {
            "gap": ("beta", [float(capacitance.two_mode_gap(b)) for b in beta], "C_sep - C_loc", unit),
            "states": (dims, works[..., 1] - works[..., 0], "C_sep - C_loc from output states", unit),
            "works": ((*dims, "work"), works, "work after the attenuator", unit),
            "other": ("beta_states", other, "C_sep - C_loc at the other transmissivity", unit),
            "one_mode": (("channel", "energy", "work"), one_mode, "work of one mode, coherent input", unit),
            "less": (("channel", "work"), less, "coherent less best squeezed input, energy 1", unit),
            "gain": ("channel", list(gains), "gain"),
        },
        beta=(beta, "inverse temperature beta", f"1/({unit})"),
        beta_states=(list(BETAS), "inverse temperature", f"1/({unit})"),
        energy=(list(ENERGIES), "input energy", unit),
        channel=(list(ONE_MODE), "one-mode channel"),
        work=(list(WORK), "figure of merit"),
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


def _zero(distance):
    """Margin and text of a statement that holds where a distance vanishes."""
    return {"margin": 1e-10 - float(distance), "found": f"to {float(distance):.0e}"}


def claims(ds):
    gap = ds.gap.values
    curve = np.array([float(capacitance.two_mode_gap(b)) for b in ds.beta_states.values])
    return [
        *_statements(ds),
        check(
            "lambda and N enter through the temperature alone: 0.6 and 0.2 give the same gap",
            1e-10 - float(np.abs(ds.other - ds.states.isel(energy=0)).max()),
        ),
        check(
            "output states and closed form agree",
            1e-10 - float(np.abs(ds.states.values - curve[:, None]).max()),
        ),
        check("the gap falls with the inverse temperature", -float(np.diff(gap).max())),
        equal(
            "gap times sqrt(beta) at beta = 0.02: sqrt(pi/2) - 2 exp(-1/2)",
            np.sqrt(np.pi / 2) - 2 * np.exp(-0.5),
            float(gap[0] * np.sqrt(ds.beta.values[0])),
            tol=2e-3,
        ),
    ]


def _statements(ds):
    gap = ds.gap.values
    bent = (
        ds.works
        - ds.works.isel(energy=0)
        - (ds.works.isel(energy=-1) - ds.works.isel(energy=0)) * ds.energy / ds.energy.values[-1]
    )
    return [
        statement(
            "coherent inputs give more work than squeezed ones, one mode, energy 1",
            float(ds.less.min()),
            quote="the maximal output ergotropy and maximal total ergotropy are obtained using coherent states as "
            "input configurations",
            place="Examples, above Fig. 2",
        ),
        statement(
            "one mode: no gap for attenuator, amplifier and additive noise",
            **_zero(np.abs(ds.one_mode.sel(work=WORK[1]) - ds.one_mode.sel(work=WORK[0])).max()),
            quote="leading to no gap between C_sep(Phi_1; e) and C_loc(Phi_1; e)",
            place="Examples, above Fig. 2",
        ),
        statement(
            "one mode: C = lambda e, mu e and e",
            **_zero(np.abs(ds.one_mode.sel(work=WORK[0]) - ds.gain * ds.energy).max()),
            quote="C(L_{lambda,N}; e) = lambda e, C(A_{mu,N}; e) = mu e, and C(N_N; e) = e",
            place="Examples, above Fig. 2",
        ),
        statement(
            "two modes: collective extraction gains at every temperature",
            float(gap.min()),
            quote="here we can observe cases where C_sep and C_loc exhibit a gap",
            place="Examples, above Fig. 2",
        ),
        statement(
            "two modes: ergotropy and total ergotropy are affine in the input energy",
            **_zero(np.abs(bent).max()),
            quote="the optimal output ergotropy and the optimal output total ergotropy are both affine but with "
            "different functions of the input energy e",
            place="below Fig. 2",
        ),
        statement(
            "two modes: the gap does not depend on the input energy",
            **_zero((ds.states.max("energy") - ds.states.min("energy")).max()),
            quote="Delta C is independent on the average input energy e",
            place="caption of Fig. 2(b)",
        ),
    ]
