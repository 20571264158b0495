/** Files that are gone after the test, and the deltas that the tests of this package need. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SessionDelta, SessionPersistence, StoredVariable } from "@session-bridge/core";
import { onTestFinished } from "vitest";
import { sqlitePersistence } from "../src/index.ts";

export const NOW_MS = 1_800_000_000_000;

/** A directory for one test. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "session-bridge-sqlite-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A store that is closed when the test ends. */
export function scratchStore(file = join(scratchDirectory(), "sessions.db")): SessionPersistence {
  const store = sqlitePersistence({ file });
  onTestFinished(() => store.close().catch(() => {}));
  return store;
}

/** Bytes that nothing compresses, the same for the same seed. */
export const noise = (size: number, seed = 1): Uint8Array =>
  new Uint8Array(createHash("shake256", { outputLength: size }).update(String(seed)).digest());

const times = { createdAtMs: NOW_MS, expiresAtMs: undefined };

/** A variable of three bytes at revision 1. */
export const variable = (name: string): StoredVariable => ({
  ...times,
  name,
  bytes: Uint8Array.of(1, 2, 3),
  encoding: "",
  type: "bytes",
  revision: 1,
  updatedAtMs: NOW_MS,
});

/** Creates a session with one variable, `v` except for what is given. */
export function create(id: string, parts: Partial<StoredVariable> = {}): SessionDelta & { readonly kind: "create" } {
  const record = {
    ...times,
    revision: 1,
    accessedAtMs: NOW_MS,
    ttlMs: undefined,
    endsAtMs: undefined,
    labels: {},
    variableCount: 1,
    sizeBytes: 4,
  };
  return { kind: "create", key: { tenant: "", id }, nowMs: NOW_MS, record, set: [{ ...variable("v"), ...parts }] };
}

/** Runs a program beside the test: `store` and `create` as above are there, the store is open on `file`. It is killed when the test ends. */
export function runBeside(file: string, body: string): ChildProcess {
  const here = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const program = `
    import { sqlitePersistence } from ${here("../src/index.ts")};
    const create = (id) => (${JSON.stringify({ ...create("id"), set: [] })});
    const store = sqlitePersistence({ file: ${JSON.stringify(file)} });
    await store.open();
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

/** Waits until the program beside the test prints something. */
export async function printed(child: ChildProcess): Promise<string> {
  const [text] = (await once(child.stdout as NonNullable<typeof child.stdout>, "data")) as [Buffer];
  return text.toString().trim();
}
