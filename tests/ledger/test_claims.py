"""Rows of the ledger: what counts as agreement, as a known difference, as undecided, and what fails."""

import math
import re

import pytest

from qbsim.ledger.claims import (
    DIFFERS,
    FAILS,
    HOLDS,
    REPRODUCED,
    UNDECIDED,
    Claim,
    check,
    equal,
    number,
    statement,
    summary,
    table,
)

SAYS = {"quote": "alpha = 5.54", "place": "below Fig. 6"}
KNOWN = {"expected": 5.0, "expected_tol": 0.1, "why": "a misprint"}


@pytest.mark.parametrize(
    ("printed", "found", "verdict"),
    [
        ("5.54", 5.54, REPRODUCED),
        ("5.54", 5.549, REPRODUCED),  # within twice half of the last printed digit
        ("5.54", 5.551, UNDECIDED),  # between two and three times
        ("5.54", 5.56, FAILS),
        ("9.6", 9.69, REPRODUCED),
        ("9.6", 9.8, FAILS),
        ("3", 3.9, REPRODUCED),
        ("3", 5.0, FAILS),
        ("-2.44", -2.44, REPRODUCED),
        ("-2.44", 2.44, FAILS),  # the sign counts
        ("5.54", math.nan, FAILS),
        ("5.54", math.inf, FAILS),
    ],
)
def test_printed_digits_decide_what_agrees(printed, found, verdict):
    assert number("x", printed, found, **SAYS).verdict == verdict


@pytest.mark.parametrize(
    ("found", "error", "verdict"),
    [
        (5.70, 0.19, REPRODUCED),
        (5.94, 0.19, UNDECIDED),  # 2.1 standard errors away
        (6.20, 0.19, FAILS),  # 3.5 standard errors away
        (6.20, math.inf, UNDECIDED),  # the data do not determine it
        (6.20, math.nan, FAILS),
    ],
)
def test_standard_errors_decide_what_agrees(found, error, verdict):
    assert number("x", "5.54", found, error=error, **SAYS).verdict == verdict


@pytest.mark.parametrize(
    ("found", "error", "verdict"),
    [
        (5.0, 0.05, DIFFERS),  # what the independent calculation gives
        (5.54, 0.05, REPRODUCED),  # the paper comes first
        (5.42, 0.05, UNDECIDED),
        (4.0, 0.05, FAILS),  # neither: a known difference can fail
        (5.54, 0.5, REPRODUCED),  # an error so large contradicts nothing
    ],
)
def test_known_difference_of_a_number(found, error, verdict):
    claim = number("x", "5.54", found, error=error, **SAYS, **KNOWN)
    assert claim.verdict == verdict
    assert claim.why == ("a misprint" if verdict == DIFFERS else "")


@pytest.mark.parametrize("found", [0.2 * k for k in range(60)])
def test_a_wrong_number_fails_whatever_the_explanation(found):
    # only what agrees with the paper or with the independent result passes
    verdict = number("x", "5.54", found, error=0.05, **SAYS, **KNOWN).verdict
    if min(abs(found - 5.54) / math.hypot(0.05, 0.005), abs(found - 5.0) / math.hypot(0.05, 0.1)) > 3:
        assert verdict == FAILS


def test_differences_need_an_explanation_and_a_number():
    with pytest.raises(ValueError, match="explanation"):
        number("x", "1.0", 2.0, expected=2.0, **SAYS)
    with pytest.raises(ValueError, match="explanation"):
        number("x", "1.0", 2.0, why="a misprint", **SAYS)
    with pytest.raises(ValueError, match="explanation"):
        statement("x", 1.0, holds=False, **SAYS)
    with pytest.raises(ValueError, match="explanation"):
        statement("x", 1.0, why="a misprint", **SAYS)


@pytest.mark.parametrize("empty", [{"quote": ""}, {"place": " "}])
def test_a_statement_quotes_its_paper(empty):
    with pytest.raises(ValueError, match="check"):
        number("x", "1.0", 1.0, **{**SAYS, **empty})
    with pytest.raises(ValueError, match="check"):
        statement("x", 1.0, **{**SAYS, **empty})


@pytest.mark.parametrize(
    ("margin", "error", "holds", "verdict"),
    [
        (0.1, 0.0, True, REPRODUCED),
        (-0.1, 0.0, True, FAILS),
        (0.0, 0.0, True, FAILS),
        (0.1, 0.06, True, UNDECIDED),
        (-0.1, 0.06, True, UNDECIDED),
        (0.1, 0.04, True, REPRODUCED),
        (-0.1, 0.04, True, FAILS),
        (-0.1, 0.0, False, DIFFERS),
        (0.1, 0.0, False, REPRODUCED),  # the paper comes first
        (0.1, 0.06, False, UNDECIDED),
        (math.nan, 0.0, True, FAILS),
        (math.nan, 0.0, False, FAILS),
        (0.1, math.inf, True, FAILS),
    ],
)
def test_statement(margin, error, holds, verdict):
    claim = statement("x", margin, error=error, holds=holds, why="" if holds else "known", **SAYS)
    assert claim.verdict == verdict
    assert claim.why == ("known" if verdict == DIFFERS else "")
    assert not claim.is_check


@pytest.mark.parametrize(
    ("margin", "error", "verdict"),
    [(0.1, 0.0, HOLDS), (-0.1, 0.0, FAILS), (0.0, 0.0, FAILS), (0.1, 0.06, UNDECIDED), (-0.2, 0.06, FAILS)],
)
def test_check(margin, error, verdict):
    claim = check("x", margin, error=error)
    assert claim.verdict == verdict
    assert claim.is_check


@pytest.mark.parametrize(
    ("found", "error", "verdict"),
    [(1.05, 0.0, HOLDS), (1.2, 0.0, FAILS), (1.05, 0.03, UNDECIDED), (1.05, 0.02, HOLDS), (math.nan, 0.0, FAILS)],
)
def test_equal(found, error, verdict):
    assert equal("x", 1.0, found, tol=0.1, error=error).verdict == verdict


@pytest.mark.parametrize(
    ("error", "shown"), [(0.06, "4.89(6)"), (0.096, "4.89(10)"), (0.99, "4.9(10)"), (2.4, "5(2)"), (1e-5, "4.89120(1)")]
)
def test_error_in_brackets(error, shown):
    assert number("x", "5.0", 4.8912, error=error, **SAYS).found == shown


def test_what_is_printed_for_qbsim():
    assert number("x", "5.05", 4.8912, **SAYS).found == "4.891"
    assert statement("x", 0.5, **SAYS).found == "yes (margin 0.5)"
    assert statement("x", -0.5, found="no: 3 of 4", **SAYS).found == "no: 3 of 4"


# --- the table ------------------------------------------------------------------------------------------------------

ROWS = [
    number(
        "a rather long statement about the half-life of the coherent state of a battery", "5.54", 4.9, **SAYS, **KNOWN
    ),
    check("short", 0.1),
    statement("unbreakable", -1.0, quote="1" * 40, place="2" * 40, found="3" * 40),
]


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_table_fits_the_terminal(width):
    text = table([("paper.fig1", ROWS)], width)
    assert max(len(line) for line in text.splitlines()) <= width
    words = " ".join(text.split())
    assert "differs: a misprint" in words
    assert "5.54" in words
    assert "4.9" in words
    header = text.splitlines()[1]
    assert re.split(r"\s*\|\s*", header) == ["paper.fig1", "paper", "qbsim", "verdict"]
    # our own checks stand apart, after the statements
    assert text.index("checks: paper.fig1") > text.index("unbreakable")
    assert text.index("short") > text.index("checks: paper.fig1")


def test_summary_counts_statements_and_checks_apart():
    assert summary(ROWS).strip().splitlines() == [
        "2 statements of papers: 0 reproduced, 1 differ (explained), 0 undecided, 1 FAIL",
        "1 checks of our own: 1 hold, 0 undecided, 0 FAIL",
    ]
    assert "0 statements" in summary([Claim("x", "1", HOLDS)])
