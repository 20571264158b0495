/** The suites that a cell of the matrix runs. */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { root } from "../checks/modules.ts";

/** How one suite ended in one cell. */
export interface Result {
  readonly row: string;
  readonly column: string;
  /** "12 passed", "failed" or "gap: …". */
  readonly outcome: string;
  readonly output: string;
  readonly durationMs: number;
}

const TIMEOUT_MS = 5 * 60_000;
/** Generated values of each property in one cell; `npm test` tries ten times as many. */
const EXAMPLES = "20";

function run(
  row: string,
  column: string,
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Result {
  const start = performance.now();
  const done = spawnSync(command, args, {
    cwd: join(root, cwd),
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...env },
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = `${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}`;
  // A suite that ran no test did not pass.
  const passed = done.status === 0 ? /^\s*(?:Tests\s+)?(\d+) passed\b/m.exec(output)?.[1] : undefined;
  return { row, column, outcome: passed === undefined ? "failed" : `${passed} passed`, output, durationMs: performance.now() - start };
}

/** Python's vector suite; no Node takes part. */
export const python = (row: string, interpreter: string): Result =>
  run(row, "vectors", interpreter, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "vector"], "clients/python", {});

/** The end-to-end tests that are marked for the matrix, server and TypeScript programs on `node`. */
export const suites = (row: string, column: string, interpreter: string, node: string): Result =>
  run(row, column, interpreter, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "matrix"], "e2e", {
    E2E_NODE: node,
    E2E_EXAMPLES: EXAMPLES,
  });

/** TypeScript's vector suite on one line of Node. */
export const typescriptVectors = (column: string, node: string): Result =>
  run("vectors in TypeScript", column, node, [join(root, "node_modules/vitest/vitest.mjs"), "run", "vectors"], "packages/core", {
    PATH: `${dirname(node)}:${process.env.PATH ?? ""}`,
  });
