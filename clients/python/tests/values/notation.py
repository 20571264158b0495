"""The notations of proto/vectors/README.md, read."""
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownLambdaType=false

import json
import struct
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

VECTORS = Path(__file__).resolve().parents[4] / "proto" / "vectors"


def rows_of(file_name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((VECTORS / file_name).read_text(encoding="utf-8"))
    return rows


def bytes_of(text: str) -> bytes:
    parts = [token.partition("*") for token in text.split()]
    return b"".join(bytes.fromhex(digits) * int(count or 1) for digits, _, count in parts)


def encodings_of(row: dict[str, Any], key: str = "encodings") -> list[bytes]:
    return [bytes_of(one) for one in row[key]]


def value_of(tagged: dict[str, Any]) -> Any:
    ((kind, body),) = tagged.items()
    if kind == "nested":
        return _nested(body)
    if kind in ("list", "tuple", "set"):
        items = (
            [value_of(body["repeat"])] * body["count"] if isinstance(body, dict) else [value_of(item) for item in body]
        )
        return {"list": list, "tuple": tuple, "set": set}[kind](items)
    if kind == "map":
        return {key: value_of(item) for key, item in body}
    return _SCALARS[kind](body)


def _nested(body: dict[str, Any]) -> Any:
    value = value_of(body["leaf"])
    wrap: Any = {"list": lambda inner: [inner], "map": lambda inner: {"k": inner}, "tuple": lambda inner: (inner,)}[
        body["kind"]
    ]
    for _ in range(body["depth"]):
        value = wrap(value)
    return value


def _timestamp(body: dict[str, Any]) -> datetime:
    microseconds = body["nanos"] // 1000
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(body["seconds"]), microseconds=microseconds)


def _ndarray(body: dict[str, Any]) -> Any:
    numpy: Any = import_module("numpy")
    return numpy.frombuffer(bytes_of(body["data"]), dtype=body["dtype"]).reshape(body["shape"])


_SCALARS: dict[str, Any] = {
    "null": lambda _: None,
    "boolean": bool,
    "integer": int,
    "big_integer": int,
    "float": float,
    "string": lambda body: body["repeat"] * body["count"] if isinstance(body, dict) else body,
    "bytes": bytes_of,
    "timestamp": _timestamp,
    "duration": lambda body: timedelta(seconds=int(body["seconds"]), microseconds=body["nanos"] // 1000),
    "decimal": Decimal,
    "uuid": UUID,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "ndarray": _ndarray,
}


def same(left: Any, right: Any) -> bool:
    """Equal in type and value, in everything inside, where NaN equals NaN, -0.0 differs from 0.0 and 1.10 from 1.1."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack(">d", left) == struct.pack(">d", right) or (left != left and right != right)
    if isinstance(left, Decimal | time):
        return str(left) == str(right)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, set):
        return len(left) == len(right) and all(any(same(one, other) for other in right) for one in left)
    if type(left).__module__ == "numpy":
        return left.dtype == right.dtype and left.shape == right.shape and bool(left.tobytes() == right.tobytes())
    return bool(left == right)
