"""Initial states: energies, ergotropies, coherence, and the order of levels and cells."""

import numpy as np
import pytest
import qutip

import qbsim as qb
from qbsim.states import NAMED, read_state

N_RANGE = range(1, 6)


@pytest.mark.parametrize("N", N_RANGE)
@pytest.mark.parametrize(("build", "energy"), [(qb.full, 1.0), (qb.empty, 0.0), (qb.plus, 0.5), (qb.classical, 0.75)])
def test_energy_per_cell(build, energy, N):
    # Sec. II of [santos2021], H0 = sum |e><e|: full 1, empty 0, |+> 1/2, classical 3/4
    assert qb.energy(build(N), qb.network((), N).H0) == pytest.approx(N * energy, abs=1e-12)


@pytest.mark.parametrize("N", N_RANGE)
def test_plus_and_classical_store_the_same_ergotropy(N):
    # below Eq. (8) of [santos2021]: N/2 each, all of the energy of |+>, two thirds of the classical one
    H0 = qb.network((), N).H0
    assert qb.ergotropy(qb.plus(N), H0) == pytest.approx(N / 2, abs=1e-12)
    assert qb.ergotropy(qb.classical(N), H0) == pytest.approx(N / 2, abs=1e-12)


@pytest.mark.parametrize("N", N_RANGE)
def test_states_are_states(N):
    for rho in (qb.full(N), qb.empty(N), qb.plus(N), qb.classical(N)):
        assert (rho.tr() if rho.isoper else rho.norm()) == pytest.approx(1, abs=1e-14)
        assert rho.dims[0] == [2] * N


def test_only_plus_is_coherent():
    assert qb.l1_coherence(qb.plus(3)) == pytest.approx(1, abs=1e-12)
    for rho in (qb.full(3), qb.empty(3), qb.classical(3)):
        assert qb.l1_coherence(rho) == 0


def test_classical_interpolates_between_empty_and_full():
    assert (qb.classical(2, 0.0) - qb.empty(2).proj()).norm() == pytest.approx(0, abs=1e-14)
    assert (qb.classical(2, 1.0) - qb.full(2).proj()).norm() == pytest.approx(0, abs=1e-14)
    np.testing.assert_allclose(qb.classical(2, 0.5).full(), np.eye(4) / 4, atol=1e-15)


def test_levels_ascend_in_energy():
    # |g> is basis(2, 0): the lowering operator is destroy(2) and takes full to empty
    assert qutip.destroy(2) * qb.full(1) == qb.empty(1)


@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan, np.inf])
def test_population_must_be_a_probability(p):
    with pytest.raises(ValueError, match="Argument p must"):
        qb.classical(2, p)


@pytest.mark.parametrize("build", [qb.full, qb.empty, qb.plus, qb.classical])
def test_number_of_cells_is_checked(build):
    with pytest.raises(ValueError, match="Argument N must be at least 1"):
        build(0)
    with pytest.raises(TypeError, match="Argument N must be an integer"):
        build(1.5)


# --- states of one cell, of every cell, and by name ------------------------------------------------------------------

TIMES = np.linspace(0, 1, 5)
CHAIN = qb.network(qb.linear(3), omega=[1.0, 2.0, 0.5], J=0.7, gamma=0.4, gamma_bond=0.1, dephasing=0.2)
KETS = [qutip.rand_ket(2, seed=k) for k in range(3)]
MIXED = [qutip.rand_dm(2, seed=k) for k in range(3)]


def same(given, whole):
    ours, theirs = (qb.evolve(CHAIN, rho, TIMES, tuple(qb.MEASURES), solver="dense") for rho in (given, whole))
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], atol=1e-7 if name == "concurrence" else 1e-12)


def test_a_state_of_one_cell_stands_for_every_cell():
    same(KETS[0], qutip.tensor([KETS[0]] * 3))
    same(MIXED[0], qutip.tensor([MIXED[0]] * 3))


def test_a_list_holds_one_state_for_every_cell():
    same(KETS, qutip.tensor(KETS))
    same((KETS[0], MIXED[1], qb.full(1)), qutip.tensor(KETS[0].proj(), MIXED[1], qb.full(1).proj()))


@pytest.mark.parametrize("name", NAMED)
def test_a_name_stands_for_its_state(name):
    same(name, NAMED[name](3))


def test_qutrits_take_a_state_of_one_cell_too():
    H0 = sum(qutip.tensor([qutip.num(3) if j == k else qutip.qeye(3) for j in range(2)]) for k in range(2))
    battery = qb.Battery(H0, H0, N=2)
    assert float(qb.evolve(battery, qutip.basis(3, 2), TIMES).energy[0]) == 4.0
    with pytest.raises(ValueError, match="two-level cells"):
        qb.evolve(battery, "full", TIMES)


@pytest.mark.parametrize("factors", [KETS, MIXED, [qb.plus(1)] * 3, [qb.classical(1)] * 3, [qb.full(1), *KETS[:2]]])
def test_the_cells_of_a_product_are_found(factors):
    whole = qutip.tensor(factors)
    cells = read_state(whole, [2] * 3).cells
    wanted = [(f.proj() if f.isket else f).full() for f in factors]
    np.testing.assert_allclose(cells, wanted, atol=1e-14)


@pytest.mark.parametrize(
    "rho",
    [
        qutip.ghz_state(3),
        qutip.ghz_state(3).proj(),
        qutip.w_state(3),
        qutip.rand_dm([2] * 3, seed=3),
        (qb.plus(3).proj() + qb.full(3).proj()) / 2,
        (qb.classical(3, 0.2) + qb.classical(3, 0.4)) / 2,
    ],
)
def test_what_is_no_product_has_no_cells(rho):
    assert read_state(rho, [2] * 3).cells is None


@pytest.mark.parametrize("epsilon", [1e-3, 1e-7, 1e-10])
def test_a_little_correlation_is_not_overlooked(epsilon):
    rho = (1 - epsilon) * qb.classical(3, 0.3) + epsilon * qutip.ghz_state(3).proj()
    assert read_state(rho, [2] * 3).cells is None
    assert read_state((qb.plus(3) + epsilon * qb.full(3)).unit(), [2] * 3).cells is None


@pytest.mark.parametrize(
    ("rho", "part"),
    [
        (qb.plus(2), "a state of one cell"),
        ([qb.plus(1)] * 99, "each of the 100 cells, but holds 99"),
        ([qb.plus(1)] * 99 + [2 * qb.plus(1)], r"rho0\[99\] must be normalised"),
        ("plas", "Did you mean 'plus'"),
        (2 * qb.plus(1), "rho0 must be normalised"),
    ],
)
def test_a_hundred_cells_say_what_state_they_take(rho, part):
    with pytest.raises(ValueError, match=part):
        qb.evolve(qb.network(qb.all_to_all(100)), rho, TIMES)


@pytest.mark.parametrize("make", [qb.full, qb.empty, qb.plus, lambda N: qb.classical(2 * N)])
def test_a_state_too_large_to_write_out_says_what_else_there_is(make):
    with pytest.raises(MemoryError, match=r"GiB.*qbsim\.\w+\(1\): it stands for every cell"):
        make(40)


# --- sweeps and refusals at sizes that no ket has ---------------------------------------------------------------------


def clique(N):
    return qb.network(qb.all_to_all(N), J=2.0, gamma=0.5, gamma_bond=0.25)


def test_a_sweep_takes_states_of_one_cell():
    states = {"one": qb.plus(1), "each": lambda N: [qb.plus(1)] * N, "whole": qb.plus}
    ds = qb.sweep(clique, {"N": [3]}, states=states, tlist=TIMES, executor="serial", progress=False)
    for name in ("energy", "ergotropy"):
        np.testing.assert_allclose(ds[name].sel(state=["one", "each"]), ds[name].sel(state=["whole"] * 2), atol=1e-9)


def test_a_sweep_reaches_sizes_that_no_ket_has():
    ds = qb.sweep(clique, {"N": [30]}, states=["plus"], tlist=TIMES, executor="serial", progress=False)
    one = qb.evolve(clique(30), "plus", TIMES)
    assert one.solver == "symmetric"
    np.testing.assert_array_equal(ds.ergotropy.squeeze(), one.ergotropy)


@pytest.mark.parametrize(
    ("N", "reasons"),
    [
        (100, ("needs about", "symmetric: no two of its cells are interchangeable", "independent: ")),
        (400, ("too many levels", "symmetric: no two of its cells are interchangeable", "independent: ")),
    ],
)
def test_where_memory_fails_it_is_said_why_no_solver_for_many_cells_fits(N, reasons):
    with pytest.raises(MemoryError) as error:
        qb.evolve(qb.network(qb.linear(N), J=1.0, gamma=0.5), "plus", TIMES)
    for reason in reasons:
        assert reason in str(error.value)


def test_more_cells_than_are_counted_are_refused():
    with pytest.raises(MemoryError, match="symmetric: its blocks are counted for up to 1000 cells"):
        qb.evolve(clique(1100), "classical", TIMES)


@pytest.mark.parametrize("arguments", [{"states": True}, {"measures": {"mine": lambda rho, battery: 0.0}}])
def test_states_that_are_never_written_out_have_no_measures_of_the_user(arguments):
    with pytest.raises(ValueError, match=r"never writes a state of all cells out, as (states=True|the measure 'mine')"):
        qb.evolve(clique(4), "plus", TIMES, solver="symmetric", **arguments)
    assert qb.evolve(clique(4), "plus", TIMES, **arguments).solver != "symmetric"
