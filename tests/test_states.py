"""Initial states: energies, ergotropies, coherence, and the order of levels and cells."""

import numpy as np
import pytest
import qutip

import qbsim as qb

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
