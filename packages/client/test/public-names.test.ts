import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Every name that an index exports, with `type` before those that are gone at run time. */
function exportedNames(index: URL): string[] {
  const statements = readFileSync(index, "utf8").matchAll(/^export (type )?\{([^}]*)\} from/gm);
  return [...statements].flatMap(([, types, list]) => {
    const names = (list ?? "").split(",").map((name) => name.trim());
    return names.filter((name) => name !== "").map((name) => (types && !name.startsWith("type ") ? `type ${name}` : name));
  });
}

const PUBLIC = ["connect", "type Bridge", "type CarrierChoice", "type ConnectOptions", "type RetryOptions", "type ServerInfo"];

it("the package exports these names and no others", async () => {
  const index = new URL("../src/index.ts", import.meta.url);
  expect(exportedNames(index).sort()).toEqual(PUBLIC);
  const present = Object.keys(await import("../src/index.ts"));
  expect(present.sort()).toEqual(PUBLIC.filter((name) => !name.startsWith("type ")));
});
