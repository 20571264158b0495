/** OpenTelemetry's side of it: who reads the metrics, and where spans go. */
import type { Tracer } from "@opentelemetry/api";
import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import {
  defaultResource,
  detectResources,
  type Resource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import { MeterProvider, type MetricProducer } from "@opentelemetry/sdk-metrics";
import { AlwaysOnSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import { complaints, listenToOpenTelemetry } from "./diagnostics.ts";
import type { TelemetryOptions } from "./options.ts";
import { type OtlpExport, otlpExport, spanQueue } from "./otlp.ts";

/** Who measures, in OpenTelemetry's words the instrumentation scope. */
export const SCOPE = "@session-bridge/telemetry";

/** Where metrics and spans go. */
export interface Pipeline {
  /** Undefined when nobody takes spans. */
  readonly tracer: Tracer | undefined;
  /** The metrics as a page for Prometheus. */
  prometheus(): Promise<string>;
  /** Delivers what waits, for at most 2 seconds, and stops. */
  close(): Promise<void>;
}

const CLOSE_MS = 2000;

/** Starts what the options ask for; `metrics` are read by all of it. */
export async function pipeline(options: TelemetryOptions, metrics: MetricProducer, monotonic: () => number): Promise<Pipeline> {
  const { serviceVersion = "", spanExporter } = options;
  const otlp = await wantedOtlp(options, metrics);
  const complain = complaints(options.log, monotonic);
  const stopListening = otlp && listenToOpenTelemetry(complain);
  const resource = resourceOf(options);
  const page = new PrometheusExporter({ preventServerStart: true, metricProducers: [metrics] });
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);
  const meters = new MeterProvider({ resource, readers: otlp ? [page, otlp.metricReader] : [page] });
  const spanProcessors = [...(otlp ? [otlp.spanProcessor] : []), ...(spanExporter ? [spanQueue(spanExporter)] : [])];
  // Whether a call is traced is decided before any span of it is made.
  const tracers = new TracerProvider({ resource, sampler: new AlwaysOnSampler(), spanProcessors });
  return {
    tracer: spanProcessors.length === 0 ? undefined : tracers.getTracer(SCOPE, serviceVersion),
    prometheus: async () => serializer.serialize((await page.collect()).resourceMetrics),
    async close() {
      const delivered = await settledWithin(CLOSE_MS, [meters.shutdown(), tracers.shutdown()]);
      if (!delivered) complain(`what was left did not arrive within ${CLOSE_MS} ms`);
      otlp?.abandon();
      stopListening?.();
    },
  };
}

function wantedOtlp({ otlp }: TelemetryOptions, metrics: MetricProducer): Promise<OtlpExport> | undefined {
  if (typeof otlp === "object") return otlpExport(otlp.endpoint, metrics);
  const wanted = otlp ?? (process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "") !== "";
  return wanted ? otlpExport(undefined, metrics) : undefined;
}

function resourceOf({ serviceName = "session-bridge", serviceVersion }: TelemetryOptions): Resource {
  const service = { "service.name": serviceName, ...(serviceVersion !== undefined && { "service.version": serviceVersion }) };
  const environment = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] });
  return defaultResource().merge(resourceFromAttributes(service)).merge(environment);
}

/** Waits until everything has ended, however, but no longer than this; says whether it has. */
async function settledWithin(ms: number, ending: readonly Promise<unknown>[]): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = await Promise.race([Promise.allSettled(ending).then(() => true), late]);
  clearTimeout(timer);
  return settled;
}
