"""Tolerances follow the scale of what they judge, and messages show the digits that decide."""

import re

import numpy as np
import pytest
import qutip
from qutip import Qobj

import qbsim as qb
from qbsim import bosonic, capacitance, channels, charging
from qbsim._checks import apart, as_count, as_real, as_tlist, per_cell, toward_zero

# --- Hermiticity ----------------------------------------------------------------------------------------------------


def rotated(scale, seed=1):
    """Hamiltonian of three levels in a random basis, whose product carries the rounding of its entries."""
    U = qutip.rand_unitary(3, seed=seed).full()
    h = U @ np.diag(scale * np.arange(3.0)) @ U.conj().T
    return Qobj(h + 1e-15 * scale * 1j * np.triu(np.ones((3, 3)), 1))


USES = {
    "ergotropy": lambda rho, H: qb.ergotropy(rho, H),
    "total_ergotropy": lambda rho, H: qb.total_ergotropy(rho, H),
    "passive energy": lambda rho, H: qb.energy(qb.passive_state(rho, H), H),
    "battery": lambda rho, H: qb.Battery(H, H, N=1) and qb.ergotropy(rho, H),
    "evolve": lambda rho, H: qb.evolve(qb.Battery(H, H, N=1), rho, [0.0, 1e-3 / H.norm()]).ergotropy.values[0],
    "mean_and_spread": lambda rho, H: charging.mean_and_spread(H, qutip.basis(3, 0))[1],
    "capacitance": lambda rho, H: (
        capacitance.local_capacitance(qutip.to_super(qutip.qeye(3)), H, 0.2 * H.tr().real).value
    ),
    "single shot": lambda rho, H: (
        capacitance.single_shot_ratio(qutip.to_super(qutip.qeye(3)), H, 0.1 * H.tr().real).value
    ),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("scale", [1e-13, 1e6, 1e12])
def test_rounding_of_large_and_small_entries_is_no_lack_of_hermiticity(use, scale):
    # energies follow the unit: the same Hamiltonian in another unit gives the same number in that unit
    rho = qutip.rand_dm(3, seed=2)
    one, other = (float(USES[use](rho, rotated(s))) for s in (1.0, scale))
    unit = 1.0 if use == "single shot" else scale
    assert other == pytest.approx(one * unit, rel=1e-6)


@pytest.mark.parametrize("size", [1e-13, 1.0, 1e8])
def test_what_is_not_hermitian_is_refused_at_any_scale(size):
    H = Qobj(size * np.array([[0.0, 1.0], [0.0, 1.0]]))
    for use in (
        lambda: qb.ergotropy(qutip.fock_dm(2, 1), H),
        lambda: qb.Battery(H, qutip.num(2), N=1),
        lambda: qb.Battery(qutip.num(2), H, N=1),
        lambda: capacitance.local_capacitance(channels.dephasing(0.1), H, 0.0),
        lambda: capacitance.single_shot_ratio(channels.dephasing(0.1), H),
        lambda: charging.mean_and_spread(H, qutip.basis(2, 0)),
    ):
        with pytest.raises(ValueError, match=r"must be Hermitian, but differs from its adjoint by"):
            use()


def test_an_operator_between_two_spaces_and_nan_are_no_hamiltonian():
    with pytest.raises(ValueError, match="square"):
        qb.ergotropy(qutip.fock_dm(2, 1), Qobj(np.ones((2, 3))))
    with pytest.raises(ValueError, match="H must be finite"):
        qb.ergotropy(qutip.fock_dm(2, 1), Qobj(np.diag([0.0, np.nan])))


def test_hot_and_squeezed_modes_keep_their_rounding():
    # covariances of 1e12 carry rounding far above one half of a quantum times 1e-9
    c, s = np.cos(0.3), np.sin(0.3)
    turn = np.array([[c, -s], [s, c]])
    V = turn @ np.diag([1e12, 2e12]) @ turn.T
    assert bosonic.GaussianState(np.zeros(2), V).energy == pytest.approx(1.5e12, rel=1e-9)
    with pytest.raises(ValueError, match="differs from its transpose by"):
        bosonic.GaussianState(np.zeros(2), V + [[0, 1e6], [0, 0]])
    with pytest.raises(ValueError, match="uncertainty"):
        bosonic.GaussianState(np.zeros(2), np.diag([0.4, 0.5]))
    strong = bosonic.amplifier(1e8) @ bosonic.amplifier(1e8)  # the noise of the product is rounded
    assert strong.gain == (1e16,)


# --- states that are almost normalised ------------------------------------------------------------------------------


def test_a_printed_matrix_is_normalised_as_the_message_says():
    # eight printed digits: the populations sum to 0.99999999
    rho = Qobj(np.diag([0.33333333, 0.33333333, 0.33333333]))
    with pytest.raises(ValueError, match=r"trace 0\.99999999.*use rho\.unit\(\)"):
        qb.ergotropy(rho, qutip.num(3))
    assert rho.unit().tr() == pytest.approx(1, abs=1e-15)
    assert qb.ergotropy(rho.unit(), qutip.num(3)) == pytest.approx(0, abs=1e-15)


def test_total_ergotropy_says_how_to_normalise():
    rho = Qobj(np.diag([0.6, 0.2, 0.2 - 5e-9]))  # good enough for a state, not for an entropy
    for f in (qb.total_ergotropy, lambda r, H: qb.ergotropy_per_copy(r, H, 2)):
        with pytest.raises(ValueError, match=r"off by 5e-09; use rho\.unit\(\)"):
            f(rho, qutip.num(3))
    assert qb.total_ergotropy(rho.unit(), qutip.num(3)) == pytest.approx(0.036322403, abs=1e-7)


# --- digits in messages ---------------------------------------------------------------------------------------------


def test_different_numbers_never_look_the_same():
    assert apart(0.5, 1.0) == ["0.5", "1"]
    assert apart(1.0, 1.0) == ["1", "1"]
    assert apart(1.0, 1.0 + 2.0**-52) == ["1", "1.0000000000000002"]
    assert apart(0.0, -1e-300) == ["0", "-1e-300"]
    assert apart(1.0, 2.0, 2.0) == ["1", "2", "2"]
    assert apart(3.9996, 4.0, least=3) == ["3.9996", "4"]  # gigabytes needed and free


@pytest.mark.parametrize(
    "refused",
    [
        lambda: channels.depolarizing(-0.066666666666667, 4),
        lambda: channels.dephasing(1 + 1e-12),
        lambda: channels.multilevel_amplitude_damping(0.1, 0.5, 0.5 + 1e-11),
        lambda: as_real("x", -1e-9, minimum=0),
        lambda: per_cell("gamma", [1.0, 1 - 1e-12], 2, minimum=1),
        lambda: as_tlist([0.0, 1.0 + 1e-12, 1.0]),
        lambda: bosonic.GaussianChannel((1e6 + 1,), (1e6 - 1e-2,)),
        lambda: capacitance.max_output_ergotropy(channels.dephasing(0.1), qutip.num(2), 1 + 1e-11),
        lambda: capacitance.redundancy_curve(channels.dephasing(0.1), qutip.num(2), [2], 2 + 1e-11),
    ],
)
def test_bound_and_value_differ_in_print(refused):
    with pytest.raises(ValueError, match=r"must|level 2") as error:
        refused()
    *bounds, value = re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])", str(error.value))
    assert float(value) not in [float(x) for x in bounds if x != "2"]  # 2: the number of an entry, a level or a cell


def test_counts_are_printed_in_full():
    with pytest.raises(ValueError, match="at least 10000001, but is 10000000"):
        as_count("n", 10000000, 10000001)


@pytest.mark.parametrize("x", [0.6180339887498949, 0.57735026919, 2 / 3, 0.9999999, 1.0, 123456.789, 1e-7 * 2 / 3])
def test_a_limit_is_rounded_to_the_safe_side(x):
    for sign in (1, -1):
        shown = float(toward_zero(sign * x))
        assert abs(shown) <= x
        assert shown == pytest.approx(sign * x, rel=2e-5)


@pytest.mark.parametrize("edges", [qb.linear(3), qb.linear(4), qb.circular(5), qb.linear(5), qb.linear(6)])
@pytest.mark.parametrize("gamma", [1.0, 0.7])
def test_the_largest_gamma_bond_that_is_named_is_accepted(edges, gamma):
    with pytest.raises(ValueError, match="gamma_bond this graph allows") as error:
        qb.network(edges, gamma=gamma, gamma_bond=2.0)
    largest = float(re.search(r"allows is ([-\d.e]+\d)", str(error.value)).group(1))
    network = qb.network(edges, gamma=gamma, gamma_bond=largest)
    shown = re.search(r"largest gamma_bond\W+([\d.]+)", str(network.report()))
    assert float(shown.group(1)) == largest
