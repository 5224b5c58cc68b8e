"""Sweeps over fields of another distribution: drawn alike everywhere, named in the file, and computed again from it."""

import json
from functools import partial

import numpy as np
import pytest

import qbsim as qb
from qbsim.cli import main as cli
from qbsim.sweeps.builders import wired_battery

TIMES = np.linspace(0, 1, 5)


def pairs(rng, N):
    """Fields of two values."""
    return rng.choice([-1.0, 1.0], N)


def chain(distribution):
    return partial(qb.disordered_chain, N=3, B0=10.0, exchange=10.0, gamma=1.0, distribution=distribution)


def sweep(distribution, **settings):
    axes, settings = {"delta": [0.5]}, {"executor": "serial"} | settings
    return qb.sweep(
        chain(distribution), axes, states="plus", tlist=TIMES, realizations=4, seed=3, keep="all", **settings
    )


def alone(distribution, k):
    rng = np.random.default_rng(np.random.SeedSequence([3, k]))
    omega = qb.random_fields(3, 0.5, B0=10.0, distribution=distribution, rng=rng)
    return qb.evolve(qb.xx_chain(omega, J=20.0, gamma=1.0), qb.plus(3), TIMES).ergotropy.values


@pytest.mark.parametrize("distribution", ["uniform", "normal", pairs])
def test_realizations_have_the_fields_of_the_distribution(distribution):
    ds = sweep(distribution).squeeze()
    for k in range(4):
        np.testing.assert_allclose(ds.ergotropy.sel(realization=k), alone(distribution, k), atol=1e-9)


def test_a_function_reaches_the_workers():
    ds = sweep(pairs, executor=None, workers=2).squeeze()
    np.testing.assert_allclose(ds.ergotropy.sel(realization=3), alone(pairs, 3), atol=1e-9)


def test_the_file_names_the_distribution():
    arguments = json.loads(sweep("normal").attrs["parameters"])["build"]["arguments"]
    assert arguments["distribution"] == "normal"
    stored = json.loads(sweep(pairs).attrs["parameters"])["build"]["arguments"]["distribution"]
    assert stored["function"].endswith(":pairs")
    assert "0x" not in json.dumps(stored)


def test_a_stored_distribution_is_drawn_again(tmp_path):
    # from the file alone, in a session that has not made it: a name is enough, a function has to be given
    from qbsim.sweeps import replay

    for distribution in ("normal", pairs):
        ds = sweep(distribution)
        replay._functions.clear()
        given = {}
        if distribution is pairs:
            with pytest.raises(ValueError, match=r"distribution = '.*:pairs', a function that the file only names"):
                qb.replay(ds, 2, delta=0.5)
            given = {"build": chain(pairs)}
        one = qb.replay(ds, 2, delta=0.5, **given)
        np.testing.assert_allclose(one.ergotropy.squeeze(), alone(distribution, 2), atol=1e-9)


@pytest.mark.parametrize("kind", ["disorder", "geometry"])
def test_the_command_line_draws_from_it(kind, tmp_path, capsys):
    words = ["--cells", "3", "--delta", "0.5", "--times", "5", "--realizations", "4", "--seed", "3", "--keep", "all"]
    words += ["--states", "plus", "--executor", "serial", "--quiet", "--distribution", "normal"]
    words += ["--geometry", "linear"] if kind == "geometry" else []
    assert cli.main(["sweep", kind, *words, "--out", str(tmp_path / kind)]) == 0
    import xarray as xr

    with xr.open_dataset(tmp_path / kind / "sweep.nc") as ds:
        assert json.loads(ds.attrs["parameters"])["build"]["arguments"]["distribution"] == "normal"
        np.testing.assert_allclose(ds.ergotropy.squeeze().sel(realization=1), alone("normal", 1), atol=1e-9)
    assert cli.main(["sweep", kind, *words[:-2], "--distribution", "gauss", "--out", str(tmp_path / "no")]) == 2


def test_networks_of_a_sweep_are_uniform_unless_told():
    # files of older sweeps do not name a distribution
    model = {"graphs": {}, "delta": 0.5, "gamma": 1.0, "B0": 1.0, "exchange": 1.0, "dephasing": 0.0, "nbar": 0.0}
    one, two = (
        wired_battery("linear", 3, 0.0, **model, **other, rng=np.random.default_rng(1))
        for other in ({}, {"distribution": "uniform"})
    )
    assert np.array_equal(one.omega, two.omega)
