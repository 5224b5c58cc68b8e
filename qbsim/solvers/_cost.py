"""What the parts of a run cost on one core, in seconds: what the solvers' forecasts are made of.

Measured on one x86 core. The forecasts choose between solvers that differ by factors, so a factor of two does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse.linalg
from qutip import Qobj, QobjEvo

from ..battery import Battery
from ..networks import Network

FLOP = 2.5e-11  # one floating point operation of a matrix product


def eigenvalues(sizes: Iterable[int], times: int) -> float:
    """Seconds for the eigenvalues of Hermitian blocks of these sizes at so many times."""
    return times * sum(4e-6 + 5e-8 * m**2 + 2e-10 * m**3 for m in sizes)


def generator_norm(battery: Battery) -> float:
    """Rough upper bound on the norm of the generator: its largest rate or frequency."""
    if isinstance(battery, Network) and not battery.has_own_operators:
        rates = np.abs(battery.loss_matrix).sum() + np.abs(battery.pump_matrix).sum() + battery.dephasing.sum()
        bonds = np.abs(battery.J) + np.abs(battery.zz) / 4 + np.abs(battery.pair) + np.abs(battery.dm)
        fields = np.abs(battery.omega) + np.abs(battery.x) + np.abs(battery.y)
        return float(fields.sum() + bonds.sum() + 2 * rates)
    H, jumps, superoperators = _operators(battery)
    rates = sum(_norm(c) * _norm(c.T) for c in jumps)  # |c|_2^2 <= |c|_1 |c|_inf
    return float(2 * _norm(H) + 2 * rates + sum(_norm(c) for c in superoperators))


def generator_entries(battery: Battery) -> float:
    """Number of non-zero entries of the generator as a sparse superoperator, roughly."""
    if isinstance(battery, Network) and not battery.has_own_operators:
        moves = (battery.J, battery.decay_matrix, battery.pair, battery.dm)
        hops = sum(np.count_nonzero(np.triu(matrix, 1)) for matrix in moves)
        hops += 2 * np.count_nonzero(battery.x) + 2 * np.count_nonzero(battery.y)
        pairs = np.count_nonzero(battery.loss_matrix) + np.count_nonzero(battery.pump_matrix)
        return 4.0**battery.N * (1 + hops + pairs / 4)
    H, jumps, superoperators = _operators(battery)
    D = H.shape[0]
    return float(2 * D * H.nnz + sum(c.nnz**2 + 2 * D * c.nnz for c in jumps) + sum(c.nnz for c in superoperators))


def _norm(matrix: Any) -> float:
    return float(scipy.sparse.linalg.norm(matrix, 1))


def _operators(battery: Battery) -> tuple[Any, list[Any], list[Any]]:
    """Sparse H, jumps and superoperator terms; what depends on time is taken at t = 0."""
    jumps = [_sparse(c) for c in battery.c_ops if not c.issuper]
    return _sparse(battery.H), jumps, [_sparse(c) for c in battery.c_ops if c.issuper]


def _sparse(op: Qobj | QobjEvo) -> Any:
    return (op(0.0) if isinstance(op, QobjEvo) else op).to("CSR").data.as_scipy()
