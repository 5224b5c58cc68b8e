"""The compiled code itself."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from qbsim.solvers._packed import COMPILED
from qbsim.solvers._tridiagonal import eigenvalues

DIGEST = """
import hashlib, numpy as np, qbsim as qb
net = qb.network(qb.circular(4), J=2.0, gamma=0.5, gamma_bond=0.2, dephasing=0.25)
ds = qb.evolve(net, qb.plus(4), np.linspace(0, 2, 41), "energy", states=True, solver="network")
print(hashlib.sha256(ds.rho.values.tobytes()).hexdigest())
"""


@pytest.mark.slow  # 15 s
def test_a_process_that_compiles_gives_the_bits_of_one_that_loads(tmp_path):
    """The first batch of a sweep after an installation is not different from the others."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    compiled, loaded = (
        subprocess.run([sys.executable, "-c", DIGEST], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    )
    assert list(tmp_path.rglob("*.nbc"))
    assert compiled.stdout == loaded.stdout


def random_hermitian(m, seed):
    real, imaginary = np.random.default_rng([m, seed]).normal(size=(2, m, m))
    matrix = real + 1j * imaginary
    return (matrix + matrix.conj().T) / np.sqrt(8 * m)  # eigenvalues in [-1, 1]


def sparse_hermitian(m):
    matrix = random_hermitian(m, 1)
    keep = np.random.default_rng(m).random((m, m)) < 0.1
    return np.where(keep & keep.T, matrix, 0)


def rotated(levels):
    """A Hermitian matrix with these eigenvalues."""
    basis = np.linalg.qr(random_hermitian(len(levels), 2))[0]
    return (basis * levels) @ basis.conj().T


MATRICES = {
    "random": lambda m: random_hermitian(m, 0),
    "real": lambda m: random_hermitian(m, 0).real + 0j,
    "imaginary beside the diagonal": lambda m: 1j * random_hermitian(m, 0).imag,
    "diagonal": lambda m: np.diag(np.linspace(-1, 1, m)) + 0j,
    "zero": lambda m: np.zeros((m, m), dtype=complex),
    "rank one": lambda m: rotated(np.eye(m)[0]),
    "degenerate": lambda m: rotated(np.arange(m) % 3 / 2.0),
    "small eigenvalues": lambda m: rotated(10.0 ** -np.linspace(0, 30, m)),
    "sparse": sparse_hermitian,
    "tridiagonal": lambda m: np.triu(np.tril(random_hermitian(m, 3), 1), -1),
    # the squares of what is beside the diagonal are no numbers any more, or have few digits
    **{
        f"{size:g} beside the diagonal": lambda m, size=size: (
            np.diag(np.linspace(0, 1, m)) + size * random_hermitian(m, 4)
        )
        for size in (1e-12, 1e-139, 1e-150, 1e-161, 1e-200, 1e-310)
    },
}


class TestEigenvalues:
    @pytest.mark.parametrize("name", MATRICES)
    @pytest.mark.parametrize("m", [8, 9, 35, 64])
    def test_against_lapack(self, name, m):
        matrix = MATRICES[name](m)
        packed = np.concatenate([[np.nan], (matrix.real + matrix.imag).ravel(), [np.nan]])[None]
        found = np.empty((1, m))
        eigenvalues(packed, 1, found)
        assert_allclose(found[0], np.linalg.eigvalsh(matrix), rtol=0, atol=1e-14)

    @pytest.mark.parametrize("m", [COMPILED[0], COMPILED[-1]])
    def test_of_a_stack(self, m):
        stack = np.array([random_hermitian(m, seed) for seed in range(3)])
        found = np.empty((3, m))
        eigenvalues((stack.real + stack.imag).reshape(3, -1), 0, found)
        assert_allclose(found, np.linalg.eigvalsh(stack), rtol=0, atol=1e-14)
