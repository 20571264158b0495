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
  /** Whether a doc comment stands right before its declaration. */
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
  const documented = (start: number) => docEnds.some((end) => end <= start && text.slice(end, start).trim() === "");
  const exports = staticExports.flatMap((statement) =>
    statement.entries.map((entry): Export => {
      const all = entry.importName.kind === "AllButDefault";
      const name = all ? "*" : (entry.exportName.name ?? "default");
      return {
        name,
        from: entry.moduleRequest?.value,
        origin: entry.importName.name ?? entry.localName.name ?? name,
        line: text.slice(0, statement.start).split("\n").length,
        documented: documented(statement.start),
      };
    }),
  );
  const passedOn = exports.flatMap((found) => (found.from === undefined ? [] : [found.from]));
  const written = (start: number, end: number) => text.slice(start, end).replace(/^["'`]|["'`]$/g, "");
  const inTypes = [...text.matchAll(/\bimport\("([^"]+)"\)/g)].map((found) => found[1] ?? "");
  return {
    path,
    exports,
    imports: [
      ...[...new Set([...staticImports.map((found) => found.moduleRequest.value), ...passedOn])].map((specifier) => ({
        specifier,
        dynamic: false,
      })),
      ...[...new Set([...dynamicImports.map(({ moduleRequest: { start, end } }) => written(start, end)), ...inTypes])].map((specifier) => ({
        specifier,
        dynamic: true,
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
