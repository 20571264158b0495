"""Every row of the golden vectors."""

import importlib.util
import subprocess
import sys
from typing import Any

import pytest

from session_bridge._errors import BridgeError, DataLossError, UnsupportedError
from session_bridge._values import ScanError, decode, encode, scan

from .notation import VECTORS, bytes_of, encodings_of, rows_of, same, value_of

VALUES = rows_of("values.json")
REJECTS = rows_of("rejects.json")
HAS_NUMPY = importlib.util.find_spec("numpy") is not None
# The C codec alone does not see these; the server's scan keeps them out of the store.
LEFT_TO_THE_SCAN = {"duplicate_key", "depth", "nodes", "key_type", "extension_payload", "truncated"}


def named(rows: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=[row["name"] for row in rows])


def without_numpy(row: dict[str, Any]) -> bool:
    return row.get("python", {}).get("needs") == "numpy" and not HAS_NUMPY


def read_value(row: dict[str, Any]) -> Any:
    return value_of(row.get("python", {}).get("reads", row["value"]))


def test_the_files_hold_the_promised_number_of_rows() -> None:
    assert len(VALUES) >= 290
    assert len(REJECTS) >= 260
    for rows in (VALUES, REJECTS):
        assert len({row["name"] for row in rows}) == len(rows)


def test_the_committed_files_are_what_the_generator_writes() -> None:
    generator = VECTORS.parents[1] / "tools" / "vectors" / "generate.py"
    done = subprocess.run([sys.executable, str(generator), "--check"], capture_output=True, text=True, check=False)
    assert done.stdout == "the vectors are current\n"


def test_every_type_of_the_table_has_rows() -> None:
    kinds = {"null", "boolean", "integer", "big_integer", "float", "string", "bytes", "list", "map", "timestamp"}
    assert {row["type"] for row in VALUES} == kinds | {
        "decimal",
        "uuid",
        "date",
        "time",
        "duration",
        "tuple",
        "set",
        "ndarray",
    }


@named(VALUES)
def test_every_accepted_encoding_decodes_to_the_value(row: dict[str, Any]) -> None:
    for data in encodings_of(row):
        if without_numpy(row):
            with pytest.raises(UnsupportedError, match="numpy"):
                decode(data)
        else:
            assert same(decode(data), read_value(row))


@named(VALUES)
def test_what_is_encoded_is_an_accepted_encoding(row: dict[str, Any]) -> None:
    view = row.get("python", {})
    if without_numpy(row):
        with pytest.raises(ModuleNotFoundError):
            value_of(row["value"])
        return
    value = read_value(row)
    accepted = encodings_of(view if "writes" in view else row, "writes" if "writes" in view else "encodings")
    assert encode(value)[0] in accepted
    for alias in view.get("aliases", {}):
        made = {"frozenset": frozenset, "bytearray": bytearray, "memoryview": memoryview}[alias](value)
        assert encode(made)[0] in accepted


@named(VALUES)
def test_the_scanner_accepts_every_encoding_and_names_its_type(row: dict[str, Any]) -> None:
    assert {scan(data) for data in encodings_of(row)} == {row["type"]}


@named(REJECTS)
def test_the_scanner_refuses_with_the_rule_and_the_reason(row: dict[str, Any]) -> None:
    with pytest.raises(ScanError) as caught:
        scan(bytes_of(row["bytes"]))
    assert (caught.value.rule, caught.value.reason) == (row["rule"], row["reason"])


@named(REJECTS)
def test_decoding_a_reject_never_raises_anything_but_data_loss(row: dict[str, Any]) -> None:
    data = bytes_of(row["bytes"])
    error: BridgeError | None = None
    try:
        decode(data, name="broken")
    except BridgeError as raised:
        error = raised
    if isinstance(error, DataLossError):
        assert (error.name, error.rule) == ("broken", row["rule"])
    else:
        assert error is None or not HAS_NUMPY
        assert row["rule"] in LEFT_TO_THE_SCAN
