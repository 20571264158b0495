/** Every row of proto/vectors/constraints.json, asked of a server. */
import { readFileSync } from "node:fs";
import { BridgeError, type JsonSchema } from "@session-bridge/core";
import { encode, float } from "@session-bridge/core/values";
import { startServer } from "@session-bridge/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bridge, connect } from "../src/index.ts";
import { type RemotePort, remotePort } from "../src/internal.ts";

interface Row {
  readonly name: string;
  readonly schema?: unknown;
  readonly schema_bytes?: string;
  readonly value?: string;
  readonly encoding?: string;
  readonly fits?: boolean;
  readonly path?: string;
  readonly rule?: string;
  readonly refused?: string;
}

/** A number as the file means it: 1.0 is a float, 2⁵³+1 is itself. */
function exact(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== "number") return value;
  const source = context.source ?? "";
  return /^-?[0-9]+$/.test(source) ? BigInt(source) : float(value);
}

/** Bytes of the notation in proto/vectors/README.md. */
const bytesOf = (notation: string): Uint8Array =>
  Buffer.concat(
    notation.split(" ").map((token) => {
      const [hex = "", count = "1"] = token.split("*");
      return Buffer.alloc((hex.length / 2) * Number(count), Buffer.from(hex, "hex"));
    }),
  );

const file = readFileSync(new URL("../../../proto/vectors/constraints.json", import.meta.url), "utf8");
// Over the wire no bytes end a declaration.
const rows = (JSON.parse(file, exact as (key: string, value: unknown) => unknown) as readonly Row[]).filter(
  (row) => row.schema_bytes !== "",
);

let stop: () => Promise<unknown>;
let bridge: Bridge;
let port: RemotePort;

beforeAll(async () => {
  const server = await startServer({ listen: "127.0.0.1:0" });
  bridge = connect(server.address, { timeoutMs: 60_000 });
  port = remotePort(server.address, { timeoutMs: 60_000 });
  stop = async () => {
    await Promise.all([bridge.close(), port.close()]);
    await server.stop();
  };
});

afterAll(() => stop());

/** What became of a row: undefined when the schema was taken and the value fits it. */
async function answerTo(row: Row, id: string) {
  try {
    const isSchema =
      typeof row.schema === "boolean" || (typeof row.schema === "object" && row.schema !== null && !Array.isArray(row.schema));
    if (row.schema_bytes === undefined && isSchema) await bridge.session(id).declare("value", row.schema as JsonSchema);
    else {
      const schema = row.schema_bytes === undefined ? encode(row.schema) : bytesOf(row.schema_bytes);
      await port.update(id, { operations: [{ kind: "declare", name: "value", schema }] }, {});
    }
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

test("a server takes and refuses every row of constraints.json as the file says", { timeout: 120_000 }, async () => {
  expect(rows.length).toBeGreaterThanOrEqual(1200);
  const told: unknown[] = [];
  for (const [i, row] of rows.entries()) {
    const answer = await answerTo(row, `s${i}`);
    await bridge.deleteSession(`s${i}`);
    told.push({ name: row.name, answer });
  }
  expect(told).toEqual(rows.map((row) => ({ name: row.name, answer: expected(row) })));
});
