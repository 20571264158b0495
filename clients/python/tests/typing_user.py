"""A user's own file, as mypy and pyright see it: nothing here runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, assert_type

import session_bridge
from session_bridge import (
    Bridge,
    Change,
    CheckpointInfo,
    Entry,
    HistoryEntry,
    Session,
    SessionInfo,
    Transaction,
    VariableInfo,
    Watch,
)


@dataclass
class Config:
    temperature: float


class Options(TypedDict):
    top_p: float


def connecting() -> None:
    with session_bridge.connect("localhost:50051", timeout=2.0) as bridge:
        assert_type(bridge, Bridge)
        assert_type(bridge.get_session("a", ttl="never", labels={"a": "b"}), Session)
        assert_type(bridge.get_session(), Session)
        assert_type(bridge.create_session(), Session)
        assert_type(bridge.list_sessions(prefix="a"), Iterator[SessionInfo])
        assert_type(bridge.delete_session("a"), bool)


def reading(session: Session) -> None:
    assert_type(session.get_variable("x"), Any)
    assert_type(session.get_variable("x", 0.7), Any)
    assert_type(session.get_variable("x", type=int), int | None)
    assert_type(session.get_variable("x", 0, type=int), int)
    assert_type(session.get_variable("x", type=Config), Config | None)
    assert_type(session.get_variable("x", type=Options), Options | None)
    assert_type(session.get_variable("x", type=list[Config]), list[Config] | None)
    assert_type(session.get_variable("x", "", type=int | str), int | str)
    assert_type(session.get_variable("x", type=Literal["a", "b"]), Literal["a", "b"] | None)
    assert_type(session.get_entry("x"), Entry[Any] | None)
    entry = session.get_entry("x", type=Config)
    assert_type(entry, Entry[Config] | None)
    if entry is not None:
        assert_type(entry.value.temperature, float)
        session.set_variable("x", Config(1), if_revision=entry.revision, ttl=60)
    assert_type(session["x"], Any)
    assert_type(session.to_dict(), dict[str, Any])
    assert_type(session.get_variables("a", "b"), dict[str, Any])
    assert_type(session.get_variables(["a"]), dict[str, Any])
    assert_type(session.list_variables(), list[VariableInfo])
    assert_type(list(session), list[str])
    assert_type(list(session.items()), list[tuple[str, Any]])


def writing(session: Session) -> None:
    assert_type(session.set_variable("x", 1, ttl="keep", if_revision=0), int)
    assert_type(session.increment("n", 0.5), int | float)
    assert_type(session.append("log", ["x"], keep_last=100), int)
    assert_type(session.merge("config", {"top_p": 0.9}, path=["a"], remove=["b"]), int)
    assert_type(session.update_variable("x", lambda value: [value], 0), list[Any])
    assert_type(session.update_variable("x", lambda n: n + 1, 0, type=int), int)
    assert_type(session.delete_variable("x"), bool)
    session.update({"a": 1}, b=2)
    session.update([("a", 1)])
    session["x"] = Config(0.5)
    del session["x"]
    assert_type(session.pop("x"), Any)
    assert_type(session.popitem(), tuple[str, Any])
    assert_type(session.destroy(), bool)


def together(session: Session) -> None:
    with session.edit("config") as config:
        assert_type(config, Any)
    with session.edit("log", default=[]) as log:
        log.append("x")
    with session.transaction() as t:
        assert_type(t, Transaction)
        assert_type(t["x"], Any)
        assert_type(t.get_variable("x", type=int), int | None)
        assert_type(t.get_variable("x", 0, type=int), int)
        assert_type(t.get_variables("a", "b"), dict[str, Any])
        assert_type("x" in t, bool)
        t["x"] += 1
        t.increment("n")
        t.set_variable("y", Config(1), ttl=60)
        del t["x"]
    with session.transaction(check_reads=False) as t:
        t.append("log", ["x"], keep_last=9)

    def move(t: Transaction) -> int:
        t["a"] -= 1
        t["b"] += 1
        return t.get_variable("a", 0, type=int)

    assert_type(session.transact(move), int)
    assert_type(session.transact(lambda t: t.has_variable("a"), attempts=3), bool)


def watching(session: Session) -> None:
    with session.watch("run/", since=5) as watch:
        assert_type(watch, Watch[Change])
        for change in watch:
            assert_type(change, Change)
            if change.kind == "set" and change.entry is not None:
                assert_type(change.entry, Entry[Any])
            assert_type(change.revision, int)
        watch.close()
    session.watch(names=["a"], values=False).close()
    for state in session.snapshots():
        assert_type(state, dict[str, Any])
    assert_type(session.wait_for("x", lambda value: value == 1, 2.5, default=0), Any)


def going_back(bridge: Bridge, session: Session) -> None:
    assert_type(bridge.create_session("a", history=3), Session)
    assert_type(session.history("x"), Iterator[HistoryEntry[Any]])
    for entry in session.history("x", limit=3, type=Config):
        assert_type(entry, HistoryEntry[Config])
        assert_type(entry.value, Config | None)
        assert_type(session.restore("x", entry.revision, if_revision=0), int)
    assert_type(session.checkpoint("before"), int)
    assert_type(session.list_checkpoints(), list[CheckpointInfo])
    assert_type(session.rollback("before"), int)
    assert_type(session.delete_checkpoint("before"), bool)
    assert_type(session.fork("b", ttl=60, labels={}, at_revision=1), Session)
    assert_type(bridge.fork("a"), Session)
    assert_type(session.expire_variable("x", "never"), int)


def declaring(session: Session) -> None:
    assert_type(session.declare("x", {"type": "integer"}), int)
    for revision in (
        session.declare("x", Config),
        session.declare("x", Options),
        session.declare("x", list[int | None]),
        session.declare("x", Literal["a", "b"]),
    ):
        assert_type(revision, int)
    assert_type(session.undeclare("x"), bool)
    assert_type(session.declarations(), dict[str, Any])
