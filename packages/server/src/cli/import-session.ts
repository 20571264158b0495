/** Sessions of an export written to a server, piece by piece. */
import { type CallOptions, type NewSession, type Operation, SessionExistsError, type SessionInfo } from "@session-bridge/core/internal";
import type { SessionRecord } from "./export-format.ts";
import { findSession } from "./find-session.ts";
import { IMPORT_MARKER } from "./import-marker.ts";
import type { ImportedVariable, Piece } from "./import-pieces.ts";
import type { RemotePort } from "./io.ts";
import { ConflictError } from "./session-failure.ts";

/** What is done about a session that is there already. */
export type OnConflict = "fail" | "skip" | "replace";

/** What an import has done so far. */
export interface ImportCounts {
  /** Written whole. */
  sessions: number;
  variables: number;
  /** Left alone, because they were there. */
  skippedSessions: number;
  /** Of `sessions`: those that took the place of others. */
  replacedSessions: number;
  /** Past their deadlines, and so not written. */
  expiredSessions: number;
  expiredVariables: number;
}

/** The msgpack null. */
const NULL = { bytes: Uint8Array.of(0xc0), encoding: "" };

/** How a session came to be there. */
type Claim = "created" | "replaced" | "skipped";

/** The writer of an import. It takes the pieces in their order, and counts in `counts`. Throws ConflictError and what the port throws. */
export function pieceWriter(
  port: RemotePort,
  onConflict: OnConflict,
  counts: ImportCounts,
  call: CallOptions,
): (piece: Piece) => Promise<void> {
  let claim: Claim | "expired" = "created";
  let markerRevision: number | undefined;

  async function begin(session: SessionRecord): Promise<void> {
    markerRevision = undefined;
    const declarations = declarationsOf(session);
    claim =
      isPast(session.expires_at_ms) || isPast(session.ends_at_ms)
        ? "expired"
        : await claimed(port, session, declarations, onConflict, call);
    if (claim === "expired") counts.expiredSessions += 1;
    if (claim === "skipped") counts.skippedSessions += 1;
    if (claim === "expired" || claim === "skipped") return;
    // Before the values, which they judge.
    for (const { name, schema } of declarations) {
      await port.update(session.id, { operations: [{ kind: "declare", name, schema }], mustExist: true }, call);
    }
  }

  return async ({ session, variables, first, last }) => {
    if (first) await begin(session);
    if (claim === "expired" || claim === "skipped") return;
    const nowMs = Date.now();
    const alive = variables.filter(({ expiresAtMs }) => !isPast(expiresAtMs, nowMs));
    const operations = [...alive.map((variable) => setOperation(variable, nowMs)), ...markerOperations(first, last, markerRevision)];
    if (operations.length > 0) {
      const { results } = await port.update(session.id, { operations, mustExist: true }, call);
      if (first && !last) markerRevision = results.at(-1)?.revision;
    }
    counts.variables += alive.length;
    counts.expiredVariables += variables.length - alive.length;
    if (!last) return;
    counts.sessions += 1;
    if (claim === "replaced") counts.replacedSessions += 1;
  };
}

/** Makes the session unless it is there, and another one is not to be touched. */
async function claimed(
  port: RemotePort,
  session: SessionRecord,
  declarations: readonly Declared[],
  onConflict: OnConflict,
  call: CallOptions,
): Promise<Claim> {
  if (await isCreated(port, session, call)) return "created";
  const existing = await findSession(port, session.id, call);
  if (existing !== undefined) {
    if (existing.variableCount === 0 && isAlike(existing, session) && (await declaresNoMore(port, session.id, declarations, call)))
      return "created";
    const unfinished = (await port.getVariable(session.id, IMPORT_MARKER, call)).variable !== undefined;
    if (!unfinished && onConflict === "skip") return "skipped";
    if (!unfinished && onConflict === "fail")
      throw new ConflictError("it exists; --on-conflict skip leaves it, --on-conflict replace replaces it");
    await port.deleteSession(session.id, call);
    if (await isCreated(port, session, call)) return unfinished ? "created" : "replaced";
  }
  throw new ConflictError("others write it meanwhile");
}

async function isCreated(port: RemotePort, session: SessionRecord, call: CallOptions): Promise<boolean> {
  const { id, labels, ttl_ms, ends_at_ms, history_entries } = session;
  const maxLifeMs = ends_at_ms === null ? undefined : leftMs(ends_at_ms, Date.now());
  const fresh: NewSession = { id, labels, ttl: ttl_ms, maxLifeMs, historyEntries: history_entries ?? undefined };
  try {
    await port.createSession(fresh, call);
    return true;
  } catch (error) {
    if (error instanceof SessionExistsError) return false;
    throw error;
  }
}

/** An import that ended right after it had made the session left it so, and to fill it changes nothing that anybody has. */
function isAlike(existing: SessionInfo, { labels, ttl_ms, ends_at_ms, history_entries }: SessionRecord): boolean {
  const keys = Object.keys(labels);
  return (
    (existing.ttlMs ?? "never") === ttl_ms &&
    (existing.endsAtMs === undefined) === (ends_at_ms === null) &&
    (existing.historyEntries ?? null) === (history_entries ?? null) &&
    keys.length === Object.keys(existing.labels).length &&
    keys.every((key) => existing.labels[key] === labels[key])
  );
}

/** A declaration of the file. */
interface Declared {
  readonly name: string;
  readonly schema: Uint8Array;
}

const declarationsOf = ({ declarations = [] }: SessionRecord): readonly Declared[] =>
  declarations.map(({ name, schema }) => ({ name, schema: Buffer.from(schema, "base64") }));

/** Whether all that a session declares are declarations of the file. */
async function declaresNoMore(port: RemotePort, id: string, own: readonly Declared[], call: CallOptions): Promise<boolean> {
  const { declarations } = await port.listDeclarations(id, call);
  return declarations.every(({ name, schema }) => own.some((one) => one.name === name && Buffer.compare(one.schema, schema) === 0));
}

/** Nobody else has written the name since the session was made. */
const setOperation = ({ name, bytes, encoding, expiresAtMs }: ImportedVariable, nowMs: number): Operation => ({
  kind: "set",
  name,
  value: { bytes, encoding },
  ttl: expiresAtMs === undefined ? undefined : leftMs(expiresAtMs, nowMs),
  ifRevision: 0,
});

/** While the session has the marker it is known to be unfinished; without this import's own marker nothing more is written. */
function markerOperations(first: boolean, last: boolean, ifRevision: number | undefined): readonly Operation[] {
  if (first && last) return [];
  if (first) return [{ kind: "set", name: IMPORT_MARKER, value: NULL }];
  return [{ kind: last ? "delete" : "check", name: IMPORT_MARKER, ifRevision }];
}

const leftMs = (untilMs: number, nowMs: number): number => Math.max(1, untilMs - nowMs);

const isPast = (untilMs: number | null | undefined, nowMs = Date.now()): boolean => typeof untilMs === "number" && untilMs <= nowMs;
