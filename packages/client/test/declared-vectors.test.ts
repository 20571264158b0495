/** Every row of proto/vectors/constraints.json, asked of a server. */
import { BridgeError, type JsonSchema } from "@session-bridge/core";
import { startServer } from "@session-bridge/server";
import { expect, test } from "vitest";
import { type Row, rows, schemaOf } from "../../core/test/constraints/rows.ts";
import { bytesOf } from "../../core/test/values/hex.ts";
import { type Bridge, connect } from "../src/index.ts";
import { type RemotePort, remotePort } from "../src/internal.ts";
import { CARRIERS } from "./support/carriers.ts";
import { later } from "./support/scope.ts";

// Over the wire no bytes end a declaration.
const asked = rows.filter((row) => row.schema_bytes !== "");

const isSchema = ({ schema }: Row) =>
  typeof schema === "boolean" || (typeof schema === "object" && schema !== null && !Array.isArray(schema));

/** What became of a row: undefined when the schema was taken and the value fits it. */
async function answerTo(bridge: Bridge, port: RemotePort, row: Row, id: string) {
  try {
    if (row.schema_bytes === undefined && isSchema(row)) await bridge.session(id).declare("value", row.schema as JsonSchema);
    else await port.update(id, { operations: [{ kind: "declare", name: "value", schema: schemaOf(row) }] }, {});
    if (row.value === undefined) return undefined;
    const value = { bytes: bytesOf(row.value), encoding: row.encoding ?? "" };
    await port.update(id, { operations: [{ kind: "set", name: "value", value }] }, {});
    return undefined;
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return { error: error.name, reason: error.reason, outcome: error.outcome, path: error.details.path, rule: error.details.rule };
  }
}

function expected({ refused, fits, path, rule }: Row) {
  if (refused !== undefined) {
    return { error: "InvalidArgumentError", reason: "INVALID_SCHEMA", outcome: "not_applied", path, rule: refused };
  }
  return fits ? undefined : { error: "ConstraintError", reason: "CONSTRAINT_VIOLATED", outcome: "not_applied", path, rule };
}

test.each(CARRIERS)(
  "a server takes and refuses every row of constraints.json over %s as the file says",
  { timeout: 120_000 },
  async (carrier) => {
    const server = await startServer({ listen: "127.0.0.1:0" });
    later(() => server.stop());
    const bridge = connect(server.address, { carrier, timeoutMs: 60_000 });
    later(() => bridge.close());
    const port = remotePort(server.address, { carrier, timeoutMs: 60_000 });
    later(() => port.close());
    expect(asked.length).toBeGreaterThanOrEqual(1200);
    const told: unknown[] = [];
    for (const [i, row] of asked.entries()) {
      const answer = await answerTo(bridge, port, row, `s${i}`);
      await bridge.deleteSession(`s${i}`);
      told.push({ name: row.name, answer });
    }
    expect(told).toEqual(asked.map((row) => ({ name: row.name, answer: expected(row) })));
  },
);
