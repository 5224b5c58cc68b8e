"""What does not fit together is met with one clear message."""

import builtins

import numpy as np
import pandas as pd
import pytest
import qutip

import qbsim as qb

T = np.linspace(0, 2, 11)
Y = np.exp(-T)
DATA = {"energy": (T, Y, 0.01)}
BAD = np.where(np.arange(11) == 3, np.nan, Y)
START = {"gamma": 0.8}


def fit(data=DATA, start=START, build=qb.single_cell, rho0="full", **more):
    return qb.fit(build, data, start, rho0=rho0, **more)


def table(**columns):
    return pd.DataFrame({"time": T, "energy": Y, **columns})


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        # names
        (lambda: fit(start={"gama": 1.0}), ValueError, "Unknown parameter in start, 'gama'. Did you mean 'gamma'?"),
        (
            lambda: fit(bounds={"gama": (0, 1)}),
            ValueError,
            "Unknown parameter in bounds, 'gama'. Did you mean 'gamma'?",
        ),
        (lambda: fit(fixed=["gama"]), ValueError, "Unknown parameter in fixed, 'gama'. Did you mean 'gamma'?"),
        (lambda: fit(fixed={"gamma": 1.0}), ValueError, "'gamma' is both in start and in fixed"),
        (lambda: fit(fixed=["gamma"]), ValueError, "at least one parameter free"),
        (lambda: fit(start={"J": 1.0}, build=lambda J, gamma: None), ValueError, "a value of gamma, which build needs"),
        (lambda: fit({"enrgy": (T, Y, 0.01)}), ValueError, "Unknown measure in data, 'enrgy'. Did you mean 'energy'?"),
        (lambda: fit(measures={"enrgy": "energy"}), ValueError, "Unknown name of data in measures, 'enrgy'"),
        (lambda: fit(measures={"energy": "work"}), ValueError, "Use 'ergotropy', the largest work"),
        (lambda: fit(readout={"enrgy": (0, 1)}), ValueError, "Unknown measure in readout, 'enrgy'"),
        (lambda: fit({"a": DATA}, rho0={"b": "full"}), ValueError, "Unknown initial state in data, 'a'"),
        (lambda: fit({"b": DATA}, rho0={"a": "plus", "b": "full"}), ValueError, "has none of 'a'"),
        (lambda: fit(table(energy_sigma=0.1, state="up"), rho0={"b": "full", "c": "plus"}), ValueError, "'up'"),
        (lambda: fit(table(energy_sigma=0.1), rho0={"b": "full", "c": "plus"}), ValueError, "needs the column state"),
        (lambda: fit(shots={"x": 5}), ValueError, "Unknown measure in shots, 'x'"),
        # errors
        (lambda: fit({"energy": (T, Y)}), ValueError, "has no errors: give sigma"),
        (lambda: fit(table()), ValueError, "the column energy_sigma, or the number of measurements"),
        (lambda: fit(table(energy_sigma=-0.1)), ValueError, "sigma must be positive, but holds -0.1"),
        (lambda: fit({"energy": (T, Y, 0.0)}), ValueError, "sigma must be positive, but holds 0"),
        (lambda: fit({"energy": (T, Y, [0.1, 0.1])}), ValueError, "one number or one per time"),
        (lambda: fit(shots=100), ValueError, "has both sigma and shots"),
        (lambda: fit({"energy": (T, Y)}, shots=0), ValueError, "shots must be at least 1, but holds 0"),
        (
            lambda: fit({"energy": (T, 100 * Y)}, shots=100),
            ValueError,
            "fractions of the shots, from 0 to 1, but holds 100",
        ),
        (lambda: fit(table(energy_sigma=0.1, x_sigma=0.1)), ValueError, "'x_sigma' of the data belongs to 'x'"),
        # values
        (lambda: fit({"energy": (T - 1, Y, 0.01)}), ValueError, "times must be at least 0, where the evolution starts"),
        (lambda: fit({"energy": (T, BAD, 0.01)}), ValueError, "values must be finite, but holds nan"),
        (lambda: fit(table(energy=BAD, energy_sigma=0.1)), ValueError, "values must be finite, but holds nan"),
        (lambda: fit({"energy": (T, Y[1:], 0.01)}), ValueError, "as many values as times"),
        (lambda: fit({}), ValueError, "data must hold at least one curve"),
        (lambda: fit(table(energy_sigma=0.1)[:0]), ValueError, "has no rows"),
        (lambda: fit({"energy": ([], [], 0.1)}), ValueError, "at least one point"),
        (lambda: fit(pd.DataFrame({"t": T, "energy": Y})), ValueError, "needs the column time"),
        (
            lambda: fit({"energy": ([1.0], [0.4], 0.1)}, {"gamma": 1.0, "nbar": 0.1}),
            ValueError,
            "1 points, fewer than the 2",
        ),
        (lambda: fit(start={"gamma": "1"}), TypeError, r"start\['gamma'\] must be a real number"),
        (lambda: fit(start={"gamma": -1.0}), ValueError, "start holds values that are refused: Argument gamma must be"),
        (lambda: fit(start={"gamma": 2.0}, bounds={"gamma": (0, 1)}), ValueError, "must be from 0 to 1, but is 2"),
        (lambda: fit(bounds={"gamma": (1, 0)}), ValueError, "a lowest value below the highest"),
        # kinds
        (lambda: fit(5), TypeError, "data must be a dict"),
        (lambda: fit({"energy": Y}), TypeError, "must map every measure to"),
        (lambda: fit(start=["gamma"]), TypeError, "start must be a dict"),
        (lambda: fit(build=qb.single_cell()), TypeError, "build must be a function that returns a Battery"),
        (lambda: fit(build=lambda gamma: 5), TypeError, "build must return a Battery, but returns 5"),
        (lambda: fit(rho0={}), ValueError, "at least one initial state"),
        (lambda: fit(rho0="ful"), ValueError, "Did you mean 'full'?"),
        (lambda: fit(bounds={"gamma": 1}), TypeError, r"must be \(lowest, highest\)"),
        (lambda: fit(readout={"energy": 1.0}), TypeError, r"must be \(offset, contrast\)"),
        (lambda: fit(solver="mesolve"), ValueError, "Use 'qutip'"),
        (lambda: fit().interval("nbar"), ValueError, "Unknown free parameter 'nbar'"),
        (lambda: fit().interval("gamma", side="left"), ValueError, "Unknown side 'left'"),
        (lambda: fit().interval("gamma", 95), ValueError, "level must be at most 1, but is 95"),
        (lambda: fit().predict("enrgy", T), ValueError, "Did you mean 'energy'?"),
        (lambda: fit().predict("energy", T - 1), ValueError, "t must be at least 0"),
        (lambda: fit().predict(["energy", "purity"], T), ValueError, "one measure, but holds energy, purity"),
    ],
)
def test_a_mistake_is_met_with_a_message_that_helps(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_prediction_from_several_states_needs_the_name_of_one():
    both = fit({"a": DATA, "b": {"energy": (T, Y / 2, 0.01)}}, rho0={"a": "full", "b": "plus"})
    with pytest.raises(ValueError, match="rho0 must name one of the initial states: a, b"):
        both.predict("ergotropy", T)
    assert both.predict("ergotropy", T, rho0="b").ergotropy[0] == pytest.approx(0.5)


def test_a_probability_beyond_one_is_refused_as_a_start():
    with pytest.raises(ValueError, match="'energy' would be the probability 2"):
        fit({"energy": (T, Y)}, {"omega": 2.0, "gamma": 1.0}, shots=100)


def test_a_readout_stops_where_probabilities_end():
    # all shots are positive: the best contrast is the largest that makes probabilities
    data = {"energy": (T, np.ones(11))}
    result = fit(data, {"gamma": 0.5}, shots=100, readout={"energy": (0.3, 0.3)}, fixed=["gamma", "energy_offset"])
    assert result.values["energy_contrast"] == pytest.approx(0.7, abs=1e-4)
    assert any("energy_contrast lies on a limit" in note for note in result.notes)


def test_without_lmfit_the_message_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "lmfit":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"Fits need lmfit: pip install 'qbsim\[fit\]'\."):
        fit()


def test_wrong_arguments_are_explained():
    with pytest.raises(TypeError, match="needs the argument rho0"):
        qb.fit(qb.single_cell, DATA, START)
    with pytest.raises(TypeError, match="no argument bound: use bounds"):
        fit(bound={})


def test_a_build_that_fails_is_not_taken_for_a_limit():
    def broken(gamma):
        return qb.single_cell(gamma=gamma).nothing

    with pytest.raises(AttributeError, match="nothing"):
        fit(build=broken)
    assert qutip.isket(qb.full(1))
