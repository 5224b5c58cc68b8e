"""Sources of a scenario: the modules it imports, and the statements of theirs that decide its numbers.

What decides the numbers is what `compute` uses: functions, classes and constants, by their names, directly or through
one another, in the scenario and in what it imports. A name counts wherever it is defined, so that too much may count,
never too little.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path

__all__ = [
    "Source",
    "block_that_sets",
    "bound_names",
    "code",
    "collect",
    "constants",
    "deciding",
    "definition",
    "relative_imports",
    "with_values",
]

CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
NOT_CONSTANTS = ("FIGURE", "COST")
NOT_NUMBERS = ("draw", "claims")
# who asks for names at run time may use every name
DYNAMIC = {"__dict__", "eval", "exec", "getattr", "globals", "locals", "vars"}

Statements = dict[str, list[ast.stmt]]


@dataclass(frozen=True)
class Source:
    """One module that a scenario consists of.

    Attributes
    ----------
    name : str
        Import name.
    path : Path
        Its file.
    tree : ast.Module
        What is written in it.
    """

    name: str
    path: Path
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """Whether it is the file of a package."""
        return self.path.name == "__init__.py"

    def base(self, node: ast.ImportFrom) -> str:
        """Name of the module that an import takes its names from."""
        package = (self.name if self.is_package else self.name.rpartition(".")[0]).split(".")
        above = package[: len(package) - node.level + 1] if node.level else []
        return ".".join([*above, *([node.module] if node.module else [])])

    def imports(self) -> list[str]:
        """Names of all modules that it may import, in any form; names that are not modules are among them."""
        parts = self.name.split(".")
        found = [".".join(parts[:k]) for k in range(1, len(parts))]  # importing a module runs the packages it lies in
        package = self.name if self.is_package else ".".join(parts[:-1])
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = self.base(node)
                found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if function in ("import_module", "__import__") and isinstance(text := node.args[0].value, str):
                    found.append(resolve_name(text, package) if text.startswith(".") else text)
        return found


def collect(start: str, locate: Callable[[str], Path | None]) -> dict[str, Source]:
    """A module and all that it imports, directly or not, the nearest first; `locate` gives None for libraries."""
    found: dict[str, Source] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop(0)
        path = None if name in found else locate(name)
        if path is not None:
            tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
            found[name] = Source(name, path, tree)
            waiting += found[name].imports()
    return found


def assigned(node: ast.stmt) -> list[str]:
    """Names that a plain assignment sets."""
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return []
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    found = [n for target in targets for n in ast.walk(target)]
    return [n.id for n in found if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


def bound_names(tree: ast.AST) -> set[str]:
    """Names that a module has, those of its functions among them."""
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return names | {alias.asname or alias.name for n in ast.walk(tree) for alias in _aliases(n)}


def relative_imports(tree: ast.AST) -> list[ast.ImportFrom]:
    """Imports from the folder of a file, or from above."""
    return [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]


def deciding(sources: Mapping[str, Source], start: str) -> Statements:
    """Statements that decide the numbers of the scenario `start`, by module and in order.

    Functions, classes and constants count if `compute` uses their names; all other statements run on import and count
    anyway, but for `draw`, `claims`, and what only runs as a script.
    """
    bodies = {name: [n for n in source.tree.body if not _is_left_out(n)] for name, source in sources.items()}
    everything = [node for body in bodies.values() for node in body]
    definitions: dict[str, list[ast.AST]] = {}
    for node in everything:
        for name in _defines(node):
            definitions.setdefault(name, []).append(node)
    for alias in (a for node in everything for n in ast.walk(node) for a in _aliases(n) if a.asname):
        definitions.setdefault(str(alias.asname), []).append(ast.Name(alias.name.rpartition(".")[2]))
    own = [n for n in bodies[start] if isinstance(n, ast.FunctionDef) and n.name == "compute"]
    optional = {node for node in everything if _defines(node)} - set(own)
    imports = (ast.Import, ast.ImportFrom)
    waiting: list[ast.AST] = [n for n in everything if n not in optional and not isinstance(n, imports)]
    waiting += [] if own else [ast.Name("compute")]
    seen: set[str] = set()
    used: set[ast.AST] = set()
    while waiting:
        for name in set(_identifiers(waiting.pop())) - seen:
            seen.add(name)
            used |= set(definitions.get(name, ()))
            waiting += definitions.get(name, ())
    left_out = set() if seen & DYNAMIC else optional - used
    return {name: [n for n in body if n not in left_out] for name, body in bodies.items()}


def _is_left_out(node: ast.stmt) -> bool:
    """Whether a statement draws, compares, or runs only as a script."""
    if isinstance(node, ast.FunctionDef):
        return node.name in NOT_NUMBERS
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def _defines(node: ast.stmt) -> list[str]:
    """Names of a definition without effect of its own: a function, a class, or constants."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [] if node.decorator_list else [node.name]
    names = assigned(node)
    return names if names and all(map(CONSTANT.fullmatch, names)) else []


def _aliases(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else []


def _identifiers(node: ast.AST) -> Iterator[str]:
    """Every name that is written in a statement, as a name, an attribute, an import or a text."""
    for n in ast.walk(node):
        if isinstance(n, ast.Name):
            yield n.id
        elif isinstance(n, ast.Attribute):
            yield n.attr
        elif isinstance(n, ast.alias):
            yield from n.name.split(".")
        elif isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.isidentifier():
            yield n.value


def code(statements: Statements) -> dict[str, str]:
    """Text of statements by module, without comments, docstrings and layout."""
    texts = {}
    for name, body in sorted(statements.items()):
        tree = ast.parse(ast.unparse(ast.Module(body, [])))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        texts[name] = ast.unparse(tree)
    return texts


def constants(statements: Statements) -> Iterator[tuple[str, str]]:
    """Module and name of every constant among statements: what is assigned to a name in capitals."""
    for module, body in statements.items():
        for name in dict.fromkeys(name for node in body for name in _sets(node)):
            if CONSTANT.fullmatch(name) and name not in NOT_CONSTANTS:
                yield module, name


def definition(sources: Mapping[str, Source], module: str, name: str) -> tuple[str, str] | None:
    """Module that defines a name which another one has, and the name there."""
    for node in reversed(sources[module].tree.body):
        if name in _sets(node):
            return module, name
        if isinstance(node, ast.ImportFrom) and sources[module].base(node) in sources:
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    return definition(sources, sources[module].base(node), alias.name)
    return None


def _inside(node: ast.stmt) -> list[ast.stmt]:
    """Statements inside of a block, such as an `if`, that run on import."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or _is_left_out(node):
        return []
    return [n for n in ast.walk(node) if isinstance(n, ast.stmt) and n is not node]


def _sets(node: ast.stmt) -> list[str]:
    """Names that a statement sets, inside of a block too."""
    return [name for n in (node, *_inside(node)) for name in assigned(n)]


def block_that_sets(source: Source, name: str) -> int | None:
    """Line of a statement that sets a constant inside of a block, from where it cannot be changed as a whole."""
    inside = [n for node in source.tree.body for n in _inside(node)]
    return next((n.lineno for n in inside if name in assigned(n)), None)


def with_values(source: Source, names: Iterable[str], values: str) -> ast.Module:
    """The module with other constants: after every line that sets one it is set again, from the dict named `values`."""
    body = []
    for node in source.tree.body:
        body.append(node)
        for name in names:
            if name in assigned(node):
                body += [ast.copy_location(n, node) for n in ast.parse(f"{name} = {values}[{name!r}]").body]
    return ast.fix_missing_locations(ast.Module(body, []))
