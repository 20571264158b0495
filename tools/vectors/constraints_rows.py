"""The rows of constraints.json: scalars here, the others beside it."""

from collections.abc import Iterable
from typing import Any

import constraints_hostile
import constraints_refused
import constraints_shapes
import msgpack_forms as mp
from constraints_forms import ANYTHING, NUMBERS, Row, Schema, fits, misfits, raw, values

POW53 = 2**53


def type_rows() -> list[Row]:
    """Which values each JSON type takes: extension types and bytes fit none."""
    takes = {
        "null": {"null"},
        "boolean": {"true", "false"},
        "integer": {"0", "-1", "2^53+1", "2^64-1", "-2^63", "1.0", "-0.0", "2^60 as a float", "1e300"},
        "number": {*NUMBERS, "nan", "inf", "-inf"},
        "string": {"empty string", "string"},
        "array": {"empty list", "list"},
        "object": {"empty map", "map"},
    }
    rows: list[Row] = []
    for name, taken in takes.items():
        assert taken <= ANYTHING.keys()
        schema = {"type": name}
        for what, value in ANYTHING.items():
            made = fits if what in taken else misfits
            rows.append(made(f"type {name}: {what}", schema, value, *([] if what in taken else ["value", f'type "{name}"'])))
    several: Schema = {"type": ["string", "null"]}
    rows += [fits("several types: one of them", several, None), fits("several types: the other", several, "a")]
    rows.append(misfits("several types: none of them", several, 1, "value", 'type ["string","null"]'))
    rows.append(fits("integer or string: a whole float", {"type": ["integer", "string"]}, 3.0))
    rows += [fits(f"true fits everything: {what}", True, value) for what, value in ANYTHING.items()]
    rows += [fits(f"an empty schema fits everything: {what}", {}, value) for what, value in ANYTHING.items()]
    rows += [misfits("false fits nothing: null", False, None, "value", "false")]
    rows += [misfits("false fits nothing: a map", False, {}, "value", "false")]
    return rows


def encoding_rows() -> list[Row]:
    """Every form of the bytes is judged alike, and nothing but msgpack fits."""
    rows: list[Row] = []
    for number in (0, 7, 127, 128, 2**16, 2**32, POW53 + 1, -1, -33, -(2**31) - 1):
        schema: Schema = {"type": "integer", "minimum": number, "maximum": number}
        for form in mp.integer(number):
            rows.append(fits(f"integer {number} as {form[0]:02x}", schema, raw(form)))
    for form in mp.string("tool"):
        rows.append(fits(f"a string as {form[0]:02x}", {"type": "string", "const": "tool", "maxLength": 4}, raw(form)))
    for head in mp.array_heads(2):
        rows.append(fits(f"a list as {head[0]:02x}", {"type": "array", "items": {"type": "null"}}, raw(head + b"\xc0\xc0")))
    for head in mp.map_heads(1):
        schema = {"type": "object", "required": ["k"], "properties": {"k": {"const": 1}}}
        for key in mp.string("k"):
            rows.append(fits(f"a map as {head[0]:02x} with a key as {key[0]:02x}", schema, raw(head + key + b"\x01")))
    rows.append(fits("a float of 32 bits is what it reads as", {"const": 0.5}, raw(mp.float32(0.5))))
    rows.append(misfits("0.1 of 32 bits is not 0.1", {"const": 0.1}, raw(mp.float32(0.1)), "value", "const 0.1"))
    for name, schema in {"true": True, "an empty schema": {}, "a type": {"type": "string"}}.items():
        row = misfits(f"a custom encoding does not fit {name}", schema, "a", "value", "encoding msgpack")
        rows.append(row | {"encoding": "pickle5"})
    return rows


def bound_rows() -> list[Row]:
    """Numeric bounds compare exactly, across integers and floats."""
    below, at, above = POW53, POW53 + 1, POW53 + 2
    top = 2**64 - 1
    cases: list[tuple[Schema, Iterable[Any], Iterable[Any]]] = [
        ({"minimum": 0}, [0, 0.0, -0.0, 1, 2**64 - 1, 5e-324], [-1, -5e-324, -(2**63)]),
        ({"maximum": 2}, [2, 2.0, -7, 1.9999999999999998], [3, 2.0000000000000004, 2**64 - 1]),
        ({"exclusiveMinimum": 0}, [1, 5e-324], [0, 0.0, -0.0, -1]),
        ({"exclusiveMaximum": 1}, [0, 0.9999999999999999], [1, 1.0, 2]),
        ({"minimum": 0.5}, [0.5, 1], [0, 0.49999999999999994]),
        ({"maximum": at}, [below, at, float(below)], [above, float(above), top]),
        ({"minimum": at}, [at, above, float(above), top], [below, float(below), 0]),
        ({"exclusiveMaximum": at}, [below], [at, above]),
        ({"exclusiveMinimum": at}, [above], [at, below]),
        ({"maximum": float(below)}, [below, float(below)], [at]),
        ({"maximum": top}, [top, top - 1], [2.0**64]),
        ({"minimum": top}, [top, 2.0**64], [top - 1, 2**64 - 1025]),
        ({"exclusiveMaximum": 2.0**64}, [top], [2.0**64]),
        ({"minimum": -(2**63)}, [-(2**63), -(2.0**63)], [-(2.0**64)]),
        ({"exclusiveMinimum": -(2**63)}, [-(2**63) + 1], [-(2**63), -(2.0**63)]),
        ({"maximum": 1e300}, [1e300, 2**64 - 1], [1.0000000000000002e300, 1.7976931348623157e308]),
        ({"minimum": -0.0}, [0, -0.0], [-5e-324]),
    ]
    shown = {1e300: "1e+300", 2.0**64: "18446744073709552000"}
    rows: list[Row] = []
    for schema, fitting, other in cases:
        ((keyword, limit),) = schema.items()
        rule = f"{keyword} {shown.get(limit, int(limit) if int(limit) == limit else limit)}"
        rows += [fits(f"{keyword} {limit!r}: {value!r}", schema, value) for value in fitting]
        rows += [misfits(f"{keyword} {limit!r}: {value!r}", schema, value, "value", rule) for value in other]
    for keyword, limit in {"minimum": -1, "maximum": 1, "exclusiveMinimum": -1, "exclusiveMaximum": 1}.items():
        for name in ("nan", "inf", "-inf"):
            rows.append(misfits(f"{keyword}: {name}", {keyword: limit}, float(name), "value", f"{keyword} {limit}"))
    for name in ("nan", "inf", "-inf"):
        rows.append(misfits(f"multipleOf: {name}", {"multipleOf": 1}, float(name), "value", "multipleOf 1"))
        rows.append(fits(f"no bound: {name}", {"type": "number"}, float(name)))
        rows.append(
            misfits(
                f"a bound below all numbers: {name}",
                {"minimum": -1.7976931348623157e308},
                float(name),
                "value",
                "minimum -1.7976931348623157e+308",
            )
        )
    others = {what: value for what, value in ANYTHING.items() if what not in NUMBERS and what not in ("nan", "inf", "-inf")}
    rows += [
        fits(f"a bound asks nothing of what is no number: {what}", {"maximum": -5, "multipleOf": 3}, value)
        for what, value in others.items()
    ]
    return rows


def multiple_rows() -> list[Row]:
    """Multiples are exact: whole numbers as they are, fractions as the shortest decimal that reads as them."""
    cases: list[tuple[int | float, Iterable[Any], Iterable[Any]]] = [
        (1, [0, 1, -5, 1.0, 2**64 - 1, 1e300, -0.0], [0.5, 1.0000000000000002]),
        (2, [0, 2, -4, 2.0, POW53, 2**64 - 2], [1, POW53 + 1, 2**64 - 1, 3.0]),
        (3, [POW53 + 1, 2**64 - 1, 9, -9], [POW53, 2**63, 10]),
        (0.1, [0.3, 0.7, 1, -0.3, 0.1, 1e22, 123456789.1], [0.30000000000000004, 0.35, 0.01, 5e-324]),
        (0.01, [19.99, 0.29, 4.35, 1.1], [19.999, 0.001]),
        (1e-07, [1e-07, 3e-07, 0.5, 1], [1e-08, 1.5e-07]),
        (0.5, [1.5, 2, -0.5], [0.25, 1.2]),
        (2.5, [5, 7.5, -10], [4, 6]),
        (5e-324, [5e-324, 1, 0.1, 1.7976931348623157e308], []),
        (1024, [2**60, 2.0**60], [2**60 + 1]),
        (POW53 + 1, [0, POW53 + 1, 2 * POW53 + 2], [POW53, float(POW53), 1]),
        (1e300, [1e300, 0], [1e299, 1, 2**64 - 1]),
    ]
    rules = {1e-07: "1e-7", 5e-324: "5e-324", 1e300: "1e+300"}
    rows: list[Row] = []
    for step, fitting, other in cases:
        schema: Schema = {"multipleOf": step}
        rows += [fits(f"multipleOf {step!r}: {value!r}", schema, value) for value in fitting]
        rows += [
            misfits(f"multipleOf {step!r}: {value!r}", schema, value, "value", f"multipleOf {rules.get(step, step)}") for value in other
        ]
    return rows


def choice_rows() -> list[Row]:
    """Equality is by value: 1 is 1.0, the order of keys is nothing, types that are not JSON equal nothing."""
    exact, near = POW53 + 1, float(POW53)
    nested = {"a": [1, {"b": None}], "c": {"d": True, "e": "ü"}}
    cases: list[tuple[Any, Iterable[Any], Iterable[Any]]] = [
        (None, [None], [False, 0, "", {}, []]),
        (True, [True], [1, 1.0, "true", False]),
        (False, [False], [0, 0.0, "", None, True]),
        (0, [0, 0.0, -0.0], [False, None, "0", 1]),
        (1, [1, 1.0], [True, "1", 1.0000000000000002, [1]]),
        (1.0, [1, 1.0], [True]),
        (-0.0, [0, 0.0, -0.0], []),
        (0.1, [0.1], [0.30000000000000004, "0.1", 0]),
        (exact, [exact], [near, POW53, exact + 1]),
        (near, [near, POW53], [exact]),
        (2.0**60, [2**60, 2.0**60], [2**60 + 1]),
        (2**64 - 1, [2**64 - 1], [2.0**64, -1]),
        (-(2**63), [-(2**63), -(2.0**63)], [2**63]),
        ("", [""], ["a", None, [], b""]),
        ("ü", ["ü"], ["u\u0308", "u", b"\xc3\xbc"]),
        ("a\x00b", ["a\x00b"], ["a", "ab"]),
        ("__proto__", ["__proto__"], ["proto"]),
        ([], [[]], [{}, None, [None]]),
        ([1, 2], [[1, 2], [1.0, 2]], [[2, 1], [1], [1, 2, 3], [True, 2]]),
        ({}, [{}], [[], {"a": 1}]),
        (
            {"a": 1, "b": 2},
            [{"a": 1, "b": 2}, {"b": 2.0, "a": 1}],
            [{"a": 1}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "c": 2}, {"a": 2, "b": 1}],
        ),
        ({"__proto__": 1}, [{"__proto__": 1}], [{}, {"constructor": 1}]),
        (
            nested,
            [nested, {"c": {"e": "ü", "d": True}, "a": [1.0, {"b": None}]}],
            [{**nested, "a": [1, {"b": False}]}, {**nested, "a": [1, {}]}],
        ),
    ]
    rows: list[Row] = []
    for constant, fitting, other in cases:
        for keyword, schema in {"const": {"const": constant}, "enum": {"enum": ["no", constant, [[]]]}}.items():
            rule = None if keyword == "const" else values("no", constant, [[]])
            rule = f"{keyword} {rule or values(constant)[1:-1]}"
            rows += [fits(f"{keyword} {constant!r}: {value!r}", schema, value) for value in fitting]
            rows += [misfits(f"{keyword} {constant!r}: {value!r}", schema, value, "value", rule) for value in other]
    extensions = {what: value for what, value in ANYTHING.items() if what.startswith(("ext ", "bytes"))}
    every: Schema = {"enum": [None, True, False, 0, 1, 18446744073709551616.0, "", "1.10", "2024-02-29", [], [1, 2], {}]}
    rule = 'enum [null,true,false,0,1,18446744073709552000,"","1.10","2024-02-29",[],[1,2],{}]'
    rows += [misfits(f"no constant is equal to {what}", every, value, "value", rule) for what, value in extensions.items()]
    rows.append(misfits("NaN is equal to nothing", {"enum": [0, None]}, float("nan"), "value", "enum [0,null]"))
    rows.append(fits("1e300 as a constant", {"const": 1e300}, 1e300))
    return rows


def length_rows() -> list[Row]:
    """Strings count code points, lists items, maps entries."""
    rows: list[Row] = []
    texts = {"": 0, "a": 1, "ü": 1, "€": 1, "🚀": 1, "u\u0308": 2, "🚀🚀": 2, "👨\u200d👩\u200d👧": 5, "a€🚀ü": 4, "\x00": 1, "\ufeff": 1}
    for text, length in texts.items():
        rows.append(fits(f"{text!a} has {length} code points", {"minLength": length, "maxLength": length}, text))
        rows.append(misfits(f"{text!a} has no more", {"minLength": length + 1}, text, "value", f"minLength {length + 1}"))
        if length:
            rows.append(misfits(f"{text!a} has no fewer", {"maxLength": length - 1}, text, "value", f"maxLength {length - 1}"))
    rockets = {"value": "db00040000 f09f9a80*65536"}
    rows.append(fits("65,536 rockets", {"minLength": 65536, "maxLength": 65536}, "") | rockets)
    rows.append(misfits("65,536 rockets are not more", {"minLength": 65537}, "", "value", "minLength 65537") | rockets)
    rows.append(fits("a length may be written as a float", {"maxLength": 2.0}, "🚀🚀"))
    counted: list[tuple[str, Any]] = [("Items", [0, 0]), ("Properties", {"a": 0, "b": 0})]
    for unit, value in counted:
        rows.append(fits(f"two {unit} are at least and at most two", {f"min{unit}": 2, f"max{unit}": 2}, value))
        rows.append(misfits(f"two {unit} are not three", {f"min{unit}": 3}, value, "value", f"min{unit} 3"))
        rows.append(misfits(f"two {unit} are not one", {f"max{unit}": 1}, value, "value", f"max{unit} 1"))
    every: Schema = {f"min{unit}": 9 for unit in ("Length", "Items", "Properties")}
    asked = ("string", "list", "map", "empty string", "empty list", "empty map")
    rows += [fits(f"a length asks nothing of {what}", every, value) for what, value in ANYTHING.items() if what not in asked]
    return rows


def pattern_rows() -> list[Row]:
    """Patterns are RE2's, found anywhere unless they are anchored."""
    cases: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("b", ["b", "abc", "\nb"], ["", "a", "B"]),
        ("^[a-z]+$", ["a", "tool"], ["", "Tool", "a b", "tool\n", "ü"]),
        ("^tool-[0-9]{1,3}$", ["tool-1", "tool-123"], ["tool-", "tool-1234", "xtool-1"]),
        ("", ["", "anything"], []),
        ("^$", [""], ["a", "\n"]),
        ("^.$", ["a", "ü", "🚀"], ["", "ab", "🚀🚀", "u\u0308", "\n"]),
        ("(?s)^.$", ["\n", "a"], ["", "\n\n"]),
        ("(?i)^yes$", ["yes", "YES", "yEs"], ["ye", "yess"]),
        (r"^\d+$", ["0", "42"], ["", "٣", "4a"]),
        (r"^\w+$", ["a_1"], ["é", "a-b"]),
        (r"^\p{Greek}+$", ["αβγ"], ["abc", "α b"]),
        (r"^\pL+$", ["été", "名前"], ["a1", ""]),
        (r"\bcat\b", ["a cat sat"], ["concat", "category"]),
        ("^(?P<year>[0-9]{4})-(?:0[1-9]|1[0-2])$", ["2024-02"], ["2024-13", "24-02"]),
        (r"^\Qa.b\E$", ["a.b"], ["axb"]),
        ("^[^@]+@[^@]+$", ["a@b"], ["a", "a@b@c", "@b"]),
        (
            r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            ["00112233-4455-6677-8899-aabbccddeeff"],
            ["00112233445566778899aabbccddeeff"],
        ),
        ("a\\x00b", ["a\x00b"], ["ab"]),
        (r"^\x{1000}{2}$", ["\u1000\u1000"], ["\u1000"]),
        ("^(a+)+$", ["aaaa"], ["aaab"]),
        ("^(a|aa)*b$", ["aaab"], ["aaaa"]),
    ]
    rows: list[Row] = []
    for source, fitting, other in cases:
        schema: Schema = {"pattern": source}
        rows += [fits(f"pattern {source}: {text!a}", schema, text) for text in fitting]
        rows += [misfits(f"pattern {source}: {text!a}", schema, text, "value", f"pattern {values(source)[1:-1]}") for text in other]
    rows += [
        fits(f"a pattern asks nothing of {what}", {"pattern": "^x$"}, value) for what, value in ANYTHING.items() if "string" not in what
    ]
    return rows


def constraints() -> list[Row]:
    """All rows, with names of their own."""
    rows = type_rows() + encoding_rows() + bound_rows() + multiple_rows() + choice_rows() + length_rows()
    rows += pattern_rows() + constraints_shapes.rows() + constraints_refused.rows() + constraints_hostile.rows()
    assert len({row["name"] for row in rows}) == len(rows), "a name is used twice"
    return rows
