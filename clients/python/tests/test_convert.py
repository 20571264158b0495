"""Reading values as types."""

import collections.abc
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag, StrEnum
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, Required, TypedDict, Union
from uuid import UUID

import pytest

from session_bridge._convert import convert
from session_bridge._errors import InvalidArgumentError, TypeMismatchError


class Colour(Enum):
    RED = "red"
    NUMBER = 1


class Level(IntEnum):
    HIGH = 3


class Name(StrEnum):
    FIRST = "first"


class Flags(IntFlag):
    A = 1
    B = 2


@dataclass
class Tool:
    name: str
    weight: float = 1.0
    tags: list[str] = field(default_factory=lambda: [])


@dataclass(frozen=True, kw_only=True)
class Config:
    tool: Tool
    tools: tuple[Tool, ...] = ()
    by_name: dict[str, Tool | None] = field(default_factory=lambda: {})
    computed: int = field(init=False, default=7)


@dataclass
class Positive:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("marker 4711")


@dataclass
class Tree:
    children: "list[Tree]"


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Partial(TypedDict, total=False):
    title: Required[str]
    rating: float


class Point(NamedTuple):
    x: int
    y: float = 0.5


class Model:
    """As pydantic does it."""

    def __init__(self, a: int) -> None:
        self.a = a

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and other.a == self.a

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def model_validate(cls, value: object) -> "Model":
        if not isinstance(value, dict) or not isinstance(value.get("a"), int):  # pyright: ignore[reportUnknownMemberType]
            raise Refused
        return cls(value["a"])  # pyright: ignore[reportUnknownArgumentType]


class Refused(Exception):
    def errors(self) -> list[dict[str, Any]]:
        return [{"loc": ("items", 2, "a"), "input": "marker 4711"}]


UserId = NewType("UserId", int)
NOW = datetime(2024, 1, 1, tzinfo=UTC)

FITS: list[tuple[Any, Any, Any]] = [
    (1, Any, 1),
    (None, None, None),
    (None, type(None), None),
    (True, bool, True),
    (1, int, 1),
    (1.5, float, 1.5),
    (1, float, 1.0),
    ("a", str, "a"),
    (b"a", bytes, b"a"),
    (NOW, datetime, NOW),
    (date(2024, 1, 1), date, date(2024, 1, 1)),
    (time(1), time, time(1)),
    (timedelta(1), timedelta, timedelta(1)),
    (Decimal("1.10"), Decimal, Decimal("1.10")),
    (UUID(int=1), UUID, UUID(int=1)),
    (None, Optional[int], None),  # noqa: UP045
    (1, int | float, 1),
    (1, float | int, 1),
    (1, Union[float, str], 1.0),  # noqa: UP007
    ([1, 2.5], list[float | str], [1.0, 2.5]),
    ("red", Colour, Colour.RED),
    (1, Colour, Colour.NUMBER),
    (3, Level, Level.HIGH),
    ("first", Name, Name.FIRST),
    (3, Flags, Flags.A | Flags.B),
    ("a", Literal["a", "b"], "a"),
    (1, Literal[True, 1], 1),
    ("red", Literal[Colour.RED], Colour.RED),
    ([1], list, [1]),
    ([1, 2], list[float], [1.0, 2.0]),
    ([1], collections.abc.Sequence[int], [1]),
    ([1, "a"], tuple[int, str], (1, "a")),
    ((1, 2), tuple[int, ...], (1, 2)),
    ([], tuple[()], ()),
    ((1,), tuple, (1,)),
    ({1, 2}, set[int], {1, 2}),
    ([1, 2], frozenset[int], frozenset({1, 2})),
    ({"a": 1}, dict, {"a": 1}),
    ({"a": 1}, dict[str, float], {"a": 1.0}),
    ({"a": [1]}, collections.abc.Mapping[str, list[int]], {"a": [1]}),
    ({"red": 1}, dict[Colour, int], {Colour.RED: 1}),
    ({"name": "a"}, Tool, Tool("a")),
    ({"name": "a", "weight": 2, "tags": ["x"], "unknown": 1}, Tool, Tool("a", 2.0, ["x"])),
    ({"tool": {"name": "a"}, "tools": [{"name": "b"}], "by_name": {"c": None, "d": {"name": "d"}}, "computed": 9},
     Config, Config(tool=Tool("a"), tools=(Tool("b"),), by_name={"c": None, "d": Tool("d")})),
    ({"children": [{"children": []}]}, Tree, Tree([Tree([])])),
    ({"title": "a", "other": 1}, Movie, {"title": "a"}),
    ({"title": "a", "year": 1999}, Movie, {"title": "a", "year": 1999}),
    ({"title": "a", "rating": 1}, Partial, {"title": "a", "rating": 1.0}),
    ({"x": 1}, Point, Point(1)),
    ({"x": 1, "y": 2}, Point, Point(1, 2.0)),
    ([1, 2], Point, Point(1, 2.0)),
    ({"a": 1}, Model, Model(1)),
    ([{"a": 1}], list[Model], [Model(1)]),
    ({"name": "a"}, Tool | Movie, Tool("a")),
    ({"title": "a"}, Tool | Movie, {"title": "a"}),
    (1, Annotated[int, {"unhashable": []}], 1),
    (1, UserId, 1),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected", "read"), FITS, ids=[f"{row[0]!r} as {row[1]}" for row in FITS])
def test_a_value_that_fits_becomes_the_type(value: Any, expected: Any, read: Any) -> None:
    from .values.notation import same

    found = convert(value, expected)
    assert type(found) is type(read)
    assert found == read
    assert not isinstance(read, list | tuple | dict | float) or same(found, read)


MISFITS: list[tuple[Any, Any, str]] = [
    (True, int, "v"),
    (True, float, "v"),
    (1, bool, "v"),
    (1.0, int, "v"),
    ("1", int, "v"),
    (10**400, float, "v"),
    (b"a", str, "v"),
    (NOW, date, "v"),
    (0, None, "v"),
    (None, int, "v"),
    ("blue", Colour, "v"),
    (True, Colour, "v"),
    (1.5, Literal[1], "v"),
    (1, Literal[True], "v"),
    (True, int | str, "v"),
    ([1, "a"], list[int], "v[1]"),
    ({"a": {"b": [1, None]}}, dict[str, dict[str, list[int]]], "v.a.b[1]"),
    ({"a b": 1}, dict[str, str], "v['a b']"),
    ({"a": 1}, dict[int, int], "v.a"),
    ([1], tuple[int, int], "v"),
    ([1, 2], tuple[int, str], "v[1]"),
    ([[1]], set[list[int]], "v"),
    ({1, "a"}, set[int], "v{}"),
    ("abc", list[str], "v"),
    (1, Tool, "v"),
    ({}, Tool, "v.name"),
    ({"name": "a", "weight": True}, Tool, "v.weight"),
    ({"name": "a", "tags": ["x", 1]}, Tool, "v.tags[1]"),
    ({"tool": {"name": "a"}, "by_name": {"c": {"name": 1}}}, Config, "v.by_name.c.name"),
    ({"number": -1}, Positive, "v"),
    ({"year": 1}, Movie, "v.title"),
    ({"title": "a", "year": "1999"}, Movie, "v.year"),
    ([1, 2, 3], Point, "v"),
    ({"y": 1}, Point, "v.x"),
    ([{"a": "x"}], list[Model], "v[0].items[2].a"),
    (1, complex, "v"),
]


@pytest.mark.parametrize(
    ("value", "expected", "path"), MISFITS, ids=[f"{row[0]!r} as {row[1]}"[:80] for row in MISFITS]
)
def test_a_value_that_does_not_fit_is_refused_with_its_path(value: Any, expected: Any, path: str) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        convert(value, expected, path="v")
    assert caught.value.path == path
    assert str(caught.value).startswith(f"{path}: ")
    assert "4711" not in str(caught.value)


@pytest.mark.parametrize("expected", [type[int], "Tool", 5, collections.abc.Callable[[], int]])
def test_what_is_not_a_type_of_values_is_an_invalid_argument(expected: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="cannot be read as"):
        convert(1, expected)


def test_a_class_whose_annotations_cannot_be_resolved_is_an_invalid_argument() -> None:
    @dataclass
    class Lost:
        field: "Nowhere"  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

    with pytest.raises(InvalidArgumentError, match="cannot be resolved"):
        convert({"field": 1}, Lost)
