import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BadExportError, type ExportRecord, encodedValueOf, headerRecord, lineReader, lineWriter } from "../src/cli/export-format.ts";
import { type ImportStep, readExport } from "../src/cli/import-pieces.ts";
import { exportLines, sessionRecord, trailerRecord, variableRecord } from "./support/export-lines.ts";

const BOUNDS = { operations: 4, bytes: 4_096 };

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The steps of an export and the error that ends it. */
async function readAll(bytes: Uint8Array, chunkBytes = 1_000): Promise<{ steps: ImportStep[]; error: unknown }> {
  const steps: ImportStep[] = [];
  try {
    for await (const step of readExport(chunked(bytes, chunkBytes), BOUNDS)) steps.push(step);
    return { steps, error: undefined };
  } catch (error) {
    return { steps, error };
  }
}

const SAMPLE: readonly ExportRecord[] = [
  sessionRecord("a", { variables: 2, labels: { ["__proto__"]: "x", ü: "" } }),
  variableRecord("x", "01"),
  variableRecord("y", "c4 02 00ff"),
  sessionRecord("b", { variables: 0 }),
  { kind: "lost_session", id: "c", why: "damaged" },
  sessionRecord("d", { variables: 1, damaged: ["w"] }),
  variableRecord("x", "a1 61"),
];

const piecesOf = (steps: readonly ImportStep[]) => steps.filter((step) => step.kind === "piece");

test("records read back as they were written, in chunks of any size", async () => {
  const bytes = Buffer.from(exportLines(SAMPLE));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: bytes.length }), async (chunkBytes) => {
      const { steps, error } = await readAll(bytes, chunkBytes);
      expect(error).toBeUndefined();
      expect(steps.filter(({ kind }) => kind === "lost_session")).toEqual([SAMPLE[4]]);
      expect(piecesOf(steps).map(({ session, line, variables }) => [session, line, variables.map(({ name }) => name)])).toEqual([
        [SAMPLE[0], 2, ["x", "y"]],
        [SAMPLE[3], 5, []],
        [SAMPLE[5], 7, ["x"]],
      ]);
    }),
  );
});

test("a changed byte is refused at its line, and only whole sessions before it are given", async () => {
  const bytes = Buffer.from(exportLines(SAMPLE));
  const whole = (await readAll(bytes)).steps;
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 2), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ flip;
      const { steps, error } = await readAll(changed);
      expect(error).toBeInstanceOf(BadExportError);
      const line = bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
      expect((error as BadExportError).line).toBe(line);
      expect(steps).toEqual(whole.slice(0, steps.length));
      for (const step of piecesOf(steps)) expect(step.line).toBeLessThan(line);
    }),
    { numRuns: 500 },
  );
});

test("a file that ends anywhere before its end is refused", async () => {
  const bytes = Buffer.from(exportLines(SAMPLE));
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 2), async (length) => {
      expect((await readAll(bytes.subarray(0, length))).error).toBeInstanceOf(BadExportError);
    }),
  );
  expect((await readAll(bytes.subarray(0, bytes.length - 1))).error).toBeUndefined();
});

test("lines removed, given twice or swapped are refused, though each of them is right by itself", async () => {
  const lines = exportLines(SAMPLE).trimEnd().split("\n");
  const text = (of: readonly string[]) => Buffer.from(`${of.join("\n")}\n`);
  for (let i = 0; i < lines.length - 1; i++) {
    expect((await readAll(text(lines.filter((_, at) => at !== i)))).error).toBeInstanceOf(BadExportError);
    expect((await readAll(text(lines.flatMap((line, at) => (at === i ? [line, line] : [line]))))).error).toBeInstanceOf(BadExportError);
    expect((await readAll(text(lines.with(i, lines[i + 1] as string).with(i + 1, lines[i] as string)))).error).toBeInstanceOf(
      BadExportError,
    );
  }
  expect((await readAll(text([...lines, ...lines]))).error).toMatchObject({ message: expect.stringContaining("something follows") });
});

/** Lines whose checksums are right: what somebody wrote on purpose. */
describe("an export that was made wrong is refused at the line, with what is wrong", () => {
  const header = headerRecord({ server_version: "0.1.0", exported_at_ms: 1, prefix: "", labels: {} });
  const wrong: Record<string, readonly [lines: readonly object[], message: RegExp]> = {
    "another file": [[{ hello: 1 }], /^line 1: this does not begin as an export/],
    "another version": [[{ ...header, version: 3 }], /^line 1: .* version 3 .* only versions 1 and 2 can be read$/],
    "two headers": [[header, header], /^line 2: a second header/],
    "a session twice": [[header, sessionRecord("a"), sessionRecord("a")], /^line 3: session "a" is given twice or out of order$/],
    "sessions out of order": [[header, sessionRecord("b"), sessionRecord("a")], /^line 3: .*out of order/],
    "a variable of no session": [[header, variableRecord("x", "01")], /^line 2: a variable of no session/],
    "too many variables": [[header, sessionRecord("a"), variableRecord("x", "01")], /^line 3: a variable of no session/],
    "too few variables": [
      [header, sessionRecord("a", { variables: 1 }), sessionRecord("b")],
      /^line 3: variables of session "a" are missing/,
    ],
    "a variable twice": [
      [header, sessionRecord("a", { variables: 2 }), variableRecord("x", "01"), variableRecord("x", "01")],
      /^line 4: variable "x" is given twice or out of order$/,
    ],
    "bytes of another type": [
      [header, sessionRecord("a", { variables: 1 }), { ...variableRecord("x", "01"), type: "map" }],
      /^line 3: its value is of type integer, not map$/,
    ],
    "bytes that are no value": [
      [header, sessionRecord("a", { variables: 1 }), { ...variableRecord("x", "01"), value: "wQ==" }],
      /^line 3: its value does not decode: /,
    ],
    "no base64": [
      [header, sessionRecord("a", { variables: 1 }), { ...variableRecord("x", "01"), value: "AQ" }],
      /^line 3: its value is no base64/,
    ],
    "a member that is unknown": [[header, { ...sessionRecord("a"), extra: 1 }], /^line 2: .*extra/],
    "a member of another type": [[header, { ...sessionRecord("a"), ttl_ms: 0 }], /^line 2: ttl_ms: expected milliseconds/],
    "labels that are no texts": [[header, { ...sessionRecord("a"), labels: { a: 1 } }], /^line 2: labels: expected/],
    "a kind that is unknown": [[header, { kind: "history" }], /^line 2: .*expected a record of kind/],
    "other counts": [
      [header, sessionRecord("a"), { ...trailerRecord({ sessions: 2 }) }],
      /^line 3: sessions: 2 are told, but 1 came before this line$/,
    ],
    "the name of the marker": [
      [header, sessionRecord("a", { variables: 1 }), variableRecord("session-bridge:import-not-finished", "c0")],
      /^line 3: the name .* is kept for imports$/,
    ],
  };
  test.for(Object.entries(wrong))("%s", async ([_, [records, message]]) => {
    const line = lineWriter();
    const { error } = await readAll(Buffer.from(records.map((record) => line(record as ExportRecord)).join("")));
    expect(error).toBeInstanceOf(BadExportError);
    expect((error as Error).message).toMatch(message);
  });
});

test("a line longer than any of an export is refused before memory holds it", async () => {
  let pulled = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      pulled += 1;
      yield Buffer.alloc(1024 * 1024, 0x20);
    }
  }
  const reading = readExport(endless(), BOUNDS).next();
  await expect(reading).rejects.toThrow(/^line 1: longer than/);
  expect(pulled).toBeLessThan(10);
});

test("a session is cut into pieces that keep the bounds, hold everything once, and end with its largest variable", async () => {
  const variables = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 8 }), fc.nat(1_500)), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(variables, async (given) => {
      const records = given
        .map(([name, size]) => variableRecord(name, `c5 ${size.toString(16).padStart(4, "0")} 61*${size}`))
        .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
      const { steps, error } = await readAll(Buffer.from(exportLines([sessionRecord("a", { variables: records.length }), ...records])));
      expect(error).toBeUndefined();
      const pieces = piecesOf(steps);
      expect(pieces.map(({ first }) => first)).toEqual(pieces.map((_, i) => i === 0));
      expect(pieces.map(({ last }) => last)).toEqual(pieces.map((_, i) => i === pieces.length - 1));
      const sizes = pieces.map((piece) => piece.variables.reduce((total, { bytes }) => total + bytes.length, 0));
      for (const [i, size] of sizes.entries()) {
        expect(pieces[i]?.variables.length).toBeLessThanOrEqual(BOUNDS.operations);
        if ((pieces[i]?.variables.length ?? 0) > 1) expect(size).toBeLessThanOrEqual(BOUNDS.bytes);
      }
      const all = pieces.flatMap((piece) => piece.variables.map(({ name, bytes }) => [name, Buffer.from(bytes).toString("base64")]));
      expect(new Map(all as [string, string][])).toEqual(new Map(records.map(({ name, value }) => [name, value])));
      expect(all).toHaveLength(records.length);
      const largest = (of: typeof pieces) =>
        Math.max(...of.flatMap((piece) => piece.variables.map(({ name, bytes }) => 3 * name.length + bytes.length)));
      expect(largest(pieces.slice(-1))).toBe(largest(pieces));
    }),
  );
});

test("a value's bytes come out of its line as they went in", () => {
  const read = lineReader();
  const line = lineWriter();
  read(Buffer.from(line(headerRecord({ server_version: "", exported_at_ms: 0, prefix: "", labels: {} })).trimEnd()), 1);
  const record = read(Buffer.from(line({ ...variableRecord("x", ""), encoding: "raw", type: "custom", value: "wQD/" }).trimEnd()), 2);
  expect(record.kind).toBe("variable");
  const value = encodedValueOf(record as ExportRecord & { kind: "variable" }, 2);
  expect(value).toEqual({ bytes: Buffer.from([0xc1, 0, 0xff]), encoding: "raw" });
});
