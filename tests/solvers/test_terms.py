"""Terms of the master equation: `network` offers every one, and the solvers that list all of them agree."""

import inspect

import numpy as np
import pytest
import qutip
from random_states import start
from scipy.linalg import expm

import qbsim as qb
from qbsim import networks
from qbsim.solvers import ALL, SOLVERS, load, why_not

TIMES = np.array([0.0, 0.3, 1.1])


def network_with_every_term():
    """Three cells in a line; every rate and coupling that `network` takes is not zero."""
    numbers = [
        p.name
        for p in inspect.signature(qb.network).parameters.values()
        if isinstance(p.default, float) and p.default == 0
    ]
    rates = dict.fromkeys(numbers, 0.3) | {"gamma": 1.0}  # below gamma / sqrt 2 the decay matrix is positive
    return qb.network(qb.linear(3), omega=[1.0, 1.3, 0.9], **rates)


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
    L, vector = qutip.liouvillian(net.H, net.c_ops).full(), rho0.full().ravel(order="F")
    for k, t in enumerate(TIMES):
        exact = (expm(L * t) @ vector).reshape(8, 8, order="F")
        np.testing.assert_allclose(ds.rho.values[k], exact, atol=1e-7)
