"""Geometries: edge counts, coincidences at small N, spectra of graphs, and what is not a graph."""

import networkx as nx
import numpy as np
import pytest
from analytic import largest_adjacency, lowest_adjacency

import qbsim as qb
from qbsim import plotting
from qbsim.cli.main import parser


def adjacency(edges, N):
    A = np.zeros((N, N))
    for i, j in edges:
        A[i, j] += 1
        A[j, i] += 1
    return A


@pytest.mark.parametrize("N", range(1, 9))
def test_number_of_bonds(N):
    # a line and a star have N - 1 bonds, a ring N (one for two cells, none for one), a complete graph N (N - 1) / 2
    ring = {1: 0, 2: 1}.get(N, N)
    counts = {"linear": N - 1, "central": N - 1, "circular": ring, "all_to_all": N * (N - 1) // 2}
    for name, build in qb.GEOMETRIES.items():
        edges = build(N)
        assert len(edges) == len(set(edges)) == counts[name]
        assert all(0 <= i < j < N for i, j in edges)


def test_the_table_of_geometries_is_read_by_the_command_line_and_by_plots():
    assert all(getattr(qb, name) is build for name, build in qb.GEOMETRIES.items())
    command = parser().parse_args(["sweep", "geometry", "--cells", "3", "--out", "runs"])
    assert command.geometry == list(qb.GEOMETRIES)
    assert set(qb.GEOMETRIES) <= set(plotting.LINES)
    assert plotting.line("all_to_all")["label"] == "all-to-all"


def test_geometries_coincide_at_small_N():
    # two cells have one bond in every geometry; the ring of three is the complete graph; the star of three is a line
    assert qb.linear(2) == qb.circular(2) == qb.central(2) == qb.all_to_all(2) == ((0, 1),)
    assert set(qb.circular(3)) == set(qb.all_to_all(3))
    assert nx.is_isomorphic(nx.Graph(qb.central(3)), nx.Graph(qb.linear(3)))


@pytest.mark.parametrize("name", qb.GEOMETRIES)
@pytest.mark.parametrize("N", range(2, 9))
def test_spectrum_of_the_adjacency_matrix(name, N):
    # known spectra of path, cycle, star and complete graph
    spectrum = np.linalg.eigvalsh(adjacency(qb.GEOMETRIES[name](N), N))
    assert spectrum[0] == pytest.approx(lowest_adjacency(name, N), abs=1e-12)
    assert spectrum[-1] == pytest.approx(largest_adjacency(name, N), abs=1e-12)


@pytest.mark.parametrize("N", range(2, 7))
def test_same_graphs_as_networkx(N):
    known = {"linear": nx.path_graph, "central": lambda n: nx.star_graph(n - 1), "all_to_all": nx.complete_graph}
    for name, build in known.items():
        assert set(qb.GEOMETRIES[name](N)) == {tuple(sorted(e)) for e in build(N).edges}


def test_leaves_of_the_star_are_exchangeable():
    A = adjacency(qb.central(5), 5)
    swap = np.eye(5)[[0, 3, 2, 1, 4]]
    np.testing.assert_array_equal(swap @ A @ swap.T, A)


def test_networkx_graph_is_read_in_graph_order():
    # nodes are numbered as the graph lists them, whatever they are called
    graph = nx.Graph([("hub", "a"), ("hub", "b")])
    net = qb.network(graph)
    assert net.N == 3
    assert net.edges == ((0, 1), (0, 2))


def test_a_graph_may_have_lonely_cells():
    graph = nx.Graph([(0, 1)])
    graph.add_node(2)
    assert qb.network(graph).N == 3
    assert qb.network([(0, 1)], 4).N == 4


def test_reversed_pairs_are_the_same_bond():
    assert qb.network([(1, 0), (2, 1)]).edges == ((0, 1), (1, 2))


def test_any_iterable_of_pairs_is_accepted():
    expected = qb.linear(3)
    for edges in (list(expected), iter(expected), np.array(expected), [list(e) for e in expected]):
        assert qb.network(edges).edges == expected


@pytest.mark.parametrize("build", qb.GEOMETRIES.values())
@pytest.mark.parametrize(
    ("N", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError), ("3", TypeError), (True, TypeError)]
)
def test_number_of_cells_must_be_a_positive_integer(build, N, error):
    with pytest.raises(error, match="Argument N must"):
        build(N)


@pytest.mark.parametrize(
    ("edges", "N", "error", "words"),
    [
        ([(1, 1)], None, ValueError, "itself"),
        ([(0, 1), (1, 0)], None, ValueError, "every bond once"),
        ([(0, 5)], 3, ValueError, "cells 0 to 2"),
        ([(-1, 1)], None, ValueError, "at least 0"),
        ([(0, 1.5)], None, TypeError, "integer"),
        ([(0, 1, 2)], None, TypeError, "pairs"),
        ([3], None, TypeError, "pairs"),
        (7, None, TypeError, "pairs of cells or a graph"),
        (nx.path_graph(4), 3, ValueError, "graph of 4 nodes"),
        (nx.Graph([(0, 0)]), None, ValueError, "itself"),
    ],
)
def test_what_is_not_a_graph_is_refused(edges, N, error, words):
    with pytest.raises(error, match=words):
        qb.network(edges, N)


# --- cells count from 0 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edges", [[(1, 2)], [(1, 2), (2, 3)], [(1, 2), (1, 3), (1, 4)], [(3, 2), (2, 1)]])
def test_bonds_counted_from_one_give_a_warning(edges):
    with pytest.warns(qb.ModelWarning, match=r"Cell 0 has no bond .*count from 0.*Subtract 1"):
        qb.network(edges, J=1.0)


def test_bond_with_the_cell_after_the_last_says_where_counting_starts():
    with pytest.raises(ValueError, match=r"cells 0 to 2, but holds \(2, 3\). Cells count from 0"):
        qb.network([(1, 2), (2, 3)], 3)


@pytest.mark.parametrize(
    ("edges", "N"),
    [
        ([(1, 2), (2, 3)], 4),  # the caller has counted the cells
        ([(2, 3)], None),  # several cells are idle
        ([(0, 1), (1, 2)], None),
        ([], None),
        ([], 1),
    ],
)
def test_idle_cells_on_purpose_give_no_warning(edges, N):
    qb.network(edges, N)


def test_graphs_with_a_lonely_first_node_give_no_warning():
    graph = nx.Graph()
    graph.add_nodes_from(range(3))
    graph.add_edge(1, 2)
    assert qb.network(graph).N == 3
