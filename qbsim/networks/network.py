"""`Network`: qubit cells on a graph, given by arrays."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike
from qutip import Qobj, QobjEvo

from .._checks import ComplexArray, FloatArray, as_count, as_flag, as_text, explained, per_arrow, per_bond, per_cell
from .._drives import check_arguments, check_reference, operator_digest, read_operator
from .._html import network_html
from .._machine import require_cells
from ..battery import GENERAL_OPERATORS, MOVING, Battery
from ..decay import NetworkReport, bond_factor_limits, is_positive, largest_gamma_bond
from ..geometry import read_edges
from ..operators import lowering, occupations, raising, sigma_z
from .drives import Drive
from .parts import Term, arrows, exchange, flips, mode_jumps, pairs, turns, zz_couplings

__all__ = ["MORE_ARRAYS", "NETWORK_TERMS", "OPERATORS", "TERMS", "Network"]

# What the compiled kernel and its bounds know. A new row of TERMS is left out here until they do: the solvers that list
# these names then refuse a network that has it.
NETWORK_TERMS = frozenset({"fields", "exchange", "loss", "pumping", "dephasing"})

OPERATORS = "Use fewer cells, or leave the network as it is: `evolve` does not need its operators."


class Network(Battery):
    r"""Qubit cells on a graph, given by arrays; operators are made on demand and kept.

    .. math:: H_0 = \sum_k \omega_k\, s^+_k s^-_k, \qquad
              H = H_0 + \sum_{i<j} \Big[J_{ij}\,(s^+_i s^-_j + \mathrm{h.c.})
              + \tfrac14 \mathit{zz}_{ij}\,\sigma^z_i\sigma^z_j + \mathit{pair}_{ij}\,(s^+_i s^+_j + \mathrm{h.c.})
              + \mathit{dm}_{ij}\,(i s^+_i s^-_j + \mathrm{h.c.})\Big]
              + \tfrac12 \sum_k (x_k\sigma^x_k + y_k\sigma^y_k)

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
    zz, pair : ndarray, (N, N)
        ZZ couplings and double excitations, symmetric, zero diagonal.
    dm : ndarray, (N, N)
        Dzyaloshinskii-Moriya couplings, antisymmetric.
    x, y : ndarray, (N,)
        Transverse fields.
    drives : sequence of Drive
        Parts of pair, x and y that depend on time, beside the arrays.
    H0 : str or Qobj
        Energies are taken with "local", the fields, "battery", all of H that is constant in time, or an operator.
    allow_unphysical : bool
        Accept a decay matrix that is not positive semidefinite, with a warning. Its diagonal must not be negative.

    Raises
    ------
    TypeError, ValueError
        For arrays that are not finite real numbers of these shapes, matrices that are not symmetric, a negative
        rate or occupation of a cell, bonds that are not bonds of N cells, and a decay matrix with a negative rate
        beyond 1e-12 of the largest one.
    """

    own_H0: Qobj | str | None = None
    """Reference Hamiltonian in place of the fields, "battery" for all of H that is constant."""

    extra: Qobj | QobjEvo | None = None
    """Term of H beside those of the arrays."""

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
        zz: ArrayLike = 0.0,
        pair: ArrayLike = 0.0,
        dm: ArrayLike | None = None,
        x: ArrayLike = 0.0,
        y: ArrayLike = 0.0,
        drives: Sequence[Drive] = (),
        H0: Qobj | str = "local",
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
        self.zz, self.pair = per_bond("zz", zz, (), N), per_bond("pair", pair, (), N)
        self.dm = per_arrow("dm", np.zeros((N, N)) if dm is None else dm, (), N)
        self.x, self.y = per_cell("x", x, N), per_cell("y", y, N)
        self.drives = tuple(drive for drive in drives if drive.array.any())
        if not isinstance(H0, str):
            check_reference(H0, self.dims, "the cells")
        elif H0 not in ("local", "battery"):
            raise ValueError(f"Argument H0 must be 'local', 'battery' or an operator (Qobj), but is {H0!r}.")
        self.own_H0 = None if isinstance(H0, str) and H0 == "local" else H0
        for name in (*ARRAYS, *MORE_ARRAYS):
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
        moving = {MOVING, *(drive.name for drive in self.drives)} if self.drives else frozenset()
        return own.union(negative, moving, (name for name, term in TERMS.items() if term.array(self).any()))

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
        """Local terms only, sum_k omega_k s+_k s-_k, unless the argument H0 or `replace` says otherwise."""
        if isinstance(self.own_H0, str):
            return self._constant()
        return self.own_H0 if self.own_H0 is not None else self._fields()

    def _fields(self) -> Qobj:
        """What the fields add to H; the H0 of a subclass that redefines it."""
        if type(self).H0 is not Network.H0:
            return self.H0
        return Qobj(scipy.sparse.diags(self.levels, format="csr"), dims=[self.dims] * 2)

    @cached_property
    def H(self) -> Qobj | QobjEvo:
        """Fields, the terms of every bond and cell, drives, and what was added by ``+``."""
        drives = [drive.operator for drive in self.drives]
        return reduce(operator.add, [*drives, *([] if self.extra is None else [self.extra])], self._constant())

    def _constant(self) -> Qobj:
        """What the arrays say of H."""
        N, bonds = self.N, int(np.count_nonzero(np.triu((self.J != 0) | (self.pair != 0) | (self.dm != 0), 1)))
        each = 12 * min(bonds, N) + 16 * int(np.count_nonzero((self.x != 0) | (self.y != 0)))
        require_cells(N, 16 + each, f"The Hamiltonian of N = {N} cells", OPERATORS)
        return reduce(operator.add, (part for term in TERMS.values() if not term.loses for part in term.parts(self)))

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
            **{name: getattr(self, name).tolist() for name in self._arrays()},
            "unit": self.unit,
            **({"drives": [drive.parameters() for drive in self.drives]} if self.drives else {}),
            **({} if self.own_H0 is None else {"H0": self._own_name}),
        }

    def _arrays(self) -> list[str]:
        """Names of the arrays that say something."""
        return [*ARRAYS, *(name for name in MORE_ARRAYS if getattr(self, name).any())]

    @property
    def _own_name(self) -> str:
        return self.own_H0 if isinstance(self.own_H0, str) else operator_digest(self.own_H0)

    def _repr_html_(self) -> str:
        return network_html(self, self._arrays())

    def _as_battery(self) -> Battery:
        """The same operators without the arrays; for a subclass with operators that only it can make."""
        return Battery(self.H0, self.H, self.c_ops, N=self.N, edges=self.edges, label=self.label, unit=self.unit)

    def _with_reference(self, H0: Qobj) -> Battery:
        return self._as_battery().replace(H0=H0) if self.is_redefined else self._changed(own_H0=H0)

    def _with_arguments(self, args: Mapping[str, Any]) -> Battery:
        if self.is_redefined:
            return self._as_battery().replace(args=args)
        check_arguments(args, [*([] if self.extra is None else [self.extra]), *(drive.bare for drive in self.drives)])
        extra = self.extra if not isinstance(self.extra, QobjEvo) else read_operator("V", self.extra, args)
        return self._changed(extra=extra, drives=tuple(drive.with_arguments(args) for drive in self.drives))

    def _with_term(self, V: Qobj | QobjEvo) -> Battery:
        if self.is_redefined:
            return self._as_battery() + V
        return self._changed(extra=V if self.extra is None else self.extra + V)

    def report(self) -> NetworkReport:
        """Decay modes and the distance to the limit of positivity, printable in a terminal and in a notebook."""
        K, dephases = self.decay_matrix, bool(self.dephasing.any())
        limits, largest = bond_factor_limits(K), largest_gamma_bond(K, self.edges)
        more = [name for name in MORE_ARRAYS if name in self.terms]
        notes = [f"H has {', '.join(more)} beside fields and exchange"] if more else []
        notes += [f"{name} depends on time" for name in sorted({drive.name for drive in self.drives})]
        notes += [] if self.extra is None else ["H has a term of its own beside those of the arrays"]
        if self.own_H0 is not None:
            whole = isinstance(self.own_H0, str)
            notes.append(f"energies are taken with {'all constant terms of H' if whole else 'an H0 of its own'}")
        return NetworkReport(K, self.edges, dephases, *np.linalg.eigh(K), limits, largest, tuple(notes))


TERMS = {
    "fields": Term(lambda net: net.omega, lambda net: [net._fields()]),
    "exchange": Term(lambda net: net.J, lambda net: exchange(net.J)),
    "zz": Term(lambda net: net.zz, lambda net: zz_couplings(net.zz)),
    "pair": Term(lambda net: net.pair, lambda net: pairs(net.pair)),
    "dm": Term(lambda net: net.dm, lambda net: arrows(net.dm)),
    "x": Term(lambda net: net.x, lambda net: flips(net.x)),
    "y": Term(lambda net: net.y, lambda net: turns(net.y)),
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

MORE_ARRAYS = ("zz", "pair", "dm", "x", "y")
"""Those that are not mentioned where they vanish; terms of the same names."""

# What a subclass of Network may redefine; the arrays are then not the whole model.
_OPERATORS = ("H0", "H", "_jumps", "c_ops", "dims", "levels", "loss_matrix", "pump_matrix")
