/** The API of OpenTelemetry where the program has it, and what the program has configured there. Nothing here throws. */
import { createRequire } from "node:module";
import type * as api from "@opentelemetry/api";

/** The API. */
export type OpenTelemetry = typeof api;

/** What the calls of this client are measured with. */
export interface Instruments {
  readonly calls: api.Histogram;
  readonly serialization: api.Histogram;
}

/** What the program has configured at this moment. */
export interface Configured {
  readonly api: OpenTelemetry;
  readonly tracer: api.Tracer | undefined;
  readonly instruments: Instruments | undefined;
}

const SCOPE = "@session-bridge/client";

/** Seconds; the server's histograms have the same. */
const BOUNDARIES = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

let loaded: { readonly api: OpenTelemetry | undefined } | undefined;

/**
 * The API; undefined when it is not installed. It is sought once, when the first bridge is made: synchronously, so that the first call is observed
 * too. Both builds of the API share what is configured.
 */
export function openTelemetry(): OpenTelemetry | undefined {
  loaded ??= { api: attempt(() => createRequire(import.meta.url)("@opentelemetry/api") as OpenTelemetry) };
  return loaded.api;
}

/** What observes calls now; undefined when the program has configured neither a tracer nor a meter provider. */
export function configured(found: OpenTelemetry): Configured | undefined {
  const tracer = attempt(() => configuredTracer(found));
  const instruments = attempt(() => configuredInstruments(found));
  return tracer === undefined && instruments === undefined ? undefined : { api: found, tracer, instruments };
}

/** What `work` gives, undefined when it throws. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function configuredTracer({ trace }: OpenTelemetry): api.Tracer | undefined {
  const provider = trace.getTracerProvider();
  // The API stands in with a proxy, which has no delegate until the program registers a provider.
  return "getDelegateTracer" in provider ? (provider as api.ProxyTracerProvider).getDelegateTracer(SCOPE) : provider.getTracer(SCOPE);
}

let made: { readonly provider: api.MeterProvider; readonly instruments: Instruments | undefined } | undefined;

function configuredInstruments(found: OpenTelemetry): Instruments | undefined {
  const provider = found.metrics.getMeterProvider();
  if (made?.provider !== provider) made = { provider, instruments: attempt(() => instrumentsOf(found, provider)) };
  return made.instruments;
}

function instrumentsOf({ createNoopMeter }: OpenTelemetry, provider: api.MeterProvider): Instruments | undefined {
  const meter = provider.getMeter(SCOPE);
  if (meter === createNoopMeter()) return undefined;
  const seconds = (name: string, description: string): api.Histogram =>
    meter.createHistogram(name, { description, unit: "s", advice: { explicitBucketBoundaries: BOUNDARIES } });
  return {
    calls: seconds("rpc.client.call.duration", "Calls of the server, attempts and waits between them included"),
    serialization: seconds("session_bridge.client.serialization.duration", "The value codec's part of a call"),
  };
}
