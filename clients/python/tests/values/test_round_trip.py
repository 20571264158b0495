"""Python to Python is lossless: generated values come back equal in type and value."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from session_bridge._values import DEFAULT_CODECS, decode, decode_packed, encode, encode_packed, scan
from session_bridge._values._plain import plain

from .notation import same

OFFSETS = st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
INSTANTS = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=OFFSETS)
ELEMENTS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(-(2**70), 2**70),
    st.text(),
    st.binary(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.dates(),
    st.times(timezones=st.none() | OFFSETS),
    st.timedeltas(),
)
SCALARS: st.SearchStrategy[Any] = ELEMENTS | st.booleans() | st.floats() | st.decimals(allow_nan=True)
SETS: st.SearchStrategy[Any] = st.sets(ELEMENTS | st.tuples(st.integers(), st.text()), max_size=8)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | SETS,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(st.text(), inner, max_size=6)
        | st.lists(inner, max_size=4).map(tuple)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_a_value_comes_back_equal_in_type_and_value(value: Any) -> None:
    data, encoding = encode(value)
    assert encoding == ""
    assert same(decode(data, encoding), value)


@given(VALUES)
def test_what_is_written_is_of_the_dialect(value: Any) -> None:
    scan(encode(value)[0])


@given(VALUES)
def test_the_slow_walk_and_the_fast_path_write_the_same(value: Any) -> None:
    from session_bridge._values._codec import pack

    assert pack(plain(value, "value", DEFAULT_CODECS)) == encode(value)[0]


@given(st.dictionaries(st.text(), VALUES, max_size=20))
def test_a_packed_map_is_the_concatenation_of_its_values(values: dict[str, Any]) -> None:
    data = encode_packed(values)
    for value in values.values():
        assert encode(value)[0] in data
    read, errors = decode_packed(data)
    assert errors == {}
    assert list(read) == list(values)
    assert same(read, values)


@given(INSTANTS)
def test_an_aware_datetime_comes_back_as_the_same_instant_in_utc(instant: datetime) -> None:
    read = decode(encode(instant)[0])
    assert isinstance(read, datetime)
    assert (read, read.tzinfo) == (instant, UTC)


@given(st.binary(max_size=64))
def test_any_bytes_either_scan_and_decode_or_neither_crashes(data: bytes) -> None:
    from session_bridge._errors import DataLossError, UnsupportedError
    from session_bridge._values import ScanError

    try:
        scan(data)
    except ScanError:
        accepted = False
    else:
        accepted = True
    try:
        decode(data)
    except DataLossError:
        assert not accepted
    except UnsupportedError:
        pass


def test_a_decimal_keeps_its_digits_and_sign() -> None:
    for text in ("1.10", "-0E+5", "sNaN12", "1E+28"):
        read = decode(encode(Decimal(text))[0])
        assert isinstance(read, Decimal)
        assert str(read) == text
