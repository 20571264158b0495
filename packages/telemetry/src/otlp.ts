/** Sending metrics and spans to a collector over OTLP. The exporters are heavy, so they are loaded only when somebody wants them. */
import type { Agent } from "node:http";
import { type MetricProducer, type MetricReader, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type SpanExporter, type SpanProcessor } from "@opentelemetry/sdk-trace";

/** How long one attempt to deliver may take; `OTEL_EXPORTER_OTLP_TIMEOUT` wins. */
const TIMEOUT_MS = 5000;
const METRIC_INTERVAL_MS = 60_000;

/** What delivers. */
export interface OtlpExport {
  readonly metricReader: MetricReader;
  readonly spanProcessor: SpanProcessor;
  /** Breaks what is under way, so that it keeps the process no longer. */
  abandon(): void;
}

/**
 * Loads the exporters. `endpoint` is a collector's base address; undefined, and they go by the `OTEL_EXPORTER_OTLP_*` variables alone. Metrics go
 * every minute or every `OTEL_METRIC_EXPORT_INTERVAL` milliseconds; at most 2,048 spans wait, what is more is dropped.
 */
export async function otlpExport(endpoint: string | undefined, metrics: MetricProducer): Promise<OtlpExport> {
  const [{ OTLPMetricExporter }, { OTLPTraceExporter }, http, https] = await Promise.all([
    import("@opentelemetry/exporter-metrics-otlp-proto"),
    import("@opentelemetry/exporter-trace-otlp-proto"),
    import("node:http"),
    import("node:https"),
  ]);
  const agents: Agent[] = [];
  let abandoned = false;
  const httpAgentOptions = (protocol: string): Agent => {
    // As many sockets as requests, which the exporters bound: one that waits for a socket has no time limit and cannot be broken off.
    const agent = new (protocol === "http:" ? http.Agent : https.Agent)({ keepAlive: true });
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (options, connected) => {
      if (!abandoned) return connect(options, connected);
      // Not thrown: there may be nobody to catch it. An error without a code is one that the exporters do not try again after.
      setImmediate(() => connected?.(new Error("telemetry is closed"), undefined as never));
      return undefined;
    };
    agents.push(agent);
    return agent;
  };
  const config = (path: string) => ({
    httpAgentOptions,
    ...(process.env.OTEL_EXPORTER_OTLP_TIMEOUT === undefined && { timeoutMillis: TIMEOUT_MS }),
    ...(endpoint !== undefined && { url: `${endpoint.replace(/\/$/, "")}/v1/${path}` }),
  });
  const exportIntervalMillis = interval(process.env.OTEL_METRIC_EXPORT_INTERVAL);
  return {
    metricReader: new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(config("metrics")),
      exportIntervalMillis,
      exportTimeoutMillis: Math.min(exportIntervalMillis, 2 * TIMEOUT_MS),
      metricProducers: [metrics],
    }),
    spanProcessor: spanQueue(new OTLPTraceExporter(config("traces"))),
    abandon() {
      abandoned = true;
      for (const agent of agents) agent.destroy();
    },
  };
}

/** Delivers spans in the background, in batches; at most 2,048 wait. */
export const spanQueue = (exporter: SpanExporter): SpanProcessor =>
  new BatchSpanProcessor({ exporter, maxQueueSize: 2048, maxExportBatchSize: 128, exportTimeoutMillis: 2 * TIMEOUT_MS });

function interval(given: string | undefined): number {
  const ms = Number(given);
  return Number.isSafeInteger(ms) && ms > 0 ? ms : METRIC_INTERVAL_MS;
}
