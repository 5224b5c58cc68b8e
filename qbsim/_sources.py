"""Digest of the code that decides numbers: data made by other code is told from current data by it."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

__all__ = ["NOT_NUMERIC", "normalised", "numerics_sha256"]

NOT_NUMERIC = (
    "__init__",
    "__main__",
    "claims",
    "cli",
    "cli_sweep",
    "plotting",
    "report",
    "scenario",
    "scenarios",
    "sweepplot",
    "sweepshow",
    "sweeps/executors",
    "sweeps/forecast",
    "sweeps/progress",
)
"""Files and folders of qbsim that decide no number; everything else counts, a new module too."""

_TOKEN = re.compile(
    r'''"""(?:[^\\"]++|\\.|"(?!""))*+"""|'{3}(?:[^\\']++|\\.|'(?!''))*+'{3}'''
    r"""|"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'|\#[^\n]*+""",
    re.DOTALL,
)
_DOCSTRING_AFTER = re.compile(r":[ \t]*\n[ \t]*[rR]?\Z|\A[rR]?\Z")


def normalised(source: str) -> str:
    """Source without comments, docstrings and empty lines.

    Faster by far than a parser, which would cost more than the rest of a small sweep.

    Examples
    --------
    >>> print(normalised('x = "#"  # a comment\\n\\ndef f():\\n    \\"\\"\\"What it does.\\"\\"\\"\\n    return 1'))
    x = "#"
    def f():
        ""
        return 1
    """
    parts, at = [], 0
    for token in _TOKEN.finditer(source):
        start, stop = token.span()
        if source[start] == "#":
            parts.append(source[at:start].rstrip(" "))
        elif source.startswith('"""', start) and _DOCSTRING_AFTER.search(source[max(0, start - 200) : start]):
            parts += [source[at:start].removesuffix("r"), '""']
        else:
            continue
        at = stop
    parts.append(source[at:])
    return re.sub(r"\n\s*\n", "\n", "".join(parts))


@cache
def numerics_sha256() -> str:
    """SHA-256 of the modules of qbsim that decide numbers, by name."""
    package = Path(__file__).resolve().parent
    sha = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).with_suffix("").as_posix()
        if not any(name == other or name.startswith(f"{other}/") for other in NOT_NUMERIC):
            sha.update(f"{name}\n{normalised(path.read_text(encoding='utf-8'))}\0".encode())
    return sha.hexdigest()


numerics_sha256()  # now: what has been imported is what counts, and files may change while a session lasts
