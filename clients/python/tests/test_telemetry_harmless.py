"""Whatever an OpenTelemetry of the program's does, the client's calls are the same."""

from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from opentelemetry.metrics import MeterProvider, NoOpMeterProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, NoOpTracer, NoOpTracerProvider, SpanContext, TracerProvider

from session_bridge import RevisionMismatchError, Session

from .telemetry import CALLS, Told, configure


def explode(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("telemetry is broken")


class Broken:
    """Whatever is asked of it fails."""

    __getattr__ = explode


class BrokenTracers(TracerProvider):
    get_tracer = explode


class TracersOfBrokenSpans(TracerProvider):
    """Its spans can be made current, and fail at everything else."""

    def get_tracer(self, *_: object, **__: object) -> Any:
        return self

    def start_span(self, *_: object, **__: object) -> Any:
        class Span(NonRecordingSpan):
            get_span_context = set_attributes = set_attribute = set_status = end = explode

        return Span(SpanContext(1, 1, is_remote=False))


class BrokenStarts(TracerProvider):
    def get_tracer(self, *_: object, **__: object) -> Any:
        class Tracer(NoOpTracer):
            start_span = explode

        return Tracer()


class BrokenMeters(MeterProvider):
    get_meter = explode


class MetersOfBrokenHistograms(NoOpMeterProvider):
    def get_meter(self, *_: object, **__: object) -> Any:
        return self

    def create_histogram(self, *_: object, **__: object) -> Any:
        return Broken()


class BrokenExporter(SpanExporter):
    def export(self, spans: Any) -> NoReturn:
        explode(spans)


def exercise(session: Session) -> list[object]:
    session["x"] = [1]
    with pytest.raises(RevisionMismatchError):
        session.set_variable("x", 2, if_revision=0)
    return [
        session["x"],
        session.update_variable("x", lambda old: [*old, 2]),
        session.increment("n"),
        session.get_variable("absent", 0.5),
        session.to_dict(),
        session.pop("x"),
        len(session),
    ]


BROKEN: dict[str, Callable[[], dict[str, object]]] = {
    "tracer provider": lambda: {"tracers": BrokenTracers()},
    "tracer": lambda: {"tracers": BrokenStarts()},
    "spans": lambda: {"tracers": TracersOfBrokenSpans()},
    "meter provider": lambda: {"meters": BrokenMeters()},
    "histograms": lambda: {"meters": MetersOfBrokenHistograms()},
    "everything": lambda: {"tracers": Broken(), "meters": Broken()},
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_telemetry_raises_changes_no_call(session: Session, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    expected = exercise(session)
    session.clear()
    configure(monkeypatch, **BROKEN[what]())
    assert exercise(session) == expected


def test_a_broken_tracer_costs_no_measurement(session: Session, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, tracers=BrokenStarts(), meters=told.meters)
    session["x"] = 1
    assert told.points(CALLS)


def test_broken_histograms_cost_no_span(session: Session, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, tracers=told.tracers, meters=MetersOfBrokenHistograms())
    session["x"] = 1
    assert told.spans()


def test_an_exporter_that_raises_changes_no_call(session: Session, told: Told) -> None:
    expected = exercise(session)
    session.clear()
    told.tracers.add_span_processor(SimpleSpanProcessor(BrokenExporter()))
    assert exercise(session) == expected


def test_a_propagator_that_raises_changes_no_call(
    session: Session, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opentelemetry.propagate._HTTP_TEXT_FORMAT", Broken())
    session["x"] = 1
    assert session["x"] == 1
    assert told.spans()


def test_providers_that_do_nothing_are_as_good_as_none(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, tracers=NoOpTracerProvider(), meters=NoOpMeterProvider())
    monkeypatch.setattr("session_bridge._opentelemetry.Call", explode)
    session["x"] = 1
    assert session["x"] == 1
