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


@pytest.mark.parametrize("values", [[0.0, 1.0], [-2.0, -1.0], [0.0, 0.0]])
def test_no_gain_over_nothing(values):
    with pytest.warns(qb.MeasureWarning, match="not above zero"):
        assert np.isnan(qb.relative_gain(values))


# --- starts that are rounding ---------------------------------------------------------------------------------------

NOISE = [2.2e-16, 3.3e-16, 1.1e-16, -2.2e-16, 6.6e-16]


def nothing(curve, **kwargs):
    """Whether half-life and gain of a curve are nan, each with its warning that names rounding."""
    with pytest.warns(qb.HalfLifeWarning, match="rounding"):
        life = qb.half_life(np.arange(len(curve)), curve, **kwargs)
    with pytest.warns(qb.MeasureWarning, match="rounding"):
        gain = qb.relative_gain(curve, **kwargs)
    return np.isnan(life) and np.isnan(gain)


def test_a_curve_that_starts_at_rounding_cannot_be_normalised():
    assert nothing(NOISE, scale=1.0)
    assert nothing([1e-12, 0.5, 1.0, 0.2])  # below 1e-9 of its own largest value
    # the same numbers are a curve where the spread of H0 is as small
    small = [2e-16, 1.5e-16, 0.5e-16]
    assert 1 < qb.half_life([0, 1, 2], small, scale=3e-16) < 2
    assert qb.half_life([0, 1, 2], small) == pytest.approx(qb.half_life([0, 1, 2], [2, 1.5, 0.5]), rel=1e-12)
    for scale in (0.0, -1.0):
        with pytest.raises(ValueError, match="scale must be positive"):
            qb.relative_gain(small, scale=scale)


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_curves_of_evolve_know_their_scale(unit):
    # a thermal state is passive: its ergotropy is rounding, in any unit of energy
    battery = qb.network(qb.linear(3), omega=[1.1 * unit, 0.7 * unit, 1.3 * unit], J=2 * unit, gamma=unit)
    thermal = (-3.0 / unit * battery.H0).expm().unit()
    ds = qb.evolve(battery, thermal, T / unit)
    assert float(abs(ds.ergotropy[0])) < 1e-12 * unit
    assert ds.ergotropy.attrs["rounding"] == pytest.approx(1e-9 * 3.1 * unit)
    noise = ds.ergotropy.copy(data=np.resize(np.abs(NOISE), len(T)) * unit)
    assert nothing(noise)
    # a charged battery is not touched
    charged = qb.evolve(battery, qb.full(3), T / unit)
    assert "rounding" not in charged.ergotropy.attrs
    assert qb.half_life(charged.time, charged.ergotropy) * unit > 0.1


def test_uncharged_battery_has_no_half_life_while_it_charges():
    battery = qb.drive(1)
    ds = qb.evolve(battery, qb.charging.uncharged(battery), np.linspace(0, 1, 11))
    assert ds.energy.attrs["rounding"] == pytest.approx(1e-9)
    with pytest.warns(qb.HalfLifeWarning, match="No half-life"):
        assert np.isnan(qb.half_life(ds.time, ds.ergotropy))


def test_sweeps_follow_the_same_rule():
    from qbsim import curves
    from qbsim.sweeps import ensemble

    assert ensemble.ROUNDING is curves.ROUNDING


def test_efficiency_is_measured_from_the_ground_state():
    np.testing.assert_allclose(qb.efficiency([0.5, 1.0], [0.5, 1.0], -0.5), [0.5, 2 / 3])
    assert np.isnan(qb.efficiency([0.0], [0.0])[0])
    # -1.1 is not a binary number: what is left of the difference is rounding, not energy
    assert np.isnan(qb.efficiency([2e-16], [-(0.3 + 0.8)], -1.1 * (1 + 3e-16))[0])


@pytest.mark.parametrize(
    ("ergotropy", "energy", "error", "words"),
    [
        ([0.5, 0.4], [1.0], ValueError, r"same shape, but have \(2,\) and \(1,\)"),
        ([[0.5], [0.4]], [1.0, 0.9], ValueError, "same shape"),
        ([0.5], 1.0, ValueError, "same shape"),
        ([0.5], [1j], TypeError, "real numbers"),
        ([np.nan], [1.0], ValueError, "finite"),
        (np.array([0.5], dtype=object), [1.0], TypeError, "real numbers"),
    ],
)
def test_efficiency_of_what_does_not_fit_is_refused(ergotropy, energy, error, words):
    with pytest.raises(error, match=words):
        qb.efficiency(ergotropy, energy)


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
    np.testing.assert_allclose(fit(x), alpha + sign * beta * np.exp(-gamma * x), rtol=1e-7, atol=1e-9)


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


X = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10])


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_a_straight_line_determines_no_exponential(scale):
    for y in (2 + 3 * X, 5 - 0.1 * X, 1 + 0 * X):
        with pytest.raises(ValueError, match=r"do not determine .*(straight line|neighbours).*Take x over"):
            qb.fit_exponential(X, scale * y)
    noisy = 5 - 0.3 * X + np.random.default_rng(1).normal(scale=0.05, size=X.size)
    for sigma in (None, np.full(X.size, 0.05 * scale)):
        with pytest.raises(ValueError, match="straight line"):
            qb.fit_exponential(X, scale * noisy, sigma)


def test_a_step_at_the_start_determines_no_rate():
    y = np.where(X == 0, 1.0, 5.0) + np.random.default_rng(2).normal(scale=0.02, size=X.size)
    with pytest.raises(ValueError, match="do not determine"):
        qb.fit_exponential(X, y, np.full(X.size, 0.02))


def test_a_badly_known_rate_is_fitted_with_its_error():
    # from a short run of Fig. 6 of [arjmandi2022]: a step is 1.8 standard errors away
    fit = qb.fit_exponential([0, 1, 2, 3, 5, 10], [3.0304, 4.2097, 5.0526, 4.5798, 4.7158, 5.0413])
    assert (fit.gamma, fit.gamma_err) == pytest.approx((1.25, 0.59), abs=0.01)


def test_noisy_lines_are_refused_and_noisy_exponentials_are_fitted():
    lines, curves = 0, 0
    for seed in range(100):
        noise = np.random.default_rng(seed).normal(scale=0.05, size=X.size)
        try:
            qb.fit_exponential(X, 5 - 0.3 * X + noise, np.full(X.size, 0.05))
        except ValueError:
            lines += 1
        qb.fit_exponential(X, 5 - 1.2 * np.exp(-0.6 * X) + noise, np.full(X.size, 0.05))
        curves += 1
    assert lines >= 90  # two standard errors leave about five in a hundred
    assert curves == 100


def test_a_slow_exponential_is_fitted_where_the_points_are_exact():
    fit = qb.fit_exponential(X, 3 - 2 * np.exp(-1e-3 * X))
    assert (fit.alpha, fit.beta, fit.gamma) == pytest.approx((3, -2, 1e-3), rel=1e-3)


@pytest.mark.parametrize(
    ("x", "y", "sigma", "error", "words"),
    [
        (X, X[1:], None, ValueError, "equally long"),
        ([1.0, 1, 1, 1], [1.0, 2, 3, 4], None, ValueError, "three different values, but holds 1"),
        (X, np.exp(-X), [0.1], ValueError, r"shape of y, \(13,\), but has \(1,\)"),
        (X, np.exp(-X), 0 * X, ValueError, "sigma must be positive, but holds 0"),
        (X, 1j * X, None, TypeError, "y must hold real numbers"),
        (X, np.where(X > 3, np.nan, X), None, ValueError, "y must be finite"),
        (X, X.astype(object), None, TypeError, "y must hold real numbers"),
    ],
)
def test_what_cannot_be_fitted_is_refused(x, y, sigma, error, words):
    with pytest.raises(error, match=words):
        qb.fit_exponential(x, y, sigma)


@pytest.mark.parametrize(
    ("t", "y", "error", "words"),
    [
        ([0, 2, 1], [1, 0.5, 0.2], ValueError, "strictly increasing, but entry 2"),
        ([0, 1], [[1, 1], [0, 0]], ValueError, "shape of tlist"),
        ([0, 1], np.array([1, 0], dtype=object), TypeError, "real numbers"),
        ([0, 1j], [1, 0], TypeError, "real numbers"),
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


def test_a_half_life_within_the_first_step_comes_with_a_warning():
    """Times in seconds for a decay in microseconds: the value is a share of the step."""
    t = np.linspace(0, 1, 11)
    with pytest.warns(qb.HalfLifeWarning, match=r"0.0347 is shorter than the first step 0.1.*choose times within"):
        assert qb.half_life(t, np.exp(-t / 80e-6)) == pytest.approx(0.0347, abs=1e-4)
    assert qb.half_life(t, np.exp(-t / 0.2)) == pytest.approx(0.2 * np.log(2), rel=1e-2)
