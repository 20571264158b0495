import { BridgeError, CODES, toWireError } from "@session-bridge/core/internal";
import { CommanderError } from "commander";
import { UsageError } from "../config/resolve.ts";
import { ConflictError, SessionFailure } from "./session-failure.ts";

/** What the command ends with. */
export const EXIT = { ok: 0, failure: 1, usage: 2, notFound: 3, precondition: 4, unreachable: 5, interrupted: 130 } as const;

/** The exit code of something thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof SyntaxError) return EXIT.usage;
  if (error instanceof SessionFailure) return exitCodeOf(error.cause);
  if (error instanceof ConflictError) return EXIT.precondition;
  // Help and version are thrown too, with exit code 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (!(error instanceof BridgeError)) return EXIT.failure;
  if (error.reason === "UNREACHABLE" || error.reason === "SHUTTING_DOWN") return EXIT.unreachable;
  if (error.reason === "REVISION_MISMATCH" || error.reason === "CONSTRAINT_VIOLATED") return EXIT.precondition;
  switch (toWireError(error).code) {
    case CODES.INVALID_ARGUMENT:
      return EXIT.usage;
    case CODES.NOT_FOUND:
    // What was is not kept.
    case CODES.OUT_OF_RANGE:
      return EXIT.notFound;
    case CODES.FAILED_PRECONDITION:
    case CODES.ALREADY_EXISTS:
      return EXIT.precondition;
    case CODES.CANCELLED:
      return EXIT.interrupted;
    default:
      return EXIT.failure;
  }
}

/** One line that says what went wrong, without a stack. */
export function problemText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `session-bridge: ${message.trim().replaceAll("\n", "\nsession-bridge: ")}\n`;
}
