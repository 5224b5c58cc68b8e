"""Interchangeable cells of a network: those that may be exchanged without changing the network or the state."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._checks import ComplexArray, FloatArray, IntArray
from ..networks import Network

ROUNDING = 1e-14  # of the largest number of its kind: what twins may differ by


class Classes(NamedTuple):
    """Network of classes of interchangeable cells.

    Attributes
    ----------
    members : list of ndarray
        Cells of every class, ascending; the classes in the order of their first cells.
    sizes : list of int
        Number of cells of every class.
    omega, dephasing : ndarray, (C,)
        Of a cell of every class.
    decay, gain : ndarray, (C,)
        Diagonal elements of the loss and of the pump matrix.
    J, loss, pump : ndarray, (C, C)
        Elements between two different cells of two classes, or of one; 0 inside a class of one cell.
    states : ndarray, (C, 2, 2)
        State of a cell of every class.
    """

    members: list[IntArray]
    sizes: list[int]
    omega: FloatArray
    dephasing: FloatArray
    decay: FloatArray
    gain: FloatArray
    J: FloatArray
    loss: FloatArray
    pump: FloatArray
    states: ComplexArray


def twin_classes(net: Network, cells: ComplexArray) -> Classes:
    """Classes of interchangeable cells of a network in a product state, given by the states of its cells (N, 2, 2).

    Two cells are twins if their fields, rates, baths and states are equal, and so are their bonds to every other cell.
    Differences up to 1e-14 of the largest number of a kind pass for rounding; cells that differ by more are told apart.
    """
    members = _members(net, cells)
    first = np.array([m[0] for m in members])
    second = np.array([m[min(1, len(m) - 1)] for m in members])
    loss, pump = net.loss_matrix, net.pump_matrix
    inside = [len(m) > 1 for m in members]

    def between(matrix: FloatArray) -> FloatArray:
        reduced = matrix[np.ix_(first, first)]
        np.fill_diagonal(reduced, np.where(inside, matrix[first, second], 0.0))
        return reduced

    return Classes(
        members,
        [len(m) for m in members],
        net.omega[first],
        net.dephasing[first],
        np.diag(loss)[first],
        np.diag(pump)[first],
        between(net.J),
        between(loss),
        between(pump),
        cells[first],
    )


def has_twins(net: Network) -> bool:
    """Whether cells of a network are interchangeable, if their states are equal."""
    return len(_members(net)) < net.N


def _members(net: Network, cells: ComplexArray | None = None) -> list[IntArray]:
    """Cells of every class."""
    own = np.array([net.omega, net.dephasing, net.nbar, np.diag(net.decay_matrix)])
    same = (np.abs(own[:, :, None] - own[:, None, :]) <= ROUNDING * np.abs(own).max(axis=1)[:, None, None]).all(axis=0)
    if cells is not None:
        same &= (np.abs(cells[:, None] - cells) <= ROUNDING).all(axis=(2, 3))
    left, members = np.arange(net.N), []
    bonds = [(matrix, ROUNDING * float(np.abs(matrix).max())) for matrix in (net.J, net.decay_matrix)]
    while left.size:
        a = left[0]
        others = left[same[a, left]]
        for matrix, allowed in bonds:
            if len(others) > 1:
                away = np.abs(matrix[others] - matrix[a])
                away[:, a] = away[np.arange(len(others)), others] = 0.0  # the bond between the two is not exchanged
                others = others[(away <= allowed).all(axis=1)]
        members.append(others)
        left = left[~np.isin(left, others)] if len(others) > 1 else left[1:]
    return members
