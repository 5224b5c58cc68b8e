"""Compiled sums over all subsets of many numbers, collected in bins; imported only where there are too many to list."""

from __future__ import annotations

import numba
import numpy as np

STEP = 2.0**900  # a count is its mantissa times a power of this, so thousands of cells do not overflow
SMALL = 899  # cells whose counts need no power

_jit = numba.njit(cache=True, fastmath={"contract", "nsz"}, nogil=True)


@_jit
def _add_small(shift, top, factor, rest, counts, others):
    """One number more, without powers: from above, in stretches that do not overlap with where they come from."""
    end = top + 1
    while end > shift:
        start = max(shift, end - max(shift, 1))
        to, old = counts[start:end], counts[start - shift : end - shift]
        to_other, old_other = others[start:end], others[start - shift : end - shift]
        for i in range(end - start):
            to_other[i] += factor * old_other[i] + rest * old[i]
            to[i] += old[i]
        end = start


@_jit
def _add_any(shift, top, factor, rest, counts, others, powers):
    """One number more."""
    for m in range(top, shift - 1, -1):
        n, other, power = counts[m - shift], others[m - shift], powers[m - shift]
        if n == 0.0:
            continue
        other = factor * other + rest * n
        if power > powers[m]:
            counts[m] *= STEP ** (powers[m] - power)
            others[m] *= STEP ** (powers[m] - power)
            powers[m] = power
        elif power < powers[m]:
            n *= STEP ** (power - powers[m])
            other *= STEP ** (power - powers[m])
        counts[m] += n
        others[m] += other
        if counts[m] > STEP:
            counts[m] /= STEP
            others[m] /= STEP
            powers[m] += 1


@_jit
def count_subsets(bins, factors, rests, counts, others, powers):
    """Add numbers one by one: each is in half of the subsets and moves those by `bins`, a rising list of integers.

    `counts` are the numbers of subsets in each bin, in units of STEP ** powers; `others` are sums over the subsets of a
    bin, in the same unit, that a further number multiplies by its factor and increases by its rest. On entry they hold
    the empty subset. What passes the last bin is left out.
    """
    top = 0
    for k in range(len(bins)):
        top = min(top + bins[k], len(counts) - 1)
        if k < SMALL:
            _add_small(bins[k], top, factors[k], rests[k], counts, others)
        else:
            _add_any(bins[k], top, factors[k], rests[k], counts, others, powers)


def subsets(bins, factors, rests, size, empty):
    """Logarithms of the counts and means of the other sums, of the bins that are not empty, with their numbers."""
    order = np.argsort(bins, kind="stable")
    counts, others, powers = np.zeros(size), np.zeros(size), np.zeros(size, dtype=np.int64)
    counts[0], others[0] = 1.0, empty
    count_subsets(bins[order], factors[order], rests[order], counts, others, powers)
    filled = np.flatnonzero(counts)
    logs = np.log(counts[filled]) + powers[filled] * np.log(STEP)
    return filled, logs, others[filled] / counts[filled]
