"""The table of claims as JSON, CSV, Markdown and HTML: the same rows, nothing lost, nothing that a reader would run."""

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest

from qbsim.ledger.claims import FAILS, check, number, statement
from qbsim.ledger.formats import FORMATS, Group, counted

NASTY = '<script>alert("1|2")</script> & "quoted", *bold*\nnext line, é |'
ROWS = [
    number("gain", "0.5", 0.52, quote="0.5", place="Eq. (1)"),
    statement("it grows", -1.0, quote=NASTY, place="p. 3", holds=False, why="it does <not>"),
    statement("it falls", -1.0, quote="falls", place="p. 4"),
    check("trace | kept", 1.0),
]
OTHER = [number("gain", "0.5", 9.0, quote="0.5", place="Eq. (1)"), check("trace", -1.0)]
GROUPS = [Group("paper.fig1", ROWS), Group("paper.fig1@12345678", OTHER, {"N": "8", "SEED": "7"})]


class Page(HTMLParser):
    """Cells of the tables of a page, and its tags."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tags, self._cell = [], set(), False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert not {"src", "href"} & {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data):
        if self._cell:
            self.rows[-1][-1] += data


def test_json_has_every_field():
    found = json.loads(FORMATS["json"](GROUPS))
    assert len(found["rows"]) == 6
    assert found["rows"][1] == {
        "scenario": "paper.fig1",
        "kind": "statement",
        "text": "it grows",
        "quote": NASTY,
        "place": "p. 3",
        "qbsim": "no (margin -1)",
        "verdict": "differs (explained)",
        "why": "it does <not>",
        "other_parameters": {},
        "quick": False,
    }
    assert found["rows"][4]["other_parameters"] == {"N": "8", "SEED": "7"}
    # what is under other parameters is in no total
    assert found["totals"] == {
        "statements": {"reproduced": 1, "differs (explained)": 1, "undecided (error too large)": 0, "FAILS": 1},
        "checks": {"holds": 1, "undecided (error too large)": 0, "FAILS": 0},
    }


def test_csv_has_the_rows_of_the_json():
    rows = list(csv.DictReader(io.StringIO(FORMATS["csv"](GROUPS), newline="")))
    records = json.loads(FORMATS["json"](GROUPS))["rows"]
    for row, record in zip(rows, records, strict=True):
        settings = ", ".join(f"{k} = {v}" for k, v in record["other_parameters"].items())
        assert row == record | {"other_parameters": settings, "quick": str(record["quick"])}


def test_html_is_one_page_that_runs_nothing():
    text = FORMATS["html"](GROUPS)
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert not page.tags & {"script", "link", "img", "iframe", "object"}
    assert "url(" not in text
    rows = [row for row in page.rows if row[0] != "row"]
    assert len(rows) == 6
    assert rows[1] == ["it grows", f'"{NASTY}"', "p. 3", "no (margin -1)", "differs (explained)", "it does <not>"]


def test_markdown_keeps_its_columns():
    text = FORMATS["md"](GROUPS)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == 6 + 2 * 2
    for line in lines:
        assert len(re.findall(r"(?<!\\)\|", line)) == 7, line
    assert r"\<script\>" in text
    assert "## paper.fig1@12345678, other parameters: N = 8, SEED = 7" in text


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_the_same_rows(name):
    text = FORMATS[name](GROUPS)
    flat = re.sub(r"\s+", " ", text)
    for words in ("gain", "it grows", "it falls", "Eq. (1)", "other parameters"):
        assert words in flat
    if name not in ("text", "csv", "json"):  # the text wraps its columns; the others have their own totals
        assert "3 statements of papers: 1 reproduced, 1 differ (explained), 0 undecided, 1 FAIL" in flat


def test_other_parameters_never_count_and_never_fail():
    assert [c.verdict for c in OTHER] == [FAILS, FAILS]
    assert [c.verdict for c in GROUPS[1].rows()] == ["other parameters: differs", "other parameters: does not hold"]
    assert counted(GROUPS) == ROWS
    assert FAILS not in FORMATS["md"](GROUPS[1:])
    text = FORMATS["text"](GROUPS[1:])
    assert "0 statements of papers: 0 reproduced" in text
    assert "0 checks of our own: 0 hold" in text


def test_a_quick_run_is_marked_in_every_format():
    groups = [Group("paper.fig1", ROWS, quick=True)]
    for name in ("text", "md", "html"):
        assert "paper.fig1 (quick run)" in FORMATS[name](groups).replace("\\", "")
    assert all(row["quick"] for row in json.loads(FORMATS["json"](groups))["rows"])
    assert all(row["quick"] == "True" for row in csv.DictReader(io.StringIO(FORMATS["csv"](groups))))
