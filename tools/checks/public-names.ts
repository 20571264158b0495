/**
 * Fails when one public name means two things: exported from two doors (index files) of our packages with different declarations behind it,
 * or twice from one. Passing the same declaration on (client gives core's `Session`) is fine. Generated stubs have names of their own.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { entryPoints, type Module, packageFolders, readModule, resolveRelative, root } from "./modules.ts";

const GENERATED = "packages/protocol";

/** A public name, the door that it is exported from and where it is declared ("path#name"). */
export interface PublicName {
  readonly name: string;
  readonly door: string;
  readonly declaration: string;
}

/** Every name of every door of the packages, one line for each time that it is exported. */
export function publicNames(): readonly PublicName[] {
  const doors = new Map(packageFolders.filter((folder) => folder !== GENERATED).flatMap((folder) => [...entryPoints(folder)]));
  const modules = new Map<string, Module>();
  const moduleAt = (path: string) => {
    const known = modules.get(path) ?? readModule(path);
    modules.set(path, known);
    return known;
  };
  const follow = (path: string, specifier: string) => (specifier.startsWith(".") ? resolveRelative(path, specifier) : doors.get(specifier));

  /** Where a name of a module is declared; a name of a foreign package is declared there. */
  const declaration = (path: string, name: string): string => {
    const { exports } = moduleAt(path);
    const behindStar = () =>
      exports.find((one) => {
        const target = one.name === "*" ? follow(path, one.from ?? "") : undefined;
        return target !== undefined && namesOf(target).includes(name);
      });
    const found = exports.find((candidate) => candidate.name === name) ?? behindStar();
    if (found?.from === undefined) return `${path}#${name}`;
    const target = follow(path, found.from);
    const origin = found.name === "*" ? name : found.origin;
    return target === undefined ? `${found.from}#${origin}` : declaration(target, origin);
  };
  const namesOf = (path: string): readonly string[] =>
    moduleAt(path).exports.flatMap((found) => {
      if (found.name !== "*") return [found.name];
      const target = follow(path, found.from ?? "");
      return target === undefined ? [] : namesOf(target);
    });
  return [...doors]
    .filter(([, path]) => existsSync(join(root, path)))
    .flatMap(([door, path]) => namesOf(path).map((name) => ({ name, door, declaration: declaration(path, name) })));
}

/** The names that mean two things, each with a line for people. */
export function ambiguousNames(names: readonly PublicName[]): readonly string[] {
  const byName = Map.groupBy(names, (found) => found.name);
  return [...byName].flatMap(([name, found]) => {
    const meanings = new Set(found.map((one) => one.declaration));
    const doors = new Set(found.map((one) => one.door));
    if (meanings.size === 1) return [];
    return [`${name} means ${[...meanings].join(" and ")}; exported from ${[...doors].join(", ")}`];
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const names = publicNames();
  const wrong = ambiguousNames(names);
  for (const line of wrong) console.error(line);
  if (wrong.length === 0) console.log(`${new Set(names.map((found) => found.name)).size} public names, each with one meaning`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
