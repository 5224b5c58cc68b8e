"""Claims: what counts as agreement, as a known discrepancy, as undecided, and what fails."""

import math

import pytest

from qbsim.claims import DIFFERS, FAILS, REPRODUCED, UNDECIDED, ordering, value


@pytest.mark.parametrize(
    ("found", "verdict"), [(1.0, REPRODUCED), (1.05, REPRODUCED), (1.2, FAILS), (math.nan, FAILS), (math.inf, FAILS)]
)
def test_number_without_error(found, verdict):
    assert value("x", 1.0, found, tol=0.1).verdict == verdict


@pytest.mark.parametrize(
    ("found", "error", "verdict"),
    [
        (1.0, 0.05, REPRODUCED),
        (1.15, 0.05, REPRODUCED),  # within tol + 2 errors
        (1.25, 0.05, FAILS),
        (1.0, 0.3, UNDECIDED),  # an error above twice the tolerance tells nothing
        (3.0, 0.3, FAILS),  # but still excludes what is far away
    ],
)
def test_number_with_error(found, error, verdict):
    assert value("x", 1.0, found, tol=0.1, error=error).verdict == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (2.0, DIFFERS),  # what the independent calculation finds
        (1.0, REPRODUCED),  # the paper after all
        (1.5, FAILS),  # neither: a known discrepancy can fail
    ],
)
def test_known_discrepancy(found, verdict):
    claim = value("x", 1.0, found, tol=0.1, expected=2.0, why="a misprint")
    assert claim.verdict == verdict
    assert claim.why == ("a misprint" if verdict == DIFFERS else "")


def test_discrepancies_need_a_reason():
    with pytest.raises(ValueError, match="explanation"):
        value("x", 1.0, 2.0, tol=0.1, expected=2.0)
    with pytest.raises(ValueError, match="explanation"):
        ordering("x", 1.0, holds=False)


@pytest.mark.parametrize(
    ("margin", "error", "holds", "verdict"),
    [
        (0.1, 0.0, True, REPRODUCED),
        (-0.1, 0.0, True, FAILS),
        (0.0, 0.0, True, FAILS),
        (0.1, 0.06, True, UNDECIDED),
        (0.1, 0.04, True, REPRODUCED),
        (-0.1, 0.0, False, DIFFERS),
        (0.1, 0.0, False, FAILS),  # a statement known not to hold suddenly holds
        (math.nan, 0.0, True, FAILS),
    ],
)
def test_ordering(margin, error, holds, verdict):
    why = "" if holds else "known"
    assert ordering("x", margin, error=error, holds=holds, why=why).verdict == verdict


def test_numbers_are_printed_with_their_error():
    assert value("x", 5.05, 4.8912, tol=1, error=0.06).found == "4.89(6)"
    assert value("x", 5.05, 4.8912, tol=1).found == "4.891"
    assert ordering("x", 0.5).found == "yes (margin 0.5)"
    assert ordering("x", -0.5, found="no: 3 of 4").found == "no: 3 of 4"


@pytest.mark.parametrize(
    ("error", "shown"), [(0.06, "4.89(6)"), (0.096, "4.89(10)"), (0.99, "4.9(10)"), (2.4, "5(2)"), (1e-5, "4.89120(1)")]
)
def test_error_in_brackets(error, shown):
    assert value("x", 5.0, 4.8912, tol=10, error=error).found == shown
