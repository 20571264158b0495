/** A program that has configured OpenTelemetry: what the client tells it is kept in memory. */
import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, type ContextManager, context, metrics, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { type DataPoint, type Histogram, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { later } from "./scope.ts";

class OnDemand extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

/** As the manager that programs install: the context follows what is awaited. */
export function asyncContexts(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, fn, self, ...given) => storage.run(active, () => fn.apply(self as never, given)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

/** What a test configures. */
export interface Configuration {
  readonly spans?: boolean;
  readonly metrics?: boolean;
}

/** Configures providers for the time of a test. */
export function configured({ spans = true, metrics: measured = true }: Configuration = {}) {
  const exporter = new InMemorySpanExporter();
  const tracers = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const reader = new OnDemand();
  const meters = new MeterProvider({ readers: [reader] });
  if (spans) trace.setGlobalTracerProvider(tracers);
  if (measured) metrics.setGlobalMeterProvider(meters);
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  context.setGlobalContextManager(asyncContexts());
  later(unconfigured);
  const collected = async () => (await reader.collect()).resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return {
    tracers,
    spans: () => exporter.getFinishedSpans(),
    forget: () => exporter.reset(),
    points: async (name: string) =>
      (await collected())
        .filter(({ descriptor }) => descriptor.name === name)
        .flatMap(({ dataPoints }) => dataPoints as DataPoint<Histogram>[]),
    everything: async () =>
      JSON.stringify([
        exporter.getFinishedSpans().map(({ name, attributes, events, status, links }) => ({ name, attributes, events, status, links })),
        await collected(),
      ]),
  };
}

/** Takes back whatever is configured. */
export function unconfigured(): void {
  for (const api of [trace, metrics, propagation, context]) api.disable();
}
