"""Operators as measures: expectation values of a user's operator, on the cells or on all tensor factors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import qutip
import scipy.sparse
from qutip import Qobj, QobjEvo

from .._checks import FloatArray, as_hermitian
from .._drives import check_finite, operator_digest, plain_dims
from ..battery import Battery
from .reference import Measure, Reference
from .series import StateSeries

__all__ = ["Expectation"]

PARTS = "an expectation value is real for these only: measure the parts (A + A.dag()) / 2 and (A - A.dag()) / 2j"


@dataclass(frozen=True, eq=False)
class Expectation(Measure):
    """Row of a user's operator, made by `of`; `on` fits it to a battery.

    Attributes
    ----------
    operator : Qobj or QobjEvo
        The operator as it was given.
    """

    operator: Any = None

    @classmethod
    def of(cls, name: str, operator: Qobj | QobjEvo) -> Expectation:
        """Row of an operator, refused if it is not Hermitian."""
        label = f"measures[{name!r}]"
        if not operator.isoper:
            hint = "; its projector is ket.proj()" if operator.isket else ""
            raise TypeError(f"Argument {label} must be an operator, but is a {operator.type}{hint}.")
        check_finite(label, operator)
        if isinstance(operator, Qobj):
            as_hermitian(label, operator, PARTS)
        return cls(_not_fitted, f"expectation value of {name}", "1", "expectation", operator=operator)

    @property
    def digest(self) -> str:
        """SHA-256 of the operator and its dims."""
        return f"{plain_dims(self.operator.dims)} {operator_digest(self.operator)}"

    def on(self, name: str, battery: Battery) -> Expectation:
        """The row for a battery: an operator on its cells, in the order of `cells`, or else on all tensor factors."""
        own, cells = plain_dims(self.operator.dims), [battery.cell_dims] * 2
        if own not in (cells, [battery.dims] * 2):
            alternative = "" if battery.dims == battery.cell_dims else f" or {[battery.dims] * 2} (all tensor factors)"
            raise ValueError(
                f"Argument measures[{name!r}] must have dims {cells} (the cells){alternative}, but has {own}."
            )
        on_cells = own == cells and battery.cells != tuple(range(len(battery.dims)))

        def matrix(op: Qobj) -> scipy.sparse.csr_matrix:
            whole = qutip.expand_operator(op, battery.dims, list(battery.cells)) if on_cells else op
            return whole.to("CSR").data.as_scipy()

        if isinstance(self.operator, Qobj):
            constant = matrix(self.operator)
            return replace(self, evaluate=lambda states, ref: states.expect(constant))

        def moving(states: StateSeries, ref: Reference) -> FloatArray:
            at = (matrix(as_hermitian(f"measures[{name!r}]", self.operator(t), PARTS)) for t in states.times)
            return np.array([states.take([k]).expect(op)[0] for k, op in enumerate(at)])

        return replace(self, evaluate=moving)


def _not_fitted(states: StateSeries, ref: Reference) -> FloatArray:
    raise TypeError("An operator among measures is evaluated once it is fitted to a battery.")
