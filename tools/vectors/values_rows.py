"""The rows of values.json."""

import struct
from collections.abc import Iterable
from typing import Any

import msgpack_forms as mp

Value = dict[str, Any]
Row = dict[str, Any]

NO_TUPLES = "TypeScript reads a tuple as an array"
NO_FLOATS = "a number does not tell 1.0 from 1"


def row(name: str, value: Value, encodings: Iterable[bytes], **views: dict[str, Any]) -> Row:
    """One row; the type is the key of the value unless a view says otherwise."""
    (kind,) = value.keys()
    type_name = value["nested"]["kind"] if kind == "nested" else kind
    return {"name": name, "type": type_name, "encodings": [mp.text(one) for one in encodings], "value": value, **views}


def integer(number: int) -> Value:
    """An integer inside 64 bits."""
    return {"integer": str(number)}


def lists(*items: Value) -> Value:
    """A list."""
    return {"list": list(items)}


def strings(text: str) -> Value:
    """A string."""
    return {"string": text}


def writes(reason: str, reads: Value, *encodings: bytes) -> dict[str, Any]:
    """A lossy view that reads another value and writes that back."""
    return {"lossy": reason, "reads": reads, "writes": [mp.text(one) for one in encodings]}


def scalar_rows() -> list[Row]:
    """Null, booleans and integers."""
    rows = [
        row("null", {"null": True}, [b"\xc0"]),
        row("false", {"boolean": False}, [b"\xc2"]),
        row("true", {"boolean": True}, [b"\xc3"]),
    ]
    edges = [0, 1, 2, 31, 32, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32]
    edges += [2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 1]
    edges += [-1, -31, -32, -33, -127, -128, -129, -255, -256, -32768, -32769, -65536, -(2**31), -(2**31) - 1]
    edges += [-(2**32), -(2**53) + 1, -(2**53), -(2**53) - 1, -(2**63) + 1, -(2**63)]
    rows += [row(f"integer {number}", integer(number), mp.integer(number)) for number in edges]
    big = {"2^64": 2**64, "2^64+1": 2**64 + 1, "2^71-1": 2**71 - 1, "2^71": 2**71, "10^40": 10**40, "2^1024": 2**1024}
    big |= {"-2^63-1": -(2**63) - 1, "-2^64": -(2**64), "-2^71": -(2**71), "-2^71-1": -(2**71) - 1, "-10^40": -(10**40)}
    rows += [row(f"big integer {name}", {"big_integer": str(n)}, [mp.big_integer(n)]) for name, n in big.items()]
    payload = (2**64).to_bytes(9, "big", signed=True)
    rows.append(row("big integer, every header", {"big_integer": str(2**64)}, mp.extension(1, payload)))
    return rows


def float_rows() -> list[Row]:
    """Floats: the specials, the edges, the narrow form, and the whole ones that TypeScript writes as integers."""
    rows: list[Row] = []
    exact = ["0.1", "-0.1", "0.5", "1.5", "-2.75", "3.141592653589793", "5e-324", "-5e-324", "2.2250738585072014e-308"]
    exact += ["2.225073858507201e-308", "1.7976931348623157e+308", "-1.7976931348623157e+308", "1e+22", "1e+300"]
    exact += ["9007199254740992.0", "9007199254740994.0", "-9007199254740992.0", "18446744073709551616.0", "1e-07"]
    exact += ["-0.0", "inf", "-inf", "1.401298464324817e-45", "3.4028234663852886e+38"]
    for name in exact:
        number = float(name)
        forms = [mp.float64(number)]
        if abs(number) < 3.5e38 or abs(number) == float("inf"):
            narrow = mp.float32(number)
            forms += [narrow] if struct.unpack(">f", narrow[1:])[0] == number else []
        rows.append(row(f"float {name}", {"float": name}, forms))
    nans = ["cb7ff8000000000000", "ca7fc00000", "cbfff8000000000000", "cb7ff8000000000001", "cb7fffffffffffffff"]
    rows.append(row("float nan", {"float": "nan"}, [bytes.fromhex(one) for one in nans]))
    for name in ["0.0", "1.0", "-1.0", "2.0", "100.0", "4294967296.0", "9007199254740991.0", "-9007199254740991.0"]:
        number = float(name)
        narrow = mp.float32(number)
        forms = [mp.float64(number)] + ([narrow] if struct.unpack(">f", narrow[1:])[0] == number else [])
        whole = int(number)
        view = writes(NO_FLOATS, integer(whole), *mp.integer(whole))
        rows.append(row(f"whole float {name}", {"float": name}, forms, typescript=view))
    return rows


def text_rows() -> list[Row]:
    """Strings and bytes."""
    texts = {
        "empty": "",
        "ascii": "hello",
        "NUL inside": "a\0b",
        "every control character": "".join(map(chr, range(32))) + "\x7f",
        "two byte characters": "é ß Ж ؠ",
        "three byte characters": "€ 漢字 ह",
        "non-BMP": "😀𝒳𐍈",
        "highest code point": "\U0010ffff",
        "last before the surrogates": "\ud7ff\ue000",
        "noncharacter U+FFFF": "\uffff",
        "replacement character": "\ufffd",
        "byte order mark": "\ufeffa",
        "combining, decomposed": "e\u0301",
        "combining, composed": "\u00e9",
        "right to left and joiners": "\u202eabc\u200d\u200f",
        "family of joiners": "👩‍👩‍👧‍👦",
        "line separators": "a\r\nb\u2028c\u2029",
        "looks like a number": "1.0",
        "__proto__": "__proto__",
        "255 bytes of three": "漢" * 85,
    }
    rows = [row(f"string, {name}", strings(text), mp.string(text)) for name, text in texts.items()]
    for count in (31, 32, 255, 256, 65535, 65536, mp.MIB - 5):
        name = "a string of 1 MiB encoded" if count > 65536 else f"string of {count} bytes"
        forms = mp.string("a" * count)
        rows.append(row(name, {"string": {"repeat": "a", "count": count}}, forms))
    forms = mp.string("😀" * 16384)
    rows.append(row("string of 65536 bytes of four", {"string": {"repeat": "😀", "count": 16384}}, forms))
    rows[-1]["encodings"] = [f"{head.hex()} f09f9880*16384" for head in mp.string_heads(65536)]
    aliases = {"aliases": {"bytearray": "reads as bytes", "memoryview": "reads as bytes"}}
    rows.append(row("bytes, empty", {"bytes": ""}, mp.binary(b""), python=aliases))
    rows.append(row("bytes", {"bytes": "00ff80c1"}, mp.binary(b"\0\xff\x80\xc1"), python=aliases))
    rows.append(row("bytes that are not UTF-8", {"bytes": "c080eda080"}, mp.binary(b"\xc0\x80\xed\xa0\x80")))
    rows.append(row("bytes, each value", {"bytes": bytes(range(256)).hex()}, mp.binary(bytes(range(256)))))
    for count in (31, 32, 255, 256, 65535, 65536, mp.MIB - 5):
        name = "1 MiB of bytes, encoded" if count > 65536 else f"{count} bytes"
        rows.append(row(name, {"bytes": f"5a*{count}"}, mp.binary(b"\x5a" * count)))
    return rows


def container_rows() -> list[Row]:
    """Lists, maps and nesting."""
    rows = [row("list, empty", lists(), mp.array_heads(0))]
    rows.append(row("list of one", lists(integer(1)), [head + b"\x01" for head in mp.array_heads(1)]))
    mixed = lists({"null": True}, {"boolean": True}, integer(-1), {"float": "0.5"}, strings("a"), {"bytes": "00"}, lists())
    rows.append(row("list of everything", mixed, [bytes.fromhex("97c0c3ffcb3fe0000000000000a161c4010090")]))
    for count in (15, 16, 65535, 65536, 99_999):
        name = "list, 100,000 nodes" if count == 99_999 else f"list of {count}"
        forms = [head + b"\xc0" * count for head in mp.array_heads(count)]
        value = {"list": {"repeat": {"null": True}, "count": count}}
        rows.append(row(name, value, forms))
    rows.append(row("map, empty", {"map": []}, mp.map_heads(0)))
    rows.append(row("map of one", {"map": [["a", integer(1)]]}, [head + b"\xa1a\x01" for head in mp.map_heads(1)]))
    wide = [bytes([0x81]) + head + b"a\x01" for head in mp.string_heads(1)]
    rows.append(row("map, every key header", {"map": [["a", integer(1)]]}, wide))
    config: Value = {"map": [["temperature", {"float": "0.8"}], ["model", strings("small")], ["stop", {"null": True}]]}
    parts = [("temperature", mp.float64(0.8)), ("model", mp.string("small")[0]), ("stop", b"\xc0")]
    rows.append(row("map, a configuration", config, [mp.mapping(*parts)]))
    for count in (15, 16, 300):
        entries = [(f"key{index:03}", index) for index in range(count)]
        value = {"map": [[key, integer(index)] for key, index in entries]}
        rows.append(row(f"map of {count}", value, [mp.mapping(*((key, mp.integer(n)[0]) for key, n in entries))]))
    hostile = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "valueOf", "__defineGetter__", "length"]
    hostile += ["__class__", "__init__", "then", "toJSON", "", "\0", "😀", "a.b[0]", "$bytes"]
    for key in hostile:
        rows.append(row(f"map, key {key!r}", {"map": [[key, integer(1)]]}, [mp.mapping((key, b"\x01"))]))
    polluting: Value = {"map": [["__proto__", {"map": [["polluted", {"boolean": True}]]}], ["a", integer(1)]]}
    inner = mp.mapping(("polluted", b"\xc3"))
    rows.append(row("map, __proto__ holds a map", polluting, [mp.mapping(("__proto__", inner), ("a", b"\x01"))]))
    several = ["constructor", "__proto__", "toString", ""]
    entries = [(key, index) for index, key in enumerate(several)]
    value = {"map": [[key, integer(index)] for key, index in entries]}
    rows.append(row("map, hostile keys together", value, [mp.mapping(*((key, mp.integer(n)[0]) for key, n in entries))]))
    orders = [[("b", b"\x01"), ("1", b"\x02"), ("0", b"\x03")], [("0", b"\x03"), ("1", b"\x02"), ("b", b"\x01")]]
    value = {"map": [["b", integer(1)], ["1", integer(2)], ["0", integer(3)]]}
    rows.append(row("map, keys that look like indices, two orders", value, [mp.mapping(*order) for order in orders]))
    composed = [("\u00e9", b"\x01"), ("e\u0301", b"\x02")]
    value = {"map": [["\u00e9", integer(1)], ["e\u0301", integer(2)]]}
    rows.append(row("map, keys that only normalisation makes equal", value, [mp.mapping(*composed)]))
    long_key = "k" * 65536
    value = {"map": [[long_key, {"null": True}]]}
    rows.append(row("map, a key of 65536 bytes", value, [mp.mapping((long_key, b"\xc0"))]))
    rows += nested_rows()
    return rows


def nested_rows() -> list[Row]:
    """The deepest values that are accepted."""
    null: Value = {"null": True}

    def nested(kind: str, depth: int, leaf: Value) -> Value:
        return {"nested": {"kind": kind, "depth": depth, "leaf": leaf}}

    tuples = b"\xc0"
    for _ in range(64):
        tuples = mp.extension(7, mp.array(tuples))[0]
    rows = [
        row("64 lists", nested("list", 64, null), [b"\x91" * 64 + b"\xc0"]),
        row("64 lists, the last empty", nested("list", 63, lists()), [b"\x91" * 63 + b"\x90"]),
        row("64 maps", nested("map", 64, null), [b"\x81\xa1k" * 64 + b"\xc0"]),
        row("64 maps, the last empty", nested("map", 63, {"map": []}), [b"\x81\xa1k" * 63 + b"\x80"]),
        row(
            "63 lists around an ndarray",
            nested("list", 63, nd("|u1", [1], b"\7")),
            [b"\x91" * 63 + mp.ndarray("|u1", [1], b"\7")],
            python={"needs": "numpy"},
        ),
        row("63 lists around a set", nested("list", 63, {"set": [null]}), [b"\x91" * 63 + mp.extension(8, b"\x91\xc0")[0]]),
        row(
            "64 lists around a uuid",
            nested("list", 64, {"uuid": "00112233-4455-6677-8899-aabbccddeeff"}),
            [b"\x91" * 64 + bytes.fromhex("d80300112233445566778899aabbccddeeff")],
        ),
        row(
            "64 tuples", nested("tuple", 64, null), [tuples], typescript=writes(NO_TUPLES, nested("list", 64, null), b"\x91" * 64 + b"\xc0")
        ),
    ]
    return rows


def time_rows() -> list[Row]:
    """Timestamps, dates, times and durations."""
    rows: list[Row] = []

    def stamp(name: str, seconds: int, nanos: int = 0, **views: dict[str, Any]) -> None:
        value: Value = {"timestamp": {"seconds": str(seconds), "nanos": nanos}}
        milliseconds, microseconds = nanos // 1_000_000 * 1_000_000, nanos // 1000 * 1000
        for language, kept, reason in (
            ("python", microseconds, "a datetime has microseconds"),
            ("typescript", milliseconds, "a Date has milliseconds"),
        ):
            if kept != nanos:
                reads: Value = {"timestamp": {"seconds": str(seconds), "nanos": kept}}
                views[language] = writes(reason, reads, *mp.timestamp(seconds, kept))
        rows.append(row(f"timestamp, {name}", value, mp.timestamp(seconds, nanos), **views))

    stamp("the epoch", 0)
    stamp("one second", 1)
    stamp("2024-02-29T12:00:00Z", 1709208000)
    stamp("milliseconds", 1709208000, 123_000_000)
    stamp("microseconds", 1709208000, 123_456_000)
    stamp("nanoseconds", 1709208000, 123_456_789)
    stamp("one nanosecond", 0, 1)
    stamp("999,999,999 nanoseconds", 0, 999_999_999)
    stamp("2^31 - 1", 2**31 - 1)
    stamp("2^31", 2**31)
    stamp("2^32 - 1, the last of 32 bits", 2**32 - 1)
    stamp("2^32, the first of 64 bits", 2**32)
    stamp("2^34 - 1, the last of 64 bits", 2**34 - 1, 999_000_000)
    stamp("2^34, the first of 96 bits", 2**34)
    stamp("a second before 1970", -1)
    stamp("a millisecond before 1970", -1, 999_000_000)
    stamp("a microsecond before 1970", -1, 999_999_000)
    stamp("a nanosecond before 1970", -1, 999_999_999)
    stamp("1900", -2208988800, 500_000_000)
    stamp("year 1", -62135596800)
    stamp("year 99", -59043513600, 1_000_000)
    stamp("the last microsecond of year 9999", 253402300799, 999_999_000)
    stamp("the last millisecond of year 9999", 253402300799, 999_000_000)
    wide = mp.extension(-1, struct.pack(">I", 1))[1:]
    value: Value = {"timestamp": {"seconds": "1", "nanos": 0}}
    rows.append(row("timestamp, wide headers", value, mp.timestamp(1, 0)[:1] + wide))
    for text in ("0001-01-01", "0099-12-31", "1582-10-10", "1900-02-28", "1969-12-31", "2000-02-29", "2024-02-29", "9999-12-31"):
        rows.append(row(f"date {text}", {"date": text}, mp.extension(4, text.encode())))
    times = ["00:00:00", "23:59:59", "23:59:59.999999", "12:30:00.000001", "12:30:00.500000", "12:30:00+00:00", "12:30:00+02:00"]
    times += ["12:30:00-09:30", "12:30:00.500000+05:45", "00:00:00+23:59", "00:00:00-23:59", "12:30:00+01:02:03", "12:30:00-00:00:01"]
    rows += [row(f"time {text}", {"time": text}, mp.extension(5, text.encode())[:2]) for text in times]

    def duration(name: str, seconds: int, nanos: int = 0) -> None:
        view = {}
        if nanos % 1000:
            kept = nanos // 1000 * 1000
            reads: Value = {"duration": {"seconds": str(seconds), "nanos": kept}}
            view["python"] = writes("a timedelta has microseconds", reads, *mp.extension(6, struct.pack(">qI", seconds, kept)))
        value: Value = {"duration": {"seconds": str(seconds), "nanos": nanos}}
        rows.append(row(f"duration, {name}", value, mp.extension(6, struct.pack(">qI", seconds, nanos)), **view))

    duration("zero", 0)
    duration("one second", 1)
    duration("half a second", 0, 500_000_000)
    duration("a microsecond", 0, 1000)
    duration("minus a microsecond", -1, 999_999_000)
    duration("minus a second and a half", -2, 500_000_000)
    duration("a day", 86400)
    duration("a nanosecond", 0, 1)
    duration("minus a nanosecond", -1, 999_999_999)
    duration("the longest", 86_399_999_999_999, 999_999_000)
    duration("the most negative", -86_399_999_913_600)
    return rows


def extension_rows() -> list[Row]:
    """Decimals, uuids, tuples and sets."""
    rows: list[Row] = []
    decimals = ["0", "-0", "1", "-1", "1.10", "1.1", "0.1", "-0.001", "0.000001", "1E-7", "0E-7", "0E+5", "-0E+5", "1E+3", "1.5E+10"]
    decimals += ["12345678901234567890.123456789", "9" * 60, "1E+999999", "1E-999999", "NaN", "-NaN", "sNaN", "NaN123", "-sNaN7"]
    decimals += ["Infinity", "-Infinity"]
    rows += [row(f"decimal {text}", {"decimal": text}, mp.extension(2, text.encode())[:2]) for text in decimals]
    for text in ("00000000-0000-0000-0000-000000000000", "00112233-4455-6677-8899-aabbccddeeff", "ffffffff-ffff-ffff-ffff-ffffffffffff"):
        rows.append(row(f"uuid {text}", {"uuid": text}, mp.extension(3, bytes.fromhex(text.replace("-", "")))))
    rows += tuple_rows() + set_rows()
    return rows


def tuple_rows() -> list[Row]:
    """Tuples, which TypeScript reads as arrays."""

    def ext(payload: str) -> list[bytes]:
        return mp.extension(7, bytes.fromhex(payload))

    one: Value = {"tuple": [integer(1), integer(2)]}
    pair = lists(integer(1), integer(2))
    wide = [form for head in mp.array_heads(2) for form in mp.extension(7, head + b"\1\2")[:1]]
    nested: Value = {"tuple": [{"tuple": [integer(1)]}, lists({"tuple": []}), strings("a")]}
    flat = lists(lists(integer(1)), lists(lists()), strings("a"))
    inside: Value = {"map": [["point", {"tuple": [{"float": "0.5"}, {"float": "1.5"}]}]]}
    plain: Value = {"map": [["point", lists({"float": "0.5"}, {"float": "1.5"})]]}
    halves = mp.array(mp.float64(0.5), mp.float64(1.5))
    many = mp.array_heads(300)[0] + b"\xc0" * 300
    null: Value = {"null": True}
    return [
        row("tuple, empty", {"tuple": []}, ext("90"), typescript=writes(NO_TUPLES, lists(), b"\x90")),
        row("tuple of two", one, ext("920102"), typescript=writes(NO_TUPLES, pair, b"\x92\1\2")),
        row("tuple, every array header", one, wide, typescript=writes(NO_TUPLES, pair, b"\x92\1\2")),
        row(
            "tuples inside",
            nested,
            ext("93" + ext("9101")[0].hex() + "91" + ext("90")[0].hex() + "a161"),
            typescript=writes(NO_TUPLES, flat, bytes.fromhex("9391019190a161")),
        ),
        row(
            "map of a tuple",
            inside,
            [mp.mapping(("point", mp.extension(7, halves)[0]))],
            typescript=writes(NO_TUPLES, plain, mp.mapping(("point", halves))),
        ),
        row(
            "tuple of 300",
            {"tuple": {"repeat": null, "count": 300}},
            mp.extension(7, many),
            typescript=writes(NO_TUPLES, {"list": {"repeat": null, "count": 300}}, many),
        ),
    ]


def set_rows() -> list[Row]:
    """Sets: sorted by encoded bytes; inside a set an array of TypeScript is written as a tuple."""

    def ext(*items: bytes) -> list[bytes]:
        return mp.extension(8, mp.array(*sorted(items)))

    def sets(*items: Value) -> Value:
        return {"set": list(items)}

    frozen = {"aliases": {"frozenset": "reads as a set"}}
    one, two, true = integer(1), integer(2), {"boolean": True}
    pair: Value = {"tuple": [one, two]}
    pair_bytes, empty_bytes = mp.extension(7, b"\x92\1\2")[0], mp.extension(7, b"\x90")[0]
    deep_bytes = mp.extension(7, mp.array(pair_bytes))[0]
    numbers = [3, -1, 200, 70000]
    scalars = [
        ({"null": True}, b"\xc0"),
        (true, b"\xc3"),
        (strings("é"), mp.string("é")[0]),
        ({"bytes": "00"}, mp.binary(b"\0")[0]),
        ({"float": "0.5"}, mp.float64(0.5)),
        ({"decimal": "1.10"}, mp.extension(2, b"1.10")[0]),
        ({"date": "2024-02-29"}, mp.extension(4, b"2024-02-29")[0]),
        ({"big_integer": str(2**64)}, mp.big_integer(2**64)),
        ({"timestamp": {"seconds": "5", "nanos": 0}}, mp.timestamp(5, 0)[0]),
    ]
    return [
        row("set, empty", sets(), mp.extension(8, b"\x90"), python=frozen),
        row("set of one", sets(one), mp.extension(8, b"\x91\1"), python=frozen),
        row("set of integers", sets(*map(integer, numbers)), ext(*(mp.integer(n)[0] for n in numbers))[:2], python=frozen),
        row("set of strings", sets(strings("b"), strings("a"), strings("")), ext(b"\xa1a", b"\xa1b", b"\xa0"), python=frozen),
        row("set of 20", sets(*map(integer, range(20))), ext(*(mp.integer(n)[0] for n in range(20)))[:2]),
        row("set of every scalar", sets(*(value for value, _ in scalars)), ext(*(encoded for _, encoded in scalars))),
        row(
            "set of tuples",
            sets(pair, {"tuple": []}, {"tuple": [pair]}),
            ext(pair_bytes, empty_bytes, deep_bytes)[:2],
            typescript={"lossy": NO_TUPLES, "reads": sets(lists(one, two), lists(), lists(lists(one, two)))},
        ),
        row(
            "set of 1, 1.0 and true",
            sets(one, {"float": "1.0"}, true),
            ext(b"\1", mp.float64(1.0), b"\xc3")[:1],
            python=writes("1 == 1.0 == True", sets(one), *mp.extension(8, b"\x91\1")),
            typescript=writes(NO_FLOATS, sets(one, true), *ext(b"\1", b"\xc3")),
        ),
        row("map of a set", {"map": [["tags", sets(strings("a"))]]}, [mp.mapping(("tags", mp.extension(8, b"\x91\xa1a")[0]))]),
    ]


def nd(dtype: str, shape: list[int], data: bytes) -> Value:
    """An ndarray."""
    return {"ndarray": {"dtype": dtype, "shape": shape, "data": mp.text(data)}}


def ndarray_rows() -> list[Row]:
    """Arrays of each dtype and shape."""
    packed = {
        "|b1": b"\1\0\1",
        "|i1": struct.pack("<3b", -128, 0, 127),
        "<i2": struct.pack("<3h", -32768, 0, 32767),
        "<i4": struct.pack("<3i", -(2**31), 0, 2**31 - 1),
        "<i8": struct.pack("<3q", -(2**63), 0, 2**63 - 1),
        "|u1": b"\0\1\xff",
        "<u2": struct.pack("<3H", 0, 1, 65535),
        "<u4": struct.pack("<3I", 0, 1, 2**32 - 1),
        "<u8": struct.pack("<3Q", 0, 1, 2**64 - 1),
        "<f4": struct.pack("<3f", -0.0, 1.5, float("inf")),
        "<f8": struct.pack("<3d", -0.0, 0.1, float("nan")),
    }
    needs = {"needs": "numpy"}
    rows = [row(f"ndarray {dtype}", nd(dtype, [3], data), [mp.ndarray(dtype, [3], data)], python=needs) for dtype, data in packed.items()]
    shapes = {"2 x 3": ([2, 3], 6), "no dimension": ([], 1), "empty": ([0], 0), "0 x 5": ([0, 5], 0), "1 x 1 x 1 x 1": ([1] * 4, 1)}
    for name, (shape, count) in shapes.items():
        data = bytes(range(count * 4))
        rows.append(row(f"ndarray, {name}", nd("<i4", shape, data), [mp.ndarray("<i4", shape, data)], python=needs))
    zeros = bytes(80_000)
    rows.append(row("ndarray of 10,000 zeros", nd("<f8", [100, 100], zeros), [mp.ndarray("<f8", [100, 100], zeros)], python=needs))
    return rows


def values() -> list[Row]:
    """Every row, in order."""
    return [*scalar_rows(), *float_rows(), *text_rows(), *container_rows(), *time_rows(), *extension_rows(), *ndarray_rows()]
