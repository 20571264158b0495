import { expect, test } from "vitest";
import { packageFolders, readModule, sourcesBelow } from "../checks/modules.ts";
import { ambiguousNames, publicNames } from "../checks/public-names.ts";

test("no public name means two things", () => {
  const names = publicNames();
  expect(names.length).toBeGreaterThan(50);
  expect(ambiguousNames(names)).toEqual([]);
});

test("a name with two declarations behind it is found, a name that is passed on is not", () => {
  const session = { name: "Session", door: "core", declaration: "core/session.ts#Session" };
  const passedOn = { ...session, door: "client" };
  const other = { name: "Session", door: "server", declaration: "server/session.ts#Session" };
  expect(ambiguousNames([session, passedOn])).toEqual([]);
  expect(ambiguousNames([session, passedOn, other])).toEqual([
    "Session means core/session.ts#Session and server/session.ts#Session; exported from core, client, server",
  ]);
});

test("every exported symbol has a docstring right before its declaration", () => {
  const folders = packageFolders.filter((folder) => folder !== "packages/protocol").map((folder) => `${folder}/src`);
  const modules = [...folders, "tools/checks", "tools/matrix"].flatMap(sourcesBelow).filter((path) => !path.includes("node_modules"));
  const bare = modules
    .map(readModule)
    .flatMap((module) =>
      module.exports
        .filter((found, at) => found.from === undefined && !found.documented && !isOverloadOf(module.exports[at - 1], found))
        .map((found) => `${module.path}:${found.line} ${found.name}`),
    );
  expect(bare).toEqual([]);
});

/** The later signatures of an overloaded function are documented by the first. */
const isOverloadOf = (before: { readonly name: string } | undefined, found: { readonly name: string }) => before?.name === found.name;
