"""Solvers against QuTiP, against each other and against their own bounds."""

import inspect
import json

import numpy as np
import pytest
import qutip
import scipy.sparse.linalg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_states import start

import qbsim as qb
from qbsim import _machine
from qbsim.measures import series
from qbsim.solvers import SOLVERS, Settings, Solver, choose, load
from qbsim.solvers import _faber as faber
from qbsim.solvers import _kernels as kernels
from qbsim.solvers._couplings import layout_for
from qbsim.solvers._layout import layout_of
from qbsim.solvers._packed import PackedStates, has_blocks, pack
from qbsim.solvers._spectrum import numerical_range
from qbsim.solvers.network import generator_of

REFERENCE = {"solver": "qutip", "rtol": 1e-10, "atol": 1e-12}
MEASURES = (
    "energy",
    "ergotropy",
    "l1_coherence",
    "local_ergotropy",
    "incoherent_ergotropy",
    "entropy",
    "purity",
    "power_interaction",
    "power_dissipation",
)
TIMES = np.array([0.0, 0.03, 0.1, 0.4, 0.41, 1.0])


def random_network(N, rng, *, fields=5.0, more=()):
    """Network with random fields, exchange and bath bonds on a random graph, decay matrix A A^T, and `more` terms."""
    K = rng.normal(size=(N, N))
    K = K @ K.T / N
    on = np.triu(rng.random((N, N)) < 0.7, 1)
    J = np.where(on, rng.normal(scale=3, size=(N, N)), 0.0)
    bonds = K - np.diag(np.diag(K))
    return qb.network(
        [(int(i), int(j)) for i, j in zip(*np.nonzero(on), strict=True)],
        N,
        omega=rng.normal(scale=fields, size=N),
        J=J + J.T,
        gamma=np.diag(K),
        gamma_bond=(bonds + bonds.T) / 2,
        dephasing=rng.uniform(0, 1, N),
        nbar=rng.uniform(0, 1, N),
        **{name: random_term(name, on, rng) for name in more},
    )


CONSERVING = {"number": ("zz", "dm"), "parity": ("zz", "dm", "pair"), "none": ("zz", "dm", "pair", "x", "y")}
"""Terms beside those of random_network that keep a state in blocks of equal excitation number, of equal parity, or one.
"""


def random_term(name, on, rng):
    """Numbers for an argument of `network`, on the bonds of a graph or on its cells."""
    N = len(on)
    upper = np.where(on, rng.normal(scale=3, size=(N, N)), 0.0)
    return {"dm": upper - upper.T, "x": rng.normal(size=N), "y": rng.normal(size=N)}.get(name, upper + upper.T)


def random_state(N, kind, seed):
    """Ket, density matrix, or density matrix without coherence between excitation numbers."""
    if kind == "ket":
        return qutip.rand_ket([2] * N, seed=seed)
    rho = qutip.rand_dm([2] * N, seed=seed).full()
    if kind in ("number", "parity"):
        n = key_of(N, kind)
        rho = rho * (n[:, None] == n)
    return qutip.Qobj(rho, dims=[[2] * N] * 2)


def key_of(N, blocks):
    """What tells basis states of different blocks apart."""
    n = np.bitwise_count(np.arange(2**N))
    return {"number": n, "parity": n % 2, "none": 0 * n}[blocks]


def generator(net, rho, blocks):
    """L rho from the compiled kernel, as a packed vector, and the packed form of a matrix."""
    layout = layout_for(net, blocks)
    q, out = pack(rho, layout), np.empty(layout.size)
    kernels.apply_generator(q, out, generator_of(net, layout, 0.0))
    return layout, out


class TestGenerator:
    @pytest.mark.parametrize("blocks", ["number", "parity", "none"])
    @pytest.mark.parametrize("more", [False, True])
    @pytest.mark.parametrize("N", [1, 2, 3, 5])
    def test_equals_liouvillian_on_random_hermitian_matrices(self, N, more, blocks):
        rng = np.random.default_rng(N)
        net = random_network(N, rng, more=CONSERVING[blocks] if more else ())
        rho = random_state(N, blocks, N)
        layout, out = generator(net, rho, blocks)
        exact = qutip.vector_to_operator(qutip.liouvillian(net.H, net.c_ops) * qutip.operator_to_vector(rho))
        assert np.abs(out - pack(exact, layout)).max() < 1e-10

    def test_packing_loses_nothing(self):
        rho = random_state(3, "dense", 1)
        layout = layout_of(3, False, ())
        states = PackedStates(pack(rho, layout)[None], np.zeros(1), np.zeros(1), layout, 0.0)
        assert np.abs(states.dense[0] - rho.full()).max() < 1e-15

    @pytest.mark.parametrize("blocks", ["number", "parity", "none"])
    @pytest.mark.parametrize("rough", [False, True])
    @pytest.mark.parametrize("seed", range(8))
    def test_numerical_range_is_inside_the_rectangle(self, seed, blocks, rough, monkeypatch):
        # <X, L X> over random matrices and over the extreme eigenvectors of both Hermitian parts of L
        rng = np.random.default_rng(seed)
        N = 3 if seed % 2 else 2
        net = random_network(N, rng, more=rng.permutation(CONSERVING[blocks])[: seed // 2] if seed > 1 else ())
        L = qutip.liouvillian(net.H, net.c_ops).full()
        key = key_of(N, blocks)
        keep = np.flatnonzero((key[:, None] == key).ravel())
        L = L[np.ix_(keep, keep)]
        if not rough:
            monkeypatch.setattr("qbsim.solvers._spectrum.SMALL", 1)  # exact spectra of H, as larger networks have them
        left, right, height = numerical_range(net, 0.0, blocks, rough=rough)
        real = np.linalg.eigvalsh((L + L.conj().T) / 2)
        imag = np.linalg.eigvalsh((L - L.conj().T) / 2j)
        assert left <= real[0] + 1e-9
        assert real[-1] <= right + 1e-9
        assert np.abs(imag).max() <= height + 1e-9

    @pytest.mark.parametrize("more", [(), ("zz", "dm"), ("pair", "zz"), ("x", "y", "dm")])
    def test_numerical_range_of_larger_networks_uses_exact_spectra(self, more):
        # beyond four cells the bounds come from diagonalised sectors; five cells can still be checked directly
        net = random_network(5, np.random.default_rng(0), more=more)
        L = qutip.liouvillian(net.H, net.c_ops).to("CSR").data.as_scipy()
        left, right, height = numerical_range(net, 0.0, "none")
        real, imag = (L + L.conj().T) / 2, (L - L.conj().T) / 2j
        extreme = {
            which: float(scipy.sparse.linalg.eigsh(part, 1, which=which, return_eigenvectors=False)[0])
            for part, which in ((real, "SA"), (real, "LA"), (imag, "LM"))
        }
        assert left <= extreme["SA"]
        assert extreme["LA"] <= right
        assert abs(extreme["LM"]) <= height <= 2 * abs(extreme["LM"])


class TestFaber:
    @pytest.mark.parametrize(("a", "b"), [(5.0, 40.0), (40.0, 5.0), (20.0, 20.0), (60.0, 0.5)])
    def test_series_is_the_exponential_inside_the_ellipse(self, a, b):
        ellipse = faber.Ellipse(-a, a, b)
        times = np.array([0.0, 0.3, 1.0])
        c = faber.coefficients(ellipse, times, 160)
        w = 0.97 * np.exp(1j * np.linspace(0, 2 * np.pi, 23))
        z = ellipse.center + ellipse.a * w.real + 1j * ellipse.b * w.imag
        F = [np.ones_like(z), (z - ellipse.center) / ellipse.d]
        for k in range(2, 160):
            back = (2 if k == 2 else 1) * ellipse.e / ellipse.d
            F.append((z - ellipse.center) / ellipse.d * F[k - 1] - back * F[k - 2])
        assert np.abs(c @ np.array(F) - np.exp(np.multiply.outer(times, z))).max() < 1e-10

    @pytest.mark.parametrize("strength", [1.0, 30.0])
    def test_truncation_bound(self, strength):
        # error of the series cut after M terms <= 2 sum_{k >= M} |c_k| |rho|, for weak and for strong damping
        net = qb.network(qb.central(4), omega=[1, 5, -3, 2], J=2.0, gamma=strength, gamma_bond=0.5 * strength)
        layout, bounds = layout_for(net, "none"), numerical_range(net, 0.0, "none")
        plan = faber.plan_steps(*bounds, 0.5, 1e-12)
        vectors = np.empty((plan.terms, layout.size))
        vectors[0] = pack(random_state(4, "dense", 3), layout)
        x = plan.ellipse
        everything = np.full((2, plan.terms), np.inf)  # no term is negligible
        ellipse = (x.center, x.d, x.e)
        kernels.faber_vectors(vectors, 1, plan.terms, 1, ellipse, everything, 0.0, generator_of(net, layout, 0.0))
        c = faber.coefficients(x, np.array([plan.step]), plan.terms)[0]
        assert np.linalg.norm(vectors, axis=1).max() <= 2 * np.linalg.norm(vectors[0])
        partial = np.cumsum(c[:, None] * vectors, axis=0)
        errors = np.linalg.norm(partial - partial[-1], axis=1)[:-1]
        bound = 2 * np.cumsum(np.abs(c[::-1]))[::-1][1:] * np.linalg.norm(vectors[0])
        assert errors[3] > 1e-3
        assert (errors <= bound + 1e-12).all()

    @pytest.mark.parametrize("seed", range(8))
    def test_what_follows_two_vectors_is_bounded_by_them(self, seed):
        # |sum_{m > k} c_m v_m| <= r_0 |v_k| + r_1 |v_{k-1}| for every k >= 2, also where every other vector vanishes
        rng = np.random.default_rng(seed)
        net = random_network(3, rng) if seed % 2 else qb.network((), 3, omega=rng.normal(size=3), gamma=1e-9)
        layout, bounds = layout_for(net, "none"), numerical_range(net, 0.0, "none")
        plan = faber.plan_steps(*bounds, 1.0, 1e-12)
        vectors = np.empty((plan.terms, layout.size))
        vectors[0] = pack(qutip.basis([2] * 3, [1, 0, 1]) if seed % 4 == 0 else random_state(3, "dense", seed), layout)
        x = plan.ellipse
        everything = np.full((2, plan.terms), np.inf)
        ellipse = (x.center, x.d, x.e)
        kernels.faber_vectors(vectors, 1, plan.terms, 1, ellipse, everything, 0.0, generator_of(net, layout, 0.0))
        c = faber.coefficients(x, np.linspace(0, plan.step, 4), plan.terms)
        rest, sizes = faber.remainders(x, c), np.linalg.norm(vectors, axis=1)
        for k in range(2, plan.terms - 1):
            left_out = np.linalg.norm(c[:, k + 1 :] @ vectors[k + 1 :], axis=1).max()
            assert left_out <= rest[0, k] * sizes[k] + rest[1, k] * sizes[k - 1] + 1e-13


class TestStationaryStates:
    """L rho = 0: every other Faber vector vanishes around the centre of the ellipse, and the series must go on."""

    TIMES = np.linspace(0, 10, 6)

    @pytest.mark.parametrize("bits", [[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
    def test_basis_state_of_uncoupled_cells(self, bits):
        net = qb.network((), 4, omega=[1.0, 2.0, 3.0, 4.0])
        ds = qb.evolve(net, qutip.basis([2] * 4, bits), self.TIMES, solver="network")
        assert ds.energy.values == pytest.approx(np.dot(bits, net.omega), abs=1e-9)

    @pytest.mark.parametrize("beta", [0.1, 1.0])
    def test_gibbs_state_of_the_hamiltonian(self, beta):
        net = qb.network(qb.circular(4), omega=[1.0, 2.0, 3.0, 4.0], J=2.0)
        gibbs = (-beta * net.H).expm().unit()
        ds = qb.evolve(net, gibbs, self.TIMES, ("energy", "entropy"), solver="network")
        assert np.ptp(ds.energy.values) < 1e-9
        assert np.ptp(ds.entropy.values) < 1e-7

    def test_w_state_of_equal_cells(self):
        net = qb.network(qb.all_to_all(5), J=2.0)
        ds = qb.evolve(net, qutip.w_state(5), self.TIMES, ("energy", "purity"), solver="network")
        assert ds.energy.values == pytest.approx(1.0, abs=1e-9)
        assert ds.purity.values == pytest.approx(1.0, abs=1e-9)

    def test_dark_state(self):
        # the antisymmetric pair of the leaves of a star does not decay
        net = qb.network(qb.all_to_all(4), gamma=1.0, gamma_bond=1.0)
        dark = (qutip.basis([2] * 4, [1, 0, 0, 0]) - qutip.basis([2] * 4, [0, 1, 0, 0])).unit()
        ds = qb.evolve(net, dark, self.TIMES, solver="network")
        assert ds.energy.values == pytest.approx(1.0, abs=1e-9)

    @pytest.mark.parametrize("gamma", [1e-12, 1e-8, 1e-6, 1e-3, 1.0, 1e2])
    def test_nearly_lossless_states_decay_at_their_own_rate(self, gamma):
        # W of equal cells is an eigenstate: its energy is exp(-gamma t), whatever J
        net = qb.network(qb.all_to_all(4), J=10.0, gamma=gamma)
        t = np.linspace(0, 10, 6)
        ds = qb.evolve(net, qutip.w_state(4), t, "energy", solver="network")
        assert ds.energy.values == pytest.approx(np.exp(-gamma * t), abs=1e-9)

    def test_weak_disorder_of_an_eigenstate(self):
        net = qb.network(qb.all_to_all(4), omega=1 + 1e-6 * np.arange(4), J=1.0)
        fast, exact = (
            qb.evolve(net, qutip.w_state(4), np.linspace(0, 1e3, 5), ("energy", "local_ergotropy"), solver=s)
            for s in ("network", "closed")
        )
        assert float(np.abs(fast - exact).to_array().max()) < 1e-8


class TestTerms:
    """A model with a term that a solver does not know is refused by it, never solved without the term."""

    class Driven(qb.Network):
        """A network with one more jump."""

        @property
        def c_ops(self):
            return [*super().c_ops, qutip.tensor(qutip.destroy(2).dag(), qutip.qeye(2))]

    def driven(self):
        net = qb.network(qb.linear(2), J=1.0, gamma=0.3)
        arrays = {name: getattr(net, name).copy() for name in ("omega", "J", "decay_matrix", "dephasing", "nbar")}
        return self.Driven(net.edges, **arrays)

    @pytest.mark.parametrize("solver", ["product", "network", "closed"])
    def test_fast_solvers_refuse_a_subclass_with_a_jump_of_its_own(self, solver):
        with pytest.raises(ValueError, match="losses of its own"):
            qb.evolve(self.driven(), qb.full(2), TIMES, solver=solver)

    @pytest.mark.parametrize("solver", ["auto", "dense", "qutip"])
    def test_the_others_solve_all_of_it(self, solver):
        net = self.driven()
        ds = qb.evolve(net, qb.full(2), TIMES, solver=solver)
        states = qutip.mesolve(net.H, qb.full(2), TIMES, net.c_ops, options={"rtol": 1e-10, "atol": 1e-12}).states
        assert ds.energy.values == pytest.approx([qutip.expect(net.H0, s) for s in states], abs=1e-7)

    def test_it_is_stamped_with_its_operators(self):
        plain = qb.network(qb.linear(2), J=1.0, gamma=0.3)
        assert self.driven().parameters()["c_ops"]
        assert "c_ops" not in plain.parameters()

    def test_terms_of_a_network_are_those_that_do_not_vanish(self):
        assert qb.network(qb.linear(2)).terms == {"fields"}
        everything = qb.network(qb.linear(2), J=1.0, gamma=1.0, dephasing=1.0, nbar=1.0)
        assert everything.terms == {"fields", "exchange", "loss", "pumping", "dephasing"}


class TestBrokenRuns:
    """What is not a state has no measures: the run raises."""

    def battery(self, term):
        return qb.Battery(qutip.num(2), qutip.num(2), [term], N=1)

    def test_lost_trace(self):
        leak = -0.1 * (qutip.spre(qutip.num(2)) + qutip.spost(qutip.num(2)))
        for solver in ("dense", "qutip"):
            with pytest.raises(ArithmeticError, match=f"Solver {solver!r} broke down .* the trace is off by"):
                qb.evolve(self.battery(leak), qb.full(1), TIMES, solver=solver)

    def test_negative_probability(self):
        s = qutip.destroy(2)
        with pytest.raises(ArithmeticError, match="a probability is -"):
            qb.evolve(self.battery(-1.0 * qutip.lindblad_dissipator(s)), qb.plus(1), TIMES)

    def test_lost_hermiticity(self):
        twist = 0.1 * (qutip.spre(qutip.sigmax()) - qutip.spost(qutip.sigmax()))  # a Hamiltonian without its -i
        with pytest.raises(ArithmeticError, match="differs from its adjoint"):
            qb.evolve(self.battery(twist), qb.plus(1) * 0 + qutip.basis(2, 1), TIMES)

    @pytest.mark.parametrize("gamma", [1e60, 1e99])
    def test_numbers_that_overflow(self, gamma):
        with np.errstate(all="ignore"), pytest.raises((ArithmeticError, ValueError), match=r"the trace is off|years"):
            qb.evolve(qb.single_cell(gamma=gamma), qb.plus(1), TIMES, solver="dense")

    def test_runs_of_years_are_refused(self):
        with pytest.raises(ValueError, match="years"):
            qb.evolve(qb.network(qb.linear(6), J=1e50, gamma=1.0), qb.plus(6), TIMES)

    def test_unphysical_networks_are_the_callers_choice(self):
        with pytest.warns(qb.UnphysicalWarning):
            net = qb.network(qb.central(5), gamma=1.0, gamma_bond=0.9, allow_unphysical=True)
        certificate = json.loads(qb.evolve(net, qb.plus(5), TIMES).attrs["certificate"])
        assert certificate["lowest_eigenvalue"] < -1e-6


def test_states_may_not_outlive_their_segment():
    net = qb.network(qb.linear(4), J=50.0, gamma=1.0)
    times = np.linspace(0, 10, 11)
    parts = list(load("network").run(net, start(qb.plus(4)), times, Settings()))
    assert len(parts) > 1
    with pytest.raises(RuntimeError, match="take what you need"):
        parts[0].populations  # noqa: B018


class TestAgainstQutip:
    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.integers(1, 5), st.sampled_from(["ket", "dense", "number"]), st.integers(0, 10**6))
    def test_random_networks(self, N, kind, seed):
        self.check(N, kind, seed)

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["ket", "number"])
    def test_six_cells_all_terms(self, kind):
        self.check(6, kind, 6)

    @pytest.mark.parametrize("kind", ["ket", "number"])
    def test_six_cells(self, kind):
        # matrix_form keeps QuTiP quick where every cell decays alone
        rng = np.random.default_rng(6)
        net = qb.network(qb.circular(6), omega=rng.normal(size=6), J=3.0, gamma=rng.uniform(0.5, 1, 6), gamma_bond=0.2)
        rho = random_state(6, kind, 6)
        fast = qb.evolve(net, rho, TIMES, ("energy", "ergotropy"), solver="network")
        options = {"method": "vern9", "rtol": 1e-10, "atol": 1e-12, "progress_bar": "", "matrix_form": True}
        states = qutip.mesolve(net.H, rho, TIMES, net.c_ops, options=options).states
        for k, state in enumerate(states):
            assert abs(fast.energy[k] - qutip.expect(net.H0, state)) < 1e-8
            assert abs(fast.ergotropy[k] - qb.ergotropy(state, net.H0)) < 1e-8

    @staticmethod
    def check(N, kind, seed):
        rng = np.random.default_rng(seed)
        net, rho = random_network(N, rng), random_state(N, kind, seed)
        names = [*MEASURES, "concurrence"] if net.edges else [*MEASURES]
        fast = qb.evolve(net, rho, TIMES, names, solver="network")
        exact = qb.evolve(net, rho, TIMES, names, **REFERENCE)
        spread = np.abs(net.omega).sum()
        for name in names:
            power = "power" in name and max(1.0, np.abs(net.decay_matrix).sum(), np.abs(net.J).sum())
            tolerance = 1e-5 if name == "concurrence" else 1e-8 * max(1.0, spread) * (power or 1.0)
            assert np.abs(fast[name] - exact[name]).max() < tolerance, name

    def test_states_come_back_in_the_laboratory_frame(self):
        # the uniform part of the fields is taken out of the propagation and has to return in the coherences
        net = random_network(4, np.random.default_rng(8), fields=20.0)
        rho = random_state(4, "dense", 8)
        fast = qb.evolve(net, rho, TIMES, solver="network", states=True)
        exact = qb.evolve(net, rho, TIMES, states=True, **REFERENCE)
        assert np.abs(fast.rho - exact.rho).max() < 1e-9

    @pytest.mark.parametrize("state", [qb.plus, qb.full])
    def test_collective_decay_a_hundred_times_the_exchange(self, state):
        # the spectrum reaches far along the negative axis
        net = qb.network(qb.all_to_all(4), J=1.0, gamma=100.0, gamma_bond=100.0)
        fast = qb.evolve(net, state(4), TIMES, ("energy", "ergotropy", "l1_coherence"), solver="network")
        exact = qb.evolve(net, state(4), TIMES, ("energy", "ergotropy", "l1_coherence"), **REFERENCE)
        for name in fast.data_vars:
            assert np.abs(fast[name] - exact[name]).max() < 4e-8, name

    @pytest.mark.parametrize("state", [qb.full, qb.empty, qb.classical])
    def test_closed_form(self, state):
        # fields, exchange, dephasing and graph are arbitrary; gamma and nbar are not
        net = qb.network(qb.circular(4), J=3.0, omega=[1, -2, 3, 0.5], gamma=1.0, nbar=0.3, dephasing=[0, 1, 2, 3])
        names = (*MEASURES, "concurrence", "efficiency", "coherent_ergotropy")
        closed = qb.evolve(net, state(4), TIMES, names, solver="product")
        exact = qb.evolve(net, state(4), TIMES, names, **REFERENCE)
        for name in closed.data_vars:
            assert np.abs(closed[name] - exact[name]).max() < 1e-9, name

    def test_dense_solver_takes_any_small_battery(self):
        H0 = qutip.num(3) + 0.2 * (qutip.destroy(3) + qutip.create(3))
        battery = qb.Battery(H0, H0 + qutip.num(3) ** 2, [0.3 * qutip.destroy(3)], N=1)
        rho = qutip.rand_dm(3, seed=2)
        names = ("energy", "ergotropy", "power")
        dense = qb.evolve(battery, rho, TIMES, names)
        exact = qb.evolve(battery, rho, TIMES, names, **REFERENCE)
        assert dense.attrs["solver"] == "dense"
        for name in names:
            assert np.abs(dense[name] - exact[name]).max() < 1e-9, name


class TestSegments:
    """Long runs are cut into steps and segments; the cuts must not show."""

    def test_many_steps_equal_one(self):
        net = qb.network(qb.linear(4), J=40.0, gamma=1.0)
        long = qb.evolve(net, qb.plus(4), np.linspace(0, 12, 25), solver="network")
        short = qb.evolve(net, qb.plus(4), np.linspace(0, 3, 7), solver="network")
        assert np.abs(long.ergotropy[:7].values - short.ergotropy.values).max() < 1e-9

    def test_gap_longer_than_a_step(self):
        net = qb.network(qb.linear(4), J=60.0, gamma=0.05)
        gap = qb.evolve(net, qb.plus(4), [0, 15.0], solver="network")
        dense = qb.evolve(net, qb.plus(4), np.linspace(0, 15, 151), solver="network")
        assert abs(gap.ergotropy[-1] - dense.ergotropy[-1]) < 1e-8

    @pytest.mark.parametrize("state", [qb.plus, qb.full])
    def test_little_memory_changes_nothing(self, state, monkeypatch):
        from qbsim.solvers import network

        net = qb.network(qb.circular(5), J=3.0, gamma=1.0, gamma_bond=0.4)
        t = np.linspace(0, 2, 41)
        whole = qb.evolve(net, state(5), t, ("energy", "ergotropy", "concurrence"))
        monkeypatch.setattr(network, "STORE_BYTES", 0)
        monkeypatch.setattr(network, "SEGMENT_BYTES", 7 * 8 * 4**5)
        cut = qb.evolve(net, state(5), t, ("energy", "ergotropy", "concurrence"))
        for name in whole.data_vars:
            assert np.abs(whole[name] - cut[name]).max() < 1e-9, name

    def test_start_other_than_zero(self):
        net = qb.network(qb.linear(4), omega=[1, 2, 3, 4], J=3.0, gamma=1.0)
        a = qb.evolve(net, qb.plus(4), TIMES, states=True)
        b = qb.evolve(net, qb.plus(4), TIMES + 5, states=True)
        assert np.abs(a.rho.values - b.rho.values).max() < 1e-11

    def test_nothing_happens_without_rates(self):
        # equal fields commute with everything: the generator is zero
        ds = qb.evolve(qb.network(qb.linear(5)), qb.plus(5), TIMES, states=True, solver="network")
        assert ds.attrs["solver"] == "network"
        assert np.abs(ds.ergotropy - 2.5).max() < 1e-12
        still = qb.evolve(qb.network(qb.linear(5), omega=0.0), qb.plus(5), TIMES, ("energy", "efficiency"))
        assert not still.energy.any()
        assert still.efficiency.isnull().all()

    def test_one_time_is_the_initial_state(self):
        ds = qb.evolve(qb.network(qb.linear(4), gamma=1.0, J=1.0), qb.plus(4), [0.7], states=True)
        assert np.abs(ds.rho[0].values - qb.plus(4).proj().full()).max() < 1e-15


class TestPassiveInterpolation:
    @staticmethod
    def chain(N, seed):
        return qb.xx_chain(qb.random_fields(N, 5.0, B0=10.0, rng=np.random.default_rng(seed)), J=20.0, gamma=1.0)

    @pytest.mark.parametrize("tol", [1e-3, 1e-4, 1e-5])
    @pytest.mark.parametrize("seed", range(3))
    def test_error_is_within_the_tolerance(self, seed, tol):
        net, t = self.chain(5, seed), np.linspace(0, 1, 201)
        exact = qb.evolve(net, qb.plus(5), t)
        fast = qb.evolve(net, qb.plus(5), t, passive_tol=tol)
        spread = net.omega.sum()
        met = json.loads(fast.attrs["certificate"])
        assert np.abs(fast.ergotropy - exact.ergotropy).max() <= tol * spread
        assert met["passive_error"] <= tol * spread
        assert met["passive_nodes"] < 201
        assert np.abs(fast.energy - exact.energy).max() < 1e-9 * spread  # solved, not interpolated

    def test_crossings_of_eigenvalues(self):
        # full and classical states with bath bonds: p_e passes 1/2, where levels cross and the passive energy has kinks
        ratios = []
        for seed in range(20):
            rng = np.random.default_rng(seed)
            net = qb.network(
                qb.circular(4),
                J=rng.uniform(0, 8),
                omega=rng.uniform(0, 8, 4),
                gamma=1.0,
                gamma_bond=rng.uniform(0, 0.5),
            )
            t = np.linspace(0, rng.uniform(0.5, 4), 251)
            state = (qb.full, qb.classical)[seed % 2](4)
            exact = qb.evolve(net, state, t)
            fast = qb.evolve(net, state, t, passive_tol=1e-4)
            ratios.append(np.abs(fast.ergotropy - exact.ergotropy).max() / (1e-4 * net.omega.sum()))
        # an estimate, not a bound: a kink may hide from the tests, but not by much and not often
        assert max(ratios) <= 2
        assert np.mean(np.array(ratios) <= 1) >= 0.9

    def test_off_by_default(self):
        ds = qb.evolve(self.chain(4, 1), qb.plus(4), TIMES)
        assert "passive_nodes" not in json.loads(ds.attrs["certificate"])


class TestChoice:
    @pytest.mark.parametrize(
        ("battery", "state", "solver"),
        [
            (qb.xx_chain([1, 2, 3, 4], J=1, gamma=1), qb.full(4), "product"),
            (qb.xx_chain([1, 2, 3, 4], J=1, gamma=1), qb.plus(4), "network"),
            (qb.xx_chain([1, 2, 3, 4], J=1, gamma=[1, 2, 1, 1]), qb.full(4), "network"),
            (qb.network(qb.linear(4), gamma=1, gamma_bond=0.5), qb.classical(4), "network"),
            (qb.single_cell(gamma=1), qb.plus(1), "independent"),
            (qb.network(qb.linear(2), J=1, gamma=1), qb.plus(2), "dense"),
        ],
    )
    def test_auto_takes_the_cheapest_and_says_why(self, battery, state, solver):
        ds = qb.evolve(battery, state, TIMES)
        assert ds.attrs["solver"] == solver
        reason = ds.attrs["solver_reason"]
        assert reason.startswith(SOLVERS[solver])
        assert f"forecast: {solver} " in reason  # the cheapest first, then what it was compared with
        assert "qutip" in reason

    def test_negative_decay_matrix_goes_to_qutip(self):
        with pytest.warns(qb.UnphysicalWarning):
            net = qb.network(qb.central(5), gamma=1.0, gamma_bond=0.7, allow_unphysical=True)
        assert choose(net, start(qb.plus(5)), TIMES).name == "qutip"

    def test_a_ket_without_losses_needs_no_density_matrix(self):
        net = qb.network(qb.linear(10), J=2.0, omega=np.linspace(1, 2, 10))
        names = ("energy", "ergotropy", "l1_coherence", "purity", "local_ergotropy", "concurrence", "entropy")
        with pytest.MonkeyPatch.context() as patch:
            for kind in (series.KetStates, series.DenseStates):
                patch.delattr(kind, "dense")  # nothing may ask for it
            ds = qb.evolve(net, qb.plus(10), TIMES, names)
        assert ds.attrs["solver"] == "closed"
        slow = qb.evolve(net, qb.plus(10), TIMES[[0, 3]], ("energy", "l1_coherence", "concurrence"), solver="network")
        for name in slow.data_vars:
            assert ds[name].sel(time=slow.time).values == pytest.approx(slow[name].values, abs=1e-5)

    def test_a_large_ket_without_losses_is_forecast_small(self):
        net = qb.network(qb.linear(14), J=2.0)
        choice = choose(net, start(qb.plus(14)), TIMES)
        assert choice.name == "closed"
        assert choice.module.forecast(net, start(qb.plus(14)), TIMES) < 2**28

    @pytest.mark.parametrize("strong", [{"dephasing": 1e6}, {"gamma": 1e6}])
    def test_stiff_problems_of_a_few_cells_go_to_the_dense_exponential(self, strong):
        net = qb.network(qb.linear(4), **{"J": 1.0, "gamma": 1.0} | strong)
        assert choose(net, start(qb.plus(4)), np.linspace(0, 1, 11)).name == "dense"

    def test_the_spectrum_is_part_of_the_forecast(self):
        net = qb.network(qb.linear(7), J=2.0, gamma=1.0)
        with_spectrum, without = (
            load("network").seconds(net, start(qb.plus(7)), np.linspace(0, 1, 201), spectrum=s) for s in (True, False)
        )
        assert with_spectrum > 2 * without

    def test_energy_alone_solves_no_eigenvalue_problem(self, monkeypatch):
        def refuse(*args, **kwargs):
            raise AssertionError("no measure asked for eigenvalues")

        monkeypatch.setattr(np.linalg, "eigvalsh", refuse)
        net = qb.network(qb.all_to_all(3), J=2.0, gamma=1.0)
        ds = qb.evolve(net, qb.plus(3), TIMES, "energy", solver="network")
        assert json.loads(ds.attrs["certificate"])["lowest_eigenvalue"] is None

    def test_solver_that_cannot_do_the_model(self):
        net = qb.network(qb.linear(4), J=1.0, gamma=1.0)
        with pytest.raises(ValueError, match="the same diagonal state on every cell"):
            qb.evolve(net, qb.plus(4), TIMES, solver="product")
        with pytest.raises(ValueError, match="must decay alike and alone"):
            qb.evolve(qb.network(qb.linear(4), gamma=1.0, gamma_bond=0.2), qb.full(4), TIMES, solver="product")
        with pytest.raises(ValueError, match="Did you mean 'network'"):
            qb.evolve(net, qb.plus(4), TIMES, solver="netwrk")

    def test_sectors_are_read_off_the_state(self):
        assert has_blocks(start(qb.full(3)))
        assert has_blocks(start(qb.classical(3)))
        assert has_blocks(start(qutip.w_state(3)))
        assert not has_blocks(start(qb.plus(3)))
        assert not has_blocks(start(qutip.ghz_state(3)))

    def test_zero_coherence_stays_exactly_zero(self):
        ds = qb.evolve(qb.network(qb.linear(4), J=2.0, gamma=1.0, gamma_bond=0.4), qb.full(4), TIMES, states=True)
        n = np.bitwise_count(np.arange(16))
        assert not ds.rho.values[:, n[:, None] != n].any()

    def test_memory_is_forecast_and_refused_with_the_number(self, monkeypatch):
        monkeypatch.setattr(_machine, "available_memory", lambda: 2**30)
        net = qb.network(qb.linear(12), J=1.0, gamma=1.0)
        with pytest.raises(MemoryError, match=r"with solver 'network' needs about .* GiB, but 1 GiB are free"):
            qb.evolve(net, qb.plus(12), TIMES)

    @pytest.mark.parametrize(("N", "state"), [(7, qb.plus), (8, qb.plus), (9, qb.full)])
    def test_memory_forecast_is_what_is_taken(self, N, state):
        import tracemalloc

        net = qb.network(qb.linear(N), omega=10.0, J=10.0, gamma=1.0, gamma_bond=0.3)
        rho0, t = state(N), np.linspace(0, 1, 101)
        qb.evolve(net, rho0, t[:2])  # tables and compiled code
        tracemalloc.start()
        qb.evolve(net, rho0, t)
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert load("network").forecast(net, start(rho0), t) == pytest.approx(taken, rel=0.3)

    def test_every_solver_has_the_interface(self):
        net = qb.network(qb.linear(2), J=1.0, gamma=1.0)
        for name in SOLVERS:
            module = load(name)
            for member in ("why_not", "seconds", "forecast", "run"):
                wanted = list(inspect.signature(getattr(Solver, member)).parameters.values())[1:]  # without self
                parameters = list(inspect.signature(getattr(module, member)).parameters.values())
                assert [(p.name, p.kind) for p in parameters[: len(wanted)]] == [(p.name, p.kind) for p in wanted]
                assert all(p.default is not p.empty for p in parameters[len(wanted) :])
            assert isinstance(module.why_not(net, start(qb.full(2)), TIMES), str)
            assert module.forecast(net, start(qb.full(2)), TIMES) > 0
            assert module.seconds(net, start(qb.full(2)), TIMES, spectrum=True) >= module.LEAST > 0
            assert set(module.TOLERANCES) <= {"rtol", "atol"}
            assert module.TERMS

    def test_import_compiles_nothing(self):
        import subprocess
        import sys

        code = "import qbsim, sys; print('numba' in sys.modules, 'xarray' in sys.modules, 'loky' in sys.modules)"
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        assert out.split() == ["False", "False", "False"]
