"""Changes that are sent again: which call they are, and what is said when nobody knows whether they were applied."""

import pickle
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

import session_bridge
from session_bridge import (
    Bridge,
    BridgeClosedError,
    BridgeError,
    CancelledError,
    DeadlineExceededError,
    LimitExceededError,
    OutcomeUnknownError,
    RevisionMismatchError,
    ServerUnavailableError,
    Session,
    StoreUnavailableError,
)
from session_bridge._carrier import MAX_MESSAGE_BYTES
from session_bridge._rpc import RESEND_BYTES, payload_of
from session_bridge._update_wire import OperationAnswer, UpdateVariablesAnswer
from session_bridge._wire import (
    CreateSession,
    DeleteVariableAnswer,
    Encoded,
    GetVariableAnswer,
    Identity,
    Request,
    SessionAnswer,
    SetVariable,
    SetVariableAnswer,
)
from session_bridge.v1.sessions_pb2 import CreateSessionRequest
from session_bridge.v1.variables_pb2 import SetVariableRequest, SetVariableResponse

from .fake_server import INFO, FakeTransport, bridge_over, session_over

FOUND = GetVariableAnswer(Encoded(b"\x01"), INFO)
WRITTEN = SetVariableAnswer(applied=True, revision=8, previous=None)
DELETED = DeleteVariableAnswer(deleted=True, previous=Encoded(b"\x01"))
UPDATED = UpdateVariablesAnswer([OperationAnswer(8, None, b"\x02", 1)], 8)
SESSION = SessionAnswer("s", {}, 8, 1, 1, 0, 0, None)

CHANGES: dict[str, tuple[Callable[[Bridge, Session], object], object]] = {
    "set_variable": (lambda _, session: session.set_variable("x", 1), WRITTEN),
    "setdefault": (lambda _, session: session.setdefault("x", 1), WRITTEN),
    "delete_variable": (lambda _, session: session.delete_variable("x"), DELETED),
    "pop": (lambda _, session: session.pop("x"), DELETED),
    "increment": (lambda _, session: session.increment("x"), UPDATED),
    "append": (lambda _, session: session.append("x", [1]), UPDATED),
    "merge": (lambda _, session: session.merge("x", {"a": 1}), UPDATED),
    "set_variables": (lambda _, session: session.set_variables({"x": 1}), UPDATED),
    "clear": (lambda _, session: session.clear(), UPDATED),
    "expire_variable": (lambda _, session: session.expire_variable("x", 1), UPDATED),
    "restore": (lambda _, session: session.restore("x", 1), UPDATED),
    "checkpoint": (lambda _, session: session.checkpoint("a"), UPDATED),
    "delete_checkpoint": (lambda _, session: session.delete_checkpoint("a"), UPDATED),
    "rollback": (lambda _, session: session.rollback("a"), UPDATED),
    "declare": (lambda _, session: session.declare("x", int), UPDATED),
    "undeclare": (lambda _, session: session.undeclare("x"), UPDATED),
    "fork": (lambda _, session: session.fork(), SESSION),
    "touch": (lambda _, session: session.touch(), SESSION),
    "destroy": (lambda _, session: session.destroy(), True),
    "create_session": (lambda bridge, _: bridge.create_session(), SESSION),
    "delete_session": (lambda bridge, _: bridge.delete_session("s"), True),
}


def lost(kind: type[BridgeError] = ServerUnavailableError, outcome: Any = "unknown") -> BridgeError:
    return kind("lost", outcome=outcome)


@pytest.mark.parametrize("change", CHANGES)
def test_p6_every_change_is_sent_again_under_the_id_of_its_call(change: str) -> None:
    """[P6] One id for all tries of a call, a new one for the next call; a repeat says its age."""
    call, answer = CHANGES[change]
    transport = FakeTransport(lost(), lost(StoreUnavailableError, "not_applied"), lost(), answer)
    bridge = bridge_over(transport)
    session = bridge.get_session("s")
    begun = time.monotonic()
    call(bridge, session)
    tries = [*transport.identities]
    longest_ms = (time.monotonic() - begun) * 1000 + 1
    call(bridge, session)
    last = transport.identities[-1]

    assert len({id(request) for request in transport.asked[:4]}) == 1
    named = [identity for identity in tries if identity is not None]
    assert len(named) == len(tries) == 4
    assert last is not None
    assert last.resent_after_ms is None
    ids = {identity.request_id for identity in named}
    assert len(ids) == 1
    assert last.request_id not in ids
    assert {len(identity) for identity in (*ids, last.request_id)} == {16}
    ages = [identity.resent_after_ms for identity in named]
    assert ages[0] is None
    later = [age for age in ages[1:] if age is not None]
    assert len(later) == 3
    assert later == sorted(later)
    assert 1 <= later[0] <= later[-1] <= longest_ms


def test_p6_each_attempt_of_update_variable_is_a_call_of_its_own() -> None:
    """[P6] An attempt that was refused is not repeated; one that was lost is."""
    mismatch = RevisionMismatchError("newer", name="x", current_revision=9)
    transport = FakeTransport(FOUND, lost(), mismatch, FOUND, lost(), WRITTEN)
    session_over(transport).update_variable("x", lambda value: value + 1)
    ids = [None if identity is None else identity.request_id for identity in transport.identities]
    assert (ids[0], ids[3]) == (None, None), "a read needs no id"
    assert ids[1] == ids[2] != ids[4] == ids[5]


def test_a_change_is_sent_once_without_retry() -> None:
    transport = FakeTransport(lost(), WRITTEN)
    with pytest.raises(ServerUnavailableError) as caught:
        session_over(transport, retry=False).set_variable("x", 1)
    assert caught.value.outcome == "unknown"
    assert len(transport.asked) == 1


def test_a_change_that_was_refused_is_sent_once() -> None:
    transport = FakeTransport(RevisionMismatchError("newer", name="x", current_revision=9), WRITTEN)
    with pytest.raises(RevisionMismatchError):
        session_over(transport).set_variable("x", 1)
    assert len(transport.asked) == 1


def test_a_lost_change_ends_with_the_timeout() -> None:
    transport = FakeTransport(lost())
    begun = time.monotonic()
    with pytest.raises(ServerUnavailableError) as caught:
        session_over(transport, timeout=0.2).set_variable("x", 1)
    assert 0.1 < time.monotonic() - begun < 1
    assert len(transport.asked) > 1
    assert caught.value.outcome == "unknown"


def says_nothing() -> list[BridgeError]:
    return [
        lost(DeadlineExceededError, "not_applied"),
        lost(CancelledError, "not_applied"),
        lost(BridgeClosedError, "not_applied"),
        LimitExceededError("too many requests", reason="OVERLOADED"),
    ]


@pytest.mark.parametrize("error", says_nothing(), ids=lambda error: type(error).__name__)
def test_p18_after_a_try_that_may_have_been_applied_the_outcome_is_unknown(error: BridgeError) -> None:
    """[P18] What says nothing of the change does not say that it was not applied."""
    with pytest.raises(type(error)) as caught:
        session_over(FakeTransport(lost(), error)).set_variable("x", 1)
    assert caught.value.outcome == "unknown"
    assert pickle.loads(pickle.dumps(caught.value)).outcome == "unknown"


@pytest.mark.parametrize("error", says_nothing(), ids=lambda error: type(error).__name__)
def test_p18_after_tries_that_were_not_applied_the_outcome_is_not_applied(error: BridgeError) -> None:
    """[P18] Certain stays certain."""
    refused = lost(StoreUnavailableError, "not_applied")
    with pytest.raises(type(error)) as caught:
        session_over(FakeTransport(refused, refused, error)).set_variable("x", 1)
    assert caught.value.outcome == "not_applied"


def test_p18_one_try_that_may_have_been_applied_makes_the_outcome_of_the_last_unknown() -> None:
    """[P18] Also when the deadline passes between the tries, or the last one was certainly not applied."""
    answers = [lost(), *(lost(outcome="not_applied") for _ in range(1000))]
    with pytest.raises(ServerUnavailableError) as caught:
        session_over(FakeTransport(*answers), timeout=0.2).set_variable("x", 1)
    assert caught.value.outcome == "unknown"


@pytest.mark.parametrize(
    "error",
    [
        RevisionMismatchError("newer", name="x", current_revision=9),
        LimitExceededError("too large", reason="SESSION_TOO_LARGE"),
        OutcomeUnknownError("nobody knows"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_p18_a_refusal_of_a_repeat_stands(error: BridgeError) -> None:
    """[P18] It is the server's judgement of this very call."""
    said = error.outcome
    with pytest.raises(type(error)) as caught:
        session_over(FakeTransport(lost(), error)).set_variable("x", 1)
    assert caught.value is error
    assert caught.value.outcome == said


def test_p6_a_change_whose_connection_is_torn_down_is_sent_again() -> None:
    """[P6] What nobody here cancelled was cancelled by the loss of its connection."""
    seen: list[bytes] = []

    def set_variable(request: bytes, context: grpc.ServicerContext) -> bytes:
        seen.append(SetVariableRequest.FromString(request).request_id)
        if len(seen) < 3:
            context.abort(grpc.StatusCode.CANCELLED, "torn down")
        return SetVariableResponse(applied=True, revision=8).SerializeToString()

    def info(request: bytes, context: grpc.ServicerContext) -> bytes:
        return b""

    server = grpc.server(ThreadPoolExecutor(2))
    for service, name, handler in (("Session", "GetServerInfo", info), ("Variable", "SetVariable", set_variable)):
        method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(handler)
        full_name = f"session_bridge.v1.{service}Service"
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(full_name, {name: method})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with session_bridge.connect(f"127.0.0.1:{port}") as bridge:
            assert bridge.get_session("s").set_variable("x", 1) == 8
    finally:
        server.stop(0).wait()
    assert len(seen) == 3
    assert len({*seen}) == 1


def test_p6_a_request_has_the_same_bytes_each_time_but_for_its_identity() -> None:
    """[P6] The server compares the bodies of repeats."""
    labels = {f"key-{i}": f"value-{i}" for i in range(16)}
    request = CreateSession("s", labels=labels)
    bodies: set[bytes] = set()
    for age in (None, 0, 1, 2**40):
        message = CreateSessionRequest.FromString(payload_of(request, Identity(b"i" * 16, age)))
        assert message.request_id == b"i" * 16
        assert message.HasField("resent_after_ms") == (age is not None)
        assert message.resent_after_ms == (age or 0)
        message.ClearField("request_id")
        message.ClearField("resent_after_ms")
        bodies.add(message.SerializeToString())
    assert len(bodies) == 1


def test_p16_a_change_that_would_be_too_large_when_sent_again_is_refused_before_it_is_sent() -> None:
    """[P16] A message at the limit has room for what a repeat adds, and one byte more is refused the first time."""

    def request(size: int) -> Request[Any]:
        return SetVariable("s", "x", Encoded(bytes(size)))

    beside = len(payload_of(request(MAX_MESSAGE_BYTES // 2), Identity(b"i" * 16))) - MAX_MESSAGE_BYTES // 2
    largest = MAX_MESSAGE_BYTES - RESEND_BYTES - beside
    assert len(payload_of(request(largest), Identity(b"i" * 16, 2**63 - 1))) == MAX_MESSAGE_BYTES - 1
    for age in (None, 1):
        with pytest.raises(LimitExceededError) as caught:
            payload_of(request(largest + 1), Identity(b"i" * 16, age))
        assert caught.value.reason == "MESSAGE_TOO_LARGE"
        assert caught.value.actual == MAX_MESSAGE_BYTES + 1
