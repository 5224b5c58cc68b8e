"""Older roads: each gives what the road that stays gives, and a warning that names it."""

import importlib

import numpy as np
import pytest
import qutip

import qbsim as qb
from qbsim import bosonic, channels, charging, collective, extraction, operators

BOSONIC = ("GaussianChannel", "GaussianState", "additive_noise", "amplifier", "attenuator")
RHO, H = qutip.qdiags([0.1, 0.2, 0.0, 0.3, 0.4], 0), qutip.num(5)

# old road: (name in the warning, road that stays, what it gives there)
ROADS = {
    **{
        f"channels.{name}": (lambda name=name: getattr(channels, name), f"qbsim.bosonic.{name}", getattr(bosonic, name))
        for name in BOSONIC
    },
    **{
        f"collective.{name}": (
            lambda name=name: getattr(collective, name),
            f"qbsim.operators.{name}",
            getattr(operators, name),
        )
        for name in ("embedding", "j_minus", "j_z")
    },
    "separable.separable_ball": (lambda: qb.separable.separable_ball, "qbsim.charging", charging.separable_ball),
    "separable.thermal_cells": (lambda: qb.separable.thermal_cells, "qbsim.charging", charging.thermal_cells),
    "separable.SeparableBall": (lambda: qb.separable.SeparableBall, "qbsim.charging", charging.SeparableBall),
    "separable.negativity": (lambda: qb.separable.negativity, "qbsim.negativity", qb.negativity),
    "separable.largest_negativity": (
        lambda: qb.separable.largest_negativity,
        "qbsim.largest_negativity",
        qb.largest_negativity,
    ),
    "extraction.gibbs_bound": (
        lambda: extraction.gibbs_bound(RHO, H),
        "qbsim.total_ergotropy",
        qb.total_ergotropy(RHO, H),
    ),
    "extraction.work_per_copy": (
        lambda: extraction.work_per_copy(RHO.diag().real, np.arange(5), 3),
        "qbsim.ergotropy_per_copy",
        qb.ergotropy_per_copy(RHO, H, 3),
    ),
}


@pytest.mark.parametrize("name", ROADS)
def test_an_older_road_warns_and_gives_the_same(name):
    old, new, there = ROADS[name]
    with pytest.warns(DeprecationWarning, match=f"is deprecated: use .*{new}") as caught:
        assert old() == there
    assert [w.filename for w in caught] == [__file__]  # at the line of the caller


def test_an_unknown_name_is_an_attribute_error():
    for module in (channels, collective, qb):
        with pytest.raises(AttributeError, match="no attribute 'wrong'"):
            _ = module.wrong


@pytest.mark.parametrize("module", ["channels", "charging", "extraction", "bosonic"])
def test_what_a_module_lists_gives_no_warning(module):
    module = importlib.import_module(f"qbsim.{module}")
    for name in module.__all__:
        getattr(module, name)
