import { statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMPRESSION, compressed, decompressed } from "../src/stored-value.ts";
import { create, noise, scratchDirectory, scratchStore } from "./scratch.ts";

/** Bytes of which a given share is random, so that every degree of compression comes up. */
const someBytes = fc
  .record({ size: fc.integer({ min: 4097, max: 40_000 }), share: fc.integer({ min: 0, max: 10 }), seed: fc.integer() })
  .map(({ size, share, seed }) => noise(size, seed).map((byte, i) => (i % 10 < share ? byte : 7)));

describe("a large value", () => {
  it("is what it was after it was stored, and is compressed exactly when that saves a tenth", () => {
    const used = new Set<number>();
    fc.assert(
      fc.property(someBytes, (bytes) => {
        const stored = compressed(bytes);
        used.add(stored.compression);
        expect(stored.stored.length <= bytes.length * 0.9).toBe(stored.compression === COMPRESSION.zstd);
        expect(Buffer.from(bytes).equals(decompressed(stored, bytes.length) as Uint8Array)).toBe(true);
      }),
    );
    expect([...used].sort()).toEqual([COMPRESSION.none, COMPRESSION.zstd]);
  });

  it("cannot be had at another size than its own, nor from bytes that are no frame", () => {
    const bytes = new Uint8Array(10_000);
    for (const size of [0, 9999, 10_001]) expect(decompressed(compressed(bytes), size)).toBe(undefined);
    expect(decompressed({ compression: COMPRESSION.none, stored: bytes }, 9999)).toBe(undefined);
    expect(decompressed({ compression: COMPRESSION.zstd, stored: bytes }, 10_000)).toBe(undefined);
  });

  it("takes less of the file when it says the same over and over", async () => {
    const directory = scratchDirectory();
    const sizes: number[] = [];
    for (const [name, value] of [
      ["text.db", Buffer.alloc(1_000_000, "the same, over and over; ")],
      ["noise.db", noise(1_000_000)],
    ] as const) {
      const store = scratchStore(join(directory, name));
      await store.open();
      await store.save([create("a", { bytes: value })]);
      await store.close();
      sizes.push(statSync(join(directory, name)).size);
    }
    expect(sizes[0]).toBeLessThan((sizes[1] as number) / 10);
  });

  it("up to 4 KiB lies with its variable as it is", async () => {
    const file = join(scratchDirectory(), "sessions.db");
    const store = scratchStore(file);
    await store.open();
    await store.save([create("a", { bytes: new Uint8Array(4096) }), create("b", { bytes: new Uint8Array(4097) })]);
    const db = new Database(file, { readonly: true });
    const lengths = db.prepare(
      "SELECT length(v.value), l.compression, length(l.value) < 100 FROM variables v LEFT JOIN large_values l USING (session)",
    );
    expect(lengths.raw().all()).toEqual([
      [4096, null, null],
      [null, COMPRESSION.zstd, 1],
    ]);
    db.close();
  });
});
