"""numpy arrays and scalars; conftest.py collects this file where numpy is installed."""

from importlib import import_module
from typing import Any

import pytest

from session_bridge._errors import SerializationError
from session_bridge._values import decode, encode

numpy: Any = import_module("numpy")


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "int16", "int32", "int64", "uint8", "uint64", "float32", "float64", ">i4", ">f8"]
)
def test_an_array_comes_back_in_little_endian_order(dtype: str) -> None:
    array = numpy.arange(6).reshape(2, 3).astype(dtype)
    for shaped in (array, array.T, array[:, ::2], array[0, 0:1].reshape(())):
        read: Any = decode(encode({"a": shaped})[0])
        assert numpy.array_equal(read["a"], shaped)
        assert read["a"].dtype == shaped.dtype.newbyteorder("<")
        assert read["a"].flags.writeable


def test_a_numpy_scalar_is_the_python_value() -> None:
    scalars = [
        numpy.float64(0.5),
        numpy.float32(0.5),
        numpy.int8(-3),
        numpy.uint64(2**64 - 1),
        numpy.bool_(True),
        numpy.str_("a"),
    ]
    assert decode(encode(scalars)[0]) == [0.5, 0.5, -3, 2**64 - 1, True, "a"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: numpy.array([object()]),
        lambda: numpy.array(["a"]),
        lambda: numpy.array([1j]),
        lambda: numpy.zeros(2, "float16"),
        lambda: numpy.ma.array([1], mask=[True]),
        lambda: numpy.datetime64("2024-01-01T00:00:00"),
        lambda: numpy.complex128(1),
        lambda: numpy.longdouble(1),
        lambda: numpy.zeros(1, [("a", "i4")]),
    ],
)
def test_an_array_of_another_dtype_is_refused_with_its_path(make: Any) -> None:
    with pytest.raises(SerializationError) as caught:
        encode({"a": [make()]}, name="v")
    assert caught.value.path == "v.a[0]"
