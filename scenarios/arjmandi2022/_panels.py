"""Panels that several figures share: ergotropy of three states, gain and half-life against disorder."""

import numpy as np

from qbsim import plotting

from . import GAMMA, RATIO, J, half_lives, lines, saturation


def dynamics(ax, ds, panel, title=""):
    """Mean ergotropy ratio of the states with its standard error as a band; `ds` has dimensions (state, time)."""
    for state in ds.state.values:
        run = ds.sel(state=state)
        plotting.band(ax, GAMMA * ds.time, run.ergotropy_ratio, run.ergotropy_ratio_sem, **plotting.line(state))
    plotting.label(ax, r"$\Gamma t$", r"ergotropy $\varepsilon(t)$", panel).set_title(title)
    ax.axhline(0.5, color="0.6", lw=0.8, ls=":")


def gains(ax, ds, panel):
    """Relative gain of the states against disorder; `ds` has dimensions (delta, state, time)."""
    for state in ds.state.values:
        run = ds.sel(state=state)
        plotting.points(ax, ds.delta, run.gain, run.gain_err, **plotting.line(state))
    plotting.label(ax, r"disorder $\delta$", r"gain $\eta$ (%)", panel)


def lives(ax, ds, N, panel):
    """Half-lives of the states against disorder in 1/J, and the fit to the coherent ones."""
    for state in ds.state.values:
        tau, error = half_lives(ds, N, state)
        plotting.points(ax, ds.delta, tau, error, **plotting.line(state))
    fit, x = saturation(ds, N), np.linspace(0, float(ds.delta.max()), 201)
    if np.isfinite(fit.alpha_err):
        text = rf"${fit.alpha:.2f}{fit.beta:+.2f}\,e^{{-{fit.gamma:.2f}\,\delta}}$"
        ax.plot(x, fit(x), color="0.4", lw=1, label=text)
    plotting.label(ax, r"disorder $\delta$", r"half-life $J\tau$" + f"  ($J = {J / GAMMA:g}\\Gamma$)", panel)


def dynamics_figure(ds, N, deltas):
    """One panel of `dynamics` per strength of disorder; Figs. 1 and 3."""
    ds = lines(ds, RATIO)
    fig, axes = plotting.figure(1, len(deltas), sharey=True)
    for ax, delta, panel in zip(axes, deltas, "ab", strict=True):
        dynamics(ax, ds.sel(N=N, delta=delta), panel, rf"$\delta = {delta:g}$")
        ax.legend()
    return fig


def disorder_figure(ds, N):
    """Gain (a) and half-life (b) against disorder; Figs. 2 and 6."""
    fig, (a, b) = plotting.figure(1, 2)
    gains(a, ds.sel(N=N), "a")
    lives(b, ds, N, "b")
    a.legend()
    b.legend(loc="center", bbox_to_anchor=(0.5, 0.2), ncols=2)
    return fig
