"""The recipes of CONTRIBUTING.md: each is applied to a copy of the repository as it is printed, and then it works."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SWEEP = "--cells 3 --times 11 --realizations 1 --executor serial --states plus --quiet --out runs"


def recipe(title):
    """Blocks of the section of this title, as (language, text)."""
    (section,) = re.findall(rf"^### {title}\b.*?\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(r"^```(diff|python)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


def write(block, folder):
    """Apply one block below a folder and return the name of its file."""
    language, text = block
    first, _, rest = text.partition("\n")
    if language == "python":
        name = re.fullmatch(r"# (\S+) \(new file\)", first)[1]
        assert not (folder / name).exists()
        (folder / name).write_text(rest, encoding="utf-8")
        return name
    name = first.removeprefix("+++ ")
    source = (folder / name).read_text(encoding="utf-8")
    for hunk in rest.removeprefix("@@\n").split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        assert all(line[0] in " +-\n" for line in lines), hunk
        before = "".join(line[1:] or line for line in lines if line[0] != "+")
        after = "".join(line[1:] or line for line in lines if line[0] != "-")
        assert source.count(before) == 1, f"{name} has {source.count(before)} times\n{before}"
        source = source.replace(before, after)
    (folder / name).write_text(source, encoding="utf-8")
    return name


@pytest.fixture
def copy(tmp_path):
    """A copy of the sources, in which a recipe is applied."""
    unwanted = shutil.ignore_patterns("__pycache__")
    for name in ("qbsim", "scenarios", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def apply(title, folder):
    """Files that a recipe touches."""
    return [write(block, folder) for block in recipe(title)]


def execute(folder, *words):
    env = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True)


def works(folder, code):
    """Run Python code in the copy; `command` is the command line, which has to end with 0."""
    start = (
        "import numpy as np, qbsim as qb, qbsim.cli.main as cli\n"
        f"assert qb.__file__.startswith({str(folder)!r})\n"
        "t = np.linspace(0, 1, 11)\n"
        "def command(text):\n    assert cli.main(text.split()) == 0, text\n"
    )
    done = execute(folder, "-c", start + code)
    assert done.returncode == 0, done.stderr


def test_every_recipe_is_executed():
    titles = re.findall(r"^### (.*?):", PAGE, re.MULTILINE)
    source = Path(__file__).read_text(encoding="utf-8")
    assert len(titles) == 6
    assert all(f'apply("{title}", copy)' in source or f'recipe("{title}")' in source for title in titles)


def test_a_geometry_is_one_file(copy):
    # the star of three cells and the binary tree of three are the same graph
    assert apply("A geometry", copy) == ["qbsim/geometry.py"]
    code = f"""
assert qb.GEOMETRIES["tree"](3) == qb.central(3)
command("sweep geometry --geometry tree central {SWEEP}")
command("plot runs --x time --y ergotropy --out tree.png")
import xarray as xr
ds = xr.open_dataset("runs/sweep.nc")
assert np.array_equal(ds.ergotropy.sel(geometry="tree"), ds.ergotropy.sel(geometry="central"))
from qbsim import plotting
assert plotting.line("tree")["label"] == "tree"
"""
    works(copy, code)
    assert (copy / "tree.png").stat().st_size > 1000


def test_a_measure_is_one_file(copy):
    # one cell from |e>: populations p and 1 - p with p = exp(-t), so the linear entropy is 2 p (1 - p)
    assert apply("A measure", copy) == ["qbsim/measures/entropy.py"]
    code = f"""
ds = qb.evolve(qb.single_cell(gamma=1.0), qb.full(1), t, "linear_entropy")
p = np.exp(-t)
np.testing.assert_allclose(ds.linear_entropy, 2 * p * (1 - p), atol=1e-9)
assert ds.linear_entropy.attrs == {{"long_name": "linear entropy", "units": "1"}}
command("sweep disorder --delta 0 --measures ergotropy linear_entropy {SWEEP}")
command("plot runs --x time --y linear_entropy --out entropy.png")
assert qb.plotting.curve(ds, "linear_entropy").get_ylabel() == "linear entropy"
"""
    works(copy, code)
    assert (copy / "entropy.png").stat().st_size > 1000


FIGURE_OF_MODEL = '''"""Energy of a chain with alternating couplings."""
import numpy as np
import qbsim as qb
from qbsim import plotting

def compute(quick=False, workers=None):
    return qb.evolve(qb.ssh_chain(3, 1.0, 2.0, gamma=1.0), qb.full(3), np.linspace(0, 1, 11))

def draw(ds):
    return plotting.curve(ds, "energy").figure

def claims(ds):
    return []
'''


def test_a_model_is_one_file_and_a_line(copy):
    # equal decay of all cells: the energy falls as exp(-gamma t), whatever the exchange is
    assert apply("A model", copy) == ["qbsim/models/ssh_chain.py", "qbsim/__init__.py"]
    (copy / "chain.py").write_text(FIGURE_OF_MODEL)
    code = """
ds = qb.evolve(qb.ssh_chain(3, 1.0, 2.0, gamma=1.0), qb.full(3), t)
np.testing.assert_allclose(ds.energy, 3 * np.exp(-t), atol=1e-7)
command("run chain.py")
import doctest, sys
assert doctest.testmod(sys.modules["qbsim.models.ssh_chain"]) == (0, 1)
"""
    works(copy, code)
    assert (copy / "figures" / "chain.png").stat().st_size > 1000


def test_a_term_is_three_files_and_a_test_fails_until_all_are_done(copy):
    # H = V n n shifts |ee> only: from |++>, the coherence between |ge> and |ee> turns with omega + V
    blocks = recipe("A term of the master equation")
    assert len(blocks) == 3
    check = (
        "import sys\nsys.path[:0] = ['tests', 'tests/solvers']\nimport test_terms as tests\n"
        "tests.test_network_has_an_argument_for_every_term()\ntests.test_the_reference_solver_knows_every_term()\n"
        "for name in tests.SOLVERS:\n    tests.test_every_solver_follows_the_liouvillian_or_is_refused(name)\n"
    )
    for k, block in enumerate(blocks):
        write(block, copy)
        done = execute(copy, "-c", check)
        assert (done.returncode == 0) == (k == 2), done.stderr
        assert done.returncode == 0 or "AssertionError" in done.stderr
    code = """
net = qb.network(qb.linear(2), omega=0.0, V=2.0)
assert net.terms == {"interaction"} and net.parameters()["V"] == [[0, 2], [2, 0]]
ds = qb.evolve(net, qb.plus(2), t, "energy", states=True)
np.testing.assert_allclose(ds.rho.values[:, 1, 3], np.exp(2j * t) / 4, atol=1e-7)
"""
    works(copy, code)


def test_a_solver_is_one_file_and_a_line(copy):
    # one cell in the field omega: |+> turns with omega, and its coherence falls as exp(-gamma t / 2)
    assert apply("A solver", copy) == ["qbsim/solvers/runge_kutta.py", "qbsim/solvers/__init__.py"]
    code = f"""
cell = qb.single_cell(omega=3.0, gamma=1.0)
ds = qb.evolve(cell, qb.plus(1), t, solver="runge_kutta", states=True)
np.testing.assert_allclose(ds.rho.values[:, 1, 0], np.exp(-3j * t - t / 2) / 2, atol=1e-7)
assert ds.attrs["solver"] == "runge_kutta"
command("sweep disorder --delta 0 --solver runge_kutta {SWEEP}")
command("plot runs --x time --out curves.png")
"""
    works(copy, code)
    assert (copy / "curves.png").stat().st_size > 1000


def test_a_figure_is_one_file(copy):
    assert apply("A figure", copy) == ["scenarios/beyond/dark_star.py"]
    code = """
command("run beyond.dark_star --quick")
command("redraw beyond.dark_star")
command("list")
"""
    works(copy, code)
    assert (copy / "figures" / "beyond_dark_star.png").stat().st_size > 1000
