import { type RemotePort, remotePort } from "@session-bridge/client/internal";
import { packMap } from "@session-bridge/core/values";
import { expect, onTestFinished, test } from "vitest";
import type { SessionRecord, VariableRecord } from "../src/cli/export-format.ts";
import type { TextSink } from "../src/cli/text-files.ts";
import { bytesOf } from "./support/bytes.ts";
import { commandLine } from "./support/command-line.ts";
import { exportLines, sessionRecord, variableRecord } from "./support/export-lines.ts";
import { testServer } from "./support/test-server.ts";

const MIB = 1024 * 1024;
const SESSIONS = 10_000;

function portOf(address: string): RemotePort {
  const port = remotePort(address);
  onTestFinished(() => port.close());
  return port;
}

test("a session of 16 MiB and a thousand variables goes over whole, in several messages", async () => {
  const [from, to] = [await testServer(), await testServer()];
  const port = portOf(from.address);
  const big = (size: number) => ({ bytes: bytesOf(`c6 ${(size - 5).toString(16).padStart(8, "0")} 61*${size - 5}`), encoding: "" });
  const set = (name: string, value: { bytes: Uint8Array; encoding: string }) => ({ kind: "set" as const, name, value });
  const small = Array.from({ length: 985 }, (_, i) => set(`small-${String(i).padStart(4, "0")}`, { bytes: bytesOf("01"), encoding: "" }));
  await port.update("s", { operations: small }, {});
  // Names of five bytes and values of a MiB, the last of them all that is left.
  for (let i = 0; i < 15; i++) {
    const { sizeBytes } = await port.getSession("s", {});
    await port.update("s", { operations: [set(`big-${String.fromCharCode(97 + i)}`, big(Math.min(MIB, 16 * MIB - sizeBytes - 5)))] }, {});
  }
  const before = await port.getVariables("s", { prefix: "" }, {});
  expect(await port.getSession("s", {})).toMatchObject({ variableCount: 1000, sizeBytes: expect.any(Number) });
  const { code, out } = await commandLine(["export", "--timeout", "30"], { SESSION_BRIDGE_ADDRESS: from.address });
  expect(code).toBe(0);
  expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThan(2 * MIB);
  const imported = await commandLine(["import", "--timeout", "30"], { SESSION_BRIDGE_ADDRESS: to.address }, out);
  expect(imported).toMatchObject({ code: 0, err: "" });
  const after = await portOf(to.address).getVariables("s", { prefix: "" }, {});
  const exact = ({ variables }: typeof after) => variables.map(({ name, bytes }) => [name, Buffer.from(bytes).toString("base64")]);
  expect(exact(after)).toEqual(exact(before));
}, 60_000);

test("10,000 sessions are imported and exported one at a time: neither side runs ahead of the other", async () => {
  const { address } = await testServer();
  let [written, ahead] = [0, 0];
  const records = function* (): Generator<SessionRecord | VariableRecord> {
    for (let i = 0; i < SESSIONS; i++) {
      yield sessionRecord(String(i).padStart(5, "0"), { variables: 1 });
      yield variableRecord("x", "01");
    }
  };
  const lines = exportLines(records()).split(/(?<=\n)/);
  async function* input(): AsyncGenerator<Uint8Array> {
    for (const [i, line] of lines.entries()) {
      ahead = Math.max(ahead, i - 2 * written);
      yield Buffer.from(line);
    }
  }
  const counted = async (): Promise<RemotePort> => {
    const port = remotePort(address);
    return {
      ...port,
      async update(...given) {
        const result = await port.update(...given);
        written += 1;
        return result;
      },
    };
  };
  expect((await commandLine(["import"], {}, "", { connect: counted, openInput: input })).code).toBe(0);
  expect(written).toBe(SESSIONS);
  expect(ahead).toBeLessThan(5);

  let [read, taken, readAhead] = [0, 0, 0];
  const sink: TextSink = {
    async write(text) {
      // A reader that takes its time: whoever does not wait for it reads on.
      if (text.includes('"kind":"session"')) await new Promise((resolve) => setImmediate(resolve));
      if (text.includes('"kind":"variable"')) taken += 1;
    },
    finish: async () => {},
    abandon: async () => {},
  };
  const reading = async (): Promise<RemotePort> => {
    const port = remotePort(address);
    return {
      ...port,
      getVariables(...given) {
        read += 1;
        readAhead = Math.max(readAhead, read - taken);
        return port.getVariables(...given);
      },
    };
  };
  expect((await commandLine(["export"], {}, "", { connect: reading, openOutput: async () => sink })).code).toBe(0);
  expect([read, taken]).toEqual([SESSIONS, SESSIONS]);
  expect(readAhead).toBe(1);
}, 120_000);

test("each session is of one moment while others write it, pages and all: what is written together is exported together", async () => {
  const messageBytes = 65_536;
  const { address, client } = await testServer({ requestLimits: { messageBytes }, limits: { valueBytes: 60_000 } });
  const counter = (i: number) => Buffer.from([0xce, ...Buffer.from(i.toString(16).padStart(8, "0"), "hex")]);
  const filler = bytesOf("c5 03e8 61*1000");
  for (const sessionId of ["a", "b", "c"]) {
    for (const half of ["m", "n"]) {
      const entries = Array.from({ length: 50 }, (_, i) => ({ name: `${half}${i}`, bytes: filler }));
      await client.call("updateVariables", { sessionId, values: packMap(entries) });
    }
  }
  let stopped = false;
  let writes = 0;
  const writers = ["a", "b", "c"].map(async (sessionId) => {
    for (let i = 1; !stopped; i++, writes++) {
      const both = packMap([
        { name: "first", bytes: counter(i) },
        { name: "x-last", bytes: counter(i) },
      ]);
      await client.call("updateVariables", { sessionId, values: both });
      if (i % 5 === 0)
        await client
          .call("deleteVariable", { sessionId, name: "x-last" })
          .then(() => client.call("deleteVariable", { sessionId, name: "first" }));
    }
  });
  const pairs: (readonly [string | undefined, string | undefined])[] = [];
  for (let round = 0; round < 20; round++) {
    const { code, out } = await commandLine(["export"], { SESSION_BRIDGE_ADDRESS: address });
    expect(code).toBe(0);
    let session = new Map<string, string>();
    for (const line of out.trim().split("\n")) {
      const record = JSON.parse(line) as { kind: string; name?: string; value?: string };
      if (record.kind === "session" || record.kind === "trailer") {
        if (session.size > 0) pairs.push([session.get("first"), session.get("x-last")]);
        session = new Map();
      }
      if (record.kind === "variable") session.set(record.name ?? "", record.value ?? "");
    }
  }
  stopped = true;
  await Promise.all(writers);
  expect(writes).toBeGreaterThan(100);
  expect(pairs).toHaveLength(60);
  expect(new Set(pairs.map(([first]) => first)).size).toBeGreaterThan(5);
  // The first is deleted last.
  for (const [first, last] of pairs) if (last !== undefined) expect(last).toBe(first);
}, 60_000);
