"""The bracket of the ergotropy: each bound alone, their confidence by simulation, and the limits known exactly."""

import numpy as np
import pytest
from scipy.linalg import expm
from unravelled import Kets, Lossy, draw, exact, levels_of

import qbsim as qb
from qbsim.unravelling.bounds import bracket
from qbsim.unravelling.confidence import controlled, lower_limit, upper_limit
from qbsim.unravelling.lower import builders, cross_fitted
from qbsim.unravelling.upper import convexity, from_purity, purity


class Overlaps(Kets):
    """An ensemble that shows its overlaps only."""

    def __init__(self, kets, omega, seconds=1e-7):
        super().__init__(kets, omega, seconds)
        self.hidden = self.kets
        del self.kets

    def overlaps(self, rows, columns):
        return self.hidden[rows].conj() @ self.hidden[columns].T

    def __len__(self):
        return len(self.hidden)


KINDS = {"kets": Kets, "overlaps": Overlaps}


def random_state(N, rng):
    """Density matrix with a spectrum from nearly flat to steep, and fields of both signs."""
    d = 2**N
    q = np.linalg.qr(rng.normal(size=(d, d)) + 1j * rng.normal(size=(d, d)))[0]
    p = rng.random(d) ** rng.uniform(0, 2) * np.exp(-rng.uniform(0, 1.5) * np.arange(d))
    return (q * (p / p.sum())) @ q.conj().T, rng.normal(size=N)


def plus(N):
    return np.full(2**N, 2 ** (-N / 2), complex)


def span(omega):
    return np.abs(omega).sum()


# --- limits of a mean -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("R", [4, 20, 100])
@pytest.mark.parametrize("largest", [1.0, 10.0])
def test_limit_of_rare_events_holds_at_every_probability(R, largest):
    rng = np.random.default_rng(R)
    for p in (0.001, 0.01, 0.03, 0.1, 0.3, 0.6, 0.95):
        trials = (rng.random((400, R)) < p).astype(float)
        held = np.mean([upper_limit(x, 0.025, largest) >= p for x in trials])
        assert held >= 0.975 - 3 * np.sqrt(0.025 * 0.975 / 400), (p, held)


def test_limit_of_a_normal_mean_is_that_of_student():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1000, 200))
    limits = np.array([upper_limit(row, 0.025, 8.0) for row in x])
    assert 0.96 <= np.mean(limits >= 0) <= 0.995
    assert limits.mean() == pytest.approx(1.972 / np.sqrt(200), rel=0.25)
    assert np.allclose([-lower_limit(-row, 0.025, -8.0) for row in x[:9]], limits[:9])


def test_equal_samples_have_the_limit_of_what_was_never_seen():
    x = np.full(50, 2.0)
    # no event among 50: its probability is below 1 - 0.025^(1/50) = 0.071, at the confidence 97.5 %
    assert 2 + 3 * 0.0711 <= upper_limit(x, 0.025, 5.0) <= 2 + 3 * 0.0738
    assert upper_limit(x, 0.025, 5.0, unseen=0.01) == pytest.approx(2.03)
    assert upper_limit(x, 0.025, 5.0, unseen=0.0) == 2


def test_controls_take_out_what_they_explain_and_keep_the_mean():
    rng = np.random.default_rng(2)
    found = []
    for _ in range(300):
        y = rng.normal(size=(60, 2))
        x = 1 + 3.0 * y[:, 0] + 0.1 * rng.normal(size=60)  # the second control is not taken
        values, change = controlled(x, y)
        assert change > 1
        found.append((values.mean(), values.std(ddof=1) / np.sqrt(60)))
    means, errors = np.transpose(found)
    assert means.mean() == pytest.approx(1, abs=0.004)
    assert means.std() == pytest.approx(errors.mean(), rel=0.15)
    x, still = rng.normal(size=60), np.full((60, 1), -0.03) + 1e-17 * rng.normal(size=(60, 1))
    assert np.array_equal(controlled(x, still)[0], x)  # a kind of jump that no trajectory has shown
    sharp = 1e-13 * (1 + 1e-3 * rng.normal(size=(60, 1)))
    assert np.array_equal(controlled(x, sharp)[0], x)  # rounding, whose mean is not zero
    few = np.arange(9.0)
    assert controlled(few, rng.normal(size=(9, 1)))[0] is few
    assert np.array_equal(controlled(few, None)[0], few)


# --- each bound alone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("R", [8, 60])
def test_means_of_the_bounds_lie_on_their_sides(kind, R):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        rho, omega = random_state(3, rng)
        W, work = exact(rho, omega), []
        for _ in range(40):
            ensemble = KINDS[kind](draw(rho, R, rng), omega)
            upper = convexity(ensemble, rng).values
            bound = from_purity(ensemble, purity(ensemble, rng), 0.01).values
            work.append((upper.mean(), bound.mean(), cross_fitted(ensemble, rng)[0].values.mean()))
        mean, error = np.mean(work, axis=0), np.std(work, axis=0) / np.sqrt(40)
        assert mean[0] >= W - 3 * error[0]
        assert mean[1] >= W - 3 * error[1]
        assert mean[2] <= W + 3 * error[2]


def test_convexity_samples_average_to_the_ergotropy_of_the_empirical_state():
    rng = np.random.default_rng(3)
    rho, omega = random_state(3, rng)
    for R in (5, 8, 40):
        kets = draw(rho, R, rng)
        empirical = exact(kets.T @ kets.conj() / R, omega)
        for kind in KINDS.values():
            assert convexity(kind(kets, omega), rng).values.mean() == pytest.approx(empirical, abs=1e-10)


def test_purity_is_estimated_without_bias_and_with_its_error():
    rng = np.random.default_rng(4)
    rho, omega = random_state(3, rng)
    for seconds in (1e-7, 2e-3):  # all pairs, and pairs within groups
        found = [purity(Overlaps(draw(rho, 60, rng), omega, seconds), rng) for _ in range(200)]
        means = np.array([f.mean for f in found])
        assert means.mean() == pytest.approx(np.sum(np.abs(rho) ** 2), abs=3 * means.std() / np.sqrt(200))
        assert means.std() <= 1.15 * np.sqrt(np.mean([f.sem**2 for f in found]))


@pytest.mark.parametrize("kind", KINDS)
def test_every_candidate_is_a_unitary(kind):
    # over an orthonormal basis of all states, the final energies add up to the trace of H0
    rng = np.random.default_rng(5)
    rho, omega = random_state(3, rng)
    basis = np.linalg.qr(rng.normal(size=(8, 8)) + 1j * rng.normal(size=(8, 8)))[0]
    ensemble = KINDS[kind](np.concatenate([draw(rho, 30, rng)[:5], basis.T]), omega)
    for build in builders(ensemble, 2).values():
        final = build(np.arange(5), np.arange(5, 13), rng)
        assert final.sum() == pytest.approx(levels_of(omega).sum(), abs=1e-9)
        assert final.min() >= ensemble.levels.ground - 1e-9


def test_a_unitary_of_the_ensemble_is_taken_where_it_is_best():
    rng = np.random.default_rng(6)
    rho, omega = random_state(3, rng)
    best = np.linalg.eigh(rho)[1][:, ::-1]

    class Knowing(Overlaps):
        def unitaries(self):
            e = self.levels.lowest(8)
            return {"known": lambda train, test, rng: np.abs(self.hidden[test].conj() @ best) ** 2 @ e}

    found = bracket(Knowing(draw(rho, 60, rng), omega), 0.95, rng)
    assert found.lower_by.startswith("known")
    assert found.lower <= exact(rho, omega) <= found.upper


# --- coverage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("R", [6, 30, 120])
def test_the_bracket_holds_for_random_states(kind, R):
    held, cases = 0, 60
    for seed in range(cases):
        rng = np.random.default_rng([seed, R])
        rho, omega = random_state(int(rng.integers(2, 5)), rng)
        seconds = 1e-7 if kind == "kets" or seed % 3 else 4 / (6 * R)  # every third one cannot pay for a Gram matrix
        found = bracket(KINDS[kind](draw(rho, R, rng, turned=seed % 2), omega, seconds), 0.95, rng)
        assert found.lower <= found.upper
        held += found.lower <= exact(rho, omega) <= found.upper
    assert held >= 53  # 57 - 2.4 standard deviations


@pytest.mark.parametrize(("time", "R"), [(0.003, 50), (0.01, 50), (0.1, 80)])
@pytest.mark.parametrize("informed", [False, True])
def test_the_bracket_holds_where_hardly_any_trajectory_has_jumped(time, R, informed):
    N, cases, held, jumped = 3, 40, 0, 0
    rng = np.random.default_rng(7)
    omega = rng.uniform(5, 60, N)
    chain = Lossy(omega, exchange=10.0, gamma=1.0, time=time)
    W = exact(chain.exact(plus(N)), omega)
    for _ in range(cases):
        kets = np.array([chain.ket(plus(N), rng) for _ in range(R)])
        ensemble = Kets(kets, omega)
        excitations = ensemble.cells[:, :, 1, 1].real.sum(axis=1) - N / 2 * np.exp(-time)
        known = {"controls": excitations[:, None], "unseen": 1 - np.exp(-N * time)} if informed else {}
        found = bracket(ensemble, 0.95, rng, **known)
        held += found.lower <= W <= found.upper
        jumped += np.ptp(ensemble.energies) > 1e-9
        assert found.upper - found.lower > 0.002 * span(omega)
    assert held >= 35
    if time < 0.005:
        assert 0 < jumped < cases  # in some of the cases nobody has seen a jump


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("R", [4, 20])
def test_a_pure_state_has_its_ergotropy(kind, R):
    rng = np.random.default_rng(8)
    psi = rng.normal(size=16) + 1j * rng.normal(size=16)
    psi /= np.linalg.norm(psi)
    omega = rng.normal(size=4)
    ensemble = KINDS[kind](np.tile(psi, (R, 1)), omega)
    found = bracket(ensemble, 0.95, rng, unseen=0.0)
    W = exact(np.outer(psi, psi.conj()), omega)
    assert (found.lower, found.upper) == pytest.approx((W, W), abs=1e-9)
    assert found.purity == pytest.approx(1)
    # equal trajectories alone do not prove it
    alone = bracket(ensemble, 0.95, rng)
    assert alone.upper - alone.lower > 0.1 * span(omega)


@pytest.mark.parametrize("kind", KINDS)
def test_the_maximally_mixed_state_has_no_ergotropy(kind):
    rng, omega = np.random.default_rng(9), np.array([1.0, -2.0, 0.5, 3.0])
    found = bracket(KINDS[kind](draw(np.eye(16) / 16, 400, rng), omega), 0.95, rng)
    assert (found.lower, found.lower_by) == (0, "identity")
    assert 0 < found.upper < 0.2 * span(omega)


def test_orthogonal_trajectories_of_many_cells_are_bounded_by_their_energy():
    rng, N = np.random.default_rng(10), 9
    omega = rng.uniform(1, 2, N)
    kets = np.eye(2**N, dtype=complex)[rng.permutation(2**N)[:40]]
    found = bracket(Overlaps(kets, omega), 0.95, rng)
    assert found.purity == 0
    assert found.lower == 0
    assert found.upper <= span(omega)


def test_independent_cells_agree_with_the_exact_solver():
    N, time = 4, 0.3
    omega = np.array([1.0, 2.0, 0.5, 1.5])
    battery = qb.network((), N, omega=omega, gamma=1.0)
    W = float(qb.evolve(battery, qb.plus(N), [0, time]).ergotropy[-1])
    chain, rng = Lossy(omega, exchange=0.0, gamma=1.0, time=time), np.random.default_rng(11)
    assert exact(chain.exact(plus(N)), omega) == pytest.approx(W, abs=1e-7)
    kets = np.array([chain.ket(plus(N), rng) for _ in range(300)])
    for kind in KINDS.values():
        found = bracket(kind(kets, omega), 0.95, rng)
        assert found.lower <= W <= found.upper
        assert found.upper - found.lower < 0.2 * span(omega)


def test_the_bracket_narrows_with_trajectories_and_with_controls():
    N, time, omega = 4, 0.2, np.array([30.0, 10.0, 50.0, 20.0])
    chain, rng = Lossy(omega, exchange=10.0, gamma=1.0, time=time), np.random.default_rng(12)
    W = exact(chain.exact(plus(N)), omega)
    kets = np.array([chain.ket(plus(N), rng) for _ in range(450)])
    widths = []
    for R in (50, 150, 450):
        found = bracket(Overlaps(kets[:R], omega), 0.95, np.random.default_rng(0))
        assert found.lower <= W <= found.upper
        widths.append(found.upper - found.lower)
    assert widths[0] > 1.4 * widths[1] > 1.9 * widths[2]
    excitations = Kets(kets, omega).cells[:, :, 1, 1].real.sum(axis=1) - N / 2 * np.exp(-time)
    found = bracket(Overlaps(kets, omega), 0.95, np.random.default_rng(0), controls=excitations[:, None])
    assert found.lower <= W <= found.upper
    assert found.upper - found.lower < 0.7 * widths[-1]


def test_the_same_generator_gives_the_same_bracket():
    rng = np.random.default_rng(13)
    rho, omega = random_state(4, rng)
    ensemble = Overlaps(draw(rho, 60, rng), omega, 1e-3)
    assert bracket(ensemble, 0.9, np.random.default_rng(1)) == bracket(ensemble, 0.9, np.random.default_rng(1))


@pytest.mark.parametrize("R", [1, 2, 3])
def test_very_few_trajectories_bound_nothing(R):
    rng = np.random.default_rng(14)
    rho, omega = random_state(2, rng)
    found = bracket(Kets(draw(rho, R, rng), omega), 0.95, rng)
    assert (found.lower, found.upper) == pytest.approx((0, span(omega)))
    assert (found.lower_by, found.upper_by) == ("none", "none")


def test_exact_evolution_of_the_tests_is_that_of_the_package():
    omega = np.array([1.0, 3.0, 2.0])
    chain = Lossy(omega, exchange=1.5, gamma=0.7, time=0.4)
    battery = qb.network(qb.linear(3), omega=omega, J=1.5, gamma=0.7)
    found = qb.evolve(battery, qb.plus(3), [0, 0.4]).ergotropy[-1]
    assert exact(chain.exact(plus(3)), omega) == pytest.approx(float(found), abs=1e-7)
    assert np.allclose(expm(-1j * chain.matrix * 0.4), (chain.v * np.exp(-0.4j * chain.e)) @ chain.inverse)
