"""How the rows of constraints.json are written."""

import json
from datetime import UTC, datetime
from typing import Any

import msgpack_forms as mp

Row = dict[str, Any]
Schema = dict[str, Any] | bool


class Raw:
    """Bytes of a value as they are."""

    def __init__(self, data: bytes) -> None:
        """Keeps them."""
        self.data = data

    def __repr__(self) -> str:
        """Names them in the name of a row."""
        return f"bytes {self.data[:4].hex()}"


def raw(data: bytes) -> Raw:
    """A value by its bytes."""
    return Raw(data)


def encode(value: object) -> bytes:
    """The shortest form of a value."""
    match value:
        case Raw():
            return value.data
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return mp.integer(value)[0]
        case float():
            return mp.float64(value)
        case str():
            return mp.string(value)[0]
        case bytes():
            return mp.binary(value)[0]
        case dict():
            return mp.mapping(*((key, encode(item)) for key, item in value.items()))
        case list():
            return mp.array(*(encode(item) for item in value))
        case _:
            raise TypeError(repr(value))


def values(*items: object) -> str:
    """The JSON list that a rule shows, whole floats as integers."""
    return json.dumps(_shown(items), separators=(",", ":"), ensure_ascii=False)


def _shown(value: object) -> object:
    if isinstance(value, float) and value == int(value):
        return int(value)
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    return {key: _shown(item) for key, item in value.items()} if isinstance(value, dict) else value


def fits(name: str, schema: Schema, value: object) -> Row:
    """A value that fits."""
    return {"name": name, "schema": schema, "value": mp.text(encode(value)), "fits": True}


def misfits(name: str, schema: Schema, value: object, path: str, rule: str) -> Row:
    """A value that does not."""
    return {"name": name, "schema": schema, "value": mp.text(encode(value)), "fits": False, "path": path, "rule": rule}


def refused(name: str, schema: object, path: str, rule: str) -> Row:
    """A schema that is refused."""
    return {"name": name, "schema": schema, "refused": rule, "path": path}


def refused_bytes(name: str, schema: bytes | str, path: str, rule: str) -> Row:
    """A schema that JSON cannot write, or not shortly, and that is refused; text is in the bytes notation already."""
    return {"name": name, "schema_bytes": schema if isinstance(schema, str) else mp.text(schema), "refused": rule, "path": path}


NUMBERS: dict[str, Any] = {
    "0": 0,
    "-1": -1,
    "2^53+1": 2**53 + 1,
    "2^64-1": 2**64 - 1,
    "-2^63": -(2**63),
    "1.0": 1.0,
    "-0.0": -0.0,
    "0.5": 0.5,
    "2^60 as a float": 2.0**60,
    "1e300": 1e300,
}

SECONDS = int(datetime(2024, 2, 29, tzinfo=UTC).timestamp())

ANYTHING: dict[str, Any] = {
    **NUMBERS,
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "null": None,
    "true": True,
    "false": False,
    "empty string": "",
    "string": "1.10",
    "empty list": [],
    "list": [1, "a"],
    "empty map": {},
    "map": {"a": 1},
    "bytes": b"1.10",
    "bytes, empty": b"",
    "ext timestamp": Raw(mp.timestamp(SECONDS, 0)[0]),
    "ext big integer": Raw(mp.big_integer(2**64)),
    "ext big integer below": Raw(mp.big_integer(-(2**63) - 1)),
    "ext decimal": Raw(mp.extension(2, b"1.10")[0]),
    "ext uuid": Raw(mp.extension(3, bytes(16))[0]),
    "ext date": Raw(mp.extension(4, b"2024-02-29")[0]),
    "ext time": Raw(mp.extension(5, b"12:30:00")[0]),
    "ext duration": Raw(mp.extension(6, bytes(12))[0]),
    "ext tuple": Raw(mp.extension(7, mp.array(b"\x01", b"\x02"))[0]),
    "ext empty tuple": Raw(mp.extension(7, mp.array())[0]),
    "ext set": Raw(mp.extension(8, mp.array(b"\x01", b"\x02"))[0]),
    "ext ndarray": Raw(mp.ndarray("<f8", [1], bytes(8))),
}
