"""Workers compute what this process has keyed: constants changed at run time reach them, or the sweep stops."""

from __future__ import annotations

import functools
import json
import sys
import textwrap

import numpy as np
import pytest
import qutip
from random_states import start

import qbsim as qb
from qbsim.solvers import Settings
from qbsim.solvers._certificate import CERTIFICATE, combine
from qbsim.sweeps import executors, tasks, transport
from qbsim.sweeps.show import of_file
from qbsim.sweeps.tasks import Curve

TIMES = np.linspace(0, 1, 11)

MODULE = """
    import {helper} as helper
    import numpy as np
    import qbsim as qb
    from {helper} import rate

    EXCHANGE = 10.0
    SHIFT = 0.0


    def chain(delta, rng):
        return qb.xx_chain(qb.random_fields(2, delta, B0=10.0, rng=rng), J=2 * EXCHANGE, gamma=1.0)


    def of_a_helper(delta, rng):
        return qb.xx_chain(qb.random_fields(2, delta, B0=10.0, rng=rng), J=2 * helper.EXCHANGE, gamma=1.0)


    def of_its_function(delta, rng):
        return qb.xx_chain(qb.random_fields(2, delta, B0=10.0, rng=rng), J=2.0, gamma=rate())


    def shifted(rho, battery):
        return float(rho.tr().real) + SHIFT
"""
HELPER = """
    import threading

    EXCHANGE = 10.0
    RATE = 1.0
    {extra}


    def rate():
        return RATE
"""


@pytest.fixture
def user(tmp_path, monkeypatch, request):
    """Modules of a user, imported from files."""
    made = []

    def make(extra=""):
        name = f"user_{abs(hash(str(tmp_path))) % 10**9}"
        (tmp_path / f"{name}_helper.py").write_text(textwrap.dedent(HELPER.format(extra=extra)))
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(MODULE.format(helper=f"{name}_helper")))
        monkeypatch.syspath_prepend(tmp_path)
        executors._end_pools()  # workers of before do not know the new path
        made.extend([name, f"{name}_helper"])
        return __import__(name)

    yield make
    for name in made:
        sys.modules.pop(name, None)


def sweep(build, **kwargs):
    defaults = {"states": "plus", "tlist": TIMES, "realizations": 3, "progress": False, "workers": 1}
    return qb.sweep(build, {"delta": [5.0]}, **defaults | kwargs)


CHANGES = {
    "a constant of the module": ("chain", "EXCHANGE", 5.0),
    "a constant of a module that it imports": ("of_a_helper", "helper.EXCHANGE", 5.0),
    "a constant of a function that it imports": ("of_its_function", "helper.RATE", 2.0),
}


def change(module, path, value):
    *above, name = path.split(".")
    for part in above:
        module = getattr(module, part)
    setattr(module, name, value)


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("what", CHANGES)
def test_a_constant_changed_at_run_time_reaches_the_workers(what, stored, user, tmp_path):
    """Gains are those of the constant as it is now; the old ones were computed, and filed under the new key."""
    function, constant, value = CHANGES[what]
    module = user()
    store = {"store": tmp_path / "runs"} if stored else {}
    before = sweep(getattr(module, function), **store)
    change(module, constant, value)
    after = sweep(getattr(module, function), **store)
    alone = sweep(getattr(module, function), executor="serial")
    assert np.array_equal(after.ergotropy, alone.ergotropy)
    assert not np.array_equal(after.ergotropy, before.ergotropy)


def test_a_constant_of_a_measure_reaches_the_workers(user):
    module = user()
    module.SHIFT = 1.0
    ds = sweep(module.chain, measures={"shifted": module.shifted})
    np.testing.assert_allclose(ds.shifted, 2.0, atol=1e-7)


def test_arguments_bound_by_partial_are_looked_into(user):
    """The module of a function that is bound as an argument is sent too."""
    module = user()

    def build(delta, rng, inner):
        return inner(delta, rng=rng)

    module.EXCHANGE = 5.0
    bound = functools.partial(build, inner=module.chain)
    assert np.array_equal(sweep(bound).ergotropy, sweep(bound, executor="serial").ergotropy)


@pytest.mark.parametrize("stored", [False, True])
def test_what_cannot_travel_is_compared_and_refused(stored, user, tmp_path):
    """A module with a lock in it is imported anew by the worker, which then builds another battery."""
    module = user(extra="LOCK = threading.Lock()")
    module.helper.EXCHANGE = 5.0
    store = {"store": tmp_path / "runs"} if stored else {}
    with pytest.raises(RuntimeError, match=r"makes another battery than in the process.*functools\.partial"):
        sweep(module.of_a_helper, **store)
    assert not list(tmp_path.glob("runs/batches/*/*"))
    module.helper.EXCHANGE = 10.0  # unchanged, it is imported and right
    alone = sweep(module.of_a_helper, executor="serial")
    assert np.array_equal(sweep(module.of_a_helper, **store).ergotropy, alone.ergotropy)


def test_a_constant_changed_at_run_time_reaches_other_executors(user):
    """Any object with submit: a pool of the standard library, whose workers are started anew."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    module = user()
    module.EXCHANGE = 5.0
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        ds = sweep(module.chain, executor=pool, workers=None)
    assert np.array_equal(ds.ergotropy, sweep(module.chain, executor="serial").ergotropy)


def test_a_constant_of_a_scenario_reaches_the_workers(monkeypatch):
    """arjmandi2022 with the exchange J/2: two cells gain nothing at delta = 5, and 2 % or more with J."""
    from qbsim.ledger import scenario

    one = scenario.find(["arjmandi2022.fig1"])[0].module
    paper = sys.modules[one.__package__]
    gain = {}
    for element in (paper.J / 2, paper.J):
        monkeypatch.setattr(paper, "READING", paper.READINGS["full width"]._replace(exchange=element))
        ds = qb.sweep(
            paper.chain,
            {"N": [2], "delta": [5.0]},
            states=["plus"],
            tlist=paper.TIMES,
            realizations=100,
            seed=paper.SEED,
            workers=2,
            progress=False,
        )
        gain[element] = ds.gain.item()
    assert gain[paper.J / 2] == 0
    assert gain[paper.J] > 1


class TestComparison:
    """What the worker checks, on its own."""

    @staticmethod
    def sent(build, **identity):
        curve = Curve(build, {}, "full", start(qb.full(1)), TIMES, {"energy": "energy"}, Settings(), 0)
        curve.__dict__["identity"] = curve.identity | identity
        return curve

    def test_the_same_passes(self):
        transport.check_same(self.sent(lambda: qb.single_cell(gamma=1.0)))

    def test_another_library_is_refused(self):
        versions = self.sent(qb.single_cell).identity["versions"] | {"numpy": "1.0"}
        with pytest.raises(RuntimeError, match=r"runs other code.*numpy 1\.0"):
            transport.check_same(self.sent(qb.single_cell, versions=versions))

    def test_other_code_of_qbsim_is_refused(self):
        versions = self.sent(qb.single_cell).identity["versions"] | {"qbsim_code": "0" * 64}
        with pytest.raises(RuntimeError, match=r"runs other code.*qbsim_code 000000000000"):
            transport.check_same(self.sent(qb.single_cell, versions=versions))

    def test_another_battery_is_refused(self):
        with pytest.raises(RuntimeError, match="the builder makes another battery"):
            transport.check_same(self.sent(qb.single_cell, batteries=["0" * 64]))

    def test_a_measure_may_differ_by_rounding_only(self):
        ours = repr(0.1 + 0.2)
        assert tasks._agree(ours, "0.3")
        assert tasks._agree("nan", "nan")
        assert tasks._agree("inf", "inf")
        assert not tasks._agree("0.3", "0.300001")
        assert not tasks._agree("nan", "0.3")


class TestCertificate:
    """A sweep certifies what `evolve` does, over all realizations, and warns of a populated cut-off itself."""

    @staticmethod
    def run(displacement, **kwargs):
        return qb.sweep(
            lambda displacement: qb.oscillator(6, displacement=displacement, kappa=0.1),
            {"displacement": displacement},
            states={"vacuum": lambda N: qutip.fock(6, 0)},
            tlist=TIMES,
            progress=False,
            **kwargs,
        )

    @pytest.mark.parametrize("executor", [None, "serial"])
    def test_a_populated_cutoff(self, executor, tmp_path):
        """alpha = 1.5 in six levels: per cents at the cut-off; the same warning from workers and from here."""
        strong = qb.oscillator(6, displacement=1.5, kappa=0.1)
        with pytest.warns(qb.CutoffWarning):
            alone = qb.evolve(strong, qutip.fock(6, 0), TIMES)
        expected = json.loads(alone.attrs["certificate"])["population_at_cutoff"]
        assert expected > 0.05
        for _ in range(2):  # the second time all of it is in the store
            with pytest.warns(qb.CutoffWarning, match=r"state 'vacuum' at displacement = 1\.5") as told:
                ds = self.run([0.01, 1.5], executor=executor, workers=1, store=tmp_path / "runs")
            assert len(told) == 1
            assert told[0].filename == __file__
            assert json.loads(ds.attrs["certificate"])["population_at_cutoff"] == pytest.approx(expected, rel=1e-6)

    def test_an_empty_cutoff_warns_of_nothing(self):
        ds = self.run([0.01], executor="serial")
        assert json.loads(ds.attrs["certificate"])["population_at_cutoff"] < 1e-6

    def test_every_entry_of_evolve_is_an_entry_of_the_sweep(self):
        """Largest errors, lowest eigenvalue, and the sum of all nodes, over ten realizations."""

        def build(rng):
            return qb.xx_chain(qb.random_fields(3, 2.0, B0=10.0, rng=rng), J=20.0, gamma=1.0)

        times = np.linspace(0, 1, 201)
        ds = qb.sweep(
            build, {}, states="plus", tlist=times, realizations=10, passive_tol=1e-4, executor="serial", progress=False
        )
        runs = [
            qb.evolve(build(np.random.default_rng(np.random.SeedSequence([0, k]))), qb.plus(3), times, passive_tol=1e-4)
            for k in range(10)
        ]
        each = [json.loads(run.attrs["certificate"]) for run in runs]
        found = json.loads(ds.attrs["certificate"])
        assert set(found) == set(CERTIFICATE)
        assert found["population_at_cutoff"] is None
        for name, total in (
            ("trace_error", max),
            ("hermiticity_error", max),
            ("lowest_eigenvalue", min),
            ("passive_nodes", sum),
            ("passive_error", max),
        ):
            assert found[name] == pytest.approx(total(c[name] for c in each), rel=1e-9, abs=1e-15), name
        assert found["passive_nodes"] > 100

    def test_combine(self):
        assert combine("passive_nodes", [3, None, float("nan"), 4.0]) == 7
        assert combine("lowest_eigenvalue", [-1e-9, 0.0]) == -1e-9
        assert combine("trace_error", []) is None

    def test_an_entry_without_a_row_is_noticed(self):
        """What `evolve` certifies is in the table, so that sweeps keep it."""
        ds = qb.evolve(qb.oscillator(6), qutip.fock(6, 0), TIMES, passive_tol=1e-3)
        assert set(json.loads(ds.attrs["certificate"])) | {"ergotropy_bound"} == set(CERTIFICATE)
        assert all(row.long_name and row.units for row in CERTIFICATE.values())

    def test_show_tells_what_the_entries_mean(self):
        rows = dict(of_file(self.run([0.01], executor="serial")))
        assert "population of the levels next to the cut-off" in rows["certificate.population_at_cutoff"]
