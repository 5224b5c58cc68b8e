"""Claims: statements of a paper beside what qbsim finds, and checks of our own, as rows of one table.

A statement quotes the paper, its words or its number, and names the place. A row that no paper prints is a check.
"""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from .. import _html

__all__ = ["Claim", "Claims", "check", "equal", "number", "readings_table", "statement", "summary", "table"]

REPRODUCED, DIFFERS, FAILS, UNDECIDED = "reproduced", "differs (explained)", "FAILS", "undecided (error too large)"
HOLDS = "holds"
AGREES, CONTRADICTS = 2.0, 3.0  # standard errors: agreement up to the first, a contradiction beyond the second


@dataclass(frozen=True)
class Claim:
    """One row: a statement of a paper, or a check of our own, with what qbsim finds.

    Attributes
    ----------
    text : str
        What is compared, in short words of ours.
    found : str
        What qbsim finds, ready to print.
    verdict : str
        Of a statement: "reproduced", "differs (explained)", "undecided (error too large)" or "FAILS".
        Of a check: "holds", "undecided (error too large)" or "FAILS".
    quote : str
        The paper's own words or number; empty for a check.
    place : str
        Where the paper says it: page, equation or caption; empty for a check.
    why : str
        Explanation of a difference.
    """

    text: str
    found: str
    verdict: str
    quote: str = ""
    place: str = ""
    why: str = ""

    @property
    def is_check(self) -> bool:
        """Whether the row is a check of our own, which quotes no paper."""
        return not self.quote

    def _repr_html_(self) -> str:
        return Claims([self])._repr_html_()


class Claims(list[Claim]):
    """Rows of a scenario, as a table in a notebook and in print."""

    def __str__(self) -> str:
        return table([("claims", self)])

    def _repr_html_(self) -> str:
        rows = [(c.text, c.quote or "our own check", c.place, c.found, c.verdict, c.why) for c in self]
        return _html.table(("what", "paper", "place", "qbsim", "verdict", "why it differs"), rows)


def _with_error(x: float, error: float) -> str:
    """Number with its error in brackets, 4.89(6); four significant digits without one."""
    if not (error > 0 and math.isfinite(error) and math.isfinite(x)):
        return f"{x:.4g}"
    digits = max(0, -math.floor(math.log10(error)))
    return f"{x:.{digits}f}({round(error * 10**digits)})"


def _rounding(printed: str) -> float:
    """Half a unit of the last digit of a printed number: 0.05 for "9.6"."""
    exponent = Decimal(printed).as_tuple().exponent
    assert isinstance(exponent, int)  # infinity and nan are not printed numbers
    return 0.5 * 10.0**exponent


def _check_quotation(quote: str, place: str) -> None:
    if not quote.strip() or not place.strip():
        raise ValueError(
            "A statement of a paper needs the paper's own words or number in `quote` and where they stand in `place`; "
            "a row without them is a check: use check() or equal()."
        )


def number(
    text: str,
    printed: str,
    found: float,
    *,
    quote: str,
    place: str,
    error: float = 0.0,
    expected: float | None = None,
    expected_tol: float = 0.0,
    why: str = "",
) -> Claim:
    r"""Row of a number that a paper prints.

    .. math:: \sigma = \sqrt{\text{error}^2 + (\text{half of the last printed digit})^2}

    Up to :math:`2\sigma` apart the numbers agree; beyond :math:`3\sigma` they differ, which passes only with an
    explanation; between, the row is undecided.

    Parameters
    ----------
    text : str
        What the number is.
    printed : str
        The number with exactly the digits that are printed: "5.54".
    found : float
        The number computed.
    quote, place : str
        The paper's words or number, and where they stand.
    error : float
        Standard error of `found`; infinite if the data do not determine it.
    expected, expected_tol : float, optional
        For a known difference: what an independent computation gives, and its own uncertainty. A result that agrees
        with neither FAILS.
    why : str
        Explanation of a known difference; needed with `expected`.

    Returns
    -------
    Claim
    """
    _check_quotation(quote, place)
    if (expected is None) != (not why):
        raise ValueError("A known difference needs both what is expected instead and its explanation in `why`.")
    sigma = math.hypot(error, _rounding(printed))
    apart = abs(found - float(printed))
    if error == math.inf:
        return Claim(text, "not determined", UNDECIDED, quote, place)
    if not (math.isfinite(found) and math.isfinite(error)):
        verdict = FAILS
    elif apart <= AGREES * sigma * (1 + 1e-9):  # the last bit of 0.05 - 0.04 must not decide
        verdict = REPRODUCED
    elif apart <= CONTRADICTS * sigma:
        verdict = UNDECIDED
    elif expected is not None and abs(found - expected) <= AGREES * math.hypot(error, expected_tol):
        verdict = DIFFERS
    else:
        verdict = FAILS
    return Claim(text, _with_error(found, error), verdict, quote, place, why if verdict == DIFFERS else "")


def statement(
    text: str,
    margin: float,
    *,
    quote: str,
    place: str,
    error: float = 0.0,
    holds: bool = True,
    why: str = "",
    found: str = "",
) -> Claim:
    """Row of an ordering or a property that a paper states: true where `margin` is positive.

    Parameters
    ----------
    text : str
        The statement in short words.
    margin : float
        Signed distance to the point where the statement turns false; positive means true.
    quote, place : str
        The paper's words, and where they stand.
    error : float
        Standard error of `margin`; a margin within two errors of zero is undecided.
    holds : bool
        False marks a statement that is known not to come out, explained in `why`; without that, it FAILS.
    why : str
        Explanation of a known difference.
    found : str
        What to print for qbsim; by default yes or no with the margin.

    Returns
    -------
    Claim
    """
    _check_quotation(quote, place)
    if holds == bool(why):
        raise ValueError("A known difference, holds=False, needs its explanation in `why`; no other row has one.")
    verdict = _decide(margin, error, REPRODUCED, FAILS if holds else DIFFERS)
    return Claim(text, found or _yes_or_no(margin, error), verdict, quote, place, why if verdict == DIFFERS else "")


def check(text: str, margin: float, *, error: float = 0.0, found: str = "") -> Claim:
    """Row of our own: holds where `margin` is positive.

    Parameters
    ----------
    text : str
        What is checked.
    margin : float
        Signed distance to the point where the check fails.
    error : float
        Standard error of `margin`; a margin within two errors of zero is undecided.
    found : str
        What to print; by default yes or no with the margin.

    Returns
    -------
    Claim
    """
    return Claim(text, found or _yes_or_no(margin, error), _decide(margin, error, HOLDS, FAILS))


def equal(text: str, expected: float, found: float, *, tol: float, error: float = 0.0) -> Claim:
    """Row of our own: `found` equals `expected` to within `tol`; `error` is the standard error of their difference."""
    shown = f"{_with_error(found, error)} (expected {expected:.6g})"
    return check(text, tol - abs(found - expected), error=error, found=shown)


def _decide(margin: float, error: float, if_positive: str, if_negative: str) -> str:
    """Verdict on a margin: undecided within two errors of zero, FAILS if one of the two is not finite."""
    if not (math.isfinite(margin) and math.isfinite(error)):
        return FAILS
    if error > 0 and abs(margin) <= AGREES * error:
        return UNDECIDED
    return if_positive if margin > 0 else if_negative


def _yes_or_no(margin: float, error: float) -> str:
    return f"{'yes' if margin > 0 else 'no'} (margin {_with_error(margin, error)})"


# --- the table ------------------------------------------------------------------------------------------------------


def table(groups: Sequence[tuple[str, Sequence[Claim]]], width: int | None = None) -> str:
    """Rows as text, no line longer than the terminal is wide: first the statements of papers, then our own checks.

    Parameters
    ----------
    groups : sequence of (str, sequence of Claim)
        Title and rows of every scenario.
    width : int, optional
        Width to fit, at least 60; that of the terminal by default.

    Returns
    -------
    str
        Explanations of known differences follow their row, indented.
    """
    width = max(60, shutil.get_terminal_size((100, 24)).columns if width is None else width)
    statements = [(title, [c for c in rows if not c.is_check]) for title, rows in groups]
    checks = [(title, [c for c in rows if c.is_check]) for title, rows in groups]
    parts = [
        _table([(t, [(c.text, f'"{c.quote}" ({c.place})', c) for c in rows]) for t, rows in statements if rows], width),
        _table([(f"checks: {t}", [(c.text, "", c) for c in rows]) for t, rows in checks if rows], width),
    ]
    return "\n".join(part for part in parts if part)


def _table(groups: Sequence[tuple[str, Sequence[tuple[str, str, Claim]]]], width: int) -> str:
    """Rows of (text, quotation, claim); the column of quotations is left out where there is none."""
    quoted = any(quote for _, rows in groups for _, quote, _ in rows)
    room = width - len(" | ") * (3 if quoted else 2)
    verdict = min(len(UNDECIDED), room // 5)
    longest = max((len(c.found) for _, rows in groups for _, _, c in rows), default=0)
    found = max(len("qbsim"), min(longest, room // 4))
    rest = room - verdict - found
    widths = (rest - rest // 2, rest // 2, found, verdict) if quoted else (rest, found, verdict)
    lines = []
    for title, rows in groups:
        head = (title, "paper", "qbsim", "verdict") if quoted else (title, "qbsim", "verdict")
        lines += ["", *_row(head, widths), "-+-".join("-" * w for w in widths)]
        for text, quote, claim in rows:
            cells = (text, quote, claim.found, claim.verdict) if quoted else (text, claim.found, claim.verdict)
            lines += _row(cells, widths)
            if claim.why:
                lines += textwrap.wrap(f"differs: {claim.why}", width, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def _row(texts: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [textwrap.wrap(text, w) or [""] for text, w in zip(texts, widths, strict=True)]
    return [" | ".join(map(str.ljust, cells, widths)).rstrip() for cells in zip_longest(*columns, fillvalue="")]


def readings_table(columns: Mapping[str, Sequence[Claim]], width: int | None = None) -> str:
    """Table of the statements of a paper in several readings of it, one column each, with counts of the verdicts.

    Parameters
    ----------
    columns : mapping of str to sequence of Claim
        The same rows, by `text`, found in every reading; our own checks are left out.
    width : int, optional
        Width to fit, at least 60; that of the terminal by default.

    Returns
    -------
    str
        A row that FAILS in a reading or differs with an explanation has the word "differs" here.
    """
    words = {REPRODUCED: "reproduced", DIFFERS: "differs", FAILS: "differs", UNDECIDED: "undecided"}
    rows = {name: {c.text: c for c in claims if not c.is_check} for name, claims in columns.items()}
    texts = list(next(iter(rows.values())))
    if any(list(column) != texts for column in rows.values()):
        raise ValueError("Argument columns must hold the same statements in every reading, by their text.")
    width = max(60, shutil.get_terminal_size((100, 24)).columns if width is None else width)
    each = (width * 2 // 3 - len(" | ") * len(rows)) // len(rows)
    widths = (width - (each + len(" | ")) * len(rows), *[each] * len(rows))
    rule = "-+-".join("-" * w for w in widths)
    lines = [*_row(("statement (place)", *rows), widths), rule]
    for text in texts:
        found = [column[text] for column in rows.values()]
        lines += _row((f"{text} ({found[0].place})", *(f"{words[c.verdict]}: {c.found}" for c in found)), widths)
    counts = {name: [words[c.verdict] for c in column.values()] for name, column in rows.items()}
    lines += [
        rule,
        *(_row((w, *(str(c.count(w)) for c in counts.values())), widths)[0] for w in dict.fromkeys(words.values())),
    ]
    return "\n".join(lines)


def summary(claims: Sequence[Claim]) -> str:
    """Two lines that count the verdicts, of statements and of checks."""
    statements = [c.verdict for c in claims if not c.is_check]
    checks = [c.verdict for c in claims if c.is_check]
    return (
        f"\n{len(statements)} statements of papers: {statements.count(REPRODUCED)} reproduced, "
        f"{statements.count(DIFFERS)} differ (explained), {statements.count(UNDECIDED)} undecided, "
        f"{statements.count(FAILS)} FAIL"
        f"\n{len(checks)} checks of our own: {checks.count(HOLDS)} hold, {checks.count(UNDECIDED)} undecided, "
        f"{checks.count(FAILS)} FAIL"
    )
