"""Scenarios: the files that make the figures of the papers. Finds them, runs them, stores their data.

A scenario is one file with `compute`, `draw` and `claims` (see docs/own_figure.md). Listing them reads the sources and
imports none, so that ``qbsim list`` answers at once.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .._digest import json_digest, numerics_sha256
from .._files import atomic, save
from .._readers import read_netcdf
from .._version import __version__
from .claims import Claims

if TYPE_CHECKING:
    import xarray as xr


__all__ = ["Scenario", "available", "find"]

PARTS = ("compute", "draw", "claims")


@dataclass(frozen=True)
class Scenario:
    """One figure: where its file lies and how it is imported.

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
    """

    name: str
    path: Path
    module_name: str
    root: Path

    @property
    def paper(self) -> str:
        """Key of the paper, which is the folder; empty for a file of the user."""
        return self.name.rpartition(".")[0]

    @cached_property
    def _source(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), filename=str(self.path))

    def _constant(self, name: str) -> str:
        assigned = (n for n in self._source.body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Constant))
        return next((str(ast.literal_eval(n.value)) for n in assigned if name in map(ast.unparse, n.targets)), "")

    @property
    def figure(self) -> str:
        """FIGURE of the file: the number as printed in the paper."""
        return self._constant("FIGURE")

    @property
    def cost(self) -> str:
        """COST of the file: time of a full run on two cores."""
        return self._constant("COST")

    @property
    def caption(self) -> str:
        """First line of the docstring."""
        return (ast.get_docstring(self._source) or "").partition("\n")[0]

    @cached_property
    def module(self) -> ModuleType:
        """The imported file.

        Raises
        ------
        ValueError
            If it lacks `compute`, `draw` or `claims`, or another module has its name.
        """
        # at the front of the path, so that the worker processes of a sweep import the same file by the same name
        if str(self.root) not in sys.path:
            sys.path.insert(0, str(self.root))
        module = import_module(self.module_name)
        if Path(inspect.getfile(module)).resolve() != self.path.resolve():
            raise ValueError(f"Scenario {self.path} cannot be imported: another module is called {self.module_name!r}.")
        missing = [part for part in PARTS if not callable(getattr(module, part, None))]
        if missing:
            raise ValueError(f"Scenario {self.path} must define {', '.join(PARTS)}, but lacks {', '.join(missing)}.")
        return module

    def _code(self) -> dict[str, str]:
        """Sources that decide the numbers, by module: without comments, docstrings, `draw` and `claims`.

        These are the scenario and all modules that it imports, directly or not, from the folder of all scenarios; for
        a file of the user, from the folder of that file.
        """
        sources: dict[str, str] = {}
        waiting = [self.module_name]
        while waiting:
            name = waiting.pop()
            path = self._source_file(name)
            if path is not None and name not in sources:
                tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
                waiting += _imports(tree, name, path.name == "__init__.py")
                sources[name] = _normalised(tree)
        # in the wheel scenarios lie inside of qbsim, and are the same
        return {name.removeprefix("qbsim."): code for name, code in sorted(sources.items())}

    def _source_file(self, name: str) -> Path | None:
        """Source of a module among all scenarios, or beside a file of the user; None for libraries."""
        _, package, root = _home()
        if not f"{name}.".startswith(f"{package}."):
            if self.paper or name.partition(".")[0] == "qbsim":
                return None
            root = self.root
        base = root.joinpath(*name.split("."))
        return next((p for p in (base / "__init__.py", base.with_suffix(".py")) if p.is_file()), None)

    def constants(self) -> dict[str, Any]:
        """The caption's parameters: everything in capitals, as plain data."""
        names = [k for k in vars(self.module) if re.fullmatch(r"[A-Z][A-Z0-9_]*", k) and k not in ("FIGURE", "COST")]
        values = {k: getattr(self.module, k) for k in names}
        return json.loads(json.dumps(values, default=_plain))

    def sha256(self, quick: bool) -> str:
        """Hash of everything that decides the numbers: constants, code, `quick`, and the numeric modules of qbsim."""
        return json_digest(
            {
                "constants": self.constants(),
                "code": self._code(),
                "quick": bool(quick),
                "version": __version__,
                "numerics": numerics_sha256(),
            }
        )

    def data_file(self, folder: Path) -> Path:
        """File of the numbers: DIR/<name with . as _>.nc."""
        return folder / f"{self.name.replace('.', '_')}.nc"

    def load(self, folder: Path) -> xr.Dataset:
        """Stored numbers, current or not.

        Raises
        ------
        FileNotFoundError
            If there are none.
        OSError
            If the file cannot be read.
        """
        path = self.data_file(folder)
        if not path.exists():
            raise FileNotFoundError(f"No stored data {path}: run `qbsim run {self.name} --out {folder}` first.")
        try:
            return read_netcdf(path)
        except (OSError, ValueError) as error:
            raise OSError(
                f"{path} is not a readable NetCDF file: remove it and run `qbsim run {self.name}`. ({error})"
            ) from error

    def is_current(self, ds: xr.Dataset, quick: bool) -> bool:
        """Whether stored numbers are those of a run now; numbers of a full run also serve a quick one."""
        wanted = {self.sha256(False), self.sha256(quick)}
        return ds.attrs.get("scenario_sha256") in wanted and ds.attrs.get("qbsim_version") == __version__

    def compute(self, folder: Path, *, quick: bool = False, workers: int | None = None) -> xr.Dataset:
        """Compute the numbers, store them, and return them as stored."""
        ds = self.module.compute(quick=quick, workers=workers)
        ds.attrs |= {
            "scenario": self.name,
            "scenario_sha256": self.sha256(quick),
            "constants": json.dumps(self.constants()),
            "quick": int(quick),
            "qbsim_version": __version__,
            "numerics_sha256": numerics_sha256(),
        }
        save(ds, self.data_file(folder))
        return self.load(folder)

    def draw(self, ds: xr.Dataset, folder: Path) -> list[Path]:
        """Draw the stored numbers to PNG and PDF, each written atomically; the same numbers give the same bytes."""
        from .. import plotting

        paths = [self.data_file(folder).with_suffix(suffix) for suffix in (".png", ".pdf")]
        with plotting.offscreen(), plotting.style():
            fig = self.module.draw(ds)
            for path in paths:
                with atomic(path) as temporary:
                    plotting.write(fig, temporary)
        return paths

    def claims(self, ds: xr.Dataset) -> Claims:
        """The paper's statements about this figure beside what the numbers say."""
        return Claims(self.module.claims(ds))


def _plain(value: Any) -> Any:
    """Plain data for a constant of another type: the same text in every process, so without addresses."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if callable(value):
        return f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    return repr(value)


def _imports(tree: ast.Module, name: str, is_package: bool) -> list[str]:
    """Names of all modules that a module may import, in any form; names that are not modules are among them."""
    package = name if is_package else name.rpartition(".")[0]
    parts = name.split(".")
    found = [".".join(parts[:k]) for k in range(1, len(parts))]  # importing a module runs the packages it lies in
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if function in ("import_module", "__import__") and isinstance(text := node.args[0].value, str):
                found.append(resolve_name(text, package) if text.startswith(".") else text)
    return found


def _normalised(tree: ast.Module) -> str:
    """Source without comments, docstrings, layout, and the two functions that do not change a number."""
    tree.body = [n for n in tree.body if not (isinstance(n, ast.FunctionDef) and n.name in ("draw", "claims"))]
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _home() -> tuple[Path, str, Path]:
    """Folder of the scenarios, their package, and the folder for the import path: in the wheel, or in the checkout."""
    package = Path(__file__).resolve().parents[1]
    if (package / "scenarios" / "__init__.py").is_file():
        return package / "scenarios", "qbsim.scenarios", package.parent
    return package.parent / "scenarios", "scenarios", package.parent


def _natural(name: str) -> list[Any]:
    """Sorting key with fig2 before fig10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def available() -> list[Scenario]:
    """Every scenario, by paper and figure.

    Examples
    --------
    >>> [s.name for s in available() if s.paper == "santos2021"]
    ['santos2021.fig2', 'santos2021.fig3', 'santos2021.fig4', 'santos2021.fig5']
    """
    folder, package, root = _home()
    public = [p for p in folder.glob("*/*.py") if p.name[0] != "_" and (p.parent / "__init__.py").is_file()]
    names = {f"{path.parent.name}.{path.stem}": path for path in public}
    return [Scenario(name, names[name], f"{package}.{name}", root) for name in sorted(names, key=_natural)]


def find(names: Sequence[str]) -> list[Scenario]:
    """Scenarios by name: a figure, a paper, `all`, or the path of a file; each once, in the order given.

    Raises
    ------
    ValueError
        For an unknown name, with the nearest known one; for a file that does not exist.

    Examples
    --------
    >>> [s.name for s in find(["santos2021.fig4"])]
    ['santos2021.fig4']
    """
    scenarios = available()
    chosen: dict[str, Scenario] = {}
    for name in names:
        by_name = [s for s in scenarios if name in ("all", s.paper, s.name)]
        matches = [_user_scenario(Path(name))] if name.endswith(".py") else by_name
        if not matches:
            words = [*(s.name for s in scenarios), *{s.paper for s in scenarios}, "all"]
            close = get_close_matches(name, words, n=1, cutoff=0.4)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"Unknown scenario {name!r}.{hint} `qbsim list` shows them all.")
        chosen |= {s.name: s for s in matches}
    return list(chosen.values())


def _user_scenario(path: Path) -> Scenario:
    if not path.is_file():
        raise ValueError(f"Scenario file {str(path)!r} does not exist.")
    if not path.stem.isidentifier():
        raise ValueError(f"Scenario file {str(path)!r} must have the name of a Python module, like my_figure.py.")
    path = path.resolve()
    return Scenario(path.stem, path, path.stem, path.parent)
