"""M. B. Arjmandi, H. Mohammadi, A. C. Santos, Enhancing self-discharging process with disordered quantum batteries, \
PRE 105, 054115 (2022).

Readings. Times and half-lives are in 1/J with J = 10 Gamma where the paper prints no unit: only so do its half-lives of
3 to 6 fall where they can. The frequencies are the moduli of the fields: with signed ones the full state starts without
ergotropy in many realizations and Eq. (6) divides by zero. The exchange element is J = 10 Gamma, as in [santos2021];
Eq. (2) as printed has J/2, with which two cells never gain and seven gain 4 % at most. B0 is not printed; J fits best.
"""

import numpy as np

import qbsim as qb

GAMMA = 1.0
J = 10.0 * GAMMA
EXCHANGE = J  # element of s+ s-; J / 2 reads Eq. (2) as printed
B0 = 10.0 * GAMMA
WIDTH = 1.0  # fields in B0 (1 +- WIDTH delta); 1/2 reads delta as the full width
SEED = 2022
TIMES = np.linspace(0, 1, 201) / GAMMA
DELTAS_QUICK = (0.0, 1.0, 2.0, 3.0, 5.0, 10.0)
DELTAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)
STATES = ("plus", "classical", "full")


def chain(N, delta, rng):
    """One disordered chain, Eqs. (1)-(3): population decays at Gamma, EXCHANGE between neighbours."""
    fields = qb.random_fields(N, WIDTH * delta, B0=B0, rng=rng)
    return qb.xx_chain(fields, J=2 * EXCHANGE, gamma=GAMMA)


def average(N, delta, realizations, *, quick, workers, states=STATES, measures=("energy", "ergotropy")):
    """Disorder averages, Eqs. (5), (6), for all given N and delta; without disorder all realizations are the same one.

    `realizations` is a number, or one for every N. A quick run makes do with a few and with a quarter of the times.
    """
    counts = realizations if isinstance(realizations, dict) else dict.fromkeys(N, realizations)
    if quick:  # small chains are cheap
        counts = {n: min(count, max(8, 800 // 2**n)) for n, count in counts.items()}
    ds = qb.sweep(
        chain,
        {"N": list(N), "delta": list(delta)},
        states=list(states),
        tlist=TIMES[:: 4 if quick else 1],
        measures=measures,
        realizations=lambda N, delta: counts[N] if delta else 1,
        seed=SEED,
        executor="serial" if quick else None,
        workers=workers,
    )
    ds["time"].attrs["units"] = "1/Gamma"
    for name in ds.data_vars:
        if str(name).endswith(("_sem", "_err")):  # one realization has no scatter; without disorder there is none
            ds[name] = ds[name].where(ds.delta > 0, 0.0).assign_attrs(ds[name].attrs).transpose(*ds[name].dims)
    return ds


def half_lives(ds, N, state):
    """Half-lives of a state against delta and their errors, in units of 1/J."""
    run = ds.sel(N=N, state=state)
    return J * run.half_life.values, J * run.half_life_err.values


def saturation(ds, N):
    """Fit of the coherent half-life, alpha + beta exp(-gamma delta), times in 1/J; below Fig. 2.

    Every point has the same weight, as in the paper: the point at delta = 0 has no error to weigh it by.
    """
    return qb.fit_exponential(ds.delta.values, half_lives(ds, N, "plus")[0])


def lead(ds, state="plus"):
    """Smallest lead of a state's ergotropy ratio over those of the others after the start, and its standard error."""
    margin = ds.ergotropy_ratio.sel(state=state) - ds.ergotropy_ratio.drop_sel(state=state)
    error = np.hypot(ds.ergotropy_ratio_sem.sel(state=state), ds.ergotropy_ratio_sem.drop_sel(state=state))
    margin, error = (x.where(ds.time > 0, drop=True).values.ravel() for x in (margin, error))
    k = int(margin.argmin())
    return float(margin[k]), float(error[k])


def quadrature(*errors):
    """Standard error of a sum or difference of independent numbers."""
    return float(np.sqrt(sum(float(e) ** 2 for e in errors)))
