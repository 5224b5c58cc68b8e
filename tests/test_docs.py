"""The pages of the documentation run: every Python block, every qbsim command, every relative link."""

import re
import shlex
from pathlib import Path

import matplotlib as mpl
import pytest

from qbsim.cli import main as cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RECIPES = ROOT / "CONTRIBUTING.md"  # its Python blocks are executed by test_recipes.py
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page):
    """(language, text, line) of every fenced block."""
    text = page.read_text(encoding="utf-8")
    return [(m[1], m[2], text[: m.start()].count("\n") + 1) for m in BLOCK.finditer(text)]


def commands(page):
    """qbsim commands of the shell blocks, as argument lists."""
    for language, text, _ in blocks(page):
        if language in ("bash", "console", "sh"):
            for row in text.replace("\\\n", " ").splitlines():
                words = shlex.split(row.removeprefix("$ "), comments=True)
                if words[:1] == ["qbsim"]:
                    yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    # the blocks of a page share their names, as in a notebook; one that starts with "# name.py" is that file
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    mpl.use("Agg")
    names = {"__name__": "__main__"}
    own = []
    for language, text, line in blocks(page):
        if language != "python":
            continue
        first = text.partition("\n")[0]
        if re.fullmatch(r"# \w+\.py", first):
            Path(first[2:]).write_text(text.partition("\n")[2], encoding="utf-8")
            own.append(first[2:])
        else:
            exec(compile("\n" * line + text, str(page), "exec"), names)
    for words in commands(page):  # commands on the page's own files run, the others are only parsed
        if any(word in own for word in words):
            assert cli.main(words) == 0, words
    for name in own:
        assert any(name in words for words in commands(page)), f"{name} is written but never run"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_exist(page):
    for words in commands(page):
        try:
            cli.parser().parse_args(words)
        except SystemExit as stop:
            assert stop.code == 0, words  # noqa: PT017  --help ends with 0, a mistake with 2


@pytest.mark.parametrize("page", [*PAGES, RECIPES], ids=lambda p: p.name)
def test_relative_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_architecture_shows_every_entry_of_the_package_and_no_other():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 120
    (tree,) = re.findall(r"^qbsim/\n(.*?)^scenarios/", text, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"\b(_\w+|\w+\.py|\w+/)", tree))
    entries = {
        p.name + "/" * p.is_dir() for p in (ROOT / "qbsim").iterdir() if p.name not in ("__pycache__", "py.typed")
    }
    entries -= {"__init__.py", "__main__.py"}
    private = {p.removesuffix(".py").removesuffix("/") if p.startswith("_") else p for p in entries}
    assert named == private


def test_citation_names_the_sources_and_qutip():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    for key in ("santos2021", "arjmandi2022", "tirone_poster", "tirone2023", "campaioli2018", "QuTiP"):
        assert f"notes: {key}" in text
