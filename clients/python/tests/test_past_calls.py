"""What is asked about what a session was, and what answers mean, without a server."""

import pickle
from typing import Any

import pytest

from session_bridge import CheckpointInfo, DataLossError, Session, UnsupportedError
from session_bridge._past_wire import (
    CheckpointAnswer,
    DeclarationAnswer,
    ForkSession,
    GetHistory,
    GetHistoryAnswer,
    HistoryEntryAnswer,
    HistoryKind,
)
from session_bridge._rpc_messages import METHODS
from session_bridge._update_wire import OperationAnswer, UpdateVariablesAnswer
from session_bridge._wire import CreateSession, Encoded, InfoAnswer, SessionAnswer, VariableAnswer
from session_bridge.v1.sessions_pb2 import ForkSessionRequest

from .fake_server import FakeTransport, bridge_over, session_over

SESSION = SessionAnswer("copy", {}, 8, 1, 1, 0, 0, None, 3)
INFO = InfoAnswer("x", "integer", 1, 7, 0, 0, None)


def entry(
    revision: int, value: bytes | None, kind: HistoryKind | None = "set", encoding: str = ""
) -> HistoryEntryAnswer:
    variable = None if value is None else VariableAnswer(INFO, Encoded(value, encoding))
    return HistoryEntryAnswer(kind, revision, 1000, variable)


def test_a_walk_asks_for_each_page_when_it_gets_there() -> None:
    transport = FakeTransport(
        GetHistoryAnswer([entry(9, b"\x09"), entry(8, None, "delete")], 8),
        GetHistoryAnswer([entry(7, b"\x07")], 7),
        GetHistoryAnswer([entry(6, b"\x06")], None),
    )
    walk = iter(session_over(transport).history("x"))
    assert transport.asked == []
    assert (next(walk).value, next(walk).kind) == (9, "delete")
    assert transport.asked == [GetHistory("s", "x")]
    assert [each.value for each in walk] == [7, 6]
    assert transport.asked[1:] == [GetHistory("s", "x", before=8), GetHistory("s", "x", before=7)]


def test_a_limited_walk_asks_for_no_more_than_is_left() -> None:
    transport = FakeTransport(
        GetHistoryAnswer([entry(9, b"\x09"), entry(8, b"\x08")], 8), GetHistoryAnswer([entry(7, b"\x07")], 7)
    )
    assert [each.value for each in session_over(transport).history("x", limit=3)] == [9, 8, 7]
    assert transport.asked == [GetHistory("s", "x", limit=3), GetHistory("s", "x", before=8, limit=1)]


def test_what_only_newer_clients_know_is_left_out() -> None:
    transport = FakeTransport(GetHistoryAnswer([entry(9, None, None), entry(8, b"\x08")], None))
    assert [each.revision for each in session_over(transport).history("x")] == [8]


@pytest.mark.parametrize(
    ("value", "encoding", "kind"), [(b"\xc1", "", DataLossError), (b"\x01", "unknown", UnsupportedError)]
)
def test_a_value_that_cannot_be_read_leaves_the_others(value: bytes, encoding: str, kind: type[Exception]) -> None:
    transport = FakeTransport(GetHistoryAnswer([entry(9, value, "set", encoding), entry(8, b"\x08")], None))
    unreadable, readable = session_over(transport).history("x")
    assert (unreadable.revision, readable.value) == (9, 8)
    for each in (unreadable, pickle.loads(pickle.dumps(unreadable))):
        with pytest.raises(kind):
            _ = each.value
    assert pickle.loads(pickle.dumps(readable)) == readable


def test_a_fork_says_what_is_other_than_the_source_and_nothing_else() -> None:
    transport = FakeTransport(SESSION)
    session = session_over(transport)
    copy = session.fork()
    session.fork("b", ttl="never", labels={}, at_revision=5)
    bridge_over(transport).fork("s", labels={"a": "b"})
    assert copy.id == "copy"
    assert transport.asked == [
        ForkSession("s"),
        ForkSession("s", "b", ttl="never", labels={}, at_revision=5),
        ForkSession("s", labels={"a": "b"}),
    ]
    messages: list[Any] = [METHODS[ForkSession].to_message(request) for request in transport.asked]
    assert messages[0] == ForkSessionRequest(session_id="s")
    assert [message.HasField("labels") for message in messages] == [False, True, True]
    assert dict(messages[2].labels.labels) == {"a": "b"}


def test_a_session_is_created_with_as_much_history_as_is_said() -> None:
    transport = FakeTransport(SESSION)
    bridge = bridge_over(transport)
    bridge.create_session()
    bridge.create_session(history=0)
    assert transport.asked == [CreateSession(""), CreateSession("", history_entries=0)]
    messages: list[Any] = [METHODS[CreateSession].to_message(request) for request in transport.asked]
    assert [message.HasField("history_entries") for message in messages] == [False, True]
    assert session_over(transport).info().history_entries == 3


def test_what_an_update_answers_is_what_the_calls_give() -> None:
    def given(answer: OperationAnswer) -> Session:
        return session_over(FakeTransport(UpdateVariablesAnswer([answer], 9)))

    revised, counted = OperationAnswer(8, None, b"", 0), OperationAnswer(0, None, b"", 5)
    nothing = OperationAnswer(0, None, b"", 0, applied=False)
    assert given(revised).restore("x", 3) == given(revised).checkpoint("a") == given(revised).declare("x", int) == 8
    assert given(revised).expire_variable("x", 1) == 8
    assert given(counted).rollback("a") == 5
    assert (given(counted).delete_checkpoint("a"), given(nothing).delete_checkpoint("a")) == (True, False)
    assert (given(counted).undeclare("x"), given(nothing).undeclare("x")) == (True, False)


def test_listings_are_shown() -> None:
    checkpoints = session_over(FakeTransport([CheckpointAnswer("a", 8, 1000, 2, 30)])).list_checkpoints()
    assert checkpoints == [
        CheckpointInfo(label="a", revision=8, created_at=checkpoints[0].created_at, variable_count=2, size_bytes=30)
    ]
    assert checkpoints[0].created_at.timestamp() == 1
    declared = session_over(FakeTransport([DeclarationAnswer("x", b"\xc3"), DeclarationAnswer("y", b"\x80")]))
    assert declared.declarations() == {"x": True, "y": {}}
