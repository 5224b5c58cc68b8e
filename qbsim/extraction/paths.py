"""Paths of permutations that extract the ergotropy of many copies, direct and through separable states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from operator import ne
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import FloatArray, as_count, explained
from .._checks.names import shown
from ..measures.entanglement import largest_negativity
from .work import as_populations

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["ExtractionPath", "Label", "Pair", "direct_path", "follow", "indirect_path"]


Label = tuple[int, ...]  # level of every copy, 0 is the ground level
Pair = tuple[Label, Label]


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


def _transpositions(p: FloatArray, e: FloatArray, n: int) -> list[Pair]:
    """Selection sort of the populations of n copies against their energies, as exchanges of two labels."""
    population = {label: float(np.prod(p[list(label)])) for label in product(range(len(p)), repeat=n)}
    slots = sorted(population, key=lambda label: round(float(e[list(label)].sum()), 12))
    pairs = []
    for place, slot in enumerate(slots):
        most = max(population[label] for label in slots[place:])
        if population[slot] < most * (1 - 1e-12):
            fits = [label for label in slots[place:] if population[label] >= most * (1 - 1e-12)]
            label = min(fits, key=lambda candidate: sum(map(ne, candidate, slot)))  # fewest copies that differ
            population[slot], population[label] = population[label], population[slot]
            pairs.append((label, slot))
    return pairs


@explained
def direct_path(
    populations: ArrayLike, levels: ArrayLike, n: int, *, simultaneous: bool = False, normalize: bool = False
) -> ExtractionPath:
    """Straight to the passive state of n copies: one rotation per exchange of two labels.

    Parameters
    ----------
    populations, levels, n, normalize
        As in `extra_work`.
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


@explained
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
    population = {label: float(np.prod(p[list(label)])) for label in product(range(len(p)), repeat=n)}
    steps = []
    for start, end in _transpositions(p, e, n):
        # labels from start to end, one copy changing at a time
        chain = [start, *((*end[: k + 1], *start[k + 1 :]) for k in range(n) if start[k] != end[k])]
        out = list(pairwise(chain))
        for a, b in [*out, *out[-2::-1]]:
            if abs(population[a] - population[b]) > 1e-15:
                steps.append(((a, b),))
            population[a], population[b] = population[b], population[a]
    return ExtractionPath(tuple(p.tolist()), tuple(e.tolist()), n, tuple(steps))


@explained
def follow(path: ExtractionPath, points: int = 33) -> xr.Dataset:
    """Energy and entanglement along a path.

    Parameters
    ----------
    path : ExtractionPath
        See `direct_path` and `indirect_path`, or any other sequence.
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

    if not isinstance(path, ExtractionPath):
        raise TypeError(f"Argument path must come from direct_path or indirect_path, but is {shown(path)}.")
    d, n = len(path.levels), path.n
    index = {label: row for row, label in enumerate(product(range(d), repeat=n))}
    energies = np.array([sum(path.levels[level] for level in label) for label in index])
    population = np.array([np.prod([path.populations[level] for level in label]) for label in index])
    angles = np.linspace(0, np.pi / 2, as_count("points", points, minimum=2))
    energy, entangled = np.empty((2, len(path.steps), angles.size))
    for s, step in enumerate(path.steps):
        rows = np.array([[index[x], index[y]] for x, y in step])
        for t, angle in enumerate(angles):
            rho = _rotated(population, rows, float(angle))
            energy[s, t] = np.diag(rho).real @ energies
            entangled[s, t] = largest_negativity(Qobj(rho, dims=[[d] * n, [d] * n]))
        population[rows] = population[rows[:, ::-1]]
    return xr.Dataset(
        {
            "energy": (("step", "angle"), energy, {"long_name": "energy of all copies", "units": "1"}),
            "negativity": (
                ("step", "angle"),
                entangled,
                {"long_name": "negativity, largest over all cuts", "units": "1"},
            ),
        },
        {
            "step": ("step", np.arange(1, len(path.steps) + 1), {"long_name": "step", "units": "1"}),
            "angle": ("angle", angles, {"long_name": "angle of rotation", "units": "rad"}),
        },
    )


def _rotated(population: FloatArray, rows: Sequence[Sequence[int]] | np.ndarray, angle: float) -> np.ndarray:
    """Density matrix of a diagonal state with its pairs rotated by an angle."""
    rho = np.diag(population).astype(complex)
    turn = np.array([[np.cos(angle), -1j * np.sin(angle)], [-1j * np.sin(angle), np.cos(angle)]])
    for pair in rows:
        rho[np.ix_(pair, pair)] = turn @ np.diag(population[list(pair)]) @ turn.conj().T
    return rho
