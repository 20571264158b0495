"""Generated values of every type of docs/values.md, and what equality means for them."""

import datetime
import decimal
import math
import struct
import uuid
from typing import Any

from hypothesis import strategies as st

MAX_SAFE_INTEGER = 2**53 - 1

_zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes)))
_moments = st.datetimes(timezones=st.just(datetime.UTC))
_keys = st.text(max_size=8) | st.sampled_from(["__proto__", "constructor", "toString", "0", "1"])
_hashable = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=8) | st.binary(max_size=8) | st.uuids()

SCALARS: st.SearchStrategy[Any] = (
    _hashable
    | st.integers(-(2**200), 2**200)
    | st.sampled_from([2**31, 2**32, 2**53, 2**53 - 1, 2**53 + 1, 2**63, 2**64 - 1, 2**64, -(2**63), -(2**63) - 1])
    | st.floats()
    | st.sampled_from([0.0, -0.0, 1.0, 2.0**53, 1e300])
    | st.text()
    | st.binary()
    | _moments
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.times()
    | st.times(timezones=_zones)
    | st.timedeltas()
)

VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(_keys, inner, max_size=5)
        | st.lists(inner, max_size=3).map(tuple)
        | st.sets(_hashable | st.tuples(_hashable, _hashable), max_size=5)
    ),
    max_leaves=20,
)
"""Every type of the table but ndarray, nested in lists, maps and tuples. Naive datetimes are refused: none is here."""


def shape(value: Any) -> Any:
    """A form in which two values are equal exactly if they are equal in type and value, -0.0, NaN and all."""
    match value:
        case float():
            return "float", "NaN" if math.isnan(value) else struct.pack(">d", value)
        case decimal.Decimal():
            return "decimal", str(value)
        case datetime.datetime():
            return "timestamp", value.astimezone(datetime.UTC)
        case datetime.time():
            return "time", value.replace(tzinfo=None), value.utcoffset()
        case dict():
            return "map", {key: shape(item) for key, item in value.items()}
        case list() | tuple():
            return type(value).__name__, [shape(item) for item in value]
        case set():
            return "set", {_frozen(shape(item)) for item in value}
        case _:
            return type(value).__name__, value


def _frozen(form: Any) -> Any:
    return tuple(_frozen(part) for part in form) if isinstance(form, tuple | list) else form


def through_typescript(value: Any) -> Any:
    """What a value becomes when JavaScript reads and writes it: the lossy rows of docs/values.md.

    A whole float becomes an integer, a tuple a list, a timestamp has milliseconds.
    """
    match value:
        case float() if value.is_integer() and abs(value) <= MAX_SAFE_INTEGER and not _is_minus_zero(value):
            return int(value)
        case datetime.datetime():
            return value.replace(microsecond=value.microsecond // 1000 * 1000)
        case dict():
            return {key: through_typescript(item) for key, item in value.items()}
        case list() | tuple():
            return [through_typescript(item) for item in value]
        case _:
            return value


def _is_minus_zero(value: float) -> bool:
    return value == 0 and math.copysign(1, value) < 0


EVERY_TYPE: dict[str, Any] = {
    "null": None,
    "boolean": True,
    "integer": 2**63,
    "float": 1.0,
    "string": "Grüße, 世界 🌍",
    "bytes": b"\x00\xff",
    "list": [1, [2, [3]]],
    "map": {"temperature": 0.8, "tools": [{"name": "search", "top_k": 5}], "__proto__": {}},
    "timestamp": datetime.datetime(2024, 2, 29, 12, 30, 0, 123456, tzinfo=datetime.UTC),
    "big_integer": 2**200,
    "decimal": decimal.Decimal("1.10"),
    "uuid": uuid.UUID(int=2**127 + 1),
    "date": datetime.date(2024, 2, 29),
    "time": datetime.time(12, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
    "duration": datetime.timedelta(days=-1, microseconds=1),
    "tuple": (1, "a", (None,)),
    "set": {1, "a", (2, 3)},
}
"""One value of each type, by the type's name."""
