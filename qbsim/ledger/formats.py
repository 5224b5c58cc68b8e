"""The table of claims for other programs: JSON, CSV, Markdown and HTML, with the same rows as the text."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from .._version import __version__
from .claims import DIFFERS, FAILS, HOLDS, REPRODUCED, UNDECIDED, Claim, summary, table

__all__ = ["FORMATS", "Group", "counted"]

OTHER = "other parameters"
VERDICTS = {REPRODUCED: "reproduced", DIFFERS: "differs", UNDECIDED: "undecided", HOLDS: "holds"}


class Group(NamedTuple):
    """Rows of one scenario.

    Attributes
    ----------
    title : str
        Name of the scenario.
    claims : list of Claim
        Its rows.
    settings : dict
        Constants that are not those of the caption, as texts; with any, the rows are shown and never counted: the
        paper says nothing about these parameters.
    quick : bool
        Whether the numbers are those of a quick run.
    """

    title: str
    claims: Sequence[Claim]
    settings: Mapping[str, str] = {}
    quick: bool = False

    @property
    def heading(self) -> str:
        """Name of the scenario, with the other parameters, and whether it is a quick run."""
        other = ", ".join(f"{name} = {text}" for name, text in self.settings.items())
        title = f"{self.title} (quick run)" if self.quick else self.title
        return f"{title}, {OTHER}: {other}" if other else title

    def rows(self) -> list[Claim]:
        """Rows to show: under other parameters no verdict looks like one on the paper."""
        if not self.settings:
            return list(self.claims)
        words = [VERDICTS.get(c.verdict, "does not hold" if c.is_check else "differs") for c in self.claims]
        return [replace(c, verdict=f"{OTHER}: {word}") for c, word in zip(self.claims, words, strict=True)]


def counted(groups: Sequence[Group]) -> list[Claim]:
    """Rows that count: those of the parameters of the papers."""
    return [claim for group in groups if not group.settings for claim in group.claims]


def as_text(groups: Sequence[Group]) -> str:
    """Table for the terminal, and the counts."""
    return f"{table([(group.heading, group.rows()) for group in groups])}\n{summary(counted(groups))}"


def _records(groups: Sequence[Group]) -> list[dict[str, Any]]:
    return [
        {
            "scenario": group.title,
            "kind": "check" if claim.is_check else "statement",
            "text": claim.text,
            "quote": claim.quote,
            "place": claim.place,
            "qbsim": claim.found,
            "verdict": claim.verdict,
            "why": claim.why,
            "other_parameters": dict(group.settings),
            "quick": group.quick,
        }
        for group in groups
        for claim in group.rows()
    ]


def _totals(groups: Sequence[Group]) -> dict[str, dict[str, int]]:
    parts = {
        "statements": ([c.verdict for c in counted(groups) if not c.is_check], (REPRODUCED, DIFFERS, UNDECIDED, FAILS)),
        "checks": ([c.verdict for c in counted(groups) if c.is_check], (HOLDS, UNDECIDED, FAILS)),
    }
    return {name: {verdict: found.count(verdict) for verdict in known} for name, (found, known) in parts.items()}


def as_json(groups: Sequence[Group]) -> str:
    """Object with `qbsim_version`, `rows` and `totals`."""
    record = {"qbsim_version": __version__, "rows": _records(groups), "totals": _totals(groups)}
    return json.dumps(record, indent=2, ensure_ascii=False)


def as_csv(groups: Sequence[Group]) -> str:
    """One line for every row, after a line of names."""
    records = [r | {"other_parameters": _settings(r["other_parameters"])} for r in _records(groups)]
    names = ["scenario", "kind", "text", "quote", "place", "qbsim", "verdict", "why", "other_parameters", "quick"]
    file = io.StringIO()
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return file.getvalue().removesuffix("\n")


def _settings(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {text}" for name, text in settings.items())


HEADS = ("row", "paper", "place", "qbsim", "verdict", "why it differs")


def _cells(claim: Claim) -> list[str]:
    """A row of the table, as `HEADS`."""
    quote = "check of our own" if claim.is_check else f'"{claim.quote}"'
    return [claim.text, quote, claim.place, claim.found, claim.verdict, claim.why]


def as_markdown(groups: Sequence[Group]) -> str:
    """One table for every scenario."""

    def line(cells: Sequence[str]) -> str:
        safe = (re.sub(r"([\\`*_\[\]<>|~$&])", r"\\\1", " ".join(cell.split())) for cell in cells)
        return f"| {' | '.join(safe)} |"

    parts = []
    for group in groups:
        rows = [line(HEADS), "| " + " | ".join("---" for _ in HEADS) + " |", *(line(_cells(c)) for c in group.rows())]
        parts.append("\n".join([f"## {line([group.heading])[2:-2]}", "", *rows]))
    return "\n\n".join([*parts, *summary(counted(groups)).strip().splitlines()])


_STYLE = """body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #222 }
table { border-collapse: collapse; width: 100%; margin-bottom: 2em }
th, td { text-align: left; vertical-align: top; padding: .35em .6em; border-bottom: 1px solid #ddd }
th { border-bottom: 2px solid #888 }
.fails { background: #f6c9c4 } .undecided { background: #f5ecc8 } .differs { background: #e4e8f4 }
.other { color: #666; font-style: italic }"""


def as_html(groups: Sequence[Group]) -> str:
    """One page that needs no other file."""
    classes = {FAILS: "fails", UNDECIDED: "undecided", DIFFERS: "differs"}
    parts = []
    for group in groups:
        lines = []
        for claim in group.rows():
            look = "other" if group.settings else classes.get(claim.verdict, "")
            cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(claim))
            lines.append(f'<tr class="{look}">{cells}</tr>')
        head = "".join(f"<th>{cell}</th>" for cell in HEADS)
        body = "\n".join(lines)
        parts.append(f"<h2>{html.escape(group.heading)}</h2>\n<table>\n<tr>{head}</tr>\n{body}\n</table>")
    counts = "".join(f"<p>{html.escape(line)}</p>\n" for line in summary(counted(groups)).strip().splitlines())
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>qbsim {html.escape(__version__)}: claims</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
        f"<h1>What the papers say, and what qbsim {html.escape(__version__)} finds</h1>\n{counts}"
        + "\n".join(parts)
        + "\n</body>\n</html>"
    )


FORMATS: dict[str, Callable[[Sequence[Group]], str]] = {
    "text": as_text,
    "json": as_json,
    "csv": as_csv,
    "md": as_markdown,
    "html": as_html,
}
"""What `qbsim verify --format` takes."""
