"""What the client tells OpenTelemetry of its calls: everything that is documented, and nothing that is stored."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from session_bridge import Bridge, BridgeError, Codecs, CustomEncoding, ServerUnavailableError, Session
from session_bridge._link import Link
from session_bridge._rpc_messages import METHODS
from session_bridge._wire import Encoded, GetVariableAnswer, Identity, Request, SetVariableAnswer
from session_bridge.v1 import sessions_pb2, variables_pb2

from .carriers import CHOSEN
from .fake_server import INFO, FakeTransport, session_over
from .servers import Server
from .telemetry import CALLS, SERIALIZATION, Told, attributes, configure

VARIABLES = "session_bridge.v1.VariableService/"
SESSIONS = "session_bridge.v1.SessionService/"
ENCODED = {"session_bridge.codec.encode.duration", "session_bridge.codec.encode.size"}
DECODED = {"session_bridge.codec.decode.duration", "session_bridge.codec.decode.size"}
NOTHING: set[str] = set()

LOST = ServerUnavailableError("lost", outcome="unknown")
WRITTEN = SetVariableAnswer(applied=True, revision=8, previous=None)

OPERATIONS: dict[str, tuple[Callable[[Session], object], list[str], set[str]]] = {
    "get_variable": (lambda s: s.get_variable("x"), [VARIABLES + "GetVariable"], DECODED),
    "get_item": (lambda s: s["x"], [VARIABLES + "GetVariable"], DECODED),
    "has_variable": (lambda s: "x" in s, [VARIABLES + "GetVariable"], NOTHING),
    "get_entry": (lambda s: s.get_entry("x"), [VARIABLES + "GetVariable"], DECODED),
    "get_variables": (lambda s: s.to_dict(), [VARIABLES + "GetVariables"], DECODED),
    "list_variables": (lambda s: s.list_variables(), [VARIABLES + "ListVariables"], NOTHING),
    "list_names": (lambda s: next(iter(s)), [VARIABLES + "ListVariables"], NOTHING),
    "count": (len, [SESSIONS + "GetSession"], NOTHING),
    "set_variable": (lambda s: s.set_variable("y", 1), [VARIABLES + "SetVariable"], ENCODED),
    "set_default": (lambda s: s.setdefault("x", 1), [VARIABLES + "SetVariable"], ENCODED | DECODED),
    "set_variables": (lambda s: s.update(a=1), [VARIABLES + "UpdateVariables"], ENCODED),
    "delete_variable": (lambda s: s.delete_variable("x"), [VARIABLES + "DeleteVariable"], NOTHING),
    "delete_item": (lambda s: s.__delitem__("x"), [VARIABLES + "DeleteVariable"], NOTHING),
    "pop": (lambda s: s.pop("x"), [VARIABLES + "DeleteVariable"], DECODED),
    "pop_item": (lambda s: s.popitem(), [VARIABLES + "UpdateVariables"], DECODED),
    "clear": (lambda s: s.clear(), [VARIABLES + "UpdateVariables"], NOTHING),
    "increment": (lambda s: s.increment("n"), [VARIABLES + "UpdateVariables"], ENCODED | DECODED),
    "append": (lambda s: s.append("l", [1]), [VARIABLES + "UpdateVariables"], ENCODED),
    "merge": (lambda s: s.merge("m", {"a": 1}), [VARIABLES + "UpdateVariables"], ENCODED),
    "update_variable": (
        lambda s: s.update_variable("x", lambda old: old),
        [VARIABLES + "GetVariable", VARIABLES + "SetVariable"],
        ENCODED | DECODED,
    ),
    "expire_variable": (lambda s: s.expire_variable("x", 60), [VARIABLES + "UpdateVariables"], NOTHING),
    "history": (lambda s: [*s.history("x")], [VARIABLES + "GetVariableHistory"], NOTHING),
    "checkpoint": (lambda s: s.checkpoint("other"), [VARIABLES + "UpdateVariables"], NOTHING),
    "list_checkpoints": (lambda s: s.list_checkpoints(), [SESSIONS + "ListCheckpoints"], NOTHING),
    "delete_checkpoint": (lambda s: s.delete_checkpoint("here"), [VARIABLES + "UpdateVariables"], NOTHING),
    "rollback": (lambda s: s.rollback("here"), [VARIABLES + "UpdateVariables"], NOTHING),
    "declare": (lambda s: s.declare("y", int), [VARIABLES + "UpdateVariables"], ENCODED),
    "undeclare": (lambda s: s.undeclare("x"), [VARIABLES + "UpdateVariables"], NOTHING),
    "declarations": (lambda s: s.declarations(), [VARIABLES + "ListDeclarations"], DECODED),
    "fork": (lambda s: s.fork(), [SESSIONS + "ForkSession"], NOTHING),
    "info": (lambda s: s.info(), [SESSIONS + "GetSession"], NOTHING),
    "touch": (lambda s: s.touch(), [SESSIONS + "TouchSession"], NOTHING),
    "delete_session": (lambda s: s.destroy(), [SESSIONS + "DeleteSession"], NOTHING),
}


def where(server: Server) -> dict[str, Any]:
    host, _, port = server.address.rpartition(":")
    return {"rpc.system.name": "grpc", "server.address": host, "server.port": int(port)}


def prepare(session: Session) -> None:
    """What the operations want to find."""
    session["x"] = [1, 2, 3]
    session.checkpoint("here")
    session.declare("x", list[int])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_call_is_one_span_and_each_request_one_measurement(
    server: Server, session: Session, told: Told, operation: str
) -> None:
    call, methods, codec = OPERATIONS[operation]
    prepare(session)
    before = {point.attributes["rpc.method"]: point.count for point in told.points(CALLS) if point.attributes}
    told.exporter.clear()
    call(session)
    (span,) = told.spans()
    assert span.name == f"session_bridge.client.{operation}"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert span.events == ()
    given = attributes(span)
    assert {name for name in given if ".codec." in name} == codec
    assert all(given[name] > 0 for name in codec)
    assert {name: value for name, value in given.items() if name not in codec} == {
        **where(server),
        "rpc.method": methods[-1],
        "rpc.response.status_code": "OK",
        "session_bridge.client.requests": len(methods),
        "session_bridge.client.attempts": len(methods),
    }
    for point in told.points(CALLS):
        method = attributes(point)["rpc.method"]
        assert point.count - before.get(method, 0) == methods.count(method)
        if method in methods:
            assert attributes(point) == {**where(server), "rpc.method": method, "rpc.response.status_code": "OK"}


def test_the_calls_of_a_bridge_are_told_like_those_of_a_session(bridge: Bridge, told: Told) -> None:
    bridge.wait_ready()
    other = bridge.create_session()
    assert [*bridge.list_sessions(prefix=other.id)]
    bridge.delete_session(other.id)
    assert [(span.name, attributes(span)["rpc.method"]) for span in told.spans()] == [
        ("session_bridge.client.wait_ready", SESSIONS + "GetServerInfo"),
        ("session_bridge.client.create_session", SESSIONS + "CreateSession"),
        ("session_bridge.client.list_sessions", SESSIONS + "ListSessions"),
        ("session_bridge.client.delete_session", SESSIONS + "DeleteSession"),
    ]


def test_every_request_names_the_method_that_carries_it() -> None:
    carried = {
        f"{service.full_name}/{method.name}"
        for file in (sessions_pb2, variables_pb2)
        for service in file.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    named: list[str] = [getattr(kind, "method", "") for kind in METHODS]
    assert set(named) <= carried
    assert len(set(named)) == len(named)


def fail(_: object) -> None:
    raise ZeroDivisionError


FAILURES: dict[str, tuple[Callable[[Session], object], dict[str, object]]] = {
    "refused by the server": (
        lambda s: s.set_variable("x", 1, if_revision=0),
        {
            "rpc.response.status_code": "ABORTED",
            "error.type": "ABORTED",
            "session_bridge.reason": "REVISION_MISMATCH",
        },
    ),
    "of another type": (
        lambda s: s.increment("x"),
        {
            "rpc.response.status_code": "FAILED_PRECONDITION",
            "error.type": "FAILED_PRECONDITION",
            "session_bridge.reason": "TYPE_MISMATCH",
        },
    ),
    "missing": (
        lambda s: s["absent"],
        {
            "rpc.response.status_code": "OK",
            "error.type": "VariableNotFoundError",
            "session_bridge.reason": "VARIABLE_NOT_FOUND",
        },
    ),
    "not storable": (
        lambda s: s.set_variable("x", object()),
        {"error.type": "SerializationError", "session_bridge.reason": "UNSUPPORTED_TYPE"},
    ),
    "of the program": (
        lambda s: s.update_variable("x", fail),
        {"rpc.response.status_code": "OK", "error.type": "ZeroDivisionError"},
    ),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_failure_has_its_type_and_its_reason(session: Session, told: Told, what: str) -> None:
    call, expected = FAILURES[what]
    session["x"] = "text"
    with pytest.raises((BridgeError, ZeroDivisionError)):
        call(session)
    span = told.span()
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description is None
    assert span.events == ()
    given = attributes(span)
    names = ("rpc.response.status_code", "error.type", "session_bridge.reason")
    assert {name: given[name] for name in names if name in given} == expected
    failed = [attributes(point) for point in told.points(CALLS) if "error.type" in attributes(point)]
    status = expected.get("rpc.response.status_code", "OK")
    assert [series["error.type"] for series in failed] == ([] if status == "OK" else [status])


def test_a_request_that_is_sent_again_is_one_request_of_many_attempts(told: Told) -> None:
    transport = FakeTransport(LOST, LOST, WRITTEN)
    session_over(transport).set_variable("x", 1)
    given = attributes(told.span())
    assert (given["session_bridge.client.requests"], given["session_bridge.client.attempts"]) == (1, 3)
    assert given["rpc.response.status_code"] == "OK"
    assert "error.type" not in given
    (point,) = told.points(CALLS)
    assert point.count == 1
    assert attributes(point)["rpc.response.status_code"] == "OK"


def test_a_request_that_is_given_up_has_the_status_of_its_last_attempt(told: Told) -> None:
    with pytest.raises(ServerUnavailableError):
        session_over(FakeTransport(LOST), timeout=0.2).get_variable("x")
    assert attributes(told.span())["session_bridge.client.attempts"] > 1
    (point,) = told.points(CALLS)
    assert point.count == 1
    assert attributes(point)["error.type"] == "UNAVAILABLE"


class Clock:
    """Time that passes only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


def test_the_codec_is_measured_apart_from_the_network(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("session_bridge._telemetry.perf_counter", clock)
    monkeypatch.setattr("session_bridge._opentelemetry.perf_counter", clock)

    def encode(value: object) -> bytes:
        clock.passes(3)
        return bytes(30)

    def decode(data: bytes) -> object:
        clock.passes(2)
        return len(data)

    class Far(FakeTransport):
        def call(self, request: Request[Any], timeout: float, identity: Identity | None) -> Any:
            clock.passes(7)
            return super().call(request, timeout, identity)

    transport = Far(GetVariableAnswer(Encoded(bytes(20), "slow"), INFO), WRITTEN)
    codecs = Codecs().with_encoding(CustomEncoding("slow", encode, decode))
    session = Bridge(Link(transport, 60, True, codecs)).get_session("s")
    assert session.update_variable("x", lambda old: old) == 20
    given = attributes(told.span())
    assert {name: given[name] for name in given if ".codec." in name} == {
        "session_bridge.codec.encode.duration": 3,
        "session_bridge.codec.encode.size": 30,
        "session_bridge.codec.decode.duration": 2,
        "session_bridge.codec.decode.size": 20,
    }
    assert {(attributes(point)["rpc.method"], point.sum) for point in told.points(CALLS)} == {
        (VARIABLES + "GetVariable", 7),
        (VARIABLES + "SetVariable", 7),
    }
    assert [(attributes(point), point.sum, point.count) for point in told.points(SERIALIZATION)] == [
        ({"direction": "decode"}, 2, 1),
        ({"direction": "encode"}, 3, 1),
    ]


def test_a_large_value_takes_the_codec_time_and_has_its_size(session: Session, told: Told) -> None:
    session["x"] = [*range(90_000)]
    written = attributes(told.span())
    assert session["x"][-1] == 89_999
    read = attributes(told.span())
    assert written["session_bridge.codec.encode.size"] == read["session_bridge.codec.decode.size"] > 200_000
    assert written["session_bridge.codec.encode.duration"] > 0
    assert read["session_bridge.codec.decode.duration"] > 0


def test_a_codec_that_fails_took_its_time_all_the_same(session: Session, told: Told) -> None:
    with pytest.raises(BridgeError):
        session["x"] = [*range(10_000), object()]
    assert attributes(told.span())["session_bridge.codec.encode.duration"] > 0
    assert attributes(told.span())["session_bridge.client.requests"] == 0


def test_the_span_is_current_during_the_call_and_no_longer(session: Session, told: Told) -> None:
    session["x"] = 1
    with told.tracers.get_tracer("program").start_as_current_span("program") as program:

        def inner(old: int) -> int:
            assert session.get_variable("x") == old
            return old + 1

        session.update_variable("x", inner)
        assert trace.get_current_span() is program
    assert not trace.get_current_span().get_span_context().is_valid
    nested, outer = told.spans()[-3:-1]
    assert nested.name == "session_bridge.client.get_variable"
    assert outer.name == "session_bridge.client.update_variable"
    assert nested.parent is not None
    assert outer.parent is not None
    assert outer.context is not None
    assert nested.parent.span_id == outer.context.span_id
    assert outer.parent.span_id == program.get_span_context().span_id
    assert attributes(nested)["session_bridge.client.requests"] == 1
    assert attributes(outer)["session_bridge.client.requests"] == 2


def test_threads_do_not_tell_of_each_other(session: Session, told: Told) -> None:
    session["x"] = 0
    told.exporter.clear()

    def work(i: int) -> None:
        session.update_variable("x" + str(i), lambda _: i)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(64)))
    assert len(told.spans()) == 64
    assert {attributes(span)["session_bridge.client.attempts"] for span in told.spans()} == {2}
    assert all(span.parent is None for span in told.spans())


def test_everything_that_is_told_is_documented(session: Session, told: Told) -> None:
    session["x"] = 1
    assert session["x"] == 1
    with pytest.raises(BridgeError):
        session.set_variable("x", 2, if_revision=0)
    document = (Path(__file__).parents[3] / "docs" / "telemetry.md").read_text()
    names = {name for span in told.spans() for name in attributes(span)}
    names |= {name for metric in (CALLS, SERIALIZATION) for point in told.points(metric) for name in attributes(point)}
    assert len(names) == 14
    assert {name for name in names | {CALLS, SERIALIZATION} if f"`{name}`" not in document} == set()


MARKER = "marker-81d3f0"


def test_no_value_name_or_session_is_told(bridge: Bridge, told: Told) -> None:
    session = bridge.get_session(MARKER, labels={MARKER: MARKER})
    session[MARKER] = MARKER
    session.update({MARKER: MARKER, "a": {MARKER: MARKER}})
    session.merge("a", {MARKER: 1}, path=[MARKER + "2"])
    session.append(MARKER, MARKER)
    assert MARKER in session
    refused: list[Callable[[], object]] = [
        lambda: session.increment(MARKER),
        lambda: session.set_variable(MARKER, MARKER, if_revision=0),
        lambda: session.set_variable(MARKER, {MARKER: object()}),
        lambda: session.set_variable(MARKER, MARKER * 100_000),
        lambda: session.get_variable(MARKER, type=int),
        lambda: session[MARKER + "absent"],
        lambda: bridge.create_session(MARKER),
        lambda: bridge.get_session(MARKER + "absent", create=False).set_variable("x", MARKER),
    ]
    for call in refused:
        with pytest.raises(BridgeError):
            call()
    session.destroy()
    assert "update_variable" not in told.everything()
    assert "REVISION_MISMATCH" in told.everything()
    assert "rpc.client.call.duration" in told.everything()
    assert MARKER not in told.everything()


@pytest.mark.parametrize("only", ["tracers", "meters"])
def test_either_provider_alone_is_told(
    session: Session, told: Told, monkeypatch: pytest.MonkeyPatch, only: str
) -> None:
    configure(monkeypatch, **{only: getattr(told, only)})
    session["x"] = 1
    assert bool(told.spans()) is (only == "tracers")
    assert bool(told.points(CALLS)) is (only == "meters")


def forbidden(*_: object, **__: object) -> Any:
    raise AssertionError("this costs time")


def test_without_a_provider_nothing_is_measured(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session_bridge._telemetry.perf_counter", forbidden)
    monkeypatch.setattr("session_bridge._opentelemetry.perf_counter", forbidden)
    monkeypatch.setattr("session_bridge._opentelemetry.Call", forbidden)
    for call, _, _ in OPERATIONS.values():
        prepare(session)
        call(session)


BLOCKED = """
import sys

class Absent:
    tries = 0
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "opentelemetry":
            Absent.tries += 1
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import session_bridge
from session_bridge import _link, _telemetry
assert not _telemetry.OBSERVABLE
assert not hasattr(_link.decoded, "__wrapped__")
tries = Absent.tries
assert tries == 1
with session_bridge.connect(sys.argv[1], carrier=sys.argv[2]) as bridge:
    session = bridge.get_session("without-opentelemetry")
    session["x"] = {"a": [1, 2]}
    assert session["x"] == {"a": [1, 2]}
    session.destroy()
assert Absent.tries == tries
assert not any(name.split(".")[0] == "opentelemetry" for name in sys.modules)
"""

UNUSABLE = """
import sys
import session_bridge
from session_bridge import _telemetry
assert not _telemetry.OBSERVABLE
with session_bridge.connect(sys.argv[1], carrier=sys.argv[2]) as bridge:
    assert bridge.get_session("unusable-opentelemetry").get_variable("x") is None
"""


def in_a_process(program: str, address: str, **environment: str) -> None:
    subprocess.run(
        [sys.executable, "-c", program, address, CHOSEN or "auto"],
        check=True,
        timeout=60,
        env={**os.environ, **environment},
    )


def test_without_opentelemetry_everything_works_and_it_is_sought_once(server: Server) -> None:
    in_a_process(BLOCKED, server.address)


def test_an_opentelemetry_that_cannot_be_imported_is_as_good_as_none(server: Server) -> None:
    in_a_process(UNUSABLE, server.address, OTEL_PROPAGATORS="there-is-no-such-propagator")
