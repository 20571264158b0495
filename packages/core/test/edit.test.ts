import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sessionEngine } from "../src/session-engine.ts";
import { sessionOver } from "../src/session-over-port.ts";
import { valueCodec } from "../src/session-values.ts";
import { systemClock, systemRandom } from "../src/system.ts";
import { decode, encode } from "../src/values/index.ts";
import { anyBytes, anyValue, join } from "./values/arbitraries.ts";
import { bytesOf, hexOf } from "./values/hex.ts";
import { canonical } from "./values/notation.ts";

/** A session of which bytes can be written and read as they are. */
async function scene(integers: "auto" | "bigint" = "auto") {
  const engine = sessionEngine({});
  await engine.open();
  const port = engine.port("");
  const context = { port, codec: valueCodec, integers, timeoutMs: 5_000, clock: systemClock, random: systemRandom };
  return {
    session: sessionOver(context, "s"),
    write: (bytes: Uint8Array, encoding = "") =>
      port.update("s", { operations: [{ kind: "set", name: "x", value: { bytes, encoding } }] }, {}),
    read: async () => {
      const { variable } = await port.getVariable("s", "x", {});
      return { hex: hexOf(variable?.bytes ?? new Uint8Array(0)), revision: variable?.revision };
    },
  };
}

/** A map of three names, in a header and with keys that nobody would choose. */
const mapOf = (left: Uint8Array, middle: Uint8Array, right: Uint8Array) =>
  join(bytesOf("de0003 d9016c"), left, bytesOf("a16d"), middle, bytesOf("d90172"), right);

describe.each(["auto", "bigint"] as const)("integers %s", (integers) => {
  test("[P3] what nobody changed in an edit is not written", async () => {
    const { session, write, read } = await scene(integers);
    await fc.assert(
      fc.asyncProperty(anyBytes, anyBytes, async (left, right) => {
        await write(mapOf(left, bytesOf("01"), right));
        const before = await read();
        await session.edit("x", (x: Record<string, unknown>) => Object.assign(x, decode(mapOf(left, bytesOf("01"), right), { integers })));
        expect(await read()).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  test("[P3] what is beside a change that an edit made keeps its bytes", async () => {
    const { session, write, read } = await scene(integers);
    await fc.assert(
      fc.asyncProperty(anyBytes, anyBytes, anyBytes, anyValue, async (left, middle, right, changed) => {
        await write(mapOf(left, join(bytesOf("93"), left, middle, right), right));
        await session.edit("x", (x: { m: unknown[]; new?: unknown }) => {
          x.m[1] = { changed };
          x.m.push("more");
          x.new = 1;
        });
        // A map over a map is changed where it is; over anything else it is written anew.
        const inner = valueCodec.encodeOver({ changed }, middle);
        const list = join(bytesOf("94"), left, inner, right, encode("more"));
        const expected = join(bytesOf("84 d9016c"), left, bytesOf("a16d"), list, bytesOf("d90172"), right, encode("new"), encode(1));
        expect((await read()).hex).toBe(hexOf(expected));
      }),
      { numRuns: 200 },
    );
  });

  test("[P3] an edit writes the value that its function left, whatever was there", async () => {
    const { session, write } = await scene(integers);
    await fc.assert(
      fc.asyncProperty(anyBytes, anyValue, async (before, value) => {
        await write(join(bytesOf("91"), before));
        await session.edit("x", (x: unknown[]) => {
          x[0] = value;
          x.push(value);
        });
        expect(canonical(await session.get("x"))).toBe(canonical([value, value]));
      }),
      { numRuns: 200 },
    );
  });
});

test.each([
  ["a whole number over a float stays a float", "91 cb 3fe0 00*6", 3, "91 cb 4008 00*6"],
  ["another integer over an integer is the shortest one", "91 cd0001", 3, "91 03"],
  ["a changed tuple stays a tuple", "c7 02 07 91 01", 3, "d507 91 03"],
])("[P3] in an edit, %s", async (_, before, value, after) => {
  const { session, write, read } = await scene();
  await write(bytesOf(before));
  await session.edit("x", (x: unknown[]) => {
    x[0] = value;
  });
  expect((await read()).hex).toBe(hexOf(bytesOf(after)));
});

test("a value of a custom encoding, or bytes that do not decode, are told as get tells them, and stay", async () => {
  const { session, write, read } = await scene();
  await write(bytesOf("91 01"), "mine");
  const before = await read();
  await expect(session.edit("x", () => {})).rejects.toMatchObject({ name: "SerializationError", reason: "UNSUPPORTED_ENCODING" });
  expect(await read()).toEqual(before);
});
