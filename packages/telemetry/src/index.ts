/** OpenTelemetry metrics and spans, a Prometheus page and bounded summaries for session-bridge. Every public name is listed here. */
export type { TelemetryLog } from "./diagnostics.ts";
export type { EventExportOptions, EventRecord, LimiterState } from "./events/event-export.ts";
export { METRIC_ATTRIBUTES, METRICS, type Metric, type MetricAttribute } from "./metric-catalogue.ts";
export { NAMES_MODES, type NamesMode } from "./names.ts";
export type { TelemetryOptions } from "./options.ts";
export type { RpcCall, RpcObserver, RpcOutcome, TraceHeaders } from "./rpc-observer.ts";
export { formatSummary } from "./summary/format-summary.ts";
export type { GrowthPeriod } from "./summary/growth.ts";
export type { NamedCount, Quantiles, Summary } from "./summary/summary.ts";
export { type EngineGauges, type Telemetry, telemetry } from "./telemetry.ts";
