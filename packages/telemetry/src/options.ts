/** What telemetry can be told, and the errors for what it cannot. */
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { type Clock, EVENT_CATALOGUE, refuse, wholeFrom } from "@session-bridge/core/internal";
import type { TelemetryLog } from "./diagnostics.ts";
import type { EventExportOptions } from "./events/event-export.ts";
import { NAMES_MODES, type NamesMode } from "./names.ts";

/** Everything is optional: without options there are metrics and summaries, and OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set. */
export interface TelemetryOptions {
  /** How ids of sessions and names of variables are shown in spans, events and summaries; `plain`. Metrics never have them. */
  readonly names?: NamesMode | undefined;
  /** The key of hashed names; by default a random one for each process. */
  readonly namesKey?: string | Uint8Array | undefined;
  /** The share of calls that are traced when their caller does not say, 0 … 1; 0.1. A caller's own decision is followed. */
  readonly traceRatio?: number | undefined;
  /** Exports events as records; not by default. */
  readonly events?: EventExportOptions | undefined;
  /** Sends metrics and spans to a collector: `true` by the `OTEL_EXPORTER_OTLP_*` variables, or a base address. By default, as they are set. */
  readonly otlp?: boolean | { readonly endpoint: string } | undefined;
  /** Gets the spans, too; for programs with an exporter of their own. */
  readonly spanExporter?: SpanExporter | undefined;
  /** Where `/metrics`, `/livez`, `/readyz` and `/summary` are served; nowhere by default. The host is the loopback unless given. */
  readonly admin?: { readonly host?: string | undefined; readonly port: number } | undefined;
  /** Whether the service can do its work, for `/readyz`; always, by default. */
  readonly ready?: (() => boolean) | undefined;
  /** The full names of the methods that the server has; every other one is counted as `_OTHER`. */
  readonly methods?: readonly string[] | undefined;
  /** The store's `db.system.name`, such as `sqlite`; leave it out for memory alone, and there are no `db.client` metrics. */
  readonly dbSystem?: string | undefined;
  /** `session-bridge` unless given; `OTEL_SERVICE_NAME` wins. */
  readonly serviceName?: string | undefined;
  readonly serviceVersion?: string | undefined;
  /** The clock that the engine has; the machine's. */
  readonly clock?: Clock | undefined;
  /** Told, at most once a minute, that telemetry is not delivered. */
  readonly log?: TelemetryLog | undefined;
}

const MAX_PORT = 65_535;

/** Throws InvalidArgumentError naming the first option that cannot be right. */
export function checkTelemetryOptions({ names, traceRatio, events, otlp, admin }: TelemetryOptions): void {
  if (names !== undefined && !NAMES_MODES.includes(names)) throw refuse(`telemetry's names must be one of ${NAMES_MODES.join(", ")}`);
  checkRatio(traceRatio, "telemetry's traceRatio");
  if (admin !== undefined) {
    wholeFrom(0)(admin.port, "telemetry's admin port");
    if (admin.port > MAX_PORT) throw refuse(`telemetry's admin port must be at most ${MAX_PORT}`);
  }
  if (typeof otlp === "object" && !/^https?:\/\//.test(otlp.endpoint))
    throw refuse("telemetry's otlp endpoint must be an http or https address");
  if (events === undefined) return;
  if (typeof events.sink !== "function") throw refuse("telemetry's events need a sink, a function");
  if (events.perSecond !== undefined) checkPositive(events.perSecond, "telemetry's events per second");
  if (events.burst !== undefined) wholeFrom(1)(events.burst, "telemetry's burst of events");
  for (const [kind, ratio] of Object.entries(events.sample ?? {})) {
    if (!Object.hasOwn(EVENT_CATALOGUE, kind)) throw refuse(`telemetry knows no events of the kind ${JSON.stringify(kind)}`);
    checkRatio(ratio, `telemetry's sample of ${kind}`);
  }
}

function checkRatio(ratio: unknown, label: string): void {
  if (ratio !== undefined && !(typeof ratio === "number" && ratio >= 0 && ratio <= 1))
    throw refuse(`${label} must be a number from 0 to 1`);
}

function checkPositive(value: unknown, label: string): void {
  if (!(typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY)) throw refuse(`${label} must be a number above 0`);
}
