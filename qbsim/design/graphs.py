"""All connected graphs of up to seven cells, up to isomorphism: the atlas of graphs of Read and Wilson."""

from __future__ import annotations

from .._checks import as_count, explained
from ..geometry import Edges

__all__ = ["connected_graphs"]

LARGEST = 7  # cells of the atlas


@explained
def connected_graphs(N: int) -> tuple[Edges, ...]:
    """All connected graphs of N cells, one of every kind: no two differ by the numbers of their cells alone.

    Parameters
    ----------
    N : int
        Number of cells, at most 7.

    Returns
    -------
    tuple of edges
        Lists of bonds as `network` takes them, by their number of bonds: 1, 1, 2, 6, 21, 112 and 853 graphs of 1 to 7
        cells.

    Raises
    ------
    ValueError
        For more than 7 cells.
    ImportError
        Without networkx, whose atlas of graphs it reads.

    Examples
    --------
    >>> connected_graphs(3)
    (((0, 1), (0, 2)), ((0, 1), (0, 2), (1, 2)))
    >>> len(connected_graphs(6))
    112
    """
    N = as_count("N", N)
    if N > LARGEST:
        raise ValueError(f"Argument N must be at most {LARGEST}, the largest graphs of the atlas, but is {N}.")
    try:
        from networkx import is_connected
        from networkx.generators.atlas import graph_atlas_g
    except ImportError as error:
        raise ImportError("The atlas of graphs needs networkx: pip install 'qbsim[graphs]'.") from error
    graphs = [graph for graph in graph_atlas_g() if len(graph) == N and is_connected(graph)]
    return tuple(tuple(sorted((min(bond), max(bond)) for bond in graph.edges)) for graph in graphs)
