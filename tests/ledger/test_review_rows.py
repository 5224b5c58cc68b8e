"""The ledger of campaioli2018 and of the two figures of our own on charging and storing: rows that can fail."""

import numpy as np
import pytest
import xarray as xr

from qbsim.ledger.claims import DIFFERS, FAILS, HOLDS, REPRODUCED
from scenarios.beyond import charge_and_hold, storage_time
from scenarios.campaioli2018 import cooper_pair_boxes, extraction_path, fig2, fig3, speed, spin_chain


def verdicts(rows):
    return {c.text: c.verdict for c in rows}


@pytest.mark.parametrize("figure", [cooper_pair_boxes, extraction_path, fig2, fig3, speed, spin_chain])
def test_nothing_is_refuted_that_the_chapter_does_not_say(figure):
    known = {"fig2": 2, "fig3": 0, "extraction_path": 4, "speed": 4, "spin_chain": 0, "cooper_pair_boxes": 0}
    rows = figure.claims(figure.compute(quick=True))
    differ = [c for c in rows if c.verdict == DIFFERS]
    assert len(differ) == known[figure.__name__.rpartition(".")[2]], differ
    assert all(c.quote and c.place and c.why for c in differ)


def test_six_exchanges_of_single_copies_are_the_fewest():
    assert extraction_path.fewest_steps() == len(extraction_path.SHORTEST) == 6
    # the printed coefficient loses population, 1 does not
    assert sum(extraction_path.target().values()) == pytest.approx(1, abs=1e-12)
    assert sum(extraction_path.target(0.21).values()) == pytest.approx(0.8341, abs=1e-12)
    # p^2 in |22> or in |13>: p^2 (E1 + E3 - 2 E2) decides
    assert extraction_path.excess((0.0, 0.4, 1.0)) == pytest.approx(0.3**2 * 0.2, abs=1e-12)
    assert extraction_path.excess((0.0, 0.5, 1.0)) == pytest.approx(0, abs=1e-12)
    assert extraction_path.excess((0.0, 0.6, 1.0)) == pytest.approx(0, abs=1e-12)


def test_the_printed_ergotropy_differs_only_at_its_true_value():
    ds = fig2.compute(quick=True)
    row = "ergotropy 1.8 L_z, to the printed digit"
    assert verdicts(fig2.claims(ds))[row] == DIFFERS
    assert verdicts(fig2.claims(ds.assign(ergotropy=xr.DataArray(1.8))))[row] == REPRODUCED
    moved = verdicts(fig2.claims(ds.assign(ergotropy=xr.DataArray(1.69))))
    assert moved["ergotropy / L_z, by hand"] == FAILS


def test_path_lengths_and_entanglement_of_the_drives():
    # spread of H times time: (Emax / sqrt n) (n pi / 2 Emax) in parallel, pi/2 all together
    for n, k, length in ((4, 1, np.pi), (4, 4, np.pi / 2), (6, 3, np.sqrt(2) * np.pi / 2)):
        found, mean = speed.path_length(n, k)
        assert found == pytest.approx(length, abs=1e-6)
        assert mean == pytest.approx(1, abs=1e-9)
    assert speed.most_entangled(1) < 1e-12
    assert speed.most_entangled(speed.PATH_CELLS) == pytest.approx(0.5, abs=1e-6)


def test_where_a_lossy_charging_overtakes_is_told_per_store():
    def rows(kappa, gamma):
        left = xr.DataArray(
            np.tile(np.linspace(1, 0.001, 1000), (2, 1)),
            dims=("store", "time"),
            coords={"store": ["independent", "collective"]},
        )
        lead = xr.DataArray(
            np.ones((2, 3, 1000)),
            dims=("store", "way", "time"),
            coords={"store": left.store, "way": charge_and_hold.KINDS},
        )
        lead.loc["independent", "kappa"] = np.where(left.sel(store="independent") < kappa, -1, 1)
        lead.loc["collective", "gamma"] = np.where(left.sel(store="collective") < gamma, -1, 1)
        return [c.verdict for c in charge_and_hold._overtaken(lead, left)]

    assert rows(0.1, 0.005) == [HOLDS, HOLDS]
    assert rows(0.1, 0.1) == [HOLDS, FAILS]  # another loss, in the other store
    assert rows(0.3, 0.005) == [FAILS, HOLDS]
    assert rows(0.0, 0.0) == [FAILS, HOLDS]  # nothing overtakes at all


@pytest.mark.parametrize("figure", [storage_time])
def test_figures_of_our_own_quote_no_paper(figure):
    rows = figure.claims(figure.compute(quick=True))
    assert all(c.is_check for c in rows)
    assert set(verdicts(rows).values()) == {HOLDS}
