"""Operators: the spin algebra on every cell, the order of levels, the order of cells."""

import numpy as np
import pytest
import qutip

import qbsim as qb
from qbsim import operators as op


@pytest.mark.parametrize("k", range(3))
def test_spin_algebra(k):
    sx, sy, sz = op.sigma_x(k, 3), op.sigma_y(k, 3), op.sigma_z(k, 3)
    sm, sp = op.lowering(k, 3), op.raising(k, 3)
    zero = 0 * sz
    assert qutip.commutator(sx, sy) - 2j * sz == zero
    assert qutip.commutator(sy, sz) - 2j * sx == zero
    assert qutip.commutator(sp, sm) - sz == zero
    assert qutip.commutator(sm, sp, kind="anti") == qutip.qeye([2] * 3)
    assert sp * sm - op.excitation(k, 3) == zero
    assert sp == sm.dag()
    assert (sx + 1j * sy) / 2 - sp == zero


def test_operators_on_different_cells_commute():
    for a in (op.lowering, op.raising, op.sigma_y):
        for b in (op.lowering, op.sigma_z):
            assert qutip.commutator(a(0, 3), b(2, 3)).norm() == 0


def test_excited_is_up():
    # sigma_z = |e><e| - |g><g|: the opposite of QuTiP's order for qubits
    assert op.sigma_z().matrix_element(op.excited(), op.excited()) == 1
    assert op.lowering() * op.excited() == op.ground()
    assert op.sigma_z() == -qutip.sigmaz()
    assert op.lowering() == qutip.sigmap()


def test_cell_zero_is_the_first_factor():
    assert op.on_cell(qutip.num(2), 0, 2) == qutip.tensor(qutip.num(2), qutip.qeye(2))


@pytest.mark.parametrize("N", range(1, 5))
def test_occupations_are_the_diagonals_of_the_excitation_numbers(N):
    table = op.occupations(N)
    for k in range(N):
        np.testing.assert_array_equal(op.excitation(k, N).diag(), table[:, k])


def test_exchange_is_half_of_the_xx_coupling():
    # (J/4)(sx sx + sy sy) = (J/2)(s+ s- + s- s+), Eq. (2) of [arjmandi2022]
    J = 20.0
    chain = qb.xx_chain([1.0, 2.0], J=J)
    sx = op.sigma_x(0, 2) * op.sigma_x(1, 2)
    sy = op.sigma_y(0, 2) * op.sigma_y(1, 2)
    assert (chain.H - chain.H0 - J / 4 * (sx + sy)).norm() == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize(("k", "N"), [(-1, 2), (2, 2)])
def test_cell_out_of_range_is_refused(k, N):
    with pytest.raises(ValueError, match="Argument k must"):
        op.lowering(k, N)
