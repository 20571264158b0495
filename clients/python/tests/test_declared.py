"""Declared variables through a real server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from session_bridge import Bridge, BridgeError, ConstraintError, InvalidArgumentError, SerializationError, Session


@dataclass
class Config:
    temperature: float
    tools: list[str]


@pytest.fixture
def kept(bridge: Bridge) -> Iterator[Session]:
    """A session that keeps ten earlier states of each variable."""
    fresh = bridge.create_session(f"kept-{uuid4().hex}", history=10)
    yield fresh
    fresh.with_options(timeout=30).destroy()


def test_declared_values_are_held_to_a_schema_on_every_way(kept: Session) -> None:
    kept.set_variable("x", 3)
    too_much = kept.set_variable("x", 30)
    kept.set_variable("x", 1)
    kept.checkpoint("low")
    schema = {"type": "number", "minimum": 0, "maximum": 2}
    revision = kept.declare("x", schema)
    assert kept.declarations() == {"x": schema}
    assert kept.declare("x", schema) == revision, "the same again changes nothing"
    ways: list[Callable[[], object]] = [
        lambda: kept.set_variable("x", 3),
        lambda: kept.update(x=3, y=1),
        lambda: kept.increment("x", 2),
        lambda: kept.set_variable("x", "text"),
        lambda: kept.update_variable("x", lambda _: -1),
        lambda: kept.restore("x", too_much),
        lambda: kept.transact(lambda t: t.set_variable("x", 2.5)),
    ]
    for way in ways:
        with pytest.raises(ConstraintError) as caught:
            way()
        error = caught.value
        assert (error.name, error.path, error.outcome, error.reason) == ("x", "x", "not_applied", "CONSTRAINT_VIOLATED")
        assert kept["x"] == 1
    assert "y" not in kept
    kept.set_variable("x", 2)
    assert kept.rollback("low") == 1
    assert kept.undeclare("x") is True
    assert kept.undeclare("x") is False
    kept["x"] = "anything"


def test_a_violation_says_where_and_why(session: Session) -> None:
    session.declare("config", Config)
    session["config"] = Config(0.5, ["search"])
    with pytest.raises(ConstraintError) as caught:
        session["config"] = {"temperature": 1, "tools": ["a", 5]}
    assert (caught.value.name, caught.value.path, caught.value.rule) == ("config", "config.tools[1]", 'type "string"')
    with pytest.raises(ConstraintError) as caught:
        session.merge("config", {"temperature": "hot"})
    assert (caught.value.path, caught.value.rule) == ("config.temperature", 'type "number"')
    with pytest.raises(ConstraintError) as caught:
        session["config"] = {"tools": []}
    assert (caught.value.path, caught.value.rule) == ("config", 'required "temperature"')
    assert isinstance(caught.value, ValueError)


def test_a_value_that_is_there_and_does_not_fit_keeps_a_schema_away(session: Session) -> None:
    session["x"] = "text"
    with pytest.raises(ConstraintError):
        session.declare("x", {"type": "integer"})
    assert session.declarations() == {}


def test_the_first_declaration_creates_the_session(session: Session) -> None:
    session.declare("x", True)
    assert session.info().variable_count == 0
    assert session.declarations() == {"x": True}


BAD_SCHEMAS: list[tuple[Any, type[BridgeError], str]] = [
    ({"type": "text"}, InvalidArgumentError, "keyword_value"),
    ({"format": "date"}, InvalidArgumentError, "unknown_keyword"),
    ({"$ref": "#/$defs/None"}, InvalidArgumentError, "unresolved_ref"),
    ({"pattern": "("}, InvalidArgumentError, "pattern"),
    ({"const": datetime(2024, 1, 1, tzinfo=UTC)}, InvalidArgumentError, "not_json"),
]


@pytest.mark.parametrize(("schema", "kind", "rule"), BAD_SCHEMAS, ids=[rule for _, _, rule in BAD_SCHEMAS])
def test_what_is_no_schema_is_refused_by_name(
    session: Session, schema: Any, kind: type[BridgeError], rule: str
) -> None:
    with pytest.raises(kind) as caught:
        session.declare("x", schema)
    assert (caught.value.reason, caught.value.rule, caught.value.outcome) == ("INVALID_SCHEMA", rule, "not_applied")
    assert caught.value.path is not None
    assert caught.value.path.startswith("#")


def test_a_type_whose_values_fit_no_schema_is_refused_with_its_place(session: Session) -> None:
    with pytest.raises(SerializationError) as caught:
        session.declare("x", dict[str, list[bytes]])
    assert caught.value.path == "x[*][]"
    assert session.declarations() == {}
