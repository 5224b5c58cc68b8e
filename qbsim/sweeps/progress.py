"""Progress of a long run with the time left: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Any

from ..solvers._bar import bar_class

__all__ = ["Progress", "duration"]

LINE_SECONDS = 10.0  # between two lines where there is no terminal; a shorter run prints none


def duration(seconds: float) -> str:
    """Time in words, such as 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class Progress:
    """Counts realizations, on stderr."""

    def __init__(self, show: bool = True) -> None:
        self._show = show
        self._bar: Any = None
        self._last = 0.0
        self.total = self.done = 0

    def start(self, total: int) -> None:
        """Begin to count to `total`."""
        self.total, self.done, self._last = total, 0, time.monotonic()
        bar = bar_class() if self._show and total else None
        if bar is not None:
            self._bar = bar(
                total=total, unit=" realizations", bar_format="{percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt}{postfix}"
            )

    def advance(self, count: int, seconds_left: float | None) -> None:
        """Count a finished batch."""
        self.done += count
        rest = "" if seconds_left is None else f"about {duration(seconds_left)} left"
        if self._bar is not None:
            self._bar.set_postfix_str(rest, refresh=False)
            self._bar.update(count)
        elif self._show and time.monotonic() - self._last > LINE_SECONDS:
            self._last = time.monotonic()
            print(f"{self.done} of {self.total} realizations{', ' + rest if rest else ''}", file=sys.stderr, flush=True)

    def stop(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
