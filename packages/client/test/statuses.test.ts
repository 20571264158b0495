import { Metadata, status } from "@grpc/grpc-js";
import { ErrorInfo } from "@session-bridge/protocol/google/rpc/error_details";
import { Status } from "@session-bridge/protocol/google/rpc/status";
import { describe, expect, it } from "vitest";
import { connect } from "../src/index.ts";
import { CARRIERS } from "./support/carriers.ts";
import { fakeServer } from "./support/fake-server.ts";
import { later, rejection } from "./support/scope.ts";

function detailed(code: number, info: Partial<ErrorInfo>): { code: number; details: string; metadata: Metadata } {
  const value = ErrorInfo.encode(ErrorInfo.fromPartial({ domain: "session-bridge", ...info })).finish();
  const encoded = Status.encode({
    code,
    message: "text for people",
    details: [{ typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value }],
  }).finish();
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(encoded));
  return { code, details: "text for people", metadata };
}

describe.each(CARRIERS)("over %s,", (carrier) => {
  /** What `set` fails with when the server answers with this status; reads are tried once. */
  async function errorOf(
    answer: { readonly code: number; readonly details?: string; readonly metadata?: Metadata },
    method: "get" | "set" = "set",
  ) {
    const server = await fakeServer({ setVariable: () => answer, getVariable: () => answer }, carrier);
    later(() => server.kill());
    const bridge = connect(server.address, { carrier, retry: { maxAttempts: 1 } });
    later(() => bridge.close());
    const session = bridge.session("s");
    return rejection(method === "set" ? session.set("x", 1) : session.get("x"));
  }

  describe("a status without details", () => {
    const certain = "not_applied";
    const rows = [
      ["CANCELLED", "ServerUnavailableError", "UNREACHABLE", "unknown"],
      ["UNKNOWN", "InternalServerError", "INTERNAL", "unknown"],
      ["INVALID_ARGUMENT", "InvalidArgumentError", "INVALID_ARGUMENT", certain],
      ["DEADLINE_EXCEEDED", "DeadlineExceededError", "DEADLINE_EXCEEDED", "unknown"],
      ["PERMISSION_DENIED", "PermissionDeniedError", "PERMISSION_DENIED", certain],
      ["RESOURCE_EXHAUSTED", "LimitExceededError", "OVERLOADED", certain],
      ["UNIMPLEMENTED", "UnsupportedError", "UNSUPPORTED", certain],
      ["INTERNAL", "InternalServerError", "INTERNAL", "unknown"],
      ["UNAVAILABLE", "ServerUnavailableError", "UNREACHABLE", "unknown"],
      ["DATA_LOSS", "DataLossError", "DATA_LOSS", "unknown"],
      ["UNAUTHENTICATED", "UnauthenticatedError", "UNAUTHENTICATED", certain],
    ] as const;
    for (const [code, name, reason, outcome] of rows) {
      it(`${code} is a ${name}, a mutation's outcome ${outcome} [P18], a read's certain`, async () => {
        expect(await errorOf({ code: status[code] })).toMatchObject({ name, reason, outcome });
        expect(await errorOf({ code: status[code] }, "get")).toMatchObject({ name, reason, outcome: "not_applied" });
      });
    }
  });

  describe("a status with details", () => {
    it("is the error of its reason, with all it says", async () => {
      const metadata = new Map([
        ["outcome", "not_applied"],
        ["name", "x"],
        ["current_revision", "42"],
      ]);
      const error = await errorOf(detailed(status.ABORTED, { reason: "REVISION_MISMATCH", metadata }));
      expect(error).toMatchObject({
        name: "RevisionMismatchError",
        message: "text for people",
        outcome: "not_applied",
        details: { name: "x", currentRevision: 42 },
      });
    });

    it("may say that a refused-looking mutation has an unknown outcome", async () => {
      const metadata = new Map([["outcome", "unknown"]]);
      const error = await errorOf(detailed(status.RESOURCE_EXHAUSTED, { reason: "OVERLOADED", metadata }));
      expect(error).toMatchObject({ name: "LimitExceededError", outcome: "unknown" });
    });

    it("of another domain counts for its code alone", async () => {
      const error = await errorOf(detailed(status.ABORTED, { domain: "example.com", reason: "REVISION_MISMATCH" }));
      expect(error).toMatchObject({ name: "InternalServerError", outcome: "unknown" });
    });

    it("that are no google.rpc.Status count for nothing", async () => {
      const metadata = new Metadata();
      metadata.set("grpc-status-details-bin", Buffer.from([0xff, 0xff, 0xff]));
      // gRPC has a code beside them; over the direct carrier they are all that an error says.
      const name = carrier === "grpc" ? "InvalidArgumentError" : "InternalServerError";
      expect(await errorOf({ code: status.INVALID_ARGUMENT, metadata })).toMatchObject({ name });
    });
  });
});
