"""The rows of constraints.json about lists, maps, alternatives, references, and whole models."""

from typing import Any

from constraints_forms import ANYTHING, Row, Schema, fits, misfits


def container_rows() -> list[Row]:
    """Lists and maps, with the path of what does not fit."""
    person: Schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    word = 'type "string"'
    only = "additionalProperties false"
    rows = [
        fits("items: none", {"items": False}, []),
        misfits("items: one too many", {"items": False}, [1], "value[0]", "false"),
        fits("items: all fit", {"items": {"type": "string"}}, ["a", "b"]),
        misfits("items: the third does not", {"items": {"type": "string"}}, ["a", "b", 3], "value[2]", word),
        misfits("items: the first of two that do not", {"items": {"type": "string"}}, ["a", 1, 2], "value[1]", word),
        fits("items ask nothing of a map", {"items": False}, {"a": 1}),
        fits("items ask nothing of a tuple", {"items": False}, ANYTHING["ext tuple"]),
        misfits("items of items", {"items": {"items": {"maximum": 1}}}, [[0], [1, 2]], "value[1][1]", "maximum 1"),
        misfits("a tuple is no item of type array", {"items": {"type": "array"}}, [[], ANYTHING["ext tuple"]], "value[1]", 'type "array"'),
        fits("a person", person, {"name": "Ada", "age": 36}),
        fits("a person in another order", person, {"age": 36, "name": "Ada"}),
        misfits("a person without an age", person, {"name": "Ada"}, "value", 'required "age"'),
        misfits("the first name that is missing", person, {}, "value", 'required "name"'),
        misfits("a person of a wrong age", person, {"name": "Ada", "age": -1}, "value.age", "minimum 0"),
        misfits("an age in words", person, {"name": "Ada", "age": "36"}, "value.age", 'type "integer"'),
        misfits("a person with more", person, {"name": "Ada", "age": 36, "mail": ""}, "value.mail", only),
        misfits("no person", person, ["Ada", 36], "value", 'type "object"'),
        misfits("what is there is judged before what is missing", person, {"age": None}, "value.age", 'type "integer"'),
        fits("properties need not be there", {"properties": {"a": False}}, {"b": 1}),
        misfits("a property that must not be there", {"properties": {"a": False}}, {"b": 1, "a": 1}, "value.a", "false"),
        fits("properties ask nothing of a list", {"properties": {"a": False}, "required": ["a"]}, [1]),
        misfits(
            "an optional property stands for no required one",
            {"properties": {"a": {}}, "required": ["b"]},
            {"a": 1},
            "value",
            'required "b"',
        ),
        fits("required without properties", {"required": ["a"]}, {"a": None}),
        misfits("required without properties, missing", {"required": ["a", "b"]}, {"b": 1}, "value", 'required "a"'),
        misfits(
            "required is judged by additionalProperties too", {"required": ["a"], "additionalProperties": False}, {"a": 1}, "value.a", only
        ),
        fits("additionalProperties: a schema", {"additionalProperties": {"type": "integer"}}, {"a": 1, "b": 2}),
        misfits(
            "additionalProperties: a schema, not met",
            {"additionalProperties": {"type": "integer"}},
            {"a": 1, "b": "2"},
            "value.b",
            'type "integer"',
        ),
        fits("additionalProperties: of those that properties name", {"properties": {"a": {}}, "additionalProperties": False}, {"a": "x"}),
        fits("additionalProperties: true", {"additionalProperties": True}, {"a": 1}),
        misfits("a property named __proto__", {"properties": {"__proto__": {"type": "string"}}}, {"__proto__": 1}, "value.__proto__", word),
        misfits("a required __proto__", {"required": ["__proto__"]}, {}, "value", 'required "__proto__"'),
        misfits("a required constructor", {"required": ["constructor"]}, {"a": 1}, "value", 'required "constructor"'),
        misfits("toString is additional like any other", {"additionalProperties": False}, {"toString": 1}, "value.toString", only),
        misfits(
            "a path with an odd key",
            {"additionalProperties": {"items": {"type": "null"}}},
            {"odd key": [None, 1]},
            'value["odd key"][1]',
            'type "null"',
        ),
        misfits("a path with a long key", {"additionalProperties": False}, {"k" * 100: 1}, f'value["{"k" * 64}…"]', only),
        misfits("a path with a key of many bytes", {"additionalProperties": False}, {"名前": 1}, 'value["名前"]', only),
        misfits("an empty key", {"properties": {"": {"type": "null"}}}, {"": 1}, 'value[""]', 'type "null"'),
        misfits("a long rule is cut", {"const": "c" * 200}, 1, "value", f'const "{"c" * 93}…'),
    ]
    deep: Schema = {"type": ["array", "integer"], "items": {"$ref": "#"}}
    value: Any = 1
    for _ in range(64):
        value = [value]
    rows.append(fits("64 lists deep", deep, value))
    bad: Any = "x"
    for _ in range(64):
        bad = [bad]
    rows.append(misfits("64 lists deep, wrong at the end", deep, bad, "value" + "[0]" * 64, 'type ["array","integer"]'))
    return rows


def reference_rows() -> list[Row]:
    """anyOf, $ref and $defs, and the keywords that say nothing about values."""
    tree: Schema = {
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {"left": {"$ref": "#/$defs/Node"}, "value": {"type": "integer"}},
                "required": ["value"],
            }
        },
        "$ref": "#/$defs/Node",
    }
    optional: Schema = {"anyOf": [{"type": "number", "maximum": 2}, {"type": "null"}]}
    union: Schema = {"anyOf": [{"type": "string", "maxLength": 1}, {"type": "array", "items": {"type": "string"}}, {"type": "null"}]}
    two: Schema = {"anyOf": [{"minimum": 5}, {"multipleOf": 2}]}
    escaped: Schema = {
        "$defs": {"a/b": {"const": 1}, "c~d": {"const": 2}, "e f": {"const": 3}, "~1": {"const": 4}, "ü": {"const": 5}, "": {"const": 6}},
        "items": {
            "anyOf": [
                {"$ref": "#/$defs/a~1b"},
                {"$ref": "#/$defs/c~0d"},
                {"$ref": "#/$defs/e%20f"},
                {"$ref": "#/$defs/~01"},
                {"$ref": "#/$defs/%C3%BC"},
            ]
        },
    }
    beside: Schema = {
        "$defs": {"Short": {"type": "string", "maxLength": 3}},
        "$ref": "#/$defs/Short",
        "minLength": 2,
        "title": "x",
        "default": None,
    }
    return [
        fits("anyOf: the first", optional, 1.5),
        fits("anyOf: the last", optional, None),
        misfits("anyOf: what the only one of the type says", optional, 3, "value", "maximum 2"),
        misfits("anyOf: none of the types", optional, "x", "value", "anyOf"),
        misfits("anyOf: what the only one of the type says, inside", union, ["a", 1], "value[1]", 'type "string"'),
        misfits("anyOf: what the only one of the type says, of three", union, "ab", "value", "maxLength 1"),
        misfits("anyOf: several could be meant", two, 3, "value", "anyOf"),
        fits("anyOf: both", two, 6),
        misfits(
            "anyOf inside anyOf", {"anyOf": [{"anyOf": [{"type": "null"}, {"type": "boolean"}]}, {"maximum": 0}]}, 1, "value", "maximum 0"
        ),
        misfits("anyOf inside properties", {"properties": {"t": optional}}, {"t": 3}, "value.t", "maximum 2"),
        misfits("anyOf beside a type", {"type": "integer", "anyOf": [{"minimum": 1}]}, 0, "value", "minimum 1"),
        misfits("a type beside anyOf", {"type": "integer", "anyOf": [{"minimum": 1}]}, "a", "value", 'type "integer"'),
        misfits("anyOf: false", {"anyOf": [False, False]}, 1, "value", "anyOf"),
        fits("anyOf: true", {"anyOf": [False, True]}, 1),
        fits("a tree", tree, {"value": 1, "left": {"value": 2, "left": {"value": 3}}}),
        misfits(
            "a tree, wrong inside",
            tree,
            {"value": 1, "left": {"value": 2, "left": {"value": "3"}}},
            "value.left.left.value",
            'type "integer"',
        ),
        misfits("a tree, missing inside", tree, {"value": 1, "left": {}}, "value.left", 'required "value"'),
        fits("names in references are escaped", escaped, [1, 2, 3, 4, 5]),
        misfits("and lead to nothing else", escaped, [1, 6], "value[1]", "anyOf"),
        fits("keywords beside $ref: both hold", beside, "abc"),
        misfits("keywords beside $ref: the other end", beside, "abcd", "value", "maxLength 3"),
        misfits("keywords beside $ref: this one", beside, "a", "value", "minLength 2"),
        misfits("a reference to a definition that is false", {"$defs": {"no": False}, "$ref": "#/$defs/no"}, 1, "value", "false"),
        fits("a definition that is not used", {"$defs": {"no": False}}, 1),
        fits("a default is not judged", {"type": "integer", "default": "not one", "title": "", "description": "x"}, 1),
        misfits("a default is not filled in", {"required": ["a"], "properties": {"a": {"default": 1}}}, {}, "value", 'required "a"'),
    ]


def pydantic_rows() -> list[Row]:
    """What pydantic 2 writes for a model of nested models, enums, literals, optionals, lists, dicts and constrained numbers."""
    model: Schema = {
        "$defs": {
            "Color": {"enum": ["red", "green"], "title": "Color", "type": "string"},
            "Tool": {
                "description": "A tool.",
                "properties": {
                    "name": {"maxLength": 20, "minLength": 1, "pattern": "^[a-z_]+$", "title": "Name", "type": "string"},
                    "weight": {"default": 1.0, "exclusiveMinimum": 0, "maximum": 10, "title": "Weight", "type": "number"},
                },
                "required": ["name"],
                "title": "Tool",
                "type": "object",
            },
        },
        "additionalProperties": False,
        "properties": {
            "mode": {"const": "fast", "default": "fast", "title": "Mode", "type": "string"},
            "color": {"$ref": "#/$defs/Color", "default": "red"},
            "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None, "title": "Limit"},
            "tools": {"items": {"$ref": "#/$defs/Tool"}, "maxItems": 3, "title": "Tools", "type": "array"},
            "scores": {"additionalProperties": {"multipleOf": 0.5, "type": "number"}, "title": "Scores", "type": "object"},
            "extra": {"title": "Extra"},
        },
        "required": ["tools", "scores"],
        "title": "Config",
        "type": "object",
    }
    good = {"tools": [{"name": "search"}], "scores": {"a": 0.5}}

    def but(**changes: object) -> dict[str, Any]:
        return {**good, **changes}

    return [
        fits("pydantic: the least", model, good),
        fits("pydantic: everything", model, but(mode="fast", color="green", limit=None, extra=[1, {"any": b"thing"}])),
        fits("pydantic: the optional", model, but(limit=3)),
        misfits("pydantic: a literal", model, but(mode="slow"), "value.mode", 'const "fast"'),
        misfits("pydantic: an enum", model, but(color="blue"), "value.color", 'enum ["red","green"]'),
        misfits("pydantic: an optional of another type", model, but(limit="3"), "value.limit", "anyOf"),
        misfits(
            "pydantic: a nested model", model, but(tools=[{"name": "search"}, {"name": "No"}]), "value.tools[1].name", 'pattern "^[a-z_]+$"'
        ),
        misfits("pydantic: a nested number", model, but(tools=[{"name": "a", "weight": 0}]), "value.tools[0].weight", "exclusiveMinimum 0"),
        misfits("pydantic: too many", model, but(tools=[{"name": "a"}] * 4), "value.tools", "maxItems 3"),
        misfits("pydantic: a dict's value", model, but(scores={"a": 1, "b": 0.7}), "value.scores.b", "multipleOf 0.5"),
        misfits("pydantic: another field", model, but(other=1), "value.other", "additionalProperties false"),
        misfits("pydantic: a missing field", model, {"tools": []}, "value", 'required "scores"'),
        misfits(
            "pydantic: a datetime where a string is declared", model, but(mode=ANYTHING["ext timestamp"]), "value.mode", 'type "string"'
        ),
        misfits(
            "pydantic: a Decimal where a number is declared",
            model,
            but(scores={"a": ANYTHING["ext decimal"]}),
            "value.scores.a",
            'type "number"',
        ),
    ]


def rows() -> list[Row]:
    """All of them."""
    return container_rows() + reference_rows() + pydantic_rows()
