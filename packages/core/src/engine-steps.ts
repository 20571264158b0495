/** What each mutating call makes of a session's head: pure steps that the order of turns runs. */
import { deadlineMs, extensionMs } from "./deadline.ts";
import type { OpenEngine } from "./engine-port.ts";
import { LimitExceededError, SessionExistsError, SessionNotFoundError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import type { SessionDelta, SessionKey, SessionRecord } from "./persistence.ts";
import { NO_CONTENTS } from "./session-contents.ts";
import type { SessionInfo, Update, UpdateResult } from "./session-port.ts";
import { historyEntriesOf, recorded } from "./session-sections.ts";
import { type Head, nextRevision, type Step, sessionInfo, usedRecord } from "./session-state.ts";
import { applyAtomic, applyIndependent, checkPreviousBytes, type Prepared } from "./update.ts";

/** A step: judges the head at `nowMs`, answers, and says what to commit. */
export type Take<T> = (head: Head | undefined, nowMs: number) => Step<T>;

/** What a session is created with. */
export interface Creation {
  readonly ttlMs: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly historyEntries?: number | undefined;
}

interface UpdateParts {
  readonly key: SessionKey;
  readonly update: Update;
  readonly operations: readonly Prepared[];
  readonly creation: Creation;
  readonly limits: Limits;
  readonly maxSessions: number | undefined;
  readonly engine: OpenEngine;
}

/** Applies a batch; the first one that changes something creates the session. */
export function updateStep({ key, update, operations, creation, limits, maxSessions, engine }: UpdateParts): Take<UpdateResult> {
  return (head, nowMs) => {
    if (head === undefined && update.mustExist) throw new SessionNotFoundError(`there is no session "${key.id}"`);
    const beforeRevision = head?.record.revision ?? engine.floor.revision;
    const moment = { nowMs, revision: nextRevision(beforeRevision, nowMs), limits };
    const before = head ?? NO_CONTENTS;
    const applied = update.independent ? applyIndependent : applyAtomic;
    const { contents: after, revision, results, set, removed } = applied(before, operations, moment, beforeRevision);
    checkPreviousBytes(results, update.previousBytes);
    if (revision === beforeRevision) return { answer: { results, sessionRevision: head?.record.revision ?? 0 } };
    const answer = { results, sessionRevision: revision };
    const names = set.map(({ name }) => name);
    const change = { before, after, baseRevision: head?.record.revision, revision, nowMs, set: names, removed, ending: "delete" } as const;
    const { contents, sections } = recorded(change, historyEntriesOf(head?.record, limits), limits);
    if (head === undefined) {
      checkRoom(engine, maxSessions, nowMs);
      const record = usedRecord(newRecord(creation, undefined, nowMs), contents, revision, nowMs);
      return { answer, commit: { head: { ...contents, record }, delta: { kind: "create", key, nowMs, record, set, sections } } };
    }
    const record = usedRecord(head.record, contents, revision, nowMs);
    const delta: SessionDelta = { kind: "write", key, nowMs, baseRevision: beforeRevision, record, set, removed, sections };
    return { answer, commit: { head: { ...contents, record }, delta } };
  };
}

interface CreateParts {
  readonly key: SessionKey;
  readonly creation: Creation;
  readonly maxLifeMs: number | undefined;
  readonly maxSessions: number | undefined;
  readonly engine: OpenEngine;
}

/** Creates a session without variables; an existing one is SESSION_EXISTS. */
export function createStep({ key, creation, maxLifeMs, maxSessions, engine }: CreateParts): Take<SessionInfo> {
  return (head, nowMs) => {
    if (head !== undefined) throw new SessionExistsError(`there is a session "${key.id}" already`);
    checkRoom(engine, maxSessions, nowMs);
    const revision = nextRevision(engine.floor.revision, nowMs);
    const record = usedRecord(newRecord(creation, maxLifeMs, nowMs), NO_CONTENTS, revision, nowMs);
    const delta: SessionDelta = { kind: "create", key, nowMs, record, set: [] };
    return { answer: sessionInfo(key.id, record), commit: { head: { ...NO_CONTENTS, record }, delta } };
  };
}

/** Replaces the ttl, which is a commit; without one only moves the deadline later. */
export function touchStep(
  key: SessionKey,
  ttl: { readonly ttlMs: number | undefined } | undefined,
  notFound: () => Error,
): Take<SessionInfo> {
  return (head, nowMs) => {
    if (head === undefined) throw notFound();
    const { record: before } = head;
    if (ttl !== undefined) {
      const life = { ...before, ...ttl };
      const expiring = { ...life, expiresAtMs: deadlineMs(life, nowMs) };
      const record = usedRecord(expiring, head, nextRevision(before.revision, nowMs), nowMs);
      const delta: SessionDelta = { kind: "write", key, nowMs, baseRevision: before.revision, record, set: [], removed: [] };
      return { answer: sessionInfo(key.id, record), commit: { head: { ...head, record }, delta } };
    }
    const commit = extension(key, head, nowMs, true);
    return { answer: sessionInfo(key.id, commit?.head.record ?? before), commit };
  };
}

/** Moves the deadline later when it is time to: what a read does that finds something. */
export function accessStep(key: SessionKey): Take<undefined> {
  return (head, nowMs) => ({ answer: undefined, commit: head && extension(key, head, nowMs, false) });
}

/** The later deadline of an access, undefined when the present one serves; `always` moves it as far as it goes. */
function extension(key: SessionKey, head: Head, nowMs: number, always: boolean) {
  const expiresAtMs = extensionMs(head.record, nowMs, always);
  if (expiresAtMs === undefined) return undefined;
  const delta: SessionDelta = { kind: "extend", key, nowMs, accessedAtMs: nowMs, expiresAtMs };
  return { head: { ...head, record: { ...head.record, accessedAtMs: nowMs, expiresAtMs } }, delta };
}

/** Deletes the session; the store remembers its last revision. */
export function deleteStep(key: SessionKey, floor: { revision: number }): Take<{ readonly deleted: boolean }> {
  return (head, nowMs) => {
    if (head === undefined) return { answer: { deleted: false } };
    const baseRevision = head.record.revision;
    const revision = nextRevision(baseRevision, nowMs);
    floor.revision = Math.max(floor.revision, revision);
    return { answer: { deleted: true }, commit: { head: undefined, delta: { kind: "delete", key, nowMs, baseRevision, revision } } };
  };
}

function newRecord(creation: Creation, maxLifeMs: number | undefined, nowMs: number): SessionRecord {
  const life = { ttlMs: creation.ttlMs, endsAtMs: maxLifeMs === undefined ? undefined : nowMs + maxLifeMs };
  return {
    ...life,
    revision: 0,
    createdAtMs: nowMs,
    accessedAtMs: nowMs,
    expiresAtMs: deadlineMs(life, nowMs),
    labels: creation.labels,
    historyEntries: creation.historyEntries,
    variableCount: 0,
    sizeBytes: 0,
  };
}

/** Throws TOO_MANY_SESSIONS when there is no room for one more. */
export function checkRoom(engine: OpenEngine, maxSessions: number | undefined, nowMs: number): void {
  if (maxSessions === undefined || engine.turns.hasRoom(maxSessions, nowMs)) return;
  throw new LimitExceededError("TOO_MANY_SESSIONS", `there are ${maxSessions} sessions in memory; no more are allowed without a store`, {
    details: { limit: "memorySessions", limitValue: maxSessions, actual: maxSessions + 1 },
  });
}
