"""Every solver against every other on random networks, states and times: see solver_routes.py."""

import pytest
from solver_routes import disagreements, draw

CASES, PARTS = 300, 12


@pytest.mark.parametrize("part", range(PARTS))
def test_all_solvers_agree_in_all_measures(part):
    problems = [line for seed in range(part, CASES, PARTS) for line in disagreements(draw(seed))]
    assert not problems, "\n".join(problems)
