r"""Half-life and superradiant loss of 2 to 100 cells, all to all and as a star.

Cells of [santos2021] with the exchange of its Fig. 4. The collective decay gamma_bond is a fixed fraction of what a
positive decay matrix allows: half of it all to all (the limit is gamma), all of it in the star, called central (the
limit is gamma/sqrt(N - 1)), so that five cells are those of Fig. 4. (a) Half-lives from |+...+>; dotted, the half-life
ln 3/(N gamma_bond) of a classical dipole of N cells, and those of cells alone. (b) Half-lives from the classical state,
p = 3/4. (c) Superradiant loss: the largest power that is lost in units of what cells alone lose at the start,
max_t[-dE/dt]/(gamma E(0)). Exponents are slopes of logarithms by least squares; their error is half of the change of
the slope over the sizes of the fit, because none of these curves is a power law yet.
"""

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal

from .. import labelled
from ..santos2021 import GAMMA, READING, READINGS, cells
from ..santos2021.fig4 import GAMMA_D, J, P

FIGURE = "after Fig. 4"
COST = "1 min"
SIZES, SIZES_QUICK = (2, 3, 5, 8, 12, 20, 30, 50, 70, 100), (2, 3, 5, 8, 12)
FRACTIONS = {"all_to_all": 0.5, "central": 1.0}  # of the limit of positivity
FITTED = 30  # fewest cells in the fits of exponents
TIMES = 161
STATES = {"plus": (0.5, 0.5), "classical": (P, 0.0)}  # population and coherence of a cell
END = 0.8  # of the time in which the energy would be gone at its initial rate of loss
LOOKS = {"half_life_energy": ("o", "-", "energy"), "half_life": ("s", "--", "ergotropy")}
COLORS = {"all_to_all": plotting.VERMILION, "central": plotting.BLUE}


def battery(geometry, N):
    edges, factor = qb.GEOMETRIES[geometry](N), READINGS[READING]["gamma_bond"]
    limit = cells(edges, N).report().largest_gamma_bond
    return cells(edges, N, J=J, gamma_d=FRACTIONS[geometry] * limit / factor)


def initial_loss(net, state):
    r"""Loss at t = 0 in units of that of cells alone, 1 + 2 B gamma_bond c^2/(N gamma p) with B bonds."""
    p, c = STATES[state]
    return 1 + 2 * len(net.edges) * net.decay_matrix[0, 1] * c**2 / (net.N * net.decay_matrix[0, 0] * p)


def peak(t, values):
    """Largest value of a curve: of the parabola through the largest sample and those beside it."""
    k = np.clip(np.argmax(values), 1, len(t) - 2)
    near = slice(k - 1, k + 2)
    a, b, _ = fit = np.polyfit(t[near], values[near], 2)
    return max(float(np.polyval(fit, np.clip(-b / (2 * a), *t[near][[0, 2]]))), values.max())


def numbers(ds, net):
    """Half-lives of ergotropy and energy, superradiant loss: the largest, and that at the start."""
    t, loss = ds.time.values, -ds.power.values / (net.decay_matrix[0, 0] * float(ds.energy[0]))
    return np.array([qb.half_life(t, ds.ergotropy), qb.half_life(t, ds.energy), peak(t, loss), loss[0]])


def row(geometry, state, N):
    """`numbers`, gamma_bond, the initial loss of the formula, and how far halving the grid moves the half-lives."""
    net = battery(geometry, N)
    first = initial_loss(net, state)
    t = np.linspace(0, END / (first * net.decay_matrix[0, 0]), TIMES)
    ds = qb.evolve(net, state, t, ("energy", "ergotropy", "power"))
    found, coarse = numbers(ds, net), numbers(ds.isel(time=slice(None, None, 2)), net)
    return [*found, net.decay_matrix[0, 1], first, *np.abs(coarse / found - 1)[:3]]


def alone(state):
    """Half-lives of ergotropy and energy of cells alone."""
    t = np.linspace(0, 2 * END / GAMMA, TIMES)
    ds = qb.evolve(cells((), 1), state, t)
    return [qb.half_life(t, ds.ergotropy), qb.half_life(t, ds.energy)]


def compute(quick=False, workers=None):
    sizes = SIZES_QUICK if quick else SIZES
    table = np.array([[[row(g, state, N) for N in sizes] for state in STATES] for g in FRACTIONS])
    single = np.array([alone(state) for state in STATES])
    dims = ("geometry", "state", "N")
    lives = {
        "half_life": ("half-life of the ergotropy", "1/Gamma"),
        "half_life_energy": ("half-life of the energy", "1/Gamma"),
    }
    names = lives | {
        "loss": ("superradiant loss, the largest",),
        "loss_start": ("superradiant loss at the start",),
        "gamma_bond": ("collective decay", "Gamma"),
        "loss_formula": ("superradiant loss at the start, formula",),
        "half_life_change": ("relative change of the half-life of the ergotropy when the grid is halved",),
        "half_life_energy_change": ("relative change of the half-life of the energy when the grid is halved",),
        "loss_change": ("relative change of the loss when the grid is halved",),
    }
    variables = {name: (dims, table[..., k], *label) for k, (name, label) in enumerate(names.items())}
    for k, (name, (text, unit)) in enumerate(lives.items()):
        variables[f"{name}_alone"] = ("state", single[:, k], f"{text}, cells alone", unit)
    return labelled(
        variables,
        geometry=(list(FRACTIONS), "geometry"),
        state=(list(STATES), "initial state"),
        N=(list(sizes), "number of cells"),
    )


def dipole(ds):
    r"""Half-life of N cells that stay one classical dipole, E = (1 - tanh(N gamma_bond t/2)) E(0) from |+...+>."""
    return np.log(3) / (ds.N * ds.gamma_bond.sel(geometry="all_to_all", state="plus"))


def draw(ds):
    fig, (a, b, c) = plotting.figure(1, 3, width=3.2)
    for ax, state, panel in ((a, "plus", "a"), (b, "classical", "b")):
        for name, (mark, dash, text) in LOOKS.items():
            for geometry, color in COLORS.items():
                look = {"color": color, "marker": mark, "ls": dash, "markersize": 3.5}
                shown = f"{plotting.LABELS[geometry]}, {text}"
                ax.loglog(ds.N, ds[name].sel(geometry=geometry, state=state), label=shown, **look)
            ax.axhline(float(ds[f"{name}_alone"].sel(state=state)), color="0.4", ls=":", lw=1)
        plotting.label(ax, "number of cells $N$", r"half-life $\Gamma\tau$", panel)
        ax.set_title(plotting.LABELS[state])
    large = ds.sel(N=slice(8, None))
    a.loglog(large.N, dipole(large), "k:", lw=1)
    b.set_ylim(*a.get_ylim())
    b.legend(loc="lower left")
    for geometry, color in COLORS.items():
        for state, dash, mark in (("plus", "-", "o"), ("classical", "--", "s")):
            shown = f"{plotting.LABELS[geometry]}, {plotting.LABELS[state]}"
            look = {"color": color, "ls": dash, "marker": mark, "markersize": 3.5}
            c.loglog(ds.N, ds.loss.sel(geometry=geometry, state=state), label=shown, **look)
    plotting.label(c, "number of cells $N$", "superradiant loss", "c").legend(loc="upper left")
    return fig


def exponent(values):
    """Exponent of a power law in N, least squares of the logarithms; its error is half of its change over the range."""
    x, y = np.log(values.N.values), np.log(values.values)
    return float(np.polyfit(x, y, 1)[0]), float(abs(np.polyfit(x, y, 2)[0]) * np.ptp(x))


def tends(text, values, limit):
    """Check that the exponent between neighbouring sizes comes closer to its limit with every step."""
    between = np.diff(np.log(values.values)) / np.diff(np.log(values.N.values))
    (slope, error), (first, last) = exponent(values), values.N.values[[0, -1]]
    return check(
        f"{text}: exponent tends to {limit:g}",
        float(-np.diff(abs(between - limit)).max()),
        found=f"{slope:.3f} +- {error:.3f} over N = {first} to {last}, {between[-1]:.3f} at its end",
    )


def claims(ds):
    moved, sizes = (
        float(ds[["half_life_change", "half_life_energy_change"]].to_array().max()),
        set(ds.N.values.tolist()),
    )
    longer = (ds.half_life.sel(geometry="central") / ds.half_life.sel(geometry="all_to_all")).sel(N=slice(3, None))
    return [
        check("halving the grid moves no half-life by 1e-4 of itself", 1e-4 - moved, found=f"by up to {moved:.1g}"),
        check("halving the grid moves no loss by 1e-4 of itself", 1e-4 - float(ds.loss_change.max())),
        equal(
            "loss at the start, from populations and coherences alone: largest difference",
            0.0,
            float(abs(ds.loss_start - ds.loss_formula).max()),
            tol=1e-7,
        ),
        check("coherent cells lose most at the start", 1e-9 - float((ds.loss - ds.loss_start).sel(state="plus").max())),
        check(
            "coherent cells: from three on the star keeps its ergotropy longer",
            float(longer.sel(state="plus").min()) - 1,
            found=f"{float(longer.sel(state='plus')[-1]):.3g} times as long at N = {int(ds.N[-1])}",
        ),
        *(_few(ds, longer) if {5, 8, 12} <= sizes else []),
        *(_large(ds.sel(N=slice(FITTED, None))) if sum(N >= FITTED for N in sizes) > 2 else []),
    ]


def _few(ds, longer):
    """Five cells as in the paper, and where classical cells start to be emptied together."""
    five = ds.gamma_bond.sel(N=5) - READINGS[READING]["gamma_bond"] * GAMMA_D
    apart = float(longer.sel(state="classical", N=5)) - 1
    burst = ds.loss.sel(geometry="all_to_all", state="classical")
    start, later = float(burst.sel(N=slice(None, 8)).max()), float(burst.sel(N=slice(12, None)).min())
    return [
        equal("five cells have the collective decay of Fig. 4: difference", 0.0, float(abs(five).max()), tol=1e-9),
        check(
            "classical cells: for five the half-life of the ergotropy hardly depends on the geometry",
            0.02 - abs(apart),
            found=f"{100 * apart:.2g} % longer in the star",
        ),
        check(
            "classical cells, all to all: up to eight lose most at the start, from twelve on in a burst",
            min(1 + 1e-9 - start, later - 1.001),
            found=f"loss {start:.4g} up to N = 8, {float(burst.sel(N=12)):.4g} at N = 12, "
            f"{float(burst[-1]):.4g} at N = {int(ds.N[-1])}",
        ),
    ]


def _large(ds):
    """Exponents and limits of many cells."""
    whole, star = ds.sel(geometry="all_to_all"), ds.sel(geometry="central")
    plus, burst, last = whole.sel(state="plus"), whole.sel(state="classical"), int(ds.N[-1])
    rows = []
    for name, text in {"half_life": "ergotropy", "half_life_energy": "energy"}.items():
        behind = 1 - plus[name] / dipole(ds)
        short = 1 - star[name] / ds[f"{name}_alone"]  # by how much the star falls short of cells alone
        rows += [
            tends(f"all to all, coherent: half-life of the {text}", plus[name], -1),
            check(
                f"all to all, coherent: half-life of the {text} tends to that of a classical dipole",
                float(-behind.diff("N").max()),
                found=f"{100 * float(behind[-1]):.2g} % below it at N = {last}",
            ),
            tends(
                f"star, coherent: half-life of the {text}, what cells alone have more", short.sel(state="plus"), -0.5
            ),
            equal(
                f"star, classical: half-life of the {text}, what cells alone have more: exponent",
                -1.0,
                exponent(short.sel(state="classical"))[0],
                tol=0.01,
            ),
        ]
    half = float((burst.half_life / star.half_life.sel(state="classical"))[-1])
    return [
        *rows,
        tends("all to all, coherent: superradiant loss", plus.loss, 1),
        tends("all to all, classical: superradiant loss", burst.loss, 1),
        check(
            "classical cells: the geometry matters for a hundred, all to all loses its ergotropy earlier by a quarter",
            0.75 - half,
            found=f"half-life {half:.3g} of that of the star at N = {last}",
        ),
    ]
