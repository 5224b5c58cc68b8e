"""Files that are whole or absent, and a folder in which nothing foreign ever enters an average."""

from __future__ import annotations

import errno
import io
import itertools
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr
from random_states import start
from test_run import chain, run, same_bits

import qbsim as qb
from qbsim._files import atomic, writable_folder
from qbsim.sweeps.batches import Store


class TestAtomic:
    def test_a_failed_write_leaves_the_old_file_and_nothing_else(self, tmp_path):
        file = tmp_path / "a.txt"
        file.write_text("old")

        def half_written():
            with atomic(file) as temporary:
                temporary.write_text("new, but")
                raise OSError(errno.ENOSPC, "No space left on device")

        with pytest.raises(OSError, match="No space left"):
            half_written()
        assert [f.name for f in tmp_path.iterdir()] == ["a.txt"]
        assert file.read_text() == "old"

    def test_permissions_follow_the_umask(self, tmp_path):
        """A temporary file is private; the result must be readable by the group like any other file."""
        before = os.umask(0o027)
        try:
            with atomic(tmp_path / "a") as temporary:
                temporary.write_text("x")
        finally:
            os.umask(before)
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640

    def test_a_folder_below_a_regular_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(OSError, match="Not a directory"):
            writable_folder(tmp_path / "file" / "below")

    def test_states_come_back_from_the_file(self, tmp_path):
        """NetCDF has no complex numbers: rho is stored as rho_re and rho_im."""
        ds = qb.evolve(qb.xx_chain([1.0, 2.0], J=1.0, gamma=0.1), qb.plus(2), [0.0, 1.0], states=True)
        qb.save(ds, tmp_path / "rho.nc")
        with xr.open_dataset(tmp_path / "rho.nc") as stored:
            assert np.array_equal(stored.rho_re + 1j * stored.rho_im, ds.rho)
            assert stored.rho_re.attrs == ds.rho.attrs


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A finished store and its result."""
    folder = tmp_path_factory.mktemp("store")
    return folder, run(store=folder)


@pytest.fixture
def copy(clean, tmp_path):
    """A copy of the store to spoil."""
    shutil.copytree(clean[0], tmp_path / "runs")
    return tmp_path / "runs"


def batches(folder):
    return sorted(folder.glob("batches/*/*.npz"))


def truncate(files):
    files[0].write_bytes(files[0].read_bytes()[:-100])


def empty(files):
    files[0].write_bytes(b"")


def flip_a_bit(files):
    content = bytearray(files[0].read_bytes())
    content[len(content) // 2] ^= 1
    files[0].write_bytes(content)


def swap_curves(files):
    """Two files of the same realizations, each in the folder of the other."""
    other = next(f for f in files[1:] if f.name == files[0].name)
    content = files[0].read_bytes()
    files[0].write_bytes(other.read_bytes())
    other.write_bytes(content)


def rename_range(files):
    start, stop = map(int, files[0].stem.split("-"))
    files[0].rename(files[0].with_name(f"{start + 100:06d}-{stop + 100:06d}.npz"))


def foreign_text(files):
    files[0].with_name("000000-000009.npz").write_text("not a batch")


def foreign_arrays(files):
    np.savez(files[0].with_name("000000-000009.npz"), ergotropy=np.zeros((9, 41)))


def foreign_name(files):
    files[0].with_name("notes.npz").write_text("remember the milk")


def forged(files):
    """Numbers changed and the checksum left as it was."""
    with np.load(files[0]) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["value:ergotropy"] = arrays["value:ergotropy"] + 1e-15
    content = io.BytesIO()
    np.savez(content, **arrays)
    files[0].write_bytes(content.getvalue())


class TestVerification:
    @pytest.mark.parametrize(
        "spoil",
        [truncate, empty, flip_a_bit, swap_curves, rename_range, foreign_text, foreign_arrays, foreign_name, forged],
    )
    def test_bad_files_are_set_apart_and_computed_again(self, spoil, clean, copy):
        spoil(batches(copy))
        with pytest.warns(qb.SweepWarning, match=r"renamed to \.bad"):
            again = run(store=copy)
        assert same_bits(again, clean[1])
        assert list(copy.glob("batches/*/*.bad"))
        assert same_bits(run(store=copy), clean[1])  # and now without a warning

    def test_what_a_killed_worker_left_is_removed(self, clean, copy):
        left = batches(copy)[0].with_name(".000000-000004-x7_.npz")
        left.write_bytes(b"half")
        assert same_bits(run(store=copy), clean[1])
        assert not left.exists()


class TestScenarios:
    @pytest.mark.parametrize(
        "change",
        [
            {"build": lambda delta, rng: qb.xx_chain(qb.random_fields(3, delta, B0=10.0, rng=rng), J=20.0, gamma=1.1)},
            {"seed": 1},
            {"tlist": np.linspace(0, 1.1, 41)},
            {"solver": "qutip"},
            {"rtol": 1e-7},
            {"states": {"plus": qb.full, "classical": lambda N: qb.classical(N, 0.8)}},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_a_changed_scenario_never_meets_old_files(self, change, clean, copy):
        """The result is that of a fresh store, and the earlier averages are kept beside it."""
        before = (copy / "sweep.nc").read_bytes()
        assert same_bits(run(store=copy, **change), run(**change))
        earlier = list(copy.glob("sweep-*.nc"))
        assert [f.read_bytes() for f in earlier] == [before]
        assert same_bits(run(store=copy), clean[1])

    def test_a_drive_that_differs_later_is_another_scenario(self, tmp_path):
        """Equal at t = 0, different afterwards: the identity samples the whole time span."""
        import qutip

        def driven(power):
            cell = qb.single_cell(gamma=0.1)
            x = qutip.QobjEvo(
                [cell.H0, [qb.full(1) * qb.empty(1).dag() + qb.empty(1) * qb.full(1).dag(), lambda t: t**power]]
            )
            return lambda: qb.Battery(cell.H0, x, cell.c_ops, N=1)

        kwargs = {"states": "empty", "measures": "energy", "realizations": 1}
        first = run({}, build=driven(1), store=tmp_path, **kwargs)
        assert not np.array_equal(run({}, build=driven(2), store=tmp_path, **kwargs).energy, first.energy)

    def test_own_measures_are_known_by_what_they_do(self, tmp_path):
        """The same name, source and line, but another closure."""

        def level(shift):
            return {"level": lambda rho, battery: rho.tr().real + shift}

        a = run({}, measures=level(0.0), store=tmp_path)
        b = run({}, measures=level(1.0), store=tmp_path)
        np.testing.assert_allclose(b.level - a.level, 1.0)

    def test_files_agree_whatever_the_order_of_the_states(self, tmp_path, monkeypatch):
        a = run(states=["plus", "full"], store=tmp_path)
        monkeypatch.setattr("qbsim.sweeps.tasks.Curve.compute", None)
        b = run(states=["full", "plus"], store=tmp_path)
        assert np.array_equal(a.ergotropy.sel(state="full"), b.ergotropy.sel(state="full"))


class TestFolder:
    """A store is a folder of its own: what else lies in a folder is neither touched nor taken for a sweep."""

    @staticmethod
    def content(folder):
        return {p.relative_to(folder): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}

    @pytest.mark.parametrize(
        "files",
        [
            ["notes.txt"],
            ["notes.txt", "batches/000000-000004.npz"],
            ["thesis/chapter.tex"],
            ["sweep.nc"],
            ["sweep.nc.txt"],
            ["manifest.json"],
            ["manifest.json", "sweep.nc"],
        ],
        ids=",".join,
    )
    def test_a_folder_of_other_files_is_refused_and_left_alone(self, files, tmp_path):
        for name in files:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text('{"name": "remember the milk"}')
        before = self.content(tmp_path)
        with pytest.raises(ValueError, match=r"holds other files|is not the manifest of a sweep"):
            run(store=tmp_path)
        assert self.content(tmp_path) == before

    def test_an_empty_path_is_refused(self, tmp_path, monkeypatch):
        """It would be the current folder."""
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ValueError, match="Argument store must be the path of a folder, but is empty"):
            run(store="")
        assert not list(tmp_path.iterdir())

    def test_what_is_no_path_is_refused(self):
        with pytest.raises(TypeError, match="Argument store must be the path of a folder, but is 3"):
            run(store=3)

    def test_the_current_folder_may_be_meant(self, clean, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert same_bits(run(store="."), clean[1])

    def test_files_that_join_a_sweep_later_stay(self, clean, copy):
        """Figures, notes and files of the user's own beside the batches."""
        (copy / "sweep.png").write_text("a figure")
        (copy / "batches" / ".notes.npz").write_text("mine")
        (curve := batches(copy)[0].parent).joinpath(".mine.npz").write_text("mine")
        assert same_bits(run(store=copy), clean[1])
        assert (copy / "sweep.png").read_text() == "a figure"
        assert (curve / ".mine.npz").read_text() == "mine"

    def test_a_sweep_that_died_before_its_first_batch_goes_on(self, clean, tmp_path):
        """A lock and an empty folder are all it left."""
        (tmp_path / ".lock").write_text("")
        (tmp_path / "batches").mkdir()
        (tmp_path / ".manifest-x1y2.json").write_text("{")
        assert same_bits(run(store=tmp_path), clean[1])


class TestOtherCode:
    def test_numbers_of_other_code_are_not_extended(self, clean, copy, monkeypatch):
        """A change of the modules that compute: everything is computed anew, the old files stay, and it is said."""
        from qbsim.sweeps import tasks

        before = {p: p.read_bytes() for p in batches(copy)}
        now = tasks.numerics()
        changed = now | {"qbsim_code": "0" * 64}
        for module in ("qbsim.sweeps.tasks", "qbsim.sweeps.result"):
            monkeypatch.setattr(f"{module}.numerics", lambda: changed)
        with pytest.warns(qb.SweepWarning, match=r"filled by other code \(qbsim_code\)"):
            ds = run(store=copy)
        assert np.array_equal(ds.ergotropy, clean[1].ergotropy)
        assert (ds.identity != clean[1].identity).all()
        assert all(p.read_bytes() == content for p, content in before.items())
        assert len(batches(copy)) == 2 * len(before)
        run(store=copy)  # and now without a warning

    def test_replay_of_numbers_of_other_code_says_so(self, clean, monkeypatch):
        """The battery is the same, the digits may differ."""
        from qbsim.sweeps import tasks

        changed = tasks.numerics() | {"qbsim_code": "0" * 64}
        for module in ("qbsim.sweeps.tasks", "qbsim.sweeps.result"):
            monkeypatch.setattr(f"{module}.numerics", lambda: changed)
        ds = run()
        monkeypatch.undo()
        with pytest.warns(qb.SweepWarning, match="qbsim_code 000000000000"):
            qb.replay(ds, 0, delta=2.0)
        qb.replay(clean[1], 0, delta=2.0)

    def test_the_digest_of_the_code_is_in_the_key_and_in_the_file(self, clean):
        from qbsim._digest import numerics_sha256

        assert clean[1].attrs["numerics_sha256"] == numerics_sha256()
        assert Store.read_manifest(clean[0])["numerics"]["qbsim_code"] == numerics_sha256()


class TestTrouble:
    def test_full_disk(self, clean, tmp_path, monkeypatch):
        """ENOSPC from the write call: a clear error, finished work kept, and the same call resumes."""

        class Full(io.FileIO):
            def write(self, content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        written = []

        def open_until_full(path, mode="r"):
            written.append(path)
            return open(path, mode) if len(written) <= 2 else Full(path, mode)

        monkeypatch.setattr("qbsim.sweeps.batches.open", open_until_full, raising=False)
        with pytest.raises(OSError, match="No space left on device") as caught:
            run(store=tmp_path)
        assert caught.value.errno == errno.ENOSPC
        assert len(list(tmp_path.glob("batches/*/*"))) == 2
        monkeypatch.undo()
        assert same_bits(run(store=tmp_path), clean[1])

    def test_full_disk_for_the_averages(self, clean, tmp_path, monkeypatch):
        def full(*args, **kwargs):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr("xarray.Dataset.to_netcdf", full)
        with pytest.raises(OSError, match="No space left"):
            run(store=tmp_path)
        assert not list(tmp_path.glob("*.nc"))
        monkeypatch.undo()
        monkeypatch.setattr("qbsim.sweeps.tasks.Curve.compute", None)  # everything is there
        assert same_bits(run(store=tmp_path), clean[1])

    def test_a_store_below_a_regular_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(OSError, match="Not a directory"):
            run(store=tmp_path / "file" / "runs")

    def test_two_processes_do_not_share_a_store(self, copy):
        """The second is refused at once, and nothing happens to the first."""
        holder = "import sys\nfrom qbsim.sweeps.batches import Store\n"
        holder += "with Store(sys.argv[1]).lock():\n    print('held', flush=True)\n    input()"
        with subprocess.Popen(
            [sys.executable, "-c", holder, str(copy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout.readline() == "held\n"
            with pytest.raises(BlockingIOError, match="another process"):
                run(store=copy)
            other.communicate("\n")
        run(store=copy)

    def test_a_store_that_workers_cannot_see(self, tmp_path):
        """An executor on another machine without the shared folder."""

        class Elsewhere:
            def submit(self, function, payload, store, *arguments):
                from concurrent.futures import Future

                (done := Future()).set_result(function(payload, str(tmp_path / "elsewhere"), *arguments))
                for file in tmp_path.glob("elsewhere/batches/*/*"):
                    file.unlink()
                return done

        with pytest.raises(OSError, match="share"):
            run(store=tmp_path / "here", executor=Elsewhere())


def test_manifest(clean):
    """What was asked for, how it went, and under which key every curve is stored."""
    manifest = Store.read_manifest(clean[0])
    assert manifest["finished"]
    assert manifest["parameters"]["axes"] == {"delta": [0.0, 2.0]}
    assert [c["realizations"] for c in manifest["curves"]] == [10] * 4
    assert {c["identity"] for c in manifest["curves"]} == set(clean[1].identity.values.ravel())
    json.dumps(manifest)


class TestOneArray:
    """Arrays of any shape, of complex numbers too, of which one is read and verified without the others."""

    @pytest.fixture
    def stored(self, tmp_path):
        from types import SimpleNamespace

        from qbsim.sweeps.batches import write_batch
        from qbsim.sweeps.jobs import Batch

        rng = np.random.default_rng(0)
        arrays = {"a": rng.normal(size=(2, 3, 4)) + 1j * rng.normal(size=(2, 3, 4)), "b": np.arange(2)}
        shapes = {"a": ("complex128", (3, 4)), "b": ("int64", ())}
        job = SimpleNamespace(key="0" * 64, identity={}, shapes=shapes)
        return write_batch(tmp_path, job, Batch(5, arrays, {}, {"processors": []})), arrays

    def test_it_comes_back(self, stored):
        from qbsim.sweeps.batches import read_batch, read_rows

        path, arrays = stored
        assert np.array_equal(read_rows(path, "0" * 64, "a"), arrays["a"])
        whole = read_batch(path, "0" * 64)
        assert (whole.start, whole.stop) == (5, 7)
        assert all(np.array_equal(whole.arrays[name], arrays[name]) for name in arrays)

    def test_only_what_is_read_is_looked_at(self, stored):
        """A changed number is found where it is, and nowhere else."""
        from qbsim.sweeps.batches import BadBatch, read_batch, read_rows

        path, arrays = stored
        content = path.read_bytes()
        number = arrays["a"][1, 2, 3].tobytes()
        assert number in content
        path.write_bytes(content.replace(number, bytes(16)))
        assert np.array_equal(read_rows(path, "0" * 64, "b"), arrays["b"])
        for read in (lambda: read_rows(path, "0" * 64, "a"), lambda: read_batch(path, "0" * 64)):
            with pytest.raises(BadBatch, match="cannot be read"):
                read()

    def test_another_name_or_key(self, stored):
        from qbsim.sweeps.batches import BadBatch, read_rows

        with pytest.raises(BadBatch, match="cannot be read"):
            read_rows(stored[0], "0" * 64, "c")
        with pytest.raises(BadBatch, match="belongs to another"):
            read_rows(stored[0], "1" * 64, "a")


def test_one_chunk_at_a_time(tmp_path):
    """Chunks end at multiples of 64 whatever the files, so that sums are the same bits."""
    from qbsim.solvers import Settings
    from qbsim.sweeps.batches import chunks, write_batch
    from qbsim.sweeps.tasks import Curve

    curve = Curve(chain, {}, "full", start(qb.full(3)), np.linspace(0, 1, 3), {"energy": "energy"}, Settings(), 0)
    cuts = [0, 10, 64, 70, 200, 201, 210]
    pieces = [(write_batch(tmp_path, curve, curve.compute(a, b)), a, b) for a, b in itertools.pairwise(cuts)]
    steps = [numbers for numbers, _ in chunks(pieces, curve.key)]
    assert [(s[0], s[-1]) for s in steps] == [(0, 63), (64, 127), (128, 191), (192, 209)]
    whole = curve.compute(0, 210).values["energy"]
    assert np.array_equal(np.concatenate([b.values["energy"] for _, b in chunks(pieces, curve.key)]), whole)
