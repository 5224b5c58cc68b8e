"""`load` gives back what `save` and `sweep` have stored, also of a sweep that is not finished."""

import json
import shutil

import numpy as np
import pytest
import xarray as xr
from test_run import TIMES, chain, run, same_bits

import qbsim as qb
from qbsim.plotting.panels import draw

AXES = {"N": [2, 3], "delta": [0.0, 2.0]}


def ends(battery, rng=None):
    return qb.charging.uncharged(battery)


def wired(kind, *, rng):
    return qb.network(qb.GEOMETRIES[kind](3), omega=qb.random_fields(3, 1.0, B0=1.0, rng=rng), J=1.0, gamma=1.0)


MADE = {
    "evolve": lambda: qb.evolve(qb.single_cell(gamma=1.0), qb.plus(1), [0, 1]),
    "states": lambda: qb.evolve(
        qb.network(qb.linear(2), omega=2.0, J=1.0, gamma=0.1), qb.plus(2), TIMES, states=True, passive_tol=1e-3
    ),
    "a measure of the user": lambda: qb.evolve(qb.single_cell(), qb.plus(1), [0, 1], {"nan": lambda rho, b: np.nan}),
    "an hour": lambda: qb.evolve(qb.single_cell(gamma=1.0), qb.plus(1), [0, 1]).assign_attrs(unit="s"),
    "charge": lambda: qb.charging.charge(d := qb.drive(2), ends(d), [0, 1]),
    "charge_dicke": lambda: qb.charging.charge_dicke(2, [0, 0.5], lam=0.5),
    "charge_and_hold": lambda: qb.charging.charge_and_hold(
        d := qb.drive(2), ends(d), [0, 1], qb.network(qb.linear(2), gamma=1.0), [0, 1]
    ),
    "sweep": lambda: run(AXES, realizations=3),
    "sweep of texts": lambda: run({"kind": ["linear", "circular"]}, build=wired, realizations=2, keep="all"),
    "replay": lambda: qb.replay(run(realizations=2), 1, delta=2.0),
    "complex numbers, texts and truths of one's own": lambda: xr.Dataset(
        {"z": (("a", "k"), np.array([[1j, 2.0, np.nan]])), "ok": ("k", [True, False, True]), "n": ("k", [1, 2, 3])},
        coords={"a": ["x"], "k": [0.5, 1.5, 2.5]},
        attrs={"n": 3, "x": 0.5, "list": [1.0, 2.0]},
    ),
    "a time in seconds": lambda: xr.Dataset({"t": ("k", [1.0, 2.0], {"units": "s"})}, coords={"k": [0, 1]}),
}


@pytest.mark.parametrize("name", MADE)
def test_every_dataset_comes_back(name, tmp_path):
    ds = MADE[name]()
    qb.save(ds, tmp_path / "x.nc")
    back = qb.load(tmp_path / "x.nc")
    assert back.identical(ds)
    assert all(np.iscomplexobj(back[v]) == np.iscomplexobj(ds[v]) for v in ds.data_vars)


def test_a_density_matrix_is_a_state_again(tmp_path):
    ds = MADE["states"]()
    qb.save(ds, tmp_path / "x.nc")
    rho = qb.load(str(tmp_path / "x.nc")).rho
    assert rho.dtype == complex
    assert abs(np.trace(rho.values[-1]) - 1) < 1e-9
    assert np.array_equal(rho.values, ds.rho.values)


def test_a_finished_sweep_is_its_averages(tmp_path):
    ds = run(AXES, realizations=4, store=tmp_path)
    assert qb.load(tmp_path).identical(ds)
    assert "partial" not in qb.load(tmp_path).attrs


# --- a sweep that is not finished -----------------------------------------------------------------------------------


@pytest.fixture
def cut(tmp_path):
    """Folder as after a kill: a manifest, and the batches of all but one point; the averages over what is there."""
    folder = tmp_path / "cut"
    ds = run(AXES, realizations=6, store=folder)
    (folder / "sweep.nc").unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"finished": None}))
    gone = str(ds.identity.sel(N=3, delta=2.0, state="plus").item())
    shutil.rmtree(folder / "batches" / gone[:24])
    return folder, ds


def test_an_interrupted_sweep_opens_and_says_that_it_is_partial(cut):
    folder, whole = cut
    with pytest.warns(qb.SweepWarning, match=r"is not finished: it has 42 of 48 realizations \(88 %\)"):
        ds = qb.load(folder)
    assert ds.attrs["partial"] == "42 of 48 realizations (88 %)"
    assert ds.realizations.values.tolist() == [[6, 6], [6, 0]]
    assert np.isnan(ds.ergotropy.sel(N=3, delta=2.0, state="plus")).all()
    # what is complete has the bits of the finished sweep
    there = {"N": 2}
    assert same_bits(ds.sel(there), whole.sel(there))
    assert {name: v.attrs for name, v in ds.variables.items()} == {n: v.attrs for n, v in whole.variables.items()}
    same = ("parameters", "parameters_sha256", "seed", "rtol", "qutip_version", "numerics_sha256", "label")
    assert all(ds.attrs[name] == whole.attrs[name] for name in same)
    assert ds.attrs["finished"] == "not finished"


def test_opening_changes_nothing_in_the_folder(cut):
    folder, whole = cut
    name = str(whole.identity.sel(N=2, delta=0.0, state="plus").item())
    bad = next((folder / "batches" / name[:24]).glob("*.npz"))
    bad.write_bytes(bad.read_bytes()[:100])  # a batch that cannot be read does not count
    before = {f: f.stat().st_mtime_ns for f in folder.rglob("*")}
    with pytest.warns(qb.SweepWarning, match="of 48 realizations"):
        ds = qb.load(folder)
    assert {f: f.stat().st_mtime_ns for f in folder.rglob("*")} == before
    assert int(ds.realizations.sum()) < 18


def test_a_partial_sweep_is_drawn_saved_and_resumed(cut, tmp_path):
    folder, whole = cut
    with pytest.warns(qb.SweepWarning):
        ds = qb.load(folder)
    assert len(draw(ds, "delta", ["half_life"]).axes[0].lines) == 4
    qb.save(ds, tmp_path / "now.nc")
    assert qb.load(tmp_path / "now.nc").identical(ds)
    assert same_bits(run(AXES, realizations=6, store=folder), whole)


def test_a_sweep_opens_while_it_runs(tmp_path):
    seen = []

    def looking(delta, *, rng):
        if list(tmp_path.glob("batches/*/*.npz")) and len(seen) < 1:
            with pytest.warns(qb.SweepWarning, match="not finished"):
                seen.append(qb.load(tmp_path).attrs["partial"])
        return chain(3, delta, rng=rng)

    run(build=looking, realizations=40, store=tmp_path)
    assert seen
    assert seen[0].endswith("of 160 realizations (5 %)")


def test_a_larger_call_is_partial_until_it_is_done(tmp_path):
    run(realizations=3, store=tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    for curve in manifest["curves"]:
        curve["realizations"] = 6
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"finished": None}))
    with pytest.warns(qb.SweepWarning, match="12 of 24 realizations"):
        assert int(qb.load(tmp_path).realizations.min()) == 3


@pytest.mark.parametrize(
    ("prepare", "error", "message"),
    [
        (lambda path: None, FileNotFoundError, "nowhere"),
        (lambda path: path.mkdir(), FileNotFoundError, "no sweep.nc, and no manifest.json"),
        (lambda path: path.write_text("text"), ValueError, "is not a NetCDF file of qbsim"),
    ],
    ids=["nothing", "empty folder", "text"],
)
def test_what_is_no_result_is_refused(prepare, error, message, tmp_path):
    prepare(tmp_path / "nowhere")
    with pytest.raises(error, match=message):
        qb.load(tmp_path / "nowhere")


def test_a_sweep_without_a_batch_is_refused(cut):
    folder, _ = cut
    shutil.rmtree(folder / "batches")
    with pytest.raises(FileNotFoundError, match="has stored no batch yet"):
        qb.load(folder)


def test_anything_but_a_path_is_refused():
    with pytest.raises(TypeError, match="Argument path must be the path"):
        qb.load(3)


@pytest.mark.parametrize("names", ['["rho"]', '"energy"', "[1]", "{"])
def test_a_file_that_claims_complex_variables_it_does_not_hold_is_refused(names, tmp_path):
    ds = MADE["evolve"]().assign_attrs(complex_variables=names)
    qb.save(ds, tmp_path / "x.nc")
    with pytest.raises(ValueError, match="is not a NetCDF file of qbsim"):
        qb.load(tmp_path / "x.nc")


def test_a_point_that_cannot_fit_the_memory_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    from qbsim import _machine

    monkeypatch.setattr(_machine, "available_memory", lambda: 2**33)
    with pytest.raises(MemoryError, match=r"A run at N = 14, delta = 0\.0 needs about .* GiB, but 8 GiB are free"):
        run({"N": [2, 14], "delta": [0.0]}, states="plus", store=tmp_path)
    assert not list(tmp_path.glob("batches/*/*.npz"))
