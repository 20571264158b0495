"""`edit`: change a value in place; the difference is written back, and nothing else changes."""
# ruff: noqa: PT012  The block of an edit is what is expected to raise, at its end.

from datetime import UTC, datetime
from typing import Any

import pytest

from session_bridge import (
    Codecs,
    CustomEncoding,
    RevisionMismatchError,
    SerializationError,
    Session,
    TypeMismatchError,
    VariableNotFoundError,
    connect,
)
from session_bridge._values import encode
from session_bridge._wire import Encoded, GetVariable, GetVariableAnswer, SetVariable, SetVariableAnswer

from .fake_server import INFO, MISSING, FakeTransport, session_over
from .servers import Server
from .values.test_over import FLOAT32, mapping

WRITTEN = SetVariableAnswer(applied=True, revision=8, previous=None)
FINE = bytes.fromhex("d7ff000001a400000001")
"""A timestamp with nanoseconds that Python does not see."""


def found(data: bytes, encoding: str = "") -> GetVariableAnswer:
    return GetVariableAnswer(Encoded(data, encoding), INFO)


def test_an_edit_writes_the_difference(session: Session) -> None:
    session["config"] = {"tools": ["a"], "temperature": 0.8}
    with session.edit("config") as config:
        config["tools"].append("b")
        del config["temperature"]
    assert session["config"] == {"tools": ["a", "b"]}
    session["tags"] = {"a"}
    with session.edit("tags") as tags:
        tags.add("b")
    assert session["tags"] == {"a", "b"}


def test_p3_an_edit_leaves_what_it_does_not_touch_byte_for_byte() -> None:
    """[P3] A float32, a timestamp's nanoseconds, an integer and keys that are longer than they need be."""
    data = mapping({"float": FLOAT32, "at": FINE, "long": b"\xcd\x00\x01", "n": b"\x01"}, True)
    transport = FakeTransport(found(data), WRITTEN)
    with session_over(transport).edit("x") as value:
        assert value == {"float": 0.5, "at": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "long": 1, "n": 1}
        value["n"] = 2
    request = transport.asked[-1]
    assert isinstance(request, SetVariable)
    assert request.encoded.value == b"\x84" + data[3:-1] + b"\x02"
    assert (request.if_revision, request.ttl) == (INFO.revision, "keep")


def test_p3_update_variable_leaves_what_it_does_not_touch_byte_for_byte() -> None:
    """[P3]"""
    data = mapping({"float": FLOAT32, "n": b"\x01"}, True)
    transport = FakeTransport(found(data), WRITTEN)
    assert session_over(transport).update_variable("x", lambda value: {**value, "n": 2}) == {"float": 0.5, "n": 2}
    request = transport.asked[-1]
    assert isinstance(request, SetVariable)
    assert request.encoded.value == b"\x82" + data[3:-1] + b"\x02"


def test_what_does_not_change_is_not_written() -> None:
    transport = FakeTransport(found(mapping({"float": FLOAT32}, True)))
    with session_over(transport).edit("x") as value:
        value["new"] = 1
        del value["new"]
    assert [type(request) for request in transport.asked] == [GetVariable]


def test_an_exception_inside_writes_nothing() -> None:
    transport = FakeTransport(found(b"\x80"))
    with pytest.raises(ZeroDivisionError), session_over(transport).edit("x") as value:
        value["new"] = 1
        raise ZeroDivisionError
    assert [type(request) for request in transport.asked] == [GetVariable]


def test_an_edit_of_a_value_that_somebody_else_wrote_fails_and_changes_nothing(session: Session) -> None:
    session["config"] = {"a": 1}
    with pytest.raises(RevisionMismatchError) as caught, session.edit("config") as config:
        config["a"] = 2
        session["config"] = {"a": 3}
    assert (caught.value.name, caught.value.current_revision) == ("config", session.info().revision)
    assert session["config"] == {"a": 3}
    with pytest.raises(RevisionMismatchError), session.edit("new", default={}) as new:
        new["a"] = 1
        session["new"] = 1
    assert session["new"] == 1


def test_a_missing_variable_is_an_error_or_a_copy_of_the_default(session: Session) -> None:
    with pytest.raises(VariableNotFoundError), session.edit("log"):
        pass
    default: list[str] = []
    with session.edit("log", default=default):
        pass
    assert "log" not in session
    with session.edit("log", default=default) as log:
        log.append("a")
    assert (session["log"], default) == (["a"], [])


def test_an_edit_keeps_the_deadline(session: Session) -> None:
    session.set_variable("config", {}, ttl=600)
    before = session.get_entry("config")
    with session.edit("config") as config:
        config["a"] = 1
    after = session.get_entry("config")
    assert before is not None
    assert after is not None
    assert after.expires_at == before.expires_at is not None
    assert after.revision > before.revision


@pytest.mark.parametrize("value", [1, 1.5, True, None, "text", b"bytes", (1, [2]), datetime.now(UTC)], ids=repr)
def test_what_cannot_be_changed_in_place_cannot_be_edited(value: Any) -> None:
    transport = FakeTransport(found(encode(value)[0]))
    with pytest.raises(TypeMismatchError, match="update_variable") as caught, session_over(transport).edit("x"):
        pass
    assert caught.value.name == "x"
    transport = FakeTransport(MISSING)
    with pytest.raises(TypeMismatchError), session_over(transport).edit("x", default=value):
        pass


def test_what_cannot_be_stored_is_refused_with_its_path(session: Session) -> None:
    session["config"] = {"tools": []}
    with pytest.raises(SerializationError) as caught, session.edit("config") as config:
        config["tools"].append(object())
    assert caught.value.path == "config.tools[0]"
    assert session["config"] == {"tools": []}


def test_a_custom_encoding_is_kept(server: Server) -> None:
    codec = CustomEncoding("comma", lambda value: ",".join(value).encode(), lambda data: data.decode().split(","))
    with connect(server.address, codecs=Codecs().with_encoding(codec)) as bridge:
        session = bridge.get_session("custom-edit")
        session.set_variable("x", ["a"], encoding="comma")
        with session.edit("x") as value:
            value.append("b")
        entry = session.get_entry("x")
        assert entry is not None
        assert (entry.type, entry.value) == ("custom", ["a", "b"])
        session.destroy()
