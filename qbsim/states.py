"""Initial states: full, empty, plus, classical and thermal two-level cells, and any battery uncharged."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
import qutip
import scipy.sparse
from qutip import Qobj

from ._checks import ComplexArray, as_count, as_real, by_word, explained, nearest, other_roads, stored_numbers
from ._checks.names import closest, shown
from ._machine import require, require_cells
from .operators import excited, ground, occupations

__all__ = [
    "STATE_TOLERANCE",
    "InitialState",
    "check_state",
    "classical",
    "empty",
    "full",
    "plus",
    "read_state",
    "thermal_cells",
    "uncharged",
]

ONE_CELL = "Use fewer cells, or give `evolve` the state of one cell, such as qbsim.{}(1): it stands for every cell."


def _product(cell: Qobj, N: int, name: str) -> Qobj:
    """The same ket on every cell, refused before it is built if it cannot fit into memory."""
    N = as_count("N", N)
    # the ket, and half of it before the last product
    require_cells(N, 24, f"A ket of N = {N} cells", ONE_CELL.format(name))
    return qutip.tensor([cell] * N)


@explained
def full(N: int) -> Qobj:
    """Fully charged state ``|e...e>``, a ket of dims [[2]*N, [1]*N]."""
    return _product(excited(), N, "full")


@explained
def empty(N: int) -> Qobj:
    """Ground state ``|g...g>``, a ket of dims [[2]*N, [1]*N]."""
    return _product(ground(), N, "empty")


@explained
def plus(N: int) -> Qobj:
    """Coherent product state ``|+...+>``, ``|+> = (|g> + |e>)/sqrt(2)``; the "quantum" state of [santos2021].

    Half of the energy of `full`, all of it extractable.

    Examples
    --------
    >>> from qbsim import ergotropy, single_cell
    >>> round(ergotropy(plus(1), single_cell().H0), 12)
    0.5
    """
    return _product((ground() + excited()).unit(), N, "plus")


@explained
def classical(N: int, p: float = 0.75) -> Qobj:
    r"""Incoherent product state :math:`(p\,|e\rangle\langle e| + (1-p)\,|g\rangle\langle g|)^{\otimes N}`.

    The default p = 3/4 has the ergotropy of `plus` for equal cells, N/2 [santos2021].

    Parameters
    ----------
    N : int
        Number of cells.
    p : float
        Excited population of every cell, in [0, 1].

    Returns
    -------
    Qobj, (2^N, 2^N)
        Density matrix, stored as its diagonal.

    Examples
    --------
    >>> classical(1).diag().tolist()
    [0.25, 0.75]
    """
    N = as_count("N", N)
    p = as_real("p", p, minimum=0.0, maximum=1.0)
    # its diagonal, and what sorts it
    require_cells(N, 100, f"A density matrix of N = {N} cells", ONE_CELL.format("classical"))
    n = occupations(N).sum(axis=1)
    weights = np.array([p**k * (1 - p) ** (N - k) for k in range(N + 1)])[n]
    return Qobj(scipy.sparse.diags(weights, format="csr"), dims=[[2] * N, [2] * N])


@explained
def thermal_cells(n: int, eps: float) -> Qobj:
    r"""n equal cells in :math:`e^{-\epsilon\sigma_z}/Z`: nearly empty for eps > 0, inverted for eps < 0.

    Examples
    --------
    >>> thermal_cells(1, 0.0).diag().tolist()
    [0.5, 0.5]
    """
    n, eps = as_count("n", n), as_real("eps", eps)
    require_cells(n, 100, f"A density matrix of n = {n} cells")
    p = 1 / (1 + math.exp(-2 * eps))
    below = ground().proj()
    return qutip.tensor([p * below + (1 - p) * (qutip.qeye(2) - below)] * n)


@explained
def uncharged(battery: Any) -> Qobj:
    """Every tensor factor in its lowest level: the empty battery of a driven model or a spin chain.

    Parameters
    ----------
    battery : Battery
        Anything with `dims`, the dimension of every tensor factor.

    Returns
    -------
    Qobj
        Ket on all tensor factors.

    Examples
    --------
    >>> from qbsim import drive
    >>> uncharged(drive(2)).dims[0]
    [2, 2]
    """
    if isinstance(battery, Qobj) or not hasattr(battery, "dims"):
        raise TypeError(f"Argument battery must be a Battery, but is {shown(battery)}.")
    size = 24 * math.prod(battery.dims)  # the ket, and half of it before the last product
    require(size, f"A ket of {len(battery.dims)} tensor factors", "Use fewer cells or levels.")
    return qutip.tensor([qutip.fock(d, 0) for d in battery.dims])


STATE_TOLERANCE = 1e-8  # trace, Hermiticity and positivity allowed in a state that a caller passes


NAMED = {"full": full, "empty": empty, "plus": plus, "classical": classical}
"""States that exist for any number of two-level cells, by name."""

INSTEAD = by_word(
    {
        "'full'": "excited charged ones",
        "'empty'": "ground discharged zero zeros vacuum",
        "'plus'": "quantum coherent superposition",
        "'classical', or a function of N such as lambda N: qbsim.classical(N, p)": "thermal mixed incoherent",
        "a function of N, lambda N: qutip.ghz_state(N)": "ghz",
        "a function of N, lambda N: qutip.w_state(N)": "w",
    }
)
"""What to use for a state, and the names under which others look for it."""

__getattr__ = other_roads(__name__, {}, by_word({"qutip.ghz_state(N)": "ghz", "qutip.w_state(N)": "w w_state"}))


def _remedy(name: str, rho: Any, dims: list[int] | None) -> str:
    """What to write instead of something that is not a Qobj."""
    size = len(dims) if dims else "N"
    if isinstance(rho, str):
        close = closest(rho, list(NAMED))
        return f"; write qbsim.{close}({size})" if close else f"; write a state such as qbsim.full({size})"
    if inspect.isroutine(rho):
        return f"; call it, {rho.__name__}({size})"
    if isinstance(rho, list | tuple) and any(isinstance(part, Qobj) for part in rho):
        return "; give one state, of cells together it is qutip.tensor(...)"
    if isinstance(rho, dict) or dims is None or not np.ndim(rho):
        return ""
    if len(rho) != math.prod(dims):
        return "; the order is battery, state, times"
    kind = [dims, dims] if np.shape(rho)[-1] == len(rho) > 1 and np.ndim(rho) == 2 else [dims, [1]]
    return f"; make it one, qutip.Qobj({name}, dims={kind})"


def check_state(rho: Any, dims: list[int] | None = None, name: str = "rho") -> Qobj:
    """Return `rho` if it is a normalised, positive ket or density matrix of the given dims; raise otherwise."""
    if not isinstance(rho, Qobj):
        raise TypeError(f"Argument {name} must be a state (Qobj), but is {shown(rho)}{_remedy(name, rho, dims)}.")
    if not (rho.isket or rho.isoper):
        raise ValueError(f"Argument {name} must be a ket or a density matrix, but is a {rho.type}.")
    if dims is not None and rho.dims[0] != dims:
        kind = [dims, [1]] if rho.isket else [dims, dims]
        remedy = f"; use qutip.Qobj({name}.full(), dims={kind})" if rho.shape[0] == math.prod(dims) else ""
        wanted = [dims, dims] if len(dims) <= SHOWN else f"[[{dims[0]}] * {len(dims)}] * 2"
        raise ValueError(f"Argument {name} must have dims {wanted} or a ket of them, but has {rho.dims}{remedy}.")
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
        remedy = f"; use {name}.unit()" if trace > STATE_TOLERANCE else "; an operator is not a state"
        raise ValueError(f"Argument {name} must have trace 1, but has trace {trace:.10g}{remedy}.")
    off = matrix - scipy.sparse.diags(matrix.diagonal())
    lowest = matrix.diagonal().real.min() if abs(off).max() == 0 else np.linalg.eigvalsh(matrix.toarray())[0]
    if lowest < -STATE_TOLERANCE:
        raise ValueError(f"Argument {name} must be positive, but has the eigenvalue {lowest:.3g}.")
    return rho


# --- initial states -------------------------------------------------------------------------------------------------

SHOWN = 12  # tensor factors whose dimensions a message lists
PRODUCT = 1e-14  # difference from a product that passes for rounding
SEARCHED = 2**22  # entries of a density matrix up to which a product is looked for


class InitialState:
    """State at the start of a run: of all tensor factors together, or of every one of them, for any number of cells.

    Parameters
    ----------
    dims : list of int
        Dimension of every tensor factor.
    whole : Qobj or function that makes it
        Ket or density matrix on all tensor factors.
    factors : sequence of Qobj
        State of every tensor factor, if `whole` is their product.
    """

    def __init__(self, dims: list[int], whole: Qobj | Callable[[], Qobj], factors: Sequence[Qobj] = ()) -> None:
        self.dims, self.factors, self._whole = dims, tuple(factors), whole

    @cached_property
    def whole(self) -> Qobj:
        """Ket or density matrix on all tensor factors; refused before it is built if it cannot fit into memory."""
        return self._whole if isinstance(self._whole, Qobj) else self._whole()

    @property
    def dimension(self) -> int:
        """Number of levels of all tensor factors together."""
        return math.prod(self.dims)

    @cached_property
    def isket(self) -> bool:
        """Whether it is given by kets."""
        return all(state.isket for state in self.factors) if self.factors else self.whole.isket

    @cached_property
    def cells(self) -> ComplexArray | None:
        """States of the cells, (N, 2, 2), if all are two-level cells and the whole is their product; else None."""
        if any(d != 2 for d in self.dims):
            return None
        if self.factors:
            return np.array([(state.proj() if state.isket else state).full() for state in self.factors])
        return _cells_of_ket(self.whole) if self.isket else _cells_of_matrix(self.whole)


def _bits(index: Any, N: int) -> Any:
    """Level of every cell in basis states, (..., N)."""
    return (np.asarray(index)[..., None] >> np.arange(N - 1, -1, -1)) & 1


def _cells_of_ket(ket: Qobj) -> ComplexArray | None:
    """States of the cells in a product ket; None if it is none."""
    psi, N = ket.full()[:, 0], len(ket.dims[0])
    top = int(np.abs(psi).argmax())
    flips = 1 << np.arange(N - 1, -1, -1)
    pairs = np.stack([psi[top & ~flips], psi[top | flips]], axis=1) / psi[top]  # amplitudes of |g> and |e>
    product = np.ones(1, dtype=complex)
    for pair in pairs:
        product = np.multiply.outer(product, pair).ravel()
    if np.abs(psi - psi[top] * product).max() > PRODUCT:
        return None
    pairs /= np.linalg.norm(pairs, axis=1)[:, None]
    return pairs[:, :, None] * pairs[:, None, :].conj()


def _cells_of_matrix(rho: Qobj) -> ComplexArray | None:
    """States of the cells in a product density matrix; None if it is none, or too large to look."""
    matrix, N = rho.to("CSR").data.as_scipy().tocsr(), len(rho.dims[0])
    if matrix.nnz > SEARCHED:
        return None
    top = int(matrix.diagonal().real.argmax())
    flips = 1 << np.arange(N - 1, -1, -1)
    levels = np.stack([top & ~flips, top | flips], axis=1)  # of cell k, the others as in `top`
    cells = np.array([matrix[np.ix_(pair, pair)].toarray() for pair in levels]) / matrix[top, top].real
    cells /= np.trace(cells, axis1=1, axis2=2).real[:, None, None]
    entries = matrix.tocoo()
    product = np.ones(entries.nnz, dtype=complex)
    for k, (row, col) in enumerate(zip(_bits(entries.row, N).T, _bits(entries.col, N).T, strict=True)):
        product *= cells[k, row, col]
    # every entry of the product is among these, and equal to the one of the state
    covered = np.count_nonzero(product) == math.prod(np.count_nonzero(cells, axis=(1, 2)).tolist())
    return cells if covered and np.abs(product - entries.data).max() <= PRODUCT else None


def read_state(rho: Any, dims: list[int], name: str = "rho0") -> InitialState:
    """The state at the start of a run, from a state of all tensor factors, of one cell, of every cell, or a name.

    Raises
    ------
    TypeError, ValueError
        For anything else; the message says what is accepted.
    """
    N = len(dims)
    if isinstance(rho, str):
        if rho not in NAMED:
            raise ValueError(nearest("state", rho, list(NAMED), INSTEAD))
        if any(d != 2 for d in dims):
            raise ValueError(f"Argument {name} = {rho!r} names a state of two-level cells, but the dims are {dims}.")
        return InitialState(dims, partial(NAMED[rho], N), [NAMED[rho](1)] * N)
    if isinstance(rho, list | tuple) and rho and all(isinstance(state, Qobj) for state in rho):
        if len(rho) != N:
            raise ValueError(f"Argument {name} must hold one state for each of the {N} cells, but holds {len(rho)}.")
        factors = [check_state(state, [d], f"{name}[{k}]") for k, (state, d) in enumerate(zip(rho, dims, strict=True))]
        return InitialState(dims, partial(_tensor, factors), factors)
    if isinstance(rho, Qobj) and N > 1 and len({*dims}) == 1 and rho.dims[0] == [dims[0]]:
        check_state(rho, [dims[0]], name)
        return InitialState(dims, partial(_tensor, [rho] * N), [rho] * N)
    if isinstance(rho, Qobj) and N > SHOWN and rho.dims[0] != dims:
        raise ValueError(
            f"Argument {name} must be a state of one cell, a ket or a density matrix of dims [{dims[0]}], which stands "
            f"for every cell; a list of {N} such states; a name out of {', '.join(NAMED)}; or a state of all "
            f"{N} cells, but has dims {rho.dims}."
        )
    return InitialState(dims, check_state(rho, dims, name))


def _tensor(factors: list[Qobj]) -> Qobj:
    """Product of states, refused before it is built if it cannot fit into memory."""
    size, kets = math.prod(state.shape[0] for state in factors), all(state.isket for state in factors)
    require(24 * size if kets else 24 * size**2, f"A state of {len(factors)} cells together", "Use fewer cells.")
    return qutip.tensor(factors if kets else [state.proj() if state.isket else state for state in factors])
