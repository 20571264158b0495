/** What was acknowledged and is not saved yet: in the order of acknowledgement, and by session. */
import { keyText, setBy } from "./deltas.ts";
import { sizeOf } from "./kept-variable.ts";
import type { AnsweringDelta, RememberedRequest, SectionChanges, SessionKey } from "./persistence.ts";

/** A delta that waits to be saved. */
export interface Unsaved {
  readonly delta: AnsweringDelta;
  /** When it was acknowledged, on the monotonic clock. */
  readonly atMs: number;
  /** What it takes in memory, estimated. */
  readonly sizeBytes: number;
}

/** A queue of deltas. */
export interface Backlog {
  readonly length: number;
  readonly sizeBytes: number;
  /** The one that has waited longest. */
  readonly oldest: Unsaved | undefined;
  add(delta: AnsweringDelta, atMs: number): void;
  /** Those of one session. */
  of(key: SessionKey): readonly AnsweringDelta[];
  /** A request that one of them answers. */
  request(key: SessionKey, requestId: string): RememberedRequest | undefined;
  /** The sessions that have some. */
  keys(): readonly SessionKey[];
  /** The oldest ones: as many as take `maxBytes`, and at least one. */
  front(maxBytes: number): readonly Unsaved[];
  /** Leaves `kept`, which are some of `front` in their order, in the place of the whole of it. */
  replaceFront(front: readonly Unsaved[], kept: readonly Unsaved[]): void;
}

/** What a delta takes beside its values. */
const DELTA_BYTES = 512;

/** An empty backlog. */
export function backlog(): Backlog {
  let queue: Unsaved[] = [];
  let sizeBytes = 0;
  const sessions = new Map<string, Unsaved[]>();
  const requests = new Map<string, RememberedRequest>();

  return {
    get length() {
      return queue.length;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    get oldest() {
      return queue[0];
    },
    add(delta, atMs) {
      const unsaved = { delta, atMs, sizeBytes: deltaBytes(delta) };
      sizeBytes += unsaved.sizeBytes;
      queue.push(unsaved);
      if (delta.request) requests.set(requestText(delta.key, delta.request.requestId), delta.request);
      const name = keyText(delta.key);
      const known = sessions.get(name);
      if (known === undefined) sessions.set(name, [unsaved]);
      else known.push(unsaved);
    },
    of: (key) => (sessions.get(keyText(key)) ?? []).map(({ delta }) => delta),
    request: (key, requestId) => requests.get(requestText(key, requestId)),
    keys: () => [...sessions.values()].flatMap(([first]) => (first === undefined ? [] : [first.delta.key])),
    front(maxBytes) {
      let end = 0;
      for (let bytes = 0; end < queue.length; end++) {
        bytes += (queue[end] as Unsaved).sizeBytes;
        if (bytes > maxBytes && end > 0) break;
      }
      return queue.slice(0, end);
    },
    replaceFront(front, kept) {
      queue = [...kept, ...queue.slice(front.length)];
      sizeBytes += bytesOf(kept) - bytesOf(front);
      for (const { delta } of front) if (delta.request) requests.delete(requestText(delta.key, delta.request.requestId));
      for (const { delta } of kept) if (delta.request) requests.set(requestText(delta.key, delta.request.requestId), delta.request);
      const left = bySession(kept);
      for (const [name, gone] of bySession(front)) {
        const next = [...(left.get(name) ?? []), ...(sessions.get(name) ?? []).slice(gone.length)];
        if (next.length === 0) sessions.delete(name);
        else sessions.set(name, next);
      }
    },
  };
}

const requestText = (key: SessionKey, requestId: string): string => `${keyText(key)}\0${requestId}`;

/** The deltas of each session, in their order. */
export const bySession = (unsaved: readonly Unsaved[]): Map<string, Unsaved[]> => Map.groupBy(unsaved, ({ delta }) => keyText(delta.key));

const bytesOf = (unsaved: readonly Unsaved[]): number => unsaved.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

function deltaBytes(delta: AnsweringDelta): number {
  const about =
    DELTA_BYTES + (delta.request?.answer?.length ?? 0) + ("sections" in delta && delta.sections ? sectionBytes(delta.sections) : 0);
  return setBy(delta).reduce((sum, variable) => sum + sizeOf(variable), about);
}

/** What a section's change of one name or label takes beside what it carries. */
const NAMED_BYTES = 128;

function sectionBytes({ history, checkpoints, declarations }: SectionChanges): number {
  const named = [history?.kept, history?.ended, history?.dropped, checkpoints?.set, checkpoints?.removed, declarations?.removed];
  const schemas = (declarations?.set ?? []).reduce((sum, { schema }) => sum + NAMED_BYTES + schema.length, 0);
  return named.reduce((sum, changes) => sum + (changes?.length ?? 0) * NAMED_BYTES, schemas);
}
