"""Numbers from a curve: half-life, crossing time, gain, efficiency, exponential fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qbsim as qb

T = np.linspace(0, 2, 201)


@given(rate=st.floats(0.4, 20), scale=st.floats(1e-3, 1e3))
@settings(deadline=None, max_examples=50)
def test_half_life_of_an_exponential(rate, scale):
    # exp(-rate t) halves at ln 2 / rate, whatever its size
    tau = qb.half_life(T, scale * np.exp(-rate * T))
    assert tau == pytest.approx(np.log(2) / rate, abs=2e-5)


def test_half_life_converges_with_the_grid():
    # PCHIP between the samples: halving the step divides the error by at least four
    errors = [abs(qb.half_life(t, np.exp(-t)) - np.log(2)) for t in (np.linspace(0, 2, n) for n in (21, 41, 81))]
    assert errors[1] < errors[0] / 4
    assert errors[2] < errors[1] / 4


def test_half_life_is_the_first_fall_below_half():
    # below Eq. (9) of [arjmandi2022]: the longest interval [0, tau] that keeps half; a revival does not count
    values = np.array([1.0, 0.6, 0.4, 0.7, 0.9, 0.3])
    assert 1 < qb.half_life(np.arange(6.0), values) < 2


def test_half_life_counts_from_the_first_time():
    assert qb.half_life(T + 5, np.exp(-T)) == pytest.approx(np.log(2), abs=1e-5)


def test_touching_half_is_keeping_half():
    # stays at or above one half: the curve that touches it and rises has not reached its half-life
    assert qb.half_life([0, 1, 2, 3], [1.0, 0.5, 0.8, 0.2]) > 2
    assert qb.half_life([0, 1, 2, 3], [1.0, 0.5, 0.5, 0.2]) == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [([1.0, 0.9, 0.8], "extend tlist"), ([0.0, 0.0, 0.0], "not above zero"), ([-1, 0, 1], "not above")],
)
def test_half_life_that_does_not_exist_says_why(values, words):
    with pytest.warns(qb.HalfLifeWarning, match=words):
        assert np.isnan(qb.half_life([0, 1, 2], values))


def test_crossing_time():
    assert qb.crossing_time(T, np.exp(-T), 0.8) == pytest.approx(-np.log(0.8), abs=1e-6)
    assert np.isnan(qb.crossing_time(T, np.exp(-T), 0.01))
    assert qb.crossing_time(T, np.exp(-T), 2.0) == 0.0


def test_relative_gain():
    # Eq. (9) of [arjmandi2022]: 0 for a curve that only falls, percent otherwise
    assert qb.relative_gain(np.exp(-T)) == 0
    assert qb.relative_gain([2.0, 1.0, 2.2]) == pytest.approx(10)
    assert np.isnan(qb.relative_gain([0.0, 1.0]))


def test_efficiency_is_measured_from_the_ground_state():
    np.testing.assert_allclose(qb.efficiency([0.5, 1.0], [0.5, 1.0], -0.5), [0.5, 2 / 3])
    assert np.isnan(qb.efficiency([0.0], [0.0])[0])


@given(
    alpha=st.floats(1, 10),
    beta=st.floats(0.5, 5),
    gamma=st.floats(0.3, 2),
    sign=st.sampled_from([-1, 1]),
)
@settings(deadline=None, max_examples=30)
def test_fit_recovers_its_parameters(alpha, beta, gamma, sign):
    # alpha + beta exp(-gamma delta), below Fig. 2 of [arjmandi2022]
    x = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    fit = qb.fit_exponential(x, alpha + sign * beta * np.exp(-gamma * x))
    assert (fit.alpha, fit.beta, fit.gamma) == pytest.approx((alpha, sign * beta, gamma), rel=1e-5)
    np.testing.assert_allclose(fit(x), alpha + sign * beta * np.exp(-gamma * x), rtol=1e-7)


def test_errors_of_the_fit_cover_the_truth():
    # over many noisy repetitions the true value lies within one standard error about 68 % of the time
    x = np.linspace(0, 10, 13)
    true = 5 - 1.2 * np.exp(-0.6 * x)
    hits = 0
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(scale=0.02, size=13)
        fit = qb.fit_exponential(x, true + noise, sigma=np.full(13, 0.02))
        hits += abs(fit.alpha - 5) < fit.alpha_err
    assert 0.5 < hits / 200 < 0.85


@pytest.mark.parametrize(
    ("x", "y"), [([0, 1, 2], [1, 2, 3]), ([0, 1, 2, 3], [1, 2, 3]), ([0.0, 1, 2, 3, 4], [1.0, 1, 1, 1, 1])]
)
def test_points_that_determine_no_fit(x, y):
    with pytest.raises(ValueError, match=r"equally long|do not determine"):
        qb.fit_exponential(x, y)


@pytest.mark.parametrize(
    ("t", "y", "error", "words"),
    [
        ([], [], ValueError, "non-empty"),
        ([0, 0], [1, 1], ValueError, "strictly increasing"),
        ([0, 1], [1, 1, 1], ValueError, "shape of tlist"),
        ([0, 1], [1, np.nan], ValueError, "finite"),
        ([0, 1], [1, 1j], TypeError, "real numbers"),
    ],
)
def test_what_is_not_a_curve_is_refused(t, y, error, words):
    for function in (qb.half_life, lambda a, b: qb.crossing_time(a, b, 0.5)):
        with pytest.raises(error, match=words):
            function(t, y)


def test_gain_of_nothing_is_refused():
    with pytest.raises(ValueError, match="non-empty curve"):
        qb.relative_gain([])
