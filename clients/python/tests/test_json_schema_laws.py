"""Declared types and `type=` agree, as a real server judges them."""

import json
from collections.abc import Iterator
from dataclasses import make_dataclass
from typing import Any, Literal, Union
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import session_bridge
from session_bridge import ConstraintError, Session, TypeMismatchError
from session_bridge._convert import convert
from session_bridge._json_schema import json_schema

from .servers import Server
from .test_json_schema import Colour, Flags, Level, Movie, Names, Point, Tree, UserId

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from([0.5, -1e-300, float("nan"), float("inf")])
    | st.sampled_from(["", "a", "b", "red", "ü"])
)
"""Values of JSON; no float is whole, since JSON Schema takes that for an integer and `type=` does not."""
KEYS = st.sampled_from(["a", "b", "x", "title", "year", "name", "leaf", "children"])
VALUES = st.recursive(SCALARS, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=3))
PLAIN: list[Any] = [Any, type(None), bool, int, float, str, list, dict]
NAMED: list[Any] = [Colour, Level, Flags, Literal["a", 1], UserId, Movie, Tree, Names]
TYPES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([*PLAIN, *NAMED]),
    lambda inside: st.one_of(
        inside.map(lambda kind: list[kind]),  # type: ignore[valid-type]
        inside.map(lambda kind: dict[str, kind]),  # type: ignore[valid-type]
        inside.map(lambda kind: dict[Literal["a", "b"], kind]),  # type: ignore[valid-type]
        st.tuples(inside, inside).map(lambda kinds: Union[kinds]),  # noqa: UP007
        st.tuples(inside, inside).map(lambda kinds: make_dataclass("Made", [("a", kinds[0]), ("b", kinds[1], None)])),
    ),
    max_leaves=4,
)


def fitting(schema: dict[str, Any], definitions: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of this module takes, mostly."""
    if "$ref" in schema:
        return st.deferred(lambda: fitting(definitions[schema["$ref"].rpartition("/")[2]], definitions))
    if "anyOf" in schema:
        return st.one_of(*(fitting(each, definitions) for each in schema["anyOf"]))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    inside = [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    each = fitting(inside[0], definitions) if inside else SCALARS
    if schema.get("type") == "array":
        return st.lists(each, max_size=3)
    if schema.get("type") == "object":
        named = {name: fitting(one, definitions) for name, one in schema.get("properties", {}).items()}
        required = {name: one for name, one in named.items() if name in schema.get("required", ())}
        named_only = st.fixed_dictionaries(required, optional={n: one for n, one in named.items() if n not in required})
        return named_only if named else st.dictionaries(KEYS, each, max_size=3)
    return SCALARS


@st.composite
def typed_values(draw: st.DrawFn) -> tuple[Any, dict[str, Any], Any]:
    """A type, its schema, and a value that may fit."""
    kind = draw(TYPES)
    schema = json_schema(kind, "v")
    assert isinstance(schema, dict)
    return kind, schema, draw(VALUES | fitting(schema, schema.get("$defs", {})))


@pytest.fixture(scope="module")
def declaring(server: Server) -> Iterator[Session]:
    with session_bridge.connect(server.address) as bridge:
        session = bridge.get_session(f"schemas-{uuid4().hex}")
        yield session
        session.destroy()


@settings(max_examples=400)
@given(typed_values())
def test_what_type_reads_a_server_takes_and_the_reverse(
    declaring: Session, typed: tuple[Any, dict[str, Any], Any]
) -> None:
    kind, schema, value = typed
    declaring.clear()
    declaring.declare("v", kind)
    assert declaring.declarations() == {"v": schema}
    try:
        convert(value, kind, path="v")
        is_read = True
    except TypeMismatchError:
        is_read = False
    try:
        declaring.set_variable("v", value)
        is_taken = True
    except ConstraintError:
        is_taken = False
    assert is_taken == is_read, (kind, json.dumps(schema), value)


@pytest.mark.parametrize("value", [{"x": 1}, {"x": 1, "y": 2.5, "z": None}, [1, 2.5], [1, 2]])
def test_a_named_tuple_is_a_map_or_its_items(declaring: Session, value: Any) -> None:
    assert isinstance(convert(value, Point), Point)
    declaring.clear()
    declaring.declare("v", Point)
    declaring["v"] = value
    declaring["v"] = Point(1)
    for misfit in ([1], {"y": 1}, ["a", 1], "a"):
        with pytest.raises(ConstraintError):
            declaring["v"] = misfit
