/** Copying a session: a turn of the copy, at one moment of its source [P7]. */
import type { Clock } from "./clock.ts";
import { deadlineMs } from "./deadline.ts";
import { judge } from "./declarations.ts";
import type { OpenEngine } from "./engine-port.ts";
import { checkRoom, type Take } from "./engine-steps.ts";
import { CompactedError, InvalidArgumentError, SessionExistsError, SessionNotFoundError } from "./errors.ts";
import { awayOf, type KeptVariable } from "./kept-variable.ts";
import type { SessionDelta, SessionKey } from "./persistence.ts";
import { type Contents, declarationOf } from "./session-contents.ts";
import { FETCH_TRIES, valueMissing } from "./session-loads.ts";
import type { CallOptions, SessionFork, SessionInfo } from "./session-port.ts";
import { type Head, nextRevision, sessionInfo, usedRecord } from "./session-state.ts";
import { isDue, VariableStore } from "./variable-store.ts";
import { countdown } from "./waiting.ts";

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

/** The source is not here, or values of it are not: thrown in a turn, and done about outside of it. */
class SourceNotReady extends Error {
  /** Undefined when the source itself has to be loaded. */
  readonly away: readonly KeptVariable[] | undefined;

  constructor(away: readonly KeptVariable[] | undefined) {
    super("the source of a fork is not ready");
    this.away = away;
  }
}

/** What a fork is carried out with. */
export interface ForkCall extends ForkParts {
  readonly clock: Clock;
  readonly call: CallOptions;
  readonly shared: boolean;
  /** Takes the turn of the copy, in what is left of the call's time. */
  readonly take: (step: Take<SessionInfo>, left: CallOptions) => Promise<SessionInfo>;
  /** Reads values of the source; says whether all of them were still there. */
  readonly fetch: (away: readonly KeptVariable[], left: CallOptions) => Promise<boolean>;
}

/** Copies a session, as often as it takes until the source stands still for the turn of the copy. */
export function performFork({ clock, call, shared, take, fetch, ...parts }: ForkCall): Promise<SessionInfo> {
  const { source, key, engine } = parts;
  const { turns } = engine;
  const left = countdown(clock, call);
  const step = forkStep(parts);
  const copy = async (tries: number): Promise<SessionInfo> => {
    try {
      return await take(step, left());
    } catch (error) {
      if (!(error instanceof SourceNotReady)) throw error;
      const { away } = error;
      if (away === undefined) {
        await turns.perform(source, left(), () => ({ answer: undefined }));
        return copy(tries);
      }
      if (await fetch(away, left())) return copy(tries);
      if (tries === 0) throw valueMissing(shared, away[0]?.name ?? "");
      turns.outdated(source);
      await turns.perform(source, left(), () => ({ answer: undefined }));
      return copy(tries - 1);
    }
  };
  // A stop waits for it: it may come back to the store.
  return turns.untilIdle(turns.whileKept(source, () => turns.whileKept(key, () => copy(FETCH_TRIES))));
}

/** Throws INVALID_ARGUMENT for a revision that no session can have had. */
export function checkAtRevision({ atRevision }: SessionFork): void {
  if (atRevision === undefined || (Number.isSafeInteger(atRevision) && atRevision > 0)) return;
  throw new InvalidArgumentError("INVALID_ARGUMENT", "at_revision must be a revision of the session", { details: { name: "at_revision" } });
}

/** The turn of a copy. Throws SourceNotReady when it has to be taken again. */
function forkStep(parts: ForkParts): Take<SessionInfo> {
  const { source, key, engine, maxSessions } = parts;
  /** The source's revision that the store was last asked to copy: asked again, it may have another one. */
  let askedRevision: number | undefined;
  return (head, nowMs) => {
    if (head !== undefined) throw new SessionExistsError(`there is a session "${key.id}" already`);
    const standing = engine.turns.standing(source);
    if (standing === undefined) throw new SourceNotReady(undefined);
    // What is being committed is in the store before this: the store can copy it, and nobody else may see it.
    const storeForks = parts.storeForks && parts.atRevision === undefined && !engine.turns.isFollowed(key);
    const copied = storeForks ? standing.pending : standing.committed;
    // Its end, or a later deadline, is being committed.
    if (standing.committed !== undefined && (copied === undefined || isDue(copied.record, nowMs))) throw new SourceNotReady(undefined);
    if (copied === undefined) throw new SessionNotFoundError(`there is no session "${source.id}"`);
    checkRoom(engine, maxSessions, nowMs);
    // Above whatever the source has given out: none of its revisions is one of the copy's [P1].
    const { revision: givenOut } = (standing.pending ?? copied).record;
    const revision = nextRevision(Math.max(engine.floor.revision, givenOut), nowMs);
    const { ttlMs, endsAtMs, historyEntries } = { ...copied.record, ...parts.ttl };
    const life = { ttlMs, endsAtMs };
    const labels = parts.labels ?? copied.record.labels;
    const fresh = { ...life, revision, createdAtMs: nowMs, accessedAtMs: nowMs, expiresAtMs: deadlineMs(life, nowMs), labels };
    const original = storeAt(copied, parts.atRevision, nowMs);
    const contents: Contents = { store: original.fork(revision), declarations: copied.declarations };
    const record = usedRecord({ ...fresh, historyEntries, variableCount: 0, sizeBytes: 0 }, contents, revision, nowMs);
    const answer = sessionInfo(key.id, record);
    const commit = (delta: SessionDelta) => ({ answer, commit: { head: { ...contents, record }, delta } });
    if (storeForks) {
      const asked = { key: source, revision: copied.record.revision };
      if (askedRevision === asked.revision) {
        askedRevision = undefined;
        engine.turns.outdated(source);
        throw new SourceNotReady(undefined);
      }
      askedRevision = asked.revision;
      return commit({ kind: "fork", key, nowMs, source: asked, record });
    }
    const away = awayOf(original.variables());
    if (away.length > 0) throw new SourceNotReady(away);
    // What is declared now may not have been when the values were written.
    if (parts.atRevision !== undefined) judge(contents, contents.declarations?.keys() ?? []);
    const declarations = [...(copied.declarations?.values() ?? [])].map(declarationOf);
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
