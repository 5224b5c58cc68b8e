"""Strings and levels: a one-to-one map, likely strings to low levels."""

import numpy as np
import pytest

from qbsim.unravelling.string_levels import Assignment, LowLevels, cheapest, pack, unpack


def chain(N, seed=0):
    """Costs of a Markov chain of N bits, and fields of either sign."""
    rng = np.random.default_rng(seed)
    ones = 0.02 + 0.5 * rng.random((N, 2))
    return -np.log(np.stack([1 - ones, ones], axis=2)), 5 * rng.normal(size=N)


def all_strings(N):
    return ((np.arange(2**N)[:, None] >> np.arange(N)) & 1).astype(np.uint8)


def price(costs, bits):
    before = np.concatenate([np.zeros_like(bits[:, :1]), bits[:, :-1]], axis=1)
    return costs[np.arange(len(costs)), before, bits].sum(axis=1)


@pytest.mark.parametrize(("N", "size"), [(1, 1), (1, 2), (3, 1), (4, 5), (5, 9), (5, 32), (8, 100), (12, 700)])
def test_every_string_has_its_own_level(N, size):
    costs, fields = chain(N, seed=size)
    bits = all_strings(N)
    rank, energy = Assignment(costs, costs[:, 0, 1], LowLevels(fields, size)).place(bits)
    np.testing.assert_allclose(np.sort(energy), np.sort(bits @ fields), atol=1e-12)
    assert sorted(rank[rank >= 0]) == list(range(size))


@pytest.mark.parametrize(("N", "size"), [(5, 9), (8, 100), (8, 256)])
def test_the_most_likely_strings_get_the_lowest_levels(N, size):
    costs, fields = chain(N)
    bits = all_strings(N)
    assignment = Assignment(costs, costs[:, 0, 1], LowLevels(fields, size))
    np.testing.assert_allclose(-np.log(assignment.chances), np.sort(price(costs, bits))[:size])
    np.testing.assert_allclose(assignment.low.values, np.sort(bits @ fields)[:size])
    np.testing.assert_allclose(price(costs, unpack(assignment.strings, N)), -np.log(assignment.chances))
    rank, energy = assignment.place(unpack(assignment.strings, N))
    assert list(rank) == list(range(size))
    np.testing.assert_allclose(energy, assignment.low.values)


def test_equal_fields_and_costs_keep_the_map_one_to_one():
    N, size = 7, 40
    costs = np.tile(-np.log([[0.9, 0.1], [0.9, 0.1]]), (N, 1, 1))
    bits = all_strings(N)
    rank, energy = Assignment(costs, costs[:, 0, 1], LowLevels(np.full(N, 2.0), size)).place(bits)
    np.testing.assert_allclose(np.sort(energy), np.sort(2.0 * bits.sum(axis=1)))
    assert sorted(rank[rank >= 0]) == list(range(size))


def test_long_strings_take_several_words():
    N, size = 100, 3000
    costs, _ = chain(N)
    sums, words = cheapest(costs, size)
    bits = unpack(words, N)
    assert words.shape == (size, 2)
    assert len(np.unique(bits, axis=0)) == size
    np.testing.assert_array_equal(pack(bits), words)
    np.testing.assert_allclose(price(costs, bits), sums)
    assert np.all(np.diff(sums) >= 0)


def test_no_cheaper_string_is_left_out_when_costs_after_a_filled_bit_are_lower():
    costs = np.tile([[0.1, 3.0], [2.0, 0.01]], (9, 1, 1))
    np.testing.assert_allclose(cheapest(costs, 50)[0], np.sort(price(costs, all_strings(9)))[:50])
