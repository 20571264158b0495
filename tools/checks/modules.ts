/** What TypeScript modules import, export and document, read by a maintained parser (oxc, as vite carries it). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "vite";

/** The checkout. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A module that another one names. */
export interface Import {
  readonly specifier: string;
  /** Whether it is loaded only when the code gets there. */
  readonly dynamic: boolean;
  /** Whether nothing but types comes from it, so that nothing is loaded. */
  readonly typeOnly: boolean;
}

/** A name that a module gives away. */
export interface Export {
  /** The name, or "*" for everything of `from`. */
  readonly name: string;
  /** The module that it is passed on from, undefined when it is declared here. */
  readonly from: string | undefined;
  /** Its name there. */
  readonly origin: string;
  readonly line: number;
  /** Whether a doc comment stands right before its declaration, or before the line above when that is an export too. */
  readonly documented: boolean;
}

/** A parsed module; `path` is relative to the checkout. */
export interface Module {
  readonly path: string;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
}

/** Reads one module; a file that does not parse is an error. */
export function readModule(path: string): Module {
  const text = readFileSync(join(root, path), "utf8");
  const parsed = parseSync(path, text);
  if (parsed.errors.length > 0) throw new Error(`${path}: ${parsed.errors[0]?.message}`);
  const { staticImports, staticExports, dynamicImports } = parsed.module;
  const docEnds = parsed.comments
    .filter((comment) => comment.type === "Block" && comment.value.startsWith("*"))
    .map((comment) => comment.end);
  const docBefore = (start: number) => docEnds.some((end) => end <= start && text.slice(end, start).trim() === "");
  const documented = (at: number): boolean => {
    const [above, statement] = [staticExports[at - 1], staticExports[at]];
    if (statement === undefined) return false;
    return docBefore(statement.start) || (above !== undefined && text.slice(above.end, statement.start) === "\n" && documented(at - 1));
  };
  const exports = staticExports.flatMap((statement, at) =>
    statement.entries.map((entry): Export => {
      const all = entry.importName.kind === "AllButDefault";
      const name = all ? "*" : (entry.exportName.name ?? "default");
      return {
        name,
        from: entry.moduleRequest?.value,
        origin: entry.importName.name ?? entry.localName.name ?? name,
        line: text.slice(0, statement.start).split("\n").length,
        documented: documented(at),
      };
    }),
  );
  const written = (start: number, end: number) => text.slice(start, end).replace(/^["'`]|["'`]$/g, "");
  const inTypes = [...text.matchAll(/\bimport\("([^"]+)"\)/g)].map((found) => found[1] ?? "");
  const passedOn = staticExports.flatMap((statement) => statement.entries.filter((entry) => entry.moduleRequest !== null));
  return {
    path,
    exports,
    imports: [
      ...staticImports.map(({ moduleRequest, entries }) => ({
        specifier: moduleRequest.value,
        dynamic: false,
        typeOnly: entries.length > 0 && entries.every((entry) => entry.isType),
      })),
      ...passedOn.map(({ moduleRequest, isType }) => ({ specifier: moduleRequest?.value ?? "", dynamic: false, typeOnly: isType })),
      ...[...new Set([...dynamicImports.map(({ moduleRequest: { start, end } }) => written(start, end)), ...inTypes])].map((specifier) => ({
        specifier,
        dynamic: true,
        typeOnly: false,
      })),
    ],
  };
}

/** The TypeScript sources below a folder, as paths from the checkout. */
export const sourcesBelow = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `${folder}/${path}`)
    .sort();

/** The folders of the monorepo's packages. */
export const packageFolders: readonly string[] = readdirSync(join(root, "packages"))
  .map((name) => `packages/${name}`)
  .filter((folder) => existsSync(join(root, folder, "package.json")));

/** A package's doors: what another package may write to import it, and the source behind that; a pattern stays a pattern. */
export function entryPoints(folder: string): ReadonlyMap<string, string> {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const doors = Object.entries<Record<string, string>>(manifest.exports ?? {});
  return new Map(doors.map(([door, conditions]) => [join(manifest.name, door), join(folder, conditions["@session-bridge/source"] ?? "")]));
}

/** The file that a relative import means, as a path from the checkout. */
export const resolveRelative = (from: string, specifier: string): string =>
  relative(root, join(root, dirname(from), specifier)).replaceAll("\\", "/");
