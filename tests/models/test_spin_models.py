"""Interacting cells: the builder's terms and the models made of them, against operators written out by hand."""

import functools
import json
import operator
import pickle

import networkx as nx
import numpy as np
import pytest
import qutip

import qbsim as qb

# level 0 is |g>: sigma_z = |e><e| - |g><g|, and [sigma_x, sigma_y] = 2i sigma_z fixes sigma_y = i (s- - s+)
PAULI = {
    "1": np.eye(2),
    "x": np.array([[0, 1], [1, 0]]),
    "y": np.array([[0, 1j], [-1j, 0]]),
    "z": np.diag([-1.0, 1.0]),
    "n": np.diag([0.0, 1.0]),
}


def word(letters):
    """Product of Pauli matrices, one letter for every cell."""
    return functools.reduce(np.kron, [PAULI[letter] for letter in letters])


def at(N, **letters):
    """The same by cells: at(3, x=0, y=2) is sigma_x on cell 0 and sigma_y on cell 2; two letters xx are one each."""
    places = ["1"] * N
    for letter, k in letters.items():
        places[k] = letter[0]
    return word(places)


def bond(N, a, i, b, j):
    places = ["1"] * N
    places[i], places[j] = a, b
    return word(places)


def total(parts):
    return functools.reduce(operator.add, parts)


def fields(omega):
    return total(w * at(len(omega), n=k) for k, w in enumerate(omega))


def test_paulis_are_those_of_the_package():
    for letter, op in (("x", qb.operators.sigma_x), ("y", qb.operators.sigma_y), ("z", qb.operators.sigma_z)):
        np.testing.assert_array_equal(op().full(), PAULI[letter])
    x, y, z = (PAULI[letter] for letter in "xyz")
    np.testing.assert_array_equal(x @ y - y @ x, 2j * z)


class TestTerms:
    """(J/2)(xx + yy), (zz/4) zz, (pair/2)(xx - yy), (dm/2)(xy - yx), (x/2) x, (y/2) y on a ring of four."""

    RNG = np.random.default_rng(3)
    N, BONDS = 4, ((0, 1), (1, 2), (2, 3), (0, 3))

    def check(self, parts, **arguments):
        net = qb.network(qb.circular(self.N), omega=0.0, **arguments)
        np.testing.assert_allclose(net.H.full(), total(parts), atol=1e-14)

    def bonds(self, *terms, values):
        return [
            v * sum(sign * bond(self.N, a, i, b, j) for sign, a, b in terms)
            for v, (i, j) in zip(values, self.BONDS, strict=True)
        ]

    def test_zz(self):
        values = self.RNG.normal(size=4)
        self.check(self.bonds((0.25, "z", "z"), values=values), zz=values)

    def test_pair(self):
        values = self.RNG.normal(size=4)
        self.check(self.bonds((0.5, "x", "x"), (-0.5, "y", "y"), values=values), pair=values)

    def test_dm_matrix_points_from_row_to_column(self):
        values = self.RNG.normal(size=4)
        dm = np.zeros((4, 4))
        for v, (i, j) in zip(values, self.BONDS, strict=True):
            dm[i, j], dm[j, i] = v, -v
        self.check(self.bonds((0.5, "x", "y"), (-0.5, "y", "x"), values=values), dm=dm)

    def test_transverse_fields(self):
        x, y = self.RNG.normal(size=(2, 4))
        self.check([x[k] / 2 * at(4, x=k) + y[k] / 2 * at(4, y=k) for k in range(4)], x=x, y=y)


class TestDirection:
    """A Dzyaloshinskii-Moriya coupling has a direction, which the bonds as written give."""

    def test_of_a_number(self):
        line, ring = qb.network(qb.linear(4), dm=0.5).dm, qb.network(qb.circular(4), dm=0.5).dm
        assert [line[0, 1], line[1, 2], line[2, 3], line[0, 3]] == [0.5, 0.5, 0.5, 0]
        # from every cell of a ring to the next, from the last to the first too
        assert [ring[0, 1], ring[1, 2], ring[2, 3], ring[3, 0]] == [0.5] * 4
        np.testing.assert_array_equal(ring, -ring.T)

    @pytest.mark.parametrize("order", [[(1, 0), (2, 1)], [(2, 1), (0, 1)]])
    def test_of_a_number_is_that_of_the_line_however_it_is_written(self, order):
        np.testing.assert_array_equal(qb.network(order, dm=0.5).dm, qb.network(qb.linear(3), dm=0.5).dm)

    def test_of_a_bond_is_as_it_is_written(self):
        dm = qb.network([(1, 0), (1, 2)], dm=[0.3, 0.7]).dm
        assert (dm[1, 0], dm[0, 1], dm[1, 2]) == (0.3, -0.3, 0.7)

    def test_of_a_bond_of_a_graph(self):
        graph = nx.DiGraph([("a", "b"), ("c", "b")])
        dm = qb.network(graph, dm=[0.3, 0.7]).dm
        assert (dm[0, 1], dm[2, 1]) == (0.3, 0.7)

    def test_turns_round_with_the_ring(self):
        # one excitation with momentum q on a ring of equal directions: |E(q)| = 2 dm |sin q|
        net = qb.network(qb.circular(5), omega=0.0, dm=0.5)
        one = [1 << (4 - k) for k in range(5)]
        energies = np.linalg.eigvalsh(net.H.full()[np.ix_(one, one)])
        np.testing.assert_allclose(energies, np.sort(2 * 0.5 * np.sin(2 * np.pi * np.arange(5) / 5)), atol=1e-12)

    def test_is_a_gauge_on_the_open_chain(self):
        # U = exp(-i sum_k a k n_k), a = arg(J + i dm), turns J + i dm into its modulus, and |+> into its phases
        N, J, dm = 4, 0.8, 0.6
        a = np.angle(J + 1j * dm)
        phase = np.exp(-1j * a * (qb.operators.occupations(N) @ np.arange(N)))
        U = qutip.Qobj(np.diag(phase), dims=[[2] * N] * 2)
        losses = {"gamma": 0.5, "dephasing": 0.1, "nbar": 0.2}
        turned = qb.network(qb.linear(N), J=J, dm=dm, **losses)
        plain = qb.network(qb.linear(N), J=np.hypot(J, dm), **losses)
        np.testing.assert_allclose((U.dag() * turned.H * U).full(), plain.H.full(), atol=1e-12)
        t = np.linspace(0, 2, 9)
        measures = ("energy", "ergotropy")
        one, other = qb.evolve(turned, U * qb.plus(N), t, measures), qb.evolve(plain, qb.plus(N), t, measures)
        for name in measures:
            np.testing.assert_allclose(one[name], other[name], atol=1e-8)


class TestModels:
    OMEGA = (1.0, 1.3, 0.8)

    def neighbours(self, **weights):
        return [w * bond(3, pair[0], k, pair[1], k + 1) for pair, w in weights.items() for k in range(2)]

    def test_xxz_chain(self):
        H = fields(self.OMEGA) + total(self.neighbours(xx=2.0 / 4, yy=2.0 / 4, zz=2.0 * 0.7 / 4))
        np.testing.assert_allclose(qb.xxz_chain(self.OMEGA, J=2.0, Delta=0.7).H.full(), H, atol=1e-14)

    def test_xxz_chain_without_anisotropy_is_the_xx_chain(self):
        assert qb.xxz_chain(self.OMEGA, J=2.0, Delta=0.0).H == qb.xx_chain(self.OMEGA, J=2.0).H

    def test_heisenberg(self):
        H = fields(self.OMEGA) + total(self.neighbours(xx=0.5, yy=0.5, zz=0.5))
        np.testing.assert_allclose(qb.heisenberg(qb.linear(3), J=2.0, omega=self.OMEGA).H.full(), H, atol=1e-14)

    def test_ising_chain(self):
        H = fields(self.OMEGA) + total(self.neighbours(xx=0.5))
        np.testing.assert_allclose(qb.ising_chain(self.OMEGA, J=2.0).H.full(), H, atol=1e-14)

    def test_ising_chain_is_critical_at_its_self_dual_point(self):
        # J Sx Sx + omega Sz is self-dual at omega = J/2: ordered below, where two ground states are close, gapped above
        gap = {}
        for omega in (0.25, 0.5, 1.0):
            levels = np.linalg.eigvalsh(qb.ising_chain([omega] * 8, J=1.0).H.full())
            gap[omega] = levels[1] - levels[0]
        assert gap[0.25] < 0.01 < gap[0.5] < 0.12 < 0.5 < gap[1.0]

    def test_transmon_chain(self):
        H = fields(self.OMEGA) + total(self.neighbours(xx=0.7 / 2, yy=-0.7 / 2, zz=0.2 / 4))
        np.testing.assert_allclose(qb.transmon_chain(self.OMEGA, pair=0.7, zz=0.2).H.full(), H, atol=1e-14)


EVERYTHING = {"J": 0.5, "zz": 0.3, "pair": 0.2, "dm": 0.1, "x": 0.4, "y": 0.7, "gamma": 0.1}


class TestReference:
    """Energies with or without the interaction are one word."""

    def test_local_is_the_fields(self):
        net = qb.network(qb.linear(3), **EVERYTHING)
        np.testing.assert_array_equal(net.H0.full(), fields([1.0] * 3))

    def test_battery_is_all_of_h(self):
        net = qb.network(qb.linear(3), **EVERYTHING, H0="battery")
        assert net.H0 == net.H
        t = np.linspace(0, 1, 4)
        ds = qb.evolve(net, qb.plus(3), t, ("energy", "ergotropy"), states=True)
        for k, rho in enumerate(ds.rho.values):
            state = qutip.Qobj(rho, dims=[[2] * 3] * 2)
            assert ds.energy.values[k] == pytest.approx(qutip.expect(net.H, state), abs=1e-9)
            assert ds.ergotropy.values[k] == pytest.approx(qb.ergotropy(state, net.H), abs=1e-8)

    def test_battery_leaves_drives_out(self):
        net = qb.network(qb.linear(2), J=0.5, x=[0.3, np.cos], pair=lambda t: t, H0="battery")
        np.testing.assert_allclose(net.H0.full(), fields([1, 1]) + 0.25 * (word("xx") + word("yy")) + 0.15 * word("x1"))

    def test_energy_of_a_closed_network_is_kept(self):
        net = qb.network(qb.circular(4), **EVERYTHING | {"gamma": 0.0}, H0="battery")
        energy = qb.evolve(net, qb.plus(4), np.linspace(0, 5, 11), "energy").energy
        assert np.ptp(energy.values) < 1e-9

    def test_an_operator_of_ones_own(self):
        H0 = qb.xxz_chain([1.0, 1.0], J=2.0, Delta=0.5).H
        net = qb.network(qb.linear(2), x=1.0, H0=H0)
        assert net.H0 == H0
        assert net.parameters()["H0"] == qb.network(qb.linear(2)).replace(H0=H0).parameters()["H0"]


def pulse(t):
    return np.exp(-((t - 1) ** 2))


class TestDrives:
    """x, y and pair take functions of time; what they add to H is a QobjEvo."""

    def test_of_all_cells_and_of_one(self):
        net = qb.network(qb.linear(3), omega=0.0, x=pulse, y=[0.3, pulse, 0.0], pair=[np.cos, pulse])
        for t in (0.0, 0.7, 2.0):
            pair = np.array([np.cos(t), pulse(t)]) / 2
            H = [pulse(t) / 2 * at(3, x=k) for k in range(3)] + [0.15 * at(3, y=0), pulse(t) / 2 * at(3, y=1)]
            H += [pair[k] * (bond(3, "x", k, "x", k + 1) - bond(3, "y", k, "y", k + 1)) for k in range(2)]
            np.testing.assert_allclose(net.H(t).full(), total(H), atol=1e-14)

    def test_samples_are_a_coefficient(self):
        times = np.linspace(0, 2, 41)
        net = qb.network((), 1, omega=0.0, x=qutip.coefficient(pulse(times), tlist=times))
        np.testing.assert_allclose(net.H(0.7).full(), pulse(0.7) / 2 * word("x"), atol=1e-5)

    def test_arguments_change_by_replace(self):
        net = qb.network((), 1, x=qutip.coefficient(lambda t, a: a * t, args={"a": 1.0}))
        assert net.replace(args={"a": 3.0}).H(2.0)[0, 1] == 3.0
        with pytest.raises(ValueError, match="b"):
            net.replace(args={"b": 3.0})

    def test_are_terms_that_few_solvers_know(self):
        net = qb.network(qb.linear(2), x=pulse)
        assert {"x", "an operator that depends on time"} <= net.terms
        with pytest.raises(ValueError, match="an operator that depends on time"):
            qb.evolve(net, qb.full(2), [0, 1], solver="dense")

    def test_are_part_of_the_digest(self):
        def drive(a):
            return qb.network((), 1, x=qutip.coefficient(lambda t, a: a * np.cos(t), args={"a": a}))

        first, again, other = (json.dumps(drive(a).parameters()) for a in (1.0, 1.0, 2.0))
        assert first == again != other
        assert json.dumps(qb.network((), 1, y=pulse).parameters()) != json.dumps(
            qb.network((), 1, x=pulse).parameters()
        )

    def test_survive_pickling(self):
        net = qb.network((), 1, x=pulse)
        assert pickle.loads(pickle.dumps(net)).H(0.5) == net.H(0.5)


class TestWhatANetworkTells:
    NET = qb.network(qb.linear(2), zz=0.3, dm=0.2, x=pulse, H0="battery")

    def test_parameters_hold_what_does_not_vanish(self):
        assert self.NET.parameters()["zz"] == [[0, 0.3], [0.3, 0]]
        assert "pair" not in self.NET.parameters()
        assert self.NET.parameters()["H0"] == "battery"

    def test_notebook(self):
        page = self.NET._repr_html_()
        for text in ("zz", "0.3", "dm", "depends on time", "all constant terms"):
            assert text in page

    def test_report(self):
        text = str(self.NET.report())
        for note in ("H has zz, dm, x beside", "x depends on time", "all constant terms of H"):
            assert note in text
