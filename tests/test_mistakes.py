"""What a mistake is met with: one clear message of qbsim for each row of mistakes.py."""

import inspect
import shlex
import traceback
import warnings
from functools import partial
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import qutip
from mistakes import COMMANDS, EXPRESSIONS

import qbsim as qb
from qbsim.cli import main as cli

PACKAGE = Path(qb.__file__).parent
# what Python, numpy, xarray and QuTiP say where nobody has checked
USELESS = [
    "unhashable type",
    "Only defined for quantum objects",
    "'NoneType' object",
    "object has no attribute",
    "unexpected keyword argument",
    "positional argument",
    "is not iterable",
    "not supported between instances",
    "truth value of an array",
    "cannot directly convert",
    "could not convert",
    "Errno",
    " at 0x",
]


class Quantity:
    """Number with a unit, as those of pint and astropy; numpy strips the unit."""

    def __init__(self, magnitude, units):
        self.magnitude, self.units = magnitude, units

    def __repr__(self):
        return f"<Quantity({self.magnitude}, '{self.units}')>"

    def __float__(self):
        return self.magnitude

    def __array__(self, dtype=None, copy=None):
        return np.array(self.magnitude, dtype)


def names():
    """What the expressions of the table are made of."""
    t = np.linspace(0, 1, 6)
    chain = partial(qb.disordered_chain, N=2, exchange=1.0, gamma=1.0)

    def sweep(axes=None, build=chain, **changed):
        usual = {"states": "full", "tlist": t, "executor": "serial", "progress": False}
        return qb.sweep(build, {"delta": [0.0]} if axes is None else axes, **usual | changed)

    return {
        "qb": qb,
        "np": np,
        "nx": nx,
        "pd": pd,
        "qutip": qutip,
        "t": t,
        "chain": chain,
        "sweep": sweep,
        "net": qb.network(qb.linear(2), J=1.0, gamma=0.5),
        "psi": qb.full(2),
        "ds": qb.evolve(qb.single_cell(gamma=1.0), qb.full(1), t),
        "H0": qutip.num(2),
        "a": qutip.destroy(2),
        "rng": np.random.default_rng(1),
        "graph": nx.Graph([(1, 2), (2, 3)]),
        "megahertz": Quantity(5.0, "megahertz"),
        "__file__": __file__,
    }


@pytest.fixture(scope="module")
def table_names():
    return names()


def words_of(row):
    return [row] if isinstance(row, str) else row


@pytest.mark.parametrize(("expression", "error", "words"), EXPRESSIONS, ids=[row[0] for row in EXPRESSIONS])
def test_a_mistake_is_met_with_a_message_that_helps(expression, error, words, table_names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if issubclass(error, Warning):
        with pytest.warns(error) as caught:
            eval(compile(expression, __file__, "eval"), dict(table_names))
        (warning,) = caught
        message = str(warning.message)
        assert warning.filename == __file__  # points at the caller
    else:
        with warnings.catch_warnings(), pytest.raises(error) as raised:
            warnings.simplefilter("error")
            eval(compile(expression, __file__, "eval"), dict(table_names))
        message = str(raised.value)
        frames = traceback.extract_tb(raised.tb)
        assert PACKAGE in Path(frames[-1].filename).parents, frames[-1]  # said by a check of qbsim
        assert frames[-1].line.startswith("raise "), frames[-1]
        assert raised.value.__context__ is None or raised.value.__suppress_context__, "one error, not two"
    for word in words_of(words):
        assert word in message
    assert not [text for text in USELESS if text in message]
    assert "\n" not in message
    assert message.endswith((".", "?", "'", ")"))


@pytest.mark.parametrize(("command", "code", "words"), COMMANDS, ids=[row[0] for row in COMMANDS])
def test_a_wrong_command_is_met_with_one_line_that_helps(command, code, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(shlex.split(command)[1:]) == code
    printed = capsys.readouterr().err
    assert printed.startswith("qbsim")
    assert printed.count("\n") == 1
    for word in words_of(words):
        assert word in printed
    assert not [text for text in USELESS if text in printed]
    assert not any(tmp_path.iterdir())  # nothing was begun


def test_the_table_is_large_and_has_every_mistake_once():
    said = [row[0] for row in (*EXPRESSIONS, *COMMANDS)]
    assert len(said) >= 250
    assert len(said) == len(set(said))
    assert all(row[2] for row in (*EXPRESSIONS, *COMMANDS))


HOMES = [qb, qb.charging, qb.channels, qb.extraction, qb.capacitance, qb.bosonic, qb.precision]
PUBLIC = {
    f"{home.__name__}.{name}": getattr(home, name)
    for home in HOMES
    for name in home.__all__
    if inspect.isfunction(getattr(home, name)) and getattr(home, name).__module__ != "qbsim._files"  # beside the checks
}


PUBLIC |= {f"qbsim.{name}": getattr(qb, name) for name in ("Battery", "Network", "Collective")}


def passes_names_on(function):
    """Whether a function takes any names, for another function."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


@pytest.mark.parametrize("name", [name for name in PUBLIC if not passes_names_on(PUBLIC[name])])
def test_every_public_function_says_which_argument_does_not_exist(name):
    function = PUBLIC[name]
    with pytest.raises(TypeError, match=r"has no argument such_a_thing.* (It takes|It takes no arguments)"):
        function(such_a_thing=1)


def test_errors_from_within_a_function_stay_as_they_are():
    def build(delta):
        return None + delta

    with pytest.raises(TypeError, match="unsupported operand"):
        qb.sweep(build, {"delta": [0.0]}, states="full", tlist=[0.0, 1.0], executor="serial", progress=False)


def test_tools_that_look_for_private_names_get_a_plain_answer():
    # notebooks and copy ask modules and batteries for names that begin with an underscore
    assert not hasattr(qb, "_repr_html_")
    assert not hasattr(qb.single_cell(), "_ipython_canary_method_should_not_exist_")


def test_an_error_within_a_property_of_a_battery_is_not_taken_for_a_wrong_name():
    class Odd(qb.Battery):
        @property
        def dims(self):
            return self.no_such_thing

    with pytest.raises(AttributeError, match="no attribute 'no_such_thing'"):
        _ = Odd.__new__(Odd).dims
