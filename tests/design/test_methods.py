"""The search of one start, on functions whose smallest value is known."""

import numpy as np
import pytest

from qbsim.design.methods import OK, REFUSED, VIOLATED, Meter, search


def found(function, start, method="auto", limits=(), evaluations=3000):
    meter = Meter(function, evaluations)
    finished = search(meter, np.array(start, dtype=float), method, limits)
    return meter.places[meter.best], meter.values[meter.best], finished, len(meter.values)


@pytest.mark.parametrize("method", ["auto", "gradient", "simplex"])
def test_smooth_valley(method):
    x, value, finished, _ = found(
        lambda x: (1 + (x[0] - 0.3) ** 2 + 10 * (x[1] - 0.3 - x[0] ** 2) ** 2, OK), [0.8, 0.8], method
    )
    assert finished
    assert value == pytest.approx(1, abs=1e-6)
    assert x == pytest.approx([0.3, 0.39], abs=2e-3)


def test_simplex_goes_on_at_a_kink():
    # largest of three planes: gradients stop at the first kink
    def tent(x):
        return max(3 * abs(x[0] - 0.4), abs(x[1] - 0.7 + x[0] - 0.4), 0.1 * abs(x[1] - x[0])), OK

    # at x = (0.4, y) with |y - 0.7| = 0.1 |y - 0.4|: y = 0.7 - 0.03/1.1, but a little to the left is better
    values = [found(tent, start)[1] for start in ([0.1, 0.1], [0.9, 0.2], [0.5, 0.9])]
    grid = np.linspace(0, 1, 2001)
    lowest = min(tent((a, b))[0] for a in grid[760:840:4] for b in grid[1300:1450])
    assert max(values) <= lowest + 1e-6
    assert np.ptp(values) < 1e-6


@pytest.mark.parametrize("method", ["auto", "simplex"])
def test_slides_along_the_edge_of_what_can_be_built(method):
    def edge(x):
        return (np.nan, REFUSED) if x[0] + x[1] > 1.2 else (2 - x[0] - x[1] + (x[0] - x[1]) ** 2, OK)

    x, value, _, count = found(edge, [0.1, 0.5], method)
    assert value == pytest.approx(0.8, abs=1e-4)
    assert x == pytest.approx([0.6, 0.6], abs=1e-2)
    assert count < 1000


def test_bound_is_reached_exactly():
    x, value, finished, _ = found(lambda x: (1 - x[0] + (x[1] - 0.5) ** 2, OK), [0.5, 0.1])
    assert finished
    assert x[0] == 1.0
    assert value == pytest.approx(0, abs=1e-8)


def test_equality_is_met():
    limits = [{"type": "eq", "fun": lambda x: x[0] + x[1] - 0.8}]

    def value(x):
        return x[0] ** 2 + 3 * x[1] ** 2, OK if abs(x[0] + x[1] - 0.8) < 1e-6 else VIOLATED

    x, _, finished, _ = found(value, [0.9, 0.9], limits=limits)
    assert finished
    assert x == pytest.approx([0.6, 0.2], abs=1e-3)  # x : y = 3 : 1


def test_spent_evaluations_end_the_search():
    _, _, finished, count = found(lambda x: (float((x**2).sum()), OK), np.full(6, 0.9), evaluations=11)
    assert not finished
    assert count == 11


def test_no_place_is_evaluated_twice():
    seen = []
    found(lambda x: (seen.append(x.tobytes()) or float((x**2).sum()), OK), [0.3, 0.8])
    assert len(seen) == len(set(seen))
