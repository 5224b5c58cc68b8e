"""A scenario as a module: its sources, its import, and the constants of its caption."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from .._checks import nearest
from .._digest import json_digest
from . import constants, loading, sources

__all__ = ["NotAScenarioError", "ScenarioModule", "home"]

PARTS = ("compute", "draw", "claims")


class NotAScenarioError(ValueError):
    """A file that lacks a part of a scenario, or cannot be one."""


def home() -> tuple[Path, str, Path]:
    """Folder of the scenarios, their package, and the folder for the import path: in the wheel, or in the checkout."""
    package = Path(__file__).resolve().parents[1]
    if (package / "scenarios" / "__init__.py").is_file():
        return package / "scenarios", "qbsim.scenarios", package.parent
    return package.parent / "scenarios", "scenarios", package.parent


@dataclass(frozen=True)
class ScenarioModule:
    """Where the file of a figure lies, how it is imported, and with which constants.

    Attributes
    ----------
    name : str
        As typed on the command line, "santos2021.fig4"; the stem of the file for a scenario of the user.
    path : Path
        The source.
    module_name : str
        Import name.
    root : Path
        Folder that has to be on the import path.
    changed : dict
        Constants that are not those of the caption: name to value.
    """

    name: str
    path: Path
    module_name: str
    root: Path
    changed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def paper(self) -> str:
        """Key of the paper, which is the folder; empty for a file of the user."""
        return self.name.rpartition(".")[0]

    @property
    def settings(self) -> dict[str, str]:
        """The changed constants as texts, by name."""
        return {name: constants.literal(self.changed[name]) for name in sorted(self.changed)}

    @property
    def title(self) -> str:
        """Name, with the digest of the changed constants: "santos2021.fig4@1a2b3c4d"."""
        return f"{self.name}@{json_digest(self.settings)[:8]}" if self.changed else self.name

    @cached_property
    def module(self) -> ModuleType:
        """The imported file, with the changed constants.

        Raises
        ------
        NotAScenarioError
            If it lacks `compute`, `draw` or `claims`, or another module has its name.
        """
        if self._is_apart:
            module = self._modules[self.module_name]
        else:
            # at the front of the path, so that the worker processes of a sweep import the same file by the same name
            if str(self.root) not in sys.path:
                sys.path.insert(0, str(self.root))
            _, package, root = home()
            if any(name.startswith(f"{package}.") for name in self._sources) and str(root) not in sys.path:
                sys.path.append(str(root))  # a file of the user may import from the papers
            module = import_module(self.module_name)
        if Path(inspect.getfile(module)).resolve() != self.path.resolve():
            raise NotAScenarioError(
                f"Scenario {self.path} cannot be imported: another module is called {self.module_name!r}."
            )
        missing = [part for part in PARTS if not callable(getattr(module, part, None))]
        if missing:
            raise NotAScenarioError(
                f"Scenario {self.path} must define {', '.join(PARTS)}, but lacks {', '.join(missing)}."
            )
        return module

    @property
    def _is_apart(self) -> bool:
        """Whether its modules are not those of the session: other constants, or a copy of a figure of a paper."""
        return bool(self.changed) or (not self.paper and "." in self.module_name)

    @cached_property
    def _modules(self) -> dict[str, ModuleType]:
        """Its own modules, if it is apart."""
        values: dict[str, dict[str, Any]] = {}
        for name, value in self.changed.items():
            module, original = self._places[name]
            values.setdefault(module, {})[original] = value
        return loading.load(self._sources, values)

    @contextmanager
    def _in_place(self) -> Iterator[ModuleType]:
        """Its module, which workers find by its name inside of the block."""
        module = self.module
        with loading.in_place(self._modules if self._is_apart else {}):
            yield module

    @cached_property
    def _sources(self) -> dict[str, sources.Source]:
        """The scenario and all modules that it imports from scenarios, or from the folder of a file of the user."""
        return sources.collect(self.module_name, self._source_file)

    @cached_property
    def _deciding(self) -> sources.Statements:
        return sources.deciding(self._sources, self.module_name)

    def _code(self) -> dict[str, str]:
        """Statements that decide the numbers, by module."""
        # in the wheel scenarios lie inside of qbsim, and are the same
        return {name.removeprefix("qbsim."): text for name, text in sources.code(self._deciding).items()}

    def _source_file(self, name: str) -> Path | None:
        """Source of a module among all scenarios, or beside a file of the user; None for libraries."""
        _, package, root = home()
        above, _, last = name.rpartition(".")
        own = self.module_name.rpartition(".")[0]
        beside: list[Path] = []
        if name == self.module_name:
            beside = [self.path]
        elif not self.paper and own and name == own:
            beside = [self.root / "__init__.py"]
        elif not self.paper and above == own:
            beside = [self.root / last / "__init__.py", self.root / f"{last}.py"]
        if not f"{name}.".startswith(f"{package}."):
            if self.paper or name.partition(".")[0] == "qbsim":
                return None
            root = self.root
        base = root.joinpath(*name.split("."))
        return next((p for p in (*beside, base / "__init__.py", base.with_suffix(".py")) if p.is_file()), None)

    @cached_property
    def _places(self) -> dict[str, tuple[str, str]]:
        """Where every constant is defined: module, and name there."""
        places: dict[str, tuple[str, str]] = {}
        for module, name in sources.constants(self._deciding):
            if name not in places:
                places[name] = sources.definition(self._sources, self.module_name, name) or (module, name)
        return places

    @cached_property
    def values(self) -> dict[str, Any]:
        """The caption's parameters: all constants, names in capitals, that `compute` uses, directly or not."""
        _ = self.module
        modules = self._modules if self._is_apart else sys.modules
        places = {name: (modules.get(m) or import_module(m), n) for name, (m, n) in self._places.items()}
        return {name: getattr(module, n) for name, (module, n) in places.items() if hasattr(module, n)}

    def with_constants(self, settings: Mapping[str, str]) -> Self:
        """The scenario with other constants; what is derived from them follows.

        Parameters
        ----------
        settings : dict
            Name of each constant to its new value as text, of the same type: ``{"N": "8", "DELTAS": "0, 2.5"}``.

        Raises
        ------
        ValueError
            For an unknown constant, a value of another type, and a constant that cannot be changed.
        """
        if self.changed:
            return replace(self, changed={}).with_constants(self.settings | dict(settings))
        changed: dict[str, Any] = {}
        for name, text in settings.items():
            if name not in self.values:
                raise ValueError(f"{self.name}: {nearest('constant', name, list(self.values))}")
            if reason := self._why_fixed(name):
                raise ValueError(f"Constant {name} of {self.name} cannot be changed: {reason}.")
            old = self.values[name]
            try:
                new = constants.read(text, old)
            except ValueError as error:
                raise ValueError(f"Constant {name} of {self.name} {error}.") from error
            if constants.literal(new) != constants.literal(old):  # the caption's own value changes nothing
                changed[name] = new
        other = replace(self, changed=changed)
        for name, text in other.settings.items():
            if constants.literal(other.values.get(name)) != text:
                raise ValueError(f"Constant {name} of {self.name} cannot be changed: it is set again later.")
        return other

    def _why_fixed(self, name: str) -> str:
        """Why a constant cannot be changed; empty if it can."""
        module, original = self._places[name]
        line = sources.block_that_sets(self._sources[module], original)
        if line is not None:
            return f"line {line} of {self._sources[module].path} sets it inside of a block"
        return "" if constants.kind(self.values[name]) else "it is no plain data"
