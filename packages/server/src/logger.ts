/** Logs as JSON lines. A line says which session and operation, the status and the time it took; it never holds a value. */
import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger };

/** The levels, from the least to the most that is said. */
export const LOG_LEVELS = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;

/** One of LOG_LEVELS. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A logger that writes to `destination`, standard error by default, at once: the last words of a process are never lost. */
export function jsonLogger(level: LogLevel, destination: DestinationStream = pino.destination({ dest: 2, sync: true })): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFields },
    },
    destination,
  );
}

/** What of an error is logged: pino's own serialiser would copy every property, and one of them may be a value. */
function errorFields(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: errorFields(error.cause) };
  return { type: error.name, message: error.message, stack: error.stack, ...code, ...cause };
}
