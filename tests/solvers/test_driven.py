"""Driven networks: power series in time against QuTiP, closed forms, exponentials, and their own bounds."""

import numpy as np
import pytest
import qutip
from random_states import start
from scipy.linalg import expm
from scipy.special import erf

import qbsim as qb
from qbsim.solvers import Settings, _power_series, choose, load
from qbsim.solvers import network as solver
from qbsim.solvers._driven import KernelGenerator
from qbsim.solvers._packed import pack

REFERENCE = {"solver": "qutip", "rtol": 1e-10, "atol": 1e-12}
TIMES = np.array([0.0, 0.02, 0.5, 0.51, 1.3, 2.0])


def envelope(rng):
    """A function of time: harmonic, pulse, ramp or samples."""
    a, w, middle = rng.normal(scale=3), rng.uniform(0.5, 15), rng.uniform(0, 2)
    kinds = [
        lambda t: a * np.cos(w * t),
        lambda t: a * np.exp(-(((t - middle) * w) ** 2)),
        lambda t: a * np.tanh(w * (t - middle)),
        qutip.coefficient(rng.normal(size=21), tlist=np.linspace(0, 2, 21)),
        lambda t: a,
    ]
    return kinds[rng.integers(len(kinds))]


def driven_network(seed):
    """Network with every term, of which pair, x and y may depend on time, of all cells or of some."""
    rng = np.random.default_rng([seed, 3])
    N = int(rng.integers(1, 4))
    edges = [qb.linear(N), qb.circular(N), qb.all_to_all(N)][rng.integers(3)]

    def moving(count):
        kind = rng.integers(4)
        if kind == 0 or count == 0:
            return rng.normal(size=count)
        if kind == 1:
            return envelope(rng)
        return [envelope(rng) if rng.random() < 0.5 else float(rng.normal()) for _ in range(count)]

    drives = {"pair": moving(len(edges)), "x": moving(N), "y": moving(N)}
    chosen = rng.choice(["pair", "x", "y"], size=int(rng.integers(1, 4)), replace=False)
    return qb.network(
        edges,
        N,
        omega=rng.normal(scale=4, size=N),
        J=rng.normal(size=len(edges)),
        zz=rng.normal(size=len(edges)),
        dm=rng.normal(size=len(edges)),
        gamma=rng.uniform(0.5, 1),
        gamma_bond=0.1,
        dephasing=rng.uniform(0, 0.3),
        nbar=rng.uniform(0, 0.5),
        **{name: drives[name] for name in chosen},
    )


def states_of(net, rho0, times, rtol=1e-8):
    """Density matrices by the compiled solver."""
    run = load("network").run(net, start(rho0), times, Settings(rtol=rtol))
    return np.concatenate([segment.dense for segment in run])


@pytest.mark.parametrize("seed", range(24))
def test_random_drives_against_qutip(seed):
    net = driven_network(seed)
    rho0 = [qb.plus, qb.full, qb.classical][seed % 3](net.N)
    measures = ("energy", "ergotropy", "entropy")
    found = qb.evolve(net, rho0, TIMES, measures, solver="network", states=True)
    exact = qb.evolve(net, rho0, TIMES, measures, states=True, **REFERENCE)
    np.testing.assert_allclose(found.rho, exact.rho, atol=1e-7)
    for name in ("energy", "ergotropy"):
        np.testing.assert_allclose(found[name], exact[name], atol=1e-7 * max(1.0, float(np.abs(net.omega).sum())))


@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8, 1e-10])
def test_error_stays_below_the_tolerance(rtol):
    net = driven_network(2)
    assert net.drives
    exact = states_of(net, qb.plus(net.N), TIMES, rtol=1e-12)
    found = states_of(net, qb.plus(net.N), TIMES, rtol=rtol)
    assert np.linalg.norm(found - exact, axis=(1, 2)).max() <= rtol


class TestPulses:
    """Without fields x(t) turns a cell by its area: p_e = sin^2(area / 2), whatever the shape."""

    @pytest.mark.parametrize("width", [0.3, 0.03, 0.003, 0.001])
    @pytest.mark.parametrize("middle", [0.31415, 0.5, 0.7182])
    def test_a_short_pulse_is_not_stepped_over(self, width, middle):
        net = qb.network((), 1, omega=0.0, x=lambda t: np.sqrt(np.pi) / width * np.exp(-(((t - middle) / width) ** 2)))
        net = net.replace(H0=qutip.num(2))
        times = np.array([0.0, 1.0])
        area = np.pi / 2 * (erf((1 - middle) / width) + erf(middle / width))
        p = states_of(net, qb.empty(1), times)[-1, 1, 1].real
        assert p == pytest.approx(np.sin(area / 2) ** 2, abs=1e-8)

    def test_samples_of_a_pulse_are_all_looked_at(self):
        # one sample of 20001 is not zero, between the probes of a function
        values = np.zeros(20001)
        values[12345] = np.pi * 20000
        f = qutip.coefficient(values, tlist=np.linspace(0, 1, 20001), order=1)  # a triangle of area pi
        net = qb.network((), 1, omega=0.0, x=f)
        assert states_of(net, qb.empty(1), np.array([0.0, 1.0]))[-1, 1, 1].real == pytest.approx(1, abs=1e-7)

    def test_switching_is_the_product_of_exponentials(self):
        # x = 2 until t = 0.7654321, then -3: two constant generators
        cut = 0.7654321
        net = qb.network(
            qb.linear(2), J=1.0, dm=0.4, gamma=0.5, nbar=0.1, dephasing=0.2, x=lambda t: 2.0 if t < cut else -3.0
        )
        parts = [qb.network(qb.linear(2), J=1.0, dm=0.4, gamma=0.5, nbar=0.1, dephasing=0.2, x=x) for x in (2.0, -3.0)]
        before, after = (qutip.liouvillian(part.H, part.c_ops).full() for part in parts)
        rho = expm(after * (2 - cut)) @ expm(before * cut) @ qb.full(2).proj().full().ravel(order="F")
        found = states_of(net, qb.full(2), np.array([0.0, 0.5, 2.0]))[-1]
        np.testing.assert_allclose(found, rho.reshape(4, 4, order="F"), atol=1e-9)

    def test_many_jumps_add_up_to_less_than_the_tolerance(self):
        # samples of order 0: the exponentials of forty constant generators
        times, values = np.linspace(0, 4, 41), np.random.default_rng(0).normal(scale=2, size=41)
        arguments = {"J": 1.0, "gamma": 0.3}
        net = qb.network(qb.linear(2), **arguments, x=qutip.coefficient(values, tlist=times, order=0))
        rho = qb.plus(2).proj().full().ravel(order="F")
        for value, step in zip(values, np.diff(times), strict=False):
            part = qb.network(qb.linear(2), **arguments, x=float(value))
            rho = expm(qutip.liouvillian(part.H, part.c_ops).full() * step) @ rho
        for rtol in (1e-8, 1e-10):
            found = states_of(net, qb.plus(2), np.array([0.0, 4.0]), rtol)[-1]
            assert np.linalg.norm(found - rho.reshape(4, 4, order="F")) < rtol

    def test_a_drive_that_is_constant_is_the_constant_term(self):
        arguments = {"J": 1.0, "zz": 0.5, "gamma": 0.5}
        moving = qb.network(qb.linear(3), **arguments, x=lambda t: 1.5, pair=[lambda t: 0.3, 0.2])
        constant = qb.network(qb.linear(3), **arguments, x=1.5, pair=[0.3, 0.2])
        one, other = states_of(moving, qb.plus(3), TIMES), states_of(constant, qb.plus(3), TIMES)
        np.testing.assert_allclose(one, other, atol=1e-9)


class TestSteps:
    def network(self):
        return qb.network(qb.linear(3), omega=3.0, J=1.0, gamma=0.3, x=np.cos, pair=lambda t: np.sin(2 * t))

    def test_terms_left_out_are_bounded(self):
        # the terms after the last one, computed to the end, add up to less than the bound that cut the series
        net = self.network()
        layout = solver.layout_for(net, "none")
        generator = KernelGenerator(net, layout, 20.0)
        q = pack(qb.plus(3), layout)
        for tol in (1e-3, 1e-6, 1e-9):
            series = _power_series.PowerSeries(
                generator, net.drives, np.array([0.0, 2.0]), _power_series.Accuracy(tol, 1e-9)
            )
            series.reach = 15.0
            step = series._step(0.0, 2.0)
            terms, spare = np.empty((80, len(q))), np.empty((2, len(q)))
            used = series._fill(q, step, terms, spare)
            cut = terms[:used].sum(axis=0)
            series.accuracy = _power_series.Accuracy(1e-13, 1e-9)
            assert series._fill(q, step, terms, spare) > used
            whole = terms[: series._fill(q, step, terms, spare)].sum(axis=0)
            assert np.linalg.norm(cut - whole) <= tol * step.length / 2

    def test_norm_of_the_generator_is_bounded(self):
        net = driven_network(5)
        for t in (0.0, 0.7):
            L = qutip.liouvillian(net.H(t), net.c_ops).full()
            constant = solver._norm(solver.numerical_range(net, 0.0, "none"))
            assert np.linalg.norm(L, 2) <= constant + sum(drive.norm * abs(drive.value(t)) for drive in net.drives)

    @pytest.mark.parametrize("times", [[0.0], [1.0, 1.5], [-2.0, -1.9, 0.3], np.linspace(0, 20, 7)])
    def test_any_times(self, times):
        net, times = self.network(), np.array(times)
        exact = qb.evolve(net, qb.plus(3), times, "energy", states=True, **REFERENCE).rho.values
        np.testing.assert_allclose(states_of(net, qb.plus(3), times), exact, atol=1e-8)

    def test_segments_that_fit_the_memory_are_the_same_states(self, monkeypatch):
        net, times = self.network(), np.linspace(0, 3, 23)
        whole = states_of(net, qb.plus(3), times)
        monkeypatch.setattr(solver, "SEGMENT_BYTES", 8 * 64 * 4)
        sizes = [len(part) for part in load("network").run(net, start(qb.plus(3)), times, Settings())]
        assert len(sizes) >= 6
        assert max(sizes) <= 4
        np.testing.assert_allclose(states_of(net, qb.plus(3), times), whole, atol=1e-14)

    def test_fewer_terms_are_shorter_steps(self, monkeypatch):
        net, times = self.network(), np.linspace(0, 3, 7)
        whole = states_of(net, qb.plus(3), times)
        monkeypatch.setattr(_power_series, "TERMS_BYTES", 1)
        np.testing.assert_allclose(states_of(net, qb.plus(3), times), whole, atol=1e-10)

    def test_pair_drives_keep_blocks_of_equal_parity(self):
        net = qb.network(qb.circular(4), J=1.0, gamma=0.3, pair=np.cos)
        exact = qb.evolve(net, qb.full(4), TIMES, states=True, **REFERENCE).rho.values
        first = 0
        for segment in load("network").run(net, start(qb.full(4)), TIMES, Settings()):
            assert [len(block) for block in segment.layout.blocks] == [8, 8]
            part = exact[first : first + len(segment)]
            np.testing.assert_allclose(segment.dense, part, atol=1e-8)
            for (i, j), k in (((0, 1), 2), ((1, 3), 0)):
                state = [qutip.Qobj(rho, dims=[[2] * 4] * 2) for rho in part]
                np.testing.assert_allclose(segment.pair(i, j), [s.ptrace([i, j]).full() for s in state], atol=1e-8)
                np.testing.assert_allclose(segment.cell(k), [s.ptrace(k).full() for s in state], atol=1e-8)
            np.testing.assert_allclose(segment.eigenvalues, np.linalg.eigvalsh(part), atol=1e-8)
            first += len(segment)
        assert first == len(TIMES)

    def test_forecast_of_memory_is_met(self):
        net = qb.network(qb.linear(8), J=1.0, gamma=0.3, x=np.cos)
        size = 8 * 4**8
        assert 50 * size < solver.forecast(net, start(qb.plus(8)), TIMES) < 200 * size


class TestCallsOfADrive:
    """A function that takes arrays is called with one; any other one time after the other, with the same states."""

    CUT = 0.3

    def functions(self):
        middle, width = 0.31415, 0.003

        def scalars_only(t):
            return 2.0 if t < self.CUT else -3.0

        def changes_its_argument(t):
            t -= middle
            return np.exp(-((t / width) ** 2))

        return {
            "array": (lambda t: np.exp(-(((t - middle) / width) ** 2)), True),
            "argument is changed": (changes_its_argument, True),
            "one number": (lambda t: 1.5, False),
            "scalars only": (scalars_only, False),
            "first number": (lambda t: np.cos(np.ravel(t)[0]) * np.ones_like(t), False),
            "least number": (lambda t: np.cos(t - np.min(t)), False),
            "whole numbers": (lambda t: 1 if np.ndim(t) == 0 else np.ones(len(t), dtype=int), False),
            "warns": (lambda t: 1.0 if np.ndim(t) == 0 else 1.0 + 0.0 / np.divide(t, 0.0), False),
        }

    @pytest.mark.parametrize("name", ["array", "argument is changed", "one number", "scalars only", "first number",
                                      "least number", "whole numbers", "warns"])  # fmt: skip
    def test_values_are_those_of_single_calls(self, name):
        function, arrays = self.functions()[name]
        calls = []

        def counted(t):
            calls.append(t)
            return function(t)

        (drive,) = qb.network((), 1, x=counted).drives
        times = np.linspace(0, 1, 2001)
        sampler = drive.sampler(0.0, 1.0)
        before = len(calls)
        found = sampler(times)
        assert len(calls) - before == (1 if arrays else len(times))
        np.testing.assert_allclose(found, [drive.value(t) for t in times], atol=1e-14)

    def test_other_arguments_are_those_of_single_calls(self):
        (drive,) = qb.network((), 1, x=lambda t, a=1.0: a * np.cos(t)).drives
        changed = drive.with_arguments({"a": 3.0})
        times = np.linspace(0, 1, 5)
        np.testing.assert_allclose(changed.sampler(0.0, 1.0)(times), 3 * np.cos(times), atol=1e-14)

    def test_a_value_that_is_not_finite_is_found_one_by_one(self):
        (drive,) = qb.network((), 1, x=lambda t: np.inf ** (t == 0.5)).drives
        with pytest.raises(ValueError, match=r"x must be a finite real number at all times, but is inf.* at t = 0\.5"):
            drive.sampler(0.0, 1.0)(np.linspace(0, 1, 3))


class TestChoice:
    def test_a_driven_chain_is_solved_by_the_compiled_solver(self):
        net = qb.network(qb.linear(6), J=5.0, zz=5.0, gamma=1.0, x=np.cos)
        assert choose(net, start(qb.plus(6)), np.linspace(0, 1, 21)).name == "network"

    def test_other_operators_that_depend_on_time_are_not(self):
        net = qb.network(qb.linear(2), J=5.0) + [qb.operators.sigma_x(0, 2), np.cos]
        assert "network" in choose(net, start(qb.plus(2)), TIMES).compared
        with pytest.raises(ValueError, match="operators of its own"):
            qb.evolve(net, qb.plus(2), TIMES, solver="network")

    def test_arguments_of_a_drive(self):
        drive = qutip.coefficient(lambda t, a: a * np.cos(t), args={"a": 1.0})
        net = qb.network((), 2, x=drive)
        other = qb.network((), 2, x=lambda t: 3.0 * np.cos(t))
        one = qb.evolve(net, qb.empty(2), TIMES, "energy", args={"a": 3.0}, solver="network").energy
        np.testing.assert_allclose(one, qb.evolve(other, qb.empty(2), TIMES, "energy").energy, atol=1e-8)

    def test_a_complex_drive_is_refused(self):
        net = qb.network((), 1, x=lambda t: 1j * t)
        with pytest.raises(ValueError, match="x must be a finite real number at all times"):
            qb.evolve(net, qb.plus(1), TIMES, solver="network")

    def test_a_drive_that_is_not_finite_is_refused(self):
        net = qb.network((), 1, x=lambda t: np.nan if t > 1 else t)
        with pytest.raises(ValueError, match="x must be a finite real number at all times"):
            qb.evolve(net, qb.plus(1), TIMES, solver="network")

    def test_a_sweep_takes_driven_networks(self):
        def build(amplitude, rng):
            return qb.network(qb.linear(2), J=1.0, gamma=0.3, x=lambda t: amplitude * np.cos(t))

        ds = qb.sweep(
            build, {"amplitude": [1.0, 2.0]}, states="empty", tlist=TIMES, measures="energy", executor="serial",
            progress=False,
        )  # fmt: skip
        for amplitude in (1.0, 2.0):
            alone = qb.evolve(build(amplitude, None), qb.empty(2), TIMES, "energy").energy
            np.testing.assert_allclose(ds.energy.sel(amplitude=amplitude, state="empty"), alone, atol=1e-7)
