"""The scalar extensions 1 to 6: their payloads, written and strictly read.

Timestamps (-1) are msgpack's own: C code reads them.
"""

import re
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from msgpack import ExtType, Timestamp

TIMESTAMP: Final = -1
BIG_INTEGER: Final = 1
DECIMAL: Final = 2
UUID_CODE: Final = 3
DATE: Final = 4
TIME: Final = 5
DURATION: Final = 6
TUPLE: Final = 7
SET: Final = 8
NDARRAY: Final = 9

MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**64 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND = -62_135_596_800
_LAST_SECOND = 253_402_300_799
_SHORTEST_SECONDS = -86_399_999_913_600
_LONGEST_SECONDS = 86_399_999_999_999
_NANOS_A_SECOND = 1_000_000_000

_DIGITS = r"(?:0|[1-9][0-9]*)"
_DECIMAL_TEXT = re.compile(
    rf"-?(?:{_DIGITS}(?:\.[0-9]+)?|[0-9](?:\.[0-9]+)?E[+-](?:0|[1-9][0-9]{{0,17}})|Infinity|s?NaN[0-9]*)"
)
_DATE_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OFFSET = r"[+-](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_TIME_TEXT = re.compile(rf"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{6}})?(?:{_OFFSET})?")


def pack_timestamp(value: datetime) -> Timestamp:
    """The type of msgpack itself, which takes the shortest of its three forms; exact to the microsecond.

    Raises:
        ValueError: The datetime is naive, or is outside the years 1 to 9999 in UTC.
    """
    if value.utcoffset() is None:
        raise ValueError("a datetime without a timezone is not an instant: give it a tzinfo")
    since = value - _EPOCH
    seconds = since.days * 86_400 + since.seconds
    nanos = since.microseconds * 1000
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise ValueError("a timestamp is in the years 1 to 9999 of UTC")
    return Timestamp(seconds, nanos)


def check_timestamp(payload: bytes) -> None:
    """Raises ValueError for a payload that is not a timestamp of the dialect."""
    if len(payload) == 4:
        return
    if len(payload) == 8:
        (word,) = struct.unpack(">Q", payload)
        nanos, seconds = word >> 34, word & 0x3_FFFF_FFFF
    elif len(payload) == 12:
        nanos, seconds = struct.unpack(">Iq", payload)
    else:
        raise ValueError("a timestamp has 4, 8 or 12 bytes")
    if nanos >= _NANOS_A_SECOND or not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise ValueError("a timestamp is in the years 1 to 9999 and has less than 10**9 nanoseconds")


def pack_big_integer(value: int) -> ExtType:
    """An integer beyond 64 bits in the fewest bytes of two's complement."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return ExtType(BIG_INTEGER, value.to_bytes(size, "big", signed=True))


def read_big_integer(payload: bytes) -> int:
    """Reads extension 1."""
    value = int.from_bytes(payload, "big", signed=True)
    if MIN_INTEGER <= value <= MAX_INTEGER:
        raise ValueError("a big integer is beyond 64 bits")
    if len(payload) != (value if value >= 0 else ~value).bit_length() // 8 + 1:
        raise ValueError("a big integer has the fewest bytes")
    return value


def pack_decimal(value: Decimal) -> ExtType:
    """The text of a decimal, with its trailing zeros and signs."""
    text = str(value)
    if _DECIMAL_TEXT.fullmatch(text) is None:
        raise ValueError("a decimal's exponent has at most 18 digits")
    return ExtType(DECIMAL, text.encode("ascii"))


def read_decimal(payload: bytes) -> Decimal:
    """Reads extension 2."""
    text = payload.decode("ascii")
    if _DECIMAL_TEXT.fullmatch(text) is None:
        raise ValueError("not the text of a decimal")
    return Decimal(text)


def pack_uuid(value: UUID) -> ExtType:
    """The sixteen bytes of a uuid."""
    return ExtType(UUID_CODE, value.bytes)


def read_uuid(payload: bytes) -> UUID:
    """Reads extension 3."""
    return UUID(bytes=payload)


def pack_date(value: date) -> ExtType:
    """`YYYY-MM-DD`."""
    return ExtType(DATE, value.isoformat().encode("ascii"))


def read_date(payload: bytes) -> date:
    """Reads extension 4."""
    text = payload.decode("ascii")
    if _DATE_TEXT.fullmatch(text) is None:
        raise ValueError("a date is YYYY-MM-DD")
    return date.fromisoformat(text)


def pack_time(value: time) -> ExtType:
    """ISO text of a time, with its offset when that is fixed.

    Raises:
        ValueError: The offset depends on the day, or has a fraction of a second.
    """
    if value.tzinfo is not None and value.utcoffset() is None:
        raise ValueError("a time's timezone must have a fixed offset")
    text = value.isoformat()
    if _TIME_TEXT.fullmatch(text) is None:
        raise ValueError("a time's offset has no fraction of a second")
    return ExtType(TIME, text.encode("ascii"))


def read_time(payload: bytes) -> time:
    """Reads extension 5, which is always what `time.isoformat` writes."""
    text = payload.decode("ascii")
    value = time.fromisoformat(text) if _TIME_TEXT.fullmatch(text) else None
    if value is None or value.isoformat() != text:
        raise ValueError("a time is HH:MM:SS, .ffffff if not 0, and ±HH:MM or nothing")
    return value


def pack_duration(value: timedelta) -> ExtType:
    """Seconds rounded down, and the nanoseconds above them."""
    return ExtType(DURATION, struct.pack(">qI", value.days * 86_400 + value.seconds, value.microseconds * 1000))


def read_duration(payload: bytes) -> timedelta:
    """Reads extension 6; digits finer than a microsecond are cut."""
    if len(payload) != 12:
        raise ValueError("a duration has 12 bytes")
    seconds, nanos = struct.unpack(">qI", payload)
    if nanos >= _NANOS_A_SECOND or not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
        raise ValueError("a duration is at most 999,999,999 days and has less than 10**9 nanoseconds")
    return timedelta(seconds=seconds, microseconds=nanos // 1000)


READERS: Mapping[int, Callable[[bytes], object]] = {
    BIG_INTEGER: read_big_integer,
    DECIMAL: read_decimal,
    UUID_CODE: read_uuid,
    DATE: read_date,
    TIME: read_time,
    DURATION: read_duration,
}
