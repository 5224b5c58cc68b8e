"""Files from strangers: nothing in them is imported, run or unpickled, and nothing large is allocated to find out."""

from __future__ import annotations

import ast
import io
import json
import os
import pickle
import resource
import shutil
import struct
import sys
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from random_states import start

import qbsim as qb
from qbsim._files import read_text
from qbsim._readers import parse_json, read_arrays, read_netcdf
from qbsim.cli import main as cli
from qbsim.geometry import read_graph
from qbsim.ledger import scenario
from qbsim.solvers import Settings
from qbsim.sweeps.batches import BadBatch, Store, read_batch, write_batch
from qbsim.sweeps.show import of_file, of_store
from qbsim.sweeps.tasks import Curve

TIMES = np.linspace(0, 1, 11)
HEADROOM = 2**30  # bytes of addresses that a reader may take; every bomb here asks for far more


def chain(delta, *, rng):
    return qb.xx_chain(qb.random_fields(2, delta, B0=10.0, rng=rng), J=20.0, gamma=1.0)


class Bait:
    """Leaves a trace where it is unpickled."""

    def __init__(self, trace):
        self.trace = str(trace)

    def __reduce__(self):
        return os.mkdir, (self.trace,)


@contextmanager
def little_memory():
    """Fail any large allocation."""
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + HEADROOM, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextmanager
def untouched(trace):
    """Nothing is imported, nothing runs, nothing large is allocated."""
    modules = set(sys.modules)
    with little_memory():
        yield
    assert not trace.exists()
    new = set(sys.modules) - modules
    assert not {name for name in new if name.startswith(("bait", "antigravity", "this"))}


@pytest.fixture
def trace(tmp_path, monkeypatch):
    """Where a trace of code that ran would lie; a module `bait` that leaves one can be imported."""
    trace = tmp_path / "trace"
    (tmp_path / "bait.py").write_text(f"import os\nos.mkdir({str(trace)!r})\ndef build(**_):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    return trace


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The store of a finished sweep of builders of qbsim."""
    folder = tmp_path_factory.mktemp("finished") / "runs"
    qb.sweep(
        qb.single_cell,
        {"gamma": [1.0, 2.0]},
        states="full",
        tlist=TIMES,
        store=folder,
        executor="serial",
        progress=False,
    )
    return folder


@pytest.fixture
def runs(finished, tmp_path):
    """A copy of the store to spoil."""
    shutil.copytree(finished, tmp_path / "runs")
    return tmp_path / "runs"


# --- datasets ---------------------------------------------------------------------------------------------------------


def asked(ds, **changes):
    """The dataset with other parameters."""
    return ds.assign_attrs(parameters=json.dumps(json.loads(ds.attrs["parameters"]) | changes))


class TestReplay:
    def test_a_builder_of_qbsim_needs_no_function(self, finished):
        with xr.open_dataset(finished / "sweep.nc") as ds:
            told = json.loads(ds.attrs["parameters"])["build"]["function"]
            assert told == "qbsim:single_cell"
            qb.replay(ds, 0, gamma=2.0)

    def test_a_file_alone_never_chooses_the_function(self, finished):
        """Not even one that could be imported: qbsim's own builders are found by name, in a new process too."""
        ds = qb.sweep(
            chain, {"delta": [1.0]}, states="full", tlist=TIMES, realizations=2, executor="serial", progress=False
        )
        qb.replay(ds, 0)  # this process has swept with it
        sys.modules["qbsim.sweeps.replay"]._functions.clear()
        with pytest.raises(ValueError, match=r"chain', which is not a function of qbsim.*replay\(\.\.\., build="):
            qb.replay(ds, 0)
        qb.replay(ds, 0, build=chain)

    @pytest.mark.parametrize(
        "function",
        [
            "subprocess:getoutput",
            "os:system",
            "builtins:eval",
            "bait:build",
            "qbsim:evolve",
            "qbsim:sweep",
            "qbsim.cli.main:main",
            "qbsim:qbsim.network",
            "",
            None,
            ["bait", "build"],
        ],
    )
    def test_foreign_builders(self, function, finished, trace):
        with xr.open_dataset(finished / "sweep.nc") as ds:
            spoilt = asked(ds.load(), build={"function": function, "arguments": {"cmd": f"mkdir {trace}"}})
            spoilt["identity"] = spoilt.identity.copy(data=np.full(spoilt.identity.shape, "0" * 64))
            with untouched(trace), pytest.raises(ValueError, match="is not a function of qbsim"):
                qb.replay(spoilt, 0, gamma=2.0)
            with untouched(trace), pytest.raises((ValueError, TypeError)):
                qb.replay(spoilt, 0, gamma=2.0, cmd=f"mkdir {trace}")

    @pytest.mark.parametrize(
        "changes",
        [
            {"build": "bait:build"},
            {"build": {"function": "qbsim:single_cell"}},
            {"build": {"function": "qbsim:single_cell", "arguments": {"bait": 1}}},
            {"states": {"full": {"function": "bait:build", "arguments": {}}}},
            {"states": {"full": "bait:build"}},
            {"states": ["full"]},
            {"states": {}},
            {"measures": {"energy": {"function": "bait:build", "arguments": {}}}},
            {"measures": {"energy": "bait:build"}},
            {"measures": "energy"},
            {"solver": "..bait"},
            {"solver": ".bait"},
            {"solver": "bait"},
            {"solver": 3},
            {"seed": "0"},
            {"seed": -1},
            {"rtol": "bait"},
            {"rtol": None},
        ],
        ids=str,
    )
    def test_foreign_parameters(self, changes, finished, trace):
        sys.modules["qbsim.sweeps.replay"]._functions.clear()
        with xr.open_dataset(finished / "sweep.nc") as ds:
            spoilt = asked(ds.load(), **changes)
            spoilt["identity"] = spoilt.identity.copy(data=np.full(spoilt.identity.shape, "0" * 64))
            with untouched(trace), pytest.raises(ValueError, match=r".") as caught:
                qb.replay(spoilt, 0, gamma=2.0)
            assert len(str(caught.value)) < 400

    @pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[" * 100_000, '{"a":' * 100_000, "bait()", 3])
    def test_parameters_that_are_none(self, text, finished, trace):
        with xr.open_dataset(finished / "sweep.nc") as ds:
            spoilt = ds.load().assign_attrs(parameters=text)
            with untouched(trace), pytest.raises(ValueError, match="parameters"):
                qb.replay(spoilt, 0, gamma=2.0)

    @pytest.mark.parametrize("geometry", ["read_edges", "combinations", "__import__", "as_count"])
    def test_a_geometry_is_one_of_the_known_ones(self, geometry):
        """An axis of texts that comes from a file: only the four geometries are functions."""
        from qbsim.sweeps.builders import wired_battery

        kwargs = dict.fromkeys(("gamma_bond", "delta", "dephasing", "nbar"), 0.0) | {"gamma": 1.0, "B0": 1.0}
        with pytest.raises(ValueError, match="Unknown geometry"):
            wired_battery(geometry, 2, graphs={}, exchange=1.0, rng=np.random.default_rng(0), **kwargs)


# --- files of HDF5 ----------------------------------------------------------------------------------------------------


def huge(file):
    file.create_dataset("x", (10**12,), "f8")


def huge_in_chunks(file):
    file.create_dataset("x", (10**12,), "f8", chunks=(10**6,), compression="gzip")


def bomb(file):
    """64 GiB of zeros in 64 MiB... declared whole and stored in one compressed chunk of 1 GiB."""
    data = file.create_dataset("x", (2**33,), "f8", chunks=(2**20,), compression="gzip")
    data[: 2**22] = 0.0


def a_chunk_beyond_the_data(file):
    file.create_dataset("x", (1,), "f8", chunks=(2**28,), maxshape=(None,), compression="gzip")


def unlimited(file):
    file.create_dataset("x", (1,), "f8", maxshape=(None,))


def huge_fixed_text(file):
    file.create_dataset("x", (10,), f"S{2**31 - 1}")


def many_texts(file):
    file.create_dataset("x", (10**10,), h5py.string_dtype())


def one_text_many_times(file):
    """References to one text of 4 MB from 20000 entries: copied by hand, 80 GB."""
    data = file.create_dataset("x", (20_000,), h5py.string_dtype())
    data[0] = "a" * 2**22
    file.flush()
    name, offset = file.filename, data.id.get_offset()
    file.close()
    with open(name, "r+b") as raw:
        raw.seek(offset)
        reference = raw.read(16)
        raw.seek(offset)
        raw.write(reference * 20_000)


def huge_attribute(file):
    """64 kB, the largest one that HDF5 keeps with its owner, of texts that are each as long as the file."""
    file.attrs.create("x", ["a"] * 4000, dtype=h5py.string_dtype())
    file.create_dataset("y", data=np.zeros(10**6))


def objects(file):
    file.create_dataset("x", (3,), h5py.ref_dtype)


def lists_of_any_length(file):
    file.create_dataset("x", (3,), h5py.vlen_dtype(np.float64))


def compound(file):
    file.create_dataset("x", (3,), [("a", "f8"), ("b", "i4")])


def opaque_object(file):
    """Bytes that h5py reads as whatever their tag says; as objects, they would be addresses."""
    kind = h5py.h5t.create(h5py.h5t.OPAQUE, 8)
    kind.set_tag(b"NUMPY:|O")
    h5py.h5d.create(file.id, b"x", kind, h5py.h5s.create_simple((3,)))


def opaque_attribute(file):
    kind = h5py.h5t.create(h5py.h5t.OPAQUE, 8)
    kind.set_tag(b"NUMPY:|O")
    h5py.h5a.create(file.id, b"x", kind, h5py.h5s.create_simple((3,)))


def external_link(file):
    file["x"] = h5py.ExternalLink("/etc/passwd", "/")


def soft_link(file):
    file["x"] = h5py.SoftLink("/x")


def nested_group(file):
    file.create_group("a/b/c")


def kept_elsewhere(file):
    file.create_dataset("x", (8,), "u1", external=[("/etc/passwd", 0, 8)])


def put_together(file):
    layout = h5py.VirtualLayout((10**6,), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (10**6,))
    file.create_virtual_dataset("x", layout)


def unknown_filter(file):
    """A number of a plugin that HDF5 would look for and load."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((4,))
    plist.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, ())
    h5py.h5d.create(file.id, b"x", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((4,)), plist)


def no_values(file):
    file.create_dataset("x", data=h5py.Empty("f8"))


NETCDF = [
    huge,
    huge_in_chunks,
    bomb,
    a_chunk_beyond_the_data,
    unlimited,
    huge_fixed_text,
    many_texts,
    one_text_many_times,
    huge_attribute,
    objects,
    lists_of_any_length,
    compound,
    opaque_object,
    opaque_attribute,
    external_link,
    soft_link,
    nested_group,
    kept_elsewhere,
    put_together,
    unknown_filter,
    no_values,
]


class Named:
    """A scenario that reads its data from one file."""

    def __init__(self, file):
        self.file = file

    def load(self, folder):
        path = folder / "santos2021_fig4.nc"
        shutil.copy(self.file, path)
        return next(s for s in scenario.available() if s.name == "santos2021.fig4").load(folder)


class TestNetCDF:
    @pytest.mark.parametrize("spoil", NETCDF, ids=lambda f: f.__name__)
    def test_hostile_files_are_refused_by_every_reader(self, spoil, tmp_path, trace, capsys):
        path = tmp_path / "x.nc"
        with h5py.File(path, "w") as file:
            spoil(file)
        with untouched(trace):
            with pytest.raises(ValueError, match=r"x\.nc is not a NetCDF file of qbsim"):
                read_netcdf(path)
            with pytest.raises(OSError, match="not a readable NetCDF file"):
                Named(path).load(tmp_path)
            for command in (["show", str(path)], ["plot", str(path)]):
                assert cli.main(command) == 2
                told = capsys.readouterr().err
                assert "is not a NetCDF file of qbsim" in told
                assert len(told.splitlines()) == 1

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"not a file",
            b"\x89HDF\r\n\x1a\n",
            b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 8,
            b"CDF\x01" + b"\xff" * 100,
        ],
        ids=["empty", "text", "head", "noise", "netcdf3"],
    )
    def test_what_is_no_hdf5(self, content, tmp_path, trace):
        (tmp_path / "x.nc").write_bytes(content)
        with untouched(trace), pytest.raises(ValueError, match="is not a NetCDF file of qbsim"):
            read_netcdf(tmp_path / "x.nc")

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
    def test_truncated_files(self, share, finished, tmp_path, trace):
        content = (finished / "sweep.nc").read_bytes()
        (tmp_path / "x.nc").write_bytes(content[: int(share * len(content))])
        with untouched(trace), pytest.raises(ValueError, match="is not a NetCDF file of qbsim"):
            read_netcdf(tmp_path / "x.nc")

    def test_changed_bytes_are_read_or_refused(self, finished, tmp_path, trace):
        """Whatever a byte is changed to: a dataset or one clear error, and nothing large."""
        content = (finished / "sweep.nc").read_bytes()
        rng = np.random.default_rng(1)
        refused = 0
        with warnings.catch_warnings(), untouched(trace):
            warnings.simplefilter("ignore")
            for _ in range(100):
                spoilt = bytearray(content)
                for at in rng.integers(0, min(len(content), 20_000), 4):
                    spoilt[at] = rng.integers(256)
                (tmp_path / "x.nc").write_bytes(spoilt)
                try:
                    of_file(read_netcdf(tmp_path / "x.nc"))
                except ValueError:
                    refused += 1
        assert refused > 10

    def test_a_pipe_is_not_waited_for(self, tmp_path):
        os.mkfifo(tmp_path / "x.nc")
        with pytest.raises(ValueError, match="is not a regular file"):
            read_netcdf(tmp_path / "x.nc")

    def test_own_files_are_read(self, finished, tmp_path):
        """With every kind of variable that qbsim writes, compressed by others too."""
        ds = qb.evolve(chain(1.0, rng=np.random.default_rng(0)), qb.plus(2), TIMES, states=True)
        qb.save(ds, tmp_path / "run.nc")
        assert read_netcdf(tmp_path / "run.nc").identical(ds)
        stored = read_netcdf(finished / "sweep.nc")
        packed = tmp_path / "packed.nc"
        stored.to_netcdf(packed, engine="h5netcdf", encoding={"energy": {"zlib": True}})
        assert read_netcdf(packed).identical(stored)

    def test_show_prints_no_commands_of_a_terminal(self, tmp_path, capsys):
        ds = qb.evolve(qb.single_cell(), qb.full(1), TIMES).assign_attrs(note="\x1b]0;title\x07")
        qb.save(ds, tmp_path / "x.nc")
        assert cli.main(["show", str(tmp_path / "x.nc")]) == 0
        assert "\x1b" not in capsys.readouterr().out


# --- batches ----------------------------------------------------------------------------------------------------------


def npy(shape, descr="<f8", body=b""):
    """A .npy file that claims a shape."""
    head = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape!r}, }}".encode()
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body


def zipped(compression=zipfile.ZIP_STORED, **members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return content.getvalue()


def pickled(trace):
    content = io.BytesIO()
    np.save(content, np.array([Bait(trace)], dtype=object), allow_pickle=True)
    return content.getvalue()


def overlapping():
    """Ten thousand entries of the directory that all mean the same 4 MB."""
    content = zipped(x=npy((2**19,), body=bytes(2**22)))
    start = content.rindex(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    entry, n = content[start:end], 10_000
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, n, n, n * len(entry), start, 0)
    return content[:start] + n * entry + tail


BATCHES = {
    "pickle": lambda trace: pickle.dumps(Bait(trace)),
    "object array": lambda trace: zipped(header=pickled(trace), spread=pickled(trace)),
    "object array alone": pickled,
    "claims 10^12": lambda trace: zipped(header=npy((10**12,))),
    "claims 10^12 bytes": lambda trace: zipped(header=npy((10**12,), "|u1", b"{}")),
    "negative": lambda trace: zipped(header=npy((-1, -8), body=bytes(64))),
    "structured": lambda trace: zipped(header=npy((1,), [("a", "<f8")], bytes(8))),
    "long text": lambda trace: zipped(header=npy((1,), "<U1000000000")),
    "zip bomb": lambda trace: zipped(zipfile.ZIP_DEFLATED, header=npy((2**27,), body=bytes(2**27))),
    "overlapping": lambda trace: overlapping(),
    "nested header": lambda trace: zipped(header=b"\x93NUMPY\x01\x00" + struct.pack("<H", 9000) + b"(" * 9000),
    "nested json": lambda trace: zipped(header=npy((10**5,), "|u1", b"[" * 10**5)),
    "json of a list": lambda trace: zipped(header=npy((2,), "|u1", b"[]")),
    "truncated": lambda trace: zipped(header=npy((10,), body=bytes(80)))[:-30],
    "empty": lambda trace: b"",
}


class TestBatches:
    @pytest.mark.parametrize("name", BATCHES)
    def test_hostile_batches_are_refused(self, name, tmp_path, trace):
        path = tmp_path / "000000-000001.npz"
        path.write_bytes(BATCHES[name](trace))
        with untouched(trace), pytest.raises(BadBatch, match="it cannot be read"):
            read_batch(path, "0" * 64)

    @pytest.mark.parametrize("name", ["object array", "claims 10^12", "zip bomb", "nested json"])
    def test_a_sweep_sets_them_apart_and_goes_on(self, name, runs, trace):
        file = next(runs.glob("batches/*/*.npz"))
        file.write_bytes(BATCHES[name](trace))
        with untouched(trace), pytest.warns(qb.SweepWarning, match=r"renamed to \.bad"):
            qb.sweep(
                qb.single_cell,
                {"gamma": [1.0, 2.0]},
                states="full",
                tlist=TIMES,
                store=runs,
                executor="serial",
                progress=False,
            )

    @pytest.mark.parametrize("change", ["rows", "columns", "integers", "solvers"])
    def test_a_batch_with_other_shapes_under_a_right_checksum(self, change, runs):
        """The checksum is no secret, so what the arrays are is looked at as well."""
        from qbsim.sweeps.batches import _checksum

        path = next(runs.glob("batches/*/*.npz"))
        arrays = read_arrays(path)
        head = json.loads(bytes(arrays.pop("header")))
        if change == "rows":
            arrays["spread"] = np.zeros(3)
        elif change == "columns":
            arrays["certificate"] = np.zeros((1, 2))
        elif change == "integers":
            arrays["value:energy"] = np.zeros((1, 11), dtype=np.int64)
        else:
            head["solvers"] = {"network": 3}
        head["sha256"] = _checksum({name: x for name, x in head.items() if name != "sha256"}, arrays)
        np.savez(path, header=np.frombuffer(json.dumps(head).encode(), dtype=np.uint8), **arrays)
        with pytest.raises(BadBatch, match="it cannot be read"):
            read_batch(path, head["key"])

    @pytest.mark.parametrize("name", ["spread", "certificate"])
    def test_a_measure_named_like_an_array_hides_no_check(self, name, tmp_path):
        cell, times = qb.single_cell(gamma=1.0), np.linspace(0, 1, 3)
        curve = Curve(lambda: cell, {}, "full", start(qb.full(1)), times, {name: "energy"}, Settings(), 0)
        batch = curve.compute(0, 1)
        assert read_batch(write_batch(tmp_path, curve, batch), curve.key).values.keys() == {name}
        batch.arrays[name] = np.zeros(batch.arrays[name].shape, dtype=np.int64)
        with pytest.raises(BadBatch, match=f"{name} is int64"):
            read_batch(write_batch(tmp_path, curve, batch), curve.key)

    def test_numbers_come_back(self, tmp_path):
        rows = {"a": np.random.default_rng(0).normal(size=(3, 4)), "b": np.arange(5), "c": np.array(2.0)}
        np.savez(tmp_path / "x.npz", **rows)
        found = read_arrays(tmp_path / "x.npz")
        assert all(
            found[name].tobytes() == rows[name].tobytes() and found[name].shape == rows[name].shape for name in rows
        )


# --- manifests and texts ----------------------------------------------------------------------------------------------

MANIFESTS = {
    "nested": "[" * 100_000,
    "nested objects": '{"a":' * 100_000,
    "list": "[]",
    "number": "3",
    "of another program": '{"name": "app", "icons": []}',
    "text": "remember the milk",
    "many digits": f'{{"curves": {"9" * 10_000}}}',
    "binary": "\ufffe",
}


class TestManifests:
    @pytest.mark.parametrize("name", MANIFESTS)
    def test_hostile_manifests_are_refused_and_left_alone(self, name, runs, trace, capsys):
        (runs / "manifest.json").write_text(MANIFESTS[name])
        files = sorted(p.name for p in runs.rglob("*"))
        with untouched(trace), pytest.raises(ValueError, match=r"manifest\.json"):
            of_store(runs)
        with untouched(trace), pytest.raises(ValueError, match=r"manifest\.json"):
            qb.sweep(qb.single_cell, {"gamma": [1.0]}, states="full", tlist=TIMES, store=runs, executor="serial")
        assert cli.main(["show", str(runs)]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
        assert sorted(p.name for p in runs.rglob("*")) == files
        assert (runs / "manifest.json").read_text() == MANIFESTS[name]

    @pytest.mark.parametrize(
        ("where", "value"),
        [
            (("sha256",), "../../x"),
            (("curves", 0, "identity"), "../../../../etc"),
            (("curves", 0, "realizations"), "many"),
            (("curves", 0, "realizations"), 0),
            (("parameters",), []),
            (("curves",), []),
            (("numerics",), "none"),
        ],
    )
    def test_a_manifest_leads_nowhere_else(self, where, value, runs):
        told = json.loads((runs / "manifest.json").read_text())
        part = told
        for key in where[:-1]:
            part = part[key]
        part[where[-1]] = value
        (runs / "manifest.json").write_text(json.dumps(told))
        with pytest.raises(ValueError, match="is not the manifest of a sweep"):
            Store.read_manifest(runs)

    def test_as_many_realizations_as_it_likes(self, runs, trace):
        """Progress is arithmetic on file names, whatever the number."""
        told = json.loads((runs / "manifest.json").read_text())
        told["curves"][0]["realizations"] = 10**15
        (runs / "manifest.json").write_text(json.dumps(told))
        with untouched(trace):
            assert "0 %" in dict(of_store(runs))["stored"]


class TestTexts:
    def test_json_as_deep_as_is_meant(self):
        assert parse_json('{"a": [[1]]}', "x") == {"a": [[1]]}
        with pytest.raises(ValueError, match="x is nested more than"):
            parse_json("[" * 100 + "]" * 100, "x")

    def test_large_and_foreign_texts(self, tmp_path, trace):
        path = tmp_path / "graph.txt"
        with open(path, "wb") as file:
            file.truncate(2**40)  # a file with a hole: 1 TiB that takes no space
        with untouched(trace), pytest.raises(ValueError, match="more than the limit"):
            read_graph(path)
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(ValueError, match="not a text file"):
            read_text(path)
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(ValueError, match="is not a regular file"):
            read_text(path)

    def test_large_arrays(self, tmp_path, trace):
        path = tmp_path / "000000-000001.npz"
        with open(path, "wb") as file:
            file.truncate(2**42)
        with untouched(trace), pytest.raises(BadBatch, match="half of the free memory"):
            read_batch(path, "0" * 64)


def test_qbsim_imports_and_unpickles_only_by_names_of_its_own():
    """Solvers, plotting and the user's scenario files are imported by name; a worker unpickles what its parent sent."""
    allowed = {
        ("__init__.py", "import_module"),
        ("ledger/loading.py", "import_module"),
        ("ledger/module.py", "import_module"),
        ("solvers/__init__.py", "import_module"),
        ("sweeps/transport.py", "cloudpickle.loads"),
    }
    package = Path(qb.__file__).parent
    found = set()
    for path in package.rglob("*.py"):
        if "scenarios" not in path.relative_to(package).parts:
            calls = [n.func for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
            names = {ast.unparse(function) for function in calls}
            words = {"import_module", "__import__", "eval", "exec", "np.load", "cloudpickle.loads", "cloudpickle.load"}
            words |= {name for name in names if name.startswith(("pickle.", "importlib.", "runpy.", "subprocess."))}
            found |= {(path.relative_to(package).as_posix(), name) for name in names & words}
    assert found == allowed
