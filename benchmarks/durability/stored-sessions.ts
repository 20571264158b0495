/** Files with many sessions, made in a short time: the store saves one session, and SQL copies it. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionDelta } from "@session-bridge/core";
import { sqlitePersistence } from "@session-bridge/persistence-sqlite";
import Database from "better-sqlite3";
import { variableChecksum } from "../../packages/persistence-sqlite/src/stored-value.ts";
import { stringValue } from "./grpc-caller.ts";

/** What every session of a file is like. */
export interface StoredSessions {
  readonly sessions: number;
  readonly variables: number;
  /** Whether their time is over. */
  readonly expired: boolean;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const MADE_AT_MS = Date.UTC(2025, 0, 1);
const [FIRST, LAST_DIGITS] = ["session-", 9];

/** The id of the n-th session, from 1 on. */
export const storedId = (n: number): string => FIRST + String(n).padStart(LAST_DIGITS, "0");

/** The name of the n-th variable, from 0 on. */
export const storedName = (n: number): string => `variable-${n}`;

/** The value of the n-th variable. */
export const storedText = (n: number): string => `value ${n} of a session that is stored`;

/** A file with such sessions, made when there is none yet. It is kept in the system's directory for temporary files, for the next run. */
export async function storedSessions(like: StoredSessions): Promise<string> {
  const unfinished = join(tmpdir(), `session-bridge-bench-${process.pid}.db`);
  await saveFirst(unfinished, like);
  const db = new Database(unfinished);
  try {
    const schema = db.prepare("SELECT group_concat(sql) FROM sqlite_schema").pluck().get();
    const key = createHash("sha256")
      .update(JSON.stringify([schema, like, MADE_AT_MS]))
      .digest("hex");
    const file = join(tmpdir(), `session-bridge-bench-${like.sessions}-${key.slice(0, 12)}.db`);
    if (existsSync(file)) return file;
    copyFirst(db, like.sessions);
    db.close();
    renameSync(unfinished, file);
    return file;
  } finally {
    db.close();
    rmSync(unfinished, { force: true });
  }
}

/** A session, to be saved; `bytes` is about how long its values are, which nothing compresses, and left out they are short. */
export function storedSession(id: string, like: Omit<StoredSessions, "sessions"> & { readonly bytes?: number }): SessionDelta {
  const [nowMs, ttlMs] = [MADE_AT_MS, like.expired ? 1_000 : 50 * YEAR_MS];
  const revision = nowMs * 1000;
  const text = (n: number) => (like.bytes === undefined ? storedText(n) : randomBytes(Math.ceil(like.bytes / 2)).toString("hex"));
  const set = Array.from({ length: like.variables }, (_, n) => ({
    name: storedName(n),
    bytes: stringValue(text(n)),
    encoding: "",
    type: "string",
    revision,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    expiresAtMs: undefined,
  }));
  const record = {
    revision,
    createdAtMs: nowMs,
    accessedAtMs: nowMs,
    ttlMs,
    endsAtMs: undefined,
    expiresAtMs: nowMs + ttlMs,
    labels: {},
    variableCount: like.variables,
    sizeBytes: set.reduce((sum, { name, bytes }) => sum + name.length + bytes.length, 0),
  };
  return { kind: "create", key: { tenant: "", id }, nowMs, record, set };
}

async function saveFirst(file: string, like: StoredSessions): Promise<void> {
  const store = sqlitePersistence({ file, durability: "commit" });
  await store.open();
  await store.save([storedSession(storedId(1), like)]);
  await store.close();
  // Made by whoever owned it, to say so.
  rmSync(`${file}.lock`, { force: true });
}

/** Copies the first session until there are so many. Nothing here has to survive a crash, so nothing waits for the disk. */
function copyFirst(db: Database.Database, sessions: number): void {
  db.pragma("journal_mode = DELETE");
  db.pragma("journal_mode = OFF");
  db.pragma("synchronous = OFF");
  db.pragma("cache_size = -262144");
  type Fields = Parameters<typeof variableChecksum>[0];
  type Row = Fields & { readonly value: Uint8Array };
  const first = db
    .prepare<[], Row>(
      `SELECT session, name, revision, encoding, type, created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs,
         expires_at_ms AS expiresAtMs, size_bytes AS sizeBytes, value FROM variables WHERE session = 1`,
    )
    .all();
  const byName = new Map(first.map((row) => [row.name, row]));
  db.function("row_checksum", (session, name) => {
    const row = byName.get(name as string) as Row;
    return variableChecksum({ ...row, session: session as number }, row.value);
  });
  const columns = (table: string): readonly string[] =>
    db.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`).pluck().all();
  const copy = (table: string, replaced: Readonly<Record<string, string>>): void => {
    const from = columns(table).map((column) => replaced[column] ?? `first.${column}`);
    db.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < :sessions)
       INSERT INTO ${table} SELECT ${from.join(", ")} FROM n CROSS JOIN (SELECT * FROM ${table} WHERE session = 1) AS first`,
    ).run({ sessions });
  };
  if (sessions < 2) return;
  copy("sessions", { session: "n.i", id: `printf('${FIRST}%0${LAST_DIGITS}d', n.i)` });
  copy("variables", { session: "n.i", checksum: "row_checksum(n.i, first.name)" });
}
