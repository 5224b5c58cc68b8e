"""The ledger of santos2021: its readings of the rates, and what the paper says and what it does not."""

import re
from pathlib import Path

import pytest

from qbsim.ledger.claims import check, number, readings_table, statement
from scenarios.santos2021 import READING, READINGS, _readings, fig2, fig5

SAYS = {"quote": "it grows", "place": "Sec. II"}


@pytest.fixture(scope="module")
def columns():
    return {reading: _readings.rows(reading, quick=True) for reading in READINGS}


def test_the_adopted_reading_reproduces_most(columns):
    counts = {reading: _readings.reproduced(rows) for reading, rows in columns.items()}
    assert counts[READING] == max(counts.values()), counts
    # and it is the only one of the three that is positive and keeps the printed half-life
    assert [r for r in READINGS if len(_readings.positive(r)) == 4] == ["positive", "relaxation"]
    half_life = {r: next(c for c in rows if c.text == "half-life of the coherent state") for r, rows in columns.items()}
    assert {r: c.verdict for r, c in half_life.items()} == {
        "positive": "reproduced",
        "literal": "reproduced",
        "relaxation": "FAILS",
    }
    assert _readings.paper.READING == READING  # left as it was found


def test_the_page_on_conventions_gives_the_counts_of_the_table(columns):
    page = (Path(__file__).resolve().parents[2] / "docs" / "conventions.md").read_text(encoding="utf-8")
    for reading, rows in columns.items():
        count = re.search(rf"^\| `{reading}`.*positive; (\d+)", page, re.MULTILINE)
        assert count is not None
        assert int(count[1]) == _readings.reproduced(rows), reading
    assert f"of {sum(not c.is_check for c in columns[READING])} statements" in page


def test_readings_are_printed_side_by_side(columns):
    lines = readings_table(columns, width=170).splitlines()
    assert [cell.strip() for cell in lines[0].split("|")] == ["statement (place)", *READINGS]
    assert max(map(len, lines)) <= 170
    counts = {line.split("|")[0].strip(): [int(x) for x in line.split("|")[1:]] for line in lines[-3:]}
    statements = sum(not c.is_check for c in columns[READING])
    assert [sum(column) for column in zip(*counts.values(), strict=True)] == [statements] * 3
    assert counts["reproduced"] == [_readings.reproduced(rows) for rows in columns.values()]
    # the classical state's entanglement, a row of Fig. 5, tells the readings apart
    row = next(k for k, line in enumerate(lines) if line.startswith("classical state: entanglement"))
    assert re.findall(r"reproduced|differs", lines[row]) == ["differs", "differs", "reproduced"]


def test_readings_table_counts_statements_alone():
    good, bad = statement("x", 1.0, **SAYS), statement("x", -1.0, **SAYS)
    open_ = number("y", "1", 1.0, error=1e-9, **SAYS), number("y", "1.0", 1.12, **SAYS)
    text = readings_table({"one": [good, open_[0], check("ours", 1.0)], "two": [bad, open_[1]]}, width=100)
    assert "ours" not in text
    assert [re.split(r"[\s|]+", line) for line in text.splitlines()[-3:]] == [
        ["reproduced", "2", "0"],
        ["differs", "0", "1"],
        ["undecided", "0", "1"],
    ]
    with pytest.raises(ValueError, match="same statements"):
        readings_table({"one": [good], "two": []})


def test_phase_damping_is_in_the_ledger():
    # Eq. (10): |+> keeps W = exp(-gamma t)/2 and all its energy, the classical state everything
    ds = fig2.compute(quick=True)
    assert abs(ds.damped_ergotropy.sel(state="plus").interp(lifetimes=2.0) - 0.0676676416) < 1e-7
    assert abs(ds.damped_ergotropy.sel(state="classical") - 0.5).max() < 1e-12
    rows = {c.text: c for c in fig2.claims(ds) if "phase damping" in c.text}
    assert len(rows) == 4
    assert {c.place.partition(",")[0] for c in rows.values()} == {"Sec. II C"}
    # a channel that took energy would be noticed
    lossy = ds.assign(damped_energy=ds.damped_energy * (1 - 0.01 * ds.lifetimes / 20))
    assert [c.text for c in fig2.claims(lossy) if c.verdict == "FAILS"] == ["phase damping takes no energy"]


def test_exchange_and_not_collective_decay_entangles(columns):
    row = next(c for c in columns["positive"] if c.text.startswith("collective decay without exchange"))
    assert row.verdict == "differs (explained)"
    assert "collective decay" in row.quote
    # the same row is reproduced where collective decay does entangle: it can go both ways
    assert next(c for c in columns["relaxation"] if c.text == row.text).verdict == "reproduced"


def test_concordance_counts_pairs_ordered_alike():
    a = [[2.0, 2.0], [1.0, 1.0], [0.0, 0.0]]
    b = [[3.0, 1.0], [2.0, 2.0], [1.0, 3.0]]
    to = fig5.np.array
    assert fig5._concordance(to(a), to(a)) == 1
    assert fig5._concordance(to(a), to(b)) == 0.5


def test_the_command_names_the_best_and_the_adopted_reading(columns, monkeypatch, capsys):
    monkeypatch.setattr(_readings, "rows", lambda reading, quick=False: columns[reading])
    _readings.main()
    out = capsys.readouterr().out
    assert "literal: gamma 0.5, dephasing 0.25, gamma_bond 1 (times Gamma, Gamma_d); positive decay matrix: all" in out
    assert out.endswith("Most statements come out in 'positive'; adopted is 'positive'.\n")
    # if another one were best, it would say so
    monkeypatch.setattr(_readings.paper, "READING", "relaxation")
    _readings.main()
    assert capsys.readouterr().out.endswith("in 'positive'; adopted is 'relaxation'.\n")
