"""A new value over the bytes of the one that it replaces: what is equal keeps its bytes."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final, NamedTuple

from msgpack import ExtType, Packer, Unpacker

from .._errors import SerializationError
from ._codec import encode, pack, unpack
from ._codecs import DEFAULT_CODECS, MSGPACK, Codecs
from ._extensions import TUPLE
from ._scan import type_name
from ._sets import pack_set


def encode_over(
    value: object,
    previous: bytes,
    *,
    name: str = "value",
    encoding: str = MSGPACK,
    codecs: Codecs = DEFAULT_CODECS,
) -> bytes:
    """Encodes a value that replaces another one of the same encoding.

    Wherever it is what `previous` decodes to, in type and value, the bytes stay: also those of another spelling, such
    as a float32, and what Python does not see, such as a timestamp's nanoseconds. A custom encoding is taken as it is.

    Raises:
        SerializationError: Something inside the value cannot be stored; `path` names it.
        UnsupportedError: The encoding is not registered.
    """
    data, _ = encode(value, name=name, encoding=encoding, codecs=codecs)
    return data if encoding != MSGPACK else _over(data, previous)


def _over(new: bytes, previous: bytes) -> bytes:
    """The bytes of a value as we write it, with the parts of `previous` that decode to the same."""
    if new == previous:
        return previous
    usual = _as_we_write(previous)
    if new == usual:
        return previous
    kind = type_name(new)
    # Where the previous value is spelled as we would, equal parts have equal bytes already.
    merge = _MERGERS.get(kind) if usual != previous and kind == type_name(previous) else None
    return new if merge is None else merge(new, previous)


def _as_we_write(data: bytes) -> bytes:
    """What makes equal values equal; empty for what can be read and not be written, such as a set of NaN twice."""
    try:
        return encode(unpack(data))[0]
    except SerializationError:
        return b""


def _map_over(new: bytes, previous: bytes) -> bytes:
    """Keys that were there keep their place and their bytes; new ones follow."""
    rest, kept = _entries(new), _entries(previous)
    merged = {
        key: _Entry(old.key_bytes, _over(rest.pop(key).value, old.value)) for key, old in kept.items() if key in rest
    } | rest
    if merged == kept:
        return previous
    return b"".join([Packer().pack_map_header(len(merged)), *chain.from_iterable(merged.values())])


def _list_over(new: bytes, previous: bytes) -> bytes:
    return _array(_items_over(_items(new), _items(previous)))


def _tuple_over(new: bytes, previous: bytes) -> bytes:
    items = _items_over(_items(_payload(new)), _items(_payload(previous)))
    return pack(ExtType(TUPLE, _array(items)))


def _items_over(new: list[bytes], previous: list[bytes]) -> list[bytes]:
    """Each item over the one at its place, unless it is equal to one of another place: that one has moved."""
    usual = [_as_we_write(item) for item in previous]
    elsewhere = dict(zip(reversed(usual), reversed(previous), strict=True))
    merged: list[bytes] = []
    for place, item in enumerate(new):
        if place < len(previous) and item == usual[place]:
            merged.append(previous[place])
        elif item in elsewhere:
            merged.append(elsewhere[item])
        else:
            merged.append(_over(item, previous[place]) if place < len(previous) else item)
    return merged


def _set_over(new: bytes, previous: bytes) -> bytes:
    """Elements that are one and the same in Python, such as 1 and 1.0, stay together."""
    alike: dict[object, list[bytes]] = {}
    for item in _items(_payload(previous)):
        alike.setdefault(unpack(item), []).append(item)
    kept = {_as_we_write(item): items for items in alike.values() for item in items}
    return pack(pack_set({data for item in _items(_payload(new)) for data in kept.get(item, [item])}))


_MERGERS: Final[dict[str, Callable[[bytes, bytes], bytes]]] = {
    "map": _map_over,
    "list": _list_over,
    "tuple": _tuple_over,
    "set": _set_over,
}


def _array(items: Sequence[bytes]) -> bytes:
    return b"".join([Packer().pack_array_header(len(items)), *items])


class _Entry(NamedTuple):
    key_bytes: bytes
    value: bytes


def _entries(data: bytes) -> dict[object, _Entry]:
    """The entries of a map by their keys."""
    unpacker = _reader(data)
    entries: dict[object, _Entry] = {}
    for _ in range(unpacker.read_map_header()):
        start = unpacker.tell()
        key = unpacker.unpack()
        middle = unpacker.tell()
        unpacker.skip()
        entries[key] = _Entry(data[start:middle], data[middle : unpacker.tell()])
    return entries


def _items(data: bytes) -> list[bytes]:
    """The items of an array."""
    unpacker = _reader(data)
    items: list[bytes] = []
    for _ in range(unpacker.read_array_header()):
        start = unpacker.tell()
        unpacker.skip()
        items.append(data[start : unpacker.tell()])
    return items


def _payload(data: bytes) -> bytes:
    """What is inside of an extension."""
    extension = _reader(data).unpack()
    return extension.data if isinstance(extension, ExtType) else b""


def _reader(data: bytes) -> Unpacker:
    unpacker = Unpacker(max_buffer_size=len(data))
    unpacker.feed(data)
    return unpacker
