"""QuTiP's `mesolve` (or `sesolve` for a closed system): the reference, for every model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import qutip
from qutip import Qobj

from .._checks import FloatArray
from ..battery import GENERAL_LOSSES, GENERAL_OPERATORS, NETWORK_TERMS, Battery
from ..stack import DenseStates, KetStates, States
from .cost import eigenvalues, generator_entries, generator_norm

TERMS = NETWORK_TERMS | {
    GENERAL_OPERATORS,
    GENERAL_LOSSES,
    "superoperators",
    "negative rates",
    "an operator that depends on time",
}
TOLERANCES = ("rtol", "atol")
# Longest step over the norm of the generator. Where nothing happens QuTiP's steps grow without limit, and what it
# interpolates between them then is wrong by orders of magnitude.
LONGEST_STEP = 8.0
CHUNK_BYTES = 256 * 2**20  # density matrices handed over at a time


def refuses(battery: Battery, rho0: Qobj, tlist: FloatArray) -> str:
    """Nothing: every model QuTiP can write, it can solve."""
    return ""


def _is_closed(battery: Battery, rho0: Qobj) -> bool:
    return rho0.isket and not battery.has_losses


def seconds(battery: Battery, rho0: Qobj, tlist: FloatArray, *, spectrum: bool) -> float:
    """Right-hand sides of a ninth-order method, 16 a step, on the sparse superoperator."""
    D, span = int(np.prod(battery.dims)), float(tlist[-1] - tlist[0])
    entries = generator_entries(battery) / (D if _is_closed(battery, rho0) else 1)
    steps = max(len(tlist), span * generator_norm(battery) / 2)
    spectra = eigenvalues([int(np.prod(battery.cell_dims))], len(tlist)) if spectrum and battery.has_losses else 0.0
    return 0.01 + 1e-7 * entries + 16 * steps * (1e-5 + 8e-9 * entries) + 1e-5 * len(tlist) + spectra


def forecast(battery: Battery, rho0: Qobj, tlist: FloatArray) -> int:
    """Peak memory in bytes: all states, the integrator's work vectors, one chunk of measures."""
    D = int(np.prod(battery.dims))
    size = 16 * (D if _is_closed(battery, rho0) else D * D)
    return size * (len(tlist) + 30) + min(CHUNK_BYTES, size * len(tlist)) * 2


def run(
    battery: Battery, rho0: Qobj, tlist: FloatArray, *, rtol: float, atol: float, few: bool = False
) -> Iterator[States]:
    """States from ``mesolve`` with normalisation off, so that the trace error shows."""
    options = {
        "method": "vern9",
        "max_step": LONGEST_STEP / max(generator_norm(battery), 1e-300),
        "rtol": rtol,
        "atol": atol,
        "nsteps": 10**8,
        "normalize_output": False,
        "progress_bar": "",
        "store_states": True,
    }
    closed = _is_closed(battery, rho0)
    if len(tlist) == 1:
        states = [rho0]
    elif closed:
        states = qutip.sesolve(battery.H, rho0, tlist, options=options).states
    else:
        states = qutip.mesolve(battery.H, rho0, tlist, battery.c_ops, options=options).states
    D = int(np.prod(battery.dims))
    step = max(1, CHUNK_BYTES // (16 * D * (1 if closed else D)))
    for start in range(0, len(tlist), step):
        part = slice(start, min(start + step, len(tlist)))
        if closed:
            psi = np.array([s.full()[:, 0] for s in states[part]])
            yield KetStates(psi, tlist[part], battery.dims, battery.cells)
        else:
            rho = np.array([(s.proj() if s.isket else s).full() for s in states[part]])
            yield DenseStates(rho, tlist[part], battery.dims, battery.cells)
