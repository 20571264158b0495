"""Spans and metrics of the client's calls, by the API of OpenTelemetry. Only this module knows it.

The names and units are in docs/telemetry.md. Nothing here has a value, the name of a variable or the id of a session,
and whatever a tracer, meter or propagator does, no call fails or answers anything else for it.
"""

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from time import perf_counter
from typing import Any, Final, Generic, Literal, ParamSpec, TypeVar

from opentelemetry import context, metrics, propagate, trace
from opentelemetry.metrics import Histogram, MeterProvider
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, TracerProvider
from opentelemetry.util.types import AttributeValue

from ._errors import BridgeError, status_of
from ._transport import Server
from ._wire import Request

S = TypeVar("S")
T = TypeVar("T")
P = ParamSpec("P")

_SCOPE: Final = "session_bridge"
_INERT: Final = frozenset({"opentelemetry.trace", "opentelemetry.metrics", "opentelemetry.metrics._internal"})
"""Where the API's own providers are, which do nothing and stand in until the program configures others."""
_BOUNDARIES: Final = [round(digit * 10.0**power, 6) for power in range(-5, 1) for digit in (1, 2.5, 5)] + [10.0]
"""Seconds; the server's histograms have the same."""
_HEADERS: Final = ("traceparent", "tracestate")
_MAX_HEADER_LENGTH: Final = 512


@dataclass(frozen=True, slots=True)
class _Instruments:
    calls: Histogram
    serialization: Histogram


class _Configured(Generic[S, T]):
    """What is made of the program's provider: once for each, and nothing while there is none."""

    def __init__(self, provider: Callable[[], S], make: Callable[[S], T]) -> None:
        self._provider = provider
        self._make = make
        self._made: tuple[S, T] | None = None

    def get(self) -> T | None:
        try:
            provider = self._provider()
            if type(provider).__module__ in _INERT:
                return None
            made = self._made
            if made is None or made[0] is not provider:
                made = self._made = (provider, self._make(provider))
            return made[1]
        except Exception:
            return None


def _make_tracer(provider: TracerProvider) -> Tracer:
    return provider.get_tracer(_SCOPE)


def _make_instruments(provider: MeterProvider) -> _Instruments:
    meter = provider.get_meter(_SCOPE)

    def seconds(name: str, description: str) -> Histogram:
        return meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=_BOUNDARIES)

    return _Instruments(
        seconds("rpc.client.call.duration", "Calls of the server, attempts and waits between them included"),
        seconds("session_bridge.client.serialization.duration", "The value codec's part of a call"),
    )


def _is_set(module: str, name: str, variable: str) -> Callable[[], bool]:
    """Tells whether there may be a provider: the API looks into the environment each time, and calls are many.

    An API without that name, or an environment that names a provider, is asked each time.
    """
    where = sys.modules.get(module)
    if where is None or variable in os.environ:
        return lambda: True
    variables = vars(where)
    return lambda: variables.get(name, where) is not None


_tracer: Final = _Configured(trace.get_tracer_provider, _make_tracer)
_instruments: Final = _Configured(metrics.get_meter_provider, _make_instruments)
_has_tracer: Final = _is_set("opentelemetry.trace", "_TRACER_PROVIDER", "OTEL_PYTHON_TRACER_PROVIDER")
_has_meter: Final = _is_set("opentelemetry.metrics._internal", "_METER_PROVIDER", "OTEL_PYTHON_METER_PROVIDER")


def observe(operation: str, server: Server) -> "Call | None":
    """Begins a call; None when the program has configured neither a tracer nor a meter provider."""
    tracer = _tracer.get() if _has_tracer() else None
    instruments = _instruments.get() if _has_meter() else None
    if tracer is None and instruments is None:
        return None
    return Call(operation, server, tracer, instruments)


def _harmless(observing: Callable[P, None]) -> Callable[P, None]:
    """Keeps what it raises from the call that it observes."""

    @wraps(observing)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            observing(*args, **kwargs)
        except Exception:
            return

    return guarded


class Call:
    """One call of the public interface: a span of its own, and a measurement for each request that it makes."""

    def __init__(self, operation: str, server: Server, tracer: Tracer | None, instruments: _Instruments | None) -> None:
        """Starts the span, which is the current one until `end`."""
        self._attributes: dict[str, AttributeValue] = {"rpc.system.name": "grpc", **_where(server.address)}
        self._instruments = instruments
        self._span: Span | None = None
        self._detach: Callable[[], None] | None = None
        self._codec: dict[Literal["encode", "decode"], tuple[float, int]] = {}
        self._request: Request[Any] | None = None
        self._asked_at = self._answered_at = 0.0
        self._failure: BaseException | None = None
        self._status: dict[str, AttributeValue] = {}
        self._requests = self._attempts = 0
        if tracer is not None:
            self._start(tracer, f"session_bridge.client.{operation}")

    @_harmless
    def _start(self, tracer: Tracer, name: str) -> None:
        self._span = tracer.start_span(name, kind=SpanKind.CLIENT, attributes=self._attributes)
        token = context.attach(trace.set_span_in_context(self._span))
        self._detach = lambda: context.detach(token)

    @contextmanager
    def asking(self, request: Request[Any]) -> Generator[None]:
        """The time of one request; one that is asked again is the same request."""
        if request is not self._request:
            self._settle()
            self._request, self._asked_at = request, perf_counter()
            self._requests += 1
        self._attempts += 1
        try:
            yield
        except BaseException as error:
            self._answered(request, error)
            raise
        self._answered(request, None)
        self._settle()

    def coded(self, direction: Literal["encode", "decode"], seconds: float, size_bytes: int) -> None:
        """Adds to the codec's part of the call."""
        spent, size = self._codec.get(direction, (0.0, 0))
        self._codec[direction] = (spent + seconds, size + size_bytes)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The trace context, as far as it fits into metadata."""
        carrier: dict[str, str] = {}
        if self._span is not None:
            self._inject(carrier)
        found = ((name, carrier.get(name)) for name in _HEADERS)
        return tuple((name, value) for name, value in found if isinstance(value, str) and _fits(value))

    def end(self, error: BaseException | None) -> None:
        """Ends the span and records the measurements."""
        self._settle()
        self._record_codec()
        self._end_span(error)
        self._leave()

    def _answered(self, request: Request[Any], error: BaseException | None) -> None:
        self._answered_at = perf_counter()
        self._failure = error
        status = "OK" if error is None else status_of(error) if isinstance(error, BridgeError) else "CANCELLED"
        self._status = {"rpc.method": request.method, "rpc.response.status_code": status}
        if error is not None:
            self._status["error.type"] = status

    @_harmless
    def _settle(self) -> None:
        """Measures the request that is over: it was answered, another one follows it, or the call has ended."""
        if self._request is None:
            return
        self._request = None
        if self._instruments is not None:
            attributes = {**self._attributes, **self._status}
            self._instruments.calls.record(self._answered_at - self._asked_at, attributes)

    @_harmless
    def _record_codec(self) -> None:
        if self._instruments is not None:
            for direction, (seconds, _) in self._codec.items():
                self._instruments.serialization.record(seconds, {"direction": direction})

    @_harmless
    def _leave(self) -> None:
        if self._detach is not None:
            self._detach()

    @_harmless
    def _inject(self, carrier: dict[str, str]) -> None:
        propagate.inject(carrier)

    @_harmless
    def _end_span(self, error: BaseException | None) -> None:
        if self._span is None:
            return
        try:
            self._span.set_attributes(self._outcome(error))
            if error is not None:
                self._span.set_status(StatusCode.ERROR)
        finally:
            self._span.end()

    def _outcome(self, error: BaseException | None) -> dict[str, AttributeValue]:
        outcome: dict[str, AttributeValue] = {
            **self._status,
            "session_bridge.client.requests": self._requests,
            "session_bridge.client.attempts": self._attempts,
        }
        for direction, (seconds, size) in self._codec.items():
            outcome[f"session_bridge.codec.{direction}.duration"] = seconds
            outcome[f"session_bridge.codec.{direction}.size"] = size
        if error is None:
            outcome.pop("error.type", None)
        elif error is not self._failure:
            outcome["error.type"] = type(error).__qualname__
        if isinstance(error, BridgeError):
            outcome["session_bridge.reason"] = error.reason
        return outcome


def _where(address: str) -> dict[str, AttributeValue]:
    """The attributes that say where the server is; a socket of the file system has no port."""
    if address.startswith("unix:"):
        return {"server.address": address.removeprefix("unix:")}
    host, _, port = address.rpartition(":")
    return {"server.address": host.strip("[]"), "server.port": int(port)}


def _fits(value: str) -> bool:
    return 0 < len(value) <= _MAX_HEADER_LENGTH and value.isascii() and value.isprintable()
