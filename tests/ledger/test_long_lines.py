"""Long lines: what the scenario makes of curves and brackets, and what its table does with wrong numbers."""

import numpy as np
import pytest
import xarray as xr

import qbsim as qb
from qbsim.ledger.claims import FAILS, HOLDS
from scenarios.beyond import long_lines
from scenarios.santos2021 import fig3


@pytest.fixture(scope="module")
def quick():
    return long_lines.compute(quick=True)


def failing(ds):
    return [c.text for c in long_lines.claims(ds) if c.verdict == FAILS]


def test_five_cells_are_those_of_the_paper(quick):
    ours = long_lines.line(5)
    paper = fig3.cells(qb.linear(5), 5, J=fig3.J, gamma_d=fig3.GAMMA_D)
    assert ours.parameters() == paper.parameters()
    ds = qb.evolve(paper, qb.plus(5), [0.0, 0.3, 1.0], ("energy", "efficiency"))
    assert np.allclose(quick.efficiency.interp(fine=ds.time), ds.efficiency, atol=1e-7)
    assert np.allclose(quick.energy_exact.sel(state="plus", cells=5, time=[0.0, 0.3, 1.0]), ds.energy, atol=1e-7)


def test_exponentials_have_exact_half_lives_and_errors():
    t, rates = np.array([0.0, 0.5, 1.0, 2.0]), np.array([[0.5, 0.7]])
    energy = 3 * np.exp(-rates[..., None] * t)
    tau = long_lines.half(t, energy)
    assert np.allclose(tau, np.log(2) / rates)
    # an energy off by 1 % halves earlier or later by 1 % over the rate
    assert np.allclose(long_lines._error(t, energy, 0.01 * energy, tau), 0.01 / rates)


def test_further_cells_add_what_the_last_did():
    cells, t = [1, 2, 3, 4], [0.0, 1.0]
    curves = np.array([[[5.0 * N + 2, 3.0 * N - 1] for N in cells]])
    ds = xr.Dataset({"energy_exact": (("state", "cells", "time"), curves)}, {"cells": cells, "time": t, "state": ["x"]})
    assert np.allclose(long_lines.continued(ds, 40), [[202, 119]])


def test_wide_brackets_are_left_out(quick):
    width = (quick.upper - quick.lower).sel(N=8).dropna("early") / 4
    assert long_lines.narrow(quick).sel(N=8, early=width.early).all()
    late = quick.copy(deep=True)
    late["upper"].loc[{"N": 8, "early": float(width.early[-1])}] += 0.8
    assert not long_lines.narrow(late).sel(N=8, early=width.early[-1])


def test_classical_lines_keep_their_ergotropy_longer_from_six_cells_on():
    """Half-lives on a fine grid: the shortest is that of five cells."""
    t = np.r_[0, np.linspace(0.355, 0.365, 11)]
    tau = [
        qb.half_life(t, qb.evolve(long_lines.line(N), qb.classical(1, 0.75), t, "ergotropy").ergotropy)
        for N in (4, 5, 6, 7)
    ]
    assert int(np.argmin(tau)) == 1
    assert tau[3] > tau[2] > tau[1] + 2e-5


@pytest.mark.parametrize(
    ("variable", "by"),
    [("energy", 1.0), ("lower", 0.5), ("upper", -0.5), ("half_life_coarse", 0.01), ("half_life_exact", "reversed")],
)
def test_wrong_numbers_fail(variable, by, quick):
    assert failing(quick) == []
    assert HOLDS in {c.verdict for c in long_lines.claims(quick)}
    ds = quick.copy(deep=True)
    ds[variable] = ds[variable][:, ::-1].drop_vars("cells") if by == "reversed" else ds[variable] + by
    assert failing(ds)
