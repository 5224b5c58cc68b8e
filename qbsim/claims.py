"""Claims of a paper beside what qbsim finds: the rows of the table that `qbsim verify` prints."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Claim", "ordering", "value"]

REPRODUCED, DIFFERS, FAILS, UNDECIDED = "reproduced", "differs (explained)", "FAILS", "undecided (error too large)"


@dataclass(frozen=True)
class Claim:
    """One statement of a paper, what qbsim finds, and whether they agree.

    Attributes
    ----------
    text : str
        The statement, in the paper's words as far as they are short.
    paper, found : str
        Both sides, ready to print.
    verdict : str
        "reproduced", "differs (explained)", "FAILS" or "undecided (error too large)".
    why : str
        Explanation of a known discrepancy.
    """

    text: str
    paper: str
    found: str
    verdict: str
    why: str = ""


def _with_error(x: float, error: float) -> str:
    """Number with its error in brackets, 4.89(6); four significant digits without one."""
    if not (error > 0 and math.isfinite(error) and math.isfinite(x)):
        return f"{x:.4g}"
    digits = max(0, -math.floor(math.log10(error)))
    return f"{x:.{digits}f}({round(error * 10**digits)})"


def value(
    text: str,
    paper: float,
    found: float,
    *,
    tol: float,
    error: float = 0.0,
    expected: float | None = None,
    expected_tol: float | None = None,
    why: str = "",
) -> Claim:
    """Claim of a number.

    Parameters
    ----------
    text : str
        What the number is.
    paper, found : float
        Printed number, computed number.
    tol : float
        Difference that the printed digits allow.
    error : float
        Standard error of `found`; agreement means within tol + 2 error, and an error above twice `tol` that leaves room
        for both answers is undecided.
    expected : float, optional
        For a known discrepancy: what an independent computation finds instead. A result that matches neither FAILS.
    expected_tol : float, optional
        Difference allowed to `expected`, by default `tol`; 4 errors are added.
    why : str
        Explanation of the known discrepancy, needed with `expected`.

    Returns
    -------
    Claim
    """
    if expected is not None and not why:
        raise ValueError("A known discrepancy needs its explanation in `why`.")
    printed = _with_error(found, error)
    near_paper = abs(found - paper) <= tol + 2 * error
    near_expected = expected is not None and abs(found - expected) <= (
        (tol if expected_tol is None else expected_tol) + 4 * error
    )
    if not math.isfinite(found):
        verdict = FAILS
    elif error > 2 * tol and (near_paper or near_expected):
        verdict = UNDECIDED
    elif near_expected and not abs(found - paper) <= tol:
        verdict = DIFFERS
    elif near_paper:
        verdict = REPRODUCED
    else:
        verdict = FAILS
    return Claim(text, f"{paper:.4g}", printed, verdict, why if verdict == DIFFERS else "")


def ordering(
    text: str,
    margin: float,
    *,
    paper: str = "yes",
    error: float = 0.0,
    holds: bool = True,
    why: str = "",
    found: str = "",
) -> Claim:
    """Claim of an ordering or a property: true where `margin` is positive.

    Parameters
    ----------
    text : str
        The statement.
    margin : float
        Signed distance to the point where the statement turns false; positive means true.
    paper : str
        What the paper says, usually "yes".
    error : float
        Standard error of `margin`; a margin within two errors of zero is undecided.
    holds : bool
        Whether the statement is known to hold; False marks a known discrepancy, explained in `why`.
    why : str
        Explanation of the known discrepancy.
    found : str
        What to print for qbsim; by default yes or no with the margin.

    Returns
    -------
    Claim
    """
    if not holds and not why:
        raise ValueError("A known discrepancy needs its explanation in `why`.")
    true = margin > 0
    shown = found or f"{'yes' if true else 'no'} (margin {_with_error(margin, error)})"
    if not math.isfinite(margin):
        verdict = FAILS
    elif error > 0 and abs(margin) <= 2 * error:
        verdict = UNDECIDED
    elif true == holds:
        verdict = REPRODUCED if holds else DIFFERS
    else:
        verdict = FAILS
    return Claim(text, paper, shown, verdict, why if verdict == DIFFERS else "")
