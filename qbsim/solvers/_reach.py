r"""The part of a generator that an initial state reaches, as one real sparse matrix.

A Hermitian matrix is kept by its real coordinates: the diagonal, and :math:`\sqrt2` times the real and the imaginary
part of every entry above it, so that the Euclidean norm of the coordinates is the Hilbert-Schmidt norm. In them the
generator is real. Which coordinates occur is found by following the entries of H, L_m and :math:`\sum L_m^\dagger L_m`
from those of the initial state: every weak symmetry shortens the list by itself, a conserved difference of
excitations as well as a parity, and so does a real structure such as a coherence that stays imaginary.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from qutip import Qobj

from .._checks import ComplexArray, FloatArray, IntArray
from ..battery import Battery

EPS = float(np.finfo(float).eps)
ROOT2 = float(np.sqrt(2))
MOST_MARKS = 2**29  # bytes
MOST_PLACES = 2**26  # codes of which a table of places is made
PIECE = 2**17  # coordinates whose images are formed at a time


Entries = tuple[IntArray, IntArray, FloatArray]
"""Target code, source code and value of entries of the real generator."""


class Columns(NamedTuple):
    """Columns of a sparse matrix."""

    start: IntArray
    row: IntArray
    value: ComplexArray

    @classmethod
    def of(cls, matrix: Any) -> Columns:
        matrix = scipy.sparse.csc_matrix(matrix)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return cls(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data.astype(complex))

    def spread(self, columns: IntArray) -> tuple[IntArray, IntArray]:
        """Positions of all entries of some columns, and for each entry which of these columns it is in."""
        return _ranges(self.start[columns], self.start[columns + 1])


def _ranges(first: IntArray, end: IntArray) -> tuple[IntArray, IntArray]:
    """All of first[k] ... end[k] - 1 in a row, and k for each."""
    counts = end - first
    owner = np.repeat(np.arange(len(counts)), counts)
    return np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts - first, counts), owner


class Terms(NamedTuple):
    """The master equation as columns.

    Attributes
    ----------
    D : int
        Dimension.
    energies, rates : ndarray, (D,)
        Diagonals of H and of G = sum L^+ L.
    drift : Columns
        -i H - G/2 without its diagonal.
    jumps : Columns or None
        Jump operators side by side, column m D + a.
    acting : Columns
        Which jumps have a column a that is not empty.
    superoperator : Columns or None
        Sum of the superoperators, on column-stacked matrices.
    """

    D: int
    energies: FloatArray
    rates: FloatArray
    drift: Columns
    jumps: Columns | None
    acting: Columns | None
    superoperator: Columns | None


def terms_of(battery: Battery) -> Terms:
    """Columns of H, of the jumps and of superoperators; entries that are rounding are left out."""
    H, D = _sparse(battery.H), battery.H.shape[0]
    H.data[np.abs(H.data) <= EPS * np.abs(H.data).max(initial=0.0)] = 0
    jumps = [_sparse(c) for c in battery.c_ops if not c.issuper]
    G = scipy.sparse.csr_matrix((D, D), dtype=complex)
    size = scipy.sparse.csr_matrix((D, D))
    for c in jumps:
        G = G + c.conj().T @ c
        size = size + abs(c).T @ abs(c)
    G = G.multiply(abs(G) > 8 * EPS * size).tocsr()  # what cancels between the jumps
    energies, rates = H.diagonal().real, G.diagonal().real
    drift = -1j * H - G / 2
    drift = drift - scipy.sparse.diags(drift.diagonal())
    supers = sum((_sparse(c) for c in battery.c_ops if c.issuper), start=scipy.sparse.csr_matrix((D * D, D * D)))
    side = acting = None
    if jumps:
        side = Columns.of(scipy.sparse.hstack(jumps, format="csc"))
        filled = np.diff(side.start).reshape(len(jumps), D) > 0
        acting = Columns.of(scipy.sparse.csc_matrix(filled, dtype=float))
    return Terms(D, energies, rates, Columns.of(drift), side, acting, Columns.of(supers) if supers.nnz else None)


def _sparse(op: Qobj) -> Any:
    return scipy.sparse.csr_matrix(op.to("CSR").data.as_scipy(), copy=True)


class Reached(NamedTuple):
    """The generator on the coordinates that a state reaches in so many applications of it.

    Attributes
    ----------
    D : int
        Dimension of the space.
    codes : ndarray, (K,)
        2 (a D + b) + part, a <= b, ascending; part 0 is the real part of rho_ab, 1 the imaginary one.
    L : csr_matrix, (K, K)
        Real generator.
    edge : csr_matrix, (F, K)
        What it sends on to the next coordinates, which are not among these; F = 0 once all are found.
    next : ndarray, (F,)
        Codes of those.
    growth : Growth
        What is needed to go on.
    """

    D: int
    codes: IntArray
    L: scipy.sparse.csr_matrix
    edge: scipy.sparse.csr_matrix
    next: IntArray
    growth: Growth

    @property
    def complete(self) -> bool:
        """Whether nothing leaves these coordinates."""
        return not self.edge.shape[0]

    def place(self, codes: IntArray, values: FloatArray) -> FloatArray:
        """Vector of coordinates from some of them, all among these."""
        x = np.zeros(len(self.codes))
        x[np.searchsorted(self.codes, codes)] = values
        return x


def entries_of(codes: IntArray, D: int) -> tuple[IntArray, IntArray, ComplexArray]:
    """a and b of coordinates, and the factors that give their parts of rho_ab."""
    a, b = np.divmod(codes // 2, D)
    unit = np.where(codes % 2 == 1, 1j, 1.0)
    return a, b, np.where(a == b, unit, unit / ROOT2)


def coordinates(rho: Any, D: int) -> tuple[IntArray, FloatArray]:
    """Codes, ascending, and coordinates of a sparse Hermitian matrix, those that are not zero."""
    upper = scipy.sparse.triu(rho).tocoo()
    code = 2 * (upper.row.astype(np.int64) * D + upper.col)
    scale = np.where(upper.row == upper.col, 1.0, ROOT2)
    codes = np.concatenate([code, code + 1])
    values = np.concatenate([scale * upper.data.real, np.where(upper.row == upper.col, 0.0, scale * upper.data.imag)])
    order = np.argsort(codes)
    codes, values = codes[order], values[order]
    return codes[values != 0], values[values != 0]


class Seen:
    """Codes met so far: one byte for each that there is where those fit, a sorted list otherwise."""

    def __init__(self, marks: NDArray[np.bool_] | None, found: IntArray) -> None:
        self.marks, self.found = marks, found

    @classmethod
    def empty(cls, size: int) -> Seen:
        """Nothing met yet, of so many codes."""
        return cls(np.zeros(size, dtype=bool) if size <= MOST_MARKS else None, np.zeros(0, dtype=np.int64))

    def copy(self) -> Seen:
        """One that goes its own way."""
        return Seen(None if self.marks is None else self.marks.copy(), self.found)

    def new(self, codes: IntArray) -> IntArray:
        """Those that have not been met before, ascending, which now have been."""
        if self.marks is not None:
            fresh = np.unique(codes[~self.marks[codes]])
            self.marks[fresh] = True
            return fresh
        fresh = np.setdiff1d(codes, self.found)
        self.found = np.union1d(self.found, fresh)
        return fresh

    def codes(self) -> IntArray:
        """All of them, ascending."""
        return self.found if self.marks is None else np.flatnonzero(self.marks)

    def places(self, codes: IntArray) -> NDArray[np.int32]:
        """Where these codes stand among all, ascending."""
        if self.marks is None or len(self.marks) > MOST_PLACES:
            return np.searchsorted(self.codes(), codes).astype(np.int32)
        return np.asarray((np.cumsum(self.marks, dtype=np.int32) - 1)[codes])


class Growth(NamedTuple):
    """How far the generator has been followed."""

    terms: Terms
    seen: Seen
    entries: list[Entries]

    def reached(self, frontier: IntArray) -> Reached:
        """What is known up to here; `frontier`: coordinates whose columns are not."""
        every = self.seen.codes()
        targets, sources, values = (np.concatenate([e[k] for e in self.entries]) for k in range(3))
        places = self.seen.places(targets), self.seen.places(sources)
        L = scipy.sparse.csr_matrix((values, places), shape=(len(every), len(every)))
        L.sum_duplicates()
        if not frontier.size:
            return Reached(self.terms.D, every, L, L[:0], frontier, self)
        out = self.seen.places(frontier)
        inside = np.ones(len(every), dtype=bool)
        inside[out] = False
        kept = L[:, inside]
        return Reached(self.terms.D, every[inside], kept[inside], kept[out], frontier, self)


def reach(start: Terms | Reached, codes: IntArray, enough: float) -> Reached:
    """Follow the generator from some coordinates until there are `enough` of them, or all.

    Parameters
    ----------
    start : Terms or Reached
        Terms of the generator, or how far it has been followed: then `codes` are those that come next.
    codes : ndarray
        Where to begin.
    enough : float
        Number of coordinates at which to stop, at the end of an application of the generator.
    """
    if isinstance(start, Terms):
        growth = Growth(start, Seen.empty(2 * start.D**2), [])
        frontier = growth.seen.new(codes)
    else:
        growth = Growth(start.growth.terms, start.growth.seen.copy(), list(start.growth.entries))
        frontier = codes
    count = 0 if isinstance(start, Terms) else len(start.codes)
    while frontier.size and count < enough:
        count += len(frontier)
        fresh = []
        for first in range(0, len(frontier), PIECE):
            growth.entries.append(_images(growth.terms, frontier[first : first + PIECE]))
            fresh.append(growth.seen.new(growth.entries[-1][0]))
        frontier = np.concatenate(fresh)
    return growth.reached(frontier)


def _images(terms: Terms, codes: IntArray) -> Entries:
    """Columns of the real generator: target code, source code and value of every entry."""
    a, b = np.divmod(codes // 2, terms.D)
    part, D = codes % 2, terms.D
    gap = terms.energies[a] - terms.energies[b]
    gap[np.abs(gap) <= 4 * EPS * np.maximum(np.abs(terms.energies[a]), np.abs(terms.energies[b]))] = 0
    lists = [(a, b, -1j * gap - (terms.rates[a] + terms.rates[b]) / 2, np.arange(len(codes)))]
    at, owner = terms.drift.spread(a)
    lists.append((terms.drift.row[at], b[owner], terms.drift.value[at], owner))
    at, owner = terms.drift.spread(b)
    lists.append((a[owner], terms.drift.row[at], terms.drift.value[at].conj(), owner))
    if terms.jumps is not None and terms.acting is not None:
        at, owner = terms.acting.spread(a)
        left = terms.acting.row[at] * D + a[owner]
        right = terms.acting.row[at] * D + b[owner]
        at_left, pair = terms.jumps.spread(left)
        at_right, each = _ranges(terms.jumps.start[right[pair]], terms.jumps.start[right[pair] + 1])
        at_left, owner = at_left[each], owner[pair[each]]
        value = terms.jumps.value[at_left] * terms.jumps.value[at_right].conj()
        lists.append((terms.jumps.row[at_left], terms.jumps.row[at_right], value, owner))
    if terms.superoperator is not None:
        at, owner = terms.superoperator.spread(b * D + a)
        to_b, to_a = np.divmod(terms.superoperator.row[at], D)
        lists.append((to_a, to_b, terms.superoperator.value[at], owner))
    to_a, to_b, g, owner = (np.concatenate([x[k] for x in lists]) for k in range(4))
    return _real_entries((to_a, to_b, g), owner, (a == b, part, codes), D)


def _real_entries(
    image: tuple[IntArray, IntArray, ComplexArray], owner: IntArray, source: tuple[Any, IntArray, IntArray], D: int
) -> Entries:
    """Entries between real coordinates of rho_ab -> g rho_ab at (a', b'), with its adjoint."""
    (to_a, to_b, g), (diagonal, part, codes) = image, source
    keep = ~(diagonal[owner] & (to_a > to_b))  # the adjoint of one that is there
    to_a, to_b, g, owner = to_a[keep], to_b[keep], g[keep], owner[keep]
    onto, off = to_a == to_b, ~diagonal[owner]
    g = g * np.where(onto & off, ROOT2, 1.0) * np.where(~onto & ~off, ROOT2, 1.0)
    imaginary = part[owner] == 1
    real = np.where(imaginary, -g.imag, g.real)
    other = np.where(imaginary, g.real, g.imag) * np.where(to_a > to_b, -1.0, 1.0)
    other[onto] = 0
    code = 2 * (np.minimum(to_a, to_b) * D + np.maximum(to_a, to_b))
    here, there = real != 0, other != 0
    targets = np.concatenate([code[here], code[there] + 1])
    return targets, codes[np.concatenate([owner[here], owner[there]])], np.concatenate([real[here], other[there]])
