import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findNode, findPython } from "../matrix/interpreters.ts";
import type { Result } from "../matrix/suites.ts";
import { table } from "../matrix/table.ts";
import { root } from "./repository.ts";

const result = (row: string, column: string, outcome: string): Result => ({ row, column, outcome, output: "", durationMs: 1 });

test("an interpreter that the machine lacks is not found, and one that it has really runs", () => {
  expect([findNode("1"), findPython("3.99")]).toEqual([undefined, undefined]);
  expect(spawnSync(findNode("24") ?? "", ["--version"], { encoding: "utf8" }).stdout).toMatch(/^v24\./);
});

test("the table has a row for each environment, a column for each Node, and names its gaps", () => {
  const results = [
    result("Python 3.11", "vectors", "9 passed"),
    result("Python 3.11", "Node 22", "5 passed"),
    result("Python 3.11", "Node 24", "failed"),
    result("Python 3.12", "Node 22", "gap: no Python 3.12"),
  ];
  expect(table(results).split("\n")).toEqual([
    "|             | Node 22             | Node 24 | vectors  |",
    "| ---         | ---                 | ---     | ---      |",
    "| Python 3.11 | 5 passed            | failed  | 9 passed |",
    "| Python 3.12 | gap: no Python 3.12 | –       | –        |",
  ]);
});

test("what is not in the matrix is refused by name", () => {
  const done = spawnSync(process.execPath, [join(root, "tools/matrix/matrix.ts"), "--node", "23"], { encoding: "utf8" });
  expect(done.status).toBe(1);
  expect(done.stderr).toContain("--node 23: use one of 22, 24, 26");
});
