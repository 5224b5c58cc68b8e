"""`Battery`: what you measure (H0), evolve (H) and lose (c_ops). `Network`: a qubit battery given by arrays."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import qutip
import scipy.sparse.linalg
from qutip import Qobj, QobjEvo

from ._checks import ComplexArray, FloatArray, ModelWarning, as_count, as_text, explained, warn
from ._checks.names import no_attribute_of
from ._drives import (
    check_arguments,
    check_finite,
    check_hamiltonian,
    check_reference,
    only_raises,
    operator_digest,
    plain_dims,
    read_jumps,
    read_operator,
)
from ._html import battery_html
from .geometry import read_edges

__all__ = ["GENERAL_LOSSES", "GENERAL_OPERATORS", "Battery"]

# Terms of the master equation by the names that solvers list.
GENERAL_OPERATORS, GENERAL_LOSSES = "operators of its own", "losses of its own"
MOVING = "an operator that depends on time"


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
    H : Qobj, QobjEvo or list
        Hamiltonian of the evolution, on all tensor factors; a drive as in QuTiP, [H0, [H1, f], ...] or f(t) itself.
    c_ops : sequence of Qobj, QobjEvo or list, or one operator
        Jump operators on all tensor factors; a superoperator is a term of the generator, as in QuTiP. One that depends
        on time is a QobjEvo, or a list [c, f] of its own.
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
    args : dict, optional
        Arguments of the functions of time in H and c_ops; `evolve` and `replace` change them.

    Raises
    ------
    TypeError
        If an operator is not one as QuTiP writes it.
    ValueError
        If dims or N do not fit, an operator is not finite, H0 or H is not Hermitian, or no function of time takes an
        argument.

    Warns
    -----
    ModelWarning
        If the only jumps that move energy take two-level cells up, in level and in H0, as QuTiP's ``sigmam()`` does
        in this basis. Lower with `qbsim.operators.lowering` or ``qutip.destroy(2)``. Cells that are pumped on purpose
        give no warning if the jumps come from `qbsim.operators.raising` or ``qutip.create(2)``: they are told apart
        by their storage along diagonals, where ``sigmam()`` is stored by rows.

    Examples
    --------
    One cell, driven on resonance, which half a Rabi period charges. ``battery + V`` adds a term to H, and
    ``battery.replace(H0=...)`` measures with another H0.

    >>> import qutip
    >>> from qbsim import Battery, empty, evolve
    >>> H0, x = qutip.num(2), qutip.destroy(2) + qutip.create(2)
    >>> battery = Battery(H0, [H0, [x, lambda t, a: a * np.cos(t)]], N=1, args={"a": 0.1})
    >>> evolve(battery, empty(1), [0, 5 * np.pi], args={"a": 0.2}).energy.values.round(3).tolist()
    [0.0, 0.997]
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
        H: Any,
        c_ops: Any = (),
        *,
        N: int,
        cells: Sequence[int] | None = None,
        edges: Any = (),
        label: str = "",
        unit: str = "1",
        truncation: Qobj | None = None,
        args: Mapping[str, Any] | None = None,
    ) -> None:
        H, jumps = read_operator("H", H, args), read_jumps(c_ops, args)
        if args is not None:
            check_arguments(args, (H, *jumps))
        if not H.isoper:
            raise TypeError(f"Argument H must be an operator (Qobj or QobjEvo), but is {H.type}.")
        self.N = as_count("N", N)
        chosen = _read_cells(cells, factors := plain_dims(H.dims[0]))
        check_reference(H0, [factors[c] for c in chosen], "the cells of H")
        if self.cells_are_factors and len(chosen) != self.N:
            raise ValueError(
                f"Argument N must be the number of tensor factors that store energy, {len(chosen)}, but is {self.N}. "
                "Name them by cells=... where others are chargers; Collective holds several cells in one factor."
            )
        check_hamiltonian("H", H)
        for op in jumps:
            if plain_dims(op.dims) not in (full := plain_dims(H.dims), [full, full]):
                raise ValueError(f"Argument c_ops must have dims {H.dims}, but holds dims {op.dims}.")
            check_finite("c_ops", op)
        self.H0, self.H, self._c_ops = H0, H, jumps
        self.cells, self.label, self.unit = chosen, as_text("label", label), as_text("unit", unit)
        if only_raises(H0, jumps, chosen, factors):
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

    def _changed(self, **changes: Any) -> Self:
        """A copy with other attributes, without what was worked out from the old ones."""
        other = copy.copy(self)
        worked_out = [name for name in vars(self) if isinstance(getattr(type(self), name, None), cached_property)]
        for name in worked_out:
            del vars(other)[name]
        vars(other).update(changes)
        return other

    def replace(
        self,
        *,
        H0: Qobj | None = None,
        args: Mapping[str, Any] | None = None,
        label: str | None = None,
        unit: str | None = None,
    ) -> Battery:
        """The same evolution with another reference Hamiltonian, or other arguments of the drives.

        Parameters
        ----------
        H0 : Qobj, optional
            What energy and ergotropy are taken with, on the cells. H stays.
        args : dict, optional
            Arguments of the functions of time in H and c_ops.
        label, unit : str, optional
            Name for legends and files; name of the unit of energy.

        Returns
        -------
        Battery
            A copy of the same kind, which keeps everything else.

        Raises
        ------
        TypeError, ValueError
            As in the constructor.
        """
        other = self
        if H0 is not None:
            check_reference(H0, self.cell_dims, "the cells")
            other = other._with_reference(H0)
        if args is not None:
            other = other._with_arguments(args)
        texts = {name: as_text(name, text) for name, text in (("label", label), ("unit", unit)) if text is not None}
        return other._changed(**texts)

    def __add__(self, term: Any) -> Battery:
        """A battery with one more term of H: a Qobj, a QobjEvo or a list [V, f], on all tensor factors."""
        V = read_operator("V in battery + V", term)
        if plain_dims(V.dims) != [self.dims, self.dims]:
            wanted = [self.dims, self.dims]
            raise ValueError(f"The term V in battery + V must have dims {wanted}, as H, but has {V.dims}.")
        check_hamiltonian("V in battery + V", V)
        return self._with_term(V)

    __radd__ = __add__

    def _with_reference(self, H0: Qobj) -> Battery:
        return self._changed(H0=H0)

    def _with_arguments(self, args: Mapping[str, Any]) -> Battery:
        check_arguments(args, (self.H, *self.c_ops))
        H, *jumps = (op if isinstance(op, Qobj) else read_operator("H", op, args) for op in (self.H, *self.c_ops))
        return self._changed(H=H, _c_ops=tuple(jumps))

    def _with_term(self, V: Qobj | QobjEvo) -> Battery:
        return self._changed(H=self.H + V)

    @property
    def c_ops(self) -> list[Qobj | QobjEvo]:
        """Jump operators and superoperator terms for ``qutip.mesolve``."""
        return list(self._c_ops)

    @property
    def terms(self) -> frozenset[str]:
        """What the master equation consists of; a solver that does not know one of these terms is refused."""
        named = {
            GENERAL_OPERATORS: True,
            GENERAL_LOSSES: any(not op.issuper for op in self.c_ops),
            "superoperators": any(op.issuper for op in self.c_ops),
            MOVING: any(isinstance(op, QobjEvo) for op in (self.H, *self.c_ops)),
        }
        return frozenset(name for name, present in named.items() if present)

    @property
    def has_losses(self) -> bool:
        """Whether the evolution is not unitary."""
        return bool(self._c_ops)

    @property
    def dims(self) -> list[int]:
        """Dimension of every tensor factor the evolution acts on."""
        return plain_dims(self.H.dims[0])

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

    @property
    def ends(self) -> tuple[float, float] | None:
        """Lowest and highest level of H0, where they are known without its levels."""
        return None

    @cached_property
    def loss_rate(self) -> float | None:
        """Bound on the rate of jumps, sum_m ||L_m^+ L_m||; None where more than constant losses change the spectrum."""
        if len(self.cells) < len(self.dims) or any(isinstance(x, QobjEvo) or x.issuper for x in (self.H, *self.c_ops)):
            return None
        squares = ((c.dag() * c).to("CSR").data.as_scipy() for c in self.c_ops)
        return float(sum(scipy.sparse.linalg.norm(square, 1) for square in squares))  # no less than the norm

    @cached_property
    def local_terms(self) -> list[ComplexArray]:
        """Local Hamiltonians h_k, up to constants, with H0 = sum_k h_k.

        Raises
        ------
        ValueError
            If H0 couples cells.
        """
        H0, dims = self.H0, self.cell_dims
        d = int(np.prod(dims))
        mean = H0.tr() / d
        terms = [H0.ptrace(k).full() * dims[k] / d - mean * np.eye(dims[k]) for k in range(len(dims))]
        total = sum(
            qutip.tensor([Qobj(h) if j == k else qutip.qeye(m) for j, m in enumerate(dims)])
            for k, h in enumerate(terms)
        )
        rest, whole = (op.to("CSR").data.as_scipy() for op in (H0 - total - mean * qutip.qeye(dims), H0))
        if abs(rest).max() > 1e-12 * abs(whole).max():
            advice = "name a block, qbsim.local_ergotropy(rho, battery.H0, cells=[0])"
            raise ValueError(f"The local ergotropy of all cells needs local terms, but H0 couples cells: {advice}.")
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
        dims = self.dims if len(self.dims) <= 12 or len({*self.dims}) > 1 else f"[{self.dims[0]}] * {len(self.dims)}"
        return f"<{type(self).__name__}{name}: N = {self.N}, dims = {dims}, {len(self.edges)} bonds>"

    def _repr_html_(self) -> str:
        return battery_html(self)


def _read_cells(cells: Any, factors: list[int]) -> tuple[int, ...]:
    """Tensor factors that store the energy."""
    if isinstance(cells, str) or not (cells is None or isinstance(cells, Iterable)):
        raise TypeError(f"Argument cells must be a list of tensor factors, but is {cells!r}.")
    chosen = tuple(range(len(factors))) if cells is None else tuple(as_count("cells", c, 0) for c in cells)
    last = len(factors) - 1
    if len({*chosen}) != len(chosen) or max(chosen, default=last + 1) > last:
        raise ValueError(f"Argument cells must name different tensor factors of H, 0 to {last}, but is {chosen}.")
    return chosen
