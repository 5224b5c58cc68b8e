"""What notebooks show of batteries, claims and capacitances: well-formed, escaped, short and right."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import qutip

import qbsim as qb
from qbsim.ledger.claims import Claims, check, number

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert('&')</script>"


def shown(thing):
    """Tree of what a notebook shows; an error if it is not well-formed."""
    return ElementTree.fromstring(thing._repr_html_())


def rows(tree):
    """Texts of all table rows, by the first one."""
    lines = [["".join(cell.itertext()) for cell in row] for row in tree.iter("tr")]
    return {line[0]: line[1:] for line in lines}


def drawing(net):
    """Places of the cells by their numbers, and the bonds as pairs of places."""
    tree = shown(net)
    labels = [text.text for text in tree.iter(f"{SVG}text")]
    circles = [(float(c.get("cx")), float(c.get("cy"))) for c in tree.iter(f"{SVG}circle")]
    (path,) = tree.iter(f"{SVG}path")
    ends = [tuple(map(float, pair)) for pair in re.findall(r"[ML](\S+) (\d+)", path.get("d"))]
    return dict(zip(map(int, labels), circles, strict=True)), list(zip(ends[::2], ends[1::2], strict=True))


THINGS = {
    "battery": lambda: qb.Battery(qutip.num(3), qutip.num(3), [0.1 * qutip.destroy(3)], N=1, label=EVIL, unit="<GHz>"),
    "network": lambda: qb.network(qb.circular(4), J=1.0, gamma=1.0, gamma_bond=0.2, label=EVIL),
    "one cell": lambda: qb.single_cell(gamma=1.0),
    "collective": lambda: qb.dicke(3, lam=0.2),
    "report": lambda: qb.network(qb.linear(3), gamma=1.0).report(),
    "claim": lambda: check(EVIL, 1.0),
    "claims": lambda: Claims([check(EVIL, 1.0), number("tau", "0.36", 0.364, quote=EVIL, place="p. 1")]),
    "capacitance": lambda: qb.capacitance.local_capacitance(qb.channels.dephasing(0.9), qutip.num(2), 0.5),
}


@pytest.mark.parametrize("name", THINGS)
def test_well_formed_escaped_and_short(name):
    thing = THINGS[name]()
    tree = shown(thing)
    assert tree.find(".//script") is None
    assert not any(key.startswith("on") for part in tree.iter() for key in part.attrib)
    assert len(thing._repr_html_()) < 4000
    if name in ("battery", "network", "claim", "claims"):
        assert "alert(" in "".join(tree.itertext())  # the text itself is there


def test_a_battery_says_what_it_consists_of():
    charger = qutip.tensor(qutip.num(2), qutip.qeye(5)) + 0.1 * qutip.tensor(qutip.sigmax(), qutip.num(5))
    lost = [qutip.tensor(qutip.destroy(2), qutip.qeye(5)), qutip.tensor(qutip.qeye(2), qutip.destroy(5))]
    table = rows(shown(qb.Battery(2 * qutip.num(2), charger, lost, N=1, cells=[0], unit="MHz")))
    assert table["cells"] == ["1, among 2 tensor factors"]
    assert table["dimension"] == ["2 x 5 = 10"]
    assert table["energies of H0"] == ["0 to 2"]
    assert (table["H"], table["losses"]) == (["constant"], ["2 operators"])
    assert table["unit of energy"] == ["MHz"]


def test_energies_are_eigenvalues():
    # H0 = sigma_x has -1 and 1, and 0 on its diagonal
    battery = qb.Battery(qutip.sigmax(), qutip.sigmax(), N=1)
    assert rows(shown(battery))["energies of H0"] == ["-1 to 1"]


def test_a_drive_depends_on_time():
    H = qutip.QobjEvo([qutip.num(2), [qutip.sigmax(), lambda t: np.sin(t)]])
    assert rows(shown(qb.Battery(qutip.num(2), H, N=1)))["H"] == ["depends on time"]


def test_cells_of_one_spin():
    table = rows(shown(qb.spin_chain(4, coupling="uni", g=0.0)))
    assert table["cells"] == ["4, as one spin: symmetric states"]
    assert table["dimension"] == ["5"]
    lossy = qb.spin_chain(3, coupling="uni", g=0.0, gamma=0.1)
    assert rows(shown(lossy))["cells"] == ["3, as one spin: states of every total spin"]


def test_a_network_says_its_arrays_and_modes():
    net = qb.network(qb.linear(3), omega=[1.0, 2.0, 3.0], J=0.5, gamma=1.0, gamma_bond=0.5, nbar=0.1, unit="Gamma")
    table = rows(shown(net))
    assert table["bonds"] == ["2: 0-1, 1-2"]
    assert table["omega"] == ["1, 2, 3"]
    assert (table["J"], table["gamma"], table["gamma_bond"]) == (["0.5"], ["1"], ["0.5"])
    assert (table["dephasing"], table["nbar"], table["unit of energy"]) == (["0"], ["0.1"], ["Gamma"])
    # K = 1 + A / 2 on a line of three: 1 - 1/sqrt 2, 1, 1 + 1/sqrt 2
    kind, mode = table["0.292893"]
    assert kind == "subradiant"
    assert mode.replace("-", "+") == "+0.50 +0.71 +0.50"
    assert table["1.70711"][0] == "superradiant"


def test_operators_of_a_subclass_are_mentioned():
    class Driven(qb.Network):
        @property
        def c_ops(self):
            return [qutip.destroy(2)]

    options = {name: np.zeros(1) for name in ("omega", "dephasing", "nbar")}
    net = Driven([], J=np.zeros((1, 1)), decay_matrix=np.eye(1), **options)
    assert "its own" in rows(shown(net))["operators"][0]


@pytest.mark.parametrize("name", qb.GEOMETRIES)
@pytest.mark.parametrize("N", [2, 3, 5, 12])
def test_the_drawing_is_the_graph(name, N):
    net = qb.network(qb.GEOMETRIES[name](N), gamma=1.0)
    places, bonds = drawing(net)
    assert sorted(places) == list(range(N))
    assert len(set(places.values())) == N
    assert bonds == [(places[i], places[j]) for i, j in net.edges]
    apart = [np.hypot(a[0] - b[0], a[1] - b[1]) for a in places.values() for b in places.values() if a != b]
    assert min(apart) > 20  # circles of radius 9 do not touch


def test_a_star_has_its_centre_in_the_middle_and_a_line_is_straight():
    places, _ = drawing(qb.network([(2, 0), (2, 1), (2, 3), (2, 4)], gamma=1.0))
    np.testing.assert_allclose(places[2], np.mean([places[k] for k in (0, 1, 3, 4)], axis=0), atol=1)
    places, _ = drawing(qb.network([(0, 2), (1, 2), (1, 3)], gamma=1.0))
    assert len({y for _, y in places.values()}) == 1
    assert sorted(places, key=places.get) == [0, 2, 1, 3]


def test_a_line_and_a_ring_beside_each_other_are_no_line():
    # four bonds on five cells, ends of degree one, but not connected
    places, bonds = drawing(qb.network([(0, 1), (2, 3), (3, 4), (2, 4)], 5, gamma=1.0))
    assert len(set(places.values())) == 5
    assert len(bonds) == 4


def test_a_large_network_is_shown_at_once():
    # 2000 cells: no drawing, no eigenvectors, and none of its 2^2000 levels
    net = qb.network(qb.linear(2000), omega=np.linspace(1, 2, 2000), J=1.0, gamma=1.0)
    table = rows(shown(net))
    assert table["omega"] == ["1 to 2"]
    assert table["bonds"][0].startswith("1999: 0-1, ")
    assert len(net._repr_html_()) < 2000
    assert not {"H0", "H", "levels"} & set(vars(net))


def test_many_modes_are_cut_short():
    html = qb.network(qb.all_to_all(20), gamma=1.0, gamma_bond=0.1)._repr_html_()
    assert "20 in all" in html
    assert len(html) < 10_000


def test_claims_show_what_the_table_shows():
    claims = Claims([check("it holds", 1.0), number("tau", "0.36", 0.364, quote="~0.36", place="p. 1")])
    table = rows(shown(claims))
    assert table["tau"] == ["~0.36", "p. 1", "0.364", "reproduced", ""]
    assert table["it holds"] == ["our own check", "", "yes (margin 1)", "holds", ""]
    assert "reproduced" in str(claims)


def test_a_capacitance_says_what_is_proven():
    result = qb.capacitance.local_capacitance(qb.channels.dephasing(0.9), qutip.num(2), 0.5)
    table = rows(shown(result))
    assert table["value"] == [f"{result.value:.10g}"]
    assert table["exact"] == ["yes"]
    assert table["rests on"] == [result.assumed]
    assert table["reached by"][0].startswith(f"{len(result.ensemble)} input kets")
    assert "Qobj" not in repr(result)  # one line, without the matrices of the kets
