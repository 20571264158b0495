import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { read, root } from "./repository.ts";

const COPIED = ["proto", "tools/codegen", "packages/protocol/src", "clients/python/src/session_bridge/v1"];
const LINKED = ["node_modules", ".venv-codegen"];

/** A copy of the contract and its stubs, to be damaged. */
function copy() {
  const folder = mkdtempSync(join(tmpdir(), "codegen-test-"));
  for (const path of COPIED) cpSync(join(root, path), join(folder, path), { recursive: true });
  for (const path of LINKED) symlinkSync(join(root, path), join(folder, path));
  const run = (...args: string[]) => {
    const done = spawnSync(process.execPath, [join(folder, "tools/codegen/codegen.mjs"), ...args], { encoding: "utf8" });
    return { status: done.status, text: done.stderr };
  };
  return { folder, run, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

test("the committed stubs are what the contract generates", () => {
  using stubs = copy();
  expect(stubs.run("--check")).toEqual({ status: 0, text: "" });
});

test.each([
  "packages/protocol/src/session_bridge/v1/common.ts",
  "packages/protocol/src/google/rpc/status.ts",
  "clients/python/src/session_bridge/v1/variables_pb2.py",
  "clients/python/src/session_bridge/v1/sessions_pb2_grpc.pyi",
])("a hand edit of %s fails the check, which names the file", (path) => {
  using stubs = copy();
  appendFileSync(join(stubs.folder, path), "\n");
  expect(stubs.run("--check")).toMatchObject({ status: 1, text: expect.stringContaining(path) });
});

test("a stub that nothing generates, or that is gone, fails the check", () => {
  using stubs = copy();
  writeFileSync(join(stubs.folder, "packages/protocol/src/extra.ts"), "");
  rmSync(join(stubs.folder, "clients/python/src/session_bridge/v1/common_pb2.py"));
  const run = stubs.run("--check");
  expect(run.status).toBe(1);
  expect(run.text).toMatch(/extra\.ts is not generated[\s\S]*common_pb2\.py is missing/);
});

test("an edited contract fails the check in both languages, and generating again makes it pass", () => {
  using stubs = copy();
  const proto = join(stubs.folder, "proto/session_bridge/v1/common.proto");
  writeFileSync(
    proto,
    read("proto/session_bridge/v1/common.proto").replace("bytes value = 2;", "bytes value = 2;\n  // New.\n  bool new_field = 99;"),
  );
  const run = stubs.run("--check");
  expect(run.status).toBe(1);
  expect(run.text).toMatch(/v1\/common\.ts differs[\s\S]*common_pb2\.py differs/);
  stubs.run();
  expect(stubs.run("--check").status).toBe(0);
});

test("stub stamps equal the Python floors", () => {
  const floor = (name: string) => new RegExp(`"${name}>=([\\d.]+)`).exec(read("clients/python/pyproject.toml"))?.[1];
  const grpc = /GRPC_GENERATED_VERSION = '([\d.]+)'/.exec(read("clients/python/src/session_bridge/v1/sessions_pb2_grpc.py"))?.[1];
  const protobuf = /Protobuf Python Version: ([\d.]+)/.exec(read("clients/python/src/session_bridge/v1/common_pb2.py"))?.[1];
  expect([floor("grpcio"), floor("protobuf")]).toEqual([grpc, protobuf]);
});
