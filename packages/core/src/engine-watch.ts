/** A watch of a session in this process: what is there, then what becomes of it, taken by whoever wants to know. */
import type { Clock } from "./clock.ts";
import type { OpenEngine } from "./engine-port.ts";
import { InvalidArgumentError } from "./errors.ts";
import { awayOf, KeptVariable, sizeOf } from "./kept-variable.ts";
import type { SessionKey, StoredVariable } from "./persistence.ts";
import { valueMissing } from "./session-loads.ts";
import type { Selection, Signal } from "./session-port.ts";
import type { Head } from "./session-state.ts";
import type { WatchStart } from "./session-watches.ts";
import { type Subscriber, type Subscription, subscribed } from "./subscription.ts";
import { isDue } from "./variable-store.ts";
import { within } from "./waiting.ts";
import type { WatchChange, WatchDelivery, WatchRequest } from "./watch-port.ts";

/** Said after so long without anything else. */
const HEARTBEAT_MS = 15_000;
/** About how many bytes of values come at once at the beginning. */
const PIECE_BYTES = 256 * 1024;
const MAX_PIECE = 1_000;
/** Names that one watch may ask for. */
const MAX_WATCHED_NAMES = 1_000;
/** How often values are asked for that are gone from the store, and by all that is known here should not be. */
const FETCH_TRIES = 2;

/** What a watch is made of. */
export interface EngineWatchParts {
  readonly key: SessionKey;
  readonly request: WatchRequest;
  /** The open engine. Throws or rejects with a BridgeError. */
  readonly ready: () => OpenEngine | Promise<OpenEngine>;
  /** What the store answers; its failure as a BridgeError. */
  readonly stored: <T>(answer: Promise<T>) => Promise<T>;
  /** The variables of a head that these are, as far as they are alive, in byte order of the names. */
  readonly select: (head: Head, selection: Selection, nowMs: number) => readonly StoredVariable[];
  readonly shared: boolean;
  readonly clock: Clock;
}

interface SnapshotParts extends EngineWatchParts {
  readonly engine: OpenEngine;
  readonly signal: Signal;
}

/** The watch: what is there, piece by piece, and then each commit in the moment in which it is published. See `LocalWatchPort.follow`. */
export function engineWatch(parts: EngineWatchParts, subscriber: Subscriber): Subscription<WatchDelivery> {
  let live: (() => WatchDelivery | undefined) | undefined;
  const beginning = subscribed(
    opening(parts, subscriber, (next) => {
      live = next;
    }),
    subscriber,
  );
  return {
    isOver: false,
    take() {
      const delivery = beginning.isOver ? undefined : beginning.take();
      return delivery ?? (beginning.isOver ? live?.() : undefined);
    },
  };
}

/** Throws InvalidArgumentError for more names than a watch may have, and for a `since` that is no revision. */
export function checkWatch({ selection, since }: WatchRequest): void {
  if ("names" in selection && selection.names.length > MAX_WATCHED_NAMES) {
    throw new InvalidArgumentError("INVALID_ARGUMENT", `a watch takes at most ${MAX_WATCHED_NAMES} names`, {
      details: { limitValue: MAX_WATCHED_NAMES, actual: selection.names.length },
    });
  }
  if (since !== undefined && !(Number.isSafeInteger(since) && since >= 0)) {
    throw new InvalidArgumentError("INVALID_ARGUMENT", "a watch goes on after a revision, which is a whole number");
  }
}

/** Begins the watch and delivers what is there; `begun` is given what delivers the rest. */
async function* opening(
  parts: EngineWatchParts,
  { signal, ready }: Subscriber,
  begun: (next: () => WatchDelivery | undefined) => void,
): AsyncGenerator<WatchDelivery, void> {
  const { key, request, clock } = parts;
  const { selection, since } = request;
  const opened = parts.ready();
  // Asked again, since it may have been closed meanwhile.
  const engine = opened instanceof Promise ? await within(clock, { signal }, opened).then(parts.ready) : opened;
  /** What is there and was not delivered yet. */
  const there: StoredVariable[] = [];
  const start = await engine.turns.watch(
    key,
    { signal },
    {
      since,
      concerns: concerns(selection),
      begin: (head) => since === undefined && there.push(...parts.select(head, selection, engine.now())),
      over: () => there.splice(0),
      ready,
    },
  );
  const leave = (): void => start.cursor.close();
  if (signal.aborted) return leave();
  signal.addEventListener("abort", leave);
  try {
    yield* snapshot({ ...parts, engine, signal }, start, there);
  } catch (error) {
    leave();
    throw error;
  }
  begun(changesSince(start, parts, { signal, ready }));
}

/** Delivers what is new since the beginning of a watch, which leaves when it is cut. */
function changesSince(
  { cursor, revision }: WatchStart,
  { request, clock }: EngineWatchParts,
  { signal, ready }: Subscriber,
): () => WatchDelivery | undefined {
  const { withoutValues = false } = request;
  let caughtUp = false;
  let deliveredAtMs = clock.monotonic();
  const stopBeating = heartbeat(clock, () => deliveredAtMs, ready);
  signal.addEventListener("abort", stopBeating);

  const next = (): WatchDelivery | undefined => {
    cursor.check();
    const commit = caughtUp || cursor.revision < revision ? cursor.take() : undefined;
    if (commit !== undefined) return { kind: "commit", revision: commit.revision, changes: shown(commit.changes, withoutValues) };
    if (!caughtUp) {
      caughtUp = true;
      return { kind: "caught_up", revision: cursor.revision };
    }
    const isQuiet = clock.monotonic() - deliveredAtMs >= HEARTBEAT_MS;
    return isQuiet ? { kind: "heartbeat", revision: cursor.revision } : undefined;
  };
  return () => {
    try {
      const delivery = next();
      if (delivery !== undefined) deliveredAtMs = clock.monotonic();
      return delivery;
    } catch (error) {
      stopBeating();
      cursor.close();
      throw error;
    }
  };
}

/** Calls `ready` when nothing was delivered for a while; gives what stops that. One timer, however much is delivered. */
function heartbeat(clock: Clock, deliveredAtMs: () => number, ready: () => void): () => void {
  const beat = (): void => {
    const leftMs = deliveredAtMs() + HEARTBEAT_MS - clock.monotonic();
    if (leftMs <= 0) ready();
    cancel = clock.schedule(leftMs > 0 ? leftMs : HEARTBEAT_MS, beat);
  };
  let cancel = clock.schedule(HEARTBEAT_MS, beat);
  return () => cancel();
}

/** What is there, in pieces, each read from the store when it is asked for. What is not there any more, later commits tell. */
async function* snapshot(parts: SnapshotParts, start: WatchStart, there: StoredVariable[]): AsyncGenerator<WatchDelivery, void> {
  const { key, engine, request, signal } = parts;
  const { withoutValues = false } = request;
  while (there.length > 0) {
    const taken = there.splice(0, withoutValues ? MAX_PIECE : pieceOf(there));
    const piece = withoutValues ? taken.map(withoutValue) : await here(parts, start, taken);
    // Its turn tells whether it has expired, or lives on and the later deadline is not saved yet.
    if (seemsDue(engine, key)) await engine.turns.perform(key, { signal }, nothing);
    start.cursor.check();
    if (start.ended()) return;
    const living = piece.filter((variable) => !isDue(variable, engine.now()));
    if (living.length > 0) yield { kind: "snapshot", variables: living };
  }
}

/** Whether a session is due, as far as is committed. Apart from the iteration, which would keep the head while its watcher is stuck. */
function seemsDue(engine: OpenEngine, key: SessionKey): boolean {
  const head = engine.turns.peek(key)?.committed;
  return head !== undefined && isDue(head.record, engine.now());
}

/** How many of the variables make a piece. */
function pieceOf(variables: readonly StoredVariable[]): number {
  let count = 0;
  for (let bytes = 0; count < variables.length && count < MAX_PIECE && bytes < PIECE_BYTES; count++) {
    bytes += sizeOf(variables[count] as StoredVariable);
  }
  return count;
}

/** Those of the variables whose values could be had: the store keeps a value only as long as the variable has it. */
async function here(
  { key, stored, shared, clock, engine, signal }: SnapshotParts,
  { cursor }: WatchStart,
  piece: readonly StoredVariable[],
): Promise<readonly StoredVariable[]> {
  for (let tries = 0; ; tries++) {
    cursor.check();
    const away = awayOf(piece);
    if (away.length > 0) await within(clock, { signal }, stored(engine.turns.fetch(key, away)));
    cursor.check();
    const missing = awayOf(piece);
    const { committed } = engine.turns.peek(key) ?? {};
    const lost = missing.find(({ name, revision }) => committed?.store.variable(name)?.revision === revision);
    if (lost === undefined) return piece.filter((variable) => !isAway(variable)).map(sound);
    if (tries === FETCH_TRIES) throw valueMissing(shared, lost.name);
    // What is being saved may have removed it; and another manager may have: then this watch is cut.
    engine.turns.outdated(key);
    await engine.turns.perform(key, { signal }, nothing);
  }
}

const nothing = () => ({ answer: undefined });

const isAway = (variable: StoredVariable): boolean => variable instanceof KeptVariable && variable.isAway;

/** The variable; throws DataLossError, which names it, when its value is damaged. */
function sound(variable: StoredVariable): StoredVariable {
  if (variable instanceof KeptVariable && variable.isDamaged) void variable.bytes;
  return variable;
}

/** Whether a change concerns a watch of these variables; what happens to the session concerns every watch of it. */
function concerns(selection: Selection): (change: WatchChange) => boolean {
  const matches = matching(selection);
  return (change) => {
    if (change.kind === "set") return matches(change.variable.name);
    return change.kind === "delete" || change.kind === "expire" ? matches(change.name) : true;
  };
}

function matching(selection: Selection): (name: string) => boolean {
  if ("names" in selection) {
    const names = new Set(selection.names);
    return (name) => names.has(name);
  }
  const { prefix } = selection;
  return prefix === "" ? () => true : (name) => name.startsWith(prefix);
}

const shown = (changes: readonly WatchChange[], withoutValues: boolean): readonly WatchChange[] =>
  withoutValues
    ? changes.map((change) => (change.kind === "set" ? { kind: "set", variable: withoutValue(change.variable) } : change))
    : changes;

const NOTHING = new Uint8Array(0);

const withoutValue = (variable: StoredVariable): StoredVariable => ({
  name: variable.name,
  bytes: NOTHING,
  encoding: variable.encoding,
  type: variable.type,
  revision: variable.revision,
  createdAtMs: variable.createdAtMs,
  updatedAtMs: variable.updatedAtMs,
  expiresAtMs: variable.expiresAtMs,
});
