"""Figures of merit: closed forms, properties on random states, second routes, external numbers."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import qutip
import scipy.sparse
from analytic import ergotropy as overlap_ergotropy
from hypothesis import given, settings
from hypothesis import strategies as st
from qutip import Qobj
from random_states import density, hermitian, qubits, seeds, unitary

import qbsim as qb
from qbsim.battery import Battery
from qbsim.measures.entanglement import concurrence_of_pairs

CASES = json.loads((Path(__file__).parents[1] / "data" / "reference.json").read_text())["ergotropy"]["cases"]
SETTINGS = settings(deadline=None, max_examples=40)
dimensions = st.integers(2, 8)


def spectra(p, e):
    """Diagonal state and Hamiltonian."""
    return Qobj(np.diag(np.asarray(p, dtype=float))), Qobj(np.diag(np.asarray(e, dtype=float)))


# --- ergotropy: closed forms and external numbers -------------------------------------------------------------------


@given(seed=seeds)
@SETTINGS
def test_qubit_ergotropy(seed):
    # W = (|r| + r_z) / 2 with r_z > 0 for excited; without coherence max(0, r_z), the rest is coherent
    rho = density(2, np.random.default_rng(seed))
    rz = (rho[1, 1] - rho[0, 0]).real
    r = np.sqrt(rz**2 + 4 * abs(rho[0, 1]) ** 2)
    H = qb.single_cell().H0
    assert qb.ergotropy(Qobj(rho), H) == pytest.approx((r + rz) / 2, abs=1e-12)
    assert qb.incoherent_ergotropy(Qobj(rho), H) == pytest.approx(max(0, rz), abs=1e-12)
    assert qb.coherent_ergotropy(Qobj(rho), H) == pytest.approx((r + rz) / 2 - max(0, rz), abs=1e-12)


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_reference_states(case):
    rho = Qobj(np.array(case["rho_re"]) + 1j * np.array(case["rho_im"]))
    H = Qobj(np.array(case["h"], dtype=complex))
    assert qb.energy(rho, H) == pytest.approx(case["energy"], abs=1e-10)
    assert qb.ergotropy(rho, H) == pytest.approx(case["ergotropy"], abs=1e-10)
    assert qb.entropy(rho) == pytest.approx(case["entropy_nats"], abs=1e-10)


def test_five_level_example_of_the_chapter():
    # L_z = diag(-2, ..., 2), populations 0.1, 0.2, 0, 0.3, 0.4: 17/10 (the caption prints 1.8, the Gibbs bound)
    rho, H = spectra([0.1, 0.2, 0.0, 0.3, 0.4], [-2, -1, 0, 1, 2])
    assert qb.ergotropy(rho, H) == pytest.approx(1.7, abs=1e-14)
    best = max(np.diag(H.full()).real @ (rho.diag() - rho.diag()[list(p)]) for p in itertools.permutations(range(5)))
    assert best == pytest.approx(1.7, abs=1e-14)


def copies(rho, H, n):
    """n independent copies of a battery cell."""
    total = sum(qutip.tensor([H if j == k else qutip.qeye(rho.shape[0]) for j in range(n)]) for k in range(n))
    return qutip.tensor([rho] * n), total


@pytest.mark.parametrize(("n", "expected"), [(1, 0), (2, 0), (3, 0), (4, 0), (5, 5 / 7776), (6, 65 / 23328)])
def test_copies_of_a_passive_state_are_not_passive(n, expected):
    # exact fractions: p = (1/2, 1/3, 1/6), e = (0, 1, 2) stays passive up to four copies
    rho, H = copies(*spectra([1 / 2, 1 / 3, 1 / 6], [0, 1, 2]), n)
    assert qb.ergotropy(rho, H) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("n", "per_copy"), [(1, 0.0), (2, 0.0), (3, 0.001203), (4, 0.003082)])
def test_gain_of_copies_of_the_three_level_state(n, per_copy):
    # levels 0, 0.579, 1 and populations 538, 237, 224 of 999, [alicki2013]; the limit is 0.0082877
    rho, H = copies(*spectra(np.array([538, 237, 224]) / 999, [0, 0.579, 1]), n)
    gain = qb.ergotropy(rho, H) / n
    assert gain == pytest.approx(per_copy, abs=1e-6)
    assert gain < 0.0082877


def test_different_cells_together_give_more_than_alone():
    # three cells with unequal levels: a passive product for each cell, not for all of them
    net = qb.network((), 3, omega=[1.0, 1.5, 2.2])
    rho = qutip.tensor([Qobj(np.diag([1 - p, p])) for p in (0.45, 0.2, 0.4)])
    assert qb.local_ergotropy(rho, net.H0) == pytest.approx(0, abs=1e-14)
    assert qb.ergotropy(rho, net.H0) > 1e-2


# --- ergotropy: properties ------------------------------------------------------------------------------------------


@given(d=dimensions, seed=seeds, degenerate=st.booleans())
@SETTINGS
def test_three_routes_to_the_ergotropy(d, seed, degenerate):
    # sorted spectra, the double sum over overlaps of Eq. (4) of [arjmandi2022], and the optimal unitary itself
    rng = np.random.default_rng(seed)
    rho, H = density(d, rng), hermitian(d, rng, degenerate)
    W = qb.ergotropy(Qobj(rho), Qobj(H))
    assert pytest.approx(overlap_ergotropy(rho, H), abs=1e-10) == W
    r, h = np.linalg.eigh(rho)[1][:, ::-1], np.linalg.eigh(H)[1]
    V = h @ r.conj().T
    assert np.trace((rho - V @ rho @ V.conj().T) @ H).real == pytest.approx(W, abs=1e-10)
    assert qb.energy(qb.passive_state(Qobj(rho), Qobj(H)), Qobj(H)) == pytest.approx(
        np.trace(rho @ H).real - W, abs=1e-10
    )


@given(d=dimensions, seed=seeds)
@SETTINGS
def test_no_unitary_extracts_more(d, seed):
    rng = np.random.default_rng(seed)
    rho, H = density(d, rng), hermitian(d, rng)
    W = qb.ergotropy(Qobj(rho), Qobj(H))
    for _ in range(10):
        V = unitary(d, rng)
        assert np.trace((rho - V @ rho @ V.conj().T) @ H).real <= W + 1e-12


@given(d=dimensions, seed=seeds, shift=st.floats(-5, 5), scale=st.floats(0.1, 5))
@SETTINGS
def test_invariances_of_the_ergotropy(d, seed, shift, scale):
    # unchanged by H + c, proportional to H, unchanged by a joint unitary, between 0 and U - E_ground, convex in rho
    rng = np.random.default_rng(seed)
    rho, H, V = density(d, rng), hermitian(d, rng), unitary(d, rng)
    W = qb.ergotropy(Qobj(rho), Qobj(H))
    assert qb.ergotropy(Qobj(rho), Qobj(H + shift * np.eye(d))) == pytest.approx(W, abs=1e-10)
    assert qb.ergotropy(Qobj(rho), Qobj(scale * H)) == pytest.approx(scale * W, abs=1e-10)
    rotated = (V @ rho @ V.conj().T + (V @ rho @ V.conj().T).conj().T) / 2
    H_rotated = (V @ H @ V.conj().T + (V @ H @ V.conj().T).conj().T) / 2
    assert qb.ergotropy(Qobj(rotated), Qobj(H_rotated)) == pytest.approx(W, abs=1e-10)
    assert -1e-12 <= W <= qb.energy(Qobj(rho), Qobj(H)) - np.linalg.eigvalsh(H)[0] + 1e-12
    other = density(d, rng)
    mixture = qb.ergotropy(Qobj(0.3 * rho + 0.7 * other), Qobj(H))
    assert mixture <= 0.3 * W + 0.7 * qb.ergotropy(Qobj(other), Qobj(H)) + 1e-12


@given(d=dimensions, seed=seeds, beta=st.floats(0.1, 5))
@SETTINGS
def test_gibbs_states_bound_the_ergotropy(d, seed, beta):
    # a Gibbs state is passive, and at equal entropy it is the state of least energy: W <= U - U_Gibbs
    rng = np.random.default_rng(seed)
    H = Qobj(hermitian(d, rng))
    gibbs = (-beta * H).expm().unit()
    gibbs = (gibbs + gibbs.dag()) / 2
    assert qb.ergotropy(gibbs, H) == pytest.approx(0, abs=1e-10)
    V = Qobj(unitary(d, rng))
    turned = V * gibbs * V.dag()
    turned = (turned + turned.dag()) / 2
    assert qb.ergotropy(turned, H) == pytest.approx(qb.energy(turned, H) - qb.energy(gibbs, H), abs=1e-9)
    rho = Qobj(density(d, rng))
    W, U, S = qb.ergotropy(rho, H), qb.energy(rho, H), qb.entropy(rho)
    grid = ((-b * H).expm().unit() for b in np.linspace(0, 40, 400))
    colder = next((g for g in grid if qutip.entropy_vn(g) < S), None)  # less entropy, hence less energy than the bound
    if colder is not None:
        assert U - qb.energy((colder + colder.dag()) / 2, H) + 1e-9 >= W


@given(d=dimensions, seed=seeds)
@SETTINGS
def test_passive_state(d, seed):
    # same spectrum, diagonal with H, populations fall with energy, no ergotropy left
    rng = np.random.default_rng(seed)
    rho, H = Qobj(density(d, rng)), Qobj(hermitian(d, rng))
    sigma = qb.passive_state(rho, H)
    np.testing.assert_allclose(sigma.eigenenergies(), rho.eigenenergies(), atol=1e-12)
    assert abs(qutip.commutator(sigma, H).full()).max() < 1e-10
    assert qb.ergotropy(sigma, H) == pytest.approx(0, abs=1e-12)


@given(N=st.integers(1, 3), seed=seeds)
@SETTINGS
def test_local_is_at_most_global(N, seed):
    # superadditivity: unitaries on single cells extract at most the ergotropy; equal for copies of one qubit state
    rng = np.random.default_rng(seed)
    net = qb.network((), N, omega=rng.random(N) + 0.1)
    rho = qubits(density(2**N, rng))
    assert -1e-12 <= qb.local_ergotropy(rho, net.H0) <= qb.ergotropy(rho, net.H0) + 1e-12
    one = Qobj(density(2, rng))
    same, H0 = qutip.tensor([one] * N), qb.network((), N).H0
    assert qb.ergotropy(same, H0) == pytest.approx(N * qb.ergotropy(one, qb.single_cell().H0), abs=1e-11)
    assert qb.local_ergotropy(same, H0) == pytest.approx(qb.ergotropy(same, H0), abs=1e-11)


@given(N=st.integers(1, 3), seed=seeds)
@SETTINGS
def test_coherence_adds_to_the_ergotropy(N, seed):
    # for H0 diagonal in the product basis both parts are non-negative and add up
    rng = np.random.default_rng(seed)
    H0 = qb.network((), N, omega=rng.normal(size=N)).H0
    rho = qubits(density(2**N, rng))
    parts = qb.incoherent_ergotropy(rho, H0), qb.coherent_ergotropy(rho, H0)
    assert min(parts) >= -1e-12
    assert sum(parts) == pytest.approx(qb.ergotropy(rho, H0), abs=1e-12)


# --- concurrence ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["00", "01", "10", "11"])
def test_bell_states_are_maximally_entangled(name):
    assert qb.mean_concurrence(qutip.bell_state(name), [(0, 1)]) == pytest.approx(1, abs=1e-12)


@given(seed=seeds)
@SETTINGS
def test_pure_state_concurrence(seed):
    # 2 |ad - bc|, exact to 1e-12, as a ket and as a density matrix
    rng = np.random.default_rng(seed)
    psi = rng.normal(size=4) + 1j * rng.normal(size=4)
    psi /= np.linalg.norm(psi)
    expected = 2 * abs(psi[0] * psi[3] - psi[1] * psi[2])
    ket = Qobj(psi, dims=[[2, 2], [1, 1]])
    assert qb.mean_concurrence(ket, [(0, 1)]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("p", [0, 0.2, 1 / 3, 0.5, 0.9, 1])
def test_werner_state_concurrence(p):
    # max(0, (3p - 1)/2)
    rho = p * qutip.bell_state("11").proj() + (1 - p) / 4 * qutip.qeye([2, 2])
    assert qb.mean_concurrence(rho, [(0, 1)]) == pytest.approx(max(0, (3 * p - 1) / 2), abs=1e-12)


def test_state_on_which_hermitian_eigensolvers_fail():
    # a pure state whose rho rho~ is not Hermitian, printed to eight digits in a bug report against another library
    row = [0.20194612, 0.33389518, 0.38001657, 0.08414212]
    psi = np.sqrt(np.array(row) / np.sum(row))
    assert qb.mean_concurrence(Qobj(psi, dims=[[2, 2], [1, 1]]), [(0, 1)]) == pytest.approx(0.451712, abs=1e-6)


@given(seed=seeds, rank=st.integers(1, 4))
@SETTINGS
def test_concurrence_agrees_with_qutip(seed, rank):
    rho = qubits(density(4, np.random.default_rng(seed), rank))
    C = qb.mean_concurrence(rho, [(0, 1)])
    assert 0 <= C <= 1 + 1e-12
    assert pytest.approx(qutip.concurrence(rho), abs=2e-7) == C  # QuTiP's route squares the error


@given(seed=seeds)
@SETTINGS
def test_concurrence_ignores_local_unitaries_and_their_order(seed):
    rng = np.random.default_rng(seed)
    rho = density(4, rng, 2)
    V = np.kron(unitary(2, rng), unitary(2, rng))
    swap = np.eye(4)[[0, 2, 1, 3]]
    values = concurrence_of_pairs(np.array([rho, V @ rho @ V.conj().T, swap @ rho @ swap]))
    np.testing.assert_allclose(values, values[0], atol=1e-7)


def test_mean_concurrence_is_the_mean_over_bonds():
    # Eq. (14) of [santos2021]: a Bell pair and two lonely cells on a star of four
    rho = qutip.tensor(qutip.bell_state("00"), qb.plus(2))
    assert qb.mean_concurrence(rho, qb.central(4)) == pytest.approx(1 / 3, abs=1e-12)
    assert qb.mean_concurrence(rho, [(0, 1)]) == pytest.approx(1, abs=1e-12)
    assert qb.mean_concurrence(rho, [(2, 3)]) == pytest.approx(0, abs=1e-12)


def test_no_bonds_no_concurrence():
    with pytest.warns(qb.MeasureWarning, match="no bonds"):
        assert np.isnan(qb.mean_concurrence(qb.plus(2), ()))


def test_concurrence_needs_two_levels():
    with pytest.raises(ValueError, match="two-level cells"):
        qb.mean_concurrence(qutip.tensor(qutip.basis(3, 0), qutip.basis(3, 1)), [(0, 1)])


# --- coherence, entropy, purity -------------------------------------------------------------------------------------


@given(d=dimensions, seed=seeds)
@SETTINGS
def test_coherence_bounds(d, seed):
    rng = np.random.default_rng(seed)
    rho = density(d, rng)
    plain = qb.l1_coherence(Qobj(rho), normalized=False)
    assert 0 <= plain <= d - 1 + 1e-12
    assert plain == pytest.approx(np.abs(rho).sum() - 1, abs=1e-12)
    assert qb.l1_coherence(Qobj(rho)) == pytest.approx(plain / (d - 1), abs=1e-12)
    uniform = Qobj(np.full((d, d), 1 / d))
    assert qb.l1_coherence(uniform) == pytest.approx(1, abs=1e-12)


@given(d=dimensions, seed=seeds)
@SETTINGS
def test_entropy_and_purity_agree_with_qutip(d, seed):
    rho = Qobj(density(d, np.random.default_rng(seed)))
    assert qb.entropy(rho) == pytest.approx(qutip.entropy_vn(rho), abs=1e-10)
    assert qb.purity(rho) == pytest.approx(rho.purity(), abs=1e-12)
    assert 0 <= qb.entropy(rho) <= np.log(d) + 1e-12


def test_pure_states_have_no_entropy():
    assert qb.entropy(qb.plus(2)) == pytest.approx(0, abs=1e-12)
    assert qb.purity(qb.plus(2)) == pytest.approx(1, abs=1e-12)


# --- symmetry -------------------------------------------------------------------------------------------------------


@given(seed=seeds)
@SETTINGS
def test_relabelling_the_cells_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    N = 3
    rho = qubits(density(2**N, rng))
    order = rng.permutation(N)
    omega = rng.normal(size=N)
    moved = rho.permute(list(order))  # new cell k is old cell order[k]
    where = np.argsort(order)
    edges = [(0, 1), (1, 2)]
    new_edges = [(int(where[i]), int(where[j])) for i, j in edges]
    H0, H0_moved = qb.network((), N, omega=omega).H0, qb.network((), N, omega=omega[order]).H0
    assert qb.ergotropy(moved, H0_moved) == pytest.approx(qb.ergotropy(rho, H0), abs=1e-12)
    assert qb.local_ergotropy(moved, H0_moved) == pytest.approx(qb.local_ergotropy(rho, H0), abs=1e-12)
    assert qb.l1_coherence(moved) == pytest.approx(qb.l1_coherence(rho), abs=1e-12)
    assert qb.mean_concurrence(moved, new_edges) == pytest.approx(qb.mean_concurrence(rho, edges), abs=1e-9)


@given(seed=seeds)
@SETTINGS
def test_kets_and_their_projectors_agree(seed):
    rng = np.random.default_rng(seed)
    psi = rng.normal(size=8) + 1j * rng.normal(size=8)
    ket = Qobj(psi / np.linalg.norm(psi), dims=[[2] * 3, [1] * 3])
    H0 = qb.network((), 3, omega=[1, 2, 3]).H0
    for f in (qb.energy, qb.ergotropy, qb.incoherent_ergotropy, qb.coherent_ergotropy, qb.local_ergotropy):
        assert f(ket, H0) == pytest.approx(f(ket.proj(), H0), abs=1e-11)
    assert qb.mean_concurrence(ket, qb.linear(3)) == pytest.approx(
        qb.mean_concurrence(ket.proj(), qb.linear(3)), abs=1e-7
    )
    # the ergotropy of a pure state is all its energy above the ground state
    assert qb.ergotropy(ket, H0) == pytest.approx(qb.energy(ket, H0), abs=1e-12)


# --- refused input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rho", "error", "words"),
    [
        (np.eye(2) / 2, TypeError, "must be a state"),
        (2 * qb.plus(1), ValueError, "normalised"),
        (qutip.qeye(2), ValueError, "trace 1"),
        (Qobj(np.diag([1.5, -0.5])), ValueError, "positive"),
        (Qobj([[0.5, 0.5], [0.0, 0.5]]), ValueError, "Hermitian"),
        (Qobj([[np.nan, 0], [0, 1]]), ValueError, "finite"),
        (Qobj(scipy.sparse.csr_matrix([[np.inf, 0], [0, 1]])), ValueError, "finite"),
        (qb.plus(1).dag(), ValueError, "ket or a density matrix"),
        (qb.plus(2), ValueError, "dims"),
        (Qobj(np.eye(4) / 4), ValueError, "dims"),
    ],
)
def test_what_is_not_a_state_is_refused(rho, error, words):
    H = qb.single_cell().H0
    for f in (qb.energy, qb.ergotropy, qb.passive_state, qb.incoherent_ergotropy, qb.local_ergotropy):
        with pytest.raises(error, match=words):
            f(rho, H)


def test_hamiltonian_must_be_one():
    for H in (np.eye(2), qb.plus(1)):
        with pytest.raises(TypeError, match="Hermitian operator"):
            qb.ergotropy(qb.plus(1), H)
    with pytest.raises(ValueError, match="H must be Hermitian, but differs from its adjoint by 2"):
        qb.ergotropy(qb.plus(1), 1j * qb.single_cell().H0)


def test_local_ergotropy_needs_a_sum_of_local_terms():
    chain = qb.network(qb.linear(2), J=1.0)
    with pytest.raises(ValueError, match="couples cells"):
        qb.local_ergotropy(qb.plus(2), chain.H)
    # an offset and off-diagonal local terms are fine: levels +-1 and +-1, from the top of the second cell
    H = qutip.tensor(qutip.sigmax(), qutip.qeye(2)) + 3 * qutip.qeye([2, 2]) + 2 * qb.network((), 2, omega=[0, 1]).H0
    rho = qutip.tensor((qutip.basis(2, 0) + qutip.basis(2, 1)).unit(), qb.full(1))
    assert qb.local_ergotropy(rho, H) == pytest.approx(4, abs=1e-12)


def test_battery_with_a_charger_measures_its_cells_only():
    # cells = (1,): everything is read from rho.ptrace(1)
    H0 = qb.single_cell().H0
    H = qutip.tensor(qutip.qeye(3), H0)
    b = Battery(H0, H, [], N=1, cells=[1])
    rho = qutip.tensor(qutip.basis(3, 2), qb.plus(1))
    ds = qb.evolve(b, rho, [0.0, 1.0], ["energy", "ergotropy", "l1_coherence", "purity"])
    np.testing.assert_allclose(ds.ergotropy, 0.5, atol=1e-9)
    np.testing.assert_allclose(ds.l1_coherence, 1.0, atol=1e-9)
