"""Histories, checkpoints, forks and declared variables through a real server."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from session_bridge import (
    Bridge,
    CheckpointNotFoundError,
    CompactedError,
    InvalidArgumentError,
    LimitExceededError,
    RevisionMismatchError,
    Session,
    SessionExistsError,
    SessionNotFoundError,
    TypeMismatchError,
)

TWO_YEARS = timedelta(days=730)


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


def new_id() -> str:
    return f"new-{uuid4().hex}"


def test_a_history_has_the_earlier_states_newest_first(kept: Session) -> None:
    begun = datetime.now(UTC)
    first = kept.set_variable("x", 1)
    second = kept.set_variable("x", "two", ttl=TWO_YEARS)
    kept.set_variable("x", [3])
    older, oldest = kept.history("x")
    assert (older.kind, older.name, older.revision, older.type, older.size_bytes) == ("set", "x", second, "string", 4)
    assert (oldest.kind, oldest.revision, oldest.type, oldest.size_bytes) == ("set", first, "integer", 1)
    assert (older.value, oldest.value) == ("two", 1)
    assert older.expires_at is not None
    assert timedelta(days=729) < older.expires_at - begun < timedelta(days=731)
    assert oldest.expires_at is None
    assert abs(older.at - begun) < timedelta(minutes=1)
    assert older.at.tzinfo is UTC


def test_a_deletion_is_a_state_without_a_value(kept: Session) -> None:
    kept.set_variable("x", None)
    assert kept.delete_variable("x")
    deleted, before = kept.history("x")
    assert (deleted.kind, deleted.value, deleted.type, deleted.size_bytes) == ("delete", None, None, 0)
    assert (before.kind, before.value, before.type) == ("set", None, "null")


def test_a_history_is_kept_only_as_far_as_the_session_says(bridge: Bridge, session: Session) -> None:
    with_two = bridge.create_session(new_id(), history=2)
    for each in (with_two, session):
        for number in range(5):
            each.set_variable("x", number)
    assert [entry.value for entry in with_two.history("x")] == [3, 2]
    assert [*session.history("x")] == [*session.history("absent")] == []
    assert with_two.info().history_entries == 2
    assert session.info().history_entries is None


def test_a_limit_ends_a_walk(kept: Session) -> None:
    for number in range(5):
        kept.set_variable("x", number)
    assert [entry.value for entry in kept.history("x", limit=3)] == [3, 2, 1]
    assert [entry.value for entry in kept.history("x", limit=30)] == [3, 2, 1, 0]


def test_a_history_that_no_message_holds_comes_in_pages(kept: Session) -> None:
    for number in range(7):
        kept.set_variable("x", bytes([number]) * 1_000_000)
    assert [entry.value[0] for entry in kept.history("x") if entry.value] == [5, 4, 3, 2, 1, 0]
    assert [entry.size_bytes > 1_000_000 for entry in kept.history("x", limit=5)] == [True] * 5


def test_values_of_a_history_are_read_as_a_type_and_one_that_does_not_fit_leaves_the_others(kept: Session) -> None:
    for value in (Config(1, ["a"]), "no config", Config(2, []), 0):
        kept.set_variable("config", value)
    newest, other, oldest = kept.history("config", type=Config)
    assert (newest.value, oldest.value) == (Config(2, []), Config(1, ["a"]))
    assert (other.kind, other.type) == ("set", "string")
    for _ in range(2):
        with pytest.raises(TypeMismatchError) as caught:
            _ = other.value
        assert caught.value.path == "config"
    assert "no config" not in repr(other)
    with pytest.raises(InvalidArgumentError, match="cannot be read as"):
        next(kept.history("config", type="Config"))


def test_restoring_writes_again_what_was(kept: Session) -> None:
    kept.set_variable("x", {"a": 1}, ttl=TWO_YEARS)
    kept.set_variable("x", 2)
    (before,) = kept.history("x")
    revision = kept.restore("x", before.revision)
    entry = kept.get_entry("x")
    assert entry is not None
    assert (entry.value, entry.revision, entry.expires_at) == ({"a": 1}, revision, before.expires_at)
    assert revision > before.revision
    assert [each.value for each in kept.history("x")] == [2, {"a": 1}]


def test_restoring_a_deletion_deletes(kept: Session) -> None:
    kept.set_variable("x", 1)
    kept.delete_variable("x")
    kept.set_variable("x", 2)
    deleted = next(entry for entry in kept.history("x") if entry.kind == "delete")
    assert kept.restore("x", deleted.revision) == 0
    assert "x" not in kept


def test_what_is_not_kept_cannot_be_restored(kept: Session) -> None:
    revision = kept.set_variable("x", 1)
    with pytest.raises(CompactedError) as caught:
        kept.restore("x", revision - 1)
    assert caught.value.name == "x"
    assert caught.value.outcome == "not_applied"
    assert kept.info().revision == revision


def test_restoring_can_be_conditional(kept: Session) -> None:
    first, second = kept.set_variable("x", 1), kept.set_variable("x", 2)
    with pytest.raises(RevisionMismatchError) as caught:
        kept.restore("x", first, if_revision=first)
    assert caught.value.current_revision == second
    kept.restore("x", first, if_revision=second)
    assert kept["x"] == 1


def test_a_rollback_goes_back_to_a_checkpoint_in_one_commit(session: Session) -> None:
    session.update(a=1, b=[2], c="three")
    untouched = session.list_variables("c")
    named = session.checkpoint("before")
    session.update(a=10, d=4)
    del session["b"]
    revision = session.info().revision
    assert session.rollback("before") == 3
    assert session.to_dict() == {"a": 1, "b": [2], "c": "three"}
    assert session.list_variables("c") == untouched
    a, b = (session.get_entry(name) for name in "ab")
    assert a is not None
    assert b is not None
    assert a.revision == b.revision == session.info().revision > revision > named
    assert session.rollback("before") == 2, "what is equal is not the same: their revisions are new"


def test_a_checkpoint_says_what_it_holds_until_it_is_deleted(session: Session) -> None:
    session.update(a=1, b="x" * 100)
    first = session.checkpoint("first")
    second = session.checkpoint("second ☃")
    assert [(each.label, each.revision, each.variable_count) for each in session.list_checkpoints()] == [
        ("first", first, 2),
        ("second ☃", second, 2),
    ]
    held = session.list_checkpoints()[0]
    assert held.size_bytes == session.info().size_bytes > 100
    assert abs(held.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert session.delete_checkpoint("first") is True
    assert session.delete_checkpoint("first") is False
    assert [each.label for each in session.list_checkpoints()] == ["second ☃"]


def test_a_label_that_is_in_use_names_the_present_state_from_now_on(session: Session) -> None:
    session["x"] = 1
    session.checkpoint("here")
    session["x"] = 2
    session.checkpoint("here")
    session["x"] = 3
    session.rollback("here")
    assert session["x"] == 2
    assert len(session.list_checkpoints()) == 1


def test_a_checkpoint_that_is_not_there_is_a_lookup_error(session: Session) -> None:
    session["x"] = 1
    revision = session.info().revision
    with pytest.raises(CheckpointNotFoundError) as caught:
        session.rollback("nowhere")
    assert isinstance(caught.value, LookupError)
    assert (caught.value.name, caught.value.reason) == ("nowhere", "CHECKPOINT_NOT_FOUND")
    assert session.info().revision == revision


def test_a_session_has_so_many_checkpoints(session: Session) -> None:
    session["x"] = 1
    for number in range(16):
        session.checkpoint(str(number))
    with pytest.raises(LimitExceededError) as caught:
        session.checkpoint("one more")
    assert (caught.value.reason, caught.value.limit_value, caught.value.actual) == ("TOO_MANY_CHECKPOINTS", 16, 17)


def test_looking_at_a_session_that_is_not_there_finds_nothing_and_makes_none(session: Session) -> None:
    assert [*session.history("x")] == []
    assert session.list_checkpoints() == []
    assert session.declarations() == {}
    assert session.delete_checkpoint("a") is False
    assert session.undeclare("x") is False
    assert session.expire_variable("x", 1) == 0
    with pytest.raises(SessionNotFoundError):
        session.info()


def test_p7_a_fork_is_a_copy_that_goes_its_own_way(bridge: Bridge, session: Session) -> None:
    session.update(a=1, b={"deep": [1]})
    session.set_variable("c", 3, ttl=TWO_YEARS)
    session.declare("a", int)
    copy = session.fork(new_id())
    assert copy.to_dict() == session.to_dict()
    assert copy.declarations() == session.declarations()
    there, here = copy.get_entry("c"), session.get_entry("c")
    assert there is not None
    assert here is not None
    assert there.expires_at == here.expires_at
    copy.update(a=2, new=True)
    session["b"] = None
    assert copy.to_dict() == {"a": 2, "b": {"deep": [1]}, "c": 3, "new": True}
    assert session.to_dict() == {"a": 1, "b": None, "c": 3}
    with pytest.raises(RevisionMismatchError):
        copy.set_variable("c", 4, if_revision=here.revision)
    assert bridge.delete_session(copy.id)


def test_a_fork_has_the_sources_labels_and_ttl_unless_told(bridge: Bridge) -> None:
    source = bridge.create_session(new_id(), ttl="never", labels={"run": "1"}, history=3)
    same = source.fork().info()
    assert (same.labels, same.expires_at, same.history_entries) == ({"run": "1"}, None, 3)
    assert len(same.id) == 22
    other = bridge.fork(source.id, new_id(), ttl=60, labels={}).info()
    assert (other.labels, other.expires_at is None) == ({}, False)


def test_a_fork_of_what_was(kept: Session) -> None:
    kept.update(a=1, b=1)
    then = kept.info().revision
    kept["a"] = 2
    del kept["b"]
    assert kept.fork(at_revision=then).to_dict() == {"a": 1, "b": 1}
    assert kept.fork().to_dict() == {"a": 2}
    for number in range(11):
        kept["a"] = number
    with pytest.raises(CompactedError):
        kept.fork(at_revision=then)


def test_a_fork_needs_a_source_and_a_new_id(bridge: Bridge, session: Session) -> None:
    with pytest.raises(SessionNotFoundError):
        session.fork()
    session["x"] = 1
    with pytest.raises(SessionExistsError):
        bridge.fork(session.id, session.id)


def test_an_expiry_alone_leaves_the_value(session: Session) -> None:
    before = session.set_variable("x", [1, 2.0])
    revision = session.expire_variable("x", TWO_YEARS)
    entry = session.get_entry("x")
    assert entry is not None
    assert (entry.value, entry.revision, entry.expires_at is None) == ([1, 2.0], revision, False)
    assert revision > before
    session.expire_variable("x", "never")
    entry = session.get_entry("x")
    assert entry is not None
    assert entry.expires_at is None
    session.expire_variable("x", 0.05)
    time.sleep(0.06)
    assert not session.has_variable("x")


NOT_THESE: list[tuple[str, Callable[[Any], object]]] = [
    ("history of no name", lambda s: s.history("")),
    ("history of none", lambda s: s.history("x", limit=0)),
    ("history of a bool", lambda s: s.history("x", limit=True)),
    ("restore None", lambda s: s.restore("x", None)),
    ("restore 0", lambda s: s.restore("x", 0)),
    ("restore a bool", lambda s: s.restore("x", True)),
    ("restore if None", lambda s: s.restore("x", 1, if_revision=None)),
    ("checkpoint of no label", lambda s: s.checkpoint("")),
    ("checkpoint None", lambda s: s.checkpoint(None)),
    ("rollback 1", lambda s: s.rollback(1)),
    ("delete a surrogate", lambda s: s.delete_checkpoint("\ud800")),
    ("declare None", lambda s: s.declare("x", None)),
    ("declare no type", lambda s: s.declare("x", 5)),
    ("declare no name", lambda s: s.declare("", int)),
    ("undeclare None", lambda s: s.undeclare(None)),
    ("fork None", lambda s: s.fork(None)),
    ("fork to nothing", lambda s: s.fork("")),
    ("fork at 0", lambda s: s.fork(at_revision=0)),
    ("fork keeps", lambda s: s.fork(ttl="keep")),
    ("expire None", lambda s: s.expire_variable("x", None)),
    ("expire keep", lambda s: s.expire_variable("x", "keep")),
    ("expire 0", lambda s: s.expire_variable("x", 0)),
]


@pytest.mark.parametrize(("why", "call"), NOT_THESE, ids=[why for why, _ in NOT_THESE])
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(
    session: Session, why: str, call: Callable[[Any], object]
) -> None:
    with pytest.raises(InvalidArgumentError):
        call(session)
    with pytest.raises(SessionNotFoundError):
        session.info()


def test_a_session_keeps_no_impossible_number_of_states(bridge: Bridge) -> None:
    for impossible in (-1, 65, 2**40, True, "2"):
        with pytest.raises(InvalidArgumentError):
            bridge.create_session(new_id(), history=impossible)  # type: ignore[arg-type]  # pyright: ignore
