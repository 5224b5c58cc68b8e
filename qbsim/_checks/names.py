"""Names that are not known: what to use instead, or the nearest known one; and values in one line of a message."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, NoReturn

import qutip
from qutip import Qobj, QobjEvo

__all__ = ["by_word", "closest", "nearest", "no_attribute", "no_attribute_of", "not_a_battery", "shown"]


def shown(value: Any) -> str:
    """Value in one line of a message."""
    if isinstance(value, Qobj):
        kind = {"oper": "an operator", "super": "a superoperator"}.get(value.type, f"a {value.type}")
        return f"{kind} (Qobj) with dims {value.dims}"
    if hasattr(value, "data_vars"):
        return "a Dataset"
    if isinstance(value, type) or inspect.isroutine(value):
        return f"the {'class' if isinstance(value, type) else 'function'} {value.__name__}"
    text = re.sub(r" at 0x[0-9A-Fa-f]+", "", " ".join(repr(value).split()))
    return text if len(text) <= 80 else f"{text[:77]}..."


def by_word(table: Mapping[str, str]) -> dict[str, str]:
    """What to use, by the word of others: {what to use: words} turned around."""
    return {word: road for road, words in table.items() for word in words.split()}


def closest(name: str, known: Sequence[str], cutoff: float = 0.6) -> str:
    """The known name that a name is a slip of, in letters or in case; empty if none is."""
    plain = {other.lower(): other for other in sorted(known)}
    close = get_close_matches(re.sub(r"[ -]", "_", name.lower()), plain, n=1, cutoff=cutoff)
    return plain[close[0]] if close else ""


def nearest(kind: str, name: Any, known: Sequence[str], instead: Mapping[str, str] = MappingProxyType({})) -> str:
    """Message for an unknown name: what to use instead, or the nearest known one."""
    text = str(getattr(name, "__name__", name))
    if road := instead.get(text, instead.get(text.lower())):
        hint = f" Use {road}."
    elif len(parts := re.findall(r"\w+", text)) > 1 and set(parts) <= set(known):
        hint = f" Did you mean the list {parts}?"
    else:
        close = closest(text, known)
        hint = f" Did you mean {close!r}?" if close else ""
    return f"Unknown {kind} {shown(name)}.{hint} Known: {', '.join(known) or 'none'}."


def no_attribute(module: str, name: str, instead: Mapping[str, str] = MappingProxyType({})) -> AttributeError:
    """Error for a name that a module does not have, with what to use instead or the nearest of its public names."""
    plain = f"module {module!r} has no attribute {name!r}"
    if name.startswith("_"):  # asked by tools, not by people
        return AttributeError(plain)
    if road := instead.get(name, instead.get(name.lower())):
        return AttributeError(f"{plain}: use {road}.")
    known = getattr(sys.modules[module], "__all__", [])
    homes = [m for m in known if name in getattr(getattr(sys.modules[module], m), "__all__", ())]
    if homes:
        return AttributeError(f"{plain}: use {module}.{homes[0]}.{name}.")
    if name in dir(qutip):
        return AttributeError(f"{plain}: it is QuTiP's, qutip.{name}.")
    close = closest(name, known)
    return AttributeError(f"{plain}. Did you mean {close!r}?" if close else plain)


ATTRIBUTES = by_word(
    {
        "battery.N": "n n_cells num_cells size",
        "battery.H": "Hamiltonian hamiltonian ham",
        "battery.c_ops": "jumps collapse_operators collapse_ops lindblad L",
        "battery.edges": "bonds graph geometry",
        "qbsim.evolve(battery, rho0, tlist, measures)": "evolve run solve simulate mesolve charge discharge",
        "qbsim.evolve(battery, rho0, tlist, measures), or a function of one state, such as qbsim.ergotropy(rho, "
        "battery.H0)": "ergotropy energy efficiency power concurrence",
        "numpy.diag(network.decay_matrix) of a Network": "gamma gammas rates",
        "network.decay_matrix of a Network, whose elements off the diagonal are those of the bonds": "gamma_bond K",
        "network.omega of a Network": "omegas frequencies fields",
    }
)
"""What a battery has, and the names under which others look for it."""


def no_attribute_of(battery: Any, name: str) -> NoReturn:
    """Refuse a name that a battery does not have, with what to use instead."""
    road = ATTRIBUTES.get(name)
    raise AttributeError(f"A {type(battery).__name__} has no attribute {name!r}{f': use {road}' if road else ''}.")


def not_a_battery(value: Any) -> TypeError:
    """Error for something in the place of a battery."""
    remedy = ""
    if isinstance(value, Qobj | QobjEvo) and value.isoper:
        remedy = "; make one of your operators, qbsim.Battery(H0, H, c_ops, N=...)"
    elif isinstance(value, Qobj):
        remedy = "; the order is battery, state, times"
    elif callable(value):
        remedy = "; call it"
    return TypeError(f"Argument battery must be a Battery, but is {shown(value)}{remedy}.")
