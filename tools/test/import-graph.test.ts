/** The diagram of ARCHITECTURE.md, held by the imports themselves. */
import { isBuiltin } from "node:module";
import { describe, expect, test } from "vitest";
import { entryPoints, type Import, packageFolders, readModule, sourcesBelow } from "../checks/modules.ts";
import { ownFiles, read } from "./repository.ts";

/** Which packages of ours each one may import. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  core: [],
  client: ["core", "protocol"],
  "persistence-sqlite": ["core"],
  telemetry: ["core"],
  server: ["core", "protocol", "client", "persistence-sqlite", "telemetry"],
};

/** The files that may know gRPC: one room on each side. The server's service functions, and what is not gRPC of its carriers, know
 * the generated messages too. */
const KNOWS_GRPC = /^packages\/(protocol\/src\/|server\/src\/grpc\/|client\/src\/rpc(\/|\.ts$))/;
const KNOWS_MESSAGES = /^packages\/(server\/src\/(service|carrier|direct)\/|client\/src\/frames\.ts$)/;
const GRPC = /^(@grpc\/|grpc-health-check)/;
const GENERATED = /^packages\/protocol\//;

const modules = packageFolders.flatMap((folder) => sourcesBelow(`${folder}/src`)).map(readModule);
const packageOf = (path: string) => path.split("/")[1] ?? "";
const importedPackage = (specifier: string) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
const ours = (specifier: string) => /^@session-bridge\/([^/]+)/.exec(specifier)?.[1];
const outside = (specifier: string) => !specifier.startsWith(".") && !isBuiltin(specifier);

/** The lines "path imports specifier" of every import that breaks a law. */
const breaking = (law: (path: string, found: Import) => boolean): readonly string[] =>
  modules.flatMap((module) =>
    module.imports.filter((found) => !law(module.path, found)).map((found) => `${module.path} imports ${found.specifier}`),
  );

describe("TypeScript", () => {
  test("every package is in the diagram", () => {
    expect(packageFolders.map(packageOf).sort()).toEqual(Object.keys(ALLOWED).sort());
  });

  test("packages import only the siblings that the diagram allows", () => {
    const law = (path: string, { specifier }: Import) => {
      const sibling = ours(specifier);
      return sibling === undefined || (ALLOWED[packageOf(path)] ?? []).includes(sibling);
    };
    expect(breaking(law)).toEqual([]);
  });

  test("siblings enter by their doors, and nobody's sources need core's testing", () => {
    const doors = new Set(packageFolders.flatMap((folder) => [...entryPoints(folder).keys()]).filter((door) => !door.endsWith("/testing")));
    const law = (_path: string, { specifier }: Import) =>
      ours(specifier) === undefined || doors.has(specifier) || specifier.startsWith("@session-bridge/protocol/");
    expect(breaking(law)).toEqual([]);
  });

  test("core is pure: nothing of Node, nothing but its two libraries", () => {
    const law = (path: string, { specifier, typeOnly }: Import) =>
      packageOf(path) !== "core" ||
      specifier.startsWith(".") ||
      (specifier === "@standard-schema/spec" && typeOnly) ||
      (specifier === "re2js" && path === "packages/core/src/constraints/patterns.ts");
    expect(breaking(law)).toEqual([]);
  });

  test("nothing of core waits for the room of constraints, with its pattern engine, to load", () => {
    const room = /^packages\/core\/src\/constraints\//;
    const light = ["packages/core/src/constraints/constraint.ts", "packages/core/src/constraints/schema-limits.ts"];
    const law = (path: string, { specifier, dynamic, typeOnly }: Import) => {
      const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
      return !specifier.startsWith(".") || room.test(path) || !room.test(target) || dynamic || typeOnly || light.includes(target);
    };
    expect(breaking(law)).toEqual([]);
  });

  test("core touches time and randomness in system.ts alone", () => {
    const globals = /\b(Date\.now|new Date\(\)|performance\.|Math\.random|crypto\.|setTimeout|setInterval|setImmediate|process\.)/;
    const touching = sourcesBelow("packages/core/src")
      .filter((path) => path !== "packages/core/src/system.ts")
      .filter((path) => globals.test(read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")));
    expect(touching).toEqual([]);
  });

  test("only the server's main.ts knows the stores and telemetry, and loads them when it needs them", () => {
    const pluggedIn = (sibling: string | undefined) => sibling?.startsWith("persistence-") || sibling === "telemetry";
    const law = (path: string, { specifier, dynamic, typeOnly }: Import) =>
      !pluggedIn(ours(specifier)) || (path === "packages/server/src/main.ts" && (dynamic || typeOnly));
    expect(breaking(law)).toEqual([]);
    expect(modules.some((module) => module.imports.some((found) => ours(found.specifier) === "persistence-sqlite"))).toBe(true);
  });

  test("only one room on each side knows gRPC and the generated types", () => {
    expect(breaking((path, { specifier }) => !GRPC.test(specifier) || KNOWS_GRPC.test(path))).toEqual([]);
    const generated = (path: string, { specifier }: Import) =>
      ours(specifier) !== "protocol" || KNOWS_GRPC.test(path) || KNOWS_MESSAGES.test(path);
    expect(breaking(generated)).toEqual([]);
  });

  test("of the client, one module alone runs gRPC", () => {
    const law = (path: string, { specifier, typeOnly }: Import) =>
      packageOf(path) !== "client" || !GRPC.test(specifier) || typeOnly || path === "packages/client/src/rpc/grpc-connection.ts";
    expect(breaking(law)).toEqual([]);
  });

  test("no carrier knows another one", () => {
    const carriers = ["packages/server/src/grpc/", "packages/server/src/direct/"];
    const law = (path: string, { specifier }: Import) => {
      const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
      const home = carriers.find((carrier) => path.startsWith(carrier));
      return home === undefined || !specifier.startsWith(".") || !carriers.some((other) => other !== home && target.startsWith(other));
    };
    expect(breaking(law)).toEqual([]);
  });

  test("every import from outside is declared by the package that imports it, and every declared one is imported", () => {
    for (const folder of packageFolders) {
      const { dependencies = {}, peerDependencies = {} } = JSON.parse(read(`${folder}/package.json`));
      const declared = Object.keys({ ...dependencies, ...peerDependencies });
      const used = modules
        .filter((module) => module.path.startsWith(`${folder}/src/`))
        .flatMap((module) => module.imports.map((found) => found.specifier))
        .filter(outside)
        .map(importedPackage);
      expect([...new Set(used)].sort(), folder).toEqual(declared.sort());
    }
  });

  test("no module loads itself in a circle", () => {
    const graph = new Map(
      modules
        .filter((module) => !GENERATED.test(module.path))
        .map((module) => [
          module.path,
          module.imports
            .filter((found) => found.specifier.startsWith(".") && !found.typeOnly)
            .map((found) => new URL(found.specifier, `file:///${module.path}`).pathname.slice(1)),
        ]),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, above: readonly string[]) => {
      if (above.includes(path)) circles.push([...above.slice(above.indexOf(path)), path].join(" -> "));
      else if (!done.has(path)) for (const next of graph.get(path) ?? []) visit(next, [...above, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(circles).toEqual([]);
  });
});

describe("Python", () => {
  const client = ownFiles().filter((path) => /^clients\/python\/src\/session_bridge\/(?!v1\/).*\.py$/.test(path));
  const imports = (path: string) => [...read(path).matchAll(/^\s*(?:from|import)\s+([\w.]+)/gm)].map((found) => found[1] ?? "");

  const modulesThatImport = (wire: RegExp) =>
    client.filter((path) => imports(path).some((name) => wire.test(name))).map((path) => path.slice(path.lastIndexOf("/") + 1));

  test("only the carriers over gRPC know grpc", () => {
    expect(modulesThatImport(/^grpc\b/)).toEqual(["_async_grpc_carrier.py", "_grpc_carrier.py", "_grpc_streams.py"]);
  });

  test("only what makes and reads messages knows protobuf and the generated stubs", () => {
    const messages = ["_direct_frames.py", "_message_parts.py", "_past_messages.py", "_rpc.py", "_rpc_messages.py"];
    expect(modulesThatImport(/^(google\.|session_bridge\.v1|\.v1)/)).toEqual(messages);
  });

  test("the public package has private modules only", () => {
    const names = client.map((path) => path.slice("clients/python/src/session_bridge/".length));
    expect(names.filter((name) => !name.startsWith("_"))).toEqual([]);
  });
});
