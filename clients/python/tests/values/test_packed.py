"""Many values in one map."""

import threading
from typing import Any

import pytest

from session_bridge._errors import DataLossError, UnsupportedError
from session_bridge._values import decode_packed, encode, encode_packed

from .notation import same


def packed(entries: dict[str, bytes]) -> bytes:
    return bytes([0x80 | len(entries)]) + b"".join(encode(name)[0] + data for name, data in entries.items())


def test_the_order_of_the_names_is_kept() -> None:
    values: dict[str, Any] = {"b": 1, "a": [None], "é": {"__proto__": 1}, "": ()}
    read, errors = decode_packed(encode_packed(values))
    assert errors == {}
    assert list(read) == ["b", "a", "é", ""]
    assert same(read, values)


def test_no_bytes_are_no_values() -> None:
    assert decode_packed(b"") == ({}, {})
    assert encode_packed({}) == b"\x80"


@pytest.mark.parametrize("count", [15, 16, 65_535, 65_536])
@pytest.mark.parametrize("odd", [False, True])
def test_maps_of_every_header_have_the_same_bytes_on_both_paths(count: int, odd: bool) -> None:
    from collections import OrderedDict

    values = {f"n{index}": index for index in range(count)}
    slow: dict[str, object] = {**values, "n0": OrderedDict()} if odd else {**values, "n0": {}}
    assert encode_packed(slow) == encode_packed({**values, "n0": {}})


def test_each_value_may_be_64_deep() -> None:
    value: Any = None
    for _ in range(64):
        value = [value]
    read, errors = decode_packed(encode_packed({"a": value, "b": value}))
    assert (read, errors) == ({"a": value, "b": value}, {})


def test_a_value_that_does_not_decode_does_not_cost_the_others() -> None:
    parts = {
        "a": b"\x01",
        "bad": b"\x91\xa1\xff",
        "odd": b"\xd4\x0a\x00",
        "nested": b"\x81\xa1k\xd4\x03\x00",
        "z": b"\xc3",
    }
    read, errors = decode_packed(packed(parts))
    assert read == {"a": 1, "z": True}
    assert {name: (type(error), error.name, error.rule) for name, error in errors.items()} == {
        "bad": (DataLossError, "bad", "utf8"),
        "odd": (DataLossError, "odd", "unknown_extension"),
        "nested": (DataLossError, "nested", "extension_payload"),
    }


def test_an_array_without_numpy_does_not_cost_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "numpy", None)
    read, errors = decode_packed(packed({"a": b"\x01", "array": bytes.fromhex("c70a09 93a37c753191 01c40107")}))
    assert read == {"a": 1}
    assert isinstance(errors["array"], UnsupportedError)
    assert errors["array"].name == "array"


@pytest.mark.parametrize(
    "data", [b"\x82\xa1a\x01", b"\x90", b"\x01", b"\x81\x01\x01", b"\xc1", b"\x81\xa1\xff\x01", b"\x80\x80"]
)
def test_bytes_that_are_not_a_map_of_names_are_data_loss(data: bytes) -> None:
    with pytest.raises(DataLossError):
        decode_packed(data)


def test_threads_share_the_codec() -> None:
    value = {"list": list(range(200)), "text": "é" * 300, "tuple": ((1, 2), {"x"})}
    expected = encode(value)[0]
    wrong: list[bytes] = []

    def work() -> None:
        for _ in range(300):
            data, _ = encode(value)
            if data != expected or decode_packed(encode_packed({"a": value}))[0] != {"a": value}:
                wrong.append(data)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
