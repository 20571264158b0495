"""The rows of constraints.json whose schema is refused."""

from typing import Any

import msgpack_forms as mp
from constraints_forms import ANYTHING, Row, encode, refused, refused_bytes

UNKNOWN = [
    "$schema",
    "$id",
    "$anchor",
    "$comment",
    "$dynamicRef",
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "prefixItems",
    "contains",
    "uniqueItems",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "unevaluatedProperties",
    "format",
    "contentEncoding",
    "discriminator",
    "examples",
    "deprecated",
    "readOnly",
    "definitions",
    "nullable",
    "Type",
    "",
    "__proto__",
    "constructor",
    "toString",
]

WRONG: dict[str, list[Any]] = {
    "type": ["any", "float", "String", None, 1, [], ["string", "string"], ["string", "any"], [["string"]], {"a": 1}],
    "enum": [[], "a", None, {"a": 1}],
    "minimum": ["1", None, True, [1]],
    "maximum": ["1", None, False],
    "exclusiveMinimum": [True, "1"],
    "exclusiveMaximum": [True, "1"],
    "multipleOf": [0, -1, -0.5, 0.0, "1", None],
    "minLength": [-1, 1.5, "1", None, True, 2**53, 2**64 - 1],
    "maxLength": [-1, 0.5, "1"],
    "minItems": [-1, 0.5, "1"],
    "maxItems": [-1, 0.5, "1"],
    "minProperties": [-1, 0.5, "1"],
    "maxProperties": [-1, 0.5, "1"],
    "pattern": [1, None, ["a"]],
    "items": [[{}], "string", None, 1],
    "properties": [[], "a", None, True],
    "required": ["a", [1], ["a", "a"], None, {"a": 1}, True],
    "additionalProperties": ["a", None, [], 0],
    "anyOf": [[], {}, "a", None],
    "$ref": [1, None, {}],
    "$defs": [[], "a", None, True],
    "title": [1, None, {}],
    "description": [1, None, []],
}

REFERENCES = [
    "",
    "Node",
    "#/$defs/Missing",
    "#/$defs/",
    "#/$defs",
    "#/definitions/Node",
    "#/properties/a",
    "#/$defs/Node/properties/a",
    "#Node",
    "other.json#/$defs/Node",
    "https://example.com/schema",
    "#/$defs/No%ZZde",
    "#/$defs/toString",
    "#/$defs/__proto__",
]

PATTERNS = [
    "(",
    ")",
    "[a",
    "a**",
    "*a",
    "a{2,1}",
    r"\1",
    r"(a)\1",
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?<!a)",
    "(?>a)",
    "a++",
    r"\p{NoSuchScript}",
    "[z-a]",
    r"\u0041",
    r"\Z",
    "(?P<n>a)(?P<n>b)",
    "\\",
    r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$",
]


def keyword_rows() -> list[Row]:
    """Keywords that are not in the list, and keywords that say what they may not."""
    rows = [refused(f"unknown keyword {name!r}", {name: True}, f"#/{name}", "unknown_keyword") for name in UNKNOWN]
    inside = {"properties": {"when": {"anyOf": [{"type": "null"}, {"type": "string", "format": "date-time"}]}}}
    rows.append(refused("unknown keyword inside", inside, "#/properties/when/anyOf/1/format", "unknown_keyword"))
    rows.append(refused("unknown keyword in items", {"items": {"oneOf": []}}, "#/items/oneOf", "unknown_keyword"))
    rows.append(refused("unknown keyword in a definition nobody uses", {"$defs": {"a": {"not": {}}}}, "#/$defs/a/not", "unknown_keyword"))
    rows.append(
        refused(
            "unknown keyword in additionalProperties", {"additionalProperties": {"x": 1}}, "#/additionalProperties/x", "unknown_keyword"
        )
    )
    rows.append(refused("a pointer is escaped", {"properties": {"a/b~c": {"x": 1}}}, "#/properties/a~1b~0c/x", "unknown_keyword"))
    long = {"properties": {"p" * 100: {"x": 1}}}
    rows.append(refused("a long name is cut in a pointer", long, f"#/properties/{'p' * 64}…/x", "unknown_keyword"))
    for keyword, wrong in WRONG.items():
        rows += [refused(f"{keyword} cannot say {value!r}", {keyword: value}, f"#/{keyword}", "keyword_value") for value in wrong]
    for value in (None, 1, "string", [], [{}]):
        rows.append(refused(f"{value!r} is no schema", value, "#", "keyword_value"))
    rows.append(refused("a property that is no schema", {"properties": {"a": "string"}}, "#/properties/a", "keyword_value"))
    rows.append(refused("an alternative that is no schema", {"anyOf": [{}, None]}, "#/anyOf/1", "keyword_value"))
    rows.append(refused("a definition that is no schema", {"$defs": {"a": 1}}, "#/$defs/a", "keyword_value"))
    rows.append(refused("$defs inside", {"items": {"$defs": {}}}, "#/items/$defs", "keyword_value"))
    rows.append(refused("$defs inside a definition", {"$defs": {"$defs": {"$defs": {}}}}, "#/$defs/$defs/$defs", "keyword_value"))
    return rows


def reference_rows() -> list[Row]:
    """References to nothing, and those that never come to an end."""
    node = {"Node": {"properties": {"a": {}}}}
    rows = [refused(f"$ref {target!r} leads nowhere", {"$defs": node, "$ref": target}, "#/$ref", "unresolved_ref") for target in REFERENCES]
    rows.append(refused("a reference inside that leads nowhere", {"items": {"$ref": "#/$defs/a"}}, "#/items/$ref", "unresolved_ref"))
    rows.append(refused("a schema that is itself", {"$ref": "#"}, "#", "endless_ref"))
    rows.append(refused("a schema that is itself or null", {"anyOf": [{"type": "null"}, {"$ref": "#"}]}, "#", "endless_ref"))
    pair = {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}
    rows.append(refused("two definitions that are one another", {"$defs": pair}, "#/$defs/a", "endless_ref"))
    through = {"$defs": {"a": {"anyOf": [{"anyOf": [{"$ref": "#/$defs/a"}]}]}}, "items": {"$ref": "#/$defs/a"}}
    rows.append(refused("a circle through anyOf", through, "#/$defs/a", "endless_ref"))
    chain = {f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(16)} | {"d16": {}}
    rows.append(refused("17 schemas at one place", {"$defs": chain, "items": {"$ref": "#/$defs/d0"}}, "#/$defs/d0", "endless_ref"))
    return rows


def form_rows() -> list[Row]:
    """What no JSON writer would write."""
    rows: list[Row] = []
    for what, value in ANYTHING.items():
        tuples = what.startswith("ext") and "tuple" in what
        if what in ("nan", "inf", "-inf") or (what.startswith(("ext ", "bytes")) and not tuples):
            for keyword in ("const", "default", "minimum"):
                rows.append(refused_bytes(f"{keyword} cannot hold {what}", encode({keyword: value}), f"#/{keyword}", "not_json"))
    inside = encode({"properties": {"a": {"enum": ["x", b"y"]}}})
    rows.append(refused_bytes("bytes inside", inside, "#/properties/a/enum/1", "not_json"))
    rows.append(refused_bytes("no bytes", b"", "#", "empty"))
    rows.append(refused_bytes("cut off", encode({"type": "string"})[:-1], "#", "truncated"))
    rows.append(refused_bytes("bytes after it", encode(True) + b"\xc0", "#", "trailing"))
    rows.append(refused_bytes("the same keyword twice", b"\x82" + (encode("title") + encode("a")) * 2, "#", "duplicate_key"))
    rows.append(refused_bytes("a key that is no string", b"\x81\x01\x01", "#", "key_type"))
    rows.append(refused_bytes("text that is no UTF-8", b"\x81" + encode("title") + b"\xa1\xff", "#", "utf8"))
    rows.append(refused_bytes("nested too deep", (b"\x81" + encode("items")) * 65 + encode(True), "#", "depth"))
    return rows


def limit_rows() -> list[Row]:
    """Schemas that are larger than schemas are."""
    head = mp.text(b"\x81" + encode("anyOf"))
    large = "81a57469746c65 db00010000 61*65536"
    many = f"{head} dc03e8 c3*1000"
    nested = f"{head} dc01f4 {encode({'items': {}}).hex()}*500"
    patterns = f"{head} dc0041 {encode({'pattern': 'a'}).hex()}*65"
    sizes = f"{head} 95 {encode({'pattern': 'a{900}'}).hex()}*5"
    return [
        refused_bytes("more than 64 KiB", large, "#", "limit"),
        refused_bytes("1,001 schemas", many, "#/anyOf/999", "limit"),
        refused_bytes("1,001 schemas, nested", nested, "#/anyOf/499/items", "limit"),
        refused_bytes("65 patterns", patterns, "#/anyOf/64/pattern", "limit"),
        refused_bytes("patterns of more than 4,000 instructions", sizes, "#/anyOf/4/pattern", "limit"),
        refused_bytes("a pattern of 1,001 characters", encode({"pattern": "a" * 1001}), "#/pattern", "limit"),
        refused_bytes("a pattern of 1,002 instructions", encode({"pattern": "a" * 1000}), "#/pattern", "limit"),
        refused("a pattern of more repetitions than RE2 takes", {"pattern": "a{1001}"}, "#/pattern", "limit"),
        refused("a pattern of many repetitions", {"pattern": "(a{100}){11}"}, "#/pattern", "limit"),
        refused("a pattern of many repetitions inside one another", {"pattern": "((.{10}){10}){10}"}, "#/pattern", "limit"),
        refused_bytes("a repeated long pattern", encode({"pattern": "(" + "ab" * 400 + "){2}"}), "#/pattern", "limit"),
        refused_bytes("a pattern that repeats a hundred times over", encode({"pattern": ".{1000}" * 100}), "#/pattern", "limit"),
        refused_bytes("a repeated class", encode({"pattern": "([a-z]{9}[]x]{9}" + r"[\]]{9}" + "){40}"}), "#/pattern", "limit"),
        refused_bytes("a repeated named class", encode({"pattern": r"(\p{Greek}{20}[[:alpha:]]{20}){30}"}), "#/pattern", "limit"),
    ]


def rows() -> list[Row]:
    """All of them."""
    malformed = [refused(f"pattern {source}", {"pattern": source}, "#/pattern", "pattern") for source in PATTERNS]
    return keyword_rows() + reference_rows() + malformed + form_rows() + limit_rows()
