"""Closed forms with the equation numbers of their sources, and a dense generator written with numpy alone.

Nothing here uses qbsim: these are the other side of the comparisons.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

# --- one cell ------------------------------------------------------------------------------------------------------
# z is the population factor, c the coherence factor of a cell: rho_ee(t) = z rho_ee(0), |rho_eg(t)| = c |rho_eg(0)|.

RATES = {
    # Eq. (7) of [santos2021], Gamma = 1: both fall as exp(-Gamma t / 2)
    "santos2021": {"gamma": 0.5, "dephasing": 0.25},
    # plain amplitude damping at the same population rate
    "relaxation": {"gamma": 0.5, "dephasing": 0.0},
    # Eq. (3) of [arjmandi2022], Gamma = 1: the population falls as exp(-Gamma t)
    "arjmandi2022": {"gamma": 1.0, "dephasing": 0.0},
}


def factors(t, gamma, dephasing):
    """Population and coherence factors of one cell."""
    return np.exp(-gamma * t), np.exp(-(gamma / 2 + dephasing) * t)


def cell_energy(p, z):
    """U / omega for excited population p: Eq. (8) of [santos2021] and its like."""
    return p * z


def cell_ergotropy(p, c0, z, c):
    """W / omega = (|r| + r_z) / 2 for excited population p and coherence c0: Eqs. (8), (9) of [santos2021]."""
    rz = 2 * p * z - 1
    return (np.sqrt(rz**2 + 4 * (c0 * c) ** 2) + rz) / 2


STATES = {"full": (1.0, 0.0), "classical": (0.75, 0.0), "plus": (0.5, 0.5)}  # excited population, coherence

HALF_LIVES = {
    # captions of Fig. 2 of [santos2021] and below Eq. (8); the middle column is 2 ln(8/5)
    ("santos2021", "full"): 2 * np.log(4 / 3),
    ("santos2021", "classical"): 2 * np.log(6 / 5),
    ("santos2021", "plus"): 2 * np.log(2 * (1 + np.sqrt(6)) / 5),
    ("relaxation", "full"): 2 * np.log(4 / 3),
    ("relaxation", "classical"): 2 * np.log(6 / 5),
    ("relaxation", "plus"): 2 * np.log(8 / 5),
    ("arjmandi2022", "full"): np.log(4 / 3),
    ("arjmandi2022", "classical"): np.log(6 / 5),
    ("arjmandi2022", "plus"): np.log(8 / 5),
}

# --- two cells -----------------------------------------------------------------------------------------------------


def pair_energy(t, gamma, gamma_bond):
    """U / omega of two cells from |ee> with collective decay, for any exchange between them."""
    a, b, p = gamma + gamma_bond, gamma - gamma_bond, np.exp(-2 * gamma * t)
    return 2 * p + (a / b) * (np.exp(-a * t) - p) + (b / a) * (np.exp(-b * t) - p)


def superradiant_pair(t, rate):
    """Populations of |ee>, of the symmetric single excitation, and of |gg> under purely collective decay from |ee>."""
    p = np.exp(-2 * rate * t)
    s = 2 * rate * t * p
    return p, s, 1 - p - s


# --- positivity of the decay matrix --------------------------------------------------------------------------------


def lowest_adjacency(geometry, N):
    """Smallest eigenvalue of the adjacency matrix of a geometry of N >= 2 cells."""
    if geometry == "linear":
        return -2 * np.cos(np.pi / (N + 1))
    if geometry == "circular":
        return -1.0 if N == 2 else (-2.0 if N % 2 == 0 else -2 * np.cos(np.pi / N))
    if geometry == "central":
        return -np.sqrt(N - 1)
    return -1.0


def largest_adjacency(geometry, N):
    """Largest eigenvalue of the adjacency matrix of a geometry of N >= 2 cells."""
    if geometry == "linear":
        return 2 * np.cos(np.pi / (N + 1))
    if geometry == "circular":
        return 1.0 if N == 2 else 2.0
    return np.sqrt(N - 1) if geometry == "central" else N - 1.0


# --- the generator, with numpy alone -------------------------------------------------------------------------------

LOWER = np.array([[0.0, 1.0], [0.0, 0.0]])  # |g><e| with |g> first
NUMBER = np.diag([0.0, 1.0])


def on(op, k, N):
    """One-cell matrix on cell k of N, cell 0 the first factor."""
    return reduce(np.kron, [op if j == k else np.eye(2) for j in range(N)])


def hamiltonian(omega, J):
    """sum omega_k s+_k s-_k + sum_{i<j} J_ij (s+_i s-_j + h.c.)."""
    N = len(omega)
    H = sum(w * on(NUMBER, k, N) for k, w in enumerate(omega))
    for i in range(N):
        for j in range(i + 1, N):
            hop = on(LOWER.T, i, N) @ on(LOWER, j, N)
            H = H + J[i, j] * (hop + hop.T)
    return H


def generator(omega, J, K, dephasing=None, nbar=None):
    """Dense Liouvillian on row-major vectors, from the double sum over cells: Eqs. (11)-(13) of [santos2021]."""
    N = len(omega)
    d = 2**N
    one = np.eye(d)
    H = hamiltonian(omega, J)

    def both(a, b):  # rho -> a rho b
        return np.kron(a, b.T)

    L = -1j * (both(H, one) - both(one, H))
    nbar = np.zeros(N) if nbar is None else np.asarray(nbar)
    for rates, ops in (
        (np.sqrt(np.outer(nbar + 1, nbar + 1)) * K, [on(LOWER, k, N) for k in range(N)]),
        (np.sqrt(np.outer(nbar, nbar)) * K, [on(LOWER.T, k, N) for k in range(N)]),
    ):
        for n in range(N):
            for m in range(N):
                pair = ops[m].T @ ops[n]
                L = L + rates[n, m] * (both(ops[n], ops[m].T) - both(pair, one) / 2 - both(one, pair) / 2)
    for k in range(N):
        phi = 0.0 if dephasing is None else dephasing[k]
        z = on(2 * NUMBER - np.eye(2), k, N)
        L = L + phi / 2 * (both(z, z) - np.kron(one, one))
    return L


def ergotropy(rho, H):
    """Eq. (4) of [arjmandi2022] as printed: the double sum over overlaps of eigenvectors."""
    p, v = np.linalg.eigh(rho)
    p, v = p[::-1], v[:, ::-1]
    e, w = np.linalg.eigh(H)
    overlap = np.abs(v.conj().T @ w) ** 2
    return float(np.sum(p[:, None] * e[None, :] * (overlap - np.eye(len(p)))))
