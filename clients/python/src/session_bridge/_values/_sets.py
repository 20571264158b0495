"""Extension 8: a set is an array of its elements' encodings in ascending order, so that equal sets have equal bytes."""

import struct
from collections.abc import Iterable
from typing import Final, cast

from msgpack import ExtType

from ._extensions import SET

_CONTAINERS: Final = (dict, list, set, frozenset)


def is_set_item(value: object) -> bool:
    """Whether a value may be an element: not a container, unless it is a tuple of such values."""
    if isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        return not hasattr(items, "_fields") and all(map(is_set_item, items))
    return not isinstance(value, _CONTAINERS)


def pack_set(items: Iterable[bytes]) -> ExtType:
    """Makes the extension of encoded elements.

    Raises:
        ValueError: Two elements have the same bytes, such as two NaN.
    """
    ordered = sorted(items)
    count = len(ordered)
    if len(set(ordered)) != count:
        raise ValueError("a set holds two elements of the same bytes")
    head = (
        bytes([0x90 | count])
        if count < 16
        else struct.pack(">BH", 0xDC, count)
        if count < 65_536
        else struct.pack(">BI", 0xDD, count)
    )
    return ExtType(SET, head + b"".join(ordered))
