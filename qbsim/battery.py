"""`Battery`: what you measure (H0), evolve (H) and lose (c_ops). `Network`: a qubit battery given by arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import qutip
import scipy.sparse.linalg
from qutip import Qobj, QobjEvo

from ._checks import (
    LARGEST,
    ComplexArray,
    FloatArray,
    ModelWarning,
    as_count,
    as_hermitian,
    as_text,
    explained,
    stored_numbers,
    warn,
)
from ._checks.names import no_attribute_of
from ._drives import operator_digest
from .geometry import read_edges

__all__ = ["GENERAL_LOSSES", "GENERAL_OPERATORS", "Battery"]

# Terms of the master equation by the names that solvers list.
GENERAL_OPERATORS, GENERAL_LOSSES = "operators of its own", "losses of its own"


class Battery:
    r"""A battery as plain QuTiP objects.

    .. math:: \dot\rho = -i[H, \rho] + \sum_m \left(L_m\rho L_m^\dagger
              - \tfrac12\{L_m^\dagger L_m, \rho\}\right), \qquad U = \mathrm{tr}(\rho H_0)

    ``qutip.mesolve(battery.H, rho0, tlist, battery.c_ops)`` always works. All parameters are attributes of the battery,
    which cannot be changed.

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

    @explained
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
        self.N = as_count("N", N)
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
        if self.cells_are_factors and len(chosen) != self.N:
            raise ValueError(
                f"Argument N must be the number of tensor factors that store energy, {len(chosen)}, but is {self.N}. "
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
        self.H0, self.H, self._c_ops = H0, H, c_ops
        self.cells, self.label, self.unit = chosen, as_text("label", label), as_text("unit", unit)
        if _only_raises(H0, c_ops, chosen, factors):
            warn(
                "Every jump in c_ops that moves energy takes two-level cells up, so nothing is lost and the battery "
                "charges from its bath. QuTiP's sigmam does so in this basis, where level 0 is the lowest: use "
                "qbsim.operators.lowering or qutip.destroy(2). To pump on purpose, use qbsim.operators.raising or "
                "qutip.create(2).",
                ModelWarning,
            )
        self.edges, _ = read_edges(edges, self.N)
        if truncation is not None:
            if not isinstance(truncation, Qobj) or truncation.dims != H.dims:
                raise ValueError(f"Argument truncation must be a projector with dims {H.dims}.")
            self.truncation = truncation

    def __getattr__(self, name: str) -> Any:
        return object.__getattribute__(self, name) if hasattr(type(self), name) else no_attribute_of(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in vars(self) or isinstance(getattr(type(self), name, None), cached_property):
            raise AttributeError(f"The attribute {name} of a battery cannot be changed: build another battery.")
        super().__setattr__(name, value)

    @property
    def c_ops(self) -> list[Qobj | QobjEvo]:
        """Jump operators and superoperator terms, ready for ``qutip.mesolve``."""
        return list(self._c_ops)

    @property
    def terms(self) -> frozenset[str]:
        """What the master equation consists of; a solver that does not know one of these terms is refused."""
        named = {
            GENERAL_OPERATORS: True,
            GENERAL_LOSSES: any(not op.issuper for op in self.c_ops),
            "superoperators": any(op.issuper for op in self.c_ops),
            "an operator that depends on time": any(isinstance(op, QobjEvo) for op in (self.H, *self.c_ops)),
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

    @cached_property
    def diagonal(self) -> FloatArray:
        """Diagonal of H0 in the product basis, (d,)."""
        return np.asarray(self.H0.diag(), dtype=complex).real

    @cached_property
    def is_diagonal(self) -> bool:
        """Whether H0 is diagonal in the product basis."""
        matrix = self.H0.to("CSR").data.as_scipy()
        return abs(matrix - scipy.sparse.diags(matrix.diagonal())).max() == 0

    @cached_property
    def loss_rate(self) -> float | None:
        """Bound on the rate of jumps, sum_m ||L_m^+ L_m||; None where more than constant losses change the spectrum."""
        if len(self.cells) < len(self.dims) or any(isinstance(x, QobjEvo) or x.issuper for x in (self.H, *self.c_ops)):
            return None
        squares = [(c.dag() * c).to("CSR").data.as_scipy() for c in self.c_ops]
        return float(sum(scipy.sparse.linalg.norm(square, 1) for square in squares))  # no less than the norm

    @cached_property
    def local_terms(self) -> list[ComplexArray]:
        """Local Hamiltonians h_k, up to constants, with H0 = sum_k h_k.

        Raises
        ------
        ValueError
            If H0 couples cells: the local ergotropy is then undefined.
        """
        H0, dims = self.H0, self.cell_dims
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
    parts = (
        [op]
        if isinstance(op, Qobj)
        else [p for part in op.to_list() for p in (part if isinstance(part, list) else [part])]
    )
    for part in parts:
        if isinstance(part, Qobj):
            stored = stored_numbers(part)
            if not np.isfinite(stored).all():
                raise ValueError(f"Argument {name} must be finite, but holds nan or infinity.")
            if stored.size and np.abs(stored).max() > LARGEST:
                raise ValueError(f"Argument {name} must hold numbers of at most {LARGEST:g}: choose other units.")


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
