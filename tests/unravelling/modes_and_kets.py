"""Gaussian states of a few modes, made by hand, and the same states as kets."""

import numpy as np
import scipy.linalg


def fermions(M):
    """Annihilators of M modes on 2^M levels, the first mode first."""
    sign, lower = np.diag([1.0, -1.0]), np.array([[0.0, 1.0], [0.0, 0.0]])
    out = []
    for k in range(M):
        op = np.eye(1)
        for j in range(M):
            op = np.kron(op, sign if j < k else lower if j == k else np.eye(2))
        out.append(op)
    return out


def operator(column, ops):
    """sum_k a_k c_k + b_k c^+_k of one column (2M,)."""
    M = len(ops)
    return sum(column[k] * ops[k] + column[M + k] * ops[k].T for k in range(M))


def ket(state):
    """The vector that all columns of a state (2M, M) annihilate."""
    ops = fermions(state.shape[1])
    columns = [operator(column, ops) for column in state.T]
    values, vectors = np.linalg.eigh(sum(d.conj().T @ d for d in columns))
    assert values[0] < 1e-9 < values[1]
    return vectors[:, 0]


def string_kets(modes):
    """Kets (2^M, 2^M) of all strings of some modes, in columns, and the strings (2^M, M)."""
    M = modes.shape[1]
    ops = fermions(M)
    raising = [operator(column, ops).conj().T for column in modes.T]
    strings = (np.arange(2**M)[:, None] >> np.arange(M)[::-1]) & 1
    vacuum, out = ket(modes), []
    for string in strings:
        vector = vacuum
        for m in reversed(np.flatnonzero(string)):
            vector = raising[m] @ vector
        out.append(vector)
    return np.array(out).T, strings.astype(np.uint8)


def in_code(vector, N):
    """Cells' ket of a coded one, sum_x psi_x |parity(x), x>."""
    x = np.arange(2**N)
    parity = np.array([int(i).bit_count() % 2 for i in x])
    return vector[..., (parity << N) | x]


def plus(N):
    """The coded state |+...+>: walls between all neighbours, the ancilla included, are empty."""
    M = N + 1
    state = np.zeros((2 * M, M), dtype=complex)
    for j in range(M):
        k, sign = (j + 1) % M, 1 if j < N else -1
        state[j, j] += -0.5
        state[M + j, j] += 0.5
        state[k, j] += 0.5 * sign
        state[M + k, j] += 0.5 * sign
    return state


def filled(cells):
    """Product state of empty and filled cells, without ancilla."""
    M = len(cells)
    state = np.zeros((2 * M, M), dtype=complex)
    state[[k + M * int(n) for k, n in enumerate(cells)], range(M)] = 1
    return state


def lost(state, k, ancilla):
    """State after the loss of an excitation of cell k."""
    M = state.shape[1]
    row = k + ancilla
    after = np.zeros_like(state)
    after[:, 1:] = state @ scipy.linalg.null_space(state[M + row][None, :])
    after[row, 0] = 1
    if ancilla:
        after[1:M] *= -1
        after[M + 1 :] *= -1
        after[[0, M]] = after[[M, 0]]
    after[:row] *= -1
    after[M : M + row] *= -1
    return np.linalg.qr(after)[0]


def propagator(omega, J, time, ancilla, gamma=1.0):
    """Evolution of the rows of a state in a chain without jumps."""
    N, M = len(omega), len(omega) + ancilla
    h = np.zeros((M, M), dtype=complex)
    cells = np.arange(N) + ancilla
    h[cells, cells] = omega - 0.5j * gamma
    h[cells[:-1], cells[1:]] = h[cells[1:], cells[:-1]] = J
    return scipy.linalg.block_diag(scipy.linalg.expm(1j * time * h).T, scipy.linalg.expm(-1j * time * h))


def trajectories(start, omega, J, time, R, seed, ancilla, steps=30):
    """R trajectories of a chain with loss of rate 1 in small steps, (R, 2M, M)."""
    rng = np.random.default_rng(seed)
    M, step = start.shape[1], propagator(omega, J, time / steps, ancilla)
    out = []
    for _ in range(R):
        state = start
        for _ in range(steps):
            state = np.linalg.qr(step @ state)[0]
            rates = np.sum(np.abs(state[M + ancilla :]) ** 2, axis=1) * time / steps
            if rng.random() < rates.sum():
                state = lost(state, rng.choice(len(omega), p=rates / rates.sum()), ancilla)
        out.append(state)
    return np.array(out)
