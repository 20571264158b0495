/** Laws of edit: a draft to change in place, and the difference that is written back. */
import { float } from "../../values/index.ts";
import type { SessionLaw } from "./stage.ts";

interface Config {
  temperature: number;
  tools: string[];
  note?: string;
}

const MISMATCH = ["TypeMismatchError", "TYPE_MISMATCH"] as const;

/** The laws. */
export const editingLaws: readonly SessionLaw[] = [
  {
    name: "edit writes back what its function changed, and gives what it returned",
    async check({ expect, session }) {
      await session.set("config", { temperature: 0.5, tools: ["a"], note: "old" });
      const revision = (await session.getEntry("config"))?.revision;
      const removed = await session.edit("config", async (config: Config) => {
        config.temperature = 0.8;
        config.tools.push("b");
        const { note } = config;
        delete config.note;
        return note;
      });
      expect(removed).toBe("old");
      const entry = await session.getEntry("config");
      expect(entry?.value).toEqual({ temperature: 0.8, tools: ["a", "b"] });
      expect((entry?.revision ?? 0) > (revision ?? 0)).toBe(true);
      await session.set("tags", new Set(["a"]));
      await session.edit("tags", (tags: Set<string>) => tags.add("b"));
      expect(await session.get("tags")).toEqual(new Set(["a", "b"]));
    },
  },
  {
    name: "[P3] edit leaves untouched paths byte for byte, and a float that becomes a whole number stays a float",
    async check({ expect, session }) {
      await session.set("x", { untouched: float(1), whole: 0.5, list: [float(2), 1] });
      const before = (await session.getEntry("x"))?.sizeBytes;
      await session.edit("x", (x: { whole: number; list: number[] }) => {
        x.whole = 3;
        x.list[1] = 5;
      });
      expect(await session.get("x")).toEqual({ untouched: 1, whole: 3, list: [2, 5] });
      expect((await session.getEntry("x"))?.sizeBytes).toBe(before);
    },
  },
  {
    name: "edit of what does not change writes nothing",
    async check({ expect, session }) {
      const revision = await session.set("x", { list: [1, { deep: float(1) }] });
      await session.edit("x", () => {});
      await session.edit("x", (x: { list: unknown[] }) => {
        x.list = structuredCloneOf(x.list);
      });
      await session.edit("absent", () => {}, { default: [1] });
      expect((await session.info()).revision).toBe(revision);
      expect(await session.has("absent")).toBe(false);
    },
  },
  {
    name: "edit fails when somebody else wrote meanwhile, deleted, or was first to write; theirs stays",
    async check({ expect, session, fixture, refused }) {
      const other = fixture.directory().session("s");
      await session.set("x", [1]);
      const meanwhile = (act: () => Promise<unknown>) =>
        session.edit(
          "x",
          async (x: number[]) => {
            await act();
            x.push(2);
          },
          { default: [] },
        );
      const mismatch = ["RevisionMismatchError", "REVISION_MISMATCH"] as const;
      await refused(
        meanwhile(() => other.set("x", ["theirs"])),
        ...mismatch,
        { name: "x" },
      );
      expect(await session.get("x")).toEqual(["theirs"]);
      await refused(
        meanwhile(() => other.delete("x")),
        ...mismatch,
        { name: "x", currentRevision: 0 },
      );
      expect(await session.has("x")).toBe(false);
      await refused(
        meanwhile(() => other.set("x", ["first"])),
        ...mismatch,
        { name: "x" },
      );
      expect(await session.get("x")).toEqual(["first"]);
    },
  },
  {
    name: "edit begins with a copy of its default where nothing is",
    async check({ expect, session, refused }) {
      const empty: unknown[] = [];
      await refused(
        session.edit("x", () => {}),
        ...MISMATCH,
        { name: "x" },
      );
      await session.edit("x", (x: unknown[]) => x.push(1), { default: empty });
      await session.edit("x", (x: unknown[]) => x.push(2), { default: empty });
      expect(await session.get("x")).toEqual([1, 2]);
      expect(empty).toEqual([]);
    },
  },
  {
    name: "edit refuses what cannot be changed in place",
    async check({ expect, session, refused }) {
      const scalars = { int: 1, float: 0.5, text: "a", none: null, yes: true, bytes: Uint8Array.of(1), when: new Date(0) };
      await session.setMany(scalars);
      for (const name of Object.keys(scalars)) {
        await refused(
          session.edit(name, () => {}),
          ...MISMATCH,
          { name },
        );
      }
      await refused(
        session.edit("absent", () => {}, { default: 5 }),
        ...MISMATCH,
        { name: "absent" },
      );
      expect(await session.get("int")).toBe(1);
    },
  },
  {
    name: "edit whose function throws, or leaves what cannot be stored, writes nothing",
    async check({ expect, session, refused }) {
      const revision = await session.set("x", [1]);
      const mistake = new Error("mine");
      const thrown = await session
        .edit("x", (x: number[]) => {
          x.push(2);
          throw mistake;
        })
        .catch((error: unknown) => error);
      expect(thrown).toBe(mistake);
      await refused(
        session.edit("x", (x: unknown[]) => x.push(() => {})),
        "SerializationError",
        "UNSUPPORTED_TYPE",
        { path: "x[1]" },
      );
      expect((await session.info()).revision).toBe(revision);
    },
  },
  {
    name: "edit keeps the deadline",
    manualTime: true,
    async check({ expect, session }) {
      await session.set("x", [1], { ttlMs: 60_000 });
      const before = (await session.getEntry("x"))?.expiresAtMs;
      await session.edit("x", (x: number[]) => x.push(2));
      const entry = await session.getEntry("x");
      expect(entry?.value).toEqual([1, 2]);
      expect(entry?.expiresAtMs).toBe(before);
    },
  },
  {
    name: "edit of a handle that creates nothing does not",
    async check({ directory, refused }) {
      const handle = directory.session("absent", { create: false });
      await refused(
        handle.edit("x", (x: number[]) => x.push(1), { default: [] }),
        "SessionNotFoundError",
        "SESSION_NOT_FOUND",
      );
    },
  },
];

/** Other objects that are equal. */
const structuredCloneOf = (list: readonly unknown[]): unknown[] => list.map((item) => (typeof item === "object" ? { ...item } : item));
