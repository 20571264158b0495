/** Laws of declared variables: what is declared holds on every path that writes. */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Session } from "../../session.ts";
import type { DeclaredSchema } from "../../session-past.ts";
import { float } from "../../values/index.ts";
import { numbered, type SessionLaw } from "./stage.ts";

const VIOLATED = ["ConstraintError", "CONSTRAINT_VIOLATED"] as const;
const INVALID = ["InvalidArgumentError", "INVALID_SCHEMA"] as const;

const TEMPERATURE = { type: "number", minimum: 0, maximum: 2 };

/** A validator that can tell its schema, as those of the libraries can. */
const telling = (jsonSchema: object): DeclaredSchema =>
  ({
    "~standard": {
      ...numbered["~standard"],
      jsonSchema: { input: () => ({ $schema: "https://json-schema.org/draft/2020-12/schema", ...jsonSchema }), output: () => ({}) },
    },
  }) as DeclaredSchema;

const ways: Readonly<Record<string, (session: Session) => Promise<unknown>>> = {
  set: (s) => s.set("n", 3),
  setMany: (s) => s.setMany({ other: 1, n: "1" }),
  increment: (s) => s.increment("n", 2),
  append: (s) => s.append("list", ["x"]),
  merge: (s) => s.merge("map", { a: "x" }),
  setDefault: (s) => s.setDefault("absent", -1),
  updateVariable: (s) => s.updateVariable("n", () => 3),
  edit: (s) => s.edit("map", (map: { a: unknown }) => Object.assign(map, { a: "x" })),
  transaction: (s) => s.transaction((t) => t.set("n", 3)),
};

/** The laws. */
export const declaringLaws: readonly SessionLaw[] = [
  {
    name: "[P16] a value that does not fit what its name is declared as is refused on every path, and nothing changes",
    async check({ expect, session, refused }) {
      await session.setMany({ n: 1, list: [1], map: { a: 1 } });
      for (const name of ["n", "absent"]) await session.declare(name, TEMPERATURE);
      await session.declare("list", { type: "array", items: { type: "integer" } });
      await session.declare("map", { type: "object", properties: { a: { type: "integer" } } });
      const before = await session.info();
      for (const [way, attempt] of Object.entries(ways)) {
        const { details } = await refused(attempt(session), ...VIOLATED);
        expect([way, typeof details.path, typeof details.rule, typeof details.name]).toEqual([way, "string", "string", "string"]);
      }
      expect(await session.info()).toEqual({
        ...before,
        accessedAtMs: (await session.info()).accessedAtMs,
        expiresAtMs: (await session.info()).expiresAtMs,
      });
      await refused(session.merge("map", { a: "x" }), ...VIOLATED, { name: "map", path: "map.a", rule: 'type "integer"' });
      await refused(session.set("n", float(2.5)), ...VIOLATED, { name: "n", path: "n", rule: "maximum 2" });
      await session.set("n", 2);
      await session.delete("n");
      expect(await session.has("n")).toBe(false);
    },
  },
  {
    name: "what was is judged by what is declared now, in restore and in rollback",
    async check({ expect, directory, refused }) {
      const session = await directory.createSession({ historyEntries: 8 });
      const text = await session.set("n", "text");
      await session.checkpoint("text");
      await session.set("n", 1);
      await session.declare("n", TEMPERATURE);
      await refused(session.restore("n", text), ...VIOLATED, { name: "n" });
      await refused(session.rollback("text"), ...VIOLATED, { name: "n" });
      expect(await session.get("n")).toBe(1);
      expect(await session.declare("n", null)).toBe(0);
      expect(await session.rollback("text")).toBe(1);
      expect(await session.get("n")).toBe("text");
    },
  },
  {
    name: "declare gives a revision, the same again changes nothing, and null ends it; declarations tells what holds",
    async check({ expect, session }) {
      expect([...(await session.declarations())]).toEqual([]);
      const revision = await session.declare("n", TEMPERATURE);
      expect((await session.info()).revision).toBe(revision);
      expect(await session.declare("n", { ...TEMPERATURE })).toBe(revision);
      expect((await session.info()).revision).toBe(revision);
      await session.declare("a", false);
      expect([...(await session.declarations())]).toEqual([
        ["a", false],
        ["n", TEMPERATURE],
      ]);
      expect([await session.declare("a", null), await session.declare("a", null)]).toEqual([0, 0]);
      expect((await session.declare("n", { type: "integer" })) > revision).toBe(true);
      expect([...(await session.declarations())]).toEqual([["n", { type: "integer" }]]);
      await session.set("a", "anything");
    },
  },
  {
    name: "nothing is declared where the present value does not fit, or the schema cannot be used",
    async check({ expect, session, refused }) {
      const revision = await session.set("n", 3);
      await refused(session.declare("n", TEMPERATURE), ...VIOLATED, { name: "n", path: "n", rule: "maximum 2" });
      await refused(session.declare("m", { type: "number", maxmum: 2 }), ...INVALID, { path: "#/maxmum", rule: "unknown_keyword" });
      await refused(session.declare("m", { properties: { a: { pattern: "(" } } }), ...INVALID, {
        path: "#/properties/a/pattern",
        rule: "pattern",
      });
      await refused(session.declare("m", { title: "x".repeat(70_000) }), ...INVALID, { rule: "limit", limitValue: 65_536 });
      expect([(await session.info()).revision, (await session.declarations()).size]).toEqual([revision, 0]);
    },
  },
  {
    name: "[P16] a session declares as much as its listing can tell, names counted, and no more",
    async check({ expect, session, refused }) {
      for (let n = 0; n < 16; n++) await session.declare(`${n}`.padEnd(250, "n"), { title: "x".repeat(65_000) });
      const { details } = await refused(
        session.declare("more", { title: "x".repeat(10_000) }),
        "LimitExceededError",
        "DECLARATIONS_TOO_LARGE",
        {
          limit: "declarationsBytes",
          limitValue: 1_048_576,
        },
      );
      expect(details.actual).toBe(16 * (65_000 + 10 + 250 + 64) + 10_000 + 10 + 4 + 64);
      expect((await session.declarations()).size).toBe(16);
    },
  },
  {
    name: "a validator that can tell its JSON Schema can be declared, and one that cannot is refused",
    async check({ expect, session, refused }) {
      const schema = { type: "object", properties: { n: { type: "number" } }, required: ["n"] };
      await session.declare("x", telling(schema));
      expect([...(await session.declarations())]).toEqual([["x", schema]]);
      await refused(session.set("x", {}), ...VIOLATED, { name: "x", rule: 'required "n"' });
      const mute: StandardSchemaV1 = numbered;
      await refused(session.declare("x", mute as unknown as DeclaredSchema), "InvalidArgumentError", "INVALID_ARGUMENT");
    },
  },
];
