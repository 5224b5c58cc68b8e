"""What data cannot fix is named, and has no standard error."""

import numpy as np
import pytest

import qbsim as qb

T = np.linspace(0, 3, 30)
START = {"gamma": 0.7, "J": 1.2, "dephasing": 0.2}
TRUTH = {"gamma": 1.0, "J": 1.5, "dephasing": 0.3}


def chain(gamma, J, dephasing, gamma_bond=0.0, spread=0.0):
    fields = [1 - spread, 1, 1 + 1.5 * spread]
    return qb.network(qb.linear(3), omega=fields, gamma=gamma, J=J, dephasing=dephasing, gamma_bond=gamma_bond)


def energy(sigma=0.003, **more):
    curve = qb.evolve(chain(**TRUTH, **more), "plus", T, "energy").energy.values
    return {"energy": (T, curve + sigma * np.random.default_rng(1).normal(size=T.size), sigma)}


@pytest.fixture(scope="module")
def flat():
    return qb.fit(chain, energy(), START, rho0="plus")


def test_energy_of_equal_cells_fixes_neither_exchange_nor_dephasing(flat):
    # every cell loses gamma of its energy; what J moves comes back, and dephasing moves none
    assert flat.flat == "The data fix neither J nor dephasing."
    assert flat.notes[0].startswith(flat.flat)
    assert flat.params["J"].stderr is flat.params["dephasing"].stderr is None
    assert flat.interval("J") == (-np.inf, np.inf)
    assert flat.interval("dephasing") == (0.0, np.inf)
    assert flat.values["J"] == START["J"]
    assert flat.params["gamma"].stderr < 0.002
    assert abs(flat.params["gamma"].value - 1) < 3 * flat.params["gamma"].stderr
    assert flat.success


def test_what_depends_on_a_flat_direction_has_an_infinite_error(flat):
    with pytest.warns(qb.FitWarning, match="fix neither J nor dephasing. Ergotropy depends on that"):
        band = flat.predict("ergotropy", T[:5])
    assert np.isinf(band.ergotropy_sem[1:]).all()
    assert band.ergotropy_sem[0] == 0  # the initial state
    assert "neither J nor dephasing" in band.attrs["note"]
    with pytest.warns(qb.FitWarning, match="The number depends on that"):
        assert np.isinf(flat.estimate(lambda b: qb.evolve(b, "plus", [0, 1], "ergotropy").ergotropy[-1].item()).stderr)
    # the energy does not depend on it
    assert flat.predict("energy", T).energy_sem.max() < 0.003


@pytest.mark.parametrize(("more", "sigma"), [({"spread": 1.0}, 0.003), ({"gamma_bond": 0.6}, 0.0003)])
def test_different_fields_or_collective_decay_fix_them(more, sigma):
    result = qb.fit(chain, energy(sigma, **more), START | {"gamma": 0.9}, rho0="plus", fixed=more)
    assert result.flat == ""
    for name, value in TRUTH.items():
        assert result.params[name].stderr < 0.2 * value, name
        assert abs(result.params[name].value - value) < 3.5 * result.params[name].stderr, name


def test_parameters_that_the_data_fix_only_together_are_named():
    def cell(gamma, a, b):
        return qb.single_cell(gamma=gamma, dephasing=a + b)

    data = {"energy": (T, 0.5 * np.exp(-T), 0.01), "l1_coherence": (T, np.exp(-0.8 * T), 0.01)}
    result = qb.fit(cell, data, {"gamma": 0.7, "a": 0.2, "b": 0.3}, rho0="plus")
    assert result.flat == "The data fix a and b only together."
    assert result.values["a"] + result.values["b"] == pytest.approx(0.3, abs=1e-5)
    assert result.params["a"].stderr is None
    # what depends on their sum alone is known
    coherence = result.predict("l1_coherence", T)
    assert coherence.l1_coherence_sem.max() < 0.01


def test_data_that_fix_nothing_say_so():
    result = qb.fit(qb.single_cell, {"energy": (T, 0 * T, 0.01)}, {"gamma": 0.7, "dephasing": 0.1}, rho0="empty")
    assert result.flat == "The data fix neither gamma nor dephasing."
    assert result.success
    assert "nan" not in result.report()


def test_a_direction_that_is_flat_at_one_point_only_is_told_from_a_flat_one(flat):
    # exchanging two cells exchanges the signs of their detuning: at zero the derivative vanishes
    def pair(gamma, detuning):
        return qb.network(qb.linear(2), omega=[1 - detuning, 1 + detuning], J=1.0, gamma=gamma)

    curve = qb.evolve(pair(1.0, 1.0), "plus", T, "ergotropy").ergotropy.values
    at_zero = qb.fit(pair, {"ergotropy": (T, curve, 0.01)}, {"gamma": 0.9, "detuning": 0.0}, rho0="plus")
    assert at_zero.flat == "The data do not fix detuning."
    assert any("Try other start values" in note for note in at_zero.notes)
    assert not any("Try other start values" in note for note in flat.notes)


def test_a_parameter_that_is_hardly_fixed_is_named():
    result = qb.fit(chain, energy(gamma_bond=0.05), START, rho0="plus", fixed={"gamma_bond": 0.05})
    assert any("hardly fix" in note or "not fix" in note for note in result.notes)
