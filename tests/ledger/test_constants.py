"""Constants of a caption: which count, how a text becomes one, and that everything derived from one follows."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import qbsim as qb
from qbsim.ledger import constants, scenario
from qbsim.ledger.scenario import find

PARTS = "def draw(ds):\n    return TITLE\n\n\ndef claims(ds):\n    return [PLACE]\n"
SHARED = """
import numpy as np

N = 2
SIZES = tuple(range(1, N + 1))
LONGEST = max(SIZES)
UNUSED = "of no number"


def levels():
    return np.arange(LONGEST)
"""
OWN = f'''"""A caption."""

from pathlib import Path

import xarray as xr

from shared_by_{{tag}} import N, levels

FIGURE = "1"
PLACE, TITLE = "Sec. II", "a title"
LABELS = {{{{"a": PLACE}}}}
RATE, RATES = 0.5, [0.1, 0.2]
DOUBLE = 2 * RATE
KIND = "full"
FLAG = True
DATA = Path(__file__).parent / "data.txt"
AGAIN = 1
AGAIN = AGAIN + 1
if FLAG:
    INSIDE = 3
FUNCTIONS = [len]


def helper(word):
    return DOUBLE if word == KIND else INSIDE + AGAIN


def compute(quick=False, workers=None):
    helper(RATES), FLAG, DATA, FUNCTIONS
    return xr.Dataset({{{{"levels": ("k", levels()), "double": DOUBLE, "N": N}}}})


{PARTS}'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    tag = f"x{abs(hash(str(tmp_path))) % 10**9}"
    (tmp_path / f"shared_by_{tag}.py").write_text(SHARED)
    (tmp_path / f"own_{tag}.py").write_text(OWN.format(tag=tag))
    (tmp_path / "data.txt").write_text("1 2 3")
    (one,) = find([str(tmp_path / f"own_{tag}.py")])
    return one


# --- which constants count -------------------------------------------------------------------------------------------


def test_what_compute_uses_counts_and_nothing_else(own):
    # a place of quotations, a title and labels decide no number; what a helper or another module uses does
    names = {"N", "RATE", "DOUBLE", "RATES", "KIND", "FLAG", "DATA", "AGAIN", "FUNCTIONS", "SIZES", "LONGEST", "INSIDE"}
    assert set(own.values) == names


def test_no_quotation_is_a_parameter_of_a_figure():
    texts = {"PLACE", "TEXT", "SECTION", "CAPTION", "INSENSITIVE", "FIGURE_PLACE", "FEASIBLE", "LABELS", "NAMES"}
    for one in scenario.available():
        assert not texts & set(one.constants()), one.name


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ('"Sec. II", "a title"', '"Sec. III", "another"', False),
        ("return [PLACE]", "return [PLACE, PLACE]", False),
        ("2 * RATE", "3 * RATE", True),
        ("INSIDE + AGAIN", "INSIDE", True),
    ],
)
def test_the_hash_changes_with_what_counts(own, old, new, changes):
    before = own.sha256(quick=False)
    text = own.path.read_text()
    assert old in text
    own.path.write_text(text.replace(old, new))
    sys.modules.pop(own.module_name)
    (again,) = find([str(own.path)])
    assert (again.sha256(quick=False) != before) is changes


def test_a_file_counts_by_its_name_and_content(own):
    # the folder it lies in is no parameter of the figure: the same hash everywhere
    before = own.constants()["DATA"]
    assert before["file"] == "data.txt"
    assert str(own.root) not in json.dumps(own.constants())
    (own.root / "data.txt").write_text("4 5 6")
    assert own.constants()["DATA"] != before


def test_no_absolute_path_is_a_parameter_of_a_figure():
    root = str(Path(scenario.__file__).parents[2])
    for one in scenario.available():
        assert root not in json.dumps(one.constants()), one.name
    assert len(scenario.find(["beyond.eta_scaling"])[0].constants()["FILE"]["sha256"]) == 64


# --- other values ----------------------------------------------------------------------------------------------------


def test_derived_constants_follow_in_every_module(own, tmp_path):
    # N of another module makes SIZES and LONGEST there, and these the levels
    other = own.with_constants({"N": "4", "RATE": "1"})
    ds = other.compute(tmp_path)
    assert (ds.levels.values.tolist(), float(ds.double), int(ds.N)) == ([0, 1, 2, 3], 2.0, 4)
    assert other.constants() == own.constants() | {
        "N": 4,
        "SIZES": [1, 2, 3, 4],
        "LONGEST": 4,
        "RATE": 1.0,
        "DOUBLE": 2.0,
    }
    assert json.loads(ds.attrs["changed"]) == {"N": "4", "RATE": "1.0"}
    # the scenario itself is what it was
    assert own.module.compute().levels.size == 2
    assert sys.modules[own.module_name] is own.module


def test_a_derived_constant_can_be_changed_alone(own, tmp_path):
    ds = own.with_constants({"LONGEST": "3"}).compute(tmp_path)
    assert (ds.levels.size, int(ds.N)) == (3, 2)


def test_the_last_of_several_values_is_changed(own):
    assert own.with_constants({"AGAIN": "7"}).values["AGAIN"] == 7


def test_other_values_are_stored_under_their_own_digest(own, tmp_path):
    one, same, more = (own.with_constants({"N": n}) for n in ("4", " 2 + 2", "5"))
    names = [s.data_file(tmp_path).name for s in (own, one, same, more)]
    assert names[1] == names[2]
    assert len(set(names)) == 3
    assert all(n.removeprefix(f"{own.name}@").removesuffix(".nc").isalnum() for n in names[1:])
    assert len(names[1]) == len(f"{own.name}@12345678.nc")
    assert one.sha256(False) == same.sha256(False) != own.sha256(False)
    one.compute(tmp_path)
    (file,) = own.other_files(tmp_path)
    found = own.of_file(file)
    assert (found.title, found.values["N"]) == (one.title, 4)
    assert found.is_current(found.load(tmp_path), quick=False)
    assert not more.is_current(found.load(tmp_path), quick=False)
    with xr.open_dataset(file) as ds:
        ds = ds.load()
    for changed in ("{\"N\": \"__import__('os').system('true')\"}", '{"os": "1"}', "[]", '{"N": 4}', "{", ""):
        bad = tmp_path / f"{own.name}@11111111.nc"
        qb.save(ds.assign_attrs(changed=changed), bad)
        with pytest.raises(ValueError, match=r"must be int|Unknown constant|constants as texts|valid JSON"):
            own.of_file(bad)
        bad.unlink()
    file.rename(tmp_path / f"{own.name}@00000000.nc")
    with pytest.raises(ValueError, match="its name must be"):
        own.of_file(tmp_path / f"{own.name}@00000000.nc")


def test_the_captions_own_value_changes_nothing(own, tmp_path):
    assert own.with_constants({"N": "2", "RATE": "1/2"}).data_file(tmp_path) == own.data_file(tmp_path)


def test_changes_add_up(own):
    other = own.with_constants({"N": "4"}).with_constants({"RATE": "1"})
    assert (other.values["N"], other.values["DOUBLE"]) == (4, 2.0)
    assert other.title == own.with_constants({"RATE": "1", "N": "4"}).title
    assert own.with_constants({"N": "4"}).with_constants({"N": "2"}).title == own.title


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("N", "2.5", "Constant N of own_.* must be int, such as 2, but is '2.5'"),
        ("N", "True", "must be int"),
        ("N", "eight", "must be int"),
        ("RATE", "fast", "must be float, such as 0.5, but is 'fast'"),
        ("RATES", "0.1, x", "must be list of float"),
        ("RATES", "[]", "must be list of float"),
        ("FLAG", "1", "must be bool, such as True"),
        ("RATE", "__import__('os').getcwd()", "must be float"),
        ("RATE", "1/0", "must be float"),
        ("RATEE", "1", "Did you mean 'RATE'"),
        ("PLACE", "Sec. I", "Unknown constant 'PLACE'"),
        ("DATA", "other.txt", "cannot be changed: it is no plain data"),
        ("FUNCTIONS", "[1]", "cannot be changed: it is no plain data"),
        ("INSIDE", "4", "cannot be changed: line 20 of .*py sets it inside of a block"),
    ],
)
def test_what_is_no_such_value_is_refused(own, name, text, message, monkeypatch):
    with pytest.raises(ValueError, match=message):
        own.with_constants({name: text})


def test_a_constant_that_is_set_again_elsewhere_is_refused(own):
    # a change that would not last must not pass for one
    own.path.write_text(
        own.path.read_text().replace("def helper", "import sys\nsys.modules[__name__].KIND = 'full'\n\n\ndef helper")
    )
    (again,) = find([str(own.path)])
    with pytest.raises(ValueError, match=r"Constant KIND of own_.* cannot be changed: it is set again later"):
        again.with_constants({"KIND": "plus"})


@pytest.mark.parametrize(
    ("old", "text", "new"),
    [
        (2, "-8", -8),
        (0.5, "3", 3.0),
        (0.5, "3/4", 0.75),
        (0.5, "-inf", -math.inf),
        ("full", "plus", "plus"),
        ("full", "'a b'", "a b"),
        ("full", "2 cells", "2 cells"),
        ("full", "7", "7"),
        ((0.0, 5.0), "1, 2, 3", (1.0, 2.0, 3.0)),
        ((0.0, 5.0), "(1,)", (1.0,)),
        ([1, 2], "[3]", [3]),
        (("plus", "full"), "plus, classical", ("plus", "classical")),
        ((0.2, 1.0, 150), "0.3, 2, 80", (0.3, 2.0, 80)),
        ({3: 5000, 4: 3000}, "{5: 10}", {5: 10}),
        ({"gamma": 0.5, "N": 2}, "{'gamma': 1, 'N': 3}", {"gamma": 1.0, "N": 3}),
        (((0.1, 0.2), (0.3,)), "(1, 2), (3, 4)", ((1.0, 2.0), (3.0, 4.0))),
    ],
)
def test_texts_have_the_type_of_the_constant(old, text, new):
    found = constants.read(text, old)
    assert found == new
    assert type(found) is type(old)
    assert constants.read(constants.literal(found), old) == found


def test_arrays_and_records_keep_their_type():
    old = np.array([0.0, 1.0])
    assert np.array_equal(constants.read("1, 2, 3", old), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="must be array of float"):
        constants.read("[[1, 2]]", old)
    paper = sys.modules[scenario.find(["arjmandi2022.fig1"])[0].module.__package__]
    new = constants.read("1, 5, 10, (0, 2.5)", paper.READING)
    assert new == paper.Reading(1.0, 5.0, 10.0, (0.0, 2.5))
    assert type(new) is paper.Reading
    with pytest.raises(ValueError, match="must be tuple of float"):
        constants.read("1, 5", paper.READING)


# --- the figures of the papers ---------------------------------------------------------------------------------------


def test_every_constant_of_every_figure_can_be_changed_or_says_why():
    for one in scenario.available():
        for name, value in one.values.items():
            if constants.kind(value):
                same = one.with_constants({name: constants.literal(value)})
                assert not same.changed, f"{one.name} {name}"
            else:
                with pytest.raises(ValueError, match="cannot be changed"):
                    one.with_constants({name: "1"})


@pytest.mark.parametrize(
    ("name", "settings", "derived"),
    [
        ("arjmandi2022.fig1", {"DELTA": "3"}, {"DELTAS": [0.0, 3.0]}),
        ("arjmandi2022.fig1", {"GAMMA": "2"}, {"J": 20.0}),
        ("arjmandi2022.fig2", {"READING": "1, 5, 10, (0, 2.5)"}, {"DELTAS": [0.0, 2.5]}),
        ("santos2021.fig4", {"GAMMA": "2"}, {"J": 4.0, "GAMMA_D": 1.0}),
        ("beyond.storage_time", {"GAMMA": "4"}, {"DECAY": 2.0, "DEPHASING": 1.0}),
    ],
)
def test_derived_constants_of_the_papers_follow(name, settings, derived):
    (one,) = scenario.find([name])
    found = one.with_constants(settings).constants()
    assert {key: found[key] for key in derived} == derived
    assert one.constants() != found


def test_another_seed_reaches_the_worker_processes(tmp_path):
    # two cells in random fields: other draws, other curves; the same draws in this process and in others
    (one,) = scenario.find(["arjmandi2022.fig1"])
    settings = {"SEED": "7", "N": "3", "REALIZATIONS": "4", "DELTAS": "5,", "GAMMA": "2", "STATES": "plus,"}
    other = one.with_constants(settings)
    with other._in_place() as module:
        parallel = module.compute(workers=2)
        axes, times = {"N": [3], "delta": [5.0]}, parallel.time.values
        chain = sys.modules[module.__package__].chain
        alone = qb.sweep(chain, axes, states="plus", tlist=times, realizations=4, seed=7, executor="serial")
    assert json.loads(parallel.attrs["parameters"])["seed"] == 7
    assert times[-1] == 0.5  # 1/Gamma
    xr.testing.assert_allclose(parallel.ergotropy.drop_attrs(), alone.ergotropy.drop_attrs(), atol=1e-13)


def test_stored_numbers_of_other_parameters_are_refused():
    # the ratios of beyond.eta_scaling are data: another time would mix two models
    (one,) = scenario.find(["beyond.eta_scaling"])
    for name, text in (("TIME", "0.1"), ("SEED", "7"), ("DELTA", "3"), ("DISTRIBUTION", "normal")):
        with (
            one.with_constants({name: text})._in_place() as module,
            pytest.raises(ValueError, match=f"{name} = .* is not"),
        ):
            module.compute(quick=True)
