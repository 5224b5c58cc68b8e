"""What people bring from QuTiP: lists with coefficients, args, operators, another H0; compared with QuTiP's mesolve."""

import numpy as np
import pytest
import qutip
from random_states import density, hermitian, positive_rates, qubits

import qbsim as qb
from qbsim.battery import Battery

EXACT = {"rtol": 1e-11, "atol": 1e-13, "method": "vern9", "nsteps": 10**6, "progress_bar": ""}
T = np.linspace(0, 1.5, 16)
X, LOWER, NUMBER = qutip.destroy(2) + qutip.create(2), qutip.destroy(2), qutip.num(2)


def expectations(H, rho0, c_ops, e_ops, args=None):
    """Curves of QuTiP's own mesolve."""
    return qutip.mesolve(H, rho0, T, c_ops, e_ops=e_ops, args=args, options=EXACT).expect


def pulse(t, a, w):
    return a * np.sin(w * t)


def random_operators(N, seed, count):
    rng = np.random.default_rng(seed)
    return [qubits(hermitian(2**N, rng)) for _ in range(count)]


def random_network(N, seed, **more):
    """Every bond with an exchange and a rate of its own."""
    rng = np.random.default_rng(seed)
    K, bonds = positive_rates(N, rng), qb.all_to_all(N)
    return qb.network(
        bonds,
        N,
        omega=rng.normal(size=N),
        J=rng.normal(size=len(bonds)),
        gamma=np.diag(K),
        gamma_bond=[K[i, j] for i, j in bonds],
        dephasing=rng.uniform(0, 0.5, N),
        nbar=rng.uniform(0, 0.5, N),
        **more,
    )


# --- lists, functions and arguments ---------------------------------------------------------------------------------

WRITTEN = {
    "list": lambda A, B, C: [A, [B, pulse], [C, lambda t: np.cos(t)]],
    "QobjEvo": lambda A, B, C: qutip.QobjEvo([A, [B, pulse], [C, lambda t: np.cos(t)]], args={"a": 1.0, "w": 1.0}),
    "pair": lambda A, B, C: [B, pulse],
    "function": lambda A, B, C: lambda t, a, w: A + pulse(t, a, w) * B,
    "constants": lambda A, B, C: [A, B, [C, pulse]],
    "coefficient": lambda A, B, C: [A, [B, qutip.coefficient(pulse, args={"a": 1.0, "w": 1.0})]],
    "samples": lambda A, B, C: qutip.QobjEvo([A, [B, np.sin(T)], [C, pulse]], tlist=T, args={"a": 1.0, "w": 1.0}),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("written", WRITTEN)
def test_drives_as_qutip_writes_them_follow_mesolve(written, seed):
    rng = np.random.default_rng(seed)
    A, B, C, H0 = random_operators(2, seed, 4)
    jump = qubits(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))) / 4
    rho0, args = qubits(density(4, rng)), {"a": rng.normal(), "w": rng.uniform(1, 4)}
    H = WRITTEN[written](A, B, C)
    expected = expectations(H, rho0, [[jump, pulse], jump], [H0], args)[0]
    battery = Battery(H0, H, [[jump, pulse], jump], N=2, args=args)
    np.testing.assert_allclose(qb.evolve(battery, rho0, T, "energy").energy, expected, atol=1e-6)
    other = {"a": 0.3, "w": 0.2}
    again = qb.evolve(Battery(H0, H, [[jump, pulse], jump], N=2, args=other), rho0, T, "energy", args=args)
    np.testing.assert_allclose(again.energy, expected, atol=1e-6)
    assert again.attrs["parameters_sha256"] == qb.evolve(battery, rho0, T[:2], "energy").attrs["parameters_sha256"]


def test_a_list_of_constant_operators_is_their_sum():
    battery = Battery(NUMBER, [NUMBER, 0.5 * X], N=1)
    assert battery.H == NUMBER + 0.5 * X
    assert battery.parameters() == Battery(NUMBER, NUMBER + 0.5 * X, N=1).parameters()


def test_a_drive_that_is_constant_leaves_all_solvers():
    battery = Battery(NUMBER, qutip.QobjEvo([NUMBER, [X, qutip.coefficient(0.0)], X]), N=1)
    constant = Battery(NUMBER, qutip.QobjEvo([NUMBER, X]), N=1)
    assert isinstance(constant.H, qutip.Qobj)
    assert "an operator that depends on time" not in constant.terms
    energies = [qb.evolve(b, qb.empty(1), T, "energy").energy for b in (battery, constant)]
    np.testing.assert_allclose(*energies, atol=1e-7)


@pytest.mark.parametrize("jump", [LOWER, qutip.QobjEvo([[LOWER, lambda t: np.exp(-t)]])])
def test_one_jump_operator_needs_no_list(jump):
    one, many = Battery(NUMBER, NUMBER, jump, N=1), Battery(NUMBER, NUMBER, [jump], N=1)
    assert one.parameters() == many.parameters()
    expected = expectations(NUMBER, qb.full(1), jump, [NUMBER])[0]
    np.testing.assert_allclose(qb.evolve(one, qb.full(1), T, "energy").energy, expected, atol=1e-7)


def test_arguments_count_in_the_hash_and_can_be_replaced():
    battery = Battery(NUMBER, [NUMBER, [X, pulse]], N=1, args={"a": 1.0, "w": 2.0})
    other = battery.replace(args={"w": 3.0})
    assert other.parameters() == Battery(NUMBER, [NUMBER, [X, pulse]], N=1, args={"a": 1.0, "w": 3.0}).parameters()
    assert other.parameters() != battery.parameters()
    assert other.replace(args={"w": 2.0}).parameters() == battery.parameters()


@pytest.mark.filterwarnings("ignore:.cython.*:UserWarning")
def test_texts_are_coefficients():
    battery = Battery(NUMBER, [NUMBER, [X, "a * sin(w * t)"]], N=1, args={"a": 1.0, "w": 2.0})
    same = Battery(NUMBER, [NUMBER, [X, pulse]], N=1, args={"a": 1.0, "w": 2.0})
    energies = [qb.evolve(b, qb.empty(1), T, "energy").energy for b in (battery, same)]
    np.testing.assert_allclose(*energies, atol=1e-9)
    with pytest.raises(ValueError, match="Unknown argument of a drive 'b'"):
        battery.replace(args={"b": 1.0})


DRIVEN = Battery(NUMBER, [NUMBER, [X, pulse]], N=1, args={"a": 1.0, "w": 2.0})


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: DRIVEN.replace(args={"omega": 1.0}), ValueError, r"Unknown argument of a drive 'omega'.*Known: a, w"),
        (lambda: DRIVEN.replace(args=[1.0]), TypeError, "args must be a dict of names"),
        (lambda: qb.evolve(DRIVEN, qb.empty(1), T, args={1: 2}), TypeError, "args must be a dict of names"),
        (lambda: qb.evolve(qb.single_cell(), qb.empty(1), T, args={"w": 1}), ValueError, "no operator of this battery"),
        (lambda: Battery(NUMBER, NUMBER, N=1, args={}), ValueError, "Argument args has no meaning"),
        (
            lambda: Battery(NUMBER, [NUMBER, [X, lambda t: t]], N=1, args={"w": 1}),
            ValueError,
            "they take the time only",
        ),
        (lambda: Battery(NUMBER, [NUMBER, [X, pulse]], N=1), TypeError, r"missing 2 .*need args=\{"),
        (lambda: Battery(NUMBER, [NUMBER, [X, T]], N=1), TypeError, r"needs its times: qutip.QobjEvo"),
        (lambda: Battery(NUMBER, [NUMBER, X, 3], N=1), TypeError, "is another list"),
        (lambda: Battery(NUMBER, [], N=1), TypeError, "is another list"),
        (lambda: Battery(NUMBER, [NUMBER, []], N=1), TypeError, "is another list"),
        (lambda: Battery(NUMBER, [[NUMBER]], N=1), TypeError, "is another list"),
        (lambda: Battery(NUMBER, [[NUMBER, np.cos, 3]], N=1), TypeError, "is another list"),
        (lambda: Battery(NUMBER, [[np.eye(2), np.cos]], N=1), TypeError, "is another list"),
        (lambda: Battery(NUMBER, [NUMBER, [X, X]], N=1), TypeError, "is another list"),
        (lambda: Battery(NUMBER, [NUMBER, qutip.tensor(X, X)], N=1), TypeError, "QuTiP cannot read it"),
        (lambda: Battery(NUMBER, "x", N=1), TypeError, "Argument H must be an operator .* but is str"),
        (lambda: Battery(NUMBER, NUMBER, [LOWER, pulse], N=1), TypeError, "c_ops"),
        (lambda: Battery(NUMBER, NUMBER, [LOWER, 0.5], N=1), TypeError, r"c_ops must hold .*float.*c_ops=\[\[c, f\]\]"),
    ],
)
def test_input_that_qutip_would_misread_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    "lam", [lambda t, w: 0.1 * np.sin(w * t), qutip.coefficient(lambda t, w: 0.1 * np.sin(w * t), args={"w": 1.0})]
)
def test_couplings_of_the_dicke_model_take_arguments(lam):
    battery = qb.dicke(2, lam=lam, args={"w": 2.0}, photons=12)
    start = qb.dicke_start(battery)
    direct = qb.dicke(2, lam=lambda t: 0.1 * np.sin(2 * t), photons=12)
    np.testing.assert_allclose(
        qb.evolve(battery, start, T, "energy").energy, qb.evolve(direct, start, T, "energy").energy, atol=1e-9
    )
    with pytest.raises(ValueError, match="Unknown argument of a drive 'v'"):
        qb.dicke(2, lam=lam, args={"w": 2.0, "v": 2.0}, photons=12)
    with pytest.raises(ValueError, match="Argument args has no meaning"):
        qb.dicke(2, lam=0.1, args={"w": 2.0}, photons=12)


def test_drives_of_total_spins_take_lists():
    J_x = qutip.jmat(1, "x")
    H0 = qutip.num(3)
    battery = qb.Collective(
        H0, [H0, [J_x, pulse]], n=2, levels=[0, 1, 2], multiplicities=[1, 2, 1], args={"a": 1.0, "w": 2.0}
    )
    expected = expectations([H0, [J_x, pulse]], qutip.fock(3, 0), [], [H0], {"a": 1.0, "w": 2.0})[0]
    np.testing.assert_allclose(qb.evolve(battery, qutip.fock(3, 0), T, "energy").energy, expected, atol=1e-7)
    with pytest.raises(ValueError, match="levels and multiplicities"):
        battery.replace(H0=2 * H0)


# --- another H0, and one more term of H -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_another_reference_measures_the_same_evolution(seed):
    # solvers that know the network keep it: the states are the same, only energies change
    net, (H0,) = random_network(3, seed), random_operators(3, seed, 1)
    other, rho0 = net.replace(H0=H0), qubits(density(8, np.random.default_rng(seed)))
    expected = expectations(net.H, rho0, net.c_ops, [H0])[0]
    for solver in ("network", "dense", "qutip"):
        ds = qb.evolve(other, rho0, T, ["energy", "ergotropy"], solver=solver, states=True)
        np.testing.assert_allclose(ds.energy, expected, atol=1e-6)
        rho = qutip.Qobj(ds.rho.values[-1], dims=H0.dims)
        assert ds.ergotropy[-1] == pytest.approx(qb.ergotropy((rho + rho.dag()) / 2, H0), abs=1e-6)
    assert other.H == net.H
    assert other.terms == net.terms
    assert "an H0 of its own" in str(other.report())


@pytest.mark.parametrize("solver", ["network", "closed", "dense", "qutip"])
def test_another_reference_is_measured_by_every_solver(solver):
    # sectors and kets hold no coherence where this H0 has elements, or hold it in their own way
    (H0,) = random_operators(3, 7, 1)
    net = qb.network((), 3, gamma=0.7, nbar=0.2) if solver != "closed" else qb.network(qb.linear(3), J=0.8)
    for rho0 in (qb.full(3), qb.plus(3)):
        other = net.replace(H0=H0)
        ds = qb.evolve(other, rho0, T, ["energy", "efficiency", "incoherent_ergotropy"], solver=solver, states=True)
        np.testing.assert_allclose(ds.energy, expectations(net.H, rho0, net.c_ops, [H0])[0], atol=1e-6)
        rho = qutip.Qobj(ds.rho.values[-1], dims=H0.dims)
        rho = (rho + rho.dag()) / (2 * rho.tr())
        spent = qb.energy(rho, H0) - np.linalg.eigvalsh(H0.full())[0]
        assert ds.efficiency[-1] == pytest.approx(qb.ergotropy(rho, H0) / spent, abs=1e-6)
        assert ds.incoherent_ergotropy[-1] == pytest.approx(qb.incoherent_ergotropy(rho, H0), abs=1e-6)


def test_another_label_and_unit_leave_the_network():
    net = qb.network(qb.linear(3), J=1.0, gamma=0.3)
    other = net.replace(label="mine", unit="GHz")
    assert (other.label, other.unit, other.terms) == ("mine", "GHz", net.terms)
    assert other.parameters() == net.parameters() | {"unit": "GHz"}


@pytest.mark.parametrize("seed", range(6))
def test_an_added_term_follows_mesolve_and_fast_solvers_refuse_it(seed):
    net, (V, H0) = random_network(3, seed), random_operators(3, seed, 2)
    rho0 = qubits(density(8, np.random.default_rng(seed)))
    battery = net + V
    expected = expectations(net.H + V, rho0, net.c_ops, [net.H0, H0])
    for solver in ("auto", "dense", "qutip"):
        ds = qb.evolve(battery, rho0, T, "energy", solver=solver)
        np.testing.assert_allclose(ds.energy, expected[0], atol=1e-6)
    for solver in ("network", "product"):
        with pytest.raises(ValueError, match="does not know operators of its own"):
            qb.evolve(battery, rho0, T, solver=solver)
    both = [(net + V).replace(H0=H0), net.replace(H0=H0) + V]
    assert both[0].parameters() == both[1].parameters()
    for each in both:
        np.testing.assert_allclose(qb.evolve(each, rho0, T, "energy").energy, expected[1], atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_an_added_drive_follows_mesolve(seed):
    net, (V,) = random_network(2, seed), random_operators(2, seed, 1)
    drive = qutip.QobjEvo([V, pulse], args={"a": 1.0, "w": 2.0})
    rho0 = qubits(density(4, np.random.default_rng(seed)))
    for battery in (net + drive, net + [V, lambda t: np.sin(2 * t)], drive + net):
        expected = expectations(net.H + drive, rho0, net.c_ops, [net.H0])[0]
        np.testing.assert_allclose(qb.evolve(battery, rho0, T, "energy").energy, expected, atol=1e-6)
    slower = {"a": 0.5, "w": 1.0}
    expected = expectations(net.H + drive, rho0, net.c_ops, [net.H0], slower)[0]
    np.testing.assert_allclose(qb.evolve(net + drive, rho0, T, "energy", args=slower).energy, expected, atol=1e-6)


def test_a_network_with_a_term_remembers_what_it_is():
    net = qb.network(qb.linear(3), J=1.0, gamma=0.5, gamma_bond=0.2, label="line", unit="GHz")
    V = 0.3 * qutip.tensor(X, X, qutip.qeye(2))
    more = net + V
    assert isinstance(more, qb.Network)
    assert (more.N, more.edges, more.label, more.unit, more.cells) == (3, net.edges, "line", "GHz", net.cells)
    assert more.J.tolist() == net.J.tolist()
    assert more.H == net.H + V
    assert more.H0 == net.H0
    assert more.c_ops == net.c_ops
    assert more.report().kinds == net.report().kinds
    assert "H has a term of its own" in str(more.report())
    assert "term of its own" not in str(net.report())
    assert more.terms == net.terms | {"operators of its own"}
    assert (more + V).H == net.H + 2 * V
    assert len({str(b.parameters()) for b in (net, more, more + V, net + 2 * V, net.replace(H0=V))}) == 4
    assert (more + V).parameters()["H"] == (net + 2 * V).parameters()["H"]
    ds = qb.evolve(more, qb.plus(3), T)
    assert qb.evolve(net, qb.plus(3), T[:2]).attrs["parameters_sha256"] != ds.attrs["parameters_sha256"]
    assert "trace_error" in ds.attrs["certificate"]
    with pytest.raises(AttributeError, match="cannot be changed"):
        more.extra = None


def test_kets_without_losses_stay_kets_with_an_added_term():
    net, V = qb.network(qb.linear(3), J=1.0), qutip.tensor(X, qutip.qeye(2), qutip.qeye(2))
    ds = qb.evolve(net + V, qb.plus(3), T, solver="closed")
    expected = expectations(net.H + V, qb.plus(3), [], [net.H0])[0]
    np.testing.assert_allclose(ds.energy, expected, atol=1e-7)


def test_every_battery_takes_a_term_and_another_reference():
    battery = qb.drive(2, gamma=0.3)
    V = 0.4 * qutip.tensor(NUMBER, NUMBER)
    changed = (battery + V).replace(H0=V, label="mine", unit="meV")
    expected = expectations(battery.H + V, qb.empty(2), battery.c_ops, [V])[0]
    ds = qb.evolve(changed, qb.empty(2), T, "energy")
    np.testing.assert_allclose(ds.energy, expected, atol=1e-7)
    assert (ds.attrs["label"], ds.energy.units, battery.label) == ("mine", "meV", "parallel drive, 2 cells")


class Pumped(qb.Network):
    """A network with one more jump."""

    @property
    def c_ops(self):
        return [*super().c_ops, qutip.tensor(qutip.create(2), qutip.qeye(2))]


def test_a_subclass_with_operators_of_its_own_keeps_them():
    arrays = {name: getattr(qb.network(qb.linear(2), J=1.0, gamma=0.3), name).copy() for name in
              ("omega", "J", "decay_matrix", "dephasing", "nbar")}  # fmt: skip
    net, V = Pumped(qb.linear(2), **arrays), qutip.tensor(X, X)
    expected = expectations(net.H + V, qb.full(2), net.c_ops, [net.H0, V])
    np.testing.assert_allclose(qb.evolve(net + V, qb.full(2), T, "energy").energy, expected[0], atol=1e-7)
    both = (net + V).replace(H0=V)
    np.testing.assert_allclose(qb.evolve(both, qb.full(2), T, "energy").energy, expected[1], atol=1e-7)


def pushed(strength, w=2.0, driven=False):
    V = strength * qutip.tensor(X, qutip.qeye(2))
    net = qb.network(qb.linear(2), J=1.0, gamma=0.5)
    return net + qutip.QobjEvo([V, lambda t, w: np.sin(w * t)], args={"w": w}) if driven else net + V


@pytest.mark.parametrize("driven", [False, True])
def test_sweeps_tell_added_terms_apart(driven, tmp_path):
    def run(build):
        return qb.sweep(
            build, {"strength": [0.5, 1.0]}, states="plus", tlist=T, measures="energy", progress=False,
            executor="serial", store=tmp_path,
        )  # fmt: skip

    ds = run(lambda strength: pushed(strength, driven=driven))
    for strength in (0.5, 1.0):
        net = pushed(strength, driven=driven)
        expected = expectations(net.H, qb.plus(2), net.c_ops, [net.H0])[0]
        np.testing.assert_allclose(ds.energy.sel(strength=strength).squeeze(), expected, atol=1e-6)
    assert len(set(ds.identity.values.ravel())) == 2
    if driven:
        slower = run(lambda strength: pushed(strength, w=1.0, driven=True))
        assert not set(slower.identity.values.ravel()) & set(ds.identity.values.ravel())
    one = qb.replay(ds, 0, strength=1.0)
    assert one.energy.values.tolist() == ds.energy.sel(strength=1.0).values.tolist()


NET = qb.network(qb.linear(2), gamma=1.0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: NET + 3, TypeError, r"V in battery \+ V must be an operator .*but is int"),
        (lambda: NET + NET, TypeError, r"V in battery \+ V must be an operator"),
        (lambda: NET + X, ValueError, r"must have dims \[\[2, 2\], \[2, 2\]\], as H"),
        (lambda: NET + qutip.tensor(LOWER, LOWER), ValueError, "must be Hermitian.*losses belong in c_ops"),
        (lambda: NET + np.nan * qutip.tensor(X, X), ValueError, "must be finite"),
        (lambda: NET.replace(H0=X), ValueError, "H0 must have dims"),
        (lambda: NET.replace(H0=qutip.tensor(LOWER, X)), ValueError, "H0 must be Hermitian"),
        (lambda: NET.replace(H0=3.0), TypeError, "H0 must be an operator"),
        (lambda: NET.replace(label=3), TypeError, "label must be a text"),
    ],
)
def test_terms_that_do_not_fit_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


# --- the rest of what takes H, measures and options -------------------------------------------------------------------


def test_charging_takes_operators_and_arguments():
    from qbsim.charging import charge, mean_and_spread

    ds = charge(DRIVEN, qb.empty(1), T, {"x": X}, args={"w": 1.5}, rtol=1e-9)
    expected = expectations(DRIVEN.H, qb.empty(1), [], [X, NUMBER], {"a": 1.0, "w": 1.5})
    np.testing.assert_allclose([ds.x, ds.energy, ds.stored_energy], [expected[0], expected[1], expected[1]], atol=1e-6)
    with pytest.raises(TypeError, match="name every operator"):
        charge(DRIVEN, qb.empty(1), T, X)
    drive = [NUMBER, [X, lambda t: np.sin(t)]]
    assert mean_and_spread(drive, qb.empty(1), T) == mean_and_spread(qutip.QobjEvo(drive), qb.empty(1), T)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("method", ["adams", "bdf", "lsoda", "vern7", "dop853"])
def test_methods_of_the_integrator_follow_mesolve(method, seed):
    net, rng = random_network(2, seed), np.random.default_rng(seed)
    V, rho0 = random_operators(2, seed, 1)[0], qubits(density(4, rng))
    drive = net + [V, lambda t: np.sin(2 * t)]
    expected = expectations(drive.H, rho0, net.c_ops, [net.H0])[0]
    ds = qb.evolve(drive, rho0, T, "energy", solver="qutip", options={"method": method, "nsteps": 10**6}, rtol=1e-9)
    np.testing.assert_allclose(ds.energy, expected, atol=1e-6)
    assert method in ds.attrs["options"]
