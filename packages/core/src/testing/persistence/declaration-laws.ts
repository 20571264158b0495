/** How a store keeps what names are declared as: the section `declarations`. */
import { bytesOf, create, key, R1, remove, variable, write } from "./samples.ts";
import { plainSections, sectionsOf } from "./section-samples.ts";
import type { Law } from "./stage.ts";

const A = key("a");

const declare = (revision: number, schemas: Readonly<Record<string, Uint8Array>>, removed: readonly string[] = []) => ({
  declarations: { removed, set: Object.entries(schemas).map(([name, schema]) => ({ name, schema, revision })) },
});

/** For every store with the section. */
export const declarationLaws: readonly Law[] = [
  {
    name: "declarations are kept byte for byte, with or without a variable of the name, and bytes that were given stay whole",
    async check({ store, expect }) {
      const around = bytesOf(70_000);
      const schemas = { x: around.subarray(10, 30), large: around.subarray(0, 65_536), __proto__x: Uint8Array.of(0x80) };
      const declarations = Object.entries(schemas).map(([name, schema]) => ({ name, schema: schema.slice(), revision: R1 }));
      await store.save([create(A, [variable("x")], {}, declare(R1, schemas))]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({ declarations }));
      expect(around.length).toBe(70_000);
    },
  },
  {
    name: "they are added, replaced and removed one by one, and a write that says nothing of them leaves them",
    async check({ store, expect }) {
      const [a, b, c] = [bytesOf(5, 1), bytesOf(5, 2), bytesOf(5, 3)] as [Uint8Array, Uint8Array, Uint8Array];
      await store.save([create(A), write(A, R1, { sections: declare(R1 + 1, { x: a, y: a }) })]);
      await store.save([write(A, R1 + 1, { sections: declare(R1 + 2, { x: b, z: c }, ["y", "never there"]) })]);
      await store.save([write(A, R1 + 2, { set: [variable("x", { revision: R1 + 3 })], removed: ["z"] })]);
      const declarations = [
        { name: "x", schema: b, revision: R1 + 2 },
        { name: "z", schema: c, revision: R1 + 2 },
      ];
      expect(await sectionsOf(store, A)).toEqual(plainSections({ declarations }));
      await store.save([write(A, R1 + 3, { sections: declare(R1 + 4, {}, ["x", "z"]) })]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({}));
    },
  },
  {
    name: "[P1] a write on another base conflicts and changes nothing of them; they go with their session",
    async check({ store, expect }) {
      const schema = bytesOf(5);
      await store.save([create(A, [], {}, declare(R1, { x: schema }))]);
      expect(await store.save([write(A, R1 + 1, { sections: declare(R1 + 2, { y: schema }, ["x"]) })])).toEqual(["conflict"]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({ declarations: [{ name: "x", schema, revision: R1 }] }));
      await store.save([remove(A, R1), create(A)]);
      expect(await sectionsOf(store, A)).toEqual(plainSections({}));
    },
  },
];
