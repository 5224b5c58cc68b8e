"""Half-lives and efficiency of all connected graphs of 3 to 7 cells: whether the star is the best of all.

Cells and exchange of Fig. 4 of [santos2021] from |+...+>, every connected graph up to isomorphism (2, 6, 21, 112 and
853), four collective decays gamma_bond each: positive or negative; 0.9 of what positivity allows this graph (own), or
0.9 of the smallest limit over all connected graphs of as many cells (common). Half-lives of ergotropy and energy, and
the efficiency at Gamma t = 1. (a), (b) Half-life of the ergotropy of seven cells against the mean number of neighbours;
the star is marked. (c), (d) The best and the worst graphs, with their half-lives. Six and seven cells are data
(data/graph_atlas.json; `_graph_data` has the command and the cost), some of which are computed again.
"""

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal

from .. import labelled
from ._graph_data import NUMBERS, RULES, SAMPLE, SIGNS, SIZES, TIMES, TOLERANCE, decays, numbers, read

FIGURE = "after Fig. 4"
COST = "1 min"
SMALL, SMALL_QUICK = (3, 4, 5), (3,)  # computed here
LARGEST = max(SIZES)
HALVED = (5, 20)  # cells and graph whose times are halved: the complete one, which loses its ergotropy fastest
CLOSE = 1e-6  # numbers that differ by less are the same


def adjacency(edges, N):
    A = np.zeros((N, N))
    for i, j in edges:
        A[i, j] = A[j, i] = 1.0
    return A


def quantities(N):
    """Of every graph: number of bonds, largest and smallest eigenvalue of the adjacency matrix."""
    rows = []
    for edges in qb.connected_graphs(N):
        levels = np.linalg.eigvalsh(adjacency(edges, N))
        rows.append([len(edges), levels[-1], levels[0]])
    return np.array(rows).T


def star(N):
    """Number of the star among the connected graphs."""
    return next(k for k, e in enumerate(qb.connected_graphs(N)) if _is_star(e, N))


def _is_star(edges, N):
    degrees = adjacency(edges, N).sum(axis=0)
    return len(edges) == N - 1 and degrees.max() == N - 1


def again(stored, quick):
    """Largest difference of stored numbers from those computed again."""
    samples = {6: SAMPLE[6][-1:]} if quick else SAMPLE
    pairs = [(numbers(N, graphs), stored[N][..., list(graphs)]) for N, graphs in samples.items()]
    return max(float(np.abs(found - kept).max()) for found, kept in pairs)


def compute(quick=False, workers=None):
    stored, _ = read()
    live = {
        N: numbers(N, range(len(qb.connected_graphs(N))), workers=None if quick else workers)
        for N in (SMALL_QUICK if quick else SMALL)
    }
    table = {N: live.get(N, stored[N]) for N in SIZES}
    count = [values.shape[-1] for values in table.values()]
    data = np.full((len(NUMBERS), len(SIGNS), len(RULES), len(SIZES), max(count)), np.nan)
    limits = np.full(data.shape[1:], np.nan)
    facts = np.full((3, len(SIZES), max(count)), np.nan)
    for k, (N, values) in enumerate(table.items()):
        data[..., k, : count[k]], limits[..., k, : count[k]] = values, decays(N)
        facts[:, k, : count[k]] = quantities(N)
    N, graph = HALVED
    moved = np.abs(numbers(N, [graph]) / numbers(N, [graph], times=np.union1d(TIMES, (TIMES[1:] + TIMES[:-1]) / 2)) - 1)
    dims, per_graph = ("sign", "rule", "N", "graph"), ("N", "graph")
    return labelled(
        {
            "half_life": (dims, data[0], "half-life of the ergotropy", "1/Gamma"),
            "half_life_energy": (dims, data[1], "half-life of the energy", "1/Gamma"),
            "efficiency": (dims, data[2], "efficiency at Gamma t = 1"),
            "gamma_bond": (dims, limits, "collective decay", "Gamma"),
            "bonds": (per_graph, facts[0], "number of bonds"),
            "lambda_max": (per_graph, facts[1], "largest eigenvalue of the adjacency matrix"),
            "lambda_min": (per_graph, facts[2], "smallest eigenvalue of the adjacency matrix"),
            "star": ("N", [star(N) for N in SIZES], "number of the star"),
            "graphs": ("N", count, "number of connected graphs"),
            "again": ((), again(stored, quick), "largest difference of stored numbers computed again"),
            "live": ((), max(float(np.abs(live[N] - stored[N]).max()) for N in live), "the same, of small graphs"),
            "moved": ((), float(moved.max()), "relative change of the numbers when the steps in time are halved"),
        },
        sign=(list(SIGNS), "sign of the collective decay"),
        rule=(list(RULES), "limit that the collective decay is a part of"),
        N=(list(SIZES), "number of cells"),
        graph=(np.arange(max(count)), "graph"),
    )


def draw(ds):
    fig, axes = plotting.figure(2, 2, width=4.0, height=2.3)
    seven = ds.sel(N=LARGEST)
    for ax, sign, panel in zip(axes[0], SIGNS, "ab", strict=True):
        for rule, color in zip(RULES, (plotting.BLUE, plotting.ORANGE), strict=True):
            run = seven.half_life.sel(sign=sign, rule=rule)
            degree = 2 * seven.bonds / LARGEST
            ax.plot(degree, run, ".", markersize=2.5, color=color, label=f"{rule} limit")
            at = int(seven.star)
            ax.plot(degree[at], run[at], "*", markersize=11, color=color, mec="k", mew=0.6)
        text = r"$\gamma_\mathrm{bond} > 0$" if sign > 0 else r"$\gamma_\mathrm{bond} < 0$"
        plotting.label(ax, "mean number of neighbours", r"half-life $\Gamma\tau$", panel).set_title(text)
        ax.legend()
    for ax, sign, panel in zip(axes[1], SIGNS, "cd", strict=True):
        _draw_graphs(ax, seven.sel(sign=sign))
        plotting.label(ax, "", "", panel)
    return fig


def _draw_graphs(ax, seven):
    """Best and worst graph of seven cells, for both limits."""
    ax.set_axis_off()
    for column, rule in enumerate(RULES):
        life = seven.half_life.sel(rule=rule).values
        for row, (k, word) in enumerate([(int(np.nanargmax(life)), "best"), (int(np.nanargmin(life)), "worst")]):
            center = np.array([2.8 * (2 * column + row), 0.0])
            edges = qb.connected_graphs(LARGEST)[k]
            places = center + _layout(edges, LARGEST)
            for i, j in edges:
                ax.plot(*places[[i, j]].T, color="0.45", lw=0.9)
            ax.plot(*places.T, "o", color="k", markersize=4)
            text = f"{word}: {life[k]:.3f}\n{rule} limit"
            ax.text(*(center + [0, -1.3]), text, ha="center", va="top", fontsize=7)
    ax.set(xlim=(-1.4, 9.8), ylim=(-2.3, 1.3), aspect="equal")


def _layout(edges, N):
    """Cells on a circle, a hub that all others know in the middle."""
    degrees = adjacency(edges, N).sum(axis=0)
    hub = int(degrees.argmax()) if len(edges) < 2 * N and degrees.max() > N / 2 + 1 else None
    ring = [k for k in range(N) if k != hub]
    turn = 2 * np.pi * np.arange(len(ring)) / len(ring) + np.pi / 2
    places = np.zeros((N, 2))
    places[ring] = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return places


def rank(ds, name, sign, rule, N):
    """Place of the star, 1 for the best."""
    run = ds.sel(N=N, sign=sign, rule=rule)
    values = run[name].values[: int(run.graphs)]
    return 1 + int((values > values[int(run.star)] + CLOSE).sum())


def ranks(ds, name, sign, rule):
    return [rank(ds, name, sign, rule, N) for N in ds.N.values]


def winner(ds, name, sign, rule, N):
    """Bonds of the best graph."""
    return qb.connected_graphs(N)[int(np.nanargmax(ds[name].sel(N=N, sign=sign, rule=rule).values))]


def correlation(ds, sign, rule, quantity, name="half_life"):
    """Correlation coefficient of a number and a quantity over the graphs of seven cells."""
    run = ds.sel(N=LARGEST, sign=sign, rule=rule)
    x = run.bonds * run.gamma_bond if quantity == "loss" else run[quantity]
    return float(np.corrcoef(x.values, run[name].values)[0, 1])


def claims(ds):
    return [
        equal("connected graphs of 3 to 7 cells", 994, int(ds.graphs.sum()), tol=0.5),
        check("stored numbers, computed again, agree", TOLERANCE - float(ds.again), found=f"to {float(ds.again):.1g}"),
        check("stored numbers of small graphs agree", TOLERANCE - float(ds.live), found=f"to {float(ds.live):.1g}"),
        check(
            "halving the steps in time moves no number by 2e-3", 2e-3 - float(ds.moved), found=f"{float(ds.moved):.1g}"
        ),
        *_positive(ds),
        *_negative(ds),
    ]


def _positive(ds):
    places = [ranks(ds, name, 1, rule) for name in NUMBERS for rule in RULES]
    life = ds.half_life.sel(N=LARGEST, sign=1, rule="own")
    by = {q: [correlation(ds, 1, rule, q) for rule in RULES] for q in ("bonds", "lambda_max", "lambda_min", "loss")}
    text = "; ".join(f"{name} {own:.2f}, {common:.2f}" for name, (own, common) in by.items())
    return [
        check(
            "gamma_bond > 0: the star is the best of all connected graphs, for all sizes, limits and numbers",
            1.5 - max(map(max, places)),
            found=f"half-life {float(life[int(ds.star.sel(N=LARGEST))]):.4f} of seven cells; all others up to "
            f"{float(np.sort(life.values)[-2]):.4f}",
        ),
        check(
            "gamma_bond > 0: the complete graph is the worst for seven cells",
            CLOSE - float(life.sel(graph=int(ds.graphs.sel(N=LARGEST)) - 1) - life.min()),
            found=f"half-life {float(life.min()):.4f}",
        ),
        check(
            "gamma_bond > 0: the half-life depends on bonds times gamma_bond, the loss at the start",
            -0.95 - max(by["loss"]),
            found=f"correlation (own, common limit) with {text.replace('loss', 'their product with gamma_bond')}",
        ),
    ]


def _negative(ds):
    life, energy, efficiency = ("half_life", "half_life_energy", "efficiency")
    own, common = ranks(ds, life, -1, "own"), ranks(ds, life, -1, "common")
    last = [rank(ds, energy, -1, "own", N) - int(ds.graphs.sel(N=N)) for N in ds.N.values if N > 3]
    full = [N for N in ds.N.values if len(winner(ds, energy, -1, "common", N)) == N * (N - 1) // 2]
    lines = [N for N in ds.N.values if _is_line(winner(ds, life, -1, "own", N), N)]
    rings = [N for N in ds.N.values if _is_ring(winner(ds, energy, -1, "own", N), N)]
    named = {q: correlation(ds, -1, "common", q, energy) for q in ("bonds", "lambda_max")}
    return [
        check(
            "gamma_bond < 0, own limit: the star is the most efficient of all graphs",
            1.5 - max(ranks(ds, efficiency, -1, "own")),
        ),
        check(
            "gamma_bond < 0, own limit: the star does not always keep its ergotropy longest, the line does",
            len(lines) - 0.5,
            found=f"star number {_listed(own)} for N = {_listed(ds.N.values)}; the line leads for {_listed(lines)}",
        ),
        check(
            "gamma_bond < 0, own limit: from four cells on the star loses its energy fastest of all",
            0.5 - max(map(abs, last)),
            found=f"the ring keeps it longest for N = {_listed(rings)}",
        ),
        check(
            "gamma_bond < 0, common limit: the complete graph keeps its energy longest",
            len(full) - len(ds.N) + 0.5,
            found=f"correlation with bonds {named['bonds']:.3f}, with the largest eigenvalue {named['lambda_max']:.3f}",
        ),
        check(
            "gamma_bond < 0, common limit: the star keeps its ergotropy longest from six cells on only",
            min(common[:3]) - max(common[3:]) - 0.5,
            found=f"it is number {_listed(common)}",
        ),
    ]


def _is_line(edges, N):
    return len(edges) == N - 1 and adjacency(edges, N).sum(axis=0).max() == 2


def _is_ring(edges, N):
    return len(edges) == N and adjacency(edges, N).sum(axis=0).max() == 2


def _listed(counts):
    return ", ".join(str(int(n)) for n in counts) or "none"
