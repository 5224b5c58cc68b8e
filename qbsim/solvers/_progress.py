"""Progress of a long run with the time left: a widget in a notebook, a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._machine import heard_by

__all__ = ["Meter", "Progress", "duration", "followed"]

LINE_SECONDS = 10.0  # between two lines where there is no terminal; a shorter run prints none


def duration(seconds: float) -> str:
    """Time in words, such as 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def bar_class() -> Any:
    """Class of `tqdm` to show progress with; None where a bar would fill a file with text."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    if "IPKernelApp" not in getattr(get_ipython(), "config", ()) and not sys.stderr.isatty():
        return None
    from tqdm import TqdmWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)  # no ipywidgets: a text bar does as well
        from tqdm.auto import tqdm
    return tqdm


class Progress:
    """Counts what its caller names, such as realizations or times, on stderr."""

    def __init__(self, show: bool = True, unit: str = "realizations") -> None:
        self._show, self._unit = show, unit
        self._bar: Any = None
        self._last = 0.0
        self.total = self.done = 0

    def start(self, total: int, seconds: float | None = None) -> None:
        """Begin to count to `total`; what is forecast to take few seconds shows only if it takes longer."""
        late = seconds is not None and seconds <= LINE_SECONDS
        self.total, self.done, self._last = total, 0, time.monotonic()
        bar = bar_class() if self._show and total else None
        if bar is not None:
            self._bar = bar(
                total=total,
                unit=f" {self._unit}",
                delay=LINE_SECONDS if late else 0.0,
                bar_format="{percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt}{postfix}",
            )
        if seconds is not None and not late:
            self._line(f"about {duration(seconds)} left")

    def advance(self, count: int, seconds_left: float | None) -> None:
        """Count a finished batch."""
        self.done += count
        rest = "" if seconds_left is None else f"about {duration(seconds_left)} left"
        if self._bar is not None:
            self._bar.set_postfix_str(rest, refresh=False)
            self._bar.update(count)
        elif time.monotonic() - self._last > LINE_SECONDS:
            self._last = time.monotonic()
            self._line(rest)

    def _line(self, rest: str) -> None:
        """Plain line, or the text beside the bar."""
        if self._bar is not None:
            self._bar.set_postfix_str(rest)
        elif self._show:
            print(f"{self.done} of {self.total} {self._unit}{', ' + rest if rest else ''}", file=sys.stderr, flush=True)

    def stop(self) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class Meter:
    """How far one run is, from what its solver and its measures tell on the way.

    Parameters
    ----------
    progress : Progress
        Counts the times.
    times : int
        Number of times.
    solving, spectra : float
        Forecasts in seconds, for the states and for their eigenvalues: how the two count.
    """

    def __init__(self, progress: Progress, times: int, solving: float, spectra: float) -> None:
        self._progress, self._times, self._seconds = progress, times, solving + spectra
        self._weight = spectra / self._seconds
        self._solved = self._spectra = 0.0
        self._passed = 0
        self._began = time.monotonic()

    def __call__(self, solved: float | None, spectra: float) -> None:
        """Take in what `tell` says."""
        self._solved = max(self._solved, min(1.0, solved or 0.0))
        self._spectra = min(1.0, self._spectra + spectra / self._times)
        self._show()

    def passed(self, times: int) -> None:
        """A segment with so many times is done, with all its measures."""
        self._passed += times
        self._spectra = self._passed / self._times
        self._solved = max(self._solved, self._spectra)
        self._show()

    @property
    def share(self) -> float:
        """Share of the run that is done, between 0 and 1."""
        return (1 - self._weight) * self._solved + self._weight * self._spectra

    def _show(self) -> None:
        share, spent = self.share, time.monotonic() - self._began
        left = spent * (1 - share) / share if share else max(0.0, self._seconds - spent)
        self._progress.advance(max(0, int(share * self._times) - self._progress.done), left)


@contextmanager
def followed(progress: Progress, times: int, solving: float, total: float) -> Iterator[Meter]:
    """Show the progress of a run of so many times, from forecasts without and with the eigenvalues, in seconds."""
    meter = Meter(progress, times, solving, max(0.0, total - solving))
    progress.start(times, total)
    try:
        with heard_by(meter):
            yield meter
    finally:
        progress.stop()
