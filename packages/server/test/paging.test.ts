import { memoryPersistence } from "@session-bridge/core";
import { packMap, unpackMap } from "@session-bridge/core/values";
import { expect, test } from "vitest";
import { bytesOf } from "./support/bytes.ts";
import { type RawClient, refusalOf } from "./support/raw-client.ts";
import { testServer } from "./support/test-server.ts";

const S = "s-1";
const small = { requestLimits: { messageBytes: 65_536 }, limits: { valueBytes: 60_000 } };
const nameOf = (i: number) => `name-${String(i).padStart(4, "0")}`;

/** 300 variables of 1,000 bytes: five messages' worth. */
async function fill(client: RawClient): Promise<string[]> {
  const value = bytesOf("c5 03e5 61*997");
  const names = Array.from({ length: 300 }, (_, i) => nameOf(i));
  for (let i = 0; i < 300; i += 50) {
    await client.call("updateVariables", { sessionId: S, values: packMap(names.slice(i, i + 50).map((name) => ({ name, bytes: value }))) });
  }
  await client.call("setVariable", { sessionId: S, name: "custom", value, encoding: "raw" });
  return ["custom", ...names];
}

test("what does not fit one message comes in pages of one snapshot, whatever is written meanwhile", async () => {
  const { client } = await testServer(small);
  const names = await fill(client);
  const request = { sessionId: S, includeInfo: true };
  const seen: string[] = [];
  let page = await client.call("getVariables", request);
  const { sessionRevision } = page;
  for (;;) {
    expect(page.sessionRevision).toBe(sessionRevision);
    seen.push(...page.infos.map(({ name }) => name));
    const packed = unpackMap(page.values);
    expect(packed.length + page.custom.length).toBe(page.infos.length);
    for (const { bytes } of packed) expect(bytes.length).toBe(1_000);
    if (page.nextPageToken === "") break;
    await client.call("setVariable", { sessionId: S, name: nameOf(299), value: bytesOf("01") });
    await client.call("deleteVariable", { sessionId: S, name: nameOf(298) });
    page = await client.call("getVariables", { ...request, pageToken: page.nextPageToken });
  }
  expect(seen).toEqual(names);
});

test("a page asked again is the same page, and a token of another request is refused", async () => {
  const { client } = await testServer(small);
  await fill(client);
  const { nextPageToken: pageToken } = await client.call("getVariables", { sessionId: S });
  const again = await client.call("getVariables", { sessionId: S, pageToken });
  expect(await client.call("getVariables", { sessionId: S, pageToken })).toEqual(again);
  expect(await refusalOf(client.call("getVariables", { sessionId: S, prefix: "n", pageToken }))).toMatchObject({
    reason: "INVALID_ARGUMENT",
  });
  expect(await refusalOf(client.call("listVariables", { sessionId: S, pageToken }))).toMatchObject({ code: 10, reason: "PAGE_EXPIRED" });
});

test("a listing comes in pages too", async () => {
  const { client } = await testServer(small);
  const names = await fill(client);
  const seen: string[] = [];
  let pageToken = "";
  let pages = 0;
  do {
    const page = await client.call("listVariables", { sessionId: S, pageToken });
    seen.push(...page.variables.map(({ name }) => name));
    pageToken = page.nextPageToken;
    pages += 1;
  } while (pageToken !== "");
  expect(seen).toEqual(names);
  expect(pages).toBeGreaterThan(0);
});

test("a history comes in pages of what fits a message, each entry once, whatever is written meanwhile", async () => {
  const { client } = await testServer(small);
  await client.call("createSession", { sessionId: S, historyEntries: 64 });
  const written: (bigint | undefined)[] = [];
  for (let i = 0; i < 10; i++) {
    written.push((await client.call("setVariable", { sessionId: S, name: "x", value: bytesOf("c5 c350 61*50000") })).revision);
    if (i % 3 === 0) await client.call("deleteVariable", { sessionId: S, name: "x" });
  }
  const seen: (bigint | undefined)[] = [];
  let pages = 0;
  let ended = 0;
  let before: bigint | undefined;
  do {
    const page = await client.call("getVariableHistory", { sessionId: S, name: "x", before });
    seen.push(...page.entries.flatMap(({ variable }) => (variable === undefined ? [] : [variable.info?.revision])));
    ended += page.entries.filter(({ kind }) => kind === 2).length;
    before = page.nextBefore;
    pages += 1;
    await client.call("setVariable", { sessionId: S, name: "x", value: bytesOf("01") });
  } while (before !== undefined);
  expect(seen).toEqual(written.toReversed());
  expect(pages).toBeGreaterThan(written.length - 1);
  expect(ended).toBe(4);
});

test("declarations that fit no message are MESSAGE_TOO_LARGE, and those that do are listed", async () => {
  const { client } = await testServer(small);
  const declare = (name: string) => ({
    name,
    change: { $case: "declare" as const, value: { schema: bytesOf("81 a57469746c65 da 7530 61*30000") } },
  });
  for (const name of ["a", "b"]) await client.call("updateVariables", { sessionId: S, operations: [declare(name)] });
  expect((await client.call("listDeclarations", { sessionId: S })).declarations.map(({ name }) => name)).toEqual(["a", "b"]);
  await client.call("updateVariables", { sessionId: S, operations: [declare("c")] });
  expect(await refusalOf(client.call("listDeclarations", { sessionId: S }))).toMatchObject({
    code: 8,
    reason: "MESSAGE_TOO_LARGE",
    metadata: { outcome: "not_applied", limit: "messageBytes", limit_value: "65536" },
  });
});

test("a page of sessions with the largest labels fits a message, and all of them are listed", async () => {
  const { client } = await testServer(small);
  const labels = new Map(Array.from({ length: 16 }, (_, i) => [`${String(i).padStart(2, "0")}${"k".repeat(61)}`, "v".repeat(255)]));
  for (let i = 0; i < 30; i++)
    await client.call("createSession", { sessionId: `s-${String(i).padStart(2, "0")}`, labels: labels as never });
  const seen: string[] = [];
  let pageToken = "";
  do {
    const page = await client.call("listSessions", { pageSize: 1000, pageToken });
    seen.push(...page.sessions.map(({ sessionId }) => sessionId));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => `s-${String(i).padStart(2, "0")}`));
});

test("an update whose previous values do not fit the answer is refused and changes nothing [P16]", async () => {
  const { client } = await testServer(small);
  await fill(client);
  const before = await client.call("listVariables", { sessionId: S, prefix: nameOf(0).slice(0, 7) });
  const operations = Array.from({ length: 70 }, (_, i) => ({
    name: nameOf(i),
    wantPrevious: true,
    change: { $case: "delete" as const, value: {} },
  }));
  for (const independent of [false, true]) {
    const refusal = await refusalOf(client.call("updateVariables", { sessionId: S, independent, operations }));
    expect(refusal).toMatchObject({ code: 8, reason: "MESSAGE_TOO_LARGE", metadata: { outcome: "not_applied", limit: "messageBytes" } });
  }
  expect(await client.call("listVariables", { sessionId: S, prefix: nameOf(0).slice(0, 7) })).toEqual(before);
  expect((await client.call("updateVariables", { sessionId: S, operations: operations.slice(0, 20) })).results).toHaveLength(20);
});

test("a value that was stored under a larger limit is MESSAGE_TOO_LARGE by name, and does not keep the others from being read", async () => {
  const persistence = memoryPersistence();
  const wide = await testServer({ persistence: { ...persistence, close: async () => {} } });
  await wide.client.call("setVariable", { sessionId: S, name: "large", value: bytesOf("c6 00020000 00*131072") });
  await wide.client.call("setVariable", { sessionId: S, name: "small", value: bytesOf("01") });
  await wide.server.stop();
  const { client } = await testServer({ ...small, persistence });
  const tooLarge = { code: 8, reason: "MESSAGE_TOO_LARGE", metadata: { name: "large", limit: "messageBytes", outcome: "not_applied" } };
  expect(await refusalOf(client.call("getVariable", { sessionId: S, name: "large" }))).toMatchObject(tooLarge);
  expect(await refusalOf(client.call("getVariables", { sessionId: S }))).toMatchObject(tooLarge);
  const wanted = client.call("deleteVariable", { sessionId: S, name: "large", wantPrevious: true });
  expect(await refusalOf(wanted)).toMatchObject({ reason: "MESSAGE_TOO_LARGE" });
  expect(await client.call("getVariable", { sessionId: S, name: "small" })).toMatchObject({ found: true });
  expect(await client.call("deleteVariable", { sessionId: S, name: "large" })).toMatchObject({ deleted: true });
});
