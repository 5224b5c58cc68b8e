"""What `evolve` and `sweep` refuse: tolerances no solver meets, flags that are none, measures that are no numbers."""

import numpy as np
import pytest
import qutip

import qbsim as qb

CELL, RHO, T = qb.single_cell(gamma=1.0), qb.full(1), [0.0, 1.0]


def run(measures=("energy",), **kwargs):
    return qb.evolve(CELL, RHO, kwargs.pop("tlist", T), measures, **kwargs)


@pytest.mark.parametrize("name", ["rtol", "atol"])
@pytest.mark.parametrize("value", [0, -1e-8, 1e-20, np.nan, np.inf, 1e6, 0.5])
def test_tolerances_that_no_run_can_meet_are_refused(name, value):
    with pytest.raises(ValueError, match=f"Argument {name} must be"):
        run(**{name: value})
    with pytest.raises(ValueError, match=f"Argument {name} must be"):
        qb.sweep(lambda: CELL, {}, states="full", tlist=T, executor="serial", **{name: value})


@pytest.mark.parametrize("value", ["yes", 1, 0, None, [True], np.array([True])])
def test_states_is_true_or_false(value):
    with pytest.raises(TypeError, match="Argument states must be True or False"):
        run(states=value)


def test_truth_values_of_numpy_are_flags():
    assert "rho" in run(states=np.True_)
    assert "rho" not in run(states=np.False_)


@pytest.mark.parametrize("name", ["time", "rho", "row", "col"])
def test_names_of_the_dataset_are_no_names_of_measures(name):
    with pytest.raises(ValueError, match=f"Measure '{name}' must have another name"):
        run({name: lambda rho, battery: 1.0})
    with pytest.raises(ValueError, match=f"Measure '{name}' must have another name"):
        run({name: "energy"}, states=True)


@pytest.mark.parametrize("name", ["state", "N", "ergotropy_sem", "half_life", "gain_err", "realizations", "identity"])
def test_names_that_a_sweep_needs_are_no_names_of_measures(name):
    measures = {"ergotropy": "ergotropy", name: lambda rho, battery: 1.0}
    with pytest.raises(ValueError, match=f"Measure '{name}' must have another name"):
        qb.sweep(lambda N: qb.network((), N), {"N": [1]}, states="full", tlist=T, measures=measures, executor="serial")


@pytest.mark.parametrize("measures", [{1: lambda rho, b: 1.0}, {"": lambda rho, b: 1.0}, 5, None])
def test_measures_have_names(measures):
    with pytest.raises(TypeError, match="Argument measures must"):
        run(measures)


@pytest.mark.parametrize(
    "value", [1j, np.complex128(1), 0j, [1.0], np.ones(2), np.ones((1, 1)), "1.0", None, [1, [2]], qb.full(1), {}]
)
def test_measures_return_one_real_number(value):
    with pytest.raises(TypeError, match=r"(?s)Measure 'own' returned .*must return one real number"):
        run({"own": lambda rho, battery: value})


@pytest.mark.parametrize(
    ("value", "number"), [(True, 1.0), (np.False_, 0.0), (3, 3.0), (np.float32(0.5), 0.5), (np.array(2.0), 2.0)]
)
def test_measures_may_return_any_kind_of_number(value, number):
    assert run({"own": lambda rho, battery: value}).own.values.tolist() == [number] * 2


def test_measures_may_be_undefined():
    assert np.isnan(run({"own": lambda rho, battery: np.nan}).own).all()
    assert np.isinf(run({"own": lambda rho, battery: np.inf}).own).all()


@pytest.mark.parametrize(
    ("tlist", "error"),
    [
        ([-1e308, 1e308], ValueError),
        ([0, np.nan], ValueError),
        ([0, np.inf], ValueError),
        ([], ValueError),
        ([1, 0], ValueError),
        ([0, 0], ValueError),
        ([[0, 1]], ValueError),
        ("01", TypeError),
        ([0, 1j], TypeError),
        ([False, True], TypeError),
        (None, TypeError),
        ([0, [1, 2]], ValueError),
    ],
)
def test_times_are_finite_and_increase(tlist, error):
    with pytest.raises(error, match="Argument tlist must"):
        run(tlist=tlist)


@pytest.mark.parametrize("value", [1e200, 10**400, -1e200, np.float64(1e101)])
def test_numbers_whose_squares_overflow_are_refused(value):
    with pytest.raises(ValueError, match=r"Argument (gamma|omega) must be .*1e\+100|at least 0"):
        qb.single_cell(gamma=abs(value))
    with pytest.raises(ValueError, match=r"Argument omega must be at most 1e\+100 in size"):
        qb.single_cell(omega=value)


@pytest.mark.parametrize("value", ["1", b"1", None, 1j, np.complex128(1), [1.0], True, object()])
def test_real_arguments_are_real_numbers(value):
    with pytest.raises(TypeError, match="Argument omega must be a real number"):
        qb.single_cell(omega=value)


# --- arguments that gave a silent answer ----------------------------------------------------------------------------

LEVEL = qutip.num(2)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: qb.efficiency([0.5, 0.5], [1.0]), ValueError, r"same shape, but have \(2,\) and \(1,\)"),
        (lambda: qb.efficiency([0.5, 0.5], 1.0), ValueError, "same shape"),
        (lambda: qb.l1_coherence(RHO, normalized="no"), TypeError, "normalized must be True or False"),
        (lambda: qb.dicke_start(CELL), TypeError, "battery must come from dicke"),
        (lambda: qb.dicke_start(5), TypeError, "battery must come from dicke"),
        (lambda: qb.sweep(qb.single_cell, {}, states=5, tlist=T), TypeError, "states must be names"),
        (lambda: collective([5, 7], [1, 1]), ValueError, "levels must hold every level of H0"),
        (lambda: collective([0, 1, 2], [1, 1]), ValueError, "lists of the same length"),
        (lambda: collective([0, 1], [0.5, 1.5]), TypeError, "multiplicities must be an integer"),
        (lambda: collective([0, 1], [-1, 3]), ValueError, "multiplicities must be at least 1"),
        (lambda: collective([0, 1], [1, 1], symmetric="yes"), TypeError, "symmetric must be True or False"),
        (lambda: qb.drive(2, flip="yes"), TypeError, "flip must be True or False"),
        (lambda: qb.dicke(1, lam=1.0, kappa=""), TypeError, "kappa must be a real number"),
        (lambda: qb.operators.transition(2, 2, 0), ValueError, "upper must be a level below d = 2"),
        (lambda: qb.operators.on_cell(qutip.num(3), 0, 2), TypeError, "op must be an operator"),
    ],
)
def test_wrong_arguments_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def collective(levels, multiplicities, **kwargs):
    return qb.Collective(LEVEL, LEVEL, n=1, levels=levels, multiplicities=multiplicities, **kwargs)


def test_collective_batteries_with_their_own_levels_are_accepted():
    assert collective([0, 1], [1, 1]).N == 1
