"""`optimize` against closed forms; what it says of bounds, edges and points without a value; stores and workers."""

import numpy as np
import pytest

import qbsim as qb
from qbsim.cli import main as cli

CELL = qb.single_cell(gamma=1.0)


def cell(p):
    """Coherent cell with excited population p."""
    return np.sqrt(1 - p) * qb.empty(1) + np.sqrt(p) * qb.full(1)


def at_the_end(ds):
    return float(ds.ergotropy[-1])


def lone_cell():
    return CELL


def best_population(**settings):
    settings = {"rho0": cell, "tlist": [0.0, 1.0], "starts": 2, "executor": "serial"} | settings
    return qb.optimize(lone_cell, {"p": (0.0, 1.0)}, at_the_end, **settings)


def ergotropy(p, g):
    """Ergotropy of `cell` with g = exp(-gamma t): Bloch vector of length sqrt(1 - 4 p^2 g (1 - g))."""
    return (np.sqrt(1 - 4 * p**2 * g * (1 - g)) + 2 * p * g - 1) / 2


@pytest.fixture(scope="module")
def population():
    return best_population(starts=3)


def test_best_population_of_a_cell_that_is_used_later(population):
    # dW/dp = 0 at p = 1/(2 sqrt(1 - g)), g = exp(-gamma t) < 3/4
    g = np.exp(-1)
    assert population.parameters["p"] == pytest.approx(1 / (2 * np.sqrt(1 - g)), abs=1e-3)
    assert population.value == pytest.approx(ergotropy(1 / (2 * np.sqrt(1 - g)), g), abs=1e-7)
    assert population.agreement == 3
    assert population.at_bounds == ()
    assert population.edge == ""
    assert at_the_end(population.dataset) == population.value


def test_curvature_is_that_of_the_closed_form(population):
    g, p, h = np.exp(-1), population.parameters["p"], 0.01
    bend = (ergotropy(p + h, g) + ergotropy(p - h, g) - 2 * ergotropy(p, g)) / h**2
    assert population.curvature.matrix.item() == pytest.approx(bend, rel=1e-3)
    off = population.curvature.tolerances["p"]
    assert ergotropy(p + off, g) == pytest.approx(0.99 * population.value, rel=2e-3)
    assert population.curvature.flat == []


def test_history_has_every_evaluation(population):
    p, value = population.history.p.values.ravel(), population.history.value.values.ravel()
    seen = np.isfinite(value)
    assert value[seen] == pytest.approx(ergotropy(p[seen], np.exp(-1)), abs=1e-7)
    assert np.nanmax(value) == population.value
    assert str(int(seen.sum())) in str(population)


def test_optimum_on_a_bound_is_said():
    found = best_population(tlist=[0.0, 0.2])  # g > 3/4: the full cell
    assert found.parameters["p"] == 1.0
    assert found.at_bounds == ("p at its upper bound 1",)
    assert "at a bound" in str(found)
    assert best_population(minimise=True).parameters["p"] == pytest.approx(0, abs=1e-6)


def test_edge_of_a_positive_decay_matrix_is_found_and_said():
    # star of three cells: gamma_bond >= -gamma/lambda_max = -1/sqrt 2; |+++> decays slowest there
    found = qb.optimize(
        lambda gamma_bond: qb.network(qb.central(3), gamma=1.0, gamma_bond=gamma_bond),
        {"gamma_bond": (-2.0, 2.0)},
        lambda ds: float(ds.energy[-1]),
        rho0="plus",
        tlist=[0.0, 0.5],
        measures="energy",
        starts=2,
        executor="serial",
    )
    assert found.parameters["gamma_bond"] == pytest.approx(-1 / np.sqrt(2), abs=1e-4)
    assert "not positive semidefinite" in found.edge
    assert found.curvature.reason
    assert "refused" in str(found)


def tilted(p, phase=0.0):
    return np.sqrt(1 - p) * qb.empty(1) + np.exp(1j * phase) * np.sqrt(p) * qb.full(1)


def test_what_the_objective_does_not_depend_on_is_flat():
    found = qb.optimize(
        lone_cell, {"p": (0.0, 1.0), "phase": (0.0, 1.0)}, at_the_end, rho0=tilted, tlist=[0.0, 1.0], starts=1,
        executor="serial",
    )  # fmt: skip
    assert found.curvature.flat == ["+1.00 phase"]


def test_equal_populations_are_best_for_equal_cells_of_fixed_energy():
    # W(p) is concave, so two cells share the energy
    pair = qb.network((), 2, gamma=1.0)
    found = qb.best_product_state(pair, at_the_end, tlist=[0.0, 1.0], energy=1.2, starts=2, executor="serial")
    assert np.sin(found.parameters["angle"] / 2) ** 2 == pytest.approx([0.6, 0.6], abs=2e-3)
    assert found.value == pytest.approx(2 * ergotropy(0.6, np.exp(-1)), abs=1e-6)
    assert found.curvature.reason == "none: the optimum is held by a constraint"


def test_inequality_holds_the_optimum():
    found = best_population(constraints=[(lambda p: p, None, 0.5)])
    assert found.parameters["p"] == pytest.approx(0.5, abs=1e-5)
    with pytest.raises(ValueError, match="No start found a point that meets the constraints"):
        best_population(constraints=[(lambda p: p, 2.0, 3.0)], starts=1)


def chain(exchange, rng):
    return qb.disordered_chain(2, 1.0, exchange=exchange, B0=1.0, gamma=1.0, rng=rng)


def test_average_over_the_same_draws_at_every_point():
    found = qb.optimize(
        chain, {"exchange": (0.5, 1.0)}, at_the_end, rho0="plus", tlist=[0.0, 0.5], realizations=3, seed=5, starts=1,
        evaluations=6, executor="serial",
    )  # fmt: skip
    J = found.parameters["exchange"]
    rngs = [np.random.default_rng(np.random.SeedSequence([5, k])) for k in range(3)]
    again = [at_the_end(qb.evolve(chain(J, rng), "plus", [0.0, 0.5])) for rng in rngs]
    assert found.value == pytest.approx(np.mean(again), abs=1e-12)
    assert "spent" in str(found)


def test_nan_is_the_worst_and_said():
    # exp(-gamma t) halves inside the times for gamma > ln 2 only
    def life(ds):
        return qb.half_life(ds.time, ds.energy)

    def lossy(gamma):
        return qb.single_cell(gamma=gamma)

    settings = {"rho0": "full", "tlist": np.linspace(0, 1, 41), "measures": "energy", "executor": "serial"}
    with pytest.warns(qb.MeasureWarning, match="extend tlist"):
        found = qb.optimize(lossy, {"gamma": (0.1, 3.0)}, life, starts=2, **settings)
    assert found.parameters["gamma"] == pytest.approx(np.log(2), abs=1e-3)
    assert "without a value" in str(found)
    with pytest.raises(ValueError, match="nan at all"):
        qb.optimize(lossy, {"gamma": (0.1, 0.3)}, life, starts=1, **settings)


CALLS = []


def counted(ds):
    CALLS.append(1)
    return float(ds.ergotropy[-1])


def test_store_resumes_and_more_starts_keep_those_there_are(tmp_path):
    def run(starts):
        CALLS.clear()
        return qb.optimize(
            lone_cell, {"p": (0.0, 1.0)}, counted, rho0=cell, tlist=[0.0, 1.0], starts=starts, store=tmp_path / "s",
            executor="serial",
        )  # fmt: skip

    two, first = run(2), len(CALLS)
    again, second = run(2), len(CALLS)
    three, third = run(3), len(CALLS)
    assert second < 15 < first  # the place of the first start, and the curvature
    assert second < third < first
    assert again.history.identical(two.history)
    assert three.history.value.values[:2, :10] == pytest.approx(two.history.value.values[:, :10], nan_ok=True, abs=0)
    assert qb.load(tmp_path / "s").sizes["start"] == 3
    assert cli.main(["show", str(tmp_path / "s")]) == 0


def test_processes_give_the_same_bits(population):
    found = best_population(starts=3, executor=None, workers=2)
    assert found.history.identical(population.history)
    assert found.parameters == population.parameters


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"space": {"p": (1.0, 0.0)}}, ValueError, "lower bound first"),
        ({"space": {"p": 0.5}}, TypeError, "must be a dict"),
        ({"objective": 1.0}, TypeError, "objective must be a function, but is 1.0"),
        ({"build": CELL}, TypeError, "build must be a function"),
        ({"space": {"q": (0.0, 1.0)}}, ValueError, "neither of build nor of rho0"),
        ({"objective": lambda ds: ds.ergotropy.values}, TypeError, "one real number"),
        ({"method": "newton"}, ValueError, "Unknown method"),
        ({"first": {"p": 2.0}}, ValueError, "between 0 and 1"),
        ({"first": {"x": 2.0}}, TypeError, "must be a dict with p"),
        ({"constraints": [lambda p: p]}, TypeError, "low, high"),
        ({"rho0": lambda p: 2 * cell(p)}, ValueError, "None of 200 points of the space can be built: .*normalised"),
    ],
)
def test_wrong_arguments(change, error, message):
    call = {"build": lone_cell, "space": {"p": (0.0, 1.0)}, "objective": at_the_end, "rho0": cell, "tlist": [0.0, 1.0]}
    call |= {"starts": 1, "executor": "serial"} | change
    with pytest.raises(error, match=message):
        qb.optimize(call.pop("build"), call.pop("space"), call.pop("objective"), **call)


def test_best_symmetric_state_is_at_least_as_good_as_its_products():
    # all to all, equal cells: |+++> is a symmetric state, so the best one keeps no less
    net = qb.network(qb.all_to_all(3), gamma=1.0, gamma_bond=-0.4, J=1.0)
    settings = {"tlist": [0.0, 0.7], "energy": 1.5, "starts": 2, "executor": "serial", "evaluations": 150}
    found = qb.best_symmetric_state(net, at_the_end, **settings)
    plus = at_the_end(qb.evolve(net, "plus", [0.0, 0.7]))
    assert found.value > plus - 1e-6
    assert qb.energy(found.rho0, net.H0) == pytest.approx(1.5, abs=1e-5)
