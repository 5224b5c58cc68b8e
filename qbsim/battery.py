"""`Battery`: what you measure (H0), evolve (H) and lose (c_ops). `Network`: a qubit battery given by arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import qutip
import scipy.sparse
from qutip import Qobj, QobjEvo

from ._checks import (
    LARGEST,
    FloatArray,
    ModelWarning,
    UnphysicalWarning,
    as_count,
    as_flag,
    as_hermitian,
    as_text,
    per_bond,
    per_cell,
    stored_numbers,
    toward_zero,
    warn,
)
from ._drives import operator_digest
from ._memory import require_cells
from .geometry import Edges, read_edges
from .operators import lowering, occupations, raising, sigma_z
from .report import POSITIVITY_TOLERANCE, NetworkReport

__all__ = ["GENERAL_LOSSES", "GENERAL_OPERATORS", "NETWORK_TERMS", "Battery", "Network"]

# Terms of the master equation by the names that solvers list.
GENERAL_OPERATORS, GENERAL_LOSSES = "operators of its own", "losses of its own"
NETWORK_TERMS = frozenset({"fields", "exchange", "loss", "pumping", "dephasing"})

OPERATORS = "Use fewer cells, or leave the network as it is: `evolve` does not need its operators."


class Battery:
    r"""A battery as plain QuTiP objects.

    .. math:: \dot\rho = -i[H, \rho] + \sum_m \left(L_m\rho L_m^\dagger
              - \tfrac12\{L_m^\dagger L_m, \rho\}\right), \qquad U = \mathrm{tr}(\rho H_0)

    ``qutip.mesolve(battery.H, rho0, tlist, battery.c_ops)`` always works.

    Parameters
    ----------
    H0 : Qobj
        Reference Hamiltonian: energy and ergotropy are taken with it. Acts on `cells` only.
    H : Qobj or QobjEvo
        Hamiltonian of the evolution, on all tensor factors.
    c_ops : sequence of Qobj or QobjEvo
        Jump operators on all tensor factors; a superoperator is a term of the generator, as in QuTiP.
    N : int
        Number of cells: of the tensor factors that store energy. `Collective` holds N cells in one factor.
    cells : sequence of int, optional
        Tensor factors that store the energy; all by default. The others are chargers, traced out by every measure.
    edges : sequence of (int, int)
        Bonds, over which the concurrence is averaged.
    label : str
        Name for legends and files.
    unit : str
        Name of the unit of energy, for labels only.
    truncation : Qobj, optional
        Projector, on all tensor factors, onto levels next to a cut-off: `evolve` warns if they get populated.

    Raises
    ------
    TypeError
        If an operator is not a Qobj.
    ValueError
        If dims or N do not fit, an operator is not finite, or H0 or H is not Hermitian.

    Warns
    -----
    ModelWarning
        If the only jumps that move energy take two-level cells up, in level and in H0, as QuTiP's ``sigmam()`` does
        in this basis. Lower with `qbsim.operators.lowering` or ``qutip.destroy(2)``. Cells that are pumped on purpose
        give no warning if the jumps come from `qbsim.operators.raising` or ``qutip.create(2)``: they are told apart
        by their storage along diagonals, where ``sigmam()`` is stored by rows.
    """

    own_measures: Mapping[Any, Any] = MappingProxyType({})
    """Rows of the table of measures that this kind of battery evaluates in its own way, by the row they replace."""

    cells_are_factors: bool = True
    """Whether the state of the cells is one in their product space; if not, a measure has to say that it is right."""

    truncation: Qobj | None = None
    """Projector onto the levels next to a cut-off, which must stay empty."""

    def __init__(
        self,
        H0: Qobj,
        H: Qobj | QobjEvo,
        c_ops: Sequence[Qobj | QobjEvo] = (),
        *,
        N: int,
        cells: Sequence[int] | None = None,
        edges: Any = (),
        label: str = "",
        unit: str = "1",
        truncation: Qobj | None = None,
    ) -> None:
        if not isinstance(H0, Qobj) or not H0.isoper:
            raise TypeError(f"Argument H0 must be an operator (Qobj), but is {type(H0).__name__}.")
        if not isinstance(H, Qobj | QobjEvo) or not H.isoper:
            raise TypeError(f"Argument H must be an operator (Qobj or QobjEvo), but is {type(H).__name__}.")
        self._N = as_count("N", N)
        full, factors = _plain(H.dims), _plain(H.dims[0])
        if isinstance(cells, str) or not (cells is None or isinstance(cells, Iterable)):
            raise TypeError(f"Argument cells must be a list of tensor factors, but is {cells!r}.")
        chosen = tuple(range(len(factors))) if cells is None else tuple(as_count("cells", c, 0) for c in cells)
        if len(set(chosen)) != len(chosen) or any(c >= len(factors) for c in chosen) or not chosen:
            raise ValueError(
                f"Argument cells must name different tensor factors of H, 0 to {len(factors) - 1}, but is {chosen}."
            )
        stored = [factors[c] for c in chosen]
        if _plain(H0.dims) != [stored, stored]:
            raise ValueError(f"Argument H0 must have dims {[stored, stored]} (the cells of H), but has {H0.dims}.")
        if self.cells_are_factors and len(chosen) != self._N:
            raise ValueError(
                f"Argument N must be the number of tensor factors that store energy, {len(chosen)}, but is {self._N}. "
                "Name them by cells=... where others are chargers; Collective holds several cells in one factor."
            )
        _check_finite("H0", H0)
        _check_finite("H", H)
        as_hermitian("H0", H0)
        if isinstance(H, Qobj):
            as_hermitian("H", H, "losses belong in c_ops")
        if isinstance(c_ops, Qobj | QobjEvo | str) or not isinstance(c_ops, Iterable):
            raise TypeError(f"Argument c_ops must be a list of operators, but is {type(c_ops).__name__}.")
        c_ops = tuple(c_ops)
        for op in c_ops:
            if not isinstance(op, Qobj | QobjEvo):
                raise TypeError(f"Argument c_ops must hold Qobj or QobjEvo, but holds {type(op).__name__}.")
            if _plain(op.dims) not in (full, [full, full]):
                raise ValueError(f"Argument c_ops must have dims {H.dims}, but holds dims {op.dims}.")
            _check_finite("c_ops", op)
        self._H0, self._H, self._c_ops = H0, H, c_ops
        self._cells, self._label, self._unit = chosen, as_text("label", label), as_text("unit", unit)
        if _only_raises(H0, c_ops, chosen, factors):
            warn(
                "Every jump in c_ops that moves energy takes two-level cells up, so nothing is lost and the battery "
                "charges from its bath. QuTiP's sigmam does so in this basis, where level 0 is the lowest: use "
                "qbsim.operators.lowering or qutip.destroy(2). To pump on purpose, use qbsim.operators.raising or "
                "qutip.create(2).",
                ModelWarning,
            )
        self._edges, _ = read_edges(edges, self._N)
        if truncation is not None:
            if not isinstance(truncation, Qobj) or truncation.dims != H.dims:
                raise ValueError(f"Argument truncation must be a projector with dims {H.dims}.")
            self.truncation = truncation

    @property
    def N(self) -> int:
        """Number of cells."""
        return self._N

    @property
    def H0(self) -> Qobj:
        """Reference Hamiltonian of the cells."""
        return self._H0

    @property
    def H(self) -> Qobj | QobjEvo:
        """Hamiltonian of the evolution."""
        return self._H

    @property
    def c_ops(self) -> list[Qobj | QobjEvo]:
        """Jump operators and superoperator terms, ready for ``qutip.mesolve``."""
        return list(self._c_ops)

    @property
    def cells(self) -> tuple[int, ...]:
        """Tensor factors that store the energy."""
        return self._cells

    @property
    def edges(self) -> Edges:
        """Bonds (i, j), i < j."""
        return self._edges

    @property
    def label(self) -> str:
        """Name for legends and files."""
        return self._label

    @property
    def unit(self) -> str:
        """Name of the unit of energy."""
        return self._unit

    @property
    def terms(self) -> frozenset[str]:
        """What the master equation consists of; a solver that does not know one of these terms is refused."""
        moving = [op for op in (self.H, *self.c_ops) if isinstance(op, QobjEvo)]
        named = {
            GENERAL_OPERATORS: True,
            GENERAL_LOSSES: any(not op.issuper for op in self.c_ops),
            "superoperators": any(op.issuper for op in self.c_ops),
            "an operator that depends on time": bool(moving),
        }
        return frozenset(name for name, present in named.items() if present)

    @property
    def has_losses(self) -> bool:
        """Whether the evolution is not unitary."""
        return bool(self._c_ops)

    @property
    def dims(self) -> list[int]:
        """Dimension of every tensor factor the evolution acts on."""
        return _plain(self.H.dims[0])

    @property
    def cell_dims(self) -> list[int]:
        """Dimension of every tensor factor that stores energy."""
        return [self.dims[c] for c in self.cells]

    def parameters(self) -> dict[str, Any]:
        """Parameters as plain numbers and lists, for files and hashes; operators are given by their digest.

        That of an operator that depends on time covers its arrays, and the code, arguments and outside values of its
        functions.
        """
        return {
            "model": type(self).__name__,
            "N": self.N,
            "dims": self.dims,
            "cells": list(self.cells),
            "edges": [list(e) for e in self.edges],
            "unit": self.unit,
            "H0": operator_digest(self.H0),
            "H": operator_digest(self.H),
            "c_ops": [operator_digest(c) for c in self.c_ops],
        }

    def __repr__(self) -> str:
        name = f" {self.label!r}" if self.label else ""
        return f"<{type(self).__name__}{name}: N = {self.N}, dims = {self.dims}, {len(self.edges)} bonds>"


def _plain(dims: Any) -> Any:
    """Dimensions as plain integers: QuTiP keeps whatever built them, and numpy's neither compare nor go to JSON."""
    return [_plain(d) for d in dims] if isinstance(dims, list) else int(dims)


def _check_finite(name: str, op: Qobj | QobjEvo) -> None:
    """Refuse nan, infinity and numbers whose squares overflow; QuTiP drops nan on the way to sparse storage."""
    parts = [op] if isinstance(op, Qobj) else [p for part in op.to_list() for p in _as_list(part)]
    for part in parts:
        if isinstance(part, Qobj):
            stored = stored_numbers(part)
            if not np.isfinite(stored).all():
                raise ValueError(f"Argument {name} must be finite, but holds nan or infinity.")
            if stored.size and np.abs(stored).max() > LARGEST:
                raise ValueError(f"Argument {name} must hold numbers of at most {LARGEST:g}: choose other units.")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _only_raises(H0: Qobj, c_ops: tuple[Any, ...], cells: tuple[int, ...], factors: list[int]) -> bool:
    """Whether jumps that raise two-level cells, in level and in energy, are the only ones that are not diagonal."""
    levels = H0.diag().real.reshape([factors[k] for k in cells]).transpose(np.argsort(cells))
    levels = levels.reshape([factors[k] if k in cells else 1 for k in range(len(factors))])
    energies = np.broadcast_to(levels, factors).ravel()
    found = False
    for op in c_ops:
        if not isinstance(op, Qobj) or op.issuper:
            return False  # its direction is not known
        entries = op.to("CSR").data.as_scipy().tocoo()
        moves = (entries.data != 0) & (entries.row != entries.col)
        if not moves.any():
            continue
        if type(op.data).__name__ == "Dia":  # as operators.raising and create(2) make it: meant
            return False
        up = np.array(np.unravel_index(entries.row[moves], factors)) - np.unravel_index(entries.col[moves], factors)
        two = np.array(factors)[:, None] == 2
        gain = energies[entries.row[moves]] - energies[entries.col[moves]]
        if not ((up >= 0) & (two | (up == 0))).all() or (gain <= 0).any():
            return False
        found = True
    return found


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
    `single_cell`. The arrays are copied.

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
        rate or occupation of a cell, bonds that are no bonds of N cells, and a decay matrix with a negative rate
        beyond 1e-12 of the largest one.
    """

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
        self._N = as_count("the length of omega", N)
        self._cells = tuple(range(N))
        self._edges, _ = read_edges(edges, N)
        self._label, self._unit = as_text("label", label), as_text("unit", unit)
        for name, matrix in (("J", J), ("decay_matrix", decay_matrix)):
            if np.shape(matrix) != (N, N):
                raise ValueError(f"Argument {name} must have shape ({N}, {N}), but has shape {np.shape(matrix)}.")
        diagonal = per_cell("the diagonal of decay_matrix", np.diag(decay_matrix), N, minimum=0)
        off_diagonal = np.where(np.eye(N, dtype=bool), 0, decay_matrix)
        self._omega = per_cell("omega", omega, N)
        self._J = per_bond("J", J, (), N)
        self._decay_matrix = np.diag(diagonal) + per_bond("decay_matrix", off_diagonal, (), N)
        self._dephasing = per_cell("dephasing", dephasing, N, minimum=0)
        self._nbar = per_cell("nbar", nbar, N, minimum=0)
        for array in (self._omega, self._J, self._decay_matrix, self._dephasing, self._nbar):
            array.flags.writeable = False
        self._is_physical = self._check_positivity(as_flag("allow_unphysical", allow_unphysical))

    def _check_positivity(self, allow_unphysical: bool) -> bool:
        """Refuse negative decay rates: neither trace nor Hermiticity of the state would ever show them."""
        if not np.any(self._decay_matrix - np.diag(np.diag(self._decay_matrix))):
            return True  # the diagonal is not negative
        rates = np.linalg.eigvalsh(self._decay_matrix)
        if rates[0] >= -POSITIVITY_TOLERANCE * np.abs(rates).max():
            return True
        _, high = self._bond_factor_limits()  # below 1: factor 1 is not positive and factor 0 is
        gammas = np.diag(self._decay_matrix)
        bonds = self._decay_matrix[np.nonzero(np.triu(self._decay_matrix, 1))]
        if np.ptp(gammas) == 0 and np.ptp(bonds) == 0:
            side = "largest" if bonds[0] > 0 else "smallest"
            remedy = f"the {side} gamma_bond this graph allows is {toward_zero(high * bonds[0])}"
        else:
            remedy = f"the largest common factor on gamma_bond that these rates allow is {toward_zero(high)}"
        message = (
            f"The decay matrix is not positive semidefinite: its most negative rate is {rates[0]:.6g}, so states would "
            f"get negative probabilities; {remedy}."
        )
        if not allow_unphysical:
            raise ValueError(message + " Lower gamma_bond, or pass allow_unphysical=True to go on regardless.")
        warn(message, UnphysicalWarning)
        return False

    def _bond_factor_limits(self) -> tuple[float, float]:
        """Smallest and largest f for which diag(gamma) + f * (off-diagonal part) is positive semidefinite."""
        gamma = np.diag(self._decay_matrix)
        bonds = self._decay_matrix - np.diag(gamma)
        if not bonds.any():
            return -np.inf, np.inf
        touched = bonds.any(axis=1)
        if (gamma[touched] == 0).any():
            return 0.0, 0.0
        scale = 1 / np.sqrt(gamma[touched])
        spectrum = np.linalg.eigvalsh(scale[:, None] * bonds[np.ix_(touched, touched)] * scale)
        return -1 / spectrum[-1], -1 / spectrum[0]  # trace zero: the spectrum has both signs

    @property
    def omega(self) -> FloatArray:
        """Local frequencies, (N,)."""
        return self._omega

    @property
    def J(self) -> FloatArray:
        """Exchange elements, (N, N)."""
        return self._J

    @property
    def decay_matrix(self) -> FloatArray:
        """Decay matrix K, (N, N): gamma on the diagonal, gamma_bond off it."""
        return self._decay_matrix

    @property
    def dephasing(self) -> FloatArray:
        """Extra decay rate of every cell's coherence, (N,)."""
        return self._dephasing

    @property
    def nbar(self) -> FloatArray:
        """Thermal occupation of every cell's bath, (N,)."""
        return self._nbar

    @property
    def loss_matrix(self) -> FloatArray:
        """Rates with s-: sqrt((nbar_i + 1)(nbar_j + 1)) K_ij, (N, N)."""
        up = np.sqrt(self._nbar + 1)
        return up[:, None] * self._decay_matrix * up

    @property
    def pump_matrix(self) -> FloatArray:
        """Rates with s+: sqrt(nbar_i nbar_j) K_ij, (N, N)."""
        root = np.sqrt(self._nbar)
        return root[:, None] * self._decay_matrix * root

    @cached_property
    def terms(self) -> frozenset[str]:
        """Terms of the class docstring that do not vanish; more if a subclass has operators of its own."""
        named = {
            "fields": self._omega,
            "exchange": self._J,
            "loss": self._decay_matrix,
            "pumping": self._decay_matrix * self._nbar,
            "dephasing": self._dephasing,
        }
        terms = {name for name, array in named.items() if array.any()}
        if not self.is_physical:
            terms.add("negative rates")
        if self.has_own_operators:
            terms |= super().terms
        return frozenset(terms)

    @property
    def has_losses(self) -> bool:
        """Whether the evolution is not unitary."""
        return bool(self.c_ops if self.has_own_operators else self.terms - {"fields", "exchange"})

    @property
    def has_own_operators(self) -> bool:
        """Whether a subclass redefines an operator, so that the arrays are not the whole model."""
        return any(getattr(type(self), name) is not getattr(Network, name) for name in _OPERATORS)

    @property
    def is_physical(self) -> bool:
        """Whether the decay matrix is positive semidefinite."""
        return self._is_physical

    @property
    def dims(self) -> list[int]:
        """Two levels in every cell."""
        return [2] * self._N

    @cached_property
    def levels(self) -> FloatArray:
        """Diagonal of H0 in the product basis, (2^N,)."""
        return occupations(self._N) @ self._omega

    @cached_property
    def H0(self) -> Qobj:
        """Local terms only: sum_k omega_k s+_k s-_k."""
        return Qobj(scipy.sparse.diags(self.levels, format="csr"), dims=[self.dims] * 2)

    @cached_property
    def H(self) -> Qobj:
        """H0 and the exchange on every bond."""
        N, bonds = self._N, int(np.count_nonzero(np.triu(self._J, 1)))
        require_cells(N, 16 + 12 * min(bonds, N), f"The Hamiltonian of N = {N} cells", OPERATORS)
        H = self.H0
        for i, j in zip(*np.nonzero(np.triu(self._J, 1)), strict=True):
            hop = raising(int(i), N) * lowering(int(j), N)
            H = H + self._J[i, j] * (hop + hop.dag())
        return H

    @cached_property
    def _jumps(self) -> tuple[Qobj, ...]:
        N = self._N
        require_cells(N, 16 * N, f"The list of jump operators of N = {N} cells", OPERATORS)
        s_minus = [lowering(k, N) for k in range(N)]
        ops: list[Qobj] = []
        for matrix, cell_ops in ((self.loss_matrix, s_minus), (self.pump_matrix, [s.dag() for s in s_minus])):
            for rate, mode in zip(*_modes(matrix), strict=True):
                L = sum((v * s for v, s in zip(mode, cell_ops, strict=True) if v != 0), start=0 * cell_ops[0])
                if rate > 0:
                    ops.append(np.sqrt(rate) * L)
                else:  # a negative rate has no jump operator: it enters as a term of the generator
                    ops.append(rate * qutip.lindblad_dissipator(L))
        ops += [np.sqrt(phi / 2) * sigma_z(k, N) for k, phi in enumerate(self._dephasing) if phi > 0]
        return tuple(ops)

    @property
    def c_ops(self) -> list[Qobj]:
        """Jump operators from the eigenvectors of the decay matrix; dark modes need none."""
        return list(self._jumps)

    def parameters(self) -> dict[str, Any]:
        """Parameters as plain numbers and lists, for files and hashes."""
        own = super().parameters() if self.has_own_operators else {}
        return own | {
            "model": type(self).__name__,
            "N": self.N,
            "edges": [list(e) for e in self.edges],
            "omega": self.omega.tolist(),
            "J": self.J.tolist(),
            "decay_matrix": self.decay_matrix.tolist(),
            "dephasing": self.dephasing.tolist(),
            "nbar": self.nbar.tolist(),
            "unit": self.unit,
        }

    def report(self) -> NetworkReport:
        """Decay modes and the distance to the limit of positivity, printable in a terminal and in a notebook."""
        rates, modes = np.linalg.eigh(self._decay_matrix)
        low, high = self._bond_factor_limits()
        bonds = self._decay_matrix[np.nonzero(np.triu(self._decay_matrix, 1))]
        uniform = bonds.size > 0 and np.ptp(bonds) == 0 and np.ptp(np.diag(self._decay_matrix)) == 0
        return NetworkReport(
            network=self,
            rates=rates,
            modes=modes,
            bond_factor_limits=(low, high),
            largest_gamma_bond=self._largest_gamma_bond(bonds[0] if uniform else None, high),
        )

    def _largest_gamma_bond(self, bond: float | None, high: float) -> float | None:
        """Largest uniform gamma_bond; None if the rates are not uniform."""
        if bond is not None:
            return float(bond * high) if bond > 0 else float(bond * self._bond_factor_limits()[0])
        gamma = np.diag(self._decay_matrix)
        if np.ptp(gamma) > 0 or self._decay_matrix[np.nonzero(np.triu(self._decay_matrix, 1))].any():
            return None
        adjacency = np.zeros((self.N, self.N))
        for i, j in self.edges:
            adjacency[i, j] = adjacency[j, i] = 1
        return float(-gamma[0] / np.linalg.eigvalsh(adjacency)[0]) if self.edges else None


# What a subclass of Network may redefine; the arrays are then not the whole model.
_OPERATORS = ("H0", "H", "_jumps", "c_ops", "dims", "levels", "loss_matrix", "pump_matrix")


def _modes(matrix: FloatArray) -> tuple[list[float], list[FloatArray]]:
    """Non-vanishing rates and normalised modes of a rate matrix; cells that decay alone keep their own mode."""
    if not np.any(matrix - np.diag(np.diag(matrix))):
        keep = np.flatnonzero(np.diag(matrix))
        return [float(matrix[k, k]) for k in keep], [np.eye(len(matrix))[k] for k in keep]
    rates, vectors = np.linalg.eigh(matrix)
    keep = np.flatnonzero(np.abs(rates) > POSITIVITY_TOLERANCE * np.abs(rates).max())
    return [float(rates[m]) for m in keep], [vectors[:, m] for m in keep]
