"""Every scenario that exists, in quick mode: it computes, is stored and drawn, and none of its claims fails."""

import json
import re
import sys
import warnings
from importlib import import_module

import numpy as np
import pytest
from matplotlib.figure import Figure

import qbsim as qb
from qbsim import plotting
from qbsim.ledger import module, scenario
from qbsim.ledger.claims import FAILS

SCENARIOS = {s.name: s for s in scenario.available()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("figures")


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name, folder, monkeypatch):
    one = SCENARIOS[name]
    figures = []
    draw = one.module.draw
    monkeypatch.setattr(one.module, "draw", lambda ds: figures.append(draw(ds)) or figures[-1])
    monkeypatch.setitem(
        plotting.figures._STYLE, "pdf.fonttype", 3
    )  # the fonts of the real style take a third of the drawing
    ds = one.compute(folder, quick=True, workers=1)

    # what is stored carries names, units and its own hash
    for variable in ds.data_vars.values():
        assert variable.attrs.get("long_name"), variable.name
        assert variable.attrs.get("units"), variable.name
    assert one.is_current(ds, quick=True)
    assert not one.is_current(ds, quick=False)
    assert json.loads(ds.attrs["constants"])
    assert " at 0x" not in ds.attrs["constants"]

    # every row of the table has both sides; none fails, and the statistics of a quick run may leave some open
    claims = one.claims(ds)
    assert claims
    assert len({c.text for c in claims}) == len(claims)
    for claim in claims:
        assert claim.verdict != FAILS, claim
        assert claim.is_check or (claim.quote and claim.place)
        assert claim.found
        assert "nan" not in claim.found, claim

    # drawn from the stored numbers, every axes named, every curve there
    assert [p.suffix for p in one.draw(ds, folder)] == [".png", ".pdf"]
    (fig, *_) = figures
    assert isinstance(fig, Figure)
    assert any(ax.get_xlabel() for ax in fig.axes)
    for ax in fig.axes:
        drawn = [np.asarray(line.get_ydata(), dtype=float) for line in ax.lines]
        assert all(np.isfinite(y).any() for y in drawn if y.size)


@pytest.mark.parametrize("name", SCENARIOS)
def test_caption(name):
    one = SCENARIOS[name]
    assert one.caption.endswith("."), "the first line of the docstring is the caption"
    assert one.figure
    assert re.fullmatch(r"\d+ (s|min)", one.cost)


def test_all_figures_of_the_self_discharge_papers_are_there():
    for paper, numbers in {"santos2021": range(2, 6), "arjmandi2022": range(1, 9)}.items():
        assert [s.name for s in scenario.find([paper])] == [f"{paper}.fig{k}" for k in numbers]


@pytest.mark.parametrize("paper", ["santos2021", "arjmandi2022"])
def test_captions_parameters(paper):
    # Gamma_d = Gamma/2 and J = 2 Gamma; realizations, grid and disorder as printed
    constants = {s.name.partition(".")[2]: s.constants() for s in scenario.find([paper])}
    if paper == "santos2021":
        for figure in ("fig3", "fig4", "fig5"):
            assert (constants[figure]["J"], constants[figure]["GAMMA_D"]) == (2.0, 0.5)
        assert constants["fig3"]["NS"] == [1, 2, 3, 4, 5]
        assert constants["fig4"]["N"] == constants["fig5"]["N"] == 5
    else:
        numbers = {f: c["REALIZATIONS"] for f, c in constants.items()}
        assert numbers["fig1"] == numbers["fig2"] == numbers["fig3"] == numbers["fig4"] == numbers["fig8"] == 100
        assert numbers["fig5"] == {"3": 5000, "4": 3000, "5": 1000, "6": 500, "7": 100}
        assert numbers["fig6"]["7"] == 50
        assert numbers["fig7"] == {"3": 5000, "4": 3000, "5": 1000, "6": 500}
        # the captions of Figs. 1, 3, 5(a), 7 and 8 have delta = 5, and the text names no stronger disorder
        for figure in ("fig2", "fig5", "fig6"):
            assert constants[figure]["DELTAS"] == [0, 1, 2, 3, 4, 5]
        for figure in ("fig1", "fig3", "fig7", "fig8"):
            assert constants[figure]["DELTAS"] == [0, 5]


@pytest.mark.parametrize(
    ("geometry", "lowest"), [("central", -0.5), ("linear", -0.366025), ("circular", -0.309017), ("all_to_all", 0.0)]
)
def test_readings_of_santos2021_are_one_constant_away(geometry, lowest, monkeypatch):
    # Eq. (13) at face value: smallest rate -0.5 (star), -0.366 (line), -0.309 (ring), 0 (complete) in units of Gamma
    paper = sys.modules[SCENARIOS["santos2021.fig4"].module.__package__]
    edges = paper.GEOMETRIES[geometry](5)
    monkeypatch.setattr(paper, "READING", "literal")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", qb.UnphysicalWarning)
        net = paper.cells(edges, 5, J=2.0, gamma_d=0.5)
    assert net.report().margin == pytest.approx(lowest, abs=1e-6)
    # the reading that is used is positive, the star exactly at its limit; without dephasing it stays so
    for reading, dephasing in (("positive", 0.25), ("relaxation", 0.0)):
        monkeypatch.setattr(paper, "READING", reading)
        net = paper.cells(edges, 5, J=2.0, gamma_d=0.5)
        assert net.is_physical
        assert net.dephasing[0] == dephasing


def test_relaxation_alone_loses_the_main_claim(monkeypatch):
    # with amplitude damping only, line and ring beat the star between Gamma t = 1 and 2 by up to 0.069
    paper = sys.modules[SCENARIOS["santos2021.fig4"].module.__package__]
    monkeypatch.setattr(paper, "READING", "relaxation")
    t = np.linspace(0, 3, 121)
    eff = {
        name: qb.evolve(paper.cells(edges(5), 5, J=2.0, gamma_d=0.5), qb.plus(5), t, "efficiency").efficiency.values
        for name, edges in paper.GEOMETRIES.items()
    }
    behind = max((eff[name] - eff["central"]).max() for name in ("linear", "circular", "all_to_all"))
    assert behind == pytest.approx(0.069, abs=2e-3)


def _mean_ratio(paper, reading, N, delta, times, realizations=100):
    ds = qb.sweep(
        paper.cells,
        {"N": [N], "strength": [reading.width * delta], "exchange": [reading.exchange], "B0": [reading.B0]},
        states=["plus"],
        tlist=times,
        realizations=realizations,
        seed=paper.SEED,
        executor="serial",
    )
    return ds.ergotropy_ratio.squeeze().values


def test_printed_exchange_gives_two_cells_no_gain():
    # element J/2 as Eq. (2) of arjmandi2022 is printed: no gain for two cells; element J: a gain at delta = 5, clear
    # where delta is half the width of the fields (2.0 % on average), 0.4 % where it is the width
    paper = sys.modules[SCENARIOS["arjmandi2022.fig1"].module.__package__]
    full = paper.READINGS["full width"]
    times = paper.TIMES[:41:2]
    assert _mean_ratio(paper, full._replace(exchange=paper.J / 2), 2, 5.0, times)[1:].max() < 1
    assert _mean_ratio(paper, full, 2, 5.0, times).max() > 1.01


def test_reading_of_arjmandi2022_is_one_constant(monkeypatch):
    # u in (-1, 1) and delta = 1: fields in B0 (1 +- 1/2) or B0 (1 +- 1)
    paper = sys.modules[SCENARIOS["arjmandi2022.fig1"].module.__package__]
    u = np.random.default_rng(3).uniform(-1, 1, 4)
    for name, width in (("half width", 0.5), ("full width", 1.0)):
        monkeypatch.setattr(paper, "READING", paper.READINGS[name])
        net = paper.chain(4, 1.0, np.random.default_rng(3))
        assert np.allclose(net.omega, 10 * (1 + width * u))
        assert np.count_nonzero(np.triu(net.J)) == 3
        assert np.allclose(np.triu(net.J)[np.triu(net.J) != 0], 10.0)
    assert paper.READINGS["half width"] == (0.5, paper.J, 10 * paper.GAMMA, (0, 1, 2, 3, 4, 5))


def test_table_of_readings_counts_every_statement():
    # two readings with few realizations: exact rows are decided the same way as in the full table
    paper = sys.modules[SCENARIOS["arjmandi2022.fig1"].module.__package__]
    readings = import_module(f"{paper.__name__}._readings")
    columns = readings.readings(quick=True)
    assert columns[0] == paper.READING
    assert [reading.exchange for reading in columns] == [paper.J, paper.J / 2]
    ds = readings.table(columns, quick=True)
    with_rows = {s.name: s.module for s in scenario.find(["arjmandi2022"])}
    assert {text.partition(":")[0] for text in ds.statement.values} == {m.FIGURE for m in with_rows.values()}
    text = readings.printed(ds)
    for column, verdicts in zip("AB", ds.verdict.values.tolist(), strict=True):
        marks = [readings.MARKS[v] for v in verdicts]
        counts = [marks.count(mark) for mark in "+?-"]
        assert sum(counts) == ds.sizes["statement"] > 40
        assert re.search(rf"^{column} +{counts[0]} +{counts[1]} +{counts[2]}$", text, re.MULTILINE)
    # two cells do not gain with the element as printed, however few the realizations
    two = ds.verdict.sel(statement="Fig. 2: two coherent cells gain at delta = 5").values
    assert "reproduced" not in [v for reading, v in zip(columns, two, strict=True) if reading.exchange == paper.J / 2]


def test_stored_gains_name_their_code():
    # data/eta_scaling.json: ratios of 7 to 10 cells with the same draws, and how they were made
    one = SCENARIOS["beyond.eta_scaling"]
    module = one.module
    ratio, record = module.read()
    assert list(ratio) == [7, 8, 9, 10]
    assert len({len(values) for values in ratio.values()}) == 1
    assert record["command"].startswith("python -m scenarios.beyond._eta_data")
    assert re.fullmatch("[0-9a-f]{64}", record["code_sha256"])
    assert {"qbsim_version", "numpy_version", "scipy_version", "qutip_version"} <= set(record)
    assert one.values["FILE"].stat().st_size < 300_000
    correlated = np.corrcoef(list(ratio.values()))
    assert correlated.min() > 0.6


def test_wrong_stored_gain_fails(folder):
    one = SCENARIOS["beyond.eta_scaling"]
    ds = one.load(folder) if one.data_file(folder).is_file() else one.compute(folder, quick=True, workers=1)
    assert one.claims(ds)[0].verdict == "holds"
    ds["stored"][2] += 2e-7
    assert one.claims(ds)[0].verdict == FAILS


def test_hash_covers_what_another_paper_shares():
    # the chain of beyond.eta_scaling comes from arjmandi2022: its constants decide the numbers
    assert "READINGS = {" in SCENARIOS["beyond.eta_scaling"]._code()["scenarios.arjmandi2022"]
    assert "scenarios.arjmandi2022" not in SCENARIOS["beyond.storage_time"]._code()


@pytest.fixture
def papers(tmp_path, monkeypatch):
    """A folder of scenarios of two papers; `fig` imports from the others in the way a test writes."""
    package = f"papers{tmp_path.name.replace('-', '_')}"
    folder = tmp_path / package
    parts = "def compute(*, quick, workers):\n    return {used}\n\n\n"
    parts += "".join(f"def {name}(ds):\n    pass\n\n\n" for name in ("draw", "claims"))
    for paper in ("one", "two"):
        (folder / paper).mkdir(parents=True)
        (folder / paper / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    (folder / "one" / "fig2.py").write_text("from ._deep import NOISE\n\nnoise = NOISE\n" + parts.format(used=0))
    (folder / "one" / "_deep.py").write_text("NOISE = 1.0\n")
    (folder / "two" / "_x.py").write_text("from ..one._deep import NOISE as y\n")
    monkeypatch.setattr(module, "home", lambda: (folder, package, tmp_path))
    monkeypatch.syspath_prepend(tmp_path)

    def one(header, used="0"):
        (folder / "one" / "fig.py").write_text(f"{header}\n\n\n{parts.format(used=used)}")
        return next(s for s in scenario.available() if s.name == "one.fig"), folder

    return one


@pytest.mark.parametrize(
    ("header", "used"),
    [
        ("from .fig2 import noise", "noise"),
        ("from . import fig2", "fig2.noise"),
        ("from ..two._x import y", "y"),
        ("from ..two import _x", "_x.y"),
        ("from {package}.two._x import y", "y"),
        ("import {package}.two._x as z", "z.y"),
        ("import {package}.two._x", "{package}.two._x.y"),
        ("def late():\n    from . import fig2\n    return fig2.noise", "late()"),
        ("from importlib import import_module\n\nfig2 = import_module('.fig2', __package__)", "fig2.noise"),
        ("from . import _deep", "getattr(_deep, 'NOI' + 'SE')"),
        ("from . import _deep", "vars(_deep)"),
        ("from ._deep import *", "NOISE"),
    ],
)
def test_hash_covers_every_form_of_import(header, used, papers):
    """What a figure imports, directly or through another module, decides its numbers."""
    _, folder = papers("")

    def now():
        one, _ = papers(header.format(package=folder.name), used.format(package=folder.name))
        return one.sha256(quick=True)

    before = now()
    (folder / "one" / "_deep.py").write_text("# a comment\nNOISE = 1.0\n")
    assert now() == before
    (folder / "one" / "_deep.py").write_text("NOISE = 2.0\n")
    assert now() != before


def test_hash_leaves_out_what_is_not_imported(papers):
    header = "from ..two import __doc__ as text"
    one, folder = papers(header)
    before = one.sha256(quick=True)
    (folder / "one" / "_deep.py").write_text("NOISE = 2.0\n")
    one, _ = papers(header)
    assert one.sha256(quick=True) == before


def test_hash_covers_helpers_beside_a_file_of_the_user(tmp_path, monkeypatch):
    (tmp_path / "my_helper_of_hash.py").write_text("RATE = 1.0\n")
    parts = "".join(f"def {name}(*args, **kwargs):\n    pass\n\n\n" for name in scenario.PARTS)
    (tmp_path / "my_hash.py").write_text(f"import my_helper_of_hash\nimport numpy as np\n\n\n{parts}")
    monkeypatch.syspath_prepend(tmp_path)
    (one,) = scenario.find([str(tmp_path / "my_hash.py")])
    assert set(one._code()) == {"my_hash", "my_helper_of_hash"}


def test_data_of_other_numeric_code_is_not_current(folder, monkeypatch):
    """The version stands still between releases; the modules that compute do not."""
    one = SCENARIOS["tirone_poster.fig1"]
    ds = one.compute(folder, quick=True, workers=1)
    assert one.is_current(ds, quick=True)
    monkeypatch.setattr(scenario, "numerics_sha256", lambda: "0" * 64)
    assert not one.is_current(ds, quick=True)


@pytest.mark.parametrize(
    ("variable", "by"),
    [
        ("value", 4e-3),
        ("chisqr", 100.0),
        ("pvalue", -0.5),
        ("pvalue", 0.1),
        ("ergotropy", 0.1),
        ("half_life", 1.0),
        ("half_life_sem", 1.0),
        ("blind", 1e-3),
        ("flat", " It does."),
    ],
)
def test_wrong_numbers_of_a_fit_fail(variable, by, folder):
    one = SCENARIOS["beyond.fit_demo"]
    ds = one.load(folder) if one.data_file(folder).is_file() else one.compute(folder, quick=True, workers=1)
    assert FAILS not in [c.verdict for c in one.claims(ds)]
    ds[variable] = ds[variable] + by
    assert FAILS in [c.verdict for c in one.claims(ds)]


def test_intervals_of_a_fit_that_miss_the_truth_fail(folder):
    one = SCENARIOS["beyond.fit_demo"]
    ds = one.load(folder) if one.data_file(folder).is_file() else one.compute(folder, quick=True, workers=1)
    near = np.array([-1e-3, 1e-3])  # quick data have none
    ds["interval"] = ds.interval.copy(data=ds.truth.values[:, None] + near)
    row = "intervals of the rates, 95 % together, hold the true ones"
    assert {c.text: c.verdict for c in one.claims(ds)}[row] == "holds"
    ds["interval"] = ds.interval + 2e-3
    assert {c.text: c.verdict for c in one.claims(ds)}[row] == FAILS


def test_a_fit_without_lmfit_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "lmfit", None)
    with pytest.raises(ImportError, match=r"pip install 'qbsim\[fit\]'"):
        SCENARIOS["beyond.fit_demo"].module.compute(quick=True)
