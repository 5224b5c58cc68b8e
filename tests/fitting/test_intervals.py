"""Intervals, likelihood ratios, and predictions with a band."""

import numpy as np
import pytest
from scipy.stats import chi2, norm

import qbsim as qb
from qbsim.fitting.profile import threshold

T = np.linspace(0, 3, 31)
SIGMA = 0.01


def line(seed=0, slope=1.0, sigma=SIGMA):
    """Energy of a cell against its frequency: linear in the parameter omega."""
    rng = np.random.default_rng(seed)
    return {"energy": (T, slope * np.exp(-T) + sigma * rng.normal(size=T.size), sigma)}


def linear(omega):
    return qb.single_cell(omega=omega, gamma=1.0)


@pytest.fixture(scope="module")
def straight():
    return qb.fit(linear, line(), {"omega": 0.5}, rho0="full")


@pytest.mark.parametrize("level", [0.6827, 0.95, 0.99])
def test_a_linear_model_has_intervals_of_standard_errors(straight, level):
    z = norm.ppf((1 + level) / 2)
    p = straight.params["omega"]
    np.testing.assert_allclose(straight.interval("omega", level), p.value + np.array([-z, z]) * p.stderr, rtol=2e-5)


def test_one_sided_intervals_have_one_end(straight):
    z, p = norm.ppf(0.95), straight.params["omega"]
    low, high = straight.interval("omega", side="upper")
    assert low == -np.inf
    assert high == pytest.approx(p.value + z * p.stderr, rel=1e-5)
    low, high = straight.interval("omega", side="lower")
    assert (low, high) == (pytest.approx(p.value - z * p.stderr, rel=1e-5), np.inf)


def test_the_ends_of_an_interval_are_where_the_rise_is_the_threshold():
    data = {"energy": (T, 0.5 * np.exp(-T), 0.05), "l1_coherence": (T, np.exp(-0.8 * T), 0.05)}
    result = qb.fit(qb.single_cell, data, {"gamma": 0.8, "dephasing": 0.2}, rho0="plus")
    low, high = result.intervals()["dephasing"]
    for end in (low, high):
        held = qb.fit(qb.single_cell, data, {"gamma": 0.8, "dephasing": end}, rho0="plus", fixed=["dephasing"])
        distance = end / np.sqrt(result.covar[1, 1])
        assert held.chisqr - result.chisqr == pytest.approx(threshold(0.95, distance), rel=1e-2)
    inside, outside = low + 0.01 * (high - low), low - 0.01 * (high - low)
    assert result.contains("dephasing", inside)
    assert not result.contains("dephasing", outside)
    assert not result.contains("dephasing", -1.0)


@pytest.mark.parametrize("distance", [0.0, 0.3, 1.0, 1.7, 2.5])
@pytest.mark.parametrize("level", [0.6827, 0.95])
def test_the_threshold_near_a_bound_keeps_the_level(distance, level):
    # estimates z + distance of a truth at distance from the bound at 0, in standard errors
    z = np.random.default_rng(0).normal(size=400_000)
    estimate = np.maximum(z + distance, 0.0)
    ratio = z**2 - (z + distance - estimate) ** 2
    inside = np.mean(ratio <= threshold(level, distance))
    assert inside == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / z.size))


def test_the_threshold_far_from_bounds_is_the_quantile_of_chi_squared():
    assert threshold(0.95) == pytest.approx(chi2.ppf(0.95, 1))
    assert threshold(0.95, 0.0) == pytest.approx(chi2.ppf(0.90, 1))  # half of all estimates are on the bound


# --- compare --------------------------------------------------------------------------------------------


def pair(gamma, gamma_bond, dephasing=0.2):
    return qb.network(qb.linear(2), gamma=gamma, gamma_bond=gamma_bond, dephasing=dephasing)


def energies(gamma_bond, seed=0):
    curve = qb.evolve(pair(1.0, gamma_bond), "plus", T, "energy").energy.values
    return {"energy": (T, curve + SIGMA * np.random.default_rng(seed).normal(size=T.size), SIGMA)}


START = {"gamma": 0.9, "gamma_bond": 0.0}


@pytest.mark.parametrize(("gamma_bond", "needed"), [(0.4, True), (0.0, False)])
def test_collective_decay_is_needed_where_there_is_some(gamma_bond, needed):
    data = energies(gamma_bond)
    full = qb.fit(pair, data, START, rho0="plus")
    nested = qb.fit(pair, data, START, rho0="plus", fixed=["gamma_bond"])
    test = qb.compare(nested, full)
    assert test.extra == ("gamma_bond",)
    assert test.weights == (0.0, 1.0)  # gamma_bond has both signs
    assert test.ratio == pytest.approx(nested.chisqr - full.chisqr)
    assert test.pvalue == pytest.approx(chi2.sf(test.ratio, 1))
    assert (test.pvalue < 0.05) == needed
    assert ("not needed" in str(test)) != needed
    assert test.delta_aic == pytest.approx(test.ratio - 2)


def test_a_parameter_held_on_its_bound_has_a_mixture_of_chi_squared():
    data = energies(0.4)
    bounds = {"gamma_bond": (0, None)}
    full = qb.fit(pair, data, START | {"gamma_bond": 0.1}, rho0="plus", bounds=bounds)
    nested = qb.fit(pair, data, START, rho0="plus", fixed=["gamma_bond"])
    test = qb.compare(nested, full)
    assert test.weights == (0.5, 0.5)
    assert test.pvalue == pytest.approx(chi2.sf(test.ratio, 1) / 2)


def test_an_estimate_on_the_bound_needs_no_parameter():
    t = np.linspace(0, 2, 20)
    data = {"l1_coherence": (t, np.full(20, 1.01), 0.01)}
    full = qb.fit(qb.single_cell, data, {"omega": 1.0, "dephasing": 0.1}, rho0="plus", fixed=["omega"])
    more = qb.fit(qb.single_cell, data, {"gamma": 0.1, "dephasing": 0.1}, rho0="plus", fixed=["dephasing"])
    both = qb.fit(qb.single_cell, data, {"gamma": 0.1, "dephasing": 0.0}, rho0="plus")
    assert full.values["dephasing"] == 0
    with pytest.raises(ValueError, match="fewer free parameters than full"):
        qb.compare(full, more)
    with pytest.raises(ValueError, match="do not fix dephasing"):
        qb.compare(more, both)


def test_two_parameters_on_their_bounds_have_the_weights_of_their_correlation():
    data = {"l1_coherence": (T, np.exp(-0.5 * T), 0.02), "energy": (T, 0.5 * np.exp(-0.4 * T), 0.02)}
    full = qb.fit(qb.single_cell, data, {"omega": 1.0, "gamma": 0.3, "dephasing": 0.2}, rho0="plus")
    nested = qb.fit(qb.single_cell, data, {"omega": 1.0, "gamma": 0.0, "dephasing": 0.0}, rho0="plus",
                    fixed=["gamma", "dephasing"])  # fmt: skip
    weights = qb.compare(nested, full).weights
    # projections of normal vectors onto the quadrant, in the metric of the information
    at = [full.var_names.index(name) for name in ("gamma", "dephasing")]
    V = full.covar[np.ix_(at, at)]
    x = np.random.default_rng(0).multivariate_normal([0, 0], V, size=200_000)
    F = np.linalg.inv(V)
    gradient = x @ F
    both = np.mean((x > 0).all(axis=1))
    none = np.mean((gradient <= 0).all(axis=1))
    np.testing.assert_allclose(weights, [none, 1 - none - both, both], atol=0.005)


def test_fits_of_different_data_are_not_compared():
    full = qb.fit(pair, energies(0.4, 0), START, rho0="plus")
    nested = qb.fit(pair, energies(0.4, 1), START, rho0="plus", fixed=["gamma_bond"])
    with pytest.raises(ValueError, match="of the same data"):
        qb.compare(nested, full)
    with pytest.raises(TypeError, match=r"must be the result of qbsim.fit"):
        qb.compare(1.0, full)


# --- predictions ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cell():
    data = {"energy": (T, 0.5 * np.exp(-T), SIGMA), "l1_coherence": (T, np.exp(-0.8 * T), SIGMA)}
    return qb.fit(qb.single_cell, data, {"gamma": 0.8, "dephasing": 0.1}, rho0="plus")


def test_a_band_is_the_covariance_through_the_closed_form(cell):
    # populations from |e>: exp(-gamma t); their derivative is -t exp(-gamma t)
    ds = cell.predict("energy", T, rho0="full")
    np.testing.assert_allclose(ds.energy, np.exp(-T), atol=1e-6)
    np.testing.assert_allclose(ds.energy_sem, T * np.exp(-T) * cell.params["gamma"].stderr, atol=1e-7)


def test_a_band_is_the_spread_of_draws(cell):
    t = np.linspace(0, 2, 9)
    rng = np.random.default_rng(0)
    g, d = rng.multivariate_normal([cell.values[n] for n in cell.var_names], cell.covar, size=3000).T[:, :, None]
    # the Bloch vector of |+>: z = exp(-g t) - 1, x = exp(-(g/2 + d) t); the ergotropy is (its length + z)/2
    x, z = np.exp(-(g / 2 + d) * t), np.exp(-g * t) - 1
    curves = (np.hypot(x, z) + z) / 2
    ds = cell.predict("ergotropy", t)
    np.testing.assert_allclose(ds.ergotropy_sem, np.std(curves, axis=0), rtol=0.06, atol=1e-6)


def test_a_half_life_has_an_error(cell):
    t = np.linspace(0, 2, 401)
    life = cell.estimate(lambda b: qb.half_life(t, qb.evolve(b, "full", t).ergotropy))
    # 1 - 2 (1 - exp(-gamma t)) = 1/2: ln(4/3)/gamma
    assert life.value == pytest.approx(np.log(4 / 3), rel=1e-4)
    assert life.stderr == pytest.approx(np.log(4 / 3) * cell.params["gamma"].stderr, rel=1e-2)


def test_predictions_take_the_names_of_the_data_and_later_times(cell):
    ds = cell.predict("l1_coherence", [1.0, 10.0])
    np.testing.assert_allclose(ds.l1_coherence, np.exp(-0.8 * np.array([1, 10])), atol=1e-6)
    assert ds.time.values.tolist() == [1.0, 10.0]
    assert qb.plotting.curve(ds, "l1_coherence").get_ylabel()
    own = cell.predict({"p": qb.plus(1).proj()}, [0.5])
    assert 0.5 < own.p.item() < 1


def test_a_page_has_the_parameters_the_notes_and_the_picture(cell, tmp_path):
    page = cell.to_html(tmp_path / "fit.html")
    assert (tmp_path / "fit.html").read_text(encoding="utf-8") == page
    for words in ("<svg", "gamma", "standard error", "chi squared", "AIC"):
        assert words in page
    assert "<table>" in cell._repr_html_()
    assert cell._repr_html_() in page


def test_a_plot_has_curves_and_residuals(cell):
    fig = cell.plot()
    assert len(fig.axes) == 4
    top, below = fig.axes[0], fig.axes[2]
    assert top.get_title() == "energy"
    np.testing.assert_allclose(top.lines[-1].get_ydata(), 0.5 * np.exp(-top.lines[-1].get_xdata()), atol=1e-6)
    np.testing.assert_allclose(below.lines[-1].get_ydata(), cell.residual[: T.size])
    assert below.get_xlabel() == "time"
