"""What notebooks show: tables of a battery, a network, claims and capacitances, and the drawing of a graph.

Everything is escaped, needs no style sheet and no script, and stays short for any size.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from qutip import QobjEvo

__all__ = ["battery_html", "collective_html", "facts", "network_html", "table"]

SHOWN = 8  # entries of a list, modes, or cells of a mode
DRAWN = 24  # cells of a graph that is still clear
SPECTRUM = 128  # dimension up to which energies are computed for a table
MODES = 64  # cells up to which the decay modes are

LEFT = 'style="text-align:left"'

Facts = list[tuple[str, str]]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """Table with a line of names; every text is escaped."""
    return _table([_cells("th", head), *(_cells("td", row) for row in rows)], caption)


def facts(rows: Facts, caption: str = "") -> str:
    """Table of names and values; every text is escaped."""
    return _table([_cells("th", [name]) + _cells("td", [text]) for name, text in rows], caption)


def _cells(tag: str, texts: Sequence[str]) -> str:
    return "".join(f"<{tag} {LEFT}>{escape(text)}</{tag}>" for text in texts)


def _table(lines: Sequence[str], caption: str) -> str:
    above = f"<caption {LEFT}><b>{escape(caption)}</b></caption>" if caption else ""
    return f"<table>{above}{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def battery_html(battery: Any) -> str:
    """Table of a battery."""
    N, factors = battery.N, len(battery.dims)
    others = "" if len(battery.cells) == factors else f", among {factors} tensor factors"
    return facts([("cells", f"{N}{others}"), *_operators(battery)], _caption(battery))


def collective_html(battery: Any) -> str:
    """Table of a battery of cells that are one spin."""
    space = "symmetric states" if battery.symmetric else "states of every total spin"
    return facts([("cells", f"{battery.N}, as one spin: {space}"), *_operators(battery)], _caption(battery))


def network_html(network: Any, names: Sequence[str]) -> str:
    """Drawing of a network, table of its arrays with these names, and its decay modes."""
    K, N = network.decay_matrix, network.N
    arrays = {"gamma": np.diag(K), "gamma_bond": _bond_values(K)}
    for name in names:
        array = getattr(network, name)
        if name != "decay_matrix":
            arrays[name] = array if array.ndim == 1 else _bond_values(array)
    rows = [("cells", str(N)), *_bonds(network), *((name, _values(a)) for name, a in arrays.items()), *_unit(network)]
    moving = sorted({drive.name for drive in network.drives})
    rows += [(name if name not in arrays else f"{name}, more", "depends on time") for name in moving]
    if network.own_H0 is not None:
        rows.append(("H0", "all constant terms" if isinstance(network.own_H0, str) else "its own"))
    if network.has_own_operators:
        rows.append(("operators", "beyond these arrays, its own"))
    parts = [_drawing(N, network.edges), facts(rows, _caption(network))]
    if N <= MODES and K.any():
        parts.append(_modes(network.report()))
    blocks = (f'<div style="display:inline-block;vertical-align:top;margin-right:2em">{p}</div>' for p in parts if p)
    return f"<div>{''.join(blocks)}</div>"


def _caption(battery: Any) -> str:
    kind = type(battery).__name__
    return f"{kind} {battery.label!r}" if battery.label else kind


def _operators(battery: Any) -> Facts:
    """What can be said of operators without a long computation."""
    dims = battery.dims
    size = int(np.prod(dims))
    product = f"{' x '.join(map(str, dims))} = {size}" if 1 < len(dims) <= SHOWN else str(size)
    rows = [("dimension", product)]
    if battery.is_diagonal or battery.H0.shape[0] <= SPECTRUM:
        levels = battery.diagonal if battery.is_diagonal else np.linalg.eigvalsh(battery.H0.full())
        rows.append(("energies of H0", f"{_number(levels.min())} to {_number(levels.max())}"))
    moving = isinstance(battery.H, QobjEvo) and not battery.H.isconstant
    rows.append(("H", "depends on time" if moving else "constant"))
    losses = len(battery.c_ops)
    rows.append(("losses", f"{losses} operator{'s' * (losses > 1)}" if losses else "none"))
    return [*rows, *(_bonds(battery) if battery.edges else []), *_unit(battery)]


def _unit(battery: Any) -> Facts:
    return [("unit of energy", battery.unit)] if battery.unit != "1" else []


def _bonds(battery: Any) -> Facts:
    edges = battery.edges
    names = [f"{i}-{j}" for i, j in edges[:SHOWN]] + ["..."] * (len(edges) > SHOWN)
    return [("bonds", f"{len(edges)}: {', '.join(names)}" if edges else "none")]


def _number(x: float) -> str:
    return f"{float(x):.6g}"


def _bond_values(matrix: np.ndarray) -> np.ndarray:
    """Elements beside the diagonal that do not vanish."""
    upper = np.triu(matrix, 1)
    return upper[upper != 0]


def _values(array: ArrayLike) -> str:
    """One number for equal ones, a few as a list, many by their range."""
    values = np.asarray(array, dtype=float)
    if values.size == 0 or np.ptp(values) == 0:
        return _number(values[0]) if values.size else "0"
    if values.size <= SHOWN:
        return ", ".join(map(_number, values))
    return f"{_number(values.min())} to {_number(values.max())}"


def _modes(report: Any) -> str:
    """Decay modes: rate, kind and amplitudes of the cells."""
    lines = []
    for rate, kind, mode in list(zip(report.rates, report.kinds, report.modes.T, strict=True))[:SHOWN]:
        cells = " ".join(f"{a:+.2f}" for a in mode[:SHOWN]) + " ..." * (len(mode) > SHOWN)
        lines.append((_number(rate), kind, cells))
    if len(report.rates) > SHOWN:
        lines.append(("...", f"{len(report.rates)} in all", ".report() has them all"))
    return table(("rate", "decay mode", "amplitudes of the cells"), lines)


# --- the drawing ----------------------------------------------------------------------------------------------------

RADIUS, NODE, MARGIN = 70, 9, 12


def _drawing(N: int, edges: Sequence[tuple[int, int]]) -> str:
    """Graph as SVG: numbered cells and their bonds; none for a single cell or too many."""
    if not 1 < N <= DRAWN:
        return ""
    places = _places(N, edges)
    places -= places.min(axis=0) - (NODE + MARGIN)
    width, height = places.max(axis=0) + NODE + MARGIN
    bonds = "".join(f"M{places[i][0]:.0f} {places[i][1]:.0f}L{places[j][0]:.0f} {places[j][1]:.0f}" for i, j in edges)
    cells = "".join(
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{NODE}" fill="#d6eaf8" stroke="#0072b2"/>'
        f'<text x="{x:.0f}" y="{y + 4:.0f}" text-anchor="middle" font-size="11" fill="#000">{k}</text>'
        for k, (x, y) in enumerate(places)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" role="img">'
        f'<path d="{bonds}" stroke="#888" stroke-width="1.5" fill="none"/>{cells}</svg>'
    )


def _places(N: int, edges: Sequence[tuple[int, int]]) -> np.ndarray:
    """Where the cells are drawn: a star around its centre, a short line as a line, everything else as a circle."""
    degree = np.bincount(np.ravel(edges).astype(int), minlength=N) if edges else np.zeros(N, dtype=int)
    is_tree = len(edges) == N - 1
    if is_tree and N <= SHOWN and sorted(degree.tolist()) == [1, 1, *[2] * (N - 2)] and len(path := _path(edges)) == N:
        places = np.zeros((N, 2))
        places[path, 0] = 40.0 * np.arange(N)
        return places
    centre = int(np.argmax(degree)) if is_tree and N > 3 and degree.max() == N - 1 else None
    around = [k for k in range(N) if k != centre]
    angles = 2 * np.pi * np.arange(len(around)) / len(around)
    places = np.zeros((N, 2))
    places[around] = RADIUS * np.stack([np.sin(angles), -np.cos(angles)], axis=1)
    return places


def _path(edges: Sequence[tuple[int, int]]) -> list[int]:
    """Cells in the order of a line, from its lower end."""
    ends = np.ravel(edges).tolist()
    at, path = min(k for k in ends if ends.count(k) == 1), []
    while at is not None and at not in path:
        path.append(at)
        near = [i + j - at for i, j in edges if at in (i, j)]
        at = next((k for k in near if k not in path), None)
    return path
