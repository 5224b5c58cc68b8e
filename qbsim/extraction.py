"""Work extraction: the bound for many copies, and paths that reach it with or without entanglement.

The numbers for many copies are those of `total_ergotropy` and `ergotropy_per_copy`, under the names of the review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np
import qutip
from numpy.typing import ArrayLike
from qutip import Qobj

from ._checks import FloatArray, as_count, as_real, as_real_array
from .copies import TRACE_TOLERANCE
from .measures import ergotropy_per_copy, total_ergotropy
from .separable import largest_negativity

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "ExtractionPath",
    "as_populations",
    "direct_path",
    "extra_work",
    "extra_work_limit",
    "follow",
    "gibbs_bound",
    "indirect_path",
    "is_completely_passive",
    "work_per_copy",
]

Label = tuple[int, ...]  # level of every copy, 0 is the ground level
Pair = tuple[Label, Label]


def as_populations(populations: ArrayLike, levels: ArrayLike, normalize: bool = False) -> tuple[FloatArray, FloatArray]:
    """Populations that sum to one, and one level each.

    Levels may come in any order and may be degenerate: a population belongs to the level at its place.
    """
    p, e = as_real_array("populations", populations), as_real_array("levels", levels)
    if p.ndim != 1 or p.size == 0 or p.shape != e.shape:
        raise ValueError(
            f"Arguments populations and levels must hold one number per level, but have {p.shape} and {e.shape}."
        )
    if (p < 0).any():
        raise ValueError(f"Argument populations must not be negative, but holds {p.min():g}.")
    total = float(p.sum())
    if total <= 0 or (not normalize and abs(total - 1) > TRACE_TOLERANCE):
        raise ValueError(f"Argument populations must sum to 1, but sums to {total:.10g}; normalize=True divides by it.")
    return p / total, e


def gibbs_bound(rho: Qobj, H: Qobj) -> float:
    r"""Upper bound on the ergotropy, :math:`\mathrm{tr}(\rho H) - \mathrm{tr}(\omega_{\bar\beta}H)` at equal entropy.

    Parameters, errors and accuracy as in `total_ergotropy`, which it is.

    Notes
    -----
    The chapter calls it a lower bound in the sentence before the inequality. It is reached by two-level cells.

    References
    ----------
    Eq. (8) of [campaioli2018].

    Examples
    --------
    >>> rho = qutip.qdiags([0.1, 0.2, 0.0, 0.3, 0.4], 0)
    >>> round(gibbs_bound(rho, qutip.num(5)), 10)
    1.8059001316
    """
    return total_ergotropy(rho, H)


def is_completely_passive(rho: Qobj, H: Qobj, *, tol: float = 1e-12) -> bool:
    """Whether no number of copies gives work: whether the state is a Gibbs state with beta in [0, inf].

    Parameters
    ----------
    rho, H : Qobj
        State and Hamiltonian of one copy.
    tol : float
        Work per copy that counts as none, in units of the spread of H. It is of second order in the distance from the
        Gibbs state, so that 1e-12 resolves populations to 1e-6.

    Returns
    -------
    bool

    References
    ----------
    Below Eq. (8) of [campaioli2018]; [pusz1978].

    Examples
    --------
    >>> H = qutip.num(3)
    >>> is_completely_passive((-1.3 * H).expm().unit(), H), is_completely_passive(qutip.qdiags([0.6, 0.2, 0.2], 0), H)
    (True, False)
    """
    work = total_ergotropy(rho, H)
    return work <= as_real("tol", tol, minimum=0) * float(np.ptp(np.linalg.eigvalsh(H.full())))


def work_per_copy(populations: ArrayLike, levels: ArrayLike, n: int, *, normalize: bool = False) -> float:
    r"""Largest work per copy from n copies of a diagonal state, :math:`w_\mathrm{max}(n)`.

    Parameters
    ----------
    populations : (d,)
        Population of every level; they must sum to one.
    levels : (d,)
        Energies, in the same order; any order, degeneracies allowed.
    n : int
        Number of copies.
    normalize : bool
        Divide the populations by their sum.

    Returns
    -------
    float

    References
    ----------
    Eq. (11) of [campaioli2018].

    Examples
    --------
    >>> round(work_per_copy([0.1, 0.2, 0.0, 0.3, 0.4], [-2, -1, 0, 1, 2], 2), 12)
    1.725
    """
    p, e = as_populations(populations, levels, normalize)
    return ergotropy_per_copy(qutip.qdiags(p, 0), qutip.qdiags(e, 0), n)


def extra_work(populations: ArrayLike, levels: ArrayLike, n: int, *, normalize: bool = False) -> float:
    """What n copies give beyond one, per copy: `work_per_copy` of the passive state of the populations.

    Examples
    --------
    >>> round(extra_work([0.5, 0.5, 0.0], [0, 0.6, 1.0], 2), 12)
    0.025
    """
    p, e = as_populations(populations, levels, normalize)
    return work_per_copy(np.sort(p)[::-1], np.sort(e), n)


def extra_work_limit(populations: ArrayLike, levels: ArrayLike, *, normalize: bool = False) -> float:
    """Limit of `extra_work` for very many copies: `total_ergotropy` of the passive state of the populations.

    Examples
    --------
    >>> round(extra_work_limit([538, 237, 224], [0, 0.579, 1], normalize=True), 11)
    0.00828765676
    """
    p, e = as_populations(populations, levels, normalize)
    return total_ergotropy(qutip.qdiags(np.sort(p)[::-1], 0), qutip.qdiags(np.sort(e), 0))


# --- paths ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExtractionPath:
    r"""Sequence of two-level rotations on n copies of a diagonal state.

    Every step rotates its pairs (x, y) by :math:`e^{-i\theta(|x\rangle\langle y| + \mathrm{h.c.})}`, theta from 0 to
    pi/2, all pairs of a step at once; a step takes pi / (2 Emax) at operator norm Emax.

    Attributes
    ----------
    populations, levels : (d,)
        Of one copy.
    n : int
        Number of copies.
    steps : tuple of tuples of pairs
        The labels hold the level of every copy, counted from 0.
    """

    populations: tuple[float, ...]
    levels: tuple[float, ...]
    n: int
    steps: tuple[tuple[Pair, ...], ...]

    def __post_init__(self) -> None:
        as_populations(self.populations, self.levels)
        as_count("n", self.n)
        for step in self.steps:
            labels = [label for pair in step for label in pair]
            if len(set(labels)) != len(labels):
                raise ValueError(f"Pairs that rotate at once must be disjoint, but are {step}.")
            for label in labels:
                if len(label) != self.n or not all(0 <= level < len(self.levels) for level in label):
                    raise ValueError(f"Label {label} must hold {self.n} levels, each below {len(self.levels)}.")


def _labels(d: int, n: int) -> list[Label]:
    return list(product(range(d), repeat=n))


def _distance(a: Label, b: Label) -> int:
    return sum(x != y for x, y in zip(a, b, strict=True))


def _transpositions(p: FloatArray, e: FloatArray, n: int) -> list[Pair]:
    """Selection sort of the populations of n copies against their energies, as exchanges of two labels."""
    labels = _labels(len(p), n)
    held = {label: float(np.prod(p[list(label)])) for label in labels}
    slots = sorted(labels, key=lambda label: round(float(e[list(label)].sum()), 12))
    pairs = []
    for place, slot in enumerate(slots):
        most = max(held[label] for label in slots[place:])
        if held[slot] >= most * (1 - 1e-12):
            continue
        fits = [label for label in slots[place:] if held[label] >= most * (1 - 1e-12)]
        label = min(fits, key=lambda candidate: _distance(candidate, slot))
        held[slot], held[label] = held[label], held[slot]
        pairs.append((label, slot))
    return pairs


def direct_path(
    populations: ArrayLike, levels: ArrayLike, n: int, *, simultaneous: bool = False, normalize: bool = False
) -> ExtractionPath:
    """Straight to the passive state of n copies: one rotation per exchange of two labels.

    Parameters
    ----------
    populations, levels, n, normalize
        As in `work_per_copy`.
    simultaneous : bool
        Rotate all pairs in one step, which needs them to be disjoint.

    Returns
    -------
    ExtractionPath

    References
    ----------
    Above Eq. (12) of [campaioli2018].

    Examples
    --------
    >>> direct_path([0.5, 0.5, 0.0], [0, 0.6, 1.0], 2).steps
    ((((1, 1), (0, 2)),),)
    """
    p, e = as_populations(populations, levels, normalize)
    pairs = _transpositions(p, e, as_count("n", n))
    steps = (tuple(pairs),) if simultaneous and pairs else tuple((pair,) for pair in pairs)
    return ExtractionPath(tuple(p.tolist()), tuple(e.tolist()), n, steps)


def indirect_path(populations: ArrayLike, levels: ArrayLike, n: int, *, normalize: bool = False) -> ExtractionPath:
    """To the passive state of n copies through product states: every rotation changes one copy.

    Parameters and errors as in `direct_path`.

    Returns
    -------
    ExtractionPath

    Notes
    -----
    An exchange of labels that differ in h copies takes 2h - 1 rotations, of which those between equal populations are
    left out. The "2n - 1 total steps" of the chapter are those of one exchange. Each rotation is conditioned on
    all other copies: it acts on n bodies, and on two for n = 2 alone.

    References
    ----------
    Eqs. (12) and (13) of [campaioli2018]; [hovhannisyan2013].

    Examples
    --------
    >>> len(indirect_path([0.0, 0.3, 0.7], [0, 0.6, 1.0], 2).steps)
    7
    """
    p, e = as_populations(populations, levels, normalize)
    held = {label: float(np.prod(p[list(label)])) for label in _labels(len(p), n)}
    steps = []
    for start, end in _transpositions(p, e, n):
        chain = _chain(start, end)
        out = list(pairwise(chain))
        for a, b in [*out, *out[-2::-1]]:
            if abs(held[a] - held[b]) > 1e-15:
                steps.append(((a, b),))
            held[a], held[b] = held[b], held[a]
    return ExtractionPath(tuple(p.tolist()), tuple(e.tolist()), n, tuple(steps))


def _chain(start: Label, end: Label) -> list[Label]:
    """Labels from `start` to `end`, one copy changing at a time."""
    chain = [start]
    for site in range(len(start)):
        if start[site] != end[site]:
            chain.append((*end[: site + 1], *start[site + 1 :]))
    return chain


def follow(path: ExtractionPath, points: int = 33) -> xr.Dataset:
    """Energy and entanglement along a path.

    Parameters
    ----------
    path : ExtractionPath
        See `direct_path` and `indirect_path`, or any sequence of one's own.
    points : int
        Angles per step, from 0 to pi/2.

    Returns
    -------
    xarray.Dataset
        dims (step, angle): `energy` of all copies, `negativity`, the largest over all cuts.

    Examples
    --------
    >>> ds = follow(direct_path([0.5, 0.5, 0.0], [0, 0.6, 1.0], 2))
    >>> round(float(ds.energy[0, 0] - ds.energy[-1, -1]) / 2, 12), round(float(ds.negativity.max()), 6)
    (0.025, 0.051777)
    """
    import xarray as xr

    d, n = len(path.levels), path.n
    index = {label: row for row, label in enumerate(_labels(d, n))}
    energies = np.array([sum(path.levels[level] for level in label) for label in index])
    held = np.array([np.prod([path.populations[level] for level in label]) for label in index])
    angles = np.linspace(0, np.pi / 2, as_count("points", points, minimum=2))
    energy, entangled = np.empty((2, len(path.steps), angles.size))
    for s, step in enumerate(path.steps):
        rows = np.array([[index[x], index[y]] for x, y in step])
        for t, angle in enumerate(angles):
            rho = _rotated(held, rows, float(angle))
            energy[s, t] = np.diag(rho).real @ energies
            entangled[s, t] = largest_negativity(Qobj(rho, dims=[[d] * n, [d] * n]))
        held[rows] = held[rows[:, ::-1]]
    coords = {
        "step": ("step", np.arange(1, len(path.steps) + 1), {"long_name": "step", "units": "1"}),
        "angle": ("angle", angles, {"long_name": "angle of rotation", "units": "rad"}),
    }
    return xr.Dataset(
        {
            "energy": (("step", "angle"), energy, {"long_name": "energy of all copies", "units": "1"}),
            "negativity": (
                ("step", "angle"),
                entangled,
                {"long_name": "negativity, largest over all cuts", "units": "1"},
            ),
        },
        coords,
    )


def _rotated(held: FloatArray, rows: Sequence[Sequence[int]] | np.ndarray, angle: float) -> np.ndarray:
    """Density matrix of a diagonal state with its pairs rotated by an angle."""
    rho = np.diag(held).astype(complex)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -1j * s], [-1j * s, c]])
    for pair in rows:
        block = np.ix_(pair, pair)
        rho[block] = turn @ np.diag(held[list(pair)]) @ turn.conj().T
    return rho
