"""Work of unitaries on one cell or one block while H0 couples it to the rest: closed forms, second routes, bounds."""

import numpy as np
import pytest
import qutip
import scipy.linalg
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st
from qutip import Qobj
from random_states import density, hermitian, qubits, seeds, unitary

import qbsim as qb
from qbsim.measures.local_ergotropy import _form, _of_block, _of_qubit

SETTINGS = settings(deadline=None, max_examples=40)


def on_block(V, block, dims):
    """Unitary on a block, identity on the other cells."""
    sizes = [dims[k] for k in block]
    return qutip.expand_operator(Qobj(V, dims=[sizes, sizes]), dims, block)


def extracted(rho, H, V):
    return qb.energy(rho, H) - (V * rho * V.dag() * H).tr().real


@given(N=st.integers(2, 3), seed=seeds)
@SETTINGS
def test_one_qubit_by_quaternions(N, seed):
    # Davenport: with U = q_0 - i q.sigma the energy is a quadratic form on the sphere, least at its lowest eigenvalue
    rng = np.random.default_rng(seed)
    rho, H, k = qubits(density(2**N, rng)), qubits(hermitian(2**N, rng)), int(rng.integers(N))
    sigma = [
        qutip.qeye([2] * N),
        *(s(k, N) for s in (qb.operators.sigma_x, qb.operators.sigma_y, qb.operators.sigma_z)),
    ]
    parts = [sigma[0], *(-1j * s for s in sigma[1:])]
    form = np.array([[((a * rho * b.dag() * H).tr()).real for b in parts] for a in parts])
    lowest, vectors = np.linalg.eigh((form + form.T) / 2)
    W = qb.local_ergotropy(rho, H, cells=[k])
    assert pytest.approx(qb.energy(rho, H) - lowest[0], abs=1e-12) == W
    V = sum(q * a for q, a in zip(vectors[:, 0], parts, strict=True))
    assert extracted(rho, H, V) == pytest.approx(W, abs=1e-12)
    assert -1e-12 <= W <= qb.ergotropy(rho, H) + 1e-12


@pytest.mark.parametrize("J", [1.0, -1.0])
def test_bell_states_of_an_exchange_pair(J):
    # H = J (s+s- + h.c.) = (J/2)(sx sx + sy sy). A rotation of one cell turns the Bell states into each other: the
    # energies are J, -J, 0, 0, so the lowest of them, -|J|, is what one cell can reach
    H = qb.network(qb.linear(2), omega=0.0, J=J, H0="battery").H0
    for name in ("00", "01", "10", "11"):
        bell = qutip.bell_state(name)
        for cell in (0, 1):
            W = qb.local_ergotropy(bell, H, cells=[cell])
            assert pytest.approx(qb.energy(bell, H) + 1, abs=1e-12) == W


@pytest.mark.parametrize("Delta", [-2.0, 0.3, 1.0, 2.0])
def test_a_singlet_of_an_xxz_pair(Delta):
    # M = diag(c) with the correlations -1 of the singlet: (J/4)(sx sx + sy sy + Delta sz sz) gives
    # M = -(J/4) diag(1, 1, Delta), whose determinant has the sign of -Delta
    H = qb.xxz_chain([0.0, 0.0], J=1.0, Delta=Delta, H0="battery").H0
    s = np.sort(np.abs([1, 1, Delta]))[::-1] / 4
    expected = -(2 + Delta) / 4 + s[0] + s[1] + np.sign(Delta) * s[2]
    assert qb.local_ergotropy(qutip.singlet_state(), H, cells=[1]) == pytest.approx(expected, abs=1e-12)


def test_a_cell_at_the_end_of_a_chain_in_a_product_state():
    # neighbours along x act on the cell as a field: h = (J/4, 0, w/2) in sigma, r along x, W = h.r + |h|
    J, w = 1.4, 0.9
    H = qb.xxz_chain([w] * 4, J=J, Delta=0.5, H0="battery").H0
    expected = J / 4 + np.hypot(J / 4, w / 2)
    assert qb.local_ergotropy(qb.plus(4), H, cells=[0]) == pytest.approx(expected, abs=1e-12)
    inner = J / 2 + np.hypot(J / 2, w / 2)  # two neighbours
    assert qb.local_ergotropy(qb.plus(4), H, cells=[2]) == pytest.approx(inner, abs=1e-12)


@given(seed=seeds)
@settings(deadline=None, max_examples=10)
def test_without_coupling_a_block_has_the_ergotropy_of_its_state(seed):
    rng = np.random.default_rng(seed)
    rho = qubits(density(8, rng))
    local = [Qobj(hermitian(2, rng)) for _ in range(3)]
    one = [qutip.expand_operator(h, [2] * 3, [k]) for k, h in enumerate(local)]
    H = sum(one)
    alone = [qb.local_ergotropy(rho, H, cells=[k]) for k in range(3)]
    for k in range(3):
        assert alone[k] == pytest.approx(qb.ergotropy(rho.ptrace(k), local[k]), abs=1e-12)
    assert qb.local_ergotropy(rho, H) == pytest.approx(sum(alone), abs=1e-12)
    two = qutip.tensor(local[0], qutip.qeye(2)) + qutip.tensor(qutip.qeye(2), local[2])
    assert qb.local_ergotropy(rho, H, cells=[2, 0]) == pytest.approx(qb.ergotropy(rho.ptrace([0, 2]), two), abs=1e-9)
    inside = H + on_block(hermitian(4, rng), [0, 2], [2] * 3)  # a coupling within the block
    own = (inside - one[1]).ptrace([0, 2]) / 2
    assert qb.local_ergotropy(rho, inside, cells=[0, 2]) == pytest.approx(
        qb.ergotropy(rho.ptrace([0, 2]), own), abs=1e-9
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_optimiser_of_blocks_finds_the_closed_form_of_a_qubit(seed):
    rng = np.random.default_rng(seed)
    rho, H = qubits(density(8, rng)), qubits(hermitian(8, rng))
    K = _form(rho.full(), H.full(), [2] * 3, [1])
    assert _of_block(K, rho.ptrace(1).full()) == pytest.approx(_of_qubit(K), abs=1e-9)


@pytest.mark.parametrize(("dims", "block"), [([2, 2, 2], [0, 2]), ([3, 2], [0]), ([2, 3, 2], [1])])
def test_a_block_gives_at_least_what_is_known_and_at_most_the_ergotropy(dims, block):
    rng = np.random.default_rng([*dims, *block])
    D, m = int(np.prod(dims)), int(np.prod([dims[k] for k in block]))
    rho, H = (Qobj(x, dims=[dims, dims]) for x in (density(D, rng), hermitian(D, rng)))
    W = qb.local_ergotropy(rho, H, cells=block)
    assert qb.ergotropy(rho, H) + 1e-12 >= W
    assert qb.local_ergotropy(rho, H, cells=block) == W
    assert max(extracted(rho, H, on_block(unitary(m, rng), block, dims)) for _ in range(200)) <= W
    if dims == [2, 2, 2]:
        assert max(qb.local_ergotropy(rho, H, cells=[k]) for k in block) <= W + 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_another_minimiser_finds_no_more_work_of_a_block(seed):
    # BFGS over the generators of the unitaries, from the identity and from a random point
    rng = np.random.default_rng(seed)
    rho = qubits(density(8, rng))
    H = qb.xxz_chain(rng.uniform(0.5, 2, 3), J=1.0, Delta=0.5, H0="battery").H0
    basis = [hermitian(4, rng) for _ in range(16)]
    r, h = rho.full(), H.full()

    def energy_after(x):
        V = np.kron(scipy.linalg.expm(1j * np.tensordot(x, basis, 1)), np.eye(2))
        return np.vdot(V.conj().T @ h @ V, r).real

    starts = [np.zeros(16), rng.normal(size=16)]
    best = min(scipy.optimize.minimize(energy_after, x, tol=1e-9).fun for x in starts)
    W = qb.local_ergotropy(rho, H, cells=[0, 1])
    assert pytest.approx(qb.energy(rho, H) - best, abs=1e-6) == W


def test_all_cells_give_the_ergotropy():
    rng = np.random.default_rng(1)
    rho, H = qubits(density(8, rng)), qubits(hermitian(8, rng))
    assert qb.local_ergotropy(rho, H, cells=[2, 0, 1]) == pytest.approx(qb.ergotropy(rho, H), abs=1e-12)
    ket = Qobj(rng.normal(size=8), dims=[[2] * 3, [1] * 3]).unit()
    assert qb.local_ergotropy(ket, H, cells=[1]) == pytest.approx(
        qb.local_ergotropy(ket.proj(), H, cells=[1]), abs=1e-12
    )


def test_a_coupled_battery_says_how_to_name_a_block():
    chain = qb.xxz_chain([1.0, 1.0, 1.0], J=1.0, Delta=0.5, H0="battery")
    with pytest.raises(ValueError, match=r"H0 couples cells: name a block, .*cells=\[0\]"):
        qb.evolve(chain, qb.plus(3), [0.0, 1.0], "local_ergotropy")
    first = {"first": lambda rho, battery: qb.local_ergotropy(rho, battery.H0, cells=[0])}
    ds = qb.evolve(chain, qb.plus(3), [0.0, 1.0], first)
    assert (ds["first"] > 0.1).all()
