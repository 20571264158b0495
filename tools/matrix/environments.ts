/** Virtual environments with the client's wheel and the lowest or highest grpcio and protobuf that pyproject.toml allows. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../checks/modules.ts";

/** Which end of the supported versions. */
export const BOUNDS = ["lowest", "highest"] as const;
/** One of them. */
export type Bounds = (typeof BOUNDS)[number];

/** Where a cell of the matrix runs its Python. */
export interface Environment {
  readonly python: string;
  /** What was installed, for people: "grpcio 1.76.0, protobuf 6.31.1". */
  readonly versions: string;
}

const FREE = ["grpcio", "protobuf", "googleapis-common-protos"];
const TESTS_NEED = ["pytest", "pytest-asyncio", "hypothesis", "numpy", "opentelemetry-sdk"];
const place = join(root, ".venv-matrix");
const uv = join(place, "bin/uv");
const client = join(root, "clients/python");

/** Runs a program and gives what it printed; its failure is the matrix's. */
function run(command: string, args: readonly string[]): string {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}

/** Builds the client's wheel into a folder, once for the whole matrix; gives its path. */
export function buildWheel(folder: string): string {
  run(join(root, ".venv/bin/python"), [
    "-m",
    "pip",
    "wheel",
    "--quiet",
    "--no-deps",
    "--no-build-isolation",
    "--wheel-dir",
    folder,
    client,
  ]);
  const name = readdirSync(folder).find((file) => file.endsWith(".whl"));
  if (name === undefined) throw new Error(`no wheel in ${folder}`);
  return join(folder, name);
}

/** The floors of pyproject.toml as exact requirements. */
function lowest(): readonly string[] {
  const text = readFileSync(join(client, "pyproject.toml"), "utf8");
  return FREE.map((name) => {
    const floor = new RegExp(`"${name}>=([\\d.]+)`).exec(text)?.[1];
    if (floor === undefined) throw new Error(`pyproject.toml has no floor for ${name}`);
    return `${name}==${floor}`;
  });
}

/** Makes a fresh environment: everything as locked, but for grpcio, protobuf and the package that ties itself to protobuf. */
export function makeEnvironment(interpreter: string, name: string, bounds: Bounds, wheel: string): Environment {
  const folder = join(place, "cells", name);
  const python = join(folder, "bin/python");
  const constraints = join(place, `${name}.txt`);
  const locked = readFileSync(join(client, "requirements.lock"), "utf8").split("\n");
  writeFileSync(constraints, locked.filter((line) => !FREE.some((free) => line.startsWith(`${free}==`))).join("\n"));
  run(uv, ["venv", "--quiet", "--clear", "--python", interpreter, folder]);
  const pins = bounds === "lowest" ? lowest() : FREE;
  run(uv, ["pip", "install", "--quiet", "--python", python, "--constraint", constraints, wheel, ...TESTS_NEED, ...pins]);
  const probe = `from importlib.metadata import version; print(", ".join(f"{name} {version(name)}" for name in ${JSON.stringify(FREE.slice(0, 2))}))`;
  return { python, versions: run(python, ["-c", probe]).trim() };
}
