"""`session-bridge export` and `import` between two servers, as a Python program sees it."""

import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import Server, run_command
from values import EVERY_TYPE, VALUES, shape

import session_bridge


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("other") / "sessions.db")
    yield server
    server.close()


def transfer(source: Server, target: Server, file: Path, prefix: str) -> dict[str, object]:
    """Exports the sessions with a prefix to a file, and imports it."""
    exported = run_command("export", file, "--force", "--prefix", prefix, "--address", source.address)
    assert (exported.returncode, exported.stderr) == (0, "")
    imported = run_command("import", file, "--address", target.address)
    assert (imported.returncode, imported.stderr) == (0, "")
    answer: dict[str, object] = json.loads(imported.stdout)
    return answer


def test_what_python_wrote_reads_equal_after_it_was_moved(server: Server, other_server: Server, tmp_path: Path) -> None:
    """Every type, arrays too, with labels, ttl and deadlines."""
    arrays: dict[str, np.ndarray[Any, np.dtype[Any]]] = {
        "array-of-floats": np.linspace(0, 1, 12).reshape(3, 4),
        "array-of-bytes": np.arange(256, dtype=np.uint8),
    }
    with session_bridge.connect(server.address) as bridge, session_bridge.connect(other_server.address) as other:
        session = bridge.create_session("moved-1", ttl=timedelta(days=3), labels={"team": "ü", "__proto__": ""})
        session.update(EVERY_TYPE)
        session.update(arrays)
        session.set_variable("short-lived", 1, ttl=3600)
        bridge.create_session("moved-2", ttl="never")
        bridge.get_session("stays")["a"] = 1
        answer = transfer(server, other_server, tmp_path / "moved.jsonl", "moved-")
        assert (answer["sessions"], answer["variables"]) == (2, len(EVERY_TYPE) + len(arrays) + 1)
        assert [info.id for info in other.list_sessions(prefix="moved-")] == ["moved-1", "moved-2"]
        assert other.get_session("stays").get_variable("a") is None
        moved = other.get_session("moved-1")
        for name, value in EVERY_TYPE.items():
            assert shape(moved[name]) == shape(value), name
        for name, array in arrays.items():
            there = moved[name]
            assert there.dtype == array.dtype
            assert np.array_equal(there, array)
        for variable in session.list_variables():
            entry = moved.get_entry(variable.name)
            assert entry is not None
            assert (entry.type, entry.size_bytes) == (variable.type, variable.size_bytes)
        info = moved.info()
        assert info.labels == {"team": "ü", "__proto__": ""}
        assert info.expires_at is not None
        assert abs(info.expires_at - datetime.now(UTC) - timedelta(days=3)) < timedelta(minutes=2)
        assert other.get_session("moved-2").info().expires_at is None
        deadlines = [found.expires_at for place in (session, moved) if (found := place.get_entry("short-lived"))]
        assert deadlines[0] is not None
        assert deadlines[1] is not None
        assert abs(deadlines[0] - deadlines[1]) < timedelta(seconds=5)


@settings(max_examples=10)
@given(values=st.lists(VALUES, min_size=30, max_size=60))
def test_whatever_python_can_store_reads_equal_after_it_was_moved(
    server: Server, other_server: Server, tmp_path_factory: pytest.TempPathFactory, values: list[object]
) -> None:
    with session_bridge.connect(server.address) as bridge, session_bridge.connect(other_server.address) as other:
        source, target = bridge.get_session("any-values"), other.get_session("any-values")
        source.destroy()
        target.destroy()
        source.update({f"v{i}": value for i, value in enumerate(values)})
        transfer(server, other_server, tmp_path_factory.mktemp("any") / "any.jsonl", "any-values")
        moved = target.to_dict()
        assert {name: shape(value) for name, value in moved.items()} == {f"v{i}": shape(value) for i, value in enumerate(values)}


def test_the_checksums_are_those_of_the_documented_format(server: Server) -> None:
    """docs/export-format.md, read by a program that knows nothing else."""
    with session_bridge.connect(server.address) as bridge:
        bridge.get_session("summed").update({"a": "ü", "b": [1, 2.5]})
    total = 0
    for line in run_command("export", "--prefix", "summed", "--address", server.address).stdout.splitlines():
        text, _, _ = line.rpartition(',"crc32":')
        total = zlib.crc32(text.encode(), total)
        assert json.loads(line)["crc32"] == f"{total:08x}"


def test_an_export_passes_through_a_pipe_and_a_damaged_one_is_refused(server: Server, other_server: Server) -> None:
    with session_bridge.connect(server.address) as bridge:
        bridge.get_session("piped")["a"] = "value"
    exported = run_command("export", "--prefix", "piped", "--address", server.address)
    damaged = run_command("import", "--address", other_server.address, stdin=exported.stdout.replace('"id":"piped"', '"id":"pipes"'))
    assert damaged.returncode == 1
    assert damaged.stderr.startswith("session-bridge: line 2: ")
    assert run_command("import", "-", "--address", other_server.address, stdin=exported.stdout).returncode == 0
    with session_bridge.connect(other_server.address) as other:
        assert [info.id for info in other.list_sessions(prefix="pipe")] == ["piped"]
        assert other.get_session("piped").to_dict() == {"a": "value"}
