"""The trace of a call reaches the server: read there from the metadata of each attempt."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    TraceState,
    format_span_id,
    format_trace_id,
    use_span,
)

import session_bridge
from session_bridge.v1 import variables_pb2

from .telemetry import Told, configure


class Listener:
    """A server that keeps the headers of reads, and answers as many of them as it is told with UNAVAILABLE."""

    def __init__(self) -> None:
        self.headers: list[dict[str, str | bytes]] = []
        self.refusals = 0
        self.address = ""

    def get_variable(self, _: object, context: grpc.ServicerContext) -> variables_pb2.GetVariableResponse:
        self.headers.append({key: value for key, value in context.invocation_metadata()})
        if self.refusals:
            self.refusals -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        return variables_pb2.GetVariableResponse(found=False)


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        handler = grpc.unary_unary_rpc_method_handler(
            listening.get_variable,
            variables_pb2.GetVariableRequest.FromString,
            variables_pb2.GetVariableResponse.SerializeToString,
        )
        handlers = grpc.method_handlers_generic_handler("session_bridge.v1.VariableService", {"GetVariable": handler})
        server.add_generic_rpc_handlers((handlers,))
        listening.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        yield listening
        server.stop(None).wait()


def read(listener: Listener) -> dict[str, str | bytes]:
    with session_bridge.connect(listener.address) as bridge:
        assert bridge.get_session("s").get_variable("x") is None
    return listener.headers[-1]


def traceparent(told: Told) -> str:
    found = told.span().context
    assert found is not None
    flags = f"{found.trace_flags:02x}"
    return f"00-{format_trace_id(found.trace_id)}-{format_span_id(found.span_id)}-{flags}"


def within(state: TraceState) -> Any:
    """The rest of a trace that began elsewhere."""
    return use_span(NonRecordingSpan(SpanContext(7, 9, True, TraceFlags(1), state)))


def test_the_server_is_told_the_trace_of_the_call(listener: Listener, told: Told) -> None:
    headers = read(listener)
    assert headers["traceparent"] == traceparent(told)
    assert "tracestate" not in headers


def test_the_callers_trace_goes_on(listener: Listener, told: Told) -> None:
    with within(TraceState([("vendor", "a1")])):
        headers = read(listener)
    assert headers["traceparent"] == traceparent(told)
    assert str(headers["traceparent"]).startswith(f"00-{format_trace_id(7)}-")
    assert headers["tracestate"] == "vendor=a1"


def test_every_attempt_has_the_headers_of_its_call(listener: Listener, told: Told) -> None:
    with session_bridge.connect(listener.address) as bridge:
        session = bridge.get_session("s")
        session.get_variable("x")
        listener.headers.clear()
        listener.refusals = 2
        session.get_variable("x")
    assert [headers["traceparent"] for headers in listener.headers] == [traceparent(told)] * 3


def test_without_a_tracer_nothing_is_told(listener: Listener, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    for configured in ({}, {"meters": told.meters}):
        configure(monkeypatch, **configured)
        assert not {"traceparent", "tracestate", "baggage"} & set(read(listener))


@pytest.mark.parametrize("odd", ["ü", "a\nb", "a" * 513, "", 5, None, b"x"])
def test_what_no_header_can_carry_is_left_out(
    listener: Listener, told: Told, monkeypatch: pytest.MonkeyPatch, odd: object
) -> None:
    class Odd:
        def inject(self, carrier: Any, context: object = None, setter: object = None) -> None:
            carrier.update({"traceparent": "fine", "tracestate": odd, "Not A Header": "x", "baggage": "secret=1"})

    monkeypatch.setattr("opentelemetry.propagate._HTTP_TEXT_FORMAT", Odd())
    headers = read(listener)
    assert headers["traceparent"] == "fine"
    assert not {"tracestate", "baggage", "Not A Header", "not a header"} & set(headers)
