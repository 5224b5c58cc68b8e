"""Property test: a wrong argument of a public builder, of a state or of `evolve` never gives a silent result."""

import warnings

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st

import qbsim as qb
from qbsim import _machine, operators

REFUSED = (TypeError, ValueError, MemoryError)
TEXTS = ["", "two", b"1"]
NO_NUMBERS = [*TEXTS, None, {}, object(), 1j, np.complex128(1 + 1j), True, np.True_, qutip.num(2), np.nan, np.inf]
NO_NUMBERS += [-np.inf, 1e200, 10**400, np.array([np.nan]), "1", [[1.0], [1.0, 2.0]]]
SHAPES = [[], [1.0, 2.0, 3.0, 4.0, 5.0], np.ones((2, 3)), np.ones((3, 3, 3))]
KINDS = {
    "count": [*NO_NUMBERS, *SHAPES, 0, -1, 1.5, 2.0, np.float64(2), 10**12, 2**70],
    "index": [*NO_NUMBERS, *SHAPES, -1, 1.5, 3, 10**12, 2**70],
    "matrix": [*NO_NUMBERS, *SHAPES, -np.eye(3), np.triu(np.ones((3, 3))), np.eye(3) - 1, np.eye(2), 1.0],
    "real": [*NO_NUMBERS, *SHAPES, [1.0]],
    "rate": [*NO_NUMBERS, *SHAPES, [1.0], -1e-3, -1],
    "rates": [v for v in (*NO_NUMBERS, *SHAPES, -1e-3, [1.0, -1.0, 1.0], [1, 2], ["a"] * 3) if v is not None],
    "fields": [*NO_NUMBERS, *SHAPES, [1.0, np.nan, 1.0], [1, 2], ["a"] * 3, [True] * 3],
    "bonds": [*NO_NUMBERS, *SHAPES, np.eye(3), np.triu(np.ones((3, 3)), 1), [1.0, np.inf], [1.0]],
    "edges": [1, 1.5, None, "ab", [(0, 0)], [(0, 1), (1, 0)], [(0, 3)], [(-1, 0)], [(0, 1.0)], [(0, 1, 2)], [0, 1]],
    "flag": ["yes", 1, 0, None, [True], "False", 1.0],
    "text": [5, None, b"x", ["x"]],
    "rng": [None, 0, 1.5, "seed", np.random],
    "choice": ["other", 5, None, "", True],
}
rng = np.random.default_rng(0)
N3 = {"N": (3, "count")}
LOSSES = {"gamma": (0.1, "rate"), "dephasing": (0.1, "rate")}
RATES = {"gamma": (1.0, "rates"), "dephasing": (0.1, "rates"), "nbar": (0.1, "rates")}
MATRIX = np.array([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]])

# name: (function, {argument: (a valid value, kind)})
BUILDERS = {
    "linear": (qb.linear, N3),
    "circular": (qb.circular, N3),
    "central": (qb.central, N3),
    "all_to_all": (qb.all_to_all, N3),
    "full": (qb.full, N3),
    "empty": (qb.empty, N3),
    "plus": (qb.plus, N3),
    "classical": (qb.classical, {**N3, "p": (0.5, "rate")}),
    "lowering": (operators.lowering, {"k": (0, "index"), **N3}),
    "raising": (operators.raising, {"k": (0, "index"), **N3}),
    "occupations": (operators.occupations, N3),
    "single_cell": (qb.single_cell, {"omega": (1.0, "real"), **LOSSES, "nbar": (0.1, "rate")}),
    "network": (
        qb.network,
        {
            "edges": (qb.linear(3), "edges"),
            "N": (3, "count"),
            "omega": (1.0, "fields"),
            "J": (1.0, "bonds"),
            **RATES,
            "gamma_bond": (0.1, "bonds"),
            "allow_unphysical": (False, "flag"),
            "label": ("net", "text"),
            "unit": ("GHz", "text"),
        },
    ),
    "Network": (
        qb.Network,
        {
            "edges": (qb.linear(3), "edges"),
            "omega": (np.ones(3), "fields"),
            "J": (MATRIX, "bonds"),
            "decay_matrix": (np.eye(3), "matrix"),
            "dephasing": (np.zeros(3), "rates"),
            "nbar": (np.zeros(3), "rates"),
            "allow_unphysical": (False, "flag"),
            "label": ("net", "text"),
        },
    ),
    "xx_chain": (qb.xx_chain, {"omega": ([1.0, 1.0, 1.0], "fields"), "J": (1.0, "real"), **RATES}),
    "random_fields": (
        qb.random_fields,
        {**N3, "delta": (1.0, "rate"), "B0": (1.0, "real"), "distribution": ("normal", "choice"), "rng": (rng, "rng")},
    ),
    "disordered_chain": (
        qb.disordered_chain,
        {**N3, "delta": (1.0, "rate"), "exchange": (1.0, "real"), "B0": (1.0, "real"), **RATES}
        | {"distribution": ("normal", "choice"), "rng": (rng, "rng")},
    ),
    "drive": (
        qb.drive,
        {"n": (2, "count"), "k": (1, "count"), "strength": (1.0, "rate"), "constraint": ("norm", "choice")}
        | {"flip": (False, "flag"), **LOSSES},
    ),
    "spin_chain": (
        qb.spin_chain,
        {"n": (2, "count"), "g": (1.0, "real"), "alpha": (0.0, "real"), "B": (1.0, "real"), "omega": (1.0, "real")}
        | {"space": ("auto", "choice"), **LOSSES},
    ),
    "coupling_profile": (qb.coupling_profile, {"n": (2, "count"), "g": (1.0, "real"), "profile": ("nn", "choice")}),
    "cooper_pair_boxes": (
        qb.cooper_pair_boxes,
        dict.fromkeys(("E_J", "E_m", "pair_flip", "splitting", "exchange"), (1.0, "real")) | LOSSES,
    ),
    "oscillator": (
        qb.oscillator,
        {"levels": (6, "count"), "displacement": (1.0, "real"), "squeezing": (0.1, "real")}
        | {"nbar": (0.1, "rate"), "kappa": (0.1, "rate")},
    ),
    "dicke": (
        qb.dicke,
        {"n": (2, "count"), "lam": (0.5, "real"), "omega_c": (1.0, "real"), "omega_a": (1.0, "real")}
        | {"photons": (6, "count"), "normalize": (False, "flag"), "rotating_wave": (False, "flag")}
        | {"kappa": (0.1, "rate"), "nbar": (0.1, "rate"), "space": ("auto", "choice"), **LOSSES},
    ),
    "Battery": (
        lambda **given: qb.Battery(qutip.num(2), qutip.num(2), [qutip.destroy(2)], **given),
        {"N": (1, "count"), "cells": ([0], "edges"), "edges": ((), "edges"), "label": ("b", "text")},
    ),
    "evolve": (
        lambda **given: qb.evolve(qb.single_cell(gamma=1.0), qb.full(1), **{"tlist": [0, 1], **given}),
        {"tlist": ([0.0, 1.0], "fields"), "measures": ("energy", "choice"), "solver": ("auto", "choice")}
        | {"rtol": (1e-8, "rate"), "atol": (1e-8, "rate"), "states": (False, "flag"), "passive_tol": (0.1, "rate")},
    ),
}
OPTIONAL = {("network", "N"), ("dicke", "photons"), ("Battery", "cells"), ("evolve", "passive_tol")}


def is_allowed(builder, argument, value):
    if value is None:
        return (builder, argument) in OPTIONAL
    if argument == "tlist" or (builder, argument) == ("xx_chain", "omega"):  # any number of times or of frequencies
        return isinstance(value, list) and value in ([1.0, 2.0, 3.0, 4.0, 5.0], [1, 2])
    return False


def call(builder, changed):
    function, arguments = BUILDERS[builder]
    given = {name: changed.get(name, valid) for name, (valid, _) in arguments.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return function(**given)


@pytest.fixture(autouse=True)
def small_machine(monkeypatch):
    monkeypatch.setattr(_machine, "available_memory", lambda: 2**32)


CASES = [(builder, name) for builder, (_, arguments) in BUILDERS.items() for name in arguments]


@pytest.mark.parametrize("builder", BUILDERS)
def test_valid_arguments_are_accepted(builder):
    assert call(builder, {}) is not None


@pytest.mark.parametrize(("builder", "argument"), CASES)
def test_every_wrong_value_is_refused(builder, argument):
    accepted = []
    for value in KINDS[BUILDERS[builder][1][argument][1]]:
        if is_allowed(builder, argument, value):
            continue
        try:
            call(builder, {argument: value})
        except REFUSED:
            continue
        accepted.append(value)
    assert accepted == []


@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_several_wrong_values_are_refused(data):
    builder, argument = data.draw(st.sampled_from(CASES))
    names = data.draw(st.sets(st.sampled_from(list(BUILDERS[builder][1])), max_size=3)) | {argument}
    changed = {}
    for name in names:
        values = [v for v in KINDS[BUILDERS[builder][1][name][1]] if not is_allowed(builder, name, v)]
        changed[name] = data.draw(st.sampled_from(values))
    with pytest.raises(REFUSED):
        call(builder, changed)
