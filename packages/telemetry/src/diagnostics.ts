/** What OpenTelemetry complains about, told to our own log at most once a minute. */
import { DiagLogLevel, diag } from "@opentelemetry/api";
import { setGlobalErrorHandler } from "@opentelemetry/core";

/** Where telemetry complains; pino's loggers are such. */
export interface TelemetryLog {
  warn(fields: object, message: string): void;
}

const EVERY_MS = 60_000;
const MAX_LENGTH = 300;

/** Something to complain to; what comes within a minute of the last line is only counted, and the next line says how often. */
export function complaints(log: TelemetryLog | undefined, monotonic: () => number): (what: unknown) => void {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (what) => {
    const nowMs = monotonic();
    if (nowMs - toldAtMs < EVERY_MS) {
      suppressed += 1;
      return;
    }
    toldAtMs = nowMs;
    const fields = { reason: firstLine(what), suppressed };
    suppressed = 0;
    try {
      log?.warn(fields, "telemetry is not delivered");
    } catch {
      // A log that fails is no reason to fail.
    }
  };
}

/** Sends the complaints of the OpenTelemetry packages there, until the function that is returned is called. */
export function listenToOpenTelemetry(complain: (what: unknown) => void): () => void {
  const ignore = () => {};
  const logger = { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  setGlobalErrorHandler(complain);
  return () => {
    diag.disable();
    setGlobalErrorHandler(ignore);
  };
}

const firstLine = (what: unknown) => (what instanceof Error ? what.message : String(what)).split("\n", 1)[0]?.slice(0, MAX_LENGTH) ?? "";
