import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type RemotePort, remotePort } from "@session-bridge/client/internal";
import type { Operation, SessionInfo, StoredVariable } from "@session-bridge/core/internal";
import { encode } from "@session-bridge/core/values";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ExportRecord, headerRecord, lineWriter } from "../src/cli/export-format.ts";
import { IMPORT_MARKER } from "../src/cli/import-marker.ts";
import { bytesOf } from "./support/bytes.ts";
import { commandLine } from "./support/command-line.ts";
import { exportLines, sessionRecord, trailerRecord, variableRecord } from "./support/export-lines.ts";
import { testServer } from "./support/test-server.ts";

const DAY_MS = 24 * 3_600_000;

/** A server as the command and the client see it. */
async function place(options: Parameters<typeof testServer>[0] = {}) {
  const { client, address } = await testServer(options);
  const port = remotePort(address);
  onTestFinished(() => port.close());
  const cli = (...args: string[]) => commandLine(args, { SESSION_BRIDGE_ADDRESS: address });
  const imported = (lines: string, ...args: string[]) => commandLine(["import", "-", ...args], { SESSION_BRIDGE_ADDRESS: address }, lines);
  return { client, address, port, cli, imported };
}

interface Content {
  readonly info: SessionInfo;
  readonly variables: readonly StoredVariable[];
}

async function contents(port: RemotePort): Promise<Content[]> {
  const all: Content[] = [];
  let after: string | undefined;
  do {
    const page = await port.listSessions({}, after === undefined ? {} : { after }, {});
    for (const info of page.sessions) all.push({ info, variables: (await port.getVariables(info.id, { prefix: "" }, {})).variables });
    after = page.next;
  } while (after !== undefined);
  return all;
}

/** What an import keeps exactly. */
const kept = ({ info, variables }: Content) => ({
  id: info.id,
  labels: Object.entries(info.labels).sort(),
  ttlMs: info.ttlMs,
  ends: info.endsAtMs !== undefined,
  variables: variables.map(({ name, type, encoding, bytes, expiresAtMs }) => [
    name,
    type,
    encoding,
    Buffer.from(bytes).toString("hex"),
    expiresAtMs !== undefined,
  ]),
});

/** Every encoding of every value of the type table. */
const vectors = (
  JSON.parse(readFileSync(new URL("../../../proto/vectors/values.json", import.meta.url), "utf8")) as { encodings: string[] }[]
)
  .flatMap(({ encodings }) => encodings)
  .map(bytesOf)
  .filter((bytes) => bytes.length < 100_000);

const msgpack = fc.oneof(
  fc.constantFrom(...vectors),
  fc
    .array(fc.constantFrom(...vectors.filter((bytes) => bytes.length < 40)), { maxLength: 15 })
    .map((items) => Buffer.concat([Buffer.of(0x90 | items.length), ...items])),
);
const value = fc.oneof(
  { weight: 4, arbitrary: msgpack.map((bytes) => ({ bytes, encoding: "" })) },
  { weight: 1, arbitrary: fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), encoding: fc.constantFrom("raw", "my.codec-1") }) },
);
const text = (maxLength: number) =>
  fc.oneof(fc.constantFrom("__proto__", "constructor", "0", "\u2028", "😀"), fc.string({ maxLength, unit: "grapheme" }));
const isName = (name: string) => name !== "" && !/[\p{Cc}\ufffd]/u.test(name) && name.isWellFormed();
const name = text(20).filter(isName);
const ttl = fc.oneof(fc.constant("never" as const), fc.integer({ min: DAY_MS, max: 365 * DAY_MS }));
const label = fc.tuple(
  name,
  text(20).filter((label) => label === "" || isName(label)),
);
const session = fc.record({
  id: name,
  ttl,
  maxLifeMs: fc.option(fc.integer({ min: DAY_MS, max: 365 * DAY_MS }), { nil: undefined }),
  labels: fc.array(label, { maxLength: 4 }).map((labels) => Object.fromEntries(labels)),
  variables: fc.uniqueArray(fc.tuple(name, value, fc.option(ttl, { nil: undefined })), { selector: ([name]) => name, maxLength: 12 }),
});
const sessions = fc.uniqueArray(session, { selector: ({ id }) => id, maxLength: 8 });

test("what is exported from one server and imported into another is there to the byte, with types, encodings, labels, ttls and deadlines", async () => {
  const [from, to] = [await place(), await place()];
  await fc.assert(
    fc.asyncProperty(sessions, async (given) => {
      for (const server of [from, to]) for (const { info } of await contents(server.port)) await server.port.deleteSession(info.id, {});
      for (const { variables, ...session } of given) {
        await from.port.createSession(session, {});
        const operations = variables.map(([name, value, ttl]) => ({ kind: "set" as const, name, value, ttl }));
        if (operations.length > 0) await from.port.update(session.id, { operations }, {});
      }
      const before = await contents(from.port);
      expect(before.map(({ info }) => info.id).sort()).toEqual(given.map(({ id }) => id).sort());
      const exported = await from.cli("export");
      expect(exported).toMatchObject({ code: 0, err: "" });
      // The clocks of two servers may be a millisecond apart, and all of this takes less.
      await setTimeout(3);
      const imported = await to.imported(exported.out);
      expect(imported).toMatchObject({ code: 0, err: "" });
      const variables = given.reduce((total, session) => total + session.variables.length, 0);
      expect(JSON.parse(imported.out)).toMatchObject({ sessions: given.length, variables, expiredSessions: 0, incompleteSessions: 0 });
      const after = await contents(to.port);
      expect(after.map(kept)).toEqual(before.map(kept));
      for (const [i, { info, variables }] of after.entries()) {
        const was = before[i] as Content;
        const deadlines = [
          [info.endsAtMs, was.info.endsAtMs],
          ...variables.map(({ expiresAtMs }, v) => [expiresAtMs, was.variables[v]?.expiresAtMs]),
        ];
        for (const [now = 0, then = 0] of deadlines) expect(Math.abs(now - then)).toBeLessThan(5_000);
        // Nothing of another server's revisions comes along: every one is newer than the import's begin.
        expect(info.revision).toBeGreaterThan(was.info.revision);
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("what is declared and how much history is kept go along and judge the import; the history itself and checkpoints do not", async () => {
  const [from, to] = [await place(), await place()];
  await from.port.createSession({ id: "s", historyEntries: 3 }, {});
  const schema = encode({ type: "integer", maximum: 5 });
  const update = (port: RemotePort, ...operations: Operation[]) => port.update("s", { operations }, {});
  const set = (name: string, value: unknown): Operation => ({ kind: "set", name, value: { bytes: encode(value), encoding: "" } });
  await update(from.port, set("n", 1), { kind: "declare", name: "n", schema }, { kind: "declare", name: "absent", schema: encode(false) });
  await update(from.port, set("n", 2), { kind: "checkpoint", name: "", label: "c" });
  const { out } = await from.cli("export");
  expect(await to.imported(out)).toMatchObject({ code: 0, err: "" });
  const declared = async ({ port }: typeof to) =>
    (await port.listDeclarations("s", {})).declarations.map((each) => [each.name, Buffer.from(each.schema).toString("hex")]);
  expect(await declared(to)).toEqual(await declared(from));
  expect((await to.port.getSession("s", {})).historyEntries).toBe(3);
  await expect(update(to.port, set("n", 6))).rejects.toMatchObject({ reason: "CONSTRAINT_VIOLATED" });
  expect((await to.port.getHistory("s", "n", {}, {})).items).toEqual([]);
  expect((await to.port.listCheckpoints("s", {})).checkpoints).toEqual([]);
  // Declared and empty is what an import leaves that ended right then; anything else that is declared is somebody's.
  await to.port.update("s", { operations: [{ kind: "clear", name: "", prefix: "" }] }, {});
  expect(await to.imported(out)).toMatchObject({ code: 0, err: "" });
  await update(to.port, { kind: "clear", name: "", prefix: "" }, { kind: "declare", name: "own", schema });
  expect(await to.imported(out)).toMatchObject({ code: 4 });
});

test("a value that does not fit what its file declares stops the import at its session, exit code 4", async () => {
  const { port, imported } = await place();
  const declarations = [{ name: "x", schema: Buffer.from(encode({ maximum: 5 })).toString("base64") }];
  const lines = exportLines([sessionRecord("a", { variables: 1, declarations }), variableRecord("x", "06")]);
  const { code, err } = await imported(lines);
  expect([code, err.split("\n")[0]]).toEqual([4, 'session-bridge: line 2: session "a": x does not fit the declaration: maximum 5']);
  expect((await port.getVariables("a", { prefix: "" }, {})).variables).toEqual([]);
});

test("an export of version 1, which says nothing of declarations, is imported as it always was", async () => {
  const { port, imported } = await place();
  const line = lineWriter();
  const header = { ...headerRecord({ server_version: "0.1.0", exported_at_ms: 1, prefix: "", labels: {} }), version: 1 } as ExportRecord;
  const records = [header, sessionRecord("a", { variables: 1 }), variableRecord("x", "06"), trailerRecord({ sessions: 1, variables: 1 })];
  expect(await imported(records.map(line).join(""))).toMatchObject({ code: 0, err: "" });
  expect((await port.getVariables("a", { prefix: "" }, {})).variables.map(({ name }) => name)).toEqual(["x"]);
});

test("a filter exports what it says, and the header tells it", async () => {
  const { client, cli } = await place();
  await client.call("createSession", { sessionId: "a-1", labels: new Map([["team", "x"]]) as never });
  await client.call("createSession", { sessionId: "a-2" });
  await client.call("createSession", { sessionId: "b-1", labels: new Map([["team", "x"]]) as never });
  const { out } = await cli("export", "--prefix", "a", "--label", "team=x");
  const records = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(records).toMatchObject([
    { kind: "header", format: "session-bridge-export", version: 2, prefix: "a", labels: { team: "x" } },
    { kind: "session", id: "a-1", ttl_ms: DAY_MS, ends_at_ms: null, labels: { team: "x" }, variables: 0, damaged: [] },
    { kind: "trailer", sessions: 1, variables: 0 },
  ]);
});

describe("a session that is there already", () => {
  const lines = exportLines([
    sessionRecord("a", { variables: 1 }),
    variableRecord("x", "01"),
    sessionRecord("b", { variables: 1, labels: { new: "" } }),
    variableRecord("x", "02"),
    sessionRecord("c"),
  ]);
  const setUp = async () => {
    const there = await place();
    await there.client.call("setVariable", { sessionId: "b", name: "mine", value: bytesOf("07") });
    return there;
  };

  test("fails the import with exit code 4, names its line, and what was imported before it is said and stays", async () => {
    const { port, imported } = await setUp();
    const { code, out, err } = await imported(lines);
    expect({ code, out }).toEqual({ code: 4, out: "" });
    expect(err).toMatch(/^session-bridge: line 4: session "b": it exists; .*\nsession-bridge: imported before that: \{"sessions":1,/);
    expect((await contents(port)).map(({ info, variables }) => [info.id, variables.map(({ name }) => name)])).toEqual([
      ["a", ["x"]],
      ["b", ["mine"]],
    ]);
  });

  test("is left alone with --on-conflict skip", async () => {
    const { port, imported } = await setUp();
    const { code, out } = await imported(lines, "--on-conflict", "skip");
    expect([code, JSON.parse(out)]).toMatchObject([0, { sessions: 2, skippedSessions: 1, replacedSessions: 0 }]);
    expect((await contents(port)).map(({ variables }) => variables.map(({ name }) => name))).toEqual([["x"], ["mine"], []]);
  });

  test("is replaced whole, labels and all, with --on-conflict replace, however often", async () => {
    const { port, imported } = await setUp();
    expect(JSON.parse((await imported(lines, "--on-conflict", "replace")).out)).toMatchObject({ sessions: 3, replacedSessions: 1 });
    const { code, out } = await imported(lines, "--on-conflict", "replace");
    expect([code, JSON.parse(out)]).toMatchObject([0, { sessions: 3, replacedSessions: 2, skippedSessions: 0 }]);
    expect((await contents(port)).map(({ info, variables }) => [info.labels, variables.map(({ name }) => name)])).toEqual([
      [{}, ["x"]],
      [{ new: "" }, ["x"]],
      [{}, []],
    ]);
  });

  test("is filled when it is empty and alike, which is what an import leaves that ended after it had made it", async () => {
    const { port, imported } = await place();
    await port.createSession({ id: "b", ttl: 3_600_000, labels: { new: "" } }, {});
    expect(await imported(lines)).toMatchObject({ code: 0, err: "" });
    expect((await contents(port)).map(({ variables }) => variables.length)).toEqual([1, 1, 0]);
  });

  test("is not touched when it is empty and not alike", async () => {
    const { port, imported } = await place();
    await port.createSession({ id: "b", ttl: 3_600_000, labels: { new: "other" } }, {});
    expect(await imported(lines)).toMatchObject({ code: 4 });
    expect((await port.getSession("b", {})).labels).toEqual({ new: "other" });
  });
});

test("a line that is damaged stops the import at it: sessions before it are there, nothing of its own session", async () => {
  const { port, imported } = await place();
  const lines = exportLines([
    sessionRecord("a", { variables: 1 }),
    variableRecord("x", "01"),
    sessionRecord("b", { variables: 2 }),
    variableRecord("x", "01"),
    variableRecord("y", "02"),
  ]);
  const { code, err } = await imported(lines.replace('"Ag=="', '"Aw=="'));
  expect(code).toBe(1);
  expect(err).toMatch(
    /^session-bridge: line 6: its checksum does not fit.*\nsession-bridge: imported before that: \{"sessions":1,"variables":1,/,
  );
  expect((await contents(port)).map(({ info }) => info.id)).toEqual(["a"]);
});

test("what has expired since the export is not imported, and is counted", async () => {
  const { port, imported } = await place();
  const past = Date.now() - 1;
  const lines = exportLines([
    sessionRecord("a", { variables: 2 }),
    variableRecord("x", "01", { expires_at_ms: past }),
    variableRecord("y", "01", { expires_at_ms: past + DAY_MS }),
    sessionRecord("b", { variables: 1, expires_at_ms: past }),
    variableRecord("x", "01"),
    sessionRecord("c", { ttl_ms: "never", ends_at_ms: past }),
  ]);
  const { code, out } = await imported(lines);
  expect([code, JSON.parse(out)]).toMatchObject([0, { sessions: 1, variables: 1, expiredSessions: 2, expiredVariables: 1 }]);
  const [only, ...others] = await contents(port);
  expect(others).toEqual([]);
  expect(only?.variables.map(({ name, expiresAtMs }) => [name, expiresAtMs !== undefined])).toEqual([["y", true]]);
});

test("an export without some of its variables says so when it is imported", async () => {
  const { imported } = await place();
  const lines = exportLines([sessionRecord("a", { damaged: ["x", "y"] }), { kind: "lost_session", id: "b", why: "its pages are damaged" }]);
  const { code, out, err } = await imported(lines);
  expect([code, JSON.parse(out)]).toMatchObject([0, { sessions: 1, incompleteSessions: 1, lostSessions: 1 }]);
  expect(err).toBe(
    'session-bridge: session "a" was exported without its damaged variables "x", "y"\n' +
      'session-bridge: session "b" was not exported: its pages are damaged\n',
  );
});

describe("a session of several updates", () => {
  const SMALL = { limits: { operationsPerUpdate: 4, variablesPerSession: 11 } };
  const names = Array.from({ length: 11 }, (_, i) => `v${String(i).padStart(2, "0")}`);
  const lines = exportLines([
    sessionRecord("a", { variables: names.length }),
    ...names.map((name, i) => variableRecord(name, `c4 ${(i + 1).toString(16).padStart(2, "0")} 61*${i + 1}`)),
  ]);
  const namesOf = async (port: RemotePort) => (await contents(port)).map(({ variables }) => variables.map(({ name }) => name));

  test("is there whole and without the marker in the end, as large as a session may be", async () => {
    const { port, imported } = await place(SMALL);
    expect(await imported(lines)).toMatchObject({ code: 0, err: "" });
    expect(await namesOf(port)).toEqual([names]);
  });

  test.for(["fail", "skip", "replace"])("is begun anew with --on-conflict %s after an import that ended in it", async (onConflict) => {
    const { port, address, imported } = await place(SMALL);
    for (const updates of [1, 2, 3]) {
      let left = updates;
      const connect = async (): Promise<RemotePort> => {
        const real = remotePort(address);
        const update: RemotePort["update"] = (...given) => {
          if (left-- === 0) throw new Error("the import was killed");
          return real.update(...given);
        };
        return { ...real, update };
      };
      expect(await commandLine(["import", "--on-conflict", onConflict], {}, lines, { connect })).toMatchObject({ code: 1 });
      expect((await namesOf(port))[0]).toContain(IMPORT_MARKER);
    }
    const exported = await commandLine(["export"], { SESSION_BRIDGE_ADDRESS: address });
    expect(exported).toMatchObject({ code: 1, err: 'session-bridge: session "a" is not exported: an import into it has not finished\n' });
    const { code, out } = await imported(lines, "--on-conflict", onConflict);
    expect([code, JSON.parse(out)]).toMatchObject([0, { sessions: 1, skippedSessions: 0, replacedSessions: 0 }]);
    expect(await namesOf(port)).toEqual([names]);
  });

  test("is not written on when somebody else has it meanwhile", async () => {
    const { port, address } = await place(SMALL);
    let updates = 0;
    const connect = async (): Promise<RemotePort> => {
      const real = remotePort(address);
      const update: RemotePort["update"] = async (...given) => {
        if (++updates === 2) {
          await port.deleteSession("a", {});
          await port.update("a", { operations: [{ kind: "set", name: "mine", value: { bytes: bytesOf("01"), encoding: "" } }] }, {});
        }
        return real.update(...given);
      };
      return { ...real, update };
    };
    const { code, err } = await commandLine(["import"], {}, lines, { connect });
    expect(code).toBe(4);
    expect(err).toMatch(/^session-bridge: line 2: session "a": /);
    expect(await namesOf(port)).toEqual([["mine"]]);
  });
});
