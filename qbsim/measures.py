"""Figures of merit of a state, and the table of those that `evolve` can record.

The functions take Qobj states. The table `MEASURES` evaluates the same formulas over a whole series of states at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import qutip
import scipy.sparse
import scipy.sparse.linalg
from numpy.typing import NDArray
from qutip import Qobj, QobjEvo

from ._checks import FloatArray, MeasureWarning, as_flag, as_hermitian, nearest, stored_numbers, warn
from .battery import Battery, Network
from .copies import as_distribution, entropy_deficit, gibbs_energy, passive_energy_per_copy
from .curves import efficiency
from .geometry import read_edges
from .passive import PassiveEnergy, passive_energy
from .stack import DenseStates, KetStates, States

__all__ = [
    "MEASURES",
    "Measure",
    "Reference",
    "coherent_ergotropy",
    "energy",
    "entropy",
    "ergotropy",
    "ergotropy_per_copy",
    "incoherent_ergotropy",
    "l1_coherence",
    "local_ergotropy",
    "mean_concurrence",
    "passive_state",
    "purity",
    "total_ergotropy",
]

STATE_TOLERANCE = 1e-8  # trace, Hermiticity and positivity of what a caller hands over as a state


def check_state(rho: Any, dims: list[int] | None = None, name: str = "rho") -> Qobj:
    """Return `rho` if it is a normalised, positive ket or density matrix of the given dims; raise otherwise."""
    if not isinstance(rho, Qobj):
        raise TypeError(f"Argument {name} must be a state (Qobj), but is {type(rho).__name__}.")
    if not (rho.isket or rho.isoper):
        raise ValueError(f"Argument {name} must be a ket or a density matrix, but is a {rho.type}.")
    if dims is not None and rho.dims[0] != dims:
        raise ValueError(f"Argument {name} must have dims {[dims, dims]} or a ket of them, but has {rho.dims}.")
    # before the conversion: QuTiP drops nan on the way to sparse storage
    if not np.isfinite(stored_numbers(rho)).all():
        raise ValueError(f"Argument {name} must be finite, but holds nan or infinity.")
    matrix = rho.to("CSR").data.as_scipy()
    if rho.isket:
        norm = float(np.vdot(matrix.data, matrix.data).real)
        if abs(norm - 1) > STATE_TOLERANCE:
            raise ValueError(
                f"Argument {name} must be normalised, but has squared norm {norm:.10g}; use {name}.unit()."
            )
        return rho
    if rho.dims[0] != rho.dims[1]:
        raise ValueError(f"Argument {name} must be a square density matrix, but has dims {rho.dims}.")
    error = abs(matrix - matrix.conj().T).max()
    if error > STATE_TOLERANCE:
        raise ValueError(f"Argument {name} must be Hermitian, but differs from its adjoint by {error:.3g}.")
    trace = matrix.diagonal().sum().real
    if abs(trace - 1) > STATE_TOLERANCE:
        raise ValueError(f"Argument {name} must have trace 1, but has trace {trace:.10g}; use {name}.unit().")
    off = matrix - scipy.sparse.diags(matrix.diagonal())
    lowest = matrix.diagonal().real.min() if abs(off).max() == 0 else np.linalg.eigvalsh(matrix.toarray())[0]
    if lowest < -STATE_TOLERANCE:
        raise ValueError(f"Argument {name} must be positive, but has the eigenvalue {lowest:.3g}.")
    return rho


def _as_states(rho: Qobj) -> DenseStates:
    """One state as a stack of length 1."""
    rho = check_state(rho)
    if rho.isket:
        return KetStates(rho.full().T, np.zeros(1), rho.dims[0])
    return DenseStates(rho.full()[None], np.zeros(1), rho.dims[0])


def _prepare(rho: Qobj, H: Qobj) -> tuple[DenseStates, Reference]:
    H = as_hermitian("H", H)
    states = _as_states(rho)
    if [states.dims, states.dims] != H.dims:
        raise ValueError(f"Argument rho must have dims {H.dims}, but has {rho.dims}.")
    return states, Reference(Battery(H, H, N=len(H.dims[0])))


class Reference:
    """What the measures need to know of a battery: levels of H0, its local parts, the operators of power.

    Parameters
    ----------
    battery : Battery
        The battery.
    passive_tol : float, optional
        Error aimed at in the passive energy, as a fraction of the spread of H0; None for none.
    start : float
        Time at which the evolution began.
    """

    def __init__(self, battery: Battery, passive_tol: float | None = None, start: float = 0.0) -> None:
        self.battery, self.passive_tol, self.start = battery, passive_tol, start
        self._passive: tuple[States, PassiveEnergy] | None = None

    @cached_property
    def H0(self) -> scipy.sparse.csr_matrix:
        """Reference Hamiltonian of the cells, sparse (d, d)."""
        return self.battery.H0.to("CSR").data.as_scipy()

    @cached_property
    def diagonal(self) -> FloatArray:
        """Diagonal of H0 in the product basis, (d,)."""
        if isinstance(self.battery, Network):
            return self.battery.levels
        return self.H0.diagonal().real

    @cached_property
    def is_diagonal(self) -> bool:
        """Whether H0 is diagonal in the product basis."""
        if isinstance(self.battery, Network):
            return True
        return abs(self.H0 - scipy.sparse.diags(self.H0.diagonal())).max() == 0

    @cached_property
    def levels(self) -> FloatArray:
        """Energy levels of H0, ascending, (d,)."""
        return np.sort(self.diagonal) if self.is_diagonal else np.linalg.eigvalsh(self.H0.toarray())

    @property
    def ground(self) -> float:
        """Ground energy of H0."""
        return float(self.levels[0])

    @property
    def spread(self) -> float:
        """Largest minus smallest level of H0."""
        return float(self.levels[-1] - self.levels[0])

    @cached_property
    def loss_rate(self) -> float | None:
        """Bound on the rate of jumps, sum_m ||L_m^+ L_m||; None where more than constant losses change the spectrum."""
        battery = self.battery
        if isinstance(battery, Network):
            rates = np.abs(battery.loss_matrix).sum() + np.abs(battery.pump_matrix).sum()
            return float(rates + battery.dephasing.sum() / 2)
        varying = any(isinstance(x, QobjEvo) or x.issuper for x in (battery.H, *battery.c_ops))
        if varying or len(battery.cells) < len(battery.dims):
            return None
        squares = [(c.dag() * c).to("CSR").data.as_scipy() for c in battery.c_ops]
        return float(sum(scipy.sparse.linalg.norm(square, 1) for square in squares))  # no less than the norm

    def passive(self, states: States) -> PassiveEnergy:
        """Passive energy of a stretch of states, computed once however many measures ask for it."""
        if self._passive is None or self._passive[0] is not states:
            tol = None if self.passive_tol is None else self.passive_tol * self.spread
            rate = None if tol is None else self.loss_rate
            self._passive = states, passive_energy(states, self.levels, tol, rate=rate, start=self.start)
        return self._passive[1]

    def has_passive(self, states: States) -> bool:
        """Whether `passive` was asked about these states."""
        return self._passive is not None and self._passive[0] is states

    def forget(self) -> None:
        """Let go of the last stretch of states."""
        self._passive = None

    @cached_property
    def local_terms(self) -> list[NDArray[np.complex128]]:
        """Local Hamiltonians h_k, up to constants, with H0 = sum_k h_k.

        Raises
        ------
        ValueError
            If H0 couples cells: the local ergotropy is then undefined.
        """
        if isinstance(self.battery, Network):
            return [np.diag([0, w]).astype(complex) for w in self.battery.omega]
        H0, dims = self.battery.H0, self.battery.cell_dims
        d = int(np.prod(dims))
        mean = H0.tr() / d
        terms = [H0.ptrace(k).full() * dims[k] / d - mean * np.eye(dims[k]) for k in range(len(dims))]
        total = sum(
            qutip.tensor([Qobj(h) if j == k else qutip.qeye(m) for j, m in enumerate(dims)])
            for k, h in enumerate(terms)
        )
        rest = H0 - total - mean * qutip.qeye(dims)
        if abs(rest.full()).max() > 1e-12 * abs(H0.full()).max():
            raise ValueError("The local ergotropy needs an H0 that is a sum of local terms, but this H0 couples cells.")
        return terms

    @cached_property
    def H0_full(self) -> Qobj:
        """H0 on all tensor factors, identity on chargers."""
        battery = self.battery
        if battery.cells == tuple(range(len(battery.dims))):
            return battery.H0
        return qutip.expand_operator(battery.H0, battery.dims, list(battery.cells))

    @cached_property
    def dissipated(self) -> scipy.sparse.csr_matrix:
        """Adjoint dissipator on H0: its expectation value is the power lost to the baths."""
        H0 = self.H0_full
        total = 0 * H0
        for c in self.battery.c_ops:
            if isinstance(c, QobjEvo):
                raise ValueError("Power needs c_ops that do not depend on time.")
            if c.issuper:  # tr(S(rho) H0) = tr(rho S^dagger(H0))
                total = total + qutip.vector_to_operator(c.dag() * qutip.operator_to_vector(H0))
            else:
                cdc = c.dag() * c
                total = total + c.dag() * H0 * c - 0.5 * (cdc * H0 + H0 * cdc)
        return total.to("CSR").data.as_scipy()

    def exchanged(self, t: float) -> scipy.sparse.csr_matrix:
        """-i [H0, H] at time t: its expectation value is the power of the interaction."""
        H = self.battery.H(t) if isinstance(self.battery.H, QobjEvo) else self.battery.H
        return (-1j * qutip.commutator(self.H0_full, H)).to("CSR").data.as_scipy()


# --- formulas over a series of states ------------------------------------------------------------------------------


def _energy(states: States, ref: Reference) -> FloatArray:
    if ref.is_diagonal:
        return states.populations @ ref.diagonal
    return states.expect(ref.H0_full.to("CSR").data.as_scipy())  # no density matrix of a ket is formed


def _ergotropy(states: States, ref: Reference) -> FloatArray:
    return _energy(states, ref) - ref.passive(states).values


def _efficiency(states: States, ref: Reference) -> FloatArray:
    return efficiency(_ergotropy(states, ref), _energy(states, ref), ref.ground)


def _incoherent_ergotropy(states: States, ref: Reference) -> FloatArray:
    return states.populations @ ref.diagonal - np.sort(states.populations, axis=1)[:, ::-1] @ ref.levels


def _coherent_ergotropy(states: States, ref: Reference) -> FloatArray:
    return _ergotropy(states, ref) - _incoherent_ergotropy(states, ref)


def _local_ergotropy(states: States, ref: Reference) -> FloatArray:
    total = np.zeros(len(states))
    for k, h in enumerate(ref.local_terms):
        rho = states.cell(k)
        total += np.einsum("tij,ji->t", rho, h).real - np.linalg.eigvalsh(rho)[:, ::-1] @ np.linalg.eigvalsh(h)
    return total


def _l1_coherence(states: States, ref: Reference | None = None, normalized: bool = True) -> FloatArray:
    total = states.absolute_sum() - np.abs(states.populations).sum(axis=1)
    return total / (states.populations.shape[1] - 1) if normalized else total


def _entropy(states: States, ref: Reference | None = None) -> FloatArray:
    p = states.eigenvalues
    # rounding leaves eigenvalues of -1e-17; they carry no entropy
    return -np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0), axis=1)


def _purity(states: States, ref: Reference | None = None) -> FloatArray:
    return states.purity()


def _power_interaction(states: States, ref: Reference) -> FloatArray:
    if isinstance(ref.battery.H, QobjEvo):
        return np.array([states.take([k]).expect(ref.exchanged(t))[0] for k, t in enumerate(states.times)])
    return states.expect(ref.exchanged(0.0))


def _power_dissipation(states: States, ref: Reference) -> FloatArray:
    return states.expect(ref.dissipated)


def _power(states: States, ref: Reference) -> FloatArray:
    return _power_interaction(states, ref) + _power_dissipation(states, ref)


# sigma_y x sigma_y up to a sign: the same in either order of the levels
_FLIP = np.fliplr(np.diag([-1.0, 1.0, 1.0, -1.0]))


def concurrence_of_pairs(rho: NDArray[np.complex128]) -> FloatArray:
    """Wootters concurrence of two-qubit states, (..., 4, 4) to (...).

    With rho = q q^dagger the numbers of Wootters are the singular values of q^T (sy x sy) q: no product rho rho~ with
    its squared condition number, so pure states come out exact to rounding.
    """
    p, v = np.linalg.eigh(rho)
    q = v * np.sqrt(np.maximum(p, 0.0))[..., None, :]  # rounding below zero has no square root
    s = np.linalg.svd(np.swapaxes(q, -1, -2) @ _FLIP @ q, compute_uv=False)
    return np.maximum(0.0, s[..., 0] - s[..., 1] - s[..., 2] - s[..., 3])


NO_BONDS = "this battery has no bonds to average the concurrence over"


def _concurrence(states: States, edges: Sequence[tuple[int, int]]) -> FloatArray:
    if not edges:
        warn(f"The concurrence is nan: {NO_BONDS}.", MeasureWarning)
        return np.full(len(states), np.nan)
    if any(states.cell_dims[k] != 2 for bond in edges for k in bond):
        raise ValueError("The concurrence is defined for two-level cells only.")
    return np.mean([concurrence_of_pairs(states.pair(i, j)) for i, j in edges], axis=0)


@dataclass(frozen=True)
class Measure:
    """One row of the table of measures.

    Attributes
    ----------
    evaluate : callable
        (states, reference) to an array over time.
    long_name : str
        For labels.
    units : str
        "energy", "power" or "1"; `evolve` replaces the first two by the battery's unit.
    needs : str
        "product": the state in the product space of the cells, with its spectrum and matrix elements. "expectation":
        expectation values of operators of the battery only, which are right in any space.
    """

    evaluate: Callable[[States, Reference], FloatArray]
    long_name: str
    units: str
    needs: str = "product"


MEASURES: dict[str, Measure] = {
    "energy": Measure(_energy, "internal energy", "energy", "expectation"),
    "ergotropy": Measure(_ergotropy, "ergotropy", "energy"),
    "efficiency": Measure(_efficiency, "efficiency (ergotropy / energy)", "1"),
    "l1_coherence": Measure(_l1_coherence, "normalised l1-coherence", "1"),
    "concurrence": Measure(
        lambda states, ref: _concurrence(states, ref.battery.edges), "concurrence, mean over the bonds", "1"
    ),
    "incoherent_ergotropy": Measure(_incoherent_ergotropy, "ergotropy of the dephased state", "energy"),
    "coherent_ergotropy": Measure(_coherent_ergotropy, "ergotropy due to coherence", "energy"),
    "local_ergotropy": Measure(_local_ergotropy, "local ergotropy, sum over the cells", "energy"),
    "entropy": Measure(_entropy, "von Neumann entropy (nats)", "1"),
    "purity": Measure(_purity, "purity", "1"),
    "power": Measure(_power, "rate of change of the internal energy", "power", "expectation"),
    "power_interaction": Measure(_power_interaction, "power of the interaction", "power", "expectation"),
    "power_dissipation": Measure(_power_dissipation, "power lost to the baths", "power", "expectation"),
}


TAKEN = ("time", "rho", "row", "col")  # coordinate, variable and dimensions of what `evolve` returns


def measures_on(
    battery: Battery, measures: Mapping[str, Measure | Callable[[Qobj, Battery], float]]
) -> dict[str, Measure | Callable[[Qobj, Battery], float]]:
    """Measures as this battery evaluates them; rows that would be wrong in the space of its states are refused."""
    found: dict[str, Measure | Callable[[Qobj, Battery], float]] = {}
    for name, row in measures.items():
        found[name] = own = battery.own_measures.get(row, row)
        if own is row and isinstance(row, Measure) and row.needs != "expectation" and not battery.cells_are_factors:
            raise ValueError(
                f"Measure {name!r} needs the cells one by one, but this battery holds their total spin; build it in "
                'the full tensor space (space="tensor").'
            )
    return found


def read_measures(measures: Any) -> dict[str, Measure | Callable[[Qobj, Battery], float]]:
    """Table of the requested measures from names, or from {name: f(rho, battery)}; unknown names are refused."""
    if isinstance(measures, str):
        measures = (measures,)
    if not isinstance(measures, Iterable):
        raise TypeError(f"Argument measures must be names or a dict of functions, but is {measures!r}.")
    wanted: dict[str, Measure | Callable[[Qobj, Battery], float]] = {}
    for name in measures:
        own = measures[name] if isinstance(measures, Mapping) else name
        if isinstance(measures, Mapping) and (not isinstance(name, str) or not name):
            raise TypeError(f"Argument measures must name every measure by a text, but holds the name {name!r}.")
        if name in TAKEN:
            raise ValueError(f"Measure {name!r} must have another name: {', '.join(TAKEN)} are taken by the dataset.")
        if callable(own):
            wanted[str(name)] = own
        elif isinstance(own, str) and own in MEASURES:
            wanted[str(name)] = MEASURES[own]
        else:
            raise ValueError(nearest("measure", own, list(MEASURES)))
    if not wanted:
        raise ValueError("Argument measures must name at least one measure.")
    return wanted


# --- functions of one state ----------------------------------------------------------------------------------------


def energy(rho: Qobj, H: Qobj) -> float:
    r"""Internal energy :math:`U = \mathrm{tr}(\rho H)`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells.
    H : Qobj, (d, d)
        Reference Hamiltonian.

    Returns
    -------
    float
        In the units of `H`.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state or the dims differ.

    References
    ----------
    Below Eq. (2) of [arjmandi2022].

    Examples
    --------
    >>> from qbsim import plus, network, linear
    >>> round(energy(plus(3), network(linear(3)).H0), 12)
    1.5
    """
    return float(_energy(*_prepare(rho, H))[0])


def ergotropy(rho: Qobj, H: Qobj) -> float:
    r"""Maximal energy a unitary can extract from a state.

    .. math:: \mathcal{E}(\rho, H) = \mathrm{tr}(\rho H) - \sum_k p_k \epsilon_k,
              \quad p_1 \ge p_2 \ge \dots, \quad \epsilon_1 \le \epsilon_2 \le \dots

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian.

    Returns
    -------
    float
        In the units of `H`; between 0 and ``energy(rho, H)`` minus the ground energy; nothing is clipped.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state or the dims differ.

    Notes
    -----
    Independent of the zero of energy and of degeneracies in the spectrum of `H`.

    References
    ----------
    Eq. (4) of [arjmandi2022]; [allahverdyan2004].

    Examples
    --------
    >>> from qbsim import plus, single_cell
    >>> round(ergotropy(plus(1), single_cell().H0), 12)
    0.5
    """
    return float(_ergotropy(*_prepare(rho, H))[0])


def total_ergotropy(rho: Qobj, H: Qobj) -> float:
    r"""Work per copy that unitaries on very many copies can extract.

    .. math:: \mathcal E_\mathrm{tot}(\rho, H) = \lim_{n\to\infty}\frac{\mathcal E(\rho^{\otimes n}, H^{(n)})}{n}
              = \mathrm{tr}(\rho H) - E_G(S(\rho)), \qquad
              E_G(S) = \frac{S - \ln Z(\beta)}{\beta}, \quad \beta \ge 0

    with the Gibbs state of the same entropy, of inverse temperature :math:`\beta`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of one copy, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian of one copy.

    Returns
    -------
    float
        In the units of `H`; between ``ergotropy(rho, H)``, which it equals for d = 2, and the energy above the ground
        level.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state, with its trace 1 within 1e-9, or the dims differ.

    Notes
    -----
    Good to 1e-12 of the spread of `H`: the Gibbs energy is taken from the free energy, which is stationary in beta. Not
    convex in `rho` for d >= 3, unlike the ergotropy.

    References
    ----------
    Below Eq. (12) of [tirone2023]; [alicki2013].

    Examples
    --------
    A passive state from which many copies still give work:

    >>> import qutip
    >>> rho, H = qutip.qdiags([0.6, 0.2, 0.2], 0), qutip.num(3)
    >>> round(ergotropy(rho, H), 12), round(total_ergotropy(rho, H), 12)
    (0.0, 0.036322403028)
    """
    states, ref = _prepare(rho, H)
    r = as_distribution("the eigenvalues of rho", states.eigenvalues, "use rho.unit()")
    return float((_energy(states, ref) - gibbs_energy(entropy_deficit(r), ref.levels))[0])


def ergotropy_per_copy(rho: Qobj, H: Qobj, n: int) -> float:
    r"""Work per copy that unitaries on n copies together can extract, :math:`\mathcal E(\rho^{\otimes n}, H^{(n)})/n`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of one copy, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian of one copy; n cells do not interact.
    n : int
        Number of copies.

    Returns
    -------
    float
        In the units of `H`; the ergotropy for n = 1, never more than `total_ergotropy`, its limit for large n.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state, the dims differ, or n copies have more than 5 million different eigenvalues.

    Notes
    -----
    The cost grows as n^(d-1), see `passive_energy_per_copy`. For d = 2 the result is the ergotropy for every n. The
    limit is approached slowly: the distance falls as 1/n, and as ln(n)/(2 beta n) where all eigenvalues but zeros are
    equal, with the inverse temperature beta of the Gibbs state of the same entropy.

    References
    ----------
    [alicki2013]; Eq. (2) of [tirone2023] for identical cells.

    Examples
    --------
    >>> import qutip
    >>> rho, H = qutip.qdiags([0.3, 0.7, 0.0], 0), qutip.num(3)
    >>> [round(ergotropy_per_copy(rho, H, n), 6) for n in (1, 2, 4, 16)]
    [0.4, 0.4, 0.420925, 0.437879]
    """
    states, ref = _prepare(rho, H)
    r = as_distribution("the eigenvalues of rho", states.eigenvalues[0], "use rho.unit()")
    return float(_energy(states, ref)[0] - passive_energy_per_copy(r, ref.levels, n))


def passive_state(rho: Qobj, H: Qobj) -> Qobj:
    r"""State of least energy with the spectrum of `rho`: :math:`\sum_k p_k |\epsilon_k\rangle\langle\epsilon_k|`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells.
    H : Qobj, (d, d)
        Reference Hamiltonian.

    Returns
    -------
    Qobj, (d, d)
        Passive state; unique up to the choice of basis inside degenerate levels of `H`.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state or the dims differ.

    References
    ----------
    Below Eq. (4) of [arjmandi2022]; [allahverdyan2004].

    Examples
    --------
    >>> from qbsim import full, single_cell
    >>> passive_state(full(1), single_cell().H0).diag().tolist()
    [1.0, 0.0]
    """
    states, ref = _prepare(rho, H)
    if ref.is_diagonal:
        vectors = np.eye(len(ref.diagonal))[:, np.argsort(ref.diagonal, kind="stable")]
    else:
        vectors = np.linalg.eigh(ref.H0.toarray())[1]
    return Qobj((vectors * states.eigenvalues[0, ::-1]) @ vectors.conj().T, dims=H.dims)


def incoherent_ergotropy(rho: Qobj, H: Qobj) -> float:
    r"""Ergotropy of the state dephased in the product basis of the cells, :math:`\mathcal E(\Delta\rho, H)`.

    Parameters, errors and units as in `ergotropy`; see `coherent_ergotropy` for the rest.

    Examples
    --------
    >>> from qbsim import plus, single_cell
    >>> incoherent_ergotropy(plus(1), single_cell().H0)
    0.0
    """
    return float(_incoherent_ergotropy(*_prepare(rho, H))[0])


def coherent_ergotropy(rho: Qobj, H: Qobj) -> float:
    r"""What the coherence adds: :math:`\mathcal E(\rho, H) - \mathcal E(\Delta\rho, H)`.

    Not negative where `H` is diagonal in the product basis. Parameters, errors and units as in `ergotropy`.

    Examples
    --------
    >>> from qbsim import plus, single_cell
    >>> round(coherent_ergotropy(plus(1), single_cell().H0), 12)
    0.5
    """
    return float(_coherent_ergotropy(*_prepare(rho, H))[0])


def local_ergotropy(rho: Qobj, H: Qobj) -> float:
    r"""What unitaries on single cells can extract: :math:`\sum_k \mathcal E(\rho_k, h_k)` for :math:`H = \sum_k h_k`.

    Parameters and units as in `ergotropy`; never more than it.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state, the dims differ, or `H` couples cells.

    Examples
    --------
    >>> from qbsim import classical, network, linear
    >>> round(local_ergotropy(classical(3), network(linear(3)).H0), 12)
    1.5
    """
    return float(_local_ergotropy(*_prepare(rho, H))[0])


def l1_coherence(rho: Qobj, normalized: bool = True) -> float:
    r"""l1-norm of coherence in the product basis, :math:`\sum_{i\ne j}|\rho_{ij}|`, divided by d - 1 if normalized.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells.
    normalized : bool
        Divide by the maximum d - 1, which ``|+...+>`` reaches.

    Returns
    -------
    float
        In [0, 1], or [0, d - 1].

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state.

    References
    ----------
    Below Eq. (14) of [santos2021].

    Examples
    --------
    >>> from qbsim import plus
    >>> round(l1_coherence(plus(3)), 12)
    1.0
    """
    return float(_l1_coherence(_as_states(rho), normalized=as_flag("normalized", normalized))[0])


def mean_concurrence(rho: Qobj, edges: Any) -> float:
    r"""Wootters concurrence of the two cells of a bond, averaged over the bonds.

    .. math:: C = \max(0, \lambda_1 - \lambda_2 - \lambda_3 - \lambda_4)

    with the singular values :math:`\lambda` of :math:`q^T(\sigma_y\otimes\sigma_y)q`, :math:`\rho = q q^\dagger`.

    Parameters
    ----------
    rho : Qobj, (2^N, 2^N) or ket
        State of the cells.
    edges : iterable of pairs, or graph
        Bonds.

    Returns
    -------
    float
        In [0, 1]; nan, with a `MeasureWarning`, if there are no bonds.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state of two-level cells or a bond is out of range.

    References
    ----------
    Eq. (14) of [santos2021].

    Examples
    --------
    >>> import qutip
    >>> round(mean_concurrence(qutip.bell_state("00"), [(0, 1)]), 12)
    1.0
    """
    states = _as_states(rho)
    bonds, _ = read_edges(edges, len(states.cell_dims))
    return float(_concurrence(states, bonds)[0])


def entropy(rho: Qobj) -> float:
    r"""Von Neumann entropy :math:`-\mathrm{tr}\,\rho\ln\rho`, in nats.

    Examples
    --------
    >>> from qbsim import classical
    >>> round(entropy(classical(2, p=0.5)), 6)
    1.386294
    """
    return float(_entropy(_as_states(rho))[0])


def purity(rho: Qobj) -> float:
    r"""Purity :math:`\mathrm{tr}\,\rho^2`.

    Examples
    --------
    >>> from qbsim import classical
    >>> purity(classical(1, p=0.5))
    0.5
    """
    return float(_purity(_as_states(rho))[0])
