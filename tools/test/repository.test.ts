import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ownFiles, read, root } from "./repository.ts";

const files = ownFiles();
const LOCKS = ["package-lock.json", "tools/matrix/package-lock.json"];
const isText = (path: string) => !/\.(binpb|db|png)$/.test(path);

describe("lock files", () => {
  const complete = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, "tools/complete-lock.mjs"), ...args], { encoding: "utf8" });

  test("every optional dependency has an entry, so npm ci accepts the lock on every platform", () => {
    expect(complete("--check")).toMatchObject({ status: 0, stderr: "" });
  });

  test("a lock from which npm dropped platform packages is found, and completed to what it was", () => {
    const folder = mkdtempSync(join(tmpdir(), "lock-"));
    const path = join(folder, "package-lock.json");
    const lock = JSON.parse(read("package-lock.json"));
    const dropped = Object.keys(lock.packages).filter((key) => /^node_modules\/@biomejs\/cli-darwin/.test(key));
    const versions = dropped.map((key) => lock.packages[key].version);
    for (const key of dropped) delete lock.packages[key];
    writeFileSync(path, JSON.stringify(lock));
    const check = complete("--check", path);
    expect(check.status).toBe(1);
    for (const key of dropped) expect(check.stderr).toContain(key.slice("node_modules/".length));
    complete(path);
    expect(complete("--check", path).status).toBe(0);
    const again = JSON.parse(readFileSync(path, "utf8"));
    expect(dropped.map((key) => again.packages[key].version)).toEqual(versions);
    rmSync(folder, { recursive: true });
  });

  test.each(LOCKS)("%s names no registry", (path) => {
    expect(read(path)).not.toMatch(/"resolved": "https?:/);
  });

  test("no install script is needed: none is allowed, and set-up never runs one", () => {
    const allowed = JSON.parse(read("package.json")).allowScripts;
    const scripted = Object.entries<{ hasInstallScript?: boolean }>(JSON.parse(read("package-lock.json")).packages)
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([key]) => key.slice(key.lastIndexOf("node_modules/") + "node_modules/".length));
    expect(Object.values(allowed).every((value) => value === false)).toBe(true);
    expect(Object.keys(allowed)).toEqual(expect.arrayContaining([...new Set(scripted)]));
    expect(read("tools/setup.mjs")).toContain('"--ignore-scripts"');
  });
});

describe("files", () => {
  test("nothing names a path of one machine", () => {
    const machinePath = /(?:^|[\s"'`(=:])\/(?:home|Users|root|work|opt)\/\w/;
    const naming = files.filter(isText).filter((path) => !path.startsWith("tools/test/") && machinePath.test(read(path)));
    expect(naming).toEqual([]);
  });

  test("programs that people start by name are executable", () => {
    for (const path of [".ci/run", "packages/server/bin/session-bridge.js"])
      expect(statSync(join(root, path)).mode & 0o111, path).toBe(0o111);
  });

  test("what has to hold before a change goes in is what .ci/run runs, and every command is explained", () => {
    const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
    const run = [...read(".ci/run").matchAll(/^part .* npm (?:run )?([\w:]+)$/gm)].map(([, script]) => script);
    expect(run).toEqual(["test", "check", "test:carriers", "faults", "test:matrix"]);
    expect(scripts).toEqual(expect.arrayContaining(run));
    const explained = read("CONTRIBUTING.md");
    expect(scripts.filter((script) => !explained.includes(`\`npm ${script === "test" ? "" : "run "}${script}\``))).toEqual([]);
  });

  test("whoever calls servers over the client's own choice in `npm test` does so over gRPC in `npm run test:carriers`", () => {
    for (const project of ["clients/python", "e2e"]) {
      const { test: direct, carriers } = JSON.parse(read(`${project}/project.json`)).targets;
      const env = { SESSION_BRIDGE_TEST_CARRIER: "grpc" };
      expect(carriers, project).toEqual({ command: direct.command, options: { ...direct.options, env } });
    }
  });

  test("no test is skipped, focused or left to do", () => {
    const skipping = /\b(?:test|it|describe)\.(?:skip|only|todo|fails)\b|pytest\.mark\.(?:skip|xfail)\b|pytest\.skip\(/;
    const tests = files.filter((path) => /\/(?:test|tests|e2e|testing)\//.test(`/${path}`) && /\.(?:ts|py)$/.test(path));
    expect(tests.filter((path) => path !== "tools/test/repository.test.ts" && skipping.test(read(path)))).toEqual([]);
  });

  test("the licence is the whole Apache License 2.0, and every package says so", () => {
    expect(read("LICENSE")).toMatch(/Apache License\s+Version 2\.0, January 2004[\s\S]*END OF TERMS AND CONDITIONS/);
    const manifests = files.filter((path) => /^packages\/[^/]+\/package\.json$/.test(path));
    for (const path of manifests) expect(JSON.parse(read(path)).license, path).toBe("Apache-2.0");
  });
});
