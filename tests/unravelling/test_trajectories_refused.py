"""Wrong arguments of `trajectories`, batteries that it cannot take, and what does not fit: one clear message each."""

import pytest
import qutip
from test_trajectories import ring, run

import qbsim as qb


class TestMessages:
    @pytest.mark.parametrize(
        ("change", "error", "words"),
        [
            ({"battery": 3}, TypeError, "Argument battery must be a Battery"),
            ({"rho0": "fulll"}, ValueError, "Unknown state 'fulll'. Did you mean 'full'"),
            ({"times": [0.0, 0.0]}, ValueError, "Argument tlist must be strictly increasing"),
            ({"measures": "energi"}, ValueError, "Unknown measure of trajectories 'energi'. Did you mean 'energy'"),
            ({"measures": "concurrence"}, ValueError, "Known: energy, ergotropy, local_ergotropy, purity"),
            ({"measures": {"n": qutip.num(2)}}, TypeError, "Argument measures must be names out of energy"),
            ({"measures": 3}, TypeError, "Argument measures must be names out of energy"),
            ({"measures": []}, ValueError, "Argument measures must name at least one"),
            ({"ntraj": 15}, ValueError, "Argument ntraj must be at least 16, but is 15"),
            ({"ntraj": 1e3}, TypeError, "Argument ntraj must be an integer, but is 1000.0; write 1000"),
            ({"seed": -1}, ValueError, "Argument seed must be at least 0"),
            ({"confidence": 1.0}, ValueError, "Argument confidence must lie between 0 and 1.*but is 1"),
            ({"confidence": 0}, ValueError, "Argument confidence must lie between 0 and 1"),
            ({"confidence": "95 %"}, TypeError, "Argument confidence must be a real number"),
            ({"target": -0.1}, ValueError, "Argument target must be at least 0"),
            ({"target": 0.1, "measures": "energy"}, ValueError, "Argument target needs the measure 'ergotropy'"),
            ({"executor": "dask"}, TypeError, "Argument executor must be None"),
            ({"store": 3}, TypeError, "Argument store must be the path of a folder, but is 3"),
        ],
    )
    def test_wrong_arguments(self, change, error, words):
        with pytest.raises(error, match=words):
            run(**change)

    def test_a_battery_that_neither_engine_takes(self):
        H = qutip.num(2)
        battery = qb.Battery(H, H, [qutip.lindblad_dissipator(qutip.destroy(2))], N=1)
        with pytest.raises(
            ValueError, match=r"do not stay Gaussian: .*Nor can they be kets: superoperators among c_ops"
        ):
            run(battery, "full")

    def test_local_ergotropy_of_coupled_cells(self):
        with pytest.raises(ValueError, match="local ergotropy of all cells needs local terms"):
            run(ring(H0="battery"))

    def test_local_ergotropy_of_three_levels(self):
        battery = qb.Battery(qutip.num(3), qutip.num(3), [qutip.destroy(3)], N=1)
        with pytest.raises(ValueError, match="'local_ergotropy' of trajectories needs cells of two levels"):
            run(battery, qutip.basis(3, 2))

    def test_too_many_states_for_the_memory(self, monkeypatch):
        monkeypatch.setattr("qbsim._machine.available_memory", lambda: 2**20)
        monkeypatch.setattr("qbsim._machine.SURELY_FREE", 2**10)
        with pytest.raises(
            MemoryError, match=r"states of 10000 trajectories at one time needs.*Use fewer trajectories"
        ):
            run(ntraj=10_000)

    def test_too_many_states_for_the_disk(self, monkeypatch):
        class Usage:
            free = 1000

        monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage)
        with pytest.raises(OSError, match=r"trajectories need about .*GiB are free; use fewer times"):
            run()
