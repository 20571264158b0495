"""Watching, conditional writes, histories, rolling back, declarations and copies: each through both clients, and across restarts."""

import signal
from typing import Any

import pytest
from processes import Server, TypeScript

import session_bridge
from session_bridge import Session


def told(session: Session, name: str) -> list[list[Any]]:
    """A history as the TypeScript program tells it."""
    return [[entry.kind, entry.value, entry.revision, round(entry.at.timestamp() * 1000)] for entry in session.history(name)]


def revision_of(session: Session, name: str) -> int:
    entry = session.get_entry(name)
    return 0 if entry is None else entry.revision


@pytest.mark.matrix
def test_watches_of_both_languages_tell_the_same_whole_commits(
    bridge: session_bridge.Bridge, typescript: TypeScript, server: Server
) -> None:
    """[P15] Whoever writes, each watcher is told every commit once, in order."""
    session = bridge.get_session("watched")
    typescript.send("watch", session="watched", name="watching")
    session.wait_for("watching", lambda value: value is True, timeout=30)
    with session.watch(since=session.info().revision) as watch, TypeScript(server.address) as writer:
        changes = iter(watch)
        assert next(changes).kind == "caught_up"
        session.update({"a": 1, "b": [1, None]})
        writer.do("set", session="watched", name="a", value={"deep": [2]}, revision=revision_of(session, "a"))
        writer.do("checkpoint", session="watched", name="here")
        session.clear("b")
        assert writer.do("rollback", session="watched", name="here") == 1
        session.delete_variable("watching")
        heard: list[list[Any]] = []
        for change in changes:
            if change.name == "watching":
                break
            heard.append([change.kind, change.name, change.value, change.revision, change.last])
    assert typescript.answer() == heard
    assert [[kind, name, value, last] for kind, name, value, _, last in heard] == [
        ["set", "a", 1, False],
        ["set", "b", [1, None], True],
        ["set", "a", {"deep": [2]}, True],
        ["delete", "b", None, True],
        ["set", "b", [1, None], True],
    ]


@pytest.mark.matrix
def test_a_condition_holds_against_writes_of_the_other_language(bridge: session_bridge.Bridge, typescript: TypeScript) -> None:
    """[P5] What one has read, the other cannot replace unseen."""
    session = bridge.get_session("conditions")
    first = session.set_variable("x", 1, if_revision=0)
    assert typescript.do("set", session="conditions", name="x", value=2, revision=0) == "REVISION_MISMATCH"
    second = typescript.do("set", session="conditions", name="x", value=2, revision=first)
    assert second > first
    with pytest.raises(session_bridge.RevisionMismatchError) as refusal:
        session.set_variable("x", 3, if_revision=first)
    assert (refusal.value.name, refusal.value.current_revision) == ("x", second)

    def collide() -> None:
        with session.transaction() as transaction:
            transaction.set_variable("x", transaction.get_variable("x") + 1)
            typescript.do("set", session="conditions", name="x", value=5, revision=second)

    with pytest.raises(session_bridge.RevisionMismatchError):
        collide()
    assert session.get_variable("x") == 5


@pytest.mark.matrix
def test_a_history_is_the_same_in_both_languages_and_after_a_restart(own_server: Server) -> None:
    """What either wrote, either restores."""
    with session_bridge.connect(own_server.address) as bridge, TypeScript(own_server.address) as typescript:
        session = bridge.create_session("h", history=10)
        first = session.set_variable("x", {"temperature": 0.5})
        typescript.do("set", session="h", name="x", value="from TypeScript", revision=first)
        session.delete_variable("x")
        session.set_variable("x", b"bytes" * 2000)
        typescript.do("set", session="h", name="x", value=[1, 2], revision=revision_of(session, "x"))
        session.set_variable("x", 6)
        kept = told(session, "x")
        assert [kind for kind, *_ in kept] == ["set", "set", "delete", "set", "set"]
        assert [value for _, value, *_ in kept] == [[1, 2], b"bytes" * 2000, None, "from TypeScript", {"temperature": 0.5}]
        own_server.stop(signal.SIGKILL)
        own_server.start(own_server.address)
        assert told(session, "x") == kept
        restored = typescript.do("restore", session="h", name="x", revision=first)
        assert (session.get_variable("x"), revision_of(session, "x")) == ({"temperature": 0.5}, restored)
        session.restore("x", kept[3][2])
        session.set_variable("y", 1)
        assert typescript.do("history", session="h", name="y") == []
        assert [entry[1:3] for entry in typescript.do("history", session="h", name="x")][:2] == [
            [{"temperature": 0.5}, restored],
            [6, revision_at(session, "x", 1)],
        ]
        assert typescript.do("restore", session="h", name="x", revision=12345) == "COMPACTED"
        with pytest.raises(session_bridge.CompactedError):
            session.restore("x", 12345)


def revision_at(session: Session, name: str, place: int) -> int:
    """The revision of an entry of the history, the newest being the first."""
    return list(session.history(name))[place].revision


@pytest.mark.matrix
def test_what_one_language_names_the_other_goes_back_to_also_after_a_kill(own_server: Server) -> None:
    """[P11] A checkpoint that was acknowledged is there; a rollback is one revision."""
    with session_bridge.connect(own_server.address) as bridge, TypeScript(own_server.address) as typescript:
        session = bridge.get_session("c")
        session.update({f"v{i}": i for i in range(1000)})
        session.checkpoint("from Python")
        session.update({f"v{i}": -i for i in range(500)})
        typescript.do("checkpoint", session="c", name="from TypeScript")
        session.clear()
        own_server.stop(signal.SIGKILL)
        own_server.start(own_server.address)
        assert typescript.do("rollback", session="c", name="from Python") == 1000
        assert session.to_dict() == {f"v{i}": i for i in range(1000)}
        assert {info.revision for info in session.list_variables()} == {session.info().revision}
        assert session.rollback("from TypeScript") == 1000
        assert typescript.do("read", session="c")["v499"] == -499
        assert [checkpoint.label for checkpoint in session.list_checkpoints()] == ["from Python", "from TypeScript"]
        assert typescript.do("rollback", session="c", name="unknown") == "CHECKPOINT_NOT_FOUND"
        with pytest.raises(session_bridge.CheckpointNotFoundError):
            session.rollback("unknown")


@pytest.mark.matrix
def test_a_declaration_and_a_copy_hold_for_both_languages_across_a_restart(own_server: Server) -> None:
    """[P7] What one declares, the other is held to; of two copies neither knows the other."""
    schema = {"type": "number", "minimum": 0, "maximum": 2}
    with session_bridge.connect(own_server.address) as bridge, TypeScript(own_server.address) as typescript:
        session = bridge.get_session("source")
        session.set_variable("temperature", 1)
        typescript.do("declare", session="source", name="temperature", schema=schema)
        with pytest.raises(session_bridge.ConstraintError) as refusal:
            session.increment("temperature", 5)
        assert (refusal.value.path, refusal.value.rule) == ("temperature", "maximum 2")
        copy = session.fork("copy")
        assert typescript.do("fork", session="copy", to="copy of the copy") == "copy of the copy"
        session.set_variable("temperature", 2)
        typescript.do("set", session="copy", name="temperature", value=0, revision=revision_of(copy, "temperature"))
        own_server.stop()
        own_server.start(own_server.address)
        revision = revision_of(copy, "temperature")
        assert typescript.do("set", session="copy", name="temperature", value=3, revision=revision) == "CONSTRAINT_VIOLATED"
        assert copy.declarations() == {"temperature": schema}
        ids = ("source", "copy", "copy of the copy")
        assert [bridge.get_session(each).get_variable("temperature") for each in ids] == [2, 0, 1]
        session.destroy()
        assert typescript.do("read", session="copy of the copy") == {"temperature": 1}
