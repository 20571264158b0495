"""The rows of rejects.json: each breaks one rule."""

import struct
from typing import Any

import msgpack_forms as mp

Row = dict[str, Any]

REASONS = {"depth": "VALUE_TOO_DEEP", "nodes": "VALUE_TOO_COMPLEX"}


def rows_of(rule: str, cases: dict[str, bytes | str]) -> list[Row]:
    """Rows of one rule; bytes given as text are in the bytes notation already."""
    reason = REASONS.get(rule, "INVALID_VALUE")
    return [
        {"name": f"{rule}: {name}", "bytes": data if isinstance(data, str) else mp.text(data), "reason": reason, "rule": rule}
        for name, data in cases.items()
    ]


def header_rows() -> list[Row]:
    """Bytes that end too early, or too late."""
    truncated = {
        "uint8": "cc",
        "uint16": "cd 01",
        "uint32": "ce 010203",
        "uint64": "cf 01020304050607",
        "int8": "d0",
        "int16": "d1 80",
        "int32": "d2 800000",
        "int64": "d3 80000000000000",
        "float32": "ca 3f8000",
        "float64": "cb 3ff00000000000",
        "fixstr": "a3 6162",
        "fixstr without bytes": "a1",
        "str8 without a length": "d9",
        "str8": "d9 03 6162",
        "str16 without a length": "da 00",
        "str16": "da 0003 6162",
        "str32 without a length": "db 000000",
        "str32": "db 00000003 6162",
        "bin8 without a length": "c4",
        "bin8": "c4 03 6162",
        "bin16 without a length": "c5 00",
        "bin16": "c5 0003 6162",
        "bin32 without a length": "c6 000000",
        "bin32": "c6 00000003 6162",
        "fixarray": "92 01",
        "array16 without a length": "dc 00",
        "array16": "dc 0002 01",
        "array32 without a length": "dd 000000",
        "array32": "dd 00000002 01",
        "fixmap without a key": "81",
        "fixmap without a value": "81 a161",
        "map16 without a length": "de 00",
        "map16": "de 0001 a161",
        "map32 without a length": "df 000000",
        "map32": "df 00000001 a161",
        "a key": "81 a3 61",
        "a nested list": "81 a161 92 01",
        "fixext1": "d4 ff",
        "fixext2": "d5 01 01",
        "fixext4 without a code": "d6",
        "fixext4": "d6 ff 000000",
        "fixext8": "d7 ff 00000000",
        "fixext16": "d8 03 00112233",
        "ext8 without a length": "c7",
        "ext8 without a code": "c7 0c",
        "ext8": "c7 0c ff 00000000",
        "ext16 without a length": "c8 00",
        "ext16": "c8 000c ff 00",
        "ext32 without a length": "c9 000000",
        "ext32": "c9 0000000c ff 00",
        "str32 that claims 4 GiB": "db ffffffff 61",
        "bin32 that claims 4 GiB": "c6 ffffffff 00",
        "array32 that claims 4 Gi items": "dd ffffffff c0",
        "map32 that claims 4 Gi entries": "df ffffffff a161 c0",
        "ext32 that claims 4 GiB": "c9 ffffffff 01 00",
        "a list that claims 4 Gi items inside a list": "91 dd ffffffff c0",
        "an item inside a tuple": "c7 02 07 91a1",
        "an item inside a set": "c7 02 08 91a1",
        "a list inside a tuple": "d5 07 9192",
    }
    trailing: dict[str, bytes | str] = {
        "nil after nil": "c0 c0",
        "a byte after an integer": "01 00",
        "a byte after a string": "a161 00",
        "a byte after a list": "9101 00",
        "a map after a map": "80 80",
        "a reserved byte after nil": "c0 c1",
        "a byte after an extension": "d8 03 00112233445566778899aabbccddeeff 00",
    }
    reserved: dict[str, bytes | str] = {
        "alone": "c1",
        "in a list": "92 01 c1",
        "in a map": "81 a161 c1",
        "in a tuple": "d5 07 91c1",
        "deep": "91*20 c1",
    }
    return [
        *rows_of("empty", {"no bytes at all": ""}),
        *rows_of("truncated", {**truncated}),
        *rows_of("trailing", trailing),
        *rows_of("reserved", reserved),
    ]


def text_rows() -> list[Row]:
    """Strings and keys."""
    broken = {
        "a lone continuation byte": "80",
        "an overlong slash": "c0af",
        "an overlong NUL": "c080",
        "an overlong of three bytes": "e0809f",
        "an overlong of four bytes": "f0808080",
        "a high surrogate": "eda080",
        "a low surrogate": "edbfbf",
        "a pair of surrogates": "eda080edb080",
        "above U+10FFFF": "f4908080",
        "five bytes": "f888808080",
        "a byte 0xff": "ff",
        "two bytes cut": "c3",
        "three bytes cut": "e282",
        "four bytes cut": "f09f98",
        "Latin-1": "636166e9",
        "cut in the middle": "61e28261",
    }
    cases: dict[str, bytes | str] = {name: mp.string_heads(len(data) // 2)[0] + bytes.fromhex(data) for name, data in broken.items()}
    cases |= {
        "in a key": "81 a1ff 01",
        "in a nested key": "91 81 a2c0af 01",
        "in a list": "91 a1ff",
        "in str8": "d9 01 ff",
        "in str16": "da 0001 ff",
        "in str32": "db 00000001 ff",
        "in a tuple": "c7 03 07 91a1ff",
        "at the end of a long string": "da 0400 61*1023 c3",
    }
    keys: dict[str, bytes | str] = {
        "integer": "81 01 01",
        "nil": "81 c0 01",
        "boolean": "81 c3 01",
        "float": "81 cb3ff8000000000000 01",
        "bin": "81 c40161 01",
        "array": "81 90 01",
        "map": "81 80 01",
        "uuid": "81 d803 00112233445566778899aabbccddeeff 01",
        "the second of two": "82 a161 01 02 01",
        "nested": "91 81 01 01",
    }
    twice: dict[str, bytes | str] = {
        "side by side": "82 a161 01 a161 02",
        "apart": "83 a161 01 a162 02 a161 03",
        "in two headers": "82 a161 01 d90161 02",
        "empty keys": "82 a0 01 a0 02",
        "__proto__": mp.map_heads(2)[0] + (mp.string("__proto__")[0] + b"\1") * 2,
        "nested": "91 82 a161 01 a161 01",
        "in a map in a tuple": "c7 08 07 91 82 a161 01 a161 01",
    }
    many = [(f"k{index:03}", b"\xc0") for index in range(300)]
    twice["first and last of 301"] = mp.map_heads(301)[0] + mp.mapping(*many, many[0])[3:]
    return [*rows_of("utf8", cases), *rows_of("key_type", keys), *rows_of("duplicate_key", twice)]


def extension_rows() -> list[Row]:
    """Unknown extensions, and payloads that do not fit their extension."""
    unknown = {f"code {code}": mp.extension(code, b"\0")[0] for code in (0, 10, 11, 42, 127, -2, -3, -128)}
    unknown["in a list"] = b"\x91" + mp.extension(10, b"")[0]
    unknown["in a tuple"] = mp.extension(7, b"\x91" + mp.extension(-2, b"\0")[0])[0]
    payloads: dict[str, tuple[int, bytes]] = {
        "timestamp of no bytes": (-1, b""),
        "timestamp of 5 bytes": (-1, bytes(5)),
        "timestamp of 16 bytes": (-1, bytes(16)),
        "timestamp 64 with 10^9 nanoseconds": (-1, struct.pack(">Q", 10**9 << 34)),
        "timestamp 96 with 10^9 nanoseconds": (-1, struct.pack(">Iq", 10**9, 0)),
        "timestamp 96 with 2^32 - 1 nanoseconds": (-1, struct.pack(">Iq", 2**32 - 1, 0)),
        "timestamp before year 1": (-1, struct.pack(">Iq", 0, -62135596801)),
        "timestamp after year 9999": (-1, struct.pack(">Iq", 0, 253402300800)),
        "timestamp at -2^63": (-1, struct.pack(">Iq", 0, -(2**63))),
        "big integer of no bytes": (1, b""),
        "big integer zero": (1, b"\0"),
        "big integer 2^64 - 1": (1, (2**64 - 1).to_bytes(9, "big")),
        "big integer -2^63": (1, (-(2**63)).to_bytes(8, "big", signed=True)),
        "big integer 2^63 in 8 bytes and a sign": (1, (2**63).to_bytes(9, "big")),
        "big integer with a needless zero byte": (1, (2**64).to_bytes(10, "big")),
        "big integer with a needless ff byte": (1, (-(2**64)).to_bytes(10, "big", signed=True)),
        "decimal of no bytes": (2, b""),
        "decimal text": (2, b"abc"),
        "decimal with a space": (2, b" 1"),
        "decimal with a newline": (2, b"1\n"),
        "decimal with underscores": (2, b"1_000"),
        "decimal with a comma": (2, b"1,5"),
        "decimal with a plus": (2, b"+1"),
        "decimal with two points": (2, b"1.2.3"),
        "decimal without digits": (2, b"."),
        "decimal without a whole part": (2, b".5"),
        "decimal without a fraction": (2, b"1."),
        "decimal with a lower case e": (2, b"1e5"),
        "decimal with an exponent without sign": (2, b"1E5"),
        "decimal with an empty exponent": (2, b"1E+"),
        "decimal with a leading zero": (2, b"01"),
        "decimal with two digits before the point and an exponent": (2, b"10.5E+3"),
        "decimal with an exponent of 19 digits": (2, b"1E+1000000000000000000"),
        "decimal inf": (2, b"inf"),
        "decimal nan": (2, b"nan"),
        "decimal in Arabic digits": (2, "١".encode()),
        "decimal with NUL": (2, b"1\0"),
        "uuid of 15 bytes": (3, bytes(15)),
        "uuid of 17 bytes": (3, bytes(17)),
        "uuid of no bytes": (3, b""),
        "uuid as text": (3, b"00112233-4455-6677-8899-aabbccddeeff"),
        "date of no bytes": (4, b""),
        "29 February 2023": (4, b"2023-02-29"),
        "29 February 1900": (4, b"1900-02-29"),
        "30 February": (4, b"2024-02-30"),
        "month 13": (4, b"2024-13-01"),
        "month 0": (4, b"2024-00-01"),
        "day 0": (4, b"2024-01-00"),
        "31 April": (4, b"2024-04-31"),
        "year 0": (4, b"0000-01-01"),
        "year 10000": (4, b"10000-01-01"),
        "a negative year": (4, b"-001-01-01"),
        "a short date": (4, b"2024-1-1"),
        "a basic date": (4, b"20240101"),
        "a week date": (4, b"2024-W01-1"),
        "a date with a time": (4, b"2024-01-01T00:00:00"),
        "a date with a newline": (4, b"2024-01-01\n"),
        "time of no bytes": (5, b""),
        "25:00": (5, b"25:00:00"),
        "24:00": (5, b"24:00:00"),
        "minute 60": (5, b"12:60:00"),
        "second 60": (5, b"23:59:60"),
        "a time without seconds": (5, b"12:30"),
        "a fraction of three digits": (5, b"12:30:00.500"),
        "a fraction of nine digits": (5, b"12:30:00.500000000"),
        "a fraction of zeros": (5, b"12:30:00.000000"),
        "a fraction with a comma": (5, b"12:30:00,500000"),
        "offset Z": (5, b"12:30:00Z"),
        "offset -00:00": (5, b"12:30:00-00:00"),
        "offset +24:00": (5, b"12:30:00+24:00"),
        "offset without minutes": (5, b"12:30:00+02"),
        "offset with zero seconds": (5, b"12:30:00+02:00:00"),
        "offset minute 60": (5, b"12:30:00+01:60"),
        "time junk": (5, b"12:30:00 pm"),
        "duration of no bytes": (6, b""),
        "duration of 8 bytes": (6, bytes(8)),
        "duration of 16 bytes": (6, bytes(16)),
        "duration with 10^9 nanoseconds": (6, struct.pack(">qI", 0, 10**9)),
        "duration too long": (6, struct.pack(">qI", 86_400_000_000_000, 0)),
        "duration too negative": (6, struct.pack(">qI", -86_399_999_913_601, 999_999_999)),
        "tuple of no bytes": (7, b""),
        "tuple that is an integer": (7, b"\1"),
        "tuple that is a map": (7, b"\x80"),
        "tuple with a byte after its array": (7, b"\x90\0"),
        "set of no bytes": (8, b""),
        "set that is a string": (8, b"\xa1a"),
        "set with a byte after its array": (8, b"\x90\0"),
        "set unsorted": (8, b"\x92\2\1"),
        "set with a duplicate": (8, b"\x92\1\1"),
        "set of strings unsorted": (8, b"\x92\xa1b\xa1a"),
        "set sorted by value, not by bytes": (8, b"\x92\xff\1"),
        "set with a list": (8, b"\x91\x90"),
        "set with a map": (8, b"\x91\x80"),
        "set with a set": (8, b"\x91" + mp.extension(8, b"\x90")[0]),
        "set with a tuple with a list": (8, b"\x91" + mp.extension(7, b"\x91\x90")[0]),
        "set with a tuple with a set": (8, b"\x91" + mp.extension(7, b"\x91" + mp.extension(8, b"\x90")[0])[0]),
        "set with an ndarray": (8, b"\x91" + mp.ndarray("|u1", [1], b"\1")),
        "ndarray of no bytes": (9, b""),
        "ndarray that is a map": (9, b"\x80"),
        "ndarray of two parts": (9, bytes.fromhex("92a37c75319101")),
        "ndarray of four parts": (9, bytes.fromhex("94a37c75319101c40101c0")),
        "ndarray with a byte after its array": (9, bytes.fromhex("93a37c75319101c4010100")),
        "ndarray with a list as dtype": (9, bytes.fromhex("93909101c40101")),
        "ndarray with an integer as shape": (9, bytes.fromhex("93a37c753101c40101")),
        "ndarray with a string as data": (9, bytes.fromhex("93a37c75319101a161")),
        "ndarray with a float in its shape": (9, bytes.fromhex("93a37c753191cb3ff0000000000000c40101")),
    }
    arrays: dict[str, tuple[str, list[int], bytes]] = {
        "too little data": ("<i4", [2], bytes(7)),
        "too much data": ("<i4", [2], bytes(9)),
        "no data": ("<f8", [1], b""),
        "a negative dimension": ("|u1", [-1], b"\0"),
        "objects": ("|O", [1], bytes(8)),
        "big-endian": (">i4", [1], bytes(4)),
        "native order": ("=i4", [1], bytes(4)),
        "complex": ("<c16", [1], bytes(16)),
        "half floats": ("<f2", [1], bytes(2)),
        "text": ("<U1", [1], bytes(4)),
        "a long name": ("float64", [1], bytes(8)),
        "a structure": ("|V8", [1], bytes(8)),
        "no dtype": ("", [1], b""),
        "a boolean of 2": ("|b1", [2], b"\1\2"),
        "33 dimensions": ("|u1", [1] * 33, b"\0"),
        "an empty array of 2^64 columns": ("|u1", [0, 2**64 - 1], b""),
        "dimensions that overflow": ("<f8", [2**32, 2**32], b""),
        "an empty array of 2^31 columns": ("|u1", [0, 2**31], b""),
    }
    wrong = {name: mp.extension(code, data)[0] for name, (code, data) in payloads.items()}
    wrong |= {f"ndarray, {name}": mp.ndarray(*parts) for name, parts in arrays.items()}
    wrong["a wrong payload in a list"] = b"\x91" + mp.extension(3, bytes(15))[0]
    return [*rows_of("unknown_extension", {**unknown}), *rows_of("extension_payload", {**wrong})]


def size_rows() -> list[Row]:
    """One level or one node too many."""
    tuples, mixed = mp.extension(7, b"\x90")[0], b"\x80"
    for level in range(64):
        tuples = mp.extension(7, mp.array(tuples))[0]
        mixed = (mp.array(mixed), mp.mapping(("k", mixed)), mp.extension(7, mp.array(mixed))[0])[level % 3]
    deep: dict[str, bytes | str] = {
        "65 lists": "91*64 90",
        "65 lists around nil": "91*65 c0",
        "65 maps": "81a16b*64 80",
        "65 tuples": tuples,
        "65 of all kinds": mixed,
        "64 lists around a set": "91*64 d408 90",
        "64 lists around an ndarray": b"\x91" * 64 + mp.ndarray("|u1", [1], b"\1"),
        "64 lists around a set of nothing but nil": "91*64 d508 91c0",
        "65 lists in the second item": "92 01 91*63 90",
        "10,000 lists": "91*9999 90",
        "1,000,000 lists": "91*999999 90",
    }
    half = b"\xdd" + struct.pack(">I", 49_999) + b"\xc0" * 49_999
    many: dict[str, bytes | str] = {
        "100,001 in one list": "dd000186a0 c0*100000",
        "100,001 in two lists": b"\x92" + half * 2,
        "100,001 in lists of one": "dd0000c350 91c0*50000",
        "100,001 in maps of one": "dd0000c350 81a16bc0*50000",
        "100,001 in a tuple": mp.extension(7, b"\xdd" + struct.pack(">I", 100_000) + b"\xc0" * 100_000)[0],
    }
    return [*rows_of("depth", deep), *rows_of("nodes", many)]


def rejects() -> list[Row]:
    """Every row, in order."""
    return [*header_rows(), *text_rows(), *extension_rows(), *size_rows()]
