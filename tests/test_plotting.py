"""Plotting: axes in and out, labels with units, one look per state and geometry."""

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.axes import Axes

import qbsim as qb
from qbsim import plotting

T = np.linspace(0, 1, 11)


@pytest.fixture
def run():
    return qb.evolve(qb.network(qb.linear(2), gamma=1.0, unit="Gamma"), qb.plus(2), T, ("energy", "efficiency"))


def test_curve_takes_axes_and_returns_them(run):
    _, ax = plotting.figure()
    assert plotting.curve(run, "energy", ax) is ax
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_ydata(), run.energy)


def test_curve_labels_with_units(run):
    ax = plotting.curve(run, "energy")
    assert isinstance(ax, Axes)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (1/Gamma)", "internal energy (Gamma)")
    assert "efficiency" in plotting.curve(run, "efficiency").get_ylabel()


def test_curve_names_the_nearest_variable(run):
    with pytest.raises(ValueError, match="Did you mean 'energy'"):
        plotting.curve(run, "enrgy")


def test_every_state_and_geometry_has_its_own_line():
    # one colour and one dash pattern per name; within states and within geometries no colour appears twice
    assert set(plotting.LINES) == set(plotting.LABELS)
    colours = [look["color"] for look in plotting.LINES.values()]
    states, geometries = colours[:4], colours[4:]
    assert len(set(states)) == len(set(geometries)) == 4
    for names in (list(plotting.LINES)[:4], list(plotting.LINES)[4:]):
        assert len({plotting.LINES[name]["linestyle"] for name in names}) == 4
    assert plotting.line("plus") == {**plotting.LINES["plus"], "label": "coherent"}


def test_ordered_curves_differ_in_colour_and_dashes():
    looks = plotting.sequence(6)
    assert len({tuple(look["color"]) for look in looks}) == 6
    assert len({str(look["linestyle"]) for look in looks}) == 6
    assert len(plotting.sequence(1)) == 1


def test_style_ends_with_the_block():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with plotting.style():
        assert mpl.rcParams["axes.grid"] is True
    assert dict(mpl.rcParams) == before


def test_bands_and_points_show_the_error():
    _, ax = plotting.figure()
    plotting.band(ax, T, T**2, 0.1 * T, label="mean")
    assert len(ax.lines) == len(ax.collections) == 1
    plotting.band(ax, T, T)
    assert len(ax.lines) == 2
    assert len(ax.collections) == 1
    plotting.points(ax, T, T, 0.1 + 0 * T, **plotting.line("full"))
    assert len(ax.containers) == 1


def test_label_marks_the_panel():
    _, ax = plotting.figure()
    plotting.label(ax, "x", "y", "c")
    assert ax.get_title(loc="left") == "(c)"


def test_inset_lies_inside():
    fig, ax = plotting.figure()
    small = plotting.inset(ax, (0.5, 0.5, 0.4, 0.4))
    fig.canvas.draw()
    assert ax.get_window_extent().x0 < small.get_window_extent().x0
    assert small.get_window_extent().x1 < ax.get_window_extent().x1


@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_same_figure_same_bytes(run, tmp_path, ending):
    for name in ("a", "b"):
        with plotting.style():
            fig, ax = plotting.figure()
            plotting.curve(run, "energy", ax)
            plotting.write(fig, tmp_path / f"{name}{ending}")
    a, b = ((tmp_path / f"{name}{ending}").read_bytes() for name in ("a", "b"))
    assert a == b
    assert len(a) > 1000


def test_no_window_no_pyplot():
    # figures belong to the caller: drawing never imports pyplot, so nothing opens and nothing accumulates
    code = (
        "import numpy as np, sys, qbsim as qb\n"
        "before = 'matplotlib.pyplot' in sys.modules\n"
        "from qbsim import plotting\n"
        "fig, ax = plotting.figure()\n"
        "if not before: assert 'matplotlib.pyplot' not in sys.modules\n"
        "else:\n"
        "    import matplotlib.pyplot as plt\n"
        "    assert plt.get_fignums() == []\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
