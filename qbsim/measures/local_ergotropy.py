r"""Local ergotropy: what unitaries on single cells, or on a block of cells, can extract.

The energy after a unitary U on a block is :math:`E(U) = \sum U_{pc} K_{pc,qd} U^*_{qd}`, with
:math:`K_{pc,qd} = \sum_{RS} H_{qR,pS}\,\rho_{cS,dR}` summed over the states of the other cells. H may couple the
block to them. For a qubit :math:`\rho = \tfrac12\sum_j\sigma_j\otimes\rho_j` and
:math:`H = \sum_i\sigma_i\otimes H_i`, a unitary rotates the Bloch vector, and

.. math:: E(R) = \mathrm{const} + \sum_{ij} R_{ij} M_{ij}, \quad M_{ij} = \mathrm{tr}(H_i\rho_j), \quad R \in SO(3).

The best rotation follows from the singular values of M [kabsch1976].
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from qutip import Qobj

from .._checks import ComplexArray, FloatArray, as_count, explained
from .._checks.names import shown
from ..operators import sigma_x, sigma_y, sigma_z
from ..states import check_state
from .ergotropy import ergotropy_over_time
from .reference import Measure, Reference, prepare
from .series import StateSeries

__all__ = ["ROWS", "local_ergotropy", "local_ergotropy_over_time"]

STARTS = 6  # random unitaries from which the energy of a block is minimised
STEPS = 5000  # at most
CONVERGED = 1e-13  # largest gain of a step, in units of the largest eigenvalue of K


def local_ergotropy_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    total = np.zeros(len(states))
    for k, h in enumerate(ref.battery.local_terms):
        rho = states.cell(k)
        total += np.einsum("tij,ji->t", rho, h).real - np.linalg.eigvalsh(rho)[:, ::-1] @ np.linalg.eigvalsh(h)
    return total


@explained
def local_ergotropy(rho: Qobj, H: Qobj, cells: Sequence[int] | None = None) -> float:
    r"""What unitaries on every cell alone can extract, or those on one block of cells.

    .. math:: \mathcal E_\mathrm{loc} = \sum_k \mathcal E(\rho_k, h_k) \quad\text{for}\quad H = \sum_k h_k, \qquad
              \mathcal E_B = \mathrm{tr}(\rho H) - \min_{U_B} \mathrm{tr}(U_B\,\rho\,U_B^\dagger H)

    Without `cells` the unitaries act on all cells, each on its own, and `H` must not couple them. With `cells` one
    unitary acts on that block, the other cells are left alone, and `H` may couple anything.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian.
    cells : sequence of int, optional
        Cells of the block, such as [0] for the first one alone.

    Returns
    -------
    float
        In the units of `H`; from 0 to the ergotropy.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state, the dims differ, `cells` are not cells, or `H` couples cells and `cells` is not given.

    Notes
    -----
    Exact for one two-level cell: with :math:`H = \sum_i\sigma_i\otimes H_i` and
    :math:`\rho = \tfrac12\sum_j\sigma_j\otimes\rho_j`,

    .. math:: \mathcal E_B = \mathrm{tr} M + s_1 + s_2 - \mathrm{sgn}(\det M)\,s_3, \qquad
              M_{ij} = \mathrm{tr}(H_i\rho_j),\ i, j = x, y, z,

    and the singular values :math:`s_1 \ge s_2 \ge s_3` of M: a unitary on the cell is a rotation R of the first
    index, and :math:`\mathrm{tr}(R^T M)` is least over the rotations at :math:`-s_1 - s_2 + \mathrm{sgn}(\det M) s_3`.

    Exact also for the block of all cells, which gives the ergotropy, and for an `H` that does not couple the block to
    the rest. For any other block it is a lower bound: the work of the best unitary found from 8 starts, each improved
    until nothing is gained. The starts are always the same, and so is the result.

    References
    ----------
    [salvia2023]; the singular values: [kabsch1976]. Below Eq. (3) of [tirone2023] for cells without coupling.

    Examples
    --------
    The singlet is the top of an exchange coupling. A rotation of one cell turns it into a triplet:

    >>> import qutip
    >>> from qbsim import classical, linear, network
    >>> pair = network(linear(2), omega=0.0, J=-1.0, H0="battery")
    >>> round(local_ergotropy(qutip.bell_state("11"), pair.H0, cells=[0]), 12)
    2.0
    >>> round(local_ergotropy(classical(3), network(linear(3)).H0), 12)
    1.5
    """
    states, ref = prepare(rho, H)
    if cells is None:
        return float(local_ergotropy_over_time(states, ref)[0])
    dims = states.cell_dims
    block = _read_block(cells, len(dims))
    if len(block) == len(dims):
        return float(ergotropy_over_time(states, ref)[0])
    K = _form(states.dense[0], ref.H0.toarray(), dims, block)
    return _of_qubit(K) if len(K) == 2 else _of_block(K, check_state(rho).ptrace(block).full())


def _read_block(cells: Sequence[int], N: int) -> list[int]:
    """Different cells of a block, each from 0 to N - 1."""
    if isinstance(cells, str) or not isinstance(cells, Iterable):
        raise TypeError(f"Argument cells must be a list of cells such as [0], but is {shown(cells)}.")
    block = [as_count("cells", k, 0) for k in cells]
    if not block or len({*block}) != len(block) or max(block) >= N:
        raise ValueError(f"Argument cells must name different cells of the state, 0 to {N - 1}, but is {block}.")
    return sorted(block)


def _form(rho: ComplexArray, H: ComplexArray, dims: list[int], block: list[int]) -> ComplexArray:
    """K of the module, (m, m, m, m): the energy is a quadratic form in the unitary on the block."""
    N, m = len(dims), math.prod(dims[k] for k in block)
    order = [*block, *(k for k in range(N) if k not in block)]
    rest = len(rho) // m

    def arranged(matrix: ComplexArray) -> ComplexArray:
        whole = matrix.reshape(*dims, *dims).transpose(*order, *(N + k for k in order))
        return whole.reshape(m, rest, m, rest).transpose(0, 2, 1, 3).reshape(m * m, rest * rest)

    state = arranged(rho).reshape(m, m, rest, rest).transpose(3, 2, 0, 1).reshape(rest * rest, m * m)
    return (arranged(H) @ state).reshape(m, m, m, m).transpose(1, 2, 0, 3)


def _of_qubit(K: ComplexArray) -> float:
    """Largest work of a unitary on one two-level cell."""
    pauli = np.array([sigma(0, 1).full() for sigma in (sigma_x, sigma_y, sigma_z)])
    M = 0.5 * np.einsum("ipq,jdc,pcqd->ij", pauli, pauli, K).real
    s = np.linalg.svd(M, compute_uv=False)
    return float(np.trace(M) + s[0] + s[1] - np.sign(np.linalg.det(M)) * s[2])


def _of_block(K: ComplexArray, own: ComplexArray) -> float:
    """Work of the best unitary found from several starts, all improved together; `own` is the state of the block.

    With the largest eigenvalue l of K, the form K - l is concave, and as all unitaries have the same norm it differs
    from E by a constant. It lies below its tangent at U, which a polar decomposition minimises over the unitaries, so
    no step raises the energy. A shift halfway between the ends of the spectrum takes longer steps, and is tried first.
    """
    m = len(K)
    form = K.reshape(m * m, m * m)
    levels = np.linalg.eigvalsh(form)
    half, whole = (form - shift * np.eye(m * m) for shift in (0.5 * (levels[0] + levels[-1]), levels[-1]))
    U = _starts(K, own)
    first = now = _energies(U, form)
    for _ in range(STEPS):
        stepped = _step(U, half)
        energies = _energies(stepped, form)
        if (up := energies > now).any():
            stepped[up] = _step(U[up], whole)
            energies[up] = _energies(stepped[up], form)
        U, before, now = stepped, now, energies
        if (before - now).max() <= CONVERGED * np.abs(levels).max():
            break
    return float(first[0] - now.min())  # the first start does nothing


def _step(U: ComplexArray, form: ComplexArray) -> ComplexArray:
    """Unitaries that minimise the tangents of the form at U, (S, m, m)."""
    left, _, right = np.linalg.svd((U.reshape(len(U), -1) @ form).reshape(U.shape))
    return np.asarray(-left @ right)


def _energies(U: ComplexArray, form: ComplexArray) -> FloatArray:
    """sum U_pc form_pc,qd U*_qd of several unitaries, (S,)."""
    u = U.reshape(len(U), -1)
    return np.asarray(np.einsum("su,su->s", u @ form, u.conj()).real)


def _starts(K: ComplexArray, own: ComplexArray) -> ComplexArray:
    """The identity, the best unitary for a block that is not correlated or not coupled, and random ones, (S, m, m)."""
    m = len(K)
    mean_field = np.einsum("pcqc->qp", K)  # tr_R of H with the state of the rest
    best = np.linalg.eigh(mean_field)[1] @ np.linalg.eigh(own)[1][:, ::-1].conj().T
    rng = np.random.default_rng(0)
    random = np.linalg.qr(rng.normal(size=(STARTS, m, m)) + 1j * rng.normal(size=(STARTS, m, m)))[0]
    return np.concatenate([np.eye(m)[None], best[None], random])


ROWS = {
    "local_ergotropy": Measure(local_ergotropy_over_time, "local ergotropy, sum over the cells", "energy"),
}
