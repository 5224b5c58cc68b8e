"""Geometries of a battery as lists of bonds, and their table: linear, circular, central, all_to_all.

A geometry is data: a tuple of pairs (i, j) with i < j, every bond once. Builders take it as it is, so a graph of the
user's own works as these do. A function that is added to `GEOMETRIES` is offered by the command line and has a line
style in plots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from ._checks import ModelWarning, as_count, by_word, explained, other_roads, warn
from ._checks.names import shown
from ._files import read_text
from ._machine import require

__all__ = [
    "GEOMETRIES",
    "Edges",
    "all_to_all",
    "along",
    "central",
    "circular",
    "linear",
    "read_arrows",
    "read_edges",
    "read_graph",
]

Edges = tuple[tuple[int, int], ...]

BOND_BYTES = 128  # a tuple and its numbers


def _cells(N: int, bonds: int) -> int:
    """Number of cells of a geometry, refused if the list of its bonds cannot fit into memory."""
    require(BOND_BYTES * bonds, f"A geometry of N = {N} cells", "Use fewer cells.")
    return N


@explained
def linear(N: int) -> Edges:
    """Open line of N cells: bonds (k, k + 1), N - 1 of them.

    Examples
    --------
    >>> linear(4)
    ((0, 1), (1, 2), (2, 3))
    """
    N = as_count("N", N)
    return tuple((k, k + 1) for k in range(_cells(N, N - 1) - 1))


@explained
def circular(N: int) -> Edges:
    """Ring of N cells: the line and the bond (0, N - 1); one bond for N = 2, none for N = 1.

    Examples
    --------
    >>> circular(4)
    ((0, 1), (1, 2), (2, 3), (0, 3))
    """
    N = as_count("N", N)
    return linear(N) + (((0, N - 1),) if N > 2 else ())


@explained
def central(N: int) -> Edges:
    """Star of N cells: cell 0 bound to every other, N - 1 bonds.

    Examples
    --------
    >>> central(4)
    ((0, 1), (0, 2), (0, 3))
    """
    N = as_count("N", N)
    return tuple((0, k) for k in range(1, _cells(N, N - 1)))


@explained
def all_to_all(N: int) -> Edges:
    """Complete graph of N cells, N (N - 1) / 2 bonds; "symmetric" in [santos2021].

    Examples
    --------
    >>> all_to_all(3)
    ((0, 1), (0, 2), (1, 2))
    """
    N = as_count("N", N)
    return tuple(combinations(range(_cells(N, N * (N - 1) // 2)), 2))


GEOMETRIES: dict[str, Callable[[int], Edges]] = {
    "linear": linear,
    "central": central,
    "circular": circular,
    "all_to_all": all_to_all,
}
"""The known geometries: name and function of the number of cells."""

INSTEAD = by_word(
    {
        "linear": "line chain path open",
        "central": "star hub",
        "circular": "ring cycle loop circle periodic",
        "all_to_all": "complete full fully_connected symmetric all",
    }
)
"""The known geometries by the names that others have for them."""

__getattr__ = other_roads(__name__, {}, {word: f"qbsim.{name}(N)" for word, name in INSTEAD.items()})


@explained
def _bond(pair: Any) -> tuple[int, int]:
    """Two different cells in the order given."""
    try:
        i, j = pair
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"Argument edges must hold pairs of cells, but holds {shown(pair)}; write a bond as (0, 1), one bond "
            "as [(0, 1)], and give values of bonds apart, such as J=[...]."
        ) from error
    if isinstance(i, str) or isinstance(j, str):
        raise TypeError(
            f"Argument edges must bind cells by numbers from 0, but holds {shown(pair)}; a networkx graph may have "
            "other names."
        )
    i, j = as_count("edges", i, minimum=0), as_count("edges", j, minimum=0)
    if i == j:
        raise ValueError(f"Argument edges must not bind a cell to itself, but holds ({i}, {j}).")
    return i, j


def read_edges(edges: Any, N: int | None = None) -> tuple[Edges, int]:
    """Bonds and number of cells from pairs or from a graph.

    Parameters
    ----------
    edges : iterable of pairs, or object with ``.nodes`` and ``.edges``
        A networkx graph is read in graph order: its first node becomes cell 0. A pair (j, i) is read as (i, j).
    N : int, optional
        Number of cells; by default that of the graph, or the largest index plus one.

    Returns
    -------
    (edges, N)
        Pairs (i, j) with i < j in the order given, and the number of cells. `read_arrows` keeps the order of a pair.

    Raises
    ------
    TypeError
        If the bonds are not pairs of integers.
    ValueError
        For a cell bound to itself, a repeated bond, or a bond out of range.

    Warns
    -----
    ModelWarning
        If `N` is counted from a list of bonds in which cell 0, and no other cell, has none: cells count from 0.
    """
    arrows, N = read_arrows(edges, N)
    return tuple((min(arrow), max(arrow)) for arrow in arrows), N


def read_arrows(edges: Any, N: int | None = None) -> tuple[Edges, int]:
    """The same as `read_edges`, but (j, i) stays (j, i): what points along a bond needs its direction."""
    N = None if N is None else as_count("N", N)
    if hasattr(edges, "nodes"):
        labels = {node: k for k, node in enumerate(edges.nodes)}
        pairs: Iterable[Any] = [(labels[e[0]], labels[e[1]]) for e in edges.edges]
        if N is not None and len(labels) > N:
            raise ValueError(f"Argument edges is a graph of {len(labels)} nodes, but N is {N}.")
        if not labels:
            raise ValueError("Argument edges is a graph without nodes: a battery has at least one cell.")
        N = len(labels) if N is None else N
    else:
        edges = getattr(edges, "edges", edges)  # of a battery
        if remedy := _no_bonds(edges, N):
            raise TypeError(
                f"Argument edges must be pairs of cells or a graph with .edges, but is {shown(edges)}; {remedy}."
            )
        pairs = list(edges)
    seen: dict[tuple[int, int], tuple[int, int]] = {}
    for pair in pairs:
        arrow = _bond(pair)
        bond = min(arrow), max(arrow)
        if bond in seen:
            directed = getattr(edges, "is_directed", bool)()
            hint = "; give graph.to_undirected()" if directed else ""
            raise ValueError(f"Argument edges must hold every bond once, but repeats {bond}{hint}.")
        if N is not None and bond[1] >= N:
            hint = " Cells count from 0." if bond[1] == N else ""
            raise ValueError(f"Argument edges must bind cells 0 to {N - 1}, but holds {bond}.{hint}")
        seen[bond] = arrow
    if N is None:
        N = 1 + max((j for _, j in seen), default=0)
        bound = {k for bond in seen for k in bond}
        if 0 not in bound and len(bound) == N - 1 > 0:
            warn(
                f"Cell 0 has no bond and cells 1 to {N - 1} have: cells count from 0, so these are {N} cells, one of "
                f"them idle. Subtract 1 from the bonds, or pass N={N} if cell 0 is meant to be idle.",
                ModelWarning,
            )
    return tuple(seen.values()), as_count("N", N)


def along(edges: Edges, N: int) -> Edges | None:
    """The bonds of a line or a ring, in the order given, from every cell to the next; None for other graphs."""
    bonds = {(min(bond), max(bond)) for bond in edges}
    if bonds not in ({*linear(N)}, {*circular(N)}):
        return None
    return tuple(max(bond, bond[::-1]) if abs(bond[0] - bond[1]) > 1 else (min(bond), max(bond)) for bond in edges)


def _no_bonds(edges: Any, N: int | None) -> str:
    """What to write instead of something that is not a list of bonds; empty if it may be one."""
    size = N or "N"
    if isinstance(edges, str):
        name = INSTEAD.get(edges.lower(), edges.lower() if edges.lower() in GEOMETRIES else "linear")
        return f"write qbsim.{name}({size})"
    if callable(edges) and edges in GEOMETRIES.values():
        return f"call it, qbsim.{edges.__name__}({size})"
    if isinstance(edges, dict):
        return "give the bonds as a list, and their values apart, such as J=[...]"
    shape = np.shape(edges) if isinstance(edges, np.ndarray) else getattr(edges, "shape", ())
    if len(shape) == 2 and shape[1] != 2:
        return "the bonds of an adjacency matrix A are numpy.argwhere(numpy.triu(A, 1)), of a sparse one A.toarray()"
    return "" if isinstance(edges, Iterable) else f"write qbsim.linear({edges if isinstance(edges, int) else size})"


@explained
def read_graph(path: Path) -> tuple[Edges, int]:
    """Bonds and number of cells from a text file: two cells, from 0, on every line; one cell alone has no bond.

    Raises
    ------
    ValueError
        For a line that is neither; the message has its number.
    """
    pairs, cells = [], 0
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        words = line.split("#")[0].replace(",", " ").split()
        if len(words) > 2 or not all(word.isdecimal() for word in words):
            raise ValueError(f"{path}, line {number}: must be two cells, such as `0 1`, but is {line.strip()!r}.")
        cells = max([cells, *(int(word) + 1 for word in words)])
        if len(words) == 2:
            pairs.append((int(words[0]), int(words[1])))
    if cells == 0:
        raise ValueError(f"{path} holds no cells: every line must be two cells, such as `0 1`.")
    return read_edges(pairs, cells)
