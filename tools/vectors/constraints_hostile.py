"""The rows of constraints.json that try to make judging expensive; a runner gives each a few seconds at most."""

import msgpack_forms as mp
from constraints_forms import Row, Schema, fits, misfits, raw

COST = "cost 2000000"


def deep(value: object, depth: int) -> object:
    """A value inside so many lists."""
    for _ in range(depth):
        value = [value]
    return value


def rows() -> list[Row]:
    """All of them."""
    long = raw(mp.string_heads(100_001)[0] + b"a" * 100_000 + b"!")
    mebibyte = raw(mp.string_heads(1_048_571)[0] + b"a" * 1_048_571)
    wide = raw(mp.array_heads(99_999)[0] + b"\x01" * 99_999)
    branches: Schema = {"anyOf": [{"type": "array", "items": {"$ref": "#"}}] * 10}
    forks: Schema = {"anyOf": [{"type": "array", "items": {"$ref": "#"}}] * 2 + [{"type": "null"}]}
    huge = [f"option {i}" for i in range(400)]
    listed = [[i, i + 1] for i in range(300)]
    chain = {f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(14)} | {
        "d14": {"type": ["array", "null"], "items": {"$ref": "#/$defs/d0"}}
    }
    wordy: Schema = {"enum": ["x" * 300, "y" * 300]}
    ways: Schema = {f"d{i}": {"anyOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 60} for i in range(7)} | {"d7": {"type": "integer"}}
    skipping = {"$ref": "#/$defs/any", "anyOf": [False]}
    pairs = {"value": "dc4e20 920000*20000"}
    every: Schema = {"items": {"anyOf": [{"pattern": f"^b{i}$"} for i in range(60)]}}
    return [
        misfits("a pattern that would backtrack for ever", {"pattern": "^(a+)+$"}, long, "value", 'pattern "^(a+)+$"'),
        misfits("alternatives that overlap", {"pattern": "^(a|a)*$"}, long, "value", 'pattern "^(a|a)*$"'),
        misfits("optional after optional", {"pattern": "^(a?){30}a{30}b$"}, long, "value", 'pattern "^(a?){30}a{30}b$"'),
        misfits("a pattern of many states", {"pattern": "(a|b)*a(a|b){20}c"}, long, "value", 'pattern "(a|b)*a(a|b){20}c"'),
        fits("a mebibyte against a short pattern", {"pattern": "^a+$"}, mebibyte),
        misfits("a mebibyte against a large pattern", {"pattern": "^(a?){200}$"}, mebibyte, "value", COST),
        misfits("a mebibyte of patterns", {"anyOf": [{"pattern": f"^b{i}+$"} for i in range(30)]}, mebibyte, "value", COST),
        misfits("ten ways at each of 64 levels", branches, deep(1, 64), "value", COST),
        misfits("two ways at each of 64 levels", forks, deep(1, 64), "value", COST),
        fits("two ways at each of 64 levels, the first fits", forks, deep(None, 64)),
        fits("99,999 items", {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 1}}, wide),
        misfits(
            "99,999 items against 60 alternatives", {"items": {"anyOf": [{"const": i + 2} for i in range(60)]}}, wide, "value[0]", "anyOf"
        ),
        misfits(
            "99,999 items that 50 alternatives refuse first",
            {"items": {"anyOf": [{"const": i + 2} for i in range(50)] + [{}]}},
            wide,
            "value",
            COST,
        ),
        fits("the last of 400 texts", {"enum": huge}, huge[-1]),
        fits("the last of 300 lists", {"enum": listed}, listed[-1]),
        misfits(
            "9 values, each compared with 300 lists",
            {"items": {"enum": listed}},
            [[0]] * 9,
            "value[0]",
            f"enum {encode_rule(listed)}",
        ),
        misfits("20,000 lists, each compared with 300", {"items": {"anyOf": [{"enum": listed[1:]}, {}]}}, [], "value", COST) | pairs,
        misfits("a mebibyte against a large pattern that would fit", {"pattern": "^(a?){200}"}, mebibyte, "value", COST),
        misfits("99,999 items that 300 alternatives skip", {"$defs": {"any": {}}, "anyOf": [skipping] * 300}, wide, "value", COST),
        misfits("1,500 maps that 500 alternatives look into", {"items": {"anyOf": [{"required": ["x"]}] * 500 + [{}]}}, [], "value", COST)
        | {"value": "dc05dc 82a16101a16202*1500"},
        misfits("99,999 decimals, each divided twice", {"items": {"anyOf": [{"multipleOf": 0.7}] * 2 + [{}]}}, [], "value", COST)
        | {"value": "dd0001869f cb3fb999999999999a*99999"},
        fits("99,999 decimals", {"items": {"multipleOf": 0.1}}, []) | {"value": "dd0001869f cb3fb999999999999a*99999"},
        fits("60 ways at each of 7 references", {"$defs": ways, "$ref": "#/$defs/d0"}, 1),
        misfits("60 ways at each of 7 references, none fits", {"$defs": ways, "$ref": "#/$defs/d0"}, "1", "value", COST),
        misfits(
            "lists that differ at their end",
            {"items": {"enum": [[0] * 2000 + [1], [2]]}},
            [[0] * 2000 + [2]],
            "value[0]",
            f"enum [[{'0,' * 46}0…",
        ),
        fits("the longest chain of references, 64 levels deep", {"$defs": chain, "$ref": "#/$defs/d0"}, deep(None, 64)),
        misfits("a text longer than any option", wordy, mebibyte, "value", f'enum ["{"x" * 93}…'),
        misfits("60 patterns", every, ["a"] * 1000, "value[0]", "anyOf"),
        fits("a text that nothing is asked of", {"type": "string"}, mebibyte),
        fits("a mebibyte is counted", {"minLength": 1_048_571}, mebibyte),
    ]


def encode_rule(options: list[list[int]]) -> str:
    """How a rule shows the first hundred characters, its keyword included."""
    text = "[" + ",".join(f"[{one},{two}]" for one, two in options)
    return text[: 100 - len("enum ")] + "…"
