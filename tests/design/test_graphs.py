"""Connected graphs of the atlas: how many there are, and that no two are the same."""

import builtins

import networkx
import pytest

import qbsim as qb


@pytest.mark.parametrize(("N", "count"), [(1, 1), (2, 1), (3, 2), (4, 6), (5, 21), (6, 112), (7, 853)])
def test_number_of_connected_graphs(N, count):
    # sequence A001349 of the encyclopedia of integer sequences
    graphs = qb.connected_graphs(N)
    assert len(graphs) == len(set(graphs)) == count
    assert all(qb.network(edges, N).edges == edges for edges in graphs[:3])
    assert [len(edges) for edges in graphs] == sorted(len(edges) for edges in graphs)


def test_graphs_of_five_cells_are_connected_and_different():
    graphs = [networkx.Graph(edges) for edges in qb.connected_graphs(5)]
    assert all(networkx.is_connected(g) and len(g) == 5 for g in graphs)
    assert not any(networkx.is_isomorphic(a, b) for k, a in enumerate(graphs) for b in graphs[:k])


@pytest.mark.parametrize("N", [4, 5])
@pytest.mark.parametrize("geometry", ["linear", "central", "circular", "all_to_all"])
def test_known_geometries_are_among_them(N, geometry):
    known = networkx.Graph(qb.GEOMETRIES[geometry](N))
    assert sum(networkx.is_isomorphic(known, networkx.Graph(edges)) for edges in qb.connected_graphs(N)) == 1


def test_more_than_seven_cells_are_refused():
    with pytest.raises(ValueError, match="at most 7"):
        qb.connected_graphs(8)


def test_without_networkx_the_message_says_what_to_install(monkeypatch):
    load = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("networkx"):
            raise ImportError(name)
        return load(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"pip install 'qbsim\[graphs\]'"):
        qb.connected_graphs(4)
