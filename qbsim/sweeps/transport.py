"""How a job travels to a worker: by value, so that a constant changed at run time changes there too.

A function is usually sent by its name, and the worker imports the file it stands in: what was changed in this process
since would be lost. So the modules of the user's functions are sent as they are now, and the worker then compares what
it builds with what this process has keyed.
"""

from __future__ import annotations

import functools
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle  # type: ignore[import-untyped]

from .jobs import Job

__all__ = ["check_same", "pack", "unpack"]

_INSTALLED = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_QBSIM = __name__.partition(".")[0]


def _is_user(module: Any) -> bool:
    """Whether a module is the user's or a scenario: a file that is neither installed nor part of qbsim."""
    file, name = getattr(module, "__file__", None), getattr(module, "__name__", "")
    if not isinstance(module, ModuleType) or not file or sys.modules.get(name) is not module or name == "__main__":
        return False
    if name.partition(".")[0] == _QBSIM:
        return name.startswith(f"{_QBSIM}.scenarios")
    return not _is_installed(file)


@functools.cache
def _is_installed(file: str) -> bool:
    return any(Path(file).resolve().is_relative_to(folder) for folder in _INSTALLED)


def _modules(value: Any) -> Iterator[Any]:
    """Modules that an object comes from."""
    if isinstance(value, ModuleType):
        yield value
    elif isinstance(value, functools.partial):
        for part in (value.func, *value.args, *value.keywords.values()):
            yield from _modules(part)
    else:
        for one in (value, type(value)):
            name = getattr(one, "__module__", None)
            if isinstance(name, str):
                yield sys.modules.get(name)


def user_modules(functions: list[Any]) -> set[ModuleType]:
    """Modules of the user that functions come from, and those that these use in turn."""
    modules: set[ModuleType] = set()
    waiting = [module for function in functions for module in _modules(function)]
    while waiting:
        module = waiting.pop()
        # of the file that was run only what the functions use is sent anyway, but it may use other files
        if module not in modules and (_is_user(module) or getattr(module, "__name__", "") == "__main__"):
            modules.add(module)
            waiting += [m for value in list(vars(module).values()) for m in _modules(value)]
    return {module for module in modules if module.__name__ != "__main__"}


@contextmanager
def _by_value(modules: set[ModuleType]) -> Iterator[None]:
    known = cloudpickle.list_registry_pickle_by_value()
    new = [module for module in modules if module.__name__ not in known]
    for module in new:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in new:
            cloudpickle.unregister_pickle_by_value(module)


def pack(job: Job) -> bytes:
    """Job with its functions and what they use, as they are now."""
    _ = job.identity  # what the worker compares with
    try:
        with _by_value(user_modules(job.functions)):
            return cloudpickle.dumps(job)
    except Exception:  # a module may hold what cannot travel, such as an open file: by name then, and compared
        return cloudpickle.dumps(job)


@functools.lru_cache(maxsize=4)
def unpack(payload: bytes) -> Job:
    """Job in the worker, compared with the one that was sent."""
    job: Job = cloudpickle.loads(payload)
    check_same(job)
    return job


def check_same(job: Job) -> None:
    """Refuse to compute where the functions do something else than in the process that sent them.

    Raises
    ------
    RuntimeError
        If the worker has other code or libraries, or its functions give other batteries or values.
    """
    theirs, here = job.identity, job.fresh()
    versions = here.identity["versions"]
    if theirs["versions"] != versions:
        names = [n for n in theirs["versions"] if theirs["versions"][n] != versions.get(n)]
        other = ", ".join(f"{n} {theirs['versions'][n][:12]} and {str(versions.get(n))[:12]}" for n in names)
        raise RuntimeError(
            f"A worker runs other code than the process that sweeps: {other}. Install the same versions for both, or "
            "restart the workers."
        )
    if wrong := here.differences(theirs):
        raise RuntimeError(
            f"In a worker {wrong[-1]} than in the process that sweeps, at {job.place}: a module that it uses was "
            "changed after it was imported, and the worker imports it anew. Make what changes an argument of the "
            "function, for example functools.partial(build, exchange=5.0), or use executor='serial'."
        )
