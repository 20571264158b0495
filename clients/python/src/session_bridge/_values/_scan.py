"""A strict reader of the pinned msgpack dialect: says which law a value's bytes break, without making the value.

The server scans every value that it takes; here the scanner finds the reason when the C codec could not read.
"""

from dataclasses import dataclass
from typing import Final, NoReturn

from ._extensions import BIG_INTEGER, NDARRAY, READERS, SET, TIMESTAMP, TUPLE, check_timestamp
from ._ndarray import check_ndarray

MAX_DEPTH: Final = 64
MAX_NODES: Final = 100_000

_REASONS = {"depth": "VALUE_TOO_DEEP", "nodes": "VALUE_TOO_COMPLEX"}
_TAGS: Final = {
    0xC0: "null",
    **dict.fromkeys((0xC2, 0xC3), "boolean"),
    **dict.fromkeys((0xC4, 0xC5, 0xC6), "bytes"),
    **dict.fromkeys((0xCA, 0xCB), "float"),
    **dict.fromkeys((0xD9, 0xDA, 0xDB), "string"),
    **dict.fromkeys((0xDC, 0xDD), "list"),
    **dict.fromkeys((0xDE, 0xDF), "map"),
}
_EXTENSIONS: Final = {
    -1: "timestamp",
    1: "big_integer",
    2: "decimal",
    3: "uuid",
    4: "date",
    5: "time",
    6: "duration",
    7: "tuple",
    8: "set",
    9: "ndarray",
}


class ScanError(ValueError):
    """Bytes that are not one value of the dialect.

    Attributes:
        rule: The law that they break, as in proto/vectors/README.md.
        reason: The reason that a server answers for it.
    """

    def __init__(self, rule: str, problem: str) -> None:
        """Names the law and says what is wrong."""
        super().__init__(problem)
        self.rule = rule
        self.reason = _REASONS.get(rule, "INVALID_VALUE")


def scan(data: bytes) -> str:
    """Checks that the bytes are one value of the dialect.

    Returns:
        The type name of the table in docs/values.md.

    Raises:
        ScanError: They are not; nothing is allocated by a declared length.
    """
    if not data:
        raise ScanError("empty", "a value has at least one byte")
    cursor = _Cursor(data, 0, len(data))
    cursor.value(0)
    if cursor.position != len(data):
        raise ScanError("trailing", "bytes follow the value")
    return type_name(data)


def type_name(data: bytes) -> str:
    """The type name of the table in docs/values.md, of bytes that were scanned."""
    lead = data[0]
    if lead in _TAGS:
        return _TAGS[lead]
    if lead in range(0xC7, 0xCA):
        code = data[1 + (1 << (lead - 0xC7))]
        return _EXTENSIONS[code - 256 if code > 127 else code]
    if lead in range(0xD4, 0xD9):
        return _EXTENSIONS[data[1] - 256 if data[1] > 127 else data[1]]
    if lead in range(0x80, 0x90):
        return "map"
    if lead in range(0x90, 0xA0):
        return "list"
    return "string" if lead in range(0xA0, 0xC0) else "integer"


@dataclass(slots=True)
class _Cursor:
    """Where the scan is; nothing at `end` or after it is read."""

    data: bytes
    position: int
    end: int
    nodes: int = 0
    in_set: bool = False

    def value(self, level: int) -> None:
        """Steps over one value that `level` containers enclose."""
        lead = self._byte()
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ScanError("nodes", f"the value holds more than {MAX_NODES} values")
        if lead < 0x80 or lead >= 0xE0:
            return
        if lead < 0x90:
            self._map(lead & 0x0F, level + 1)
        elif lead < 0xA0:
            self._array(lead & 0x0F, level + 1)
        elif lead < 0xC0:
            self._text(lead & 0x1F)
        else:
            self._tagged(lead, level)

    def _tagged(self, lead: int, level: int) -> None:
        """The values whose first byte is only a tag, 0xc0 to 0xdf."""
        if lead == 0xC1:
            raise ScanError("reserved", "the byte 0xc1 is reserved")
        if lead < 0xC4:
            return
        if lead < 0xC7:
            self._take(self._length(1 << (lead - 0xC4)))
        elif lead < 0xCA:
            self._extension(self._length(1 << (lead - 0xC7)), level)
        elif lead < 0xCC:
            self._take(4 << (lead - 0xCA))
        elif lead < 0xD4:
            self._take(1 << (lead & 3))
        elif lead < 0xD9:
            self._extension(1 << (lead - 0xD4), level)
        elif lead < 0xDC:
            self._text(self._length(1 << (lead - 0xD9)))
        elif lead < 0xDE:
            self._array(self._length(2 << (lead - 0xDC)), level + 1)
        else:
            self._map(self._length(2 << (lead - 0xDE)), level + 1)

    def _array(self, count: int, level: int) -> None:
        self._refuse_in_set()
        self._enter(count, level)
        for _ in range(count):
            self.value(level)

    def _map(self, count: int, level: int) -> None:
        self._refuse_in_set()
        self._enter(count * 2, level)
        keys: set[bytes] = set()
        for _ in range(count):
            key = self._key()
            if key in keys:
                raise ScanError("duplicate_key", "a map has the same key twice")
            keys.add(key)
            self.value(level)

    def _key(self) -> bytes:
        lead = self._byte()
        if lead in range(0xD9, 0xDC):
            return self._text(self._length(1 << (lead - 0xD9)))
        if lead not in range(0xA0, 0xC0):
            raise ScanError("reserved" if lead == 0xC1 else "key_type", "a map key is not a string")
        return self._text(lead & 0x1F)

    def _text(self, size: int) -> bytes:
        text = self._take(size)
        try:
            text.decode("utf-8")
        except UnicodeDecodeError:
            raise ScanError("utf8", "a string is not valid UTF-8") from None
        return text

    def _extension(self, size: int, level: int) -> None:
        code = int.from_bytes(self._take(1), signed=True)
        start = self.position
        self._take(size)
        if code != TIMESTAMP and code not in range(BIG_INTEGER, NDARRAY + 1):
            raise ScanError("unknown_extension", f"the extension code {code} is unknown")
        if code in (TUPLE, SET):
            end, self.end, self.position = self.end, self.position, start
            self._items(code, level + 1)
            self.end = end
            return
        if code == NDARRAY:
            self._refuse_in_set()
            self._enter(0, level + 1)
        _check_payload(code, self.data[start : self.position])

    def _items(self, code: int, level: int) -> None:
        """The array inside a tuple or set, which ends where the payload ends."""
        if code == SET:
            self._refuse_in_set()
        count = self._array_header()
        self._enter(count, level)
        outside, self.in_set = self.in_set, self.in_set or code == SET
        previous = b""
        for _ in range(count):
            start = self.position
            self.value(level)
            if code == SET:
                item = self.data[start : self.position]
                if item <= previous:
                    _refuse_payload("a set's elements are not distinct and sorted by their bytes")
                previous = item
        self.in_set = outside
        if self.position != self.end:
            _refuse_payload("bytes follow an extension's array")

    def _array_header(self) -> int:
        lead = self._byte() if self.position < self.end else 0
        if lead in range(0x90, 0xA0):
            return lead & 0x0F
        if lead not in (0xDC, 0xDD):
            _refuse_payload("the payload of a tuple or set is not an array")
        return self._length(2 << (lead - 0xDC))

    def _enter(self, parts: int, level: int) -> None:
        """Refuses a container that is too deep, or that counts more parts than bytes are left."""
        if level > MAX_DEPTH:
            raise ScanError("depth", f"the value is nested more than {MAX_DEPTH} levels deep")
        if parts > self.end - self.position:
            _refuse_cut()

    def _refuse_in_set(self) -> None:
        if self.in_set:
            _refuse_payload("a set holds something other than scalars and tuples")

    def _byte(self) -> int:
        return self._take(1)[0]

    def _length(self, width: int) -> int:
        return int.from_bytes(self._take(width))

    def _take(self, size: int) -> bytes:
        start = self.position
        if size > self.end - start:
            _refuse_cut()
        self.position = start + size
        return self.data[start : self.position]


def _check_payload(code: int, payload: bytes) -> None:
    try:
        if code == TIMESTAMP:
            check_timestamp(payload)
        elif code == NDARRAY:
            check_ndarray(payload)
        else:
            READERS[code](payload)
    except (ValueError, ArithmeticError) as error:
        raise ScanError("extension_payload", str(error)) from None


def _refuse_payload(problem: str) -> NoReturn:
    raise ScanError("extension_payload", problem)


def _refuse_cut() -> NoReturn:
    raise ScanError("truncated", "the bytes of a value end in its middle")
