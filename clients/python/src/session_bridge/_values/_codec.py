"""Encoding and decoding of one value.

The fast path is one call of msgpack's C code; what it cannot do is left to `_plain` and `_scan`.
"""
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgpack import ExtType, Packer, Timestamp, packb, unpackb

from .._errors import BridgeError, DataLossError, SerializationError, UnsupportedError
from . import _extensions as ext
from ._codecs import DEFAULT_CODECS, MSGPACK, Codecs
from ._ndarray import read_ndarray
from ._plain import plain
from ._scan import MAX_DEPTH, MAX_NODES, ScanError, scan
from ._sets import is_set_item, pack_set

_SCALARS: Final[frozenset[type]] = frozenset(
    {type(None), bool, int, float, str, bytes, bytearray, memoryview, datetime, date, time, timedelta, Decimal, UUID}
)
_SEQUENCES: Final[frozenset[type]] = frozenset({list, tuple, set, frozenset})
_KEPT_PACKER_BYTES: Final = 65_536
_TIMESTAMPS_AS_DATETIME: Final = 3


def encode(
    value: object, *, name: str = "value", encoding: str = MSGPACK, codecs: Codecs = DEFAULT_CODECS
) -> tuple[bytes, str]:
    """Encodes one value.

    Args:
        value: Anything of the table in docs/values.md, or what `codecs` adds to it.
        name: The variable's name, where the path of an error begins.
        encoding: Empty for msgpack, or the name of a custom encoding.
        codecs: The application's encoders and encodings.

    Returns:
        The bytes and the name of their encoding.

    Raises:
        SerializationError: Something inside cannot be stored; `path` names it.
        UnsupportedError: The encoding is not registered.
    """
    if encoding == MSGPACK:
        return encode_msgpack(value, name, codecs), MSGPACK
    custom = _custom(encoding, codecs, name)
    try:
        return custom.encode(value), encoding
    except Exception as error:
        raise SerializationError(
            f"{name}: the encoding {encoding!r} refused the value", name=name, path=name
        ) from error


def encode_msgpack(value: object, name: str, codecs: Codecs) -> bytes:
    """The msgpack bytes of one value, as `encode` says."""
    try:
        if is_regular(value):
            return pack(value)
    except (TypeError, ValueError, OverflowError, BufferError, RecursionError):
        pass  # The walk below names the place inside the value.
    return pack(plain(value, name, codecs))


def decode(data: bytes, encoding: str = MSGPACK, *, name: str | None = None, codecs: Codecs = DEFAULT_CODECS) -> object:
    """Decodes one value. The server has scanned the bytes, so laws that cost time to check are not checked again.

    Raises:
        DataLossError: The bytes do not decode; `rule` says which law they break.
        UnsupportedError: The encoding is not registered, or an ndarray is read without numpy.
    """
    if encoding == MSGPACK:
        return decode_msgpack(data, name)
    custom = _custom(encoding, codecs, name)
    try:
        return custom.decode(data)
    except Exception as error:
        raise DataLossError(f"{_subject(name)} does not decode as {encoding!r}", name=name) from error


def decode_msgpack(data: bytes, name: str | None) -> object:
    """The value of msgpack bytes, as `decode` says."""
    try:
        return unpack(data)
    except UnsupportedError as error:
        error.name = name
        raise
    except (ValueError, ArithmeticError, TypeError, RecursionError) as error:
        raise _data_loss(data, name) from error


def _data_loss(data: bytes, name: str | None) -> BridgeError:
    try:
        scan(data)
    except ScanError as problem:
        return DataLossError(f"{_subject(name)} does not decode: {problem}", name=name, rule=problem.rule)
    return DataLossError(f"{_subject(name)} does not decode", name=name)


def _subject(name: str | None) -> str:
    return "the value" if name is None else f"the variable {name!r}"


def _custom(encoding: str, codecs: Codecs, name: str | None) -> Any:
    found = codecs.encodings.get(encoding)
    if found is None:
        raise UnsupportedError(
            f"the encoding {encoding!r} is not registered here", reason="UNKNOWN_ENCODING", name=name
        )
    return found


def is_regular(value: object) -> bool:
    """Whether the fast path will do: exact types of the table, string keys, within depth and nodes.

    Raises:
        TypeError: A map has a key that is no string; the slow walk says which.
    """
    return type(value) in _SCALARS or _count_nodes(value, MAX_DEPTH) != 0


def _count_nodes(container: Any, levels: int) -> int:
    """How many values a container holds, itself included; 0 when the fast path will not do."""
    kind = type(container)
    if not levels:
        return 0
    if kind is dict:
        "".join(container)  # The cheapest question whether all keys are strings.
        items = container.values()
    elif kind in _SEQUENCES:
        items = container
    else:
        return 0
    nodes = 1 + len(items)
    for item in items:
        if type(item) not in _SCALARS:
            inside = _count_nodes(item, levels - 1)
            nodes += inside - 1
            if not inside or nodes > MAX_NODES:
                return 0
    return nodes if nodes <= MAX_NODES else 0


def _pack_tuple(value: tuple[object, ...]) -> ExtType:
    return ExtType(ext.TUPLE, packb(list(value), default=_default, strict_types=True))


def _pack_set(value: frozenset[object]) -> ExtType:
    if not all(map(is_set_item, value)):
        raise TypeError
    return pack_set([packb(item, default=_default, strict_types=True) for item in value])


_PACKERS: Final[Mapping[type, Callable[[Any], ExtType | Timestamp]]] = {
    int: ext.pack_big_integer,  # Asked for only when the integer is beyond 64 bits.
    datetime: ext.pack_timestamp,
    date: ext.pack_date,
    time: ext.pack_time,
    timedelta: ext.pack_duration,
    Decimal: ext.pack_decimal,
    UUID: ext.pack_uuid,
    tuple: _pack_tuple,
    set: _pack_set,
    frozenset: _pack_set,
}


def _default(value: Any) -> ExtType | Timestamp:
    packer = _PACKERS.get(type(value))
    if packer is None:
        raise TypeError
    return packer(value)


_idle_packers: list[Packer] = []


def pack(value: object) -> bytes:
    """Packs a regular value.

    A packer serves one call at a time, and making one costs more than packing a small value, so idle ones are kept.
    """
    try:
        packer = _idle_packers.pop()
    except IndexError:
        packer = Packer(default=_default, strict_types=True)
    data = packer.pack(value)
    if len(data) <= _KEPT_PACKER_BYTES:
        _idle_packers.append(packer)
    return data


def unpack(data: bytes) -> object:
    """Unpacks bytes that a scanner has seen; raises what msgpack and the readers raise."""
    return unpackb(data, ext_hook=_read_extension, strict_map_key=True, timestamp=_TIMESTAMPS_AS_DATETIME)


def _read_tuple(payload: bytes) -> tuple[object, ...]:
    return tuple(_read_array(payload))


def _read_set(payload: bytes) -> set[object]:
    return set(_read_array(payload))


def _read_array(payload: bytes) -> list[Any]:
    items: Any = unpack(payload)
    if type(items) is not list:
        raise ValueError("the payload of a tuple or set is not an array")
    return items


_READERS: Final[Mapping[int, Callable[[bytes], object]]] = {
    **ext.READERS,
    ext.TUPLE: _read_tuple,
    ext.SET: _read_set,
    ext.NDARRAY: read_ndarray,
}


def _read_extension(code: int, payload: bytes) -> object:
    reader = _READERS.get(code)
    if reader is None:
        raise ValueError(f"the extension code {code} is unknown")
    return reader(payload)
