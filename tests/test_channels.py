"""Noise channels: complete positivity, laws of composition, symmetries, and their tie to master equations."""

import numpy as np
import pytest
import qutip
from hypothesis import given, settings
from hypothesis import strategies as st
from qutip import Qobj

import qbsim as qb
from qbsim.channels import (
    amplitude_damping,
    check_channel,
    choi_matrix,
    dephasing,
    depolarizing,
    from_network,
    generalized_amplitude_damping,
    kraus,
    multilevel_amplitude_damping,
    resonant_multilevel_amplitude_damping,
)

unit = st.floats(0, 1)
strengths = st.tuples(unit, unit, unit)


def distance(a, b):
    return np.abs(a.full() - b.full()).max()


def three_rates(g):
    """Any three numbers in [0, 1] as rates that level 2 can afford."""
    return g[0], g[1] * g[2], (1 - g[1]) * g[2]


def channels(g):
    return [
        amplitude_damping(g[0]),
        generalized_amplitude_damping(g[0], g[1]),
        dephasing(g[2]),
        depolarizing(g[0], d=3),
        depolarizing(-g[0] / 15, d=4),
        multilevel_amplitude_damping(*three_rates(g)),
        resonant_multilevel_amplitude_damping(*three_rates(g)),
    ]


@given(strengths)
@settings(max_examples=25, deadline=None)
def test_every_channel_is_completely_positive_and_keeps_the_trace(g):
    for channel in channels(g):
        choi = choi_matrix(channel)
        d = channel.shape[0] ** 0.5
        assert np.linalg.eigvalsh(choi)[0] > -1e-14
        assert np.trace(choi).real == pytest.approx(d, abs=1e-13)
        total = sum(K.dag() * K for K in kraus(channel))
        assert np.abs(total.full() - np.eye(int(d))).max() < 1e-13


@given(strengths)
@settings(max_examples=15, deadline=None)
def test_qutip_agrees_on_choi_matrix_kraus_operators_and_positivity(g):
    for channel in channels(g):
        assert channel.iscptp
        assert np.abs(choi_matrix(channel) - qutip.to_choi(channel).full()).max() < 1e-14
        assert distance(qutip.kraus_to_super(kraus(channel)), channel) < 1e-13
        assert distance(qutip.kraus_to_super(qutip.to_kraus(channel)), channel) < 1e-8  # QuTiP drops small ones


def test_kraus_operators_of_the_textbooks():
    """GADC from decay and excitation, dephasing from a half-blind look at the level, phase flips, Weyl operators."""
    g, eta, k, lam = 0.3, 0.2, 0.4, 0.5
    s = np.sqrt
    down, up = Qobj([[0, 1], [0, 0]]), Qobj([[0, 0], [1, 0]])
    thermal = [
        s(1 - eta) * qutip.qdiags([1, s(1 - g)], 0),
        s((1 - eta) * g) * down,
        s(eta) * qutip.qdiags([s(1 - g), 1], 0),
        s(eta * g) * up,
    ]
    assert distance(qutip.kraus_to_super(thermal), generalized_amplitude_damping(g, eta)) < 1e-15
    look = [qutip.qdiags([1, s(1 - k)], 0), qutip.qdiags([0, s(k)], 0)]
    q = (1 - s(1 - k)) / 2
    flips = [s(1 - q) * qutip.qeye(2), s(q) * qutip.qdiags([1, -1], 0)]
    assert distance(qutip.kraus_to_super(look), dephasing(k)) < 1e-15
    assert distance(qutip.kraus_to_super(flips), dephasing(k)) < 1e-15
    X, Z = Qobj(np.roll(np.eye(3), 1, axis=0)), qutip.qdiags(list(np.exp(2j * np.pi * np.arange(3) / 3)), 0)
    weyl = [s((1 - lam) / 9) * X**a * Z**b for a in range(3) for b in range(3)]
    weyl[0] = s(lam + (1 - lam) / 9) * qutip.qeye(3)
    assert distance(qutip.kraus_to_super(weyl), depolarizing(lam, d=3)) < 1e-15


def test_the_thermal_channel_in_numbers():
    """Superoperator on (r00, r10, r01, r11) at gamma = 0.3, eta = 0.2."""
    s = 0.8366600265340756
    expected = [[0.94, 0, 0, 0.24], [0, s, 0, 0], [0, 0, s, 0], [0.06, 0, 0, 0.76]]
    assert generalized_amplitude_damping(0.3, 0.2).full() == pytest.approx(np.array(expected), abs=1e-15)


def test_eq_3_of_the_poster_as_printed_is_no_channel():
    """Its upper left entry holds rho_11 twice: the trace then changes by (1 - eta) gamma."""
    g, eta = 0.3, 0.2
    printed = generalized_amplitude_damping(g, eta).full()
    printed[0] = [1 - eta * g + (1 - eta) * g, 0, 0, 0]
    with pytest.raises(ValueError, match=r"preserve the trace, but changes it by up to 0\.24"):
        check_channel(Qobj(printed, dims=[[[2], [2]]] * 2))


@given(st.floats(0, 0.99), st.floats(0, 0.99), unit)  # near 1 the root of 1 - gamma magnifies rounding
@settings(max_examples=25, deadline=None)
def test_laws_of_composition(a, b, eta):
    """Losses multiply, dephasing commutes with relaxation, depolarizing strengths multiply."""
    both = generalized_amplitude_damping(a, eta) @ generalized_amplitude_damping(b, eta)
    assert distance(both, generalized_amplitude_damping(1 - (1 - a) * (1 - b), eta)) < 1e-14
    assert distance(dephasing(a) @ dephasing(b), dephasing(1 - (1 - a) * (1 - b))) < 1e-14
    relax = generalized_amplitude_damping(b, eta)
    assert distance(dephasing(a) @ relax, relax @ dephasing(a)) < 1e-15
    assert distance(depolarizing(a, d=3) @ depolarizing(b, d=3), depolarizing(a * b, d=3)) < 1e-14


def test_the_thermal_state_stays_and_everything_ends_there():
    thermal = qutip.qdiags([0.8, 0.2], 0)
    assert distance(generalized_amplitude_damping(0.6, 0.2)(thermal), thermal) < 1e-15
    assert distance(generalized_amplitude_damping(1.0, 0.2)(qb.plus(1)), thermal) < 1e-15


def phases(*angles):
    return qutip.to_super(qutip.qdiags(list(np.exp(1j * np.array(angles))), 0))


def commutator_with(channel, turn):
    return distance(channel @ turn, turn @ channel)


def test_symmetries_of_three_level_damping():
    """MAD passes every phase of the levels; ReMAD only those of equal gaps, because it mixes its two transitions."""
    mad, remad = multilevel_amplitude_damping(0.3, 0.2, 0.6), resonant_multilevel_amplitude_damping(0.3, 0.2, 0.6)
    assert commutator_with(mad, phases(0, 1.3, -0.4)) < 1e-15
    assert commutator_with(remad, phases(0, 0.7, 1.4)) < 1e-15
    assert commutator_with(remad, phases(0, 1.3, -0.4)) > 0.1
    assert commutator_with(depolarizing(0.3, d=3), qutip.to_super(qutip.rand_unitary(3, seed=1))) < 1e-14


def test_rates_belong_to_the_transitions_they_are_named_after():
    for channel in (multilevel_amplitude_damping, resonant_multilevel_amplitude_damping):
        out = channel(0.1, 0.2, 0.3)
        assert out(qutip.fock_dm(3, 1)).diag() == pytest.approx([0.1, 0.9, 0])
        assert out(qutip.fock_dm(3, 2)).diag() == pytest.approx([0.3, 0.2, 0.5])
    assert distance(
        multilevel_amplitude_damping(0.3, 0.2, 0)(qutip.fock_dm(3, 2)),
        resonant_multilevel_amplitude_damping(0.3, 0.2, 0)(qutip.fock_dm(3, 2)),
    ) == pytest.approx(0, abs=1e-15)  # without coherence the two cannot be told apart


@pytest.mark.parametrize(("gamma", "nbar", "t"), [(1.0, 0.0, 0.7), (0.4, 0.3, 2.0), (2.0, 1.5, 0.1)])
def test_relaxation_of_a_cell_is_the_thermal_channel(gamma, nbar, t):
    cell = qb.single_cell(omega=0.0, gamma=gamma, nbar=nbar)
    strength = 1 - np.exp(-gamma * (2 * nbar + 1) * t)
    assert distance(from_network(cell, t), generalized_amplitude_damping(strength, nbar / (2 * nbar + 1))) < 1e-12


def test_dephasing_of_a_cell_and_its_precession():
    """Coherences fall as exp(-dephasing t); the frequency only turns them."""
    cell = qb.single_cell(omega=3.0, dephasing=0.8)
    turn = phases(0, -3.0 * 0.5)
    assert distance(from_network(cell, 0.5), turn @ dephasing(1 - np.exp(-2 * 0.8 * 0.5))) < 1e-12


def test_two_cells_without_a_bond_are_a_tensor_product_of_channels():
    pair = qb.network((), 2, omega=0.0, gamma=0.5)
    one = amplitude_damping(1 - np.exp(-0.5 * 1.2))
    assert distance(from_network(pair, 1.2), qutip.super_tensor(one, one)) < 1e-12
    rho, sigma = qutip.rand_dm(2, seed=1), qutip.rand_dm(2, seed=2)
    both = qutip.super_tensor(one, one)(qutip.tensor(rho, sigma))
    assert distance(both, qutip.tensor(one(rho), one(sigma))) < 1e-15


def test_the_channel_of_a_battery_is_its_evolution():
    battery = qb.network(qb.linear(2), J=1.0, gamma=0.3, dephasing=0.1)
    ds = qb.evolve(battery, qb.plus(2), [0, 0.9], states=True)
    after = from_network(battery, 0.9)(qb.plus(2).proj())
    assert np.abs(ds["rho"].values[-1] - after.full()).max() < 1e-8


def test_a_driven_battery_is_integrated():
    """A Hamiltonian that changes in time but commutes with itself has the phase of its mean."""
    H0 = qutip.num(2)
    swept = qb.Battery(H0, qutip.QobjEvo([[H0, lambda t: 2 * t]]), [np.sqrt(0.5) * qutip.destroy(2)], N=1)
    steady = qb.Battery(H0, 1.5 * H0, [np.sqrt(0.5) * qutip.destroy(2)], N=1)
    assert distance(from_network(swept, 1.5), from_network(steady, 1.5)) < 1e-8
    closed = qb.Battery(H0, qutip.QobjEvo([[H0, lambda t: 2 * t]]), N=1)
    assert distance(from_network(closed, 1.0), phases(0, -1.0)) < 1e-8
    assert distance(from_network(swept, 0.0), phases(0, 0)) == 0


def test_bad_input_is_refused_with_a_reason():
    with pytest.raises(ValueError, match=r"gamma must be at most 1, but is 1\.1"):
        amplitude_damping(1.1)
    with pytest.raises(ValueError, match="eta must be at least 0"):
        generalized_amplitude_damping(0.1, -0.1)
    with pytest.raises(ValueError, match="kappa must be at most 1"):
        dephasing(2)
    with pytest.raises(ValueError, match=r"lam must be at least -0\.125"):
        depolarizing(-0.2, d=3)
    with pytest.raises(ValueError, match=r"level 2 loses g21 \+ g20 = 1\.2"):
        multilevel_amplitude_damping(0.1, 0.6, 0.6)
    with pytest.raises(ValueError, match=r"completely positive, but its Choi matrix has the eigenvalue -1"):
        kraus(Qobj(qutip.gates.swap().full(), dims=[[[2], [2]]] * 2))
    with pytest.raises(ValueError, match="Hermiticity"):
        check_channel(1j * dephasing(0.1))
    with pytest.raises(TypeError, match="superoperator"):
        kraus(qutip.qeye(2))
    with pytest.raises(TypeError, match="must be a Battery"):
        from_network(qutip.qeye(2), 1.0)
    with pytest.raises(ValueError, match="t must be at least 0"):
        from_network(qb.single_cell(), -1.0)
