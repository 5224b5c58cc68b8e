"""Self-discharge of one cell: a coherent and a classical state of the same ergotropy.

(a) Ergotropy in units of its initial value, hbar omega / 2, for the coherent state |+> and for the classical mixture
(3/4)|e><e| + (1/4)|g><g|; the dashed verticals are the half-lives 2 ln(6/5)/Gamma and 2 ln[2(1 + sqrt 6)/5]/Gamma.
(b) Efficiency, ergotropy over internal energy, of the same process. Computed too: the full state for Eq. (8), and
phase damping, decay of the coherence alone as exp(-gamma t), for Eq. (10).
"""

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal, number, statement

from .. import labelled
from . import GAMMA, cells, discharge, formula

FIGURE = "Fig. 2"
COST = "1 s"
STOP = 3.0  # Gamma t
P = 3 / 4  # excited population of the classical state
DAMPING, DAMPED = 1.0, 20.0  # rate of the phase damping, and how many lifetimes of the coherence it is followed


def compute(quick=False, workers=None):
    states = {"plus": qb.plus(1), "classical": qb.classical(1, P), "full": qb.full(1)}
    lifetimes, names = np.linspace(0, DAMPED, 81), ("energy", "ergotropy")
    cell = qb.single_cell(dephasing=DAMPING)
    runs = [qb.evolve(cell, rho, lifetimes / DAMPING, names) for rho in states.values()]
    damped = {
        f"damped_{x}": (("state", "lifetimes"), [run[x].values for run in runs], f"{x} under phase damping", "omega")
        for x in names
    }
    return discharge(cells((), 1), STOP, quick, **states).merge(
        labelled(damped, lifetimes=(lifetimes, "time", "1/gamma"))
    )


def draw(ds):
    fig, (a, b) = plotting.figure(1, 2)
    for state in ("plus", "classical"):
        run = ds.sel(state=state)
        a.plot(ds.time, run.ergotropy / run.ergotropy[0], **plotting.line(state))
        b.plot(ds.time, run.efficiency, **plotting.line(state))
        a.axvline(qb.half_life(ds.time, run.ergotropy), color=plotting.LINES[state]["color"], ls=":", lw=1)
    plotting.label(a, r"$\Gamma t$", r"ergotropy $\mathcal{E}/\mathcal{E}_{1/2}$", "a").legend()
    plotting.label(b, r"$\Gamma t$", r"efficiency $\mathcal{E}/U$", "b").legend()
    return fig


def claims(ds):
    plus, classical, damped = ds.sel(state="plus"), ds.sel(state="classical"), ds.damped_ergotropy
    return [
        *_full_state(ds),
        *_laws(ds),
        *_half_lives(ds),
        *_leads(ds),
        statement(
            "phase damping leaves the classical state its ergotropy",
            1e-9 - float(np.ptp(damped.sel(state="classical").values)),
            quote="the phase damping channel does not affect the battery, and the ergotropy is not lost",
            place="Sec. II C",
            found="yes: it stays the same",
        ),
        statement(
            "phase damping takes all ergotropy of the coherent state in the end",
            1e-8 - float(damped.sel(state="plus")[-1]),
            quote="in the asymptotic regime [...] a state with zero ergotropy",
            place="Sec. II C, below Eq. (10)",
            found=f"{float(damped.sel(state='plus')[-1]):.0e} omega after {DAMPED:g} lifetimes of the coherence",
        ),
        statement(
            "no supremacy: under phase damping the classical state keeps more at all times",
            _least(damped.sel(state="classical") - damped.sel(state="plus"), ds.lifetimes.values > 0),
            quote="QBs do not present quantum supremacy regarding self-discharging processes",
            place="Sec. II C",
        ),
        statement(
            "phase damping takes no energy",
            1e-9 - float(np.ptp(ds.damped_energy.sel(state="plus").values)),
            quote="the loss of information (quantum superposition) without loss of energy",
            place="Sec. II C, last paragraph",
            found="yes: the energy of the coherent state stays the same",
        ),
        equal("efficiency at t = 0, coherent", 1.0, float(plus.efficiency[0]), tol=1e-9),
        equal("efficiency at t = 0, classical", 2 / 3, float(classical.efficiency[0]), tol=1e-9),
        check(
            "dead energy: energy is left where the classical ergotropy is zero",
            float(classical.energy.values[classical.ergotropy.values < 1e-9].min()) - 1e-3,
        ),
    ]


def _full_state(ds):
    t, full = ds.time.values, ds.sel(state="full")
    z = np.exp(-GAMMA * t / 2)
    eq_8 = np.maximum(0, 2 * z - 1)
    return [
        formula(
            "population crossing time of the full state",
            2 * np.log(2),
            qb.crossing_time(t, full.energy, 0.5),
            tol=1e-4,
            quote="we can show that tau_c = 2 ln(2)/Gamma",
            place="Sec. II A, below Eq. (8)",
        ),
        statement(
            "full state: the energy falls as exp(-t/tau_d), tau_d = 2/Gamma",
            1e-6 - _apart(full.energy, z),
            quote="The decay of both quantities E(t) and U(t) is well-described by the monotonic decreasing "
            "exponential e^(-t/tau_d), with tau_d = 2/Gamma",
            place="Sec. II A, below Eq. (8)",
            found=f"apart by {_apart(full.energy, z):.1g} of E_max at most",
        ),
        statement(
            "full state: the ergotropy knows no other time scale, Eq. (8)",
            1e-6 - _apart(full.ergotropy, eq_8),
            quote="E(t) = Theta(tau_c - t) (2 e^(-Gamma t/2) - 1) E_max",
            place="Eq. (8)",
            found=f"apart by {_apart(full.ergotropy, eq_8):.1g} of E_max at most",
        ),
        formula(
            "full state: sudden death of the ergotropy at the crossing",
            2 * np.log(2),
            _death(t, full.ergotropy),
            tol=2 * t[1],
            quote="the ergotropy sudden death arising to the population ordering during the system evolution",
            place="Sec. II A, last paragraph",
        ),
    ]


def _laws(ds):
    t, plus, classical = ds.time.values, ds.sel(state="plus"), ds.sel(state="classical")
    z = np.exp(-GAMMA * t / 2)
    eq_9a, eq_9b = np.maximum(0, 3 * z - 2) / 2, z * (1 - 1 / z + np.sqrt(2 - 2 / z + z**-2)) / 2
    # -d ln W / dt: a single exponential has the same slope everywhere
    rate = -np.diff(np.log(plus.ergotropy.values)) / np.diff(t)
    return [
        statement(
            "both states start with half of E_max",
            1e-9 - _apart(ds.ergotropy.sel(state=["plus", "classical"]).isel(time=0), 0.5),
            quote="the ergotropy for both states is E_1/2",
            place="Sec. II B, above Eq. (9a)",
            found=f"{float(plus.ergotropy[0]):.4g} and {float(classical.ergotropy[0]):.4g} of E_max",
        ),
        statement(
            "ergotropy of the classical state, Eq. (9a)",
            1e-6 - _apart(classical.ergotropy, eq_9a),
            quote="E_cl(t) = E_1/2 Theta(tau_c^cl - t) (3 e^(-Gamma t/2) - 2)",
            place="Eq. (9a)",
            found=f"apart by {_apart(classical.ergotropy, eq_9a):.1g} of E_max at most",
        ),
        statement(
            "ergotropy of the coherent state, Eq. (9b)",
            1e-6 - _apart(plus.ergotropy, eq_9b),
            quote="E_qu(t) = E_1/2 e^(-Gamma t/2) (1 - e^(Gamma t/2) + sqrt(2 - 2 e^(Gamma t/2) + e^(Gamma t)))",
            place="Eq. (9b)",
            found=f"apart by {_apart(plus.ergotropy, eq_9b):.1g} of E_max at most",
        ),
        formula(
            "the classical ergotropy dies",
            2 * np.log(3 / 2),
            _death(t, classical.ergotropy),
            tol=2 * t[1],
            quote="tau_c^cl = 2 ln(3/2)/Gamma",
            place="Sec. II B, below Eq. (9b)",
        ),
        statement(
            "the coherent ergotropy is not a single exponential",
            float(np.ptp(rate)) - 0.01,
            quote="a SD phenomena that cannot be explained by an ohmic process",
            place="Sec. II B, below Eq. (9b)",
            found=f"its rate lies between {rate.min():.2f} and {rate.max():.2f} Gamma",
        ),
    ]


def _half_lives(ds):
    tau = {name: qb.half_life(ds.time.values, ds.ergotropy.sel(state=name)) for name in ("plus", "classical")}
    caption = "caption of Fig. 2"
    return [
        formula(
            "half-life of the classical state",
            2 * np.log(6 / 5),
            tau["classical"],
            tol=1e-4,
            quote="tau_cl Gamma = 2 ln(6/5)",
            place=caption,
        ),
        number(
            "half-life of the classical state in digits",
            "0.36",
            tau["classical"],
            quote="2 ln(6/5) ~ 0.36",
            place=caption,
        ),
        formula(
            "half-life of the coherent state",
            2 * np.log(2 * (1 + np.sqrt(6)) / 5),
            tau["plus"],
            tol=1e-4,
            quote="tau_qu Gamma = 2 ln[2(1 + sqrt 6)/5]",
            place=caption,
        ),
        number(
            "half-life of the coherent state in digits",
            "0.65",
            tau["plus"],
            quote="2 ln[2(1 + sqrt 6)/5] ~ 0.65",
            place=caption,
        ),
    ]


def _leads(ds):
    t, plus = ds.time.values, ds.sel(state="plus")
    lead = plus - ds.sel(state="classical")
    return [
        statement(
            "coherence keeps more ergotropy at all times",
            _least(lead.ergotropy, t > 0),
            quote="one can see the advantage of storing energy in quantum information concerning classical one",
            place="Sec. II B, on Fig. 2a",
        ),
        statement(
            "coherence is more efficient at all times",
            _least(lead.efficiency, t >= 0),
            quote="a decay slower than its classical counterpart, and spends less energetic resource to store "
            "useful work",
            place="Sec. II B, on Fig. 2b",
        ),
        statement(
            "the lead in efficiency is larger than the lead in ergotropy, in units of its initial value",
            _least(lead.efficiency - lead.ergotropy / plus.ergotropy.values[0], t >= 0),
            quote="In this scenario, the advantage of QBs becomes even more evident",
            place="Sec. II B, on Fig. 2b",
        ),
    ]


def _apart(found, expected):
    return float(np.abs(np.asarray(found) - expected).max())


def _least(lead, where):
    return float(lead.values[where].min())


def _death(t, ergotropy):
    """First time of the grid without ergotropy; its zero is a kink, where a sample is the honest answer."""
    return float(t[np.argmax(ergotropy.values < 1e-9)])
