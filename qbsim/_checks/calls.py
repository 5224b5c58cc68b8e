"""Calls with wrong arguments: `explained` says which argument of a public function is meant, and what it takes."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from .names import closest, shown

__all__ = ["check_call", "explained"]

F = TypeVar("F", bound=Callable[..., Any])

# What others call our arguments: (arguments that the function must have, the first one being meant; what to write
# instead, if more than the name of that argument; words of others). The first row that fits is the answer.
WORDS = [
    ("gamma dephasing", "", "Gamma kappa rate rates decay decay_rate gamma_down gamma_1 Gamma_1 loss relaxation"),
    ("gamma dephasing", "gamma = 1 / T1 (at nbar = 0)", "T1 t1"),
    ("gamma", "gamma = 1 - exp(-t / T1), the probability of a decay in time t", "T1 t1 rate Gamma kappa"),
    ("dephasing", "dephasing = 1 / T2 - gamma / 2", "T2 t2 T2_star T2star"),
    ("dephasing", "dephasing = 1 / T_phi", "T_phi Tphi"),
    ("dephasing", "", "gamma_phi Gamma_phi gammaphi phi pure_dephasing gamma_2 gamma_z gamma_d"),
    ("gamma_bond", "", "Gamma_d gamma_collective Gamma_collective collective collective_decay gamma_12 gamma_ij"),
    ("nbar", "", "n_th nth n_thermal n_bar thermal occupation"),
    ("nbar", "nbar = 1 / (exp(omega / (k_B T)) - 1)", "T temp temperature beta"),
    ("omega J", "qbsim.network(qbsim.linear(N), ...), which has gamma_bond", "gamma_bond Gamma_d"),
    ("exchange", "qbsim.network(qbsim.linear(N), ...), which has gamma_bond", "gamma_bond Gamma_d"),
    ("omega J", "one frequency per cell, such as omega=[1.0] * N", "N n cells n_cells"),
    ("omega", "", "w w0 omega0 omega_0 Omega frequency frequencies fields field energies splitting"),
    ("J", "", "g coupling couplings exchange hopping interaction lam strength"),
    ("zz", "", "ZZ Jz J_z Jzz ising"),
    ("dm", "", "D DM DMI dmi dzyaloshinskii"),
    ("pair", "", "pairs pairing squeezing double_excitation"),
    ("x pair", "x, y or pair, which take functions of time", "drive drives pulse control envelope"),
    ("x", "", "hx h_x transverse transverse_field"),
    ("exchange", "exchange, the element of s+ s-, which is half of the J of xx_chain", "J g coupling hopping"),
    ("lam", "", "g coupling J lambda_"),
    ("g", "", "J coupling strength"),
    ("strength", "", "Omega drive amplitude F g J"),
    ("displacement", "", "F drive Omega amplitude alpha strength"),
    ("N", "", "cells n_cells num_cells number size"),
    ("decay_matrix", "decay_matrix, or qbsim.network(edges, gamma=..., gamma_bond=...)", "gamma gamma_bond rates"),
    ("n", "", "cells n_cells num_cells number size"),
    ("edges", "", "graph bonds geometry topology adjacency connectivity"),
    ("levels", "", "N n cutoff dim n_levels"),
    ("p", "", "q population probability p_e"),
    ("rng", "rng = numpy.random.default_rng(seed)", "seed random_state generator"),
    ("seed", "", "seeds rng random_state"),
    ("measures", "", "measure e_ops observables quantities"),
    ("battery rho0", "a battery with these operators: qbsim.Battery(H0, H, c_ops, N=...)", "c_ops H H0 jumps"),
    ("rho0", "", "psi0 psi rho state state0 initial_state initial"),
    ("states rho0", "states=True", "store_states save_states keep_states return_states"),
    ("states", "", "state rho0 psi0 initial_state initial_states"),
    ("tlist", "", "times t time ts tspan t_eval"),
    ("tlist", "all times, such as tlist = numpy.linspace(0, 1, 101)", "dt tmax t_max tf t_final T step steps"),
    ("solver", "", "method backend integrator"),
    ("rtol", "", "tol accuracy precision reltol"),
    ("realizations", "", "n_realizations num_realizations nreal samples n_samples ntraj repeats"),
    ("workers", "", "n_jobs n_workers num_workers processes jobs num_cpus"),
    ("last", "", "tmax t_max T t_final end"),
    ("executor", "", "scheduler cluster client"),
    ("store", "", "out path folder directory save"),
    ("axes build", 'axes, a dict such as {"delta": [0.0, 1.0]}', "delta N n omega J gamma exchange nbar dephasing"),
]


def meant(word: str, known: Mapping[str, Any]) -> str:
    """What to write instead of an argument that does not exist; empty if nothing comes near."""
    if same := closest(word, list(known), 1.0):  # but for capitals
        return same
    for needed, text, words in WORDS:
        arguments = needed.split()
        if word in words.split() and all(argument in known for argument in arguments):
            return text or arguments[0]
    return closest(word, list(known), 0.7)


def meaning(function: Callable[..., Any], argument: str) -> str:
    """First sentence on an argument in the docstring of a function; empty if there is none."""
    name = r"^(?:\w+, )*" + re.escape(argument) + r"(?:, \w+)*(?: : .*)?\n((?: {4}.*\n?)+)"
    owner, _, constructor = function.__qualname__.rpartition(".")
    described = vars(sys.modules[function.__module__])[owner] if constructor == "__init__" else function
    found = re.search(name, inspect.getdoc(described) or "", re.MULTILINE)
    text = " ".join(found[1].split()) if found else ""
    return re.split(r"(?<=[^.]{3})[.;](?:\s|$)", text)[0].strip()


def wrong_call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """What is wrong with the arguments of a call that Python refused, and what the function takes."""
    name = function.__qualname__
    parameters = {p: q for p, q in inspect.signature(function).parameters.items() if q.kind is not q.VAR_KEYWORD}
    anything = len(parameters) < len(inspect.signature(function).parameters)
    if name.endswith(".__init__"):
        name = name.removesuffix(".__init__")
        parameters.pop("self")
        args = args[1:]
    takes = f"It takes {', '.join(parameters)}." if parameters else "It takes no arguments."
    for word in kwargs:
        if word not in parameters and not anything:
            text = meant(word, parameters)
            return f"{name} has no argument {word}{f': use {text}' if text else ''}. {takes}"
    places = [p.name for p in parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    others = [p for p in parameters if p not in places and p not in kwargs]
    if len(args) > len(places):
        hint = f"; the others need their names, such as {others[0]}=..." if others else ""
        named = f" ({', '.join(places)})" if places else ""
        count = f"{len(places)} argument{'s' * (len(places) != 1)} without a name{named}"
        return f"{name} takes {count}, but got {len(args)}{hint}. {takes}"
    for word in places[: len(args)]:
        if word in kwargs:
            return f"{name} got the argument {word} twice: as number {places.index(word) + 1} and by name. {takes}"
    missing = [p.name for p in parameters.values() if p.default is p.empty and p.name not in kwargs]
    missing = [p for p in missing if p not in places[: len(args)]]
    texts = [f"{p} ({text})" if (text := meaning(function, p)) else p for p in missing]
    return f"{name} needs the argument{'s' * (len(missing) > 1)} {', '.join(texts)}. {takes}"


def check_call(wanted: str, function: Any, *args: Any, **kwargs: Any) -> None:
    """Refuse a function of the user that cannot be called with these arguments; `wanted` says what it must be."""
    if not callable(function):
        raise TypeError(f"{wanted}, but is {shown(function)}.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # nothing is known of its arguments
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        raise TypeError(f"{wanted}, but {shown(function)} takes {signature}.") from None


def explained(function: F) -> F:
    """Public function whose calls with wrong arguments say what to write instead.

    Examples
    --------
    >>> from qbsim import full
    >>> full(cells=2)
    Traceback (most recent call last):
        ...
    TypeError: full has no argument cells: use N. It takes N.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is not None:
                raise  # from within the function
        raise TypeError(wrong_call(function, args, kwargs))

    return cast(F, call)
