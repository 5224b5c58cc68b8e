"""Battery and Network: the decay matrix and its positivity, the generator they give QuTiP, and refused input."""

import functools
import json
import pickle
import warnings

import numpy as np
import pytest
import qutip
from analytic import generator, hamiltonian, largest_adjacency, lowest_adjacency, superradiant_pair
from hypothesis import given, settings
from random_states import graph, positive_rates, seeds

import qbsim as qb
from qbsim import networks, operators
from qbsim.battery import Battery


def qutip_generator(battery):
    """Liouvillian of a battery on row-major vectors."""
    terms = [c if c.issuper else qutip.lindblad_dissipator(c) for c in battery.c_ops]
    L = sum(terms, start=qutip.liouvillian(battery.H)).full()
    d = round(np.sqrt(len(L)))
    swap = np.arange(d * d).reshape(d, d).T.ravel()  # QuTiP stacks columns
    return L[np.ix_(swap, swap)]


# --- positivity of the decay matrix ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", qb.GEOMETRIES)
@pytest.mark.parametrize("N", range(2, 9))
def test_limit_of_positivity(name, N):
    # K = gamma + gamma_bond A is positive up to gamma_bond = -gamma / lambda_min(A); for five cells
    # star 1/2, line 1/sqrt 3, ring 0.6180, complete 1
    limit = -1 / lowest_adjacency(name, N)
    edges = qb.GEOMETRIES[name](N)
    net = qb.network(edges, gamma=1.0, gamma_bond=limit)
    assert net.report().largest_gamma_bond == pytest.approx(limit, rel=1e-12)
    assert net.report().margin == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match=r"not positive semidefinite.*largest gamma_bond this graph allows"):
        qb.network(edges, gamma=1.0, gamma_bond=limit * (1 + 1e-9))
    # from below the limit is set by the largest eigenvalue, and the message says so
    low = -1 / largest_adjacency(name, N)
    negative = qb.network(edges, gamma=1.0, gamma_bond=low).report()
    assert negative.bond_factor_limits[1] == pytest.approx(1, rel=1e-12)
    assert negative.largest_gamma_bond == pytest.approx(limit, rel=1e-12)
    with pytest.raises(ValueError, match=r"smallest gamma_bond this graph allows is -"):
        qb.network(edges, gamma=1.0, gamma_bond=low * (1 + 1e-9))


def test_limits_of_five_cells_by_name():
    numbers = {"central": 0.5, "linear": 1 / np.sqrt(3), "circular": 0.618034, "all_to_all": 1.0}
    for name, limit in numbers.items():
        assert qb.network(qb.GEOMETRIES[name](5), gamma=1.0).report().largest_gamma_bond == pytest.approx(
            limit, abs=1e-6
        )


def test_decay_matrix_holds_rates_and_bonds():
    net = qb.network(qb.linear(3), gamma=[1.0, 2.0, 3.0], gamma_bond=[0.5, -0.25])
    np.testing.assert_array_equal(net.decay_matrix, [[1, 0.5, 0], [0.5, 2, -0.25], [0, -0.25, 3]])


def test_rates_without_decay_or_without_bonds_have_no_limit():
    assert qb.network(qb.linear(3)).c_ops == []
    assert qb.single_cell(gamma=1.0).report().largest_gamma_bond is None
    with pytest.raises(ValueError, match="not positive semidefinite"):
        qb.network(qb.linear(2), gamma=0.0, gamma_bond=0.1)


@given(seed=seeds)
@settings(deadline=None, max_examples=30)
def test_common_factor_of_unequal_rates_sits_on_the_edge(seed):
    # for any rates, f times the bond part is positive inside the reported interval and not outside
    rng = np.random.default_rng(seed)
    N = int(rng.integers(2, 6))
    K = positive_rates(N, rng) + 0.05 * np.eye(N)
    bonds = K - np.diag(np.diag(K))
    net = qb.network(qb.all_to_all(N), gamma=np.diag(K), gamma_bond=bonds)
    low, high = net.report().bond_factor_limits
    for factor in (low, high):
        assert np.linalg.eigvalsh(np.diag(np.diag(K)) + factor * bonds)[0] == pytest.approx(0, abs=1e-10)
    assert low < 0 < 1 <= high + 1e-12


def test_dark_mode_of_the_star_at_its_limit():
    # star of five with gamma_bond = gamma/2: (2, -1, -1, -1, -1) does not decay, (2, 1, 1, 1, 1) decays at 2 gamma
    report = qb.network(qb.central(5), gamma=0.5, gamma_bond=0.25).report()
    assert report.kinds == ["dark", "independent", "independent", "independent", "superradiant"]
    np.testing.assert_allclose(report.rates, [0, 0.5, 0.5, 0.5, 1.0], atol=1e-14)
    dark = report.modes[:, 0] / report.modes[0, 0]
    np.testing.assert_allclose(dark, [1, -0.5, -0.5, -0.5, -0.5], atol=1e-12)


def test_report_prints():
    report = qb.network(qb.central(5), gamma=1.0, gamma_bond=0.5, dephasing=0.1).report()
    text = str(report)
    for word in ("cells", "dark", "superradiant", "largest gamma_bond", "dephasing still reaches them"):
        assert word in text
    assert report._repr_html_().startswith("<table>")
    assert "subradiant" in str(qb.network(qb.linear(3), gamma=1.0, gamma_bond=0.5).report())
    assert "common factor" in str(qb.network(qb.linear(3), gamma=[1, 2, 3], gamma_bond=0.5).report())


def test_unphysical_rates_only_on_request_and_with_their_sign():
    # gamma_bond above the limit of the star: the negative rate is kept, as a superoperator
    edges, K = qb.central(3), np.array([[1, 0.9, 0.9], [0.9, 1, 0], [0.9, 0, 1]])
    with pytest.warns(qb.UnphysicalWarning, match="not positive semidefinite"):
        net = qb.network(edges, gamma=1.0, gamma_bond=0.9, allow_unphysical=True)
    assert not net.is_physical
    assert "unphysical" in net.report().kinds
    expected = generator(np.ones(3), np.zeros((3, 3)), K)
    np.testing.assert_allclose(qutip_generator(net), expected, atol=1e-13)
    # and the state does become negative, which neither trace nor Hermiticity shows
    ds = qb.evolve(net, qb.plus(3), [0, 1, 2, 4], "entropy")
    certificate = json.loads(ds.attrs["certificate"])
    assert certificate["lowest_eigenvalue"] < -1e-4
    assert certificate["trace_error"] < 1e-8


# --- the generator --------------------------------------------------------------------------------------------------


@given(seed=seeds)
@settings(deadline=None, max_examples=20)
def test_generator_is_the_double_sum_over_bonds(seed):
    # jump operators from the eigenvectors of K give the sum over bonds in both orders, written with numpy alone
    rng = np.random.default_rng(seed)
    N = int(rng.integers(1, 4))
    K = positive_rates(N, rng)
    J = rng.normal(size=(N, N))
    J = np.triu(J, 1) + np.triu(J, 1).T
    omega, phi, nbar = rng.normal(size=N), rng.random(N), rng.random(N)
    net = qb.network(
        graph(N, rng),
        N,
        omega=omega,
        J=J,
        gamma=np.diag(K),
        gamma_bond=K - np.diag(np.diag(K)),
        dephasing=phi,
        nbar=nbar,
    )
    np.testing.assert_allclose(qutip_generator(net), generator(omega, J, K, phi, nbar), atol=1e-12)
    np.testing.assert_allclose(net.H.full(), hamiltonian(omega, J), atol=1e-14)


def test_one_order_of_the_bonds_alone_loses_trace():
    # the trap: qutip.lindblad_dissipator(a, b) for each bond once leaks trace at the size of the rate
    s = [qb.network((), 2, gamma=1.0).c_ops[k] for k in range(2)]
    once = 0.3 * qutip.lindblad_dissipator(s[0], s[1])
    leak = qutip.vector_to_operator(once.dag() * qutip.operator_to_vector(qutip.qeye([2, 2])))
    assert leak.norm() > 0.3
    both = once + 0.3 * qutip.lindblad_dissipator(s[1], s[0])
    net = qb.network([(0, 1)], gamma=1.0, gamma_bond=0.3)
    local = sum(qutip.lindblad_dissipator(c) for c in s)
    own = qutip.liouvillian(0 * net.H, net.c_ops)
    adjoint = qutip.vector_to_operator(own.dag() * qutip.operator_to_vector(qutip.qeye([2, 2])))
    assert adjoint.norm() == pytest.approx(0, abs=1e-13)
    assert (own - local - both).norm() == pytest.approx(0, abs=1e-13)


def test_superradiant_pair_from_the_textbook():
    # purely collective decay of two cells from |ee>: P_ee = e^{-2 g t}, P_S = 2 g t e^{-2 g t}
    net = qb.network([(0, 1)], gamma=1.0, gamma_bond=1.0)
    t = np.linspace(0, 3, 31)
    rho = qb.evolve(net, qb.full(2), t, states=True).rho.values
    symmetric = np.array([0, 1, 1, 0]) / np.sqrt(2)
    ee, s, gg = superradiant_pair(t, 1.0)
    np.testing.assert_allclose(rho[:, 3, 3].real, ee, atol=1e-8)
    np.testing.assert_allclose(np.einsum("i,tij,j->t", symmetric, rho, symmetric).real, s, atol=1e-8)
    np.testing.assert_allclose(rho[:, 0, 0].real, gg, atol=1e-8)


@pytest.mark.parametrize("name", qb.GEOMETRIES)
def test_evolution_is_a_completely_positive_semigroup(name):
    # the Choi matrix of exp(L t) is positive, its trace over the output is 1, and exp(L(s + t)) = exp(L s) exp(L t)
    net = qb.network(qb.GEOMETRIES[name](3), J=2.0, gamma=0.5, gamma_bond=0.25, dephasing=0.25)
    L = qutip.liouvillian(net.H, net.c_ops)
    one, two = (L * 0.4).expm(), (L * 0.7).expm()
    both = (L * 1.1).expm()
    assert abs((both - one * two).full()).max() < 1e-9
    choi = qutip.to_choi(both)
    assert np.linalg.eigvalsh(choi.full()).min() > -1e-9
    assert both.istp
    assert both.iscp


def test_thermal_cell_relaxes_to_its_bath():
    # gamma (2 nbar + 1) to p_e = nbar / (2 nbar + 1)
    gamma, nbar = 0.7, 0.4
    t = np.linspace(0, 4, 21)
    p = qb.evolve(qb.single_cell(gamma=gamma, nbar=nbar), qb.full(1), t, "energy").energy
    end = nbar / (2 * nbar + 1)
    np.testing.assert_allclose(p, end + (1 - end) * np.exp(-gamma * (2 * nbar + 1) * t), atol=1e-8)


# --- at home in QuTiP -----------------------------------------------------------------------------------------------


def test_battery_is_plain_qutip():
    net = qb.network(qb.linear(3), J=1.0, gamma=0.5, gamma_bond=0.1, dephasing=0.2)
    result = qutip.mesolve(net.H, qb.plus(3), [0, 0.5], net.c_ops, e_ops=[net.H0])
    ds = qb.evolve(net, qb.plus(3), [0, 0.5], "energy")
    assert ds.energy.values[-1] == pytest.approx(result.expect[0][-1], abs=1e-5)
    assert net.H0.dims == net.H.dims == [[2, 2, 2], [2, 2, 2]]


def test_battery_from_operators_equals_the_network():
    net = qb.network(qb.linear(2), omega=[1.0, 2.0], J=1.0, gamma=0.5)
    plain = Battery(net.H0, net.H, net.c_ops, N=2, edges=net.edges)
    t = np.linspace(0, 1, 5)
    names = ["energy", "ergotropy", "concurrence", "local_ergotropy", "power", "l1_coherence"]
    a, b = qb.evolve(net, qb.plus(2), t, names), qb.evolve(plain, qb.plus(2), t, names)
    for name in names:
        np.testing.assert_allclose(a[name], b[name], atol=1e-9)


def test_parameters_are_plain_and_complete():
    net = qb.network(qb.linear(2), J=1.0, gamma=0.5)
    again = json.loads(json.dumps(net.parameters()))
    assert again["J"] == [[0, 1], [1, 0]]
    assert qb.network(qb.linear(2), J=1.5, gamma=0.5).parameters() != net.parameters()
    plain = Battery(net.H0, net.H, net.c_ops, N=2).parameters()
    assert plain == Battery(net.H0, net.H, net.c_ops, N=2).parameters()
    assert plain != Battery(net.H0, 2 * net.H, net.c_ops, N=2).parameters()


@pytest.mark.parametrize("name", ["omega", "J", "decay_matrix", "dephasing", "nbar"])
def test_arrays_of_a_network_are_read_only(name):
    with pytest.raises(ValueError, match="read-only"):
        getattr(qb.network(qb.linear(2), gamma=1.0), name)[0] = -1


@pytest.mark.parametrize("battery", [qb.network(qb.linear(2), gamma=1.0), qb.drive(2), qb.dicke(2, lam=0.5)], ids=repr)
def test_attributes_of_a_battery_cannot_be_changed(battery):
    for name in ("N", "H0", "H", "c_ops", "cells", "edges", "label", "unit", "dims", "diagonal"):
        with pytest.raises(AttributeError):
            setattr(battery, name, 3)
    with pytest.raises(AttributeError, match="The attribute N of a battery cannot be changed: build another battery"):
        battery.N = 3


def test_a_battery_survives_pickling():
    for battery in (qb.network(qb.central(3), J=1.0, gamma=0.5), qb.drive(2), qb.spin_chain(2, coupling="uni")):
        assert pickle.loads(pickle.dumps(battery)).parameters() == battery.parameters()


def test_one_row_adds_a_term_to_a_network(monkeypatch):
    # a coupling of the occupations of neighbours, n_i n_j
    def coupling(net):
        return sum(operators.excitation(i, net.N) * operators.excitation(j, net.N) for i, j in net.edges)

    monkeypatch.setitem(networks.TERMS, "Ising", networks.Term(lambda net: np.ones(1), lambda net: [coupling(net)]))
    net = qb.network(qb.linear(2), J=2.0)
    assert net.terms == {"fields", "exchange", "Ising"}
    assert not net.has_losses
    assert net.H.full().real.tolist() == [[0, 0, 0, 0], [0, 1, 2, 0], [0, 2, 1, 0], [0, 0, 0, 3]]
    with pytest.raises(ValueError, match="Ising"):  # no solver lists it
        qb.evolve(net, qb.full(2), [0, 1], solver="network")


def test_one_row_adds_a_loss_to_a_network(monkeypatch):
    row = networks.Term(lambda net: np.ones(1), lambda net: [operators.sigma_x(0, net.N)], loses=True, weight=3.0)
    net = qb.network(qb.linear(2), gamma=0.5)
    before = len(net.c_ops), net.loss_rate
    monkeypatch.setitem(networks.TERMS, "flips", row)
    net = qb.network(qb.linear(2), gamma=0.5)
    assert (len(net.c_ops), net.loss_rate) == (before[0] + 1, before[1] + 3.0)
    assert qb.network(qb.linear(2)).has_losses


def test_report_of_a_graph_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        qb.network(qb.central(5), gamma=1.0, gamma_bond=0.5)


# --- refused input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kwargs", "error", "words"),
    [
        ({"gamma": -1.0}, ValueError, "gamma must be at least 0"),
        ({"dephasing": -0.1}, ValueError, "dephasing must be at least 0"),
        ({"nbar": -0.1}, ValueError, "nbar must be at least 0"),
        ({"gamma": np.nan}, ValueError, "gamma must be finite"),
        ({"omega": np.inf}, ValueError, "omega must be finite"),
        ({"J": [1.0, np.nan]}, ValueError, "J must be finite"),
        ({"omega": [1.0, 2.0]}, ValueError, r"omega .* shape \(3,\)"),
        ({"gamma": [1.0] * 4}, ValueError, r"gamma .* shape \(3,\)"),
        ({"J": [1.0]}, ValueError, r"J .* one per bond"),
        ({"gamma_bond": np.ones((2, 2))}, ValueError, r"shape \(3, 3\)"),
        ({"J": np.triu(np.ones((3, 3)), 1)}, ValueError, "J must be symmetric"),
        ({"gamma": 1.0, "gamma_bond": np.eye(3)}, ValueError, "gamma_bond must have a zero diagonal"),
        ({"J": 1j}, TypeError, "J must hold real numbers"),
        ({"omega": "fast"}, TypeError, "omega must hold real numbers"),
        ({"gamma": True}, TypeError, "gamma must hold real numbers"),
    ],
)
def test_rates_that_are_none_are_refused(kwargs, error, words):
    with pytest.raises(error, match=words):
        qb.network(qb.linear(3), **kwargs)


@pytest.mark.parametrize("name", ["omega", "gamma", "dephasing", "nbar"])
def test_single_cell_takes_single_numbers(name):
    with pytest.raises(TypeError, match=f"Argument {name} must be a real number"):
        qb.single_cell(**{name: [1.0]})


def test_chain_is_checked():
    with pytest.raises(ValueError, match="one frequency per cell"):
        qb.xx_chain(1.0, J=1.0)
    with pytest.raises(ValueError, match="one frequency per cell"):
        qb.xx_chain([], J=1.0)
    with pytest.raises(TypeError, match="Argument J must be a real number"):
        qb.xx_chain([1.0, 1.0], J=[1.0])
    with pytest.raises(ValueError, match="delta must be at least 0"):
        qb.random_fields(2, -1.0, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"numpy\.random\.Generator"):
        qb.random_fields(2, 1.0, rng=0)


def test_negative_bond_rate_is_fine_while_positive_semidefinite():
    assert qb.network(qb.linear(3), gamma=1.0, gamma_bond=-0.5).is_physical


def test_fields_share_their_draws_between_strengths():
    # realization k of seed s uses the same u for every delta: |B0 (1 + delta u)|
    def fields(delta):
        return qb.random_fields(4, delta, B0=10.0, rng=np.random.default_rng(np.random.SeedSequence([1, 2])))

    u = (fields(0.5) / 10 - 1) / 0.5
    np.testing.assert_allclose(fields(5.0), 10 * np.abs(1 + 5 * u), rtol=1e-12)
    assert (fields(50.0) >= 0).all()


def test_fields_have_the_distribution_that_is_asked_for():
    # |B0 (1 + delta u)|: u uniform in (-1, 1) has the variance 1/3, the normal one has 1, and a function draws its own
    def numbers(distribution):
        fields = qb.random_fields(20000, 0.01, B0=2.0, distribution=distribution, rng=np.random.default_rng(1))
        return (fields / 2 - 1) / 0.01

    u, x = numbers("uniform"), numbers("normal")
    assert np.array_equal(u, numbers(lambda rng, N: rng.uniform(-1, 1, N)))
    np.testing.assert_allclose([u.var(), x.var()], [1 / 3, 1.0], rtol=0.03)
    assert abs(u).max() < 1 < abs(x).max()
    np.testing.assert_allclose(x, np.random.default_rng(1).standard_normal(20000), atol=1e-10)
    two = numbers(lambda rng, N: rng.choice([-1.0, 1.0], N))
    np.testing.assert_allclose(abs(two), 1, atol=1e-12)


@pytest.mark.parametrize(
    ("distribution", "error", "message"),
    [
        ("gauss", ValueError, "Unknown distribution 'gauss'. Known: uniform, normal"),
        ("norml", ValueError, "Did you mean 'normal'"),
        (1.0, TypeError, "Argument distribution must be 'uniform', 'normal' or a function of rng and N, but is 1.0"),
        (lambda rng, N: rng.normal(), ValueError, r"must draw 3 numbers for N = 3, but draws the shape \(\)"),
        (lambda rng, N: [0, 0, np.nan], ValueError, "Argument distribution must"),
        (lambda rng, N: ["a"] * N, (TypeError, ValueError), "Argument distribution must"),
    ],
)
def test_a_wrong_distribution_is_refused(distribution, error, message):
    for build in (qb.random_fields, functools.partial(qb.disordered_chain, exchange=1.0)):
        with pytest.raises(error, match=message):
            build(3, 1.0, distribution=distribution, rng=np.random.default_rng(1))


H2 = qb.network(qb.linear(2)).H0
H1 = qb.single_cell().H0
H3 = qb.network(qb.linear(3)).H0
LOWER = qutip.destroy(2)


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "words"),
    [
        ((np.eye(4), H2), {"N": 2}, TypeError, "H0 must be an operator"),
        ((H2, qb.full(2)), {"N": 2}, TypeError, "H must be an operator"),
        ((H1, H2), {"N": 2}, ValueError, "H0 must have dims"),
        ((H2, H2, [H1]), {"N": 2}, ValueError, "c_ops must have dims"),
        ((H2, H2, [np.eye(4)]), {"N": 2}, TypeError, "c_ops must hold Qobj"),
        ((1j * H2, H2), {"N": 2}, ValueError, "H0 must be Hermitian"),
        ((H2, 1j * H2), {"N": 2}, ValueError, "H must be Hermitian"),
        ((H1, H2), {"N": 1, "cells": [2]}, ValueError, "cells must name different tensor factors"),
        ((H2, H2), {"N": 2, "cells": [0, 0]}, ValueError, "cells must name different tensor factors"),
        ((H2, H2), {"N": 0}, ValueError, "N must be at least 1"),
        ((H2, H2), {"N": 2, "edges": [(0, 2)]}, ValueError, "cells 0 to 1"),
        ((H2, H2), {"N": 1}, ValueError, "N must be the number of tensor factors that store energy, 2, but is 1"),
        ((H3, H3), {"N": 2}, ValueError, "tensor factors that store energy, 3, but is 2"),
        ((H1, H2), {"N": 2, "cells": [1]}, ValueError, "tensor factors that store energy, 1, but is 2"),
        ((H1, H1), {"N": 7}, ValueError, "Collective holds several cells in one factor"),
        ((H2, H2), {"N": 2, "cells": 1}, TypeError, "cells must be a list"),
        ((H1 * np.nan, H1), {"N": 1}, ValueError, "H0 must be finite"),
        ((H1, H1 * np.inf), {"N": 1}, ValueError, "H must be finite"),
        ((H1, H1, [np.nan * LOWER]), {"N": 1}, ValueError, "c_ops must be finite"),
        (
            (H1, H1, [qutip.QobjEvo([[1e200 * LOWER, np.cos]])]),
            {"N": 1},
            ValueError,
            "c_ops must hold numbers of at most 1e",
        ),
        ((H1, H1, [np.inf * qutip.lindblad_dissipator(LOWER)]), {"N": 1}, ValueError, "c_ops must be finite"),
        ((H1, H1, [1e200 * LOWER]), {"N": 1}, ValueError, "numbers of at most 1e"),
        ((H1, H1, "LOWER"), {"N": 1}, TypeError, "c_ops must be a list"),
        ((H1, H1, None), {"N": 1}, TypeError, "c_ops must be a list"),
        ((H1, H1), {"N": 1, "label": 5}, TypeError, "label must be a text"),
        ((H1, H1), {"N": 1, "unit": 5}, TypeError, "unit must be a text"),
    ],
)
def test_operators_that_do_not_fit_are_refused(args, kwargs, error, words):
    with pytest.raises(error, match=words):
        Battery(*args, **kwargs)


def test_bonds_join_tensor_factors():
    with pytest.raises(ValueError, match="edges must bind cells 0 to 0"):
        qb.Battery(qutip.num(4), qutip.num(4), N=1, edges=[(0, 1)])


def test_memory_beside_a_diagonal_is_no_number_of_the_operator():
    # QuTiP's diagonals are as long as the matrix is wide; what lies beyond it was never set
    op = qutip.create(3)
    for number in (np.nan, 1e300):
        data = op.data.as_scipy().copy()
        data.data[:, -1] = number
        qb.Battery(qutip.num(3), qutip.num(3), [qutip.Qobj(qutip.core.data.Dia(data), dims=op.dims)], N=1)


# --- a network from arrays ------------------------------------------------------------------------------------------


def arrays(**other):
    """Arguments of a valid network of three cells, with some of them replaced."""
    line = np.diag([1.0, 1.0], 1) + np.diag([1.0, 1.0], -1)
    valid = {
        "edges": qb.linear(3),
        "omega": np.ones(3),
        "J": 2 * line,
        "decay_matrix": np.eye(3) + 0.25 * line,
        "dephasing": np.zeros(3),
        "nbar": np.zeros(3),
    }
    return valid | other


def test_network_from_arrays_equals_the_built_one():
    built = qb.network(qb.linear(3), J=2.0, gamma=1.0, gamma_bond=0.25)
    assert qb.Network(**arrays()).parameters() == built.parameters()


def test_arrays_of_the_caller_stay_writeable_and_apart():
    given = arrays()
    net = qb.Network(**given)
    before = net.parameters()
    for name in ("omega", "J", "decay_matrix", "dephasing", "nbar"):
        given[name][...] = 7.0
    assert net.parameters() == before


@pytest.mark.parametrize(
    ("other", "error", "words"),
    [
        ({"decay_matrix": -np.eye(3)}, ValueError, "diagonal of decay_matrix must be at least 0"),
        ({"decay_matrix": -np.eye(3), "allow_unphysical": True}, ValueError, "decay_matrix must be at least 0"),
        ({"decay_matrix": np.triu(np.ones((3, 3)))}, ValueError, "decay_matrix must be symmetric"),
        ({"decay_matrix": np.eye(2)}, ValueError, r"decay_matrix must have shape \(3, 3\)"),
        ({"decay_matrix": np.ones(3)}, ValueError, r"decay_matrix must have shape \(3, 3\)"),
        ({"decay_matrix": np.eye(3) * np.nan}, ValueError, "decay_matrix must be finite"),
        ({"decay_matrix": np.eye(3) * 1e200}, ValueError, "decay_matrix must be at most 1e"),
        ({"decay_matrix": np.eye(3) - 0.9 * (1 - np.eye(3))}, ValueError, "not positive semidefinite"),
        ({"J": np.eye(3)}, ValueError, "J must have a zero diagonal"),
        ({"J": np.triu(np.ones((3, 3)), 1)}, ValueError, "J must be symmetric"),
        ({"J": np.zeros((2, 2))}, ValueError, r"J must have shape \(3, 3\)"),
        ({"J": 1j * np.zeros((3, 3))}, TypeError, "J must hold real numbers"),
        ({"J": np.full((3, 3), np.inf)}, ValueError, "J must be finite"),
        ({"omega": np.array([1.0, np.nan, 1.0])}, ValueError, "omega must be finite"),
        ({"omega": np.array(["a", "b", "c"])}, TypeError, "omega must hold real numbers"),
        ({"omega": np.array([])}, ValueError, "length of omega must be at least 1"),
        ({"dephasing": -np.ones(3)}, ValueError, "dephasing must be at least 0"),
        ({"dephasing": np.ones(2)}, ValueError, "dephasing must be one number or one per cell"),
        ({"nbar": -np.ones(3)}, ValueError, "nbar must be at least 0"),
        ({"edges": [(0, 3)]}, ValueError, "cells 0 to 2"),
        ({"edges": [(0, 1), (1, 0)]}, ValueError, "every bond once"),
        ({"edges": 5}, TypeError, "pairs of cells"),
        ({"label": 5}, TypeError, "label must be a text"),
        ({"unit": None}, TypeError, "unit must be a text"),
        ({"allow_unphysical": "no"}, TypeError, "allow_unphysical must be True or False"),
    ],
)
def test_arrays_that_are_no_network_are_refused(other, error, words):
    with pytest.raises(error, match=words):
        qb.Network(**arrays(**other))


# --- lowering and raising -------------------------------------------------------------------------------------------

PAIR = [qutip.tensor(qutip.sigmam(), qutip.qeye(2)), qutip.tensor(qutip.qeye(2), qutip.sigmam())]
OFF = [qutip.sigmam(), 0.1 * qutip.sigmaz()]


@pytest.mark.parametrize(
    ("H0", "c_ops"),
    [
        (H1, [0.3 * qutip.sigmam()]),
        (H1, OFF),
        (H2, PAIR),
        (H2, [sum(PAIR)]),
        (qutip.num(2) - 0.5, [qutip.Qobj([[0, 0], [1, 0]])]),
        (H2 + 0.1 * qb.network(qb.linear(2), J=1.0).H, PAIR),
    ],
)
def test_jumps_written_with_sigmam_of_qutip_give_a_warning(H0, c_ops):
    with pytest.warns(qb.ModelWarning, match=r"sigmam does .*qbsim\.operators\.lowering or qutip\.destroy\(2\)"):
        Battery(H0, H0, c_ops, N=len(H0.dims[0]))


def test_sigmam_on_a_cell_with_a_charger_gives_a_warning():
    jump = qutip.tensor(qutip.sigmam(), qutip.qeye(3))
    with pytest.warns(qb.ModelWarning):
        Battery(H1, qutip.tensor(H1, qutip.num(3)), [jump], N=1, cells=[0])


def test_the_warning_points_at_the_line_that_builds_the_battery():
    with pytest.warns(qb.ModelWarning) as caught:
        Battery(H1, H1, [qutip.sigmam()], N=1)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("H0", "c_ops"),
    [
        (H1, []),
        (H1, [qutip.destroy(2)]),
        (H1, [qutip.sigmap()]),  # lowers in this basis
        (H1, [qutip.sigmam(), qutip.sigmap()]),  # a hot bath
        (H1, [qutip.create(2)]),  # pumping alone
        (H2, [np.sqrt(0.2) * qb.operators.raising(k, 2) for k in (0, 1)]),
        (H1, [qutip.sigmaz()]),
        (-H1, [qutip.destroy(2)]),  # negative omega: lowering raises H0
        (-H1, [qutip.sigmam()]),  # the upper level comes first, as sigmam() has it
        (qutip.sigmaz(), [qutip.sigmam()]),
        (qutip.num(3), [qutip.create(3)]),
        (H1, [qutip.lindblad_dissipator(qutip.sigmam())]),
    ],
)
def test_losses_pumps_and_negative_frequencies_give_no_warning(H0, c_ops):
    Battery(H0, H0, c_ops, N=len(H0.dims[0]))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_builders_give_no_warning_for_either_sign_of_the_levels(sign):
    qb.spin_chain(2, B=sign, gamma=0.1, space="tensor")
    qb.dicke(2, lam=1.0, omega_a=sign, gamma=0.1, kappa=0.1, space="tensor")
    net = qb.network(qb.linear(2), omega=sign, gamma=0.1, nbar=0.3)
    Battery(net.H0, net.H, net.c_ops, N=2)
    net = qb.network(qb.linear(2), omega=[sign, 2.0], gamma=0.1, gamma_bond=0.05)
    Battery(net.H0, net.H, net.c_ops, N=2)
    qb.drive(2, gamma=0.1)
    qb.cooper_pair_boxes(E_J=1.0, gamma=0.1)
    qb.oscillator(5, kappa=0.1, nbar=0.5)
