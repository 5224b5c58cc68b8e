"""Batches and the time left, on simulated costs and a simulated clock."""

import heapq
from types import SimpleNamespace

import numpy as np
import pytest

from qbsim.sweeps.jobs import Cost
from qbsim.sweeps.work import Work

TIMES = np.linspace(0, 1, 101)
COMPILATION = 5.0  # of the first batch of a worker


class Simulation:
    """Workers that take as long as told, on a clock that jumps from batch to batch."""

    def __init__(self, costs, workers, rng):
        # costs: one (dimension, state, forecast, true seconds, realizations) per curve
        self.true, self.workers, self.rng, self.now = {}, workers, rng, 0.0
        gaps = []
        for dimension, state, forecast, seconds, count in costs:
            curve = SimpleNamespace(
                cost=Cost("network", forecast, 0),
                kind=("network", dimension, state),
                sample=1 if dimension >= 32 else 8,
                shapes={"value:energy": ("float64", TIMES.shape), "spread": ("float64", ())},
            )
            curve = Hashed(curve)
            self.true[curve] = seconds
            gaps.append((curve, 0, count))
        executor = SimpleNamespace(workers=workers, slots=workers)
        self.work = Work(gaps, executor, clock=lambda: self.now)
        self.all = sum(self.true[curve] * count for curve, _, count in gaps)

    def run(self):
        """Yield (share of the work done, time, forecast of the time left) after every batch; last the end."""
        flying, done, begun = [], 0.0, 0
        while True:
            while len(flying) < self.workers and (todo := self.work.take()) is not None:
                pure = self.true[todo.job] * (todo.stop - todo.start)
                taken = pure * self.rng.lognormal(0.0, 0.2) + COMPILATION * (begun < self.workers)
                begun += 1
                heapq.heappush(flying, (self.now + taken, begun, taken, pure, todo))
            if not flying:
                return
            self.now, number, taken, pure, todo = heapq.heappop(flying)
            self.work.done(todo, taken, first=number <= self.workers)
            done += pure
            yield done / self.all, self.now, self.work.seconds_left([entry[-1] for entry in flying])


class Hashed(SimpleNamespace):
    def __init__(self, other):
        super().__init__(**vars(other))

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def mixed_sizes(rng, sizes=range(2, 10), deltas=6, count=40):
    """Costs as of 2 to 9 cells: forecasts of one solver and size are off by one factor, and each by its own."""
    for N in sizes:
        off = rng.uniform(0.5, 3.0)
        for state, times in (("plus", 1.0), ("full", 0.05)):
            for _ in range(deltas):
                forecast = times * (1e-3 + 5e-3 * 4.0 ** (N - 4))
                yield 2**N, state, forecast, forecast * off * rng.lognormal(0.0, 0.2), count


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("order", ["rising", "falling", "mixed"])
def test_the_time_left_is_within_a_factor_of_two_after_five_percent(workers, seed, order):
    rng = np.random.default_rng(seed)
    costs = list(mixed_sizes(rng))
    if order == "falling":
        costs.reverse()
    elif order == "mixed":
        rng.shuffle(costs)
        costs = [(int(d), str(s), float(f), float(t), int(n)) for d, s, f, t, n in costs]
    told = list(Simulation(costs, workers, rng).run())
    end = told[-1][1]
    checked = [(left, end - now) for share, now, left in told if share >= 0.05 and now < 0.9 * end]
    assert len(checked) > 20  # in the last tenth the scatter of the last batch decides
    for left, true in checked:
        assert true / 2 < left < 2 * true


def test_curves_of_one_kind_may_differ_by_a_factor_of_a_hundred():
    # weak losses and strong ones, of one size and state: only the forecast tells them apart
    rng = np.random.default_rng(3)
    costs = [(64, "plus", x, 2 * x, 300) for x in (0.001, 0.01, 0.1)]
    told = list(Simulation(costs, 2, rng).run())
    end = told[-1][1]
    for share, now, left in told:
        if share >= 0.05 and now < 0.9 * end:
            assert (end - now) / 2 < left < 2 * (end - now)


def test_nothing_is_said_before_the_first_batch():
    simulation = Simulation([(4, "plus", 1.0, 1.0, 10)], 1, np.random.default_rng(0))
    assert simulation.work.seconds_left([]) is None


def test_every_realization_is_handed_out_once():
    rng = np.random.default_rng(1)
    simulation = Simulation(list(mixed_sizes(rng, deltas=2, count=37)), 3, rng)
    seen = {curve: np.zeros(37, dtype=int) for curve in simulation.true}
    take = simulation.work.take

    def noted():
        if (todo := take()) is not None:
            seen[todo.job][todo.start : todo.stop] += 1
        return todo

    simulation.work.take = noted
    list(simulation.run())
    assert all((count == 1).all() for count in seen.values())
