"""Plotting: axes in and out, labels with units, one look per state and geometry."""

import os
import subprocess
import sys
from functools import partial

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.scenario import find

T = np.linspace(0, 1, 11)


@pytest.fixture(autouse=True)
def _no_window():
    plt.switch_backend("Agg")


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


def test_a_figure_is_one_of_pyplot():
    # as from plt.subplots: plt.show() and notebooks show it
    fig, (_, b) = plotting.figure(1, 2)
    assert plt.get_fignums() == [fig.number]
    assert plt.gca() is b


def test_files_need_no_window():
    # whoever draws many figures to files leaves nothing in pyplot's list
    with plotting.offscreen():
        fig, _ = plotting.figure()
    assert plt.get_fignums() == []
    assert isinstance(fig, Figure)
    plotting.figure()
    assert len(plt.get_fignums()) == 1


def test_scenarios_leave_no_figure_in_pyplot(run, tmp_path):
    (tmp_path / "offscreen_scenario.py").write_text(
        "from qbsim import plotting\n"
        "def compute(quick=False, workers=None): ...\n"
        "def claims(ds): return []\n"
        "def draw(ds):\n    return plotting.curve(ds, 'energy').figure\n"
    )
    (scenario,) = find([str(tmp_path / "offscreen_scenario.py")])
    assert all(path.stat().st_size > 1000 for path in scenario.draw(run, tmp_path))
    assert plt.get_fignums() == []


def test_a_script_shows_its_curves_by_plt_show(tmp_path):
    # a backend that says which figures it is asked to show
    (tmp_path / "said.py").write_text(
        "from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas\n"
        "def show(**options):\n"
        "    import matplotlib.pyplot as plt\n"
        "    print('shown', [plt.figure(k).axes[0].get_ylabel() for k in plt.get_fignums()])\n"
    )
    script = (
        "import numpy as np, matplotlib.pyplot as plt, qbsim as qb\n"
        "ds = qb.evolve(qb.single_cell(gamma=1.0), qb.full(1), np.linspace(0, 1, 11))\n"
        "qb.plotting.curve(ds, 'energy'); qb.plotting.curve(ds, 'ergotropy')\n"
        "plt.show()\n"
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = os.environ | {"MPLBACKEND": "module://said", "PYTHONPATH": path}
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    assert result.stdout.strip() == "shown ['internal energy', 'ergotropy']"


def test_a_curve_without_axes_is_the_current_figure_of_pyplot(run):
    ax = plotting.curve(run, "energy")
    assert plt.gcf() is ax.figure
    assert plt.gca() is ax


def test_drawing_changes_no_settings(run, sweep):
    settings, backend = dict(mpl.rcParams), mpl.get_backend()
    plotting.curve(run, "energy", label="two cells")
    plotting.curve(sweep, "ergotropy_ratio")
    plotting.heatmap(sweep.sel(state="plus"), "half_life")
    plotting.figure(1, 2)
    assert dict(mpl.rcParams) == settings
    assert mpl.get_backend() == backend


def test_settings_of_the_user_hold_for_their_own_axes(run):
    with mpl.rc_context({"lines.linewidth": 5.0}):
        _, ax = plt.subplots()
        assert plotting.curve(run, "energy", ax).lines[0].get_linewidth() == 5
        assert plotting.curve(run, "energy").lines[0].get_linewidth() == 1.6


@pytest.mark.parametrize("draw", [plotting.curve, plotting.heatmap])
def test_a_picture_that_fails_leaves_nothing_to_show(draw, sweep):
    with pytest.raises(AttributeError, match="colour"):
        draw(sweep.sel(state="plus"), "half_life", colour="red")
    assert plt.get_fignums() == []


def boxes(fig):
    """Rectangle of every panel with its labels, and of the figure, in pixels."""
    fig.canvas.draw()
    return [ax.get_tightbbox() for ax in fig.axes], fig.bbox


def test_two_panels_do_not_overlap(run):
    # with no word about style or layout: every label inside of the figure, and outside of the other panel
    fig, (a, b) = plotting.figure(1, 2)
    plotting.curve(run, "energy", a)
    plotting.curve(run, "efficiency", b)
    (left, right), page = boxes(fig)
    assert left.x1 < right.x0
    assert all(
        page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1 for box in (left, right)
    )
    assert a.xaxis.get_gridlines()[0].get_visible()


class TestLegend:
    def test_a_label_draws_one(self, run):
        ax = plotting.curve(run, "energy", label="two cells")
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["two cells"]

    def test_two_labelled_batteries_draw_one(self):
        ax = None
        for name in ("star", "ring"):
            ds = qb.evolve(qb.network(qb.linear(2), gamma=1.0, label=name), qb.plus(2), T, "energy")
            ax = plotting.curve(ds, "energy", ax)
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["star", "ring"]
        assert ax.lines[0].get_color() != ax.lines[1].get_color()

    def test_one_line_without_a_label_has_none(self, run):
        assert plotting.curve(run, "energy").get_legend() is None


@pytest.fixture(scope="module")
def sweep():
    chain = partial(qb.disordered_chain, B0=10.0, exchange=10.0, gamma=1.0)
    axes = {"N": [2, 3], "delta": [0.0, 1.0, 3.0]}
    options = {"realizations": 2, "executor": "serial", "progress": False, "keep": "all"}
    return qb.sweep(chain, axes, states=["plus", "full"], tlist=np.linspace(0, 1, 51), **options)


class TestCurvesOfASweep:
    def test_one_line_for_each_combination_of_the_other_axes(self, sweep):
        ax = plotting.curve(sweep, "ergotropy_ratio")
        assert ax.get_xlabel() == "time"
        assert len(ax.lines) == 2 * 3 * 2
        assert len(ax.collections) == 8  # bands, where there is disorder
        texts = [text.get_text() for text in ax.get_legend().get_texts()]
        assert texts[:2] == ["N = 2, delta = 0, coherent", "N = 2, delta = 0, fully excited"]
        np.testing.assert_array_equal(ax.lines[1].get_ydata(), sweep.ergotropy_ratio.isel(N=0, delta=0, state=1))

    def test_a_number_stands_against_the_longest_axis(self, sweep):
        ax = plotting.curve(sweep.sel(state="plus"), "half_life", label="chain")
        assert ax.get_xlabel() == "delta"
        assert [line.get_label() for line in ax.lines] == ["chain, N = 2", "chain, N = 3"]

    def test_realizations_have_no_error_and_their_mean_has_one(self, sweep):
        part = sweep.sel(N=3, delta=1.0, state="plus")
        ax = plotting.curve(part, "ergotropy")
        assert [line.get_label() for line in ax.lines] == ["realization = 0", "realization = 1"]
        assert len(ax.collections) == 0
        assert len(plotting.curve(part, "ergotropy_mean").collections) == 1

    def test_any_axis_can_be_chosen(self, sweep):
        ax = plotting.curve(sweep.isel(delta=0), "half_life", x="state")
        assert [text.get_text() for text in ax.get_xticklabels()] == ["coherent", "fully excited"]

    def test_everything_lies_on_the_page(self, sweep):
        ax = plotting.curve(sweep, "ergotropy_ratio")
        (panel,), page = boxes(ax.figure)
        assert page.x0 <= panel.x0
        assert panel.x1 <= page.x1
        assert page.y0 <= panel.y0
        assert panel.y1 <= page.y1
        assert ax.get_window_extent().width > 0.35 * page.width

    @pytest.mark.parametrize(
        ("name", "options", "message"),
        [
            ("ergotropy", {}, r"has 24 lines, more than 16: .* such as ds.sel\(delta=0.0\) or --where delta=0.0"),
            ("half_life", {"x": "time"}, "does not depend on 'time', but on N, delta, state"),
            ("half_life", {"x": "detla"}, "Did you mean 'delta'"),
            ("solver", {}, "is text and cannot be drawn"),
        ],
    )
    def test_what_cannot_be_drawn(self, name, options, message, sweep, monkeypatch):
        monkeypatch.setattr(plotting.lines, "LINES_LIMIT", 16)
        sweep = sweep.assign(solver=(("N",), ["dense", "network"]))
        with pytest.raises(ValueError, match=message):
            plotting.curve(sweep, name, **options)
        assert plt.get_fignums() == []


class TestHeatMap:
    def test_colour_over_two_axes(self, sweep):
        ax = plotting.heatmap(sweep.sel(state="plus"), "half_life", x="N", y="delta")
        (mesh,) = ax.collections
        np.testing.assert_array_equal(mesh.get_array(), sweep.half_life.sel(state="plus").transpose("delta", "N"))
        assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("N", "delta", "coherent")
        assert ax.figure.axes[1].get_ylabel() == "half-life"
        assert [text.get_text() for text in ax.get_xticklabels()] == ["2", "3"]

    def test_every_value_lies_in_its_cell(self, sweep):
        # delta = 0, 1, 3: cells end half way, at 0.5 and 2; values in any order
        ax = plotting.heatmap(sweep.isel(delta=[2, 0, 1], state=0), "half_life", x="N", y="delta")
        corners = ax.collections[0].get_coordinates()
        assert corners[:, 0, 1].tolist() == [-0.5, 0.5, 2.0, 4.0]
        np.testing.assert_array_equal(ax.collections[0].get_array(), sweep.half_life.isel(state=0).T)

    def test_the_longest_axes_are_taken(self, sweep):
        ax = plotting.heatmap(sweep.sel(state="plus", N=3), "ergotropy_ratio", cmap="magma")
        assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("time", "delta", "N = 3, coherent")
        assert ax.collections[0].get_cmap().name == "magma"

    def test_axes_need_no_values(self):
        ds = xr.Dataset({"a": (("i", "j"), np.arange(6.0).reshape(2, 3))})
        assert plotting.heatmap(ds, "a").get_xlabel() == "j"
        assert len(plotting.curve(ds, "a").lines) == 2

    def test_a_few_values_are_the_ticks_and_many_are_not(self, sweep):
        ax = plotting.heatmap(sweep.sel(state="plus"), "half_life", x="N", y="delta")
        assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "1", "3"]
        crowded = sweep.isel(state=0).assign_coords(delta=[0.0, 0.01, 3.0])
        assert len(plotting.heatmap(crowded, "half_life", x="N", y="delta").get_yticks()) > 3

    def test_names_are_the_ticks_of_a_text_axis(self, sweep):
        ax = plotting.heatmap(sweep.sel(N=3), "gain", x="state", y="delta")
        assert [text.get_text() for text in ax.get_xticklabels()] == ["coherent", "fully excited"]

    def test_what_is_not_reached_stays_empty(self, sweep):
        part = sweep.sel(state="plus").half_life
        ax = plotting.heatmap(part.where(part.delta > 0).to_dataset(), "half_life")
        assert ax.collections[0].get_array().mask.sum() == 2

    @pytest.mark.parametrize(
        ("name", "options", "message"),
        [
            ("half_life", {"x": "N", "y": "delta"}, r"ds.sel\(state='plus'\) or --where state=plus"),
            ("half_life", {}, "also depends on state"),
            ("half_life", {"x": "N", "y": "N"}, "two different axes, but both are 'N'"),
            ("half_life", {"x": "N", "y": "time"}, "does not depend on 'time'"),
            ("half_life", {"x": "n"}, "Unknown axis 'n'. Did you mean 'N'"),
            ("halflife", {}, "Did you mean 'half_life'"),
            ("one", {}, "varies with delta alone"),
            ("one", {"x": "N", "y": "delta"}, "Axis N has one value only"),
            ("nothing", {}, "nan everywhere"),
        ],
    )
    def test_what_cannot_be_drawn(self, name, options, message, sweep):
        half_life = sweep.half_life
        sweep = sweep.assign(nothing=half_life.isel(state=0) * np.nan)
        if name == "one":
            sweep = half_life.isel(state=0, N=[0]).to_dataset(name="one")
        with pytest.raises(ValueError, match=message):
            plotting.heatmap(sweep, name, **options)
        assert plt.get_fignums() == []


@pytest.mark.parametrize("draw", [plotting.curve, plotting.heatmap])
class TestWhatIsDrawn:
    def test_is_a_dataset(self, draw, run):
        with pytest.raises(TypeError, match="ds must be a Dataset, as evolve and sweep return it, but is DataArray"):
            draw(run.energy, "energy")

    def test_is_one_variable(self, draw, run):
        with pytest.raises(TypeError, match="the name of one variable"):
            draw(run, ["energy", "efficiency"])

    def test_is_real(self, draw):
        ds = qb.evolve(qb.single_cell(gamma=1.0), qb.plus(1), T, states=True)
        with pytest.raises(ValueError, match="'rho' is complex"):
            draw(ds, "rho")

    def test_is_more_than_a_number(self, draw, run):
        with pytest.raises(ValueError, match="'energy' is a single number, 1, "):
            draw(run.isel(time=0), "energy")

    def test_goes_to_one_panel(self, draw, sweep):
        _, panels = plotting.figure(1, 2)
        with pytest.raises(TypeError, match=r"but is ndarray: take one of them, such as ax\[0\]"):
            draw(sweep.sel(state="plus"), "half_life", panels)
