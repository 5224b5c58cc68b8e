"""The bibliography: every citation key is resolved, every work is cited, and nothing contradicts CITATION.cff."""

import re
from pathlib import Path

import pytest

import qbsim as qb

ROOT = Path(qb.__file__).parents[1]
PAGE = ROOT / "docs" / "references.md"
ENTRY = re.compile(r"^- \*\*(\w+)\*\*: (.+(?:\n  .+)*)", re.MULTILINE)
# name and year, in brackets or not (places of quotations have none); the poster has no year
KEY = re.compile(r"\b(?:[a-z]{2,}(?:18|19|20)\d{2}[a-z]?|[a-z]+_poster)\b")

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the pages are not part of the wheel")


def entries():
    return {key: " ".join(text.split()) for key, text in ENTRY.findall(PAGE.read_text(encoding="utf-8"))}


def cited():
    """Keys in the sources and pages, each with the files that have it."""
    files = [p for folder in ("qbsim", "scenarios") for p in (ROOT / folder).rglob("*.py")]
    files += [ROOT / "README.md", *(p for p in (ROOT / "docs").rglob("*.md") if p != PAGE)]
    keys = {}
    for path in files:
        for key in KEY.findall(path.read_text(encoding="utf-8")):
            keys.setdefault(key, set()).add(path.relative_to(ROOT).as_posix())
    return keys


def test_every_citation_key_is_resolved():
    missing = {key: sorted(files) for key, files in cited().items() if key not in entries()}
    assert not missing
    assert len(entries()) >= 20


def test_every_work_is_cited():
    assert not set(entries()) - set(cited())


def test_entries_are_complete_and_sorted():
    text = PAGE.read_text(encoding="utf-8")
    assert len(ENTRY.findall(text)) == text.count("\n- ")
    for part in text.split("\n## ")[1:]:
        keys = [key for key, _ in ENTRY.findall(part)]
        assert keys == sorted(keys)
    for key, entry in entries().items():
        author, year = re.fullmatch(r"([a-z]+)(?:_poster|(\d{4}))", key).groups()
        plain = entry.lower().translate(str.maketrans("öóí", "ooi"))
        assert author in plain, key
        assert year is None or f"({year})" in entry, key
        assert "*" in entry
        for label, link in re.findall(r"\[(?:doi|arXiv):([^\]]+)\]\(https://([^)]+)\)", entry):
            assert link in (f"doi.org/{label}", f"arxiv.org/abs/{label}"), key


def test_papers_are_those_of_the_citation_file():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    papers = [p.parent.name for p in (ROOT / "scenarios").glob("*/__init__.py") if p.parent.name != "beyond"]
    assert len(papers) == 5
    for paper in papers:
        record = next(r for r in citation.split("\n  - type:") if re.search(rf"notes: \"?{paper}\b", r))
        identifier = re.search(r"doi: (\S+)|arXiv:([\d.]+)", record)
        assert next(filter(None, identifier.groups())) in entries()[paper], paper
