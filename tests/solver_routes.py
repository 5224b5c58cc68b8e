"""Random networks, states and times, solved by every solver that takes them and compared in all measures.

Up to four cells the reference is the exponential of the dense Liouvillian, made here from the jump operators; above,
the solvers are compared with each other. ``python tests/solver_routes.py --cases 20000`` runs many more cases than the
tests do (about two hours on one core) and prints every disagreement; a case is its seed.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import NamedTuple

import numpy as np
import qutip
from qutip import Qobj
from random_states import start
from scipy.linalg import expm

import qbsim as qb
from qbsim.evolution import series
from qbsim.measures.reference import Reference
from qbsim.measures.series import DenseStates
from qbsim.measures.table import MEASURES
from qbsim.solvers import ALL, SOLVERS, Settings, load, why_not

LARGEST_EXACT = 4  # cells, of which the dense Liouvillian is exponentiated
FORECAST_LIMIT = 2.0  # seconds: a solver that needs more is skipped for a case
TOLERANCE = 1e-7  # of the spread of H0, or of 1
CONCURRENCE_TOLERANCE = 3e-4  # square root of the error of the state
ENTROPY_TOLERANCE = 3e-6  # x ln x is steep at zero
KINDS = (
    "basis state", "eigenstate", "Gibbs state", "nearly stationary", "W", "GHZ", "dark", "plus", "full", "empty",
    "classical", "random ket", "random mixed", "random blocks",
)  # fmt: skip


class Case(NamedTuple):
    """One run: a network, a state, times, and words for the report."""

    net: qb.Network
    rho0: Qobj
    times: np.ndarray
    words: str


def draw(seed: int) -> Case:
    """The case of a seed."""
    rng = np.random.default_rng([seed, 9])
    N = int(rng.choice([1, 2, 3, 4, 5, 6], p=[0.1, 0.3, 0.38, 0.13, 0.05, 0.04]))
    net = _network(N, rng, np.random.default_rng([seed, 11]))
    kind = str(rng.choice(KINDS))
    rho0 = _state(net, kind, rng)
    return Case(net, rho0, _times(net, rng), f"seed {seed}: N = {N}, {kind}")


def _rate(rng, low=-8.0, high=4.0) -> float:
    """Zero, one, or anything over twelve decades."""
    return float(rng.choice([0.0, 1.0, 10 ** rng.uniform(low, high)], p=[0.25, 0.35, 0.4]))


def _interactions(N: int, edges, rng) -> dict[str, np.ndarray]:
    """Some of zz, pair, dm, x and y in half of the cases, on the bonds or off them."""
    if rng.random() < 0.5:
        return {}
    chosen = [name for name in ("zz", "pair", "dm", "x", "y") if rng.random() < 0.4]
    scale, found = _rate(rng, -3.0, 2.0), {}
    for name in chosen:
        upper = np.triu(rng.normal(size=(N, N)), 1) * (rng.random((N, N)) < 0.5)
        shapes = {"dm": upper - upper.T, "x": rng.normal(size=N), "y": rng.normal(size=N)}
        found[name] = scale * shapes.get(name, upper + upper.T)
    return found


def _network(N: int, rng, more) -> qb.Network:
    chosen = rng.random((N, N)) < 0.6
    graphs = {
        "none": (), "line": qb.linear(N), "star": qb.central(N), "ring": qb.circular(N), "complete": qb.all_to_all(N),
        "random": [(i, j) for i in range(N) for j in range(i + 1, N) if chosen[i, j]],
    }  # fmt: skip
    edges = graphs[str(rng.choice(list(graphs)))]
    equal = rng.random() < 0.5
    each = np.ones(N) if equal else rng.uniform(0.2, 2, N)
    omega = rng.choice([0.0, 1.0, 10 ** rng.uniform(-2, 3)]) * (each if rng.random() < 0.7 else rng.normal(size=N))
    J = _rate(rng) * (rng.choice([-1, 1]) if rng.random() < 0.5 else rng.normal(size=len(edges)))
    gamma = np.full(N, _rate(rng)) * (1.0 if rng.random() < 0.6 else rng.uniform(0.1, 2, N))
    settings = {
        "omega": omega,
        "J": J,
        "gamma": gamma,
        "dephasing": _rate(rng) * rng.choice([0, 1]) * each,
        "nbar": rng.choice([0.0, 0.5, 10 ** rng.uniform(-6, 2)])
        * (1.0 if rng.random() < 0.5 else rng.uniform(0, 1, N)),
        **_interactions(N, edges, more),
    }
    net = qb.network(edges, N, **settings)
    if not edges or not gamma.any() or rng.random() < 0.4:
        return net
    # up to the limits of positivity, from both sides: beyond them there is no state
    adjacency = np.zeros((N, N))
    for i, j in net.edges:
        adjacency[i, j] = adjacency[j, i] = np.sqrt(gamma[i] * gamma[j])
    scaled = adjacency / np.sqrt(np.outer(gamma, gamma))
    low, high = -1 / np.linalg.eigvalsh(scaled)[-1], -1 / np.linalg.eigvalsh(scaled)[0]
    factor = rng.choice([high, low, rng.uniform(low, high)]) * (1 - 1e-13)
    return qb.network(edges, N, **settings, gamma_bond=factor * adjacency)


def _state(net: qb.Network, kind: str, rng) -> Qobj:
    N, dims = net.N, [2] * net.N
    if kind in ("plus", "full", "empty"):
        return getattr(qb, kind)(N)
    if kind == "classical":
        return qb.classical(N, p=float(rng.choice([0.75, 0.5, rng.uniform(0, 1)])))
    if kind == "basis state":
        return qutip.basis(dims, rng.integers(0, 2, N).tolist())
    if kind == "random ket":
        return qutip.rand_ket(dims, seed=int(rng.integers(1 << 31)))
    if kind == "W" or (kind == "dark" and N == 1):
        return sum(qutip.basis(dims, [int(i == k) for i in range(N)]) for k in range(N)).unit()
    if kind == "GHZ":
        return (qutip.basis(dims, [0] * N) + qutip.basis(dims, [1] * N)).unit()
    if kind == "dark":  # the mode that decays least
        mode = np.linalg.eigh(net.decay_matrix)[1][:, 0]
        return sum(float(a) * qutip.basis(dims, [int(i == k) for i in range(N)]) for k, a in enumerate(mode)).unit()
    if kind == "eigenstate":
        energies, vectors = np.linalg.eigh(net.H.full())
        return Qobj(vectors[:, int(rng.integers(len(energies)))], dims=[dims, [1] * N])
    if kind in ("Gibbs state", "nearly stationary"):
        energies, vectors = np.linalg.eigh(net.H.full())
        p = np.exp(-(10 ** rng.uniform(-2, 1)) * (energies - energies[0]) / max(1e-3, np.ptp(energies)))
        rho = Qobj((vectors * (p / p.sum())) @ vectors.conj().T, dims=[dims, dims])
        if kind == "Gibbs state":
            return rho
        small = 10 ** rng.uniform(-9, -3)
        return (1 - small) * rho + small * qutip.rand_dm(dims, seed=int(rng.integers(1 << 31)))
    rho = qutip.rand_dm(dims, seed=int(rng.integers(1 << 31))).full()
    if kind == "random blocks":
        n = np.bitwise_count(np.arange(2**N))
        rho = rho * (n[:, None] == n)
    return Qobj(rho, dims=[dims, dims])


def _times(net: qb.Network, rng) -> np.ndarray:
    """Awkward grids: uniform, logarithmic, irregular, nearly coinciding, one time only, a late or negative start."""
    fastest = max(
        *(np.abs(getattr(net, name)).max() for name in ("J", "omega", "zz", "pair", "dm", "x", "y")),
        net.loss_matrix.max(),
        net.dephasing.max(),
        1e-9,
    )
    span = 10 ** rng.uniform(-2, 5 if net.N < 4 else 3) / fastest
    count = int(rng.integers(2, 6 if net.N < 4 else 4))
    grids = {
        "uniform": np.linspace(0, 1, count),
        "logarithmic": np.r_[0, np.geomspace(1e-6, 1, count)],
        "irregular": np.r_[0, np.sort(rng.uniform(0, 1, count))],
        "nearly coinciding": np.array([0, 0.5, 0.5 + 1e-9, 1.0]),
        "one time": np.zeros(1),
        "one long step": np.array([0.0, 1e-3, 1.0]),
    }
    start = rng.choice([0.0, 0.0, span, -2 * span])
    return start + span * grids[str(rng.choice(list(grids), p=[0.25, 0.2, 0.25, 0.1, 0.05, 0.15]))]


def exact(case: Case) -> np.ndarray:
    """States by the exponential of the dense Liouvillian from the jump operators, (T, D, D)."""
    D = 2**case.net.N
    H, rho = case.net.H.full(), case.rho0.proj() if case.rho0.isket else case.rho0
    one = np.eye(D)
    L = -1j * (np.kron(H, one) - np.kron(one, H.T))
    for c in (c.full() for c in case.net.c_ops):
        G = c.conj().T @ c
        L += np.kron(c, c.conj()) - 0.5 * (np.kron(G, one) + np.kron(one, G.T))
    states = [rho.full().ravel()]
    for step in np.diff(case.times):
        states.append(expm(L * step) @ states[-1])
    return np.array(states).reshape(-1, D, D)


def routes(case: Case) -> dict[str, dict[str, np.ndarray]]:
    """Curves of all measures by every route: the solvers, the reference, and the same operators as a plain Battery."""
    net = case.net
    names = [name for name in MEASURES if name != "concurrence" or net.edges]
    found, rho0 = {}, start(case.rho0)
    if net.N <= LARGEST_EXACT:
        states, reference = DenseStates(exact(case), case.times, [2] * net.N), Reference(net)
        found["exact"] = {name: MEASURES[name].evaluate(states, reference) for name in names}
    plain = qb.Battery(net.H0, net.H, net.c_ops, N=net.N, edges=net.edges)
    for label, battery in (("", net), ("plain ", plain)):
        for name in SOLVERS:
            module = load(name)
            if why_not(module, battery, rho0, case.times, ALL):
                continue
            if module.seconds(battery, rho0, case.times, spectrum=True) > FORECAST_LIMIT:
                continue
            if label and name not in ("dense", "closed"):
                continue
            table = {key: MEASURES[key] for key in names}  # without labels, which take longer than small networks
            run = series(battery, rho0, case.times, table, Settings(name, rtol=1e-10, atol=1e-12))
            found[label + name] = run.values
    return found


def disagreements(case: Case) -> list[str]:
    """What differs between the routes of a case by more than it may; empty if all agree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = routes(case)
    if len(found) < 2:
        return []
    first, expected = next(iter(found.items()))
    spread = float(np.ptp(case.net.levels))
    elements = ("J", "omega", "zz", "pair", "dm", "x", "y")
    rates = 1.0 + case.net.loss_matrix.max() + sum(np.abs(getattr(case.net, name)).max() for name in elements)
    stored = np.maximum(expected["energy"] - case.net.levels.min(), 0)
    problems = []
    for route, curves in found.items():
        for name, curve in curves.items():
            allowed = TOLERANCE * np.ones(len(case.times))
            if name == "efficiency":  # a ratio is as good as its denominator
                allowed = np.where(stored > 1e-6 * spread, allowed * spread / np.maximum(stored, 1e-300), np.inf)
            elif name == "energy_variance":
                allowed = allowed * spread**2
            elif "power" in name:
                allowed = allowed * spread * rates
            elif MEASURES[name].units == "energy":
                allowed = allowed * spread + 1e-15
            elif name == "concurrence":
                allowed = np.full(len(case.times), CONCURRENCE_TOLERANCE)
            elif name == "entropy":
                allowed = np.full(len(case.times), ENTROPY_TOLERANCE)
            off = np.abs(curve - expected[name])
            bad = ~(off <= allowed) & ~(np.isnan(curve) & np.isnan(expected[name]) | np.isinf(allowed))
            if bad.any():
                k = int(np.argmax(np.where(bad, np.nan_to_num(off, nan=np.inf), -1)))
                problems.append(
                    f"{case.words}: {name} by {route} differs from {first} by {off[k]:.2g} "
                    f"(allowed {allowed[k]:.2g}) at time {case.times[k]:g}"
                )
    return problems


def main() -> int:
    """Run many cases; exit code 1 if routes disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    args = parser.parse_args()
    bad = 0
    for seed in range(args.first, args.first + args.cases):
        try:
            problems = disagreements(draw(seed))
        except Exception as error:
            problems = [f"seed {seed}: {type(error).__name__}: {error}"]
        bad += bool(problems)
        for line in problems:
            print(line, flush=True)
        if (seed + 1 - args.first) % 500 == 0:
            print(f"{seed + 1 - args.first} cases, {bad} with disagreements", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
