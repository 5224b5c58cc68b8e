"""Gain of up to a hundred cells: stored brackets, forms that fit them, and what the table does with wrong numbers."""

import numpy as np
import pytest
import xarray as xr

from qbsim.ledger.claims import FAILS
from scenarios.beyond import _hundred_data, eta_hundred


def curve(gain, width=0.1, error=0.1):
    """Dataset with brackets around a gain that is a function of N."""
    N = np.array([4, 6, 8, 10, 14, 20, 40, 100])
    middle = gain(N)
    brackets = {"lower": middle - width / 2, "upper": middle + width / 2, "error": np.full(N.size, error)}
    return xr.Dataset({name: ("N", values) for name, values in brackets.items()}, {"N": N})


@pytest.mark.parametrize(
    ("gain", "form", "other"),
    [(lambda N: 6 - 15 / N, "saturates", "grows"), (lambda N: 1 + 2 * np.log(N), "grows", "saturates")],
)
def test_the_right_form_is_found(gain, form, other):
    ds = curve(gain)
    needed = {name: eta_hundred.fit(ds, name)[0] for name in eta_hundred.FORMS}
    assert needed[form] == pytest.approx(0, abs=1e-9)
    assert needed[other] > eta_hundred.EXCLUDED
    assert eta_hundred.verdict(needed) == form


def test_wide_brackets_decide_nothing():
    ds = curve(lambda N: 6 - 15 / N, width=20.0)
    assert eta_hundred.verdict({name: eta_hundred.fit(ds, name)[0] for name in eta_hundred.FORMS}) == "undecided"


def test_the_limit_of_endless_chains_is_that_of_the_form():
    ds = curve(lambda N: 6 - 15 / N, width=1e-6)
    assert eta_hundred.limit(ds, 0.0) == pytest.approx([6, 6], abs=1e-5)
    least, most = eta_hundred.limit(ds, 2.0)
    assert least < 6 < most


def test_stored_brackets_are_brackets():
    brackets, record = _hundred_data.read()
    assert list(brackets) == [*_hundred_data.EXACT, *_hundred_data.SAMPLED]
    for N, values in brackets.items():
        assert values.shape == ((_hundred_data.EXACT | _hundred_data.SAMPLED)[N], 2)
        assert (values[:, 1] - values[:, 0] >= 0).all()
        assert N in _hundred_data.SAMPLED or np.array_equal(values[:, 0], values[:, 1])
    assert len(record["code_sha256"]) == 64


def test_a_wrong_stored_bracket_fails():
    ds = curve(lambda N: 6 - 15 / N)
    ds = ds.assign(stored=("side", [1.0, 1.1]), again=("side", [1.0, 1.1]))
    assert eta_hundred.claims(ds)[0].verdict == "holds"
    ds["stored"][0] += 2e-7
    assert eta_hundred.claims(ds)[0].verdict == FAILS
    assert eta_hundred.claims(ds.assign(upper=ds.upper + 3))[1].verdict == FAILS
