/**
 * The end-to-end and vector suites on every line of Node × every Python × the lowest and the highest grpcio and protobuf that we support.
 *
 *   npm run test:matrix [-- --node 22 --python 3.12 --bounds lowest]
 *
 * Everything is built once. An interpreter that the machine does not have is a named gap, unless it was asked for.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BOUNDS, type Bounds, buildWheel, makeEnvironment } from "./environments.ts";
import { findNode, findPython, NODES, PYTHONS } from "./interpreters.ts";
import { python, type Result, suites, typescriptVectors } from "./suites.ts";
import { table } from "./table.ts";

const { values: asked } = parseArgs({
  options: { node: { type: "string" }, python: { type: "string" }, bounds: { type: "string" } },
});

/** All of them, or the one that was asked for by name. */
function choose<T extends string>(kind: string, all: readonly T[], one: string | undefined): readonly T[] {
  const chosen = all.filter((name) => one === undefined || name === one);
  if (chosen.length === 0) throw new Error(`--${kind} ${one}: use one of ${all.join(", ")}`);
  return chosen;
}

const nodes = choose("node", NODES, asked.node).map((line) => ({ line, path: findNode(line) }));
const pythons = choose("python", PYTHONS, asked.python).map((line) => ({ line, path: findPython(line) }));
const bounds = choose("bounds", BOUNDS, asked.bounds);
const results: Result[] = [];

/** Notes a result, and shows the output of what failed. */
function note(result: Result) {
  results.push(result);
  console.log(`${result.row}, ${result.column}: ${result.outcome} in ${(result.durationMs / 1000).toFixed(1)} s`);
  if (result.outcome === "failed") console.log(result.output);
}

function gap(row: string, column: string, missing: string) {
  results.push({ row, column, outcome: `gap: no ${missing}`, output: "", durationMs: 0 });
}

function runPython(line: string, path: string, bound: Bounds, wheel: string) {
  const environment = makeEnvironment(path, `${line}-${bound}`, bound, wheel);
  const row = `Python ${line}, ${bound} (${environment.versions})`;
  note(python(row, environment.python));
  for (const node of nodes)
    if (node.path === undefined) gap(row, `Node ${node.line}`, `Node ${node.line}`);
    else note(suites(row, `Node ${node.line}`, environment.python, node.path));
}

const start = Date.now();
const aside = mkdtempSync(join(tmpdir(), "matrix-"));
process.on("exit", () => rmSync(aside, { recursive: true, force: true }));
const wheel = buildWheel(aside);
for (const node of nodes)
  if (node.path !== undefined) note(typescriptVectors(`Node ${node.line}`, node.path));
  else gap("vectors in TypeScript", `Node ${node.line}`, `Node ${node.line}`);
for (const { line, path } of pythons)
  for (const bound of bounds)
    if (path !== undefined) runPython(line, path, bound, wheel);
    else for (const node of nodes) gap(`Python ${line}, ${bound}`, `Node ${node.line}`, `Python ${line}`);

const failed = results.filter((result) => result.outcome === "failed").length;
const gaps = results.filter((result) => result.outcome.startsWith("gap")).length;
const passed = results.length - failed - gaps;
console.log(`\n${table(results)}`);
console.log(`matrix: ${passed} passed, ${failed} failed, ${gaps} gaps in ${((Date.now() - start) / 1000).toFixed(0)} s`);
const asksForMissing = gaps > 0 && (asked.node !== undefined || asked.python !== undefined);
process.exitCode = failed > 0 || passed === 0 || asksForMissing ? 1 : 0;
