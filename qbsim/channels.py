"""Noise channels of one cell as QuTiP superoperators, and the channel a battery applies in a given time.

Superoperators compose with ``@`` (the right one acts first), act as ``channel(rho)``, and describe N cells as
``qutip.super_tensor(channel, ..., channel)``. Level 0 is the ground state.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import qutip
from numpy.typing import NDArray
from qutip import Qobj, QobjEvo

from ._checks import apart, as_count, as_real, by_word, explained, other_roads
from ._checks.names import not_a_battery
from ._machine import require_dense
from .battery import Battery
from .operators import transition

__all__ = [
    "amplitude_damping",
    "check_channel",
    "choi_matrix",
    "dephasing",
    "depolarizing",
    "from_network",
    "generalized_amplitude_damping",
    "kraus",
    "multilevel_amplitude_damping",
    "resonant_multilevel_amplitude_damping",
]

_BOSONIC = ("GaussianChannel", "GaussianState", "additive_noise", "amplifier", "attenuator")
_ROADS = {name: f"qbsim.bosonic.{name}" for name in _BOSONIC}
__getattr__ = other_roads(__name__, _ROADS, by_word({"qbsim.channels.dephasing(kappa)": "phase_damping phase_flip"}))

CHANNEL_TOLERANCE = 1e-9  # Choi eigenvalue and trace allowed in a channel that a caller passes


@explained
def choi_matrix(channel: Qobj) -> NDArray[np.complex128]:
    r"""Choi matrix :math:`\sum_{ij} |i\rangle\langle j| \otimes \Lambda(|i\rangle\langle j|)` of a superoperator.

    Returns
    -------
    ndarray, (d d', d d')
        Input factor first.
    """
    require_dense(channel.shape[0], "Argument channel")
    return qutip.to_choi(channel).full()


@explained
def check_channel(channel: Any, name: str = "channel") -> Qobj:
    """Return `channel` as a superoperator if it is completely positive and preserves the trace; raise otherwise.

    Parameters
    ----------
    channel : Qobj
        Superoperator in any of QuTiP's representations.
    name : str
        Of the argument, for the message.

    Raises
    ------
    TypeError, ValueError
        If it is not a superoperator or not a channel; the message has the most negative Choi eigenvalue or the trace
        defect.

    Examples
    --------
    The transposition is positive but not completely positive:

    >>> transposition = Qobj(qutip.gates.swap().full(), dims=[[[2], [2]]] * 2, superrep="super")
    >>> check_channel(transposition)
    Traceback (most recent call last):
    ...
    ValueError: Argument channel must be completely positive, but its Choi matrix has the eigenvalue -1.
    """
    if not isinstance(channel, Qobj) or not channel.issuper:
        kind = channel.type if isinstance(channel, Qobj) else type(channel).__name__
        raise TypeError(f"Argument {name} must be a superoperator (Qobj), but is {kind}.")
    channel = qutip.to_super(channel)
    choi = choi_matrix(channel)
    if not np.isfinite(choi).all():
        raise ValueError(f"Argument {name} must be finite, but holds nan or infinity.")
    skew = float(np.abs(choi - choi.conj().T).max())
    if skew > CHANNEL_TOLERANCE:
        raise ValueError(
            f"Argument {name} must preserve Hermiticity, but its Choi matrix differs from its adjoint by {skew:.3g}."
        )
    lowest = float(np.linalg.eigvalsh(choi)[0])
    if lowest < -CHANNEL_TOLERANCE:
        raise ValueError(
            f"Argument {name} must be completely positive, but its Choi matrix has the eigenvalue {lowest:.6g}."
        )
    out, inp = (int(np.prod(d[0])) for d in channel.dims)
    defect = float(np.abs(np.einsum("ikjk->ij", choi.reshape(inp, out, inp, out)) - np.eye(inp)).max())
    if defect > CHANNEL_TOLERANCE:
        raise ValueError(f"Argument {name} must preserve the trace, but changes it by up to {defect:.6g}.")
    return channel


@explained
def kraus(channel: Qobj) -> list[Qobj]:
    r"""Kraus operators of a channel, :math:`\Lambda(\rho) = \sum_k K_k\rho K_k^\dagger`, as few as possible.

    Raises
    ------
    TypeError, ValueError
        If `channel` is not completely positive or does not preserve the trace.

    Examples
    --------
    >>> [len(kraus(c)) for c in (dephasing(0.0), dephasing(0.5), depolarizing(0.5, d=3))]
    [1, 2, 9]
    """
    channel = check_channel(channel)
    weights, vectors = np.linalg.eigh(choi_matrix(channel))
    (out, _), (inp, _) = channel.dims
    return [
        Qobj(np.sqrt(w) * v.reshape(np.prod(inp), np.prod(out)).T, dims=[out, inp])
        for w, v in zip(weights[::-1], vectors.T[::-1], strict=True)
        if w > 1e-14 * weights[-1]
    ]


@explained
def amplitude_damping(gamma: float) -> Qobj:
    r"""Energy decay of a two-level cell into a cold bath.

    .. math:: \rho_{11} \mapsto (1-\gamma)\rho_{11}, \qquad \rho_{01} \mapsto \sqrt{1-\gamma}\,\rho_{01}

    Parameters
    ----------
    gamma : float
        Probability to lose the excitation, in [0, 1]; 1 - exp(-rate t) for decay at a rate.

    Returns
    -------
    Qobj
        Superoperator of dims [[[2], [2]], [[2], [2]]].

    References
    ----------
    Eq. (3) of [tirone_poster] at eta = 0.

    Examples
    --------
    >>> from qbsim import energy, full, single_cell
    >>> round(energy(amplitude_damping(0.3)(full(1)), single_cell().H0), 12)
    0.7
    """
    return generalized_amplitude_damping(gamma, 0.0)


@explained
def generalized_amplitude_damping(gamma: float, eta: float) -> Qobj:
    r"""Thermal relaxation of a two-level cell.

    .. math:: \rho_{11} \mapsto (1-(1-\eta)\gamma)\rho_{11} + \eta\gamma\rho_{00}, \qquad
              \rho_{01} \mapsto \sqrt{1-\gamma}\,\rho_{01}

    Parameters
    ----------
    gamma : float
        Strength in [0, 1].
    eta : float
        Excited population of the fixed point, in [0, 1]; below 1/2 for a bath of positive temperature.

    Returns
    -------
    Qobj
        Superoperator of dims [[[2], [2]], [[2], [2]]].

    Notes
    -----
    Relaxation at rate gamma' in a bath of nbar photons for a time t is gamma = 1 - exp(-gamma' (2 nbar + 1) t) and
    eta = nbar/(2 nbar + 1). The upper left entry of Eq. (3) is printed with rho_11 (our rho_00) twice; the second must
    be the excited population, or the trace is not preserved.

    References
    ----------
    Eq. (3) of [tirone_poster], corrected.

    Examples
    --------
    >>> generalized_amplitude_damping(1.0, 0.2)(qutip.fock_dm(2, 1)).diag().round(12).tolist()
    [0.8, 0.2]
    """
    gamma, eta = as_real("gamma", gamma, minimum=0, maximum=1), as_real("eta", eta, minimum=0, maximum=1)
    s, lower, raise_ = np.sqrt(1 - gamma), (1 - eta) * gamma, eta * gamma
    matrix = [[1 - raise_, 0, 0, lower], [0, s, 0, 0], [0, 0, s, 0], [raise_, 0, 0, 1 - lower]]
    return Qobj(np.array(matrix, complex), dims=[[[2], [2]]] * 2, superrep="super", copy=False)


@explained
def dephasing(kappa: float) -> Qobj:
    r"""Loss of coherence of a two-level cell, :math:`\rho_{01} \mapsto \sqrt{1-\kappa}\,\rho_{01}`.

    Parameters
    ----------
    kappa : float
        Strength in [0, 1]; phase flips of probability q are 1 - 2q = sqrt(1 - kappa).

    References
    ----------
    Eq. (4) of [tirone_poster].

    Examples
    --------
    >>> from qbsim import l1_coherence, plus
    >>> round(l1_coherence(dephasing(0.75)(plus(1))), 12)
    0.5
    """
    s = np.sqrt(1 - as_real("kappa", kappa, minimum=0, maximum=1))
    return Qobj(np.diag([1, s, s, 1]).astype(complex), dims=[[[2], [2]]] * 2, superrep="super", copy=False)


@explained
def depolarizing(lam: float, d: int = 2) -> Qobj:
    r"""Mixing with the maximally mixed state, :math:`\rho \mapsto \lambda\rho + (1-\lambda)\,\mathrm{tr}(\rho)\,1/d`.

    Parameters
    ----------
    lam : float
        What is left of the state, in [-1/(d^2 - 1), 1].
    d : int
        Number of levels.

    Examples
    --------
    >>> depolarizing(0.4, d=4)(qutip.fock_dm(4, 3)).diag().round(12).tolist()
    [0.15, 0.15, 0.15, 0.55]
    """
    d = as_count("d", d, minimum=2)
    lam = as_real("lam", lam, minimum=-1 / (d * d - 1), maximum=1)
    identity = np.eye(d).ravel(order="F")
    matrix = lam * np.eye(d * d) + (1 - lam) / d * np.outer(identity, identity)
    return Qobj(matrix.astype(complex), dims=[[[d], [d]]] * 2, superrep="super", copy=False)


def _three_level_decay(g10: float, g21: float, g20: float) -> tuple[Qobj, Qobj, Qobj, Qobj]:
    """Kraus operators: without a jump, and of the jumps 1 to 0, 2 to 1 and 2 to 0."""
    g10, g21, g20 = (as_real(name, g, minimum=0, maximum=1) for name, g in (("g10", g10), ("g21", g21), ("g20", g20)))
    if g21 + g20 > 1 + 1e-12:
        lost = apart(1, g21 + g20)[1]
        raise ValueError(f"Arguments g21 and g20 must not exceed 1 together: level 2 loses g21 + g20 = {lost}.")
    stay = Qobj(np.diag(np.sqrt([1, 1 - g10, max(0.0, 1 - g21 - g20)])).astype(complex))
    jumps = (np.sqrt(g) * transition(3, *kl) for g, kl in ((g10, (1, 0)), (g21, (2, 1)), (g20, (2, 0))))
    return stay, *jumps


@explained
def multilevel_amplitude_damping(g10: float, g21: float, g20: float) -> Qobj:
    r"""Decay of a three-level cell whose environment tells the transitions apart (MAD).

    .. math:: K_0 = \mathrm{diag}(1, \sqrt{1-g_{10}}, \sqrt{1-g_{21}-g_{20}}), \quad
              \sqrt{g_{10}}|0\rangle\langle1|, \quad \sqrt{g_{21}}|1\rangle\langle2|, \quad
              \sqrt{g_{20}}|0\rangle\langle2|

    Parameters
    ----------
    g10, g21, g20 : float
        Probabilities of the transitions 1 to 0, 2 to 1 and 2 to 0, in [0, 1], with g21 + g20 <= 1. They are named and
        not numbered, because papers number them in different orders.

    References
    ----------
    Fig. 2(a) of [tirone2023]; [chessa2021].

    Examples
    --------
    >>> multilevel_amplitude_damping(0.3, 0.2, 0.6)(qutip.fock_dm(3, 2)).diag().round(12).tolist()
    [0.6, 0.2, 0.2]
    """
    return qutip.kraus_to_super(list(_three_level_decay(g10, g21, g20)))


@explained
def resonant_multilevel_amplitude_damping(g10: float, g21: float, g20: float) -> Qobj:
    r"""Decay of a three-level cell with equal gaps, which the environment cannot tell apart (ReMAD).

    .. math:: K_0 = \mathrm{diag}(1, \sqrt{1-g_{10}}, \sqrt{1-g_{21}-g_{20}}), \quad
              \sqrt{g_{10}}|0\rangle\langle1| + \sqrt{g_{21}}|1\rangle\langle2|, \quad
              \sqrt{g_{20}}|0\rangle\langle2|

    Parameters as in `multilevel_amplitude_damping`.

    References
    ----------
    Fig. 2(a) of [tirone2023]; [chessa2023].

    Examples
    --------
    Decay moves part of a coherence to the next pair of levels:

    >>> rho = qutip.ket2dm((qutip.basis(3, 1) + qutip.basis(3, 2)).unit())
    >>> round(float(abs(resonant_multilevel_amplitude_damping(0.3, 0.2, 0.6)(rho)[0, 1])), 6)
    0.122474
    """
    stay, one_to_zero, two_to_one, two_to_zero = _three_level_decay(g10, g21, g20)
    return qutip.kraus_to_super([stay, one_to_zero + two_to_one, two_to_zero])


@explained
def from_network(battery: Battery, t: float) -> Qobj:
    r"""Channel that a battery applies to its state in time t, :math:`e^{\mathcal L t}`.

    Parameters
    ----------
    battery : Battery or Network
        Whose H and c_ops act; chargers included.
    t : float
        Duration, not negative.

    Returns
    -------
    Qobj
        Superoperator on all tensor factors of the battery: the exponential of a constant generator; one that depends
        on time is integrated to a relative tolerance of 1e-10.

    Raises
    ------
    TypeError, ValueError
        If `battery` has no generator or `t` is negative.

    Examples
    --------
    A cell that decays is an amplitude damping channel:

    >>> from qbsim import single_cell
    >>> cell = single_cell(omega=0.0, gamma=1.0)
    >>> difference = from_network(cell, 0.5) - amplitude_damping(1 - np.exp(-0.5))
    >>> bool(abs(difference.full()).max() < 1e-12)
    True
    """
    if not hasattr(battery, "H") or not hasattr(battery, "c_ops"):
        raise not_a_battery(battery)
    t = as_real("t", t, minimum=0)
    H, c_ops = battery.H, battery.c_ops
    if any(isinstance(op, QobjEvo) for op in (H, *c_ops)):
        options = {"method": "vern9", "rtol": 1e-10, "atol": 1e-12, "nsteps": 10**8, "progress_bar": ""}
        if t == 0:
            return qutip.to_super(qutip.qeye(H.dims[0]))
        # propagator gives a unitary for a closed system
        return qutip.to_super(qutip.propagator(H, t, c_ops, options=options))
    return (qutip.liouvillian(H, c_ops) * t).expm()
