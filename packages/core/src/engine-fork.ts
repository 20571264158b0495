/** Copying a session: a turn of the copy, at one moment of its source [P7]. */
import { deadlineMs } from "./deadline.ts";
import type { OpenEngine } from "./engine-port.ts";
import { checkRoom, type Take } from "./engine-steps.ts";
import { CompactedError, SessionExistsError, SessionNotFoundError } from "./errors.ts";
import { awayOf, type KeptVariable } from "./kept-variable.ts";
import type { SessionDelta, SessionKey } from "./persistence.ts";
import type { Contents } from "./session-contents.ts";
import type { SessionInfo } from "./session-port.ts";
import { type Head, nextRevision, sessionInfo, usedRecord } from "./session-state.ts";
import { VariableStore } from "./variable-store.ts";

/** A fork that has been checked. */
export interface ForkParts {
  readonly source: SessionKey;
  readonly key: SessionKey;
  readonly ttl: { readonly ttlMs: number | undefined } | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly atRevision: number | undefined;
  readonly engine: OpenEngine;
  readonly maxSessions: number | undefined;
  /** Whether the store copies sessions by itself. */
  readonly storeForks: boolean;
}

/** The source is not here, or values of it are not: to be thrown in a turn, and done about outside of it. */
export class SourceNotReady extends Error {
  /** Undefined when the source itself has to be loaded. */
  readonly away: readonly KeptVariable[] | undefined;

  constructor(away: readonly KeptVariable[] | undefined) {
    super("the source of a fork is not ready");
    this.away = away;
  }
}

/** The turn of a copy. Throws SourceNotReady when it has to be taken again. */
export function forkStep(parts: ForkParts): Take<SessionInfo> {
  const { source, key, engine, maxSessions } = parts;
  return (head, nowMs) => {
    if (head !== undefined) throw new SessionExistsError(`there is a session "${key.id}" already`);
    const standing = engine.turns.standing(source);
    if (standing === undefined) throw new SourceNotReady(undefined);
    // What is being committed is in the store before this: the store can copy it, and nobody else may see it.
    const storeForks = parts.storeForks && parts.atRevision === undefined && !engine.turns.isFollowed(key);
    const copied = storeForks ? standing.pending : standing.committed;
    if (copied === undefined) throw new SessionNotFoundError(`there is no session "${source.id}"`);
    checkRoom(engine, maxSessions, nowMs);
    const revision = nextRevision(Math.max(engine.floor.revision, copied.record.revision), nowMs);
    const { ttlMs, endsAtMs, historyEntries } = { ...copied.record, ...parts.ttl };
    const life = { ttlMs, endsAtMs };
    const labels = parts.labels ?? copied.record.labels;
    const fresh = { ...life, revision, createdAtMs: nowMs, accessedAtMs: nowMs, expiresAtMs: deadlineMs(life, nowMs), labels };
    const original = storeAt(copied, parts.atRevision, nowMs);
    const contents: Contents = { store: original.fork(revision), declarations: copied.declarations };
    const record = usedRecord({ ...fresh, historyEntries, variableCount: 0, sizeBytes: 0 }, contents, revision, nowMs);
    const answer = sessionInfo(key.id, record);
    const commit = (delta: SessionDelta) => ({ answer, commit: { head: { ...contents, record }, delta } });
    if (storeForks) return commit({ kind: "fork", key, nowMs, source: { key: source, revision: copied.record.revision }, record });
    const away = awayOf(original.variables());
    if (away.length > 0) throw new SourceNotReady(away);
    const declarations = [...(copied.declarations?.values() ?? [])].map(({ name, schema, revision }) => ({ name, schema, revision }));
    const sections = declarations.length === 0 ? undefined : { declarations: { removed: [], set: declarations } };
    return commit({ kind: "create", key, nowMs, record, set: contents.store.variables(), sections });
  };
}

/** What the session had, now or at an earlier revision, of what is not over. */
function storeAt({ record, store, history }: Head, atRevision: number | undefined, nowMs: number): VariableStore {
  if (atRevision === undefined || atRevision === record.revision) return store.removeDue(nowMs).store;
  if (history === undefined || atRevision < history.sinceRevision || atRevision > record.revision) {
    const known =
      history === undefined ? "it keeps no history" : `its history begins at ${history.sinceRevision} and ends at ${record.revision}`;
    throw new CompactedError(`what the session was at revision ${atRevision} is not known: ${known}`);
  }
  return VariableStore.of(history.variablesAt(atRevision, store, nowMs));
}
