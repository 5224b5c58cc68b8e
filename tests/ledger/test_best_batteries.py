"""Scenarios of the best graphs, fields and states: stored data name their code, and wrong numbers fail."""

import re
from importlib import import_module

import networkx
import numpy as np
import pytest

import qbsim as qb
from qbsim.ledger.claims import FAILS
from scenarios.beyond import _best_data, _graph_data, best_state, graph_atlas


@pytest.mark.parametrize("data", [_graph_data, _best_data])
def test_stored_data_name_their_code(data):
    found = data.read()
    record = found[1] if isinstance(found, tuple) else found
    assert record["command"] == f"python -m {data.__name__}"
    assert re.fullmatch("[0-9a-f]{64}", record["code_sha256"])
    assert {"qbsim_version", "numpy_version", "scipy_version", "qutip_version"} <= set(record)


@pytest.mark.parametrize(("data", "name"), [(_graph_data, "TIME"), (_best_data, "CELLS")])
def test_stored_data_of_another_model_are_refused(data, name, monkeypatch):
    monkeypatch.setattr(data, name, 3)
    with pytest.raises(ValueError, match=f"{name} = .* is not that of the stored"):
        data.read()


def test_limits_are_those_of_the_spectrum_of_the_graph():
    # K = gamma + gamma_bond A >= 0: gamma_bond from -gamma/lambda_max to -gamma/lambda_min
    for edges in qb.connected_graphs(5):
        levels = networkx.adjacency_spectrum(networkx.Graph(edges)).real
        gamma = _graph_data.cells(edges, 5).decay_matrix[0, 0]
        assert _graph_data.limits(edges, 5) == pytest.approx([-gamma / levels.min(), -gamma / levels.max()])


def test_stars_are_found():
    for N in (3, 5, 7):
        star = networkx.Graph(qb.connected_graphs(N)[graph_atlas.star(N)])
        assert networkx.is_isomorphic(star, networkx.star_graph(N - 1))


def test_kets_of_the_states_are_those_of_the_search():
    angle, phase = [0.3, 1.0, 2.0, 3.0], [0.0, 1.0, -2.0, 0.5]
    rho = best_state.ket(angle, phase)
    for k in range(4):
        cell = rho.ptrace(k).full()
        assert cell[1, 1] == pytest.approx(np.sin(angle[k] / 2) ** 2)
        assert np.angle(cell[1, 0]) == pytest.approx(phase[k])


@pytest.fixture(scope="module")
def quick():
    """Data of the quick run of a scenario, once for all tests."""
    known = {}

    def data(name):
        if name not in known:
            known[name] = import_module(f"scenarios.beyond.{name}").compute(quick=True)
        return known[name]

    return data


@pytest.mark.parametrize(
    ("name", "variable", "by"),
    [
        ("graph_atlas", "again", 1e-5),
        ("graph_atlas", "moved", 1e-2),
        ("graph_atlas", "star", 1),
        ("best_fields", "off", 1e-3),
        ("best_fields", "even", 1.0),
        ("best_state", "stored", 1e-4),
        ("best_state", "energy_off", 1e-3),
    ],
)
def test_wrong_numbers_fail(name, variable, by, quick):
    ds = quick(name).copy(deep=True)
    claims = import_module(f"scenarios.beyond.{name}").claims
    assert FAILS not in [c.verdict for c in claims(ds)]
    ds[variable] = ds[variable] + by
    assert FAILS in [c.verdict for c in claims(ds)]
