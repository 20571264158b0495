"""The accepted encodings of each msgpack type, written out by hand so that no codec judges itself.

Every function gives all forms that the dialect accepts, the shortest first.
"""

import struct
from collections.abc import Sequence

MIB = 1_048_576


def integer(number: int) -> list[bytes]:
    """Every integer form that holds the number."""
    forms: list[bytes] = []
    if -32 <= number <= 127:
        forms.append(struct.pack(">b", number))
    signed = [
        struct.pack(f">B{code}", head, number)
        for head, code, bits in ((0xD0, "b", 8), (0xD1, "h", 16), (0xD2, "i", 32), (0xD3, "q", 64))
        if -(1 << (bits - 1)) <= number < 1 << (bits - 1)
    ]
    unsigned = [
        struct.pack(f">B{code}", head, number)
        for head, code, bits in ((0xCC, "B", 8), (0xCD, "H", 16), (0xCE, "I", 32), (0xCF, "Q", 64))
        if 0 <= number < 1 << bits
    ]
    return forms + unsigned + signed


def float64(number: float) -> bytes:
    """The eight byte form."""
    return struct.pack(">Bd", 0xCB, number)


def float32(number: float) -> bytes:
    """The four byte form."""
    return struct.pack(">Bf", 0xCA, number)


def _headed(size: int, fixed: tuple[int, int] | None, wide: Sequence[tuple[int, str]]) -> list[bytes]:
    forms: list[bytes] = []
    if fixed is not None and size < fixed[1]:
        forms.append(bytes([fixed[0] | size]))
    widths = {"B": 8, "H": 16, "I": 32}
    forms += [struct.pack(f">B{code}", head, size) for head, code in wide if size < 1 << widths[code]]
    return forms


def string_heads(size: int) -> list[bytes]:
    """Headers of a string of `size` bytes."""
    return _headed(size, (0xA0, 32), ((0xD9, "B"), (0xDA, "H"), (0xDB, "I")))


def binary_heads(size: int) -> list[bytes]:
    """Headers of `size` bytes."""
    return _headed(size, None, ((0xC4, "B"), (0xC5, "H"), (0xC6, "I")))


def array_heads(count: int) -> list[bytes]:
    """Headers of an array of `count` items."""
    return _headed(count, (0x90, 16), ((0xDC, "H"), (0xDD, "I")))


def map_heads(count: int) -> list[bytes]:
    """Headers of a map of `count` entries."""
    return _headed(count, (0x80, 16), ((0xDE, "H"), (0xDF, "I")))


def string(text: str) -> list[bytes]:
    """Every form of a text."""
    data = text.encode()
    return [head + data for head in string_heads(len(data))]


def binary(data: bytes) -> list[bytes]:
    """Every form of some bytes."""
    return [head + data for head in binary_heads(len(data))]


def array(*items: bytes) -> bytes:
    """The shortest form of an array of encoded items."""
    return array_heads(len(items))[0] + b"".join(items)


def mapping(*entries: tuple[str, bytes]) -> bytes:
    """The shortest form of a map of encoded values."""
    return map_heads(len(entries))[0] + b"".join(string(key)[0] + value for key, value in entries)


def extension(code: int, payload: bytes) -> list[bytes]:
    """Every form of an extension."""
    size = len(payload)
    fixed = {1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}.get(size)
    forms = [] if fixed is None else [struct.pack(">Bb", fixed, code) + payload]
    heads = _headed(size, None, ((0xC7, "B"), (0xC8, "H"), (0xC9, "I")))
    return forms + [head + struct.pack(">b", code) + payload for head in heads]


def timestamp(seconds: int, nanos: int) -> list[bytes]:
    """The 32, 64 and 96 bit forms that hold the instant."""
    forms: list[bytes] = []
    if nanos == 0 and 0 <= seconds < 1 << 32:
        forms += extension(-1, struct.pack(">I", seconds))[:1]
    if 0 <= seconds < 1 << 34:
        forms += extension(-1, struct.pack(">Q", nanos << 34 | seconds))[:1]
    return forms + extension(-1, struct.pack(">Iq", nanos, seconds))[:1]


def big_integer(number: int) -> bytes:
    """Extension 1 with the fewest bytes."""
    size = ((number if number >= 0 else ~number).bit_length() + 8) // 8
    return extension(1, number.to_bytes(size, "big", signed=True))[0]


def ndarray(dtype: str, shape: Sequence[int], data: bytes) -> bytes:
    """Extension 9 of `[dtype, shape, data]`."""
    dimensions = array(*(integer(size)[0] for size in shape))
    return extension(9, array(string(dtype)[0], dimensions, binary(data)[0]))[0]


def text(data: bytes) -> str:
    """The bytes notation: hex, with long runs of one byte as `xx*count`."""
    tokens: list[str] = []
    position = 0
    plain = 0
    while position < len(data):
        end = position
        while end < len(data) and data[end] == data[position]:
            end += 1
        if end - position >= 16:
            tokens += [data[plain:position].hex()] if plain < position else []
            tokens.append(f"{data[position]:02x}*{end - position}")
            plain = end
        position = end
    tokens += [data[plain:].hex()] if plain < len(data) else []
    return " ".join(tokens)
