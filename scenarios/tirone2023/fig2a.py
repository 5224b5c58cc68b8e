"""Capacitance gap of three-level damping channels (MAD and ReMAD).

chi_tot - chi, the lower bound on C_sep - C_loc of Eqs. (5) and (12), against the input energy per cell, in units of
epsilon_0; rates 0.3, 0.2, 0.6. The text numbers the rates without naming their transitions: (a) 1->0, 2->1, 2->0, the
order of the literature; (b) 1->0, 2->0, 2->1. Circles: C_sep - C_loc itself.
"""

import numpy as np
import qutip

import qbsim as qb
from qbsim import capacitance, channels, plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled
from . import H

FIGURE = "Fig. 2(a)"
COST = "20 s"
RATES = {"1->0, 2->1, 2->0": (0.3, 0.2, 0.6), "1->0, 2->0, 2->1": (0.3, 0.6, 0.2)}  # as g10, g21, g20
CHANNELS = {"MAD": "multilevel_amplitude_damping", "ReMAD": "resonant_multilevel_amplitude_damping"}
CHECKED = (0.4, 0.8, 1.2)  # energies at which C_sep is computed in full
QUBIT = 0.2, 0.9, 0.5  # damping, dephasing and energy of a two-level cell that has a gap
ENTANGLED = 25  # kets of two cells at every strength of MIXED
MIXED = (1e-3, 1e-2, 0.1, 0.5, 1.0)  # share of a random ket of two cells in the best product of single kets
DEPOLARIZED = ((3, 0.2), (3, 0.5), (3, 0.8), (4, 0.2), (4, 0.5), (4, 0.8))  # levels, what is left of the state


def entangled(noise, rng, count):
    """Work per cell from entangled kets of two cells, each emptied on its own, less chi at the same energy.

    Returns the excess and the mixedness 1 - tr(rho_1^2) of one cell before the noise, which is zero without
    entanglement.
    """
    d, one = H.shape[0], qutip.qeye(H.shape[0])
    both = qutip.tensor(H, one) + qutip.tensor(one, H)
    pair = qutip.super_tensor(noise, noise)
    kets = []
    products = [c.ensemble[0][1] for c in capacitance.capacitance_curve(noise, H, np.linspace(0.2, 1.2, count))]
    for share in MIXED:
        for best in products:
            random = qutip.Qobj(rng.normal(size=(d * d, 2)) @ [1, 1j], dims=[[d, d], [1, 1]]).unit()
            kets.append((np.sqrt(1 - share) * qutip.tensor(best, best) + np.sqrt(share) * random).unit())
    work = np.array([qb.local_ergotropy(pair(qutip.ket2dm(ket)), both) / 2 for ket in kets])
    chi = [c.value for c in capacitance.capacitance_curve(noise, H, [qb.energy(ket, both) / 2 for ket in kets])]
    return work - chi, [1 - qb.purity(ket.ptrace(0)) for ket in kets]


def gaps(channel, H, energy):
    """C_sep - C_loc and C_sep - chi_tot."""
    separable = capacitance.separable_capacitance(channel, H, energy).value
    others = capacitance.local_capacitance, capacitance.total_ergotropy_capacitance
    return [separable - other(channel, H, energy).value for other in others]


def bounds(noise, energies):
    """chi, chi_tot and their distance to the dual bound at all energies."""
    curves = [capacitance.capacitance_curve(noise, H, energies, total=total) for total in (False, True)]
    return np.transpose([(a.value, b.value, max(a.gap, b.gap)) for a, b in zip(*curves, strict=True)])


def compute(quick=False, workers=None):
    energies, energies_checked = np.linspace(0, 2, 6 if quick else 101), CHECKED[-1:] if quick else CHECKED
    noises = [[getattr(channels, name)(*rates) for name in CHANNELS.values()] for rates in RATES.values()]
    chi, chi_tot, dual_gap = np.moveaxis([[bounds(noise, energies) for noise in row] for row in noises], 2, 0)
    checked = np.array([[gaps(noise, H, e) for e in energies_checked] for noise in noises[0]])
    count = 2 if quick else ENTANGLED
    inputs = [entangled(noise, np.random.default_rng(j), count) for j, noise in enumerate(noises[0])]
    excess, mixedness = zip(*inputs, strict=True)
    # the output energy depends on the populations alone, and on them linearly
    kept = [max(qb.energy(noise(qutip.fock_dm(3, k)), H) / k for k in (1, 2)) for noise in noises[0]]
    qubit, _ = gaps(channels.dephasing(QUBIT[1]) @ channels.amplitude_damping(QUBIT[0]), qutip.num(2), QUBIT[2])
    back = [capacitance.separable_capacitance(channels.depolarizing(1.0, 3), H, e).value - e for e in energies_checked]
    cases = DEPOLARIZED[: 1 if quick else None]
    depolarized = [gaps(channels.depolarizing(lam, d), qutip.num(d), 0.5)[0] for d, lam in cases]
    one, qubits = qutip.num(2), (qutip.rand_dm(2, seed=k) for k in range(100))
    two_level = [qb.total_ergotropy(rho, one) - qb.ergotropy(rho, one) for rho in qubits]
    unit, dims, pairs = "epsilon_0", ("order", "channel", "energy"), ("channel", "input")
    return labelled(
        {
            "chi": (dims, chi, "local capacitance chi", unit),
            "chi_tot": (dims, chi_tot, "total-ergotropy capacitance chi_tot", unit),
            "dual_gap": (dims, dual_gap, "distance to the dual bound", unit),
            "gap": (("channel", "checked"), checked[..., 0], "C_sep - C_loc", unit),
            "excess": (("channel", "checked"), checked[..., 1], "C_sep - chi_tot", unit),
            "qubit_gap": ((), qubit, "C_sep - C_loc of a dephased two-level cell"),
            "entangled": (pairs, list(excess), "work from an entangled input, emptied cell by cell, less chi", unit),
            "mixedness": (pairs, list(mixedness), "1 - purity of one cell of the entangled input"),
            "kept": ("channel", kept, "most output energy per input energy"),
            "identity": ("checked", back, "C_sep less input energy, no noise", unit),
            "depolarized": ("case", depolarized, "C_sep - C_loc, depolarizing", unit),
            "two_level": ("state", two_level, "E_tot - E of random two-level states"),
        },
        order=(list(RATES), "transitions of the three rates"),
        channel=(list(CHANNELS), "noise"),
        energy=(energies, "input energy per cell", unit),
        checked=(list(energies_checked), "input energy per cell", unit),
    )


def draw(ds):
    fig, axes = plotting.figure(1, 2, width=3.8)
    for ax, order, panel in zip(axes, ds.order.values, "ab", strict=True):
        for k, channel in enumerate(ds.channel.values):
            run = ds.sel(order=order, channel=channel)
            ax.plot(ds.energy, run.chi_tot - run.chi, color=f"C{k}", ls=("-", "--")[k], label=str(channel))
            if panel == "a":
                ax.plot(ds.checked, ds.gap.sel(channel=channel), "o", color=f"C{k}", mfc="none")
        plotting.label(ax, r"energy $\mathfrak{e}/\epsilon_0$", r"$\Delta C/\epsilon_0$").legend()
        ax.set_title(f"({panel})  rates {order}", loc="left")
    return fig


def claims(ds):
    bound = (ds.chi_tot - ds.chi).transpose("order", "channel", "energy").values
    (mad, remad), (other_mad, other_remad) = bound
    return [
        *_inputs(ds),
        *_bounds(ds),
        check("two-level cells can have a gap too: damping 0.2 and dephasing 0.9", float(ds.qubit_gap) - 1e-9),
        check("C_sep = chi_tot for MAD and ReMAD: the bound is the gap", 1e-6 - float(np.abs(ds.excess).max())),
        check("the gap never falls with the energy, MAD", float(np.diff(mad).min()) + 1e-9),
        check("the gap never falls with the energy, ReMAD", float(np.diff(remad).min()) + 1e-9),
        equal("gap of MAD at energy 2", 0.0406973018, float(mad[-1]), tol=1e-8),
        equal("gap of ReMAD at energy 2", 0.0166820083, float(remad[-1]), tol=1e-8),
        check("chord and dual agree within 1e-9", 1e-9 - float(ds.dual_gap.max())),
        check(
            "the order of the rates matters: largest change of the gap of MAD, above 0.001",
            float(np.abs(mad - other_mad).max()) - 1e-3,
        ),
        equal("other order: gap of MAD at energy 2", 0.00398968, float(other_mad[-1]), tol=1e-7),
        equal("other order: gap of ReMAD at energy 2", 5.1161e-4, float(other_remad[-1]), tol=1e-7),
        equal(
            "other order: energy at which the gap of MAD is largest",
            1.2,
            float(ds.energy[np.argmax(other_mad)]),
            tol=0.05,
        ),
    ]


def _inputs(ds):
    gain, kept = float(ds.entangled.max()), float(ds.kept.max())
    return [
        statement(
            "collective extraction gains with product inputs, MAD and ReMAD",
            float(ds.gap.min()) - 1e-9,
            quote="using nonlocal recovery operations after the noise action can, in general, increase the amount of "
            "work one can recover from the battery even with separable (i.e., nonentangled) input states",
            place="abstract",
        ),
        statement(
            "entangled inputs, emptied cell by cell, never give more than chi: MAD and ReMAD, random kets of two cells",
            1e-9 - gain if float(ds.mixedness.min()) > 1e-9 else np.nan,  # no statement without entanglement
            quote="employing entangled input states with local recovery operations will generally not improve the "
            "battery performance",
            place="abstract; Theorem 1, Eq. (5)",
            found=f"largest gain {gain:.1g}, {ds.entangled.size} inputs",
        ),
        statement(
            "without noise all of the energy comes back",
            1e-9 - float(np.abs(ds.identity).max()),
            found=f"e, to {float(np.abs(ds.identity).max()):.0e}",
            quote="In the absence of noise (i.e., Lambda is the identity channel), C(Lambda; e) is equal to e",
            place="below Eq. (3)",
        ),
        statement(
            "less than the input energy comes back from MAD and ReMAD, whatever the input",
            1 - kept,
            quote="Dissipation and decoherence will instead tend to produce smaller values of C(Lambda, e)",
            place="below Eq. (3)",
            found=f"at most {kept:.4g} e",
        ),
    ]


def _bounds(ds):
    mad, remad = (ds.chi_tot - ds.chi).transpose("order", "channel", "energy").values[0]
    inside = ds.energy.values > 0
    larger = {
        "quote": "for QB models made of q-cells of dimension larger than 2, is typically larger than chi(Lambda, e)",
        "place": "above Corollary 1",
    }
    return [
        statement("the bound chi_tot is above chi at every energy, MAD", float(mad[inside].min()), **larger),
        statement("the bound chi_tot is above chi at every energy, ReMAD", float(remad[inside].min()), **larger),
        statement(
            "C_sep is never below chi_tot, MAD and ReMAD",
            float(ds.excess.min()) + 1e-9,
            found=f"least difference {float(ds.excess.min()):.1g}",
            quote="C_sep(Lambda; e) >= chi_tot(Lambda; e)",
            place="Eq. (12)",
        ),
        statement(
            "two levels: total ergotropy is ergotropy, 100 random states",
            1e-12 - float(np.abs(ds.two_level).max()),
            found=f"equal to {float(np.abs(ds.two_level).max()):.0e}",
            quote="the total-ergotropy functional and the ergotropy always coincide for systems of dimension 2",
            place="Examples, above Fig. 2",
        ),
        statement(
            "depolarizing cells of 3 and 4 levels have a gap",
            float(ds.depolarized.min()) - 1e-9,
            quote="A first example of this kind can be found in Ref. [30], which solved the values [...] for "
            "depolarizing maps of arbitrary dimension",
            place="Examples, above Fig. 2",
        ),
    ]
