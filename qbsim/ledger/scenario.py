"""Scenarios: the files that make the figures of the papers. Finds them, runs them, stores their data.

A scenario is one file with `compute`, `draw` and `claims` (see docs/own_figure.md). Listing them reads the sources and
imports none, so that ``qbsim list`` answers at once.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._digest import json_digest, numerics_sha256
from .._files import atomic, save
from .._readers import parse_json, read_netcdf
from .._version import __version__
from . import module as places
from .claims import Claims
from .module import PARTS, NotAScenarioError, ScenarioModule
from .sources import bound_names, relative_imports

if TYPE_CHECKING:
    import xarray as xr


__all__ = ["PARTS", "NotAScenarioError", "Scenario", "available", "find"]


@dataclass(frozen=True)
class Scenario(ScenarioModule):
    """One figure: what computes, draws and compares it, and where its numbers are stored."""

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

    def constants(self) -> dict[str, Any]:
        """The caption's parameters as plain data."""
        return json.loads(json.dumps(self.values, default=_plain))

    def other_files(self, folder: Path) -> list[Path]:
        """Files of this scenario with other constants in a folder."""
        return sorted(folder.glob(f"{self.data_file(folder).stem}@{'[0-9a-f]' * 8}.nc"))

    def of_file(self, path: Path) -> Scenario:
        """This scenario with the other constants of a file.

        Raises
        ------
        ValueError
            If the file cannot be read, has another name than its constants make, or the scenario has them no more.
        """
        settings = parse_json(read_netcdf(path).attrs.get("changed"), "Attribute 'changed'")
        if not isinstance(settings, dict) or not all(isinstance(text, str) for text in settings.values()):
            raise ValueError("Attribute 'changed' must hold constants as texts.")
        other = self.with_constants(settings)
        if other.data_file(path.parent) != path:
            raise ValueError(f"It holds {other.title}, so its name must be {other.data_file(path.parent).name}.")
        return other

    def sha256(self, quick: bool) -> str:
        """Hash of everything that decides the numbers: constants, code, `quick`, and the numeric modules of qbsim."""
        return json_digest(
            {
                "constants": self.constants(),
                "changed": self.settings,
                "code": self._code(),
                "quick": bool(quick),
                "version": __version__,
                "numerics": numerics_sha256(),
            }
        )

    def data_file(self, folder: Path) -> Path:
        """File of the numbers: DIR/<name with . as _>.nc, with @ and a digest before .nc for other constants."""
        return folder / f"{self.title.replace('.', '_')}.nc"

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
        with self._in_place() as module:
            ds = module.compute(quick=quick, workers=workers)
        self._check_returned("compute", ds, "xarray.Dataset", hasattr(ds, "data_vars"))
        ds.attrs |= {
            "scenario": self.name,
            **({"changed": json.dumps(self.settings)} if self.changed else {}),
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
        with plotting.offscreen(), plotting.style(), self._in_place() as module:
            fig = module.draw(ds)
            self._check_returned("draw", fig, "figure", hasattr(fig, "savefig"))
            for path in paths:
                with atomic(path) as temporary:
                    plotting.write(fig, temporary)
        return paths

    def claims(self, ds: xr.Dataset) -> Claims:
        """The paper's statements about this figure beside what the numbers say."""
        with self._in_place() as module:
            rows = module.claims(ds)
        good = isinstance(rows, Sequence) and all(hasattr(row, "verdict") for row in rows)
        self._check_returned("claims", rows, "list of rows, as number(), statement(), check() and equal() make", good)
        return Claims(rows)

    def _check_returned(self, part: str, value: Any, what: str, good: bool) -> None:
        if not good:
            raise TypeError(f"{part} must return a {what}, but returns {type(value).__name__}.")


def _plain(value: Any) -> Any:
    """Plain data for a constant of another type: the same text in every process, so without addresses and folders."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):  # what it says counts, not where it lies
        content = hashlib.sha256(value.read_bytes()).hexdigest() if value.is_file() else None
        return {"file": value.name, "sha256": content}
    if callable(value):
        return f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    return repr(value)


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
    folder, package, root = places.home()
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
    try:
        imports = relative_imports(ast.parse(path.read_text(encoding="utf-8")))
    except SyntaxError:  # told when it is imported
        imports = []
    package = f"{_paper_of_copy(path, imports)}." if imports else ""
    return Scenario(path.stem, path, f"{package}{path.stem}", path.parent)


def _paper_of_copy(path: Path, imports: Sequence[ast.ImportFrom]) -> str:
    """Package of the paper that the relative imports of a copied scenario mean.

    Raises
    ------
    NotAScenarioError
        If no paper has these names, or several do.
    """
    folder, package, _ = places.home()
    fits = [paper for paper in sorted(p.parent for p in folder.glob("*/__init__.py")) if _has_all(paper, path, imports)]
    beside = [node for node in imports if node.level == 1 and not _has(path.parent, node)]
    if fits and not beside:  # nothing of a paper is used, only what all of them share
        return f"{package}.own"
    alike = fits if len(fits) == 1 else [paper for paper in fits if _has_lines_of(path, paper)]
    if len(alike) == 1:
        return f"{package}.{alike[0].name}"
    wanted = ", ".join(ast.unparse(node) for node in beside or imports)
    found = f"the papers {', '.join(p.name for p in fits)} all have them" if fits else "no paper has all of them"
    raise NotAScenarioError(
        f"Scenario {path.name} has relative imports ({wanted}), and {found}: write the package that is meant, as in "
        f"`from {package}.{(fits or [Path('santos2021')])[0].name} import ...`."
    )


def _has_lines_of(path: Path, paper: Path) -> bool:
    """Whether more than half of the lines of a file are those of a figure of a paper."""
    lines = set(path.read_text(encoding="utf-8").splitlines())
    others = [set(file.read_text(encoding="utf-8").splitlines()) for file in paper.glob("*.py")]
    return any(2 * len(lines & other) > len(lines) for other in others)


def _has_all(paper: Path, path: Path, imports: Sequence[ast.ImportFrom]) -> bool:
    """Whether a file would find its relative imports beside itself or, if not, in the folder of a paper."""
    levels = {1: [path.parent, paper], 2: [paper.parent]}
    return all(any(_has(folder, node) for folder in levels.get(node.level, ())) for node in imports)


def _has(folder: Path, node: ast.ImportFrom) -> bool:
    """Whether a folder has what an import of a copied scenario takes from it."""
    base = folder.joinpath(*(node.module or "").split("."))
    file = next((p for p in (base / "__init__.py", base.with_suffix(".py")) if p.is_file()), None)
    names = bound_names(ast.parse(file.read_text(encoding="utf-8"))) if file else set()
    wanted = {alias.name for alias in node.names} - names - {"*"}
    modules = ("{}.py", "{}/__init__.py")
    return file is not None and all(any((base / m.format(name)).is_file() for m in modules) for name in wanted)
