"""`evolve` against closed forms, an independent generator, reference series, textbook limits and symmetries."""

import json
import os
import subprocess
import sys
from math import comb
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import qutip
import scipy.linalg
import xarray as xr
from analytic import (
    HALF_LIVES,
    RATES,
    STATES,
    cell_energy,
    cell_ergotropy,
    factors,
    generator,
    pair_energy,
)
from hypothesis import given, settings
from qutip import Qobj, piqs
from random_states import density, graph, positive_rates, qubits, seeds

import qbsim as qb

REFERENCE = json.loads((Path(__file__).parent / "data" / "reference.json").read_text())
BUILD = {"full": qb.full, "classical": qb.classical, "plus": qb.plus}
SANTOS = {"gamma": 0.5, "dephasing": 0.25}  # Eq. (7) of [santos2021]: population and coherence at Gamma/2
T = np.linspace(0, 4, 41)


def five_cells(geometry, N=5, **more):
    """Figs. 3 to 5 of [santos2021]: J = 2 Gamma, Gamma_d = Gamma/2."""
    return qb.network(qb.GEOMETRIES[geometry](N), N, **{"J": 2.0, "gamma_bond": 0.25, **SANTOS, **more})


# --- closed forms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rates", RATES)
@pytest.mark.parametrize("state", STATES)
def test_single_cell(rates, state):
    # Eqs. (8), (9) of [santos2021] and their forms at the other rates
    p, c0 = STATES[state]
    z, c = factors(T, **RATES[rates])
    ds = qb.evolve(qb.single_cell(**RATES[rates]), BUILD[state](1), T, ("energy", "ergotropy", "efficiency"))
    np.testing.assert_allclose(ds.energy, cell_energy(p, z), atol=1e-8)
    np.testing.assert_allclose(ds.ergotropy, cell_ergotropy(p, c0, z, c), atol=1e-8)
    np.testing.assert_allclose(ds.efficiency, cell_ergotropy(p, c0, z, c) / (p * z), atol=1e-7)


@pytest.mark.parametrize(("rates", "state"), HALF_LIVES)
def test_half_lives_of_a_single_cell(rates, state):
    # captions of Fig. 2 of [santos2021]; ln(4/3), ln(6/5) and ln(8/5) for the rates of [arjmandi2022]
    t = np.linspace(0, 2, 201)
    ds = qb.evolve(qb.single_cell(**RATES[rates]), BUILD[state](1), t)
    assert qb.half_life(t, ds.ergotropy) == pytest.approx(HALF_LIVES[rates, state], abs=1e-5)


def test_death_of_the_ergotropy():
    # full: 2 ln 2 / Gamma; classical: 2 ln(3/2) / Gamma; the coherent state never dies
    t = np.linspace(0, 3, 3001)
    cell = qb.single_cell(**SANTOS)
    for state, death in (("full", 2 * np.log(2)), ("classical", 2 * np.log(1.5))):
        W = qb.evolve(cell, BUILD[state](1), t, "ergotropy").ergotropy.values
        assert t[np.argmax(W < 1e-12)] == pytest.approx(death, abs=1.1e-3)
    assert qb.evolve(cell, qb.plus(1), t, "ergotropy").ergotropy.values.min() > 1e-3


def test_pure_dephasing():
    # Eq. (10) of [santos2021]: the classical state keeps everything, |+> keeps W = e^{-phi t} / 2
    cell = qb.single_cell(dephasing=0.8)
    plus, classical = (qb.evolve(cell, rho, T, "ergotropy").ergotropy for rho in (qb.plus(1), qb.classical(1)))
    np.testing.assert_allclose(plus, 0.5 * np.exp(-0.8 * T), atol=1e-8)
    np.testing.assert_allclose(classical, 0.5, atol=1e-9)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("N", [2, 3, 4])
def test_independent_cells_are_n_times_one_cell(state, N):
    p, c0 = STATES[state]
    z, c = factors(T, **SANTOS)
    ds = qb.evolve(qb.network((), N, **SANTOS), BUILD[state](N), T, ("energy", "ergotropy", "local_ergotropy"))
    np.testing.assert_allclose(ds.energy, N * cell_energy(p, z), atol=1e-7)
    np.testing.assert_allclose(ds.ergotropy, N * cell_ergotropy(p, c0, z, c), atol=1e-7)
    np.testing.assert_allclose(ds.local_ergotropy, ds.ergotropy, atol=1e-7)


@pytest.mark.parametrize("J", [0.0, 2.0])
def test_collective_energy_of_two_cells(J):
    # U = 2p + (a/b)(e^{-at} - p) + (b/a)(e^{-bt} - p) from |ee>, for any J
    net = qb.network([(0, 1)], J=J, gamma=0.5, gamma_bond=0.25)
    t = np.array([0.0, 1.0, 2.0, 5.0])
    U = qb.evolve(net, qb.full(2), t, "energy").energy
    np.testing.assert_allclose(U, pair_energy(t, 0.5, 0.25), atol=1e-8)


@pytest.mark.parametrize("geometry", qb.GEOMETRIES)
def test_first_slope_of_the_energy(geometry):
    # dU/dt = -gamma U - 2 gamma_bond sum_bonds Re<s+_n s-_m>; from |+>^N the normalised slope at t = 0 is
    # -(gamma + gamma_bond E/N): every bond costs energy
    net = five_cells(geometry)
    ds = qb.evolve(net, qb.plus(5), [0.0, 1.0], ("energy", "power", "power_interaction", "power_dissipation"))
    assert ds.power.values[0] / ds.energy.values[0] == pytest.approx(-(0.5 + 0.25 * len(net.edges) / 5), abs=1e-10)
    assert ds.power_interaction.values[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("state", ["full", "classical"])
def test_half_lives_of_many_diagonal_cells(state):
    # ln(4/3) and ln(6/5) for any N of equal cells and any J, and for two cells at any disorder (Sec. II of
    # [arjmandi2022]); for three or more unequal cells only the energy is independent of the fields
    t = np.linspace(0, 1, 201)
    expected = HALF_LIVES["arjmandi2022", state]
    for omega in ([10.0] * 3, [10.0] * 5, [3.0, 41.0]):
        ds = qb.evolve(qb.xx_chain(omega, J=20.0, gamma=1.0), BUILD[state](len(omega)), t)
        assert qb.half_life(t, ds.ergotropy) == pytest.approx(expected, abs=1e-4)
    moved = []
    for seed in range(3):
        omega = qb.random_fields(4, 5.0, B0=10.0, rng=np.random.default_rng(seed))
        ds = qb.evolve(qb.xx_chain(omega, J=20.0, gamma=1.0), BUILD[state](4), t)
        np.testing.assert_allclose(ds.energy / ds.energy[0], np.exp(-t), atol=1e-8)
        moved.append(abs(qb.half_life(t, ds.ergotropy) - expected))
    assert max(moved) > 1e-3


# --- a second, independent route -------------------------------------------------------------------------------------


def dense_states(L, rho, t):
    """rho(t) by the exponential of a dense Liouvillian on row-major vectors, numpy and scipy alone."""
    d = len(rho)
    return np.array([(scipy.linalg.expm(L * s) @ rho.ravel()).reshape(d, d) for s in t])


@given(seed=seeds)
@settings(deadline=None, max_examples=12)
def test_random_networks_against_the_dense_exponential(seed):
    rng = np.random.default_rng(seed)
    N = int(rng.integers(1, 4))
    K, phi, nbar = positive_rates(N, rng), rng.random(N), rng.random(N)
    J = np.triu(rng.normal(size=(N, N)), 1)
    J = J + J.T
    omega = 3 * rng.normal(size=N)
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
    rho = density(2**N, rng)
    t = np.array([0.0, 0.3, 1.1])
    ds = qb.evolve(net, qubits(rho), t, ("energy", "ergotropy"), states=True)
    expected = dense_states(generator(omega, J, K, phi, nbar), rho, t)
    np.testing.assert_allclose(ds.rho, expected, atol=1e-7)
    for k, state in enumerate(expected):
        H0 = net.H0
        state = (state + state.conj().T) / 2
        assert ds.energy.values[k] == pytest.approx(np.trace(state @ H0.full()).real, abs=1e-7 * (1 + abs(omega).sum()))
        assert ds.ergotropy.values[k] == pytest.approx(
            qb.ergotropy(Qobj(state, dims=H0.dims), H0), abs=1e-7 * (1 + abs(omega).sum())
        )


@pytest.mark.parametrize("geometry", qb.GEOMETRIES)
@pytest.mark.parametrize("state", ["plus", "classical"])
def test_four_cells_against_the_dense_exponential(geometry, state):
    net = five_cells(geometry, N=4)
    t = np.array([0.0, 0.5, 2.0])
    rho = BUILD[state](4)
    rho = (rho.proj() if rho.isket else rho).full()
    L = generator(net.omega, net.J, net.decay_matrix, net.dephasing)
    ds = qb.evolve(net, BUILD[state](4), t, "energy", states=True)
    vector, states = rho.ravel().astype(complex), [rho]
    for step in np.diff(t):
        vector = scipy.linalg.expm(L * step) @ vector
        states.append(vector.reshape(16, 16))
    np.testing.assert_allclose(ds.rho, states, atol=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_single_excitation_is_a_small_matrix(seed):
    # one excitation on any graph moves as an N-vector under h - iK/2
    rng = np.random.default_rng(seed)
    N = 4
    edges = list(nx.gnp_random_graph(N, 0.6, seed=seed).edges)
    K = positive_rates(N, rng)
    net = qb.network(edges, N, omega=rng.normal(size=N), J=1.3, gamma=np.diag(K), gamma_bond=K - np.diag(np.diag(K)))
    start = np.zeros(N, dtype=complex)
    start[0] = 1
    effective = np.diag(net.omega) + net.J - 0.5j * K
    site = [qutip.tensor([qutip.basis(2, int(j == k)) for j in range(N)]) for k in range(N)]
    t = np.linspace(0, 2, 5)
    ds = qb.evolve(net, site[0], t, "energy", states=True)
    amplitudes = np.array([scipy.linalg.expm(-1j * effective * s) @ start for s in t])
    index = [int(np.argmax(np.abs(s.full()))) for s in site]
    populations = np.array([[rho[i, i].real for i in index] for rho in ds.rho.values])
    np.testing.assert_allclose(populations, np.abs(amplitudes) ** 2, atol=1e-8)


def dicke(N, geometry_rates, state):
    """Energy and ergotropy (weighted, naive) of an all-to-all network with qutip.piqs, at the times T."""
    J, gamma, gamma_bond = geometry_rates
    jp, jm, jz = piqs.jspin(N, "+"), piqs.jspin(N, "-"), piqs.jspin(N, "z")
    number = jz + N / 2 * piqs.jspin(N, "z") ** 0
    # sum_{i<j} (s+_i s-_j + h.c.) = J+ J- - number
    system = piqs.Dicke(
        N, hamiltonian=J * (jp * jm - number), emission=gamma - gamma_bond, collective_emission=gamma_bond
    )
    times = np.linspace(0, 2, 9)
    options = {"atol": 1e-12, "rtol": 1e-10, "progress_bar": "", "normalize_output": False, "nsteps": 10**6}
    states = qutip.mesolve(system.liouvillian(), state, times, options=options).states
    energy = np.array([(number * rho).tr().real for rho in states])
    levels = np.sort(np.concatenate([np.full(comb(N, k), float(k)) for k in range(N + 1)]))
    sizes = [round(2 * j + 1) for j in np.arange(N / 2, -0.1, -1)]
    weighted, naive = [], []
    for U, rho in zip(energy, states, strict=True):
        matrix, start, full_spectrum, plain = rho.full(), 0, [], []
        for size, j in zip(sizes, np.arange(N / 2, -0.1, -1), strict=True):
            block = matrix[start : start + size, start : start + size]
            values = np.linalg.eigvalsh((block + block.conj().T) / 2)
            d = round(piqs.state_degeneracy(N, j))
            full_spectrum += [v / d for v in values for _ in range(d)]
            plain += list(values)
            start += size
        weighted.append(U - np.sort(full_spectrum)[::-1] @ levels)
        naive.append(U - np.sort(plain)[::-1] @ levels[: len(plain)])
    return times, energy, np.array(weighted), np.array(naive)


def dicke_classical(N, p=0.75):
    """(p|e><e| + (1-p)|g><g|)^N in the Dicke basis: blocks j descending, m descending, each counted d_j times."""
    weights = [
        piqs.state_degeneracy(N, j) * p ** (N / 2 + m) * (1 - p) ** (N / 2 - m)
        for j in np.arange(N / 2, -0.1, -1)
        for m in np.arange(j, -j - 0.1, -1)
    ]
    return Qobj(np.diag(np.array(weights, dtype=float)))


@pytest.mark.parametrize("N", range(2, 7))
@pytest.mark.parametrize("state", ["plus", "full", "classical"])
def test_all_to_all_against_piqs(N, state):
    # permutation symmetry: qutip.piqs knows nothing of our generator
    start = {"plus": piqs.css, "full": piqs.excited, "classical": dicke_classical}[state](N)
    t, energy, ergotropy, _ = dicke(N, (2.0, 0.5, 0.25), start)
    net = qb.network(qb.all_to_all(N), J=2.0, gamma=0.5, gamma_bond=0.25)
    ds = qb.evolve(net, BUILD[state](N), t)
    np.testing.assert_allclose(ds.energy, energy, atol=1e-7)
    np.testing.assert_allclose(ds.ergotropy, ergotropy, atol=1e-6)


def test_unweighted_dicke_eigenvalues_are_visibly_wrong():
    # the trap of the symmetric representation: the comparison above can see it
    *_, right, wrong = dicke(5, (2.0, 0.5, 0.25), piqs.css(5))
    assert np.abs(right - wrong).max() > 1e-3


def test_scipy_expm_multiply_agrees():
    # a third integrator on QuTiP's own Liouvillian
    net = five_cells("circular")
    L = qutip.liouvillian(net.H, net.c_ops).data.as_scipy()
    rho0 = qb.plus(5).proj()
    later = scipy.sparse.linalg.expm_multiply(L * 1.5, qutip.operator_to_vector(rho0).full()[:, 0])
    ds = qb.evolve(net, qb.plus(5), [0.0, 1.5], "energy", states=True)
    np.testing.assert_allclose(ds.rho.values[-1], later.reshape(32, 32).T, atol=1e-8)


# --- reference series -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("N", ["1", "2", "3"])
@pytest.mark.parametrize(("key", "state"), [("qu", "plus"), ("cl", "classical")])
def test_reference_linear_chain(N, key, state):
    data = REFERENCE["linear"]
    ds = qb.evolve(five_cells("linear", N=int(N)), BUILD[state](int(N)), data["t"])
    np.testing.assert_allclose(ds.energy, data["data"][N][key]["U"], atol=1e-8)
    np.testing.assert_allclose(ds.ergotropy, data["data"][N][key]["W"], atol=1e-8)


@pytest.mark.parametrize("geometry", ["central", "linear"])
@pytest.mark.parametrize(("key", "state"), [("qu", "plus"), ("cl", "classical")])
def test_reference_geometries(geometry, key, state):
    data, names = REFERENCE["geometries"], ("energy", "efficiency", "l1_coherence", "concurrence")
    ds = qb.evolve(five_cells(geometry), BUILD[state](5), data["t"], names)
    row = data["data"][geometry][key]
    np.testing.assert_allclose(ds.energy / 2.5, row["U_norm"], atol=1e-8)
    np.testing.assert_allclose(ds.efficiency, row["eff"], atol=1e-7)
    np.testing.assert_allclose(ds.l1_coherence, row["l1"], atol=1e-7)
    np.testing.assert_allclose(ds.concurrence, row["conc"], atol=1e-6)


# efficiency at Gamma t = 0.2, 0.5, 1, 2, 3, 4 from |+>^5, by an independent sparse code
EFFICIENCY = {
    "circular": [0.8863108, 0.6325983, 0.2293984, 0.0134073, 0.0022464, 0.0005516],
    "all_to_all": [0.8662972, 0.5126703, 0.0981336, 0.0055009, 0.0005475, 0.0000918],
}


@pytest.mark.parametrize("geometry", EFFICIENCY)
def test_reference_efficiencies(geometry):
    ds = qb.evolve(five_cells(geometry), qb.plus(5), [0, 0.2, 0.5, 1, 2, 3, 4], "efficiency")
    np.testing.assert_allclose(ds.efficiency[1:], EFFICIENCY[geometry], atol=1e-7)


@pytest.mark.parametrize("case", range(len(REFERENCE["disordered"]["cases"])))
@pytest.mark.parametrize(("key", "state"), [("qu", "plus"), ("cl", "classical"), ("fe", "full")])
def test_reference_disordered_chain(case, key, state):
    # the reference counts energy from the middle of each cell; ours starts at the ground state
    data = REFERENCE["disordered"]
    row = data["cases"][case]
    chain = qb.xx_chain(row["omega"], J=row["J"], gamma=1.0)
    ds = qb.evolve(chain, BUILD[state](row["N"]), data["t"])
    scale = sum(row["omega"])
    np.testing.assert_allclose(ds.energy, np.array(row["data"][key]["U"]) - row["E_min"], atol=1e-7 * scale)
    np.testing.assert_allclose(ds.ergotropy, row["data"][key]["W"], atol=1e-7 * scale)


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_local_decay_empties_every_graph_alike(seed):
    # any number-conserving H: the excitation number falls as e^{-gamma t}, for any graph, J and disorder
    rng = np.random.default_rng(seed)
    N, gamma = 4, 0.8
    net = qb.network(graph(N, rng), N, omega=5 * rng.normal(size=N), J=rng.normal(), gamma=gamma)
    number = qb.network((), N).H0
    ds = qb.evolve(net, qubits(density(2**N, rng)), T, {"n": lambda rho, battery: qb.energy(rho, number)})
    np.testing.assert_allclose(ds.n, ds.n.values[0] * np.exp(-gamma * T), atol=1e-6)


def test_qubit_with_decay_from_qutips_own_tests():
    # a driven-by-nothing cell in a tilted field: Bloch vector of QuTiP's testQubitDynamics, T1 = 1/gamma, T2 = 2/gamma
    gamma, omega = 0.5, 2 * np.pi
    cell = qb.single_cell(omega=omega, gamma=gamma)
    rho = qb.evolve(cell, qb.plus(1), T, states=True).rho.values
    np.testing.assert_allclose(2 * rho[:, 0, 1].real, np.cos(omega * T) * np.exp(-gamma * T / 2), atol=1e-7)
    np.testing.assert_allclose((rho[:, 1, 1] - rho[:, 0, 0]).real, np.exp(-gamma * T) - 1, atol=1e-7)


def test_star_at_its_limit_keeps_a_dark_state():
    # K has the rate 0: 4.659 % of the energy and 0.239 % of the ergotropy stay for ever (J = 2, gamma = 1, bond 1/2)
    net = qb.network(qb.central(5), J=2.0, gamma=1.0, gamma_bond=0.5)
    ds = qb.evolve(net, qb.plus(5), [0.0, 60.0, 120.0])
    for name, kept in (("energy", 0.04659), ("ergotropy", 0.00239)):
        ratio = (ds[name] / ds[name][0]).values
        assert ratio[1] == pytest.approx(kept, abs=1e-4)
        assert ratio[2] == pytest.approx(ratio[1], abs=1e-6)
    ring = qb.network(qb.circular(5), J=2.0, gamma=1.0, gamma_bond=0.5)
    assert qb.evolve(ring, qb.plus(5), [0.0, 60.0], "energy").energy.values[-1] < 1e-4


def test_closed_battery_keeps_what_it_has():
    chain = qb.xx_chain([1.0, 2.0, 3.0], J=1.0)
    H = chain.H
    ds = qb.evolve(chain, qb.plus(3), T, {"total": lambda rho, b: qb.energy(rho, H), "purity": "purity"})
    np.testing.assert_allclose(ds.total, ds.total.values[0], atol=1e-7)
    np.testing.assert_allclose(ds.purity, 1, atol=1e-8)


def test_without_disorder_the_interaction_moves_no_energy():
    # [H0, H_int] = 0 for equal fields: the first term of Eq. (8) of [arjmandi2022] vanishes
    chain = qb.xx_chain([10.0] * 3, J=20.0, gamma=1.0)
    ds = qb.evolve(chain, qb.plus(3), T, ("power_interaction", "energy"))
    np.testing.assert_allclose(ds.power_interaction, 0, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_energy_balance(seed):
    # Eq. (8) of [arjmandi2022]: dU/dt = -i tr(rho [H0, H]) + tr(D(rho) H0), against finite differences
    omega = qb.random_fields(3, 2.0, B0=3.0, rng=np.random.default_rng(seed))
    chain = qb.xx_chain(omega, J=4.0, gamma=1.0)
    h = 1e-3
    t = np.linspace(0, 1, 1001)
    ds = qb.evolve(chain, qb.plus(3), t, ("energy", "power", "power_interaction", "power_dissipation"), rtol=1e-11)
    slope = (ds.energy.values[2:] - ds.energy.values[:-2]) / (2 * h)
    np.testing.assert_allclose(ds.power[1:-1], slope, atol=2e-4)
    np.testing.assert_allclose(ds.power, ds.power_interaction + ds.power_dissipation, atol=1e-10)


# --- symmetries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("geometry", qb.GEOMETRIES)
def test_uniform_frequency_drops_out(geometry):
    # rotating frame: omega changes neither the normalised ergotropy nor the concurrence
    names = ("ergotropy", "concurrence")
    one, ten = (qb.evolve(five_cells(geometry, N=3, omega=w), qb.plus(3), T, names) for w in (1.0, 10.0))
    np.testing.assert_allclose(ten.ergotropy / 10, one.ergotropy, atol=1e-7)
    np.testing.assert_allclose(ten.concurrence, one.concurrence, atol=1e-6)


@pytest.mark.parametrize("state", ["plus", "classical"])
def test_sign_of_the_exchange_drops_out_for_real_states(state):
    # complex conjugation: J -> -J changes nothing for equal frequencies and a real state
    ds = [qb.evolve(five_cells("central", N=4, J=j), BUILD[state](4), T) for j in (2.0, -2.0)]
    np.testing.assert_allclose(ds[0].ergotropy, ds[1].ergotropy, atol=1e-8)


def test_diagonal_product_states_ignore_the_exchange():
    # without collective decay a uniform diagonal product state stays one, whatever J
    ds = [qb.evolve(qb.network(qb.linear(4), J=j, gamma=0.5), qb.classical(4), T) for j in (0.0, 3.0)]
    np.testing.assert_allclose(ds[0].ergotropy, ds[1].ergotropy, atol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_relabelled_cells_evolve_alike(seed):
    rng = np.random.default_rng(seed)
    N = 4
    order = rng.permutation(N)
    K, J = positive_rates(N, rng), rng.normal(size=(N, N))
    J = np.triu(J, 1) + np.triu(J, 1).T
    omega, edges = rng.random(N) * 3, graph(N, rng, 0.7)
    where = np.argsort(order)

    def net(o):
        k = K[np.ix_(o, o)]
        bonds = [(int(np.argsort(o)[i]), int(np.argsort(o)[j])) for i, j in edges]
        return qb.network(
            bonds, N, omega=omega[o], J=J[np.ix_(o, o)], gamma=np.diag(k), gamma_bond=k - np.diag(np.diag(k))
        )

    rho = qubits(density(2**N, rng))
    names = [n for n in qb.MEASURES if n != "concurrence" or edges]
    t = np.array([0.0, 0.4, 1.0])
    a = qb.evolve(net(np.arange(N)), rho, t, names)
    b = qb.evolve(net(order), rho.permute([int(k) for k in order]), t, names)
    assert len(where) == N
    for name in names:
        tol = 1e-5 if name == "concurrence" else 1e-7  # the concurrence is the square root of the state error
        np.testing.assert_allclose(a[name], b[name], atol=tol, err_msg=name)


def test_leaves_of_the_star_stay_alike():
    ds = qb.evolve(five_cells("central", N=4), qb.plus(4), T, "energy", states=True)
    rho = ds.rho.values.reshape(-1, *[2] * 8)
    swapped = rho.transpose(0, 1, 3, 2, 4, 5, 7, 6, 8)
    np.testing.assert_allclose(rho, swapped, atol=1e-9)


# --- convergence ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["auto", "qutip"])
def test_tighter_tolerances_change_nothing(solver):
    net = five_cells("central", N=4)
    names = ("energy", "ergotropy", "l1_coherence", "concurrence")
    loose = qb.evolve(net, qb.plus(4), T, names, solver=solver)
    tight = qb.evolve(net, qb.plus(4), T, names, solver=solver, rtol=1e-10, atol=1e-12)
    for name in names:
        np.testing.assert_allclose(loose[name], tight[name], atol=1e-6, err_msg=name)


def test_more_times_change_nothing():
    net = five_cells("linear", N=3)
    coarse, fine = (qb.evolve(net, qb.plus(3), np.linspace(0, 2, n)) for n in (5, 41))
    np.testing.assert_allclose(coarse.ergotropy, fine.ergotropy[::10], atol=1e-8)


# --- the Dataset ----------------------------------------------------------------------------------------------------


def test_every_variable_is_labelled():
    ds = qb.evolve(five_cells("linear", N=2), qb.plus(2), T, list(qb.MEASURES), states=True)
    for name, variable in ds.variables.items():
        if name not in ("row", "col"):
            assert variable.attrs["long_name"]
            assert variable.attrs["units"]
    assert set(qb.MEASURES) < set(ds.data_vars)


def test_attributes_carry_the_provenance():
    ds = qb.evolve(five_cells("linear", N=2), qb.plus(2), T)
    parameters, certificate = json.loads(ds.attrs["parameters"]), json.loads(ds.attrs["certificate"])
    assert parameters["decay_matrix"] == [[0.5, 0.25], [0.25, 0.5]]
    assert certificate["trace_error"] < 1e-8
    assert certificate["hermiticity_error"] < 1e-10
    assert certificate["lowest_eigenvalue"] > -1e-7
    for key in ("solver", "solver_reason", "parameters_sha256", "qbsim_version", "qutip_version"):
        assert key in ds.attrs
    # only tolerances that the solver has: the dense exponential is exact to rounding
    assert not {"rtol", "atol"} & set(ds.attrs)
    assert qb.evolve(five_cells("linear", N=2), qb.plus(2), T, solver="network").attrs.keys() >= {"rtol"}
    assert qb.evolve(five_cells("linear", N=2), qb.plus(2), T, solver="qutip").attrs.keys() >= {"rtol", "atol"}
    assert all(isinstance(v, str | int | float) for v in ds.attrs.values())


def test_units_follow_the_battery():
    net = qb.network(qb.linear(2), gamma=1.0, unit="Gamma")
    ds = qb.evolve(net, qb.plus(2), T, ("energy", "power", "efficiency"))
    assert [ds[n].attrs["units"] for n in ("energy", "power", "efficiency", "time")] == [
        "Gamma",
        "Gamma^2",
        "1",
        "1/Gamma",
    ]


def test_measures_of_ones_own():
    ds = qb.evolve(qb.single_cell(gamma=1.0), qb.full(1), T, {"p": lambda rho, b: rho[1, 1].real, "W": "ergotropy"})
    np.testing.assert_allclose(ds.p, np.exp(-T), atol=1e-8)
    assert ds.W.values[0] == 1


def test_no_bonds_leaves_a_reason():
    with pytest.warns(qb.MeasureWarning, match="no bonds"):
        ds = qb.evolve(qb.single_cell(gamma=1.0), qb.plus(1), [0.0, 1.0], "concurrence")
    assert np.isnan(ds.concurrence).all()
    assert "no bonds" in ds.concurrence.attrs["reason"]


def test_saved_file_opens_with_plain_xarray(tmp_path):
    ds = qb.evolve(five_cells("linear", N=2), qb.plus(2), T, states=True)
    qb.save(ds, tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc") as stored:
        np.testing.assert_array_equal(stored.rho_re + 1j * stored.rho_im, ds.rho)
        assert stored.attrs["solver"] == ds.attrs["solver"]
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]


def test_failed_save_leaves_nothing_behind(tmp_path):
    ds = qb.evolve(qb.single_cell(gamma=1.0), qb.full(1), T)
    ds.attrs["impossible"] = object()
    with pytest.raises(TypeError):
        qb.save(ds, tmp_path / "run.nc")
    assert list(tmp_path.iterdir()) == []


# --- refused input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tlist", "error", "words"),
    [
        ([], ValueError, "non-empty"),
        ([0, 1, 1], ValueError, r"strictly increasing, but entry 2 \(1\)"),
        ([0, 2, 1], ValueError, "strictly increasing"),
        ([0, np.nan], ValueError, "finite"),
        ([[0, 1]], ValueError, "non-empty list of times"),
        (["0"], TypeError, "real numbers"),
    ],
)
def test_times_must_increase(tlist, error, words):
    with pytest.raises(error, match=words):
        qb.evolve(qb.single_cell(gamma=1.0), qb.full(1), tlist)


@pytest.mark.parametrize(
    ("rho", "error", "words"),
    [
        (qb.full(2), ValueError, "dims"),
        (2 * qb.full(1), ValueError, "normalised"),
        (Qobj(np.diag([2.0, -1.0])), ValueError, "positive"),
        (Qobj(np.diag([0.5, 0.4])), ValueError, "trace 1"),
        (np.array([1, 0]), TypeError, "must be a state"),
    ],
)
def test_initial_state_must_be_one(rho, error, words):
    with pytest.raises(error, match=words):
        qb.evolve(qb.single_cell(gamma=1.0), rho, T)


def test_unknown_names_are_met_with_the_nearest():
    cell = qb.single_cell(gamma=1.0)
    with pytest.raises(ValueError, match=r"Unknown measure 'ergotopy'. Did you mean 'ergotropy'\?"):
        qb.evolve(cell, qb.full(1), T, "ergotopy")
    with pytest.raises(ValueError, match=r"Unknown solver 'qutpi'. Did you mean 'qutip'\?"):
        qb.evolve(cell, qb.full(1), T, solver="qutpi")
    with pytest.raises(ValueError, match="at least one measure"):
        qb.evolve(cell, qb.full(1), T, ())
    with pytest.raises(TypeError, match="battery must be a Battery"):
        qb.evolve(cell.H, qb.full(1), T)


def test_states_that_do_not_fit_are_forecast():
    net = qb.network(qb.linear(10), gamma=1.0)
    with pytest.raises(MemoryError, match=r"states=True would keep 15\.6 GiB .* limit of 4 GiB"):
        qb.evolve(net, qb.full(10), np.linspace(0, 1, 1000), states=True)


def test_import_stays_light():
    # import qbsim costs at most half as much again as import qutip, and loads none of the heavy optional parts
    code = "import qbsim, sys; print([m for m in ('xarray', 'pandas', 'numba', 'h5py', 'tqdm') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "act",
    [
        lambda: qb.half_life([0, 1, 2], [1.0, 0.9, 0.8]),
        lambda: qb.relative_gain([0.0, 1.0]),
        lambda: qb.network([(1, 2)]),
        lambda: qb.network(qb.central(5), gamma=1.0, gamma_bond=0.9, allow_unphysical=True),
        lambda: qb.mean_concurrence(qb.plus(2), []),
        lambda: qb.evolve(qb.oscillator(4, kappa=0.1), qutip.basis(4, 3), [0.0, 0.1]),
    ],
)
def test_warnings_point_at_the_callers_line(act):
    with pytest.warns(UserWarning, match=".") as caught:
        act()
    assert {w.filename for w in caught} == {__file__}
