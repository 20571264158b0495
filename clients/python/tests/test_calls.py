"""What calls ask and do with the answers, without a socket."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from session_bridge import (
    DataLossError,
    DeadlineExceededError,
    InvalidArgumentError,
    PageExpiredError,
    RevisionMismatchError,
    ServerUnavailableError,
    UnsupportedError,
)
from session_bridge._values import encode_packed
from session_bridge._wire import (
    Encoded,
    GetVariable,
    GetVariableAnswer,
    GetVariables,
    GetVariablesAnswer,
    Greet,
    Identity,
    ListVariables,
    ListVariablesAnswer,
    Request,
    SetVariable,
    SetVariableAnswer,
    VariableAnswer,
)

from .fake_server import INFO, MISSING, FakeTransport, bridge_over, session_over

FOUND = GetVariableAnswer(Encoded(b"\x01"), INFO)
WRITTEN = SetVariableAnswer(applied=True, revision=8, previous=None)
LOST = ServerUnavailableError("lost", outcome="unknown")
MISMATCH = RevisionMismatchError("newer", name="x", current_revision=9)


def kinds(transport: FakeTransport) -> list[type]:
    return [type(request) for request in transport.asked]


def test_making_handles_asks_no_server() -> None:
    transport = FakeTransport(LOST)
    session = bridge_over(transport).get_session("a", ttl=5, labels={"k": "v"}).with_options(timeout=1)
    assert bool(session)
    assert session == bridge_over(FakeTransport(LOST)).get_session("a")
    assert hash(session) == hash(bridge_over(FakeTransport(LOST)).get_session("a"))
    assert session != bridge_over(transport).get_session("b")
    assert "'a'" in repr(session.items()) + repr(session.values()) + repr(session.keys())
    assert transport.asked == []


def test_a_read_is_asked_again_while_a_server_that_was_there_is_lost() -> None:
    transport = FakeTransport(LOST, LOST, FOUND)
    assert session_over(transport).get_variable("x") == 1
    assert kinds(transport) == [GetVariable] * 3
    assert transport.timeouts == sorted(transport.timeouts, reverse=True), "each attempt has what is left of the time"


def test_a_lost_read_ends_with_the_timeout() -> None:
    transport = FakeTransport(LOST)
    begun = time.monotonic()
    with pytest.raises(ServerUnavailableError):
        session_over(transport, timeout=0.2).get_variable("x")
    assert 0.1 < time.monotonic() - begun < 1
    assert len(transport.asked) > 1


def test_a_read_is_asked_once_without_retry() -> None:
    transport = FakeTransport(LOST)
    with pytest.raises(ServerUnavailableError):
        session_over(transport, retry=False).get_variable("x")
    assert len(transport.asked) == 1


def test_a_read_of_a_server_that_was_never_there_is_asked_once() -> None:
    transport = FakeTransport(LOST, contacted=False)
    with pytest.raises(ServerUnavailableError):
        session_over(transport).get_variable("x")
    assert len(transport.asked) == 1


def test_the_first_request_of_all_is_never_a_change() -> None:
    transport = FakeTransport("0.1.0", WRITTEN, contacted=False)
    session = session_over(transport)
    assert session.set_variable("x", 1) == 8
    assert session.set_variable("x", 1) == 8
    assert kinds(transport) == [Greet, SetVariable, SetVariable]


def test_wait_ready_waits_for_a_server_that_was_never_there() -> None:
    transport = FakeTransport(LOST, LOST, "0.1.0", contacted=False)
    bridge_over(transport).wait_ready()
    assert kinds(transport) == [Greet] * 3


def test_wait_ready_ends_with_its_timeout() -> None:
    with pytest.raises(ServerUnavailableError):
        bridge_over(FakeTransport(LOST, contacted=False)).wait_ready(0.05)


def test_a_lost_page_starts_over() -> None:
    first = ListVariablesAnswer([INFO], "token")
    last = ListVariablesAnswer([INFO], "")
    transport = FakeTransport(first, PageExpiredError("lost"), first, last)
    assert len(session_over(transport).list_variables()) == 2
    tokens = [request.page_token for request in transport.asked if isinstance(request, ListVariables)]
    assert tokens == ["", "token", "", "token"]


def test_pages_of_one_snapshot_make_one_dict() -> None:
    pages = [GetVariablesAnswer(encode_packed({name: name}), [], more) for name, more in (("a", "1"), ("b", ""))]
    assert session_over(FakeTransport(*pages)).to_dict() == {"a": "a", "b": "b"}


def test_no_names_ask_no_server() -> None:
    transport = FakeTransport(LOST)
    assert session_over(transport).get_variables([]) == {}
    assert transport.asked == []


def test_names_are_asked_once_each() -> None:
    transport = FakeTransport(GetVariablesAnswer(b"\x80", [], ""))
    session = session_over(transport)
    session.get_variables("a", "b", "a")
    session.get_variables(iter(["a", "b"]))
    assert transport.asked == [GetVariables("s", ("a", "b"))] * 2


@pytest.mark.parametrize("walk", [list, dict, sorted, set])
def test_walking_over_a_view_is_one_round_trip(walk: Callable[[Any], Any]) -> None:
    transport = FakeTransport(GetVariablesAnswer(encode_packed({"a": 1, "b": 2}), [], ""))
    session = session_over(transport)
    assert dict(walk(session.items())) == {"a": 1, "b": 2}
    assert kinds(transport) == [GetVariables]
    assert list(session.values()) == [1, 2]
    assert kinds(transport) == [GetVariables] * 2


def test_one_value_that_does_not_decode_does_not_cost_the_others() -> None:
    packed = b"\x83" + b"\xa1a\x01" + b"\xa1b\xc7\x01\x7f\x00" + b"\xa1c\x03"
    with pytest.raises(DataLossError) as caught:
        session_over(FakeTransport(GetVariablesAnswer(packed, [], ""))).to_dict()
    assert caught.value.name == "b"
    assert caught.value.readable == {"a": 1, "c": 3}


def test_one_value_in_an_unknown_encoding_does_not_cost_the_others() -> None:
    custom = VariableAnswer(INFO, Encoded(b"?", "mine"))
    with pytest.raises(UnsupportedError) as caught:
        session_over(FakeTransport(GetVariablesAnswer(b"\x81\xa1a\x01", [custom], ""))).to_dict()
    assert caught.value.name == "x"
    assert caught.value.readable == {"a": 1}


def test_a_value_that_does_not_decode_names_its_variable() -> None:
    answer = GetVariableAnswer(Encoded(b"\xc1"), None)
    with pytest.raises(DataLossError, match="'x'"):
        session_over(FakeTransport(answer)).get_variable("x")


def test_update_variable_writes_over_exactly_what_it_read() -> None:
    transport = FakeTransport(FOUND, MISMATCH, FOUND, WRITTEN)
    assert session_over(transport).update_variable("x", lambda value: value + 1) == 2
    writes = [request for request in transport.asked if isinstance(request, SetVariable)]
    assert [(write.if_revision, write.ttl, write.encoded.value) for write in writes] == [(7, "keep", b"\x02")] * 2


def test_update_variable_of_a_missing_one_requires_that_it_stays_missing() -> None:
    transport = FakeTransport(MISSING, WRITTEN)
    assert session_over(transport).update_variable("x", lambda value: value + 1, 5) == 6
    write = transport.asked[-1]
    assert isinstance(write, SetVariable)
    assert (write.if_revision, write.ttl) == (0, None)


def test_update_variable_gives_a_fresh_default_to_each_attempt() -> None:
    default: list[int] = []

    def grow(items: list[int]) -> list[int]:
        items.append(1)
        return items

    transport = FakeTransport(MISSING, MISMATCH, MISSING, WRITTEN)
    assert session_over(transport).update_variable("x", grow, default) == [1]
    assert default == []


def test_update_variable_refuses_a_forgotten_return() -> None:
    transport = FakeTransport(MISSING)
    default: list[int] = []
    with pytest.raises(InvalidArgumentError, match="allow_none"):
        session_over(transport).update_variable("x", lambda items: items.append(1), default)
    assert kinds(transport) == [GetVariable]


def test_update_variable_writes_none_when_told_so_or_when_none_was_there() -> None:
    allowed = FakeTransport(FOUND, WRITTEN)
    session_over(allowed).update_variable("x", lambda value: None, allow_none=True)
    from_none = FakeTransport(MISSING, WRITTEN)
    session_over(from_none).update_variable("x", lambda value: None)
    for transport in (allowed, from_none):
        write = transport.asked[-1]
        assert isinstance(write, SetVariable)
        assert write.encoded.value == b"\xc0"


def test_update_variable_gives_up_after_its_attempts() -> None:
    transport = FakeTransport(FOUND, MISMATCH, FOUND, MISMATCH)
    with pytest.raises(RevisionMismatchError):
        session_over(transport).update_variable("x", lambda value: value, attempts=2)
    assert len(transport.asked) == 4


def test_update_variable_gives_up_at_the_timeout() -> None:
    class Contended(FakeTransport):
        def call(self, request: Request[Any], timeout: float, identity: Identity | None) -> Any:
            if isinstance(request, GetVariable):
                return FOUND
            raise MISMATCH

    with pytest.raises(DeadlineExceededError) as caught:
        session_over(Contended(FOUND), timeout=0.1).update_variable("x", lambda value: value)
    assert caught.value.outcome == "not_applied"


def test_what_fn_raises_comes_out_and_nothing_is_written() -> None:
    transport = FakeTransport(FOUND)
    with pytest.raises(ZeroDivisionError):
        session_over(transport).update_variable("x", lambda value: value / 0)
    assert kinds(transport) == [GetVariable]
