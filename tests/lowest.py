"""Print the lowest versions of the dependencies that pyproject.toml declares, one requirement per line, for pip.

    python tests/lowest.py | pip install -r /dev/stdin

The pins are derived here and kept nowhere, so they cannot differ from what is declared.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def lowest(requirement: str) -> str:
    """Requirement with its lower bound as the version.

    >>> lowest("dask[distributed]>=2024.8")
    'dask[distributed]==2024.8'
    """
    match = re.fullmatch(r"([A-Za-z0-9._-]+(?:\[[a-z,]+\])?)>=([0-9.]+)", requirement.replace(" ", ""))
    if match is None:
        raise ValueError(f"{requirement!r} must be declared as name>=version.")
    return f"{match[1]}=={match[2]}"


def main() -> None:
    """Print what `make test-slow` installs."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    print(*map(lowest, [*project["dependencies"], *project["optional-dependencies"]["test"]]), sep="\n")


if __name__ == "__main__":
    main()
