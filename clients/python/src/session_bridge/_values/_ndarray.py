"""Extension 9, numpy arrays. numpy is optional: nothing here imports it before an array is at hand."""

import sys
from collections.abc import Sequence
from importlib import import_module
from math import prod
from typing import Any, Final, cast

from msgpack import ExtType, packb, unpackb

from .._errors import UnsupportedError
from ._extensions import NDARRAY

_ITEM_SIZES: Final = {
    "|b1": 1,
    "|i1": 1,
    "<i2": 2,
    "<i4": 4,
    "<i8": 8,
    "|u1": 1,
    "<u2": 2,
    "<u4": 4,
    "<u8": 8,
    "<f4": 4,
    "<f8": 8,
}
_MAX_DIMENSIONS: Final = 32
_MAX_BYTES: Final = 2**31


def is_numpy(value: object) -> bool:
    """Whether the value's class comes from numpy, found without importing it."""
    return type(value).__module__.partition(".")[0] == "numpy" and "numpy" in sys.modules


def from_numpy(value: Any) -> object:
    """What a numpy object is written as: an array as an extension, a scalar as the Python object of the same value.

    Raises:
        ValueError: The array's class or dtype is not in the table.
    """
    numpy: Any = sys.modules["numpy"]
    if isinstance(value, numpy.generic):
        plain: object = value.item()
        if is_numpy(plain) or isinstance(plain, complex):
            raise ValueError(f"a numpy scalar of dtype {value.dtype} cannot be stored")
        return plain
    if type(value) is not numpy.ndarray and not isinstance(value, numpy.memmap):
        raise ValueError(f"{type(value)!r} cannot be stored")
    dtype = value.dtype.newbyteorder("<")
    if dtype.str not in _ITEM_SIZES:
        raise ValueError(f"an ndarray of dtype {value.dtype} cannot be stored")
    if value.ndim > _MAX_DIMENSIONS:
        raise ValueError(f"an ndarray of more than {_MAX_DIMENSIONS} dimensions cannot be stored")
    raw: bytes = value.astype(dtype, copy=False).tobytes(order="C")
    return ExtType(NDARRAY, packb([dtype.str, list(value.shape), raw]))


def check_ndarray(payload: bytes) -> tuple[str, Sequence[int], bytes]:
    """The dtype, shape and data of a payload.

    Raises:
        ValueError: The payload is not an ndarray of the dialect.
    """
    parts: object = unpackb(payload)
    if not isinstance(parts, list) or len(cast("list[object]", parts)) != 3:
        raise ValueError("an ndarray is an array of dtype, shape and data")
    dtype, shape, data = cast("list[object]", parts)
    if not isinstance(dtype, str) or dtype not in _ITEM_SIZES:
        raise ValueError("an ndarray has a dtype of the table")
    if not isinstance(shape, list) or not isinstance(data, bytes):
        raise ValueError("an ndarray has a list as its shape and bytes as its data")
    sizes = [size for size in cast("list[object]", shape) if type(size) is int and size >= 0]
    if len(sizes) != len(cast("list[object]", shape)) or len(sizes) > _MAX_DIMENSIONS:
        raise ValueError(f"an ndarray's shape is at most {_MAX_DIMENSIONS} integers that are not negative")
    item_size = _ITEM_SIZES[dtype]
    if item_size * prod(filter(None, sizes)) >= _MAX_BYTES or len(data) != item_size * prod(sizes):
        raise ValueError("an ndarray's data are as long as its shape says")
    if dtype == "|b1" and data.translate(None, b"\0\1"):
        raise ValueError("a boolean is 0 or 1")
    return dtype, sizes, data


def read_ndarray(payload: bytes) -> object:
    """Reads extension 9 into an array of its own, writable memory.

    Raises:
        ValueError: The payload is not an ndarray of the dialect.
        UnsupportedError: numpy is not installed.
    """
    dtype, shape, data = check_ndarray(payload)
    try:
        numpy: Any = import_module("numpy")
    except ImportError as error:
        raise UnsupportedError(
            "an ndarray needs the package numpy: pip install numpy", reason="MISSING_PACKAGE"
        ) from error
    return numpy.frombuffer(bytearray(data), dtype=dtype).reshape(shape)
