"""The compiled code itself."""

import os
import subprocess
import sys

import pytest

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
