"""`Network`: qubit cells on a graph, given by arrays."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import cached_property, reduce
from typing import Any

import numpy as np
import scipy.sparse
from qutip import Qobj, QobjEvo

from .._checks import ComplexArray, FloatArray, as_count, as_flag, as_text, explained, per_bond, per_cell
from .._drives import check_arguments, operator_digest, read_operator
from .._html import network_html
from .._machine import require_cells
from ..battery import GENERAL_OPERATORS, MOVING, Battery
from ..decay import NetworkReport, bond_factor_limits, is_positive, largest_gamma_bond
from ..geometry import read_edges
from ..operators import lowering, occupations, raising, sigma_z
from .parts import Term, exchange, mode_jumps

__all__ = ["NETWORK_TERMS", "OPERATORS", "TERMS", "Network"]

# What the compiled kernel and its bounds know. A new row of TERMS is left out here until they do: the solvers that list
# these names then refuse a network that has it.
NETWORK_TERMS = frozenset({"fields", "exchange", "loss", "pumping", "dephasing"})

OPERATORS = "Use fewer cells, or leave the network as it is: `evolve` does not need its operators."


class Network(Battery):
    r"""Qubit cells on a graph, given by arrays; operators are made on demand and kept.

    .. math:: H_0 = \sum_k \omega_k\, s^+_k s^-_k, \qquad
              H = H_0 + \sum_{i<j} J_{ij}\,(s^+_i s^-_j + \mathrm{h.c.})

    .. math:: \mathcal D\rho = \sum_{ij} K^{\downarrow}_{ij}\left(s^-_i\rho s^+_j
              - \tfrac12\{s^+_j s^-_i, \rho\}\right)
              + \sum_{ij} K^{\uparrow}_{ij}\left(s^+_i\rho s^-_j - \tfrac12\{s^-_j s^+_i, \rho\}\right)
              + \sum_k \tfrac{\phi_k}{2}\left(\sigma^z_k\rho\sigma^z_k - \rho\right)

    with :math:`K^{\downarrow}_{ij} = \sqrt{(\bar n_i+1)(\bar n_j+1)}\,K_{ij}` and
    :math:`K^{\uparrow}_{ij} = \sqrt{\bar n_i \bar n_j}\,K_{ij}`. Usually built by `network`, `xx_chain` or
    `single_cell`. The arrays are copied, and are read-only attributes of the network. ``net + V`` adds a term V to H,
    which the compiled solver and the closed form do not know; ``net.replace(H0=...)`` measures with another H0 what
    evolves as before. Both are networks, with all their arrays.

    Parameters
    ----------
    edges : iterable of (int, int), or graph
        Bonds, for the concurrence and for reports.
    omega : ndarray, (N,)
        Local frequencies.
    J : ndarray, (N, N)
        Exchange elements, symmetric, zero diagonal.
    decay_matrix : ndarray, (N, N)
        K: rates gamma_k on the diagonal, gamma_bond off it; symmetric, positive semidefinite.
    dephasing : ndarray, (N,)
        Extra decay rate of every cell's coherence.
    nbar : ndarray, (N,)
        Thermal occupation of every cell's bath.
    allow_unphysical : bool
        Accept a decay matrix that is not positive semidefinite, with a warning. Its diagonal must not be negative.

    Raises
    ------
    TypeError, ValueError
        For arrays that are not finite real numbers of these shapes, matrices that are not symmetric, a negative
        rate or occupation of a cell, bonds that are not bonds of N cells, and a decay matrix with a negative rate
        beyond 1e-12 of the largest one.
    """

    own_H0: Qobj | None = None
    """Reference Hamiltonian in place of the fields."""

    extra: Qobj | QobjEvo | None = None
    """Term of H beside those of the arrays."""

    omega: FloatArray
    J: FloatArray
    decay_matrix: FloatArray
    dephasing: FloatArray
    nbar: FloatArray

    @explained
    def __init__(
        self,
        edges: Any,
        *,
        omega: FloatArray,
        J: FloatArray,
        decay_matrix: FloatArray,
        dephasing: FloatArray,
        nbar: FloatArray,
        label: str = "",
        unit: str = "1",
        allow_unphysical: bool = False,
    ) -> None:
        N = np.size(omega)
        self.N = as_count("the length of omega", N)
        self.cells = tuple(range(N))
        self.edges, _ = read_edges(edges, N)
        self.label, self.unit = as_text("label", label), as_text("unit", unit)
        for name, matrix in (("J", J), ("decay_matrix", decay_matrix)):
            if np.shape(matrix) != (N, N):
                raise ValueError(f"Argument {name} must have shape ({N}, {N}), but has shape {np.shape(matrix)}.")
        diagonal = per_cell("the diagonal of decay_matrix", np.diag(decay_matrix), N, minimum=0)
        off_diagonal = np.where(np.eye(N, dtype=bool), 0, decay_matrix)
        self.omega = per_cell("omega", omega, N)
        self.J = per_bond("J", J, (), N)
        self.decay_matrix = np.diag(diagonal) + per_bond("decay_matrix", off_diagonal, (), N)
        self.dephasing = per_cell("dephasing", dephasing, N, minimum=0)
        self.nbar = per_cell("nbar", nbar, N, minimum=0)
        for name in ARRAYS:
            getattr(self, name).flags.writeable = False
        self.is_physical = is_positive(self.decay_matrix, as_flag("allow_unphysical", allow_unphysical))

    @property
    def loss_matrix(self) -> FloatArray:
        """Rates with s-: sqrt((nbar_i + 1)(nbar_j + 1)) K_ij, (N, N)."""
        up = np.sqrt(self.nbar + 1)
        return up[:, None] * self.decay_matrix * up

    @property
    def pump_matrix(self) -> FloatArray:
        """Rates with s+: sqrt(nbar_i nbar_j) K_ij, (N, N)."""
        root = np.sqrt(self.nbar)
        return root[:, None] * self.decay_matrix * root

    @cached_property
    def terms(self) -> frozenset[str]:
        """Terms of the class docstring that do not vanish, and what `extra` or a subclass adds to them."""
        own = super().terms if self.is_redefined else frozenset()
        if self.extra is not None:
            own |= {GENERAL_OPERATORS, *([MOVING] if isinstance(self.extra, QobjEvo) else [])}
        negative = [] if self.is_physical else ["negative rates"]
        return own.union(negative, (name for name, term in TERMS.items() if term.array(self).any()))

    @property
    def has_losses(self) -> bool:
        """Whether the evolution is not unitary."""
        return bool(self.c_ops) if self.is_redefined else any(TERMS[n].loses for n in self.terms & TERMS.keys())

    @cached_property
    def is_redefined(self) -> bool:
        """Whether a subclass redefines an operator."""
        return any(getattr(type(self), name) is not getattr(Network, name) for name in _OPERATORS)

    @property
    def has_own_operators(self) -> bool:
        """Whether the arrays are not the whole master equation."""
        return self.is_redefined or self.extra is not None

    @property
    def has_own_H0(self) -> bool:
        """Whether the reference Hamiltonian may be another than that of the fields."""
        return self.is_redefined or self.own_H0 is not None

    @cached_property
    def diagonal(self) -> FloatArray:
        """Diagonal of H0 in the product basis, (2^N,): that of the fields unless there is an own H0."""
        return super().diagonal if self.has_own_H0 else self.levels

    @cached_property
    def is_diagonal(self) -> bool:
        """Whether H0 is diagonal in the product basis: local fields are."""
        return super().is_diagonal if self.has_own_H0 else True

    @cached_property
    def local_terms(self) -> list[ComplexArray]:
        """Local Hamiltonians of the cells, diag(0, omega_k)."""
        return super().local_terms if self.has_own_H0 else [np.diag([0, w]).astype(complex) for w in self.omega]

    @property
    def ends(self) -> tuple[float, float] | None:
        """Lowest and highest level of the fields; None if there is an own H0."""
        if self.has_own_H0:
            return None
        return float(np.minimum(self.omega, 0).sum()), float(np.maximum(self.omega, 0).sum())

    @cached_property
    def loss_rate(self) -> float | None:
        """Bound on the rate of jumps, sum_m ||L_m^+ L_m||."""
        if self.has_own_operators:
            return super().loss_rate
        return float(sum(term.weight * np.abs(term.array(self)).sum() for term in TERMS.values() if term.loses))

    @property
    def dims(self) -> list[int]:
        """Two levels in every cell."""
        return [2] * self.N

    @cached_property
    def levels(self) -> FloatArray:
        """Diagonal of the fields in the product basis, (2^N,)."""
        return occupations(self.N) @ self.omega

    @cached_property
    def H0(self) -> Qobj:
        """Local terms only, sum_k omega_k s+_k s-_k, or what `replace` has put in their place."""
        return self.own_H0 if self.own_H0 is not None else self._fields()

    def _fields(self) -> Qobj:
        """What the fields add to H; the H0 of a subclass that redefines it."""
        if type(self).H0 is not Network.H0:
            return self.H0
        return Qobj(scipy.sparse.diags(self.levels, format="csr"), dims=[self.dims] * 2)

    @cached_property
    def H(self) -> Qobj | QobjEvo:
        """Fields, the exchange on every bond, and what was added by ``+``."""
        N, bonds = self.N, int(np.count_nonzero(np.triu(self.J, 1)))
        require_cells(N, 16 + 12 * min(bonds, N), f"The Hamiltonian of N = {N} cells", OPERATORS)
        parts = [part for term in TERMS.values() if not term.loses for part in term.parts(self)]
        return reduce(operator.add, parts if self.extra is None else [*parts, self.extra])

    @cached_property
    def _jumps(self) -> tuple[Qobj, ...]:
        require_cells(self.N, 16 * self.N, f"The list of jump operators of N = {self.N} cells", OPERATORS)
        return tuple(jump for term in TERMS.values() if term.loses for jump in term.parts(self))

    @property
    def c_ops(self) -> list[Qobj]:
        """Jump operators from the eigenvectors of the decay matrix; dark modes need none."""
        return list(self._jumps)

    def parameters(self) -> dict[str, Any]:
        """Parameters as plain numbers and lists, for files and hashes."""
        return (super().parameters() if self.has_own_operators else {}) | {
            "model": type(self).__name__,
            "N": self.N,
            "edges": [list(e) for e in self.edges],
            **{name: getattr(self, name).tolist() for name in ARRAYS},
            "unit": self.unit,
            **({"H0": operator_digest(self.own_H0)} if self.own_H0 is not None else {}),
        }

    def _repr_html_(self) -> str:
        return network_html(self, ARRAYS)

    def _as_battery(self) -> Battery:
        """The same operators without the arrays; for a subclass with operators that only it can make."""
        return Battery(self.H0, self.H, self.c_ops, N=self.N, edges=self.edges, label=self.label, unit=self.unit)

    def _with_reference(self, H0: Qobj) -> Battery:
        return self._as_battery().replace(H0=H0) if self.is_redefined else self._changed(own_H0=H0)

    def _with_arguments(self, args: Mapping[str, Any]) -> Battery:
        if self.is_redefined:
            return self._as_battery().replace(args=args)
        check_arguments(args, [] if self.extra is None else [self.extra])
        return self._changed(extra=read_operator("V", self.extra, args))

    def _with_term(self, V: Qobj | QobjEvo) -> Battery:
        if self.is_redefined:
            return self._as_battery() + V
        return self._changed(extra=V if self.extra is None else self.extra + V)

    def report(self) -> NetworkReport:
        """Decay modes and the distance to the limit of positivity, printable in a terminal and in a notebook."""
        K, dephases = self.decay_matrix, bool(self.dephasing.any())
        limits, largest = bond_factor_limits(K), largest_gamma_bond(K, self.edges)
        notes = [] if self.extra is None else ["H has a term of its own beside fields and exchange"]
        notes += [] if self.own_H0 is None else ["energies are taken with an H0 of its own"]
        return NetworkReport(K, self.edges, dephases, *np.linalg.eigh(K), limits, largest, tuple(notes))


TERMS = {
    "fields": Term(lambda net: net.omega, lambda net: [net._fields()]),
    "exchange": Term(lambda net: net.J, lambda net: exchange(net.J)),
    "loss": Term(lambda net: net.loss_matrix, lambda net: mode_jumps(net.loss_matrix, lowering), loses=True),
    "pumping": Term(lambda net: net.pump_matrix, lambda net: mode_jumps(net.pump_matrix, raising), loses=True),
    "dephasing": Term(
        lambda net: net.dephasing,
        lambda net: (np.sqrt(phi / 2) * sigma_z(k, net.N) for k, phi in enumerate(net.dephasing) if phi > 0),
        loses=True,
        weight=0.5,
    ),
}
"""The master equation of a network. Whoever adds a row adds its array to `Network` and `network`; the term is then in
`H`, `c_ops`, `terms`, `has_losses` and `loss_rate`, and refused by the solvers that do not list its name."""

ARRAYS = ("omega", "J", "decay_matrix", "dephasing", "nbar")
"""Arguments of `Network` that hold the numbers of its terms."""

# What a subclass of Network may redefine; the arrays are then not the whole model.
_OPERATORS = ("H0", "H", "_jumps", "c_ops", "dims", "levels", "loss_matrix", "pump_matrix")
