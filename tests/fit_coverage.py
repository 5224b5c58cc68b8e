"""Coverage of the intervals of `fit`, and the rate of false and of right verdicts of `compare`, on synthetic data.

    python tests/fit_coverage.py --sets 1000

Two cells with collective decay, prepared in |++>; at 15 times, 10^4 shots each of the excited population of a cell and
of its state |+>. Three truths: gamma_bond = 0.4 gamma; none; and none of dephasing, which lies on its bound then.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import NamedTuple

import numpy as np
import qutip

import qbsim as qb

SHOTS = 10_000
TIMES = np.linspace(0.15, 3.0, 15)
GAMMA, DEPHASING, BOND = 1.0, 0.3, 0.4
# name: (truth, parameter that `compare` asks for, rejections in per cent that are right)
TRUTHS = {
    "collective decay": ({"gamma": GAMMA, "dephasing": DEPHASING, "gamma_bond": BOND}, "gamma_bond", (90, 100)),
    "no collective decay": ({"gamma": GAMMA, "dephasing": DEPHASING, "gamma_bond": 0.0}, "gamma_bond", (3, 7)),
    "no dephasing": ({"gamma": GAMMA, "dephasing": 0.0, "gamma_bond": BOND}, "dephasing", (3, 7)),
}
COVERED = (93, 97)
MEASURES = {
    "excited": qutip.tensor(qutip.num(2), qutip.qeye(2)),
    "plus": qutip.tensor(qb.plus(1).proj(), qutip.qeye(2)),
}


class Outcome(NamedTuple):
    """One synthetic set.

    Attributes
    ----------
    pulls : dict
        (estimate - truth) / stderr; nan on a bound.
    wald, profile : dict
        Whether 1.96 standard errors, and the profile-likelihood interval, hold the truth.
    rejected : bool
        Whether the further parameter is needed at the 5 % level.
    chisqr : float
        Deviance over degrees of freedom.
    """

    pulls: dict[str, float]
    wald: dict[str, bool]
    profile: dict[str, bool]
    rejected: bool
    chisqr: float


def build(gamma: float, dephasing: float, gamma_bond: float) -> qb.Network:
    """Two cells in the frame of their frequency."""
    return qb.network(qb.linear(2), omega=0.0, gamma=gamma, dephasing=dephasing, gamma_bond=gamma_bond)


def draw(truth: dict[str, float], seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Fractions of a synthetic experiment."""
    rng = np.random.default_rng([seed, 15])
    ds = qb.evolve(build(**truth), "plus", np.concatenate([[0.0], TIMES]), MEASURES)
    return {name: (TIMES, rng.binomial(SHOTS, np.clip(ds[name].values[1:], 0, 1)) / SHOTS) for name in MEASURES}


def outcome(truth: dict[str, float], asked: str, seed: int) -> Outcome:
    """Fit one set, with and without the parameter that is asked for."""
    data, start = draw(truth, seed), {"gamma": 0.8, "dephasing": 0.2, "gamma_bond": 0.1}
    options = {"rho0": "plus", "measures": MEASURES, "shots": SHOTS}
    full = qb.fit(build, data, start, **options)
    nested = qb.fit(build, data, start | {asked: 0.0}, fixed=[asked], **options)
    pulls, wald = {}, {}
    for name, value in truth.items():
        p = full.params[name]
        # without a standard error, on its bound, an estimate has no Wald interval
        pulls[name] = np.nan if p.stderr is None else (p.value - value) / p.stderr
        wald[name] = bool(abs(pulls[name]) <= 1.959964) if p.stderr else p.value == value
    profile = {name: full.contains(name, value) for name, value in truth.items()}
    return Outcome(pulls, wald, profile, qb.compare(nested, full).pvalue < 0.05, full.redchi)


def main() -> int:
    """Run many sets of every truth; exit code 1 if a rate is not what it has to be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--truths", nargs="+", choices=TRUTHS, default=list(TRUTHS), help="only these")
    args = parser.parse_args()
    bad, start = 0, time.process_time()
    for title in args.truths:
        truth, asked, right = TRUTHS[title]
        runs = [outcome(truth, asked, seed) for seed in range(args.first, args.first + args.sets)]
        print(f"{title}: {args.sets} sets, chi squared / degrees of freedom {np.mean([r.chisqr for r in runs]):.3f}")
        for name in truth:
            profile = 100 * np.mean([r.profile[name] for r in runs])
            wald = 100 * np.mean([r.wald[name] for r in runs])
            pulls = np.array([r.pulls[name] for r in runs])
            ok = COVERED[0] <= profile <= COVERED[1]
            bad += not ok
            print(
                f"  {name:10s} 95 % interval covers {profile:5.1f} %{'' if ok else ' FAILS'}, 1.96 stderr {wald:.1f} %,"
                f" pull {np.nanmean(pulls):+.3f} +- {np.nanstd(pulls):.3f}, on its bound {np.mean(np.isnan(pulls)):.1%}"
            )
        rejected = 100 * np.mean([r.rejected for r in runs])
        ok = right[0] <= rejected <= right[1]
        bad += not ok
        print(f"  {asked} = 0 rejected at the 5 % level in {rejected:.1f} %{'' if ok else ' FAILS'}", flush=True)
    print(f"{time.process_time() - start:.0f} s of CPU time")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
