"""Options of QuTiP's integrator: in `evolve` and in sweeps, where they are part of the key."""

import numpy as np
import pytest
import qutip

import qbsim as qb
from qbsim.battery import Battery

NUMBER, X = qutip.num(2), qutip.destroy(2) + qutip.create(2)
T = np.linspace(0, 10, 3)
NARROW = 2e-4  # a pulse too narrow to be found without max_step


def pulsed(area=np.pi, rng=None):
    """One cell and one narrow pulse; the area is the angle by which it turns."""

    def pulse(t):
        return area / (2 * NARROW * np.sqrt(np.pi)) * np.exp(-(((t - 5.0321) / NARROW) ** 2))

    return Battery(NUMBER, [0 * NUMBER, [X, pulse]], N=1)


def swept(**more):
    return qb.sweep(
        pulsed, {"area": [np.pi]}, states="empty", tlist=T, measures="energy", executor="serial", progress=False, **more
    )


def test_sweeps_hand_options_to_the_solver():
    options = {"max_step": 2 * NARROW}
    alone = qb.evolve(pulsed(), qb.empty(1), T, "energy", solver="qutip", options=options)
    ds = swept(solver="qutip", options=options)
    assert alone.energy[-1] == pytest.approx(1, abs=1e-6)
    assert ds.energy.squeeze().values.tolist() == alone.energy.values.tolist()


def test_options_are_part_of_the_key_and_replay_has_them():
    with_options, without = swept(solver="qutip", options={"max_step": 2 * NARROW}), swept(solver="qutip")
    assert with_options.identity.item() != without.identity.item()
    assert '"options": {"max_step"' in with_options.attrs["parameters"]
    assert '"options"' not in without.attrs["parameters"]
    again = qb.replay(with_options, 0)
    assert again.energy.values.ravel().tolist() == with_options.energy.values.ravel().tolist()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"solver": "dense", "options": {"max_step": 0.1}}, "options is for solver 'qutip', but solver 'dense' runs"),
        ({"solver": "qutip", "options": {"progress_bar": "tqdm"}}, "must not hold 'progress_bar'"),
        ({"solver": "qutip", "options": {"store_states": True}}, "pass states=True"),
        ({"solver": "qutip", "options": {"nstep": 5}}, "Did you mean 'nsteps'"),
    ],
)
def test_options_that_mean_nothing_are_refused_before_anything_runs(more, words):
    with pytest.raises(ValueError, match=words):
        swept(**more)
    with pytest.raises(ValueError, match=words):
        qb.evolve(pulsed(), qb.empty(1), T, **more)


def test_automatic_choice_takes_options_where_it_takes_qutip():
    assert qb.evolve(pulsed(), qb.empty(1), T, options={"max_step": 1.0}).attrs["solver"] == "qutip"
    with pytest.raises(ValueError, match="options is for solver 'qutip', but solver"):
        qb.sweep(
            lambda: qb.single_cell(gamma=1.0), {}, states="full", tlist=T, executor="serial", options={"max_step": 1.0}
        )
