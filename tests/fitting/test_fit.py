"""`fit` finds the rates behind synthetic data, in every form in which data come, with the errors of theory."""

import time

import lmfit
import numpy as np
import pandas as pd
import pytest
import qutip
import xarray as xr
from fit_coverage import MEASURES, TRUTHS, outcome

import qbsim as qb

T = np.linspace(0, 3, 31)
SIGMA = 0.01


def noisy(values, seed=0, sigma=SIGMA):
    return np.asarray(values) + sigma * np.random.default_rng(seed).normal(size=np.shape(values))


def energies(gamma=0.7, seed=0):
    """Energy of a full cell, exp(-gamma t), with noise."""
    return noisy(np.exp(-gamma * T), seed)


@pytest.fixture(scope="module")
def decay():
    return qb.fit(qb.single_cell, {"energy": (T, energies(), SIGMA)}, {"gamma": 1.0}, rho0="full")


def test_the_standard_error_is_that_of_the_fisher_information(decay):
    p = decay.params["gamma"]
    # d/dgamma exp(-gamma t) = -t exp(-gamma t)
    expected = SIGMA / np.linalg.norm(T * np.exp(-p.value * T))
    assert p.stderr == pytest.approx(expected, rel=1e-6)
    assert abs(p.value - 0.7) < 3 * expected
    # the best value: the gradient of chi squared vanishes
    f = np.exp(-p.value * T)
    assert abs(np.sum((energies() - f) * T * f)) / np.linalg.norm(T * f) < 1e-4 * SIGMA


def test_the_result_has_the_conventions_of_lmfit(decay):
    assert isinstance(decay.params, lmfit.Parameters)
    assert decay.params["gamma"].init_value == 1.0
    assert decay.params["gamma"].min == 0.0  # found: single_cell refuses negative rates
    assert (decay.ndata, decay.nvarys, decay.nfree, decay.var_names) == (31, 1, 30, ["gamma"])
    assert decay.chisqr == pytest.approx(np.sum(decay.residual**2))
    assert decay.aic == decay.chisqr + 2
    assert decay.bic == pytest.approx(decay.chisqr + np.log(31))
    assert 0.001 < decay.pvalue < 0.999
    text = lmfit.fit_report(decay)
    assert "gamma:  0." in text
    assert "+/-" in text


def test_correlations_are_those_of_the_covariance():
    data = {"energy": (T, noisy(0.5 * np.exp(-T)), SIGMA), "l1_coherence": (T, noisy(np.exp(-0.8 * T), 1), SIGMA)}
    result = qb.fit(qb.single_cell, data, {"gamma": 0.8, "dephasing": 0.1}, rho0="plus")
    s = np.sqrt(np.diag(result.covar))
    assert result.params["gamma"].correl["dephasing"] == pytest.approx(result.covar[0, 1] / s[0] / s[1])
    assert result.params["gamma"].correl["dephasing"] < 0  # the coherence fixes gamma/2 + dephasing
    # analytic: columns of energy and coherence
    g, d = result.params["gamma"].value, result.params["dephasing"].value
    E, C = 0.5 * np.exp(-g * T), np.exp(-(g / 2 + d) * T)
    S = np.array([np.r_[-T * E, -T * C / 2], np.r_[0 * T, -T * C]]).T / SIGMA
    np.testing.assert_allclose(result.covar, np.linalg.inv(S.T @ S), rtol=1e-5)


def frame():
    return pd.DataFrame({"time": T, "energy": energies(), "energy_sigma": SIGMA})


def dataset():
    ds = qb.evolve(qb.single_cell(gamma=0.7), "full", T, "energy")
    ds["energy"] = ("time", energies())
    return ds.assign(energy_sem=("time", np.full(T.size, SIGMA)))


@pytest.mark.parametrize(
    "data",
    [
        {"energy": (list(T), list(energies()), [SIGMA] * T.size)},
        frame(),
        frame().rename(columns={"energy_sigma": "energy_sem"}),
        frame().assign(state="full"),
        dataset(),
        dataset().expand_dims(N=[1]),
        {"energy": (T[::-1], energies()[::-1], SIGMA)},
    ],
    ids=["lists", "frame", "frame_sem", "frame_state", "dataset", "sweep", "reversed"],
)
def test_every_form_of_data_gives_the_same_fit(data, decay):
    result = qb.fit(qb.single_cell, data, {"gamma": 1.0}, rho0="full")
    assert result.params["gamma"].value == pytest.approx(decay.params["gamma"].value, rel=1e-6)
    assert result.params["gamma"].stderr == pytest.approx(decay.params["gamma"].stderr, rel=1e-6)


STATES = {"up": "full", "both": qb.plus(1)}


def two_states():
    return {
        "up": {"energy": (T, noisy(np.exp(-0.7 * T)), SIGMA)},
        "both": {"l1_coherence": (T[::2], noisy(np.exp(-0.55 * T[::2]), 1), SIGMA)},
    }


def test_several_initial_states_are_fitted_at_once():
    # the full cell fixes gamma, the coherence of the other one gamma/2 + dephasing
    result = qb.fit(qb.single_cell, two_states(), {"gamma": 1.0, "dephasing": 0.5}, rho0=STATES)
    for name, value in {"gamma": 0.7, "dephasing": 0.2}.items():
        assert abs(result.params[name].value - value) < 3 * result.params[name].stderr
        assert result.params[name].stderr < 0.02
    assert [curve.title for curve in result.curves] == ["energy, up", "l1_coherence, both"]


def test_several_initial_states_come_in_a_table_and_a_dataset():
    e = {"up": noisy(np.exp(-0.7 * T)), "both": noisy(0.5 * np.exp(-0.7 * T), 1)}
    table = pd.concat([pd.DataFrame({"time": T, "energy": e[s], "energy_sigma": SIGMA, "state": s}) for s in e])
    ds = xr.Dataset(
        {
            "energy": (("state", "time"), np.array(list(e.values()))),
            "energy_sem": (("state", "time"), np.full((2, 31), SIGMA)),
        },
        coords={"time": T, "state": list(e)},
    )
    nested = {s: {"energy": (T, e[s], SIGMA)} for s in e}
    fits = [qb.fit(qb.single_cell, data, {"gamma": 1.0}, rho0=STATES) for data in (table, ds, nested)]
    assert len({round(f.params["gamma"].value, 9) for f in fits}) == 1
    assert all(f.ndata == 62 for f in fits)


def test_repeated_times_count_as_often_as_they_were_measured(decay):
    twice = {"energy": (np.r_[T, T], np.r_[energies(), energies()], SIGMA)}
    result = qb.fit(qb.single_cell, twice, {"gamma": 1.0}, rho0="full")
    assert result.params["gamma"].stderr == pytest.approx(decay.params["gamma"].stderr / np.sqrt(2), rel=1e-4)


# --- counts and readout ---------------------------------------------------------------------------------

SHOTS = 500


def counts(seed=3, offset=0.0, contrast=1.0):
    p = offset + contrast * np.exp(-0.7 * T)
    return np.random.default_rng(seed).binomial(SHOTS, p) / SHOTS


def test_counts_have_the_likelihood_of_a_binomial_distribution():
    from scipy.optimize import minimize_scalar
    from scipy.stats import binom

    y = counts()
    result = qb.fit(qb.single_cell, {"energy": (T, y)}, {"gamma": 1.0}, rho0="full", shots=SHOTS)

    def log_likelihood(gamma):
        return binom.logpmf(np.round(SHOTS * y[1:]), SHOTS, np.exp(-gamma * T[1:])).sum()

    best = minimize_scalar(lambda g: -log_likelihood(g), bounds=(0.3, 1.5), method="bounded", options={"xatol": 1e-9})
    assert result.params["gamma"].value == pytest.approx(best.x, abs=1e-4 * result.params["gamma"].stderr + 1e-6)
    # the deviance is twice the distance to the saturated model
    saturated = binom.logpmf(np.round(SHOTS * y[1:]), SHOTS, y[1:]).sum()
    assert result.chisqr == pytest.approx(2 * (saturated + best.fun), abs=1e-5)
    p = np.exp(-best.x * T[1:])
    information = np.sum(SHOTS / (p * (1 - p)) * (T[1:] * p) ** 2)
    assert result.params["gamma"].stderr == pytest.approx(information**-0.5, rel=1e-5)


def test_shots_come_per_measure_per_time_or_in_a_column():
    y = counts()
    start = {"gamma": 1.0}
    table = pd.DataFrame({"time": T, "energy": y, "energy_shots": SHOTS})
    fits = [
        qb.fit(qb.single_cell, {"energy": (T, y)}, start, rho0="full", shots={"energy": SHOTS}),
        qb.fit(qb.single_cell, {"energy": (T, y)}, start, rho0="full", shots=np.full(T.size, SHOTS)),
        qb.fit(qb.single_cell, table, start, rho0="full"),
    ]
    assert len({f.chisqr for f in fits}) == 1


def test_a_readout_has_an_offset_and_a_contrast():
    y = counts(offset=0.03, contrast=0.9)
    data = {"energy": (T, y)}
    result = qb.fit(qb.single_cell, data, {"gamma": 1.0}, rho0="full", shots=SHOTS, readout={"energy": (0.0, 0.99)})
    truth = {"gamma": 0.7, "energy_offset": 0.03, "energy_contrast": 0.9}
    for name, value in truth.items():
        assert abs(result.params[name].value - value) < 3.5 * result.params[name].stderr
    held = qb.fit(
        qb.single_cell,
        data,
        {"gamma": 1.0},
        rho0="full",
        shots=SHOTS,
        readout={"energy": (0.03, 0.9)},
        fixed=["energy_offset", "energy_contrast"],
    )
    assert held.var_names == ["gamma"]
    assert held.params["gamma"].stderr < result.params["gamma"].stderr


def test_names_in_the_data_stand_for_measures_operators_and_functions():
    own = {"W": "ergotropy", "x": qb.plus(1).proj(), "p": lambda rho, battery: rho[1, 1].real}
    ds = qb.evolve(qb.single_cell(gamma=0.7, dephasing=0.2, omega=2.0), "plus", T, own)
    data = {name: (T, noisy(ds[name], k), SIGMA) for k, name in enumerate(own)}
    start = {"gamma": 1.0, "dephasing": 0.1, "omega": 1.8}
    result = qb.fit(qb.single_cell, data, start, rho0="plus", measures=own)
    for name, value in {"gamma": 0.7, "dephasing": 0.2, "omega": 2.0}.items():
        assert abs(result.params[name].value - value) < 3.5 * result.params[name].stderr


# --- whole fits -----------------------------------------------------------------------------------------


def chain(gamma, J, dephasing):
    return qb.network(qb.linear(4), omega=[1.0, 1.5, 0.8, 1.2], gamma=gamma, J=J, dephasing=dephasing)


def test_four_cells_and_three_parameters_take_less_than_ten_seconds():
    t, truth = np.linspace(0, 4, 50), {"gamma": 0.5, "J": 1.0, "dephasing": 0.2}
    ds = qb.evolve(chain(**truth), "plus", t, ["energy", "ergotropy"])
    data = {name: (t, noisy(ds[name], k), SIGMA) for k, name in enumerate(("energy", "ergotropy"))}
    begin = time.process_time()
    result = qb.fit(chain, data, {"gamma": 0.8, "J": 0.7, "dephasing": 0.1}, rho0="plus")
    assert time.process_time() - begin < 10
    for name, value in truth.items():
        assert abs(result.params[name].value - value) < 3.5 * result.params[name].stderr


def test_parameters_held_by_a_dict_or_by_name_are_the_same_fit():
    data = {"energy": (T, energies(), SIGMA)}
    by_name = qb.fit(qb.single_cell, data, {"gamma": 1.0, "nbar": 0.01}, rho0="full", fixed=["nbar"])
    by_dict = qb.fit(qb.single_cell, data, {"gamma": 1.0}, rho0="full", fixed={"nbar": 0.01})
    assert by_name.values == by_dict.values
    assert not by_name.params["nbar"].vary
    assert by_name.params["nbar"].stderr is None


def test_a_fit_without_noise_returns_the_truth():
    data = {"energy": (T, np.exp(-0.7 * T), SIGMA)}
    result = qb.fit(qb.single_cell, data, {"gamma": 3.0}, rho0="full")
    assert result.params["gamma"].value == pytest.approx(0.7, rel=1e-6)
    assert result.success
    assert result.notes == ()


def test_twenty_synthetic_sets_show_no_bias():
    truth, asked, _ = TRUTHS["collective decay"]
    runs = [outcome(truth, asked, seed) for seed in range(1000, 1020)]
    for name in truth:
        pulls = np.array([run.pulls[name] for run in runs])
        assert abs(pulls.mean()) < 3.3 / np.sqrt(20), name  # one in a thousand
        assert 0.55 < pulls.std() < 1.5, name
        # 19 of 20 on average; 15 or fewer in three of a thousand
        assert sum(run.profile[name] for run in runs) >= 16, name
    assert all(run.rejected for run in runs)
    assert qutip.isoper(MEASURES["plus"])
