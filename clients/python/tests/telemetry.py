"""A program that has configured OpenTelemetry: what the client tells it is kept in memory."""

from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

CALLS = "rpc.client.call.duration"
SERIALIZATION = "session_bridge.client.serialization.duration"


class Told:
    """What was told so far."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self._reader = InMemoryMetricReader()
        self.meters = MeterProvider([self._reader])

    def spans(self) -> list[ReadableSpan]:
        """The spans that have ended, in that order."""
        return list(self.exporter.get_finished_spans())

    def span(self) -> ReadableSpan:
        """The last of them."""
        return self.spans()[-1]

    def points(self, name: str) -> list[HistogramDataPoint]:
        """The series of a histogram."""
        data = self._reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
            if isinstance(point, HistogramDataPoint)
        ]

    def everything(self) -> str:
        """All of it as text."""
        spans = "".join(span.to_json() for span in self.spans())
        data = self._reader.get_metrics_data()
        return spans + ("" if data is None else data.to_json())


def attributes(told: ReadableSpan | HistogramDataPoint) -> Mapping[str, Any]:
    """The attributes of a span or a series."""
    assert told.attributes is not None
    return dict(told.attributes)


def configure(monkeypatch: pytest.MonkeyPatch, *, tracers: object = None, meters: object = None) -> None:
    """Makes these the providers of this process for the time of a test, which the API itself allows only once."""
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", tracers)
    monkeypatch.setattr("opentelemetry.metrics._internal._METER_PROVIDER", meters)
    assert tracers is None or trace.get_tracer_provider() is tracers
    assert meters is None or metrics.get_meter_provider() is meters
