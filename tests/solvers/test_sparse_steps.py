"""Long steps with a sparse generator against the matrix exponential."""

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse

from qbsim.solvers._sparse_steps import numerical_range, propagate

rng = np.random.default_rng(5)


def generator(n, damping, scale, kind):
    """Random sparse matrix that damps; on the diagonal or everywhere with an imaginary part, off centre."""
    L = scipy.sparse.random(n, n, density=min(1, 4 / n), random_state=rng, format="csr")
    if kind == "complex":
        L = L.multiply(np.exp(1j * rng.uniform(0, 6, (n, n)))).tocsr()
    L = L - scipy.sparse.diags(damping * np.asarray(abs(L).sum(axis=0)).ravel())
    if kind != "real":
        L = L + 1j * scale * scipy.sparse.diags(rng.normal(3, 1, n))
    return (scale * L).tocsr()


@pytest.mark.parametrize("kind", ["real", "complex diagonal", "complex"])
@pytest.mark.parametrize("n", [1, 2, 30, 400])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 40.0])
@pytest.mark.parametrize("rows", [None, 3])
def test_propagate_is_the_exponential(n, kind, scale, rows):
    L = generator(n, 1.0, scale, kind)
    x = rng.normal(size=n) + (0 if kind == "real" else 1j * rng.normal(size=n))
    x /= np.linalg.norm(x)
    tlist = np.array([0.5, 0.6, 0.65, 1.2, 1.9])
    times, states = (np.concatenate(part) for part in zip(*propagate(L, x, tlist, 1e-11, rows=rows), strict=True))
    wanted = np.array([scipy.linalg.expm(L.toarray() * (t - 0.5)) @ x for t in tlist])
    assert np.array_equal(times, tlist)
    assert states.dtype == wanted.dtype
    np.testing.assert_allclose(states, wanted, atol=2e-10)


def test_the_rectangle_holds_the_numerical_range():
    for n in (5, 350):
        L = generator(n, 0.3, 2.0, "complex")
        box = numerical_range(L)
        x = rng.normal(size=(200, n)) + 1j * rng.normal(size=(200, n))
        x /= np.linalg.norm(x, axis=1)[:, None]
        x = np.concatenate([x, np.linalg.eig(L.toarray())[1].T])
        values = np.einsum("ki,ki->k", x.conj(), (L @ x.T).T)
        assert (values.real >= box.left - 1e-9).all()
        assert (values.real <= box.right + 1e-9).all()
        assert (np.abs(values.imag - box.shift) <= box.height + 1e-9).all()


def test_what_decays_within_a_step_is_right_before_its_end():
    # planned for the end of the step alone, two terms would do
    L = scipy.sparse.diags(-40.0 + np.linspace(-15, 0, 30) + 3j * np.arange(30)).tocsr()
    tlist, x = np.linspace(0, 1, 21), np.full(30, 30**-0.5, dtype=complex)
    states = np.concatenate([states for _, states in propagate(L, x, tlist, 1e-6)])
    np.testing.assert_allclose(states, np.exp(np.outer(tlist, L.diagonal())) * x, atol=2e-6)
