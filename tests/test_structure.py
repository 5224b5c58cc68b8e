"""The package as a whole: imports go one way, public names resolve, public docstrings have their sections."""

import ast
import importlib
import inspect
import pkgutil
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import lowest
import pytest

import qbsim as qb

PACKAGE = Path(qb.__file__).parent
MODULES = [m.name for m in pkgutil.walk_packages([str(PACKAGE)], "qbsim.") if not m.name.startswith("qbsim.scenarios")]

# From the ground up: a module imports from layers below its own. A new module has to be given its place here.
LAYERS = [
    {"_checks", "_digest", "_files", "_machine", "_version"},
    {"_drives", "_html", "_readers", "bosonic", "curves", "geometry", "operators"},
    {"battery", "decay", "plotting", "states"},
    {"channels", "ledger", "measures", "networks"},
    {"capacitance", "collective", "extraction", "solvers"},
    {"evolution", "models"},
    {"charging", "sweeps"},
    {"cli", "unravelling"},
    {"__main__"},
]
MOST_LAYERS, MOST_ENTRIES = 9, 33
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
SOURCES = [p for p in sorted(PACKAGE.rglob("*.py")) if p.parent != PACKAGE or p.name != "__init__.py"]
SOURCES = [p for p in SOURCES if p.relative_to(PACKAGE).parts[0] != "scenarios"]


def unit(path):
    """Module or subpackage directly below qbsim."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path):
    """Units of qbsim that a source imports: at the top, inside functions, or for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = list(parts[: len(parts) - node.level + 1])
                names = [node.module] if node.module else [alias.name for alias in node.names]
                yield from ((base + name.split("."))[0] for name in names)
            elif (node.module or "").split(".")[0] == "qbsim":
                yield from [node.module.split(".")[1]] if "." in node.module else [a.name for a in node.names]
        elif isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("qbsim."))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    own = unit(path)
    assert own in RANK, f"give {own} its place in LAYERS"
    for name in imported(path):
        if name != own:
            assert name in RANK, f"{own} imports {name}, which has no place in LAYERS"
            assert RANK[name] < RANK[own], f"{own} imports {name} upwards or sideways"


def test_the_package_stays_small():
    assert len(LAYERS) <= MOST_LAYERS
    entries = [p.name for p in PACKAGE.iterdir() if p.name not in ("__pycache__", "scenarios")]
    assert len(entries) <= MOST_ENTRIES, sorted(entries)


@pytest.mark.parametrize("name", MODULES)
def test_no_public_name_hides_a_module(name):
    # `import qbsim.evolution as ev` gives a module, and so does every other path of modules
    parent, _, own = name.rpartition(".")
    module = importlib.import_module(name)
    assert getattr(importlib.import_module(parent), own) is module


def test_private_modules_have_an_underscore():
    # plumbing is what no page and no scenario names
    public = {u for layer in LAYERS for u in layer if not u.startswith("_")}
    assert all(importlib.import_module(f"qbsim.{u}").__doc__ for u in public)
    named = "".join(p.read_text(encoding="utf-8") for p in SCENARIOS)
    assert not re.search(r"qbsim\.(\w+\.)?_\w+ import|from qbsim import _", named)


def test_only_plotting_imports_matplotlib():
    for path in SOURCES:
        if unit(path) != "plotting":
            assert "matplotlib" not in re.sub(r'"""(.|\n)*?"""|#.*', "", path.read_text(encoding="utf-8")), path


def test_only_operators_writes_basis_vectors():
    # one place decides the order of the levels; QuTiP's sigmam and sigmaz follow the other one
    for path in SOURCES:
        text = re.sub(r'"""(.|\n)*?"""|#.*', "", path.read_text(encoding="utf-8"))
        assert not re.search(r"\bsigma[mpz]\(\)|\bqutip\.sigma[mpz]\b", text), path
        if unit(path) == "states" or unit(path) == "battery":
            assert "basis(" not in text, path


SCENARIOS = sorted((PACKAGE.parent / "scenarios").rglob("*.py")) or sorted((PACKAGE / "scenarios").rglob("*.py"))


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_scenarios_use_public_names_only(path):
    # import qbsim as qb, plotting and claims; relative imports among themselves, so that the wheel can carry them
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert not node.module.startswith("scenarios"), path
            assert not any(part.startswith("_") and part != "__future__" for part in node.module.split(".")), path
            if node.module.split(".")[0] == "qbsim":
                assert not any(alias.name.startswith("_") for alias in node.names), path
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "qb":
            assert hasattr(qb, node.attr), f"{path}: qb.{node.attr}"
            assert not node.attr.startswith("_"), f"{path}: qb.{node.attr}"


@pytest.mark.parametrize("name", ["qbsim", *MODULES])
def test_all_resolves_without_duplicates(name):
    if name == "qbsim.__main__":
        return
    module = importlib.import_module(name)
    assert module.__doc__, name
    names = getattr(module, "__all__", [])
    assert len(names) == len(set(names))
    for entry in names:
        assert hasattr(module, entry), f"{name}.{entry}"


def test_public_names_are_listed_one_by_one():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    own = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.level]
    imports = {alias.asname or alias.name for node in own for alias in node.names}
    assert imports == set(qb.__all__)


# --- docstrings -----------------------------------------------------------------------------------------------------

SECTIONS = ["Parameters", "Attributes", "Returns", "Yields", "Raises", "Warns", "Notes", "References", "Examples"]
FUNCTIONS = [name for name in qb.__all__ if inspect.isfunction(getattr(qb, name))]
CLASSES = [name for name in qb.__all__ if inspect.isclass(getattr(qb, name))]


def sections(doc):
    """Titles of the underlined sections, in order."""
    rows = inspect.cleandoc(doc).splitlines()
    return [a.strip() for a, b in pairwise(rows) if b and set(b.strip()) == {"-"} and a.strip()]


@pytest.mark.parametrize("name", FUNCTIONS + CLASSES)
def test_docstring(name):
    doc = getattr(qb, name).__doc__
    assert doc, name
    first = inspect.cleandoc(doc).partition("\n\n")[0]
    assert first.rstrip().endswith("."), f"{name}: the first sentence ends with a full stop"
    found = sections(doc)
    assert set(found) <= set(SECTIONS), f"{name}: {found}"
    assert found == sorted(found, key=SECTIONS.index), f"{name}: sections in the order {SECTIONS}, but has {found}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstring_names_its_arguments(name):
    function = getattr(qb, name)
    doc, found = function.__doc__, sections(function.__doc__)
    arguments = [p for p in inspect.signature(function).parameters if p not in ("self", "N")]
    if "as in `" in doc:  # a family of functions documents its arguments once
        return
    if len(arguments) > 1 or "Parameters" in found:
        assert "Parameters" in found, f"{name} has the arguments {arguments}"
        assert "Returns" in found or inspect.signature(function).return_annotation in (None, "None"), name
        for argument in arguments:
            assert re.search(rf"\b{argument}\b", doc), f"{name}: argument {argument} is not described"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_docstring_has_an_example(name):
    if name in ("full", "empty", "save"):  # one line says it all, or the example is in `evolve`
        return
    assert ">>>" in getattr(qb, name).__doc__, f"{name} has no example"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_public_functions_are_typed(name):
    signature = inspect.signature(getattr(qb, name))
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty, f"{name}({parameter.name})"


def test_plotting_is_there_when_asked_for():
    assert qb.plotting is importlib.import_module("qbsim.plotting")
    with pytest.raises(AttributeError, match="no attribute 'ploting'"):
        _ = qb.ploting


# What a physicist types, and the file it leads to: ideas of the papers, and every measure, model, solver and geometry.
WORDS = {
    "passive state": "measures/ergotropy.py",
    "total ergotropy": "measures/ergotropy.py",
    "negativity": "measures/entanglement.py",
    "half-life": "curves.py",
    "thermal states": "states.py",
    "random fields": "models/disorder.py",
    "decay modes": "decay.py",
    "Network": "networks/network.py",
    "quantum advantage": "charging/power.py",
    "claims table": "ledger/claims.py",
    "energy": "measures/ergotropy.py",
    "ergotropy": "measures/ergotropy.py",
    "efficiency": "measures/ergotropy.py",
    "l1_coherence": "measures/coherence.py",
    "concurrence": "measures/entanglement.py",
    "incoherent_ergotropy": "measures/ergotropy.py",
    "coherent_ergotropy": "measures/ergotropy.py",
    "local_ergotropy": "measures/local_ergotropy.py",
    "antiergotropy": "measures/capacity.py",
    "battery_capacity": "measures/capacity.py",
    "energy_variance": "measures/energy_variance.py",
    "work statistics": "charging/fluctuations.py",
    "entropy": "measures/entropy.py",
    "purity": "measures/entropy.py",
    "power": "measures/power.py",
    "power_interaction": "measures/power.py",
    "power_dissipation": "measures/power.py",
    "single_cell": "models/cell.py",
    "network": "models/network.py",
    "xx_chain": "models/xx_chain.py",
    "xxz_chain": "models/xxz_chain.py",
    "Heisenberg model": "models/heisenberg.py",
    "Ising chain": "models/ising_chain.py",
    "transmon chain": "models/transmon_chain.py",
    "spin_chain": "models/spin_chain.py",
    "dicke": "models/dicke.py",
    "drive": "models/drive.py",
    "oscillator": "models/oscillator.py",
    "cooper_pair_boxes": "models/cooper_pair_boxes.py",
    "product": "solvers/product.py",
    "independent": "solvers/independent.py",
    "dense": "solvers/dense.py",
    "Faber": "solvers/_faber.py",
    "symmetric": "solvers/symmetric.py",
    "closed": "solvers/closed.py",
    "qutip": "solvers/qutip.py",
    "linear": "geometry.py",
    "circular": "geometry.py",
    "central": "geometry.py",
    "all_to_all": "geometry.py",
    "redundancy": "capacitance/redundancy.py",
    "speed limits": "charging/speed_limits.py",
    "master equation": "solvers/__init__.py",
    "noise channels": "channels.py",
    "quantum trajectories": "unravelling/trajectories.py",
    "kets": "unravelling/kets.py",
}


def leads_to(words, file):
    """Whether every part of the words is in the name of a file or in the first line of its docstring."""
    path = PACKAGE / file
    if not path.is_file():
        return False
    first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    return all(part in f"{path.stem} {first}".lower() for part in re.split(r"[ _-]", words.lower()))


def test_a_physicist_finds_the_file_of_a_word():
    missed = [word for word, file in WORDS.items() if not leads_to(word, file)]
    assert len(WORDS) >= 44
    assert len(missed) <= 2, missed


def test_files_stay_small():
    for path in SOURCES:
        assert path.stat().st_size < 40_000, path


def test_the_version_stands_in_one_place():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]
    assert f"\nversion: {qb.__version__}\n" in (PACKAGE.parent / "CITATION.cff").read_text(encoding="utf-8")


def test_every_dependency_declares_its_lowest_version(capsys):
    """What `make test-slow` installs."""
    lowest.main()
    assert "qutip==5.3" in capsys.readouterr().out.splitlines()


def test_package_is_typed():
    assert (PACKAGE / "py.typed").is_file()
