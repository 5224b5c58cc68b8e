"""The pages of the documentation run: every Python block, every qbsim command, every relative link."""

import re
import shlex
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import qutip

import qbsim as qb
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


# what the page says of the range of a measure, as (lowest, highest) from the levels, the dimension and the ergotropy
RANGES = {
    "E_min to E_max": lambda e, W: (e[0], e[-1]),
    "0 to E_max - E_min": lambda e, W: (0, e[-1] - e[0]),
    "E_min - E_max to 0": lambda e, W: (e[0] - e[-1], 0),
    "0 to (E_max - E_min)^2 / 4": lambda e, W: (0, (e[-1] - e[0]) ** 2 / 4),
    "0 to W": lambda e, W: (0, W),
    "0 to 1": lambda e, W: (0, 1),
    "0 to ln d": lambda e, W: (0, np.log(len(e))),
    "1/d to 1": lambda e, W: (1 / len(e), 1),
    "any sign": lambda e, W: (-np.inf, np.inf),
}
UNITS = {"energy": "energy", "energy^2": "power", "1": "1"}  # on the page, in the table of measures


def measures_page():
    """Rows of the table of the page, {measure: (unit, range)}, and its sections, {measure: text}."""
    text = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|\n]+\| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    sections = re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: (unit, extent) for name, unit, extent in rows}, dict(sections)


def test_the_page_of_measures_misses_none():
    rows, sections = measures_page()
    assert list(rows) == list(sections) == list(qb.MEASURES)
    for name, section in sections.items():
        assert UNITS[rows[name][0]] == qb.MEASURES[name].units, name
        assert "Source:" in section, name
        assert "nan" in section, name  # says when
        (example,) = re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        assert example.count("\n") == 2, name
        assert re.search(rf'"{name}"', example), name
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(docs/measures.md)" in readme


@pytest.mark.parametrize("seed", range(5))
def test_measures_stay_in_the_ranges_of_the_page(seed):
    # random levels, couplings and mixed states of three cells
    rng = np.random.default_rng(seed)
    net = qb.network(qb.circular(3), omega=rng.uniform(-1, 2, 3), J=rng.normal(size=3), gamma=rng.uniform(0.1, 1, 3))
    rho0 = qutip.rand_dm([2] * 3, rank=int(rng.integers(1, 9)), seed=seed)
    ds = qb.evolve(net, rho0, np.linspace(0, 2, 9), list(qb.MEASURES))
    levels = np.sort(net.levels)
    for name, (_, extent) in measures_page()[0].items():
        lowest, highest = RANGES[extent](levels, ds.ergotropy.values)
        assert (ds[name] >= lowest - 1e-9).all(), name
        assert (ds[name] <= highest + 1e-9).all(), name


def test_citation_names_the_sources_and_qutip():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    for key in ("santos2021", "arjmandi2022", "tirone_poster", "tirone2023", "campaioli2018", "QuTiP"):
        assert f"notes: {key}" in text
