"""Importing a scenario apart from all others: from another place, or with other constants.

The module and all that it imports from scenarios are run anew, in order, so that what is derived from a constant
follows it. The modules of the session stay as they are.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType
from typing import Any

from .sources import Source, with_values

__all__ = ["in_place", "load"]

_VALUES = "__set__"


class _Loader(SourceFileLoader):
    """Runs a source with other constants; no compiled copy of it is kept."""

    def __init__(self, source: Source, values: Mapping[str, Any]) -> None:
        super().__init__(source.name, str(source.path))
        self._source, self._values = source, values

    def get_code(self, fullname: str) -> CodeType:
        tree: ast.Module = with_values(self._source, self._values, _VALUES)
        return compile(tree, str(self._source.path), "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, _VALUES, dict(self._values))
        super().exec_module(module)


class _Finder:
    """Finds the modules of one scenario."""

    def __init__(self, sources: Mapping[str, Source], values: Mapping[str, Mapping[str, Any]]) -> None:
        self._sources, self._values = sources, values
        package = next(iter(sources)).rpartition(".")[0]
        self._package = package if package not in sources else ""  # of a copy that stands in no paper

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name == self._package:
            return ModuleSpec(name, None, is_package=True)
        source = self._sources.get(name)
        if source is None:
            return None
        loader = _Loader(source, self._values.get(name, {}))
        inside = [str(source.path.parent)] if source.is_package else None
        return spec_from_file_location(name, source.path, loader=loader, submodule_search_locations=inside)


def load(sources: Mapping[str, Source], values: Mapping[str, Mapping[str, Any]]) -> dict[str, ModuleType]:
    """All modules of a scenario, imported anew.

    Parameters
    ----------
    sources : mapping of str to Source
        What the scenario consists of, itself first.
    values : mapping of str to dict
        Other constants, by module.
    """
    finder: Any = _Finder(sources, values)
    names = [*sources, next(iter(sources)).rpartition(".")[0]]
    with in_place({}, names):
        sys.meta_path.insert(0, finder)
        try:
            for name in sources:
                import_module(name)
            return {name: sys.modules[name] for name in names if name}
        finally:
            sys.meta_path.remove(finder)


@contextmanager
def in_place(modules: Mapping[str, ModuleType], names: Iterable[str] = ()) -> Iterator[None]:
    """Modules stand in `sys.modules` inside of the block, in place of those of the same names.

    What is sent to a worker process is looked up there.
    """
    names = [*modules, *names]
    outer = [(n.rpartition(".")[0], n.rpartition(".")[2]) for n in names]
    parents = {(p, c): vars(sys.modules[p]).get(c) for p, c in outer if p in sys.modules and p not in names}
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)
        for (parent, child), module in parents.items():
            if module is not None:
                setattr(sys.modules[parent], child, module)
