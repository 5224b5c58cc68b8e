"""Terms of the master equation: `network` offers every one, and every solver follows all that it lists."""

import inspect
from itertools import combinations

import numpy as np
import pytest
import qutip
from random_states import start
from scipy.linalg import expm

import qbsim as qb
from qbsim import networks
from qbsim.solvers import ALL, SOLVERS, Settings, load, why_not

TIMES = np.array([0.0, 0.3, 1.1])
# what makes each of the terms of three cells in a line; below gamma / sqrt 2 the decay matrix is positive
ARGUMENTS = {
    "fields": {"omega": [1.0, 1.3, 0.9]},
    "exchange": {"J": [0.3, -0.7]},
    "zz": {"zz": [0.8, -0.5]},
    "pair": {"pair": [-0.4, 0.6]},
    "dm": {"dm": [0.5, -0.2]},
    "x": {"x": [0.7, 0.0, -0.3]},
    "y": {"y": [0.0, 0.4, 0.9]},
    "loss": {"gamma": 1.0, "gamma_bond": 0.3},
    "pumping": {"nbar": 0.4},
    "dephasing": {"dephasing": [0.2, 0.0, 0.5]},
}
SUBSETS = [set(names) for size in range(len(ARGUMENTS) + 1) for names in combinations(ARGUMENTS, size)]
SUBSETS = [names for names in SUBSETS if "loss" in names or "pumping" not in names]  # a bath that pumps also cools
PARTS = 16


def network_with(names):
    """Three cells in a line with these terms."""
    arguments = {"omega": 0.0}
    for name in names:
        arguments |= ARGUMENTS[name]
    return qb.network(qb.linear(3), **arguments)


def network_with_every_term():
    """Three cells in a line; every rate and coupling that `network` takes is not zero."""
    numbers = [
        p.name
        for p in inspect.signature(qb.network).parameters.values()
        if isinstance(p.default, float) and p.default == 0
    ]
    rates = dict.fromkeys(numbers, 0.3) | {"gamma": 1.0}
    return qb.network(qb.linear(3), omega=[1.0, 1.3, 0.9], **rates)


def exact_states(net, rho0, times):
    """exp(L t) of a density matrix, with L from H and the jump operators."""
    D = 2**net.N
    L, vector = qutip.liouvillian(net.H, net.c_ops).full(), rho0.full().ravel(order="F")
    return np.array([(expm(L * t) @ vector).reshape(D, D, order="F") for t in times])


def test_network_has_an_argument_for_every_term():
    assert network_with_every_term().terms == set(networks.TERMS)


def test_the_reference_solver_knows_every_term():
    assert networks.TERMS.keys() <= load("qutip").TERMS


@pytest.mark.parametrize("name", SOLVERS)
def test_every_solver_follows_the_liouvillian_or_is_refused(name):
    # exp(L t) with L from H and the jump operators; a term that a solver lists and leaves out shows here
    net, rho0 = network_with_every_term(), qb.plus(3).proj()
    refusal = why_not(load(name), net, start(rho0), TIMES, ALL)
    if refusal:
        assert name != "qutip"
        with pytest.raises(ValueError, match="cannot do this model"):
            qb.evolve(net, rho0, TIMES, solver=name)
        return
    ds = qb.evolve(net, rho0, TIMES, solver=name, states=True)
    np.testing.assert_allclose(ds.rho.values, exact_states(net, rho0, TIMES), atol=1e-7)


def initial_states(rng):
    """One that allows excitation sectors, one that allows blocks of equal parity, and kets and matrices that do not."""
    even = np.bitwise_count(np.arange(8)) % 2 == 0
    mixed = qutip.rand_dm([2] * 3, seed=int(rng.integers(1 << 31))).full() * (even[:, None] == even)
    ghz = (qutip.basis([2] * 3, [0, 1, 1]) + 1j * qutip.basis([2] * 3, [0, 0, 0])).unit()
    return [qb.classical(3, 0.8), ghz, qutip.Qobj(mixed, dims=[[2] * 3] * 2), qb.plus(3)]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_subset_of_terms_by_every_solver(part):
    # exp(L t) again: a solver may take a shorter road where terms are absent, and has to see which are there
    rng = np.random.default_rng(part)
    for names in SUBSETS[part::PARTS]:
        net = network_with(names)
        assert net.terms == names
        states = initial_states(rng)
        k = int(rng.integers(len(states)))
        exact = exact_states(net, states[k].proj() if states[k].isket else states[k], TIMES)
        for name in SOLVERS:
            module = load(name)
            if why_not(module, net, start(states[k]), TIMES, ALL) or not module.MATRICES:
                continue
            if name == "qutip" and rng.random() > 0.1:  # it reads H and the jump operators themselves
                continue
            found = [s.dense for s in module.run(net, start(states[k]), TIMES, Settings())]
            message = f"{name}, {sorted(names)}, state {k}"
            np.testing.assert_allclose(np.concatenate(found), exact, atol=1e-7, err_msg=message)
