import { type HostPort, parseHostPort } from "../listen-address.ts";
import { LOG_LEVELS, type LogLevel } from "../logger.ts";
import type { Resolved } from "./options.ts";
import { type Sources, UsageError } from "./resolve.ts";
import { type EventShares, type NAMES_MODES, parseEventShares, type TELEMETRY_OPTIONS } from "./telemetry-options.ts";

/** What `serve` wants of telemetry. */
export interface TelemetryConfig {
  readonly names: (typeof NAMES_MODES)[number];
  /** The key of hashed names; a random one when left out. */
  readonly namesKey: string | undefined;
  readonly traceRatio: number;
  /** Events as lines of the log; undefined for none. */
  readonly events: { readonly perSecond: number; readonly sample: EventShares } | undefined;
  /** Metrics and spans go to a collector, as the OTEL_EXPORTER_OTLP_* variables say. */
  readonly otlp: boolean;
  readonly admin: HostPort | undefined;
}

/** The secret behind hashed names: no flag, which everybody on the machine could read, and never printed. */
const NAMES_KEY = "SESSION_BRIDGE_TELEMETRY_NAMES_KEY";
const SHORTEST_KEY = 16;

/** What is wanted of telemetry; undefined when nothing is, so that nothing of it is loaded. Throws UsageError. */
export function telemetryConfig(
  options: Resolved<typeof TELEMETRY_OPTIONS>,
  logLevel: LogLevel,
  { flags, environment }: Sources,
): TelemetryConfig | undefined {
  const { admin, "telemetry-names": names, "telemetry-events": perSecond } = options;
  if (perSecond > 0 && LOG_LEVELS.indexOf(logLevel) < LOG_LEVELS.indexOf("info"))
    throw new UsageError(`--telemetry-events: events are logged as info, which --log-level ${logLevel} leaves out`);
  if (perSecond === 0 && flags["telemetry-events-sample"] !== undefined)
    throw new UsageError("--telemetry-events-sample: needs --telemetry-events");
  const otlp = (environment.OTEL_EXPORTER_OTLP_ENDPOINT ?? "") !== "" && environment.OTEL_SDK_DISABLED?.toLowerCase() !== "true";
  if (admin === "off" && perSecond === 0 && !otlp) return undefined;
  const sample = parseEventShares(options["telemetry-events-sample"]);
  return {
    names,
    namesKey: names === "hash" ? namesKey(environment[NAMES_KEY]) : undefined,
    traceRatio: options["trace-ratio"],
    events: perSecond === 0 || "wrong" in sample ? undefined : { perSecond, sample },
    otlp,
    admin: admin === "off" ? undefined : parseHostPort(admin),
  };
}

function namesKey(given: string | undefined): string | undefined {
  if (given === undefined || given === "") return undefined;
  if (given.length < SHORTEST_KEY) throw new UsageError(`${NAMES_KEY}: expected at least ${SHORTEST_KEY} characters`);
  return given;
}
