import * as errors from "@session-bridge/core/internal";
import { ErrorInfo } from "@session-bridge/protocol/google/rpc/error_details";
import { Status } from "@session-bridge/protocol/google/rpc/status";
import { expect, test } from "vitest";
import { statusOf } from "../src/carrier/status.ts";

function sent(error: errors.BridgeError) {
  const status = statusOf(error);
  const decoded = Status.decode(status.bytes);
  const info = ErrorInfo.decode(decoded.details[0]?.value as Uint8Array);
  return { status, decoded, info };
}

const EVERY: readonly errors.BridgeError[] = [
  new errors.InvalidArgumentError("INVALID_NAME", "m"),
  new errors.SerializationError("VALUE_TOO_DEEP", "m", { details: { path: "a[0]", rule: "depth" } }),
  new errors.ConstraintError("m"),
  new errors.TypeMismatchError("m", { details: { name: "n" } }),
  new errors.IntegerOverflowError("m"),
  new errors.SessionNotFoundError("m"),
  new errors.SessionExistsError("m"),
  new errors.PageExpiredError("m"),
  new errors.RevisionMismatchError("m", { details: { name: "n", currentRevision: 0 } }),
  new errors.LimitExceededError("OVERLOADED", "m", { details: { limit: "l", limitValue: 1, actual: 2 } }),
  new errors.CompactedError("m"),
  new errors.StoreUnavailableError("m", { outcome: "unknown", cause: new Error("secret") }),
  new errors.ServerUnavailableError("SHUTTING_DOWN", "m"),
  new errors.OutcomeUnknownError("m"),
  new errors.UnauthenticatedError("UNAUTHENTICATED", "m"),
  new errors.PermissionDeniedError("PERMISSION_DENIED", "m"),
  new errors.UnsupportedError("UNSUPPORTED", "m"),
  new errors.DeadlineExceededError("m"),
  new errors.CancelledError("m"),
  new errors.InternalServerError("m", { details: { incidentId: "i" } }),
  new errors.DataLossError("m"),
];

test.for(EVERY.map((error) => [error.name, error] as const))("%s travels as a status from which the same error is made", ([, error]) => {
  const { status, decoded, info } = sent(error);
  expect(decoded).toMatchObject({ code: status.code, message: status.message });
  expect(info.domain).toBe("session-bridge");
  const metadata = Object.fromEntries(info.metadata);
  const made = errors.fromWireError({ code: status.code, message: status.message, reason: info.reason, metadata });
  expect(made).toBeInstanceOf(error.constructor);
  expect(made).toMatchObject({ message: error.message, reason: error.reason, outcome: error.outcome, details: error.details });
  expect(Buffer.from(Status.encode(decoded).finish()).includes("secret")).toBe(false);
});

test("whatever is in its text, a status can be sent: long texts are cut, broken ones made well-formed", () => {
  const { status, info } = sent(
    new errors.InvalidArgumentError("INVALID_NAME", `\ud800${"x".repeat(1_000_000)}`, { details: { name: "\udfff".repeat(9_999) } }),
  );
  expect(() => encodeURI(status.message)).not.toThrow();
  expect(status.message.length).toBeLessThan(1_100);
  expect(info.metadata.get("name")?.length).toBeLessThan(400);
});
