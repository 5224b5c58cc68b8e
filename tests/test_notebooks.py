"""Notebooks, executed: pictures, batteries and progress show in the output, and no warning does."""

import base64
import io
import sys
import textwrap

import matplotlib.image
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from qbsim.solvers._progress import bar_class

PICTURE, WIDGET = "image/png", "application/vnd.jupyter.widget-view+json"

START = """
import numpy as np
import qbsim as qb
import matplotlib as mpl
settings = dict(mpl.rcParams)
t = np.linspace(0, 4, 101)
ds = qb.evolve(qb.network(qb.linear(2), gamma=1.0), qb.plus(2), t)
def chain(N, delta, rng):
    return qb.network(qb.linear(N), omega=qb.random_fields(N, delta, B0=10.0, rng=rng), J=10.0, gamma=1.0)
axes = {"N": [2, 3], "delta": [0.0, 1.0, 2.0]}
def sweep():
    return qb.sweep(chain, axes, states="plus", tlist=t, executor="serial")
"""
WITHOUT_WIDGETS = "import sys; sys.modules['ipywidgets'] = None\n"


def execute(*cells):
    """Outputs of every cell of a notebook."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(textwrap.dedent(cell).strip()) for cell in cells]
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


def data(outputs, kind):
    """What the outputs of a cell show in one form."""
    return [output.data[kind] for output in outputs if kind in output.get("data", {})]


def text(outputs):
    """Everything that a cell printed."""
    return "".join(output.get("text", "") for output in outputs)


def ink(picture):
    """Share of the pixels of a PNG that are not white."""
    pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(picture)))[..., :3]
    return np.mean(np.any(pixels < 0.9, axis=2))


CELLS = {
    "start": START,
    "curve": 'qb.plotting.curve(ds, "ergotropy")',
    "curve, not last": 'ax = qb.plotting.curve(ds, "ergotropy", label="two cells")\nNone',
    "panels": """
        fig, (a, b) = qb.plotting.figure(1, 2)
        qb.plotting.curve(ds, "energy", a)
        qb.plotting.curve(ds, "ergotropy", b);
    """,
    "sweep": "result = sweep()",
    "curves of the sweep": 'qb.plotting.curve(result, "half_life");',
    "heat map": 'qb.plotting.heatmap(result, "half_life", x="N", y="delta");',
    "own figure": """
        import matplotlib.pyplot as plt
        fig, ax = plt.subplots()
        qb.plotting.curve(ds, "ergotropy", ax);
    """,
    "network": "qb.network(qb.central(4), J=1.0, gamma=1.0, gamma_bond=0.2)",
    "collective": "qb.dicke(3, lam=0.1)",
    "dataset": "ds",
    "settings": """
        changed = [name for name, value in mpl.rcParams.items() if settings[name] != value]
        display({"application/json": [changed, mpl.get_backend(), plt.get_fignums()]}, raw=True)
    """,
}


@pytest.fixture(scope="module")
def notebook():
    """Outputs of a researcher's notebook, by cell."""
    return dict(zip(CELLS, execute(*CELLS.values()), strict=True))


@pytest.mark.parametrize(
    "cell", ["curve", "curve, not last", "panels", "curves of the sweep", "heat map", "own figure"]
)
def test_a_picture_shows_once(cell, notebook):
    (picture,) = data(notebook[cell], PICTURE)
    assert ink(picture) > 0.01  # axes and a line, no empty page


def test_batteries_show_as_tables_and_networks_as_drawings(notebook):
    (network,), (collective,) = (data(notebook[name], "text/html") for name in ("network", "collective"))
    assert network.count("<circle") == 4
    assert "dark" in network or "subradiant" in network
    assert "as one spin" in collective
    assert data(notebook["dataset"], "text/html")


def test_nothing_is_changed(notebook):
    # the backend of notebooks turns the interactive mode on when it loads, here as without qbsim
    ((changed, backend, figures),) = data(notebook["settings"], "application/json")
    assert changed == ["interactive"]
    assert "inline" in backend
    assert figures == []


def test_a_notebook_says_nothing_else(notebook):
    # no warning, no text of a bar beside the widget
    assert {cell: text(outputs) for cell, outputs in notebook.items() if text(outputs)} == {}


def test_progress_is_a_widget(notebook):
    assert data(notebook["sweep"], WIDGET)


def test_progress_is_text_without_ipywidgets():
    _, outputs = execute(WITHOUT_WIDGETS + START, "result = sweep()")
    assert data(outputs, WIDGET) == []
    assert "100%" in text(outputs)
    assert "arn" not in text(outputs)


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self):
        return True


def test_a_terminal_has_a_bar_of_text_and_a_file_has_none(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert bar_class() is None
    monkeypatch.setattr("sys.stderr", Terminal())
    with bar_class()(total=2, bar_format="{bar}{n_fmt}/{total_fmt}") as bar:
        bar.update(2)
    assert "2/2" in sys.stderr.getvalue()
