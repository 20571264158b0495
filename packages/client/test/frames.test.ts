/** The frames of the direct protocol: whatever the pieces that they come in. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesOf, hexOf } from "../../core/test/values/hex.ts";
import { type Frame, FrameError, type FrameHead, FrameReader, frame, HEADER_BYTES } from "../src/frames.ts";

interface Vectors {
  readonly limits: { readonly kept: number; readonly skipped: number };
  readonly rows: readonly {
    readonly name: string;
    readonly bytes: string;
    readonly frames: readonly (Required<FrameHead> & { readonly payload: string; readonly skipped: number })[];
    readonly end: "" | "too long";
  }[];
}

const vectors: Vectors = JSON.parse(readFileSync(new URL("../../../proto/vectors/frames.json", import.meta.url), "utf8"));
const LIMITS = { keptBytes: vectors.limits.kept, skippedBytes: vectors.limits.skipped };

const plain = ({ payload, ...head }: Frame) => ({ ...head, payload: payload.toString("hex") });

/** What a reader makes of pieces; `isTooLong` when it fails at the end. */
function read(pieces: Iterable<Buffer>, limits = LIMITS) {
  const reader = new FrameReader(limits);
  const frames: ReturnType<typeof plain>[] = [];
  try {
    for (const piece of pieces) {
      reader.push(piece);
      for (let found = reader.next(); found !== undefined; found = reader.next()) frames.push(plain(found));
    }
  } catch (error) {
    expect(error).toBeInstanceOf(FrameError);
    return { frames, isTooLong: true };
  }
  return { frames, isTooLong: false };
}

/** Cuts bytes at places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => Buffer.from(bytes.subarray(at[i], end)));
}

it.for(vectors.rows.map((row) => [row.name, row] as const))("%s", ([, row]) => {
  const bytes = Buffer.from(bytesOf(row.bytes));
  const frames = row.frames.map(({ payload, skipped, ...head }) => ({
    ...head,
    skippedBytes: skipped,
    payload: hexOf(bytesOf(payload)),
  }));
  const expected = { frames, isTooLong: row.end === "too long" };
  expect(read([bytes])).toEqual(expected);
  expect(read([...bytes].map((byte) => Buffer.of(byte)))).toEqual(expected);
  for (let place = 0; place <= Math.min(bytes.length, 64); place++) expect(read(cut(bytes, [place]))).toEqual(expected);
});

const head = fc.record({
  kind: fc.nat(255),
  call: fc.nat(2 ** 32 - 1),
  method: fc.nat(255),
  flags: fc.nat(65_535),
  number: fc.nat(2 ** 32 - 1),
});
const frames = fc.array(fc.tuple(head, fc.uint8Array({ maxLength: 300 })), { maxLength: 8 });
const places = fc.array(fc.nat(4_000), { maxLength: 12 });

it("frames come out as they went in, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(frames, places, (sent, at) => {
      const bytes = Buffer.concat(sent.map(([each, payload]) => frame(each, payload)));
      const expected = sent.map(([each, payload]) => ({ ...each, skippedBytes: 0, payload: Buffer.from(payload).toString("hex") }));
      expect(read(cut(bytes, at))).toEqual({ frames: expected, isTooLong: false });
    }),
    { numRuns: 500, seed: 11 },
  );
});

it("any bytes at all are frames, the beginning of one, or a FrameError, the same however they are cut; nothing beyond a frame is kept", () => {
  const noise = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      head.map((each) => frame(each)),
      fc.constant(frame({ kind: 3 }, Buffer.alloc(1_500))),
    ),
    {
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(noise, places, (parts, at) => {
      const bytes = Buffer.concat(parts);
      const whole = read([bytes]);
      expect(read(cut(bytes, at))).toEqual(whole);
      const size = whole.frames.reduce((sum, each) => sum + HEADER_BYTES + each.payload.length / 2 + each.skippedBytes, 0);
      // Of the last one that is skipped, something may be still to come.
      expect(size - (whole.frames.at(-1)?.skippedBytes ?? 0)).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 1_000, seed: 11 },
  );
});

it("a message of 4 MiB in a thousand pieces is put together once", () => {
  const message = Buffer.alloc(4 * 1024 * 1024, "abc");
  const bytes = frame({ kind: 4, call: 1 }, message);
  const reader = new FrameReader({ keptBytes: message.length, skippedBytes: message.length });
  const startedAt = performance.now();
  for (let at = 0; at < bytes.length; at += 4_096) {
    expect(reader.next()).toBeUndefined();
    reader.push(bytes.subarray(at, at + 4_096));
  }
  expect(reader.next()?.payload.equals(message)).toBe(true);
  // Joined anew with each piece, it would take minutes.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
