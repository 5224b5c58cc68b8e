"""The battery of ``qbsim sweep geometry``: cells in random fields with bonds of a geometry."""

from __future__ import annotations

import numpy as np

from .._checks import nearest
from ..geometry import GEOMETRIES, INSTEAD, Edges
from ..models.disorder import Distribution, random_fields
from ..models.network import network
from ..networks import Network

__all__ = ["wired_battery"]


def wired_battery(
    geometry: str,
    N: int,
    gamma_bond: float,
    *,
    graphs: dict[str, list[list[int]]],
    delta: float,
    gamma: float,
    B0: float,
    exchange: float,
    dephasing: float,
    nbar: float,
    distribution: str | Distribution = "uniform",
    rng: np.random.Generator,
) -> Network:
    """Battery with bonds of a known geometry, or of a graph from a file."""
    if geometry not in graphs and geometry not in GEOMETRIES:
        raise ValueError(nearest("geometry", geometry, [*GEOMETRIES, *graphs], INSTEAD))
    edges: Edges | list[list[int]] = graphs[geometry] if geometry in graphs else GEOMETRIES[geometry](N)
    return network(
        edges,
        N,
        omega=random_fields(N, delta, B0=B0, distribution=distribution, rng=rng),
        J=exchange,
        gamma=gamma,
        gamma_bond=gamma_bond,
        dephasing=dephasing,
        nbar=nbar,
    )
