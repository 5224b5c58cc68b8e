"""Every row of MEASURES recomputed from the density matrix, by textbook formulas in plain numpy."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
import scipy.linalg
from qutip import Qobj
from random_states import density, graph, hermitian, positive_rates

import qbsim as qb


def partial_trace(rho, dims, keep):
    """Reduced state on the factors `keep`, in that order."""
    letters = [chr(97 + k) for k in range(len(dims))]
    other = [x.upper() if k in keep else x for k, x in enumerate(letters)]
    out = "".join(letters[k] for k in keep) + "".join(other[k] for k in keep)
    d = int(np.prod([dims[k] for k in keep]))
    return np.einsum("".join(letters + other) + "->" + out, rho.reshape(*dims, *dims)).reshape(d, d)


def on_factors(op, dims, where):
    """Operator on the factors `where` (in that order), extended by identities."""
    rest = [k for k in range(len(dims)) if k not in where]
    full = np.kron(op, np.eye(int(np.prod([dims[k] for k in rest], dtype=int))))
    order = [*where, *rest]
    shape = [dims[k] for k in order]
    back = [order.index(k) for k in range(len(dims))]
    D = int(np.prod(dims))
    return full.reshape(*shape, *shape).transpose(*back, *(len(dims) + k for k in back)).reshape(D, D)


def extractable(rho, H):
    """Ergotropy from its definition."""
    p, e = np.linalg.eigvalsh(rho), np.linalg.eigvalsh(H)
    return np.trace(rho @ H).real - sum(sorted(p, reverse=True)[k] * sorted(e)[k] for k in range(len(e)))


def wootters(rho):
    """Concurrence from the square roots of the eigenvalues of rho times the spin-flipped rho."""
    sy = np.array([[0, -1j], [1j, 0]])
    flip = np.kron(sy, sy)
    values = np.linalg.eigvals(rho @ flip @ rho.conj() @ flip)
    roots = np.sqrt(np.maximum(np.sort(values.real)[::-1], 0))
    return max(0.0, roots[0] - roots[1:].sum())


def dissipator(jumps, rho):
    """Sum of the Lindblad terms."""
    out = np.zeros_like(rho)
    for L in jumps:
        n = L.conj().T @ L
        out = out + L @ rho @ L.conj().T - 0.5 * n @ rho - 0.5 * rho @ n
    return out


def propagate(H, jumps, rho, t):
    """exp(L t) rho, with the matrix of L from its action on every matrix unit."""
    D = len(rho)
    units = np.eye(D * D).reshape(D * D, D, D)
    L = np.array([(-1j * (H @ u - u @ H) + dissipator(jumps, u)).ravel() for u in units]).T
    return (scipy.linalg.expm(L * t) @ rho.ravel()).reshape(D, D)


def textbook(rho, *, dims, cells, local, H, jumps, edges):
    """All measures of a state on all factors; `local` holds one Hamiltonian per cell."""
    sizes = [dims[c] for c in cells]
    H0 = sum(on_factors(h, sizes, [k]) for k, h in enumerate(local))
    H0_full = on_factors(H0, dims, list(cells))
    x = partial_trace(rho, dims, list(cells))
    d = len(x)
    p = np.linalg.eigvalsh(x)
    p = p[p > 1e-300]
    energy, ergotropy = np.trace(x @ H0).real, extractable(x, H0)
    dephased = extractable(np.diag(np.diag(x)), H0)
    flow = np.trace(-1j * (H @ rho - rho @ H) @ H0_full).real
    lost = np.trace(dissipator(jumps, rho) @ H0_full).real
    found = {
        "energy": energy,
        "ergotropy": ergotropy,
        "efficiency": ergotropy / (energy - np.linalg.eigvalsh(H0)[0]),
        "l1_coherence": sum(abs(x[i, j]) for i in range(d) for j in range(d) if i != j) / (d - 1),
        "incoherent_ergotropy": dephased,
        "coherent_ergotropy": ergotropy - dephased,
        "local_ergotropy": sum(extractable(partial_trace(x, sizes, [k]), h) for k, h in enumerate(local)),
        "antiergotropy": -extractable(x, -H0),
        "battery_capacity": extractable(x, H0) + extractable(x, -H0),
        "energy_variance": np.trace(x @ H0 @ H0).real - energy**2,
        "entropy": -(p * np.log(p)).sum(),
        "purity": np.trace(x @ x).real,
        "power": flow + lost,
        "power_interaction": flow,
        "power_dissipation": lost,
    }
    if edges:
        found["concurrence"] = np.mean([wootters(partial_trace(x, sizes, list(edge))) for edge in edges])
    return found


def compare(battery, rho, model, t, solver="auto"):
    """evolve against the textbook at two times."""
    names = [name for name in qb.MEASURES if name != "concurrence" or model["edges"]]
    ds = qb.evolve(battery, Qobj(rho, dims=[battery.dims] * 2), [0.0, t], names, solver=solver)
    for k, state in enumerate((rho, propagate(model["H"], model["jumps"], rho, t))):
        expected = textbook(state, **model)
        assert set(expected) == set(names)
        for name in names:
            tol = 1e-7 if name == "concurrence" else 1e-10 * max(1.0, abs(expected[name]))
            assert float(ds[name][k]) == pytest.approx(expected[name], abs=tol), (name, k)


# dims of all factors, which of them are cells, bonds between the cells
LAYOUTS = [
    ([2, 2], [0, 1], [(0, 1)]),
    ([2, 2, 2], [0, 1, 2], [(0, 1), (0, 2), (1, 2)]),
    ([2, 2, 2], [1, 2], [(0, 1)]),  # a charger first
    ([2, 2, 2], [2, 0], [(0, 1)]),  # cells in another order than the factors
    ([3], [0], []),
    ([4, 2], [0], []),  # a ladder and a charger
    ([2, 4], [0, 1], []),
    ([2, 3], [1], []),
    ([3, 2], [0, 1], []),
]


LONG = [*LAYOUTS, ([3, 2, 2, 3], [3, 1], []), ([2, 5, 2], [2, 0], [(0, 1)])]


@pytest.mark.parametrize(("dims", "cells", "edges"), LAYOUTS)
@pytest.mark.parametrize("diagonal", [True, False])
@pytest.mark.parametrize("rank", [1, None])
def test_random_battery(dims, cells, edges, diagonal, rank):
    rng = np.random.default_rng([*cells, *dims])
    D = int(np.prod(dims))
    local = [np.diag(rng.normal(size=dims[c])) if diagonal else hermitian(dims[c], rng) for c in cells]
    H, jumps = hermitian(D, rng), [0.5 * rng.normal(size=(D, D)) + 0.5j * rng.normal(size=(D, D)) for _ in range(2)]
    sizes = [dims[c] for c in cells]
    H0 = sum(on_factors(h, sizes, [k]) for k, h in enumerate(local))
    full = [dims, dims]
    battery = qb.Battery(
        Qobj(H0, dims=[sizes, sizes]),
        Qobj(H, dims=full),
        [Qobj(L, dims=full) for L in jumps],
        N=len(cells),
        cells=cells,
        edges=edges,
    )
    model = {"dims": dims, "cells": cells, "local": local, "H": H, "jumps": jumps, "edges": edges}
    compare(battery, density(D, rng, rank), model, 0.3)


def kets(D, rng):
    """Random ket as a column."""
    v = rng.normal(size=D) + 1j * rng.normal(size=D)
    return v / np.linalg.norm(v)


# a ket stays one: the states of the cells come from its amplitudes
@pytest.mark.parametrize(("dims", "cells", "edges"), LONG)
def test_random_ket_without_losses(dims, cells, edges):
    rng = np.random.default_rng([*cells, *dims])
    D, sizes = int(np.prod(dims)), [dims[c] for c in cells]
    local, H, psi = [hermitian(d, rng) for d in sizes], hermitian(D, rng), kets(D, rng)
    H0 = sum(on_factors(h, sizes, [k]) for k, h in enumerate(local))
    battery = qb.Battery(
        Qobj(H0, dims=[sizes, sizes]), Qobj(H, dims=[dims, dims]), N=len(cells), cells=cells, edges=edges
    )
    names = [name for name in qb.MEASURES if name != "concurrence" or edges]
    ds = qb.evolve(battery, Qobj(psi[:, None], dims=[dims, [1] * len(dims)]), [0.0, 0.7], names, solver="closed")
    for k, t in enumerate((0.0, 0.7)):
        ket = scipy.linalg.expm(-1j * H * t) @ psi
        expected = textbook(np.outer(ket, ket.conj()), dims=dims, cells=cells, local=local, H=H, jumps=[], edges=edges)
        for name in names:
            tol = 1e-7 if name == "concurrence" else 1e-10
            assert float(ds[name][k]) == pytest.approx(expected[name], abs=tol), (name, k)


def one_cell(op, k, N):
    """Operator of cell k of N."""
    return reduce(np.kron, [op if j == k else np.eye(2) for j in range(N)])


@pytest.mark.parametrize("state", ["any", "sectors", "product"])
@pytest.mark.parametrize("solver", ["auto", "network"])
@pytest.mark.parametrize("seed", range(2))
def test_random_network(state, solver, seed):
    rng = np.random.default_rng(seed)
    N = 4
    edges = graph(N, rng, 0.7) or [(0, 1)]
    K = np.eye(N) * 0.8 if state == "product" else positive_rates(N, rng)
    omega, phi = rng.uniform(0.5, 2, N), rng.uniform(0, 0.5, N)
    nbar = np.full(N, 0.3)
    J = np.zeros((N, N))
    for i, j in edges:
        J[i, j] = J[j, i] = rng.normal()
    net = qb.Network(
        tuple(edges),
        omega=omega.copy(),
        J=J.copy(),
        decay_matrix=K.copy(),
        dephasing=phi.copy(),
        nbar=nbar.copy(),
    )
    s = [one_cell(np.array([[0, 1], [0, 0]]), k, N) for k in range(N)]
    number = [a.T @ a for a in s]
    H = sum(w * n for w, n in zip(omega, number, strict=True))
    H = H + sum(J[i, j] * (s[i].T @ s[j] + s[j].T @ s[i]) for i, j in edges)
    root = np.linalg.cholesky(K + 1e-15 * np.eye(N))  # K = C C^T: one jump operator per column
    jumps = [np.sqrt(1.3) * sum(c * a for c, a in zip(column, s, strict=True)) for column in root.T]
    jumps += [np.sqrt(0.3) * sum(c * a.T for c, a in zip(column, s, strict=True)) for column in root.T]
    jumps += [np.sqrt(f / 2) * (2 * n - np.eye(2**N)) for f, n in zip(phi, number, strict=True)]
    rho = density(2**N, rng, 2)
    if state == "sectors":
        excited = np.diag(sum(number))
        rho = np.where(excited[:, None] == excited[None, :], rho, 0)
    if state == "product":
        rho = reduce(np.kron, [np.diag([0.3, 0.7])] * N).astype(complex)
    local = [np.diag([0.0, w]) for w in omega]
    model = {"dims": [2] * N, "cells": range(N), "local": local, "H": H, "jumps": jumps, "edges": edges}
    compare(net, rho, model, 0.4, solver)
