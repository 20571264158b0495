"""Types as JSON Schemas: they say what `type=` says."""

import collections.abc
from dataclasses import dataclass, field, make_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict
from uuid import UUID

import pytest
from typing_extensions import TypeAliasType

from session_bridge import InvalidArgumentError, SerializationError
from session_bridge._json_schema import json_schema


class Colour(Enum):
    RED = "red"
    NUMBER = 1


class Level(IntEnum):
    HIGH = 3


class Flags(IntFlag):
    A = 1


class Moment(Enum):
    DAWN = datetime.min


@dataclass
class Tool:
    name: str
    weight: float = 1.0
    tags: list[str] = field(default_factory=lambda: [])


@dataclass
class Tree:
    leaf: int | None
    children: "list[Tree]"
    computed: int = field(init=False, default=7)


@dataclass
class Event:
    tool: Tool
    at: dict[str, datetime | None]


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Point(NamedTuple):
    x: int
    y: float = 0.5


UserId = NewType("UserId", int)
Names = TypeAliasType("Names", list[str])
TOOL = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "weight": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name"],
}
TREE = {
    "type": "object",
    "properties": {
        "leaf": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
    },
    "required": ["leaf", "children"],
}

MOVIE = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "year": {"type": "integer"}},
    "required": ["title"],
}


class Ge:
    def __init__(self, ge: float) -> None:
        self.ge = ge


class Between:
    def __init__(self, ge: object, le: object) -> None:
        self.ge, self.le = ge, le


class Length:
    def __init__(self, min_length: int, max_length: int) -> None:
        self.min_length, self.max_length = min_length, max_length


class Field:
    """As pydantic's: what it says is inside."""

    def __init__(self, *metadata: object) -> None:
        self.metadata = list(metadata)


class Pattern:
    pattern = "^a"


SAYS: list[tuple[Any, Any]] = [
    (Any, {}),
    (type(None), {"type": "null"}),
    (bool, {"type": "boolean"}),
    (int, {"type": "integer"}),
    (float, {"type": "number"}),
    (str, {"type": "string"}),
    (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),  # noqa: UP045
    (int | UserId, {"type": "integer"}),
    (Literal["a", 1, None, True], {"enum": ["a", 1, None, True]}),
    (Literal[1] | Literal[True], {"anyOf": [{"enum": [1]}, {"enum": [True]}]}),
    (Literal[Colour.RED], {"enum": ["red"]}),
    (Colour, {"enum": ["red", 1]}),
    (Level, {"enum": [3]}),
    (Flags, {"type": "integer"}),
    (list, {"type": "array"}),
    (list[Any], {"type": "array"}),
    (collections.abc.Sequence[int], {"type": "array", "items": {"type": "integer"}}),
    (dict, {"type": "object"}),
    (dict[str, Any], {"type": "object"}),
    (dict[Annotated[str, Length(1, 9)], Any], {"type": "object"}),
    (collections.abc.Mapping[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
    (
        dict[Literal["a", "b"], int],
        {"type": "object", "properties": {key: {"type": "integer"} for key in "ab"}, "additionalProperties": False},
    ),
    (Tool, TOOL),
    (Movie, MOVIE),
    (list[Tool], {"type": "array", "items": {"$ref": "#/$defs/Tool"}, "$defs": {"Tool": TOOL}}),
    (Tree, {"$ref": "#/$defs/Tree", "$defs": {"Tree": TREE}}),
    (Annotated[float, Between(0, 2)], {"type": "number", "minimum": 0, "maximum": 2}),
    (Annotated[int, Ge(0), Ge(5), "text"], {"anyOf": [{"type": "integer", "minimum": 0}], "minimum": 5}),
    (Annotated[str, Length(1, 9), Pattern()], {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"}),
    (Annotated[list[int], Length(1, 9)], {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 9}),
    (Annotated[dict[str, Any], Field(Length(1, 9))], {"type": "object", "minProperties": 1, "maxProperties": 9}),
    (Annotated[int | None, Ge(0)], {"anyOf": [{"type": "integer"}, {"type": "null"}], "minimum": 0}),
    (True, True),
    ({"type": "integer", "x": 1}, {"type": "integer", "x": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("declared", "schema"), SAYS, ids=lambda each: str(each)[:60])
def test_a_type_says_what_fits_it(declared: Any, schema: Any) -> None:
    assert json_schema(declared, "v") == schema


def test_two_classes_of_one_name_have_a_place_each() -> None:
    other = make_dataclass("Tool", [("size", int)])
    both = json_schema(make_dataclass("Both", [("a", Tool), ("b", other), ("c", Tool)]), "v")
    assert isinstance(both, dict)
    assert both["properties"] == {
        "a": {"$ref": "#/$defs/Tool"},
        "b": {"$ref": "#/$defs/Tool_2"},
        "c": {"$ref": "#/$defs/Tool"},
    }
    assert both["$defs"] == {
        "Tool": TOOL,
        "Tool_2": {"type": "object", "properties": {"size": {"type": "integer"}}, "required": ["size"]},
    }


REFUSED: list[tuple[Any, str]] = [
    (bytes, "v"),
    (datetime | None, "v"),
    (list[UUID], "v[]"),
    (dict[str, Decimal], "v[*]"),
    (Event, "v.at[*]"),
    (make_dataclass("Odd", [("tags", tuple[str, ...])]), "v.tags"),
    (set[int], "v"),
    (collections.abc.Set, "v"),
    (dict[int, str], "v"),
    (Literal[b"a"], "v"),
    (Moment, "v"),
    (object.__class__, "v"),
    (type("Text", (str,), {}), "v"),
]


@pytest.mark.parametrize(("declared", "path"), REFUSED, ids=lambda each: str(each)[:60])
def test_a_type_whose_values_fit_no_json_type_is_refused_with_its_place(declared: Any, path: str) -> None:
    with pytest.raises(SerializationError) as caught:
        json_schema(declared, "v")
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("declared", [None, 5, "Tool", type[int], Enum("Empty", []), Annotated[int, Ge("low")]])  # type: ignore[arg-type]  # pyright: ignore
def test_what_is_neither_a_schema_nor_a_type_is_an_invalid_argument(declared: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        json_schema(declared, "v")


class Model:
    """As pydantic tells it: another model inside, a union told apart by a field, an e-mail address."""

    @classmethod
    def model_validate(cls, value: object) -> "Model":
        raise NotImplementedError

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        cat = {"type": "object", "properties": {"kind": {"const": "cat", "title": "Kind", "type": "string"}}}
        return {
            "$defs": {
                "Tool": {"type": "object", "title": "Tool", "properties": {"size": {"type": "integer"}}},
                "Cat": cat,
            },
            "title": "Model",
            "type": "object",
            "properties": {
                "tool": {"allOf": [{"$ref": "#/$defs/Tool"}], "default": {"format": "date"}},
                "mail": {"type": "string", "format": "email", "examples": ["a@b.c"], "deprecated": True},
                "pet": {"oneOf": [{"$ref": "#/$defs/Cat"}], "discriminator": {"propertyName": "kind"}},
            },
            "required": ["tool"],
        }


class Node(Model):
    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
        return {"$defs": {"Node": node}, "$ref": "#/$defs/Node"}


class Dated(Model):
    told: dict[str, Any]

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        inside = {"anyOf": [cls.told, {"type": "null"}]}
        return {"type": "object", "properties": {"at": {"type": "array", "items": inside}}}


def test_a_model_tells_its_own_schema_in_the_keywords_that_a_server_knows() -> None:
    both = json_schema(make_dataclass("Both", [("tool", Tool), ("model", Model)]), "v")
    assert isinstance(both, dict)
    assert both["$defs"] == {
        "Tool": TOOL,
        "Model": {
            "title": "Model",
            "type": "object",
            "properties": {
                "tool": {"anyOf": [{"$ref": "#/$defs/Tool_2"}], "default": {"format": "date"}},
                "mail": {"type": "string"},
                "pet": {"anyOf": [{"$ref": "#/$defs/Cat"}]},
            },
            "required": ["tool"],
        },
        "Tool_2": {"type": "object", "title": "Tool", "properties": {"size": {"type": "integer"}}},
        "Cat": {"type": "object", "properties": {"kind": {"const": "cat", "title": "Kind", "type": "string"}}},
    }


PLACES = ("Tool_2", "Tool_2_2", "Tool_Input")


def test_names_of_definitions_never_meet() -> None:
    class Other(Model):
        @classmethod
        def model_json_schema(cls) -> dict[str, Any]:
            definitions: dict[str, Any] = {"Tool": {"const": 1}, "Tool_2": {"const": 2}, "Tool-Input": {"const": 3}}
            return {"$defs": definitions, "anyOf": [{"$ref": f"#/$defs/{name}"} for name in definitions]}

    kind = make_dataclass("Both", [("tool", Tool), ("other", Other)])
    both = json_schema(kind, "v")
    assert isinstance(both, dict)
    assert both["$defs"]["Other"]["anyOf"] == [{"$ref": f"#/$defs/{name}"} for name in PLACES]
    assert [both["$defs"][name]["const"] for name in PLACES] == [1, 2, 3]


def test_a_model_with_itself_inside_has_one_place() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    assert json_schema(Node, "v") == {"$ref": "#/$defs/Node", "$defs": {"Node": node}}
    assert json_schema(list[Node], "v") == {"type": "array", "items": {"$ref": "#/$defs/Node"}, "$defs": {"Node": node}}


TOLD: list[dict[str, Any]] = [{"type": "string", "format": "date-time"}, {"prefixItems": []}, {"uniqueItems": True}]


@pytest.mark.parametrize("told", TOLD, ids=str)
def test_what_a_model_stores_as_no_json_type_is_refused_with_its_place(
    told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Dated, "told", told, raising=False)
    with pytest.raises(SerializationError) as caught:
        json_schema(list[Dated], "v")
    assert caught.value.path == "v[].at[]"
