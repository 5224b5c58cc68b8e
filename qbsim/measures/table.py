"""The table `MEASURES` of all figures of merit that `evolve` can record; every formula lies in the file of its topic.

The functions of one state take a Qobj. The table evaluates the same formulas over a whole series of states at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from qutip import Qobj, QobjEvo

from .._checks import by_word, nearest
from .._checks.calls import check_call
from .._checks.names import shown
from ..battery import Battery
from . import capacity, coherence, energy_variance, entanglement, entropy, ergotropy, local_ergotropy, power
from .expectation import Expectation
from .reference import Measure

__all__ = ["MEASURES", "Measure"]

# A measure is a row beside its formula; a new file of measures is added here.
MEASURES: dict[str, Measure] = {
    **ergotropy.ROWS,
    **local_ergotropy.ROWS,
    **capacity.ROWS,
    **energy_variance.ROWS,
    **coherence.ROWS,
    **entanglement.ROWS,
    **entropy.ROWS,
    **power.ROWS,
}

TAKEN = ("time", "rho", "row", "col")  # coordinate, variable and dimensions of what `evolve` returns


INSTEAD = by_word(
    {
        "qbsim.half_life(ds.time, ds.ergotropy), a number of a curve": "half_life halflife lifetime",
        "qbsim.relative_gain(ds.ergotropy), a number of a curve": "gain relative_gain eta",
        "'power'": "charging_power",
        "'ergotropy', the largest work": "work extractable_work max_work",
        "qbsim.charging.max_power(battery, rho0, tlist)": "max_power",
        "'l1_coherence'": "coherence l1 l1_norm",
        "'concurrence', or a function such as {'negativity': lambda rho, battery: qbsim.negativity(rho, [0])}": (
            "entanglement negativity mean_concurrence"
        ),
        "'entropy'": "von_neumann_entropy vn_entropy",
        "a function, {'total': lambda rho, battery: qbsim.total_ergotropy(rho, battery.H0)}": "total_ergotropy",
        "a function, {'fidelity': lambda rho, battery: qutip.fidelity(rho, target)}": "fidelity",
        "a function, {'p0': lambda rho, battery: rho.ptrace(0)[1, 1].real}": "population populations occupation",
        "states=True, which keeps the density matrices": "rho states state density_matrix",
        "'battery_capacity', or for a channel a function of qbsim.capacitance": "capacity capacitance",
        "'antiergotropy'": "anti_ergotropy",
        "'energy_variance', or qbsim.charging.work_statistics(battery, rho0, tlist)": (
            "variance energy_fluctuations fluctuations work_variance work_fluctuations work_statistics"
        ),
    }
)
"""What to use for a measure, and the names under which others look for it."""


def _function(name: Any, own: Callable[..., Any]) -> Callable[[Qobj, Battery], float]:
    """A function of the user as a measure; refused without a name, or if it cannot take (rho, battery)."""
    if name is own:
        raise TypeError(
            f"Argument measures must name its functions, as in {{'mine': f}} with f(rho, battery), but holds "
            f"{shown(own)} without a name; the measures of qbsim go by their names, such as 'ergotropy'."
        )
    wanted = f"Measure {name!r} must be a function f(rho, battery)"
    if (getattr(own, "__module__", None) or "").startswith(__package__):
        raise TypeError(
            f"{wanted}, but is {shown(own)} of qbsim; write the name of a measure, such as 'ergotropy', or "
            "lambda rho, battery: ..."
        )
    check_call(wanted, own, None, None)
    return own


def measures_on(
    battery: Battery, measures: Mapping[str, Measure | Callable[[Qobj, Battery], float]]
) -> dict[str, Measure | Callable[[Qobj, Battery], float]]:
    """Measures as this battery evaluates them; what would be wrong in the space of its states is refused."""
    found: dict[str, Measure | Callable[[Qobj, Battery], float]] = {}
    for name, row in measures.items():
        if isinstance(row, Expectation):
            found[name] = row.on(name, battery)
            continue
        found[name] = own = battery.own_measures.get(row, row)
        if own is row and isinstance(row, Measure) and row.needs != "expectation" and not battery.cells_are_factors:
            raise ValueError(
                f"Measure {name!r} needs the cells one by one, but this battery holds their total spin; build it in "
                'the full tensor space (space="tensor").'
            )
    return found


def read_measures(measures: Any) -> dict[str, Measure | Callable[[Qobj, Battery], float]]:
    """Table of the requested measures from names, or from {name: f(rho, battery)} or {name: operator}."""
    if isinstance(measures, str | Qobj | QobjEvo) or callable(measures):
        measures = (measures,)
    if not isinstance(measures, Iterable):
        raise TypeError(f"Argument measures must be names or a dict of functions, but is {shown(measures)}.")
    wanted: dict[str, Measure | Callable[[Qobj, Battery], float]] = {}
    for name in measures:
        own = measures[name] if isinstance(measures, Mapping) else name
        if isinstance(measures, Mapping) and (not isinstance(name, str) or not name):
            raise TypeError(f"Argument measures must name every measure by a text, but holds the name {name!r}.")
        if not isinstance(name, str) and (isinstance(name, Qobj | QobjEvo) or callable(name)):
            kind, example = ("operator", "n0") if isinstance(name, Qobj | QobjEvo) else ("function", "mine")
            raise TypeError(
                f"Argument measures must name every {kind}, since a curve is stored by its name: pass "
                f'measures={{"{example}": {kind}}}, or {{"energy": "energy", "{example}": {kind}}} beside others.'
            )
        if isinstance(measures, Mapping) and name in TAKEN:
            raise ValueError(f"Measure {name!r} must have another name: {', '.join(TAKEN)} are taken by the dataset.")
        if isinstance(own, Qobj | QobjEvo):  # before the next line: QuTiP's operators can be called
            wanted[name] = Expectation.of(name, own)
        elif callable(own):
            wanted[name] = _function(name, own)
        elif isinstance(own, str) and own in MEASURES:
            wanted[name] = MEASURES[own]
        else:
            raise ValueError(nearest("measure", own, list(MEASURES), INSTEAD))
    if not wanted:
        raise ValueError("Argument measures must name at least one measure.")
    return wanted
