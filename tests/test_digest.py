"""The digest of the code that decides numbers: what it sees, what it does not, and what it costs."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

import qbsim as qb
from qbsim import _digest
from qbsim._digest import NOT_NUMERIC, normalised, numerics_sha256

PACKAGE = Path(qb.__file__).parent
SOURCES = [p for p in sorted(PACKAGE.rglob("*.py")) if "scenarios" not in p.relative_to(PACKAGE).parts]


def without_docstrings(source):
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body[0].value.value = ""
    return ast.dump(tree)


def digest_after(monkeypatch, folder, name, old, new):
    """Digest of a copy of the package in which one text of one file is replaced."""
    if not folder.exists():
        shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    original = (folder / name).read_text(encoding="utf-8")
    assert old in original
    (folder / name).write_text(original.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(_digest, "__file__", str(folder / "_digest.py"))
    found = numerics_sha256.__wrapped__()
    (folder / name).write_text(original, encoding="utf-8")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_comments_and_docstrings_are_left_out(path):
    source = path.read_text(encoding="utf-8")
    assert without_docstrings(normalised(source)) == without_docstrings(source)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('s = "#"', 's = "# x"'),
        ("s = '''a # b'''", "s = '''a # c'''"),
        ('s = "a\\"#"', 's = "a\\"# b"'),
        ("x = 1", "x = 2"),
        ('    y: """no docstring"""', '    y: """none"""'),
    ],
)
def test_texts_and_numbers_count(old, new):
    code = "{}\n\ndef f(x):\n    return x  # doubled\n"
    assert normalised(code.format(old)) != normalised(code.format(new))


def test_comments_docstrings_and_empty_lines_do_not_count():
    plain = 'def f(x):\n    ""\n    return x\n'
    assert normalised('def f(x):\n    """What."""\n\n    # why\n    return x  # how\n') == plain
    assert normalised('def f(x):\n    r"""Other."""\n    return x\n') == plain


def test_a_changed_solver_changes_the_digest_and_a_changed_figure_does_not(tmp_path, monkeypatch):
    same, folder = numerics_sha256(), tmp_path / "qbsim"
    assert digest_after(monkeypatch, folder, "solvers/_faber.py", "import", "import") == same
    assert digest_after(monkeypatch, folder, "solvers/_faber.py", "\nimport", "\nx = 1\nimport") != same
    assert digest_after(monkeypatch, folder, "states.py", "p: float = 0.75", "p: float = 0.76") != same
    assert digest_after(monkeypatch, folder, "plotting/lines.py", "\nimport", "\nx = 1\nimport") == same


def test_a_new_module_counts(tmp_path, monkeypatch):
    folder = tmp_path / "qbsim"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "new.py").write_text("x = 1\n")
    monkeypatch.setattr(_digest, "__file__", str(folder / "_digest.py"))
    assert numerics_sha256.__wrapped__() != numerics_sha256()


@pytest.mark.parametrize("name", NOT_NUMERIC)
def test_what_is_left_out_exists(name):
    """A module that moves must be listed under its new name."""
    places = (PACKAGE / name, PACKAGE / f"{name}.py", PACKAGE.parent / name)
    assert any(p.exists() for p in places)
