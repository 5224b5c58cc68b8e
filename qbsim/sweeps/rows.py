"""Stored rows of jobs: which are there, and computing those that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from .._checks import SweepWarning, warn
from .._machine import require
from ..solvers._progress import Progress
from .batches import Piece, Store, cover
from .dispatch import dispatch
from .executors import Outside, Processes, Serial, open_executor
from .jobs import Job
from .tasks import CHUNK

__all__ = ["Rows", "more"]


class Rows:
    """Batches of jobs in a store, and where more of them are computed.

    Parameters
    ----------
    home : Store
        Locked folder.
    jobs : sequence of Job
        All that may be asked for.
    executor, workers
        As in `sweep`.
    progress : Progress
        Shows every finished batch.
    stack : ExitStack
        Closes what is opened.
    keeps : bool
        Whether the store outlives the call.
    """

    def __init__(
        self,
        home: Store,
        jobs: Sequence[Job],
        executor: tuple[Any, int | None],
        progress: Progress,
        stack: ExitStack,
        *,
        keeps: bool,
    ) -> None:
        self.home, self.keeps, self.set_aside = home, keeps, list[str]()
        self._executor, self._progress, self._stack = executor, progress, stack
        self._pool: Serial | Processes | Outside | None = None
        self.files: dict[str, list[Piece]] = {job.key: home.ranges(job) for job in jobs}
        if home.rejected:
            reasons = "; ".join(f"{file}: {reason}" for file, reason in home.rejected.items())
            warn(f"Files in the store are renamed to .bad and computed again: {reasons}", SweepWarning)

    def pieces(self, job: Job, count: int) -> list[Piece]:
        """Pieces of files with the first `count` rows of a job, as far as they are there."""
        return cover(self.files[job.key], count)[0]

    def fill(self, wanted: list[tuple[Job, int]]) -> None:
        """Compute what is missing of the first rows of jobs."""
        gaps = [(job, *gap) for job, count in wanted for gap in cover(self.files[job.key], count)[1]]
        if not gaps:
            return
        if self._pool is None:  # start the pool only if something is missing
            self._pool = open_executor(*self._executor)
            self._stack.callback(self._pool.close)
        if not isinstance(self._pool, Outside):
            for job in dict.fromkeys(gap[0] for gap in gaps):
                require(job.cost.memory, f"A run at {job.place}", "Use fewer cells or fewer times.")
        new, lost = dispatch(gaps, self.home.folder, self._pool, self._progress, keeps=self.keeps)
        for key, pieces in new.items():
            self.files[key] += pieces
        for todo in lost:
            self.files[todo.job.key].append((None, todo.start, todo.stop))
            self.set_aside.append(str(todo))
            warn(f"Set aside, because it ended its worker twice: {todo}.", SweepWarning)


def more(count: int, limit: int) -> int:
    """Rows to go on to where `count` do not suffice: steps that do not depend on the past, at most `limit`."""
    return min(limit, count + CHUNK * max(1, count // (2 * CHUNK)))
